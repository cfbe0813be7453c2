"""Persons and what is true of them: names, fathers, mothers, birth."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from tests.support.families.cultures import Culture
from tests.support.families.lexicon import Tokens

Line = tuple[Tokens, ...]
"""The given names of the father, his father, and his."""


@dataclass(eq=False, slots=True, kw_only=True)
class Person:
    """One person, with what is true."""

    culture: Culture
    sex: str
    born: date
    given: Tokens
    line: Line
    family: Tokens
    maiden: Tokens = ()
    mother: Person | None = None
    role: str = "child"
    undated: bool = False
    twin: bool = False
    died: date | None = None
    namesake: bool = False
    namesake_cousin: bool = False
    eldest_son: Tokens = ()
    national: str = ""


def elder(culture: Culture, rng: Random, *, family: Tokens) -> Person:
    """A man of the grandparents' age with the names of his fathers."""
    given, *line = _forefathers(culture, rng, 4)
    return person(
        culture, rng, "male", a_day(rng, 1938, 1965), given=given, line=tuple(line), family=family, role="grandparent",
        mother=_foremother(culture, rng),
    )  # fmt: skip


def _forefathers(culture: Culture, rng: Random, generations: int) -> list[Tokens]:
    """Given names of fathers and sons, no two alike."""
    found: dict[Tokens, None] = {}
    while len(found) < generations:
        found[culture.given(rng, "male")] = None
    return list(found)


def _foremother(culture: Culture, rng: Random) -> Person:
    line = tuple(_forefathers(culture, rng, 3))
    given, family = culture.given(rng, "female"), culture.family(rng)
    born = date(1930, 6, 1)
    return Person(culture=culture, sex="female", born=born, given=given, line=line, family=family, maiden=family)


def person(culture: Culture, rng: Random, sex: str, born: date, **more: object) -> Person:
    """A person with a number of its own, and perhaps a day of birth that nobody knows."""
    # More of the old have none, fewer of the children born in clinics (assumption).
    undated = rng.random() < culture.undated * (1.4 if born.year < 1995 else 0.85)
    national = f"{born.year % 100:02d}{rng.randrange(10**9):09d}"
    return Person(culture=culture, sex=sex, born=born, undated=undated, national=national, **more)  # type: ignore[arg-type]


def a_day(rng: Random, first: int, last: int) -> date:
    return date(rng.randint(first, last), 1, 1) + timedelta(days=rng.randrange(365))


def wife(husband: Person, rng: Random, born: date | None = None) -> Person:
    """A man's wife: of another house, or a daughter of his father's brother."""
    culture = husband.culture
    related = rng.random() < culture.cousins
    line = tuple(_forefathers(culture, rng, 3))
    line = (line[0], *husband.line[1:]) if related else line
    maiden = husband.family if related else culture.family(rng)
    return person(
        culture, rng, "female", born or husband.born + timedelta(days=rng.randrange(200, 3000)),
        given=culture.given(rng, "female"), line=line, maiden=maiden, role=husband.role,
        mother=_foremother(culture, rng),
        # Only Ukrainian women take their husband's name as a rule.
        family=husband.family if culture.layout == "patronymic" else maiden,
    )  # fmt: skip
