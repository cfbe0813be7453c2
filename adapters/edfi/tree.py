"""Elements of an interchange by their local names, and hand-overs of one or many interchanges as records.

Namespaces are only looked at for the version: the same element means the same in all of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from xml.etree.ElementTree import Element

from adapters.sdk import build, readers
from adapters.sdk.ledger import shown
from registry.errors import Unreadable

_NAMESPACE = re.compile(r"\{https?://(?:www\.)?ed-fi\.org/(?:v)?([0-9]+)[.0-9]*\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One element directly below an interchange."""

    entity: str
    element: Element = field(repr=False)
    where: str

    def text(self, *path: str) -> str:
        return text(self.element, *path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Interchange:
    """One interchange: its kind (`Student`), the major version of its namespace, its records."""

    kind: str
    version: str
    records: tuple[Record, ...]
    where: str


def name(element: Element) -> str:
    """The local name."""
    return _local(element.tag)


@lru_cache(maxsize=4096)
def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


@lru_cache(maxsize=4096)
def _label(tag: str) -> str:
    """The local name as it may stand in a message."""
    return shown(_local(tag))


def children(element: Element, *path: str) -> Iterator[Element]:
    """The elements at a path of local names."""
    if not path:
        yield element
        return
    for child in element:
        if name(child) == path[0]:
            yield from children(child, *path[1:])


def text(element: Element, *path: str) -> str:
    """The cleaned text of the first element at a path; empty when there is none."""
    return next((build.clean(each.text or "") for each in children(element, *path)), "")


def read(body: bytes) -> list[Interchange]:
    """Every interchange of a hand-over. Raises Unreadable when it holds none."""
    readers.not_empty(body)
    if not body.startswith(b"PK"):
        return _interchanges(readers.xml_document(body), "")
    found: list[Interchange] = []
    for position, (path, content) in enumerate(sorted(readers.zip_members(body).items()), 1):
        if path.lower().endswith(".xml") and not path.startswith("__MACOSX/"):
            found += _member(path, position, content)
    if not found:
        raise Unreadable("no XML file in the archive", remedy="pack the Interchange files of the export into it")
    return found


def _member(path: str, position: int, content: bytes) -> list[Interchange]:
    plain = shown(path.rpartition("/")[2])
    where = plain if plain == path.rpartition("/")[2] else f"file {position}"
    try:
        return _interchanges(readers.xml_document(content), where)
    except Unreadable as error:
        place = ", ".join(part for part in (where, error.where) if part)
        raise Unreadable(error.what, where=place, remedy=error.remedy) from None


def _interchanges(root: Element, where: str) -> list[Interchange]:
    roots = [root] if _is_interchange(root) else [each for each in root if _is_interchange(each)]
    if not roots:
        raise Unreadable(
            f"not an Ed-Fi interchange: the root element is {shown(name(root))}",
            where=where,
            remedy="hand over the Interchange files of an Ed-Fi bulk export",
        )
    return [_interchange(each, where) for each in roots]


def _is_interchange(element: Element) -> bool:
    return name(element).startswith("Interchange") and name(element) != "Interchanges"


def _interchange(root: Element, where: str) -> Interchange:
    counts: dict[str, int] = {}
    records: list[Record] = []
    for element in root:
        entity = _label(element.tag)
        counts[entity] = counts.get(entity, 0) + 1
        place = f"{entity} {counts[entity]}"
        records.append(Record(entity=entity, element=element, where=f"{where}, {place}" if where else place))
    found = _NAMESPACE.match(root.tag)
    return Interchange(
        kind=shown(name(root)),
        version=found.group(1) if found else "",
        records=tuple(records),
        where=where,
    )


def leaves(record: Record, set_aside: Mapping[int, str]) -> Iterator[tuple[str, str]]:
    """The path of every value of a record, and why its element or one above it was set aside.

    Paths have no indices: `Student.Name.FirstName`, and `School@id` for an attribute.
    """
    waiting = [(record.element, record.entity, "")]
    while waiting:
        element, path, reason = waiting.pop()
        reason = reason or set_aside.get(id(element), "")
        yield from ((f"{path}@{shown(each)}", reason) for each in element.attrib)
        inner = [(child, f"{path}.{_label(child.tag)}", reason) for child in element]
        waiting += inner
        if not inner and (element.text or "").strip():
            yield path, reason
