"""Pairs settled among each other: rivals, contradictions, twins, copies, and an answer that no order changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.identity.compare import Comparison, Evidence
from registry.identity.files import rivals, verdicts
from registry.identity.files.comparing import Rules
from registry.identity.files.rows import Row
from registry.identity.files.verdicts import Pair, Settled
from registry.identity.match import Match, Verdict
from registry.identity.vetoes import Veto
from tests.support import file_people

AMINA = {
    "given": "Amina",
    "family": "Haddad",
    "father": "Karim",
    "mother": "Khadija",
    "birth": "2014-12-25",
    "sex": "F",
}
COUSIN = AMINA | {"father": "Redouane", "mother": "Zineb"}
BARE = {"given": "Amina", "family": "Haddad", "birth": "2014-12-25", "sex": "F"}
TWIN = AMINA | {"given": "Amira"}
IBRAHIM = AMINA | {"given": "Ibrahim", "sex": "M"}
SLIPPED = IBRAHIM | {"given": "Ibrahum"}
SIMILAR = IBRAHIM | {"given": "Ibraim"}
BROTHER = AMINA | {"given": "Yousef", "sex": "M", "birth": "2016-05-03"}


def rows(*people: dict[str, str]) -> list[Row]:
    whole = [{**dict.fromkeys(file_people.HEADER, ""), **each, "id": str(at)} for at, each in enumerate(people)]
    return file_people.read(whole)


def settled(people: Sequence[Row], *, second: int | None = None, rules: Rules | None = None) -> Settled:
    """Every pair (across two files, where a second begins) decided and settled: candidates by brute force."""
    by = rules or file_people.rules(len(people))

    def decide(left: int, right: int) -> Match:
        return file_people.decide(people[left], people[right], by)

    places = combinations(range(len(people)), 2)
    pairs = [
        Pair(left=one, right=other, match=decide(one, other))
        for one, other in places
        if second is None or one < second <= other
    ]
    return verdicts.settle([each for each in pairs if each.match.score >= by.floor], decide, by, second=second)


def told(found: Settled) -> tuple[set[tuple[int, ...]], set[tuple[int, int]]]:
    return {*found.persons}, {(each.left, each.right) for each in found.reviews}


# what stands in one file | persons | pairs for review
ONE_FILE = [
    ("the same person twice", [AMINA, AMINA], {(0, 1)}, set()),
    ("two people", [AMINA, BROTHER], set(), set()),
    ("a twin beside is another, and a human is asked", [AMINA, TWIN], set(), {(0, 1)}),
    ("each twin twice: both are known, and nobody is asked", [AMINA, TWIN, AMINA, TWIN], {(0, 2), (1, 3)}, set()),
    ("a slip in the name, and no twin in sight", [IBRAHIM, SLIPPED], {(0, 1)}, set()),
    ("a slip that may be one's name or the twin's", [IBRAHIM, SIMILAR, SLIPPED], set(), {(0, 1), (0, 2), (1, 2)}),
    ("cousins of one name and birth date: a human is asked", [AMINA, COUSIN], set(), {(0, 1)}),
    ("who knows no parents may be either cousin", [AMINA, COUSIN, BARE], set(), {(0, 1), (0, 2), (1, 2)}),
    ("three times the same", [AMINA, AMINA, AMINA], {(0, 1, 2)}, set()),
    ("little known of one, and both others are one", [AMINA, BARE, AMINA], {(0, 1, 2)}, set()),
]  # fmt: skip


@pytest.mark.parametrize(
    ("people", "persons", "reviews"), [each[1:] for each in ONE_FILE], ids=[each[0] for each in ONE_FILE]
)
def test_one_file(people: list[dict[str, str]], persons: set[tuple[int, ...]], reviews: set[tuple[int, int]]) -> None:
    assert told(settled(rows(*people))) == (persons, reviews)


TWO_FILES = [
    ("one in each", [AMINA], [AMINA], {(0, 1)}, set()),
    ("a person whom the second file has twice", [AMINA], [AMINA, AMINA], {(0, 1, 2)}, set()),
    ("each twin finds its own", [AMINA, TWIN], [TWIN, AMINA], {(0, 3), (1, 2)}, set()),
    ("one twin is in one file and the other in the other", [AMINA], [TWIN], set(), {(0, 1)}),
    ("nobody can tell which cousin", [BARE], [AMINA, COUSIN], set(), {(0, 1), (0, 2)}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("left", "right", "persons", "reviews"), [each[1:] for each in TWO_FILES], ids=[each[0] for each in TWO_FILES]
)
def test_two_files(
    left: list[dict[str, str]],
    right: list[dict[str, str]],
    persons: set[tuple[int, ...]],
    reviews: set[tuple[int, int]],
) -> None:
    assert told(settled(rows(*left, *right), second=len(left))) == (persons, reviews)


def test_a_link_that_joins_what_contradicts_is_left_to_a_human() -> None:
    """A row without parents fits the one cousin and, said otherwise, the other; they must not become one through it."""
    found = settled(rows(AMINA, BARE | {"father": "Karim"}, COUSIN | {"father": "", "mother": ""}, COUSIN))
    assert not any({0, 3} <= {*each} for each in found.persons)


def test_a_review_says_why_a_link_was_not_made() -> None:
    found = settled(rows(BARE, AMINA, COUSIN), second=1)
    assert all(Veto.RIVAL.value in each.explanation() for each in found.reviews)


def _world(seed: int) -> list[Row]:
    random = Random(seed)
    once = file_people.population(random, 4)
    again = [file_people.told_again(random, each, f"{each['id']}-x", slips=random.randint(0, 2)) for each in once]
    return file_people.read([*once, *again])


@settings(max_examples=15)
@given(st.integers(0, 10_000), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_changes_nothing(seed: int, random: Random) -> None:
    people = _world(seed)
    order = [*range(len(people))]
    random.shuffle(order)
    rules = file_people.rules(len(people))
    persons, reviews = told(settled(people, rules=rules))
    of_shuffled, reviews_of_shuffled = told(settled([people[each] for each in order], rules=rules))
    assert {tuple(sorted(order[each] for each in one)) for one in of_shuffled} == persons
    assert {tuple(sorted((order[one], order[other]))) for one, other in reviews_of_shuffled} == reviews


def test_what_neighbours_say_is_no_lead_before_a_rival() -> None:
    """Of two cousins who may be one row, the second was weakened because of the first: that is no reason to link."""
    people, by = rows(BARE, AMINA, COUSIN), file_people.rules(3)
    sure, weak = (
        _with(file_people.decide(people[0], each, by), bits) for each, bits in ((people[1], 9), (people[2], -9))
    )
    linked = replace(sure, verdict=Verdict.LINK)
    pairs = [Pair(left=0, right=1, match=linked), Pair(left=0, right=2, match=weak)]
    found = verdicts.settle(pairs, lambda one, two: file_people.decide(people[one], people[two], by), by)
    assert found.persons == ()
    assert (0, 1) in {(each.left, each.right) for each in found.reviews}


def _with(match: Match, bits: float) -> Match:
    """The match with so many bits of what its neighbours say."""
    told = Evidence(field=rivals.FIELD, level="near", weight=bits, label="")
    evidence = Comparison(evidence=(*match.evidence.evidence, told))
    return replace(match, score=match.score + bits, evidence=evidence)


@settings(max_examples=15)
@given(st.integers(0, 10_000))
def test_nobody_is_in_two_persons_nor_both_linked_and_asked_about(seed: int) -> None:
    persons, reviews = told(settled(_world(seed)))
    placed = [each for person in persons for each in person]
    assert len(placed) == len({*placed})
    person = {each: number for number, held in enumerate(persons) for each in held}
    assert not any(one in person and person[one] == person.get(other) for one, other in reviews)


def test_gathering_pairs_parts_them_where_no_row_is_shared() -> None:
    match = file_people.decide(*rows(AMINA, AMINA), file_people.rules(2))
    pairs = [Pair(left=one, right=other, match=match) for one, other in ((1, 2), (5, 6), (2, 3), (9, 1))]
    gathered = [sorted((each.left, each.right) for each in one) for one in verdicts.clusters(pairs)]
    assert sorted(gathered) == [[(1, 2), (2, 3), (9, 1)], [(5, 6)]]


def listed(person: Sequence[int], second: int | None = None) -> list[tuple[int, int]]:
    match = file_people.decide(*rows(AMINA, AMINA), file_people.rules(2))
    return [(each.left, each.right) for each in verdicts.listed([person], {}, lambda *_: match, second=second)]


def test_every_pair_of_a_person_is_listed_and_across_two_files_only_those_across() -> None:
    assert sorted(listed([1, 2, 5])) == [(1, 2), (1, 5), (2, 5)]
    assert sorted(listed([1, 2, 5, 6], second=4)) == [(1, 5), (1, 6), (2, 5), (2, 6)]


def test_a_person_of_very_many_rows_is_listed_by_its_first_ones() -> None:
    assert len(listed(range(1000))) == 999
    across = listed(range(1000), second=400)
    assert len(across) == 999
    assert {each for pair in across for each in pair} == {*range(1000)}


def test_a_pair_joined_by_others_says_so() -> None:
    other = file_people.decide(*rows(AMINA, TWIN), file_people.rules(2))
    (pair,) = verdicts.listed([(1, 2)], {}, lambda *_: other, second=None)
    assert pair.verdict is Verdict.LINK
    assert verdicts.TOGETHER in pair.explanation()
