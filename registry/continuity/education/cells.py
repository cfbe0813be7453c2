"""A CSV table as offices save it: with a byte order mark, with commas, semicolons or tabs, with 6 written as 6.0.

Everything by hand comes through here, so that no command reads what another refuses. What stands in a file is of a
child or may be: messages name places, never contents.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Sequence

from registry.errors import BadInput

Line = tuple[int, list[str]]
"""A row's number in the file, the first being 1, and its cells without spaces around them."""


def read(text: str, name: str) -> list[Line]:
    """The rows that hold anything, the header first. Raises BadInput when there is none."""
    bare = text.removeprefix("\ufeff")
    try:
        lines = list(csv.reader(io.StringIO(bare, newline=""), delimiter=_delimiter(bare)))
    except csv.Error:  # its own message may quote the input
        raise BadInput("this is no CSV table", where=name, remedy="export it again as CSV, in UTF-8") from None
    found = [(number, [_cell(each) for each in cells]) for number, cells in enumerate(lines, start=1)]
    held = [(number, cells) for number, cells in found if any(cells)]
    if not held:
        raise BadInput("the file is empty", where=name, remedy="export it again, with a header in row 1")
    return held


def _delimiter(text: str) -> str:
    first = text.lstrip().partition("\n")[0]
    return max(",;\t", key=first.count)


def _cell(text: str) -> str:
    """A whole number among empty cells is written 6.0 by pandas and its kin: it is 6."""
    bare = text.strip()
    return bare.partition(".")[0] if re.fullmatch(r"\d+\.0", bare) else bare


def number(cell: str) -> str:
    """A whole number in ASCII digits, whatever the script it is written in; any other text as it is."""
    return "".join(str(unicodedata.decimal(each)) for each in cell) if cell.isdecimal() else cell


def positions(columns: Sequence[str], meant: Iterable[str]) -> str:
    """Where these columns stand, counted from 1, for a message that must not quote them: `2 of 5 columns: 1, 4`."""
    wanted = set(meant)
    places = [str(at) for at, each in enumerate(columns, start=1) if each in wanted]
    return f"{len(places)} of {len(columns)} columns: {', '.join(places)}"
