"""The engine against the rule written a second time, on real structures of real countries."""

from datetime import date
from pathlib import Path

import pytest

from tests.support import placement_pairs
from tests.support.placement_pairs import COUNTRIES

# Near the start of a September year, in the middle of one, and in years whose structures were others.
DAYS = (date(2023, 9, 10), date(2024, 2, 3), date(1998, 6, 30), date(2009, 11, 5))


@pytest.mark.parametrize("on", DAYS, ids=str)
def test_the_engine_agrees_with_the_oracle_on_pairs_of_countries(shared_data: Path, on: date) -> None:
    """A third of the pairs each; `make prove` has them all, and all 225 countries."""
    cases = list(placement_pairs.pair_cases(COUNTRIES, range(1, 13), on))[:: len(DAYS) - 1]
    differing, seconds = placement_pairs.judged(
        cases, placement_pairs.shelved(shared_data), placement_pairs.oracle(shared_data)
    )
    assert differing == []
    assert len(cases) == len(COUNTRIES) * (len(COUNTRIES) - 1) * 12 // (len(DAYS) - 1)
    assert sorted(seconds)[int(len(seconds) * 0.95)] < 0.02


def test_the_pairs_are_as_many_as_those_of_the_reference() -> None:
    assert len(list(placement_pairs.pair_cases(COUNTRIES, range(1, 13), DAYS[0]))) == 11_160
