"""Figures of pairs found, held against the truth: sweeps over thresholds, and recall among pairs of one kind."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Found:
    """A pair with what it was ranked by, the probability it was given, and whether it was linked automatically."""

    pair: Pair
    rank: float
    probability: float
    is_link: bool


@dataclass(frozen=True, slots=True)
class Score:
    """So many pairs linked, so many of them true, of so many that are true; `least` is the rank of the last."""

    links: int
    true: int
    of: int
    least: float = 0.0

    @property
    def precision(self) -> float:
        return self.true / self.links if self.links else 1.0

    @property
    def recall(self) -> float:
        return self.true / self.of if self.of else 1.0

    @property
    def f1(self) -> float:
        return 2 * self.true / (self.links + self.of) if self.links + self.of else 1.0

    @property
    def wrong_in_10_000(self) -> float:
        """Wrong links among 10,000 links."""
        return 10_000 * (self.links - self.true) / self.links if self.links else 0.0

    def told(self) -> dict[str, float]:
        wrong = self.links - self.true
        named = {"precision": self.precision, "recall": self.recall, "f1": self.f1}
        return {**{name: int(value * 1e5) / 1e5 for name, value in named.items()}, "links": self.links, "wrong": wrong}


def ordered(one: str, other: str) -> Pair:
    return (one, other) if one <= other else (other, one)


def truth(path: Path) -> set[Pair]:
    """The pairs of a truth file: its first two columns."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        next(rows)
        return {ordered(one.strip(), other.strip()) for one, other, *_ in rows}


def linked(path: Path) -> list[Found]:
    """What `continuity link` wrote. Links are ranked before what is for review, whatever their probabilities."""
    with path.open(encoding="utf-8", newline="") as file:
        return [_of_link(row) for row in csv.DictReader(file)]


def _of_link(row: dict[str, str]) -> Found:
    likely, is_link = float(row["probability"]), row["verdict"] == "link"
    return Found(ordered(row["id_a"], row["id_b"]), likely + is_link, likely, is_link)


def predicted(path: Path, threshold: float) -> list[Found]:
    """What a peer wrote; its links are the pairs of at least this probability."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        return [_of_peer(row, threshold) for row in rows]


def _of_peer(row: dict[str, str], threshold: float) -> Found:
    likely = float(row["match_probability"])
    return Found(ordered(row["id_a"], row["id_b"]), float(row["match_weight"]), likely, likely >= threshold)


def at_threshold(found: Iterable[Found], true: set[Pair]) -> Score:
    """What was linked automatically."""
    links = {each.pair for each in found if each.is_link}
    return Score(len(links), len(links & true), len(true))


def sweep(found: Iterable[Found], true: set[Pair]) -> Iterator[Score]:
    """The score at every threshold, the pairs counted as they are."""
    links = right = 0
    for each in _falling(found):
        links, right = links + 1, right + (each.pair in true)
        yield Score(links, right, len(true), each.rank)


def closed_sweep(found: Iterable[Found], true: set[Pair]) -> Iterator[Score]:
    """The score at every threshold when persons are closed: whoever is linked to one is linked to all of them."""
    person = _persons(true)
    group: dict[str, _Group] = {}
    links = right = 0
    for each in _falling(found):
        one, other = (group.setdefault(id, _Group([id], Counter(_known(person, id)))) for id in each.pair)
        if one is not other:
            small, large = sorted((one, other), key=lambda each: len(each.ids))
            links, right = links + len(small.ids) * len(large.ids), right + small.shared(large)
            large.ids.extend(small.ids)
            large.persons.update(small.persons)
            group.update(dict.fromkeys(small.ids, large))
        yield Score(links, right, len(true), each.rank)


@dataclass(frozen=True, slots=True, eq=False)
class _Group:
    """Records linked so far, and how many of them are of each person."""

    ids: list[str]
    persons: Counter[int]

    def shared(self, other: _Group) -> int:
        """Pairs of one person, one record of each; asked of the smaller."""
        return sum(count * other.persons[each] for each, count in self.persons.items())


def _known(person: Mapping[str, int], id: str) -> list[int]:
    return [person[id]] if id in person else []


def _falling(found: Iterable[Found]) -> list[Found]:
    return sorted(found, key=lambda each: (-each.rank, each.pair))


def _persons(true: Iterable[Pair]) -> dict[str, int]:
    """The persons a truth speaks of, numbered; it names all their pairs."""
    person: dict[str, int] = {}
    for one, other in sorted(true):
        known = person.get(one, person.get(other, len(person)))
        person[one] = person[other] = known
    return person


def best_recall(scores: Iterable[Score], *, precision: float, of: int) -> Score:
    """The most that is found, of so many pairs, at any threshold whose links are as precise as that."""
    fit = (each for each in scores if each.precision >= precision)
    return max(fit, key=lambda each: each.true, default=Score(0, 0, of))


def best_f1(scores: Iterable[Score], *, of: int) -> Score:
    return max(scores, key=lambda each: each.f1, default=Score(0, 0, of))


def closed(links: Iterable[Pair]) -> set[Pair]:
    """All pairs of the persons that these links make."""
    group: dict[str, set[str]] = {}
    for one, other in links:
        joined = group.get(one, {one}) | group.get(other, {other})
        group.update(dict.fromkeys(joined, joined))
    return {ordered(*each) for held in {id(each): each for each in group.values()}.values() for each in _all(held)}


def _all(held: set[str]) -> Iterable[Pair]:
    return combinations(sorted(held), 2)


def recall_by(links: set[Pair], true: Iterable[Pair], kind: Callable[[Pair], Hashable]) -> dict[str, tuple[float, int]]:
    """Recall and the number of true pairs, by what `kind` says of a pair; the most frequent kind first."""
    every, got = Counter[Hashable](), Counter[Hashable]()
    for each in true:
        of = kind(each)
        every[of] += 1
        got[of] += each in links
    return {str(of): (round(got[of] / count, 4), count) for of, count in every.most_common()}


def rows_in_review(found: Iterable[Found]) -> int:
    """Records with at least one pair for a human."""
    waiting = defaultdict[str, int](int)
    for each in found:
        if not each.is_link:
            for id in each.pair:
                waiting[id] += 1
    return len(waiting)
