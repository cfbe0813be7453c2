"""How far probabilities are right, and what is counted of verdicts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry import library
from registry.identity import calibration, match
from registry.identity.compare import Comparison
from registry.identity.match import Match, Verdict
from registry.identity.vetoes import Veto

TOLD = st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=60)


@pytest.mark.parametrize(
    ("told", "error"),
    [
        ([], 0.0),
        ([(1.0, True), (0.0, False)], 0.0),
        ([(1.0, False), (0.0, True)], 1.0),
        ([(0.75, True)] * 3 + [(0.75, False)], 0.0),
        ([(0.9, True), (0.9, False), (0.1, False), (0.1, False)], 0.25),
    ],
)
def test_the_error_is_how_far_what_is_said_lies_from_what_is_so(told: list[tuple[float, bool]], error: float) -> None:
    assert calibration.error(told) == pytest.approx(error)


@given(TOLD)
def test_the_error_is_a_share_and_the_order_does_not_matter(told: list[tuple[float, bool]]) -> None:
    assert 0 <= calibration.error(told) <= 1
    assert calibration.error(told[::-1]) == pytest.approx(calibration.error(told))


def _match(verdict: Verdict, probability: float, *vetoes: Veto) -> Match:
    found = match.of_evidence(Comparison(evidence=()), library.load().weights)
    return Match(
        verdict=verdict, probability=probability, score=0.0, evidence=found.evidence, vetoes=vetoes, weights_version="w"
    )


def test_what_a_veto_keeps_from_being_linked_is_counted_apart() -> None:
    measured = calibration.measure(
        [
            (_match(Verdict.LINK, 1.0), True),
            (_match(Verdict.LINK, 1.0), False),
            (_match(Verdict.REVIEW, 1.0, Veto.TWIN), False),
            (_match(Verdict.DISTINCT, 0.0), False),
        ]
    )
    assert (measured.pairs, measured.same, measured.linked, measured.wrong, measured.reviewed) == (4, 1, 2, 1, 1)
    assert measured.error == pytest.approx(1 / 3)
    assert measured.error_of_all == pytest.approx(1 / 2)
