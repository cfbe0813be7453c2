"""The review queue: pairs of dossiers a steward should look at. A row goes when the doubt is settled."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

import orjson

from registry.store import vault
from registry.store.database import ENVELOPE, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """Two dossiers that may be one person, and how likely that is.

    `proposed` is what one steward, the `proposer`, said of them where two have to; `kin` are stewards who declared to
    be related.
    """

    id: UUID
    left: UUID
    right: UUID
    probability: float
    since: date
    proposed: str = ""
    proposer: str = ""
    kin: tuple[str, ...] = ()


async def put(tx: Transaction, house: UUID, doubt: Doubt) -> None:
    """Queue a doubt, sealed under the registry's own dossier `house`."""
    await vault.load_keys(tx, [house])
    plain = orjson.dumps(
        {
            "left": doubt.left.hex,
            "right": doubt.right.hex,
            "probability": doubt.probability,
            "proposed": doubt.proposed,
            "proposer": doubt.proposer,
            "kin": doubt.kin,
        }
    )
    sealed = vault.seal(tx, house, plain, table="review", row=doubt.id)
    await tx.connection.execute(
        "INSERT INTO registry.review (review, dossier, day, envelope, sealed) VALUES (%s, %s, %s, %s, %s)",
        (doubt.id, house, doubt.since, ENVELOPE, sealed),
    )


async def replace(tx: Transaction, house: UUID, doubt: Doubt) -> None:
    """Write a doubt anew."""
    await settle(tx, doubt.id)
    await put(tx, house, doubt)


async def waiting(tx: Transaction) -> tuple[Doubt, ...]:
    """Every open doubt, the oldest first, the likelier first among those of a day."""
    cursor = await tx.connection.execute("SELECT review, dossier, day, sealed FROM registry.review")
    rows = await cursor.fetchall()
    await vault.load_keys(tx, {row[1] for row in rows})
    doubts = [_open(tx, *row) for row in rows]
    return tuple(sorted(doubts, key=lambda each: (each.since, -each.probability, each.id)))


async def settle(tx: Transaction, id: UUID) -> None:
    await tx.connection.execute("DELETE FROM registry.review WHERE review = %s", (id,))


async def judged_lately(tx: Transaction, most: int) -> tuple[UUID, ...]:
    """The dossiers about which something was judged last, by the day; as many judgements are looked at as `most`."""
    cursor = await tx.connection.execute("SELECT dossier FROM registry.judgement ORDER BY day DESC LIMIT %s", (most,))
    return tuple({row[0] for row in await cursor.fetchall()})


def _open(tx: Transaction, id: UUID, house: UUID, since: date, sealed: bytes) -> Doubt:
    content = orjson.loads(vault.unseal(tx, house, sealed, table="review", row=id))
    return Doubt(
        id=id,
        left=UUID(content["left"]),
        right=UUID(content["right"]),
        probability=content["probability"],
        since=since,
        proposed=content.get("proposed", ""),  # not there in a doubt queued before two had to agree
        proposer=content.get("proposer", ""),
        kin=tuple(content.get("kin", ())),
    )
