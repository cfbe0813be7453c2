"""Ladders in the columns of published tables: UIS structures, UIS start months, and lists of grade names.

A table is known by its header. A row that cannot be read is set aside with its place and what to do, and the rest is
read; nothing is dropped in silence.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from registry.continuity.education import cells
from registry.errors import BadInput

FIRST, LAST = 1900, 2200
"""The years a table may tell of."""


class Table(Enum):
    """What a file holds, and the columns it is known by."""

    STRUCTURES = "structures"
    MONTHS = "start months"
    GRADES = "grades"


COLUMNS: Mapping[Table, tuple[str, ...]] = {
    Table.STRUCTURES: (
        "iso3",
        "year",
        "prim_dur_uis",
        "lowsec_dur_uis",
        "upsec_dur_uis",
        "prim_age_uis",
        "lowsec_age_uis",
        "upsec_age_uis",
    ),
    Table.MONTHS: ("iso3", "year", "month_start"),
    Table.GRADES: ("country_code", "level_code", "year_grade", "theoretical_start_age"),
}
OPTIONAL: Mapping[Table, tuple[str, ...]] = {
    Table.STRUCTURES: ("country",),
    Table.MONTHS: ("country", "month_start_min", "month_start_max"),
    Table.GRADES: (
        "country",
        "learning_level",
        "name_for_kobo",
        "label_for_kobo",
        "valid_from",
        "valid_to",
        "label_language",
    ),
}
# Columns of the published start months that say how the table was made, not when a year begins.
_KNOWN_UNREAD = {"max_month", "min_month", "diff", "missing", "flag_month"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is wrong with a place in a file, and what to do."""

    row: int
    column: str
    what: str
    remedy: str


Row = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """The readable rows of a file, each with its row number, as texts by column."""

    name: str
    digest: str
    table: Table
    rows: tuple[tuple[int, Row], ...]
    problems: tuple[Problem, ...]
    unread: tuple[str, ...]

    @property
    def version(self) -> str:
        return f"{self.name} sha256:{self.digest[:12]}"


def read(name: str, text: str, digest: str) -> Sheet:
    """Read a table. Raises BadInput naming the columns when it is none of ours, or when it has no row."""
    (first, header), *lines = cells.read(text, name)
    table = _table(header, f"{name}, row {first}")
    rows: list[tuple[int, Row]] = []
    problems: list[Problem] = []
    for number, told in lines:
        row = {column: _plain(column, cell) for column, cell in zip(header, told, strict=False)}
        wrong = _uneven(number, told, header) or _wrong(number, row, table)
        problems += wrong
        if not wrong:
            rows.append((number, row))
    if not rows and not problems:
        raise BadInput("the file has a header and no row", where=name, remedy="export it again")
    return Sheet(
        name=name,
        digest=digest,
        table=table,
        rows=tuple(rows),
        problems=tuple(problems),
        unread=tuple(
            each for each in header if each not in (*COLUMNS[table], *OPTIONAL[table]) and each not in _KNOWN_UNREAD
        ),
    )


def _plain(column: str, cell: str) -> str:
    return cells.number(cell) if column in _RULES and column not in _CODES else cell


def _table(header: Sequence[str], where: str) -> Table:
    repeated = sorted({each for each in header if header.count(each) > 1 and each})
    if repeated:
        what = f"a column stands twice; {cells.positions(header, repeated)}"
        raise BadInput(what, where=where, remedy="keep one of each")
    for table, columns in COLUMNS.items():
        if set(columns) <= set(header):
            return table
    missing = {table.value: [each for each in columns if each not in header] for table, columns in COLUMNS.items()}
    nearest = min(missing, key=lambda each: len(missing[each]))
    lacking = f"nearest to a table of {nearest}, it lacks the columns {', '.join(missing[nearest])}"
    raise BadInput(f"the header is none we know; {lacking}", where=where, remedy="see --help for the columns")


def _uneven(number: int, told: Sequence[str], header: Sequence[str]) -> list[Problem]:
    if len(told) == len(header):
        return []
    what = f"{len(told)} cells under {len(header)} columns"
    return [Problem(row=number, column="", what=what, remedy="quote cells that hold the separator")]


def _wrong(number: int, row: Row, table: Table) -> list[Problem]:
    found: list[Problem] = []
    for column, (is_right, wanted) in _RULES.items():
        if column in row and not is_right(row[column], table):
            found.append(Problem(row=number, column=column, what="not as it must be", remedy=f"write {wanted}"))
    return found or _torn(number, row, table)


def _torn(number: int, row: Row, table: Table) -> list[Problem]:
    """Secondary schooling told in part: all of its four cells or none."""
    told = [row.get(each, "") for each in COLUMNS[Table.STRUCTURES][3:]]
    secondary = [told[0], told[1], told[3], told[4]]
    if table is not Table.STRUCTURES or all(secondary) or not any(secondary):
        return []
    return [
        Problem(
            row=number,
            column="lowsec_dur_uis",
            what="secondary schooling is told in part",
            remedy="fill durations and ages of both levels, or leave all four empty",
        )
    ]


def whole(low: int, high: int, *, may_be_empty: bool = False) -> Callable[[str, Table], bool]:
    """A check for whole numbers in a range."""

    def is_right(cell: str, _: Table) -> bool:
        if not cell:
            return may_be_empty
        return cell.isascii() and cell.isdecimal() and len(cell) < 5 and low <= int(cell) <= high

    return is_right


def _is_country(cell: str, _: Table) -> bool:
    return re.fullmatch("[A-Z]{3}", cell) is not None


def _is_level(cell: str, _: Table) -> bool:
    return re.fullmatch("level[0-8]", cell) is not None


_COUNTRY = (_is_country, "three capital letters of ISO 3166")
_YEAR = (whole(FIRST, LAST), "a year of four digits")
_MAYBE_YEAR = (whole(FIRST, LAST, may_be_empty=True), "a year of four digits, or nothing")
_YEARS = (whole(0, 15, may_be_empty=True), "years as a whole number from 0 to 15, or nothing where it is not known")
_AGE = (whole(0, 25, may_be_empty=True), "an age in whole years, or nothing where it is not known")
_MONTH = (whole(1, 12), "a month from 1 to 12")
_MAYBE_MONTH = (whole(1, 12, may_be_empty=True), "a month from 1 to 12, or nothing")
_CODES = {"iso3", "country_code", "level_code"}
_RULES: Mapping[str, tuple[Callable[[str, Table], bool], str]] = {
    "iso3": _COUNTRY,
    "country_code": _COUNTRY,
    "year": _YEAR,
    "prim_dur_uis": (whole(0, 15), "years as a whole number from 0 to 15"),
    "lowsec_dur_uis": _YEARS,
    "upsec_dur_uis": _YEARS,
    "prim_age_uis": (whole(0, 15), "an age in whole years"),
    "lowsec_age_uis": _AGE,
    "upsec_age_uis": _AGE,
    "month_start": _MONTH,
    "month_start_min": _MAYBE_MONTH,
    "month_start_max": _MAYBE_MONTH,
    "level_code": (_is_level, "level0 to level8"),
    "theoretical_start_age": (whole(1, 40), "an age in whole years"),
    "valid_from": _MAYBE_YEAR,
    "valid_to": _MAYBE_YEAR,
}
