"""A SMART Health Card of our own: few resources, short references, no ids, so that twenty doses fit one QR code.

What goes in was decided before: consent and redaction choose the doses, and nothing here adds to them. No place, lot,
performer or certainty is written; the whole summary is the document, and the card is what a wallet can hold.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from registry.trust import encoding, p256
from registry.trust.shc import codes
from registry.trust.shc.content import HEALTH_CARD

CVX = "http://hl7.org/fhir/sid/cvx"
_TYPES = (HEALTH_CARD, "https://smarthealth.cards#immunization")


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Whom the card is about. `born` is ISO 8601, as exact as it is known."""

    family: str = field(repr=False)
    given: Sequence[str] = field(repr=False)
    born: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dose:
    """A dose given: a code of a vaccine (CVX unless said otherwise), and the day, as exact as it is known."""

    code: str
    on: str
    system: str = CVX


def issue(
    person: Person,
    doses: Sequence[Dose],
    *,
    issuer: str,
    key: p256.Jwk,
    issued: datetime,
    expires: datetime | None = None,
) -> str:
    """A card with these doses, signed: a compact JWS. The key's id is its thumbprint, as the Framework demands.

    Raises ValueError for no dose, or for an issuer that is no https address without a slash at its end.
    """
    if not doses or not issuer.startswith("https://") or issuer.endswith("/"):
        raise ValueError("a card needs a dose, and an issuer with an https address that ends without a slash")
    claims = {"iss": issuer, "nbf": int(issued.timestamp())} | ({"exp": int(expires.timestamp())} if expires else {})
    subject = {"fhirVersion": "4.0.1", "fhirBundle": bundle(person, doses)}
    payload = {**claims, "vc": {"type": _TYPES, "credentialSubject": subject}}
    header = {"zip": "DEF", "alg": "ES256", "kid": key["kid"]}
    signed = ".".join(encoding.to_base64url(part) for part in (orjson.dumps(header), _deflated(orjson.dumps(payload))))
    return f"{signed}.{encoding.to_base64url(p256.sign(key, signed.encode('ascii')))}"


def bundle(person: Person, doses: Sequence[Dose]) -> Mapping[str, Any]:
    """The data-minimised Bundle of the vaccination guide: the person, then each dose."""
    resources = [_patient(person), *map(_immunization, doses)]
    entries = [{"fullUrl": f"resource:{at}", "resource": each} for at, each in enumerate(resources)]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def _patient(person: Person) -> Mapping[str, Any]:
    name = {"family": person.family, "given": list(person.given)}
    told = {"name": [{part: value for part, value in name.items() if value}], "birthDate": person.born}
    return {"resourceType": "Patient", **{part: value for part, value in told.items() if value}}


def _immunization(dose: Dose) -> Mapping[str, Any]:
    return {
        "resourceType": "Immunization",
        "status": "completed",
        "vaccineCode": {"coding": [{"system": dose.system, "code": dose.code}]},
        "patient": {"reference": "resource:0"},
        "occurrenceDateTime": dose.on,
    }


def fits(jws: str) -> bool:
    """Whether a card fits one QR code of version 22."""
    return len(jws) <= codes.MAX_SINGLE


def _deflated(body: bytes) -> bytes:
    machine = zlib.compressobj(9, zlib.DEFLATED, -15, 9)
    return machine.compress(body) + machine.flush()
