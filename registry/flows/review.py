"""What people settle: doubts about who is who, and links that were wrong; two dossiers side by side, in words.

A steward sees demographics and evidence, nothing of health or education. What is decided is one more judgement; a
refusal holds for ever against every rule. What takes two stewards is said in `seconding`.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from enum import IntEnum
from typing import Any
from uuid import UUID

from registry.errors import UnknownName
from registry.flows import decide, families, linking, rights, seconding, trail
from registry.flows.opening import Registry
from registry.flows.organisations import Caller, Kind
from registry.flows.seconding import Standing
from registry.identity import judgements as judged
from registry.store import dossiers, judgements, reviews
from registry.store.database import Transaction, again_on_conflict
from registry.store.dossiers import Dossier
from registry.store.functions import Function
from registry.store.judgements import StoredJudgement
from registry.store.reviews import Doubt

LINKS_SHOWN = 50
_RECENT = 400
"""Of so many judgements, the latest, the links are shown: two rows each, and doubts are among them."""
_SHOWN = ("name", "gender", "birthDate", "contact", "address", "telecom")
VERDICTS = tuple(each.value for each in judged.Kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One doubt as a steward sees it; `proposed` is what another steward said of it, where two have to."""

    review: str
    probability: float
    since: date
    proposed: str
    left: Mapping[str, Any] = field(repr=False)
    right: Mapping[str, Any] = field(repr=False)
    explanation: list[str] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked:
    """One link that a rule made, as a steward sees it; `left_id` and `right_id` name the two to `part`."""

    left_id: str
    right_id: str
    since: date
    left: Mapping[str, Any] = field(repr=False)
    right: Mapping[str, Any] = field(repr=False)
    explanation: list[str] = field(repr=False)


async def waiting(registry: Registry, caller: Caller) -> tuple[Shown, ...]:
    """The open doubts, those that do most harm first and then the oldest, without those of the caller's kin. Each look
    is written to the trails of both dossiers."""
    caller.must_be(Kind.STEWARD)
    async with registry.database.transaction(Function.REVIEW) as tx:
        open_to_all = await unsettled(tx)
        shown = [await _shown(tx, registry, caller, each) for each in open_to_all if caller.name not in each.kin]
    return tuple(each for each in shown if each)


async def one(registry: Registry, caller: Caller, review: UUID) -> Shown:
    """One open doubt. Raises UnknownName when it is settled, or the caller is kin."""
    caller.must_be(Kind.STEWARD)
    async with registry.database.transaction(Function.REVIEW) as tx:
        shown = await _shown(tx, registry, caller, await seconding.open_to(tx, caller, review))
    if shown is None:
        raise UnknownName("there is no open review of this id", where="review")
    return shown


async def unsettled(tx: Transaction) -> tuple[Doubt, ...]:
    """The doubts that still are, by harm: not those whose two dossiers became one person, or of which one was erased.

    Two families of one child stay a doubt: whether the later one speaks for it.
    """
    waiting = await reviews.waiting(tx)
    held = await dossiers.load(tx, {end for each in waiting for end in (each.left, each.right)})
    still = [each for each in waiting if _is_open(each, held)]
    return tuple(sorted(still, key=lambda each: _harm(each, held)))  # among equals the order stays: the oldest first


class _Harm(IntEnum):
    """What an open doubt does to people, the worst first."""

    STANDING_LINK = 0  # one steward says it is wrong: somebody may read another child's records now
    FAMILY_WAITS = 1  # a family that was at a desk is not heard for all records of its child
    RECORDS_APART = 2  # vaccines and school years may be repeated


def _harm(doubt: Doubt, held: Mapping[UUID, Dossier]) -> _Harm:
    pair = (held[doubt.left], held[doubt.right])
    if doubt.proposed and pair[0].person == pair[1].person:
        return _Harm.STANDING_LINK
    return _Harm.FAMILY_WAITS if any(map(families.are, pair)) else _Harm.RECORDS_APART


def _is_open(doubt: Doubt, held: Mapping[UUID, Dossier]) -> bool:
    pair = [held[end] for end in (doubt.left, doubt.right) if end in held]
    is_open = len(pair) == 2 and (pair[0].person != pair[1].person or families.are(*pair))
    return is_open or (len(pair) == 2 and bool(doubt.proposed))


async def _shown(tx: Transaction, registry: Registry, caller: Caller, doubt: Doubt) -> Shown | None:
    pair = await dossiers.load(tx, [doubt.left, doubt.right])
    if len(pair) < 2:  # one of them was erased meanwhile
        return None
    between = await _between(tx, doubt.left, doubt.right)
    shown = Shown(
        review=doubt.id.hex,
        probability=doubt.probability,
        since=doubt.since,
        proposed=doubt.proposed,
        left=_demographics(pair[doubt.left]),
        right=_demographics(pair[doubt.right]),
        explanation=[
            *seconding.words(doubt),
            *(_words(between[-1]) if between else ()),
            *_of_families(pair.values()),
        ],
    )
    await _note_the_look(tx, registry, caller, (doubt.left, doubt.right), shown)
    return shown


async def _between(tx: Transaction, left: UUID, right: UUID) -> list[StoredJudgement]:
    """What was judged of these two, the oldest first."""
    return [each for each in await judgements.about(tx, [left]) if {each.left, each.right} == {left, right}]


def _of_families(pair: Iterable[Dossier]) -> list[str]:
    return [families.WORDS] if families.are(*pair) else []


def _words(judgement: StoredJudgement) -> list[str]:
    return list(judgement.evidence.get("words", ()))


async def _note_the_look(
    tx: Transaction, registry: Registry, caller: Caller, pair: tuple[UUID, UUID], shown: Shown | Linked
) -> None:
    """One entry for each side, over what was shown of it; the left one also covers the words about both."""
    told = asdict(shown)
    right = {"right": told.pop("right")}
    for each, part in zip(pair, (told, right), strict=True):
        await trail.write(tx, registry, each, "review-shown", caller, digest=trail.digest(part))


def _demographics(dossier: Dossier) -> dict[str, Any]:
    return {name: value for name, value in (dossier.about or {}).items() if name in _SHOWN}


@again_on_conflict
async def decide_doubt(registry: Registry, caller: Caller, review: UUID, verdict: str) -> Standing:
    """Settle one doubt, or say the first of two words about it; no judgement when one of the two was erased meanwhile.

    Raises UnknownName when it is settled already, or the caller is kin.
    """
    caller.must_be(Kind.STEWARD)
    async with registry.database.transaction(Function.REVIEW) as tx:
        doubt = await seconding.open_to(tx, caller, review)
        pair = await dossiers.load(tx, [doubt.left, doubt.right], lock=True)
        doubt = await seconding.open_to(tx, caller, review)  # another steward may have settled it while we waited
        if len(pair) < 2:
            await reviews.settle(tx, review)
            return Standing.GONE
        return await _said(tx, registry, caller, doubt, verdict)


async def _said(tx: Transaction, registry: Registry, caller: Caller, doubt: Doubt, verdict: str) -> Standing:
    """Record a steward's word, or keep it for a second one."""
    pair = await dossiers.load(tx, [doubt.left, doubt.right])
    is_alone = not seconding.seconds(doubt, caller, verdict)
    if is_alone and seconding.needs_two(pair, await _between(tx, doubt.left, doubt.right), verdict):
        return await seconding.propose(tx, registry, caller, doubt, verdict)
    await reviews.settle(tx, doubt.id)
    await _judge(tx, registry, caller, doubt, verdict)
    return Standing.RECORDED


async def declare_kin(registry: Registry, caller: Caller, review: UUID) -> None:
    """Declare to be related to a case: the caller neither sees nor decides it any more."""
    caller.must_be(Kind.STEWARD)
    async with registry.database.transaction(Function.REVIEW) as tx:
        doubt = await seconding.open_to(tx, caller, review)
        await dossiers.load(tx, [doubt.left, doubt.right], lock=True)
        await seconding.declare_kin(tx, registry, caller, await seconding.open_to(tx, caller, review))


async def _judge(tx: Transaction, registry: Registry, caller: Caller, doubt: Doubt, verdict: str) -> None:
    """Record a steward's word about two dossiers, and what follows from it for the persons around them."""
    pair = (doubt.left, doubt.right)
    judgement = StoredJudgement(
        id=uuid.uuid4(),  # noqa: TID251
        left=doubt.left,
        right=doubt.right,
        kind=verdict,
        by=seconding.names(doubt, caller, verdict),
        at=registry.now(),
    )
    await judgements.append(tx, judgement, today=registry.today())
    for each in pair:
        await trail.write(tx, registry, each, "review-decided", caller, answer=verdict)
    persons = await linking.gather(tx, pair)
    for members in persons:
        await decide.again(tx, registry, members)
    await _settle_answered(tx, pair, {member for members in persons for member in members})


async def _settle_answered(tx: Transaction, pair: tuple[UUID, UUID], around: set[UUID]) -> None:
    """Settle the doubts this word answers: about the pair, and those among the persons around it that are none now."""
    waiting = await reviews.waiting(tx)
    held = await dossiers.load(tx, {end for each in waiting for end in (each.left, each.right)})
    for each in waiting:
        ends = {each.left, each.right}
        is_over = ends <= around and not _is_open(each, held)
        if ends == {*pair} or is_over or not ends <= held.keys():
            await reviews.settle(tx, each.id)


async def links(registry: Registry, caller: Caller, *, card: str = "") -> tuple[Linked, ...]:
    """The links in force that rules made, the newest first: of the child of a family's card, else the latest of all.

    Each look is written to the trails of both dossiers. Raises UnknownName for a card nobody holds.
    """
    caller.must_be(Kind.STEWARD)
    async with registry.database.transaction(Function.REVIEW) as tx:
        around = (await rights.by_card(tx, card)).members if card else await reviews.judged_lately(tx, _RECENT)
        made = await _in_force(tx, around)
        latest = [each for each in reversed(made) if not linking.as_rule(each).is_human][:LINKS_SHOWN]
        held = await dossiers.load(tx, {end for each in latest for end in (each.left, each.right)})
        shown = [_linked(each, held) for each in latest]
        for link, told in zip(latest, shown, strict=True):
            await _note_the_look(tx, registry, caller, (link.left, link.right), told)
    return tuple(shown)


async def _in_force(tx: Transaction, around: Iterable[UUID]) -> list[StoredJudgement]:
    """The links about these dossiers that stand and have their effect, the oldest first."""
    log = await judgements.about(tx, around)
    standing = {each.id for each in judged.standing(map(linking.as_rule, log)).values()}
    made = [each for each in log if each.id.hex in standing and each.kind == judged.Kind.LINK.value]
    held = await dossiers.load(tx, {end for each in made for end in (each.left, each.right)})
    return [each for each in made if each.left in held and each.right in held[each.left].members]


def _linked(link: StoredJudgement, held: Mapping[UUID, Dossier]) -> Linked:
    return Linked(
        left_id=link.left.hex,
        right_id=link.right.hex,
        since=link.at.date(),
        left=_demographics(held[link.left]),
        right=_demographics(held[link.right]),
        explanation=_words(link),
    )


@again_on_conflict
async def part(registry: Registry, caller: Caller, left: UUID, right: UUID) -> Standing:
    """Say of two linked dossiers that they are two people, as the first or the second of two stewards: then no rule
    ever joins them again.

    What was released of the person they were is decided on anew. Raises UnknownName where no link joins the two, or
    the caller is kin.
    """
    caller.must_be(Kind.STEWARD)
    async with registry.database.transaction(Function.REVIEW) as tx:
        await dossiers.load(tx, [left, right], lock=True)
        made = [each for each in await _in_force(tx, [left]) if {each.left, each.right} == {left, right}]
        queued = [each for each in await reviews.waiting(tx) if {each.left, each.right} == {left, right}]
        if not made or any(caller.name in each.kin for each in queued):
            raise UnknownName("no link joins these two", where="link", remedy="see: continuity review links")
        doubt = queued[0] if queued else _doubted(tx, registry, made[-1])
        return await _said(tx, registry, caller, doubt, judged.Kind.DISTINCT.value)


def _doubted(tx: Transaction, registry: Registry, link: StoredJudgement) -> Doubt:
    """A doubt about a link, for the queue."""
    likely = float(link.evidence.get("probability", 1.0))
    return Doubt(id=tx.new_id(), left=link.left, right=link.right, probability=likely, since=registry.today())
