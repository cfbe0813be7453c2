"""Which school years a child truly spent where: grade, school, months, and how each year ended.

Bektar counts `Grade 1` to `Grade 12` from the September in which a child is six; Corvia counts eleven classes
from seven.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum

from adapters.sdk.world import clerks
from adapters.sdk.world.clerks import Record
from adapters.sdk.world.dice import Dice
from adapters.sdk.world.people import Stay
from adapters.sdk.world.places import BEKTAR, CORVIA, Place
from adapters.sdk.world.plans import Kin


class Outcome(Enum):
    PROMOTED = "promoted"
    REPEATED = "repeated"
    LEFT = "left during the year"


@dataclass(frozen=True, slots=True, kw_only=True)
class SchoolYear:
    """One learner, school, school year and grade. `autumn` is the calendar year the school year began in."""

    school: Place
    autumn: int
    grade: int
    start: date
    end: date
    outcome: Outcome
    days_present: int
    days_possible: int

    @property
    def label(self) -> str:
        return f"{self.autumn}-{self.autumn + 1}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """How a country counts its grades and when its school year runs."""

    entry_age: int
    grades: int
    last_month: int
    last_day: int
    school_days: int
    first_autumn: int  # the first school year in the register


LADDERS: Mapping[str, Ladder] = {
    BEKTAR: Ladder(entry_age=6, grades=12, last_month=6, last_day=20, school_days=180, first_autumn=2014),
    CORVIA: Ladder(entry_age=7, grades=11, last_month=5, last_day=31, school_days=170, first_autumn=2020),
}
LAST_AUTUMN = 2024
REPEATS, PLACED_LOWER = 0.05, 0.3


def of(seed: int, record: Record, both: list[Record]) -> list[SchoolYear]:
    """The school years in a record; where a child stands twice, the second record goes on after the first."""
    years = _years(Dice(seed, "school", record.source.name, record.child.id), record)
    opened = next((each.written_on for each in both if each.is_second), date.max)
    return [year for year in years if (year.start >= opened) == record.is_second]


def _years(dice: Dice, record: Record) -> list[SchoolYear]:
    country = record.source.country
    ladder, stays = LADDERS[country], clerks.days_there(record.source, record.child)
    # Newcomers are often placed below their age, for want of the language.
    behind = int(record.child.household.kin is not Kin.STORY and dice.chance(PLACED_LOWER))
    made: list[SchoolYear] = []
    for autumn in range(ladder.first_autumn, LAST_AUTUMN + 1):
        first, last = date(autumn, 9, 1), date(autumn + 1, ladder.last_month, ladder.last_day)
        grade = int(record.child.age_on(first)) - ladder.entry_age + 1 - behind
        if not 1 <= grade <= ladder.grades:
            continue
        for stay in (each for each in stays if _days(each, first, last) > 60):
            made.append(_year(dice, stay, autumn, (first, last), grade, ladder, record))
            behind += made[-1].outcome is Outcome.REPEATED
    return made


def _days(stay: Stay, first: date, last: date) -> int:
    return (min(stay.last, last) - max(stay.first, first)).days


def _year(
    dice: Dice,
    stay: Stay,
    autumn: int,
    term: tuple[date, date],
    grade: int,
    ladder: Ladder,
    record: Record,
) -> SchoolYear:
    start, end = max(stay.first, term[0]), min(stay.last, term[1])
    repeats = dice.chance(REPEATS) and record.child.household.kin is not Kin.STORY
    outcome = Outcome.LEFT if end < term[1] else Outcome.REPEATED if repeats else Outcome.PROMOTED
    possible = ladder.school_days * (end - start).days // (term[1] - term[0]).days
    return SchoolYear(
        school=stay.place,
        autumn=autumn,
        grade=grade,
        start=start,
        end=end,
        outcome=outcome,
        days_present=possible - dice.number(0, possible // 6),
        days_possible=possible,
    )
