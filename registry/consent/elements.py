"""Elements of FHIR content taken only if they are exactly what they must be; else the reading ends as
unclear.

Invariant: nothing that is present is ever treated as absent. An empty list, an unknown name or a second value
where one belongs may hide a condition, and a condition that is overlooked opens a door.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, TypeVar, cast

from registry.consent.agreement import Refusal
from registry.fhir.resource import Content
from registry.fhir.terminology import Coding

Held = TypeVar("Held")

_PERSON: Final = re.compile(r"(Patient|RelatedPerson)/[A-Za-z0-9.-]{1,64}")
_GRANTOR: Final = re.compile(r"(Patient|RelatedPerson|Practitioner|PractitionerRole)/[A-Za-z0-9.-]{1,64}")


class Unclear(Exception):
    """The content can be read in more than one way, or not at all."""

    def __init__(self, why: Refusal) -> None:
        self.why = why
        super().__init__(why.value)


def require(holds: bool, why: Refusal) -> None:
    if not holds:
        raise Unclear(why)


def known(value: Held | None, why: Refusal) -> Held:
    if value is None:
        raise Unclear(why)
    return value


def only(element: Content, allowed: Collection[str]) -> None:
    """Every name is one of the allowed; a modifierExtension never is."""
    require(all(name in allowed for name in element), Refusal.UNKNOWN_ELEMENT)


def mapping(value: Any) -> Content:
    require(isinstance(value, Mapping), Refusal.MALFORMED)
    return cast("Content", value)


def mappings(element: Content, name: str) -> Sequence[Content]:
    """The objects of a list; none only when the element is absent."""
    if name not in element:
        return ()
    held = element[name]
    require(isinstance(held, list) and held != [], Refusal.MALFORMED)
    return [mapping(each) for each in cast("list[Any]", held)]


def text(value: Any) -> str:
    require(isinstance(value, str) and bool(value), Refusal.MALFORMED)
    return cast("str", value)


def coding(value: Any) -> Coding:
    held = mapping(value)
    only(held, ("system", "code", "display"))
    return Coding(system=text(held.get("system")), code=text(held.get("code")))


def person(value: Any) -> str:
    """A relative reference to a Patient or a RelatedPerson."""
    return _reference(value, _PERSON)


def grantor(value: Any) -> str:
    """A relative reference to a person, a relative or an officer."""
    return _reference(value, _GRANTOR)


def _reference(value: Any, form: re.Pattern[str]) -> str:
    held = mapping(value)
    only(held, ("reference",))
    reference = text(held.get("reference"))
    require(bool(form.fullmatch(reference)), Refusal.MALFORMED)
    return reference


def extension(element: Content, url: str) -> Content | None:
    """The one extension with this url; a second is malformed."""
    found = [each for each in mappings(element, "extension") if each.get("url") == url]
    require(len(found) <= 1, Refusal.MALFORMED)
    return found[0] if found else None


def only_extensions(element: Content, allowed: Collection[str]) -> None:
    urls = [text(each.get("url")) for each in mappings(element, "extension")]
    require(all(url in allowed for url in urls), Refusal.UNKNOWN_ELEMENT)


def parts(complex_extension: Content, names: Collection[str]) -> Mapping[str, Any]:
    """The values inside a complex extension by name; every name once, each with one value."""
    only(complex_extension, ("url", "extension"))
    held: dict[str, Any] = {}
    for part in mappings(complex_extension, "extension"):
        name = text(part.get("url"))
        require(name in names and name not in held and len(part) == 2, Refusal.UNKNOWN_ELEMENT)
        held[name] = next(value for key, value in part.items() if key != "url")
    return held
