"""The laws of dose histories on a few lives each time; `make prove` tells a hundred thousand (tests/bench)."""

from random import Random

import pytest

from tests.bench import dose_histories
from tests.support import history_faults, history_laws, retold, weighed

QUICKLY_SEEN = (
    "oral and injected polio vaccine are one",
    "too close is five weeks",
    "a partial date joins by its lot alone",
    "a number makes one of all its doses",
    "any doses of a day are parts",
    "nothing is in doubt",
)
LIVES = list(retold.lives(60, 7))


@pytest.mark.parametrize("law", history_laws.LAWS)
def test_no_life_breaks_the_law(law: str) -> None:
    some = {law: history_laws.LAWS[law]}
    assert [each for life in LIVES for each in history_laws.broken(life, Random(1), some)] == []


def test_most_doses_told_again_are_one_and_the_rest_is_marked() -> None:
    found = weighed.weighed(LIVES)
    assert found.wrong == 0
    assert found.missed < 0.05 * found.repeats
    assert found.marked + found.missed < 0.35 * found.repeats


@pytest.mark.parametrize("fault", QUICKLY_SEEN)
def test_a_planted_fault_is_seen(fault: str) -> None:
    assert fault in history_faults.FAULTS
    assert dose_histories.unseen_faults_among([fault], 200, 1) == []


def test_a_history_told_anew_in_other_codes_is_the_same_history() -> None:
    """Exact codes of five systems and names, three sources, a fifth of the doses twice."""
    for life in LIVES:
        given = sorted({(each.cvx, each.day) for each in life.given})
        told = weighed.retold_events(retold.retell(given, Random(3), exact=True))
        assert sorted((cvx, each.when.first) for each in told if each.when for cvx in each.cvx) == given
        assert not any(each.possible_duplicate_of for each in told)
