"""A small share of the long proof `python -m tests.bench.cards`."""

from __future__ import annotations

from tests.bench import forgery


def test_no_forgery_that_says_something_new_passes() -> None:
    outcome = forgery.prove(6000)
    assert outcome.passed == 0
    assert outcome.same_words > 0, "the turned signature and the open header are accepted, and say the same"
    assert {"bad-signature", "issuer-kid-mismatch", "wrong-country", "jws-header-error"} <= {*outcome.refused}
    assert len(forgery.GENUINE) == 40
