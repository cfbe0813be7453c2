"""Cases of other people: where do we place this child, and where would they?

A case is one school year of one child and a destination. What is expected may be said in several ways: see EXPECTED.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeVar

from registry.continuity.education import ladder, placement, told, words
from registry.continuity.education.ladder import Ladder
from registry.continuity.education.placement import Kind, Placement
from registry.continuity.education.record import SchoolYear, Timeline
from registry.errors import BadInput
from registry.fhir import dates
from registry.fhir.dates import PartialDate

COLUMNS = ("from_country", "year", "grade_label", "outcome", "birth_date", "to_country", "on_date", "expected")
EXPECTED = """`expected` may be:

- one grade, by number (`6`) or by a name of the destination (`Grade 6`): our first proposal is that grade, and the
  completed year is certain;

- several, with `|` between (`6|7`): exactly these are the grades by years, or those proposed, or those shown;

- `A=6 B=7 C=6`, any of A, B, C, `answer`, `completed`, `proposed`: each is exactly that, `-` is none, `6|7` several;

- `ambiguous`: more than one completed year, or more than one proposed grade, is open;

- `unresolved`: no completed year could be read, or no grade here can be named. Where no ladder is held of the country
  the child comes from, the number in the name of the grade is its year; without one it cannot be read;

- `none`: no grade follows here.

A row that expects nothing, or what is none of these, cannot be read.
"""


Value = TypeVar("Value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One row: `row` is its number in the file."""

    row: int
    timeline: Timeline
    birth: PartialDate | None
    to_country: str
    on: date
    expected: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What we say of a case, and whether it is what was expected."""

    case: Case
    agrees: bool
    found: Mapping[str, tuple[int, ...]]
    placement: Placement


def read(number: int, row: Mapping[str, str]) -> Case:
    """A case of one row. Raises BadInput with row and column, never with the value."""
    for column in ("from_country", "to_country"):
        _need(re.fullmatch("[A-Za-z]{3}", row[column]), number, column, "three letters of ISO 3166")
    year = re.match(r"\d{4}(?!\d)", row["year"])
    begun = _need(year, number, "year", "write the year the school year began in, as 2021 or 2021/2022")
    result = _need(told.outcome(row["outcome"]), number, "outcome", f"one of {told.WORDS}")
    on = _need(dates.parse(row["on_date"]), number, "on_date", "write it as 2023-09-10")
    birth = dates.parse(row["birth_date"])
    _need(birth or not row["birth_date"], number, "birth_date", "write 2012-03-01, 2012-03, 2012 or nothing")
    return Case(
        row=number,
        timeline=Timeline(years=(_school_year(row, int(begun[0]), result),)),
        birth=birth,
        to_country=row["to_country"].upper(),
        on=_need(on.is_day and on.first, number, "on_date", "write the day, as 2023-09-10"),
        expected=row["expected"],
    )


def _need(value: Value | Literal[False] | None, number: int, column: str, remedy: str) -> Value:
    """The value, which must be there."""
    if not value:
        raise BadInput("this cannot be read", where=f"row {number}, {column}", remedy=remedy)
    return value


def _school_year(row: Mapping[str, str], year: int, result: str) -> SchoolYear:
    country = row["from_country"].upper()
    return SchoolYear(
        school="",
        school_id="",
        country=country,
        country_inside=country,
        academic_year=row["year"],
        year=year,
        begins=None,
        ends=None,
        grade=row["grade_label"],
        grade_language="",
        year_number=None,
        programme=None,
        languages=(),
        results=frozenset({result}),
        verification="unknown",
        references=(),
    )


def judge(case: Case, ladders: Sequence[Ladder]) -> Judged:
    """Place the child, and hold the answer against the one expected. Raises BadInput when that cannot be read."""
    made = placement.place(case.timeline, case.birth, ladders, case.to_country, case.on)
    found = _found(made)
    here = [each for each in made.ladders if each.country == case.to_country]
    return Judged(case=case, agrees=_agrees(case, found, here), found=found, placement=made)


def _found(made: Placement) -> dict[str, tuple[int, ...]]:
    grades = {
        kind.value: tuple(sorted({each.grade.year for each in made.candidates if each.kind is kind and each.grade}))
        for kind in Kind
    }
    return {
        "completed": made.completed.years,
        "answer": (made.answer.year,) if made.answer else (),
        "proposed": tuple(each.year for each in made.proposed),
        "shown": tuple(sorted({year for years in grades.values() for year in years})),
        **grades,
    }


Found = Mapping[str, tuple[int, ...]]

_WORDS: Mapping[str, Callable[[Found], bool]] = {
    "ambiguous": lambda found: len(found["completed"]) > 1 or len(found["proposed"]) > 1,
    "unresolved": lambda found: not found["completed"] or not found["shown"],
    "unknown": lambda found: not found["completed"] or not found["shown"],
    **dict.fromkeys(("none", "-", "beyond"), lambda found: not found["A"]),
}


def _agrees(case: Case, found: Found, here: Sequence[Ladder]) -> bool:
    wanted = " ".join(case.expected.split())
    if wanted.casefold() in _WORDS:
        return _WORDS[wanted.casefold()](found)
    if "=" in wanted:
        return _each_agrees(case.row, wanted, found, here)
    years = _every_years(case.row, wanted, here)
    if len(years) == 1:
        return len(found["completed"]) == len(found["A"]) == 1 and set(found["A"]) <= years[0]
    several = {year for each in years for year in each}
    return any(several == set(found[way]) for way in ("A", "proposed", "shown"))


def _each_agrees(row: int, wanted: str, found: Found, here: Sequence[Ladder]) -> bool:
    names = {name.casefold(): years for name, years in found.items()}
    parts = [(name.casefold(), text.strip(" ;,")) for name, text in re.findall(_PART, wanted)]
    is_whole = re.match(r"\w+ ?=", wanted) and all(name in names for name, _ in parts)
    _need(is_whole, row, "expected", _REMEDY)
    told = [(name, () if text == "-" else _every_years(row, text, here)) for name, text in parts]
    return all({year for each in years for year in each} == set(names[name]) for name, years in told)


_PART = r"(\w+) ?= ?(.*?)(?=[;,]? *\w+ ?=|$)"
_REMEDY = "write a grade of the destination by number or name, or a word: see --help"


def _every_years(row: int, text: str, here: Sequence[Ladder]) -> list[frozenset[int]]:
    """The years of each reading. Raises BadInput when there is no reading, or one that nobody can read as a grade."""
    years = [_years(each, here) for each in _readings(text)]
    return _need(all(years) and years, row, "expected", _REMEDY)


def _readings(text: str) -> list[str]:
    if re.fullmatch(r"\[?\d+( ?[,;] ?\d+)*\]?", text):
        return re.findall(r"\d+", text)
    return [each.strip() for each in text.split("|") if each.strip() not in ("", "-")]


def _years(text: str, here: Sequence[Ladder]) -> frozenset[int]:
    if text.isascii() and text.isdecimal():
        return frozenset({int(text)})
    return ladder.resolve(here, text) if here else words.read(ladder.fold(text), ())
