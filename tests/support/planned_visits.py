"""The small cases of `naive_visits`, put to the planner."""

from __future__ import annotations

from datetime import timedelta

from registry.continuity.immunization import visits
from registry.continuity.immunization.given import Given, Someone
from registry.continuity.immunization.visits import Plan
from registry.continuity.spans import Days
from tests.support.naive_visits import BIRTH, LONGEST, Small, Worth


def plan(small: Small) -> Plan:
    told = [
        Given(id=f"t{place}", days=_on(day), vaccine=group.lower()) for place, (group, day) in enumerate(small.told)
    ]
    on = BIRTH + timedelta(days=small.on)
    until = on + timedelta(days=10_000)
    someone = Someone(birth=_on(0))
    patience = timedelta(days=small.patience)
    return visits.plan(
        small.schedule, someone, told, (), on, until=until, most_shots=small.most_shots, patience=patience
    )


def _on(day: int) -> Days:
    return Days(BIRTH + timedelta(days=day), BIRTH + timedelta(days=day))


def worth(small: Small, found: Plan) -> Worth:
    """In days of life, as `naive_visits.Worth`."""
    days = [(each.day - BIRTH).days for each in found.visits]
    waits = [((each.day - BIRTH).days - small.on) * len(shot.groups) for each in found.visits for shot in each.shots]
    return sum(found.lost.values()), len(set(days) - {small.on}), max(days, default=small.on), sum(waits)


def is_beyond(small: Small, planned: Worth, naive: Worth) -> bool:
    """Whether the plan goes on where the slow way stopped looking, and that one lost doses by it."""
    return naive[0] > 0 and planned[2] >= small.on + LONGEST
