"""Whether a schedule makes sense: what no reader of one rule alone can see."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from registry.continuity import spans
from registry.continuity.immunization.entries import Entry
from registry.continuity.immunization.schedule import Antigen, ConditionKind, Schedule, Series, TargetDose
from registry.continuity.spans import Span

LEFT_OUT = "left out"
"""The option that takes an antigen out of a variant."""

_SOME_DAY = date(2001, 1, 1)


def options(root: Entry, blocks: Iterable[Entry], taken: Mapping[str, str]) -> None:
    """Every option taken is one that the series of its antigen offer."""
    offered: dict[str, set[str]] = {}
    for block in blocks:
        found = {option for each in block.each("series") for option in each.texts("options")}
        for name in (block.text("name"), *block.texts("of")):
            offered.setdefault(name, set()).update(found)
    for name, option in taken.items():
        if name not in offered or (option != LEFT_OUT and option not in offered[name]):
            raise root.fault(f"{name} has no option called `{option}`", "options")


def series(series: Series, entry: Entry) -> None:
    """Doses are 1, 2, 3, ...; each stands after the one before; no age or interval contradicts another."""
    if [each.number for each in series.doses] != list(range(1, len(series.doses) + 1)) or not series.doses:
        raise entry.fault("the doses of a series are 1, 2, 3, ... in order, without gap or repetition", "doses")
    if any(each.minimum is None for each in series.doses[0].ages):
        raise entry.fault("the first dose of a series has a minimum age, be it birth", "doses[0].minimum_age")
    in_order(entry, series.minimum_age_to_start, series.maximum_age_to_start)
    for place, dose in enumerate(series.doses):
        _dose(entry, dose, f"doses[{place}]")
        if place and not dose.intervals:
            raise entry.fault("every dose after the first says how long after which dose it is given", "doses")


def _dose(entry: Entry, dose: TargetDose, path: str) -> None:
    for age in dose.ages:
        in_order(entry, age.minimum, age.earliest_recommended, age.latest_recommended, path=path)
        in_order(entry, age.minimum, age.maximum, path=path)
        in_order(entry, age.earliest_recommended, age.maximum, path=path)
    for interval in dose.intervals:
        in_order(entry, interval.minimum, interval.earliest_recommended, interval.latest_recommended, path=path)
        if interval.from_target_dose is not None and not 0 < interval.from_target_dose < dose.number:
            raise entry.fault("an interval runs from an earlier dose of the series", path)
    for skip in dose.skips:
        for condition in (each for set_ in skip.sets for each in set_.conditions):
            in_order(entry, condition.window.begins, condition.window.ends, path=path)


def in_order(entry: Entry, *ages: Span | None, path: str = "") -> None:
    """Minimum, recommended and overdue, as far as they are given, do not fall."""
    days = [spans.add(_SOME_DAY, each) for each in ages if each is not None]
    if days != sorted(days):
        raise entry.fault("a minimum is above what is recommended, overdue or the end", path)


def check(schedule: Schedule, root: Entry) -> None:
    """The schedule says something, and no series waits for itself."""
    if not schedule.antigens:
        raise root.fault("a schedule has at least one antigen", "antigens")
    for antigen in schedule.antigens.values():
        _no_circle(antigen, root)


def _no_circle(antigen: Antigen, root: Entry) -> None:
    waits = {each: set[str]() for each in (one.group for one in antigen.series)}
    for each in antigen.series:
        waits[each.group] |= set(_waits_for(each))
    for group in waits:
        if unknown := waits[group] - set(waits):
            raise root.fault(f"{antigen.name}: no series group of that name: {', '.join(sorted(unknown))}", "antigens")
        if group in _reached(waits, group):
            raise root.fault(f"{antigen.name}: a series waits for its own completion, in a circle", "antigens")


def _waits_for(series: Series) -> Iterator[str]:
    for dose in series.doses:
        for condition in (each for skip in dose.skips for set_ in skip.sets for each in set_.conditions):
            if condition.kind is ConditionKind.COMPLETED_SERIES:
                yield from condition.series_groups


def _reached(waits: Mapping[str, set[str]], start: str) -> set[str]:
    reached, found = set[str](), set(waits[start])
    while found:
        reached |= found
        found = {each for group in found for each in waits.get(group, ())} - reached
    return reached
