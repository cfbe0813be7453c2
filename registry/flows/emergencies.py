"""Break-glass: a clinic asks about a child whose family nobody can ask, gives a reason, and is reviewed for it.

Who may, and what is told, `registry.consent` decides (`emergency`, and `decide` of `decision`): a clinician, doses
without places, for an hour, over no refusal, never for schools, states or the state fled. It leaves by the one
release step. The family reads it in its trail at once, by kind and day; every declaration, also one that was told
nothing, waits for an ombudsperson, who reviews it within 72 hours; from then on the family reads the name too
(disclosure.md, "Audit views"). Whatever the family decides within the hour ends what was released.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from registry.consent import emergency, texts
from registry.consent import request as consent_request
from registry.consent.decision import Decision, Outcome
from registry.errors import BadInput, Conflict, UnknownName
from registry.flows import budgets, decide, meant, question, release, said, trail
from registry.flows.budgets import Spent
from registry.flows.decide import Person
from registry.flows.opening import Registry
from registry.flows.organisations import Caller, Kind
from registry.flows.release import Asked, Released, Terms
from registry.identity import demographics
from registry.identity.demographics import Demographics
from registry.library import Library
from registry.store import matters
from registry.store.database import Transaction, again_on_conflict
from registry.store.functions import Function
from registry.store.matters import Matter

REVIEW_WITHIN = timedelta(hours=72)
KIND = "emergency"
SAFETY = ("unconscious", "life-threatening", "outbreak-contact", "no-guardian-reachable")
"""What makes it an emergency: somebody's safety, not an hour saved."""
ROLES = tuple(sorted(emergency.ENTITLED))
VERDICTS = ("justified", "not-justified")
_LONGEST = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """Why the glass is broken, and by whom: the clinician's role, the safety at stake, the reason in own words."""

    role: str
    safety: str
    reason: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Emergency:
    """One declaration as the ombudsperson reviews it: who, why, when, whether anything was told; no content.

    `was_withheld`: whatever there was, nothing was told, because the asker was over its budget or halted.
    """

    id: str
    organisation: str
    country: str
    user: str
    role: str
    safety: str
    reason: str = field(repr=False)
    declared: datetime
    review_by: datetime
    was_told: bool
    was_withheld: bool
    verdict: str | None
    is_late: bool


async def ask(registry: Registry, caller: Caller, asked: Asked, declared: Declared) -> Released | None:
    """Ask in an emergency; None says nothing, whatever the reason. Raises NotPermitted, BadInput."""
    caller.must_be(Kind.CLINIC)
    _require(caller, declared)
    release.require_language(registry, asked)
    told = demographics.of(question.patient(asked.description, id="asked", country=caller.country))
    spent = await budgets.spend_in_emergency(registry, caller, told, by_card=bool(asked.card))
    released = None
    try:
        released = await _answer(registry, caller, asked, declared, told, spent)
    except Conflict:  # an error of its own would say that somebody is known, whose family decides just now
        await _unanswered(registry, caller, asked, declared, spent)
    finally:
        await budgets.settle(registry, caller, spent, is_silent=released is None)
    return released


def _require(caller: Caller, declared: Declared) -> None:
    """Raise BadInput unless a named clinician says why. Judged by the request alone: it says nothing about anybody."""
    if declared.role not in ROLES:
        raise BadInput(f"a clinician breaks the glass: {', '.join(ROLES)}", where="role")
    if not caller.user:
        raise BadInput("an emergency needs the id of the clinician who declares it", where="user")
    if declared.safety not in SAFETY:
        raise BadInput(f"an emergency is somebody's safety: {', '.join(SAFETY)}", where="safety")
    is_line = declared.reason.isprintable() and declared.reason.strip()
    if not is_line or len(declared.reason) > _LONGEST:
        raise BadInput(f"an emergency needs its reason, on one line of up to {_LONGEST} characters", where="reason")


@again_on_conflict
async def _answer(
    registry: Registry, caller: Caller, asked: Asked, declared: Declared, told: Demographics, spent: Spent
) -> Released | None:
    terms = _terms(declared)
    async with registry.database.transaction(Function.RELEASE, snapshot=True) as tx:
        members = await meant.find(tx, registry, told, card=asked.card)
        person = await decide.load(tx, members)
        decision = opened(registry.library, person, caller, declared, now=registry.now()) if members else None
        if not spent.allowed:
            decision = None
        about = person.anchor.id if members else registry.house
        await _queue(tx, registry, caller, declared, spent, about, was_told=decision is not None)
        if decision is None:
            return await release.silence(tx, registry, caller, asked, person if members else None, terms)
        return await release.give(tx, registry, caller, asked, person, decision, terms)


@again_on_conflict
async def _unanswered(registry: Registry, caller: Caller, asked: Asked, declared: Declared, spent: Spent) -> None:
    async with registry.database.transaction(Function.RELEASE) as tx:
        await _queue(tx, registry, caller, declared, spent, registry.house, was_told=False)
        await release.silence(tx, registry, caller, asked, None, _terms(declared))


def _terms(declared: Declared) -> Terms:
    purpose, told = texts.BREAK_GLASS.code, {"role": declared.role}
    return Terms(action=KIND, purpose=purpose, grounds=declared.safety, lasts=emergency.HOUR, told=told)


def opened(library: Library, person: Person, caller: Caller, declared: Declared, *, now: datetime) -> Decision | None:
    """What the glass opens, as the consent core decides; None where nothing may be told, or nothing is there to tell.

    A family that refused this clinic its child's doses has not refused BTG by name; that no is not overridden either.
    A child without doses is not told of: that it is known helps nobody who treats it. Where nobody named the
    countries fled the glass stays whole: a clinic may stand in one, and an answer that ends the day the family names
    it would tell there that the family came.
    """
    if not decide.is_origin_known(person) or decide.ask(library, person, caller, now=now).outcome is Outcome.DENY:
        return None
    why = consent_request.Emergency(reason=declared.reason, safety=declared.safety in SAFETY, declared=now)
    request = replace(decide.requested(caller, now=now), purpose=texts.BREAK_GLASS, role=declared.role, emergency=why)
    decision = decide.judged(library, person, request)
    return decision if decision.outcome is Outcome.PERMIT and decision.permitted else None


async def _queue(
    tx: Transaction,
    registry: Registry,
    caller: Caller,
    declared: Declared,
    spent: Spent,
    about: UUID,
    *,
    was_told: bool,
) -> None:
    """Put the declaration to the reviewer, in the transaction that answers it."""
    content = {
        "organisation": caller.name,
        "country": caller.country,
        "user": caller.user,
        **asdict(declared),
        "declared": registry.now().isoformat(),
        "was_told": was_told,
        "was_withheld": not spent.allowed,
    }
    matter = Matter(id=tx.new_id(), dossier=about, kind=KIND, day=registry.today(), content=content)
    await matters.put(tx, matter, number=said.draw_number())


# --- the ombudsperson ------------------------------------------------------------------------------


async def waiting(registry: Registry, caller: Caller) -> tuple[Emergency, ...]:
    """Every declaration: those that wait for a review first, the most pressing at the top."""
    caller.must_be(Kind.OMBUDSPERSON)
    async with registry.database.transaction(Function.REDRESS) as tx:
        found = [_shown(each, registry.now()) for each in await matters.waiting(tx, KIND)]
        ordered = sorted(found, key=lambda each: (each.verdict is not None, each.review_by, each.id))
        shown = trail.digest([asdict(each) for each in ordered])
        await trail.write(tx, registry, registry.house, "emergencies-shown", caller, digest=shown)
    return tuple(ordered)


async def open_count(registry: Registry) -> int:
    """How many declarations wait for their review: for the log, so that somebody looks."""
    async with registry.database.transaction(Function.REDRESS) as tx:
        return sum("verdict" not in each.content for each in await matters.waiting(tx, KIND))


def _shown(matter: Matter, now: datetime) -> Emergency:
    content: Mapping[str, Any] = matter.content
    declared = datetime.fromisoformat(content["declared"])
    reviewed = datetime.fromisoformat(content["reviewed"]) if "reviewed" in content else now
    same = ("organisation", "country", "user", "role", "safety", "reason", "was_told", "was_withheld")
    return Emergency(
        id=matter.id.hex,
        **{name: content[name] for name in same},
        declared=declared,
        review_by=declared + REVIEW_WITHIN,
        verdict=content.get("verdict"),
        is_late=reviewed > declared + REVIEW_WITHIN,
    )


@again_on_conflict
async def review(registry: Registry, caller: Caller, id: UUID, verdict: str) -> Emergency:
    """Say whether it was justified, once; from then on the family reads who it was. Raises BadInput, UnknownName."""
    caller.must_be(Kind.OMBUDSPERSON)
    if verdict not in VERDICTS:
        raise BadInput(f"the verdict is one of: {', '.join(VERDICTS)}", where="verdict")
    async with registry.database.transaction(Function.REDRESS) as tx:
        found = [each for each in await matters.waiting(tx, KIND, lock=True) if each.id == id]
        if not found:
            raise UnknownName("there is no emergency of this id", where="emergency")
        matter = found[0]
        if "verdict" not in matter.content:
            content = {**matter.content, "verdict": verdict, "reviewed": registry.now().isoformat()}
            matter = replace(matter, content=content)
            await matters.rewrite(tx, matter)
            named = matter.content["organisation"]
            await trail.write(tx, registry, matter.dossier, "emergency-reviewed", caller, named=named, answer=verdict)
    return _shown(matter, registry.now())
