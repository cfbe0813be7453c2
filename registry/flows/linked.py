"""Pairs that can matter, settled into persons and listed: the last step of linking plain files."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product

from registry.flows.packed import People
from registry.flows.spread import Progress
from registry.identity.files import comparing, verdicts
from registry.identity.files.comparing import Rules
from registry.identity.files.rivals import Decide, Scored
from registry.identity.files.verdicts import Pair
from registry.identity.match import Match, Verdict

AT_ONCE = -60
"""The score in bits under which pairs are counted that a glance tells apart."""

_BESIDE = 6
_STEP = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Pairs that can matter, and counts of all that were compared.

    `scores` counts pairs by their score in whole bits and by whether they are known to be one person, and
    `likely` sums their probabilities; `levels` counts the levels of pairs that cannot matter. `cut` rows had more
    candidates than were looked at.
    """

    pairs: list[Scored] = field(default_factory=list[Scored])
    compared: int = 0
    cut: int = 0
    scores: Counter[tuple[int, bool]] = field(default_factory=Counter[tuple[int, bool]])
    likely: dict[int, float] = field(default_factory=dict[int, float])
    levels: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])

    def counted(self, bit: int, likely: float, *, is_true: bool, times: int = 1) -> None:
        """One pair more with a score of so many whole bits; or one less, `times` -1."""
        self.scores[bit, is_true] += times
        if not self.scores[bit, is_true]:
            del self.scores[bit, is_true]
        self.likely[bit] = self.likely.get(bit, 0.0) + likely * times


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyTold:
    """How many rows have a kind of key, and how many rows stand behind one; too many count as 0."""

    kind: str
    share: float
    median: int
    largest: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked:
    """What came of it: every pair that is a link or for review, the likeliest that are neither, and the counts."""

    people: People
    rules: Rules
    pairs: tuple[Pair, ...]
    beside: tuple[Pair, ...]
    persons: int
    found: Found
    true_pairs: int = 0
    keys: tuple[KeyTold, ...] = ()

    def count(self, verdict: Verdict) -> int:
        return sum(each.verdict is verdict for each in self.pairs)


def judge(people: People, rules: Rules) -> Decide:
    """What decides on any two rows by what they say, also of one file of two."""

    def decide(left: int, right: int) -> Match:
        is_of_one_file = people.second is not None and (left < people.second) is (right < people.second)
        evidence = comparing.evidence(people.row(left), people.row(right), rules)
        return comparing.decide(evidence, rules, is_of_one_file=is_of_one_file)

    return decide


def settled(people: People, rules: Rules, found: Found, progress: Progress) -> Linked:
    """Settle what was found, one gathering of pairs at a time."""
    decide = judge(people, rules)
    copies = _copies(people, decide)
    gathered = verdicts.clusters([Pair(left=left, right=right, match=match) for left, right, match in found.pairs])
    pairs: list[Pair] = []
    beside: list[Pair] = []
    persons = 0
    for number, cluster in enumerate(gathered, start=1):
        one = verdicts.settle(cluster, decide, rules, second=people.second)
        whole = [copies.with_them(each) for each in one.persons]
        known = {(each.left, each.right): each for each in cluster}
        reviews = [again for each in one.reviews for again in copies.told_again(each)]
        pairs += [*verdicts.listed(whole, known, decide, second=people.second), *reviews]
        beside = heapq.nlargest(_BESIDE, [*beside, *_neither(cluster, one.persons)], key=_score)
        persons += len(whole)
        if number % _STEP == 0 or number == len(gathered):
            progress("Settling", number, len(gathered))
    alone = copies.alone({place for each in pairs for place in (each.left, each.right)})
    pairs += [*verdicts.listed(alone, {}, decide, second=people.second), *copies.reviews]
    pairs.sort(key=lambda each: (each.left, each.right))
    return Linked(
        people=people, rules=rules, pairs=tuple(pairs), beside=tuple(beside), persons=persons + len(alone), found=found
    )


def _score(pair: Pair) -> float:
    return pair.match.score


def _neither(cluster: Sequence[Pair], persons: Sequence[Sequence[int]]) -> Iterator[Pair]:
    person = {place: number for number, each in enumerate(persons) for place in each}
    for each in cluster:
        is_joined = each.left in person and person[each.left] == person.get(each.right)
        if each.verdict is Verdict.DISTINCT and not is_joined:
            yield each


@dataclass(frozen=True, slots=True, kw_only=True)
class _Copies:
    """Rows that say the same as an earlier one of their file: its person too, where what they say is enough."""

    linked: Mapping[int, Sequence[int]]
    reviews: tuple[Pair, ...]
    is_of_two_files: bool

    def with_them(self, person: Sequence[int]) -> tuple[int, ...]:
        return tuple(sorted(each for place in person for each in (place, *self.linked.get(place, ()))))

    def told_again(self, pair: Pair) -> Iterator[Pair]:
        """The pair, and across two files the same of every copy of its rows: whoever looks for one finds it."""
        left, right = ((each, *self.linked.get(each, ())) for each in (pair.left, pair.right))
        several = product(left, right) if self.is_of_two_files else ((pair.left, pair.right),)
        return (replace(pair, left=one, right=other) for one, other in several)

    def alone(self, placed: set[int]) -> list[tuple[int, ...]]:
        """The rows that are one person with their copies only."""
        return [(first, *held) for first, held in self.linked.items() if first not in placed]


def _copies(people: People, decide: Callable[[int, int], Match]) -> _Copies:
    held = people.copies()
    if people.second is not None:  # what is asked is who stands in the other file; a copy is whoever its row is
        return _Copies(linked=held, reviews=(), is_of_two_files=True)
    matches = {first: decide(first, first) for first in held}
    reviews = (
        Pair(left=first, right=each, match=match)
        for first, match in matches.items()
        if match.verdict is Verdict.REVIEW
        for each in held[first]
    )
    return _Copies(
        linked={first: held[first] for first, match in matches.items() if match.verdict is Verdict.LINK},
        reviews=tuple(reviews),
        is_of_two_files=False,
    )
