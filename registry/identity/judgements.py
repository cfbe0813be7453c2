"""From the log of judgements to persons: which links stand, and which dossiers they join.

The log only grows. For each pair of dossiers one judgement stands: a human's over a machine's, among equals the
later, and a refusal stands against every automatic link for ever, in whatever order they came. A person is a
connected component of standing links; no link of a rule joins two groups between which a refusal stands. Equal
logs give equal persons, however they are ordered and however often an entry is repeated.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum


class Kind(Enum):
    """What is recorded about two dossiers."""

    LINK = "link"
    DISTINCT = "distinct"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """One entry of the log. `by` is `rule:<version of the weights>` or a human, as `steward:<id>`."""

    id: str
    left: str
    right: str
    kind: Kind
    by: str
    at: datetime

    @property
    def is_human(self) -> bool:
        return not self.by.startswith("rule:")

    @property
    def pair(self) -> Pair:
        return (min(self.left, self.right), max(self.left, self.right))


Pair = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """A dossier as the persons see it; `opened_at` decides which one a person is named after."""

    id: str
    opened_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Dossiers that are one person, the oldest first. Its id is that of the oldest, so a split keeps it there."""

    id: str
    dossiers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Components:
    """All persons, and the links that were not honoured because a refusal stands in their way."""

    persons: tuple[Person, ...]
    conflicts: tuple[Judgement, ...]


# Of judgements at the same moment the most cautious stands.
_CAUTION = {Kind.LINK: 0, Kind.UNSURE: 1, Kind.DISTINCT: 2}


def standing(judgements: Iterable[Judgement]) -> Mapping[Pair, Judgement]:
    """The judgement that stands for each pair of dossiers."""
    by_pair: dict[Pair, Judgement] = {}
    for each in judgements:
        if each.left != each.right:
            held = by_pair.get(each.pair)
            by_pair[each.pair] = each if held is None else max(held, each, key=_rank)
    return by_pair


def _rank(judgement: Judgement) -> tuple[bool, bool, datetime, int, str]:
    # Among machines a refusal outranks every link, whenever it was made.
    is_refusal = not judgement.is_human and judgement.kind is Kind.DISTINCT
    return (judgement.is_human, is_refusal, judgement.at, _CAUTION[judgement.kind], judgement.id)


def components(dossiers: Iterable[Dossier], judgements: Iterable[Judgement]) -> Components:
    """Join the dossiers into persons. Judgements about dossiers that no longer exist are passed over."""
    ordered = sorted(set(dossiers), key=lambda each: (each.opened_at, each.id))
    ids = {each.id for each in ordered}
    stand = [each for each in standing(judgements).values() if each.left in ids and each.right in ids]
    groups = _Groups(ids, [each for each in stand if each.kind is Kind.DISTINCT])
    links = sorted((each for each in stand if each.kind is Kind.LINK), key=_order_of_links)
    conflicts = tuple(each for each in links if not groups.join(each))
    members: dict[str, list[str]] = {}
    for each in ordered:
        members.setdefault(groups.of[each.id], []).append(each.id)
    return Components(
        persons=tuple(Person(id=each[0], dossiers=tuple(each)) for each in members.values()),
        conflicts=conflicts,
    )


def _order_of_links(judgement: Judgement) -> tuple[bool, datetime, str]:
    """Humans before machines, then the earlier; where two links exclude each other, the first one holds."""
    return (not judgement.is_human, judgement.at, judgement.id)


class _Groups:
    """Disjoint groups of dossiers, with the refusals between them."""

    def __init__(self, ids: Iterable[str], refusals: Iterable[Judgement]) -> None:
        self.of = {each: each for each in ids}
        self._members = {each: {each} for each in self.of}
        self._refused: dict[str, dict[str, bool]] = {each: {} for each in self.of}
        for each in refusals:
            self._refused[each.left][each.right] = each.is_human
            self._refused[each.right][each.left] = each.is_human

    def join(self, link: Judgement) -> bool:
        """Join two groups; False when a refusal between any of their dossiers forbids it.

        A human's link yields only to a human's refusal.
        """
        smaller, larger = sorted((self.of[link.left], self.of[link.right]), key=self._size)
        if smaller == larger:
            return True
        if self._is_refused(smaller, larger, by_human=link.is_human):
            return False
        for each in self._members[smaller]:
            self.of[each] = larger
        self._members[larger] |= self._members.pop(smaller)
        return True

    def _size(self, group: str) -> tuple[int, str]:
        return (len(self._members[group]), group)

    def _is_refused(self, smaller: str, larger: str, *, by_human: bool) -> bool:
        return any(
            self.of[other] == larger and (human or not by_human)
            for each in self._members[smaller]
            for other, human in self._refused[each].items()
        )
