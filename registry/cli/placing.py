"""`continuity placement` and `continuity evaluate placement`: which grade fits, and how often others agree."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from registry import library
from registry.cli import evaluating
from registry.cli.laddering import Ladders, known
from registry.cli.running import Json, out, print_json, read_file, read_json
from registry.continuity.education import cases, cells, enrolments, placement, report, told
from registry.continuity.education.cases import Judged
from registry.continuity.education.told import History
from registry.errors import BadInput
from registry.fhir import dates, validate
from registry.flows.opening import wall_clock


def place(
    history: Annotated[Path, typer.Option(help="The child's schooling: FHIR, JSON or CSV; - is the input.")],
    to: Annotated[str, typer.Option(help="The country the child comes to, ISO 3166 alpha-3.")],
    on: Annotated[str, typer.Option(help="The day, as 2023-09-10; otherwise today.")] = "",
    born: Annotated[str, typer.Option(help="The birth date, where the file does not tell it.")] = "",
    ladders: Ladders = None,
    json: Json = False,
) -> None:
    """Say which grade fits a child who comes to a country, and why. Advice: the receiving school decides.

    The history is a Bundle or a list of SchoolEnrolment (and Patient) resources, or written by hand: a CSV file with
    the columns country, year, grade and if known outcome, from, to, school, language, verified, status, setting,
    days_present, days_possible, birth_date; or JSON, `{"birth_date": ..., "years": [{"country": ..., ...}]}`.

    A grade that cannot be read, a missing paper or an unknown country never ends in a refusal: it is said, with 0.
    """
    found = _history(history)
    birth = _day(born, "--born") if born else found.birth
    day = (_day(on, "--on") if on else dates.of(wall_clock().date())).first
    timeline = enrolments(found.records)
    made = placement.place(timeline, birth, known(ladders), to.upper(), day)
    plain = {**report.plain(made, timeline, birth), "on": day.isoformat(), **_input(found)}
    if json:
        print_json(plain)
    else:
        _print(plain)


def _day(text: str, option: str) -> dates.PartialDate:
    day = dates.parse(text)
    if day is None or (option == "--on" and not day.is_day):
        raise BadInput("this is no date", where=option, remedy="write it as 2023-09-10")
    return day


def _history(path: Path) -> History:
    try:
        if path.suffix.lower() == ".csv":
            return told.table(cells.read(evaluating.utf8(read_file(path), path), str(path)))
        return told.read(read_json(path))
    except BadInput as error:
        where = error.where if error.where.startswith(str(path)) else f"{path}: {error.where}"
        raise BadInput(error.what, where=where, remedy=error.remedy) from None


def _input(found: History) -> dict[str, Any]:
    """What was odd in the file: other resources, words that are not known, what the profile says of enrolments."""
    profiles = library.load().profiles
    by_hand = [each for each in found.records if each.source == "by-hand"]
    problems = [
        {"entry": number, "place": one.where, "problem": one.code}
        for number, each in enumerate(found.records, start=1)
        for one in (validate.problems(each.resource, profiles) if not by_hand else ())
    ]
    odd = [{"row": row, "column": column, "text": text} for row, column, text in found.odd]
    return {"not_read": dict(found.unread), "read_as_unknown": odd, "profile_problems": problems}


def _print(told: dict[str, Any]) -> None:
    years = ", ".join(map(str, told["completed"]["years"])) or "not known"
    out.print(f"completed years of school: {years}", markup=False)
    for each in told["completed"]["reasons"]:
        out.print(f"  {each['text']}", markup=False, soft_wrap=True)
    for each in told["completed"]["readings"]:
        if each["months_of_next"]:
            out.print(f"  {each['months_of_next']} months of year {each['completed'] + 1}")
    answer = told["answer"]
    one = f"{_named(answer)}: all three ways agree" if answer else "no single grade; see the ways below"
    out.print(f"grade in {told['to']}: {one}", markup=False, soft_wrap=True)
    table = Table()
    for column in ("way", "grade", "ISCED", "proposed", "why"):
        table.add_column(column)
    for each in told["candidates"]:
        grade = each["grade"]
        level = f"{grade['isced_level']}, year {grade['year_in_level']}" if grade else ""
        why = " ".join(reason["text"] for reason in each["reasons"])
        table.add_row(each["way"], _named(grade), level, "yes" if each["proposed"] else "no", why)
    out.print(table)
    for name, lines in _lines(told).items():
        for line in lines:
            out.print(f"{name}: {line}", markup=False, soft_wrap=True)
    out.print(
        f"rule {told['rule']}; ladders {', '.join(each['id'] for each in told['ladders']) or 'none'}", markup=False
    )
    out.print(told["advisory"], style="bold")


def _named(grade: dict[str, Any] | None) -> str:
    if grade is None:
        return "none"
    return f"year {grade['year']}" + (f" ({grade['label']})" if grade["label"] != str(grade["year"]) else "")


def _lines(told: dict[str, Any]) -> dict[str, list[str]]:
    disagreeing = [
        f"{each['country']}, year {each['year']}: "
        + "; ".join(
            f"{one['ladder']} ISCED {one['isced_level']}, year {one['year_in_level']}"
            if one["isced_level"]
            else f"{one['ladder']} no such year"
            for one in each["readings"]
        )
        for each in told["disagreements"]
    ]
    return {
        "look": [each["text"] for each in told["flags"]],
        "gap": [f"{each['from']} to {each['to']}, {each['months']} months; reason unknown" for each in told["gaps"]],
        "sources disagree": disagreeing,
        "note": [f"{each['ladder']}: {each['text']}" for each in told["notes"]],
        "not known": [", ".join(told["unknown"])] if told["unknown"] else [],
        "taken as unknown": [
            f"row {each['row']}, {each['column']}: {each['text']}" for each in told["read_as_unknown"]
        ],
        "not read": [f"{count} {kind}" for kind, count in told["not_read"].items()],
        "not as the profile has it": [
            f"entry {each['entry']}, {each['place']}: {each['problem']}" for each in told["profile_problems"]
        ],
    }


@evaluating.app.command("placement", help=f"Place children of cases and print where the answers differ.\n\n"
                        f"The columns are {', '.join(cases.COLUMNS)}; others are passed over. {cases.EXPECTED}\n"
                        f"Ends with 0 only when all agree, with 2 when a row cannot be read.")  # fmt: skip
def evaluate(
    file: Annotated[Path, typer.Argument(help="A CSV file of cases; - reads the standard input.")],
    ladders: Ladders = None,
    json: Json = False,
) -> None:
    """Place children of cases and print where the answers differ."""
    rows = _case_rows(file)
    held = known(ladders)
    judged: list[Judged] = []
    unread: list[dict[str, Any]] = []
    for number, row in rows:
        try:
            judged.append(cases.judge(cases.read(number, row), held))
        except BadInput as error:
            unread.append({"where": error.where, "what": error.what, "remedy": error.remedy})
    differing = [each for each in judged if not each.agrees]
    told_of = _figures(judged, unread)
    if json:
        print_json(told_of)
    else:
        _print_cases(told_of)
    raise typer.Exit(2 if unread else 1 if differing or not judged else 0)


def _case_rows(file: Path) -> list[tuple[int, dict[str, str]]]:
    text = evaluating.utf8(read_file(file), file)
    (first, header), *lines = cells.read(text, str(file))
    names = [each.casefold() for each in header]
    lacking = [each for each in cases.COLUMNS if each not in names]
    if lacking:
        raise BadInput(
            f"columns missing: {', '.join(lacking)}",
            where=f"{file}, row {first}",
            remedy=f"the columns are {', '.join(cases.COLUMNS)}",
        )
    return [(number, {**dict.fromkeys(names, ""), **dict(zip(names, told, strict=False))}) for number, told in lines]


def _figures(judged: list[Judged], unread: list[dict[str, Any]]) -> dict[str, Any]:
    agreeing = sum(1 for each in judged if each.agrees)
    return {
        "cases": len(judged) + len(unread),
        "agree": agreeing,
        "differ": len(judged) - agreeing,
        "unreadable": unread,
        "rule": placement.RULE_VERSION,
        "data": sorted({one.version for each in judged for one in each.placement.ladders}),
        "differences": [_difference(each) for each in judged if not each.agrees],
    }


def _difference(judged: Judged) -> dict[str, Any]:
    (year,) = judged.case.timeline.years
    made = judged.placement
    said = [*made.completed.reasons, *made.flags, *(reason for each in made.candidates for reason in each.reasons)]
    return {
        "row": judged.case.row,
        "case": {
            "from_country": year.country,
            "year": year.academic_year,
            "grade_label": year.grade,
            "outcome": next(iter(year.results)),
            "to_country": judged.case.to_country,
            "on_date": judged.case.on.isoformat(),
        },
        "expected": judged.case.expected,
        "found": {name: list(years) for name, years in judged.found.items()},
        "reasons": [{"code": code, "text": text} for code, text in dict.fromkeys((e.code, str(e)) for e in said)],
    }


def _print_cases(told: dict[str, Any]) -> None:
    for each in told["unreadable"]:
        out.print(f"{each['where']}: {each['what']}; {each['remedy']}", markup=False, soft_wrap=True)
    for each in told["differences"]:
        found = "; ".join(f"{name} {'|'.join(map(str, years)) or '-'}" for name, years in each["found"].items())
        case = " ".join(each["case"].values())
        out.print(f"differs, row {each['row']} ({case}): expected {each['expected']}", markup=False, soft_wrap=True)
        out.print(f"  found {found}", markup=False, soft_wrap=True)
        for reason in each["reasons"]:
            out.print(f"  {reason['text']}", markup=False, soft_wrap=True)
    unread = f", {len(told['unreadable'])} cannot be read" if told["unreadable"] else ""
    out.print(f"{told['agree']} of {told['cases']} cases agree{unread}")
