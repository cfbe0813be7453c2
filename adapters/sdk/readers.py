"""Bytes of a stranger into plain values, within limits; else Unreadable with a place and a remedy.

Invariant: no function here repeats content in a message, recurses over input, or lets a small file grow
without bound. Decoders' own messages are dropped because they quote what they read.
"""

from __future__ import annotations

import csv
import io
import json
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast
from xml.etree.ElementTree import Element, ParseError, TreeBuilder

import orjson
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from adapters.sdk.ledger import shown_if_key
from registry.errors import Unreadable


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How large an input may be; everything beyond is refused as a whole."""

    max_bytes: int = 256 * 1024 * 1024
    max_field: int = 64 * 1024  # characters of one value
    max_depth: int = 64
    max_values: int = 10_000_000
    max_members: int = 1_000  # files of an archive


DEFAULT = Limits()
_DAMAGED = "it was damaged: export the file again"
_SMALLER = "split the export into smaller files"

_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "a zip archive or an Excel file"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"\xd0\xcf\x11\xe0", "an old Excel or Word file"),
    (b"MSH", "an HL7 v2 message"),
    (b"FHS", "an HL7 v2 batch"),
    (b"BHS", "an HL7 v2 batch"),
    (b"<", "XML or HTML"),
    (b"{", "JSON"),
    (b"[", "JSON"),
)
_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))


def looks_like(body: bytes) -> str:
    """What kind of file this seems to be, in words for a message."""
    fallback = "a binary file" if b"\x00" in body[4:64] else "text"
    return next((name for sign, name in _SIGNATURES if start(body).startswith(sign)), fallback)


def start(body: bytes) -> bytes:
    """The first bytes without a byte order mark and blanks, to recognise a kind of file by."""
    return _without_mark(body[:64]).replace(b"\x00", b"").lstrip()  # without the zeros of UTF-16


def not_empty(body: bytes, *, limits: Limits = DEFAULT) -> None:
    """Raise Unreadable when there is nothing in the file, or far too much."""
    if not _without_mark(body).strip(b" \t\r\n\x00"):
        raise Unreadable("the file is empty", remedy="check that the export finished, and send it again")
    if len(body) > limits.max_bytes:
        raise Unreadable(f"the file is larger than {limits.max_bytes} bytes", remedy=_SMALLER)


def text(body: bytes, *, encodings: Sequence[str] = ("utf-8",), limits: Limits = DEFAULT) -> str:
    """The text of the file without its byte order mark, which decides before `encodings` do."""
    not_empty(body, limits=limits)
    for mark, encoding in _MARKS:
        if body.startswith(mark):
            return _decoded(body[len(mark) :], (encoding,))
    if b"\x00" in body[:64] and not any("16" in encoding for encoding in encodings):
        raise Unreadable(
            "not text: it holds zero bytes, as a binary file or UTF-16 without a byte order mark does",
            where=f"byte {body.index(0)}",
            remedy="export the file as UTF-8",
        )
    return _decoded(body, encodings)


def _without_mark(body: bytes) -> bytes:
    return next((body[len(mark) :] for mark, _ in _MARKS if body.startswith(mark)), body)


def _decoded(body: bytes, encodings: Sequence[str]) -> str:
    place = 0
    for encoding in encodings:
        try:
            return body.decode(encoding)
        except UnicodeDecodeError as error:
            place = max(place, error.start)
    names = " or ".join(encodings)
    raise Unreadable(
        f"not {names} text",
        where=f"byte {place}",
        remedy="export the file again as UTF-8, or name its encoding in the adapter's mapping",
    )


# JSON ------------------------------------------------------------


def json_document(body: bytes, *, limits: Limits = DEFAULT) -> object:
    """The JSON value of the file. An object that names a key twice is refused: which one holds?"""
    words = text(body, limits=limits)
    if words.lstrip()[:1] not in ("{", "["):
        raise Unreadable(
            f"this is not JSON; it looks like {looks_like(body)}",
            remedy="send the file to the adapter of its kind",
        )
    if words.count(",") + words.count("[") + words.count("{") > limits.max_values:
        raise Unreadable(f"the file has more than {limits.max_values} values", remedy=_SMALLER)
    document = _parsed(words)
    _check_json(document, limits)
    _check_unique_keys(words)
    return document


def _parsed(words: str) -> object:
    try:
        return cast(object, orjson.loads(words))
    except UnicodeEncodeError:
        raise Unreadable("the text holds half a surrogate pair", remedy="export the file again as UTF-8") from None
    except orjson.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        if "recursion" in error.msg.lower() or "depth" in error.msg.lower():
            raise Unreadable("the JSON is nested too deeply", where=place, remedy=_NESTING) from None
        if not words[error.pos :].strip():
            raise Unreadable("the JSON ends too early", where=place, remedy=_TRUNCATED) from None
        raise Unreadable("not valid JSON", where=place, remedy="export the file again; it was damaged") from None


_NESTING = "no national system nests like this; check where the file comes from"
_TRUNCATED = "the file was cut off: send it again as a whole"


def _check_json(document: object, limits: Limits) -> None:
    level: list[object] = [document]
    for _ in range(limits.max_depth):
        level = [inner for value in level for inner in _inner(value, limits)]
        if not level:
            return
    raise Unreadable(f"the JSON is nested deeper than {limits.max_depth} levels", remedy=_NESTING)


def _inner(value: object, limits: Limits) -> list[object]:
    if isinstance(value, str):
        if len(value) > limits.max_field:
            raise Unreadable(f"a value is longer than {limits.max_field} characters", remedy=_HUGE)
        return []
    if isinstance(value, dict):
        return list(cast(dict[str, object], value).values())
    return cast(list[object], value) if isinstance(value, list) else []


_HUGE = "leave attached pictures and documents out of the export"


class _TwiceError(Exception):
    """An object names a key twice."""


def _check_unique_keys(words: str) -> None:
    try:
        json.loads(words, object_pairs_hook=_once, parse_int=len, parse_float=len)
    except _TwiceError as error:
        raise Unreadable(
            f"an object names the key `{shown_if_key(str(error))}` twice",
            remedy="ask the sending system for valid JSON",
        ) from None


def _once(pairs: list[tuple[str, object]]) -> None:
    if len({key for key, _ in pairs}) == len(pairs):
        return
    seen: set[str] = set()
    for key, _ in pairs:
        if key in seen:
            raise _TwiceError(key)
        seen.add(key)


# CSV ------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of a table; `line` counts from 1, the header included."""

    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table with a header. A row may have more or fewer cells than columns: the adapter judges."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    delimiter: str


def csv_table(
    body: bytes, *, delimiter: str = "", encodings: Sequence[str] = ("utf-8",), limits: Limits = DEFAULT
) -> Table:
    """Read a table; without `delimiter` it is the one of `, ; tab |` that the header line uses most."""
    words = text(body, encodings=encodings, limits=limits)
    header_line = words.lstrip().split("\n", 1)[0]
    used = delimiter or max((",", ";", "\t", "|"), key=header_line.count)
    if words.count(used) + words.count("\n") > limits.max_values:
        raise Unreadable(f"the file has more than {limits.max_values} values", remedy=_SMALLER)
    rows = list(_csv_rows(words, used, limits))
    if not rows:
        raise Unreadable("the table is empty", remedy="check that the export finished, and send it again")
    columns = tuple(cell.strip() for cell in rows[0].cells)
    return Table(columns=columns, rows=tuple(rows[1:]), delimiter=used)


def _csv_rows(words: str, delimiter: str, limits: Limits) -> Iterator[Row]:
    reader = csv.reader(io.StringIO(words, newline=""), delimiter=delimiter, strict=True)
    line = 1
    try:
        for cells in reader:
            if any(len(cell) > limits.max_field for cell in cells):
                raise Unreadable(
                    f"a cell is longer than {limits.max_field} characters", where=f"line {line}", remedy=_HUGE
                )
            if any(cell.strip() for cell in cells):
                yield Row(line=line, cells=tuple(cells))
            line = reader.line_num + 1
    except csv.Error:
        raise Unreadable(
            "the quotes of the table do not match, or a cell is far too long",
            where=f"line {line}",
            remedy="the file may be cut off, or a quote inside a cell is not doubled: export it again",
        ) from None


# XML ------------------------------------------------------------


class _BoundedBuilder(TreeBuilder):
    """Builds the tree and gives up before it is too deep or one text too long."""

    def __init__(self, limits: Limits) -> None:
        super().__init__()
        self._limits = limits
        self._depth = 0
        self._length = 0

    def start(self, tag: str, attrs: dict[str, str], /) -> Element:  # pyright: ignore[reportIncompatibleMethodOverride]
        self._depth += 1
        self._length = 0
        if self._depth > self._limits.max_depth:
            raise Unreadable(f"the XML is nested deeper than {self._limits.max_depth} levels", remedy=_NESTING)
        if any(len(value) > self._limits.max_field for value in attrs.values()):
            raise Unreadable(f"a value is longer than {self._limits.max_field} characters", remedy=_HUGE)
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> Element:
        self._depth -= 1
        self._length = 0
        return super().end(tag)

    def data(self, data: str, /) -> None:
        self._length += len(data)
        if self._length > self._limits.max_field:
            raise Unreadable(f"a value is longer than {self._limits.max_field} characters", remedy=_HUGE)
        super().data(data)


def xml_document(body: bytes, *, limits: Limits = DEFAULT) -> Element:
    """The root element. Document types, entities and external references are refused."""
    not_empty(body, limits=limits)
    if body.count(b"<") > limits.max_values:
        raise Unreadable(f"the file has more than {limits.max_values} values", remedy=_SMALLER)
    if not looks_like(body).startswith("XML"):
        raise Unreadable(
            f"this is not XML; it looks like {looks_like(body)}",
            remedy="send the file to the adapter of its kind",
        )
    parser: Any = DefusedXMLParser(target=_BoundedBuilder(limits), forbid_dtd=True)
    try:
        parser.feed(body)
        return cast(Element, parser.close())
    except ParseError as error:
        line, column = error.position
        raise Unreadable("not well-formed XML", where=f"line {line}, column {column + 1}", remedy=_TRUNCATED) from None
    except DefusedXmlException:
        raise Unreadable("the XML declares a document type or entities", remedy="export it without a DTD") from None
    except (ValueError, LookupError):
        raise Unreadable("the XML names an encoding that is not known", remedy="export the file as UTF-8") from None


# Archives ------------------------------------------------------------


def zip_members(body: bytes, *, limits: Limits = DEFAULT) -> dict[str, bytes]:
    """Every file of the archive by its name. Sizes are counted while unpacking, not believed."""
    not_empty(body, limits=limits)
    if not body.startswith(b"PK"):
        raise Unreadable(
            f"this is not a zip archive; it looks like {looks_like(body)}",
            remedy="pack the files of the export into one zip archive",
        )
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            return _unpacked(archive, limits)
    except (
        zipfile.BadZipFile,
        zlib.error,
        lzma.LZMAError,
        EOFError,
        OSError,
        ValueError,
        IndexError,
        struct.error,
    ):
        raise Unreadable("the zip archive is damaged", remedy=_TRUNCATED) from None
    except (NotImplementedError, RuntimeError):
        raise Unreadable(
            "the zip archive is encrypted or packed in an unusual way", remedy="pack it without a password"
        ) from None


def _unpacked(archive: zipfile.ZipFile, limits: Limits) -> dict[str, bytes]:
    files = [each for each in archive.infolist() if not each.is_dir()]
    if len(files) > limits.max_members:
        raise Unreadable(f"the archive holds more than {limits.max_members} files", remedy=_SMALLER)
    members: dict[str, bytes] = {}
    left = limits.max_bytes
    for each in files:
        if each.filename in members:
            raise Unreadable("the archive holds two files of one name", remedy="pack it again")
        with archive.open(each) as member:
            content = member.read(left + 1)
        left -= len(content)
        if left < 0:
            raise Unreadable(f"the archive unpacks to more than {limits.max_bytes} bytes", remedy=_SMALLER)
        members[each.filename] = content
    return members
