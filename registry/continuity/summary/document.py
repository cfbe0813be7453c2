"""The frame of a summary: a document Bundle and its parts.

Only what is handed in goes out. The person appears as the asker described them, under the asker's own pseudonym;
demographics of the registry never enter here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from registry.continuity import elements
from registry.continuity.reasons import Reason
from registry.fhir import CANONICAL
from registry.fhir.resource import Content

Json = dict[str, Any]

RECORD_KIND = f"{CANONICAL}/CodeSystem/record-kind"
EMPTY = "http://terminology.hl7.org/CodeSystem/list-empty-reason"
LOINC = "http://loinc.org"
ANTIGEN = f"{CANONICAL}/CodeSystem/antigen"
IPS = "http://hl7.org/fhir/uv/ips/StructureDefinition/"
_ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """What one disclosure is called, who vouches for it, and how long it holds. Times are aware."""

    id: str
    issued: datetime
    expires: datetime
    issuer: str
    issuer_name: str
    status_list: str
    status_index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The person in the asker's words: its pseudonym for them, and what it said of them."""

    pseudonym: str
    name: str = ""
    birth_date: str = ""
    gender: str = ""


def bundle(release: Release, composition: Json, resources: Iterable[Json], *, profile: str = "") -> Json:
    """A document Bundle: the Composition first, then what it points to, each once."""
    return {
        "resourceType": "Bundle",
        **({"meta": {"profile": [profile]}} if profile else {}),
        "language": composition["language"],
        "identifier": {"system": f"{CANONICAL}/release", "value": release.id},
        "type": "document",
        "timestamp": instant(release.issued),
        "entry": [
            {
                "fullUrl": f"{CANONICAL}/release/{release.id}/{each['resourceType']}/{each['id']}",
                "resource": each,
            }
            for each in (composition, *resources)
        ],
    }


def composition(
    release: Release, *, title: str, type_of: Json, sections: Sequence[Json], profile: str, language: str
) -> Json:
    """The Composition with its expiry and its place on the status list."""
    return {
        "resourceType": "Composition",
        "id": "summary",
        "meta": {"profile": [profile]},
        "language": language,
        "extension": [
            extension("valid-until", valueDateTime=instant(release.expires)),
            nested(
                "status-list",
                part("list", valueUri=release.status_list),
                part("index", valueUnsignedInt=release.status_index),
            ),
        ],
        "status": "final",
        "type": type_of,
        "subject": {"reference": "Patient/person"},
        "date": instant(release.issued),
        "author": [{"reference": "Organization/issuer"}],
        "title": title,
        "section": list(sections),
    }


def section(title: str, code: Json, body: Json, entries: Sequence[str] = ()) -> Json:
    """A section with its narrative and references to its entries; without entries it says that nothing is at hand.

    `unavailable`: not `none known`, but `no information` (IPS 2.0.1, Composition-uv-ips, section.emptyReason).
    """
    found: Json = {"title": title, "code": code, "text": body}
    if not entries:
        return found | {"emptyReason": {"coding": [{"system": EMPTY, "code": "unavailable"}]}}
    return found | {"entry": [{"reference": each} for each in entries]}


def person(asked: Asked, profile: str = "") -> Json:
    """The Patient as the asker described them; what the asker did not say is marked unknown, as IPS demands."""
    given: Json = {
        "resourceType": "Patient",
        "id": "person",
        **({"meta": {"profile": [profile]}} if profile else {}),
        "identifier": [{"system": f"{CANONICAL}/pseudonym", "value": asked.pseudonym}],
        "name": [{"text": asked.name} if asked.name else {"_text": unknown()}],
    }
    born: Json = {"birthDate": asked.birth_date} if asked.birth_date else {"_birthDate": unknown()}
    return given | born | ({"gender": asked.gender} if asked.gender else {})


def unknown() -> Json:
    """What stands beside an element whose value nobody knows."""
    return {"extension": [{"url": _ABSENT, "valueCode": "unknown"}]}


def issuer(release: Release, profile: str = "") -> Json:
    """The Organization that vouches for the document: its author."""
    return {
        "resourceType": "Organization",
        "id": "issuer",
        **({"meta": {"profile": [profile]}} if profile else {}),
        "identifier": [{"system": "urn:ietf:rfc:3986", "value": release.issuer}],
        "name": release.issuer_name,
    }


def extension(name: str, **value: Any) -> Json:
    """One of our extensions with one value."""
    return {"url": f"{elements.DEFINITION}{name}", **value}


def nested(name: str, *inner: Json) -> Json:
    """One of our complex extensions."""
    return {"url": f"{elements.DEFINITION}{name}", "extension": list(inner)}


def part(name: str, **value: Any) -> Json:
    """An inner part of a complex extension."""
    return {"url": name, **value}


def reasons(name: str, many: Iterable[Reason]) -> list[Json]:
    """Reasons as extensions: the code for other languages, its facts, and the English sentence."""
    return [
        nested(
            name,
            part("code", valueCode=each.code),
            *(part("fact", valueString=f"{fact}={value}") for fact, value in each.facts),
            part("text", valueString=str(each)),
        )
        for each in many
    ]


def loinc(code: str) -> Json:
    return {"coding": [{"system": LOINC, "code": code}]}


def own_code(system: str, code: str, text: str = "") -> Json:
    coded: Json = {"coding": [{"system": f"{CANONICAL}/CodeSystem/{system}", "code": code}]}
    return coded | ({"text": text} if text else {})


def instant(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


def entries(document: Content) -> list[Content]:
    """Every resource in a document Bundle, in order."""
    return [elements.mapping(each.get("resource")) for each in elements.mappings(document.get("entry"))]


def resources(document: Content, kind: str) -> list[Content]:
    """The resources of one kind in a document Bundle, in order."""
    return of_kind(entries(document), kind)


def of_kind(held: Iterable[Content], kind: str) -> list[Content]:
    return [each for each in held if each.get("resourceType") == kind]


def own(element: Content, name: str) -> list[Content]:
    """The extensions of ours with this name."""
    url = f"{elements.DEFINITION}{name}"
    return [each for each in elements.mappings(element.get("extension")) if each.get("url") == url]


def inner(extension: Content) -> Mapping[str, Any]:
    """The parts of a complex extension by name; of repeated parts the last."""
    return {
        elements.text(each.get("url")): next((value for name, value in each.items() if name.startswith("value")), None)
        for each in elements.mappings(extension.get("extension"))
    }
