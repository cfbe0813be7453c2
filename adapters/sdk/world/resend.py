"""What an immunization source sends again: part of its file unchanged, and a few corrections.

Whoever takes the files in must find that the first part changes nothing, and that the second changes it once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import Enum

from adapters.sdk.world import dates, spelling
from adapters.sdk.world.clerks import Record
from adapters.sdk.world.dice import Dice
from adapters.sdk.world.hardships import Hardship
from adapters.sdk.world.reports import Report, State

UNCHANGED, CORRECTED_DOSES = 22, 3

Patient = tuple[Record, Sequence[Report]]


class Correction(Enum):
    NAMED = "the placeholder of a newborn gives way to a name"
    MOVED = "the family has another phone"
    REDATED = "the day of a dose is put right"
    CANCELLED = "a dose was never given"


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected:
    """A record put right. `changed` are the reports that differ from those sent before."""

    why: Correction
    record: Record
    reports: Sequence[Report]
    changed: Sequence[Report]


def again(seed: int, patients: Sequence[Patient]) -> tuple[list[Patient], list[Corrected]]:
    """The patients sent again as they were, and those sent with a correction; nobody is in both."""
    dice = Dice(seed, "resend", patients[0][0].source.name)
    corrected = _corrections(dice, dice.shuffled(patients))
    touched = {each.record.person_id for each in corrected}
    rest = [each for each in patients if each[0].person_id not in touched]
    chosen = {record.person_id for record, _ in dice.shuffled(rest)[:UNCHANGED]}
    return [each for each in rest if each[0].person_id in chosen], corrected


def _corrections(dice: Dice, patients: Sequence[Patient]) -> list[Corrected]:
    unnamed = [each for each in patients if Hardship.PLACEHOLDER in each[0].befallen]
    named = [each for each in patients if each not in unnamed]
    with_phone = [each for each in named if each[0].phone]
    with_doses = [each for each in named if each not in with_phone[:2] and _days_of_own(each[1])]
    return [
        *(_named(dice, *each) for each in unnamed[:3]),
        *(_moved(dice, *each) for each in with_phone[:2]),
        *(_redated(dice, *each) for each in with_doses[:CORRECTED_DOSES]),
        *(_cancelled(dice, *each) for each in with_doses[CORRECTED_DOSES : 2 * CORRECTED_DOSES]),
    ]


def _days_of_own(reports: Sequence[Report]) -> list[Report]:
    """The doses the source gave itself, on a known day."""
    return [each for each in reports if each.state is State.GIVEN and not each.is_repeat and each.date.day is not None]


def _named(dice: Dice, record: Record, reports: Sequence[Report]) -> Corrected:
    spelt = {
        script: replace(written, given=spelling.by_ear(dice, record.child.given, script))
        for script, written in record.spelt.items()
    }
    return Corrected(why=Correction.NAMED, record=replace(record, spelt=spelt), reports=reports, changed=())


def _moved(dice: Dice, record: Record, reports: Sequence[Report]) -> Corrected:
    phone = record.phone[:-4] + dice.letters("0123456789", 4)
    return Corrected(why=Correction.MOVED, record=replace(record, phone=phone), reports=reports, changed=())


def _redated(dice: Dice, record: Record, reports: Sequence[Report]) -> Corrected:
    before = dice.pick(_days_of_own(reports))
    day = before.day + timedelta(days=1)
    return _with(Correction.REDATED, record, reports, replace(before, day=day, date=dates.exactly(day)))


def _cancelled(dice: Dice, record: Record, reports: Sequence[Report]) -> Corrected:
    before = dice.pick(_days_of_own(reports))
    return _with(Correction.CANCELLED, record, reports, replace(before, state=State.CANCELLED))


def _with(why: Correction, record: Record, reports: Sequence[Report], changed: Report) -> Corrected:
    replaced = [changed if each.id == changed.id else each for each in reports]
    return Corrected(why=why, record=record, reports=replaced, changed=[changed])
