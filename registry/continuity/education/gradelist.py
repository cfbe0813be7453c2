"""From lists of grade names to ladders that know how their country writes its grades.

The year of a row is its place in the list, and its age must agree; where it does not, its names mean both years.
A name that carries the name of another year inside is read both ways.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from registry.continuity.education import ladder
from registry.continuity.education.ladder import Grade, Label, Ladder, Start
from registry.continuity.education.sheet import Problem, Row
from registry.continuity.education.structure import PROGRAMMES

_LANGUAGE = "und"
_NAMES = ("year_grade", "label_for_kobo", "name_for_kobo")
_GENERAL = max(PROGRAMMES)


@dataclass(frozen=True, slots=True)
class Rung:
    """A row with the years it can mean, 0 for what comes before school."""

    row: Row
    number: int
    level: int
    year: int
    by_age: int

    @property
    def years(self) -> frozenset[int]:
        return frozenset({self.year, self.by_age})


def ladders(
    country: str, rows: Sequence[tuple[int, Row]], starts: tuple[Start, ...], source: str, version: str
) -> tuple[list[Ladder], list[Problem]]:
    """The ladders of one country, one for each span of years its rows state, with what is odd about the list."""
    spans: dict[tuple[str, str], list[tuple[int, Row]]] = {}
    for number, row in rows:
        spans.setdefault((row.get("valid_from", ""), row.get("valid_to", "")), []).append((number, row))
    made = [_ladder(country, span, told, starts, source, version) for span, told in spans.items()]
    return ladder.told_apart(each for each, _ in made if each), [problem for _, found in made for problem in found]


def _ladder(
    country: str,
    span: tuple[str, str],
    rows: Sequence[tuple[int, Row]],
    starts: tuple[Start, ...],
    source: str,
    version: str,
) -> tuple[Ladder | None, list[Problem]]:
    rungs, outside = _rungs(rows)
    school = [each for each in rungs if each.year]
    if not school:
        return None, [_problem(rows[0][0], "level_code", "no row is a grade of school", "use level1 to level3")]
    names = _named(rungs)
    dated = "" if any(span) else "undated"
    made = Ladder(
        id=f"{country.lower()}{f'-{span[0]}' if span[0] else ''}@{source}",
        version=version,
        source=source,
        country=country,
        valid_from=int(span[0] or 0),
        valid_to=int(span[1]) if span[1] else None,
        entry_age=int(school[0].row["theoretical_start_age"]),
        starts=starts,
        languages=(),
        grades=tuple(_grades(school)),
        names=names,
        parts={name: years for name, years in _pieces(rungs).items() if name not in names},
        outside=frozenset(ladder.fold(name) for row in outside for name in _said(row)),
        notes=(dated,) if dated else (),
    )
    return made, [*_odd(school), *_torn(rungs, names)]


def _rungs(rows: Sequence[tuple[int, Row]]) -> tuple[list[Rung], list[Row]]:
    """The rows of school in order of age, and those of what comes after or beside it.

    Beyond the three levels of general schooling a row counts as school only when it is named by the number it has:
    a thirteenth grade is one, a university is none.
    """
    told = sorted(rows, key=lambda each: (int(each[1]["level_code"][-1]) > 0, int(each[1]["theoretical_start_age"])))
    rungs: list[Rung] = []
    outside: list[Row] = []
    first = next((int(row["theoretical_start_age"]) for _, row in told if row["level_code"] != "level0"), 0)
    for number, row in told:
        level, age, year = int(row["level_code"][-1]), int(row["theoretical_start_age"]), _next(rungs)
        if level == 0:
            rungs.append(Rung(row, number, level, 0, 0))
        elif level <= _GENERAL or re.search(rf"(?<!\d){year}(?!\d)", row["year_grade"]):
            rungs.append(Rung(row, number, level, year, age - first + 1))
        else:
            outside.append(row)
    return rungs, outside


def _next(rungs: Sequence[Rung]) -> int:
    return max((each.year for each in rungs), default=0) + 1


def _grades(school: Sequence[Rung]) -> Iterable[Grade]:
    for at, each in enumerate(school):
        yield Grade(
            year=each.year,
            isced=each.level,
            programme=PROGRAMMES.get(each.level, f"{each.level}44"),
            position=sum(1 for other in school[: at + 1] if other.level == each.level),
            labels=tuple(
                Label(text=name, language=each.row.get("label_language") or _LANGUAGE)
                for name in dict.fromkeys(_said(each.row)[:2])
            ),
        )


def _said(row: Row) -> list[str]:
    """The names of a row: as listed, as shown, as coded; the level alone where it has no grades."""
    found = [row[name] for name in _NAMES if row.get(name)]
    return found or [row.get("learning_level", "")]


def _named(rungs: Sequence[Rung]) -> dict[str, frozenset[int]]:
    """Whole names with the years they can mean."""
    plain = ladder.gathered((name, year) for each in rungs for name in _said(each.row) for year in each.years)
    inside = {name: years | _contradicting(name, years, plain) for name, years in plain.items()}
    levelled = ladder.gathered(
        (f"{each.row.get('learning_level', '')} {each.row['year_grade']}", year)
        for each in rungs
        for year in each.years
    )
    return levelled | inside


def _contradicting(name: str, years: frozenset[int], plain: Mapping[str, frozenset[int]]) -> frozenset[int]:
    """The years of a whole name that another name ends with: `4eme - grade 7` ends as year 7 is called."""
    words = name.split()
    ends = (" ".join(words[at:]) for at in range(1, len(words)))
    other = next((plain[end] for end in ends if end in plain and " " in end), frozenset[int]())
    return other if not other & years else frozenset()


def _pieces(rungs: Sequence[Rung]) -> dict[str, frozenset[int]]:
    """Pieces of names, as they are set apart by dashes, commas and brackets, with all years they occur in."""
    return ladder.gathered(
        (piece, year)
        for each in rungs
        for name in (*_said(each.row)[:2], each.row.get("learning_level", ""))
        for piece in re.split(r"\s-\s?|[,()/]", name)
        for year in each.years
    )


def _odd(school: Sequence[Rung]) -> list[Problem]:
    """Rows whose age does not continue the list: a hole, or two rows of one age."""
    return [
        _problem(
            each.number,
            "theoretical_start_age",
            f"grade {each.year} by its place and grade {each.by_age} by its age: read both ways",
            "add the missing grade, or give the tracks that run side by side files of their own",
        )
        for each in school
        if each.year != each.by_age
    ]


def _torn(rungs: Sequence[Rung], names: Mapping[str, frozenset[int]]) -> list[Problem]:
    """Names that can mean another year than that of their row."""
    return [
        _problem(each.number, column, f"the name can mean the years {_listed(years)}: read both ways", "correct one")
        for each in rungs
        for column in _NAMES
        if each.row.get(column)
        and len(years := names.get(ladder.fold(each.row[column]), frozenset())) > 1
        and each.year == each.by_age
    ]


def _listed(years: Iterable[int]) -> str:
    return ", ".join(map(str, sorted(years)))


def _problem(row: int, column: str, what: str, remedy: str) -> Problem:
    return Problem(row=row, column=column, what=what, remedy=remedy)
