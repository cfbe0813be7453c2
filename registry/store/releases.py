"""Releases: what was disclosed to whom on which consent, and the public status list that can revoke it."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

import orjson

from registry.errors import Unavailable
from registry.store import vault
from registry.store.database import ENVELOPE, Transaction

_TRIES = 200
STATUS_SIZE = 1 << 17
"""Positions on the status list; drawn at random, so that neighbours tell nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """One disclosure. `dossier` is one of the person's, `members` all that were read for it.

    `permitted` are the documents it drew on, `opened` those that kept their places.
    """

    id: UUID
    dossier: UUID
    recipient: str
    domain: str
    purpose: str
    position: int
    issued_at: datetime
    expires_at: datetime
    members: tuple[UUID, ...]
    permitted: frozenset[str] = field(default=frozenset(), repr=False)
    opened: frozenset[str] = field(default=frozenset(), repr=False)
    basis: tuple[tuple[str, str], ...] = field(default=())


async def draw_position(tx: Transaction) -> int:
    """Take a free position on the status list. Raises Unavailable when none is found."""
    for _ in range(_TRIES):
        position = secrets.randbelow(STATUS_SIZE)
        cursor = await tx.connection.execute(
            "INSERT INTO registry.status (position) VALUES (%s) ON CONFLICT DO NOTHING", (position,)
        )
        if cursor.rowcount == 1:
            return position
    raise Unavailable("the status list is full", remedy="a further list is needed: see the README, what is not there")


async def record(tx: Transaction, release: Release, *, today: date) -> None:
    plain = orjson.dumps(
        {
            "recipient": release.recipient,
            "domain": release.domain,
            "purpose": release.purpose,
            "position": release.position,
            "issued_at": release.issued_at.isoformat(),
            "expires_at": release.expires_at.isoformat(),
            "members": [each.hex for each in release.members],
            "permitted": sorted(release.permitted),
            "opened": sorted(release.opened),
            "basis": release.basis,
        }
    )
    sealed = vault.seal(tx, release.dossier, plain, table="release", row=release.id)
    await tx.connection.execute(
        "INSERT INTO registry.release (dossier, release, day, envelope, sealed) VALUES (%s, %s, %s, %s, %s)",
        (release.dossier, release.id, today, ENVELOPE, sealed),
    )


async def of_person(tx: Transaction, dossiers: Iterable[UUID]) -> tuple[Release, ...]:
    """Every release recorded in these dossiers."""
    wanted = list(dossiers)
    await vault.load_keys(tx, wanted)
    await tx.admit("release", wanted)
    cursor = await tx.connection.execute(
        "SELECT dossier, release, sealed FROM registry.release WHERE dossier = ANY(%s)", (wanted,)
    )
    return tuple(_open(tx, *row) for row in await cursor.fetchall() if row[0] in tx.data_keys)


async def revoke(tx: Transaction, positions: Iterable[int]) -> int:
    """Mark positions as revoked; returns how many were not revoked before."""
    cursor = await tx.connection.execute(
        "UPDATE registry.status SET revoked = true WHERE position = ANY(%s) AND NOT revoked",
        (list(positions),),
    )
    return cursor.rowcount


async def revoked(tx: Transaction) -> tuple[int, ...]:
    cursor = await tx.connection.execute("SELECT position FROM registry.status WHERE revoked ORDER BY position")
    return tuple(row[0] for row in await cursor.fetchall())


def _open(tx: Transaction, dossier: UUID, id: UUID, sealed: bytes) -> Release:
    content = orjson.loads(vault.unseal(tx, dossier, sealed, table="release", row=id))
    return Release(
        id=id,
        dossier=dossier,
        recipient=content["recipient"],
        domain=content["domain"],
        purpose=content["purpose"],
        position=content["position"],
        issued_at=datetime.fromisoformat(content["issued_at"]),
        expires_at=datetime.fromisoformat(content["expires_at"]),
        members=tuple(UUID(each) for each in content["members"]),
        permitted=frozenset(content["permitted"]),
        opened=frozenset(content["opened"]),
        basis=tuple((id, version) for id, version in content["basis"]),
    )
