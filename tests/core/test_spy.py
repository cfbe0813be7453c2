"""The judge of the timing proof, held against what is known about it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bench.existence import auc

NUMBERS = st.lists(st.integers(0, 30).map(float), min_size=1, max_size=20)


@given(NUMBERS, NUMBERS)
def test_the_area_is_the_share_of_pairs_in_order(left: list[float], right: list[float]) -> None:
    pairs = [(one < other) + (one == other) / 2 for one in left for other in right]
    area = sum(pairs) / len(pairs)
    assert auc(left, right) == pytest.approx(max(area, 1 - area))
