"""The audit log: every question and every change, as salted commitments in a Merkle tree.

A leaf is written unsequenced in the transaction it speaks of; the sequencer orders leaves afterwards and signs a
checkpoint (a lock inside each transaction would cost a third of the throughput). What a leaf says lies sealed under
the dossier it is about: erasing the dossier leaves the tree intact, and the leaf tells neither person nor country.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import orjson

from registry.store import vault
from registry.store.database import ENVELOPE, Transaction
from registry.trust.receipt import commitment

_LOCK = 0x61756469  # "audi": one sequencer at a time


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What one leaf says, and `about` which dossier; `event` is plain JSON in the words of `registry.flows.trail`."""

    leaf: UUID
    about: UUID
    salt: bytes
    event: dict[str, Any]

    @property
    def commitment(self) -> bytes:
        return commitment(self.salt, self.event)


async def write(tx: Transaction, dossier: UUID, event: dict[str, Any], *, today: date) -> Entry:
    """Write one event about a dossier. The cost is the same whatever the event."""
    await vault.load_keys(tx, [dossier])
    entry = Entry(leaf=tx.new_id(), about=dossier, salt=secrets.token_bytes(32), event=event)
    detail = tx.new_id()
    plain = orjson.dumps({"leaf": entry.leaf.hex, "salt": entry.salt.hex(), "event": event})
    sealed = vault.seal(tx, dossier, plain, table="audit_detail", row=detail)
    await tx.connection.execute(
        """
        WITH leaf AS (
            INSERT INTO registry.audit_leaf (leaf, day, commitment)
            VALUES (%(leaf)s, %(day)s, %(commitment)s)
            RETURNING leaf
        ), pending AS (
            INSERT INTO registry.audit_pending (leaf)
            SELECT leaf FROM leaf
        )
        INSERT INTO registry.audit_detail (dossier, detail, day, envelope, sealed)
        VALUES (%(dossier)s, %(detail)s, %(day)s, %(envelope)s, %(sealed)s)
        """,
        {
            "leaf": entry.leaf,
            "day": today,
            "commitment": entry.commitment,
            "dossier": dossier,
            "detail": detail,
            "envelope": ENVELOPE,
            "sealed": sealed,
        },
    )
    return entry


async def entries(tx: Transaction, dossiers: Iterable[UUID] | None = None) -> tuple[Entry, ...]:
    """What the leaves about these dossiers say; with None every entry whose data key still exists."""
    if dossiers is None:
        cursor = await tx.connection.execute("SELECT dossier, detail, sealed FROM registry.audit_detail")
    else:
        cursor = await tx.connection.execute(
            "SELECT dossier, detail, sealed FROM registry.audit_detail WHERE dossier = ANY(%s)",
            (list(dossiers),),
        )
    return await _opened(tx, await cursor.fetchall())


async def entries_between(tx: Transaction, first: date, last: date) -> tuple[Entry, ...]:
    """What the leaves of these days say, both included, as far as their data keys still exist."""
    cursor = await tx.connection.execute(
        "SELECT dossier, detail, sealed FROM registry.audit_detail WHERE day BETWEEN %s AND %s", (first, last)
    )
    return await _opened(tx, await cursor.fetchall())


async def _opened(tx: Transaction, rows: Sequence[tuple[UUID, UUID, bytes]]) -> tuple[Entry, ...]:
    await vault.load_keys(tx, {row[0] for row in rows})
    return tuple(_open(tx, *row) for row in rows if row[0] in tx.data_keys)


async def count(tx: Transaction) -> tuple[int, int]:
    """How many leaves there are, and how many events, readable or not: an erased event's row stays, unreadable."""
    cursor = await tx.connection.execute(
        "SELECT (SELECT count(*) FROM registry.audit_leaf), (SELECT count(*) FROM registry.audit_detail)"
    )
    row = await cursor.fetchone()
    return row or (0, 0)


async def take_pending(tx: Transaction) -> tuple[tuple[UUID, bytes], ...]:
    """The leaves not placed yet, taken for placing in this transaction, under the sequencer's lock."""
    await tx.connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
    cursor = await tx.connection.execute(
        """
        WITH taken AS (
            DELETE FROM registry.audit_pending
            RETURNING leaf
        )
        SELECT leaf.leaf, leaf.commitment
        FROM registry.audit_leaf AS leaf
        JOIN taken ON taken.leaf = leaf.leaf
        ORDER BY leaf.leaf
        """
    )
    return tuple(await cursor.fetchall())


async def place(tx: Transaction, leaves: Sequence[UUID], *, start: int) -> None:
    """Give these leaves their places, one after another from `start` on, in one statement."""
    await tx.connection.execute(
        """
        INSERT INTO registry.audit_sequence (position, leaf)
        SELECT %s + placed.number - 1, placed.leaf
        FROM unnest(%s::uuid[]) WITH ORDINALITY AS placed (leaf, number)
        """,
        (start, list(leaves)),
    )


async def last_checkpoint(tx: Transaction) -> tuple[int, str, bytes] | None:
    """Size, signed text and stored frontier of the newest checkpoint."""
    cursor = await tx.connection.execute(
        "SELECT size, checkpoint, frontier FROM registry.audit_checkpoint ORDER BY size DESC LIMIT 1"
    )
    return await cursor.fetchone()


async def record_checkpoint(tx: Transaction, size: int, checkpoint: str, frontier: bytes) -> None:
    await tx.connection.execute(
        "INSERT INTO registry.audit_checkpoint (size, checkpoint, frontier) VALUES (%s, %s, %s)",
        (size, checkpoint, frontier),
    )


async def cosign(tx: Transaction, size: int, witness: str, cosignature: str) -> None:
    """Keep a witness's line under the checkpoint of this size."""
    await tx.connection.execute(
        "INSERT INTO registry.audit_cosignature (size, witness, cosignature) VALUES (%s, %s, %s) "
        "ON CONFLICT (size, witness) DO NOTHING",
        (size, witness, cosignature),
    )


async def cosignatures(tx: Transaction, *, since: int = 0) -> tuple[tuple[int, str, str], ...]:
    """Size, witness and line of every cosignature of a checkpoint of at least this size."""
    cursor = await tx.connection.execute(
        "SELECT size, witness, cosignature FROM registry.audit_cosignature WHERE size >= %s ORDER BY size, witness",
        (since,),
    )
    return tuple(await cursor.fetchall())


async def last_cosigned(tx: Transaction, witnesses: Sequence[str], quorum: int) -> tuple[int, str] | None:
    """Size and text of the newest checkpoint that so many of these witnesses cosigned; with 0 of the newest."""
    cursor = await tx.connection.execute(
        """
        SELECT signed.size, signed.checkpoint
        FROM registry.audit_checkpoint AS signed
        WHERE (
            SELECT count(*)
            FROM registry.audit_cosignature AS said
            WHERE said.size = signed.size AND said.witness = ANY(%s)
        ) >= %s
        ORDER BY signed.size DESC
        LIMIT 1
        """,
        (list(witnesses), quorum),
    )
    return await cursor.fetchone()


async def places(tx: Transaction, leaves: Iterable[UUID]) -> dict[UUID, int]:
    """The place in the log of each of these leaves that has one."""
    cursor = await tx.connection.execute(
        "SELECT leaf, position FROM registry.audit_sequence WHERE leaf = ANY(%s)", (list(leaves),)
    )
    return dict(await cursor.fetchall())


async def cosigned(tx: Transaction) -> dict[str, int]:
    """The size of the newest checkpoint each witness cosigned."""
    cursor = await tx.connection.execute("SELECT witness, max(size) FROM registry.audit_cosignature GROUP BY witness")
    return dict(await cursor.fetchall())


async def checkpoints(tx: Transaction) -> tuple[tuple[int, str], ...]:
    cursor = await tx.connection.execute("SELECT size, checkpoint FROM registry.audit_checkpoint ORDER BY size")
    return tuple(await cursor.fetchall())


async def sequenced(tx: Transaction) -> tuple[tuple[int, UUID, bytes | None], ...]:
    """Every placed leaf in order: position, leaf, and its commitment (None where the leaf itself is gone)."""
    cursor = await tx.connection.execute(
        """
        SELECT placed.position, placed.leaf, leaf.commitment
        FROM registry.audit_sequence AS placed
        LEFT JOIN registry.audit_leaf AS leaf ON leaf.leaf = placed.leaf
        ORDER BY placed.position
        """
    )
    return tuple(await cursor.fetchall())


async def unplaced(tx: Transaction) -> tuple[tuple[UUID, bytes, bool], ...]:
    """Every leaf without a place: leaf, commitment, and whether it waits for the sequencer."""
    cursor = await tx.connection.execute(
        """
        SELECT leaf.leaf, leaf.commitment, pending.leaf IS NOT NULL
        FROM registry.audit_leaf AS leaf
        LEFT JOIN registry.audit_sequence AS placed ON placed.leaf = leaf.leaf
        LEFT JOIN registry.audit_pending AS pending ON pending.leaf = leaf.leaf
        WHERE placed.leaf IS NULL
        """
    )
    return tuple(await cursor.fetchall())


def _open(tx: Transaction, dossier: UUID, detail: UUID, sealed: bytes) -> Entry:
    content = orjson.loads(vault.unseal(tx, dossier, sealed, table="audit_detail", row=detail))
    salt = bytes.fromhex(content["salt"])
    return Entry(leaf=UUID(content["leaf"]), about=dossier, salt=salt, event=content["event"])
