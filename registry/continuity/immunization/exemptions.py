"""Who needs no dose, or may have none: immunity (7.2), contraindications (7.3) and indications (5.1)."""

from __future__ import annotations

from registry.continuity.immunization import calendar
from registry.continuity.immunization.case import Case
from registry.continuity.immunization.schedule import (
    Antigen,
    Contraindication,
    ImmuneByBirth,
    Indication,
    Series,
    SeriesType,
    Window,
)


def is_relevant(case: Case, series: Series) -> bool:
    """Table 5-5."""
    if series.genders and case.person.sex.value not in series.genders:
        return False
    return series.type is not SeriesType.RISK or any(_indicates(case, each) for each in series.indications)


def _indicates(case: Case, indication: Indication) -> bool:
    """Table 5-4."""
    return indication.observation in case.observations and _now(case, indication.window)


def is_immune(case: Case, antigen: Antigen) -> bool:
    """Table 7-3."""
    if not antigen.immune_by_history.isdisjoint(case.observations):
        return True
    return any(_by_birth(case, each) for each in antigen.immune_by_birth)


def _by_birth(case: Case, rule: ImmuneByBirth) -> bool:
    return (
        case.person.birth < rule.before
        and rule.exclusions.isdisjoint(case.observations)
        and rule.country in ("", case.person.country_of_birth)
    )


def is_contraindicated(case: Case, antigen: Antigen) -> bool:
    """Table 7-5: the whole antigen."""
    return any(not each.vaccines and _applies(case, each) for each in antigen.contraindications)


def forbidden(case: Case, antigen: Antigen) -> frozenset[str]:
    """Table 7-6: vaccine types the person may not have."""
    return frozenset(
        vaccine.vaccine
        for each in antigen.contraindications
        for vaccine in each.vaccines
        if _applies(case, each) and _now(case, vaccine.window)
    )


def all_forbidden(series: Series, forbidden_types: frozenset[str]) -> bool:
    """Table 7-7, second row: no preferable vaccine of any dose of the series may be given."""
    preferable = {each.vaccine for dose in series.doses for each in dose.preferable}
    return bool(preferable) and preferable <= forbidden_types


def _applies(case: Case, rule: Contraindication) -> bool:
    return rule.observation in case.observations and _now(case, rule.window)


def _now(case: Case, window: Window) -> bool:
    return calendar.within(window, case.person.birth, case.on)
