"""What a FHIR dateTime and a Period can mean."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.consent import period
from registry.consent.period import Period

WIDENED = [
    ("2026", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"),
    ("2026-02", "2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z"),
    ("2024-02", "2024-02-01T00:00:00Z", "2024-03-01T00:00:00Z"),
    ("2024-02-29", "2024-02-29T00:00:00Z", "2024-03-01T00:00:00Z"),
    ("2026-12-31", "2026-12-31T00:00:00Z", "2027-01-01T00:00:00Z"),
    ("2026-03-15T10:00:00Z", "2026-03-15T10:00:00Z", "2026-03-15T10:00:01Z"),
    ("2026-03-15T10:00:00.5+03:00", "2026-03-15T07:00:00.500Z", "2026-03-15T07:00:00.600Z"),
    ("2026-03-15T10:00:00.123456Z", "2026-03-15T10:00:00.123456Z", "2026-03-15T10:00:00.123457Z"),
]
NO_TIME = [
    *("", "26", "2026-13", "2026-02-30", "2023-02-29", "0000", "9999", "9999-12-31", "2026-3-1", "٢٠٢٦"),
    *("2026-03-15T10:00Z", "2026-03-15T10:00:00", "2026-03-15T24:00:00Z", "2026-03-15T23:59:60Z"),
    *("2026-03-15T10:00:00.1234567Z", "2026-03-15 10:00:00Z", "2026-03-15\n", "now"),
]


@pytest.mark.parametrize(("text", "start", "until"), WIDENED)
def test_a_date_means_all_the_time_it_can(text: str, start: str, until: str) -> None:
    found = period.widened(text)
    assert found == period.Period(datetime.fromisoformat(start), datetime.fromisoformat(until))


@pytest.mark.parametrize("text", NO_TIME)
def test_what_is_no_time_is_none(text: str) -> None:
    assert period.widened(text) is None


def test_the_zone_of_the_consent_moves_days_and_not_instants() -> None:
    away = period.zone("-05:30")
    assert away
    day, instant = period.widened("2026-03-15", away), period.widened("2026-03-15T10:00:00Z", away)
    assert day
    assert instant
    assert day.start == datetime(2026, 3, 15, 5, 30, tzinfo=UTC)
    assert instant.start == datetime(2026, 3, 15, 10, tzinfo=UTC)
    assert [period.zone(each) for each in ("+15:00", "03:00", "+3", "CET", "")] == [None] * 5


@given(st.timedeltas(timedelta(days=-2000 * 365), timedelta(days=7900 * 365)))
def test_every_moment_lies_in_its_day_its_month_and_its_year(since: timedelta) -> None:
    moment = datetime(2026, 3, 15, tzinfo=UTC) + since
    for length in (4, 7, 10):
        found = period.widened(moment.isoformat()[:length])
        assert found
        assert found.covers(moment)
        assert not found.covers(found.until)
        assert found.covers(found.until - timedelta(microseconds=1))


ZONES = [("Z", 0), ("+00:00", 0), ("-00:30", -30), ("+03:00", 180), ("-05:30", -330), ("+09:59", 599), ("+14:59", 899)]


@pytest.mark.parametrize(("text", "minutes"), ZONES)
def test_a_zone_is_so_far_from_utc(text: str, minutes: int) -> None:
    assert period.zone(text) == timezone(timedelta(minutes=minutes))


@pytest.mark.parametrize("text", ["", "z", "+15:00", "+03:60", "03:00", "+3", "+03:00:00", "CET"])
def test_what_is_no_zone_is_none(text: str) -> None:
    assert period.zone(text) is None


@pytest.mark.parametrize("name", ["", "Europe/Nowhere", "../etc/passwd", "/etc/passwd", "CET\0"])
def test_a_zone_without_rules_is_none(name: str) -> None:
    assert period.named_zone(name) is None


def days(first: int, last: int) -> Period:
    return Period(datetime(2026, 3, first, tzinfo=UTC), datetime(2026, 3, last + 1, tzinfo=UTC))


# one , another , whether one lies within the other , whether they meet
PAIRS = [
    (days(2, 3), days(2, 3), True, True),
    (days(2, 3), days(1, 3), True, True),
    (days(2, 3), days(2, 4), True, True),
    (days(2, 3), days(3, 4), False, True),
    (days(2, 3), days(1, 2), False, True),
    (days(2, 3), days(4, 5), False, False),
    (days(2, 3), days(1, 1), False, False),
    (days(2, 3), period.ALWAYS, True, True),
]


@pytest.mark.parametrize(("one", "other", "within", "meets"), PAIRS)
def test_how_two_periods_lie(one: Period, other: Period, within: bool, meets: bool) -> None:
    assert one.within(other) is within
    assert one.meets(other) is other.meets(one) is meets
    shared = one.both(other)
    assert shared == other.both(one) == Period(max(one.start, other.start), min(one.until, other.until))
    assert (shared.start < shared.until) is meets


def test_a_period_covers_its_first_moment_and_not_its_end() -> None:
    held = days(2, 3)
    moment = timedelta(microseconds=1)
    told = [held.covers(each) for each in (held.start - moment, held.start, held.until - moment, held.until)]
    assert told == [False, True, True, False]
