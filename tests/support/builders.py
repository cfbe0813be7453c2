"""A small made-up world: a registry with desks and sources, children as their sources know them, and hand-overs.

Everything a summary must not tell is a word of its own here (`SECRETS`), so that a test can search for it.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from registry.consent.interview import Interview
from registry.fhir import CANONICAL, resource
from registry.flows import ingest, match, opening, organisations, question, release, review, rights
from registry.flows.ingest import Receipt
from registry.flows.opening import Registry
from registry.flows.organisations import Caller, Kind
from registry.flows.question import Description
from registry.flows.release import Asked, Released
from registry.flows.seconding import Standing
from registry.intake import Coverage, Entry, Fate, Finding, Severity, Submission
from registry.settings import Settings

Json = dict[str, Any]

# The key file of a test begins with the epoch of the day it is made; a clock set earlier would find no key.
START = datetime.combine(opening.wall_clock().date(), time(10), tzinfo=UTC)
BORN = date(START.year - 9, 5, 14)
ENROLMENT = f"{CANONICAL}/StructureDefinition/enrolment-"
CVX = "http://hl7.org/fhir/sid/cvx"


@dataclass
class Clock:
    """A clock that stands still until somebody moves it."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **much: float) -> None:
        self.now += timedelta(**much)


@dataclass(frozen=True, kw_only=True)
class World:
    """An opened registry, everybody who may call it, and the bearer key of each."""

    registry: Registry
    clock: Clock
    callers: dict[str, Caller] = field(repr=False)
    keys: dict[str, str] = field(repr=False)

    def __getitem__(self, name: str) -> Caller:
        return self.callers[name]


CLINIC, OTHER_CLINIC, SCHOOL, OTHER_SCHOOL = "clinic-nadir", "clinic-zenith", "school-nadir", "school-zenith"
FAR_CLINIC, HOME_CLINIC = "clinic-corvia", "clinic-bektar"
STEWARD, OTHER_STEWARD = "steward-almara", "steward-bektar"
OMBUDSPERSON = "ombudsperson-almara"
VACCINES, SCHOOLS = "almara-dhis2", "bektar-schools"
MORE_VACCINES = "bektar-iis"
PEOPLE = (
    (CLINIC, Kind.CLINIC, "XAL"),
    (OTHER_CLINIC, Kind.CLINIC, "XAL"),
    (FAR_CLINIC, Kind.CLINIC, "XCV"),
    (HOME_CLINIC, Kind.CLINIC, "XBK"),
    (SCHOOL, Kind.SCHOOL, "XAL"),
    (OTHER_SCHOOL, Kind.SCHOOL, "XAL"),
    (STEWARD, Kind.STEWARD, "XAL"),
    (OTHER_STEWARD, Kind.STEWARD, "XBK"),
    (OMBUDSPERSON, Kind.OMBUDSPERSON, "XAL"),
    (VACCINES, Kind.SOURCE, "XAL"),
    (MORE_VACCINES, Kind.SOURCE, "XBK"),
    (SCHOOLS, Kind.SOURCE, "XBK"),
)


@asynccontextmanager
async def world(settings: Settings) -> AsyncGenerator[World]:
    """Open a registry on these settings and make everybody known to it."""
    clock = Clock()
    async with opening.opened(settings, clock=clock) as registry:
        yield await populated(registry, clock)


async def populated(registry: Registry, clock: Clock) -> World:
    """Make everybody known to a registry."""
    made = [
        await organisations.register(registry, name=name, display=f"The {name}", kind=kind, country=country)
        for name, kind, country in PEOPLE
    ]
    callers = {each.caller.name: replace(each.caller, user="desk-1") for each in made}
    return World(registry=registry, clock=clock, callers=callers, keys={each.caller.name: each.key for each in made})


# --- a child ---------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Child:
    """What is true of a child; every source and every desk knows a part of it."""

    given: str = "Zahouania"
    family: str = "Bencherif"
    father: str = "Mouloud"
    grandfather: str = "Derradji"
    mother: str = "Ghozlane"
    village: str = "Tizi Ouarzaz"
    phone: str = "+99955501427"
    born: date = BORN
    sex: str = "female"
    ids: dict[str, str] = field(default_factory=dict[str, str])

    def id_at(self, source: str) -> str:
        return self.ids.get(source, f"{source}.{self.given}-{self.family}".lower().replace(" ", "-"))


ZAHOUANIA = Child()
"""The protagonist."""

UNKNOWN = Child(
    given="Wassim", family="Touahria", father="Nadhir", grandfather="Abbes", mother="Fatiha", village="Oued Rhiou",
    phone="+99955509931", sex="male", born=date(START.year - 6, 11, 23),
)  # fmt: skip
"""A child nobody ever handed over."""

NEIGHBOUR = Child(
    given="Lotfi", family="Mekhloufi", father="Rabah", grandfather="Slimane", mother="Yamina", village="Beni Slimane",
    phone="+99955507755", sex="male", born=date(START.year - 12, 2, 28),
)  # fmt: skip

LOT, FACILITY, SCHOOL_NAME, DISTRICT = "LOT-7QX-1147", "Dispensaire Ouarzaz-Sud", "Medresseh-i Kuzgun 14", "Daira 88"
NATIONAL, OTHER_SPELLING = "1990-7788-4411", "Захуания"
SECRETS: dict[str, tuple[str, ...]] = {
    "places": ("XBK", "Tizi Ouarzaz", "Ouarzaz", DISTRICT),
    "lots": (LOT,),
    "facilities": (FACILITY, SCHOOL_NAME, "Kuzgun"),
    "sources": (VACCINES, MORE_VACCINES, SCHOOLS, "dhis2"),
    "identifiers": (NATIONAL, "zahouania-bencherif", "urn:continuity"),
    "phones": ("+99955501427", "99955501427"),
    "demographics nobody asked with": ("Derradji", OTHER_SPELLING),
}
"""Words that belong to the child's records and must not leave with places closed, by what they betray."""


def _meta(country: str, **more: Any) -> Json:
    return {"tag": [{"system": f"{CANONICAL}/CodeSystem/recording-country", "code": country}], **more}


KINSHIP = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"


def _relative(code: str, name: str) -> Json:
    return {"relationship": [{"coding": [{"system": KINSHIP, "code": code}]}], "name": {"text": name}}


def patient(child: Child, source: str, *, country: str = "XAL", updated: str = "", **changes: Any) -> Entry:
    """The child as a source hands it over; `changes` replace elements, None removes one."""
    person = child.id_at(source)
    content: Json = {
        "resourceType": "Patient",
        "id": person,
        "meta": _meta(country, **({"lastUpdated": updated} if updated else {})),
        "identifier": [
            {"use": "official", "system": f"urn:continuity:{source}:national-id", "value": NATIONAL},
            {"use": "usual", "system": f"urn:continuity:{source}:person", "value": person},
        ],
        "name": [{"family": child.family, "given": [child.given]}],
        "gender": child.sex,
        "birthDate": child.born.isoformat(),
        "contact": [
            _relative("MTH", child.mother),
            _relative("FTH", child.father),
            _relative("GRFTH", child.grandfather),
        ],
        "telecom": [{"system": "phone", "value": child.phone}] if child.phone else None,
        "address": [{"city": child.village, "district": DISTRICT, "country": country}] if child.village else None,
    }
    return entry(person, {name: value for name, value in {**content, **changes}.items() if value is not None})


def dose(
    child: Child,
    source: str,
    *,
    vaccine: str = "03",
    on: date | None = None,
    country: str = "XAL",
    id: str = "",
    updated: str = "",
    **changes: Any,
) -> Entry:
    """A dose as a source hands it over."""
    person, day = child.id_at(source), on or child.born + timedelta(days=400)
    content: Json = {
        "resourceType": "Immunization",
        "id": id or f"dose-{vaccine}-{day}",
        "meta": _meta(country, **({"lastUpdated": updated} if updated else {})),
        "identifier": [{"system": f"urn:continuity:{source}:event", "value": f"event-{person}-{vaccine}"}],
        "status": "completed",
        "vaccineCode": {"coding": [{"system": CVX, "code": vaccine}], "text": f"vaccin de {DISTRICT}"},
        "patient": {"reference": f"Patient/{person}"},
        "occurrenceDateTime": day.isoformat(),
        "primarySource": True,
        "location": {"display": FACILITY},
        "lotNumber": LOT,
        "performer": [{"actor": {"display": f"Infirmier de {FACILITY}"}}],
    }
    return entry(person, {name: value for name, value in {**content, **changes}.items() if value is not None})


def enrolment(
    child: Child, source: str, *, year: int = 1, country: str = "XBK", starts: int = START.year - 3, **changes: Any
) -> Entry:
    """A school year as a source hands it over."""
    person = child.id_at(source)
    school = {"identifier": {"system": f"urn:continuity:{source}:school", "value": "K14"}, "display": SCHOOL_NAME}
    grade = [
        {"url": "label", "valueString": f"{year}. sinif"},
        {"url": "labelLanguage", "valueCode": "tr"},
        {"url": "yearOfSchooling", "valuePositiveInt": year},
        {"url": "mappingStatus", "valueCode": "exact"},
    ]
    content: Json = {
        "resourceType": "Basic",
        "id": f"year-{year}",
        "meta": _meta(
            country,
            profile=[f"{CANONICAL}/StructureDefinition/school-enrolment"],
            source=f"urn:continuity:{source}:export",
        ),
        "identifier": [{"system": f"urn:continuity:{source}:enrolment", "value": f"{person}-{year}"}],
        "code": {"coding": [{"system": f"{CANONICAL}/CodeSystem/record-kind", "code": "school-enrolment"}]},
        "subject": {"reference": f"Patient/{person}"},
        "created": f"{starts + 1}-07-01",
        "author": {"identifier": {"system": "urn:continuity:source", "value": source}},
        "extension": [
            {"url": f"{ENROLMENT}status", "valueCode": "promoted"},
            {"url": f"{ENROLMENT}school", "valueReference": school},
            {"url": f"{ENROLMENT}country", "valueCoding": {"system": "urn:iso:std:iso:3166", "code": country}},
            {"url": f"{ENROLMENT}period", "valuePeriod": {"start": f"{starts}-09-04", "end": f"{starts + 1}-06-20"}},
            {
                "url": f"{ENROLMENT}academic-year",
                "extension": [{"url": "label", "valueString": f"{starts}/{starts + 1}"}],
            },
            {"url": f"{ENROLMENT}grade", "extension": grade},
            {"url": f"{ENROLMENT}instruction-language", "valueCode": "tr"},
            {"url": f"{ENROLMENT}outcome", "extension": [{"url": "result", "valueCode": "promoted"}]},
            {"url": f"{ENROLMENT}verification", "valueCode": "issuer-confirmed"},
        ],
    }
    return entry(person, {name: value for name, value in {**content, **changes}.items() if value is not None})


def entry(person: str, content: Json) -> Entry:
    return Entry(person=person, resource=resource.of(content), where=f"{content['resourceType']}/{content['id']}")


# --- hand-overs ------------------------------------------------------------------------------------


def submission(source: str, *entries: Entry, at: datetime = START) -> Submission:
    """What an adapter would hand over: the entries, one finding and one line of coverage."""
    return Submission(
        source=source,
        adapter="trial",
        received_at=at,
        entries=entries,
        findings=(Finding(severity=Severity.WARNING, code="odd", where="row 7", message="odd"),),
        coverage=(Coverage(field="colour", fate=Fate.UNKNOWN, count=3),),
    )


def bytes_of(source: str, *entries: Entry) -> bytes:
    """The file these entries were read from, as far as a registry cares: equal entries, equal bytes."""
    return json.dumps([source, [each.resource.body.decode() for each in entries]]).encode()


async def hand_over(world: World, source: str, *entries: Entry, body: bytes | None = None) -> Receipt:
    """Hand entries over as a file of their own."""
    return await ingest.ingest(
        world.registry, submission(source, *entries, at=world.clock.now), body=body or bytes_of(source, *entries)
    )


async def known_child(world: World, child: Child = ZAHOUANIA) -> Child:
    """A child known to two sources, its doses to one and its schooling to the other, and linked."""
    await hand_over(world, VACCINES, *health_of(child))
    await hand_over(world, SCHOOLS, *schooling_of(child))
    await match.run(world.registry)
    return child


def health_of(child: Child, source: str = VACCINES, country: str = "XAL") -> list[Entry]:
    return [
        patient(child, source, country=country),
        dose(child, source, vaccine="03", country=country),
        dose(child, source, vaccine="20", on=child.born + timedelta(days=60), country=country),
        dose(child, source, vaccine="20", on=child.born + timedelta(days=95), country=country),
    ]


def schooling_of(child: Child, source: str = SCHOOLS, country: str = "XBK") -> list[Entry]:
    name = {"family": child.family, "given": [child.given]}
    return [
        patient(child, source, country=country, name=[name, {"given": [OTHER_SPELLING]}]),
        enrolment(child, source, year=1, country=country, starts=START.year - 3),
        enrolment(child, source, year=2, country=country, starts=START.year - 2),
    ]


# --- a family and a desk ---------------------------------------------------------------------------


def description(child: Child, *fields: str, **changes: str) -> Description:
    """What somebody says of the child; without `fields` everything a family knows."""
    said = {
        **{name: getattr(child, name) for name in ("given", "family", "father", "grandfather", "mother")},
        **{"birth": child.born.isoformat(), "sex": child.sex, "village": child.village, "phone": child.phone},
    }
    return question.read({name: value for name, value in said.items() if name in (fields or said)} | changes)


AT_A_DESK = ("given", "family", "father", "mother", "birth", "sex")


async def family(world: World, child: Child = ZAHOUANIA, *, at: str = CLINIC) -> str:
    """A family comes to a desk for the first time; its card."""
    opened = await rights.open_family(world.registry, world[at], description(child))
    await match.run(world.registry)
    return opened.card


async def later_family(world: World, child: Child = ZAHOUANIA) -> str:
    """Another family that comes for the same child, to another desk, a while after the first; its card."""
    world.clock.advance(minutes=10)
    return await family(world, child, at=OTHER_CLINIC)


def answer(world: World, organisation: str, **changes: Any) -> rights.Answer:
    """Yes to an organisation, for a year, places closed; fled from Bektar."""
    yes = rights.Answer(
        domain="health" if world[organisation].kind is Kind.CLINIC else "education",
        organisation=organisation,
        until=world.clock.now.date() + timedelta(days=365),
        agreed=True,
        fled=frozenset({"XBK"}),
        understood=True,
    )
    changed = replace(yes, **changes)
    return changed if "interview" in changes else replace(changed, interview=interviewed(changed.language))


def plain_interview(**changes: Any) -> Json:
    """The same as a client of the service writes it."""
    return {**asdict(interviewed()), "present": [], **changes}


def interviewed(language: str = "en", **changes: Any) -> Interview:
    """A family asked as it must be: in its language, by somebody who speaks it, in private."""
    asked = Interview(
        family_language=language, interviewer_language=language, private=True, teach_back="if-no", reads=True
    )
    return replace(asked, **changes)


async def allow(world: World, card: str, organisation: str, **changes: Any) -> rights.ConsentReceipt:
    return await rights.give(world.registry, world[CLINIC], card, answer(world, organisation, **changes))


async def ask(world: World, name: str, child: Child = ZAHOUANIA, *, card: str = "") -> Released | None:
    """An organisation asks with what a desk knows of the child."""
    return await release.ask(world.registry, world[name], question_of(world, name, child, card=card))


def question_of(world: World, name: str, child: Child = ZAHOUANIA, *, card: str = "", **changes: str) -> Asked:
    """What an organisation asks of a child that stands before it; `changes` are of the description."""
    return Asked(description=description(child, *AT_A_DESK, **changes), card=card, grounds=grounds(world, name))


def grounds(world: World, name: str) -> str:
    """Why a child is before this desk."""
    return release.GROUNDS.get(world[name].kind, "")


async def released(world: World, name: str, child: Child = ZAHOUANIA) -> Released:
    """The summary of a question that is answered."""
    given = await ask(world, name, child)
    assert given is not None, "the question was not answered"
    return given


def new_id() -> UUID:
    return UUID(bytes=secrets.token_bytes(16), version=4)


def words(value: Any) -> str:
    """Everything in a JSON value as one text to search, alphabets unescaped."""
    return json.dumps(value, ensure_ascii=False)


def found(text: str, secrets: Iterable[str]) -> list[str]:
    """Which of the secrets stand in the text, in whatever case."""
    folded = text.casefold()
    return [each for each in secrets if each.casefold() in folded]


# --- stewards --------------------------------------------------------------------------------------


async def part(world: World, left: UUID, right: UUID) -> None:
    """Two stewards say of two linked dossiers that they are two people."""
    for name in (STEWARD, OTHER_STEWARD):
        await review.part(world.registry, world[name], left, right)


async def settle(world: World, doubt: UUID, verdict: str) -> None:
    """Settle a doubt, by one steward or, where two have to say the same, by two."""
    for name in (STEWARD, OTHER_STEWARD):
        if await review.decide_doubt(world.registry, world[name], doubt, verdict) is not Standing.WAITS:
            return
