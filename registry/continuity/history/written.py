"""Dates as cards write them, in other calendars and orders, read without guessing.

A FHIR date keeps its precision. A text may name its calendar (`15/03/1442 هـ`, `12-11-1399 SH`, `2012-10-05 E.C.`) and
may write the day first or last. Where two readings of the same digits are both real days, only the year, or the month
both share, is known.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from registry.fhir import dates
from registry.fhir.dates import Calendar, PartialDate

_SOLAR = r"(?:A\.?H\.?S\.?|S\.?H\.?|solar hijri|jalali|shamsi|هـ?\.?\s?ش\.?|شمسی|شمسي)\.?$"
_MARKS: tuple[tuple[str, Calendar], ...] = (
    (_SOLAR, Calendar.SOLAR_HIJRI),
    (r"(?:A\.?H\.?|H\.?|hijri|هـ|ه|هجري|هجرية)$", Calendar.HIJRI),
    (r"(?:E\.?C\.?|ethiopian|ዓ\.?\s?ም\.?)$", Calendar.ETHIOPIAN),
)
_CALENDARS = tuple((re.compile(mark, re.IGNORECASE), calendar) for mark, calendar in _MARKS)
_PARTS = re.compile(r"(\d{1,4})\s*[-/.]\s*(\d{1,2})\s*[-/.]\s*(\d{1,4})")


def read(text: str) -> tuple[PartialDate | None, bool]:
    """The Gregorian date a text tells, and whether it was converted from another calendar; None when it tells none."""
    found = dates.parse(text)
    if found:
        return found, False
    plain, calendar = _marked(_western_digits(text).strip())
    parts = _PARTS.fullmatch(plain)
    days = _days(int(parts[1]), int(parts[2]), int(parts[3]), calendar) if parts else set[PartialDate]()
    return _common(days), bool(days) and calendar is not Calendar.GREGORIAN


def exchanged(when: PartialDate) -> PartialDate | None:
    """The date with day and month exchanged; None when that is no other real day."""
    if not when.is_day or when.day == when.month:
        return None
    return dates.convert(when.year, when.day or 0, when.month or 0, Calendar.GREGORIAN)


def _marked(text: str) -> tuple[str, Calendar]:
    for mark, calendar in _CALENDARS:
        found = mark.search(text)
        if found:
            return text[: found.start()].strip(), calendar
    return text, Calendar.GREGORIAN


def _western_digits(text: str) -> str:
    return "".join(str(unicodedata.decimal(each)) if each.isdecimal() else each for each in text)


def _days(one: int, two: int, three: int, calendar: Calendar) -> set[PartialDate]:
    """The real days three numbers can mean; none when neither end is a year of four digits."""
    orders = {
        (True, False): ((one, two, three),),
        (False, True): ((three, two, one), (three, one, two)),
    }.get((one > 99, three > 99), ())
    found = (dates.convert(*order, calendar) for order in orders)
    return {each for each in found if each}


def _common(days: Iterable[PartialDate]) -> PartialDate | None:
    """What all of them share: a day, a month, a year or nothing."""
    several = sorted(days)
    if len(several) <= 1:
        return several[0] if several else None
    if len({(each.year, each.month) for each in several}) == 1:
        return PartialDate(several[0].year, several[0].month)
    return PartialDate(several[0].year) if len({each.year for each in several}) == 1 else None
