"""The spellings a name takes in four scripts and languages, from tables of invented combinations."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache
from pathlib import Path

from adapters.sdk.world.dice import Dice

FOLDER = Path(__file__).parent / "names"


class Script(Enum):
    """How a country's clerks write: a script, and for Latin letters the language they spell by ear in."""

    ARABIC = "arabic"
    FRENCH = "french"
    ENGLISH = "english"
    CYRILLIC = "cyrillic"


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """One name. `spellings` are the ways it is written per script, the most usual first."""

    spellings: Mapping[Script, Sequence[str]]
    weight: float = 1.0
    sex: str = ""

    @property
    def key(self) -> str:
        """What the name is called in its own script."""
        return self.spellings[Script.ARABIC][0]

    def usual(self, script: Script) -> str:
        return self.spellings[script][0]


@cache
def rows(table: str) -> tuple[Mapping[str, str], ...]:
    """The rows of one table of this folder."""
    with (FOLDER / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


@cache
def table(name: str) -> Mapping[str, Name]:
    """All names of a table (`given`, `family`, `mothers`) by their spelling in Arabic script."""
    return {made.key: made for made in map(_name, rows(name))}


def given(sex: str) -> list[Name]:
    return [name for name in table("given").values() if name.sex == sex]


def draw(dice: Dice, among: Sequence[Name]) -> Name:
    """A name, common ones more often."""
    return dice.weighted([(name, name.weight) for name in among])


def alike() -> list[tuple[Name, Name]]:
    """Pairs of given names that look alike, as parents of twins choose them."""
    known = table("given")
    return [(known[row["first"]], known[row["second"]]) for row in rows("pairs")]


def _name(row: Mapping[str, str]) -> Name:
    return Name(
        spellings={script: tuple(row[script.value].split("/")) for script in Script},
        weight=float(row.get("weight", 1)),
        sex=row.get("sex", ""),
    )
