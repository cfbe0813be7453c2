"""Everything somebody with all keys of a registry can read in its database."""

from __future__ import annotations

import orjson
from psycopg import sql

from registry.errors import KeyProblem
from registry.flows.opening import Registry
from registry.store import cells, vault
from registry.store.cells import Cells
from registry.store.database import Transaction


async def everything(registry: Registry) -> bytes:
    """The plain text of every sealed cell whose keys there are, in an order that does not depend on how they lie."""
    async with registry.database.transaction() as tx:
        return b"\n".join(sorted([plain for each in cells.ALL for plain in await _opened(tx, each)]))


async def _opened(tx: Transaction, of: Cells) -> list[bytes]:
    statement = sql.SQL("SELECT dossier, {}, sealed FROM {}").format(
        sql.Identifier(of.row), sql.Identifier("registry", of.table)
    )
    rows = await (await tx.connection.execute(statement)).fetchall()
    await vault.load_keys(tx, {row[0] for row in rows})
    found: list[bytes] = []
    for dossier, row, sealed in rows:
        if dossier in tx.data_keys:
            found.append(vault.unseal(tx, dossier, sealed, table=of.table, row=row))
    return found + (await _evidence(tx) if of.table == "judgement" else [])


async def _evidence(tx: Transaction) -> list[bytes]:
    rows = await (
        await tx.connection.execute("SELECT dossier, judgement, sealed, evidence FROM registry.judgement")
    ).fetchall()
    found: list[bytes] = []
    for dossier, row, sealed, evidence in rows:
        if dossier not in tx.data_keys:
            continue
        head = orjson.loads(vault.unseal(tx, dossier, sealed, table="judgement", row=row))
        pair = (vault.UUID(head["left"]), vault.UUID(head["right"]))
        try:
            found.append(vault.unseal_between(tx, pair, evidence, row=row))
        except (KeyError, KeyProblem):  # the other one was erased
            continue
    return found
