"""One question put to the engine: a schedule, a person, the doses that lie behind the assessment date."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from registry.continuity.immunization import calendar
from registry.continuity.immunization.outcome import Flag, Problem
from registry.continuity.immunization.person import Dose, Observation, Person
from registry.continuity.immunization.schedule import Schedule
from registry.continuity.spans import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """`doses` are in the order of days; `observations` give the latest day of each code that is active `on` the day."""

    schedule: Schedule
    person: Person
    doses: tuple[Dose, ...]
    observations: Mapping[str, date | None]
    on: date

    def age(self, span: Span) -> date:
        """The day the person reaches an age."""
        return calendar.after(self.person.birth, span)

    def of_antigen(self, antigen: str) -> tuple[Dose, ...]:
        """The doses that count for an antigen, a combination for each of its own (4.2)."""
        return tuple(each for each in self.doses if self._protects(each, antigen))

    def _protects(self, dose: Dose, antigen: str) -> bool:
        return any(
            each.antigen == antigen and calendar.within(each.window, self.person.birth, dose.day)
            for each in self.schedule.vaccines[dose.vaccine].associations
        )


def prepare(
    schedule: Schedule, person: Person, doses: Sequence[Dose], observations: Sequence[Observation], on: date
) -> tuple[Case, tuple[Flag, ...]]:
    """Put the input in order. What cannot be used is flagged, and nothing is left out without a flag."""
    wrong = {each.id: problem for each in doses if (problem := _problem(schedule, person, each, on)) is not None}
    strange = [each.code for each in observations if each.code not in schedule.observations]
    flags = [
        *(Flag(about=id, problem=problem) for id, problem in wrong.items()),
        *(Flag(about=code, problem=Problem.UNKNOWN_OBSERVATION) for code in strange),
    ]
    usable = sorted((each for each in doses if each.id not in wrong), key=_order)
    case = Case(schedule=schedule, person=person, doses=tuple(usable), observations=_active(observations, on), on=on)
    return case, tuple(flags)


def _problem(schedule: Schedule, person: Person, dose: Dose, on: date) -> Problem | None:
    if dose.vaccine not in schedule.vaccines:
        return Problem.UNKNOWN_VACCINE
    if dose.day < person.birth:
        return Problem.BEFORE_BIRTH
    return Problem.AFTER_ASSESSMENT if dose.day > on else None


def _order(dose: Dose) -> tuple[date, str, str, str]:
    """By day; within a day by what was given, so that the order of the input never matters."""
    return dose.day, dose.vaccine, dose.manufacturer, dose.id


def _active(observations: Iterable[Observation], on: date) -> dict[str, date | None]:
    found: dict[str, date | None] = {}
    for each in observations:
        if each.day is None or each.day <= on:
            found[each.code] = calendar.latest(found.get(each.code), each.day)
    return found
