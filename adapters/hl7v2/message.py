"""Messages, segments, fields and components as they stand on the wire; cut and unescaped only when asked for.

Numbers are those of the standard, counted from 1 (HL7 v2.5.1, chapter 2).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u2028\u2029\ufffe\uffff]")
_NULL = '""'  # "delete what you hold": for a fresh record the same as nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """The separators of one message."""

    field: str = "|"
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    subcomponent: str = "&"
    charset: str = "utf-8"  # needed to read hexadecimal escapes, which are bytes of it

    @property
    def named(self) -> dict[str, str]:
        """What the one-letter escapes stand for (section 2.7.1); highlighting has no place in a record."""
        return {
            "F": self.field,
            "S": self.component,
            "R": self.repetition,
            "E": self.escape,
            "T": self.subcomponent,
            "H": "",
            "N": "",
        }


@dataclass(frozen=True, slots=True)
class Repetition:
    """One repetition of one field, still escaped."""

    raw: str = field(repr=False)
    marks: Marks = field(repr=False)

    def text(self, component: int = 1, subcomponent: int = 1) -> str:
        """The words of a component (counted from 1), unescaped and trimmed; empty when there are none."""
        return unescape(self._cut(component, subcomponent), self.marks)

    def filled(self) -> list[int]:
        """The numbers of the components that hold something."""
        components = self.raw.split(self.marks.component)
        nothing = self.marks.subcomponent + " "
        return [number for number, each in enumerate(components, 1) if each.strip(nothing) not in ("", _NULL)]

    def _cut(self, component: int, subcomponent: int) -> str:
        components = self.raw.split(self.marks.component, component)
        if len(components) < component:
            return ""
        parts = components[component - 1].split(self.marks.subcomponent, subcomponent)
        return parts[subcomponent - 1] if len(parts) >= subcomponent else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One line: its name and its raw fields; `fields[0]` is the name, so that indices are HL7's own."""

    name: str
    fields: tuple[str, ...] = field(repr=False)
    marks: Marks = field(repr=False)
    line: int

    def repetitions(self, number: int) -> list[Repetition]:
        raw = self.fields[number] if number < len(self.fields) else ""
        parts = raw.split(self.marks.repetition)
        return [Repetition(part, self.marks) for part in parts if part.strip() not in ("", _NULL)]

    def first(self, number: int) -> Repetition:
        return next(iter(self.repetitions(number)), Repetition("", self.marks))

    def text(self, number: int, component: int = 1, subcomponent: int = 1) -> str:
        return self.first(number).text(component, subcomponent)

    def filled(self) -> Iterator[int]:
        """The numbers of the fields that hold something."""
        for number, raw in enumerate(self.fields[1:], 1):
            if raw.strip() not in ("", _NULL):
                yield number


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message of a file, and what was odd about its letters."""

    number: int
    line: int
    segments: tuple[Segment, ...] = field(repr=False)
    strays: tuple[int, ...] = ()  # lines that are no segment, usually a line break inside a text
    is_guessed: bool = False  # the letters do not fit the character set it declares

    @property
    def header(self) -> Segment:
        return self.segments[0]

    @property
    def kind(self) -> str:
        """MSH-9 as `VXU^V04`; MSH-9.3 may be absent or wrong and is not looked at."""
        parts = (self.header.text(9, 1), self.header.text(9, 2))
        return "^".join(part for part in parts if part)

    @property
    def where(self) -> str:
        return f"message {self.number} (line {self.line})"


def unescape(raw: str, marks: Marks) -> str:
    """The words of a raw component: escapes resolved, characters FHIR forbids removed, blanks trimmed.

    Follows the `hl7` library except that hexadecimal bytes are read in the message's own character set, that
    highlighting vanishes, and that formatting becomes a blank.
    """
    if raw in ("", _NULL):
        return ""
    if marks.escape in raw:
        raw = "".join(_unescaped(raw.split(marks.escape), marks))
    return _CONTROL.sub("", raw).strip()


def escape(text: str, marks: Marks) -> str:
    """The reverse of `unescape`, for what we write ourselves."""
    table = {mark: f"{marks.escape}{letter}{marks.escape}" for letter, mark in marks.named.items() if mark}
    table |= {"\r": " ", "\n": " "}
    return text.translate(str.maketrans(table))


def _unescaped(parts: list[str], marks: Marks) -> Iterable[str]:
    # Every second part stands between two escape characters; a last one without a partner is plain text.
    for index, part in enumerate(parts):
        if index % 2 == 0:
            yield part
        else:
            yield _sequence(part, marks) if index < len(parts) - 1 else marks.escape + part


def _sequence(name: str, marks: Marks) -> str:
    if name in marks.named:
        return marks.named[name]
    if name.startswith("."):
        return " "
    if name.startswith("X"):
        return _hexadecimal(name[1:], marks.charset)
    return ""  # character set switches and local sequences: nothing we could say stands for them


def _hexadecimal(digits: str, charset: str) -> str:
    try:
        raw = bytes.fromhex(digits)
    except ValueError:
        return ""
    try:
        return raw.decode(charset)
    except UnicodeDecodeError:
        return raw.decode("latin-1")
