"""The judge of the timing proof, held against what is known about it."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bench import spy
from tests.bench.spy import Told, auc

NUMBERS = st.lists(st.integers(0, 30).map(float), min_size=1, max_size=20)


@given(NUMBERS, NUMBERS)
def test_the_area_is_the_share_of_pairs_in_order(left: list[float], right: list[float]) -> None:
    pairs = [(one < other) + (one == other) / 2 for one in left for other in right]
    area = sum(pairs) / len(pairs)
    assert auc(left, right) == pytest.approx(max(area, 1 - area))


def _answers(took: Callable[[random.Random, bool, int], float]) -> list[Told]:
    dice = random.Random(4)
    known = [dice.random() < 0.5 for _ in range(4_000)]
    return [
        Told(name="known" if each else "absent", at=at, seconds=took(dice, each, at), size=1)
        for at, each in enumerate(known)
    ]


def _always_later(dice: random.Random, known: bool, _: int) -> float:
    return dice.gauss(0.4 + 0.001 * known, 0.001)


def _later_while_the_service_grows_busier(dice: random.Random, known: bool, at: int) -> float:
    return dice.gauss(0.4 + 0.001 * known, 0.0005) + at / 1_000


def _later_where_nothing_is_in_the_way(dice: random.Random, known: bool, _: int) -> float:
    return 0.4 + (dice.expovariate(1 / 0.05) if dice.random() < 0.7 else 0.0002 * known + dice.uniform(0, 0.0004))


def _more_varied(dice: random.Random, known: bool, _: int) -> float:
    return dice.gauss(0.4, 0.002 if known else 0.001)


@pytest.mark.parametrize(
    ("took", "judge"),
    [
        (_always_later, "time"),
        (_later_while_the_service_grows_busier, "time beside its neighbours"),
        (_later_where_nothing_is_in_the_way, "time of the fastest quarter"),
        (_more_varied, "learned"),
    ],
)
def test_what_one_judge_cannot_see_another_does(took: Callable[[random.Random, bool, int], float], judge: str) -> None:
    areas = {each.judge: each for each in spy.best(_answers(took))}
    assert areas[judge].auc > 0.6


def test_no_judge_sees_anything_where_there_is_nothing() -> None:
    assert spy.best(_answers(lambda dice, _, at: dice.gauss(0.4, 0.001) + at / 1_000))[0].auc < 0.55
