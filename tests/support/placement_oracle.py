"""The placement rule once more, naively, out of the reference (section 5 of its education page) and the files alone.

Written before the engine and without it: it shares no line, no type and no table with `registry`. A case is
(origin country, school year, grade number, outcome, birth date, destination, day); the answer names the years that may
be completed and the grades of the three candidates, each as a set of grade numbers.

What the reference leaves open is fixed here, in words:

- a school year is named by the calendar year it begins in; it begins on the first day of its start month;
- the school year a child joins is the running one for nine months after it began, and the next one after that;
- a territory and year without a row has the structure of the nearest rows before and after it (both, when they
  differ); after the last row the last one stands; before the first row nothing is known;
- a row that contradicts itself (ages against durations) is read both ways;
- a row without secondary schooling borrows it from the nearest full rows that agree with it on primary;
- a list of grades without years speaks of the levels of the structure now in force, not of older ones;
- a start month is that of the nearest year on file, the earlier of two;
- candidate B is the grade at the same year of the same ISCED level as the grade that comes next where the child was;
  where that level is shorter, the first grade of the next one (as head teachers have it in tests/spec);
- sources that disagree give candidate B several readings, ages that are not certain candidate C; then no grade stands
  alone, even when one of the readings names no grade at all.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from pathlib import Path

Structure = tuple[int, int, int, int]
"""Entry age, then years of primary, lower and upper secondary (0: not known)."""

STEPS = {
    "promoted": [0],
    "graduated": [0],
    "repeated": [1],
    "not-completed": [1],
    "in-progress": [1],
    "conditional": [0, 1],
    "unknown": [0, 1],
}


@dataclass(frozen=True)
class Case:
    origin: str
    year: int
    grade: int
    outcome: str
    born: date
    to: str
    on: date


@dataclass(frozen=True)
class Expected:
    completed: frozenset[int]
    a: frozenset[int]
    b: frozenset[int]
    c: frozenset[int]
    proposed: frozenset[int]
    answer: int | None
    over_age: bool


class Oracle:
    def __init__(self, structures: Path, months: Path, ladders: Path) -> None:
        self.rows: dict[str, dict[int, list[str]]] = {}
        for country, _, year, *numbers in list(csv.reader(_lines(structures)))[1:]:
            self.rows.setdefault(country, {})[int(year)] = numbers
        self.months: dict[str, dict[int, int]] = {}
        for country, _, year, month, *_ in list(csv.reader(_lines(months)))[1:]:
            self.months.setdefault(country, {})[int(year)] = int(month)
        self.levels: dict[str, list[int]] = {}
        for row in csv.DictReader(_lines(ladders)):
            level = int(row["level_code"].removeprefix("level"))
            is_school = level in (1, 2, 3) or "grade" in row["year_grade"]
            if level > 0 and is_school:
                self.levels.setdefault(row["country_code"], []).append(level)

    def places(self, country: str, year: int) -> list[list[tuple[int, int]]]:
        """Every source's list of (level, year in level), from grade 1 on."""
        found = [_places([1] * p + [2] * low + [3] * up) for _, p, low, up in self.structures(country, year)]
        if country in self.levels and year >= self.in_force_since(country):
            found.append(_places(self.levels[country]))
        return found

    def in_force_since(self, country: str) -> int:
        year = max(self.rows.get(country, {}), default=0)
        while year > 0 and self.structures(country, year - 1) == self.structures(country, year):
            year -= 1
        return year

    def structures(self, country: str, year: int) -> list[Structure]:
        rows = {at: row for at, row in self.rows.get(country, {}).items() if row[0] not in ("", "0")}
        if not rows or year < min(rows):
            return []
        if year in rows:
            return self.of_row(rows, year)
        near = {max(at for at in rows if at < year)} | {min((at for at in rows if at > year), default=0)}
        return _once(each for at in sorted(near - {0}) for each in self.of_row(rows, at))

    def of_row(self, rows: dict[int, list[str]], at: int) -> list[Structure]:
        p, low, up, age, low_age, up_age = rows[at]
        if low == "":
            return self.borrowed(rows, at)
        stated = (int(age), int(p), int(low), int(up))
        by_age = (int(age), int(low_age) - int(age), int(up_age) - int(low_age), int(up))
        return _once([stated, by_age])

    def borrowed(self, rows: dict[int, list[str]], at: int) -> list[Structure]:
        p, age = rows[at][0], rows[at][3]
        full = [each for each in sorted(rows) if rows[each][1] != ""]
        near = [max((y for y in full if y < at), default=0), min((y for y in full if y > at), default=0)]
        fitting = [y for y in near if y and rows[y][0] == p and rows[y][3] == age]
        return _once(s for y in fitting for s in self.of_row(rows, y)) or [(int(age), int(p), 0, 0)]

    def month(self, country: str, year: int) -> int | None:
        months = self.months.get(country)
        return months[min(months, key=lambda at: (abs(at - year), at))] if months else None

    def starts(self, country: str, on: date) -> date | None:
        month = self.month(country, on.year)
        if month is None:
            return None
        running = date(on.year if on.month >= month else on.year - 1, month, 1)
        passed = (on.year - running.year) * 12 + on.month - running.month
        return running if passed < 9 else date(running.year + 1, month, 1)

    def expected(self, case: Case) -> Expected | None:
        """None where there is no ladder of the destination."""
        starts = self.starts(case.to, case.on) or case.on
        here = self.places(case.to, starts.year)
        if not here:
            return None
        most = max(len(each) for each in here)
        completed = frozenset(case.grade - step for step in STEPS[case.outcome])
        a = frozenset(y + 1 for y in completed if y + 1 <= most)
        by_level = [
            _same_place(there[y], ladder)
            for there in self.places(case.origin, case.year)
            for y in completed
            if y < len(there)
            for ladder in here
        ]
        b = frozenset(each for each in by_level if each)
        ages = self.ages(case, starts)
        entries = {age for age, *_ in self.structures(case.to, starts.year)}
        c = frozenset(age - entry + 1 for age in ages for entry in entries if 1 <= age - entry + 1 <= most)
        least = min(completed) + 1
        b_proposed = {n for n in b if n >= least}
        proposed = frozenset(a | b_proposed | {n for n in c if n >= least})
        all_of_age = all(1 <= age - entry + 1 <= most for age in ages for entry in entries)
        alone = len(a) == 1 and a == b == c and all(by_level) and all_of_age and max(completed) < most
        limits = [entry + n - 1 + 2 for entry in entries for n in a]
        return Expected(
            completed, a, b, c, proposed, min(a) if alone else None, bool(limits) and min(ages) >= max(limits)
        )

    def ages(self, case: Case, starts: date) -> set[int]:
        if self.month(case.to, case.on.year) is not None:
            return {_age(case.born, starts)}
        y, m = divmod(case.on.year * 12 + case.on.month - 1 - 9, 12)
        z, n = divmod(case.on.year * 12 + case.on.month - 1 + 3, 12)
        return set(range(_age(case.born, date(y, m + 1, 1)), _age(case.born, date(z, n + 1, 1)) + 1))


def _places(levels: list[int]) -> list[tuple[int, int]]:
    return [(level, levels[: at + 1].count(level)) for at, level in enumerate(levels)]


def _same_place(place: tuple[int, int], ladder: list[tuple[int, int]]) -> int | None:
    wanted = place if place in ladder else (place[0] + 1, 1)
    return ladder.index(wanted) + 1 if wanted in ladder else None


def _once(structures: object) -> list[Structure]:
    return list(dict.fromkeys(structures))  # type: ignore[call-overload]


def _age(born: date, on: date) -> int:
    return sum(
        1 for year in range(born.year + 1, on.year + 1) if (year, born.month, born.day) <= (on.year, on.month, on.day)
    )


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()
