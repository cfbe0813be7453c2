"""A record as a source holds it, the truth about it, and the forms both leave the world in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from registry.fhir import CANONICAL

ROLES = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"
RELATIVES = {"mother": "MTH", "father": "FTH", "grandfather": "GRFTH"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What one source says of one person; an empty text where it says nothing. `id` is unique in the world."""

    id: str
    source: str
    given: str
    father: str
    grandfather: str
    family: str
    mother: str
    birth_date: str
    sex: str
    village: str
    phone: str
    national_id: str
    ration_card: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """Who a record is about, and what to tell results apart by.

    `birth_quality`: day (as it was), default (1 January or a filler), year, month, guess, swapped, shifted, calendar,
    missing. `drifts`: the rules of drift.py that befell the record, by name.
    """

    id: str
    source: str
    person: int
    culture: str
    role: str
    sex: str
    script: str
    writing: str
    birth_quality: str
    twin: bool
    namesake: bool
    namesake_cousin: bool
    unaccompanied: bool
    drifts: tuple[str, ...]


COLUMNS = tuple(Record.__dataclass_fields__)
LABELS = tuple(Truth.__dataclass_fields__)


def row(record: Record) -> tuple[str, ...]:
    """A record as a row under COLUMNS."""
    return tuple(getattr(record, column) for column in COLUMNS)


def labels(truth: Truth) -> tuple[str, ...]:
    """A truth as a row under LABELS: claims as 0 or 1, drifts parted by semicolons."""
    return tuple(_told(getattr(truth, label)) for label in LABELS)


def _told(value: int | str | tuple[str, ...]) -> str:
    if isinstance(value, tuple):
        return ";".join(value)
    return str(int(value)) if isinstance(value, bool) else str(value)


def pairs(truths: Iterable[Truth]) -> Iterator[tuple[str, str]]:
    """Every pair of records of one person, by id: each record with those of the person that came before it."""
    known: dict[int, list[str]] = defaultdict(list)
    for truth in truths:
        yield from ((each, truth.id) for each in known[truth.person])
        known[truth.person].append(truth.id)


def patient(record: Record) -> dict[str, Any]:
    """A record as a FHIR R4 Patient of the shape adapters hand over."""
    name = {"family": record.family, "given": [record.given] if record.given else None}
    content = {
        "resourceType": "Patient",
        "id": record.id,
        "meta": {"tag": [{"system": f"{CANONICAL}/CodeSystem/recording-country", "code": _country(record.source)}]},
        "identifier": list(_identifiers(record)),
        "name": [_filled(name)] if any(name.values()) else None,
        "gender": record.sex,
        "birthDate": record.birth_date,
        "contact": [
            _relative(code, getattr(record, role)) for role, code in RELATIVES.items() if getattr(record, role)
        ],
        "telecom": [{"system": "phone", "value": record.phone}] if record.phone else None,
        "address": [{"city": record.village}] if record.village else None,
    }
    return _filled(content)


def _filled(content: dict[str, Any]) -> dict[str, Any]:
    return {element: value for element, value in content.items() if value}


def _country(source: str) -> str:
    """A code no country has, one for each kind of source."""
    return {"home": "XHM", "transit": "XTR", "host": "XHO", "agency": "XUN"}[source.partition("-")[0]]


def _relative(code: str, name: str) -> dict[str, Any]:
    return {"relationship": [{"coding": [{"system": ROLES, "code": code}]}], "name": {"text": name}}


def _identifiers(record: Record) -> Iterator[dict[str, str]]:
    """The numbers of a record: its own, the national one of its country, the ration card of a household."""
    if record.national_id:
        country, _, number = record.national_id.partition("-")
        system = f"urn:continuity:{country.lower()}:national-id"
        yield {"use": "official", "system": system, "value": number}
    if record.ration_card:
        yield {"use": "secondary", "system": "urn:continuity:agency:ration-card", "value": record.ration_card}
    yield {"use": "usual", "system": f"urn:continuity:{record.source}:person", "value": record.id}
