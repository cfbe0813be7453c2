"""What stewards parted stays parted, and the log of judgements alone gives the persons that are stored."""

from __future__ import annotations

import pytest

from registry.flows import match
from registry.identity import judgements
from registry.identity.judgements import Judgement
from registry.settings import Settings
from tests.bench import histories

pytestmark = pytest.mark.anyio


async def test_no_broken_link_returns_and_rebuilding_gives_the_same_persons(settings: Settings) -> None:
    outcome = await histories.play(settings, histories=6, seed=3)
    assert outcome.returned == 0
    assert outcome.differences == 0
    assert outcome.acts["parted"] > 0, "nothing was parted, so nothing is proved"
    assert set(outcome.acts) == set(histories.ACTS)


async def test_the_measure_finds_a_link_that_comes_back(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def the_latest(judgement: Judgement) -> tuple[object, ...]:
        return (judgement.at, judgement.id)

    monkeypatch.setattr(match, "_is_refused", lambda *_: False)
    monkeypatch.setattr(judgements, "_rank", the_latest)
    outcome = await histories.play(settings, histories=6, seed=1)
    assert outcome.returned > 0
