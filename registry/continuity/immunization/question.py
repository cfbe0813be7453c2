"""A person's history in FHIR or in plain JSON, read into what the engine takes.

FHIR: a Bundle, or a list, of one Patient with Immunizations and, if known, Conditions, AllergyIntolerances and
Observations. Plain JSON: birthDate, sex, doses (date and cvx, or vaccine) and observations (code and date).

A dose that cannot be used is flagged with its reason; none is left out silently.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from registry.continuity import elements
from registry.continuity.immunization.outcome import Flag, Problem
from registry.continuity.immunization.person import Dose, Observation, Person, Sex
from registry.continuity.immunization.schedule import Schedule
from registry.errors import BadInput
from registry.fhir import dates
from registry.fhir.resource import Content

MOST_DOSES = 1000
_SEXES = {each.value: each for each in Sex} | {"f": Sex.FEMALE, "m": Sex.MALE}
_OBSERVED = ("Condition", "AllergyIntolerance", "Observation")
# How schedules name the systems of their codings, and what FHIR calls them.
_SYSTEMS = {"http://snomed.info/sct": "SNOMED", "http://hl7.org/fhir/sid/cvx": "CVX"}
_REFUTED = frozenset({"refuted", "entered-in-error"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What was read; `flags` tells of every dose that could not be used."""

    person: Person
    doses: tuple[Dose, ...]
    observations: tuple[Observation, ...]
    flags: tuple[Flag, ...]


def read(content: Any, schedule: Schedule) -> Question:
    """Read a history. Raises BadInput where nobody, or more than one person, is asked about."""
    given = elements.mapping(content)
    if isinstance(content, list) or given.get("resourceType"):
        return _fhir(_resources(content), schedule)
    return _plain(given, schedule)


def _resources(content: Any) -> list[Content]:
    if isinstance(content, list):
        return elements.mappings(content)
    given = elements.mapping(content)
    entries = [elements.mapping(each.get("resource")) for each in elements.mappings(given.get("entry"))]
    return entries if given.get("resourceType") == "Bundle" else [given]


def _fhir(resources: Sequence[Content], schedule: Schedule) -> Question:
    patients = [each for each in resources if each.get("resourceType") == "Patient"]
    if len(patients) != 1:
        raise BadInput("a history is about exactly one Patient", where="history", remedy="give one Patient resource")
    immunizations = [each for each in resources if each.get("resourceType") == "Immunization"]
    read = [_immunization(each, place, schedule) for place, each in enumerate(immunizations)]
    observed = [each for each in resources if each.get("resourceType") in _OBSERVED]
    return _question(
        _person(patients[0].get("birthDate"), patients[0].get("gender")),
        read,
        tuple(found for each in observed for found in _observations(each, schedule)),
    )


def _plain(given: Content, schedule: Schedule) -> Question:
    rows = elements.mappings(given.get("doses"))
    if "birthDate" not in given or len(rows) != len(elements.listed(given.get("doses"))):
        raise BadInput("a history has a birthDate and a list of doses", where="history", remedy="see forecast --help")
    read = [_row(each, place, schedule) for place, each in enumerate(rows)]
    observed = [
        Observation(code=elements.text(each.get("code")), day=_day(each.get("date")))
        for each in elements.mappings(given.get("observations"))
    ]
    return _question(_person(given.get("birthDate"), given.get("sex")), read, tuple(observed))


def _question(person: Person, read: Sequence[Dose | Flag], observations: tuple[Observation, ...]) -> Question:
    if len(read) > MOST_DOSES:
        raise BadInput(f"more than {MOST_DOSES} doses are no one person's history", where="history")
    doses = tuple(each for each in read if isinstance(each, Dose))
    if len({each.id for each in doses}) != len(doses):
        raise BadInput("two doses have one id", where="history", remedy="give every dose an id of its own, or none")
    flags = tuple(each for each in read if isinstance(each, Flag))
    return Question(person=person, doses=doses, observations=observations, flags=flags)


def _person(birth: Any, sex: Any) -> Person:
    day = _day(birth)
    if day is None:
        raise BadInput(
            "the birth date is not known to the day", where="history", remedy="give the earliest and the latest day"
        )
    return Person(birth=day, sex=_SEXES.get(elements.text(sex).lower(), Sex.UNKNOWN))


def _day(value: Any) -> date | None:
    found = dates.parse(elements.text(value))
    return found.first if found is not None and found.is_day else None


def _row(row: Content, place: int, schedule: Schedule) -> Dose | Flag:
    code = next((str(row[name]) for name in ("vaccine", "cvx") if row.get(name) is not None), "")
    return _dose(
        id=elements.text(row.get("id")) or str(place + 1),
        day=_day(row.get("date")),
        vaccine=_known(code, schedule),
        row={"manufacturer": row.get("mvx"), "expires": row.get("expires"), "flagged": row.get("flagged")},
    )


def _immunization(each: Content, place: int, schedule: Schedule) -> Dose | Flag:
    id = elements.text(each.get("id")) or str(place + 1)
    if each.get("status") != "completed":
        return Flag(about=id, problem=Problem.NOT_GIVEN)
    codings = _codings(each, "vaccineCode")
    codes = [elements.text(one.get("code")) for one in codings if one.get("system") == schedule.vaccine_system]
    known = [found for code in codes if (found := _known(code, schedule)) in schedule.vaccines]
    return _dose(
        id=id,
        day=_day(each.get("occurrenceDateTime")),
        vaccine=known[0] if known else "",
        row={"expires": each.get("expirationDate"), "flagged": each.get("isSubpotent")},
    )


def _dose(id: str, day: date | None, vaccine: str, row: Mapping[str, Any]) -> Dose | Flag:
    if day is None:
        return Flag(about=id, problem=Problem.DAY_UNKNOWN)
    return Dose(
        id=id,
        day=day,
        vaccine=vaccine,
        manufacturer=elements.text(row.get("manufacturer")),
        flagged=row.get("flagged") is True,
        expires=_day(row.get("expires")),
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
