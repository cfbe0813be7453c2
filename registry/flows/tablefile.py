"""A table somebody exported, as a header and lines of cells; else an answer that says what, where and what to do.

Nothing is guessed that changes what is read: an encoding is believed when the file declares it or is valid UTF-8,
and otherwise asked for. A line with too few or too many cells is set aside, because its cells may have moved.
"""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice, pairwise

from registry.errors import BadInput, Unreadable

_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_SIGNATURES = (
    (b"PK\x03\x04", "an Excel file or zip archive"),
    (b"\xd0\xcf\x11\xe0", "an old Excel file"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"%PDF", "a PDF document"),
    (b"{", "JSON"),
    (b"<", "XML or HTML"),
)
OLD_ENCODINGS = {
    "cp1252": "Western Europe, Windows",
    "cp1254": "Turkish, Windows",
    "cp1256": "Arabic, Windows",
    "cp1251": "Cyrillic, Windows",
    "cp1255": "Hebrew, Windows",
    "cp1253": "Greek, Windows",
    "koi8-r": "Cyrillic, older",
}
_FLUENT = 0.97
_DELIMITERS = (",", ";", "\t", "|")
_LONGEST_CELL = 1 << 20
_MOST_RAGGED = 0.1
_AGAIN = "export the file again as CSV in UTF-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table; `lines` reads it again each time."""

    name: str
    header: tuple[str, ...]
    delimiter: str
    text: str = field(repr=False)

    def lines(self) -> Iterator[tuple[int, list[str]]]:
        """Every line that is not empty, with its number in the file; some may have too few or too many cells."""
        rows = _rows(self.text, self.delimiter, self.name)
        next(rows)
        return rows


def read(body: bytes, *, name: str, encoding: str = "") -> Table:
    """Read a table. Raises Unreadable or BadInput where it is none, with the remedy."""
    text = _text(body, name, encoding)
    delimiter = _delimiter(text, name)
    first = next(_rows(text, delimiter, name), None)
    if first is None:
        raise Unreadable("the table is empty", where=name, remedy="check that the export finished")
    header = tuple(cell.strip() or f"column {at}" for at, cell in enumerate(first[1], start=1))
    twice = next((at for at, each in enumerate(header, start=1) if each in header[: at - 1]), None)
    if twice is not None:
        where = f"{name}, columns {header.index(header[twice - 1]) + 1} and {twice}"
        raise BadInput("two columns have one name", where=where, remedy="rename one of them in the file")
    return Table(name=name, header=header, delimiter=delimiter, text=text)


def _text(body: bytes, name: str, encoding: str) -> str:
    mark, marked = next(((mark, each) for mark, each in _MARKS if body.startswith(mark)), (b"", ""))
    bare = body[len(mark) :]
    if not bare.strip(b" \t\r\n\x00"):
        raise Unreadable("the file is empty", where=name, remedy="check that the export finished")
    kind = next((kind for sign, kind in _SIGNATURES if bare[:64].replace(b"\x00", b"").lstrip().startswith(sign)), None)
    if kind:
        raise Unreadable(f"this is not a table but {kind}", where=name, remedy="export it as CSV in UTF-8")
    chosen = encoding or marked or "utf-8"
    try:
        text = bare.decode(chosen).replace("\x00", "")
    except LookupError:
        raise BadInput("there is no such encoding", where="--encoding", remedy=_encodings()) from None
    except UnicodeDecodeError as error:
        line = bare.count(b"\n", 0, error.start) + 1
        place = f"{name}, line {line}, byte {error.start + len(mark)}"
        raise Unreadable(f"this is not {chosen} text", where=place, remedy=_remedy(bare, encoding)) from None
    return text if "\n" in text else text.replace("\r", "\n")


def _encodings() -> str:
    named = ", ".join(f"{each} ({what})" for each, what in OLD_ENCODINGS.items())
    return f"name the one it was written in: {named}, utf-16"


def _remedy(body: bytes, named: str) -> str:
    if b"\x00" in body[:64]:
        return "it looks like UTF-16: say --encoding utf-16-le, or utf-16-be"
    likely = _likeliest(body) if not named else ""
    hint = f"; it looks like {OLD_ENCODINGS[likely]}: --encoding {likely}" if likely else ""
    return f"{_AGAIN}, or {_encodings()} with --encoding{hint}"


def _likeliest(body: bytes) -> str:
    """The old encoding in which the words hang together, if one does: only ever a hint."""
    start = body.find(next((bytes([each]) for each in body if each > 127), b""))
    piece = body[max(start - 200, 0) : start + 20_000]
    fluent = {each: _fluency(piece.decode(each, "replace")) for each in OLD_ENCODINGS}
    best = max(fluent, key=lambda each: fluent[each])
    return best if fluent[best] >= _FLUENT else ""


def _fluency(text: str) -> float:
    """The share of neighbouring letters, one of them beyond ASCII, that may stand together in a word."""
    pairs = [(one, other) for one, other in pairwise(text) if one.isalpha() or other.isalpha()]
    beyond = [(one, other) for one, other in pairs if not (one.isascii() and other.isascii())]
    return sum(_fit(one, other) for one, other in beyond) / max(len(beyond), 1)


def _fit(one: str, other: str) -> bool:
    """Letters of one script, no capital within a word, and of Latin accents not two side by side."""
    if not (one.isalpha() and other.isalpha()):
        return (one + other).strip(" ,;|\t\r\n\"'-.()0123456789").isalpha()
    if one.islower() and other.isupper():
        return False
    return _script(one) == _script(other) and (_script(one) != "LATIN" or one.isascii() or other.isascii())


def _script(letter: str) -> str:
    return unicodedata.name(letter, "?").split()[0]


def _delimiter(text: str, name: str) -> str:
    """The delimiter that cuts the header into most cells."""
    cells = {each: len(next(_rows(text, each, name), (1, [""]))[1]) for each in _DELIMITERS}
    best = max(_DELIMITERS, key=lambda each: cells[each])
    if cells[best] < 2:
        raise Unreadable(
            "only one column is found",
            where=f"{name}, line 1",
            remedy="a table has cells with , ; tab or | between them",
        )
    return best


def _rows(text: str, delimiter: str, name: str) -> Iterator[tuple[int, list[str]]]:
    previous = csv.field_size_limit(_LONGEST_CELL)
    reader = csv.reader(_cut(text), delimiter=delimiter, strict=True)
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield line, cells
            line = reader.line_num + 1
    except csv.Error:
        raise Unreadable(
            "the quotes do not match, or a cell is longer than a million characters",
            where=f"{name}, line {line}",
            remedy="a quote inside a cell is written twice, and the cell quoted; " + _AGAIN,
        ) from None
    finally:
        csv.field_size_limit(previous)


def _cut(text: str) -> Iterator[str]:
    """The text line by line, without a second copy of it."""
    start = 0
    while start < len(text):
        end = text.find("\n", start) + 1 or len(text)
        yield text[start:end]
        start = end


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """The lines of a table that can be used, and the numbers of those set aside."""

    table: Table
    id: int
    ragged: frozenset[int]

    def lines(self) -> Iterator[dict[str, str]]:
        """The cells of every usable line by column."""
        width = len(self.table.header)
        for number, cells in self.table.lines():
            if number not in self.ragged:
                yield dict(zip(self.table.header, cells[:width], strict=False))


def checked(table: Table, id: str) -> Checked:
    """The table, if every line has an id of its own. Raises BadInput naming the line that has none."""
    at, width = table.header.index(id), len(table.header)
    seen: dict[str, int] = {}
    ragged: list[int] = []
    for line, cells in table.lines():
        if len(cells) < width or any(each.strip() for each in cells[width:]):
            ragged.append(line)
            continue
        own = cells[at].strip()
        if not own or own in seen:
            raise _without_own_id(table, id, line, seen.get(own))
        seen[own] = line
    if not seen or len(ragged) > _MOST_RAGGED * (len(seen) + len(ragged)):
        raise _no_table(table, ragged)
    return Checked(table=table, id=at, ragged=frozenset(ragged))


def _without_own_id(table: Table, id: str, line: int, before: int | None) -> BadInput:
    what = f"the id of this line stands on line {before} already" if before else "this line has no id"
    remedy = f"ids are read from the column {id!r}: each row needs one of its own; name another with --map"
    return BadInput(what, where=f"{table.name}, line {line}", remedy=remedy)


def _no_table(table: Table, ragged: Sequence[int]) -> BadInput:
    if not ragged:
        return BadInput("the table has a header and no rows", where=table.name, remedy="check that the export finished")
    lines = ", ".join(map(str, islice(ragged, 5)))
    return BadInput(
        f"{len(ragged)} lines have another number of cells than the header ({len(table.header)})",
        where=f"{table.name}, lines {lines}{' ...' if len(ragged) > 5 else ''}",
        remedy="a cell that holds the delimiter must stand in quotes; " + _AGAIN,
    )
