"""Bytes to messages, segments, fields and components; nothing is interpreted and nothing is thrown away.

Only lines and fields are split here; components are cut when somebody asks for them. Byte order mark, LF, CR,
CRLF and MLLP framing are all accepted. The separators are those the message itself declares in MSH-1 and
MSH-2, the character set the one of MSH-18 (HL7 v2.5.1, chapter 2, sections 2.8, 2.14.9 and table 0211).
"""

from __future__ import annotations

import codecs
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from adapters.hl7v2.message import Marks, Message, Segment

_LINE_END = re.compile(rb"\r\n|\r|\n")
_FRAMING = b"\x0b\x1c\x1a\x00 "  # MLLP start and end block, the DOS end of file, padding
_ENVELOPE = frozenset((b"FHS", b"BHS", b"BTS", b"FTS"))
_NAME = re.compile(r"[A-Z][A-Z0-9]{2}")

# Table 0211; UTF-16 and UTF-32 cannot be cut into lines of bytes and are not offered here.
_CHARSETS = {f"8859/{part}": f"iso8859-{part}" for part in (*range(1, 12), *range(13, 17))} | {
    "ASCII": "utf-8",  # a superset; senders that say ASCII and mean UTF-8 are common
    "UNICODE UTF-8": "utf-8",
    "UTF-8": "utf-8",
    "UNICODE": "utf-8",
    "CP1252": "cp1252",
    "WINDOWS-1252": "cp1252",
    "WINDOWS-1251": "cp1251",
    "WINDOWS-1256": "cp1256",
    "GB 18030-2000": "gb18030",
    "BIG-5": "big5",
    "KS X 1001": "euc_kr",
    "ISO IR87": "iso2022_jp",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """A message whose header does not say how to read it."""

    number: int
    line: int
    lines: int

    @property
    def where(self) -> str:
        return f"message {self.number} (line {self.line})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """A header or trailer of a batch or of the file; the fields are not read, only counted."""

    name: str
    line: int
    count: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """Everything one file holds; `leading` counts the lines before the first header."""

    messages: tuple[Message, ...]
    broken: tuple[Broken, ...] = ()
    envelopes: tuple[Envelope, ...] = ()
    leading: int = 0
    is_ended: bool = True  # whether the last line has its end

    @property
    def cut_message(self) -> int:
        """The number of the message after which the trailer of a batch is missing; 0 when none is."""
        names = Counter(each.name for each in self.envelopes)
        is_cut = names["BHS"] > names["BTS"] or names["FHS"] > names["FTS"]
        return max((each.number for each in (*self.messages, *self.broken)), default=0) if is_cut else 0


_Lines = list[tuple[int, bytes]]


def read(body: bytes) -> File:
    """Split a file into its messages; a file without any has none, and the caller says so."""
    envelopes: list[Envelope] = []
    groups: list[_Lines] = []
    leading = 0
    plain, is_unicode = _plain(body)
    for number, line in _lines(plain):
        if line[:3] in _ENVELOPE:
            envelopes.append(_envelope(number, line))
        elif line[:3] == b"MSH":
            groups.append([(number, line)])
        elif groups:
            groups[-1].append((number, line))
        else:
            leading += 1
    found = [_message(number, lines, is_unicode=is_unicode) for number, lines in enumerate(groups, 1)]
    return File(
        messages=tuple(each for each in found if isinstance(each, Message)),
        broken=tuple(each for each in found if isinstance(each, Broken)),
        envelopes=tuple(envelopes),
        leading=leading,
        is_ended=plain.rstrip(b" \x1c\x1a\x00").endswith((b"\r", b"\n")),
    )


def _plain(body: bytes) -> tuple[bytes, bool]:
    """The file as UTF-8 when a byte order mark says it is Unicode, which then counts more than MSH-18."""
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return body.decode("utf-16", "replace").encode(), True
    return body, body.startswith(codecs.BOM_UTF8)


def _lines(body: bytes) -> Iterator[tuple[int, bytes]]:
    for number, line in enumerate(_LINE_END.split(body), 1):
        stripped = line.strip(_FRAMING).removeprefix(codecs.BOM_UTF8)
        if stripped:
            yield number, stripped


def _envelope(number: int, line: bytes) -> Envelope:
    fields = line.split(line[3:4]) if len(line) > 3 else []
    is_trailer = line[1:2] == b"T"
    count = fields[1] if is_trailer and len(fields) > 1 else b""
    known = int(count) if count.isdigit() and len(count) < 10 else None
    return Envelope(name=line[:3].decode(), line=number, count=known)


def _message(number: int, lines: _Lines, *, is_unicode: bool) -> Message | Broken:
    first_line, header = lines[0]
    marks = _marks(header, is_unicode=is_unicode)
    if marks is None:
        return Broken(number=number, line=first_line, lines=len(lines))
    decoded, is_guessed = _decoded([line for _, line in lines], marks.charset)
    segments, strays = _segments(decoded, [each for each, _ in lines], marks)
    return Message(
        number=number,
        line=first_line,
        segments=tuple(segments),
        strays=tuple(strays),
        is_guessed=is_guessed,
    )


def _marks(header: bytes, *, is_unicode: bool) -> Marks | None:
    text = header.decode("latin-1")
    if len(text) < 8 or text[3].isalnum() or text[3].isspace():
        return None
    fields = text.split(text[3])
    encoding = fields[1] if len(fields) > 1 else ""
    marks = (encoding + "^~\\&"[len(encoding) :])[:4]
    if len({text[3], *marks}) < 5 or any(mark.isalnum() or ord(mark) > 126 for mark in text[3] + marks):
        return None
    declared = fields[17].split(marks[1])[0].strip().upper() if len(fields) > 17 else ""
    charset = "utf-8" if is_unicode else _CHARSETS.get(declared, "utf-8")
    return Marks(
        field=text[3],
        component=marks[0],
        repetition=marks[1],
        escape=marks[2],
        subcomponent=marks[3],
        charset=charset,
    )


def _decoded(lines: list[bytes], charset: str) -> tuple[list[str], bool]:
    """The lines as text, and whether the declared character set had to be given up."""
    for attempt in (charset, "utf-8"):
        try:
            return [line.decode(attempt) for line in lines], attempt != charset
        except UnicodeDecodeError:
            continue
    return [line.decode("latin-1") for line in lines], True


def _segments(lines: list[str], numbers: list[int], marks: Marks) -> tuple[list[Segment], list[int]]:
    segments: list[Segment] = []
    strays: list[int] = []
    for number, line in zip(numbers, lines, strict=True):
        fields = line.split(marks.field)
        name = fields[0].strip()
        if not _NAME.fullmatch(name):
            strays.append(number)
            continue
        if name == "MSH":
            fields.insert(1, marks.field)  # MSH-1 is the separator itself
        segments.append(Segment(name=name, fields=tuple(fields), marks=marks, line=number))
    return segments, strays
