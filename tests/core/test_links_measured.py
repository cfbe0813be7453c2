"""How links are measured, held against the naive way; and the milder world, against what it says of itself."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from tests.bench.peers import figures, growth, romanised
from tests.bench.peers.figures import Found, Pair, Score
from tests.support import mild_families

IDS = [f"r{at}" for at in range(8)]
PERSONS = st.lists(st.integers(0, 3), min_size=len(IDS), max_size=len(IDS))
RANKED = st.permutations([*combinations(IDS, 2)]).flatmap(lambda pairs: st.integers(0, 12).map(lambda n: pairs[:n]))


def _true(persons: list[int]) -> set[Pair]:
    of = dict(zip(IDS, persons, strict=True))
    return {(one, other) for one, other in combinations(IDS, 2) if of[one] == of[other]}


def _found(pairs: list[Pair]) -> list[Found]:
    return [Found(pair, float(-at), 0.5, is_link=at % 2 == 0) for at, pair in enumerate(pairs)]


@given(PERSONS, RANKED)
def test_closing_persons_as_the_threshold_falls_counts_what_closing_them_anew_counts(persons, ranked):
    true = _true(persons)
    swept = list(figures.closed_sweep(_found(ranked), true))
    for at, score in enumerate(swept, start=1):
        links = _closed_naively(ranked[:at])
        assert (score.links, score.true, score.of) == (len(links), len(links & true), len(true))


def _closed_naively(links: list[Pair]) -> set[Pair]:
    held = {frozenset(each) for each in links}
    while more := {one ^ other for one in held for other in held if len(one & other) == 1} - held:
        held |= more
    return {(min(each), max(each)) for each in held}


@given(RANKED)
def test_the_pairs_of_persons_are_those_that_follow_from_their_links(ranked):
    assert figures.closed(ranked) == _closed_naively(ranked)


@given(PERSONS, RANKED)
def test_a_sweep_ends_with_everything_and_each_threshold_adds_a_pair(persons, ranked):
    true = _true(persons)
    swept = list(figures.sweep(_found(ranked), true))
    assert [each.links for each in swept] == [*range(1, len(ranked) + 1)]
    assert all(each.true == len({*ranked[: each.links]} & true) for each in swept)


def test_the_most_found_at_a_precision_is_not_the_first_that_has_it():
    scores = [Score(1, 1, 10), Score(2, 1, 10), Score(10, 9, 10), Score(20, 10, 10)]
    assert figures.best_recall(scores, precision=0.9, of=10) == Score(10, 9, 10)
    assert figures.best_recall(scores, precision=0.5, of=10) == Score(20, 10, 10)
    assert figures.best_recall([], precision=0.5, of=10).recall == 0.0
    assert figures.best_f1(scores, of=10) == Score(10, 9, 10)
    assert Score(10_000, 9_999, 10_000).wrong_in_10_000 == 1.0


def test_recall_by_kind_counts_each_true_pair_once():
    true = {("a1", "a2"), ("b1", "b2"), ("a1", "a3")}
    found = figures.recall_by({("a1", "a2")}, true, lambda pair: pair[0][0])
    assert found == {"a": (0.5, 2), "b": (0.0, 1)}


def test_names_of_every_script_become_small_latin_letters():
    assert romanised.plain("Đặng Thị-Lan") == "dang thi lan"
    assert romanised.plain("يوسف") == "ywsf"
    assert romanised.plain("Юсуф ") == "yusuf"


def test_growth_goes_on_as_between_the_last_two_sizes():
    assert round(growth.on_paper([(10, 7.0), (100, 2.0), (1000, 4.0)], 10_000), 6) == 8.0
    assert growth.page({"candidates": [(10_000, 12.0), (100_000, 30.0)]}).count("<circle") == 2


def test_the_milder_world_is_as_it_is_described():
    entries = list(mild_families.world(3, 3000))
    children = {number: child for number, child, _ in entries}
    drifts = Counter(drift for _, _, made in entries for drift in made.drifts)
    moved, default = drifts["new village"] / len(entries), drifts["default birth"] / len(entries)
    assert len(children) == 3000
    assert 1.55 < len(entries) / 3000 < 1.65
    assert 0.27 < moved < 0.33
    assert 0.16 < default < 0.20
    assert not any(each.twin for each in children.values())
    births = Counter((each.father, each.family, each.mother, each.village, each.birth) for each in children.values())
    assert max(births.values()) == 1
    households = Counter((each.father, each.family, each.mother, each.village) for each in children.values())
    assert sum(count for count in households.values() if count > 1) > 1500


def test_the_milder_world_is_the_same_for_the_same_seed_and_has_twins_where_asked():
    once, again = ([made.cells for _, _, made in mild_families.world(4, 50)] for _ in range(2))
    assert once == again
    assert any(child.twin for _, child, _ in mild_families.world(3, 500, twins=0.2))
