"""Somebody complains: in any supported language, with or without a name, and two clocks begin to run.

A complaint is acknowledged within 48 hours and decided within 30 days (protection reference, section 11); what is
late is shown as late, to whoever complained, to the ombudsperson, and counted in public. The ombudsperson reads the
complaint and, where a family filed it with its card, who asked about its child: never a dose, a grade or a name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from registry.errors import BadInput, UnknownName
from registry.flows import cards, organisations, rights, said, trail
from registry.flows.opening import Registry
from registry.flows.organisations import Caller, Kind
from registry.store import audit, dossiers, matters
from registry.store.database import Transaction, again_on_conflict
from registry.store.functions import Function
from registry.store.matters import Matter

ACKNOWLEDGE_WITHIN = timedelta(hours=48)
DECIDE_WITHIN = timedelta(days=30)
KIND = "grievance"
ABOUT = ("consent", "record", "service", "staff", "erasure", "emergency", "other")
OUTCOMES = ("upheld", "partly-upheld", "not-upheld", "passed-on")
PUBLISHED_FROM = 10
"""Counts below are not published, larger ones rounded down to tens, and all as they were when the month began: one
complaint must not be told by its date, and whoever files nine to see the tenth come would see it come at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """What somebody says. `organisation`: whom it is about, if one; `card`: of a family that gives its own."""

    words: str = field(repr=False)
    language: str
    about: str = "other"
    organisation: str = ""
    card: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filed:
    """A complaint was filed. The number is shown this once; whoever holds it follows the complaint."""

    number: str = field(repr=False)
    acknowledge_by: datetime
    decide_by: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a complaint stands, and which of its two clocks ran out."""

    filed: datetime
    acknowledge_by: datetime
    acknowledged: datetime | None
    decide_by: datetime
    decided: datetime | None
    outcome: str | None
    answer: str | None
    is_late: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A complaint as the ombudsperson reads it; `has_trail` where a family filed it with its card."""

    id: str
    words: str = field(repr=False)
    language: str
    about: str
    organisation: str
    has_trail: bool
    standing: Standing


@again_on_conflict
async def file(registry: Registry, complaint: Complaint) -> Filed:
    """File a complaint. Raises BadInput, UnknownName (a card or organisation nobody knows)."""
    said.require_words(complaint.words, complaint.language, registry.library.consent_texts["languages"])
    if complaint.about not in ABOUT:
        raise BadInput(f"a complaint is about one of: {', '.join(ABOUT)}", where="about")
    now, number = registry.now(), said.draw_number()
    async with registry.database.transaction(Function.RIGHTS) as tx:
        if complaint.organisation:
            await organisations.named(tx, complaint.organisation)
        about = (await rights.by_card(tx, complaint.card)).id if complaint.card else registry.house
        content = {
            "words": complaint.words,
            "language": complaint.language,
            "about": complaint.about,
            "organisation": complaint.organisation,
            "filed": now.isoformat(),
        }
        matter = Matter(id=tx.new_id(), dossier=about, kind=KIND, day=registry.today(), content=content)
        await matters.put(tx, matter, number=cards.normal(number))
        await trail.write(tx, registry, about, "complaint-filed", None)
    return Filed(number=number, acknowledge_by=now + ACKNOWLEDGE_WITHIN, decide_by=now + DECIDE_WITHIN)


async def follow(registry: Registry, number: str) -> Standing:
    """How the complaint of this number stands. Raises UnknownName."""
    async with registry.database.transaction(Function.RIGHTS) as tx:
        matter = await matters.numbered(tx, KIND, cards.normal(number))
        if matter is None:
            raise UnknownName("no complaint of this number is known", where="number", remedy="read it once more")
        standing = _standing(matter.content, registry.now())
        shown = trail.digest(asdict(standing))
        await trail.write(tx, registry, matter.dossier, "standing-shown", None, digest=shown)
    return standing


def _standing(content: Mapping[str, Any], now: datetime) -> Standing:
    filed = datetime.fromisoformat(content["filed"])
    acknowledged, decided = _moment(content, "acknowledged"), _moment(content, "decided")
    acknowledge_by, decide_by = filed + ACKNOWLEDGE_WITHIN, filed + DECIDE_WITHIN
    return Standing(
        filed=filed,
        acknowledge_by=acknowledge_by,
        acknowledged=acknowledged,
        decide_by=decide_by,
        decided=decided,
        outcome=content.get("outcome"),
        answer=content.get("answer"),
        is_late=(acknowledged or now) > acknowledge_by or (decided or now) > decide_by,
    )


def _moment(content: Mapping[str, Any], name: str) -> datetime | None:
    return datetime.fromisoformat(content[name]) if name in content else None


# --- the ombudsperson ------------------------------------------------------------------------------


async def cases(registry: Registry, caller: Caller) -> tuple[Case, ...]:
    """Every complaint, those that are late first, then the oldest."""
    caller.must_be(Kind.OMBUDSPERSON)
    async with registry.database.transaction(Function.REDRESS) as tx:
        found = [_case(registry, each) for each in await matters.waiting(tx, KIND)]
        ordered = sorted(found, key=lambda each: (not each.standing.is_late, each.standing.filed, each.id))
        shown = trail.digest([asdict(each) for each in ordered])
        await trail.write(tx, registry, registry.house, "complaints-shown", caller, digest=shown)
    return tuple(ordered)


def _case(registry: Registry, matter: Matter) -> Case:
    content = matter.content
    return Case(
        id=matter.id.hex,
        words=content["words"],
        language=content["language"],
        about=content["about"],
        organisation=content["organisation"],
        has_trail=matter.dossier != registry.house,
        standing=_standing(content, registry.now()),
    )


@again_on_conflict
async def acknowledge(registry: Registry, caller: Caller, id: UUID) -> Standing:
    """Say that the complaint was heard. Said again it changes nothing."""
    return await _answer(registry, caller, id, "acknowledged", {})


@again_on_conflict
async def decide(registry: Registry, caller: Caller, id: UUID, *, outcome: str, answer: str) -> Standing:
    """Decide a complaint, once, in words for whoever complained. Raises BadInput."""
    caller.must_be(Kind.OMBUDSPERSON)
    if outcome not in OUTCOMES or not answer.strip() or len(answer) > said.MOST_WORDS:
        raise BadInput(
            f"a decision is one of {', '.join(OUTCOMES)}, with words for whoever complained", where="outcome"
        )
    return await _answer(registry, caller, id, "decided", {"outcome": outcome, "answer": answer})


async def _answer(registry: Registry, caller: Caller, id: UUID, step: str, said_now: Mapping[str, str]) -> Standing:
    caller.must_be(Kind.OMBUDSPERSON)
    async with registry.database.transaction(Function.REDRESS) as tx:
        matter = await _open(tx, id)
        if step not in matter.content:
            now = registry.now().isoformat()
            # Who decides has heard it too.
            content = {"acknowledged": now, **matter.content, step: now, **said_now}
            matter = replace(matter, content=content)
            await matters.rewrite(tx, matter)
            await trail.write(tx, registry, matter.dossier, f"complaint-{step}", caller)
    return _standing(matter.content, registry.now())


async def _open(tx: Transaction, id: UUID) -> Matter:
    found = [each for each in await matters.waiting(tx, KIND, lock=True) if each.id == id]
    if not found:
        raise UnknownName("there is no complaint of this id", where="complaint")
    return found[0]


async def trail_of(registry: Registry, caller: Caller, id: UUID) -> Sequence[Mapping[str, Any]]:
    """What the audit says about the child of a complaint, with every detail; of one without a card, nothing.

    Only whom a family complained to may read it, and the family sees that it was read. Events hold who asked for
    what and what was answered, never what a record says: `leaf`, `action`, `at`, and the rest under `details`.
    """
    caller.must_be(Kind.OMBUDSPERSON)
    async with registry.database.transaction(Function.REDRESS) as tx:
        matter = await _open(tx, id)
        events = [] if matter.dossier == registry.house else await _events_about(tx, matter.dossier)
        digest = trail.digest(events)
        await trail.write(tx, registry, matter.dossier, "audit-read", caller, digest=digest)
    return events


async def _events_about(tx: Transaction, family: UUID) -> list[Mapping[str, Any]]:
    spoken = await rights.spoken_for(tx, (await dossiers.load(tx, [family]))[family])
    entries = [each for each in await audit.entries(tx, spoken) if each.event["action"] in trail.SHOWN]
    ordered = sorted(entries, key=lambda each: str(each.event["at"]))  # links are for stewards alone
    return [_whole(each) for each in ordered]


def _whole(entry: audit.Entry) -> Mapping[str, Any]:
    own = ("action", "at")
    details = {name: value for name, value in entry.event.items() if name not in own}
    return {"leaf": entry.leaf.hex, **{name: entry.event[name] for name in own}, "details": details}


# --- counts ----------------------------------------------------------------------------------------


async def counts(registry: Registry) -> dict[str, int]:
    """How many complaints there are and how the clocks were kept, exactly: for the ombudsperson and the operator."""
    return await _counted(registry, registry.now())


async def _counted(registry: Registry, now: datetime) -> dict[str, int]:
    """The counts as they were at a moment."""
    async with registry.database.transaction(Function.REDRESS) as tx:
        told = [_until(each.content, now) for each in await matters.waiting(tx, KIND)]
    found = [_standing(each, now) for each in told if "filed" in each]
    return {
        "filed": len(found),
        "acknowledged": sum(each.acknowledged is not None for each in found),
        "acknowledged-late": sum((each.acknowledged or now) > each.acknowledge_by for each in found),
        "decided": sum(each.decided is not None for each in found),
        "decided-late": sum((each.decided or now) > each.decide_by for each in found),
        "upheld": sum(each.outcome in ("upheld", "partly-upheld") for each in found),
    }


def _until(content: Mapping[str, Any], now: datetime) -> Mapping[str, Any]:
    """What of a complaint had been said by then."""
    later = {step for step in ("filed", "acknowledged", "decided") if (_moment(content, step) or now) > now}
    outcome = {"outcome", "answer"} if "decided" in later else set[str]()
    return {name: value for name, value in content.items() if name not in later | outcome}


async def published(registry: Registry) -> dict[str, int | None]:
    """The same for everybody, as it was when the month began: in tens, and nothing where there are fewer than ten."""
    month = registry.now().astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    exact = await _counted(registry, month)
    return {name: count // 10 * 10 if count >= PUBLISHED_FROM else None for name, count in exact.items()}
