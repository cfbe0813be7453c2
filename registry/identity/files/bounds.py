"""The most a pair can reach, found out quickly: a pair that cannot matter is not compared in full.

A bound is never below the score. It takes what is cheap to know as it is (birth date, sex, numbers, places), and for
every name both rows have the best level there is; then the given name as it is.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

from registry.identity import births, likeness
from registry.identity.demographics import Demographics
from registry.identity.files import comparing
from registry.identity.files.comparing import PLACES, Rules
from registry.identity.files.rows import Row
from registry.identity.likeness import Likeness
from registry.identity.names import Name

_REMEMBERED = 1 << 17
_OTHERWISE = ("crossed", "displaced")

_NAMES: Mapping[str, Callable[[Demographics], Sequence[Name]]] = {
    "family": lambda person: person.family,
    "father": lambda person: person.father or person.further,
    "grandfather": lambda person: person.grandfather,
    "mother": lambda person: person.mother,
    "village": lambda person: person.villages,
}


class Bounds:
    """The bounds of some rules."""

    def __init__(self, rules: Rules) -> None:
        self._weights = rules.weights
        self._floor = rules.floor
        self._best: dict[str, float] = {}
        for (field, _), level in rules.weights.levels.items():
            self._best[field] = max(level.weight, self._best.get(field, 0.0))
        others = math.fsum(best for field, best in self._best.items() if field not in ("birth", "sex", "identifier"))
        self._most = min(others, self._best["given"] + self._weights.household_cap)
        self._otherwise = max(rules.weights.level("given", each).weight for each in _OTHERWISE)
        self._given = lru_cache(_REMEMBERED)(self._likeness)

    def is_below(self, left: Row, right: Row) -> bool:
        """Whether the score of these two surely is below what can matter, and no number of theirs is the same."""
        one, other = left.demographics, right.demographics
        if left.numbers & right.numbers or {*one.identifiers} & {*other.identifiers}:
            return False
        certain = self._weights.prior + self._best["crossing"] + self._of_child(one, other)
        if certain + self._most < self._floor and not left.numbers:
            return True
        certain += self._beside(left, right)
        if not one.given or not other.given:
            return certain < self._floor
        return certain + self._best["given"] < self._floor or self._is_below_by_name(one, other, certain)

    def _of_child(self, one: Demographics, other: Demographics) -> float:
        """Birth date and sex, as they are."""
        found = 0.0
        if one.birth and other.birth:
            found += self._level("birth", births.agreement(one.birth, other.birth).value)
        if one.sex and other.sex:
            found += self._level("sex", "same" if one.sex is other.sex else "other")
        return found

    def _beside(self, left: Row, right: Row) -> float:
        """Numbers and places as they are, and of the names of the household at most so much."""
        one, other = left.demographics, right.demographics
        beside = {field: self._level(field, level) for field, level in comparing.beside(left, right)}
        places = math.fsum(each for field, each in beside.items() if field in PLACES)
        household = math.fsum(self._best[each] for each, of in _NAMES.items() if of(one) and of(other))
        if one.phones and other.phones:
            household += self._level("phone", "same" if {*one.phones} & {*other.phones} else "other")
        household += self._best["town"]
        cap = self._weights.household_cap
        shared = min(household + places, cap) if places > 0 else min(household, cap) + places
        return shared + max(beside.get("identifier", 0.0), 0.0)

    def _level(self, field: str, level: str) -> float:
        return self._weights.level(field, level).weight

    def _is_below_by_name(self, one: Demographics, other: Demographics, certain: float) -> bool:
        """Whether it is another given name that decides, and none exchanged with the father's or the family's."""
        if one.further or other.further:
            return False
        found = self._given(one.given, other.given)
        if found > Likeness.UNREADABLE or certain + self._level("given", found.name.lower()) >= self._floor:
            return False
        return certain + self._otherwise < self._floor or not self._may_be_exchanged(one, other)

    def _may_be_exchanged(self, one: Demographics, other: Demographics) -> bool:
        """Whether a given name stands in the place of the father's or family's, both ways or where one is missing."""
        return any(
            bool(of(one) or of(other)) and self._fits(one.given, of(other)) and self._fits(of(one), other.given)
            for of in (_NAMES["father"], _NAMES["family"])
        )

    def _fits(self, left: Sequence[Name], right: Sequence[Name]) -> bool:
        return not left or not right or self._given(left, right) >= Likeness.KNOWN

    def _likeness(self, left: Sequence[Name], right: Sequence[Name]) -> Likeness:
        found = likeness.of_spellings(left, right, self._weights.known)
        return Likeness.OTHER if found is None else found
