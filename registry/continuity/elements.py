"""Reading elements of FHIR JSON when any of them may be missing: redaction has been here before.

Every reader is total: what is absent or of another shape reads as empty, never as an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from registry.fhir import CANONICAL, resource
from registry.fhir.resource import Content

DEFINITION = f"{CANONICAL}/StructureDefinition/"
"""Base of our extensions."""

NOTHING: Content = {}


def text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def mapping(value: Any) -> Content:
    return cast("Content", value) if isinstance(value, Mapping) else NOTHING


def listed(value: Any) -> list[Any]:
    return cast("list[Any]", value) if isinstance(value, list) else []


def mappings(value: Any) -> list[Content]:
    """The objects of a list."""
    return [mapping(each) for each in listed(value) if isinstance(each, Mapping)]


def first(value: Any) -> Content:
    return next(iter(mappings(value)), NOTHING)


def codings(concept: Content) -> list[Content]:
    """The codings of a CodeableConcept."""
    return mappings(concept.get("coding"))


def enrolment(content: Content, name: str) -> Any:
    """The value of the extension `enrolment-<name>`, whatever its type."""
    return resource.extension_value(content, f"{DEFINITION}enrolment-{name}")


def parts(content: Content, name: str) -> dict[str, Any]:
    """The inner values of the complex extension `enrolment-<name>`, by their bare names."""
    outer = next(resource.extensions(content, f"{DEFINITION}enrolment-{name}"), NOTHING)
    return {text(each.get("url")): _value(each) for each in mappings(outer.get("extension"))}


def _value(extension: Content) -> Any:
    return next((value for name, value in extension.items() if name.startswith("value")), None)
