"""The long proofs of partly known days and of visit plans."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from random import Random
from typing import Any

from tests.support import naive_visits, planned_visits, uncertain_laws

HISTORIES = 100_000
PLANS = 2_000
CHUNK = 250


def histories(workers: int) -> dict[str, Any]:
    """Histories with partly known days: certain answers held against completions; 0 may be contradicted."""
    counts = _chunks(_histories, HISTORIES, workers)
    faults = [each for count in counts for each in count.faults or []]
    names = ("cases", "exhaustive", "completions", "groups", "uncertain", "unclaimed")
    return {
        **{name: sum(getattr(each, name) for each in counts) for name in names},
        "contradicted": len(faults),
        "first": faults[:3],
        "holds": not faults,
    }


def _histories(seeds: range) -> uncertain_laws.Count:
    return uncertain_laws.tried(seeds, exhaustive=40, drawn=6)


def plans(workers: int) -> dict[str, Any]:
    """Small cases planned and searched day by day; the worth of every plan must be the best there is."""
    found = [each for chunk in _chunks(_plans, PLANS, workers) for each in chunk]
    differ = [each for each in found if each.startswith("seed")]
    beyond = found.count("beyond")
    return {"cases": len(found), "beyond the days searched": beyond, "differ": differ[:5], "holds": not differ}


def _plans(seeds: range) -> list[str]:
    return [_plan(seed) for seed in seeds]


def _plan(seed: int) -> str:
    small = naive_visits.case(Random(seed))
    naive = naive_visits.best(small)
    worth = planned_visits.worth(small, planned_visits.plan(small))
    if worth == naive:
        return "equal"
    return "beyond" if planned_visits.is_beyond(small, worth, naive) else f"seed {seed}: {worth}, not {naive}"


def _chunks(work: Callable[[range], Any], cases: int, workers: int) -> list[Any]:
    with ProcessPoolExecutor(workers) as pool:
        return list(pool.map(work, (range(start, start + CHUNK) for start in range(0, cases, CHUNK))))
