"""Submissions: which files a source has handed over, and the receipt each was given."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID

import orjson

from registry.store import vault
from registry.store.database import ENVELOPE, Transaction
from registry.trust import sealing


def digest(tx: Transaction, house: UUID, parts: Iterable[bytes]) -> bytes:
    """What identifies a hand-over of a source: a keyed digest, so that it tells nobody else anything."""
    found = hashlib.sha256(house.bytes)
    for each in parts:
        found.update(len(each).to_bytes(8) + each)
    return sealing.keyed_digest(tx.keyring.digest_key, found.digest())


async def receipt(tx: Transaction, house: UUID, digest: bytes) -> dict[str, Any] | None:
    """The receipt given when this file came before; None when it is new."""
    cursor = await tx.connection.execute(
        "SELECT submission, sealed FROM registry.submission WHERE dossier = %s AND digest = %s",
        (house, digest),
    )
    row = await cursor.fetchone()
    return orjson.loads(vault.unseal(tx, house, row[1], table="submission", row=row[0])) if row else None


async def record(
    tx: Transaction, house: UUID, digest: bytes, receipt: dict[str, Any], *, id: UUID, today: date
) -> None:
    sealed = vault.seal(tx, house, orjson.dumps(receipt), table="submission", row=id)
    await tx.connection.execute(
        """
        INSERT INTO registry.submission (dossier, submission, day, envelope, digest, sealed)
        VALUES (%s, %s, %s, %s, %s, %s)
        """,
        (house, id, today, ENVELOPE, digest, sealed),
    )
