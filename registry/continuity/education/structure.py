"""From rows of durations and entry ages to dated ladders.

Years without a row stand between the rows around them; a row that contradicts itself is read both ways; what a row
leaves open is borrowed from full rows that agree with the rest of it. Each of these is noted on the ladder.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from registry.continuity.education import ladder
from registry.continuity.education.ladder import NUMERAL, Grade, Label, Ladder, Start
from registry.continuity.education.sheet import Row

# General programmes of the levels. Source: ISCED 2011, three-digit programme codes.
PROGRAMMES = {1: "100", 2: "244", 3: "344"}


@dataclass(frozen=True, slots=True, order=True)
class Structure:
    """Entry age and years of the three levels; secondary years are 0 where they are not known."""

    entry: int
    primary: int
    lower: int
    upper: int
    notes: tuple[str, ...] = ()


Told = tuple[Structure, ...]


def ladders(country: str, rows: Iterable[Row], starts: tuple[Start, ...], source: str, version: str) -> list[Ladder]:
    """The ladders of one country: one for each span of years with one structure, two where rows are read both ways."""
    by_year = _by_year(rows)
    if not by_year:
        return []
    first, last = min(by_year), max(by_year)
    told = [(year, _told(by_year, year)) for year in range(first, last + 1)]
    spans = [(told_of, [year for year, _ in years]) for told_of, years in groupby(told, key=lambda each: each[1])]
    return ladder.told_apart(
        _ladder(country, each, (years[0], years[-1]), last, starts, source, version)
        for structures, years in spans
        for each in structures
    )


def _by_year(rows: Iterable[Row]) -> dict[int, list[Row]]:
    """Rows by year; a territory with no years of primary has no schools of its own."""
    found: dict[int, list[Row]] = {}
    for row in rows:
        if int(row["prim_dur_uis"]) and int(row["prim_age_uis"]) and row not in found.get(int(row["year"]), []):
            found.setdefault(int(row["year"]), []).append(row)
    return found


def _told(rows: Mapping[int, Sequence[Row]], year: int) -> Told:
    if year in rows:
        return _once(each for row in rows[year] for each in _of_row(rows, year, row))
    near = [max(each for each in rows if each < year), min(each for each in rows if each > year)]
    return _noted((each for at in near for row in rows[at] for each in _of_row(rows, at, row)), "no-row")


def _of_row(rows: Mapping[int, Sequence[Row]], year: int, row: Row) -> Told:
    if not row["lowsec_dur_uis"]:
        return _borrowed(rows, year, row)
    p, low, up, age, low_age, up_age = (int(row[name]) for name in _NUMBERS)
    stated, by_age = Structure(age, p, low, up), Structure(age, low_age - age, up_age - low_age, up)
    if stated == by_age:
        return (stated,)
    readable = [(stated, "durations"), *([(by_age, "ages")] if min(by_age.primary, by_age.lower) > 0 else [])]
    return tuple(replace(each, notes=(f"ages-disagree:which={which}",)) for each, which in readable)


_NUMBERS = ("prim_dur_uis", "lowsec_dur_uis", "upsec_dur_uis", "prim_age_uis", "lowsec_age_uis", "upsec_age_uis")


def _borrowed(rows: Mapping[int, Sequence[Row]], year: int, row: Row) -> Told:
    """Secondary schooling as in the nearest full rows before and after that have the same primary."""
    full = [(at, each) for at in sorted(rows) for each in rows[at] if each["lowsec_dur_uis"]]
    near = [*[each for each in full if each[0] < year][-1:], *[each for each in full if each[0] > year][:1]]
    fitting = [(at, each) for at, each in near if all(each[name] == row[name] for name in _PRIMARY)]
    found = _noted((one for at, each in fitting for one in _of_row(rows, at, each)), "secondary-borrowed")
    alone = Structure(int(row["prim_age_uis"]), int(row["prim_dur_uis"]), 0, 0, ("secondary-unknown",))
    return found or (alone,)


_PRIMARY = ("prim_dur_uis", "prim_age_uis")


def _once(structures: Iterable[Structure]) -> Told:
    return tuple(dict.fromkeys(structures))


def _noted(structures: Iterable[Structure], note: str) -> Told:
    return _once(replace(each, notes=tuple(dict.fromkeys((*each.notes, note)))) for each in structures)


def _ladder(
    country: str,
    told: Structure,
    years: tuple[int, int],
    last: int,
    starts: tuple[Start, ...],
    source: str,
    version: str,
) -> Ladder:
    first, until = years
    open_end = (f"carried-on:last={last}",) if until == last else ()
    by_ages = "-by-ages" if "ages-disagree:which=ages" in told.notes else ""
    grades = tuple(_grades(told))
    return Ladder(
        id=f"{country.lower()}-{first}{by_ages}@{source}",
        version=version,
        source=source,
        country=country,
        valid_from=first,
        valid_to=None if open_end else until,
        entry_age=told.entry,
        starts=starts,
        languages=(),
        grades=grades,
        names=ladder.gathered((str(each.year), each.year) for each in grades),
        parts={},
        is_whole="secondary-unknown" not in told.notes,
        notes=(*told.notes, *open_end),
    )


def _grades(told: Structure) -> Iterator[Grade]:
    year = 0
    for isced, years in ((1, told.primary), (2, told.lower), (3, told.upper)):
        for position in range(1, years + 1):
            year += 1
            label = Label(text=str(year), language=NUMERAL)
            programme = PROGRAMMES[isced]
            yield Grade(year=year, isced=isced, programme=programme, position=position, labels=(label,))
