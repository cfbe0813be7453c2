"""Laws of a dose history, each a question about one life; a broken law is told in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import combinations
from random import Random

from registry import library
from registry.continuity import history
from registry.continuity.history import DoseEvent, Record, doubt, sameness
from registry.fhir import dates, resource
from registry.fhir.dates import PartialDate
from tests.support import naive_history, weighed
from tests.support.retold import Life

Key = tuple[str, str]
Law = Callable[[Life, tuple[DoseEvent, ...], Random], Iterator[str]]


@dataclass(frozen=True, slots=True)
class Broken:
    law: str
    what: str


def broken(life: Life, dice: Random, laws: Mapping[str, Law] | None = None) -> list[Broken]:
    """Every law this life breaks."""
    told = weighed.events(life)
    return [Broken(law, what) for law, holds in (laws or LAWS).items() for what in holds(life, told, dice)]


def _never_two_doses_in_one(life: Life, told: tuple[DoseEvent, ...], _: Random) -> Iterator[str]:
    yield from weighed.judged(life, told).examples


def _as_the_slow_way(life: Life, told: tuple[DoseEvent, ...], _: Random) -> Iterator[str]:
    slow = naive_history.partition(life.records, lambda day: life.birth <= day <= life.today)
    yield from (str(sorted(each)) for each in slow ^ _partition(told))


def _whatever_the_order(life: Life, told: tuple[DoseEvent, ...], dice: Random) -> Iterator[str]:
    mixed = dice.sample(life.records, len(life.records))
    if weighed.events(replace(life, records=tuple(mixed))) != told:
        yield "another order gives another history"


def _nothing_is_lost(life: Life, told: tuple[DoseEvent, ...], _: Random) -> Iterator[str]:
    there = sorted((p.dossier, p.reference) for each in told for p in each.provenances)
    if there != sorted((each.dossier, each.resource.reference) for each in life.records):
        yield "a record is in no event, or in two"


def _a_copy_changes_nothing(life: Life, told: tuple[DoseEvent, ...], dice: Random) -> Iterator[str]:
    """The same record again, and a copy of it in another system: who tells it, and nothing else."""
    full = [each for each in life.records if _is_plain(each)]
    again = dice.choice(full or list(life.records))
    if weighed.events(replace(life, records=(*life.records, again))) != told:
        yield "a record given twice is not one record"
    copy = Record(dossier="copy-1", source="copy", country=None, resource=again.resource)
    more = weighed.events(replace(life, records=(*life.records, copy)))
    if full and _plain(more) != _plain(told):
        changed = sorted({*_plain(more)} ^ {*_plain(told)})
        yield f"a copy of {again.resource.content} changes more than who tells it: {changed}"


def _is_plain(record: Record) -> bool:
    """A day, and a vaccine of which nobody gets two on one day: "polio" may be the drops and the injection."""
    content = record.resource.content
    kinds = library.load().meaning(content["vaccineCode"]).kinds
    one_a_day = all(sameness.excludes(one, two) for one in kinds for two in kinds)
    return one_a_day and len(content.get("occurrenceDateTime", "")) == 10


def _plain(told: tuple[DoseEvent, ...]) -> list[str]:
    """The doses; not which of two neighbouring days most systems tell, for a copy is one more to tell it."""
    return sorted(str((sorted(each.cvx), each.days, each.lot, each.dose_number)) for each in told)


def _partial_dates_are_not_contradicted(life: Life, told: tuple[DoseEvent, ...], dice: Random) -> Iterator[str]:
    """Whatever day of the child's life a partial date turns out to be: what is surely one dose is not surely two, nor
    the reverse."""
    known = _completed(life, dice)
    after = weighed.events(replace(life, records=known))
    before, then = _relations(told), _relations(after)
    yield from (
        f"{pair}: {before[pair]}, then {then[pair]}" for pair in before if {before[pair], then[pair]} == {"one", "two"}
    )


def _relations(told: tuple[DoseEvent, ...]) -> Mapping[frozenset[Key], str]:
    """For every two records: one dose, two, or perhaps one. Components of one vaccine are neither one dose nor two."""
    found = {frozenset(pair): _said_of(each) for each in told for pair in combinations(_keys(each), 2)}
    for one, two in combinations(told, 2):
        said = "perhaps" if doubt.may_be_one(one, two) else "two"
        found |= {frozenset((a, b)): said for a in _keys(one) for b in _keys(two)}
    return found


def _said_of(event: DoseEvent) -> str:
    return "perhaps" if "told-in-parts" in {each.code for each in event.findings} else "one"


def _keys(event: DoseEvent) -> list[Key]:
    return [(each.dossier, each.reference) for each in event.provenances]


def _partition(told: tuple[DoseEvent, ...]) -> set[frozenset[Key]]:
    return {frozenset(_keys(each)) for each in told}


def _completed(life: Life, dice: Random) -> tuple[Record, ...]:
    """The records with every month or year made a day, often one that others tell or one beside.

    It is a day of the child's life where there are such, but no system then tells one dose on two days side by side.
    """
    full = [(each.dossier, when.first) for each in life.records if (when := _when(each)) and when.is_day]
    taken: dict[str, list[date]] = {}
    for dossier, day in full:
        taken.setdefault(dossier, []).append(day)
    beside = {day + timedelta(days=n) for _, day in full for n in (-1, 0, 1)}
    return tuple(_with_day(each, taken.setdefault(each.dossier, []), beside, life, dice) for each in life.records)


def _with_day(record: Record, taken: list[date], beside: set[date], life: Life, dice: Random) -> Record:
    when = _when(record)
    if when is None or when.is_day:
        return record
    days = [when.first + timedelta(days=n) for n in range((when.last - when.first).days + 1)]
    apart = [day for day in days if all(abs((day - other).days) > 1 for other in taken)] or days
    free = [day for day in apart if life.birth <= day <= life.today] or apart
    met = [day for day in free if day in beside]
    day = dice.choice(met if met and dice.random() < 0.5 else free)
    taken.append(day)
    return replace(record, resource=resource.of({**record.resource.content, "occurrenceDateTime": day.isoformat()}))


def _when(record: Record) -> PartialDate | None:
    return dates.parse(record.resource.content.get("occurrenceDateTime", ""))


def _nothing_is_left_of_what_is_ignored(_: Life, told: tuple[DoseEvent, ...], dice: Random) -> Iterator[str]:
    """Without one event the others stay, and none of them points to it."""
    if not told:
        return
    gone = dice.choice(told)
    left = history.without(told, gone.id)
    if {each.id for each in left} != {each.id for each in told} - {gone.id}:
        yield "more or less than the event is gone"
    if any(each.possible_duplicate_of == gone.id for each in left):
        yield "somebody still points to what is gone"


LAWS: Mapping[str, Law] = {
    "two doses are never one": _never_two_doses_in_one,
    "as the slow way says": _as_the_slow_way,
    "whatever the order": _whatever_the_order,
    "nothing is lost": _nothing_is_lost,
    "a copy changes nothing": _a_copy_changes_nothing,
    "partial dates are not contradicted": _partial_dates_are_not_contradicted,
    "nothing is left of what is ignored": _nothing_is_left_of_what_is_ignored,
}
CHEAP: Mapping[str, Law] = {each: LAWS[each] for each in ("nothing is lost", "partial dates are not contradicted")}
