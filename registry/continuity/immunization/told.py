"""A person's history in FHIR or in plain JSON, read as it was told: days may be known only partly.

FHIR: a Bundle, or a list, of one Patient with Immunizations and, if known, Conditions, AllergyIntolerances and
Observations. Plain JSON: birthDate, sex, doses (date and cvx, or vaccine) and observations (code and date).

A dose that cannot be used is flagged with its reason; none is left out silently. What is told on a day has happened by
then: partly known days end on it, and a dose without a date lies between the birth and it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from registry.continuity import elements
from registry.continuity.immunization.given import Doubt, Given, Someone
from registry.continuity.immunization.outcome import Flag, Problem
from registry.continuity.immunization.person import Observation, Sex
from registry.continuity.immunization.schedule import Schedule
from registry.continuity.spans import Days
from registry.errors import BadInput
from registry.fhir import dates
from registry.fhir.dates import PartialDate
from registry.fhir.resource import Content

MOST_DOSES = 1000
_SEXES = {each.value: each for each in Sex} | {"f": Sex.FEMALE, "m": Sex.MALE}
_OBSERVED = ("Condition", "AllergyIntolerance", "Observation")
# How schedules name the systems of their codings, and what FHIR calls them.
_SYSTEMS = {"http://snomed.info/sct": "SNOMED", "http://hl7.org/fhir/sid/cvx": "CVX"}
_REFUTED = frozenset({"refuted", "entered-in-error"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What was read; `flags` tells of every dose that could not be used, or whose day is not told."""

    someone: Someone
    doses: tuple[Given, ...]
    observations: tuple[Observation, ...]
    flags: tuple[Flag, ...]


def read(content: Any, schedule: Schedule, on: date) -> Told:
    """Read a history told `on` a day. Raises BadInput where nobody, or more than one person, is asked about."""
    given = elements.mapping(content)
    if isinstance(content, list) or given.get("resourceType"):
        return _fhir(_resources(content), schedule, on)
    return _plain(given, schedule, on)


def _resources(content: Any) -> list[Content]:
    if isinstance(content, list):
        return elements.mappings(content)
    given = elements.mapping(content)
    entries = [elements.mapping(each.get("resource")) for each in elements.mappings(given.get("entry"))]
    return entries if given.get("resourceType") == "Bundle" else [given]


def _fhir(resources: Sequence[Content], schedule: Schedule, on: date) -> Told:
    patients = [each for each in resources if each.get("resourceType") == "Patient"]
    if len(patients) != 1:
        raise BadInput("a history is about exactly one Patient", where="history", remedy="give one Patient resource")
    someone = _someone(patients[0].get("birthDate"), patients[0].get("gender"), on)
    immunizations = [each for each in resources if each.get("resourceType") == "Immunization"]
    rows = (_immunization(each, place, schedule) for place, each in enumerate(immunizations))
    observed = [each for each in resources if each.get("resourceType") in _OBSERVED]
    return _told(
        someone,
        [each if isinstance(each, Flag) else _given(each, someone, on) for each in rows],
        tuple(found for each in observed for found in _observations(each, schedule)),
    )


def _plain(given: Content, schedule: Schedule, on: date) -> Told:
    rows = elements.mappings(given.get("doses"))
    if "birthDate" not in given or len(rows) != len(elements.listed(given.get("doses"))):
        raise BadInput("a history has a birthDate and a list of doses", where="history", remedy="see forecast --help")
    someone = _someone(given.get("birthDate"), given.get("sex"), on)
    observed = [
        Observation(code=elements.text(each.get("code")), day=_day(each.get("date")))
        for each in elements.mappings(given.get("observations"))
    ]
    read = [_given(_row(each, place, schedule), someone, on) for place, each in enumerate(rows)]
    return _told(someone, read, tuple(observed))


def _told(someone: Someone, read: Sequence[Given | Flag], observations: tuple[Observation, ...]) -> Told:
    if len(read) > MOST_DOSES:
        raise BadInput(f"more than {MOST_DOSES} doses are no one person's history", where="history")
    doses = tuple(each for each in read if isinstance(each, Given))
    if len({each.id for each in doses}) != len(doses):
        raise BadInput("two doses have one id", where="history", remedy="give every dose an id of its own, or none")
    flags = tuple(each for each in read if isinstance(each, Flag))
    return Told(someone=someone, doses=doses, observations=observations, flags=flags)


def _someone(birth: Any, sex: Any, on: date) -> Someone:
    told = dates.parse(elements.text(birth))
    if told is None:
        raise BadInput("the birth date is not told", where="history", remedy="give at least its year, like 2019")
    return Someone(birth=_until(on, told), sex=_SEXES.get(elements.text(sex).lower(), Sex.UNKNOWN))


def _until(on: date, told: PartialDate) -> Days:
    """What is told on a day lies before it, unless all of it lies after."""
    return Days(told.first, max(told.first, min(told.last, on)))


def _day(value: Any) -> date | None:
    found = dates.parse(elements.text(value))
    return found.first if found is not None and found.is_day else None


def _row(row: Content, place: int, schedule: Schedule) -> Mapping[str, Any]:
    code = next((str(row[name]) for name in ("vaccine", "cvx") if row.get(name) is not None), "")
    return {
        "id": elements.text(row.get("id")) or str(place + 1),
        "when": row.get("date"),
        "vaccine": _known(code, schedule),
        "manufacturer": row.get("mvx"),
        "expires": row.get("expires"),
        "flagged": row.get("flagged"),
        "doubts": frozenset(each for each in Doubt if each.value in elements.listed(row.get("doubts"))),
    }


def _immunization(each: Content, place: int, schedule: Schedule) -> Mapping[str, Any] | Flag:
    id = elements.text(each.get("id")) or str(place + 1)
    if each.get("status") != "completed":
        return Flag(about=id, problem=Problem.NOT_GIVEN)
    codings = _codings(each, "vaccineCode")
    codes = [elements.text(one.get("code")) for one in codings if one.get("system") == schedule.vaccine_system]
    known = [found for code in codes if (found := _known(code, schedule)) in schedule.vaccines]
    origins = {elements.text(one.get("code")) for one in _codings(each, "reportOrigin")}
    return {
        "id": id,
        "when": each.get("occurrenceDateTime"),
        "recorded": each.get("recorded"),
        "vaccine": known[0] if known else "",
        "expires": each.get("expirationDate"),
        "flagged": each.get("isSubpotent"),
        "doubts": frozenset({Doubt.TOLD}) if "recall" in origins else frozenset[Doubt](),
    }


def _given(row: Mapping[str, Any], someone: Someone, on: date) -> Given:
    when = dates.parse(elements.text(row.get("when")))
    recorded = dates.parse(elements.text(row.get("recorded")))
    by = min(on, recorded.last) if recorded else on
    return Given(
        id=row["id"],
        days=_until(by, when) if when else Days(someone.birth.first, max(someone.birth.first, by)),
        vaccine=row["vaccine"],
        manufacturer=elements.text(row.get("manufacturer")),
        flagged=row.get("flagged") is True,
        expires=_day(row.get("expires")),
        doubts=row["doubts"] | ({Doubt.UNDATED} if when is None else frozenset[Doubt]()),
    )


def _known(code: str, schedule: Schedule) -> str:
    """The code as the schedule writes it: a number may have lost, or gained, zeros before it."""
    padded = code.strip().lstrip("0").zfill(2)
    return padded if padded in schedule.vaccines else code.strip()


def _observations(each: Content, schedule: Schedule) -> Iterator[Observation]:
    """Every observation of the schedule that one of the codings stands for."""
    verification = _codings(each, "verificationStatus")
    if each.get("status") in _REFUTED or any(one.get("code") in _REFUTED for one in verification):
        return
    codings = {
        (_SYSTEMS.get(elements.text(one.get("system")), ""), one.get("code"))
        for one in _codings(each, "code", "valueCodeableConcept")
    }
    days = (each.get("onsetDateTime"), each.get("effectiveDateTime"), each.get("recordedDate"))
    day = next((found for value in days if (found := _day(value)) is not None), None)
    for kind in schedule.observations.values():
        if not codings.isdisjoint(kind.codings):
            yield Observation(code=kind.code, day=day)


def _codings(each: Content, *names: str) -> list[Content]:
    return [coding for name in names for coding in elements.codings(elements.mapping(each.get(name)))]
