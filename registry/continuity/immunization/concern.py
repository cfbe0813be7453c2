"""Which doses a vaccine group looks at: all others leave its forecast as it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache

from registry.continuity.immunization.schedule import Schedule, TargetDose, VaccineGroup


@lru_cache(maxsize=16)
def of(schedule: Schedule) -> Mapping[str, tuple[Schedule, frozenset[str]]]:
    """By group: the schedule of this group alone, and the vaccine types that can change its forecast.

    These are the types that protect against one of its antigens, those that others wait for (conflicts), and those
    that an interval is reckoned from.
    """
    return {
        name: (replace(schedule, groups={name: group}), _vaccines(schedule, group))
        for name, group in schedule.groups.items()
    }


def _vaccines(schedule: Schedule, group: VaccineGroup) -> frozenset[str]:
    rules = list(_rules(schedule, group))
    own = {
        each.type for each in schedule.vaccines.values() if any(a.antigen in group.antigens for a in each.associations)
    }
    preferable = {product.vaccine for rule in rules for product in rule.preferable}
    awaited = {each.previous for vaccine in own | preferable for each in schedule.conflicts.get(vaccine, ())}
    recent = {
        vaccine
        for rule in rules
        for each in (*rule.intervals, *rule.allowable_intervals)
        for vaccine in each.from_most_recent
    }
    return frozenset(own | awaited | recent)


def _rules(schedule: Schedule, group: VaccineGroup) -> Iterator[TargetDose]:
    for antigen in group.antigens:
        for series in schedule.antigens[antigen].series:
            yield from series.doses
