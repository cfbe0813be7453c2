"""Birth dates told in another calendar: the Islamic, the Solar Hijri, the Ethiopian and the Buddhist one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from hijridate import Gregorian

Told = tuple[int, int, int]
"""Year, month and day in a calendar."""

# Solar Hijri years of 366 days, by their place in a cycle of 33 years (true for everybody alive), and a new year's day
# to count from.
_LEAP = (1, 5, 9, 13, 17, 22, 26, 30)
_NOWRUZ_1391 = date(2012, 3, 20)


def solar_hijri(day: date) -> Told:
    """The date in the Solar Hijri calendar of Afghanistan and Iran: six months of 31 days, then of 30."""
    year = day.year - 621 if day >= _nowruz(day.year - 621) else day.year - 622
    passed = (day - _nowruz(year)).days
    month, rest = divmod(passed, 31) if passed < 186 else divmod(passed - 186, 30)
    return year, month + (1 if passed < 186 else 7), rest + 1


def _nowruz(year: int) -> date:
    """The first day of a Solar Hijri year."""
    return _NOWRUZ_1391 + timedelta(days=365 * (year - 1391) + _leaps(year) - _leaps(1391))


def _leaps(year: int) -> int:
    """The leap years before a year."""
    cycles, place = divmod(year - 1, 33)
    return 8 * cycles + sum(each <= place for each in _LEAP)


def ethiopian(day: date) -> Told:
    """The date in the Ethiopian calendar: twelve months of 30 days from 11 or 12 September, then five or six days."""
    begun = day.year if day >= _enkutatash(day.year) else day.year - 1
    month, rest = divmod((day - _enkutatash(begun)).days, 30)
    return begun - 7, month + 1, rest + 1


def _enkutatash(year: int) -> date:
    """The Ethiopian new year's day in a Gregorian year: a day later before a leap year (true from 1900 to 2099)."""
    return date(year, 9, 12 if (year + 1) % 4 == 0 else 11)


def hijri(day: date) -> Told:
    """The date in the Islamic calendar (Umm al-Qura)."""
    told = Gregorian(day.year, day.month, day.day).to_hijri()
    return told.year, told.month, told.day


def buddhist(day: date) -> Told:
    return day.year + 543, day.month, day.day


CALENDARS: dict[str, Callable[[date], Told]] = {
    "solar hijri": solar_hijri,
    "ethiopian": ethiopian,
    "hijri": hijri,
    "buddhist": buddhist,
}


def left_unconverted(calendar: str, day: date) -> Told:
    """The date of home, put down as if it were Gregorian: decades or centuries off."""
    return gregorian_looking(*CALENDARS[calendar](day))


def year_converted(calendar: str, day: date) -> Told:
    """Only the year converted, by the usual number; month and day are still those of home."""
    _, month, of_month = CALENDARS[calendar](day)
    return gregorian_looking(day.year, month, of_month)


def off(day: date, days: int) -> Told:
    """Converted by a table that is some days off."""
    moved = day + timedelta(days=days)
    return moved.year, moved.month, moved.day


def gregorian_looking(year: int, month: int, day: int) -> Told:
    """The nearest date that a form for Gregorian dates takes."""
    month = min(month, 12)
    return year, month, min(day, 28 if month == 2 else 30 if month in (4, 6, 9, 11) else 31)
