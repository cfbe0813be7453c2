"""Mutants of `registry.consent`: which survive everything that is said of consents in tests/core and tests/spec?

The cheap witnesses come first: some thousand cases compared with the second evaluator, then the tables; who survives
these meets the tests themselves. Survivors are explained in survivors.json beside this file.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.support import mutants
from tests.support.mutants import Mutant

SURVIVORS = Path(__file__).with_name("survivors.json")
EVERY = 3
"""One mutant of so many is tried: they stand in the order of the source, so every part has its share."""

_TESTS = (
    "tests/core/test_consent_reading.py",
    "tests/spec/test_decision_cases.py",
    "tests/core/test_consent_decision.py",
)


def chosen() -> list[Mutant]:
    return list(mutants.every(EVERY))


def survivors(of: Sequence[Mutant], *, workers: int) -> list[Mutant]:
    """Those that nothing notices."""
    with ThreadPoolExecutor(workers) as pool:
        alive = pool.map(lambda each: mutants.survives(each, notices, seconds=900), of)
        return [each for each, lives in zip(of, alive, strict=True) if lives]


def explained() -> dict[str, str]:
    """Why a survivor changes nothing that can be told, by its name without the line."""
    return json.loads(SURVIVORS.read_text(encoding="utf-8"))["survivors"]


def is_explained(mutant: Mutant, reasons: dict[str, str]) -> bool:
    return f"{mutant.module}: {mutant.was} -> {mutant.now}" in reasons


def notices() -> bool:
    """Whether anything notices the package as it is in this process."""
    from tests.support import consent_cases

    if consent_cases.first_disagreement(600, 20260317) is not None or _tables_differ():
        return True
    return consent_cases.first_disagreement(6_000, 20260318) is not None or _tests_fail()


def _tables_differ() -> bool:
    from registry.consent import cases
    from tests.spec import test_decision_cases, test_may_this_leave

    if any(each.differences for each in (*test_decision_cases.JUDGED, *test_decision_cases.OWN_JUDGED)):
        return True
    assert cases
    for row in test_may_this_leave.ROWS:
        test_may_this_leave.test_every_row_of_the_table_is_decided_as_written(row)
    return False


def _tests_fail() -> bool:
    import pytest

    options: list[Any] = ["-x", "-q", "--no-header", "-p", "no:randomly", "-p", "no:cacheprovider", "-p", "no:xdist"]
    return pytest.main([*options, *_TESTS]) != 0
