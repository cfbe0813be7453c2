"""Whether a target dose may be passed over (6.2, 7.1, 7.6)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import takewhile

from registry.continuity.immunization import calendar
from registry.continuity.immunization.outcome import DoseStatus
from registry.continuity.immunization.person import Dose
from registry.continuity.immunization.progress import Progress, Record
from registry.continuity.immunization.schedule import Comparison, Condition, ConditionKind, Context, SkipSet, TargetDose


@dataclass(frozen=True, slots=True)
class Moment:
    """From where a skip is looked at: the reference date (CONDSKIP-2), the records behind it, and the dose judged."""

    progress: Progress
    day: date
    before: Sequence[Record]
    until: Dose | None = None

    @property
    def given(self) -> Iterable[Dose]:
        """The doses of every antigen behind this moment."""
        return takewhile(lambda each: each is not self.until, self.progress.case.doses)


def is_skipped(rule: TargetDose, context: Context, moment: Moment) -> bool:
    """Table 6-11, for each skip of that context or of both."""
    return any(
        _holds([_set_holds(each, moment) for each in skip.sets], needs_all=skip.needs_all)
        for skip in rule.skips
        if skip.context in (context, Context.BOTH)
    )


def _set_holds(set_: SkipSet, moment: Moment) -> bool:
    """Table 6-10."""
    if not set_.validity.covers(moment.day):
        return False
    return _holds([_CONDITIONS[each.kind](each, moment) for each in set_.conditions], needs_all=set_.needs_all)


def _holds(found: Sequence[bool], *, needs_all: bool) -> bool:
    return bool(found) and (all(found) if needs_all else any(found))


def _age(condition: Condition, moment: Moment) -> bool:
    """Table 6-6."""
    return calendar.within(condition.window, moment.progress.case.person.birth, moment.day)


def _completed_series(condition: Condition, moment: Moment) -> bool:
    """Table 6-7."""
    return any(moment.progress.completed(each) for each in condition.series_groups)


def _interval(condition: Condition, moment: Moment) -> bool:
    """Table 6-8."""
    if not moment.before or condition.interval is None:
        return False
    return moment.day >= calendar.after(moment.before[-1].dose.day, condition.interval)


def _vaccine_count(condition: Condition, moment: Moment) -> bool:
    """Table 6-9."""
    count = sum(_counts(condition, each, moment) for each in _counted(condition, moment))
    return _COMPARES[condition.comparison](count, condition.count)


def _counted(condition: Condition, moment: Moment) -> Iterable[Dose]:
    """CONDSKIP-1: doses of this series, or of every antigen where vaccines are named and need not be valid."""
    if condition.valid_only:
        return (each.dose for each in moment.before if each.status is DoseStatus.VALID)
    return moment.given if condition.vaccines else (each.dose for each in moment.before)


def _counts(condition: Condition, dose: Dose, moment: Moment) -> bool:
    return (
        (not condition.vaccines or dose.vaccine in condition.vaccines)
        and condition.from_day <= dose.day < condition.until_day
        and calendar.within(condition.window, moment.progress.case.person.birth, dose.day)
    )


_CONDITIONS: Mapping[ConditionKind, Callable[[Condition, Moment], bool]] = {
    ConditionKind.AGE: _age,
    ConditionKind.COMPLETED_SERIES: _completed_series,
    ConditionKind.INTERVAL: _interval,
    ConditionKind.VACCINE_COUNT: _vaccine_count,
}

_COMPARES: Mapping[Comparison, Callable[[int, int], bool]] = {
    Comparison.MORE_THAN: lambda count, limit: count > limit,
    Comparison.EQUAL_TO: lambda count, limit: count == limit,
    Comparison.LESS_THAN: lambda count, limit: count < limit,
}
