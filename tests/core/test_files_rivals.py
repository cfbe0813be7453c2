"""Who else fits: the level of a pair among its neighbours, and what the levels weigh."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from math import isclose
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.identity.files import rivals
from registry.identity.files.comparing import Rules
from registry.identity.files.rivals import Scored
from registry.identity.files.rows import Row
from registry.identity.match import Match
from tests.core.test_files_verdicts import AMINA, BARE, BROTHER, COUSIN, rows
from tests.support import file_people

OTHER = AMINA | {"given": "Yasmine", "birth": "2013-01-07"}
HALF = AMINA | {"father": "", "mother": "", "birth": "2014"}
"""Less is known of it than of the others."""


def compared(people: Sequence[Row], rules: Rules, *, second: int | None = None) -> list[Scored]:
    """Every two rows (across two files, where a second begins), but for those that cannot matter."""
    pairs = [(one, two) for one, two in combinations(range(len(people)), 2) if second is None or one < second <= two]
    found = [(one, two, file_people.decide(people[one], people[two], rules)) for one, two in pairs]
    return [each for each in found if each[2].score >= rules.floor]


def levels(people: Sequence[dict[str, str]], *, second: int | None = None) -> dict[tuple[int, int], str]:
    read = rows(*people)
    rules = file_people.rules(len(read))

    def decide(one: int, two: int) -> Match:
        return file_people.decide(read[one], read[two], rules)

    pairs = compared(read, rules, second=second)
    found = rivals.levels(pairs, decide, rules)
    return {(one, two): level for (one, two, _), level in zip(pairs, found, strict=True)}


# what stands in one file | the level of the first two rows
ONE_FILE = [
    ("nobody else", [AMINA, AMINA], "alone"),
    ("a brother is nobody who fits", [AMINA, AMINA, BROTHER], "alone"),
    ("a third that is plainly both", [AMINA, AMINA, AMINA], "alone"),
    ("a cousin fits one of them much less", [AMINA, AMINA, COUSIN], "alone"),
    ("who knows no parents may be either cousin", [BARE, AMINA, COUSIN], "near"),
    ("a cousin, and the row itself again", [AMINA, COUSIN, AMINA], "ahead"),
]


@pytest.mark.parametrize(("people", "level"), [each[1:] for each in ONE_FILE], ids=[each[0] for each in ONE_FILE])
def test_one_file(people: list[dict[str, str]], level: str) -> None:
    assert levels(people)[0, 1] == level


# the first row is one file | the others are the second | the levels of the pairs
TWO_FILES = [
    ("one in each", [AMINA], ["alone"]),
    ("a person whom the second file has twice", [AMINA, AMINA], ["alone", "alone"]),
    ("the cousin stands beside", [AMINA, COUSIN], ["alone", "ahead"]),
]


@pytest.mark.parametrize(("others", "told"), [each[1:] for each in TWO_FILES], ids=[each[0] for each in TWO_FILES])
def test_two_files(others: list[dict[str, str]], told: list[str]) -> None:
    assert [*levels([AMINA, *others], second=1).values()] == told


def test_the_order_of_the_pairs_changes_nothing() -> None:
    people = rows(AMINA, COUSIN, BARE, AMINA, HALF, OTHER)
    rules = file_people.rules(len(people))

    def decide(one: int, two: int) -> Match:
        return file_people.decide(people[one], people[two], rules)

    pairs = compared(people, rules)
    shuffled = Random(1).sample(pairs, len(pairs))
    told = dict(zip([each[:2] for each in shuffled], rivals.levels(shuffled, decide, rules), strict=True))
    assert [told[each[:2]] for each in pairs] == rivals.levels(pairs, decide, rules)


def _learned(likely: Sequence[float], of_pairs: Sequence[str]) -> dict[str, float]:
    rules = file_people.rules(10)
    pairs = [(0, 1, _match(each)) for each in likely]
    known = rivals.learned(rules, pairs, of_pairs).weights.levels
    assert isclose(sum(known[rivals.FIELD, each].m for each in rivals.LEVELS), 1.0)
    return {each: known[rivals.FIELD, each].weight for each in rivals.LEVELS}


def _match(likely: float) -> Match:
    people, by = rows(AMINA, AMINA), file_people.rules(10)
    found = file_people.decide(*people, by)
    return replace(found, probability=likely)


def test_without_pairs_neighbours_say_nothing() -> None:
    assert set(_learned([], []).values()) == {0.0}


def test_few_pairs_say_little() -> None:
    weighed = _learned([0.99] * 9 + [0.1], ["alone"] * 9 + ["ahead"])
    assert all(abs(each) < 0.1 for each in weighed.values())


def test_many_pairs_say_what_they_show() -> None:
    weighed = _learned([0.99] * 90_000 + [0.1] * 10_000, ["alone"] * 90_000 + ["ahead"] * 10_000)
    assert weighed["alone"] > 0.9
    assert weighed["ahead"] < -3.0


def test_that_somebody_else_fits_as_well_never_speaks_for_a_pair() -> None:
    weighed = _learned([0.99] * 500 + [0.1] * 500, ["near"] * 500 + ["alone"] * 500)
    assert weighed["near"] == 0.0


def test_a_crowd_taken_for_a_few_people_teaches_nothing_in_favour_of_a_pair() -> None:
    crowd = _learned([0.95] * 900 + [0.99] * 100, ["near"] * 900 + ["alone"] * 100)
    assert crowd["alone"] == 0.0


@given(st.lists(st.tuples(st.floats(0.0, 1.0), st.sampled_from(rivals.LEVELS)), max_size=60))
def test_a_level_that_no_pair_has_is_no_infinity(pairs: list[tuple[float, str]]) -> None:
    weighed = _learned([likely for likely, _ in pairs], [level for _, level in pairs])
    assert all(abs(each) < 10 for each in weighed.values())
