"""The names and places of each culture, as they stand in names/*.txt: the common ones first.

A file is a table under headings. `columns:`, at its head or under a heading for this one alone, says what the cells of
a line are: a way of writing or saying the name (several spellings of one are parted by commas, the usual one first), or
`where` (the regions that use it, none = all), or `full` (whose short form or translation it is).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from pathlib import Path
from random import Random

NAMES = Path(__file__).parent / "names"

Row = dict[str, str]


@dataclass(frozen=True, slots=True, eq=False)
class Name:
    """One name, or one part of a name, with the forms its list gives; `parts` if it was joined of others."""

    forms: Mapping[str, tuple[str, ...]]
    parts: tuple[Name, ...] = ()

    @property
    def key(self) -> str:
        """The first form listed: what the name is called in tables."""
        return next(iter(self.forms.values()))[0]

    def plain(self) -> str:
        """The last form listed, which is the spoken one where there is one; for comparing names with each other."""
        return [*self.forms.values()][-1][0]


Tokens = tuple[Name, ...]


@dataclass(frozen=True, slots=True)
class Names:
    """A list of names with how often each is borne."""

    names: tuple[Name, ...]
    cumulative: tuple[float, ...]

    def draw(self, rng: Random) -> Name:
        return rng.choices(self.names, cum_weights=self.cumulative)[0]


# Frequencies of names follow Zipf's law; given names are steeper than families and places (assumption: the commonest
# of 150 given names is borne by some 10 %, of 110 families by some 4 %). The key: is it a list of given names?
HEAD = {True: 1.0, False: 8.0}


def zipf(names: tuple[Name, ...], head: float) -> Names:
    return Names(names, tuple(accumulate(1 / (rank + head) for rank in range(1, len(names) + 1))))


@cache
def sections(file: str) -> Mapping[str, tuple[Row, ...]]:
    """The rows of a file by the heading they stand under."""
    found: dict[str, list[Row]] = defaultdict(list)
    for heading, row in _rows((NAMES / f"{file}.txt").read_text(encoding="utf-8")):
        found[heading].append(row)
    return {heading: tuple(rows) for heading, rows in found.items()}


def _rows(text: str) -> Iterator[tuple[str, Row]]:
    heading, columns, usual = "", [""], [""]
    for line in (each.strip() for each in text.splitlines()):
        if line.startswith("["):
            heading, columns = line.strip("[]"), usual
        elif line.startswith("columns:"):
            columns = _cells(line.removeprefix("columns:"))
            usual = usual if heading else columns
        elif line and not line.startswith("#"):
            yield heading, dict(zip(columns, _cells(line), strict=False))


def _cells(line: str) -> list[str]:
    return [each.strip() for each in line.split("|")]


def name(row: Row, renamed: Mapping[str, str]) -> Name:
    """A row as a name; `renamed` says what a column is called in this culture."""
    return Name(
        {
            renamed.get(column, column): tuple(each.strip() for each in cell.split(","))
            for column, cell in row.items()
            if column not in ("where", "full")
        }
    )


@cache
def joined(sign: str, *parts: Name) -> Name:
    """One name of several, in the forms that all of them have."""
    shared = [form for form in parts[0].forms if all(form in each.forms for each in parts)]
    return Name({form: (sign.join(each.forms[form][0] for each in parts),) for form in shared}, parts)
