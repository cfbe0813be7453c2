"""Every sealed cell there is, by its table: what a reseal rewrites, and a search of the readable reads.

A test holds this list against the catalogue: a table with something sealed that is missing here would be lost when
data keys are renewed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, LiteralString
from uuid import UUID

import orjson
from psycopg import sql

from registry.store import vault
from registry.store.database import Transaction


@dataclass(frozen=True, slots=True)
class Cells:
    """A table of the schema `registry` whose column `sealed` lies under the data key of its column `dossier`.

    `row` is the column that names a row in its label.
    """

    table: LiteralString
    row: LiteralString


ALL = (
    Cells("dossier", "dossier"),
    Cells("document", "document"),
    Cells("judgement", "judgement"),
    Cells("release", "release"),
    Cells("audit_detail", "detail"),
    Cells("submission", "submission"),
    Cells("review", "review"),
    Cells("alert", "alert"),
    Cells("matter", "matter"),
)
BETWEEN = "registry.judgement.evidence"
"""The one column under the data keys of two dossiers; its row says which in `sealed`."""

Place = tuple[UUID, UUID]
"""A row by its dossier and its own id."""

FIRST: Place = (UUID(int=0), UUID(int=0))


async def reseal(tx: Transaction, of: Cells, after: Place, *, page: int) -> tuple[Place | None, int]:
    """Seal the next page of a table under the newest data keys and edition, where it is not yet.

    Returns the last row of it (None at the end) and how many were sealed anew. What belongs to somebody erased is
    passed over. The rows are held, so that nothing written meanwhile is overwritten.
    """
    rows = await _page(tx, of, sql.SQL("sealed"), after, page)
    fresh = [
        (dossier, row, anew)
        for dossier, row, sealed in rows
        if dossier in tx.data_keys
        and (anew := vault.resealed(tx, dossier, sealed, table=of.table, row=row)) is not None
    ]
    await _put(tx, of, sql.SQL("sealed"), fresh)
    return (rows[-1][0], rows[-1][1]) if rows else None, len(fresh)


async def reseal_between(tx: Transaction, after: Place, *, page: int) -> tuple[Place | None, int]:
    """The same for the evidence of judgements, which lies under the data keys of two dossiers."""
    of = next(each for each in ALL if each.table == "judgement")
    rows = await _page(tx, of, sql.SQL("sealed, evidence"), after, page)
    pairs = {row[:2]: _pair(tx, *row[:3]) for row in rows if row[0] in tx.data_keys}
    await vault.load_keys(tx, {each for pair in pairs.values() for each in pair})
    fresh = [
        (dossier, row, anew)
        for dossier, row, _, evidence in rows
        if (pair := pairs.get((dossier, row)))
        and all(each in tx.data_keys for each in pair)
        and (anew := vault.resealed_between(tx, pair, evidence, row=row)) is not None
    ]
    await _put(tx, of, sql.SQL("evidence"), fresh)
    return (rows[-1][0], rows[-1][1]) if rows else None, len(fresh)


def _pair(tx: Transaction, dossier: UUID, row: UUID, sealed: bytes) -> tuple[UUID, UUID]:
    head = orjson.loads(vault.unseal(tx, dossier, sealed, table="judgement", row=row))
    return UUID(head["left"]), UUID(head["right"])


async def _page(tx: Transaction, of: Cells, columns: sql.SQL, after: Place, page: int) -> Sequence[tuple[Any, ...]]:
    cursor = await tx.connection.execute(
        sql.SQL(
            """
            SELECT dossier, {row}, {columns}
            FROM {table}
            WHERE (dossier, {row}) > (%s, %s)
            ORDER BY dossier, {row}
            LIMIT %s
            FOR UPDATE
            """
        ).format(row=sql.Identifier(of.row), columns=columns, table=sql.Identifier("registry", of.table)),
        (*after, page),
    )
    rows = await cursor.fetchall()
    await vault.load_keys(tx, {row[0] for row in rows})
    return rows


async def _put(tx: Transaction, of: Cells, column: sql.SQL, rows: Sequence[tuple[UUID, UUID, bytes]]) -> None:
    await tx.connection.execute(
        sql.SQL(
            """
            UPDATE {table} AS held
            SET {column} = fresh.sealed, envelope = %s
            FROM unnest(%s::uuid[], %s::uuid[], %s::bytea[]) AS fresh (dossier, row_id, sealed)
            WHERE held.dossier = fresh.dossier AND held.{row} = fresh.row_id
            """
        ).format(row=sql.Identifier(of.row), column=column, table=sql.Identifier("registry", of.table)),
        (vault.ENVELOPE, *([row[at] for row in rows] for at in range(3))),
    )
