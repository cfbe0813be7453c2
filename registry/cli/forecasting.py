"""`continuity forecast` and `continuity evaluate forecast`: which doses count, and what is due, by a schedule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from registry import library
from registry.cli import planning, telling
from registry.cli.running import Json, out, print_json, read_file, read_json
from registry.continuity.immunization import answering, casebook, casejudging
from registry.continuity.immunization.casejudging import Judged
from registry.continuity.immunization.schedule import Schedule
from registry.errors import BadInput, UnknownName
from registry.fhir import dates
from registry.flows import schedules


def forecast(
    schedule: Annotated[
        str, typer.Option(help="A name (who, ukr, nga, ...), or a directory, tar or zip of CDSi supporting data.")
    ],
    history: Annotated[Path, typer.Option(help="A FHIR Bundle, a list of resources, or plain JSON; - is the input.")],
    on: Annotated[str, typer.Option(help="The day of asking, like 2026-03-15.")],
    json: Json = False,
    fhir: Annotated[bool, typer.Option("--fhir", help="FHIR Parameters: recommendation and evaluations.")] = False,
    plan: Annotated[bool, typer.Option("--plan", help="The fewest visits for what is due within a year.")] = False,
    most_shots: Annotated[int | None, typer.Option(min=1, help="Of a plan: injections a visit, at most.")] = None,
) -> None:
    """Say which doses count under a schedule and why, and what is due next of every vaccine group.

    Plain JSON is {"birthDate": ..., "sex": ..., "doses": [{"date": ..., "cvx": ...}], "observations": [{"code": ...}]};
    instead of cvx, atc or text. Days may be known to the month or year only: what hangs on them is said as uncertain.
    Ends with 2 when a file cannot be used.
    """
    day = dates.parse(on)
    if day is None or not day.is_day:
        raise BadInput("this is no day", where="--on", remedy="write 2026-03-15")
    rules = find(schedule, day.first)
    content = read_json(history)
    if fhir:
        planning.print_fhir(content, rules, day.first)
        return
    if plan:
        planning.print_plan(content, rules, day.first, most_shots=most_shots, json=json)
        return
    found = answering.answer(content, rules, day.first, library.load().meaning)
    if json:
        print_json(telling.plain(found, rules))
    else:
        telling.print_answer(found, rules)


def find(name: str, on: date) -> Schedule:
    """The schedule a name or place stands for, in the edition of the day `on`."""
    named = library.load().editions
    if name in named:
        return named[name].on(on)
    if not Path(name).exists():
        remedy = f"give one of {', '.join(sorted(named))}, or supporting data"
        raise UnknownName("no schedule of that name or place", where="--schedule", remedy=remedy)
    return schedules.supporting_data(Path(name))


def evaluate(
    supporting_data: Annotated[Path, typer.Option(help="Directory, tar or zip of the XML files, as published.")],
    cases: Annotated[Path, typer.Option(help="A case workbook (.xlsx), as published.")],
    json: Json = False,
) -> None:
    """Hold a published CDSi case workbook against the engine: status, every dose with its reason, three dates.

    Ends with 0 only when every case passes, and with 2 when a file cannot be used. Cases agree only with the
    supporting data of their own time.
    """
    rules = schedules.supporting_data(supporting_data)
    read = casebook.read(read_file(cases), cases.name)
    names = library.json("casebooks/vaccine-groups.json")["names"]
    judged = list(casejudging.judge(rules, read, names))
    report = _report(judged)
    if json:
        print_json(report)
    else:
        _print_report(report)
    raise typer.Exit(0 if report["passed"] == report["total"] else 1)


def _report(judged: Sequence[Judged]) -> dict[str, Any]:
    total = Counter(each.group for each in judged)
    passed = Counter(each.group for each in judged if not each.differences)
    return {
        "passed": passed.total(),
        "total": total.total(),
        "groups": {group: {"passed": passed[group], "total": total[group]} for group in sorted(total)},
        "failures": [asdict(each) for each in judged if each.differences],
    }


def _print_report(report: Mapping[str, Any]) -> None:
    table = Table("vaccine group", "passed", "total")
    for group, counted in report["groups"].items():
        table.add_row(group, str(counted["passed"]), str(counted["total"]))
    out.print(table)
    for each in report["failures"]:
        out.print(f"[bold red]differs[/] {escape(each['case'])} ({escape(each['group'])})")
        for one in each["differences"]:
            words = f"  {one['what']}: expected {one['expected']}, found {one['actual']}"
            out.print(words, markup=False, soft_wrap=True)
    share = 100 * report["passed"] / report["total"]
    out.print(f"{report['passed']} of {report['total']} cases pass ({share:.2f} %)")
