"""What a family decides: its own dossier and card, consent given and withdrawn.

Consents lie in a dossier of the registry's own, opened when the family first comes. It finds the child's other
dossiers through the matcher like any record; a consent given before that waits. Where several families came for one
child, `families` says whose yes counts; every no counts, and a withdrawal by any card ends what any of them allowed.
From the commit of a withdrawal on every question is refused, because decisions are computed on read.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from registry.consent import dialect, grant
from registry.consent.agreement import Agreement
from registry.errors import UnknownName
from registry.fhir import resource
from registry.fhir.resource import Resource
from registry.flows import (
    asking,
    budgets,
    cards,
    consent_receipt,
    decide,
    families,
    ingest,
    organisations,
    question,
    trail,
)
from registry.flows.asking import Answer
from registry.flows.consent_receipt import ConsentReceipt
from registry.flows.opening import Registry
from registry.flows.organisations import Caller, Kind
from registry.flows.question import Description
from registry.intake import Entry
from registry.store import audit, documents, dossiers, keys
from registry.store.database import Transaction, again_on_conflict
from registry.store.documents import Document
from registry.store.dossiers import Dossier
from registry.store.functions import Function


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """A family's dossier was opened. The card is shown this once and kept nowhere."""

    card: str = field(repr=False)
    dossier: uuid.UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal:
    """How many consents were withdrawn and how many summaries died with them."""

    consents: int
    revoked: int


async def open_family(registry: Registry, caller: Caller, description: Description) -> Family:
    """Open the dossier of a family that comes for the first time, at a desk that attests its presence.

    Raises Unavailable when the desk has opened its families of the day.
    """
    caller.must_be(Kind.CLINIC, Kind.SCHOOL)
    await budgets.spend_on_family(registry, caller)
    return await opened(registry, caller, description)


@again_on_conflict
async def opened(registry: Registry, caller: Caller, description: Description) -> Family:
    """The dossier of a family, opened; the desk's share of the day is taken already."""
    async with registry.database.transaction(Function.RIGHTS) as tx:
        return await open_new(tx, registry, caller, description)


async def open_new(tx: Transaction, registry: Registry, caller: Caller, description: Description) -> Family:
    """Open a family's dossier and hand out its card."""
    local = uuid.uuid4().hex  # noqa: TID251
    patient = resource.of(question.patient(description, id=local, country=caller.country))
    ingest.require_acceptable(registry, patient)
    await ingest.store(tx, registry, source=decide.FAMILY, entries=[Entry(person=local, resource=patient)])
    dossier = await keys.only(tx, keys.index_hash(tx, "person", decide.FAMILY, local))
    assert dossier is not None  # noqa: S101 - stored two lines above
    card = await hand_out_card(tx, dossier)
    await trail.write(tx, registry, dossier, "family-opened", caller)
    return Family(card=card, dossier=dossier)


async def hand_out_card(tx: Transaction, family: uuid.UUID) -> str:
    """Draw a card for a family's dossier; the one it had opens nothing from the commit on."""
    held = (await dossiers.load(tx, [family], lock=True))[family]
    card = cards.draw()
    hashed = _card_hash(tx, card)
    await keys.remove(tx, [(held.card, family)] if held.card is not None else [])
    await keys.add(tx, [(hashed, family)])
    await dossiers.rewrite(tx, [replace(held, card=hashed)])
    return card


def _card_hash(tx: Transaction, card: str) -> int:
    return keys.index_hash(tx, "card", cards.normal(card))


async def by_card(tx: Transaction, card: str, *, lock: bool = False) -> Dossier:
    """The family's dossier. Raises UnknownName for a card nobody holds."""
    hashed = _card_hash(tx, card)
    found = await keys.only(tx, hashed)
    held = (await dossiers.load(tx, [found], lock=lock)).get(found) if found else None
    if held is None or held.card not in (None, hashed):
        raise UnknownName("no family card of this code is known", where="card", remedy="read it once more")
    return held


async def card_holder(tx: Transaction, card: str) -> uuid.UUID | None:
    """The dossier of the family whose card this is, if it is anybody's."""
    return await keys.only(tx, _card_hash(tx, card)) if card else None


@again_on_conflict
async def give(registry: Registry, caller: Caller, card: str, answer: Answer) -> ConsentReceipt:
    """Record a family's answer to one question. Raises BadInput naming what is missing or cannot be."""
    caller.must_be(Kind.CLINIC, Kind.SCHOOL)
    async with registry.database.transaction(Function.RIGHTS) as tx:
        recipient = await organisations.named(tx, answer.organisation)
        asking.check(registry, answer, recipient)
        text = asking.text(registry, answer, recipient)
        family = await by_card(tx, card, lock=True)
        consent = asking.compose(registry, family, answer, text)
        ingest.require_acceptable(registry, consent)
        # A new answer to the same question ends this family's earlier one; else an old no would stand for ever.
        before = await _earlier_answers(tx, registry, family, answer)
        entries = [Entry(person=family.local, resource=each) for each in (*before, consent)]
        await ingest.store(tx, registry, source=decide.FAMILY, entries=entries)
        leaf = await trail.write(
            tx, registry, family.id, "consent-given", caller, domain=answer.domain, recipient=recipient.name,
            answer="yes" if answer.agreed else "no", consent=consent.id,
        )  # fmt: skip
        await decide.again(tx, registry, family.members)  # a no, or a country named, ends what was given before
    return consent_receipt.write(registry, answer, recipient, text=text, consent=consent.id, proof=leaf)


async def _earlier_answers(tx: Transaction, registry: Registry, family: Dossier, answer: Answer) -> list[Resource]:
    """This family's live answers to the same question, ended."""
    held = documents.current(await documents.load(tx, [family.id])).values()
    live = [each.resource for each in held if _is_live(each.resource)]
    read = [(each, dialect.read(each)) for each in live]
    same = [each for each, agreement in read if isinstance(agreement, Agreement) and _is_about(agreement, answer)]
    return [resource.of(grant.withdraw(each, registry.now())) for each in same]


def _is_about(agreement: Agreement, answer: Answer) -> bool:
    conditions = agreement.root.conditions
    is_recipient = conditions.organisations == frozenset({answer.organisation})
    return is_recipient and conditions.classes is not None and asking.DOMAINS[answer.domain] in conditions.classes


@again_on_conflict
async def withdraw(registry: Registry, card: str, *, consent: str | None = None) -> Withdrawal:
    """Withdraw one consent, or all about the family's child. Every summary no longer allowed is revoked at once.

    A withdrawal binds every family of the child: it ends what the others allowed too. What they forbade stays.
    Raises UnknownName when no consent of this id is in force.
    """
    async with registry.database.transaction(Function.RIGHTS) as tx:
        family = await by_card(tx, card, lock=True)
        of_child = await decide.hold(tx, await dossiers.load(tx, family.members))
        held = documents.current(await documents.load(tx, of_child)).values()
        mine = [each for each in held if _is_live(each.resource) and (each.dossier == family.id or _allows(each))]
        chosen = _meant(mine, consent)
        await _end(tx, registry, family, of_child, chosen)
        revoked = await decide.again(tx, registry, family.members)
        if family.id not in await families.heard(tx, of_child.values()):
            # Whoever opened a family for a child that has one learns nothing of it by taking back.
            return Withdrawal(consents=sum(each.dossier == family.id for each in chosen), revoked=0)
    return Withdrawal(consents=len(chosen), revoked=revoked)


def _meant(live: Sequence[Document], consent: str | None) -> Sequence[Document]:
    """The consent of this id and whatever else allows the same; all of them when none is named."""
    if consent is None:
        return live
    named = [each for each in live if each.resource.id == consent]
    if not named:
        raise UnknownName("no consent of this id is in force", where="consent")
    same = {_question(each) for each in named if _allows(each)}
    return [each for each in live if each in named or (_allows(each) and _question(each) in same)]


async def _end(
    tx: Transaction,
    registry: Registry,
    family: Dossier,
    of_child: Mapping[uuid.UUID, Dossier],
    live: Sequence[Document],
) -> None:
    ended = [(each.dossier, resource.of(grant.withdraw(each.resource, registry.now()))) for each in live]
    entries = [Entry(person=of_child[dossier].local, resource=each) for dossier, each in ended]
    await ingest.store(tx, registry, source=decide.FAMILY, entries=entries)
    for each in (each for dossier, each in ended if dossier == family.id):
        await trail.write(tx, registry, family.id, "consent-withdrawn", None, consent=each.id)
    # One leaf more, whether or not another family had allowed something: the size of the log is public.
    others = [dossier for dossier, _ in ended if dossier != family.id]
    about = others[0] if others else registry.house
    await trail.write(tx, registry, about, "consent-withdrawn", None, of_others=len(others))


def _allows(held: Document) -> bool:
    """Whether a consent says yes to anything."""
    agreement = dialect.read(held.resource)
    return isinstance(agreement, Agreement) and bool(agreement.root.children)


def _question(held: Document) -> tuple[object, object] | None:
    """What a consent was the answer to: who is to receive what."""
    agreement = dialect.read(held.resource)
    if not isinstance(agreement, Agreement):
        return None
    return agreement.root.conditions.organisations, agreement.root.conditions.classes


async def spoken_for(tx: Transaction, family: Dossier) -> Sequence[uuid.UUID]:
    """The dossiers a family speaks for: all of its child's, only its own while it is not heard."""
    return family.members if await _is_heard(tx, family) else [family.id]


async def _is_heard(tx: Transaction, family: Dossier) -> bool:
    around = await dossiers.load(tx, family.members)
    return family.id in await families.heard(tx, around.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnEvents:
    """What the log holds about a family's child, its own consents, and whom it ever said yes to."""

    family: uuid.UUID
    entries: tuple[audit.Entry, ...] = field(repr=False)
    consents: frozenset[str]
    named: frozenset[str]


async def own_events(tx: Transaction, card: str) -> OwnEvents:
    """The log over everything known to be about the child; while its family is not heard, over its own dossier.

    What stewards do then stays unsaid: they look because another family came before.
    """
    family = await by_card(tx, card)
    held = documents.current(await documents.load(tx, [family.id])).values()
    agreements = [dialect.read(each.resource) for each in held if each.resource.kind == "Consent"]
    own = [each for each in agreements if isinstance(each, Agreement)]
    is_heard = await _is_heard(tx, family)
    entries = await audit.entries(tx, family.members if is_heard else [family.id])
    if not is_heard:
        entries = tuple(each for each in entries if each.event["kind"] != Kind.STEWARD.value)
    return OwnEvents(
        family=family.id,
        entries=entries,
        consents=frozenset(each.id for each in own),
        named=frozenset(
            name for each in own if each.root.children for name in each.root.conditions.organisations or ()
        ),
    )


async def own_trail(registry: Registry, card: str) -> tuple[trail.Line, ...]:
    """A family's own audit trail."""
    async with registry.database.transaction(Function.RIGHTS) as tx:
        own = await own_events(tx, card)
        lines = trail.shown_to_family(own.entries, own=own.consents, named=own.named)
        shown = trail.digest([trail.plain(each) for each in lines])
        await trail.write(tx, registry, own.family, "trail-shown", None, digest=shown)
    return lines


def _is_live(held: Resource) -> bool:
    return held.kind == "Consent" and held.content.get("status") == "active"
