"""The outbox: what must happen after a commit, written in the same transaction, as opaque ids only."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from registry.store.database import Transaction

_LOCK = 0x6D617463  # "matc": one worker of a kind at a time


async def put(tx: Transaction, kind: str, subjects: Iterable[UUID]) -> None:
    """Queue work of a kind, in the order given; what waits already is not queued twice."""
    queued = list(subjects)
    if queued:
        await tx.connection.execute(
            """
            INSERT INTO registry.outbox (kind, subject)
            SELECT %s, fresh.subject
            FROM unnest(%s::uuid[]) WITH ORDINALITY AS fresh (subject, place)
            WHERE NOT EXISTS (
                SELECT 1
                FROM registry.outbox AS waiting
                WHERE waiting.kind = %s AND waiting.subject = fresh.subject
            )
            ORDER BY fresh.place
            """,
            (kind, queued, kind),
        )


async def take(tx: Transaction, kind: str, limit: int) -> tuple[UUID, ...]:
    """Take the oldest work of a kind. It is done when this transaction commits, and due again when it does not."""
    await tx.connection.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", (_LOCK, kind))
    cursor = await tx.connection.execute(
        """
        DELETE FROM registry.outbox
        WHERE position IN (
            SELECT position
            FROM registry.outbox
            WHERE kind = %s
            ORDER BY position
            LIMIT %s
        )
        RETURNING position, subject
        """,
        (kind, limit),
    )
    return tuple(subject for _, subject in sorted(await cursor.fetchall()))


async def waiting(tx: Transaction, kind: str) -> int:
    """How much work of a kind is due."""
    cursor = await tx.connection.execute("SELECT count(*) FROM registry.outbox WHERE kind = %s", (kind,))
    row = await cursor.fetchone()
    return row[0] if row else 0
