"""Which years of school were completed, and how far an unfinished one went.

Invariant: a year counts as completed only on a record's word, and where the record is silent or ambiguous every
possible year is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from registry.continuity.education import ladder, words
from registry.continuity.education.ladder import Ladder
from registry.continuity.education.record import DISPUTED, SchoolYear, Timeline
from registry.continuity.reasons import Reason, because

# From the result of a year: the steps the completed year may lie below it, and the reason.
# Placement rule, step 1 (education reference, section 5).
_STEPS: dict[str, tuple[tuple[int, ...], str]] = {
    "promoted": ((0,), "promoted"),
    "conditional": ((0, 1), "conditional"),
    "repeat": ((1,), "repeated"),
    "not-completed": ((1,), "unfinished"),
    "in-progress": ((1,), "in-progress"),
    "unknown": ((0, 1), "outcome-unknown"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """One reading: with this school year, `completed` is the last year finished, and `months` were spent in the next.

    `ladders` are what each source says of the levels in that country and year.
    """

    completed: int
    told: SchoolYear
    ladders: tuple[Ladder, ...]
    months: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed:
    """The highest completed year; several when records leave it open, none when nothing could be read."""

    years: tuple[int, ...]
    bases: tuple[Basis, ...]
    reasons: tuple[Reason, ...]


def completed_year(timeline: Timeline, ladders: Sequence[Ladder], on: date) -> Completed:
    """The highest year completed, by step 1 and 2 of the placement rule; ambiguity is kept."""
    readings = [_readings(each, ladders, on) for each in timeline.years]
    bases = [basis for found, _ in readings for basis in found]
    reasons = [reason for _, why in readings for reason in why]
    if not bases:
        return Completed(years=(), bases=(), reasons=(*reasons, because("no-school-record")))
    least = max(min(each.completed for each in found) for found, _ in readings if found)
    years = sorted({each.completed for each in bases if each.completed >= least})
    kept = tuple(each for each in bases if each.completed in years)
    return Completed(years=tuple(years), bases=kept, reasons=tuple(dict.fromkeys(reasons)))


def _readings(told: SchoolYear, ladders: Sequence[Ladder], on: date) -> tuple[list[Basis], list[Reason]]:
    here = ladder.every_in_force(ladders, told.country_inside, told.year)
    numbers, reasons = _numbers(told, here)
    speaking = ladder.structures(here)
    months = _months(told, on)
    found: dict[int, Basis] = {}
    for number in sorted(numbers):
        if number == 0:  # before school there is nothing to repeat or to be promoted from
            found[0] = Basis(completed=0, told=told, ladders=speaking)
            continue
        steps, why = _steps(told, number, months)
        reasons += why
        for step in steps:
            spent = months if step and "in-progress" in told.results else 0
            found[number - step] = Basis(completed=number - step, told=told, ladders=speaking, months=spent)
    return list(found.values()), reasons


def _steps(told: SchoolYear, number: int, months: int) -> tuple[list[int], list[Reason]]:
    """How many years the completed one may lie below the year on record."""
    steps = sorted({step for result in told.results for step in _STEPS[result][0]})
    reasons = [_because(_STEPS[result][1], number, months) for result in sorted(told.results)]
    if told.verification == DISPUTED:  # it may be right or wrong: the year before is possible too
        return sorted({*steps, 1}), [*reasons, because("disputed-year", year=number)]
    return steps, reasons


def _because(code: str, year: int, months: int) -> Reason:
    if code != "in-progress":
        return because(code, year=year)
    return because(code, year=year, months=months) if months else because("unfinished", year=year)


def _numbers(told: SchoolYear, here: Sequence[Ladder]) -> tuple[set[int], list[Reason]]:
    """The years of schooling the grade can be, by the ladders and by the record's own number."""
    own = {told.year_number} - {None}
    if not here:
        numbers = {each for each in own if each} or set(words.read(words.fold(told.grade), ()))
        return numbers, [because("no-ladder" if numbers else "label-unknown")]
    by_name = set(ladder.resolve(here, told.grade, told.programme)) if told.grade else set[int]()
    if own and by_name and not own & by_name:
        return {each for each in own | by_name if each}, [because("sources-disagree")]
    numbers = {each for each in (own & by_name or by_name or own) if each is not None}
    reasons = [_unread(told, here)] if not by_name else []
    if any(each and ladder.shown(here, each) is None for each in numbers):
        reasons.append(because("sources-disagree"))
    return numbers, [*reasons, *([because("label-ambiguous")] if len(numbers) > 1 else [])]


def _unread(told: SchoolYear, here: Sequence[Ladder]) -> Reason:
    return because("label-beyond-school" if ladder.is_outside(here, told.grade) else "label-unknown")


def _months(told: SchoolYear, on: date) -> int:
    """Whole months of the school year on record, at least those that are certain."""
    if told.begins is None or not told.begins.month:
        return 0
    end = min(told.ends.first, on) if told.ends else on
    begin = told.begins.last
    return max(0, min(12, (end.year - begin.year) * 12 + end.month - begin.month - (end.day < begin.day)))
