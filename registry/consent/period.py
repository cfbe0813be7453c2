"""Periods of time as FHIR states them; a date known to the day, month or year means all of it.

Invariant: `start` and `end` are inclusive in FHIR; kept here half open, so that nothing is lost or counted
twice. A date without a time is read in the zone the consent states, else in UTC (protection reference,
section 3, gate 2).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from registry.fhir import dates

BEGINNING: Final = datetime.min.replace(tzinfo=UTC)
END: Final = datetime.max.replace(tzinfo=UTC)

_DATE: Final = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?", re.ASCII)
# Seconds and a zone are mandatory beside a time (FHIR R4, dateTime). More than six decimals cannot be kept
# exactly.
_INSTANT: Final = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?(Z|[+-]\d{2}:\d{2})", re.ASCII)
_OFFSET: Final = re.compile(r"([+-])(0\d|1[0-4]):([0-5]\d)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Period:
    """From `start` until just before `until`, both aware."""

    start: datetime = BEGINNING
    until: datetime = END

    def covers(self, moment: datetime) -> bool:
        return self.start <= moment < self.until

    def within(self, other: Period) -> bool:
        return other.start <= self.start and self.until <= other.until

    def meets(self, other: Period) -> bool:
        """Whether they share a moment."""
        return self.start < other.until and other.start < self.until

    def both(self, other: Period) -> Period:
        """What they share; nothing, when they do not meet."""
        return Period(max(self.start, other.start), min(self.until, other.until))


ALWAYS: Final = Period()


def zone(offset: str) -> timezone | None:
    """The zone of `+03:00` or `Z`; None when it is neither."""
    if offset == "Z":
        return UTC
    found = _OFFSET.fullmatch(offset)
    if not found:
        return None
    away = timedelta(hours=int(found[2]), minutes=int(found[3]))
    return timezone(-away if found[1] == "-" else away)


def named_zone(name: str) -> tzinfo | None:
    """The zone of `Europe/Berlin`, with its summer time; None when the time zone database does not know it."""
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, LookupError):
        return None


def widened(text: str, where: tzinfo = UTC, *, local: bool = False) -> Period | None:
    """All the time a FHIR dateTime can mean; None when it is no dateTime.

    `local`: a time without a zone, which FHIR forbids, is read in `where` instead of being refused.
    """
    if _DATE.fullmatch(text):
        return _whole_days(text, where)
    if local and _INSTANT.fullmatch(f"{text}Z"):
        return _local(text, where)
    found = _INSTANT.fullmatch(text)
    if not found:
        return None
    try:
        start = datetime.fromisoformat(text)
        return Period(start, start + _step(found[1]))
    except (ValueError, OverflowError):
        return None


def _local(text: str, where: tzinfo) -> Period | None:
    as_utc = widened(f"{text}Z")
    if as_utc is None:
        return None
    start = as_utc.start.replace(tzinfo=where).astimezone(UTC)
    return Period(start, start + (as_utc.until - as_utc.start))


def _whole_days(text: str, where: tzinfo) -> Period | None:
    told = dates.parse(text)
    try:
        return told and Period(_midnight(told.first, where), _midnight(told.last + timedelta(days=1), where))
    except OverflowError:
        return None


def _midnight(day: date, where: tzinfo) -> datetime:
    # In UTC, because two moments of one zone with summer time are compared by what the clock shows.
    return datetime.combine(day, time(), where).astimezone(UTC)


def _step(fraction: str | None) -> timedelta:
    """The length of the last stated unit: a second, or as many microseconds as the decimals leave open."""
    return timedelta(microseconds=10 ** (7 - len(fraction))) if fraction else timedelta(seconds=1)
