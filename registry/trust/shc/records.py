"""What a believed SMART Health Card says, as FHIR R4: the person and the doses, under ids of their own.

Of each dose is kept what the card's profiles know; what else an issuer put there is left in the card's text, which
stays with the doses as a note and never leaves. Other resources (laboratory results) are no doses and become nothing.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any, cast

import orjson

from registry.trust.hcert.records import ORIGIN
from registry.trust.shc.jws import Card

_KEPT = ("status", "vaccineCode", "occurrenceDateTime", "occurrenceString", "lotNumber", "isSubpotent")
_KEPT_OF_PERSON = ("name", "birthDate", "gender")


def person_id(card: Card) -> str:
    """An id for the person this card is about, as long as nothing else is known: that of what was signed."""
    # Not of the JWS: anybody can turn its signature into a second valid one.
    said = orjson.dumps(card.payload, option=orjson.OPT_SORT_KEYS).hex()
    return uuid.uuid5(uuid.NAMESPACE_URL, f"shc/{card.issuer}/{said}").hex


def resources(card: Card, *, person: str, text: str) -> Sequence[Mapping[str, Any]]:
    """Patient and Immunizations, about the person whose id is given; nothing for a card without a dose."""
    held = [entry["resource"] for entry in card.bundle["entry"]]
    patient = next(each for each in held if each["resourceType"] == "Patient")
    given = [each for each in held if each["resourceType"] == "Immunization"]
    doses = [_immunization(card, each, person, text, at) for at, each in enumerate(given)]
    return [_patient(card, patient, person), *doses] if doses else []


def _patient(card: Card, said: Mapping[str, Any], person: str) -> Mapping[str, Any]:
    kept = {name: said[name] for name in _KEPT_OF_PERSON if name in said}
    return {"resourceType": "Patient", "id": person, "meta": _meta(card), **kept}


def _immunization(card: Card, said: Mapping[str, Any], person: str, text: str, at: int) -> Mapping[str, Any]:
    kept = {name: said[name] for name in _KEPT if name in said}
    performers = _performers(said)
    return {
        "resourceType": "Immunization",
        "id": uuid.uuid5(uuid.NAMESPACE_URL, f"shc-dose/{person_id(card)}/{at}").hex,
        "meta": _meta(card),
        **kept,
        "patient": {"reference": f"Patient/{person}"},
        "primarySource": False,
        "reportOrigin": ORIGIN,
        "note": [{"text": text}],
        **({"performer": performers} if performers else {}),  # FHIR knows no empty lists
    }


def _performers(said: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    listed: object = said.get("performer")
    held = cast("list[object]", listed) if isinstance(listed, list) else []
    actors = [_mapping(_mapping(each).get("actor")) for each in held]
    return [{"actor": {"display": each["display"]}} for each in actors if isinstance(each.get("display"), str)]


def _mapping(value: object) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value) if isinstance(value, dict) else {}


def _meta(card: Card) -> Mapping[str, Any]:
    return {"source": card.issuer}
