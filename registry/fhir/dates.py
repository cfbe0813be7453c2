"""Dates that keep the precision they were told with; nothing here ever invents a day.

A date may be known to the day, the month or the year. Arithmetic is done on the interval of days it can mean.
Dates of other calendars are converted by exact rules and stay marked as converted.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum

from hijridate import Hijri

_ISO = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2})(?:T.*)?)?)?")


class Calendar(Enum):
    """The calendar a source wrote its date in."""

    GREGORIAN = "gregorian"
    HIJRI = "hijri"  # Umm al-Qura, 1343-1500 AH
    ETHIOPIAN = "ethiopian"
    SOLAR_HIJRI = "solar-hijri"  # of Iran and Afghanistan, 1178-1633


@dataclass(frozen=True, slots=True, order=True)
class PartialDate:
    """A Gregorian date known to the year, the month or the day."""

    year: int
    month: int | None = None
    day: int | None = None

    def __post_init__(self) -> None:
        if self.day is not None and self.month is None:
            raise ValueError("a day needs a month")
        date(self.year, self.month or 1, self.day or 1)  # raises ValueError on an impossible date

    def __str__(self) -> str:
        parts = (f"{self.year:04d}", self.month and f"{self.month:02d}", self.day and f"{self.day:02d}")
        return "-".join(part for part in parts if part)

    @property
    def first(self) -> date:
        """The earliest day it can mean."""
        return date(self.year, self.month or 1, self.day or 1)

    @property
    def last(self) -> date:
        """The latest day it can mean."""
        month = self.month or 12
        return date(self.year, month, self.day or monthrange(self.year, month)[1])

    @property
    def is_day(self) -> bool:
        return self.day is not None

    def may_be(self, other: PartialDate) -> bool:
        """Whether the two can mean the same day."""
        return self.first <= other.last and other.first <= self.last


def of(day: date) -> PartialDate:
    return PartialDate(day.year, day.month, day.day)


def parse(text: str) -> PartialDate | None:
    """Read a FHIR date or dateTime; None when it is neither. A time of day is dropped."""
    found = _ISO.fullmatch(text)
    if not found:
        return None
    try:
        return PartialDate(*(int(part) if part else None for part in found.groups()))  # pyright: ignore[reportArgumentType]
    except ValueError:
        return None


def convert(year: int, month: int, day: int, calendar: Calendar) -> PartialDate | None:
    """The Gregorian day of a date in `calendar`; None when no such day exists there."""
    try:
        return _CONVERSIONS[calendar](year, month, day)
    except (ValueError, OverflowError):
        return None


def _from_hijri(year: int, month: int, day: int) -> PartialDate:
    return of(Hijri(year, month, day).to_gregorian())


def _from_ethiopian(year: int, month: int, day: int) -> PartialDate:
    # The Ethiopian year has twelve months of 30 days and a thirteenth of 5, or 6 in a year with year % 4 == 3.
    # 1 Meskerem 1 is 29 August 8 of the Julian calendar, Julian day 1724221
    # (Dershowitz and Reingold, Calendrical Calculations, 4th edition 2018, section 4.2).
    last_day = 30 if month <= 12 else 5 + (year % 4 == 3)
    if not (1 <= month <= 13 and 1 <= day <= last_day and year >= 1):
        raise ValueError("no such Ethiopian date")
    julian_day = 1724221 + 365 * (year - 1) + year // 4 + 30 * (month - 1) + day - 1
    return of(date(2000, 1, 1) + timedelta(days=julian_day - 2451545))


def _from_solar_hijri(year: int, month: int, day: int) -> PartialDate:
    # Six months of 31 days, five of 30, a last of 29, or 30 in a leap year; 8 of 33 years are leap years, which agrees
    # with the equinox at Tehran from 1178 to 1633 (the rule of ICU's PersianCalendar,
    # Unicode Inc.). 1 Farvardin 1 is Julian day 1948320.
    leap = (25 * year + 11) % 33 < 8
    last_day = 31 if month <= 6 else 30 if month <= 11 or leap else 29
    if not (1178 <= year <= 1633 and 1 <= month <= 12 and 1 <= day <= last_day):
        raise ValueError("no such Solar Hijri date")
    julian_day = 1948320 + 365 * (year - 1) + (8 * year + 21) // 33 + 30 * (month - 1) + min(month - 1, 6) + day - 1
    return of(date(2000, 1, 1) + timedelta(days=julian_day - 2451545))


_CONVERSIONS = {
    Calendar.GREGORIAN: PartialDate,
    Calendar.HIJRI: _from_hijri,
    Calendar.ETHIOPIAN: _from_ethiopian,
    Calendar.SOLAR_HIJRI: _from_solar_hijri,
}
