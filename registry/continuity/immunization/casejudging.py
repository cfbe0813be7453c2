"""Published forecast cases held against the engine, strictly: status, every dose with its reason, three dates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from registry.continuity.immunization import engine
from registry.continuity.immunization.casebook import ExpectedDose, ForecastCase, plain
from registry.continuity.immunization.outcome import DoseReason, GroupForecast, Outcome, Verdict
from registry.continuity.immunization.person import Observation
from registry.continuity.immunization.schedule import Schedule

# What the workbooks call a reason, by the word that tells it from the others.
_REASONS: Mapping[str, frozenset[DoseReason]] = {
    "young": frozenset({DoseReason.TOO_YOUNG}),
    "old": frozenset({DoseReason.TOO_OLD}),
    "soon": frozenset({DoseReason.TOO_SOON}),
    "inadvertent": frozenset({DoseReason.INADVERTENT}),
    "conflict": frozenset({DoseReason.CONFLICT}),
    "complete": frozenset({DoseReason.ALREADY_COMPLETE}),
    "allowable": frozenset({DoseReason.NOT_A_PRODUCT, DoseReason.WRONG_AGE_FOR_PRODUCT}),
    "grace": frozenset({DoseReason.GRACE_PERIOD}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing of one case that is not as expected."""

    what: str
    expected: str
    actual: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A case and how the answer differs; none means passed."""

    case: str
    group: str
    differences: tuple[Difference, ...]


def judge(schedule: Schedule, cases: Iterable[ForecastCase], names: Mapping[str, str]) -> Iterator[Judged]:
    """Ask every case of the schedule; `names` say how workbooks call its vaccine groups (`casebook.plain` spelling)."""
    known = {plain(each): each for each in schedule.groups}
    for case in cases:
        group = known.get(plain(case.group)) or names.get(plain(case.group), case.group)
        # The logic specification judges every dose of a case; two published ones are dated after the assessment.
        on = max([case.on, *(each.day for each in case.doses)])
        outcome = engine.forecast(schedule, case.person, case.doses, list(_observations(schedule, case)), on)
        found = next((each for each in outcome.groups if each.group == group), None)
        yield Judged(case=case.id, group=group, differences=tuple(_differences(case, outcome, found)))


def _observations(schedule: Schedule, case: ForecastCase) -> Iterator[Observation]:
    """Those of the case; a code of another system (a medical history) stands for every observation it is coded as."""
    for each in case.observations:
        if each.code in schedule.observations:
            yield each
        else:
            kinds = schedule.observations.values()
            coded = [kind.code for kind in kinds if any(code == each.code for _, code in kind.codings)]
            yield from (Observation(code=code, day=each.day) for code in coded)


def _differences(case: ForecastCase, outcome: Outcome, found: GroupForecast | None) -> Iterator[Difference]:
    """A dose that is not of the group asked about (given for its conflict) is held against what its own group says."""
    status = found.status.value if found else "no series concerns this person"
    if plain(status) != plain(case.status):
        yield Difference(what="series status", expected=case.status, actual=status)
    others = {each.dose: each for group in outcome.groups for each in group.verdicts}
    verdicts = others | ({each.dose: each for each in found.verdicts} if found else {})
    for each in case.expected:
        yield from _dose(each, verdicts.get(each.id))
    for what, expected, actual in (
        ("earliest date", case.earliest, found and found.earliest),
        ("recommended date", case.recommended, found and found.recommended),
        ("past due date", case.past_due, found and found.past_due),
    ):
        if expected != actual:
            yield Difference(what=what, expected=_said(expected), actual=_said(actual))


def _dose(expected: ExpectedDose, found: Verdict | None) -> Iterator[Difference]:
    status = found.status.value if found else "not evaluated"
    reasons = found.reasons if found else ()
    if expected.status and plain(status) != plain(expected.status):
        yield Difference(
            what=f"dose {expected.id} status",
            expected=f"{expected.status} {expected.reason}".strip(),
            actual=" ".join([status, *(each.value for each in reasons)]),
        )
    elif expected.reason and not _is_said(expected.reason, reasons):
        actual = ", ".join(each.value for each in reasons)
        yield Difference(what=f"dose {expected.id} reason", expected=expected.reason, actual=actual)


def _is_said(expected: str, reasons: Sequence[DoseReason]) -> bool:
    said = next((meant for word, meant in _REASONS.items() if word in plain(expected)), frozenset[DoseReason]())
    return not said.isdisjoint(reasons)


def _said(day: date | None) -> str:
    return day.isoformat() if day else "none"
