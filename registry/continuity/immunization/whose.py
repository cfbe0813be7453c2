"""Whether a resource of a history is about the history's one Patient, or about somebody else.

A history has one Patient, so what names nobody is taken to be about them. What names somebody counts only where the
name is the Patient's own: id, `fullUrl`, or identifier. A doubtful name is another person: a dose left out is asked for
again, a sibling's dose counted leaves a child unprotected.
"""

from __future__ import annotations

from typing import Any

from registry.continuity import elements
from registry.fhir.resource import Content

_NAMING = ("patient", "subject")


def full_url(content: Any) -> str:
    """The `fullUrl` of the Patient in a Bundle; empty where there is none."""
    entries = elements.mappings(elements.mapping(content).get("entry"))
    patients = (each for each in entries if elements.mapping(each.get("resource")).get("resourceType") == "Patient")
    return next((elements.text(each.get("fullUrl")) for each in patients), "")


def is_about(each: Content, patient: Content, url: str) -> bool:
    """Whether everybody that `each` names is the patient whose `fullUrl` is `url`."""
    return all(_is(elements.mapping(each[name]), patient, url) for name in _NAMING if each.get(name) is not None)


def _is(named: Content, patient: Content, url: str) -> bool:
    if reference := elements.text(named.get("reference")):
        return _names(reference.split("/_history/")[0], elements.text(patient.get("id")), url)
    identifier = elements.mapping(named.get("identifier"))
    own = elements.mappings(patient.get("identifier"))
    return not identifier or _key(identifier) in {_key(one) for one in own}


def _names(reference: str, id: str, url: str) -> bool:
    """An absolute reference is held against the absolute `fullUrl`, where there is one: ids repeat between servers."""
    if reference == url:
        return True
    if url.startswith("http") and reference.startswith("http"):
        return False
    forms = (f"Patient/{id}", f"urn:uuid:{id}", f"#{id}")
    known = url.startswith("http") and url.endswith(f"/{reference}")
    return known or (bool(id) and (reference in forms or reference.endswith(f"/Patient/{id}")))


def _key(identifier: Content) -> tuple[Any, Any]:
    return identifier.get("system"), identifier.get("value")
