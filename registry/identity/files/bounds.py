"""The most a pair can reach, found out quickly: a pair that cannot matter is not compared in full.

A bound is never below the score. It takes what is cheap to know as it is (birth date, sex, numbers, places), and for
every name both rows have the best level there is; then one name after the other as it is, while the pair can matter.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence

from registry.identity import births, compare
from registry.identity.demographics import Demographics
from registry.identity.files import closer, comparing
from registry.identity.files.comparing import Rules
from registry.identity.files.kinship import PLACES
from registry.identity.files.rows import Row
from registry.identity.names import Name

Levels = Sequence[tuple[str, str]]

_AT_ONCE = ("birth", "sex", "identifier", "age", "crossing")

_NAMES: Mapping[str, Callable[[Demographics], Sequence[Name]]] = {
    "given": lambda person: person.given,
    "family": lambda person: person.family,
    "father": lambda person: person.father or person.further,
    "grandfather": lambda person: person.grandfather,
    "mother": lambda person: person.mother,
    "village": lambda person: person.villages,
}


class Bounds:
    """The bounds of some rules."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._weights = rules.weights
        self._kinship = rules.kinship
        self._floor = rules.floor
        self._best = _Best({level: each.weight for level, each in rules.weights.levels.items()})
        kin = rules.kinship.levels
        self._best_of_child = _Best(
            {level: each.weight - kin.get(level, 0.0) for level, each in rules.weights.levels.items()}
        )
        self._most = math.fsum(map(self._best.of, (*self._best.fields - {*_AT_ONCE, *closer.FIELDS}, "town")))

    def is_below(self, left: Row, right: Row) -> bool:
        """Whether the score of these two surely is below what can matter, and no number of theirs is the same."""
        one, other = left.demographics, right.demographics
        if left.numbers & right.numbers or {*one.identifiers} & {*other.identifiers}:
            return False
        levels = [*_of_child(one, other)]
        if self._is_below_as_child(left, levels):
            return True
        certain = self._weights.prior + math.fsum(self._level(*each) for each in levels)
        if certain + self._most < self._floor and not left.numbers:
            return True
        return self._is_below_by_names(left, right, levels, certain + self._beside(left, right))

    def _is_below_by_names(self, left: Row, right: Row, levels: Levels, certain: float) -> bool:
        """Whether what is certain and the names cannot matter; each name replaces the best that could be said of it."""
        one, other = left.demographics, right.demographics
        most = certain + math.fsum(self._best.of(field) for field, of in _NAMES.items() if of(one) and of(other))
        told: dict[str, str] = {}
        for field, level in compare.told(one, other, self._weights.known):
            told[field] = level
            if field in _NAMES:
                most += self._best.at(field, level) - self._best.of(field)
            for beside, found in self._looked(left, right, field, told):
                most += self._level(beside, found) - self._best.plain(beside)
            if most < self._floor or (field == "given" and self._is_below_as_child(left, levels, [level])):
                return True
        return False

    def _looked(self, left: Row, right: Row, field: str, told: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        """What a second look adds to a field, as far as it is cheap to say."""
        one, other, names = left.demographics, right.demographics, self._rules.names
        if spelled := closer.spelled(field, one, other, told, names, self._weights.known):
            yield f"{field} spelling", spelled
        if field == "family":
            yield from comparing.crossing(left, right, told, self._rules)

    def _is_below_as_child(self, left: Row, levels: Levels, names: Sequence[str] = ()) -> bool:
        """Whether relatives are likelier, whatever of the household agrees: what is the child's own is another's."""
        own = math.fsum(self._level(*each) - self._kinship.levels.get(each, 0.0) for each in levels)
        name = max((self._best_of_child.at("given", each) for each in names), default=self._best_of_child.of("given"))
        numbers = self._best_of_child.of("identifier") if left.numbers or left.demographics.identifiers else 0.0
        return self._weights.prior - self._kinship.relatives + own + name + numbers < self._floor

    def _beside(self, left: Row, right: Row) -> float:
        """Numbers and places as they are, and of the names of the household at most so much."""
        one, other = left.demographics, right.demographics
        beside = {field: self._level(field, level) for field, level in comparing.beside(left, right)}
        places = math.fsum(each for field, each in beside.items() if field in PLACES)
        phone = 0.0
        if one.phones and other.phones:
            phone = self._level("phone", "same" if {*one.phones} & {*other.phones} else "other")
        return phone + places + max(beside.get("identifier", 0.0), 0.0)

    def _level(self, field: str, level: str) -> float:
        return self._weights.level(field, level).weight


def _of_child(one: Demographics, other: Demographics) -> Iterator[tuple[str, str]]:
    """The levels of birth date and sex."""
    if one.birth and other.birth:
        yield "birth", births.agreement(one.birth, other.birth).value
        yield from closer.ages(one, other, births.agreement(one.birth, other.birth).value)
    if one.sex and other.sex:
        yield "sex", "same" if one.sex is other.sex else "other"


class _Best:
    """The most that a field can say, with what a second look adds to each of its levels."""

    def __init__(self, weights: Mapping[tuple[str, str], float]) -> None:
        self._weights = weights
        self.fields = {field for field, _ in weights}
        self._plain = {each: self._most(each) for each in self.fields}
        self._whole = {
            each: max((self.at(each, level) for field, level in weights if field == each), default=0.0)
            for each in self.fields
        }

    def of(self, field: str) -> float:
        return max(self._whole[field], 0.0)

    def plain(self, field: str) -> float:
        """The most that the levels of a field weigh; 0 at least."""
        return self._plain[field]

    def at(self, field: str, level: str) -> float:
        """What a level says, and at most the closer look at it."""
        beside = closer.FIELDS_BESIDE.get((field, level), ())
        return self._weights[field, level] + math.fsum(self._plain[each] for each in beside)

    def _most(self, field: str) -> float:
        return max(0.0, *(weight for (of, _), weight in self._weights.items() if of == field))
