"""The decision cases in schemas/policies: the outcomes IHE PCF notes for its examples, and the registry's own rules.

With the table of test_may_this_leave.py these are the decision table: one line, one rule, one reason.
"""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from registry.consent import cases, texts
from registry.consent.cases import Judged
from registry.consent.reasons import Outcome
from registry.errors import BadInput

POLICIES = Path(__file__).parents[2] / "schemas" / "policies"


def read(name: str, rows: str = "cases") -> list[dict[str, Any]]:
    return json.loads((POLICIES / name).read_text(encoding="utf-8"))[rows]


CASES, OWN = read("pcf-cases.json"), read("protection-cases.json")
JUDGED, OWN_JUDGED = cases.judge(CASES), cases.judge(OWN)


def named(judged: Judged) -> str:
    return judged.case


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


@pytest.mark.parametrize("judged", [*JUDGED, *OWN_JUDGED], ids=named)
def test_every_case_is_decided_as_expected(judged: Judged) -> None:
    assert judged.differences == ()
    assert judged.strange == ()


@pytest.mark.parametrize("judged", [*JUDGED, *OWN_JUDGED], ids=named)
def test_the_registry_is_never_wider_than_the_consents_alone(judged: Judged) -> None:
    is_emergency = judged.asked.request.purpose == texts.BREAK_GLASS and not judged.alone.permitted
    assert is_emergency or set(judged.registry.permitted) <= set(judged.alone.permitted)


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
    for case in (*CASES, *OWN):
        differs = case["expect"]["registry"] != "same"
        assert bool(case["deviation"]) is differs, case["id"]
        assert case["because"]


def test_the_decision_table_is_large_and_no_row_asks_what_another_asks() -> None:
    assert len(read("decisions.json", "rows")) + len(CASES) + len(OWN) >= 500
    asked = [json.dumps([each[part] for part in ("dialect", "consents", "request", "items")]) for each in OWN]
    assert len(asked) == len(set(asked))


def test_a_wrong_expectation_is_a_difference_and_so_is_one_that_claims_wider() -> None:
    case = copy.deepcopy(CASES[0])
    case["expect"] = {"pcf": {"decision": "DENY"}, "registry": {"decision": "PERMIT"}}
    (judged,) = cases.judge([case])
    assert [(each.side, each.what) for each in judged.differences] == [
        ("pcf", "decision"),
        ("registry", "claims wider"),
    ]


@pytest.mark.parametrize("part", ["permitted", "denied", "opened", "removed", "basis", "reason", "obligations"])
def test_every_part_of_an_expectation_is_compared(part: str) -> None:
    case = copy.deepcopy(CASES[0])
    case["expect"] = {"registry": {"decision": "PERMIT", part: "other" if part == "reason" else ["Observation/other"]}}
    (judged,) = cases.judge({"cases": [case]})
    assert [each.what for each in judged.differences] == [part]


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in CASES[0].items() if key != name}


MALFORMED = [
    ("no list", {"id": "x"}, "cases"),
    ("a case that is no object", ["x"], "cases[0]"),
    ("no expectation", [without("expect")], "cases[0].expect"),
    ("an expectation of nothing", [{**CASES[0], "expect": {}}], "cases[0].expect"),
    ("no decision", [{**CASES[0], "expect": {"pcf": {"denied": []}}}], "cases[0].expect.pcf.decision"),
    ("a decision that is none", [{**CASES[0], "expect": {"registry": "MAYBE"}}], "cases[0].expect.registry.decision"),
    (
        "a list that is none",
        [{**CASES[0], "expect": {"pcf": {"decision": "DENY", "denied": "all"}}}],
        "expect.pcf.denied",
    ),
    ("no consents", [without("consents")], "cases[0].consents"),
    ("a consent that is no object", [{**CASES[0], "consents": ["c"]}], "cases[0].consents[0]"),
    ("no request", [without("request")], "cases[0].request"),
    ("no moment", [{**CASES[0], "request": {"purpose": "TREAT"}}], "cases[0].request.now"),
    ("items that are no list", [{**CASES[0], "items": {}}], "cases[0].items"),
    ("an item that is no object", [{**CASES[0], "items": ["o"]}], "cases[0].items[0]"),
    ("an item without reference", [{**CASES[0], "items": [{"labels": []}]}], "cases[0].items[0].ref"),
]


@pytest.mark.parametrize(("content", "where"), [row[1:] for row in MALFORMED], ids=[row[0] for row in MALFORMED])
def test_a_malformed_file_is_refused_with_its_place(content: Any, where: str) -> None:
    with pytest.raises(BadInput) as raised:
        cases.judge(content)
    assert raised.value.where.endswith(where)


def test_keys_nobody_reads_are_reported() -> None:
    case = copy.deepcopy(CASES[0])
    case["request"]["urgency"] = case["items"][0]["colour"] = case["weather"] = "grey"
    (judged,) = cases.judge([case])
    assert judged.strange == ("cases[0].weather", "cases[0].request.urgency", "cases[0].items[0].colour")


SAME = [
    ("a purpose as Coding", {"purpose": {"system": texts.ACT_REASON, "code": "TREAT"}}),
    ("a purpose with its system", {"purpose": f"{texts.ACT_REASON}|TREAT"}),
    ("references as objects", {"actor": {"reference": "Practitioner/p"}, "org": {"reference": "Organization/o"}}),
    (
        "an actor with parts",
        {"actor": {"person": "Practitioner/p", "org": "Organization/o", "role": "nurse"}, "org": None},
    ),
    ("a moment without zone", {"now": "2022-07-01T00:00:00"}),
    ("a moment in another zone", {"now": "2022-07-01T03:00:00+03:00"}),
    ("no action", {"action": None}),
    ("the subject", {"patient": None, "subject": {"reference": "Patient/ex-patient"}}),
    ("nobody named: the one the consent is about", {"patient": None}),
]


@pytest.mark.parametrize("change", [each for _, each in SAME], ids=[name for name, _ in SAME])
def test_what_is_written_differently_means_the_same(change: dict[str, Any]) -> None:
    case = copy.deepcopy(CASES[0])
    case["request"] = {name: value for name, value in {**case["request"], **change}.items() if value is not None}
    (judged,) = cases.judge([case])
    assert judged.differences == ()


def test_consents_may_come_alone_in_a_list_or_in_a_bundle() -> None:
    (consent,) = CASES[0]["consents"]
    bundle = {"resourceType": "Bundle", "entry": [{"resource": consent}]}
    for held in (consent, [consent], bundle):
        (judged,) = cases.judge([{**CASES[0], "consents": held}])
        assert judged.differences == ()


def test_a_minimal_consent_may_leave_out_who_is_meant() -> None:
    consent = {"status": "active", "provision": CASES[0]["consents"][0]["provision"]}
    request = {name: value for name, value in CASES[0]["request"].items() if name != "patient"}
    (judged,) = cases.judge([{**CASES[0], "consents": [consent], "request": request}])
    assert judged.differences == ()
