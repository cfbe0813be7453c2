"""The times between school years, in which nobody tells of school."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from registry.continuity.education.record import SchoolYear, Timeline

# Longer than the summer holidays of any school year that has two of them: what is shorter is no gap.
_HOLIDAYS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Months without a school year on record, from the last day known to the first. Its reason is not known."""

    begins: date
    ends: date
    months: int


def gaps(timeline: Timeline, until: date) -> tuple[Gap, ...]:
    """Every gap between school years and after the last one, in order; years without dates close none."""
    return tuple(_gaps(timeline, until))


def _gaps(timeline: Timeline, until: date) -> Iterator[Gap]:
    seen: date | None = None
    for each in timeline.years:
        first, last = _first_day(each), last_day(each)
        if seen and first and _months(seen, first) > _HOLIDAYS:
            yield Gap(begins=seen, ends=first, months=_months(seen, first))
        seen = max(filter(None, (seen, last)), default=None)
    if seen and _months(seen, until) > _HOLIDAYS:
        yield Gap(begins=seen, ends=until, months=_months(seen, until))


def _first_day(told: SchoolYear) -> date | None:
    if told.begins:
        return told.begins.first
    return date(told.year, 9, 1) if told.year else None


def last_day(told: SchoolYear) -> date | None:
    """The last day the learner can have been there; without a date the end of August after the year began."""
    if told.ends:
        return told.ends.last
    return date(told.year + 1, 8, 31) if told.year else None


def _months(one: date, two: date) -> int:
    return (two.year - one.year) * 12 + two.month - one.month - (two.day < one.day)
