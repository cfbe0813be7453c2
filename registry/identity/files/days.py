"""Birth dates as people type them. The order of day and month is declared or shown by the column, never assumed.

A column shows its order where some of its dates can be read in one order only. A date that two orders read
differently, in a column that shows none, keeps what they agree in: mostly the year. An impossible date keeps its
year as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from registry.fhir import dates
from registry.fhir.dates import Calendar, PartialDate
from registry.identity.files import texts


class Order(Enum):
    """In which order year, month and day stand."""

    YMD = "ymd"
    DMY = "dmy"
    MDY = "mdy"


Parts = tuple[int, int, int]
"""Year, month and day as typed; 0 where nothing was."""

Readings = Mapping[Order, Parts]
"""What one text says in each order it may be read in; empty when it is no date."""

_CLEAR_BY = 50  # one date in fifty may be typed the other way round in a column that still shows its order
_YEARS = range(1300, 2151)  # Hijri and Solar Hijri years are among them
_TIME = re.compile(r"[T ]\d{1,2}:\d{2}.*$")
_PART = re.compile(r"\d+|[^\W\d_]+")
_COMPACT = {Order.YMD: (4, 6), Order.DMY: (2, 4), Order.MDY: (2, 4)}
_PLACES = {Order.YMD: (0, 1, 2), Order.DMY: (2, 1, 0), Order.MDY: (2, 0, 1)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """How a column writes its dates: in which order, and how many could not be read to the day, and why.

    `shown_by` dates, the file's own, make sense in this order only while others do in two; 0 where it was declared.
    """

    order: Order | None
    shown_by: int
    dates: int
    unread: int
    undecided: int
    impossible: int
    other_calendar: int


def written(counted: Mapping[str, int], months: Mapping[str, int], declared: Order | None) -> Written:
    """How the dates of a column are written; `counted` says how often each text stands in it."""
    held = [(readings(text, months), count) for text, count in counted.items()]
    order, shown_by = (declared, 0) if declared else _shown(held)
    told = [(_in_order(each, order), count) for each, count in held]
    return Written(
        order=order,
        shown_by=shown_by if any(len(_whole(each)) > 1 for each, _ in held) else 0,
        dates=sum(counted.values()),
        unread=sum(count for each, count in told if not each),
        undecided=sum(count for each, count in told if len(_whole(each)) > 1),
        impossible=sum(count for each, count in told if each and not _whole(each)),
        other_calendar=sum(count for each, count in told if each and all(year < 1850 for year, _, _ in each.values())),
    )


def read(text: str, months: Mapping[str, int], order: Order | None) -> PartialDate | None:
    """The date as far as it is certain; None when not even the year is."""
    found = _in_order(readings(text, months), order)
    certain = _whole(found) or {PartialDate(year) for year, _, _ in found.values()}
    if len(certain) == 1:
        return certain.pop()
    years = {each.year for each in certain}
    return PartialDate(years.pop()) if len(years) == 1 else None


def converted(
    text: str, months: Mapping[str, int], order: Order | None, calendar: Calendar
) -> tuple[PartialDate, Parts] | None:
    """The day in our calendar, and as it was typed in another; None where it is not known to the day."""
    found = {*_in_order(readings(text, months), order).values()}
    days = [(day, parts) for parts in found if (day := dates.convert(*parts, calendar))]
    return days[0] if len(days) == 1 else None


def readings(text: str, months: Mapping[str, int]) -> Readings:
    """What the text says in each order in which it may be read."""
    plain = _TIME.sub("", "".join(texts.figures(text.strip())))
    words = _PART.findall(plain)
    numbers = [number for each in words if (number := _number(each, months)) is not None]
    if not words or len(words) > 3 or len(numbers) < len(words):
        return {}
    if len(words) == 1 and len(plain) == 8:
        return _compact(plain)
    named = next((at for at, each in enumerate(words) if not each.isdecimal()), None)
    found = _in_figures(numbers, list(map(len, words))) if named is None else _spelled(numbers, named)
    return {order: parts for order, parts in found.items() if parts[0] > 0}


def _number(word: str, months: Mapping[str, int]) -> int | None:
    """The number of a part of a date; a word is the month it begins like."""
    if word.isdecimal():
        return int(word) if len(word) <= 8 else None
    plain = texts.bare(word)
    return next((number for start, number in months.items() if plain.startswith(start)), None)


def _compact(eight: str) -> Readings:
    """Eight figures with nothing between them; day first only where that makes a whole date."""
    if not eight.isdecimal():
        return {}
    cut = {order: (eight[:one], eight[one:two], eight[two:]) for order, (one, two) in _COMPACT.items()}
    found = {order: _placed([*map(int, parts)], order) for order, parts in cut.items()}
    plausible = {order: parts for order, parts in found.items() if parts[0] in _YEARS}
    return {order: parts for order, parts in plausible.items() if order is Order.YMD or _date(parts)}


def _spelled(numbers: Sequence[int], month: int) -> Readings:
    """3 April 2015, April 3 2015, Apr 2015: the month is told, and the year is what has four figures."""
    others = [each for at, each in enumerate(numbers) if at != month]
    years = [each for each in others if each in _YEARS]
    days = [each for each in others if each not in _YEARS]
    return {Order.YMD: (years[0], numbers[month], days[0] if days else 0)} if len(years) == 1 else {}


def _in_figures(numbers: Sequence[int], lengths: Sequence[int]) -> Readings:
    if lengths[0] == 4:  # nobody writes year, day, month
        year, month, day = (*numbers, 0, 0)[:3]
        return {Order.YMD: (year, month, day)}
    if lengths[-1] != 4 or len(numbers) == 1:
        return {}  # two figures of a year do not tell its century
    if len(numbers) == 2:
        return {Order.YMD: (numbers[1], numbers[0], 0)}
    return {order: _placed(numbers, order) for order in (Order.DMY, Order.MDY)}


def _placed(numbers: Sequence[int], order: Order) -> Parts:
    year, month, day = (numbers[place] for place in _PLACES[order])
    return year, month, day


def _date(parts: Parts) -> PartialDate | None:
    """The date with the precision it was typed with; None when there is no such day."""
    year, month, day = parts
    try:
        return PartialDate(year, month or None, day or None)
    except ValueError:
        return None


def _whole(found: Readings) -> set[PartialDate]:
    return {date for parts in found.values() if (date := _date(parts))}


def _in_order(found: Readings, order: Order | None) -> Readings:
    """The readings that hold in this order; a date that cannot be read in it keeps all its readings."""
    return found if order is None or order not in found else {order: found[order]}


def _shown(held: Iterable[tuple[Readings, int]]) -> tuple[Order | None, int]:
    """The order in which alone some dates make sense, while hardly any speaks for another; and how many do."""
    alone = dict.fromkeys(Order, 0)
    for each, count in held:
        fitting = [order for order, parts in each.items() if _date(parts)]
        if len(fitting) == 1 and {*each} != {Order.YMD}:
            alone[fitting[0]] += count
    best = max(alone, key=lambda order: alone[order])
    others = sum(alone.values()) - alone[best]
    is_clear = alone[best] and others * _CLEAR_BY <= alone[best]
    return (best, alone[best]) if is_clear else (None, 0)
