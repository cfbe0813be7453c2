"""Who needs no dose, or may have none: immunity (7.2), contraindications (7.3) and indications (5.1)."""

from __future__ import annotations

from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Exemption:
    """What keeps the person from doses of an antigen; `forbidden` are the vaccine types that may not be given.

    `guidance` is what the clinician should read about the contraindications that apply.
    """

    is_immune: bool
    is_contraindicated: bool
    forbidden: frozenset[str]
    guidance: tuple[str, ...] = ()

    def forbids_all_of(self, series: Series) -> bool:
        """Table 7-7, second row: no preferable vaccine of any dose of the series may be given."""
        if not self.forbidden:
            return False
        preferable = {each.vaccine for dose in series.doses for each in dose.preferable}
        return bool(preferable) and preferable <= self.forbidden


def of(case: Case, antigen: Antigen) -> Exemption:
    """Tables 7-3, 7-5 and 7-6."""
    applying = [each for each in antigen.contraindications if _applies(case, each)]
    return Exemption(
        is_immune=_is_immune(case, antigen),
        is_contraindicated=any(not each.vaccines for each in applying),
        forbidden=frozenset(one.vaccine for each in applying for one in each.vaccines if _now(case, one.window)),
        guidance=tuple(text for each in applying for text in (each.text, each.guidance) if text),
    )


def guidance(case: Case, series: Series, exemption: Exemption) -> tuple[str, ...]:
    """FORECASTGUIDANCE-1: of the series, of the indications that apply, of the contraindications that apply."""
    indicated = (each.guidance for each in series.indications if each.guidance and _indicates(case, each))
    return tuple(dict.fromkeys((*series.guidance, *indicated, *exemption.guidance)))


def _is_immune(case: Case, antigen: Antigen) -> bool:
    if not antigen.immune_by_history.isdisjoint(case.observations):
        return True
    return any(_by_birth(case, each) for each in antigen.immune_by_birth)


def _by_birth(case: Case, rule: ImmuneByBirth) -> bool:
    return (
        case.person.birth < rule.before
        and rule.exclusions.isdisjoint(case.observations)
        and rule.country in ("", case.person.country_of_birth)
    )


def _applies(case: Case, rule: Contraindication) -> bool:
    return rule.observation in case.observations and _now(case, rule.window)


def _now(case: Case, window: Window) -> bool:
    return calendar.within(window, case.person.birth, case.on)
