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

RULES = file_people.rules(1000)
WEIGHTS = RULES.weights
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
    return fitting.fitted(WEIGHTS, RULES.kinship, others, near, of_all=ALL)[0]


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


def test_learned_weights_say_so(learned: fitting.Weights) -> None:
    assert "fitted" in learned.version


def test_what_was_not_seen_keeps_its_weight(learned: fitting.Weights) -> None:
    assert learned.level("mother", "exact") == WEIGHTS.level("mother", "exact")


def test_a_few_pairs_change_little() -> None:
    random = Random(4)
    others, near = drawn(random, of_one=False, count=30), drawn(random, of_one=True, count=3)
    learned, _ = fitting.fitted(WEIGHTS, RULES.kinship, others, near, of_all=435.0)
    for field, held in FIELDS.items():
        for level, *_ in held:
            before, after = WEIGHTS.level(field, level), learned.level(field, level)
            if before.m > 0.001:
                assert after.weight == pytest.approx(before.weight, abs=1.5), (field, level)


def test_nothing_seen_is_nothing_learned() -> None:
    assert fitting.fitted(WEIGHTS, RULES.kinship, Counter(), Counter(), of_all=1.0) == (WEIGHTS, RULES.kinship)


PARENT = (("exact", 0.9, 0.01), ("other", 0.1, 0.99))
SHARED = {"family": FIELDS["family"], "father": PARENT, "mother": PARENT}
OF_KIN = {"given": (("exact", 0.003), ("similar", 0.06), ("other", 0.937)), "birth": (("day", 0.025), ("other", 0.975))}


def _brothers(random: Random, count: int) -> Counter[Pattern]:
    """Pairs of brothers and sisters: the household as of one person, name and birth date another child's."""
    patterns = Counter[Pattern]()
    for _ in range(count):
        own = [(field, random.choices(*zip(*held, strict=True))[0]) for field, held in OF_KIN.items()]
        shared = [(field, random.choices(*zip(*((name, m) for name, m, _ in SHARED[field]), strict=True))[0])
                  for field in SHARED]  # fmt: skip
        patterns[(*own, *shared, ("sex", random.choice(("same", "other"))))] += 1
    return patterns


@pytest.mark.parametrize("brothers", [0, 4_000])
def test_brothers_and_sisters_are_not_taken_for_one_person_whose_name_was_written_wrongly(brothers: int) -> None:
    """However many there are: what is learned of one person stays what it is, and their number is found out."""
    random = Random(5)
    near = drawn(random, of_one=True, count=MATES) + _brothers(random, brothers)
    learned, kinship = fitting.fitted(
        WEIGHTS, RULES.kinship, drawn(random, of_one=False, count=OTHERS), near, of_all=ALL
    )
    assert learned.level("given", "other").m == pytest.approx(0.05, abs=0.03)
    assert learned.level("birth", "day").m == pytest.approx(0.9, abs=0.05)
    assert learned.prior == pytest.approx(math.log2(MATES / ALL), abs=0.3)
    if brothers:
        assert kinship.relatives == pytest.approx(math.log2(brothers / ALL), abs=0.5)
    else:
        assert kinship.relatives < learned.prior - 5.0


@given(st.permutations([*range(40)]))
def test_the_order_of_the_pairs_changes_nothing(order: list[int]) -> None:
    pairs = [*drawn(Random(6), of_one=True, count=40).elements()]
    of = Counter(pairs), Counter(pairs[each] for each in order)
    one, other = (fitting.fitted(WEIGHTS, RULES.kinship, each, each, of_all=1000.0)[0] for each in of)
    assert one.prior == pytest.approx(other.prior)
    assert all(one.levels[each].weight == pytest.approx(other.levels[each].weight) for each in one.levels)


@pytest.mark.parametrize(("left", "right", "within"), [(1, 1, True), (2, 2, True), (50, 50, True), (3, 70, False)])
def test_pairs_are_drawn_from_all_over_and_never_a_row_with_itself(left: int, right: int, within: bool) -> None:
    pairs = [*patterns.pairs_drawn(left, right, 5000, within=within)]
    assert all(0 <= one < left and 0 <= other < right for one, other in pairs)
    assert not (within and any(one == other for one, other in pairs))
    if min(left, right) > 2:
        assert {each for pair in pairs for each in pair} == {*range(max(left, right))}
        assert len({*pairs}) > 0.8 * min(5000, left * (right - 1) // 2 if within else left * right)
