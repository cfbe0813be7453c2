"""Break-glass: a clinic asks about a child whose family nobody can ask, gives a reason, and is reviewed for it.

What is told is the least there is (doses, no place, no schooling), for an hour. The family reads it in its trail at
once, by kind and day; an ombudsperson reviews it within 72 hours, and from then on the family reads the name too.
Every declaration is reviewed, also one that was told nothing. There is none for schools, for states, or for a clinic
of the state fled (protection reference, section 3).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from registry.consent.decision import Decision, Outcome
from registry.errors import BadInput, UnknownName
from registry.flows import decide, release, said, trail
from registry.flows.decide import Person
from registry.flows.opening import Registry
from registry.flows.organisations import Caller, Kind
from registry.flows.release import Asked, Released
from registry.store import matters
from registry.store.database import Transaction, again_on_conflict
from registry.store.matters import Matter

TIME_BOX = timedelta(minutes=60)
REVIEW_WITHIN = timedelta(hours=72)
KIND = "emergency"
SAFETY = ("unconscious", "life-threatening", "outbreak-contact", "no-guardian-reachable")
"""What makes it an emergency: somebody's safety, not an hour saved."""
VERDICTS = ("justified", "not-justified")
_LONGEST = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """Why the glass is broken: the safety at stake, and the reason in the clinician's words."""

    safety: str
    reason: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Emergency:
    """One declaration as the ombudsperson reviews it: who, why, when, whether anything was told; no content."""

    id: str
    organisation: str
    country: str
    safety: str
    reason: str = field(repr=False)
    declared: datetime
    review_by: datetime
    was_told: bool
    verdict: str | None
    is_late: bool


async def ask(registry: Registry, caller: Caller, asked: Asked, declared: Declared) -> Released | None:
    """Ask in an emergency; None says nothing, whatever the reason. Raises NotPermitted, BadInput."""
    caller.must_be(Kind.CLINIC)
    if declared.safety not in SAFETY or not 0 < len(declared.reason.strip()) <= _LONGEST:
        words = f"`safety` is one of {', '.join(SAFETY)}, with a reason in up to {_LONGEST} characters"
        raise BadInput(words, where="emergency")
    release.require_language(registry, asked)
    return await _answer(registry, caller, asked, declared)


@again_on_conflict
async def _answer(registry: Registry, caller: Caller, asked: Asked, declared: Declared) -> Released | None:
    async with registry.database.transaction(snapshot=True) as tx:
        members = await release.find(tx, registry, caller, asked)
        person = await decide.load(tx, members)
        decision = opened(registry, person, caller, now=registry.now()) if members else None
        about = person.anchor.id if members else registry.house
        await _queue(tx, registry, caller, declared, about, was_told=decision is not None)
        answer = "summary" if decision else "nothing"
        await trail.write(tx, registry, about, "emergency", caller, domain="health", purpose="BTG", answer=answer)
        if decision is None:
            return None
        await decide.hold(tx, {each.id: each for each in person.dossiers})
        return await release.give(tx, registry, caller, asked, person, decision, lasts=TIME_BOX)


def opened(registry: Registry, person: Person, caller: Caller, *, now: datetime) -> Decision | None:
    """What the glass opens: every dose without its place, unless a family said no or fled the asker's country.

    The one place where break-glass is decided: it stands in for a missing consent and overrides no refusal.
    """
    if decide.is_fled(person, caller.country):
        return None
    decision = decide.ask(registry.library, person, caller, now=now)
    if decision.outcome is Outcome.DENY:
        return None
    # Where a consent answers, what it keeps back stays back; where none does, all doses are what it keeps back.
    doses = decision.permitted if decision.outcome is Outcome.PERMIT else decision.denied
    if not doses:
        return None
    return replace(decision, outcome=Outcome.PERMIT, permitted=doses, denied=(), opened=frozenset[str](), basis=())


async def _queue(
    tx: Transaction, registry: Registry, caller: Caller, declared: Declared, about: UUID, *, was_told: bool
) -> None:
    content = {
        "organisation": caller.name,
        "country": caller.country,
        "safety": declared.safety,
        "reason": declared.reason,
        "declared": registry.now().isoformat(),
        "was_told": was_told,
    }
    matter = Matter(id=tx.new_id(), dossier=about, kind=KIND, day=registry.today(), content=content)
    await matters.put(tx, matter, number=said.draw_number())


# --- the ombudsperson ------------------------------------------------------------------------------


async def waiting(registry: Registry, caller: Caller) -> tuple[Emergency, ...]:
    """Every declaration: those that wait for a review first, the most pressing at the top."""
    caller.must_be(Kind.OMBUDSPERSON)
    async with registry.database.transaction() as tx:
        found = [_shown(each, registry.now()) for each in await matters.waiting(tx, KIND)]
    return tuple(sorted(found, key=lambda each: (each.verdict is not None, each.review_by, each.id)))


def _shown(matter: Matter, now: datetime) -> Emergency:
    content: Mapping[str, Any] = matter.content
    declared = datetime.fromisoformat(content["declared"])
    reviewed = datetime.fromisoformat(content["reviewed"]) if "reviewed" in content else now
    return Emergency(
        id=matter.id.hex,
        organisation=content["organisation"],
        country=content["country"],
        safety=content["safety"],
        reason=content["reason"],
        declared=declared,
        review_by=declared + REVIEW_WITHIN,
        was_told=content["was_told"],
        verdict=content.get("verdict"),
        is_late=reviewed > declared + REVIEW_WITHIN,
    )


@again_on_conflict
async def review(registry: Registry, caller: Caller, id: UUID, verdict: str) -> Emergency:
    """Say whether it was justified, once; from then on the family reads who it was. Raises BadInput, UnknownName."""
    caller.must_be(Kind.OMBUDSPERSON)
    if verdict not in VERDICTS:
        raise BadInput(f"the verdict is one of: {', '.join(VERDICTS)}", where="verdict")
    async with registry.database.transaction() as tx:
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
