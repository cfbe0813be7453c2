"""The primitive types of FHIR R4, each a check of one JSON value.

A check returns None for a good value and one Problem for a bad one. Texts are at most 64 KiB, contain
something visible and no control characters; dates exist in the calendar, to the day, month or year.
Source of the forms: FHIR R4 4.0.1, Datatypes, section 2.24.0.1 "Primitive Types".
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Iterable, Mapping
from math import isfinite
from typing import Any

from registry.fhir import problem
from registry.fhir.problem import Problem

Check = Callable[[Any], Problem | None]

LONGEST = 64 * 1024
"""Bytes of UTF-8 in one text."""

_BAD_FORMAT = problem.of("bad-format")
_CONTROL = problem.of("control-character")
_EMPTY = problem.of("empty")
_EXPECTED_BOOLEAN = problem.of("expected-boolean")
_EXPECTED_NUMBER = problem.of("expected-number")
_EXPECTED_TEXT = problem.of("expected-text")
_IMPOSSIBLE_DATE = problem.of("impossible-date")
_NULL = problem.of("null")
_OUT_OF_RANGE = problem.of("out-of-range")
_TOO_LONG = problem.of("too-long")

_control_character = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]").search

_YEAR = r"(?!0000)[0-9]{4}"
_DAY = rf"({_YEAR})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
# The 60th second of a leap second is refused: nothing that reads a time of day here could hold it.
_TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]+)?"
_ZONE = r"(?:Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))"
_PARTIAL = rf"{_YEAR}(?:-(?:0[1-9]|1[0-2]))?"


def _text(value: Any) -> Problem | None:
    if type(value) is not str:
        return _not_text(value)
    if not value or value.isspace():
        return _EMPTY
    if not value.isprintable() and _control_character(value):
        return _CONTROL
    if len(value) > LONGEST // 4 and len(value.encode()) > LONGEST:
        return _TOO_LONG
    return None


def _not_text(value: Any) -> Problem:
    return _NULL if value is None else _EXPECTED_TEXT


def _matching(pattern: str, *, surely: Callable[[str], bool] = lambda _: False) -> Check:
    """Texts of a form; `surely` is a cheaper test that says yes only where the pattern does."""
    fullmatch = re.compile(pattern).fullmatch

    def check(value: Any) -> Problem | None:
        if type(value) is not str:
            return _not_text(value)
        if len(value) < 256 and surely(value):
            return None
        if len(value) > LONGEST:
            return _TOO_LONG
        if fullmatch(value):
            return None
        return _BAD_FORMAT if value else _EMPTY

    return check


def _dated(pattern: str) -> Check:
    """The form first; groups 1 to 3, where they matched, must be a day that exists."""
    fullmatch = re.compile(pattern).fullmatch

    def check(value: Any) -> Problem | None:
        if type(value) is not str:
            return _not_text(value)
        found = fullmatch(value) if len(value) < 64 else None
        if not found:
            return _BAD_FORMAT if value else _EMPTY
        day = found[3]
        if day is None or day <= "28" or int(day) <= monthrange(int(found[1]), int(found[2]))[1]:
            return None
        return _IMPOSSIBLE_DATE

    return check


def _whole_number(lowest: int) -> Check:
    def check(value: Any) -> Problem | None:
        if type(value) is not int:
            return _not_number(value)
        return None if lowest <= value < 2**31 else _OUT_OF_RANGE

    return check


def _not_number(value: Any) -> Problem:
    return _NULL if value is None else _EXPECTED_NUMBER


def _decimal(value: Any) -> Problem | None:
    if type(value) is int or (type(value) is float and isfinite(value)):
        return None
    return _not_number(value)


def _boolean(value: Any) -> Problem | None:
    if type(value) is bool:
        return None
    return _NULL if value is None else _EXPECTED_BOOLEAN


def one_of(codes: Iterable[str]) -> Check:
    """A code out of a closed list; the message lists what is allowed, when that is short."""
    allowed = frozenset(codes)
    listed = f"must be one of: {', '.join(sorted(allowed))}" if len(allowed) <= 12 else ""
    refused = problem.of("not-in-value-set", message=listed)

    def check(value: Any) -> Problem | None:
        if type(value) is not str:
            return _not_text(value)
        return None if value in allowed else refused

    return check


def _is_without_spaces(value: str) -> bool:
    return value.isprintable() and value.isascii() and " " not in value and value != ""


CHECKS: Mapping[str, Check] = {
    "base64Binary": _matching(
        r"(?=\s*[A-Za-z0-9+/])\s*(?:(?:[A-Za-z0-9+/]\s*){4})*(?:(?:[A-Za-z0-9+/]\s*){2}(?:[A-Za-z0-9+/]|=)\s*=\s*)?"
    ),
    "boolean": _boolean,
    "canonical": _matching(r"\S+", surely=_is_without_spaces),
    "code": _matching(r"\S+(?:\s\S+)*", surely=str.isalnum),
    "date": _dated(rf"(?:{_DAY}|{_PARTIAL})"),
    "dateTime": _dated(rf"(?:{_DAY}(?:T{_TIME}{_ZONE})?|{_PARTIAL})"),
    "decimal": _decimal,
    "id": _matching(r"[A-Za-z0-9.-]{1,64}"),
    "instant": _dated(rf"{_DAY}T{_TIME}{_ZONE}"),
    "integer": _whole_number(-(2**31)),
    "markdown": _text,
    "oid": _matching(r"urn:oid:[0-2](?:\.(?:0|[1-9][0-9]*))+"),
    "positiveInt": _whole_number(1),
    "string": _text,
    "time": _matching(_TIME),
    "unsignedInt": _whole_number(0),
    "uri": _matching(r"\S+", surely=_is_without_spaces),
    "url": _matching(r"\S+", surely=_is_without_spaces),
    "uuid": _matching(r"urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    "xhtml": _text,
}
