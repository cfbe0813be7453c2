"""From the moment a family is told that its withdrawal holds, no way of asking gives anything."""

from __future__ import annotations

import pytest

from registry.settings import Settings
from tests.bench import revocation

pytestmark = pytest.mark.anyio


async def test_no_read_that_begins_after_a_withdrawal_is_acknowledged_is_answered(settings: Settings) -> None:
    outcome = await revocation.interleave(settings, rounds=4, seed=7)
    assert outcome.after == 0
    assert outcome.alive == 0
    assert outcome.before > 0, "nothing was ever answered, so nothing is proved"
    assert set(outcome.paths) == set(revocation.PATHS)


async def test_the_measure_finds_a_withdrawal_that_is_acknowledged_too_early(settings: Settings) -> None:
    outcome = await revocation.interleave(settings, rounds=2, seed=7, early=True)
    assert outcome.after > 0
