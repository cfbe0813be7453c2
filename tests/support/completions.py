"""What partly known days can mean, day by day, and the engine asked about each: the slow, plain way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from itertools import product
from random import Random

from registry.continuity.immunization import engine
from registry.continuity.immunization.outcome import GroupForecast, Outcome
from registry.continuity.immunization.schedule import Schedule
from registry.continuity.immunization.uncertain import Answer, GroupAnswer, Range
from registry.continuity.spans import Days
from tests.support.small_schedules import Asked


def every(asked: Asked) -> Iterator[list[date]]:
    """Every completion: the birth day, then the day of each dose."""
    unknowns = [asked.someone.birth, *(each.days for each in asked.doses)]
    return map(list, product(*(days_of(each) for each in unknowns)))


def days_of(days: Days) -> list[date]:
    return [days.first + timedelta(days=each) for each in range((days.last - days.first).days + 1)]


def drawn(rng: Random, asked: Asked, count: int) -> Iterator[list[date]]:
    """Some completions: both ends, and others at random."""
    unknowns = [asked.someone.birth, *(each.days for each in asked.doses)]
    yield [each.first for each in unknowns]
    yield [each.last for each in unknowns]
    for _ in range(count):
        yield [each.first + timedelta(days=rng.randrange((each.last - each.first).days + 1)) for each in unknowns]


def ask(schedule: Schedule, asked: Asked, days: list[date]) -> Outcome:
    """The engine's word about one completion."""
    person = asked.someone.born(days[0])
    doses = [each.on(day) for each, day in zip(asked.doses, days[1:], strict=True)]
    return engine.forecast(schedule, person, doses, (), asked.on)


DATES = ("earliest", "recommended", "past_due", "latest")


def contradictions(answer: Answer, outcome: Outcome) -> Iterator[str]:
    """What the answer says that this completion does not bear out."""
    found = {each.group: each for each in outcome.groups}
    for group in answer.groups:
        if group.courses:
            yield from _of_group(group, found.pop(group.group, None))
        else:
            found.pop(group.group, None)
    yield from (f"{name} is missing" for name in found)
    flags = {(each.about, each.problem) for each in outcome.flags}
    said = {(each.about, each.problem): each.is_certain for each in answer.flags}
    unheard = {each for each in flags - said.keys() if each[1].value != "not-in-schedule"}
    yield from (f"flag {each} is not told of" for each in unheard)
    yield from (f"flag {each} is not there" for each, certain in said.items() if certain and each not in flags)


def _of_group(said: GroupAnswer, true: GroupForecast | None) -> Iterator[str]:
    if (true and true.status) not in said.statuses:
        yield f"{said.group}: status {true and true.status} is not among {said.statuses}"
    if true and true.next_dose is not None and true.next_dose not in said.next_doses:
        yield f"{said.group}: dose {true.next_dose} is not among {said.next_doses}"
    for name in DATES:
        day: date | None = getattr(true, name, None)
        if not lies_in(day, getattr(said, name)):
            yield f"{said.group}: {name} {day} is not in {getattr(said, name)}"
    verdicts = {each.dose: each for each in true.verdicts} if true else {}
    for dose in said.verdicts:
        if verdicts.get(dose.dose) not in dose.verdicts:
            yield f"{said.group}: {dose.dose} is {verdicts.get(dose.dose)}, not among {dose.verdicts}"


def lies_in(day: date | None, found: Range) -> bool:
    if day is None:
        return not found.always
    return found.days is not None and found.days.first <= day <= found.days.last


def needless(answer: Answer, outcomes: list[Outcome]) -> Iterator[str]:
    """What the answer holds possible and no completion gives; `outcomes` are those of every completion."""
    true: Mapping[str, list[GroupForecast | None]] = {
        group.group: [next((each for each in one.groups if each.group == group.group), None) for one in outcomes]
        for group in answer.groups
    }
    for said in answer.groups:
        found = true[said.group]
        if set(said.statuses) != {each and each.status for each in found}:
            yield f"{said.group}: statuses {said.statuses}"
        for name in DATES:
            days: list[date | None] = [getattr(each, name, None) for each in found]
            known = [each for each in days if each is not None]
            hull = Days(min(known), max(known)) if known else None
            if getattr(said, name) != Range(hull, bool(known) and None not in days):
                yield f"{said.group}: {name} is {getattr(said, name)}, not {hull}"
        for dose in said.verdicts:
            verdicts = {_verdict(dose.dose, each) for each in found}
            if set(dose.verdicts) != verdicts:
                yield f"{said.group}: {dose.dose} has {dose.verdicts}, not {verdicts}"


def _verdict(dose: str, group: GroupForecast | None) -> object:
    return next((each for each in group.verdicts if each.dose == dose), None) if group else None
