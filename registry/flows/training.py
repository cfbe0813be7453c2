"""Weights learned from the registry's own dossiers, and weights held against pairs of which the truth is known.

A sample is opened by the matcher's right, compared in memory and forgotten. What leaves is a file of shares, without
a name, a date or a number of anybody; what fewer than twenty pairs have is not told. The weights in use, and every
judgement made by them, stay as they are until an operator names the file in the settings.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from registry import library
from registry.errors import BadInput
from registry.flows import linking, people, trail
from registry.flows.opening import Registry
from registry.flows.reader import Reader
from registry.identity import calibration, compare, keys, match, patterns, training
from registry.identity.calibration import Judged, Measured
from registry.identity.judgements import Kind
from registry.identity.match import Subject
from registry.identity.patterns import Pattern
from registry.identity.training import Learned, Near
from registry.identity.weights import Weights
from registry.store import dossiers, judgements
from registry.store.database import Transaction
from registry.store.dossiers import Dossier
from registry.store.functions import Function

PAGE = 500
LEAST = 100
"""Of fewer people nothing is learned."""

_DRAWN = 100_000
_DRAWN_A_PERSON = 20
_MOST_SHARING = 60  # of those that share a key; ids are random, so the first are as good as any

Progress = Callable[[int], None]
Known = tuple[str, str]
"""A person of a source: the source's name and its own id of the person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Dossiers as matching sees them, how a source calls each, and what stewards said of pairs of them."""

    people: Sequence[Subject] = field(repr=False)
    known: Sequence[Known] = field(repr=False)
    settled: Mapping[tuple[str, str], bool] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """A weights file to be written, and what it was learned from."""

    content: Mapping[str, Any]
    people: int
    drawn: int
    near: int
    same: float


async def sampled(registry: Registry, count: int, *, progress: Progress = lambda _: None) -> Sample:
    """Open so many dossiers, evenly chosen and always the same ones; the audit log tells that it was done."""
    held: list[Dossier] = []
    settled: dict[tuple[str, str], bool] = {}
    after, reader = UUID(int=0), Reader()
    while len(held) < count:
        async with registry.database.transaction(Function.MATCH) as tx:
            page = await dossiers.page(tx, min(PAGE, count - len(held)), after=after)
            held += filter(people.is_of_person, (await dossiers.load(tx, page)).values())
            settled |= await _settled(tx, page)
        if not page:
            break
        after = page[-1]
        progress(len(held))
    async with registry.database.transaction(Function.MATCH) as tx:
        await trail.write(tx, registry, registry.house, "sampled", None, counts={"people": len(held)})
    return Sample(
        people=[reader.subject(each) for each in held],
        known=[(each.source, each.local) for each in held],
        settled=settled,
    )


async def _settled(tx: Transaction, page: Iterable[UUID]) -> dict[tuple[str, str], bool]:
    """What humans said of pairs, the last word of each: whether they are one person."""
    log = [linking.as_rule(each) for each in await judgements.about(tx, page)]
    return {each.pair: each.kind is Kind.LINK for each in log if each.is_human and each.kind is not Kind.UNSURE}


def learn(sample: Sample, *, version: str, today: date) -> Trained:
    """Learn from a sample, beginning at the weights shipped. Raises BadInput where the sample is too small.

    Never at weights learned before: what was learned twice from the same people would count twice.
    """
    weights, base = library.load().weights, library.json(library.WEIGHTS)
    count = len(sample.people)
    if count < LEAST:
        raise BadInput(
            f"there are too few people to learn from: {LEAST} are needed",
            where="the registry",
            remedy="import more first",
        )
    near = near_pairs(sample, weights)
    drawn = drawn_pairs(sample, weights)
    learned = training.learn(weights, drawn, near, of_all=count * (count - 1) / 2)
    note = _note(weights, learned, people=count, drawn=drawn.total(), near=near.total(), today=today)
    return Trained(
        content=training.described(learned, base, version=version, note=note),
        people=count,
        drawn=drawn.total(),
        near=near.total(),
        same=learned.same,
    )


def drawn_pairs(sample: Sample, weights: Weights) -> Counter[Pattern]:
    """How pairs agree that are drawn evenly from all."""
    count = len(sample.people)
    pairs = patterns.pairs_drawn(count, count, min(_DRAWN, _DRAWN_A_PERSON * count), within=True)
    return Counter(_pattern(sample, one, other, weights) for one, other in pairs)


def near_pairs(sample: Sample, weights: Weights) -> Near:
    """The pairs that share a key, by the kinds of key they share and how they agree."""
    return Near((kinds, _pattern(sample, *pair, weights)) for pair, kinds in sharing(sample.people))


def sharing(of: Sequence[Subject]) -> Iterator[tuple[tuple[int, int], frozenset[str]]]:
    """Pairs of places whose people share keys, as a question of one would find the other."""
    filed: dict[keys.Key, list[int]] = defaultdict(list)
    for place, each in enumerate(of):
        for key in keys.stored(each.demographics):
            filed[key].append(place)
    found: dict[tuple[int, int], set[str]] = defaultdict(set)
    for place, each in enumerate(of):
        for key in keys.asked(each.demographics):
            for other in filed.get(key, ())[:_MOST_SHARING]:
                found[min(place, other), max(place, other)].add(key.kind)
    return ((pair, frozenset(kinds)) for pair, kinds in found.items() if pair[0] != pair[1])


def _pattern(sample: Sample, one: int, other: int, weights: Weights) -> Pattern:
    left, right = (sample.people[each].demographics for each in (one, other))
    return patterns.of(compare.compare(left, right, weights).evidence)


def _note(weights: Weights, learned: Learned, *, people: int, drawn: int, near: int, today: date) -> str:
    return (
        f"Learned on {today.isoformat()} from {people:,} records of a registry's own people, beginning at "
        f"{weights.version}: {training.counted(drawn)} pairs drawn evenly, {training.counted(near)} that share a key, "
        f"of which {training.counted(learned.same)} were expected to be one person."
    )


def measure(sample: Sample, weights: Weights, *, truth: Mapping[Known, str] | None = None) -> Measured:
    """Hold weights against known pairs: those of `truth` (who each person of a source is) that share a key, or those
    that stewards settled. Raises BadInput where there are none."""
    known = sample.settled if truth is None else _labelled(sample, truth)
    judged = [*_judged(sample, weights.among(len(sample.people) // 2), known)]
    if not judged:
        raise BadInput(
            "there is no pair of which the truth is known",
            where="the truth" if truth is not None else "the stewards' decisions",
            remedy="give --truth: the columns source, id and person, one person of a source a line",
        )
    return calibration.measure(judged)


def _labelled(sample: Sample, truth: Mapping[Known, str]) -> Mapping[tuple[str, str], bool]:
    named = [(each, truth[known]) for each, known in zip(sample.people, sample.known, strict=True) if known in truth]
    return {
        (named[one][0].id, named[other][0].id): named[one][1] == named[other][1]
        for (one, other), _ in sharing([each for each, _ in named])
    }


def _judged(sample: Sample, weights: Weights, known: Mapping[tuple[str, str], bool]) -> Iterator[Judged]:
    told = {each.id: each.demographics for each in sample.people}
    for (one, other), is_one in known.items():
        if one in told and other in told:
            yield match.decide(told[one], told[other], weights), is_one
