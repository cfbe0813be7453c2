"""The best visits of small cases by trying every day for every dose, and the engine asked about each.

Written from what a plan promises alone (the docstring of `visits`): no forecast date is looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import combinations, pairwise, product
from random import Random

from registry.continuity import spans
from registry.continuity.immunization import engine
from registry.continuity.immunization.outcome import DoseStatus
from registry.continuity.immunization.person import Dose, Person
from registry.continuity.immunization.schedule import (
    Age,
    Antigen,
    Association,
    Conflict,
    Interval,
    Product,
    Schedule,
    Series,
    TargetDose,
    Vaccine,
    VaccineGroup,
)

BIRTH = date(2020, 1, 1)
HOLDS = {"w": "W", "x": "X", "y": "Y", "z": "Z", "wx": "WX"}
LIVE = ("y", "z")
LONGEST = 13
"""Days looked at."""
LONGER_THAN_GAPS = 5
"""Days an infant waits; with fewer than lie between two doses, 2 of 273 plans had a return too many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Small:
    """A case whose groups are named by their one antigen; `told` are doses by group and day of life."""

    schedule: Schedule
    told: tuple[tuple[str, int], ...]
    on: int
    most_shots: int | None
    patience: int


Plan = Mapping[str, tuple[int, ...]]
"""By group the days on which it gets a dose, counted from the birth."""
Worth = tuple[int, int, int, int]
"""Doses lost, returns, the last day, days waited over all doses."""


def case(rng: Random) -> Small:
    groups = rng.sample("WXYZ", 3)
    schedule = Schedule(
        id="days",
        title="invented",
        version="1",
        digest="0",
        antigens={each: _antigen(rng, each) for each in groups},
        groups={each: VaccineGroup(name=each, antigens=(each,)) for each in groups},
        vaccines={
            each: Vaccine(type=each, title=each, associations=tuple(Association(antigen=one) for one in held))
            for each, held in HOLDS.items()
            if set(held) <= set(groups)
        },
        conflicts={each: tuple(_conflict(other, each) for other in LIVE) for each in LIVE},
    )
    on = rng.randrange(1, 4)
    told = tuple((rng.choice(groups), rng.randrange(on)) for _ in range(rng.choice((0, 0, 1, 2))))
    return Small(
        schedule=schedule,
        told=told,
        on=on,
        most_shots=rng.choice((None, None, 1, 2)),
        patience=rng.choice((LONGER_THAN_GAPS, LONGER_THAN_GAPS, 28)),
    )


def _conflict(previous: str, current: str) -> Conflict:
    return Conflict(previous=previous, current=current, begins=_days(1), ends_after_valid=_days(3), ends=_days(3))


def _days(number: int) -> spans.Span:
    return spans.read(f"{number} days")


def _antigen(rng: Random, name: str) -> Antigen:
    products = tuple(Product(vaccine=each) for each, held in HOLDS.items() if name in held)
    age = sorted(rng.randrange(6) for _ in range(2))
    late = rng.choice((None, None, 8, 11))
    doses = tuple(
        TargetDose(
            number=number,
            ages=(
                Age(
                    absolute_minimum=_days(age[number - 1]),
                    minimum=_days(age[number - 1]),
                    maximum=_days(late) if late else None,
                ),
            ),
            intervals=(_interval(rng),) if number > 1 else (),
            preferable=products,
        )
        for number in range(1, rng.choice((2, 3)))
    )
    series = Series(name=name, antigen=name, vaccine_group=name, doses=doses, is_default=True, preference=1)
    return Antigen(name=name, series=(series,))


def _interval(rng: Random) -> Interval:
    gap = _days(rng.randrange(2, 5))
    return Interval(from_previous=True, absolute_minimum=gap, minimum=gap)


def best(small: Small) -> Worth:
    """What the best plan is worth."""
    groups = list(small.schedule.groups)
    courses = {each: _courses(small, each) for each in groups}
    owed = {each: _owed(small, each) for each in groups}
    for lost in range(sum(owed.values()) + 1):
        found = [each for each in _plans(courses, owed, lost) if _is_within(small, each)]
        for worth, plan in sorted((_worth(small, owed, each), tuple(each.items())) for each in found):
            if _is_valid(small, dict(plan)) and not _keeps_waiting(small, owed, dict(plan)):
                return worth
    raise AssertionError("to give nothing is always a plan")


def _plans(courses: Mapping[str, Sequence[tuple[int, ...]]], owed: Mapping[str, int], lost: int) -> Iterator[Plan]:
    for chosen in product(*courses.values()):
        plan = dict(zip(courses, chosen, strict=True))
        if sum(owed[each] - len(days) for each, days in plan.items()) == lost:
            yield plan


def _courses(small: Small, group: str) -> list[tuple[int, ...]]:
    """Every choice of days on which doses for the group alone would all count."""
    days = range(small.on, small.on + LONGEST)
    every = (each for size in range(3) for each in combinations(days, size))
    return [each for each in every if _is_valid(small, {group: each})]


def _owed(small: Small, group: str) -> int:
    """How many doses the group takes alone, each given on the first day on which it would count."""
    given: tuple[int, ...] = ()
    for day in range(small.on, small.on + LONGEST):
        if _is_valid(small, {group: (*given, day)}):
            given = (*given, day)
    return len(given)


def _is_valid(small: Small, plan: Plan) -> bool:
    """Whether on each day every dose of that day counts."""
    doses = [(group, day) for group, days in plan.items() for day in days]
    return all(_counts(small, [each for each in doses if each[1] <= day], day) for day in {day for _, day in doses})


def _counts(small: Small, doses: Sequence[tuple[str, int]], day: int) -> bool:
    given = [
        Dose(id=f"{place}", day=BIRTH + timedelta(days=when), vaccine=group.lower())
        for place, (group, when) in enumerate([*small.told, *doses])
    ]
    found = engine.forecast(small.schedule, Person(birth=BIRTH), given, (), BIRTH + timedelta(days=day))
    status = {each.dose: each.status for group in found.groups for each in group.verdicts}
    planned = given[len(small.told) :]
    return all(status.get(each.id) is DoseStatus.VALID for each in planned if (each.day - BIRTH).days == day)


def _keeps_waiting(small: Small, owed: Mapping[str, int], plan: Plan) -> bool:
    """Whether somebody waits for a visit longer than allowed, from a day on which a dose could have been given.

    Who is here today is not sent away with nothing, either, for whatever no other dose would have to wait for.
    """
    days = sorted({small.on, *(day for each in plan.values() for day in each)})
    is_sent_away = small.most_shots is None and not any(small.on in each for each in plan.values())
    return (
        (is_sent_away and _could_be_given(small, owed, plan, small.on, small.on, without=LIVE))
        or any(
            _could_be_given(small, owed, plan, before, day)
            for before, coming in pairwise(days)
            for day in range(before + 1, coming - small.patience)
        )
        or not all(_makes_possible(small, owed, plan, before, coming) for before, coming in pairwise(days))
    )


def _makes_possible(small: Small, owed: Mapping[str, int], plan: Plan, before: int, day: int) -> bool:
    """Whether a visit is on the first day after the one before it on which some group can get a dose."""
    return any(
        _could_be_given(small, owed, plan, before, day, only=group)
        and (day == before + 1 or not _could_be_given(small, owed, plan, before, day - 1, only=group))
        for group in plan
    )


def _could_be_given(
    small: Small,
    owed: Mapping[str, int],
    plan: Plan,
    before: int,
    day: int,
    *,
    without: Sequence[str] = (),
    only: str = "",
) -> bool:
    """Whether some group that is owed a dose could get it on a day, after the visits up to another."""
    given = {group: [each for each in days if each <= before] for group, days in plan.items()}
    doses = [(group, each) for group, days in given.items() for each in days]
    asked = [each for each in given if each.lower() not in without and only in ("", each)]
    waiting = (group for group in asked if len(given[group]) < owed[group])
    return any(_counts(small, [*doses, (group, day)], day) for group in waiting)


def _is_within(small: Small, plan: Plan) -> bool:
    """Whether no visit has more injections than allowed; w and x come in one."""
    days = {day for each in plan.values() for day in each}
    given = {day: {group for group, each in plan.items() if day in each} for day in days}
    return all(
        small.most_shots is None or len(each) - ({"W", "X"} <= each) <= small.most_shots for each in given.values()
    )


def _worth(small: Small, owed: Mapping[str, int], plan: Plan) -> Worth:
    days = {day for each in plan.values() for day in each}
    return (
        sum(owed[each] - len(given) for each, given in plan.items()),
        len(days - {small.on}),
        max(days, default=small.on),
        sum(day - small.on for each in plan.values() for day in each),
    )
