"""A sketch ranks whom to compare first: its own record before others, and what is missing says nothing."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from registry.identity import demographics, sketch
from registry.identity.demographics import Demographics
from tests.support import mild_families

NUMBERS = st.lists(st.integers(0, 3), min_size=7, max_size=7).map(tuple)


def people(seed: int, count: int) -> list[tuple[int, Demographics]]:
    """Records of a world, with the person each is about."""
    made = mild_families.world(seed, count)
    return [
        (person, demographics.of(mild_families.patient(f"r{at}", each.cells)))
        for at, (person, _, each) in enumerate(made)
    ]


@given(NUMBERS, NUMBERS)
def test_it_does_not_matter_which_comes_first(one: sketch.Sketch, other: sketch.Sketch) -> None:
    assert sketch.agreement(one, other) == sketch.agreement(other, one)


@given(NUMBERS, st.integers(0, 6))
def test_what_one_of_them_lacks_says_nothing(one: sketch.Sketch, at: int) -> None:
    without = (*one[:at], 0, *one[at + 1 :])
    other = (*one[:at], 99, *one[at + 1 :])
    assert sketch.agreement(without, one) == sketch.agreement(without, other)


@given(NUMBERS)
def test_nobody_agrees_more_with_somebody_than_the_same_person(one: sketch.Sketch) -> None:
    assert sketch.agreement(one, one) >= max(
        sketch.agreement(one, (*one[:at], 99, *one[at + 1 :])) for at in range(len(one))
    )


def test_nobody_has_no_sketch() -> None:
    assert set(sketch.of(Demographics())) == {0}


def test_most_records_of_one_person_stand_first_among_many_others() -> None:
    known = people(3, 400)
    drawn = [(person, sketch.of(each)) for person, each in known]
    first = second = 0
    for at, (person, own) in enumerate(drawn):
        others = [each for place, each in enumerate(drawn) if place != at]
        if person in {each for each, _ in others}:
            second += 1
            near = sorted(others, key=lambda each: -sketch.agreement(own, each[1]))[:25]
            first += person in {each for each, _ in near}
    assert first > 0.97 * second > 100


def test_a_place_that_is_unknown_costs_nothing() -> None:
    (_, known), *_ = people(Random(1).randrange(100), 3)
    own, other = sketch.of(known), sketch.of(replace(known, villages=()))
    assert [at for at, number in enumerate(other) if number != own[at]] == [5]
    assert sketch.agreement(own, other) == sketch.agreement(other, other)
