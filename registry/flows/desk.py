"""A desk is a source too: a clinic records today's dose, a school today's enrolment, each a person nobody knew.

Accepted in just the same way whether or not others know the person. Where the desk was given a summary about the
child, it may say so; then the record joins the person that summary was about, by that identification.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from registry.errors import BadInput
from registry.fhir import CANONICAL, resource
from registry.fhir.resource import Content, Resource
from registry.flows import identified, ingest, question, trail
from registry.flows.opening import Registry
from registry.flows.organisations import Caller, Kind
from registry.flows.question import Description
from registry.flows.reader import Reader
from registry.identity import demographics, match
from registry.intake import Entry
from registry.store import dossiers, keys
from registry.store.database import Transaction, again_on_conflict
from registry.store.functions import Function

_NUMBER_LENGTH = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What a desk handed over was stored."""

    reference: str
    outcome: str
    leaf: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dose:
    """A dose given today. `vaccine` is a code in `vaccine_system`."""

    vaccine_system: str
    vaccine: str
    on: date
    display: str = ""
    lot: str = ""
    dose_number: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """An enrolment made today; `grade` as the school writes it."""

    school: str
    grade: str
    academic_year: str
    on: date
    language: str = "und"


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """The child at the desk: the desk's own number, what it knows, and the summary it was given, if any."""

    number: str = field(repr=False)
    description: Description = field(repr=False)
    summary: str = field(default="", repr=False)


async def register(registry: Registry, caller: Caller, child: Child) -> Recorded:
    """Register a person, known elsewhere or not."""
    caller.must_be(Kind.CLINIC, Kind.SCHOOL)
    return await _record(registry, caller, child, [])


async def record_dose(registry: Registry, caller: Caller, child: Child, dose: Dose) -> Recorded:
    """Record a dose the clinic gave itself."""
    caller.must_be(Kind.CLINIC)
    if dose.on > registry.today():
        raise BadInput("a dose cannot be recorded before it is given", where="on")
    return await _record(registry, caller, child, [_immunization(caller, child, dose)])


async def record_enrolment(registry: Registry, caller: Caller, child: Child, enrolment: Enrolment) -> Recorded:
    """Record an enrolment the school makes itself."""
    caller.must_be(Kind.SCHOOL)
    return await _record(registry, caller, child, [_enrolment(registry, caller, child, enrolment)])


@again_on_conflict
async def _record(registry: Registry, caller: Caller, child: Child, contents: Sequence[Content]) -> Recorded:
    if not 0 < len(child.number) <= _NUMBER_LENGTH:
        raise BadInput("`patient` is the desk's own number of the child, up to 64 characters", where="patient")
    patient = question.patient(child.description, id=local_id(caller, child.number), country=caller.country)
    resources = [resource.of(each) for each in (patient, *contents)]
    for each in resources:
        ingest.require_acceptable(registry, each)
    async with registry.database.transaction(Function.DESK) as tx:
        await dossiers.load(tx, [caller.house], lock=True)  # two records of one desk never open two dossiers
        await _require_same_child(tx, registry, caller, resources[0])
        entries = [Entry(person=resources[0].id, resource=each) for each in resources]
        outcomes = await ingest.store(tx, registry, source=caller.name, entries=entries)
        if child.summary:
            await identified.join(tx, registry, caller, local=resources[0].id, summary=child.summary)
        told = {"resources": len(resources), "by_summary": bool(child.summary)}
        leaf = await trail.write(tx, registry, caller.house, "desk-recorded", caller, **told)
    return Recorded(reference=resources[-1].reference, outcome=outcomes[-1].value, leaf=leaf.leaf.hex)


async def _require_same_child(tx: Transaction, registry: Registry, caller: Caller, patient: Resource) -> None:
    """Raise BadInput when this desk gave the number to another child before; only its own records are looked at."""
    known = await keys.only(tx, keys.index_hash(tx, "person", caller.name, patient.id))
    held = (await dossiers.load(tx, [known])).get(known) if known else None
    if held is None or held.about is None:
        return
    before = Reader().told(held)
    if match.contradicts([before], [demographics.of(patient.content)], registry.library.weights):
        raise BadInput("this number is another child's here", where="patient", remedy="see your own register")


def local_id(caller: Caller, number: str) -> str:
    """A FHIR id for the desk's own number; the number itself may hold any character."""
    return uuid.uuid5(uuid.NAMESPACE_URL, f"{caller.name}/{number}").hex


def _meta(caller: Caller, **more: Any) -> dict[str, Any]:
    return {"tag": [{"system": f"{CANONICAL}/CodeSystem/recording-country", "code": caller.country}], **more}


def _immunization(caller: Caller, child: Child, dose: Dose) -> Content:
    coding = {"system": dose.vaccine_system, "code": dose.vaccine} | ({"display": dose.display} if dose.display else {})
    content: dict[str, Any] = {
        "resourceType": "Immunization",
        "id": uuid.uuid5(uuid.NAMESPACE_URL, f"{caller.name}/{child.number}/{dose.vaccine}/{dose.on}").hex,
        "meta": _meta(caller),
        "status": "completed",
        "vaccineCode": {"coding": [coding]},
        "patient": {"reference": f"Patient/{local_id(caller, child.number)}"},
        "occurrenceDateTime": dose.on.isoformat(),
        "primarySource": True,
        "lotNumber": dose.lot or None,
        "performer": [{"actor": {"display": caller.display}}],
        "protocolApplied": [{"doseNumberPositiveInt": dose.dose_number}] if dose.dose_number else None,
    }
    return {name: value for name, value in content.items() if value is not None}


def _enrolment(registry: Registry, caller: Caller, child: Child, enrolment: Enrolment) -> Content:
    name = f"{caller.name}/{child.number}/{enrolment.academic_year}/{enrolment.grade}"
    return {
        "resourceType": "Basic",
        "id": uuid.uuid5(uuid.NAMESPACE_URL, name).hex,
        "meta": _meta(caller, profile=[_ours("school-enrolment")], source=f"urn:continuity:{caller.name}"),
        "identifier": [
            {
                "system": f"urn:continuity:{caller.name}:enrolment",
                "value": uuid.uuid5(uuid.NAMESPACE_URL, name).hex,
            }
        ],
        "code": {"coding": [{"system": f"{CANONICAL}/CodeSystem/record-kind", "code": "school-enrolment"}]},
        "subject": {"reference": f"Patient/{local_id(caller, child.number)}"},
        "created": registry.today().isoformat(),
        "author": {"reference": f"Organization/{caller.name}", "display": caller.display},
        "extension": _facts(caller, enrolment),
    }


def _facts(caller: Caller, enrolment: Enrolment) -> list[dict[str, Any]]:
    school = {
        "identifier": {"system": f"urn:continuity:{caller.name}:school", "value": caller.name},
        "display": enrolment.school,
    }
    grade = [
        {"url": "label", "valueString": enrolment.grade},
        {"url": "labelLanguage", "valueCode": enrolment.language},
        {"url": "mappingStatus", "valueCode": "unmapped"},
    ]
    year = [{"url": "label", "valueString": enrolment.academic_year}]
    return [
        {"url": _part("status"), "valueCode": "current"},
        {"url": _part("school"), "valueReference": school},
        {"url": _part("country"), "valueCoding": {"system": "urn:iso:std:iso:3166", "code": caller.country}},
        {"url": _part("period"), "valuePeriod": {"start": enrolment.on.isoformat()}},
        {"url": _part("academic-year"), "extension": year},
        {"url": _part("grade"), "extension": grade},
        {"url": _part("instruction-language"), "valueCode": enrolment.language},
        {"url": _part("verification"), "valueCode": "issuer-confirmed"},
    ]


def _part(name: str) -> str:
    return _ours(f"enrolment-{name}")


def _ours(name: str) -> str:
    return f"{CANONICAL}/StructureDefinition/{name}"
