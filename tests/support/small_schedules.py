"""Small invented schedules that use every kind of rule, and people with partly known days to ask them about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from registry.continuity import spans
from registry.continuity.immunization.given import Given, Someone
from registry.continuity.immunization.person import Sex
from registry.continuity.immunization.schedule import (
    Age,
    Antigen,
    Association,
    Comparison,
    Condition,
    ConditionKind,
    Conflict,
    Context,
    Interval,
    Product,
    Schedule,
    Season,
    Series,
    Skip,
    SkipSet,
    TargetDose,
    Vaccine,
    VaccineGroup,
    Window,
)
from registry.continuity.spans import Days, Span

HOLDS = {"a": "A", "b": "B", "c": "C", "d": "D", "ab": "AB", "cd": "CD"}
"""Vaccine types and the antigens they hold; c, d and cd are live."""
LIVE = ("c", "d", "cd")
GROUPS = {"A+B": ("A", "B"), "C": ("C",), "D": ("D",)}

AGES = ("0 days", "6 weeks", "2 months", "9 months", "12 months", "15 months")
GAPS = ("3 weeks", "4 weeks", "28 days", "1 month", "2 months", "6 months")
LATE = ("8 months", "24 months", "5 years")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A person, their doses and the day."""

    someone: Someone
    doses: tuple[Given, ...]
    on: date


def span(text: str) -> Span:
    return spans.read(text)


def schedule(rng: Random) -> Schedule:
    """Three groups over four antigens; ages, grace, intervals of each kind, skips, conflicts, a season, a recurring
    dose."""
    return Schedule(
        id="small",
        title="invented",
        version="1",
        digest=f"{rng.random()}",
        antigens={name: _antigen(rng, name, group) for group, names in GROUPS.items() for name in names},
        groups={
            name: VaccineGroup(name=name, antigens=names, gives_all=rng.random() < 0.5)
            for name, names in GROUPS.items()
        },
        vaccines={
            each: Vaccine(type=each, title=each, associations=tuple(Association(antigen=one) for one in held))
            for each, held in HOLDS.items()
        },
        conflicts={each: tuple(_conflict(previous, each) for previous in LIVE) for each in LIVE},
    )


def _conflict(previous: str, current: str) -> Conflict:
    return Conflict(
        previous=previous,
        current=current,
        begins=span("1 day"),
        ends_after_valid=span("24 days"),
        ends=span("28 days"),
    )


def _antigen(rng: Random, name: str, group: str) -> Antigen:
    count = rng.choice((1, 2, 2))
    return Antigen(name=name, series=tuple(_series(rng, name, group, place) for place in range(count)))


def _series(rng: Random, antigen: str, group: str, place: int) -> Series:
    numbers = range(1, rng.choice((2, 3, 4)))
    return Series(
        name=f"{antigen} {place}",
        antigen=antigen,
        vaccine_group=group,
        doses=tuple(_dose(rng, antigen, number, len(numbers)) for number in numbers),
        is_default=place == 0,
        preference=place + 1,
        maximum_age_to_start=span(rng.choice(LATE)) if rng.random() < 0.2 else None,
    )


def _dose(rng: Random, antigen: str, number: int, last: int) -> TargetDose:
    holding = [each for each, held in HOLDS.items() if antigen in held]
    return TargetDose(
        number=number,
        ages=(_age(rng, number),),
        intervals=(_interval(rng, number, holding),) if number > 1 else (),
        preferable=tuple(Product(vaccine=each, is_named=rng.random() < 0.7) for each in holding),
        skips=(_skip(rng),) if rng.random() < 0.4 else (),
        recurs=number == last and rng.random() < 0.1,
        season=Season(starts=date(2020, 3, 1), ends=date(2020, 9, 30)) if rng.random() < 0.1 else None,
    )


def _age(rng: Random, number: int) -> Age:
    minimum = AGES[min(len(AGES) - 1, number - 1 + rng.randrange(3))]
    return Age(
        absolute_minimum=span(f"{minimum} - 4 days" if minimum != "0 days" else minimum),
        minimum=span(minimum),
        earliest_recommended=span(rng.choice(AGES)) if rng.random() < 0.5 else None,
        latest_recommended=span(rng.choice(LATE)) if rng.random() < 0.5 else None,
        maximum=span(rng.choice(LATE)) if rng.random() < 0.3 else None,
    )


def _interval(rng: Random, number: int, holding: Sequence[str]) -> Interval:
    kind = rng.randrange(4)
    gap = rng.choice(GAPS)
    return Interval(
        from_previous=kind < 2,
        from_target_dose=rng.randrange(1, number) if kind == 2 else None,
        from_most_recent=frozenset(holding) if kind == 3 else frozenset(),
        absolute_minimum=span(f"{gap} - 4 days"),
        minimum=span(gap),
        earliest_recommended=span(rng.choice(GAPS)) if rng.random() < 0.4 else None,
        latest_recommended=span(rng.choice(LATE)) if rng.random() < 0.4 else None,
        overrides=rng.random() < 0.1,
    )


def _skip(rng: Random) -> Skip:
    conditions = (
        Condition(kind=ConditionKind.AGE, window=Window(begins=span(rng.choice(AGES[3:])))),
        Condition(kind=ConditionKind.INTERVAL, interval=span(rng.choice(GAPS))),
        Condition(
            kind=ConditionKind.VACCINE_COUNT,
            window=Window(begins=span(rng.choice(AGES))),
            count=rng.choice((0, 1)),
            comparison=rng.choice(list(Comparison)),
            valid_only=rng.random() < 0.5,
        ),
    )
    chosen = rng.sample(conditions, rng.choice((1, 2)))
    sets = (SkipSet(conditions=tuple(chosen), needs_all=rng.random() < 0.7),)
    return Skip(context=rng.choice(list(Context)), sets=sets)


def asked(rng: Random, *, longest: int, doses: int = 4, every: float = 0.5) -> Asked:
    """A person of up to two years with up to so many doses. A day is unknown with probability `every`, within up to
    `longest` days."""
    birth = date(2019, 6, 1) + timedelta(days=rng.randrange(300))
    given = [_given(rng, number, birth, longest, every) for number in range(rng.randrange(1, doses + 1))]
    someone = Someone(birth=_around(rng, birth, longest, every / 2), sex=rng.choice(list(Sex)))
    return Asked(someone=someone, doses=tuple(given), on=birth + timedelta(days=rng.randrange(40, 800)))


def _given(rng: Random, number: int, birth: date, longest: int, every: float) -> Given:
    days = (0, 42, 56, 60, 84, 90, 120, 180, 270, 300, 365, 393, 450, 600)
    day = birth + timedelta(days=rng.choice(days) + rng.randrange(-4, 5))
    return Given(id=f"d{number}", days=_around(rng, day, longest, every), vaccine=rng.choice(list(HOLDS)))


def _around(rng: Random, day: date, longest: int, every: float) -> Days:
    if rng.random() >= every:
        return Days(day, day)
    first = day - timedelta(days=rng.randrange(longest))
    return Days(first, first + timedelta(days=rng.randrange(1, longest)))
