"""The audit log for the ombudsperson: FHIR R4 AuditEvents, held to what IHE BALP 1.1 says, rule by rule."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import orjson
import pytest
from fhir.resources.R4B.auditevent import AuditEvent

from registry.errors import BadInput, NotPermitted
from registry.flows import balp, rights, trail
from registry.store import audit
from tests.support import builders
from tests.support.builders import (
    CLINIC,
    LOT,
    NATIONAL,
    OMBUDSPERSON,
    OTHER_CLINIC,
    PEOPLE,
    SCHOOL,
    UNKNOWN,
    ZAHOUANIA,
    World,
    allow,
    ask,
)

pytestmark = pytest.mark.anyio
Json = dict[str, Any]


@pytest.fixture
async def lived(world: World) -> World:
    """Some of everything: hand-overs, a family, yes and no, answers and silences, reading, taking back."""
    await builders.known_child(world)
    card = await builders.family(world)
    await allow(world, card, CLINIC)
    await allow(world, card, SCHOOL, agreed=False, understood=False)
    for name in (CLINIC, OTHER_CLINIC, SCHOOL):
        await ask(world, name)
    await ask(world, CLINIC, UNKNOWN)
    await trail.sequence(world.registry)
    await rights.own_trail(world.registry, card)
    await rights.withdraw(world.registry, card)
    await trail.sequence(world.registry)
    return world


async def exported(world: World, **days: int) -> list[Json]:
    today = world.clock.now.date()
    first, last = (today + timedelta(days=days.get(name, 0)) for name in ("first", "last"))
    made = await balp.export(world.registry, world[OMBUDSPERSON], first=first, last=last)
    return [orjson.loads(line) for line in balp.ndjson(made).splitlines()]


async def test_every_event_is_one_valid_fhir_audit_event(lived: World) -> None:
    async with lived.registry.database.transaction() as tx:
        entries = {each.leaf.hex: each.event for each in await audit.entries(tx)}
    events = await exported(lived)
    assert {each["id"] for each in events} == {*entries}
    assert len(events) == len(entries)
    for each in events:
        AuditEvent.model_validate(each)
        assert each["recorded"].startswith(entries[each["id"]]["at"][:19])


# --- what BALP asks for, as its profiles say (IHE ITI BasicAudit 1.1.x) -----------------------------

REST, DCM = (
    "http://terminology.hl7.org/CodeSystem/audit-event-type|rest",
    "http://dicom.nema.org/resources/ontology/DCM",
)
SOURCE, DESTINATION = f"{DCM}|110153", f"{DCM}|110152"
RECIPIENT, AUTHOR = (f"http://terminology.hl7.org/CodeSystem/v3-ParticipationType|{code}" for code in ("IRCP", "AUT"))
ENTITY, ROLE = (
    "http://terminology.hl7.org/CodeSystem/audit-entity-type",
    "http://terminology.hl7.org/CodeSystem/object-role",
)
FHIR = "http://hl7.org/fhir/restful-interaction"

RULES: dict[str, tuple[str, str, str, str, str, str]] = {
    # profile: type, one of the subtypes, action, role of the asker, role of the registry, role of the user
    "PrivacyDisclosure.Source": (
        f"{DCM}|110106", "http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle|disclose", "R",
        DESTINATION, SOURCE, RECIPIENT,
    ),
    "PatientQuery": (REST, f"{FHIR}|search", "E", SOURCE, DESTINATION, RECIPIENT),
    "Query": (REST, f"{FHIR}|search", "E", SOURCE, DESTINATION, RECIPIENT),
    "PatientRead": (REST, f"{FHIR}|read", "R", DESTINATION, SOURCE, RECIPIENT),
    "PatientCreate": (REST, f"{FHIR}|create", "C", SOURCE, DESTINATION, AUTHOR),
    "Create": (REST, f"{FHIR}|create", "C", SOURCE, DESTINATION, AUTHOR),
    "PatientUpdate": (REST, f"{FHIR}|update", "U", SOURCE, DESTINATION, AUTHOR),
    "Update": (REST, f"{FHIR}|update", "U", SOURCE, DESTINATION, AUTHOR),
}  # fmt: skip


def code(coding: Json) -> str:
    return f"{coding['system']}|{coding['code']}"


def of_type(event: Json, kind: str) -> list[Json]:
    return [each for each in event["entity"] if code(each["type"]) == f"{ENTITY}|{kind}"]


def agents(event: Json, role: str) -> list[Json]:
    return [each for each in event["agent"] if code(each["type"]["coding"][0]) == role]


def profile(event: Json) -> str:
    return event["meta"]["profile"][0].rpartition("IHE.BasicAudit.")[2]


def broken(event: Json) -> list[str]:
    """The rules of its profile this event does not keep."""
    kind, subtype, action, asker, registry, user = RULES[profile(event)]
    has_patient = profile(event).startswith("P")
    (own,) = agents(event, registry)
    checks: dict[str, Callable[[], bool]] = {
        "type": lambda: code(event["type"]) == kind,
        "subtype": lambda: subtype in map(code, event["subtype"]),
        "action": lambda: event["action"] == action,
        "outcome": lambda: event["outcome"] == "0",
        "no modifier": lambda: "modifierExtension" not in event,
        "one asker": lambda: len(agents(event, asker)) == 1,
        "each side has a name and a network": lambda: all(
            each["who"] and each["network"] for each in (*agents(event, asker), own)
        ),
        "one user, who asked": lambda: [each["requestor"] for each in agents(event, user)] == [True],
        "a user is no device": lambda: "network" not in agents(event, user)[0],
        "val-audit-source": lambda: (
            profile(event) != "PrivacyDisclosure.Source" or own["who"] == event["source"]["observer"]
        ),
        "patient": lambda: [bool(_is_patient(each)) for each in of_type(event, "1")] == [True] * has_patient,
        "one matter": lambda: len(of_type(event, "2")) == 1,
        "matter": lambda: _is_matter(event, of_type(event, "2")[0]),
    }
    return [name for name, holds in checks.items() if not holds()]


def _is_patient(entity: Json) -> bool:
    return code(entity["role"]) == f"{ROLE}|1" and entity["what"]["reference"].startswith("Patient/")


def _is_matter(event: Json, entity: Json) -> bool:
    if "Query" in profile(event):
        return code(entity["role"]) == f"{ROLE}|24" and bool(entity["query"]) and not {"what", "detail"} & entity.keys()
    return code(entity["role"]) in (f"{ROLE}|3", f"{ROLE}|4") and bool(entity["what"])


async def test_every_event_keeps_the_rules_of_its_profile(lived: World) -> None:
    events = await exported(lived)
    assert {profile(each): broken(each) for each in events if broken(each)} == {}
    assert {profile(each) for each in events} == {*RULES}


async def test_an_answer_is_a_disclosure_with_its_digest_and_a_silence_a_query(lived: World) -> None:
    events = [each for each in await exported(lived) if code(each["subtype"][1]).endswith("|ask")]
    told = {
        name: sorted(profile(each) for each in events if each["agent"][0]["who"]["identifier"]["value"] == name)
        for name in (CLINIC, OTHER_CLINIC, SCHOOL)
    }
    assert told == {
        CLINIC: ["PrivacyDisclosure.Source", "Query"],
        OTHER_CLINIC: ["PatientQuery"],
        SCHOOL: ["PatientQuery"],
    }
    details = [{each["type"]: each["valueString"] for each in of_type(event, "4")[0]["detail"]} for event in events]
    assert all(len(each["sha256-of-answer"]) == 64 and each["position"].isdecimal() for each in details)
    assert all(event["purposeOfEvent"][0]["coding"][0]["code"] for event in events)


# --- who may have it, and what it does not say ------------------------------------------------------


@pytest.mark.parametrize("name", [name for name, _, _ in PEOPLE if name != OMBUDSPERSON])
async def test_nobody_but_the_ombudsperson_gets_it(world: World, name: str) -> None:
    today = world.clock.now.date()
    with pytest.raises(NotPermitted):
        await balp.export(world.registry, world[name], first=today, last=today)


async def test_persons_are_pseudonyms_made_for_this_reader(lived: World) -> None:
    events = await exported(lived)
    persons = {each["what"]["reference"] for event in events for each in of_type(event, "1")}
    assert len(persons) == 1, "the three dossiers of one child are one person"
    other = await exported_as(lived, "ombudsperson-corvia")
    assert persons.isdisjoint(each["what"]["reference"] for event in other for each in of_type(event, "1"))
    text = builders.words(events)
    async with lived.registry.database.transaction() as tx:
        ids = {str(each.about) for each in await audit.entries(tx)} | {
            each.about.hex for each in await audit.entries(tx)
        }
    personal = (ZAHOUANIA.given, ZAHOUANIA.family, ZAHOUANIA.phone, ZAHOUANIA.born.isoformat(), NATIONAL, LOT)
    assert builders.found(text, (*personal, *ids)) == []


async def exported_as(world: World, name: str) -> list[Json]:
    made = await builders.organisations.register(
        world.registry, name=name, display=name, kind=balp.Kind.OMBUDSPERSON, country="XCV"
    )
    today = world.clock.now.date()
    return await balp.export(world.registry, made.caller, first=today, last=today)


async def test_only_the_days_asked_for_are_in_it(lived: World) -> None:
    lived.clock.advance(days=1)
    await ask(lived, CLINIC, UNKNOWN)
    assert [profile(each) for each in await exported(lived)] == ["Query"]
    assert len(await exported(lived, first=-1)) > 5
    assert await exported(lived, first=-3, last=-2) == []
    for first, last in ((1, 0), (-400, 0)):
        with pytest.raises(BadInput, match="a year"):
            await exported(lived, first=first, last=last)


async def test_what_was_erased_is_not_in_it_and_the_export_is_an_entry_itself(lived: World) -> None:
    before = await exported(lived)
    async with lived.registry.database.transaction() as tx:
        ((dossier,),) = await (
            await tx.connection.execute(
                "SELECT dossier FROM registry.audit_detail GROUP BY 1 ORDER BY count(*) DESC LIMIT 1"
            )
        ).fetchall()
        await tx.connection.execute("DELETE FROM vault.data_key WHERE dossier = %s", (dossier,))
    after = await exported(lived)
    assert 0 < len(after) < len(before)
    assert [code(each["subtype"][1]).rpartition("|")[2] for each in after].count("audit-exported") == 1
    assert (await trail.verify(lived.registry)).holds
