"""A clinic or a school asks. The only way by which anything about a person leaves the registry.

Find the person, decide on everything in one snapshot, take out what may not leave, derive, sign, record, answer.
Nobody known, nothing allowed and anything in between is one answer: None, at the same audit cost.
"""

from __future__ import annotations

import base64
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from registry.consent import redact
from registry.consent.decision import Decision, Outcome
from registry.consent.request import DOMAINS
from registry.continuity import education, history, summary
from registry.continuity.education import Timeline, placement, position
from registry.continuity.history import DoseEvent, Provenance, Record
from registry.continuity.immunization import dues
from registry.continuity.immunization.schedule import Schedule
from registry.continuity.summary import RuleSet
from registry.continuity.summary.document import Asked as Described
from registry.continuity.summary.document import Release as Heading
from registry.errors import BadInput, Conflict
from registry.fhir import dates, resource
from registry.fhir.dates import PartialDate
from registry.fhir.resource import Content
from registry.flows import budgets, decide, health_card, meant, publish, question, rights, trail, verify
from registry.flows.decide import Held, Person
from registry.flows.opening import Registry
from registry.flows.organisations import Caller, Kind
from registry.flows.question import Description
from registry.identity import demographics
from registry.identity.demographics import Demographics
from registry.store import keys, releases
from registry.store.database import Transaction, again_on_conflict
from registry.store.functions import Function
from registry.store.releases import Release
from registry.trust import sealing, signing, status

NOTHING = (
    "Nothing can be said. This does not mean that nothing exists. Treat or enrol the child by your own rules; "
    "you can register the child here and record what you do."
)
GROUNDS = {Kind.CLINIC: "treatment", Kind.SCHOOL: "enrolment"}
SCHEDULE = "who"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A desk's question: what it knows of the child, the family's card if it was shown, the language of the page.

    `grounds` is why the child is before the desk today (GROUNDS), attested by its named user; without a
    card nothing is looked up unless it is given.
    """

    description: Description = field(repr=False)
    card: str = field(default="", repr=False)
    grounds: str = ""
    language: str = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """On what terms a question is asked: how the trail calls it, what for, on what grounds, how long an answer holds.

    `told` is what else the trail keeps of it.
    """

    action: str
    purpose: str
    grounds: str
    lasts: timedelta
    told: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """What the desk receives: the signed summary, its short form for a QR code, the page, the document."""

    id: str
    token: str = field(repr=False)
    card: str = field(repr=False)
    page: str = field(repr=False)
    document: Content = field(repr=False)
    language: str
    expires_at: datetime

    @property
    def digest(self) -> str:
        """Covers every byte of the answer: the document lies in the token, so it need not stand here twice."""
        return trail.digest([self.token, self.card, self.page])


async def ask(registry: Registry, caller: Caller, asked: Asked) -> Released | None:
    """Answer a question; None says nothing, whatever the reason. Raises BadInput for an unknown language."""
    caller.must_be(Kind.CLINIC, Kind.SCHOOL)
    require_language(registry, asked)
    _require_grounds(caller, asked)
    told = demographics.of(question.patient(asked.description, id="asked", country=caller.country))
    spent = await budgets.spend(registry, caller, told, by_card=bool(asked.card))
    released = None
    try:
        released = await _answer(registry, caller, asked, told, allowed=spent.allowed)
    except Conflict:  # an error of its own would say that somebody is known, whose family decides just now
        await _unanswered(registry, caller, asked)
    finally:
        await budgets.settle(registry, caller, spent, is_silent=released is None)
    return released


def require_language(registry: Registry, asked: Asked) -> None:
    """Raise BadInput unless there is a page in the language asked for."""
    if asked.language not in registry.library.page_messages:
        known = ", ".join(sorted(registry.library.page_messages))
        raise BadInput("there is no page in this language", where="language", remedy=f"use one of: {known}")


def _require_grounds(caller: Caller, asked: Asked) -> None:
    """Raise BadInput unless the family's card was shown, or a named user attests why the child is there today.

    Judged by the request alone, so that the refusal says nothing about anybody.
    """
    wanted = GROUNDS[caller.kind]
    if asked.grounds not in ("", wanted):
        raise BadInput(f"for a {caller.kind.value} this is `{wanted}`, or nothing", where="grounds")
    if not asked.card and not (asked.grounds and caller.user):
        raise BadInput(
            "without the family's card a question needs the reason why the child is before you, and who attests it",
            where="grounds",
            remedy=f"give the card; or the grounds `{wanted}` and the user's id",
        )


async def _unanswered(registry: Registry, caller: Caller, asked: Asked) -> None:
    """Record a question that came to no answer of its own: somebody kept changing what it was about."""
    async with registry.database.transaction(Function.RELEASE) as tx:
        await silence(tx, registry, caller, asked, None, _terms(registry, caller, asked))


@again_on_conflict  # a consent or a link changed meanwhile: decide again
async def _answer(
    registry: Registry, caller: Caller, asked: Asked, told: Demographics, *, allowed: bool
) -> Released | None:
    terms = _terms(registry, caller, asked)
    # One snapshot for records and consents: a withdrawal is either seen whole or not at all.
    async with registry.database.transaction(Function.RELEASE, snapshot=True) as tx:
        members = await meant.find(tx, registry, told, card=asked.card)
        person = await decide.load(tx, members)
        decision = decide.ask(registry.library, person, caller, now=registry.now()) if members else None
        # Over its budget a question does the same work as any other, and says nothing.
        if decision is None or decision.outcome is not Outcome.PERMIT or not allowed:
            return await silence(tx, registry, caller, asked, person if members else None, terms)
        return await give(tx, registry, caller, asked, person, decision, terms)


def _terms(registry: Registry, caller: Caller, asked: Asked) -> Terms:
    return Terms(
        action="ask",
        purpose=DOMAINS[decide.KINDS[caller.kind]].purpose.code,
        grounds="card" if asked.card else asked.grounds,
        lasts=registry.settings.summary_lifetime,
    )


async def silence(
    tx: Transaction, registry: Registry, caller: Caller, asked: Asked, person: Person | None, terms: Terms
) -> None:
    """Say nothing. It costs the same audit as an answer that does say something.

    It lies with the person; with the family whose card was tried in vain; and for an unknown person in our house.
    """
    about = person.anchor.id if person else await rights.card_holder(tx, asked.card) or registry.house
    said = {"answer": "nothing", "digest": trail.digest(NOTHING), **_question(caller, terms)}
    await trail.write(tx, registry, about, terms.action, caller, **said)


def _question(caller: Caller, terms: Terms) -> dict[str, str]:
    """What the audit keeps of a question: what for, on what grounds, and who of the organisation asked."""
    told = {"grounds": terms.grounds, "user": caller.user, **terms.told}
    return {"domain": _domain(caller), "purpose": terms.purpose, **told}


def _domain(caller: Caller) -> str:
    return "health" if caller.kind is Kind.CLINIC else "education"


async def give(
    tx: Transaction, registry: Registry, caller: Caller, asked: Asked, person: Person, decision: Decision, terms: Terms
) -> Released:
    """The one release step: take out what may not leave, derive, sign, record. Raises Conflict, to decide again."""
    await decide.hold(tx, {each.id: each for each in person.dossiers})
    now = registry.now()
    heading = Heading(
        id=uuid.uuid4().hex,  # noqa: TID251
        issued=now,
        expires=now + terms.lasts,
        issuer=registry.settings.issuer,
        issuer_name=registry.settings.name,
        status_list=publish.status_address(registry),
        status_index=await releases.draw_position(tx),
    )
    document = _document(registry, caller, asked, person, decision, heading)
    released = _signed(registry, caller, asked, document, heading)
    await _record(tx, registry, caller, terms, person, decision, heading, digest=released.digest)
    return released


def _document(
    registry: Registry, caller: Caller, asked: Asked, person: Person, decision: Decision, heading: Heading
) -> Content:
    described = Described(
        pseudonym=_pseudonym(registry, caller, person),
        name=_full_name(asked.description),
        birth_date=asked.description.birth,
        gender=asked.description.sex,
    )
    permitted = [each for each in person.held if each.ref in decision.permitted]
    write = _clinic_document if caller.kind is Kind.CLINIC else _school_document
    return write(registry, described, person, permitted, decision.opened, heading, asked.language)


def _full_name(description: Description) -> str:
    return " ".join(part for part in (description.given, description.father, description.family) if part)


def _pseudonym(registry: Registry, caller: Caller, person: Person) -> str:
    """The id this recipient knows the person by; another recipient knows another."""
    key = registry.database.keyring.pseudonym_key
    digest = sealing.keyed_digest(key, f"{caller.name}/{person.anchor.id.hex}".encode())
    return base64.b32encode(digest[:15]).decode().lower()


def _clinic_document(
    registry: Registry,
    described: Described,
    person: Person,
    permitted: Sequence[Held],
    opened: frozenset[str],
    heading: Heading,
    language: str,
) -> Content:
    today, library = registry.today(), registry.library
    birth = _as_exactly_as_asked(person.birth, described.birth_date)
    # Everything is derived from what may leave. Only which records tell of one dose is judged with their lots.
    records = [_with_lot(_leaving(registry, _record_of(each), is_open=each.ref in opened), each) for each in permitted]
    told = history.events(records, library.meaning, birth=birth, today=today)
    events = [_without_closed_lots(each, opened) for each in told]
    schedule = _schedule(registry)
    return summary.clinic_summary(
        asked=described,
        events=events,
        dues=dues.forecast(events, birth, described.gender, schedule, today),
        rules=_rule_set(schedule),
        today=today,
        release=heading,
        words=library.page_messages[language],
        language=language,
    )


def _schedule(registry: Registry) -> Schedule:
    """The schedule children continue by here: the country's own, where one is held for today, else WHO's."""
    editions, today = registry.library.editions, registry.today()
    own = editions.get(registry.settings.country.lower())
    return own.on(today) if own and own.covers(today) else editions[SCHEDULE].on(today)


def _rule_set(schedule: Schedule) -> RuleSet:
    return RuleSet(
        id=schedule.id,
        version=schedule.version,
        title=schedule.title,
        licence=schedule.licence,
        limits=schedule.limits,
    )


def _as_exactly_as_asked(birth: PartialDate | None, asked: str) -> PartialDate | None:
    """The birth date as exactly as the asker knew it: what is derived from it must not tell more (class D)."""
    known = dates.parse(asked)
    if birth is None or known is None:
        return None
    month = birth.month if known.month else None
    return PartialDate(birth.year, month, birth.day if known.day and month else None)


def _record_of(held: Held) -> Record:
    return Record(
        dossier=held.dossier.id.hex,
        source=held.dossier.source,
        country=held.country,
        resource=held.resource,
        disputed=held.disputed,
    )


def _with_lot(leaving: Record, held: Held) -> Record:
    lot = held.resource.content.get("lotNumber")
    if lot is None:
        return leaving
    return replace(leaving, resource=resource.of({**leaving.resource.content, "lotNumber": lot}))


def _without_closed_lots(event: DoseEvent, opened: frozenset[str]) -> DoseEvent:
    """The same dose without the lots of records whose places are closed."""
    provenances = [_without_closed_lot(each, opened) for each in event.provenances]
    lots = {each.content.get("lotNumber") for each in provenances}
    return replace(event, provenances=tuple(provenances), lot=event.lot if event.lot in lots else None)


def _without_closed_lot(told: Provenance, opened: frozenset[str]) -> Provenance:
    if f"{told.dossier}/{told.reference}" in opened:
        return told
    content = {name: value for name, value in told.content.items() if name != "lotNumber"}
    return replace(told, content=content)


def _school_document(
    registry: Registry,
    described: Described,
    person: Person,
    permitted: Sequence[Held],
    opened: frozenset[str],
    heading: Heading,
    language: str,
) -> Content:
    library = registry.library
    birth = _as_exactly_as_asked(person.birth, described.birth_date)
    records = [position.stated(_record_of(each), library.ladders) for each in permitted]
    # The placement may use the ladder of the hidden country inside; it says only the result and its certainty.
    told = education.enrolments(records)
    seen = told if opened.issuperset(each.ref for each in permitted) else _without_languages(told)
    advice = placement.place(seen, birth, library.ladders, registry.settings.country, registry.today())
    leaving = [
        _leaving(registry, each, is_open=held.ref in opened) for each, held in zip(records, permitted, strict=True)
    ]
    return summary.school_summary(
        asked=described,
        timeline=education.enrolments(leaving),
        placement=advice,
        release=heading,
        words=library.page_messages[language],
        language=language,
    )


def _without_languages(told: Timeline) -> Timeline:
    """A hint that the language of teaching differs would tell where the child was."""
    return Timeline(years=tuple(replace(each, languages=()) for each in told.years))


def _leaving(registry: Registry, record: Record, *, is_open: bool) -> Record:
    content = redact.redact(record.resource.content, registry.library.places, opened=is_open)
    kept = resource.of({**content, "id": record.resource.id, "resourceType": record.resource.kind})
    return replace(record, resource=kept, country=record.country if is_open else None)


def _signed(registry: Registry, caller: Caller, asked: Asked, document: Content, heading: Heading) -> Released:
    key = registry.database.keyring.summary_key
    claims: dict[str, Any] = {
        "iss": heading.issuer,
        "iat": int(heading.issued.timestamp()),
        "exp": int(heading.expires.timestamp()),
        "jti": heading.id,
        "status": status.claim(status.Pointer(uri=heading.status_list, index=heading.status_index)),
    }
    card = signing.sign({**claims, "facts": summary.card(document)}, key, typ=verify.CARD, compress=True)
    payload = {**claims, "aud": caller.name, "document": document, "card": card}
    if told := health_card.of(document, asked.description, key, heading):
        payload["health_card"] = told
    token = signing.sign(payload, key, typ=verify.SUMMARY, compress=True)
    page = verify.render(payload, token, registry.library, language=asked.language)
    return Released(
        id=heading.id,
        token=token,
        card=card,
        page=page,
        document=document,
        language=asked.language,
        expires_at=heading.expires,
    )


async def _record(
    tx: Transaction,
    registry: Registry,
    caller: Caller,
    terms: Terms,
    person: Person,
    decision: Decision,
    heading: Heading,
    *,
    digest: str,
) -> None:
    release = Release(
        id=UUID(heading.id),
        dossier=person.anchor.id,
        recipient=caller.name,
        domain=_domain(caller),
        purpose=terms.purpose,
        position=heading.status_index,
        issued_at=heading.issued,
        expires_at=heading.expires,
        members=tuple(each.id for each in person.dossiers),
        permitted=frozenset(decision.permitted),
        opened=decision.opened,
        basis=decision.basis,
    )
    await releases.record(tx, release, today=registry.today())
    await keys.add(tx, [(keys.index_hash(tx, "release", heading.id), person.anchor.id)])
    details = {"release": heading.id, "basis": decision.basis, "items": len(decision.permitted), "digest": digest}
    await trail.write(
        tx, registry, person.anchor.id, terms.action, caller, answer="summary", **_question(caller, terms), **details
    )
