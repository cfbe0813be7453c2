"""`continuity forecast --fhir` and `--plan`: the answer in FHIR, and the visits that catch a person up.

Both take days known to the month or the year only.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from registry import library
from registry.cli.running import out, print_json
from registry.continuity.immunization import engine, operation, told, visits
from registry.continuity.immunization.schedule import Schedule
from registry.continuity.immunization.visits import Plan

AHEAD = timedelta(days=365)
"""How far a plan looks: doses recommended within a year of the day of asking."""


def print_fhir(content: Any, rules: Schedule, on: date) -> None:
    """Parameters with an ImmunizationRecommendation and ImmunizationEvaluations, as `$immds-forecast` answers."""
    print_json(operation.of_history(content, rules, on, library.load().meaning))


def print_plan(content: Any, rules: Schedule, on: date, *, most_shots: int | None, json: bool) -> None:
    """The visits, as JSON or one a line."""
    asked = told.read(content, rules, on, library.load().meaning)
    someone, doses = asked.someone, asked.doses
    found = visits.plan(rules, someone, doses, asked.observations, on, until=on + AHEAD, most_shots=most_shots)
    if json:
        print_json(plain(found, rules, on))
    else:
        _print(found, rules, on)


def plain(plan: Plan, rules: Schedule, on: date) -> dict[str, Any]:
    """A plan as plain JSON values."""
    return {
        "schedule": {"id": rules.id, "title": rules.title, "version": rules.version, "digest": rules.digest},
        "limits": list(rules.limits),
        "on": on.isoformat(),
        "until": (on + AHEAD).isoformat(),
        "visits": [
            {
                "day": visit.day.isoformat(),
                "shots": [
                    {"vaccine": each.vaccine, "title": rules.vaccines[each.vaccine].title, "groups": list(each.groups)}
                    for each in visit.shots
                ],
            }
            for visit in plan.visits
        ],
        "lost": dict(plan.lost),
        "unplanned": list(plan.unplanned),
        "fewest_returns_proven": plan.is_proven,
    }


def _print(plan: Plan, rules: Schedule, on: date) -> None:
    for visit in plan.visits:
        when = "today" if visit.day == on else "come back"
        out.print(f"{visit.day}  {when}", markup=False)
        for each in visit.shots:
            words = f"    {rules.vaccines[each.vaccine].title} ({each.vaccine}) for {', '.join(each.groups)}"
            out.print(words, markup=False, soft_wrap=True)
    for group, number in plan.lost.items():
        out.print(f"{group}: {number} owed can no longer be given in time", markup=False)
    for group in plan.unplanned:
        out.print(
            f"{group}: due, but nothing would surely count, or its days are too little known; ask a clinician",
            markup=False,
        )
    proven = "no plan has fewer returns" if plan.is_proven else "a plan with fewer returns may exist"
    out.print(f"{reach(plan, on + AHEAD)}; {proven}", markup=False, soft_wrap=True)
    print_schedule(rules)


def print_schedule(rules: Schedule) -> None:
    """By what rules an answer was made, and what these leave out."""
    words = f"schedule {rules.id}: {rules.title}, version {rules.version} (digest {rules.digest})"
    out.print(words, f"engine {engine.VERSION}", sep=", ", markup=False, soft_wrap=True)
    for each in rules.limits:
        out.print(f"of this schedule: {each}", markup=False, soft_wrap=True)


def reach(plan: Plan, until: date) -> str:
    """What the plan holds: every dose only where none is missing, and nothing is called earlier than it is."""
    missing = ", ".join(dict.fromkeys((*plan.lost, *plan.unplanned)))
    late = [visit.day for visit in plan.visits if visit.day > until]
    every = f"not every dose recommended by {until} is in the plan ({missing})" if missing else ""
    held = every or f"every dose recommended by {until}"
    return f"{held}, the last can only be given on {late[-1]}" if late else held
