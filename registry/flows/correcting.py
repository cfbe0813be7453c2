"""A desk corrects what it recorded itself: a new version that says who changed it and why; the former one stays.

A source corrects by handing over again (`ingest`): its new version is stored beside the former one as well.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from registry.errors import BadInput, UnknownName
from registry.fhir import CANONICAL, resource
from registry.fhir.resource import Resource
from registry.flows import decide, desk, ingest, records, trail
from registry.flows.opening import Registry
from registry.flows.organisations import Caller, Kind
from registry.intake import Entry
from registry.store import documents, dossiers, keys
from registry.store.database import Transaction, again_on_conflict
from registry.store.dossiers import Dossier
from registry.store.functions import Function

WHY = ("typing-error", "wrong-child", "wrong-date", "wrong-vaccine", "wrong-grade", "never-happened", "family-told")
"""Why a record is corrected; a code, so that no free text about a child travels with the record."""
_STATUS = f"{CANONICAL}/StructureDefinition/enrolment-status"
Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What is to change; what is None stays. `happened` is False for what never was."""

    why: str
    on: date | None = None
    vaccine: str | None = None
    grade: str | None = None
    happened: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected:
    reference: str
    version: int
    leaf: str


@again_on_conflict
async def correct(
    registry: Registry, caller: Caller, *, number: str, reference: str, correction: Correction
) -> Corrected:
    """Correct the desk's own record `reference` of the child it knows by `number`. Raises UnknownName, BadInput."""
    caller.must_be(Kind.CLINIC, Kind.SCHOOL)
    _check(registry, correction)
    async with registry.database.transaction(Function.DESK) as tx:
        dossier = await _dossier(tx, caller, number)
        current = documents.current(await documents.load(tx, [dossier.id])).get((dossier.id, reference))
        if current is None or current.resource.kind == "Patient":
            raise UnknownName("you recorded nothing of this reference for this child", where="reference")
        changed = _changed(registry, caller, current.resource, correction)
        ingest.require_acceptable(registry, changed)
        entries = [Entry(person=dossier.local, resource=changed)]
        await ingest.store(tx, registry, source=caller.name, entries=entries)
        leaf = await trail.write(tx, registry, dossier.id, "record-corrected", caller, why=correction.why)
        await decide.again(tx, registry, dossier.members)
    return Corrected(reference=reference, version=current.version + 1, leaf=leaf.leaf.hex)


def _check(registry: Registry, correction: Correction) -> None:
    problems = [
        (correction.why not in WHY, f"`why` is one of: {', '.join(WHY)}"),
        (correction.on is not None and correction.on > registry.today(), "`on` lies after today"),
        (
            correction.happened and not any((correction.on, correction.vaccine, correction.grade)),
            "nothing is to change",
        ),
    ]
    wrong = [words for is_wrong, words in problems if is_wrong]
    if wrong:
        raise BadInput("; ".join(wrong), where="correction")


async def _dossier(tx: Transaction, caller: Caller, number: str) -> Dossier:
    known = await keys.only(tx, keys.index_hash(tx, "person", caller.name, desk.local_id(caller, number)))
    held = (await dossiers.load(tx, [known], lock=True)).get(known) if known else None
    if held is None:
        raise UnknownName("you know no child of this number", where="patient", remedy="see your own register")
    return held


def _changed(registry: Registry, caller: Caller, held: Resource, correction: Correction) -> Resource:
    content: Json = {**held.content}
    change = _OF_KIND[held.kind]
    for name, value in (("on", correction.on), ("vaccine", correction.vaccine), ("grade", correction.grade)):
        if value is None:
            continue
        if name not in change:
            raise BadInput(f"this record has no `{name}`", where="correction")
        content = change[name](content, str(value))
    if not correction.happened:
        content = change["never"](content, "entered-in-error")
    return resource.of(
        {**content, "extension": [*content.get("extension", ()), _provenance(registry, caller, correction)]}
    )


def _provenance(registry: Registry, caller: Caller, correction: Correction) -> Json:
    """Who changed it, when and why (FHIR Provenance, kept inside the version it speaks of)."""
    inner = [
        {"url": "by", "valueString": caller.name},
        {"url": "why", "valueCode": correction.why},
        {"url": "at", "valueDateTime": registry.now().isoformat(timespec="seconds")},
    ]
    return {"url": records.CORRECTION, "extension": inner}


def _vaccine(content: Json, code: str) -> Json:
    system = content["vaccineCode"]["coding"][0]["system"]
    return {**content, "vaccineCode": {"coding": [{"system": system, "code": code}]}}


def _extension(content: Json, url: str, value: Json) -> Json:
    others = [each for each in content["extension"] if each["url"] != url]
    return {**content, "extension": [*others, {"url": url, **value}]}


def _period(content: Json, day: str) -> Json:
    return _extension(content, f"{CANONICAL}/StructureDefinition/enrolment-period", {"valuePeriod": {"start": day}})


def _grade(content: Json, label: str) -> Json:
    # What the former name was mapped to (a year, a level) says nothing of the new one.
    url = f"{CANONICAL}/StructureDefinition/enrolment-grade"
    before = next(each["extension"] for each in content["extension"] if each["url"] == url)
    language = [each for each in before if each["url"] == "labelLanguage"]
    parts = [{"url": "label", "valueString": label}, *language, {"url": "mappingStatus", "valueCode": "unmapped"}]
    return _extension(content, url, {"extension": parts})


_OF_KIND: Mapping[str, Mapping[str, Callable[[Json, str], Json]]] = {
    "Immunization": {
        "on": lambda content, day: {**content, "occurrenceDateTime": day},
        "vaccine": _vaccine,
        "never": lambda content, status: {**content, "status": status},
    },
    "Basic": {
        "on": _period,
        "grade": _grade,
        "never": lambda content, status: _extension(content, _STATUS, {"valueCode": status}),
    },
}
