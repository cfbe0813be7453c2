"""One forecast for a vaccine group out of its best series (chapter 9)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from registry.continuity.immunization import calendar
from registry.continuity.immunization.case import Case
from registry.continuity.immunization.outcome import (
    DoseReason,
    DoseStatus,
    Evaluation,
    GroupForecast,
    SeriesForecast,
    SeriesStatus,
    Verdict,
)
from registry.continuity.immunization.schedule import VaccineGroup

# The least good decides for a dose of several antigens.
_LEAST_GOOD = (DoseStatus.SUB_STANDARD, DoseStatus.NOT_VALID, DoseStatus.EXTRANEOUS, DoseStatus.VALID)


def blend(case: Case, group: VaccineGroup, parts: Sequence[SeriesForecast]) -> GroupForecast:
    """Tables 9-2 to 9-5. `parts` are the best series of the group's antigens, at least one."""
    status = _status(parts)
    due = [each for each in parts if each.status is SeriesStatus.NOT_COMPLETE]
    is_due = status is SeriesStatus.NOT_COMPLETE
    earliest = _earliest(case, group, due) if is_due else None
    return GroupForecast(
        group=group.name,
        status=status,
        next_dose=_number(group, due) if is_due else None,
        earliest=earliest,
        recommended=_first(due, lambda each: each.recommended, earliest) if is_due else None,
        past_due=_first(due, lambda each: each.past_due, earliest) if is_due else None,
        latest=_first(due, lambda each: each.latest, None) if is_due else None,
        vaccines=tuple(dict.fromkeys(vaccine for each in due for vaccine in each.vaccines)),
        guidance=tuple(dict.fromkeys(text for each in parts for text in each.series.guidance)),
        verdicts=_verdicts(case, parts),
        parts=tuple(parts),
    )


def _status(parts: Sequence[SeriesForecast]) -> SeriesStatus:
    """Table 9-4; the statuses are declared in that order, and all are immune before all are complete."""
    found = {each.status for each in parts}
    if found == {SeriesStatus.IMMUNE, SeriesStatus.COMPLETE}:
        return SeriesStatus.COMPLETE
    return next(each for each in SeriesStatus if each in found)


def _earliest(case: Case, group: VaccineGroup, due: Sequence[SeriesForecast]) -> date | None:
    """SINGLEANTVG-2 and MULTIANTVG-1."""
    days = [each.earliest for each in due if each.earliest is not None]
    if len(group.antigens) == 1:
        return min(days, default=None)
    if any(each.overrides for each in due):
        last = [each.day for each in case.doses if _belongs(case, each.vaccine, group)]
        return calendar.latest(min(days), *last)
    return max(days, default=None)


def _belongs(case: Case, vaccine: str, group: VaccineGroup) -> bool:
    return any(each.antigen in group.antigens for each in case.schedule.vaccines[vaccine].associations)


def _first(
    due: Sequence[SeriesForecast], of: Callable[[SeriesForecast], date | None], floor: date | None
) -> date | None:
    """FORECASTVG-2 to FORECASTVG-4: the earliest of the parts, but not before the floor."""
    days = [day for each in due if (day := of(each)) is not None]
    return calendar.latest(min(days), floor) if days else None


def _number(group: VaccineGroup, due: Sequence[SeriesForecast]) -> int | None:
    """FORECASTDN-2."""
    numbers = [each.next_dose for each in due if each.next_dose is not None]
    return (min if group.gives_all else max)(numbers, default=None)


def _verdicts(case: Case, parts: Sequence[SeriesForecast]) -> tuple[Verdict, ...]:
    by_dose: dict[str, list[Evaluation]] = {}
    for each in parts:
        for evaluation in each.evaluations:
            by_dose.setdefault(evaluation.dose, []).append(evaluation)
    return tuple(_verdict(each.id, by_dose[each.id]) for each in case.doses if each.id in by_dose)


def _verdict(dose: str, evaluations: Sequence[Evaluation]) -> Verdict:
    status = next(each for each in _LEAST_GOOD if any(one.status is each for one in evaluations))
    reasons: dict[DoseReason, None] = {}
    for each in evaluations:
        if each.status is status:
            reasons |= dict.fromkeys(each.reasons)
    return Verdict(dose=dose, status=status, reasons=tuple(reasons))
