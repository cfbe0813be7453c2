"""Renewing keys while others read and write: a page at a time, one transaction each, nothing but ids in between.

The rule that makes it safe without stopping anybody: first what is new is announced, then every transaction that may
not have heard of it is outlived, then the old is replaced, and only after those who may still have seen it are
outlived too is it dropped. A process that is killed anywhere in between has lost nothing; done again, it goes on.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from registry.store import vault
from registry.store.database import Database, Transaction

PAGE = 500
PATIENCE_SECONDS = 60.0
_PAUSE_SECONDS = 0.05
FIRST = UUID(int=0)


async def outlive(database: Database, *, patience_seconds: float = PATIENCE_SECONDS) -> bool:
    """Wait until every transaction that is under way in this database has ended; False when one takes too long."""
    deadline = time.monotonic() + patience_seconds
    before = await _under_way(database)
    while before and time.monotonic() < deadline:
        await asyncio.sleep(_PAUSE_SECONDS)
        before &= await _under_way(database)
    return not before


async def _under_way(database: Database) -> frozenset[str]:
    """The transactions of others, as their locks show them: to see these takes no privilege."""
    async with database.transaction() as tx:
        cursor = await tx.connection.execute(
            """
            SELECT held.virtualtransaction
            FROM pg_locks AS held
            JOIN pg_stat_activity AS process ON process.pid = held.pid
            WHERE held.locktype = 'virtualxid'
              AND held.granted
              AND process.datname = current_database()
              AND coalesce(process.backend_type, 'client backend') = 'client backend'
              AND held.pid <> pg_backend_pid()
            """
        )
        return frozenset(row[0] for row in await cursor.fetchall())


async def wrapped_before(tx: Transaction, generation: int) -> int:
    """How many data keys are still wrapped by an older generation."""
    cursor = await tx.connection.execute("SELECT count(*) FROM vault.data_key WHERE generation < %s", (generation,))
    row = await cursor.fetchone()
    return row[0] if row else 0


async def rewrap(tx: Transaction, after: UUID, *, generation: int, epoch: int, page: int = PAGE) -> tuple[UUID, int]:
    """Wrap the next page of data keys by a newer generation; returns the last dossier of it and how many there were."""
    cursor = await tx.connection.execute(
        """
        SELECT dossier, generation, epoch, wrapped, former
        FROM vault.data_key
        WHERE dossier > %s AND generation < %s
        ORDER BY dossier
        LIMIT %s
        FOR UPDATE
        """,
        (after, generation, page),
    )
    rows = await cursor.fetchall()
    await _put(tx, generation, epoch, [_rewrapped(tx, row, generation, epoch) for row in rows])
    return (rows[-1][0] if rows else after), len(rows)


def _rewrapped(tx: Transaction, row: Sequence[Any], generation: int, epoch: int) -> tuple[UUID, bytes, bytes | None]:
    vault.unwrap(tx, row[0], *row[1:])
    return _wrapped(tx, row[0], generation, epoch)


def _wrapped(tx: Transaction, dossier: UUID, generation: int, epoch: int) -> tuple[UUID, bytes, bytes | None]:
    """A data key as it is to lie in the vault, and the former one beside it."""
    former = tx.former_keys.get(dossier)
    return (
        dossier,
        vault.wrap(tx, dossier, tx.data_keys[dossier], generation=generation, epoch=epoch),
        vault.wrap(tx, dossier, former, generation=generation, epoch=epoch) if former else None,
    )


async def drawn_before(tx: Transaction, generation: int) -> int:
    """How many data keys were drawn in an older generation."""
    cursor = await tx.connection.execute("SELECT count(*) FROM vault.data_key WHERE drawn < %s", (generation,))
    row = await cursor.fetchone()
    return row[0] if row else 0


async def redraw(tx: Transaction, after: UUID, *, epoch: int, page: int = PAGE) -> tuple[UUID, int]:
    """Draw new data keys for the next page of dossiers whose keys are of an older generation, and keep the former."""
    generation = await vault.generation(tx)
    cursor = await tx.connection.execute(
        """
        SELECT dossier, generation, epoch, wrapped, former
        FROM vault.data_key
        WHERE dossier > %s AND drawn < %s AND former IS NULL
        ORDER BY dossier
        LIMIT %s
        FOR UPDATE
        """,
        (after, generation, page),
    )
    rows = await cursor.fetchall()
    for row in rows:
        vault.unwrap(tx, *row)
    dossiers = [row[0] for row in rows]
    tx.former_keys.update((each, tx.data_keys[each]) for each in dossiers)
    vault.draw(tx, dossiers)
    await _put(tx, generation, epoch, [_wrapped(tx, each, generation, epoch) for each in dossiers])
    await tx.connection.execute("UPDATE vault.data_key SET drawn = %s WHERE dossier = ANY(%s)", (generation, dossiers))
    return (dossiers[-1] if dossiers else after), len(dossiers)


async def forget_former(tx: Transaction, *, page: int = PAGE) -> int:
    """Destroy the former data keys of some dossiers; returns of how many."""
    cursor = await tx.connection.execute(
        """
        UPDATE vault.data_key
        SET former = NULL
        WHERE dossier IN (SELECT dossier FROM vault.data_key WHERE former IS NOT NULL ORDER BY dossier LIMIT %s)
        """,
        (page,),
    )
    return cursor.rowcount


async def _put(tx: Transaction, generation: int, epoch: int, rows: Sequence[tuple[UUID, bytes, bytes | None]]) -> None:
    await tx.connection.execute(
        """
        UPDATE vault.data_key AS held
        SET generation = %s, epoch = %s, wrapped = fresh.wrapped, former = fresh.former
        FROM unnest(%s::uuid[], %s::bytea[], %s::bytea[]) AS fresh (dossier, wrapped, former)
        WHERE held.dossier = fresh.dossier
        """,
        (generation, epoch, *([row[column] for row in rows] for column in range(3))),
    )
