"""Whether a dose can be as it is written: after birth, before today, of a vaccine there was, at an age it is given.

The dose stays whatever is found. Where another reading of the same date would fit (day and month exchanged, another
calendar), that is said, and nothing is changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from registry.continuity.history import written
from registry.continuity.history.codes import Meaning
from registry.continuity.reasons import Reason, because
from registry.fhir import dates
from registry.fhir.dates import Calendar, PartialDate

_DAYS_PER_MONTH = 30.4375  # a mean month: ages are looked at in months, and roughly


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """What bounds the dates of a person's doses; None is unknown."""

    birth: PartialDate | None
    today: date | None

    def holds(self, when: PartialDate) -> bool:
        """Whether a dose can have been given on the date."""
        early = self.birth is not None and when.last < self.birth.first
        late = self.today is not None and when.first > self.today
        return not early and not late


def findings(when: PartialDate | None, meaning: Meaning, life: Life) -> list[Reason]:
    """What cannot be, or is unusual, about a dose of `meaning` on a date."""
    if when is None:
        return []
    birth, today = life.birth, life.today
    early = birth is not None and when.last < birth.first
    late = today is not None and when.first > today
    too_old = meaning.since is not None and when.last.year < meaning.since
    odd = not (early or late) and birth is not None and _is_unusual(when, birth, meaning.months)
    checks = (
        (early, because("before-birth")),
        (late, because("in-the-future")),
        (too_old, because("before-vaccine", year=meaning.since)),
        (odd, because("unusual-age")),
    )
    found = [reason for holds, reason in checks if holds]
    return found + list(_remedies(when, meaning, life)) if early or late or too_old else found


def _is_unusual(when: PartialDate, birth: PartialDate, months: tuple[int, int]) -> bool:
    """Whether every age the dates allow lies outside `months`."""
    youngest = (when.first - birth.last).days / _DAYS_PER_MONTH
    oldest = (when.last - birth.first).days / _DAYS_PER_MONTH
    return oldest < months[0] or youngest > months[1] + 1


def _remedies(when: PartialDate, meaning: Meaning, life: Life) -> Iterator[Reason]:
    """Other readings of the same digits that would fit."""
    if not when.is_day or when.month is None or when.day is None:
        return
    swapped = written.exchanged(when)
    if swapped and _fits(swapped, meaning, life):
        yield because("fits-exchanged", date=swapped)
    for calendar in (each for each in Calendar if each is not Calendar.GREGORIAN and life.birth):
        found = dates.convert(when.year, when.month, when.day, calendar)
        if found and _fits(found, meaning, life):
            yield because("fits-calendar", calendar=calendar.value, date=found)


def _fits(when: PartialDate, meaning: Meaning, life: Life) -> bool:
    return life.holds(when) and (meaning.since is None or when.last.year >= meaning.since)
