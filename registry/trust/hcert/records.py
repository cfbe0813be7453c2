"""What a believed HCERT says, as FHIR R4: the person, and the dose it certifies.

A test or a recovery is no dose and becomes nothing. Code systems: SNOMED CT or ATC for the vaccine, the Union Register
for the product (EU DCC value sets). The text of the certificate stays with the dose as a note, which never leaves.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from registry.fhir import CANONICAL, countries
from registry.trust.hcert.verifying import Certificate

_SNOMED, _ATC = "http://snomed.info/sct", "http://www.whocc.no/atc"
_UNION_REGISTER = "https://ec.europa.eu/health/documents/community-register/html/"
_COUNTRY = f"{CANONICAL}/CodeSystem/recording-country"
ORIGIN = {
    "coding": [{"system": "http://terminology.hl7.org/CodeSystem/immunization-origin", "code": "record"}],
}


def person_id(certificate: Certificate) -> str:
    """An id for the person this certificate is about, as long as nothing else is known: that of the certificate."""
    entry = certificate.content[certificate.group][0]
    return uuid.uuid5(uuid.NAMESPACE_URL, f"hcert/{certificate.country}/{entry['ci']}").hex


def resources(certificate: Certificate, *, person: str, text: str) -> Sequence[Mapping[str, Any]]:
    """Patient and Immunization, about the person whose id is given; nothing for a test or a recovery."""
    entries = certificate.content.get("v") or ()
    doses = [_immunization(certificate, each, person, text) for each in entries]
    return [_patient(certificate, person), *doses] if doses else []


def _patient(certificate: Certificate, person: str) -> Mapping[str, Any]:
    said = certificate.content["nam"]
    family = said.get("fn") or str(said.get("fnt") or "").replace("<", " ").strip()
    given = said.get("gn") or str(said.get("gnt") or "").replace("<", " ").strip()
    name = {"use": "official", **({"family": family} if family else {}), **({"given": [given]} if given else {})}
    born = certificate.content["dob"][:10]
    told = {"resourceType": "Patient", "id": person, "meta": _meta(certificate, certificate.country), "name": [name]}
    return {**told, "birthDate": born} if born else told


def _immunization(certificate: Certificate, entry: Mapping[str, Any], person: str, text: str) -> Mapping[str, Any]:
    vaccine = {"system": _ATC if entry["vp"].startswith("J07") else _SNOMED, "code": entry["vp"]}
    product = {"system": _UNION_REGISTER, "code": entry["mp"]}
    return {
        "resourceType": "Immunization",
        "id": uuid.uuid5(uuid.NAMESPACE_URL, f"hcert-dose/{certificate.country}/{entry['ci']}").hex,
        "meta": _meta(certificate, entry["co"]),
        "identifier": [{"system": "urn:uvci", "value": entry["ci"]}],
        "status": "completed",
        "vaccineCode": {"coding": [vaccine, product]},
        "patient": {"reference": f"Patient/{person}"},
        "occurrenceDateTime": entry["dt"][:10],
        "primarySource": False,
        "reportOrigin": ORIGIN,
        "manufacturer": {"display": entry["ma"]},
        "performer": [{"actor": {"display": entry["is"]}}],
        "note": [{"text": text}],
        "protocolApplied": [
            {
                "targetDisease": [{"coding": [{"system": _SNOMED, "code": entry["tg"]}]}],
                "doseNumberPositiveInt": entry["dn"],
                "seriesDosesPositiveInt": entry["sd"],
            }
        ],
    }


def _meta(certificate: Certificate, country: str) -> Mapping[str, Any]:
    """Where it was recorded: the country of the dose; of the signer, where that is none."""
    code = countries.three_letters(country) or countries.three_letters(certificate.country)
    tag = {"tag": [{"system": _COUNTRY, "code": code}]} if code else {}
    return {"source": f"urn:continuity:card:hcert:{certificate.country}", **tag}
