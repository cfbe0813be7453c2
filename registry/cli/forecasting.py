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
from registry.cli import evaluating, planning
from registry.cli.running import Json, out, print_json, read_file
from registry.continuity.immunization import casebook, casejudging, engine, question
from registry.continuity.immunization.casejudging import Judged
from registry.continuity.immunization.outcome import (
    DoseReason,
    DoseStatus,
    Flag,
    GroupForecast,
    Outcome,
    Problem,
    Verdict,
)
from registry.continuity.immunization.schedule import Schedule
from registry.errors import BadInput, UnknownName
from registry.fhir import dates
from registry.flows import schedules

_COUNTS: Mapping[DoseStatus, str] = {
    DoseStatus.VALID: "counts",
    DoseStatus.NOT_VALID: "does not count",
    DoseStatus.EXTRANEOUS: "not needed",
    DoseStatus.SUB_STANDARD: "does not count",
}

_BECAUSE: Mapping[DoseReason, str] = {
    DoseReason.GRACE_PERIOD: "it was given a few days early, within the days of grace",
    DoseReason.TOO_YOUNG: "it was given before the minimum age",
    DoseReason.TOO_OLD: "it was given after the maximum age",
    DoseReason.TOO_SOON: "it was given too soon after another dose or event",
    DoseReason.CONFLICT: "it was given too soon after another vaccine it conflicts with",
    DoseReason.INADVERTENT: "this vaccine is not meant for this dose",
    DoseReason.NOT_A_PRODUCT: "this vaccine does not satisfy this dose",
    DoseReason.WRONG_AGE_FOR_PRODUCT: "this vaccine is not for that age",
    DoseReason.ALREADY_COMPLETE: "the series was complete before it",
    DoseReason.SUB_STANDARD: "it was given after its expiry, or is marked as one to repeat",
}
_EVERY_RULE = "it meets every rule of the schedule"

_PROBLEMS: Mapping[Problem, str] = {
    Problem.AFTER_ASSESSMENT: "lies after the day of asking; it was left out",
    Problem.BEFORE_BIRTH: "lies before the birth date; check both dates; it was left out",
    Problem.UNKNOWN_VACCINE: "has a vaccine code this schedule does not know; it was left out",
    Problem.NOT_IN_SCHEDULE: "is of a vaccine about which this schedule says nothing for this person",
    Problem.NOT_GIVEN: "is not recorded as given; it was left out",
    Problem.DAY_UNKNOWN: "has no date known to the day; it was left out",
    Problem.UNKNOWN_OBSERVATION: "is an observation this schedule does not know; it was left out",
}


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

    Plain JSON is {"birthDate": ..., "sex": ..., "doses": [{"date": ..., "cvx": ...}], "observations": [{"code": ...}]}.
    Ends with 2 when a file cannot be used.
    """
    day = dates.parse(on)
    if day is None or not day.is_day:
        raise BadInput("this is no day", where="--on", remedy="write 2026-03-15")
    rules = find(schedule, day.first)
    content = evaluating.read_json(history)
    if fhir:
        planning.print_fhir(content, rules, day.first)
        return
    if plan:
        planning.print_plan(content, rules, day.first, most_shots=most_shots, json=json)
        return
    asked = question.read(content, rules)
    outcome = engine.forecast(rules, asked.person, asked.doses, asked.observations, day.first)
    if json:
        print_json(plain(rules, outcome, asked.flags, day.first))
    else:
        _print(rules, outcome, asked)


def find(name: str, on: date) -> Schedule:
    """The schedule a name or place stands for, in the edition of the day `on`."""
    named = library.load().editions
    if name in named:
        return named[name].on(on)
    if not Path(name).exists():
        remedy = f"give one of {', '.join(sorted(named))}, or supporting data"
        raise UnknownName("no schedule of that name or place", where="--schedule", remedy=remedy)
    return schedules.supporting_data(Path(name))


def plain(rules: Schedule, outcome: Outcome, flags: Sequence[Flag], on: date) -> dict[str, Any]:
    """An outcome as plain JSON values."""
    return {
        "schedule": {"id": rules.id, "title": rules.title, "version": rules.version, "digest": rules.digest},
        "engine": outcome.engine_version,
        "on": on.isoformat(),
        "groups": [_group(each) for each in outcome.groups],
        "flags": [{"about": each.about, "problem": each.problem.value} for each in (*flags, *outcome.flags)],
    }


def _group(each: GroupForecast) -> dict[str, Any]:
    named = ("next_dose", "earliest", "recommended", "past_due", "latest")
    return {
        "group": each.group,
        "status": each.status.value,
        **{name: getattr(each, name) for name in named},
        "vaccines": list(each.vaccines),
        "guidance": list(each.guidance),
        "precautions": [{"text": one.text, "source": str(one.source)} for one in each.precautions],
        "series": [part.series.name for part in each.parts],
        "doses": [_verdict(one) for one in each.verdicts],
    }


def _verdict(each: Verdict) -> dict[str, Any]:
    return {
        "dose": each.dose,
        "status": each.status.value,
        "reasons": [reason.value for reason in each.reasons],
        "says": says(each),
    }


def says(each: Verdict) -> str:
    """`counts`, `does not count` or `not needed`, because of what."""
    why = "; ".join(_BECAUSE[reason] for reason in each.reasons) or _EVERY_RULE
    # A dose beyond the maximum age harms nothing, but it is not one too many.
    too_old = DoseReason.TOO_OLD in each.reasons
    word = _COUNTS[DoseStatus.NOT_VALID if too_old else each.status]
    return f"{word}, because {why}"


def _print(rules: Schedule, outcome: Outcome, asked: question.Question) -> None:
    days = {each.id: each for each in asked.doses}
    for each in outcome.groups:
        for verdict in each.verdicts:
            dose = days[verdict.dose]
            title = rules.vaccines[dose.vaccine].title
            out.print(f"{dose.day}  {title} for {each.group}: {says(verdict)}", markup=False, soft_wrap=True)
    _line("group", "status", "dose", "earliest", "recommended", "past due", "latest")
    for each in outcome.groups:
        cells = (each.next_dose, each.earliest, each.recommended, each.past_due, each.latest)
        _line(each.group, each.status.value, *("" if cell is None else str(cell) for cell in cells))
    for each in outcome.groups:
        for one in each.precautions:
            out.print(f"{each.group}, before a dose: {one.text} ({one.source})", markup=False, soft_wrap=True)
    for flag in (*asked.flags, *outcome.flags):
        out.print(f"dose or observation {flag.about} {_PROBLEMS[flag.problem]}", markup=False, soft_wrap=True)
    out.print(f"schedule {rules.id} (digest {rules.digest}), engine {outcome.engine_version}", soft_wrap=True)


def _line(group: str, status: str, dose: str, *days: str) -> None:
    """A line as wide as it is: a date cut off by a narrow screen would be another date."""
    cells = (f"{group:<22}", f"{status:<15}", f"{dose:>4}", *(f"{each:<11}" for each in days))
    out.print(" ".join(cells).rstrip(), markup=False, soft_wrap=True)


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
