"""Worlds that differ in one protected fact look alike to whoever must not learn it."""

from __future__ import annotations

import pytest

from registry.settings import Settings
from tests.bench import interference
from tests.support import planted, twin_worlds

pytestmark = pytest.mark.anyio

SOME = (
    "a blank more for a refused child",
    "a desk learns that a child it registers is known",
    "whom a source holds twice is told with a count of all",
)


async def test_nobody_can_tell_two_worlds_apart_by_what_it_must_not_learn(settings: Settings) -> None:
    async with twin_worlds.stage(settings) as stage:
        pairs = [each async for each in twin_worlds.differences(stage, seed=3)]
    assert len(pairs) > 80
    assert [each for each in pairs if each] == []


async def test_planted_leaks_are_found(settings: Settings) -> None:
    found = await interference.found_leaks(settings, SOME)
    assert [name for name, each in found.items() if each is None] == []
    assert len(planted.LEAKS) >= 20
