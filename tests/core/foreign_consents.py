"""FHIR Consents of foreign dialects, built from what is different in them."""

from __future__ import annotations

import copy
from typing import Any

from registry.consent import readings, texts
from registry.consent.agreement import Agreement, Refusal, Refused
from registry.fhir import resource

CHILD, MOTHER = "Patient/child", "RelatedPerson/mother"
TREAT = {"system": texts.ACT_REASON, "code": "TREAT"}
PAYMENT = {"system": texts.ACT_REASON, "code": "HPAYMT"}
RESTRICTED = {"system": texts.CONFIDENTIALITY, "code": "R"}
NORMAL = {"system": texts.CONFIDENTIALITY, "code": "N"}
KIN = {"system": texts.ROLE_CODE, "code": "MTH"}
NEIGHBOUR, OTHER = {**KIN, "code": "NBOR"}, {**KIN, "system": "urn:x"}
PCF = "https://profiles.ihe.net/ITI/PCF/StructureDefinition/IHE.PCF.consentBasic"


def action(code: str, system: str = texts.CONSENT_ACTION) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


def role(*codes: str) -> dict[str, Any]:
    return {"coding": [{"system": texts.PARTICIPATION, "code": each} for each in codes]}


def actor(**told: Any) -> dict[str, Any]:
    return {"reference": {"reference": "Organization/o"}, **told}


def kind(code: str, system: str = texts.RESOURCE_TYPES) -> dict[str, Any]:
    return {"system": system, "code": code}


def data(**told: Any) -> dict[str, Any]:
    return {"meaning": "instance", "reference": {"reference": "Observation/1"}, **told}


def mother(**told: Any) -> dict[str, Any]:
    """A RelatedPerson as a consent may contain it."""
    person = {"resourceType": "RelatedPerson", "id": "m", "relationship": [{"coding": [KIN]}]}
    return {**person, "period": {"start": "2020", "end": "2030"}, **told}


def extension(url: str, **value: Any) -> list[dict[str, Any]]:
    return [{"url": url, **value}]


def fled(country: str, system: str = texts.COUNTRIES) -> list[dict[str, Any]]:
    return extension(texts.PROTECTED_FROM, valueCoding={"system": system, "code": country})


def consent(**told: Any) -> dict[str, Any]:
    """A consent that every foreign dialect but for its types reads; `provision` is merged into its root."""
    root = {"purpose": [TREAT], **told.pop("provision", {})}
    content = {"resourceType": "Consent", "id": "c1", "status": "active", "patient": {"reference": CHILD}}
    content |= {"performer": [{"reference": CHILD}], "provision": root, **told}
    return copy.deepcopy({name: value for name, value in content.items() if value is not None})


TYPES = {"pcf-r4": {"type": "permit"}, "r4": {}, "hl7-notes": {"type": "permit"}}


def in_dialect(name: str, told: dict[str, Any]) -> dict[str, Any]:
    return consent(**{**told, "provision": {**TYPES[name], **told.get("provision", {})}})


def read(content: dict[str, Any], name: str | None = "pcf-r4", **guardians: Any) -> Agreement:
    found = readings.read(resource.of(content), name, **guardians)
    assert isinstance(found, Agreement), found
    return found


def refusal(content: dict[str, Any], name: str | None) -> Refusal:
    found = readings.read(resource.of(content), name)
    assert isinstance(found, Refused), found
    return found.why
