"""Judgements between dossiers: append-only, written for both sides, evidence dying with either of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

import orjson

from registry.store import vault
from registry.store.database import ENVELOPE, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredJudgement:
    """A judgement as it lies in the store: `kind` and `by` in the words of `registry.identity.judgements`."""

    id: UUID
    left: UUID
    right: UUID
    kind: str
    by: str
    at: datetime
    evidence: dict[str, Any] = field(default_factory=dict[str, Any], repr=False)


async def append(tx: Transaction, judgement: StoredJudgement, *, today: date) -> None:
    """Record a judgement; the data keys of both dossiers are loaded in this transaction already."""
    pair = (judgement.left, judgement.right)
    rows = [_row(tx, judgement, own=own, pair=pair, today=today) for own in pair]
    await tx.connection.execute(
        """
        INSERT INTO registry.judgement (dossier, judgement, day, envelope, sealed, evidence)
        VALUES (%s, %s, %s, %s, %s, %s), (%s, %s, %s, %s, %s, %s)
        """,
        [each for row in rows for each in row],
    )


async def about(tx: Transaction, dossiers: Iterable[UUID]) -> tuple[StoredJudgement, ...]:
    """Every judgement that names one of these dossiers, each once."""
    wanted = list(dossiers)
    await vault.load_keys(tx, wanted)
    cursor = await tx.connection.execute(
        "SELECT dossier, judgement, sealed, evidence FROM registry.judgement WHERE dossier = ANY(%s)",
        (wanted,),
    )
    rows = await cursor.fetchall()
    headers = [(row, _header(tx, *row[:3])) for row in rows if row[0] in tx.data_keys]
    await vault.load_keys(tx, {each for _, head in headers for each in (head["left"], head["right"])})
    found = {head["id"]: _open(tx, head, row[1], row[3]) for row, head in headers}
    return tuple(sorted(found.values(), key=lambda each: (each.at, each.id)))


def _row(
    tx: Transaction, judgement: StoredJudgement, *, own: UUID, pair: tuple[UUID, UUID], today: date
) -> tuple[object, ...]:
    row = tx.new_id()
    header = orjson.dumps(
        {
            "id": judgement.id.hex,
            "left": judgement.left.hex,
            "right": judgement.right.hex,
            "kind": judgement.kind,
            "by": judgement.by,
            "at": judgement.at.isoformat(),
        }
    )
    sealed = vault.seal(tx, own, header, table="judgement", row=row)
    evidence = vault.seal_between(tx, pair, orjson.dumps(judgement.evidence), row=row)
    return (own, row, today, ENVELOPE, sealed, evidence)


def _header(tx: Transaction, dossier: UUID, row: UUID, sealed: bytes) -> dict[str, Any]:
    content = orjson.loads(vault.unseal(tx, dossier, sealed, table="judgement", row=row))
    return {**content, **{name: UUID(content[name]) for name in ("id", "left", "right")}}


def _open(tx: Transaction, head: dict[str, Any], row: UUID, evidence: bytes) -> StoredJudgement:
    pair = (head["left"], head["right"])
    both_live = all(each in tx.data_keys for each in pair)
    return StoredJudgement(
        id=head["id"],
        left=head["left"],
        right=head["right"],
        kind=head["kind"],
        by=head["by"],
        at=datetime.fromisoformat(head["at"]),
        evidence=orjson.loads(vault.unseal_between(tx, pair, evidence, row=row)) if both_live else {},
    )
