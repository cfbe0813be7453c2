"""With and without the doses that are doubted, and what each of them decides."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from registry.continuity.immunization import concern, uncertain
from registry.continuity.immunization.given import Given, Someone
from registry.continuity.immunization.person import Observation
from registry.continuity.immunization.schedule import Schedule
from registry.continuity.immunization.uncertain import Answer, GroupAnswer


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What one vaccine group says if the dose is `counted` with all others, and if it alone is `ignored`."""

    dose: str
    counted: GroupAnswer
    ignored: GroupAnswer


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """`counted` takes every dose, `ignored` only those without doubt; `changes` tell what hangs on each doubted one.

    A doubted dose without a change decides nothing: whether it was given need not be settled.
    """

    counted: Answer
    ignored: Answer
    changes: tuple[Change, ...]


def forecast(
    schedule: Schedule, someone: Someone, doses: Sequence[Given], observations: Sequence[Observation], on: date
) -> Answers:
    """Both answers, and what would change if one doubted dose were ignored. See `uncertain.forecast`."""
    counted = uncertain.forecast(schedule, someone, doses, observations, on)
    sure = [each for each in doses if not each.doubts]
    if len(sure) == len(doses):
        return Answers(counted=counted, ignored=counted, changes=())
    return Answers(
        counted=counted,
        ignored=uncertain.forecast(schedule, someone, sure, observations, on),
        changes=tuple(_changes(schedule, someone, doses, observations, counted)),
    )


def _changes(
    schedule: Schedule,
    someone: Someone,
    doses: Sequence[Given],
    observations: Sequence[Observation],
    counted: Answer,
) -> Iterator[Change]:
    for dose in (each for each in doses if each.doubts):
        others = [each for each in doses if each is not dose]
        for group in counted.groups:
            if dose.vaccine in concern.of(schedule)[group.group][1]:
                ignored = uncertain.of_group(schedule, group.group, someone, others, observations, counted.on)
                if _decides(group, ignored, dose.id):
                    yield Change(dose=dose.id, counted=group, ignored=ignored)


def _decides(counted: GroupAnswer, ignored: GroupAnswer, dose: str) -> bool:
    """Whether anything differs but the word about the dose itself; how many courses there were is no answer."""
    verdicts = tuple(each for each in counted.verdicts if each.dose != dose)
    return replace(counted, verdicts=verdicts, courses=ignored.courses) != ignored
