"""Birth dates as clerks wrote them: known in part, mistaken, or in the calendar of the family's papers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from hijridate import Gregorian

from adapters.sdk.world.dice import Dice
from adapters.sdk.world.hardships import Hardship

GREGORIAN, HIJRI, ETHIOPIAN = "gregorian", "hijri", "ethiopian"


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A date as it stands on paper, in the numbers of its calendar."""

    calendar: str = GREGORIAN
    year: int
    month: int | None = None
    day: int | None = None

    @property
    def iso(self) -> str:
        """YYYY-MM-DD, as much of it as was written."""
        return "-".join([f"{self.year:04d}", *(f"{part:02d}" for part in (self.month, self.day) if part)])

    @property
    def compact(self) -> str:
        """YYYYMMDD, as much of it as was written."""
        return self.iso.replace("-", "")


def exactly(day: date) -> Written:
    return Written(year=day.year, month=day.month, day=day.day)


def of_birth(dice: Dice, born: date, befallen: set[Hardship]) -> Written:
    """How the birthday was written, given what went wrong."""
    way = next((hardship for hardship in _WAYS if hardship in befallen), None)
    return _WAYS[way](dice, born) if way else exactly(born)


_MILLENNIUM = date(2007, 9, 12)
"""1 Meskerem 2000, the Ethiopian millennium; 2000 to 2002 have 365 days, 2003 has 366, and so on."""


def to_ethiopian(day: date) -> Written:
    cycle, within = divmod((day - _MILLENNIUM).days, 4 * 365 + 1)
    year = min(within // 365, 3)
    month, of_month = divmod(within - 365 * year, 30)
    return Written(calendar=ETHIOPIAN, year=2000 + 4 * cycle + year, month=month + 1, day=of_month + 1)


def to_hijri(day: date) -> Written:
    year, month, of_month = Gregorian(day.year, day.month, day.day).to_hijri().datetuple()
    return Written(calendar=HIJRI, year=year, month=month, day=of_month)


def _new_year(_dice: Dice, born: date) -> Written:
    return Written(year=born.year, month=1, day=1)


def _swapped(_dice: Dice, born: date) -> Written:
    return Written(year=born.year, month=born.day, day=born.month)


def _year_only(_dice: Dice, born: date) -> Written:
    return Written(year=born.year)


def _year_off(dice: Dice, born: date) -> Written:
    return Written(year=born.year + dice.pick((-1, 1)), month=born.month, day=min(born.day, 28))


_WAYS: Mapping[Hardship, Callable[[Dice, date], Written]] = {
    Hardship.NEW_YEAR: _new_year,
    Hardship.SWAPPED: _swapped,
    Hardship.YEAR_ONLY: _year_only,
    Hardship.YEAR_OFF: _year_off,
    Hardship.HIJRI: lambda _dice, born: to_hijri(born),
    Hardship.ETHIOPIAN: lambda _dice, born: to_ethiopian(born),
}
