"""How far a person has come in one series: which dose satisfied which target, and what became of every dose."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from registry.continuity.immunization.case import Case
from registry.continuity.immunization.outcome import DoseReason, DoseStatus
from registry.continuity.immunization.person import Dose
from registry.continuity.immunization.schedule import Interval, Series, TargetDose

_COUNTED = (DoseStatus.VALID, DoseStatus.NOT_VALID)


@dataclass(slots=True, kw_only=True)
class Record:
    """A dose held against the series (an antigen administered record)."""

    dose: Dose
    target: int | None = None
    status: DoseStatus | None = None
    reasons: tuple[DoseReason, ...] = ()

    @property
    def is_inadvertent(self) -> bool:
        return DoseReason.INADVERTENT in self.reasons

    @property
    def starts_intervals(self) -> bool:
        """CALCDTINT-1."""
        return self.status in _COUNTED and not self.is_inadvertent


@dataclass(slots=True, kw_only=True)
class Target:
    """A target dose and what became of it; neither satisfied nor skipped is 'not satisfied'."""

    rule: TargetDose
    satisfied_by: Dose | None = None
    is_skipped: bool = False

    @property
    def is_open(self) -> bool:
        return self.satisfied_by is None and not self.is_skipped


@dataclass(slots=True, kw_only=True)
class Progress:
    """The state of one walk. `at` is the place of the target looked for; `completed` tells of another series group."""

    case: Case
    series: Series
    completed: Callable[[str], bool]
    records: list[Record]
    targets: list[Target]
    at: int = 0

    @property
    def target(self) -> Target | None:
        return self.targets[self.at] if self.at < len(self.targets) else None

    def satisfy(self, dose: Dose) -> None:
        """The target is done; one that recurs is looked for again."""
        done = self.targets[self.at]
        done.satisfied_by = dose
        self.at += 1
        if done.rule.recurs:
            self.targets.insert(self.at, Target(rule=done.rule))

    def skip(self) -> None:
        self.targets[self.at].is_skipped = True
        self.at += 1

    @property
    def valid_doses(self) -> int:
        """SELECTB-21."""
        return sum(each.satisfied_by is not None for each in self.targets)

    def reference(self, interval: Interval, before: Sequence[Record], until: Dose | None) -> date | None:
        """The day an interval runs from, seen from a dose (`until`) or from the forecast; None if nothing starts it.

        `before` are the records ahead of that dose.
        """
        if interval.from_previous:  # CALCDTINT-1
            return next((each.dose.day for each in reversed(before) if each.starts_intervals), None)
        if interval.from_target_dose is not None:  # CALCDTINT-2
            return self._target_day(interval.from_target_dose)
        if interval.from_most_recent:  # CALCDTINT-8
            return self._most_recent(interval.from_most_recent, until)
        return self.case.observations.get(interval.from_observation)  # CALCDTINT-9

    def _target_day(self, number: int) -> date | None:
        done = (each.satisfied_by for each in self.targets if each.rule.number == number)
        return next((each.day for each in done if each is not None), None)

    def _most_recent(self, vaccines: frozenset[str], until: Dose | None) -> date | None:
        inadvertent = {each.dose.id for each in self.records if each.is_inadvertent}
        found = None
        for each in self.case.doses:
            if each is until:
                break
            if each.vaccine in vaccines and each.id not in inadvertent:
                found = each.day
        return found


def begin(case: Case, series: Series, doses: Sequence[Dose], completed: Callable[[str], bool]) -> Progress:
    return Progress(
        case=case,
        series=series,
        completed=completed,
        records=[Record(dose=each) for each in doses],
        targets=[Target(rule=each) for each in series.doses],
    )
