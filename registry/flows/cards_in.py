"""A card of another issuer comes in: believed first, then stored like any hand-over, with the issuer as its source.

Nothing of a card that is refused is stored. Each card is a dossier of its own unless somebody says whose it is, so
that two people of one name and birth date are never made one by a card; matching links it as it links everything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from registry.errors import BadInput
from registry.fhir import resource
from registry.flows import carriers, foreign, ingest
from registry.flows.foreign import Card, Judged
from registry.flows.opening import Registry
from registry.flows.receipts import Receipt
from registry.flows.verdict import Verdict
from registry.flows.wallet import Wallet
from registry.intake import Coverage, Entry, Fate, Finding, Severity, Submission
from registry.trust import hcert
from registry.trust.directory import Directory
from registry.trust.hcert import records as hcert_records
from registry.trust.shc import records as shc_records

_NO_DOSE = Finding(
    severity=Severity.INFORMATION,
    code="card-without-dose",
    where="card",
    message="it certifies a test or a recovery, and no dose",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What became of a file: the verdict, and the receipt where it was accepted."""

    verdict: Verdict
    receipt: Receipt | None


async def add(
    registry: Registry, body: bytes, directory: Directory, *, source: str, person: str = "", at: datetime | None = None
) -> Taken:
    """Take the doses of a file of cards in. `person` is the source's own id of the child, where it knows the child.

    `at` is the moment the cards are judged at; now when it is not given. Raises Unreadable for what is no card, and
    BadInput for a paper of a registry: its doses are there already.
    """
    held = carriers.read(body)
    if not isinstance(held, Wallet):
        raise BadInput("this is a paper of a registry, not a card of another issuer", remedy="ask that registry")
    judged = foreign.judge(held, directory, now=at or registry.now())
    whole = foreign.verify(held, directory, now=at or registry.now())
    if not whole.accepted:
        return Taken(verdict=whole, receipt=None)
    submission = _submission(judged, source=source, person=person, received_at=registry.now())
    return Taken(verdict=whole, receipt=await ingest.ingest(registry, submission, body=body))


def _submission(judged: Sequence[Judged], *, source: str, person: str, received_at: datetime) -> Submission:
    cards = [each.card for each in judged if each.card]
    told = [(card, resources_of(card, person=person)) for card in cards]
    entries = [
        Entry(person=each[0]["id"], resource=resource.of(content), where=f"card[{at}]")
        for at, (_, each) in enumerate(told)
        for content in each
    ]
    return Submission(
        source=source,
        adapter="card",
        received_at=received_at,
        entries=entries,
        findings=[_NO_DOSE for _, each in told if not each],
        coverage=[Coverage(field="card", fate=Fate.MAPPED, count=len(cards))],
    )


def resources_of(card: Card, *, person: str = "") -> Sequence[Mapping[str, Any]]:
    """What a believed card says, as FHIR resources, the person first."""
    if isinstance(card, hcert.Certificate):
        return hcert_records.resources(card, person=person or hcert_records.person_id(card), text=card.text)
    return shc_records.resources(card, person=person or shc_records.person_id(card), text=card.text)
