"""A country's ladder of grades in a span of years, as one source tells it.

The ladder is a function of the year: entry age, levels and names of grades change. Several sources may speak of one
country and year; each is a ladder of its own, so that where they disagree both are shown. A name that can mean two
years is answered with both; a name nobody can read is answered with none. Nothing is guessed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from registry.continuity import elements
from registry.continuity.education import words
from registry.continuity.education.words import fold as fold
from registry.errors import BadInput

NUMERAL = "zxx"
"""The language of a label that is only the grade's number, where no source gives its name (BCP 47: not linguistic)."""

Start = tuple[int, int, int, int]
"""A year, the month its school year began in, and the earliest and latest month of the sources."""


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
    """All grades of general schooling of one country, valid for school years that begin in the given years.

    `names` are whole names and `parts` pieces of them, folded, with the years they can mean; `outside` are names of
    what comes after or beside general schooling. `notes` say what else must be known of it: see `notes.SENTENCES`.
    """

    id: str
    version: str
    source: str
    country: str
    valid_from: int
    valid_to: int | None
    entry_age: int
    starts: tuple[Start, ...]
    languages: tuple[str, ...]
    grades: tuple[Grade, ...]
    names: Mapping[str, frozenset[int]]
    parts: Mapping[str, frozenset[int]]
    outside: frozenset[str] = frozenset()
    is_whole: bool = True
    notes: tuple[str, ...] = ()
    resembles: str = ""

    def grade(self, year: int) -> Grade | None:
        return self.grades[year - 1] if 1 <= year <= len(self.grades) else None

    def at(self, isced: int, position: int) -> Grade | None:
        """The grade at a place of a level."""
        found = (each for each in self.grades if (each.isced, each.position) == (isced, position))
        return next(found, None)

    def start(self, year: int) -> Start | None:
        """When the school year of `year` begins: as in the nearest year on file, the earlier of two."""
        return min(self.starts, key=lambda each: (abs(each[0] - year), each[0]), default=None)

    @property
    def is_dated(self) -> bool:
        return self.valid_from > 0 or self.valid_to is not None

    @property
    def lengths(self) -> tuple[int, int, int]:
        """The years of primary, lower and upper secondary."""
        counted = [sum(1 for each in self.grades if each.isced == level) for level in (1, 2)]
        return counted[0], counted[1], len(self.grades) - sum(counted)


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
    grades = tuple(_grade(row, *place) for row, place in zip(rows, places, strict=True))
    begins = int(json["school_year_starts"])
    return Ladder(
        id=str(json["id"]),
        version=str(json["version"]),
        source=str(json.get("source") or json["id"]),
        country=str(json["country"]),
        valid_from=int(json["valid_from"]),
        valid_to=None if json.get("valid_to") is None else int(json["valid_to"]),
        entry_age=int(json["entry_age"]),
        starts=((int(json["valid_from"]), begins, begins, begins),),
        languages=tuple(json["languages"]),
        grades=grades,
        names=gathered((label.text, each.year) for each in grades for label in each.labels),
        parts={fold(each["label"]): frozenset(each["years"]) for each in elements.mappings(json.get("ambiguous"))},
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


def gathered(pairs: Iterable[tuple[str, int]]) -> dict[str, frozenset[int]]:
    """The years by folded name."""
    found: dict[str, frozenset[int]] = {}
    for name, year in pairs:
        found[fold(name)] = found.get(fold(name), frozenset()) | {year}
    found.pop("", None)
    return found


def resolve(ladders: Ladder | Sequence[Ladder], label: str, programme: str | None = None) -> frozenset[int]:
    """The years a name can mean, narrowed by the level of the ISCED programme when that is known.

    A name that a source lists goes before a piece of one, and that before what such names mean in general.
    """
    every = [ladders] if isinstance(ladders, Ladder) else ladders
    wanted = fold(label)
    if not wanted or any(wanted in each.outside for each in every):
        return frozenset()
    for way in (_listed, _as_piece, _in_general):
        found = [(each, year) for each in every for year in way(each, wanted)]
        if found:
            narrowed = frozenset(year for each, year in found if programme and _is_of(each, year, programme))
            return narrowed or frozenset(year for _, year in found)
    return frozenset()


def _listed(ladder: Ladder, wanted: str) -> frozenset[int]:
    return ladder.names.get(wanted, frozenset())


def _as_piece(ladder: Ladder, wanted: str) -> frozenset[int]:
    return ladder.parts.get(wanted, frozenset())


def _in_general(ladder: Ladder, wanted: str) -> frozenset[int]:
    return words.read(wanted, ladder.lengths)


def _is_of(ladder: Ladder, year: int, programme: str) -> bool:
    """Whether the ISCED programme is of the year's level: its first digit is."""
    grade = ladder.grade(year)
    return grade is not None and programme[:1] == str(grade.isced)


def is_outside(ladders: Sequence[Ladder], label: str) -> bool:
    """Whether a name is known to be of study after or beside general schooling."""
    return any(fold(label) in each.outside for each in ladders)


def told_apart(ladders: Iterable[Ladder]) -> list[Ladder]:
    """Readings of one source that would bear one id, each with an id of its own, by what they say; others as they are.

    An id stands for one ladder: of two readings under one id the second would be lost wherever ladders are looked up.
    """
    every = list(ladders)
    count = Counter(each.id for each in every)
    return [replace(each, id=_own_id(each)) if count[each.id] > 1 else each for each in every]


def _own_id(ladder: Ladder) -> str:
    name, _, source = ladder.id.partition("@")
    until = f"-to-{ladder.valid_to}" if ladder.valid_to is not None else ""
    return f"{name}{until}-{'+'.join(map(str, ladder.lengths))}-from-{ladder.entry_age}@{source}"


def in_force(ladders: Iterable[Ladder], country: str | None, year: int | None) -> Ladder | None:
    """The first ladder of a country for the school year that begins in `year`."""
    return next(iter(every_in_force(ladders, country, year)), None)


def every_in_force(ladders: Iterable[Ladder], country: str | None, year: int | None) -> tuple[Ladder, ...]:
    """What each source says of a country for the school year that begins in `year`."""
    if country is None or year is None:
        return ()
    return tuple(
        each
        for each in ladders
        if each.country == country and each.valid_from <= year and (each.valid_to is None or year <= each.valid_to)
    )


def structures(ladders: Sequence[Ladder]) -> tuple[Ladder, ...]:
    """The ladders that may speak of levels and ages: one without years speaks of the structure now in force.

    In years of an older structure it gives names only: a ladder of today misstates the school of another time.
    """
    dated = tuple(each for each in ladders if each.is_dated)
    return dated if dated and all(each.valid_to is not None for each in dated) else tuple(ladders)


def shown(ladders: Sequence[Ladder], year: int) -> Grade | None:
    """The grade of a year as the first source that has it puts it, with every source's names."""
    found = [grade for each in ladders if (grade := each.grade(year))]
    if not found:
        return None
    labels = dict.fromkeys(label for each in found for label in each.labels)
    named = tuple(each for each in labels if each.language != NUMERAL)
    return replace(found[0], labels=named or tuple(labels))
