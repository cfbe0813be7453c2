"""A card of another issuer comes in: believed first, then stored like any hand-over, with the issuer as its source.

Nothing of a card that is refused is stored. Each card is a dossier of its own unless somebody says whose it is, so
that two people of one name and birth date are never made one by a card; matching links it as it links everything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from registry.errors import BadInput
from registry.fhir import resource
from registry.fhir.resource import Content
from registry.flows import carriers, foreign, ingest
from registry.flows.foreign import Card
from registry.flows.opening import Registry
from registry.flows.reader import Reader
from registry.flows.receipts import Receipt
from registry.flows.verdict import Verdict
from registry.flows.wallet import Wallet
from registry.identity import demographics, match
from registry.intake import Coverage, Entry, Fate, Finding, Severity, Submission
from registry.store import dossiers, keys
from registry.store.functions import Function
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
    told = [resources_of(each.card, person=person) for each in judged if each.card]
    if person and await _is_known(registry, told, source=source, person=person):
        told = [each[1:] for each in told]  # what the source itself says of the child stays as it is
    submission = _submission(told, source=source, received_at=registry.now())
    return Taken(verdict=whole, receipt=await ingest.ingest(registry, submission, body=body))


async def _is_known(registry: Registry, told: Sequence[Sequence[Content]], *, source: str, person: str) -> bool:
    """Whether the source knows the child by this id. Raises BadInput where a card is about somebody else."""
    async with registry.database.transaction(Function.INGEST) as tx:
        known = await keys.only(tx, keys.index_hash(tx, "person", source, person))
        held = (await dossiers.load(tx, [known])).get(known) if known else None
        before = [Reader().told(held)] if held and held.about is not None else []
    named = [demographics.of(each[0]) for each in told if each]
    # The sister's card in hand must not write into the brother's record.
    if before and match.contradicts(before, named, registry.library.weights):
        raise BadInput("the card is about another child than the one of this id", where="person")
    return bool(before)


def _submission(told: Sequence[Sequence[Content]], *, source: str, received_at: datetime) -> Submission:
    entries = [
        Entry(person=_subject(content), resource=resource.of(content), where=f"card[{at}]")
        for at, each in enumerate(told)
        for content in each
    ]
    return Submission(
        source=source,
        adapter="card",
        received_at=received_at,
        entries=entries,
        findings=[_NO_DOSE for each in told if not each],
        coverage=[Coverage(field="card", fate=Fate.MAPPED, count=len(told))],
    )


def _subject(content: Content) -> str:
    return content["id"] if content["resourceType"] == "Patient" else content["patient"]["reference"].partition("/")[2]


def resources_of(card: Card, *, person: str = "") -> Sequence[Content]:
    """What a believed card says, as FHIR resources, the person first."""
    if isinstance(card, hcert.Certificate):
        return hcert_records.resources(card, person=person or hcert_records.person_id(card), text=card.text)
    return shc_records.resources(card, person=person or shc_records.person_id(card), text=card.text)
