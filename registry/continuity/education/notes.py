"""What must be known of the ladders behind a placement: which are stretched, torn, or at odds with each other.

Notes name countries and sources. They are for those who may know them: the command line, the steward, a reader whose
consent opens places. What every reader is told stands in `continuity.reasons`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from registry.continuity.education.ladder import Grade, Ladder

SENTENCES: Mapping[str, str] = {
    "carried-on": "The last year on file is {last}; the structure is carried on from there.",
    "no-row": "No row is on file for these years; those before and after stand in.",
    "secondary-borrowed": "Secondary schooling is not told for these years; the nearest full years stand in.",
    "secondary-unknown": "Secondary schooling is not told for these years, nor in years like them.",
    "ages-disagree": "Durations and entry ages of the same row disagree; this is the reading by {which}.",
    "undated": "The source says no years; its names serve every year, its levels the structure now in force.",
    "no-start-month": "The month the school year starts in is not known; ages are those of a year around the day.",
    "start-month-varies": "Sources put the start of the school year between month {low} and month {high}.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Something to know of one ladder."""

    country: str
    ladder: str
    code: str
    facts: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return SENTENCES[self.code].format_map(dict(self.facts))


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """A year of schooling that sources put in different places; None where a source has no such year."""

    country: str
    year: int
    readings: tuple[tuple[str, Grade | None], ...]

    @property
    def differs(self) -> str:
        """What they differ in: whether there is such a year, its level, or its place in the level."""
        levels = {grade and grade.isced for _, grade in self.readings}
        return "existence" if None in levels else "level" if len(levels) > 1 else "place"

    def __str__(self) -> str:
        told = "; ".join(f"{source}: {_placed(grade)}" for source, grade in self.readings)
        return f"Year {self.year} of {self.country}: {told}."


def _placed(grade: Grade | None) -> str:
    return f"ISCED {grade.isced}, year {grade.position}" if grade else "no such year"


def of(ladders: Sequence[Ladder], year: int) -> tuple[Note, ...]:
    """The notes on ladders in force in a school year."""
    return tuple(note for each in ladders for note in _of(each, year))


def _of(ladder: Ladder, year: int) -> list[Note]:
    facts: dict[str, dict[str, object]] = {}
    for each in ladder.notes:
        code, _, fact = each.partition(":")
        name, _, value = fact.partition("=")
        if code != "carried-on" or year > int(value):
            facts[code] = {name: value} if name else {}
    start = ladder.start(year)
    if start is None:
        facts["no-start-month"] = {}
    elif start[2] != start[3]:
        facts["start-month-varies"] = {"low": start[2], "high": start[3]}
    return [
        Note(
            country=ladder.country,
            ladder=ladder.id,
            code=code,
            facts=tuple(sorted((name, str(value)) for name, value in told.items())),
        )
        for code, told in facts.items()
    ]


def disagreements(ladders: Sequence[Ladder]) -> tuple[Disagreement, ...]:
    """Every year of schooling on which ladders of one country and time disagree, with all readings."""
    longest = max((len(each.grades) for each in ladders), default=0)
    found = [_at(ladders, year) for year in range(1, longest + 1)]
    return tuple(each for each in found if len({_place(grade) for _, grade in each.readings}) > 1)


def _at(ladders: Sequence[Ladder], year: int) -> Disagreement:
    told = [(each.id, each.grade(year)) for each in ladders if each.is_whole or each.grade(year)]
    return Disagreement(country=ladders[0].country, year=year, readings=tuple(told))


def _place(grade: Grade | None) -> tuple[int, int] | None:
    return (grade.isced, grade.position) if grade else None
