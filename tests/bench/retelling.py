"""The published histories told anew: in other codes, by three systems, a fifth of it twice, shuffled.

The forecast must be the same as that of the history itself, or say that it is uncertain; never another one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

from registry import library
from registry.continuity import history
from registry.continuity.history import DoseEvent
from registry.continuity.immunization import casebook, dues, uncertain
from registry.continuity.immunization.casebook import ForecastCase
from registry.continuity.immunization.given import Given, Someone
from registry.continuity.immunization.schedule import Schedule
from registry.continuity.immunization.uncertain import GroupAnswer
from registry.continuity.spans import Days
from registry.fhir import dates
from registry.flows import schedules
from tests.support import retold

BOOK = "cdsi-healthy-childhood-and-adult-test-cases-v4.42.xlsx"


def figures(shared: Path, *, seed: int = 1, every: int = 1) -> dict[str, Any]:
    """Each published history with doses, told exactly (codes that mean that vaccine alone) and loosely."""
    cdsi = shared / "immunization" / "cdsi"
    rules = schedules.supporting_data(cdsi / "supporting-data-2025-03.tar.gz")
    cases = casebook.read((cdsi / "test-cases" / BOOK).read_bytes(), BOOK)[::every]
    asked = [each for each in cases if each.doses and all(_can_be_told(dose.vaccine) for dose in each.doses)]
    found = {name: Counter(_held(each, rules, seed, exact=exact) for each in asked) for name, exact in _WAYS.items()}
    return {
        "histories": len(asked),
        "left out, a vaccine without other codes": sum(bool(each.doses) for each in cases) - len(asked),
        **{name: dict(counted) for name, counted in found.items()},
    }


_SAID = {"vaccine-inexact", "vaccine-codes-differ", "possible-duplicate"}
"""Findings by which a history says itself that it is not certain."""
_WAYS = {"exactly": True, "loosely": False}


def _can_be_told(cvx: str) -> bool:
    return (retold.CVX, cvx) in library.load().vaccines.codes and bool(retold.codes_for(cvx, exact=True))


def _held(case: ForecastCase, rules: Schedule, seed: int, *, exact: bool) -> str:
    """`same`, `uncertain` or `another`, of the group the case asks about."""
    on = max(case.on, *(each.day for each in case.doses))
    someone = Someone(birth=Days(case.person.birth, case.person.birth), sex=case.person.sex)
    plain = [Given(id=f"d{at}", days=Days(each.day, each.day), vaccine=each.vaccine)
             for at, each in enumerate(case.doses)]  # fmt: skip
    told = retold.retell([(each.vaccine, each.day) for each in case.doses], Random(f"{seed}{case.id}"), exact=exact)
    birth = dates.parse(case.person.birth.isoformat())
    events = history.events(told, library.load().meaning, birth=birth, today=on)
    verdicts = [_compared(case, rules, someone, plain, events, group, on) for group in rules.groups]
    return next((each for each in ("another", "uncertain") if each in verdicts), "same")


def _compared(
    case: ForecastCase,
    rules: Schedule,
    someone: Someone,
    plain: Sequence[Given],
    events: Sequence[DoseEvent],
    group: str,
    on: Any,
) -> str:
    true = uncertain.of_group(rules, group, someone, plain, case.observations, on)
    given = list(_given(events, rules))
    found = uncertain.of_group(rules, group, someone, given, case.observations, on)
    if _answer(found) == _answer(true):
        return "same"
    is_doubted = any(_SAID & {found.code for found in each.findings} for each in events)
    return "uncertain" if is_doubted or not found.is_certain else "another"


def _given(events: Sequence[DoseEvent], rules: Schedule) -> Iterator[Given]:
    for each in events:
        code = dues.code_of(each, rules)
        if code and each.days:
            yield Given(id=each.id, days=Days(*each.days), vaccine=code)


def _answer(answer: GroupAnswer) -> tuple[Any, ...]:
    dated = (answer.earliest, answer.recommended, answer.past_due, answer.latest)
    return (answer.statuses, answer.next_doses, dated, Counter(
        verdict and (verdict.status, verdict.reasons) for each in answer.verdicts for verdict in each.verdicts
    ))  # fmt: skip
