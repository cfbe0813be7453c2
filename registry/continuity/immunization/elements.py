"""Elements of an XML file that know where they stand, so that a fault is told by file and place."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import TypeVar
from xml.etree.ElementTree import Element, ParseError

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from registry.continuity import spans
from registry.continuity.spans import Span
from registry.errors import BadInput

_REMEDY = "restore the file as it was published"
_EMPTY = ("", "n/a")

Value = TypeVar("Value")
Choice = TypeVar("Choice", bound=Enum)


@dataclass(frozen=True, slots=True)
class Node:
    """An element and its place; every reading method takes a path of child names."""

    element: Element
    file: str
    path: str

    def fault(self, what: str, path: str = "") -> BadInput:
        return BadInput(what, where=f"{self.file}: {self.path}{'/' if path else ''}{path}", remedy=_REMEDY)

    def text(self, path: str) -> str:
        """The text of the child at `path`; empty where it is absent, blank or says n/a."""
        found = (self.element.findtext(path) or "").strip()
        return "" if found.lower() in _EMPTY else found

    def needed(self, path: str) -> str:
        found = self.text(path)
        if not found:
            raise self.fault("this element is missing or empty", path)
        return found

    def texts(self, path: str) -> tuple[str, ...]:
        found = ((each.text or "").strip() for each in self.element.findall(path))
        return tuple(each for each in found if each.lower() not in _EMPTY)

    def codes(self, path: str) -> frozenset[str]:
        """A list of codes written `01; 20`."""
        return frozenset(code(each) for each in self.text(path).split(";") if each.strip())

    def each(self, path: str) -> Iterator[Node]:
        """The children at `path` that hold something; the published files leave empty ones behind."""
        for place, found in enumerate(self.element.findall(path), start=1):
            if len(found):
                yield Node(found, self.file, f"{self.path}/{path}[{place}]")

    def flag(self, path: str) -> bool:
        return self._read(path, lambda text: _FLAGS[text.lower()]) or False

    def number(self, path: str) -> int | None:
        return self._read(path, int)

    def decimal(self, path: str) -> float | None:
        return self._read(path, float)

    def span(self, path: str) -> Span | None:
        return self._read(path, lambda text: spans.read(" ".join(text.lower().split())))

    def day(self, path: str) -> date | None:
        """A day written `20240822` or `01/01/1957` (month first, as these files do)."""
        return self._read(path, _day)

    def choice(self, path: str, table: Mapping[str, Choice]) -> Choice:
        found = table.get(self.needed(path).lower())
        if found is None:
            raise self.fault(f"none of: {', '.join(table)}", path)
        return found

    def _read(self, path: str, read: Callable[[str], Value]) -> Value | None:
        text = self.text(path)
        try:
            return read(text) if text else None
        except (BadInput, KeyError, ValueError) as error:
            why = error.what if isinstance(error, BadInput) else "this value cannot be read"
            raise self.fault(why, path) from None


_FLAGS = {"y": True, "yes": True, "n": False, "no": False}


def code(text: str) -> str:
    """A code of the CVX system as it is written officially: two digits, or three without a zero before them."""
    return text.strip().lstrip("0").zfill(2)


def _day(text: str) -> date:
    if "/" in text:
        month, day, year = (int(each) for each in text.split("/"))
        return date(year, month, day)
    return date(int(text[:4]), int(text[4:6]), int(text[6:8]))


def parse(content: bytes, file: str) -> Node:
    """The root element of a file. Raises BadInput when it is not XML, or XML that would do harm."""
    try:
        root = ElementTree.fromstring(content)
    except ParseError as error:
        line, column = error.position
        raise BadInput("this is not XML", where=f"{file}, line {line}, column {column}", remedy=_REMEDY) from None
    except (DefusedXmlException, ValueError):
        raise BadInput("this XML declares entities or is not text", where=file, remedy=_REMEDY) from None
    return Node(root, file, root.tag)
