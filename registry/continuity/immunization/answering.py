"""The one reading of a history behind every answer, in FHIR, in JSON or in words.

Beyond `doubtful` it tells of each dose of a vaccine of the schedule that no series looked at: the vaccine type counts
at certain ages only, and it was given before or after them. Flags are in the order of the doses told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from registry.continuity.immunization import calendar, doubtful, told
from registry.continuity.immunization.doubtful import Answers
from registry.continuity.immunization.given import Given, Someone
from registry.continuity.immunization.outcome import DoseReason, DoseStatus, Problem, Verdict
from registry.continuity.immunization.schedule import Schedule, Window
from registry.continuity.immunization.told import Reading, Told
from registry.continuity.immunization.uncertain import Answer, DoseAnswer, FlagAnswer, GroupAnswer

_IMPOSSIBLE = frozenset({Problem.BEFORE_BIRTH, Problem.AFTER_ASSESSMENT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What was read, and what the schedule says to it; the flags of the reading stand in the answers."""

    told: Told
    answers: Answers


def answer(content: Any, schedule: Schedule, on: date, reading: Reading = told.own_codes_only) -> Answered:
    """Read a history and forecast it. Raises BadInput as `told.read` does."""
    asked = told.read(content, schedule, on, reading)
    found = doubtful.forecast(schedule, asked.someone, asked.doses, asked.observations, on)
    counted = _completed(found.counted, asked, schedule)
    ignored = counted if found.ignored is found.counted else _completed(found.ignored, asked, schedule)
    return Answered(told=asked, answers=replace(found, counted=counted, ignored=ignored))


def _completed(found: Answer, asked: Told, schedule: Schedule) -> Answer:
    impossible = {each.about for each in found.flags if each.problem in _IMPOSSIBLE}
    possible = {each.id: each for each in asked.doses if each.id not in impossible}
    groups = tuple(_heard(each, asked.someone, possible, schedule) for each in found.groups)
    heard = {each.dose for group in groups for each in group.verdicts if each.verdicts != (None,)}
    own = (FlagAnswer(about=each.about, problem=each.problem, is_certain=True) for each in asked.flags)
    known = [each for each in found.flags if each.problem is not Problem.NOT_IN_SCHEDULE or each.about not in heard]
    return replace(found, groups=groups, flags=_ordered([*own, *known], asked))


def _ordered(flags: Iterable[FlagAnswer], asked: Told) -> tuple[FlagAnswer, ...]:
    """By dose, as told; what is about no dose comes last."""
    places = {each: place for place, each in enumerate(asked.vaccines)}
    return tuple(sorted(flags, key=lambda each: places.get(each.about, len(places))))


def _heard(group: GroupAnswer, someone: Someone, doses: Mapping[str, Given], schedule: Schedule) -> GroupAnswer:
    antigens = schedule.groups[group.group].antigens
    verdicts = tuple(
        _judged(each, someone, doses[each.dose], antigens, schedule) if each.dose in doses else each
        for each in group.verdicts
    )
    return replace(group, verdicts=verdicts)


def _judged(
    answer: DoseAnswer, someone: Someone, dose: Given, antigens: Iterable[str], schedule: Schedule
) -> DoseAnswer:
    vaccine = schedule.vaccines[dose.vaccine]
    windows = [each.window for each in vaccine.associations if each.antigen in antigens]
    if None not in answer.verdicts or not (reasons := tuple(dict.fromkeys(_outside(windows, someone, dose)))):
        return answer
    # Beyond the maximum age a dose harms nothing: the engine calls it extraneous.
    status = DoseStatus.EXTRANEOUS if reasons == (DoseReason.TOO_OLD,) else DoseStatus.NOT_VALID
    unheard = Verdict(dose=dose.id, status=status, reasons=reasons)
    return replace(answer, verdicts=tuple(dict.fromkeys(each or unheard for each in answer.verdicts)))


def _outside(windows: Iterable[Window], someone: Someone, dose: Given) -> Iterator[DoseReason]:
    """Why the dose lies outside the ages at which its type counts, on some of the days it may have been given."""
    for each in windows:
        if each.begins and dose.days.first < calendar.after(someone.birth.last, each.begins):
            yield DoseReason.TOO_YOUNG
        if each.ends and dose.days.last >= calendar.after(someone.birth.first, each.ends):
            yield DoseReason.TOO_OLD
