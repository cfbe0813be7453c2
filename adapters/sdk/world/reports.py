"""What an immunization source says about doses: given, refused, planned, cancelled, or only heard of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import Enum

from adapters.sdk.world import clerks, dates, doses
from adapters.sdk.world.clerks import Record
from adapters.sdk.world.dates import Written
from adapters.sdk.world.dice import Dice
from adapters.sdk.world.doses import Dose, History, Missed
from adapters.sdk.world.places import ALMARA, Place
from adapters.sdk.world.plans import Kin


class State(Enum):
    GIVEN = "given"
    REFUSED = "refused"
    OUT_OF_STOCK = "out-of-stock"
    PLANNED = "planned"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One line of a child's vaccination record in one source. `id` is the source's number of it."""

    id: str
    vaccine: str
    number: int
    state: State
    date: Written
    day: date  # the day itself, for time stamps
    place: Place
    lot: str = ""
    expiry: date | None = None
    is_repeat: bool = False  # told from a card: another country gave it


CANCELLED, REPEATED = 0.015, 0.75


def of(seed: int, record: Record, histories: dict[str, History], records: Iterable[Record]) -> list[Report]:
    """The reports in the record of a source; where a child stands twice, each record has its own part."""
    dice = Dice(seed, "reports", record.source.name, record.child.id)
    first, last = _span(record, records)
    lines = [*_lines(dice, record, histories[record.child.id])]
    if record.is_second:
        dice = dice.apart("second")
    return [
        _with_id(dice, record, at, line)
        for at, line in enumerate(sorted(lines, key=_order))
        if first <= line.day < last
    ]


def _order(report: Report) -> tuple[date, str, int, str]:
    return report.day, report.vaccine, report.number, report.state.value


def _span(record: Record, records: Iterable[Record]) -> tuple[date, date]:
    """The days a record covers: a second one begins on the day it was opened, and ends the first."""
    both = [each for each in records if each.child.id == record.child.id]
    opened = next((each.written_on for each in both if each.is_second), date.max)
    return (opened, date.max) if record.is_second else (date.min, opened)


def _lines(dice: Dice, record: Record, history: History) -> Iterator[Report]:
    own = record.source.country
    for dose in history.of(own):
        yield _given(dice, dose)
        if dice.chance(CANCELLED):
            yield _typed_twice(dice, dose)
    yield from _not_given(dice, record, [each for each in history.missed if each.place.country == own])
    if record.source is clerks.BEKTAR_IIS and _has_card(dice, record):
        for dose in history.of(ALMARA):
            if record.child.household.kin is Kin.STORY or dice.chance(REPEATED):
                yield _repeated(dice, record, dose)


def _has_card(dice: Dice, record: Record) -> bool:
    return record.child.household.kin is Kin.STORY or dice.chance(0.7)


def _given(dice: Dice, dose: Dose) -> Report:
    written = dates.exactly(dose.day)
    if dice.chance(0.01):
        written = Written(year=dose.day.year, month=dose.day.month)
    has_lot = dice.chance(0.92)
    return Report(
        id="",
        vaccine=dose.vaccine,
        number=dose.number,
        state=State.GIVEN,
        date=written,
        day=dose.day,
        place=dose.place,
        lot=dose.lot if has_lot else "",
        expiry=dose.expiry if has_lot else None,
    )


def _typed_twice(dice: Dice, dose: Dose) -> Report:
    """The same dose entered again under a wrong day, and cancelled later."""
    wrong = dose.day + timedelta(days=dice.number(2, 9))
    again = doses.make(vaccine=dose.vaccine, number=dose.number, day=wrong, place=dose.place)
    return Report(
        id="",
        vaccine=again.vaccine,
        number=again.number,
        state=State.CANCELLED,
        date=dates.exactly(wrong),
        day=wrong,
        place=dose.place,
        lot=again.lot,
        expiry=again.expiry,
    )


def _not_given(dice: Dice, record: Record, missed: list[Missed]) -> Iterator[Report]:
    """Refusals and empty shelves that were written down, and Almara's appointments nobody came to."""
    for each in missed:
        state = dice.weighted([(State.REFUSED, 2), (State.OUT_OF_STOCK, 1), (State.PLANNED, 3), (None, 4)])
        if state is State.PLANNED and record.source.country != ALMARA:
            state = None  # a VXU message reports what happened, never what is planned
        if state:
            yield Report(
                id="",
                vaccine=each.vaccine,
                number=each.number,
                state=state,
                date=dates.exactly(each.due),
                day=each.due,
                place=each.place,
            )


def _repeated(dice: Dice, record: Record, dose: Dose) -> Report:
    """A dose of Almara as Bektar copied it from the card: mostly without lot, at times a day off."""
    day = dose.day + timedelta(days=dice.weighted([(0, 86), (1, 7), (-1, 7)]))
    day = max(day, record.child.born)
    kept = 3 if record.child.household.kin is Kin.STORY else dice.weighted([(3, 88), (2, 9), (1, 3)])
    return Report(
        id="",
        vaccine=dose.vaccine,
        number=dose.number,
        state=State.GIVEN,
        date=_first_parts(day, kept),
        day=day,
        place=record.place,
        lot=dose.lot if dice.chance(0.2) else "",
        is_repeat=True,
    )


def _first_parts(day: date, kept: int) -> Written:
    return Written(year=day.year, month=day.month if kept > 1 else None, day=day.day if kept > 2 else None)


def _with_id(dice: Dice, record: Record, at: int, report: Report) -> Report:
    own = dice.apart("id", at)
    number = f"O{record.number:04d}{at:02d}" if record.source is clerks.BEKTAR_IIS else own.uid()
    return replace(report, id=number)
