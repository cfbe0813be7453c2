"""The timing proof in small: it asks about children who are there, and sees what is planted."""

from __future__ import annotations

from registry.settings import Settings
from tests.bench import existence
from tests.bench.existence import Planted


def test_the_spy_asks_about_known_children_and_sees_that_they_are_answered_later(settings: Settings) -> None:
    verdict = existence.spied(settings, 3, each=12, seconds=0.3, planted=Planted(after=0.1))
    assert verdict.is_identified
    assert verdict.one_size
    by_time = next(each for each in verdict.areas if each.judge == "time")
    assert by_time.auc > 0.8
    assert "absent" in by_time.pair
