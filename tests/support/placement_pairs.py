"""Every ordered pair of countries, every year of school, through the engine and through the oracle."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import astuple
from datetime import date
from functools import cache
from pathlib import Path
from time import perf_counter

from registry.continuity.education import SchoolYear, Timeline, placement, sheet, shelf
from registry.continuity.education.ladder import Ladder
from registry.continuity.education.placement import Kind, Placement
from registry.fhir.dates import PartialDate
from tests.support.placement_oracle import Case, Expected, Oracle

FILES = (
    "uis/UIS_duration_age_25042024.csv",
    "uis/month_start.csv",
    "ladders/compiled_levels_grades.csv",
)
# Origins and hosts of displaced children: a choice of ours, as wide as the 31 of the reference's baseline.
COUNTRIES = (
    *("AFG", "BFA", "BGD", "CMR", "COD", "COL", "DEU", "EGY", "ETH", "HTI", "IRN", "IRQ", "JOR", "KEN", "LBN", "MDA"),
    *("NER", "PAK", "POL", "RWA", "SDN", "SOM", "SSD", "SYR", "TCD", "TUR", "TZA", "UGA", "UKR", "VEN", "YEM"),
)
STATUS = {"repeated": "repeat", "graduated": "promoted"}


@cache
def shelved(data: Path) -> tuple[Ladder, ...]:
    """The ladders that the shared files make together."""
    return shelf.assembled([read(data / "education" / name) for name in FILES]).ladders


def read(path: Path) -> sheet.Sheet:
    body = path.read_bytes()
    return sheet.read(path.name, body.decode(), hashlib.sha256(body).hexdigest())


def oracle(data: Path) -> Oracle:
    return Oracle(*(data / "education" / name for name in FILES))


def told(case: Case) -> Timeline:
    """The history of a case: one school year, its grade by number."""
    year = SchoolYear(
        school="",
        school_id="",
        country=case.origin,
        country_inside=case.origin,
        academic_year=str(case.year),
        year=case.year,
        begins=None,
        ends=None,
        grade=f"Grade {case.grade}",
        grade_language="en",
        year_number=None,
        programme=None,
        languages=(),
        results=frozenset({STATUS.get(case.outcome, case.outcome)}),
        verification="issuer-confirmed",
        references=(),
    )
    return Timeline(years=(year,))


def found(made: Placement) -> Expected | None:
    """What the engine says, in the oracle's terms."""
    if not made.ladder:
        return None
    by_kind = {
        kind: frozenset(each.grade.year for each in made.candidates if each.kind is kind and each.grade)
        for kind in Kind
    }
    return Expected(
        frozenset(made.completed.years),
        by_kind[Kind.YEARS],
        by_kind[Kind.LEVEL],
        by_kind[Kind.AGE],
        frozenset(each.year for each in made.proposed),
        made.answer.year if made.answer else None,
        any(each.code == "over-age" for each in made.flags),
    )


def pair_cases(countries: Iterable[str], grades: Iterable[int], on: date) -> Iterator[Case]:
    """One case for every ordered pair and completed year; ages and outcomes go round, the same every time."""
    outcomes = ("promoted", "graduated", "repeated", "not-completed", "in-progress", "conditional", "unknown")
    every = list(countries)
    number = 0
    for origin in every:
        for to in every:
            for grade in grades if origin != to else ():
                number += 1
                born = date(on.year - 6 - grade - number % 5 + 2, number % 12 + 1, number % 28 + 1)
                yield Case(origin, on.year - 1, grade, outcomes[number % 7 if number % 3 else 0], born, to, on)


def few(data: Path) -> list[tuple[Case, tuple[object, ...] | None]]:
    """A few hundred cases that differ in every rule, with what the oracle says of them."""
    naive = oracle(data)
    days = (date(2023, 9, 10), date(2024, 2, 3), date(1998, 6, 30), date(2009, 11, 5), date(2016, 4, 1))
    whole = [case for on in days for case in pair_cases(COUNTRIES, range(1, 13), on)]
    torn = list(pair_cases(("HND", "MTQ", "NFK", "SLV", "FLK", "ESH", "GLP"), range(4, 11), date(2001, 10, 1)))
    return [(each, _tuple(naive.expected(each))) for each in (*whole[::61], *torn)]


def differs_from(answered: Iterable[tuple[Case, tuple[object, ...] | None]], data: Path) -> bool:
    """Whether the engine says anything else of any of these cases."""
    ladders = shelf.assembled([read(data / "education" / name) for name in FILES]).ladders
    return any(_tuple(found(_placed(case, ladders))) != expected for case, expected in answered)


def _placed(case: Case, ladders: tuple[Ladder, ...]) -> Placement:
    born = PartialDate(case.born.year, case.born.month, case.born.day)
    return placement.place(told(case), born, ladders, case.to, case.on)


def _tuple(expected: Expected | None) -> tuple[object, ...] | None:
    """The answer as plain values, which compare also where a package was read anew."""
    return astuple(expected) if expected else None


def judged(cases: Iterable[Case], ladders: tuple[Ladder, ...], naive: Oracle) -> tuple[list[Case], list[float]]:
    """The cases on which engine and oracle differ, and the seconds each placement took."""
    differing: list[Case] = []
    seconds: list[float] = []
    for case in cases:
        begun = perf_counter()
        made = _placed(case, ladders)
        seconds.append(perf_counter() - begun)
        if found(made) != naive.expected(case):
            differing.append(case)
    return differing, seconds
