"""Ages and intervals as rules state them (`6 weeks`, `1 year - 4 days`), and days only known to lie between two.

Adding a later day never gives an earlier one: everything that reasons about unknown dates rests on that.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from registry.errors import BadInput
from registry.fhir.dates import PartialDate

_TERM = r"(\d{1,4}) (day|week|month|year)s?"
_TEXT = re.compile(rf"{_TERM}(?: ([+-]) {_TERM})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A length of time; `text` is how the rule says it."""

    text: str
    months: int = 0
    days: int = 0


def read(text: str) -> Span:
    """Read `6 weeks`, or two such joined by plus or minus; raises BadInput on anything else."""
    found = _TEXT.fullmatch(text)
    if not found:
        raise BadInput("an age or interval is written like `6 weeks`", remedy="use days, weeks, months or years")
    months, days = _term(found[1], found[2], "+")
    if found[3]:
        further = _term(found[4], found[5], found[3])
        months, days = months + further[0], days + further[1]
    return Span(text=text, months=months, days=days)


def _term(count: str, unit: str, sign: str) -> tuple[int, int]:
    """Months and days."""
    number = int(count) if sign == "+" else -int(count)
    return {"month": number, "year": 12 * number}.get(unit, 0), {"day": number, "week": 7 * number}.get(unit, 0)


def add(day: date, span: Span) -> date:
    """Months first, then days; an impossible date moves to the first of the next month.

    Source: CDSi Logic Specification 4.5, date rules CALCDT-1 to CALCDT-6.
    """
    year, month = divmod(day.year * 12 + day.month - 1 + span.months, 12)
    try:
        return _real(year, month + 1, day.day) + timedelta(days=span.days)
    except (ValueError, OverflowError):  # after the year 9999
        return date.max


def _real(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        return date(year + month // 12, month % 12 + 1, 1)


@dataclass(frozen=True, slots=True)
class Days:
    """A day known to lie between two days, both included."""

    first: date
    last: date


def of(when: PartialDate | None, *, since: date, until: date) -> Days:
    """The days a partial date can mean; an unknown one lies between `since` and `until`."""
    return Days(since, max(since, until)) if when is None else Days(when.first, when.last)
