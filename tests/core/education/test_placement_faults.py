"""Comparing with the oracle finds faults: each of these is planted in the engine and must be noticed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import mutants, placement_pairs
from tests.support.placement_faults import FAULTS, PACKAGE


@pytest.fixture(scope="module")
def differs(shared_data: Path) -> Callable[[], bool]:
    answered = placement_pairs.few(shared_data)

    def found() -> bool:
        from tests.support import placement_pairs  # the package is read anew there, and so must this be

        return placement_pairs.differs_from(answered, shared_data)

    return found


# Here every sixth; `make prove` plants them all.
@pytest.mark.parametrize(("why", "module", "was", "now"), FAULTS[::6], ids=[fault[0] for fault in FAULTS[::6]])
def test_a_planted_fault_is_found(differs: Callable[[], bool], why: str, module: str, was: str, now: str) -> None:
    assert not mutants.survives(mutants.planted(module, was, now, PACKAGE), differs), why


def test_without_a_fault_nothing_differs(differs: Callable[[], bool]) -> None:
    unchanged = mutants.planted("placement", "Never below the year that comes next by default", "Never below", PACKAGE)
    assert mutants.survives(unchanged, differs)


def test_there_are_enough_faults_and_each_can_be_planted() -> None:
    assert len({fault[0] for fault in FAULTS}) == len(FAULTS) >= 20
    for _, module, was, now in FAULTS:
        compile(mutants.planted(module, was, now, PACKAGE).source, module, "exec")
