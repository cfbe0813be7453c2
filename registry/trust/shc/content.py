"""What is wrong with the payload of a SMART Health Card, or with the Bundle in it, apart from who signed it.

Errors make a card unusable; warnings depart from the data-minimised form without harm. Sources: the Framework,
"Modeling Verifiable Credentials in FHIR" (short references, no ids, no text), the vaccination guide's profiles, and
FHIR R4 (required elements and codes of Immunization and Observation).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from registry.trust.fault import Fault

HEALTH_CARD = "https://smarthealth.cards#health-card"
_KIND_TYPES = {
    "Immunization": "https://smarthealth.cards#immunization",
    "Observation": "https://smarthealth.cards#laboratory",
}
_NEEDLESS_TYPE = "VerifiableCredential"
_MAX_ENTRIES = 200
_LONGEST = 200
_ADDRESS = re.compile(r"https://[^\s/?#]+(?:/[^\s?#/]+)*")
_SHORT = re.compile(r"resource:[0-9]{1,4}")
_VERSION = re.compile(r"4\.[0-9]+\.[0-9]+")
_RID = re.compile(r"[A-Za-z0-9_-]{1,24}")
_STATUSES = {
    # Required value sets of FHIR R4; the vaccination guide allows a card to hold completed doses only.
    "Immunization": {"completed"},
    "Observation": {"final", "amended", "corrected"},
}
_CODES = {"Immunization": "vaccineCode", "Observation": "code"}
_MOMENTS = {
    "Immunization": ("occurrenceDateTime", "occurrenceString"),
    "Observation": ("effectiveDateTime", "effectivePeriod"),
}
_PERSONS = {"Immunization": "patient", "Observation": "subject"}
_MINIMISED = {"id", "text", "display", "gender", "managingOrganization"}
_MAY_DISPLAY = {"performer", "actor", "patient", "subject"}


@dataclass(frozen=True, slots=True)
class Found:
    """What is wrong, in the order it was found, each once."""

    errors: Sequence[Fault]
    warnings: Sequence[Fault]


def of_payload(payload: Mapping[str, Any]) -> Found:
    """What is wrong with the claims of a card and with its Bundle; times are judged elsewhere."""
    errors = [*_claim_errors(payload)]
    if errors:
        return Found(errors, ())
    credential = payload["vc"]
    bundle = of_bundle(credential["credentialSubject"]["fhirBundle"])
    warnings = [*_type_warnings(credential["type"], credential["credentialSubject"]["fhirBundle"])]
    return Found(bundle.errors, _once([*warnings, *bundle.warnings]))


def _claim_errors(payload: Mapping[str, Any]) -> Iterator[Fault]:
    issuer, credential = payload.get("iss"), payload.get("vc")
    if not isinstance(issuer, str) or not _ADDRESS.fullmatch(issuer):
        yield Fault.ISSUER_URL
    subject: object = _member(credential, "credentialSubject")
    types: object = _member(credential, "type")
    rid: object = _member(credential, "rid")
    is_whole = (
        isinstance(types, list)
        and HEALTH_CARD in types
        and _VERSION.fullmatch(str(_member(subject, "fhirVersion")))
        and isinstance(_member(subject, "fhirBundle"), dict)
        and (rid is None or (isinstance(rid, str) and _RID.fullmatch(rid)))
    )
    yield from [] if is_whole else [Fault.SCHEMA]


def _member(held: object, name: str) -> Any:
    return cast("Mapping[str, Any]", held).get(name) if isinstance(held, dict) else None


def _type_warnings(types: Sequence[object], bundle: Mapping[str, Any]) -> Iterator[Fault]:
    entries: object = bundle.get("entry")
    held = cast("list[object]", entries) if isinstance(entries, list) else []
    kinds = {str(_member(_member(entry, "resource"), "resourceType")) for entry in held}
    if _NEEDLESS_TYPE in types or any(_KIND_TYPES[kind] not in types for kind in kinds & _KIND_TYPES.keys()):
        yield Fault.SCHEMA


def of_bundle(bundle: Mapping[str, Any]) -> Found:
    """What is wrong with the Bundle of a card."""
    entries: object = bundle.get("entry")
    if bundle.get("type") != "collection" or not isinstance(entries, list):
        return Found((Fault.FHIR_SCHEMA,), ())
    held = cast("list[object]", entries)
    resources = [_member(entry, "resource") for entry in held]
    addresses = [_member(entry, "fullUrl") for entry in held]
    if not 0 < len(held) <= _MAX_ENTRIES or not all(isinstance(each, dict) for each in resources):
        return Found((Fault.FHIR_SCHEMA,), ())
    people = [at for at, each in zip(addresses, resources, strict=True) if each.get("resourceType") == "Patient"]
    errors = [*_bundle_errors(people, addresses), *(f for each in resources for f in _errors(each, people))]
    warnings = [*([Fault.SCHEMA] if bundle.keys() & _MINIMISED else []), *_warnings(resources)]
    return Found(_once(errors), _once(warnings))


def _bundle_errors(people: Sequence[object], addresses: Sequence[object]) -> Iterator[Fault]:
    if len(people) != 1 or len({str(each) for each in addresses}) < len(addresses):
        yield Fault.FHIR_SCHEMA
    if not all(isinstance(each, str) and _SHORT.fullmatch(each) for each in addresses):
        yield Fault.SCHEMA


def _errors(resource: Mapping[str, Any], people: Sequence[object]) -> Iterator[Fault]:
    kind: object = resource.get("resourceType")
    is_whole = isinstance(kind, str) and (kind != "Patient" or _is_patient(resource))
    if isinstance(kind, str) and kind in _STATUSES:
        moments = [resource[name] for name in _MOMENTS[kind] if name in resource]
        is_whole = (
            str(resource.get("status")) in _STATUSES[kind]
            and _is_coded(resource.get(_CODES[kind]))
            and len(moments) == 1
            and (isinstance(moments[0], dict) or _is_said(moments[0]))
            and _member(resource.get(_PERSONS[kind]), "reference") in people
        )
    yield from [] if is_whole else [Fault.FHIR_SCHEMA]
    security = _member(resource.get("meta"), "security")
    if security is not None and not _are_codings(security):
        yield Fault.FHIR_SCHEMA


def _is_said(moment: object) -> bool:
    return isinstance(moment, str) and 0 < len(moment) <= _LONGEST


def _is_patient(resource: Mapping[str, Any]) -> bool:
    names: object = resource.get("name", [])
    held = cast("list[object]", names) if isinstance(names, list) else [None]
    return all(isinstance(each, dict) and _is_name(cast("Mapping[str, Any]", each)) for each in held)


def _is_name(name: Mapping[str, Any]) -> bool:
    given: object = name.get("given", [])
    parts = cast("list[object]", given) if isinstance(given, list) else [None]
    return all(isinstance(each, str) for each in (*parts, name.get("family", "")))


def _is_coded(concept: object) -> bool:
    codings = _member(concept, "coding")
    return _are_codings(codings) and all(isinstance(_member(each, "system"), str) for each in codings)


def _are_codings(codings: object) -> bool:
    held = cast("list[object]", codings) if isinstance(codings, list) else []
    return bool(held) and all(isinstance(_member(each, "code"), str) for each in held)


def _warnings(resources: Iterable[Mapping[str, Any]]) -> Iterator[Fault]:
    for resource in resources:
        meta = resource.get("meta")
        if isinstance(meta, dict) and cast("dict[str, Any]", meta).keys() - {"security"}:
            yield Fault.FHIR_SCHEMA
        if (meta is not None and not isinstance(meta, dict)) or any(_needless(resource)):
            yield Fault.SCHEMA


def _needless(held: object, within: str = "") -> Iterator[bool]:
    """Whether something stands here that a card should leave out, since it is only for people to read."""
    if isinstance(held, list):
        for each in cast("list[object]", held):
            yield from _needless(each, within)
    if isinstance(held, dict):
        for name, value in cast("dict[str, object]", held).items():
            if name != "meta":
                yield name in _MINIMISED and not (name == "display" and within in _MAY_DISPLAY)
                yield from _needless(value, name)


def _once(faults: Iterable[Fault]) -> Sequence[Fault]:
    return tuple(dict.fromkeys(faults))
