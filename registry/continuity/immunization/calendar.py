"""Days reckoned from a birth date or a dose, remembered: a forecast asks for the same ones many times."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache
from typing import cast, overload

from registry.continuity import spans
from registry.continuity.immunization.schedule import Window
from registry.continuity.immunization.somedays import Someday
from registry.continuity.spans import Span

ONE_DAY = timedelta(days=1)


def after(day: date, span: Span) -> date:
    """`day` plus `span` (CALCDT-1 to CALCDT-6); a day not fully known (`somedays`) stays one."""
    return _after(day, span) if type(day) is date else cast(date, cast(Someday, day).plus(span))


@lru_cache(maxsize=1 << 16)
def _after(day: date, span: Span) -> date:
    return spans.add(day, span)


@overload
def latest(first: date, /, *days: date | None) -> date: ...
@overload
def latest(*days: date | None) -> date | None: ...
def latest(*days: date | None) -> date | None:
    """The latest of the days that are given; None when none is."""
    known = [each for each in days if each is not None]
    return max(known) if known else None


def within(window: Window, birth: date, day: date) -> bool:
    """Whether somebody born on `birth` is in the window of ages on `day`."""
    if window.begins is not None and day < after(birth, window.begins):
        return False
    return window.ends is None or day < after(birth, window.ends)
