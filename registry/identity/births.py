"""How two birth dates agree, at the precision both have; a filler day is read as its year only."""

from __future__ import annotations

from datetime import timedelta
from enum import Enum

from registry.fhir.dates import PartialDate
from registry.identity import demographics
from registry.identity.demographics import Birth, BirthKind


class Agreement(Enum):
    """How two birth dates agree, the best first."""

    DAY = "day"
    BESIDE = "a day beside"  # one was converted from another calendar, whose months begin with the seen moon
    SWAPPED = "swapped"
    YEAR_SLIP = "year slip"  # day and month are the same and the years are next to each other
    CALENDAR = "calendar"  # equal, if one was left in its own calendar
    MONTH = "month"
    YEAR = "year"
    YEAR_BESIDE = "year beside"
    PART = "part"  # two of day, month and year: a slip of the pen, or a brother's birthday
    OTHER = "other"


_YEARS_OF_A_SLIP = 10

COMPATIBLE = frozenset(
    {
        Agreement.DAY,
        Agreement.BESIDE,
        Agreement.SWAPPED,
        Agreement.YEAR_SLIP,
        Agreement.CALENDAR,
        Agreement.MONTH,
        Agreement.YEAR,
    }
)
"""Agreements that can be evidence of the child itself."""


def agreement(left: Birth, right: Birth) -> Agreement:
    """How the two agree; the same whichever comes first."""
    if left.kind is BirthKind.DAY and right.kind is BirthKind.DAY:
        return _of_days(left, right)
    if BirthKind.DEFAULT in (left.kind, right.kind) or BirthKind.YEAR in (left.kind, right.kind):
        return _of_years(left, right)
    return _of_months(left.date, right.date)


def _of_days(left: Birth, right: Birth) -> Agreement:
    one, other = left.date, right.date
    if one == other:
        return Agreement.DAY
    is_converted = left.is_converted or right.is_converted
    if is_converted and abs(one.first - other.first) <= timedelta(days=2):
        return Agreement.BESIDE
    if one.year == other.year and (one.month, one.day) == (other.day, other.month):
        return Agreement.SWAPPED
    if abs(one.year - other.year) == 1 and (one.month, one.day) == (other.month, other.day):
        return Agreement.YEAR_SLIP
    if other in demographics.other_calendars(one) or one in demographics.other_calendars(other):
        return Agreement.CALENDAR
    if (one.year, one.month) == (other.year, other.month) and 1 in (one.day, other.day):
        return Agreement.MONTH  # the first of a month stands for the month
    equal = (one.year == other.year, one.month == other.month, one.day == other.day)
    return Agreement.PART if sum(equal) == 2 and _may_be_slip(one.year, other.year) else Agreement.OTHER


def _may_be_slip(one: int, other: int) -> bool:
    """Whether two years may be one, written wrongly: few years apart, or one digit off. A grandfather's birthday in
    the same month is no slip."""
    digits = sum(left != right for left, right in zip(str(one), str(other), strict=False))
    return abs(one - other) <= _YEARS_OF_A_SLIP or digits <= 1


def _of_years(left: Birth, right: Birth) -> Agreement:
    if left.date.year == right.date.year or _within_converted_year(left, right):
        return Agreement.YEAR
    return Agreement.YEAR_BESIDE if abs(left.date.year - right.date.year) == 1 else Agreement.OTHER


def _within_converted_year(left: Birth, right: Birth) -> bool:
    """A filler that was converted stands for the year of its own calendar, which spans two of ours."""
    return any(
        filler.kind is BirthKind.DEFAULT
        and filler.is_converted
        and filler.date.first <= other.date.last
        and other.date.first <= filler.date.first + timedelta(days=366)
        for filler, other in ((left, right), (right, left))
    )


def _of_months(one: PartialDate, other: PartialDate) -> Agreement:
    if (one.year, one.month) == (other.year, other.month):
        return Agreement.MONTH
    return Agreement.PART if one.year == other.year else Agreement.OTHER
