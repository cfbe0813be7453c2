"""Dates as sources write them into dates of known precision, by a stated notation and never by guessing.

A notation is a word such as `YYYY-MM-DD`, `DD/MM/YYYY`, `YYYYMMDD`, `YYYY-MM`; the mapping of an adapter
states which ones a source uses, in order. Two notations that read the same digits differently cannot stand
in one list. A date may say its calendar itself (`1445-06-25 H`, `2015-07-01 E.C.`). A date that cannot be
is left out with a finding.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from adapters.sdk.ledger import Ledger
from registry.fhir import dates
from registry.fhir.dates import Calendar, PartialDate

_PARTS = {"YYYY": r"(?P<year>[0-9]{4})", "MM": r"(?P<month>[0-9]{1,2})", "DD": r"(?P<day>[0-9]{1,2})"}
_CLOCK = r"(?:[T ][0-9]{1,2}(?::[0-9]{2}){1,2}(?:[.,][0-9]+)?(?: ?Z| ?[+-][0-9]{2}:?[0-9]{2})?)?"
_MARKS: tuple[tuple[re.Pattern[str], Calendar], ...] = (
    (re.compile(r"\s*(?:S\.?H\.?|solar hijri|هـ?\.?\s?ش\.?)$", re.IGNORECASE), Calendar.SOLAR_HIJRI),
    (re.compile(r"\s*(?:A\.?H\.?|H\.?|hijri|هـ|ه)$", re.IGNORECASE), Calendar.HIJRI),
    (re.compile(r"\s*(?:E\.?C\.?|ethiopian|ዓ\.?ም\.?)$", re.IGNORECASE), Calendar.ETHIOPIAN),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """A date, and what was written when that was in another calendar (`1445-06-25 hijri`)."""

    date: PartialDate
    original: str = ""


@cache
def _pattern(notation: str) -> re.Pattern[str]:
    strict = re.sub("[-/. ]", "", notation) == notation  # digits without separators have fixed widths
    pattern = re.escape(notation)
    for name, part in _PARTS.items():
        pattern = pattern.replace(name, part.replace("{1,2}", "{2}") if strict else part)
    return re.compile(f"^{pattern}{'' if strict else _CLOCK}$")


def check_notations(notations: Sequence[str]) -> None:
    """Raise ValueError when two notations would read the same digits as different days."""
    orders: dict[tuple[str, ...], str] = {}
    for notation in notations:
        if not re.fullmatch(r"(?:YYYY|MM|DD|[-/. ])+", notation) or "YYYY" not in notation:
            raise ValueError(f"unknown notation {notation!r}")
        shape = tuple(re.sub("MM|DD", "#", part) for part in re.findall(r"YYYY|MM|DD|[-/. ]", notation))
        if notation.isalpha():  # without separators only the number of digits tells
            shape = (str(len(notation)),)
        if orders.setdefault(shape, notation) != notation:
            raise ValueError(f"{notation!r} and {orders[shape]!r} read the same digits differently")


def read(text: str, notations: Sequence[str], calendar: Calendar = Calendar.GREGORIAN) -> When | None:
    """The date, or None: no notation fits, or no such day exists. A mark in the text decides the calendar."""
    plain, calendar = _marked(_western_digits(text.strip()), calendar)
    for notation in notations:
        found = _pattern(notation).match(plain)
        if found:
            parts = {name: int(value) for name, value in found.groupdict().items()}
            return _dated(parts["year"], parts.get("month"), parts.get("day"), calendar)
    return None


def _western_digits(text: str) -> str:
    return "".join(str(unicodedata.decimal(each)) if each.isdecimal() else each for each in text)


def _marked(text: str, calendar: Calendar) -> tuple[str, Calendar]:
    for mark, marked in _MARKS:
        if mark.search(text):
            return mark.sub("", text), marked
    return text, calendar


def _dated(year: int, month: int | None, day: int | None, calendar: Calendar) -> When | None:
    if calendar is Calendar.GREGORIAN:
        try:
            return When(date=PartialDate(year, month, day))
        except ValueError:
            return None
    written = "-".join((f"{year:04d}", *(f"{part:02d}" for part in (month, day) if part)))
    converted = _common(*_span(year, month, day, calendar))
    return When(date=converted, original=f"{written} {calendar.value}") if converted else None


def _span(
    year: int, month: int | None, day: int | None, calendar: Calendar
) -> tuple[PartialDate | None, PartialDate | None]:
    """The first and the last Gregorian day that the date of another calendar can mean."""
    if month is not None and day is not None:
        exact = dates.convert(year, month, day, calendar)
        return exact, exact
    first = dates.convert(year, month or 1, 1, calendar)
    final = month or (13 if calendar is Calendar.ETHIOPIAN else 12)
    last = (dates.convert(year, final, each, calendar) for each in range(31, 0, -1))
    return first, next((each for each in last if each), None)


def _common(first: PartialDate | None, last: PartialDate | None) -> PartialDate | None:
    """The most precise Gregorian date that covers both; None when they fall into two years."""
    if first is None or last is None or first.year != last.year:
        return None
    if first == last:
        return first
    return PartialDate(first.year, first.month if first.month == last.month else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dates:
    """Reads the dates of one source and notes in its ledger what could not be."""

    ledger: Ledger
    notations: Sequence[str]
    today: date  # the day the file was received; one more day is allowed for clocks of other time zones

    def read(self, text: str, *, where: str, calendar: Calendar = Calendar.GREGORIAN) -> When | None:
        """The date, or None with a finding; nothing is said about an empty text."""
        if not text.strip():
            return None
        when = read(text, self.notations, calendar)
        if when is None:
            name, notations = _calendar_of(text, calendar).value, ", ".join(self.notations)
            self.ledger.warn(
                "impossible-date",
                where,
                f"not a date that the {name} calendar has and FHIR can say, written as one of {notations}",
                "correct it in the source system; nothing was guessed and the date was left out",
            )
        elif when.date.first > self.today + timedelta(days=1):
            self.ledger.warn("future-date", where, "the date lies after the day the file was received")
        return when


def _calendar_of(text: str, calendar: Calendar) -> Calendar:
    return _marked(text.strip(), calendar)[1]
