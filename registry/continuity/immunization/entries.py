"""Entries of a schedule file that know where they stand, so that a fault is told by file and place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, cast

from registry.continuity import spans
from registry.continuity.immunization.schedule import Source
from registry.continuity.spans import Span
from registry.errors import BadInput

_REMEDY = "see schemas/schedules/README.md"
_BIRTH = Span(text="birth")


@dataclass(frozen=True, slots=True)
class Entry:
    """One object of the file and its place; a key nobody asked for is a fault (`done`)."""

    content: Mapping[str, Any]
    file: str
    path: str = ""
    _asked: set[str] = field(default_factory=set[str])

    def fault(self, what: str, key: str = "") -> BadInput:
        place = ".".join(each for each in (self.path, key) if each)
        return BadInput(what, where=f"{self.file}: {place}" if place else self.file, remedy=_REMEDY)

    def done(self) -> None:
        """Raise BadInput for a key that means nothing here: a rule misspelt would be a rule left out."""
        for key in self.content:
            if key not in self._asked:
                raise self.fault("nothing of that name belongs here", key)

    def _value(self, key: str) -> Any:
        self._asked.add(key)
        return self.content.get(key)

    def has(self, key: str) -> bool:
        return self._value(key) is not None

    def text(self, key: str, default: str = "") -> str:
        found = self._value(key)
        if found is None:
            return default
        if not isinstance(found, str) or not found.strip():
            raise self.fault("text is expected", key)
        return found.strip()

    def needed(self, key: str) -> str:
        found = self.text(key)
        if not found:
            raise self.fault("this is missing", key)
        return found

    def texts(self, key: str) -> tuple[str, ...]:
        found = self._value(key)
        if found is None:
            return ()
        texts = cast("list[Any]", found) if isinstance(found, list) else []
        if not texts or not all(isinstance(each, str) and each for each in texts):
            raise self.fault("a list of texts is expected", key)
        return tuple(texts)

    def number(self, key: str) -> int | None:
        found = self._value(key)
        if found is not None and (not isinstance(found, int) or isinstance(found, bool)):
            raise self.fault("a whole number is expected", key)
        return found

    def flag(self, key: str) -> bool:
        found = self._value(key)
        if found not in (None, True, False):
            raise self.fault("true or false is expected", key)
        return bool(found)

    def day(self, key: str) -> date | None:
        text = self.text(key)
        try:
            return date.fromisoformat(text) if text else None
        except ValueError:
            raise self.fault("a day is written like 2026-01-31", key) from None

    def span(self, key: str) -> Span | None:
        text = self.text(key)
        if text in ("", "birth"):
            return _BIRTH if text else None
        try:
            found = spans.read(text)
        except BadInput as error:
            raise self.fault(error.what, key) from None
        if found.months < 0 or found.days < 0:
            raise self.fault("an age or interval is not negative", key)
        return found

    def one(self, key: str) -> Entry | None:
        return next(iter(self._entries(key, [self._value(key)] if self.has(key) else [])), None)

    def each(self, key: str) -> list[Entry]:
        found = self._value(key)
        if found is not None and not isinstance(found, list):
            raise self.fault("a list is expected", key)
        return list(self._entries(key, cast("list[Any]", found or [])))

    def _entries(self, key: str, found: Iterable[Any]) -> Iterator[Entry]:
        for place, each in enumerate(found):
            path = ".".join(part for part in (self.path, f"{key}[{place}]") if part)
            if not isinstance(each, Mapping):
                raise BadInput("an object is expected", where=f"{self.file}: {path}", remedy=_REMEDY)
            yield Entry(cast("Mapping[str, Any]", each), self.file, path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Documents:
    """The documents a file cites, by the short name its rules use."""

    by_name: Mapping[str, tuple[str, str]]

    def source(self, entry: Entry) -> Source:
        """The source an entry names as `{"of": document, "place": page, table or article}`.

        Raises BadInput where there is none: a rule nobody can check is not a rule.
        """
        given = entry.one("source")
        if given is None:
            raise entry.fault("a rule without a source", "source")
        name = given.needed("of")
        if name not in self.by_name:
            raise given.fault("no document of that name is listed", "of")
        document, edition = self.by_name[name]
        source = Source(document=document, edition=edition, place=given.needed("place"))
        given.done()
        return source


def documents(root: Entry) -> Documents:
    """Every document says its title, its edition and where to find it."""
    found: dict[str, tuple[str, str]] = {}
    for each in root.each("documents"):
        found[each.needed("name")] = (each.needed("document"), each.needed("edition"))
        each.text("url")
        each.done()
    return Documents(by_name=found)
