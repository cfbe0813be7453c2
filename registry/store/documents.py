"""Documents: every accepted version of every resource, as the exact bytes accepted. Written once, never changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from registry.fhir import resource
from registry.fhir.resource import Resource
from registry.store import vault
from registry.store.database import ENVELOPE, Transaction
from registry.trust import sealing


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One version of one resource in one dossier; versions count from 1."""

    dossier: UUID
    version: int
    accepted_at: datetime
    resource: Resource


async def append(tx: Transaction, documents: Sequence[Document], *, today: date) -> None:
    """Store new versions; the data keys of their dossiers are loaded in this transaction already."""
    rows = [_row(tx, each, tx.new_id()) for each in documents]
    if not rows:
        return
    # One statement for all rows: a statement each costs four times as much.
    await tx.connection.execute(
        """
        INSERT INTO registry.document (dossier, document, day, envelope, digest, sealed)
        SELECT dossier, document, %s, %s, digest, sealed
        FROM unnest(%s::uuid[], %s::uuid[], %s::bytea[], %s::bytea[])
            AS fresh (dossier, document, digest, sealed)
        """,
        (today, ENVELOPE, *(list(column) for column in zip(*rows, strict=True))),
    )


async def load(tx: Transaction, dossiers: Iterable[UUID]) -> tuple[Document, ...]:
    """Every version of every resource of these dossiers; nothing of one whose data key was destroyed."""
    wanted = list(dossiers)
    await vault.load_keys(tx, wanted)
    await tx.admit("document", wanted)
    cursor = await tx.connection.execute(
        "SELECT dossier, document, sealed FROM registry.document WHERE dossier = ANY(%s)", (wanted,)
    )
    rows = await cursor.fetchall()
    return tuple(_open(tx, *row) for row in rows if row[0] in tx.data_keys)


def current(documents: Iterable[Document]) -> Mapping[tuple[UUID, str], Document]:
    """The latest version of each resource, by dossier and reference."""
    latest: dict[tuple[UUID, str], Document] = {}
    for each in documents:
        name = (each.dossier, each.resource.reference)
        if name not in latest or latest[name].version < each.version:
            latest[name] = each
    return latest


def _row(tx: Transaction, document: Document, id: UUID) -> tuple[UUID, UUID, bytes, bytes]:
    body = document.resource.body
    digest = sealing.keyed_digest(tx.keyring.digest_key, document.dossier.bytes + body)
    # A header line and the exact bytes: nothing is re-serialised, not even on the way in or out.
    plain = f"{document.version} {document.accepted_at.isoformat()}\n".encode() + body
    sealed = vault.seal(tx, document.dossier, plain, table="document", row=id)
    return (document.dossier, id, digest, sealed)


def _open(tx: Transaction, dossier: UUID, id: UUID, sealed: bytes) -> Document:
    header, _, body = vault.unseal(tx, dossier, sealed, table="document", row=id).partition(b"\n")
    version, accepted_at = header.decode().split(" ")
    return Document(
        dossier=dossier,
        version=int(version),
        accepted_at=datetime.fromisoformat(accepted_at),
        resource=resource.read(body),
    )
