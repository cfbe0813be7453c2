"""A FHIR resource as the exact bytes that were accepted, with its content read once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import orjson

from registry.errors import Unreadable

Content = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One version of one resource. `body` is authoritative; `content` is what it says."""

    kind: str
    id: str
    body: bytes = field(repr=False)
    content: Content = field(repr=False, compare=False)

    @property
    def reference(self) -> str:
        """The relative reference, for example `Immunization/d3`."""
        return f"{self.kind}/{self.id}"


def of(content: Content) -> Resource:
    """Make a resource of a JSON object; it needs `resourceType` and `id`.

    Raises Unreadable when it nests too deeply or holds what JSON cannot.
    """
    try:
        return read(orjson.dumps(content))
    except orjson.JSONEncodeError:
        raise Unreadable("this cannot be written as JSON: too deep, or a number too large") from None


def read(body: bytes) -> Resource:
    """Read a resource from its bytes. Raises Unreadable when they are not a resource with an id."""
    try:
        content: object = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        # The decoder's own message may quote the input, so only the place is passed on.
        raise Unreadable("not valid JSON", where=f"line {error.lineno}, column {error.colno}") from None
    if not isinstance(content, dict):
        raise Unreadable("a resource is a JSON object")
    held = cast("Content", content)
    return Resource(kind=_text(held, "resourceType"), id=_text(held, "id"), body=body, content=held)


def _text(content: Content, name: str) -> str:
    value = content.get(name)
    if not isinstance(value, str) or not value:
        raise Unreadable(f"the element `{name}` is missing or not a string", where=name)
    return value


def extensions(element: Content, url: str) -> Iterator[Content]:
    """Every extension of `element` with this url."""
    return (each for each in element.get("extension", ()) if each.get("url") == url)


def extension_value(element: Content, url: str) -> Any:
    """The value[x] of the first extension with this url, whatever its type; None when there is none."""
    for each in extensions(element, url):
        return next((value for name, value in each.items() if name.startswith("value")), None)
    return None
