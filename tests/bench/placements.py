"""Placements for all pairs of countries, now and in former years, against the oracle; and the faults it must find."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from tests.support import mutants, placement_pairs
from tests.support.placement_faults import FAULTS, PACKAGE
from tests.support.placement_pairs import COUNTRIES

NOW = date(2023, 9, 10)
# Years whose structures were others, and days inside and between school years.
THEN = (date(1991, 1, 15), date(1998, 6, 30), date(2004, 11, 5), date(2011, 3, 20), date(2016, 8, 31))


def figures(data: Path) -> dict[str, Any]:
    ladders, naive = placement_pairs.shelved(data), placement_pairs.oracle(data)
    every = sorted({each.country for each in ladders})
    asked = {
        "displacement": list(placement_pairs.pair_cases(COUNTRIES, range(1, 13), NOW)),
        "all_countries": list(placement_pairs.pair_cases(every, range(1, 14, 4), NOW)),
        "former_years": [case for on in THEN for case in placement_pairs.pair_cases(COUNTRIES, range(1, 13, 2), on)],
    }
    found: dict[str, Any] = {}
    seconds: list[float] = []
    for name, cases in asked.items():
        differing, took = placement_pairs.judged(cases, ladders, naive)
        found |= {name: len(cases), f"{name}_differing": len(differing)}
        seconds += took
    p95 = sorted(seconds)[int(len(seconds) * 0.95)]
    alive = _alive(data)
    holds = not alive and p95 < 0.02 and not any(found[f"{name}_differing"] for name in asked)
    rounded = {"countries": len(every), "p95_ms": round(p95 * 1000, 3), "faults": len(FAULTS)}
    return {"holds": holds, **found, **rounded, "not_found": ", ".join(alive)}


def _alive(data: Path) -> list[str]:
    answered = placement_pairs.few(data)

    def differs() -> bool:
        from tests.support import placement_pairs  # as the process that reads the package anew knows it

        return placement_pairs.differs_from(answered, data)

    return [why for why, *fault in FAULTS if mutants.survives(mutants.planted(*fault, PACKAGE), differs)]
