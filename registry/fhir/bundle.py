"""Bundles whose entries know each other only by names made for that bundle.

Every entry gets a `urn:uuid:` of its own, derived from the bundle's id and the entry's place in it, and every
reference between entries is rewritten to it; the entries' own ids are replaced too. The same entries and id
give the same bundle. The names are derived from the place and not from the old reference on purpose: whoever
knows the bundle's id could otherwise try out a source's ids and learn whose record it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast
from uuid import NAMESPACE_URL, UUID, uuid5

from registry.fhir import CANONICAL
from registry.fhir.resource import Content

Names = Mapping[str, str]


def document(entries: Sequence[Content], *, id: str, timestamp: datetime) -> Content:
    """A FHIR document: the first entry is its Composition. Raises ValueError when it is not."""
    if not entries or entries[0].get("resourceType") != "Composition":
        raise ValueError("the first entry of a document is its Composition")
    identifier = {"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{_namespace(id)}"}
    return _bundle("document", entries, id=id, timestamp=timestamp) | {"identifier": identifier}


def collection(entries: Sequence[Content], *, id: str, timestamp: datetime) -> Content:
    """Resources side by side, with no claim about them together."""
    return _bundle("collection", entries, id=id, timestamp=timestamp)


def _bundle(kind: str, entries: Sequence[Content], *, id: str, timestamp: datetime) -> dict[str, Any]:
    if timestamp.tzinfo is None:
        raise ValueError("a bundle's timestamp names its time zone")
    places = [str(uuid5(_namespace(id), str(place))) for place in range(len(entries))]
    names = _names(entries, places)
    return {
        "resourceType": "Bundle",
        "id": id,
        "type": kind,
        "timestamp": timestamp.isoformat(timespec="seconds"),
        "entry": [_entry(content, place, names) for content, place in zip(entries, places, strict=True)],
    }


def _namespace(bundle_id: str) -> UUID:
    return uuid5(NAMESPACE_URL, f"{CANONICAL}/Bundle/{bundle_id}")


def _names(entries: Sequence[Content], places: Sequence[str]) -> Names:
    """From the reference each entry had to the name it has in this bundle."""
    old = [f"{each['resourceType']}/{each['id']}" for each in entries if "id" in each]
    if len(set(old)) != len(old):
        raise ValueError("a resource occurs twice in the bundle")
    return {
        f"{each['resourceType']}/{each['id']}": f"urn:uuid:{place}"
        for each, place in zip(entries, places, strict=True)
        if "id" in each
    }


def _entry(content: Content, place: str, names: Names) -> Content:
    resource = {**_rewritten(content, names), "id": place}
    return {"fullUrl": f"urn:uuid:{place}", "resource": resource}


def _rewritten(value: Any, names: Names) -> Any:
    """The same JSON with every reference to an entry replaced by its name here; versions are dropped."""
    if isinstance(value, Mapping):
        parts = cast(Mapping[str, Any], value)
        return {
            name: _name(part, names) if name == "reference" else _rewritten(part, names) for name, part in parts.items()
        }
    if isinstance(value, list):
        return [_rewritten(each, names) for each in cast(list[Any], value)]
    return value


def _name(reference: Any, names: Names) -> Any:
    if isinstance(reference, str):
        return names.get(reference.partition("/_history/")[0], reference)
    return _rewritten(reference, names)
