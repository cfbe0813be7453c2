"""A file of people taken in: its columns known, its lines checked, surveyed and packed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from registry import library
from registry.errors import BadInput
from registry.flows import packed, tablefile
from registry.flows.packed import Packed
from registry.flows.tablefile import Checked, Table
from registry.identity.files import columns, rows
from registry.identity.files.columns import NAMES, Guess, Known
from registry.identity.files.rows import Remark

_MOST_LINES_NAMED = 5


@cache
def known() -> Known:
    """What files call things."""
    return columns.read(library.json("matching/files-1.json"))


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonsFile:
    """A file, what its columns were taken for, what its owner should know, and its rows."""

    name: str
    guess: Guess
    rows: Packed
    remarks: tuple[Remark, ...]


def maps(content: object, files: int) -> list[object]:
    """The map of each file: one for all, or one each under `a` and `b`."""
    if isinstance(content, dict) and {*content} and {*content} <= {"a", "b"}:
        missing = next((each for each in "ab"[:files] if each not in content), None)
        if missing:
            raise BadInput("the map says nothing of this file", where=missing, remedy='{"a": {...}, "b": {...}}')
        return [content[each] for each in "ab"[:files]]
    return [content] * files


def guessed(table: Table, content: object = None) -> Guess:
    """What the columns of a table are: as a map says, or by its header. Raises BadInput when nobody is named."""
    if content is None:
        return columns.guess(table.header, known())
    confirmed = columns.confirmed(content, table.header)
    unused = (each for each in table.header if each not in confirmed.used())
    return Guess(columns=confirmed, open={}, unused=tuple(unused))


def opened(table: Table, guess: Guess) -> PersonsFile:
    """Read a file's people. Raises BadInput where it names nobody, or where a line has no id of its own."""
    if not any(each in guess.columns.fields for each in NAMES):
        open_ones = ", ".join(repr(each) for held in guess.open.values() for each in held)
        raise BadInput(
            f"no column is known to hold names{f'; these are open: {open_ones}' if open_ones else ''}",
            where=f"{table.name}, line 1",
            remedy="name the columns in a map: --map-out writes one to begin with, --map takes it",
        )
    checked = tablefile.checked(table, guess.columns.id)
    surveyed = rows.survey(checked.lines(), guess.columns, known())
    return PersonsFile(
        name=table.name,
        guess=guess,
        rows=packed.pack(checked.lines(), surveyed, name=table.name),
        remarks=(*_of_lines(checked), *_of_columns(guess), *surveyed.remarks),
    )


def _of_lines(checked: Checked) -> Iterator[Remark]:
    if checked.ragged:
        named = sorted(checked.ragged)
        lines = ", ".join(map(str, named[:_MOST_LINES_NAMED])) + (" ..." if len(named) > _MOST_LINES_NAMED else "")
        says = f"{len(named)} lines have another number of cells than the header and are set aside"
        yield Remark(where=f"lines {lines}", says=says, remedy="quote cells that hold the delimiter")


def _of_columns(guess: Guess) -> Iterator[Remark]:
    for name, held in guess.open.items():
        says = f"{len(held)} columns may be `{name}`; none is used"
        yield Remark(where=", ".join(held), says=says, remedy="name one in a map (--map)")
    if not {"birth", "birth_year"} & {*guess.columns.fields}:
        says = "no column is known to hold birth dates; without them hardly anything is linked"
        yield Remark(where="columns", says=says, remedy="name it in a map (--map)")


def written_map(guesses: Sequence[Guess]) -> Mapping[str, Any]:
    """The maps that `maps` takes apart again."""
    plain = [each.columns.plain() for each in guesses]
    return plain[0] if len(plain) == 1 else dict(zip("ab", plain, strict=True))
