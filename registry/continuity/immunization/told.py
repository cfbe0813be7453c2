"""A person's history in FHIR or in plain JSON, read as it was told: days may be known only partly.

FHIR: a Bundle, or a list, of one Patient with Immunizations and, if known, Conditions, AllergyIntolerances and
Observations. Plain JSON: birthDate, sex, doses (date, and cvx, atc, text or vaccine) and observations (code and date).

A dose that cannot be used is flagged with its reason; none is left out silently. What is about another person is set
aside (`whose`). What is told on a day has happened by then: partly known days end on it, and a dose without a date lies
between the birth and it. A vaccine is of the schedule's own code, or else what a `Reading` says: the type that protects
against nothing the dose may not hold (`dues.code_of`), flagged where that is not exact.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from registry.continuity import elements
from registry.continuity.history import codes
from registry.continuity.history.codes import Meaning
from registry.continuity.immunization import dues, plain, whose
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
Reading = Callable[[Content], Meaning]
"""What a `vaccineCode` of whatever code system, or in words, says was given."""
_EARLIEST_BIRTH = 1900
_REFUTED = frozenset({"refuted", "entered-in-error"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What was read; `flags` tells of every dose that could not be used, or is not known exactly.

    `vaccines` says, of every dose told and in the order told, how its vaccine is called.
    """

    someone: Someone
    doses: tuple[Given, ...]
    observations: tuple[Observation, ...]
    flags: tuple[Flag, ...]
    vaccines: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """One dose told: `vaccine` is a type of the schedule; `set_aside` says why it cannot be used."""

    id: str
    name: str
    vaccine: str = ""
    is_exact: bool = True
    when: Any = None
    recorded: Any = None
    manufacturer: Any = None
    expires: Any = None
    flagged: Any = None
    doubts: frozenset[Doubt] = frozenset()
    set_aside: Problem | None = None


def own_codes_only(_: Content) -> Meaning:
    """A `Reading` that knows nothing beyond the codes of the schedule."""
    return codes.UNKNOWN


def read(content: Any, schedule: Schedule, on: date, reading: Reading = own_codes_only) -> Told:
    """Read a history told `on` a day.

    Raises BadInput where nobody, or more than one person, is asked about, the birth cannot be, or plain JSON is not
    of its form.
    """
    given = elements.mapping(content)
    if isinstance(content, list) or given.get("resourceType"):
        return _fhir(content, schedule, on, reading)
    return _plain(given, schedule, on, reading)


def _resources(content: Any) -> list[Content]:
    if isinstance(content, list):
        return elements.mappings(content)
    given = elements.mapping(content)
    entries = [elements.mapping(each.get("resource")) for each in elements.mappings(given.get("entry"))]
    return entries if given.get("resourceType") == "Bundle" else [given]


def _fhir(content: Any, schedule: Schedule, on: date, reading: Reading) -> Told:
    resources, url = _resources(content), whose.full_url(content)
    patients = [each for each in resources if each.get("resourceType") == "Patient"]
    if len(patients) != 1:
        raise BadInput("a history is about exactly one Patient", where="history", remedy="give one Patient resource")
    patient = patients[0]
    immunizations = [each for each in resources if each.get("resourceType") == "Immunization"]
    rows = [
        _immunization(each, place, schedule, reading, is_own=whose.is_about(each, patient, url))
        for place, each in enumerate(immunizations, start=1)
    ]
    observed = [each for each in resources if each.get("resourceType") in _OBSERVED]
    own = [each for each in observed if whose.is_about(each, patient, url)]
    told = _told(
        _someone(patient.get("birthDate"), patient.get("gender"), on),
        rows,
        tuple(found for each in own for found in _observations(each, schedule)),
        on,
    )
    others = [_label(each) for each in observed if each not in own]
    return replace(told, flags=(*told.flags, *(Flag(about=each, problem=Problem.OTHER_PERSON) for each in others)))


def _label(each: Content) -> str:
    """A resource by type and id."""
    return f"{each.get('resourceType')} {elements.text(each.get('id'))}".strip()


def _plain(given: Content, schedule: Schedule, on: date, reading: Reading) -> Told:
    plain.check(given)
    someone = _someone(given.get("birthDate"), given.get("sex"), on)
    observed = [
        Observation(code=elements.text(each.get("code")), day=_day(each.get("date")))
        for each in elements.mappings(given.get("observations"))
    ]
    doses = enumerate(elements.mappings(given.get("doses")), start=1)
    return _told(someone, [_row(each, place, schedule, reading) for place, each in doses], tuple(observed), on)


def _told(someone: Someone, rows: Sequence[_Row], observations: tuple[Observation, ...], on: date) -> Told:
    if len(rows) > MOST_DOSES:
        raise BadInput(f"more than {MOST_DOSES} doses are no one person's history", where="history")
    used = [each for each in rows if each.set_aside is None]
    if len({each.id for each in used}) != len(used):
        raise BadInput("two doses have one id", where="history", remedy="give every dose an id of its own, or none")
    doses = {each.id: _given(each, someone, on) for each in used}
    return Told(
        someone=someone,
        doses=tuple(doses.values()),
        observations=observations,
        flags=tuple(flag for each in rows for flag in _flags(each, doses)),
        vaccines={each.id: each.name for each in rows},
    )


def _flags(row: _Row, doses: Mapping[str, Given]) -> Iterator[Flag]:
    if row.set_aside is not None:
        yield Flag(about=row.id, problem=row.set_aside)
        return
    if doses[row.id].days.first != doses[row.id].days.last:
        yield Flag(about=row.id, problem=Problem.DAY_UNKNOWN)
    if row.vaccine and not row.is_exact:
        yield Flag(about=row.id, problem=Problem.INEXACT_VACCINE)


def _someone(birth: Any, sex: Any, on: date) -> Someone:
    told = dates.parse(elements.text(birth))
    if told is None and birth:
        raise BadInput("no date", where="birthDate", remedy=plain.WRITE_A_DATE)
    if told is None:
        raise BadInput("the birth date is not told", where="history", remedy="give at least its year, like 2019")
    if told.year < _EARLIEST_BIRTH or told.first > on:
        remedy = f"it lies between {_EARLIEST_BIRTH} and the day asked about; check both"
        raise BadInput("nobody of this birth date can be asked about", where="birthDate", remedy=remedy)
    return Someone(birth=_until(on, told), sex=_SEXES.get(elements.text(sex).lower(), Sex.UNKNOWN))


def _until(on: date, told: PartialDate) -> Days:
    """What is told on a day lies before it, unless all of it lies after."""
    return Days(told.first, max(told.first, min(told.last, on)))


def _day(value: Any) -> date | None:
    found = dates.parse(elements.text(value))
    return found.first if found is not None and found.is_day else None


def _row(row: Content, place: int, schedule: Schedule, reading: Reading) -> _Row:
    concept = plain.vaccine_code(row, schedule.vaccine_system)
    vaccine, is_exact = _vaccine(concept, schedule, reading)
    return _Row(
        id=elements.text(row.get("id")) or str(place),
        name=_name(vaccine, concept, schedule),
        vaccine=vaccine,
        is_exact=is_exact,
        when=row.get("date"),
        manufacturer=row.get("mvx"),
        expires=row.get("expires"),
        flagged=row.get("flagged"),
        doubts=frozenset(each for each in Doubt if each.value in elements.listed(row.get("doubts"))),
    )


def _immunization(each: Content, place: int, schedule: Schedule, reading: Reading, *, is_own: bool) -> _Row:
    concept = elements.mapping(each.get("vaccineCode"))
    vaccine, is_exact = _vaccine(concept, schedule, reading)
    origins = {elements.text(one.get("code")) for one in _codings(each, "reportOrigin")}
    return _Row(
        id=elements.text(each.get("id")) or str(place),
        name=_name(vaccine, concept, schedule),
        vaccine=vaccine,
        is_exact=is_exact,
        when=each.get("occurrenceDateTime"),
        recorded=each.get("recorded"),
        expires=each.get("expirationDate"),
        flagged=each.get("isSubpotent"),
        doubts=frozenset({Doubt.TOLD}) if "recall" in origins else frozenset[Doubt](),
        set_aside=_why_aside(each, is_own=is_own),
    )


def _why_aside(each: Content, *, is_own: bool) -> Problem | None:
    when = each.get("occurrenceDateTime")
    table = {
        Problem.OTHER_PERSON: not is_own,
        Problem.NOT_GIVEN: each.get("status") != "completed",
        Problem.NO_DATE: when is not None and dates.parse(elements.text(when)) is None,
    }
    return next((problem for problem, holds in table.items() if holds), None)


def _vaccine(concept: Content, schedule: Schedule, reading: Reading) -> tuple[str, bool]:
    """The type of the schedule a dose is held for, and whether it is exactly that; empty where there is none."""
    own = [
        {**each, "code": _known(elements.text(each.get("code")), schedule)}
        if each.get("system") == schedule.vaccine_system
        else each
        for each in elements.codings(concept)
    ]
    known = [each["code"] for each in own if each.get("system") == schedule.vaccine_system]
    known = [each for each in known if each in schedule.vaccines]
    meaning = reading({**concept, "coding": own})
    is_contradicted = meaning.reason is not None and meaning.reason.code == "vaccine-codes-differ"
    if known and not is_contradicted:
        return known[0], True
    return dues.code_of(meaning, schedule), meaning.reason is None


def _name(vaccine: str, concept: Content, schedule: Schedule) -> str:
    if vaccine in schedule.vaccines:
        return schedule.vaccines[vaccine].title
    named = (concept.get("text"), *(each.get("display") or each.get("code") for each in elements.codings(concept)))
    return next((elements.text(each) for each in named if each), "no vaccine named")


def _given(row: _Row, someone: Someone, on: date) -> Given:
    when, recorded = dates.parse(elements.text(row.when)), dates.parse(elements.text(row.recorded))
    by = min(on, recorded.last) if recorded else on
    return Given(
        id=row.id,
        days=_until(by, when) if when else Days(someone.birth.first, max(someone.birth.first, by)),
        vaccine=row.vaccine,
        manufacturer=elements.text(row.manufacturer),
        flagged=row.flagged is True,
        expires=_day(row.expires),
        doubts=row.doubts | ({Doubt.UNDATED} if when is None else frozenset[Doubt]()),
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
