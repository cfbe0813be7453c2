"""Small things to put into the store, and ways to look at what lies there."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any, LiteralString
from uuid import UUID

from registry.fhir import resource
from registry.store import documents, dossiers
from registry.store.database import Transaction
from registry.store.documents import Document
from registry.store.dossiers import Dossier
from registry.store.judgements import StoredJudgement
from registry.store.releases import Release

NOON = datetime(2026, 3, 31, 12, tzinfo=UTC)


def today() -> date:
    """The day of the real clock, for which every key file has a wrapping key."""
    return datetime.now(UTC).date()  # noqa: TID251


def dossier(local: str = "p-1", *, source: str = "almara-dhis2") -> Dossier:
    id = uuid.uuid4()  # noqa: TID251
    return Dossier(id=id, source=source, local=local, opened_at=NOON, person=id, members=(id,))


async def open_dossier(tx: Transaction, local: str = "p-1") -> Dossier:
    opened = dossier(local)
    await dossiers.open_new(tx, [opened], today=today())
    return opened


def document(dossier: UUID, body: bytes, *, version: int = 1) -> Document:
    return Document(dossier=dossier, version=version, accepted_at=NOON, resource=resource.read(body))


async def put(tx: Transaction, dossier: UUID, *bodies: bytes) -> None:
    await documents.append(tx, [document(dossier, body) for body in bodies], today=today())


def judgement(left: UUID, right: UUID, kind: str = "link") -> StoredJudgement:
    return StoredJudgement(
        id=uuid.uuid4(),  # noqa: TID251
        left=left,
        right=right,
        kind=kind,
        by="rule:weights-1",
        at=NOON,
        evidence={"words": ["The given names agree."]},
    )


def release(dossier: UUID, position: int) -> Release:
    return Release(
        id=uuid.uuid4(),  # noqa: TID251
        dossier=dossier,
        recipient="clinic-nadir",
        domain="health",
        purpose="health",
        position=position,
        issued_at=NOON,
        expires_at=NOON.replace(year=2027),
        members=(dossier,),
        basis=(("consent-1", "1"),),
    )


async def rows(tx: Transaction, statement: LiteralString, *values: Any) -> Sequence[tuple[Any, ...]]:
    """What a statement finds; also for what no function of the store would do."""
    cursor = await tx.connection.execute(statement, values or None)
    return await cursor.fetchall() if cursor.description else []


async def destroy_key(tx: Transaction, dossier: UUID) -> None:
    await rows(tx, "DELETE FROM vault.data_key WHERE dossier = %s", dossier)
