"""A line of a file, read as a person: the same demographics as of any record, and what only files say.

A file is surveyed once before its lines are read: how it writes dates and sexes, and which values stand on so many
lines that they were typed because something had to be.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, zip_longest
from typing import Any

from registry.fhir import CANONICAL
from registry.fhir.dates import Calendar, PartialDate
from registry.identity import demographics
from registry.identity.demographics import Demographics
from registry.identity.files import days, texts
from registry.identity.files.columns import Columns, Known
from registry.identity.files.days import Order, Written

_ORIGINAL_DATE = f"{CANONICAL}/StructureDefinition/original-date"
_SHORTEST_NUMBER = 3
_SEVERAL_PHONES = re.compile(r"[/;,|]| - ")
_FILLER_OF_MOST = 0.5  # 1 January stands for a year: that is no filler until it is most of the file
_UNREAD_SEXES = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line. `numbers` are as typed, with their systems; the rest are letters and figures only, empty where missing.

    `address` has one part for each column of the file's address; `town` is the first of the villages.
    """

    id: str
    demographics: Demographics
    numbers: frozenset[tuple[str, str]] = frozenset()
    address: tuple[str, ...] = ()
    town: str = ""
    postcode: str = ""
    region: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """Something the file's owner should know; it never holds a value of a person."""

    where: str
    says: str
    remedy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """How a file writes what it says. `births` are the birth dates read, by their text."""

    columns: Columns
    births: Mapping[str, tuple[PartialDate, str]] = field(
        default_factory=dict[str, tuple[PartialDate, str]], repr=False
    )
    sexes: Mapping[str, str] = field(default_factory=dict[str, str])
    ignored: frozenset[str] = field(default=frozenset(), repr=False)
    remarks: tuple[Remark, ...] = ()


Cells = Mapping[str, str]
"""The cells of a line by their columns."""


def survey(lines: Iterable[Cells], columns: Columns, known: Known) -> Survey:
    """Look through a whole file once."""
    births, sexes, codes = Counter[str](), Counter[str](), Counter[str]()
    shared = _Shared()
    count = 0
    for cells in lines:
        count += 1
        shared.add(cells, columns)
        births[_birth_text(cells, columns)] += 1
        sexes[texts.bare(_first(cells, columns, "sex"))] += 1
        codes.update(chain((value for _, value in _numbers(cells, columns)), _phones(cells, columns)))
    births.pop("", None)
    how = days.written(births, known.months, columns.order)
    read, filled = _read_births(births, how, columns, known, lines=count)
    scheme, of_sexes = _sexes(sexes, columns, known)
    common = frozenset(value for value, often in codes.items() if often > known.most)
    of_households = shared.of_households()
    numbers = {system: column for system, column in columns.numbers.items() if system not in of_households}
    return Survey(
        columns=replace(columns, order=how.order, numbers=numbers),
        births=read,
        sexes=scheme,
        ignored=common | frozenset(each for each in codes if _is_no_number(each, known)),
        remarks=(
            *_of_births(how, columns, filled),
            *of_sexes,
            *_of_common(common, codes),
            *_of_shared(columns, of_households),
        ),
    )


_FEW_SHARED = 5
"""Rows of a file that share a number, from which on it can be told whose it is."""


@dataclass(frozen=True, slots=True)
class _Shared:
    """By system, how many rows have the number of an earlier row of the file, and how many are plainly other people."""

    first: dict[tuple[str, str], tuple[str, str]] = field(
        default_factory=dict[tuple[str, str], tuple[str, str]], repr=False
    )
    rows: Counter[str] = field(default_factory=Counter[str])
    others: Counter[str] = field(default_factory=Counter[str])

    def add(self, cells: Cells, columns: Columns) -> None:
        if not columns.numbers:
            return
        given = texts.bare(_first(cells, columns, "given") or _first(cells, columns, "whole_name"))
        told = (given, _birth_text(cells, columns))
        for system, value in _numbers(cells, columns):
            before = self.first.setdefault((system, value), told)
            if before is not told:
                self.rows[system] += 1
                self.others[system] += all(one != other for one, other in zip(before, told, strict=True))

    def of_households(self) -> frozenset[str]:
        """The systems whose numbers are a household's: who shares one is mostly called and born otherwise."""
        few = (each for each, count in self.rows.items() if count >= _FEW_SHARED)
        return frozenset(each for each in few if self.others[each] > self.rows[each] / 2)


def _of_shared(columns: Columns, systems: Iterable[str]) -> Iterator[Remark]:
    for each in sorted(systems):
        says = "the numbers of this column are shared by people of other names and birth dates, not used"
        yield Remark(where=columns.numbers[each], says=says)


def read(cells: Cells, surveyed: Survey) -> Row:
    """The person of a line."""
    columns = surveyed.columns
    numbers = frozenset(each for each in _numbers(cells, columns) if each[1] not in surveyed.ignored)
    official = {*columns.official}
    return Row(
        id=cells[columns.id],
        demographics=demographics.of(_patient(cells, surveyed, [each for each in numbers if each[0] in official])),
        numbers=frozenset(each for each in numbers if each[0] not in official),
        address=tuple(texts.code(cells[each]) for each in columns.fields.get("address", ())),
        town=texts.code(_first(cells, columns, "village")),
        postcode=texts.code(_first(cells, columns, "postcode")),
        region=texts.code(_first(cells, columns, "region")),
    )


def _patient(cells: Cells, surveyed: Survey, official: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """The line as the Patient an adapter would make of it."""
    columns = surveyed.columns
    phones = (each for each in _phones(cells, columns) if each not in surveyed.ignored)
    return {
        "name": [*_names(cells, columns)],
        "gender": surveyed.sexes.get(texts.bare(_first(cells, columns, "sex"))),
        "contact": [
            {"relationship": [{"coding": [{"code": code}]}], "name": {"given": [name]}}
            for kin, code in _KIN
            for name in _each(cells, columns, kin)
        ],
        "address": [{"city": each} for each in _each(cells, columns, "village")],
        "telecom": [{"system": "phone", "value": each} for each in phones],
        "identifier": [{"system": system, "value": value, "use": "official"} for system, value in official],
        **_birth(surveyed.births.get(_birth_text(cells, columns))),
    }


_KIN = (("father", "FTH"), ("grandfather", "GRFTH"), ("mother", "MTH"))


def _names(cells: Cells, columns: Columns) -> Iterator[dict[str, Any]]:
    """Every spelling of the name: the n-th columns of its parts belong together."""
    parts = [[cells[each].strip() for each in columns.fields.get(part, ())] for part in ("given", "further", "family")]
    for given, further, family in zip_longest(*parts, fillvalue=""):
        yield {"given": [each for each in (given, further) if each], "family": family}
    yield from ({"text": each} for each in _each(cells, columns, "whole_name"))


def _birth(read: tuple[PartialDate, str] | None) -> dict[str, Any]:
    if read is None:
        return {}
    date, original = read
    extension = [{"url": _ORIGINAL_DATE, "valueString": original}]
    return {"birthDate": str(date), **({"_birthDate": {"extension": extension}} if original else {})}


def _each(cells: Cells, columns: Columns, name: str) -> list[str]:
    """What the columns of a field hold on this line."""
    return [text for column in columns.fields.get(name, ()) if (text := cells[column].strip())]


def _first(cells: Cells, columns: Columns, name: str) -> str:
    return next(iter(_each(cells, columns, name)), "")


def _birth_text(cells: Cells, columns: Columns) -> str:
    """The birth date as typed; one in three columns as year, month and day."""
    if "birth_year" not in columns.fields:
        return _first(cells, columns, "birth")
    parts = [_first(cells, columns, each) for each in ("birth_year", "birth_month", "birth_day")]
    return "-".join(part if part.isdecimal() else "" for part in parts).rstrip("-").replace("--", "-00-")


def _numbers(cells: Cells, columns: Columns) -> Iterator[tuple[str, str]]:
    for system, column in chain(columns.numbers.items(), columns.official.items()):
        if len(value := texts.code(cells[column])) >= _SHORTEST_NUMBER:
            yield system, value


def _phones(cells: Cells, columns: Columns) -> Iterator[str]:
    written = (part for each in _each(cells, columns, "phone") for part in _SEVERAL_PHONES.split(each))
    return (value for each in written if (value := texts.code(each)))


def _is_no_number(value: str, known: Known) -> bool:
    return len(set(value)) == 1 or value in known.no_numbers


def _read_births(
    counted: Mapping[str, int], how: Written, columns: Columns, known: Known, *, lines: int
) -> tuple[dict[str, tuple[PartialDate, str]], int]:
    """The dates by their texts, and how many lines hold one that only stands for a date nobody knew."""
    found = {text: read for text in counted if (read := _read_birth(text, how, columns, known))}
    often = Counter[PartialDate]()
    for text, (date, _) in found.items():
        often[date] += counted[text]
    fillers = {date for date, count in often.items() if _is_filler(date, count, lines, known)}
    kept = {text: read for text, read in found.items() if read[0] not in fillers}
    return kept, sum(often[each] for each in fillers)


def _read_birth(text: str, how: Written, columns: Columns, known: Known) -> tuple[PartialDate, str] | None:
    if columns.calendar is Calendar.GREGORIAN:
        date = days.read(text, known.months, how.order)
        return (date, "") if date else None
    found = days.converted(text, known.months, how.order, columns.calendar)
    return (found[0], "{:04d}-{:02d}-{:02d} ".format(*found[1]) + columns.calendar.value) if found else None


def _is_filler(date: PartialDate, count: int, lines: int, known: Known) -> bool:
    if str(date) in known.no_births:
        return True
    most = _FILLER_OF_MOST if (date.month, date.day) == (1, 1) else known.share
    return date.is_day and count > max(known.most, most * lines)


_WORDS = {Order.YMD: "year/month/day", Order.DMY: "day/month/year", Order.MDY: "month/day/year"}


def _of_births(how: Written, columns: Columns, filled: int) -> Iterator[Remark]:
    where = ", ".join(columns.fields.get("birth", columns.fields.get("birth_year", ())))
    if how.order and how.shown_by:
        says = f"birth dates are read as {_WORDS[how.order]}, because {how.shown_by} of them can only be read so"
        yield Remark(where=where, says=says)
    other_calendar = how.other_calendar if columns.calendar is Calendar.GREGORIAN else 0
    for count, says, remedy in (
        (how.undecided, "day/month or month/day? Only the year is used of birth dates that may be either", _SAY_ORDER),
        (how.unread, "birth dates that cannot be read count as missing", "write them as 2015-04-03"),
        (how.impossible, "only the year is used of birth dates that are no day of the calendar", ""),
        (other_calendar, "birth dates lie before 1850, perhaps by another calendar", _SAY_CALENDAR),
        (filled, "birth dates that stand for a date nobody knew count as missing", ""),
    ):
        if count:
            yield Remark(where=where, says=f"{says}: {count:,}", remedy=remedy)


_SAY_ORDER = 'say which in the map: "birth": {"column": ..., "order": "dmy"} (or "mdy")'
_SAY_CALENDAR = 'say it in the map: "birth": {"column": ..., "calendar": "hijri"} (or "ethiopian")'


def _sexes(counted: Mapping[str, int], columns: Columns, known: Known) -> tuple[Mapping[str, str], list[Remark]]:
    """The scheme that explains the column best: M is a man, or where there is an H, a woman (mujer)."""
    told = {text: count for text, count in counted.items() if text not in known.no_sexes}
    unread = [sum(count for text, count in told.items() if text not in each) for each in known.sexes]
    least = min(unread)
    if least > _UNREAD_SEXES * sum(told.values()):
        says = f"the column is not used: sexes that cannot be read: {least:,}"
        return {}, [Remark(where=columns.fields["sex"][0], says=says, remedy="write f and m")]
    return known.sexes[unread.index(least)], []


def _of_common(common: Iterable[str], counted: Mapping[str, int]) -> Iterator[Remark]:
    held: Sequence[int] = sorted(counted[each] for each in common)
    if held:
        says = (
            f"numbers or phones that stand on many rows (up to {held[-1]:,}) tell nobody apart, not used: {len(held):,}"
        )
        yield Remark(where="numbers and phones", says=says)
