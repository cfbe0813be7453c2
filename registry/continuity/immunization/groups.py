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

# Several best series of one antigen are each needed (8.8): what one of them still asks for is asked for, and a dose
# that is good for one of them is good.
_WITHIN_ANTIGEN = (
    SeriesStatus.NOT_COMPLETE,
    SeriesStatus.COMPLETE,
    SeriesStatus.IMMUNE,
    SeriesStatus.CONTRAINDICATED,
    SeriesStatus.NOT_RECOMMENDED,
    SeriesStatus.AGED_OUT,
)
_BEST_OF_SERIES = (DoseStatus.VALID, DoseStatus.EXTRANEOUS, DoseStatus.NOT_VALID, DoseStatus.SUB_STANDARD)
# Of several antigens, one that the dose failed decides; one that needs no more takes nothing from the others.
_WORST_OF_ANTIGENS = (DoseStatus.SUB_STANDARD, DoseStatus.NOT_VALID, DoseStatus.VALID, DoseStatus.EXTRANEOUS)


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
    by_antigen: dict[str, set[SeriesStatus]] = {}
    for each in parts:
        by_antigen.setdefault(each.series.antigen, set()).add(each.status)
    found = {next(status for status in _WITHIN_ANTIGEN if status in held) for held in by_antigen.values()}
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
    by_antigen: dict[str, list[Evaluation]] = {}
    for each in evaluations:
        by_antigen.setdefault(each.antigen, []).append(each)
    deciding = _of(_WORST_OF_ANTIGENS, [each for held in by_antigen.values() for each in _of(_BEST_OF_SERIES, held)])
    reasons = dict.fromkeys(reason for each in deciding for reason in each.reasons)
    return Verdict(dose=dose, status=deciding[0].status, reasons=tuple(reasons))


def _of(order: Sequence[DoseStatus], evaluations: Sequence[Evaluation]) -> list[Evaluation]:
    """The evaluations of the status that comes first in the order."""
    first = next(status for status in order if any(each.status is status for each in evaluations))
    return [each for each in evaluations if each.status is first]
