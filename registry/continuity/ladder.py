"""A country's ladder of grades in a span of years, as data.

The ladder is a function of the year: entry age, levels and names of grades change. A name that can mean two years
is answered with both; a name that is not listed is answered with none. Nothing is guessed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from registry.continuity import elements
from registry.errors import BadInput

_FOLDS = str.maketrans({"ى": "ي", "ة": "ه", "ـ": None})


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A name of a grade as its country writes it."""

    text: str
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Grade:
    """One year of schooling: its number from the first year of primary, and its place in the ISCED level."""

    year: int
    isced: int
    programme: str
    position: int
    labels: tuple[Label, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """All grades of general schooling of one country, valid for school years that begin in the given years."""

    id: str
    version: str
    country: str
    valid_from: int
    valid_to: int | None
    entry_age: int
    starts_in: int
    languages: tuple[str, ...]
    grades: tuple[Grade, ...]
    ambiguous: Mapping[str, frozenset[int]]
    resembles: str

    def grade(self, year: int) -> Grade | None:
        return self.grades[year - 1] if 1 <= year <= len(self.grades) else None

    def at(self, isced: int, position: int) -> Grade | None:
        """The grade at a place of a level."""
        found = (each for each in self.grades if (each.isced, each.position) == (isced, position))
        return next(found, None)


def read(json: Mapping[str, Any]) -> Ladder:
    """Read a ladder. Raises BadInput when levels and grades do not agree or the source is missing."""
    levels = [(int(each["isced"]), str(each["programme"]), int(each["years"])) for each in _rows(json, "levels")]
    places = [(isced, programme, place) for isced, programme, years in levels for place in range(1, years + 1)]
    rows = _rows(json, "grades")
    if [each.get("year") for each in rows] != list(range(1, len(places) + 1)):
        raise BadInput("the grades do not run from 1 to the sum of the levels' years", where="grades")
    resembles = elements.text(json.get("resembles"))
    if not resembles:
        raise BadInput("a ladder says what it rests on in `resembles`", where="resembles")
    return Ladder(
        id=str(json["id"]),
        version=str(json["version"]),
        country=str(json["country"]),
        valid_from=int(json["valid_from"]),
        valid_to=None if json.get("valid_to") is None else int(json["valid_to"]),
        entry_age=int(json["entry_age"]),
        starts_in=int(json["school_year_starts"]),
        languages=tuple(json["languages"]),
        grades=tuple(_grade(row, *place) for row, place in zip(rows, places, strict=True)),
        ambiguous={fold(each["label"]): frozenset(each["years"]) for each in elements.mappings(json.get("ambiguous"))},
        resembles=resembles,
    )


def _rows(json: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    rows = elements.mappings(json.get(name))
    if not rows:
        raise BadInput(f"`{name}` is missing or empty", where=name)
    return rows


def _grade(row: Mapping[str, Any], isced: int, programme: str, position: int) -> Grade:
    labels = tuple(Label(text=each["text"], language=each["language"]) for each in _rows(row, "labels"))
    return Grade(year=int(row["year"]), isced=isced, programme=programme, position=position, labels=labels)


def fold(label: str) -> str:
    """A form to compare names of grades by: no case, accents, vowel signs, punctuation or foreign digits."""
    plain = unicodedata.normalize("NFKD", label.rpartition("#")[2]).casefold().translate(_FOLDS)
    bare = "".join(_ascii_digit(each) for each in plain if not unicodedata.combining(each))
    return " ".join(re.sub(r"[\W_]+", " ", bare).split())


def _ascii_digit(character: str) -> str:
    return str(unicodedata.digit(character)) if character.isdecimal() else character


def resolve(ladder: Ladder, label: str, programme: str | None = None) -> frozenset[int]:
    """The years a name can mean in this ladder, narrowed by the ISCED programme when that is known."""
    wanted = fold(label)
    exact = {each.year for each in ladder.grades if any(fold(one.text) == wanted for one in each.labels)}
    found = frozenset(exact) or ladder.ambiguous.get(wanted, frozenset[int]())
    narrowed = frozenset(year for year in found if ladder.grades[year - 1].programme == programme)
    return narrowed or found


def in_force(ladders: Iterable[Ladder], country: str | None, year: int | None) -> Ladder | None:
    """The ladder of a country for the school year that begins in `year`."""
    if country is None or year is None:
        return None
    return next(
        (
            each
            for each in ladders
            if each.country == country and each.valid_from <= year and (each.valid_to is None or year <= each.valid_to)
        ),
        None,
    )
