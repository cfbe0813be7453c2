"""Weights learned from files: what was planted is found again, and little data changes little."""

from __future__ import annotations

import math
from collections import Counter
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.identity import patterns
from registry.identity.files import fitting
from registry.identity.patterns import Pattern
from tests.support import file_people

WEIGHTS = file_people.rules(1000).weights
FIELDS = {
    "given": (("exact", 0.85, 0.02), ("similar", 0.10, 0.08), ("other", 0.05, 0.90)),
    "family": (("exact", 0.80, 0.01), ("near", 0.12, 0.01), ("other", 0.08, 0.98)),
    "birth": (("day", 0.90, 0.0005), ("part", 0.07, 0.02), ("other", 0.03, 0.9795)),
    "identifier": (("same", 0.90, 0.0001), ("slip", 0.05, 0.0001), ("differ", 0.05, 0.9998)),
    "sex": (("same", 0.98, 0.5), ("other", 0.02, 0.5)),
}
MATES, OTHERS, ALL = 2_000, 20_000, 4_000_000.0


def drawn(random: Random, *, of_one: bool, count: int) -> Counter[Pattern]:
    """Pairs of one person, or of two, with the levels the table says."""
    patterns = Counter[Pattern]()
    for _ in range(count):
        levels = [(field, _level(random, field, of_one=of_one)) for field in FIELDS if random.random() < 0.95]
        patterns[tuple(levels)] += 1
    return patterns


def _level(random: Random, field: str, *, of_one: bool) -> str:
    names, m, u = zip(*FIELDS[field], strict=True)
    return random.choices(names, m if of_one else u)[0]


@pytest.fixture(scope="module")
def learned() -> fitting.Weights:
    random = Random(3)
    others = drawn(random, of_one=False, count=OTHERS)
    near = drawn(random, of_one=True, count=MATES) + Counter(
        {each: count for each, count in others.items() if ("birth", "day") in each or ("family", "exact") in each}
    )
    return fitting.fitted(WEIGHTS, others, near, of_all=ALL)


@pytest.mark.parametrize(
    ("field", "level", "m", "u"), [(field, *each) for field, held in FIELDS.items() for each in held], ids=str
)
def test_what_was_planted_is_found_again(learned: fitting.Weights, field: str, level: str, m: float, u: float) -> None:
    found = learned.level(field, level)
    assert found.m == pytest.approx(m, rel=0.25)
    if u * OTHERS >= 100:  # rarer ones lean on the weights before
        assert found.weight == pytest.approx(math.log2(m / u), abs=0.5)


def test_the_prior_is_the_share_of_pairs_that_are_one_person(learned: fitting.Weights) -> None:
    assert learned.prior == pytest.approx(math.log2(MATES / ALL), abs=0.3)


def test_learned_weights_say_so_and_cap_no_household(learned: fitting.Weights) -> None:
    assert "fitted" in learned.version
    assert learned.household_cap == learned.clan_cap == math.inf


def test_what_was_not_seen_keeps_its_weight(learned: fitting.Weights) -> None:
    assert learned.level("mother", "exact") == WEIGHTS.level("mother", "exact")


def test_a_few_pairs_change_little() -> None:
    random = Random(4)
    learned = fitting.fitted(
        WEIGHTS, drawn(random, of_one=False, count=30), drawn(random, of_one=True, count=3), of_all=435.0
    )
    for field, held in FIELDS.items():
        for level, *_ in held:
            before, after = WEIGHTS.level(field, level), learned.level(field, level)
            if before.m > 0.001:
                assert after.weight == pytest.approx(before.weight, abs=1.5), (field, level)


def test_nothing_seen_is_nothing_learned() -> None:
    assert fitting.fitted(WEIGHTS, Counter(), Counter(), of_all=1.0) is WEIGHTS


def _village(shares: dict[str, int]) -> fitting.Weights:
    drawn = Counter({(("village", level), ("given", "other"), ("birth", "other")): n for level, n in shares.items()})
    return fitting.grounded(WEIGHTS, drawn)


def test_in_a_file_of_one_village_the_village_says_nothing() -> None:
    assert _village({"same": 5000}).level("village", "same").weight == pytest.approx(0.0, abs=0.1)


def test_where_villages_are_as_many_as_anywhere_nothing_changes() -> None:
    assert _village({"same": 100, "other": 4900}) == WEIGHTS


def test_what_agrees_by_chance_as_rarely_as_never_is_believed_no_more_for_it() -> None:
    assert _village({"other": 5000}).level("village", "same") == WEIGHTS.level("village", "same")


def test_the_mates_of_a_small_file_are_no_chance() -> None:
    mates = (("given", "exact"), ("family", "exact"), ("birth", "day"), ("identifier", "same"))
    strangers = (("given", "other"), ("family", "other"), ("birth", "other"), ("identifier", "differ"))
    assert fitting.grounded(WEIGHTS, Counter({mates: 50, strangers: 50})) == WEIGHTS


@given(st.dictionaries(st.sampled_from(sorted(WEIGHTS.levels)), st.integers(1, 5000), max_size=8))
def test_grounding_never_makes_anything_weigh_more_nor_speak_against(counts: dict[tuple[str, str], int]) -> None:
    grounded = fitting.grounded(WEIGHTS, Counter({(level,): count for level, count in counts.items()}))
    for level, before in WEIGHTS.levels.items():
        assert min(0.0, before.weight) <= grounded.levels[level].weight <= max(0.0, before.weight)
        assert grounded.levels[level].m == before.m


@pytest.mark.parametrize(("left", "right", "within"), [(1, 1, True), (2, 2, True), (50, 50, True), (3, 70, False)])
def test_pairs_are_drawn_from_all_over_and_never_a_row_with_itself(left: int, right: int, within: bool) -> None:
    pairs = [*patterns.pairs_drawn(left, right, 5000, within=within)]
    assert all(0 <= one < left and 0 <= other < right for one, other in pairs)
    assert not (within and any(one == other for one, other in pairs))
    if min(left, right) > 2:
        assert {each for pair in pairs for each in pair} == {*range(max(left, right))}
        assert len({*pairs}) > 0.8 * min(5000, left * (right - 1) // 2 if within else left * right)
