"""Primitive types: examples at the edges, and dates against the calendar."""

# ruff: noqa: E501 - one row of a table is one line

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.fhir.primitive import CHECKS, LONGEST, one_of

GOOD: list[tuple[str, list[Any]]] = [
    ("base64Binary", ["YQ==", "YWI=", "YWJj", "YW Jj\nYWJj", "YWJjZA=="]),
    ("boolean", [True, False]),
    ("canonical", ["http://x.example/a|1.0"]),
    ("code", ["a", "in progress", "<=", "entered-in-error", "é"]),
    ("date", ["2014", "2014-04", "2014-04-25", "2016-02-29", "2000-02-29", "0001-01-01"]),
    ("dateTime", ["2014", "2014-04-25", "2014-04-25T10:00:00Z", "2014-04-25T23:59:59.999-14:00"]),
    ("decimal", [0, -1.5, 12500.00, 1e-9]),
    ("id", ["a", "A-1.b", "a" * 64]),
    ("instant", ["2014-04-25T10:00:00.356+11:00"]),
    ("integer", [0, -(2**31), 2**31 - 1]),
    ("markdown", ["# a\n\n* b"]),
    ("oid", ["urn:oid:1.2.840.0"]),
    ("positiveInt", [1, 2**31 - 1]),
    ("string", ["a", "أمينة", "می‌خواهم", "a\tb\r\n", "x" * LONGEST, " lead"]),
    ("time", ["00:00:00", "23:59:59.5"]),
    ("unsignedInt", [0]),
    ("uri", ["urn:continuity:a:b", "http://x.example/é", "a"]),
    ("url", ["https://x.example"]),
    ("uuid", ["urn:uuid:3fdc72f4-a11d-4a9d-9260-a9f745779e1d"]),
]

BAD: list[tuple[str, list[Any]]] = [
    ("base64Binary", ["YQ", "YQ=", "Y", "=", "YQ==YQ==", "a*bc", ""]),
    ("boolean", ["true", 0, 1, "", None]),
    ("canonical", ["a b", "", " "]),
    ("code", [" a", "a ", "a  b", "", 1, None]),
    ("date", ["2014-13", "2014-00", "2014-04-31", "1900-02-29", "0000", "14", "2014-4-5", "2014-04-25\n", "٢٠١٤", "20140425", "2014-W01-1", "2014-04-25T10:00:00Z"]),
    ("dateTime", ["2014-04-25T10:00", "2014-04-25T10:00:00", "2014-04-25T24:00:00Z", "2014-04-25T10:00:60Z", "2014-02-30T10:00:00Z", "2014-04T10:00:00Z", "2014-04-25 10:00:00Z", "2014-04-25T10:00:00+15:00"]),
    ("decimal", ["1", True, None, float("inf"), float("nan"), ""]),
    ("id", ["", "a" * 65, "a_b", "a/b", "é", "a\n", 1]),
    ("instant", ["2014-04-25", "2014-04", "2014-02-30T10:00:00Z"]),
    ("integer", [1.0, "1", True, 2**31, -(2**31) - 1, None]),
    ("oid", ["1.2.3", "urn:oid:3.1", "urn:oid:1.02"]),
    ("positiveInt", [0, -1, 2**31, "1", True]),
    ("string", ["", " ", "\n", "a\x00", "a\x1b", "\x7f", "x" * (LONGEST + 1), "ш" * (LONGEST // 2 + 1), 1, None, [], {}]),
    ("time", ["24:00:00", "10:00", "10:00:00Z"]),
    ("unsignedInt", [-1, "0", False]),
    ("uri", ["a b", "", "a\n", "a\u00a0b", "x" * (LONGEST + 1)]),
    ("uuid", ["urn:uuid:3FDC72F4-a11d-4a9d-9260-a9f745779e1d", "3fdc72f4-a11d-4a9d-9260-a9f745779e1d"]),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "values"), GOOD, ids=[kind for kind, _ in GOOD])
def test_a_good_value_is_accepted(kind: str, values: list[Any]) -> None:
    assert [value for value in values if CHECKS[kind](value)] == []


@pytest.mark.parametrize(("kind", "values"), BAD, ids=[kind for kind, _ in BAD])
def test_a_bad_value_is_a_problem(kind: str, values: list[Any]) -> None:
    assert [value for value in values if CHECKS[kind](value) is None] == []


@given(st.dates())
def test_every_day_of_the_calendar_is_a_date(day: date) -> None:
    assert CHECKS["date"](day.isoformat()) is None
    assert CHECKS["instant"](f"{day.isoformat()}T00:00:00Z") is None


@given(st.integers(0, 9999), st.integers(0, 99), st.integers(0, 99))
def test_what_is_no_day_of_the_calendar_is_no_date(year: int, month: int, day: int) -> None:
    try:
        exists = bool(date(year, month, day))
    except ValueError:
        exists = False
    assert (CHECKS["date"](f"{year:04d}-{month:02d}-{day:02d}") is None) == exists


@given(st.text(min_size=1, max_size=40))
def test_the_short_ways_of_saying_yes_agree_with_the_forms(text: str) -> None:
    has_space = any(each.isspace() for each in text)
    assert (CHECKS["uri"](text) is None) == (not has_space)
    if CHECKS["code"](text) is None:
        assert text == text.strip()


def test_a_bound_code_says_what_is_allowed_and_not_what_was_given() -> None:
    told = one_of(["a", "b"])("zzz")
    assert told
    assert told.message == "must be one of: a, b"
