"""Comparing the two evaluators finds faults: a few dozen are planted in the first, each must make them differ."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support import consent_cases, mutants
from tests.support.consent_faults import FAULTS

SEED = 20260316
CASES = 4_000


@pytest.fixture(scope="module")
def differs() -> Callable[[], bool]:
    """Whether the evaluators differ on any of some cases, in whatever process it is called."""
    answered = consent_cases.corpus(CASES, SEED)

    def found() -> bool:
        from tests.support import consent_cases  # the package is read anew there, and so must this be

        return consent_cases.differs_from(answered)

    return found


# Here every eleventh; `make prove` plants them all.
@pytest.mark.parametrize(("why", "module", "was", "now"), FAULTS[1::11], ids=[fault[0] for fault in FAULTS[1::11]])
def test_a_planted_fault_is_found(differs: Callable[[], bool], why: str, module: str, was: str, now: str) -> None:
    assert not mutants.survives(mutants.planted(module, was, now), differs), why


def test_without_a_fault_nothing_differs(differs: Callable[[], bool]) -> None:
    unchanged = mutants.planted("hearing", "Deny overrides; None when nothing was said.", "Deny overrides.")
    assert mutants.survives(unchanged, differs)


def test_there_are_enough_faults_and_each_can_be_planted() -> None:
    assert len({fault[0] for fault in FAULTS}) == len(FAULTS) >= 30
    for _, module, was, now in FAULTS:
        compile(mutants.planted(module, was, now).source, module, "exec")
