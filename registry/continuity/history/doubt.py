"""Doses that may be one, which nobody has settled: the less exact one is marked, and both stay.

Doses without a mark are surely different from one another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from registry.continuity.history import sameness, written
from registry.continuity.history.event import DoseEvent
from registry.continuity.reasons import because


def marked(events: Sequence[DoseEvent]) -> tuple[DoseEvent, ...]:
    """The events in their order, each doubtful one pointing to the undoubted one it may be."""
    partner: dict[str, str] = {}
    undoubted: list[DoseEvent] = []
    for event in sorted(events, key=_vagueness):
        of = next((other.id for other in undoubted if may_be_one(event, other)), None)
        if of is None:
            undoubted.append(event)
        else:
            partner[event.id] = of
    return tuple(_with_mark(each, partner.get(each.id)) for each in events)


def without(events: Sequence[DoseEvent], *ids: str) -> tuple[DoseEvent, ...]:
    """The history as it would stand if some events were ignored; those they cast doubt on are looked at anew.

    Raises KeyError when an id is not in the history.
    """
    unknown = set(ids) - {each.id for each in events}
    if unknown:
        raise KeyError(f"no event {', '.join(sorted(unknown))} in this history")
    return marked([each for each in events if each.id not in ids])


def may_be_one(one: DoseEvent, two: DoseEvent) -> bool:
    """Whether two events can be one dose told twice."""
    return _dates_may_agree(one, two) and any(sameness.excludes(a, b) for a in one.kinds for b in two.kinds)


def _dates_may_agree(one: DoseEvent, two: DoseEvent) -> bool:
    both_full = bool(one.when and two.when and one.when.is_day and two.when.is_day)
    apart = not {each.dossier for each in one.provenances} & {each.dossier for each in two.provenances}
    # One system telling two doses with vague dates means two doses; but see `_is_on_two_days`.
    may_meet = apart or _is_on_two_days(one) or _is_on_two_days(two)
    if one.days is None or two.days is None:
        return may_meet
    gap = _gap(one.days, two.days)
    if gap <= sameness.A_DAY:
        return both_full or may_meet
    return apart and (_are_exchanged(one, two) or (gap <= sameness.TOO_CLOSE and _are_named_alike(one, two)))


def _is_on_two_days(event: DoseEvent) -> bool:
    """Whether systems differ about the day: who tells one of them may mean the other by a vague date."""
    return event.when is not None and event.when.is_day and event.days is not None and event.days[0] != event.days[1]


def _gap(one: tuple[date, date], two: tuple[date, date]) -> timedelta:
    """How far two dates lie apart at least; negative when they overlap."""
    return max(one[0] - two[1], two[0] - one[1])


def _are_named_alike(one: DoseEvent, two: DoseEvent) -> bool:
    """One name, or one lot, for doses of a vaccine not repeated so soon: rather one dose with a wrong date than two."""
    alike = one.kinds == two.kinds and not any(sameness.is_repeated_soon(each) for each in one.kinds)
    is_of_lot = one.lot is not None and one.lot == two.lot and not _are_numbered_apart(one, two)
    return alike and (bool(one.names & two.names) or is_of_lot)


def _are_numbered_apart(one: DoseEvent, two: DoseEvent) -> bool:
    return len({one.dose_number, two.dose_number} - {None}) > 1


def _are_exchanged(one: DoseEvent, two: DoseEvent) -> bool:
    lots = {one.lot, two.lot} - {None}
    if _are_numbered_apart(one, two) or len(lots) > 1:
        return False
    return _is_turned(one, two) or _is_turned(two, one)


def _is_turned(one: DoseEvent, two: DoseEvent) -> bool:
    """Whether day and month exchanged make the first the second; where one is impossible, also some day of it."""
    turned = written.exchanged(one.when) if one.when else None
    if turned is None or two.days is None:
        return False
    is_wrong = not (one.is_possible and two.is_possible)
    return turned == two.when or (is_wrong and two.days[0] <= turned.first <= two.days[1])


def _vagueness(event: DoseEvent) -> tuple[Any, ...]:
    """The dose to believe first: possible, written, dated, of a known vaccine and most antigens, told by most."""
    when = event.when
    vague = 3 if when is None else 0 if when.is_day else 1 if when.month else 2
    sources = len({each.source or each.dossier for each in event.provenances})
    what = (len(event.kinds) > 1, -len(event.antigens), -sources)
    return (not event.is_possible, event.is_recalled, vague, *what, int(event.id[1:]))


def _with_mark(event: DoseEvent, of: str | None) -> DoseEvent:
    if of == event.possible_duplicate_of:
        return event
    kept = tuple(each for each in event.findings if each.code != "possible-duplicate")
    marks = (because("possible-duplicate", of=of),) if of else ()
    return replace(event, possible_duplicate_of=of, findings=(*kept, *marks))
