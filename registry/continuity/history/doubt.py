"""Doses that may be one, which nobody has settled: the less exact one is marked, and both stay.

Doses without a mark are surely different from one another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
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
    alike = any(sameness.excludes(a, b) for a in one.kinds for b in two.kinds)
    return alike and _dates_may_agree(one, two)


def _dates_may_agree(one: DoseEvent, two: DoseEvent) -> bool:
    both_full = bool(one.when and two.when and one.when.is_day and two.when.is_day)
    apart = not {each.dossier for each in one.provenances} & {each.dossier for each in two.provenances}
    if one.days is None or two.days is None:
        return apart  # one system telling two doses with vague dates means two doses
    day = sameness.A_DAY
    near = one.days[0] - day <= two.days[1] and two.days[0] - day <= one.days[1]
    return (near and (both_full or apart)) or (both_full and apart and _are_exchanged(one, two))


def _are_exchanged(one: DoseEvent, two: DoseEvent) -> bool:
    numbers = {one.dose_number, two.dose_number} - {None}
    return len(numbers) < 2 and one.when is not None and written.exchanged(one.when) == two.when


def _vagueness(event: DoseEvent) -> tuple[Any, ...]:
    """The dose most to be believed first: possible, written, dated, of most antigens, told by most, first in order."""
    when = event.when
    vague = 3 if when is None else 0 if when.is_day else 1 if when.month else 2
    sources = len({each.source or each.dossier for each in event.provenances})
    return (not event.is_possible, event.is_recalled, vague, -len(event.antigens), -sources, int(event.id[1:]))


def _with_mark(event: DoseEvent, of: str | None) -> DoseEvent:
    if of == event.possible_duplicate_of:
        return event
    kept = tuple(each for each in event.findings if each.code != "possible-duplicate")
    marks = (because("possible-duplicate", of=of),) if of else ()
    return replace(event, possible_duplicate_of=of, findings=(*kept, *marks))
