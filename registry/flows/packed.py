"""The rows of a file kept small: as the bytes of the cells that are read, made into people when they are looked at."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from registry.identity.files import rows
from registry.identity.files.rows import Row, Survey

_BETWEEN = "\x1f"
_LONGEST = 500  # characters of a cell; no name, number or address needs more
_REMEMBERED = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """A file's rows by place. `copies` are rows that say the same as an earlier one, by its place."""

    name: str
    survey: Survey
    columns: tuple[str, ...]
    cells: bytearray = field(repr=False)
    ends: array[int] = field(repr=False)
    copies: Mapping[int, list[int]] = field(repr=False)

    def __len__(self) -> int:
        return len(self.ends)

    def line(self, place: int) -> dict[str, str]:
        """The cells of a row by column."""
        start = self.ends[place - 1] if place else 0
        return dict(zip(self.columns, self.cells[start : self.ends[place]].decode().split(_BETWEEN), strict=True))

    def id(self, place: int) -> str:
        return self.line(place)[self.columns[0]]

    def row(self, place: int) -> Row:
        """The row as a person."""
        return rows.read(self.line(place), self.survey)

    def firsts(self) -> Iterator[int]:
        """Every row that is no copy of an earlier one."""
        copied = {each for held in self.copies.values() for each in held}
        return (each for each in range(len(self)) if each not in copied)


def pack(lines: Iterable[Mapping[str, str]], survey: Survey, *, name: str) -> Packed:
    """Keep what is read of these lines."""
    columns = survey.columns.used()
    cells, ends = bytearray(), array("q")
    first: dict[bytes, int] = {}
    copies: dict[int, list[int]] = {}
    for place, line in enumerate(lines):
        texts = [line[each].strip()[:_LONGEST].replace(_BETWEEN, " ") for each in columns]
        said = _BETWEEN.join(texts[1:]).encode("utf-8", "replace")
        earlier = first.setdefault(hashlib.blake2b(said, digest_size=16).digest(), place)
        if earlier != place:
            copies.setdefault(earlier, []).append(place)
        cells += texts[0].encode("utf-8", "replace") + _BETWEEN.encode() + said
        ends.append(len(cells))
    return Packed(name=name, survey=survey, columns=columns, cells=cells, ends=ends, copies=copies)


class People:
    """The rows of one or two files under one numbering, the latest looked at remembered."""

    def __init__(self, files: tuple[Packed, ...]) -> None:
        self.files = files
        self.second = len(files[0]) if len(files) > 1 else None
        self.row = lru_cache(_REMEMBERED)(self._row)

    def __len__(self) -> int:
        return sum(map(len, self.files))

    def at(self, place: int) -> tuple[Packed, int]:
        """The file a place lies in, and where in it."""
        if self.second is None or place < self.second:
            return self.files[0], place
        return self.files[1], place - self.second

    def id(self, place: int) -> str:
        file, at = self.at(place)
        return file.id(at)

    def said(self, place: int) -> dict[str, str]:
        """What a row says, as it stands in its file, by field."""
        file, at = self.at(place)
        line, columns = file.line(at), file.survey.columns
        fields = {
            name: " / ".join(filter(None, (line[each] for each in held))) for name, held in columns.fields.items()
        }
        numbers = {system: line[column] for system, column in (*columns.numbers.items(), *columns.official.items())}
        return {"id": file.id(at), **fields, **numbers}

    def _row(self, place: int) -> Row:
        file, at = self.at(place)
        return file.row(at)

    def copies(self) -> dict[int, list[int]]:
        """By the first of them, the rows that say the same as an earlier row of their file."""
        starts = (0, self.second or 0)
        return {
            start + first: [start + each for each in held]
            for start, file in zip(starts, self.files, strict=False)
            for first, held in file.copies.items()
        }

    def chunks(self, size: int) -> list[list[int]]:
        """The places of all rows that are no copies, some at a time, and never of both files together."""
        starts = (0, self.second or 0)
        firsts = [[start + each for each in file.firsts()] for start, file in zip(starts, self.files, strict=False)]
        return [held[at : at + size] for held in firsts for at in range(0, len(held), size)]
