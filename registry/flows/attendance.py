"""Did this child attend? A school asks the system that handed the record over; it says yes, no or unknown, by a day.

Consent governs both ends. The family is there with its card; its live consent to this school covers the record and
opens places; it has said which countries it fled, and the system asked stands in none of them. Where any of this is
not so nothing is sent, and the school cannot tell: it gets a number and a day in the same way, and at the end of the
day the answer is `unknown`. The answer is decided on anew at every reading, so that a withdrawal ends it.

The system asked reads of its own record only what it wrote itself, and neither who asks, nor where, nor why.
That somebody asks can itself be a hint: this is why places must be open.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from registry.consent.decision import Outcome
from registry.continuity import education, elements
from registry.continuity.history import Record
from registry.errors import BadInput, Conflict, NotPermitted, UnknownName
from registry.flows import budgets, cards, decide, meant, organisations, question, rights, said, trail
from registry.flows.decide import Held, Person
from registry.flows.opening import Registry
from registry.flows.organisations import Caller, Kind
from registry.flows.question import Description
from registry.identity import demographics
from registry.identity.demographics import Demographics
from registry.store import dossiers, matters
from registry.store.database import Transaction, again_on_conflict
from registry.store.functions import Function
from registry.store.matters import Matter

KIND = "attendance"
# As long as the migrant students' exchange of the United States gives a school to answer (34 CFR 200.85: 10 days).
ANSWER_WITHIN = timedelta(days=10)
ANSWERS = ("yes", "no", "unknown")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question was taken; whether it was sent is not said. The number is shown this once."""

    number: str = field(repr=False)
    answer_by: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a question stands: `answer` is None while it waits, and `unknown` when the clock ran out."""

    answer: str | None
    answer_by: datetime
    is_late: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A question as the system asked reads it, in what it wrote itself; late ones come first."""

    id: str
    person: str = field(repr=False)
    enrolment: str = field(repr=False)
    academic_year: str
    grade: str
    answer_by: datetime
    is_late: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Overdue:
    """A question nobody answered in time, as the ombudsperson sees it: no child, no school."""

    id: str
    source: str
    days_late: int


async def ask(registry: Registry, caller: Caller, told: Description, *, card: str, academic_year: str = "") -> Asked:
    """Ask whether the child attended in a school year, the last one on record unless another is named.

    Raises NotPermitted, BadInput (no card); whatever is known or allowed, the answer is the same.
    """
    caller.must_be(Kind.SCHOOL)
    if not card:
        raise BadInput("the family asks: it shows its card", where="card")
    child = demographics.of(question.patient(told, id="asked", country=caller.country))
    spent = await budgets.spend(registry, caller, child, by_card=True)
    number, sent = said.draw_number(), False
    try:
        sent = await _put(registry, caller, child, card, academic_year, number, allowed=spent.allowed)
    except Conflict:  # an error of its own would say that somebody is known, whose family decides just now
        await _put(registry, caller, child, "", academic_year, number, allowed=False)
    finally:
        await budgets.settle(registry, caller, spent, is_silent=not sent)
    return Asked(number=number, answer_by=registry.now() + ANSWER_WITHIN)


@again_on_conflict
async def _put(
    registry: Registry,
    caller: Caller,
    child: Demographics,
    card: str,
    academic_year: str,
    number: str,
    *,
    allowed: bool,
) -> bool:
    """Keep the question, and address it where it may be sent; whether it was."""
    now = registry.now()
    async with registry.database.transaction(Function.RELEASE, snapshot=True) as tx:
        members = await meant.find(tx, registry, child, card=card)
        person = await decide.load(tx, members)
        chosen = await _chosen(tx, registry, person, caller, academic_year) if members and allowed else None
        if chosen:  # what a family decides and what is sent about it take turns
            await decide.hold(tx, {each.id: each for each in person.dossiers})
        about = person.anchor.id if chosen else await rights.card_holder(tx, card) or registry.house
        content = {"organisation": caller.name, "asked": now.isoformat(), **(_address(chosen) if chosen else {})}
        matter = Matter(id=tx.new_id(), dossier=about, kind=KIND, day=registry.today(), content=content)
        await matters.put(tx, matter, number=cards.normal(number))
        await trail.write(tx, registry, about, "attendance-asked", caller, domain="education", user=caller.user)
    return chosen is not None


async def _chosen(
    tx: Transaction, registry: Registry, person: Person, caller: Caller, academic_year: str
) -> Held | None:
    """The record to be asked about: permitted and open to this school, of a system in no country the child fled."""
    years = [
        (year, each)
        for each in _open(registry, person, caller)
        for year in education.enrolments([_record(each)]).years
        if academic_year in ("", year.academic_year)
    ]
    for _, held in sorted(years, key=lambda each: (each[0].year or 0, each[1].ref), reverse=True):
        source = await organisations.named(tx, held.dossier.source)
        if source.kind is Kind.SOURCE and not decide.is_fled(person, source.country):
            return held
    return None


def _open(registry: Registry, person: Person, caller: Caller) -> list[Held]:
    """The school years whose places this school may know, by the decision it would be answered by."""
    decision = decide.ask(registry.library, person, caller, now=registry.now())
    allowed = (
        decision.opened.intersection(decision.permitted) if decision.outcome is Outcome.PERMIT else frozenset[str]()
    )
    inside = (organisations.HOUSE, organisations.FAMILY)
    return [each for each in person.held if each.ref in allowed and each.dossier.source not in inside]


def _record(held: Held) -> Record:
    return Record(dossier=held.dossier.id.hex, source=held.dossier.source, country=held.country, resource=held.resource)


def _address(held: Held) -> Mapping[str, Any]:
    """What the system is asked about, in its own words."""
    (year,) = education.enrolments([_record(held)]).years
    identifier = elements.first(held.resource.content.get("identifier"))
    return {
        "source": held.dossier.source,
        "record": held.ref,
        "person": held.dossier.local,
        "enrolment": elements.text(identifier.get("value")),
        "academic_year": year.academic_year,
        "grade": year.grade,
    }


async def follow(registry: Registry, caller: Caller, number: str) -> Standing:
    """How the question of this number stands, for whoever asked it. Raises UnknownName."""
    caller.must_be(Kind.SCHOOL)
    async with registry.database.transaction(Function.RELEASE) as tx:
        matter = await matters.numbered(tx, KIND, cards.normal(number))
        if matter is None or matter.content["organisation"] != caller.name:
            raise UnknownName("no question of this number is known", where="number", remedy="read it once more")
        standing = _standing(registry, matter, is_allowed=await _still(tx, registry, matter))
        shown = trail.digest(asdict(standing))
        await trail.write(tx, registry, matter.dossier, "attendance-told", caller, digest=shown)
    return standing


async def _still(tx: Transaction, registry: Registry, matter: Matter) -> bool:
    """Whether the school that asked may still know of the record, and the system of the question."""
    if "record" not in matter.content:
        return False
    family = (await dossiers.load(tx, [matter.dossier]))[matter.dossier]
    person = await decide.load(tx, family.members)
    asker = await organisations.named(tx, matter.content["organisation"])
    source = await organisations.named(tx, matter.content["source"])
    is_open = matter.content["record"] in {each.ref for each in _open(registry, person, asker)}
    return is_open and not decide.is_fled(person, source.country)


def _standing(registry: Registry, matter: Matter, *, is_allowed: bool) -> Standing:
    due = _due(matter)
    is_late = registry.now() > due
    answer = matter.content.get("answer") if is_allowed else None
    return Standing(answer=answer or ("unknown" if is_late else None), answer_by=due, is_late=is_late and not answer)


def _due(matter: Matter) -> datetime:
    return datetime.fromisoformat(matter.content["asked"]) + ANSWER_WITHIN


# --- the system asked, and who sees that it answers ------------------------------------------------


async def waiting(registry: Registry, caller: Caller) -> tuple[Waiting, ...]:
    """The questions a system has to answer, the late ones first, then the oldest."""
    caller.must_be(Kind.SOURCE)
    async with registry.database.transaction(Function.RELEASE) as tx:
        own = [each for each in await _unanswered(tx) if each.content["source"] == caller.name]
        found = [_waiting(registry, each) for each in own if await _still(tx, registry, each)]
        found.sort(key=lambda each: (each.answer_by, each.id))
        shown = trail.digest([asdict(each) for each in found])
        await trail.write(tx, registry, registry.house, "attendance-listed", caller, digest=shown)
    return tuple(found)


async def _unanswered(tx: Transaction) -> list[Matter]:
    held = await matters.waiting(tx, KIND)
    return [each for each in held if "source" in each.content and "answer" not in each.content]


def _waiting(registry: Registry, matter: Matter) -> Waiting:
    content, due = matter.content, _due(matter)
    return Waiting(
        id=matter.id.hex,
        person=content["person"],
        enrolment=content["enrolment"],
        academic_year=content["academic_year"],
        grade=content["grade"],
        answer_by=due,
        is_late=registry.now() > due,
    )


@again_on_conflict
async def answer(registry: Registry, caller: Caller, id: UUID, word: str) -> None:
    """Answer a question, also a late one. Said again it changes nothing. Raises BadInput, UnknownName, NotPermitted."""
    caller.must_be(Kind.SOURCE)
    if word not in ANSWERS:
        raise BadInput(f"an answer is one of: {', '.join(ANSWERS)}", where="answer")
    async with registry.database.transaction(Function.RELEASE) as tx:
        matter = await _of_source(tx, registry, caller, id)
        if matter.content.get("answer", word) != word:
            raise NotPermitted("this question was answered otherwise before")
        if "answer" not in matter.content:
            content = {**matter.content, "answer": word, "answered": registry.now().isoformat()}
            await matters.rewrite(tx, replace(matter, content=content))
            await trail.write(tx, registry, matter.dossier, "attendance-answered", caller)


async def _of_source(tx: Transaction, registry: Registry, caller: Caller, id: UUID) -> Matter:
    """The question of this id, held for writing. Raises UnknownName when it is another's, withdrawn, or none."""
    for each in await matters.waiting(tx, KIND, lock=True):
        if each.id == id and each.content.get("source") == caller.name and await _still(tx, registry, each):
            return each
    raise UnknownName("there is no question of this id", where="attendance")


async def overdue(registry: Registry, caller: Caller) -> tuple[Overdue, ...]:
    """Every question whose clock ran out without an answer, the longest first."""
    caller.must_be(Kind.OMBUDSPERSON)
    now = registry.now()
    async with registry.database.transaction(Function.REDRESS) as tx:
        late = [each for each in await _unanswered(tx) if now > _due(each)]
        found = [
            Overdue(id=each.id.hex, source=each.content["source"], days_late=(now - _due(each)).days) for each in late
        ]
        ordered = sorted(found, key=lambda each: (-each.days_late, each.id))
        shown = trail.digest([asdict(each) for each in ordered])
        await trail.write(tx, registry, registry.house, "attendance-listed", caller, digest=shown)
    return tuple(ordered)
