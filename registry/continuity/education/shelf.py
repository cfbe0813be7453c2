"""All ladders that several files make together: names of one, structures of another, start months of a third."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from registry.continuity.education import gradelist, structure
from registry.continuity.education.ladder import Ladder, Start
from registry.continuity.education.sheet import Problem, Row, Sheet, Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """The ladders, and by the name of their file the rows that are set aside or read both ways."""

    ladders: tuple[Ladder, ...]
    problems: tuple[tuple[str, Problem], ...]


def assembled(sheets: Sequence[Sheet]) -> Shelf:
    """Dated structures come first, lists of names after them, each in the order of their files."""
    starts = _starts([each for each in sheets if each.table is Table.MONTHS])
    found: list[Ladder] = []
    problems = [(each.name, problem) for each in sheets for problem in each.problems]
    for sheet in (each for each in sheets if each.table is Table.STRUCTURES):
        for country, rows in _by_country(sheet, "iso3"):
            told = [row for _, row in rows]
            found += structure.ladders(country, told, starts.get(country, ()), _stem(sheet), sheet.version)
    for sheet in (each for each in sheets if each.table is Table.GRADES):
        for country, rows in _by_country(sheet, "country_code"):
            made, odd = gradelist.ladders(country, rows, starts.get(country, ()), _stem(sheet), sheet.version)
            found += made
            problems += [(sheet.name, problem) for problem in odd]
    return Shelf(ladders=tuple(found), problems=tuple(problems))


def _stem(sheet: Sheet) -> str:
    return sheet.name.removesuffix(".csv")


def _by_country(sheet: Sheet, column: str) -> list[tuple[str, list[tuple[int, Row]]]]:
    rows = sorted(sheet.rows, key=lambda each: (each[1][column], each[0]))
    return [(country, list(told)) for country, told in groupby(rows, key=lambda each: each[1][column])]


def _starts(sheets: Sequence[Sheet]) -> dict[str, tuple[Start, ...]]:
    """The start months of each country by year. Of several files the first names the month, all the span."""
    months: dict[tuple[str, int], list[tuple[int, int, int]]] = {}
    for row in (row for each in sheets for _, row in each.rows):
        month = int(row["month_start"])
        low, high = int(row.get("month_start_min") or month), int(row.get("month_start_max") or month)
        months.setdefault((row["iso3"], int(row["year"])), []).append((month, min(low, month), max(high, month)))
    found: dict[str, list[Start]] = {}
    for (country, year), told in sorted(months.items()):
        low, high = min(each[1] for each in told), max(each[2] for each in told)
        found.setdefault(country, []).append((year, told[0][0], low, high))
    return {country: tuple(each) for country, each in found.items()}
