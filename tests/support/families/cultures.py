"""The cultures of the world: how people are named, how they count days, where they flee; the data in cultures.toml."""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import accumulate
from pathlib import Path
from random import Random
from typing import Any

from tests.support.families import lexicon
from tests.support.families.lexicon import HEAD, Name, Names, Tokens

SLOTS: tuple[str, ...] = ("home", "transit", "host", "agency")
"""Three countries and the UN agency, in the order in which a family meets them (the agency: with the second)."""

_STEEP = ("male", "female")


@dataclass(frozen=True, slots=True)
class Choices:
    """Things that may be drawn, with how often."""

    options: tuple[str, ...]
    cumulative: tuple[float, ...]

    def draw(self, rng: Random) -> str:
        return rng.choices(self.options, cum_weights=self.cumulative)[0]


def choices(weights: Mapping[str, float]) -> Choices:
    return Choices(tuple(weights), tuple(accumulate(weights.values())))


@dataclass(frozen=True, eq=False)
class Culture:
    """One culture; the fields are explained at the head of cultures.toml."""

    name: str
    share: float
    file: str
    where: str
    tongue: str
    country: str
    layout: str
    undated: float
    calendar: str
    children: float
    half: float
    cousins: float
    after: float
    dead: float
    given_names: Mapping[str, Choices]
    families: Choices | None
    villages: Choices
    writings: Mapping[str, Choices]
    home_habits: Choices
    habits: Choices
    passport: str

    def given(self, rng: Random, sex: str) -> Tokens:
        """A given name: one or more tokens."""
        return self._made(rng, self.given_names[sex].draw(rng))

    def family(self, rng: Random) -> Tokens:
        """A family name in the masculine, or nothing where a family has none."""
        return self._made(rng, self.families.draw(rng)) if self.families else ()

    def village(self, rng: Random) -> Tokens:
        return self._made(rng, self.villages.draw(rng))

    def _made(self, rng: Random, pattern: str) -> Tokens:
        return tuple(self._token(rng, each) for each in pattern.split())

    def _token(self, rng: Random, pattern: str) -> Name:
        for sign, text in (("=", "="), ("+", "")):
            if sign in pattern:
                return lexicon.joined(text, *(self.names(each).draw(rng) for each in pattern.split(sign)))
        return self.names(pattern).draw(rng)

    def names(self, section: str) -> Names:
        """A list of names as this culture uses it."""
        return _names(self.file, self.where, self.tongue, section)

    @cached_property
    def short(self) -> Mapping[str, list[Name]]:
        """The short forms of a name, by its key."""
        return self._other_names("short", {"spoken": self.tongue})

    @cached_property
    def translated(self) -> Mapping[str, list[Name]]:
        """The names of other languages for the same saint or prophet, by the name's key."""
        heard = self.passport.rpartition(">")[0]
        return self._other_names(
            "translated", {each: f"{heard}>{each}" for each in ("en", "fr", "de", "tr", "ru", "ar")}
        )

    def _other_names(self, section: str, renamed: Mapping[str, str]) -> Mapping[str, list[Name]]:
        found: dict[str, list[Name]] = defaultdict(list)
        for row in lexicon.sections(self.file).get(section, ()):
            found[row["full"]].append(lexicon.name(row, renamed))
        return found


@cache
def _names(file: str, where: str, tongue: str, section: str) -> Names:
    rows = lexicon.sections(file)[section]
    used = [row for row in rows if not row.get("where") or set(row["where"]) & set(where)]
    return lexicon.zipf(tuple(lexicon.name(row, {"spoken": tongue}) for row in used), HEAD[section.endswith(_STEEP)])


@cache
def cultures() -> Mapping[str, Culture]:
    """Every culture by its name."""
    tables = tomllib.loads(Path(__file__).with_name("cultures.toml").read_text(encoding="utf-8"))
    return {name: _culture(name, table) for name, table in tables.items()}


def _culture(name: str, table: dict[str, Any]) -> Culture:
    slots = {slot: choices(table.pop(slot)) for slot in SLOTS}
    given = {sex: choices(weights) for sex, weights in table.pop("given").items()}
    family = table.pop("family")
    drawn = {field: choices(table.pop(field)) for field in ("home_habits", "habits")}
    villages = choices(table.pop("village"))
    families = choices(family) if family else None
    return Culture(name=name, given_names=given, families=families, villages=villages, writings=slots, **drawn, **table)
