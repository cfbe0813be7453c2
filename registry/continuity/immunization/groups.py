"""One forecast for a vaccine group out of its best series (chapter 9)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from registry.continuity.immunization import calendar
from registry.continuity.immunization.case import Case
from registry.continuity.immunization.outcome import (
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """One antigen of the group: its best series taken together."""

    status: SeriesStatus
    next_dose: int | None
    earliest: date | None
    recommended: date | None
    past_due: date | None
    latest: date | None
    overrides: bool


def blend(case: Case, group: VaccineGroup, series: Sequence[SeriesForecast]) -> GroupForecast:
    """Tables 9-2 to 9-5. `series` are the best series of the group's antigens, at least one."""
    parts = [_part([each for each in series if each.series.antigen == antigen]) for antigen in _antigens(series)]
    status = _status(group, parts)
    due = [each for each in parts if each.status is SeriesStatus.NOT_COMPLETE]
    due = due if status is SeriesStatus.NOT_COMPLETE else []
    earliest = _earliest(case, group, due)
    return GroupForecast(
        group=group.name,
        status=status,
        next_dose=_number(group, due),
        earliest=earliest,
        recommended=_not_before(earliest, _first(each.recommended for each in due)),
        past_due=_not_before(earliest, _first(each.past_due for each in due)),
        latest=_first(each.latest for each in due),
        vaccines=tuple(dict.fromkeys(vaccine for each in series for vaccine in each.vaccines)),
        guidance=tuple(dict.fromkeys(text for each in series for text in each.guidance)),
        verdicts=_verdicts(case, series),
        parts=tuple(series),
    )


def _antigens(series: Sequence[SeriesForecast]) -> list[str]:
    return list(dict.fromkeys(each.series.antigen for each in series))


def _part(series: Sequence[SeriesForecast]) -> _Part:
    """FORECASTVG-2 to FORECASTVG-4 and SINGLEANTVG-2, for the best series of one antigen."""
    found = {each.status for each in series}
    due = [each for each in series if each.status is SeriesStatus.NOT_COMPLETE]
    earliest = _first(each.earliest for each in due)
    return _Part(
        status=next(status for status in _WITHIN_ANTIGEN if status in found),
        next_dose=max((each.next_dose for each in due if each.next_dose is not None), default=None),
        earliest=earliest,
        recommended=_not_before(earliest, _first(each.recommended for each in due)),
        past_due=_not_before(earliest, _first(each.past_due for each in due)),
        latest=_first(each.latest for each in due),
        overrides=any(each.overrides for each in due),
    )


def _status(group: VaccineGroup, parts: Sequence[_Part]) -> SeriesStatus:
    """Table 9-4; the statuses are declared in that order, and all are immune before all are complete.

    In a group that is not given in full, an antigen that may not be given keeps nobody from the others.
    """
    found = {each.status for each in parts}
    if found == {SeriesStatus.IMMUNE, SeriesStatus.COMPLETE}:
        return SeriesStatus.COMPLETE
    if SeriesStatus.NOT_COMPLETE in found and not group.gives_all:
        return SeriesStatus.NOT_COMPLETE
    return next(each for each in SeriesStatus if each in found)


def _earliest(case: Case, group: VaccineGroup, due: Sequence[_Part]) -> date | None:
    """SINGLEANTVG-2 and MULTIANTVG-1."""
    days = [each.earliest for each in due]
    if any(each.overrides for each in due) and len(group.antigens) > 1:
        last = [each.day for each in case.doses if _belongs(case, each.vaccine, group)]
        return _not_before(max(last, default=None), _first(days))
    return calendar.latest(*days)


def _belongs(case: Case, vaccine: str, group: VaccineGroup) -> bool:
    return any(each.antigen in group.antigens for each in case.schedule.vaccines[vaccine].associations)


def _first(days: Iterable[date | None]) -> date | None:
    return min((each for each in days if each is not None), default=None)


def _not_before(floor: date | None, day: date | None) -> date | None:
    return None if day is None else calendar.latest(day, floor)


def _number(group: VaccineGroup, due: Sequence[_Part]) -> int | None:
    """FORECASTDN-2."""
    numbers = [each.next_dose for each in due if each.next_dose is not None]
    return (min if group.gives_all else max)(numbers, default=None)


def _verdicts(case: Case, series: Sequence[SeriesForecast]) -> tuple[Verdict, ...]:
    by_dose: dict[str, list[Evaluation]] = {}
    for each in series:
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
