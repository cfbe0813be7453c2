"""Links held against known pairs: the figures by their definitions, and every oddity told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.identity.files import truth

IDS = st.sampled_from("abcdef")
PAIRS = st.lists(st.tuples(IDS, IDS).filter(lambda pair: pair[0] != pair[1]), max_size=12)
LISTED = st.lists(
    st.tuples(st.tuples(IDS, IDS).filter(lambda pair: pair[0] != pair[1]), st.sampled_from(["link", "review"]))
)


@given(PAIRS, LISTED)
def test_the_figures_are_those_of_the_definitions(true: list[truth.Ids], listed: list[tuple[truth.Ids, str]]) -> None:
    known = {frozenset(each) for each in true}
    links = {frozenset(ids) for ids, verdict in listed if verdict == "link"}
    reviews = {frozenset(ids) for ids, verdict in listed if verdict == "review"} - links
    found = truth.measure(true, listed)
    assert found.precision == (len(links & known) / len(links) if links else 1)
    assert found.recall == (len(links & known) / len(known) if known else 1)
    if found.precision + found.recall:
        harmonic = 2 * found.precision * found.recall / (found.precision + found.recall)
        assert found.f1 == pytest.approx(harmonic) or not (links and known)
    assert found.review_share == (len(reviews) / (len(reviews) + len(links)) if reviews or links else 0)
    assert found.true_in_review == len(reviews & known)


@given(PAIRS, LISTED)
def test_the_order_of_a_pair_and_of_the_pairs_does_not_matter(
    true: list[truth.Ids], listed: list[tuple[truth.Ids, str]]
) -> None:
    turned = [((other, one), verdict) for (one, other), verdict in reversed(listed)]
    assert truth.measure(true, listed) == truth.measure([(other, one) for one, other in reversed(true)], turned)


def test_between_two_files_that_use_the_same_ids_order_matters_where_it_is_said_to() -> None:
    true, listed = [("1", "2")], [(("2", "1"), "link")]
    assert truth.measure(true, listed).recall == 1
    assert truth.measure(true, listed, ordered=True).recall == 0


@pytest.mark.parametrize(
    ("true", "listed", "words"),
    [
        ([("a", "b"), ("b", "a")], [], "1 pairs of the truth stand there twice"),
        ([("a", "b")], [(("a", "b"), "link"), (("b", "a"), "review")], "1 pairs of the links stand there twice"),
        ([("a", "a")], [], "a row with itself"),
        ([("a", "b")], [(("a", "x"), "link")], "1 ids of the links stand in no pair of the truth"),
        ([("a", "b")], [(("x", "y"), "link")], "are these files of the same rows?"),
        ([("a", "b"), ("b", "c")], [], "1 pairs follow from the truth"),
        ([("a", "b")], [(("a", "b"), "maybe")], "neither link nor review"),
    ],
)
def test_what_is_odd_is_told(true: list[truth.Ids], listed: list[tuple[truth.Ids, str]], words: str) -> None:
    assert any(words in each for each in truth.measure(true, listed).findings)


def test_where_nothing_is_odd_nothing_is_told() -> None:
    found = truth.measure([("a", "b"), ("c", "d")], [(("a", "b"), "link"), (("c", "d"), "review")])
    assert found.findings == ()
