"""What a clinician must weigh before the next dose; it changes no date and no status."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from registry.continuity.immunization import calendar
from registry.continuity.immunization.case import Case
from registry.continuity.immunization.outcome import DoseStatus, SeriesForecast, SeriesStatus
from registry.continuity.immunization.schedule import Antigen, Precaution

_NEEDS_NOTHING = (SeriesStatus.COMPLETE, SeriesStatus.IMMUNE, SeriesStatus.CONTRAINDICATED)


def of(case: Case, antigens: Iterable[Antigen], parts: Sequence[SeriesForecast]) -> tuple[Precaution, ...]:
    """The precautions of a vaccine group that hold for the person; `parts` are its best series."""
    found = (
        each
        for antigen in antigens
        for each in antigen.precautions
        if _concerns(case, each, [part for part in parts if part.series.antigen == antigen.name])
    )
    return tuple(dict.fromkeys(found))


def _concerns(case: Case, rule: Precaution, parts: Sequence[SeriesForecast]) -> bool:
    return (
        rule.observation in ("", *case.observations)
        and rule.unless.isdisjoint(case.observations)
        and (not rule.genders or case.person.sex.value in rule.genders)
        and calendar.within(rule.window, case.person.birth, case.on)
        and any(_is_at(rule, each) for each in parts)
    )


def _is_at(rule: Precaution, part: SeriesForecast) -> bool:
    if rule.valid_doses is None:
        return part.status not in _NEEDS_NOTHING
    return rule.valid_doses == sum(each.status is DoseStatus.VALID for each in part.evaluations)
