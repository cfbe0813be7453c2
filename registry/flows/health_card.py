"""The SMART Health Card beside a clinic's summary: what any reader of such cards understands, offline, in one code.

Derived from the document that leaves, so it cannot tell more. A card has no room for doubt: doses that are only told,
disputed, perhaps told twice, or without an international code are left to the document.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from registry.continuity import elements
from registry.continuity.summary import document
from registry.continuity.summary.document import Release as Heading
from registry.fhir.resource import Content
from registry.flows.question import Description
from registry.trust import p256, shc

SYSTEMS = (
    "http://hl7.org/fhir/sid/cvx",
    "http://snomed.info/sct",
    "http://id.who.int/icd/release/11/mms",
    "http://www.whocc.no/atc",
)
"""Code systems a reader of health cards knows, the one it knows best first (Vaccination & Testing guide 1.0)."""
_SURE = ("confirmed", "recorded")


def of(summary: Content, told: Description, key: p256.Jwk, heading: Heading) -> str:
    """The card as the text of a QR code; empty for a school, without sure doses, or where they do not fit one code."""
    doses = [*_doses(summary)]
    if not doses or not heading.issuer.startswith("https://") or heading.issuer.endswith("/"):
        return ""
    person = shc.Person(family=told.family, given=[each for each in (told.given, told.father) if each], born=told.birth)
    jws = shc.issue(person, doses, issuer=heading.issuer, key=key, issued=heading.issued, expires=heading.expires)
    return shc.numeric(jws) if shc.issuing.fits(jws) else ""


def _doses(summary: Content) -> Iterator[shc.Dose]:
    for each in document.resources(summary, "Immunization"):
        code, when = _code(each), elements.text(each.get("occurrenceDateTime"))
        if code and when and _is_sure(each):
            yield shc.Dose(code=code[1], system=code[0], on=when)


def _code(immunization: Content) -> tuple[str, str] | None:
    known = {
        elements.text(each.get("system")): elements.text(each.get("code"))
        for each in reversed(elements.codings(elements.mapping(immunization.get("vaccineCode"))))
    }
    return next(((system, known[system]) for system in SYSTEMS if known.get(system)), None)


def _is_sure(immunization: Content) -> bool:
    told: Mapping[str, Any] = document.inner(document.own(immunization, "dose-certainty")[0])
    return told["certainty"] in _SURE and not document.own(immunization, "possible-duplicate-of")
