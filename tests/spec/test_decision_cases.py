"""The decision cases of schemas/policies/pcf-cases.json: the outcomes IHE PCF notes for its examples, and ours."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from registry.consent import cases
from registry.consent.cases import Judged
from registry.consent.reasons import Outcome

FILE = Path(__file__).parents[2] / "schemas" / "policies" / "pcf-cases.json"
CASES: list[dict[str, Any]] = json.loads(FILE.read_text(encoding="utf-8"))["cases"]
JUDGED = cases.judge(CASES)
# The examples with a note that states their outcome; the other two are research and the infant.
NOTED = {
    *(f"ex-consent-{name}" for name in ("basic-treat", "basic-ink", "expired-treat", "basic-reject")),
    *(f"ex-consent-intermediate-{name}" for name in ("timeframe", "authoredby", "encounter", "data", "purpose")),
    *(f"ex-consent-intermediate-not-{name}" for name in ("timeframe", "authoredby", "encounter", "data")),
    *(f"ex-consent-advanced-normal{name}" for name in ("", "-restricted", "-not-restricted")),
    *(f"ex-consent-advanced-normal-focused-{name}" for name in ("restricted", "psy", "psy-or-sdv")),
    *("ex-consent-advanced-normal-break-glass-restricted", "ex-dissent-intermediate-break-glass"),
}
WITHOUT_NOTE = {"ex-consent-basic-research", "ex-consent-basic-treat-infant"}


@pytest.mark.parametrize("judged", JUDGED, ids=lambda judged: judged.case)
def test_every_case_is_decided_as_expected(judged: Judged) -> None:
    assert judged.differences == ()
    assert judged.strange == ()


@pytest.mark.parametrize("judged", JUDGED, ids=lambda judged: judged.case)
def test_the_registry_is_never_wider_than_the_consents_alone(judged: Judged) -> None:
    assert set(judged.registry.permitted) <= set(judged.alone.permitted)


def test_all_the_noted_outcomes_are_here_and_nothing_twice() -> None:
    assert {each["consents"][0]["id"] for each in CASES} == NOTED | WITHOUT_NOTE
    assert len(NOTED) == 21
    assert len({each["id"] for each in CASES}) == len(CASES)


@pytest.mark.parametrize("consent", sorted(NOTED | WITHOUT_NOTE))
def test_every_example_has_a_request_that_passes_and_one_that_fails(consent: str) -> None:
    outcomes = {
        judged.alone.outcome is Outcome.PERMIT
        for judged, case in zip(JUDGED, CASES, strict=True)
        if case["consents"][0]["id"] == consent
    }
    assert outcomes == ({False} if consent == "ex-consent-basic-reject" else {True, False})


def test_every_difference_between_the_consents_and_the_registry_has_a_written_reason() -> None:
    for case in CASES:
        differs = case["expect"]["registry"] != "same"
        assert bool(case["deviation"]) is differs, case["id"]
        assert case["because"]
