"""Candidates in memory: everything that shares a key, and everything brute force would link, with a bound."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.identity.files import nearby
from registry.identity.files.nearby import FACTS, MOST, PER_KEY, Filed, Near
from registry.identity.files.rows import Row
from registry.identity.match import Verdict
from tests.support import file_people

TELLING = nearby.telling(file_people.rules(1000).weights)


def found(rows: Sequence[Row]) -> set[tuple[int, int]]:
    """The pairs of one file."""
    near = nearby.near(*_filed(rows), TELLING, within=True, asking=len(rows))
    return set(zip(near.left.tolist(), near.right.tolist(), strict=True))


def _filed(rows: Sequence[Row]) -> tuple[nearby.Index, Filed, nearby.Hashes]:
    places = range(len(rows))
    facts = np.array([nearby.facts(each) for each in rows], dtype=np.uint64).reshape(len(rows), FACTS)
    stored, asked = zip(*map(nearby.hashed, rows), strict=True)
    return nearby.index(nearby.filed(places, stored), facts), nearby.filed(places, asked), facts


def test_the_candidates_are_the_rows_that_share_a_key() -> None:
    rows = _people(Random(1), households=25)
    sharing = {
        (one, other)
        for one, other in combinations(range(len(rows)), 2)
        if nearby.asked(rows[one]) & nearby.stored(rows[other])
    }
    assert found(rows) == sharing


def _people(random: Random, households: int) -> list[Row]:
    once = file_people.population(random, households)
    again = [file_people.told_again(random, each, f"{each['id']}-x", slips=random.randint(0, 4)) for each in once]
    return file_people.read([*once, *again])


@settings(max_examples=15)
@given(st.integers(0, 10_000))
def test_the_candidates_contain_whatever_brute_force_would_link(seed: int) -> None:
    rows = _people(Random(seed), households=8)
    rules = file_people.rules(len(rows))
    links = {
        (one, other)
        for one, other in combinations(range(len(rows)), 2)
        if file_people.decide(rows[one], rows[other], rules).verdict is Verdict.LINK
    }
    assert links <= found(rows)


def keyed(rows: dict[int, list[int]], facts: dict[int, list[int]]) -> Near:
    """The candidates among rows given by their keys and facts."""
    told = np.zeros((max(rows) + 1, FACTS), dtype=np.uint64)
    for row, held in facts.items():
        told[row, : len(held)] = held
    entries = nearby.filed([*rows], rows.values())
    return nearby.near(nearby.index(entries, told), entries, told, TELLING, within=True, asking=len(rows))


def pairs(near: Near) -> set[tuple[int, int]]:
    return set(zip(near.left.tolist(), near.right.tolist(), strict=True))


def test_a_key_that_many_share_finds_those_who_share_one_fact_more() -> None:
    rows = {row: [7] for row in range(1000)}
    facts = {row: [1000 + row] for row in rows} | {3: [50, 61], 900: [51, 61]}
    assert pairs(keyed(rows, facts)) == {(3, 900)}


def test_a_fact_that_many_share_as_well_is_narrowed_by_two_and_three() -> None:
    rows = {row: [7] for row in range(1000)}
    facts = {row: [1, 2, 10_000 + row] for row in rows}
    facts[3] = facts[900] = [1, 2, 5]
    assert pairs(keyed(rows, facts)) == {(3, 900)}


@pytest.mark.parametrize("count", [PER_KEY, PER_KEY + 1, 2000])
def test_rows_that_are_all_alike_are_sampled_each_about_its_own_place(count: int) -> None:
    near = keyed({row: [7] for row in range(count)}, {row: [1, 2, 3, 4] for row in range(count)})
    of_row = np.bincount(near.left, minlength=count)
    assert of_row.max() <= PER_KEY
    assert of_row[: count // 2].min() > 0


def test_a_row_has_a_bounded_number_of_candidates_the_most_telling_first() -> None:
    """A hundred and fifty rows behind each of ten keys; one shares two keys and must not be lost."""
    rows = {0: [*range(10)]} | {1 + at: [at % 10] for at in range(1499)} | {1500: [3, 4]}
    near = keyed(rows, {})
    mine = near.right[near.left == 0]
    assert len(mine) == MOST
    assert mine[0] == 1500
    assert near.cut >= 1


def test_a_hundred_thousand_rows_behind_one_key_are_bounded() -> None:
    count = 100_000
    entries = Filed(keys=np.full(count, 7, dtype=np.uint64), rows=np.arange(count))
    told = np.zeros((count, FACTS), dtype=np.uint64)
    told[:, 0] = 1
    told[:, 1] = np.arange(count) // 2 + 5  # pairs
    index = nearby.index(entries, told)
    asked = Filed(keys=entries.keys[:1000], rows=entries.rows[:1000])
    near = nearby.near(index, asked, told, TELLING, within=True, asking=count)
    found = set(zip(near.left.tolist(), near.right.tolist(), strict=True))
    assert {(each, each + 1) for each in range(0, 1000, 2)} <= found
    assert np.bincount(near.left).max() <= MOST


def test_across_two_files_the_second_is_found_by_the_first_only() -> None:
    told = np.zeros((4, FACTS), dtype=np.uint64)
    index = nearby.index(nearby.filed([2, 3], [[7], [8]]), told)
    near = nearby.near(index, nearby.filed([0, 1], [[7], [7, 8]]), told, TELLING, within=False, asking=2)
    assert pairs(near) == {(0, 2), (1, 2), (1, 3)}
