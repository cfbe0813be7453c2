"""`continuity ladders`: which grades a country has, in which year, by which source."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from registry import library
from registry.cli import running
from registry.cli.running import Json, out, print_json
from registry.continuity.education import ladder, notes, report, sheet
from registry.continuity.education.ladder import Ladder
from registry.errors import UnknownName
from registry.flows import ladders as flow
from registry.flows.ladders import Held
from registry.flows.opening import wall_clock

app = typer.Typer(help="Ladders of grades: load them, and see what is known of a country.", no_args_is_help=True)

Ladders = Annotated[
    list[Path] | None,
    typer.Option("--ladders", help="A file of ladders or a folder of them, beside those loaded; may be repeated."),
]


def known(more: list[Path] | None) -> tuple[Ladder, ...]:
    """The ladders of this registry, and those named on the command line."""
    return flow.known(library.load().ladders, running.settings(), *(more or []))


@app.command("load")
def load(
    files: Annotated[list[Path], typer.Argument(help="CSV tables, ladders of our own form (JSON), or folders.")],
    into: Annotated[
        Path | None, typer.Option(help="The folder they are kept in; otherwise `ladders` in REGISTRY_STATE.")
    ] = None,
    json: Json = False,
) -> None:
    """Load tables of school structures, school-year start months or names of grades, and say what is odd in them.

    A table is known by its columns. Structures: iso3, year, prim_dur_uis, lowsec_dur_uis, upsec_dur_uis, prim_age_uis,
    lowsec_age_uis, upsec_age_uis. Start months: iso3, year, month_start, and if given month_start_min and
    month_start_max. Names of grades: country_code, level_code (level0 to level8), year_grade, theoretical_start_age,
    and if given learning_level, name_for_kobo, label_for_kobo, label_language, valid_from, valid_to.

    The files are kept as they are; one of the same name is replaced. No database is needed. Rows that cannot be read
    are set aside and named, the others are used; the command then ends with 2.
    """
    target = into or flow.folder(running.settings())
    held = flow.read(files)  # before anything is kept: what is no table stops here
    kept = flow.keep(files, target)
    every = flow.read([target])
    told = _report(held, every, target, [str(path) for path, replaced in kept if replaced])
    if json:
        print_json(told)
    else:
        _print(told)
    raise typer.Exit(2 if held.set_aside else 0)


def _report(held: Held, every: Held, target: Path, replaced: list[str]) -> dict[str, Any]:
    countries = {each.country for each in held.ladders} | {
        row[column]
        for one in held.sheets
        for _, row in one.rows
        for column in ("iso3", "country_code")
        if column in row
    }
    disagreeing = [each for country in sorted(countries) for each in _disagreements(every.ladders, country)]
    return {
        "kept_in": str(target),
        "replaced": replaced,
        "files": [
            {
                "file": each.name,
                "version": each.version,
                "table": each.table.value,
                "rows": len(each.rows),
                "set_aside": len(each.problems),
                "columns_not_read": list(each.unread),
            }
            for each in held.sheets
        ],
        "countries": len(countries),
        "ladders": len([each for each in every.ladders if each.country in countries]),
        "problems": [
            {"file": name, "row": each.row, "column": each.column, "what": each.what, "remedy": each.remedy}
            for name, each in held.odd
        ],
        "ambiguous": [each for one in every.ladders if one.country in countries for each in _ambiguous(one)],
        "disagreements": disagreeing,
    }


def _ambiguous(told: Ladder) -> Iterator[dict[str, Any]]:
    for name, years in sorted(told.names.items()):
        if len(years) > 1:
            yield {"country": told.country, "ladder": told.id, "name": name, "years": sorted(years)}


def _disagreements(ladders: Sequence[Ladder], country: str) -> Iterator[dict[str, Any]]:
    """What sources disagree on, with the span of years in which they do."""
    own = [each for each in ladders if each.country == country]
    last = max((each.valid_to or each.valid_from for each in own), default=0)
    first = min((each.valid_from for each in own if each.is_dated), default=last)
    for found, years in groupby(range(first, last + 1), key=lambda year: _at(own, country, year)):
        span = list(years)
        for each in found:
            yield {**report.disagreement(each), "from": span[0], "to": None if span[-1] == last else span[-1]}


def _at(ladders: Sequence[Ladder], country: str, year: int) -> tuple[notes.Disagreement, ...]:
    return notes.disagreements(ladder.structures(ladder.every_in_force(ladders, country, year)))


def _print(told: dict[str, Any]) -> None:
    for each in told["files"]:
        words = f"{each['file']}: {each['table']}, {each['rows']} rows"
        out.print(words + (f", {each['set_aside']} set aside" if each["set_aside"] else ""), markup=False)
        if each["columns_not_read"]:
            out.print(f"  columns not read: {', '.join(each['columns_not_read'])}", markup=False, soft_wrap=True)
    for each in told["problems"]:
        place = f"{each['file']}, row {each['row']}" + (f", {each['column']}" if each["column"] else "")
        out.print(f"  {place}: {each['what']}; {each['remedy']}", markup=False, soft_wrap=True)
    for each in told["ambiguous"]:
        years = " or ".join(map(str, each["years"]))
        out.print(f"  ambiguous in {each['country']}: {each['name']} means year {years}", markup=False, soft_wrap=True)
    spans = groupby(told["disagreements"], key=lambda each: (each["country"], each["from"], each["to"] or "now"))
    for (country, since, until), found in spans:
        years = ", ".join(str(each["year"]) for each in found)
        out.print(f"  sources disagree on years {years} of {country}, {since}-{until}", markup=False, soft_wrap=True)
    if told["disagreements"]:
        out.print("  both readings: continuity ladders show COUNTRY --year YEAR, or --json", markup=False)
    for each in told["replaced"]:
        out.print(f"  replaced: {each}", markup=False, soft_wrap=True)
    out.print(f"{told['ladders']} ladders of {told['countries']} countries; kept in {told['kept_in']}", soft_wrap=True)


def _read_aloud(told: dict[str, Any]) -> str:
    readings = (
        f"{each['ladder']}: "
        + (f"ISCED {each['isced_level']}, year {each['year_in_level']}" if each["isced_level"] else "no such year")
        for each in told["readings"]
    )
    return f"year {told['year']}: {'; '.join(readings)}"


@app.command("show")
def show(
    country: Annotated[str, typer.Argument(help="ISO 3166 alpha-3, as SYR.")],
    year: Annotated[
        int | None, typer.Option(help="The school year that begins in it; otherwise this year.", show_default=False)
    ] = None,
    ladders: Ladders = None,
    json: Json = False,
) -> None:
    """Print what is known of a country's grades: the ladders of all years, and the grades of one.

    Where sources disagree every reading is shown. Ends with 2 when nothing is known of the country, or of that year.
    """
    own = [each for each in known(ladders) if each.country == country.upper()]
    if not own:
        raise UnknownName(
            "no ladder of this country is held", where="COUNTRY", remedy="load one: continuity ladders load FILE.csv"
        )
    asked = wall_clock().year if year is None else year
    _need_year(own, asked)
    told = _shown(own, country.upper(), asked)
    if json:
        print_json(told)
    else:
        _print_shown(told)


def _need_year(own: Sequence[Ladder], year: int) -> None:
    """Raises UnknownName when no ladder tells of the year; a list without years serves only years others tell of."""
    dated = [each for each in own if each.is_dated]
    here = ladder.every_in_force(dated or own, own[0].country, year)
    if sheet.FIRST <= year <= sheet.LAST and here:
        return
    spans = ", ".join(f"{each.valid_from or '...'} to {each.valid_to or 'now'}" for each in dated)
    raise UnknownName(
        f"no ladder of this country is known for the school year {year}",
        where="--year",
        remedy=f"those held are of {spans}" if spans else f"ask for a year from {sheet.FIRST} to {sheet.LAST}",
    )


def _shown(own: Sequence[Ladder], country: str, year: int) -> dict[str, Any]:
    here = ladder.every_in_force(own, country, year)
    speaking = ladder.structures(here)
    longest = max((len(each.grades) for each in here), default=0)
    grades = [
        {
            **(report.grade(ladder.shown((*speaking, *here), number)) or {}),
            "age": _ages(speaking, number) or _ages(here, number),
            "readings": list(_readings(here, number)),
        }
        for number in range(1, longest + 1)
    ]
    return {
        "country": country,
        "year": year,
        "school_year_starts": _starts(here, year),
        "ladders": [{**report.ladder(each), "in_force": each in here, "levels_used": each in speaking} for each in own],
        "grades": grades,
        "ambiguous": [each for one in here for each in _ambiguous(one)],
        "disagreements": [report.disagreement(each) for each in notes.disagreements(here)],
        "notes": [{"ladder": each.ladder, "code": each.code, "text": str(each)} for each in notes.of(here, year)],
    }


def _readings(ladders: Sequence[Ladder], number: int) -> Iterator[dict[str, Any]]:
    """Where each source puts a year of schooling."""
    for each in ladders:
        if found := each.grade(number):
            yield {"ladder": each.id, "isced_level": found.isced, "year_in_level": found.position}


def _ages(ladders: Sequence[Ladder], number: int) -> list[int]:
    return sorted({each.entry_age + number - 1 for each in ladders if each.grade(number)})


def _starts(ladders: Sequence[Ladder], year: int) -> dict[str, int] | None:
    start = next((found for each in ladders if (found := each.start(year))), None)
    return {"month": start[1], "earliest": start[2], "latest": start[3], "as_in": start[0]} if start else None


def _print_shown(told: dict[str, Any]) -> None:
    every = Table(title=f"{told['country']}: ladders", title_justify="left")
    for column in ("in force", "school years", "years of ISCED 1+2+3", "from age", "source"):
        every.add_column(column)
    for each in told["ladders"]:
        span = f"{each['valid_from'] or '...'}-{each['valid_to'] or 'now'}"
        years = "+".join(map(str, each["years"]))
        every.add_row("yes" if each["in_force"] else "", span, years, str(each["entry_age"]), each["version"])
    out.print(every)
    table = Table(title=f"{told['country']}: grades in the school year {told['year']}", title_justify="left")
    for column in ("year", "age", "ISCED", "year in level", "names"):
        table.add_column(column)
    for each in told["grades"]:
        names = " · ".join(name["text"] for name in each["labels"] if name["language"] != ladder.NUMERAL)
        age = "/".join(map(str, each["age"]))
        places = dict.fromkeys((one["isced_level"], one["year_in_level"]) for one in each["readings"])
        levels, positions = ("/".join(map(str, said)) for said in zip(*places, strict=True))
        table.add_row(str(each["year"]), age, levels, positions, names)
    out.print(table)
    starts = told["school_year_starts"]
    out.print(f"school years start in month {starts['month']}, as on file for {starts['as_in']}" if starts else "")
    for each in told["disagreements"]:
        out.print(f"sources disagree on {_read_aloud(each)}", markup=False, soft_wrap=True)
    for each in told["ambiguous"]:
        years = " or ".join(map(str, each["years"]))
        out.print(f"ambiguous: {each['name']} means year {years}", markup=False, soft_wrap=True)
    for each in told["notes"]:
        out.print(f"{each['ladder']}: {each['text']}", markup=False, soft_wrap=True)
