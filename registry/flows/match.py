"""Who is who: one serial worker takes queued dossiers and links each to the person it belongs to.

Serial on purpose: matching inside concurrent ingests misses the mate when both arrive at once, and would make the
time of a receipt tell whether somebody is known. Nothing of it is told to a source or a desk; a source is told of two
records of its own that may be one person (`twice`). The size of the audit log is public, so a run writes one leaf,
whatever it found.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

import structlog

from registry.errors import RegistryError
from registry.flows import decide, filing, linking, people, trail, twice
from registry.flows.opening import Registry
from registry.flows.people import Neighbourhood, Question
from registry.flows.reader import Reader
from registry.identity import judgements as rules
from registry.identity import match
from registry.identity.demographics import Demographics
from registry.identity.judgements import Kind
from registry.identity.match import Match, PersonView, Resolution
from registry.identity.weights import Weights
from registry.store import dossiers, judgements, outbox, reviews
from registry.store.database import Transaction, again_on_conflict
from registry.store.dossiers import Dossier
from registry.store.functions import Function
from registry.store.judgements import StoredJudgement
from registry.store.reviews import Doubt

_log = structlog.get_logger()

BATCH = 50
_PAGE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """How many dossiers were looked at, linked, put into the review queue, or left as persons of their own."""

    seen: int = 0
    linked: int = 0
    reviewed: int = 0
    new: int = 0


async def run(registry: Registry, *, progress: Callable[[int], None] = lambda _: None) -> Report:
    """Match everything that is queued. Safe to run in several processes: one works, the others wait their turn."""
    counted: Counter[str] = Counter()
    reader = Reader()
    while True:
        try:
            batch = await _batch(registry, reader, BATCH)
        except RegistryError:
            raise
        except Exception:  # one dossier nobody foresaw must not stop the matching of all others
            batch = await _one_by_one(registry, reader)
        if batch is None:
            break
        counted.update(batch)
        progress(batch.total())
    if counted:
        await _note(registry, counted)
    return Report(seen=counted.total(), linked=counted["linked"], reviewed=counted["reviewed"], new=counted["new"])


async def _note(registry: Registry, counted: Mapping[str, int]) -> None:
    async with registry.database.transaction(Function.MATCH) as tx:
        await trail.write(tx, registry, registry.house, "matched", None, counts=dict(counted))


async def waiting(registry: Registry) -> int:
    """How many dossiers are queued."""
    async with registry.database.transaction(Function.OPERATE) as tx:
        return await outbox.waiting(tx, "match")


async def again(registry: Registry) -> int:
    """Queue everybody, to be matched by the weights in use now; returns how many.

    What is linked stays linked, and what was refused or asked about is not asked again: new weights add what they find.
    """
    queued, after = 0, UUID(int=0)
    while True:
        async with registry.database.transaction(Function.MATCH) as tx:
            page = await dossiers.page(tx, _PAGE, after=after)
            told = [each.id for each in (await dossiers.load(tx, page)).values() if people.is_of_person(each)]
            await outbox.put(tx, "match", told)
        if not page:
            return queued
        queued, after = queued + len(told), page[-1]


async def _one_by_one(registry: Registry, reader: Reader) -> Counter[str]:
    """A batch that failed, dossier by dossier; the one that cannot be matched is set aside as `match-failed`."""
    counted: Counter[str] = Counter()
    for _ in range(BATCH):
        try:
            counted.update(await _batch(registry, reader, 1) or ())
        except RegistryError:
            raise
        except Exception as error:
            _log.error("match", error=type(error).__name__)
            async with registry.database.transaction(Function.MATCH) as tx:
                await outbox.put(tx, "match-failed", await outbox.take(tx, "match", 1))
            counted["failed"] += 1
    return counted


@again_on_conflict
async def _batch(registry: Registry, reader: Reader, size: int) -> Counter[str] | None:
    """One transaction's worth of matching; None when nothing is queued."""
    async with registry.database.transaction(Function.MATCH) as tx:
        queued = tuple(dict.fromkeys(await outbox.take(tx, "match", size)))
        if not queued:
            return None
        work = await _begun(tx, registry, reader, queued)
        return Counter([await _one(work, dossier) for dossier in queued])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """What one batch works with: everything its dossiers will be compared with, read in a few statements.

    `log` are the judgements about them at its beginning, `judged` those about whom there are new ones since.
    """

    tx: Transaction
    registry: Registry
    reader: Reader
    weights: Weights
    questions: Mapping[UUID, Question]
    around: Neighbourhood
    log: Sequence[StoredJudgement]
    judged: set[UUID] = field(default_factory=set[UUID])


async def _begun(tx: Transaction, registry: Registry, reader: Reader, queued: Sequence[UUID]) -> _Work:
    held = (await dossiers.load(tx, queued, lock=True)).values()
    told = [each for each in held if each.about is not None]
    # Most are filed under their match keys on arrival; one that had too little then is filed now.
    await dossiers.rewrite(tx, await filing.filed(tx, reader, [each for each in told if not each.keys]))
    await filing.give_way(tx, reader, told)
    questions = {each.id: _question(tx, reader, each) for each in told}
    return _Work(
        tx=tx,
        registry=registry,
        reader=reader,
        weights=await people.weights(tx, registry.library.weights),
        questions=questions,
        around=await people.neighbourhood(tx, [*questions.values()]),
        log=await judgements.about(tx, {member for each in told for member in each.members}),
    )


def _question(tx: Transaction, reader: Reader, own: Dossier) -> Question:
    return people.question(tx, reader.told(own), beside=own.members)


async def _one(work: _Work, id: UUID) -> str:
    """Match one dossier; the word for what came of it."""
    own = work.tx.held.get(id)
    if own is None or own.about is None:  # erased meanwhile, or nothing to match by yet
        return "gone"
    await _note_held_twice(work, own)
    log = await _log_about(work, own)
    if await _contradicts_fellows(work, own):
        await _part(work, own, log)
        return "reviewed"
    question = replace(work.questions[id], beside=frozenset(own.members))
    found = await people.candidates(work.tx, work.reader, question, work.around)
    open_to = {each.id: each for each in found if not _is_refused(each, own, log)}
    resolution = match.resolve(work.reader.subject(own), [*open_to.values()], work.weights)
    joined = [each for each in _sure(resolution) if await _link(work, own, open_to[each[0]], each[1])]
    doubts = [(open_to[person], each) for person, each in (*_sure(resolution), *resolution.reviews)]
    if joined:
        await _look_again(work, own, log, [person for person, _ in doubts])
        return "linked"
    queued = [await _doubt(work, own, person, each, log) for person, each in doubts]
    return "reviewed" if any(queued) else "new"


async def _note_held_twice(work: _Work, own: Dossier) -> None:
    """Before anything that depends on who else knows the child, and among those only that share a key with it."""
    near = people.sharing(work.around, work.questions[own.id])
    await twice.note(work.tx, work.registry, work.reader, own, await people.met(work.tx, work.around, near))


async def _log_about(work: _Work, own: Dossier) -> Sequence[StoredJudgement]:
    """The judgements about any dossier of a person, read again where this batch has made new ones."""
    members = {*own.members}
    if members & work.judged:
        return await judgements.about(work.tx, members)
    return [each for each in work.log if members & {each.left, each.right}]


async def _contradicts_fellows(work: _Work, own: Dossier) -> bool:
    """Whether what the dossier says now speaks against the person it belongs to: its source corrected it."""
    fellows = await people.met(work.tx, work.around, {*own.members} - {own.id})
    return match.contradicts([work.reader.told(own)], _told(work, fellows), work.weights)


def _told(work: _Work, of: Iterable[Dossier]) -> list[Demographics]:
    return [work.reader.told(each) for each in of if each.about is not None]


async def _part(work: _Work, own: Dossier, log: Iterable[StoredJudgement]) -> None:
    """Take back the links a rule made for this dossier and put each to a steward; what a human linked stays."""
    linked = [each for each in log if own.id in (each.left, each.right) and each.kind == Kind.LINK.value]
    for each in linked:
        if not linking.as_rule(each).is_human:
            await _ask_again(work, own, each.right if each.left == own.id else each.left)
    for members in await linking.gather(work.tx, own.members):
        await decide.again(work.tx, work.registry, members)


async def _ask_again(work: _Work, own: Dossier, other: UUID) -> None:
    for each in await people.met(work.tx, work.around, [other]):  # nobody, when it was erased meanwhile
        if each.about is not None:
            found = match.decide(work.reader.told(own), work.reader.told(each), work.weights)
            await _ask_about(work, own.id, other, found)


def _sure(resolution: Resolution) -> list[tuple[str, Match]]:
    """The persons the dossier surely belongs to, the best first; several when it shows them to be one."""
    if resolution.link is None or resolution.match is None:
        return []
    return [(resolution.link, resolution.match), *resolution.also]


def _is_refused(person: PersonView, own: Dossier, log: Iterable[StoredJudgement]) -> bool:
    """Whether a refusal stands between the dossier's person and this one: it holds against every rule."""
    members = {each.id for each in person.members}
    standing = rules.standing(linking.as_rule(each) for each in log)
    own_members = {each.hex for each in own.members}
    return any(
        each.kind is Kind.DISTINCT and {each.left, each.right} & members and {each.left, each.right} & own_members
        for each in standing.values()
    )


async def _link(work: _Work, own: Dossier, person: PersonView, found: Match) -> bool:
    """Record a link, unless some dossier of one person contradicts some dossier of the other."""
    members = work.tx.held[own.id].members  # a link made just before may have brought fellows
    theirs = {UUID(each.id) for each in person.members}
    held = (await dossiers.load(work.tx, {*members, *theirs}, lock=True)).values()
    of_own, of_other = [each for each in held if each.id in members], [each for each in held if each.id in theirs]
    if match.contradicts(_told(work, of_own), _told(work, of_other), work.weights):
        return False
    judgement = _judgement(work, own.id, _nearest(work, own, person), Kind.LINK, found)
    if not await linking.record(work.tx, work.registry, judgement):
        return False
    work.judged.update((judgement.left, judgement.right))
    joined = work.tx.held[own.id].members
    await decide.again(work.tx, work.registry, joined)  # a family that joins may have said no before
    return True


async def _look_again(work: _Work, own: Dossier, log: Iterable[StoredJudgement], beside: Iterable[PersonView]) -> None:
    """Queue those who were in doubt about this person: now that it is known better, they may fit or not.

    It ends, because it happens only when two persons have become one.
    """
    doubted = {end for each in log if each.kind == Kind.UNSURE.value for end in (each.left, each.right)}
    near = {UUID(each.id) for person in beside for each in person.members}
    await outbox.put(work.tx, "match", sorted((doubted | near) - set(own.members)))


def _nearest(work: _Work, own: Dossier, person: PersonView) -> UUID:
    """The dossier of the person that fits best: the judgement is between two dossiers, not two crowds."""
    told = work.reader.told(own)
    scored = [(match.decide(told, each.demographics, work.weights).score, each.id) for each in person.members]
    return UUID(max(scored)[1])


def _judgement(work: _Work, left: UUID, right: UUID, kind: Kind, found: Match) -> StoredJudgement:
    return StoredJudgement(
        id=uuid.uuid4(),  # noqa: TID251
        left=left,
        right=right,
        kind=kind.value,
        by=f"rule:{found.weights_version}",
        at=work.registry.now(),
        evidence={
            "words": list(found.explanation()),
            "probability": found.probability,
            "levels": [[each.field, each.level, each.weight] for each in found.evidence.evidence],
            "vetoes": [each.name for each in found.vetoes],
        },
    )


async def _doubt(work: _Work, own: Dossier, person: PersonView, found: Match, log: Iterable[StoredJudgement]) -> bool:
    """Queue a doubt for a steward; False when somebody was asked about these two persons before."""
    others = {UUID(each.id) for each in person.members}
    if any(others & {each.left, each.right} for each in log):
        return False
    await _ask_about(work, own.id, _nearest(work, own, person), found)
    return True


async def _ask_about(work: _Work, left: UUID, right: UUID, found: Match) -> None:
    """Put two dossiers to a steward."""
    today = work.registry.today()
    await judgements.append(work.tx, _judgement(work, left, right, Kind.UNSURE, found), today=today)
    work.judged.update((left, right))
    doubt = Doubt(id=work.tx.new_id(), left=left, right=right, probability=found.probability, since=today)
    await reviews.put(work.tx, work.registry.house, doubt)
