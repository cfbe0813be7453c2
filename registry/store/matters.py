"""Matters: what somebody waits for an answer to, sealed under the dossier it is about.

A disputed record, a complaint, an erasure asked for, an emergency to be reviewed, a person some source holds twice.
Whoever opened one may hold its number, of which only a keyed hash is kept; kinds are keyed hashes too, so that a thief
does not read who complained.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

import orjson

from registry.store import keys, vault
from registry.store.database import ENVELOPE, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """One matter; `content` is plain JSON in the words of the flow that opened it."""

    id: UUID
    dossier: UUID
    kind: str
    day: date
    content: Mapping[str, Any] = field(repr=False)


async def put(tx: Transaction, matter: Matter, *, number: str) -> None:
    """Open a matter, found again by its `number`."""
    await vault.load_keys(tx, [matter.dossier])
    await tx.admit("matter", [matter.dossier])
    await tx.connection.execute(
        """
        INSERT INTO registry.matter (dossier, matter, queue, number, day, envelope, sealed)
        VALUES (%s, %s, %s, %s, %s, %s, %s)
        """,
        (
            matter.dossier,
            matter.id,
            _queue(tx, matter.kind),
            _number(tx, matter.kind, number),
            matter.day,
            ENVELOPE,
            _seal(tx, matter),
        ),
    )


async def rewrite(tx: Transaction, matter: Matter) -> None:
    """Write what became of it."""
    await tx.connection.execute(
        "UPDATE registry.matter SET sealed = %s, envelope = %s WHERE dossier = %s AND matter = %s",
        (_seal(tx, matter), ENVELOPE, matter.dossier, matter.id),
    )


async def about(tx: Transaction, dossiers: Iterable[UUID], kind: str) -> tuple[Matter, ...]:
    """Those of a kind about these dossiers."""
    wanted = list(dossiers)
    if not wanted:
        return ()
    await tx.admit("matter", wanted)
    cursor = await tx.connection.execute(
        "SELECT dossier, matter, day, sealed FROM registry.matter WHERE dossier = ANY(%s) AND queue = %s",
        (wanted, _queue(tx, kind)),
    )
    return await _opened(tx, kind, await cursor.fetchall())


async def waiting(tx: Transaction, kind: str, *, lock: bool = False) -> tuple[Matter, ...]:
    """All of a kind, the oldest first; those of an erased dossier are gone with it. `lock` holds them for writing."""
    queue = _queue(tx, kind)
    await tx.admit("matter", [queue])
    cursor = await tx.connection.execute(_ALL_FOR_WRITING if lock else _ALL, (queue,))
    return await _opened(tx, kind, await cursor.fetchall())


_ALL = "SELECT dossier, matter, day, sealed FROM registry.matter WHERE queue = %s ORDER BY day, matter"
_ALL_FOR_WRITING = """
    SELECT dossier, matter, day, sealed
    FROM registry.matter
    WHERE queue = %s
    ORDER BY day, matter
    FOR UPDATE
"""


async def numbered(tx: Transaction, kind: str, number: str) -> Matter | None:
    """The one whose number somebody holds, held for writing."""
    hashed = _number(tx, kind, number)
    await tx.admit("matter", [hashed])
    cursor = await tx.connection.execute(
        "SELECT dossier, matter, day, sealed FROM registry.matter WHERE number = %s FOR UPDATE", (hashed,)
    )
    found = await _opened(tx, kind, await cursor.fetchall())
    return found[0] if len(found) == 1 else None


async def close(tx: Transaction, matter: Matter) -> None:
    """Remove a matter nothing more can become of."""
    await tx.connection.execute(
        "DELETE FROM registry.matter WHERE dossier = %s AND matter = %s", (matter.dossier, matter.id)
    )


async def forget(tx: Transaction, named: Iterable[tuple[str, str]]) -> None:
    """Remove all that are found by these kinds and numbers."""
    hashed = [_number(tx, kind, number) for kind, number in named]
    await tx.admit("matter", hashed)
    await tx.connection.execute("DELETE FROM registry.matter WHERE number = ANY(%s)", (hashed,))


def _queue(tx: Transaction, kind: str) -> int:
    return keys.index_hash(tx, "matter", kind)


def _number(tx: Transaction, kind: str, number: str) -> int:
    return keys.index_hash(tx, "matter-number", kind, number)


def _seal(tx: Transaction, matter: Matter) -> bytes:
    return vault.seal(tx, matter.dossier, orjson.dumps(dict(matter.content)), table="matter", row=matter.id)


async def _opened(tx: Transaction, kind: str, rows: Sequence[tuple[UUID, UUID, date, bytes]]) -> tuple[Matter, ...]:
    await vault.load_keys(tx, {row[0] for row in rows})
    return tuple(
        Matter(
            id=id,
            dossier=dossier,
            kind=kind,
            day=day,
            content=orjson.loads(vault.unseal(tx, dossier, sealed, table="matter", row=id)),
        )
        for dossier, id, day, sealed in rows
        if dossier in tx.data_keys
    )
