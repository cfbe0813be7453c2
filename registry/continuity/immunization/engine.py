"""The forecast: from a schedule, a person and their doses to what counts and what is due (chapter 4)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from registry.continuity.immunization import case as cases
from registry.continuity.immunization import evaluation, exemptions, forecasting, groups, selection
from registry.continuity.immunization.case import Case
from registry.continuity.immunization.forecasting import Prospect
from registry.continuity.immunization.outcome import Flag, GroupForecast, Outcome, Problem, SeriesForecast
from registry.continuity.immunization.person import Dose, Observation, Person
from registry.continuity.immunization.schedule import Antigen, Schedule, Series

VERSION = "1"
"""Changes whenever the same input could give another answer."""


def forecast(
    schedule: Schedule, person: Person, doses: Sequence[Dose], observations: Sequence[Observation], on: date
) -> Outcome:
    """Say what counts and what is due `on` the assessment date. The order of doses and observations is free.

    Doses of an unknown type, before birth or after `on` are flagged and change nothing else. A vaccine group of which
    no series concerns the person is not in the answer.
    """
    case, flags = cases.prepare(schedule, person, doses, observations, on)
    found = [_group(case, name) for name in schedule.groups]
    answered = tuple(each for each in found if each is not None)
    return Outcome(
        groups=answered,
        flags=(*flags, *_unheard(case, answered)),
        schedule_digest=schedule.digest,
        engine_version=VERSION,
    )


def _unheard(case: Case, answered: Sequence[GroupForecast]) -> list[Flag]:
    """Doses of known types that no series here says anything about."""
    judged = {verdict.dose for each in answered for verdict in each.verdicts}
    return [Flag(about=each.id, problem=Problem.NOT_IN_SCHEDULE) for each in case.doses if each.id not in judged]


def _group(case: Case, name: str) -> GroupForecast | None:
    group = case.schedule.groups[name]
    parts = [each for antigen in group.antigens for each in _best(case, case.schedule.antigens[antigen])]
    return groups.blend(case, group, parts) if parts else None


def _best(case: Case, antigen: Antigen) -> list[SeriesForecast]:
    """The best series of one antigen."""
    relevant = _Relevant(case, antigen)
    return [each.forecast for each in selection.best(relevant.prospects())]


class _Relevant:
    """The relevant series of an antigen, each walked once, in whatever order they ask for each other (table 6-7)."""

    def __init__(self, case: Case, antigen: Antigen) -> None:
        self._case, self._exemption = case, exemptions.of(case, antigen)
        self._series = [each for each in antigen.series if exemptions.is_relevant(case, each)]
        self._doses = case.of_antigen(antigen.name)
        self._found: dict[str, Prospect] = {}
        self._walking: set[str] = set()

    def prospects(self) -> list[Prospect]:
        return [self._walk(each) for each in self._series]

    def _walk(self, series: Series) -> Prospect:
        if series.name not in self._found:
            self._walking.add(series.name)
            walk = evaluation.evaluate(self._case, series, self._doses, self._completed)
            self._found[series.name] = forecasting.forecast(walk, self._exemption)
        return self._found[series.name]

    def _completed(self, group: str) -> bool:
        """A series that waits for itself has not completed anything."""
        members = [
            each for each in self._series if each.group == group and each.name not in self._walking - set(self._found)
        ]
        return any(selection.is_complete(self._walk(each)) for each in members)
