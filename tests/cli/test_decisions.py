"""`continuity decide` and `continuity evaluate decisions`, on files and without a database."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Commands

CASES = Path(__file__).parents[2] / "schemas" / "policies" / "pcf-cases.json"
CASE: dict[str, Any] = json.loads(CASES.read_text(encoding="utf-8"))["cases"][0]


def decide(bare: Commands, consents: Any, request: Any, *more: str) -> Any:
    files = (bare.file("consents.json", json.dumps(consents)), bare.file("request.json", json.dumps(request)))
    return bare("decide", "--consents", files[0], "--request", files[1], "--dialect", "pcf-r4", *more)


def test_a_request_is_decided_and_the_answer_says_on_what_it_rests(bare: Commands) -> None:
    ran = decide(bare, CASE["consents"], {**CASE["request"], "items": CASE["items"]})
    assert ran.code == 0
    assert ran.json["decision"] == "PERMIT"
    assert ran.json["permitted"] == [each["ref"] for each in CASE["items"]]
    assert ran.json["denied"] == []
    assert ran.json["basis"] == [{"consent": "ex-consent-basic-treat", "version": None}]
    assert ran.json["obligations"] == ["PSEUD", "NOREUSE", "NORELINK"]


@pytest.mark.parametrize("shape", ["one", "list", "bundle"])
def test_consents_come_as_one_as_a_list_or_as_a_bundle(bare: Commands, shape: str) -> None:
    (one,) = CASE["consents"]
    held = {"one": one, "list": [one], "bundle": {"resourceType": "Bundle", "entry": [{"resource": one}]}}[shape]
    assert decide(bare, held, {**CASE["request"], "items": CASE["items"]}).json["decision"] == "PERMIT"


def test_a_refusal_is_an_answer_too(bare: Commands) -> None:
    ran = decide(bare, CASE["consents"], {**CASE["request"], "purpose": "GOV", "items": CASE["items"]})
    assert (ran.code, ran.json["decision"], ran.json["permitted"]) == (0, "NO_CONSENT", [])


def test_the_moment_can_be_given(bare: Commands) -> None:
    consent = copy.deepcopy(CASE["consents"][0])
    consent["provision"]["period"] = {"end": "2022-12-31"}
    request = {**CASE["request"], "items": CASE["items"]}
    late = decide(bare, consent, request, "--at", "2023-01-01T00:00:00Z")
    assert late.json["decision"] == "NO_CONSENT"
    assert decide(bare, consent, request, "--at", "2022-12-31").json["decision"] == "PERMIT"


@pytest.mark.parametrize(
    ("consents", "request_", "more", "word"),
    [
        ("{", {}, (), "not valid JSON"),
        ([], [], (), "object"),
        ([], {"now": "2022"}, ("--at", "yesterday"), "--at"),
        (["x"], {"now": "2022"}, (), "consents[0]"),
        ([], {"now": "2022", "items": [{}]}, (), "items[0]"),
    ],
)
def test_a_file_that_cannot_be_used_ends_with_two(
    bare: Commands, consents: Any, request_: Any, more: tuple[str, ...], word: str
) -> None:
    first = bare.file("c.json", consents if isinstance(consents, str) else json.dumps(consents))
    second = bare.file("r.json", json.dumps(request_))
    bare("decide", "--consents", first, "--request", second, *more).failed(word, code=2)


@pytest.mark.parametrize("twice", ['"type": "deny", "type": "permit"', '"status": "inactive", "status": "active"'])
def test_a_consent_that_says_two_things_under_one_name_is_not_read(bare: Commands, twice: str) -> None:
    said = twice.rpartition(", ")[2]
    text = json.dumps(CASE["consents"])
    assert said in text
    consents = bare.file("c.json", text.replace(said, twice, 1))
    request = bare.file("r.json", json.dumps({**CASE["request"], "items": CASE["items"]}))
    ran = bare("decide", "--consents", consents, "--request", request, "--dialect", "pcf-r4")
    ran.failed("twice", code=2)


def test_the_published_cases_agree(bare: Commands) -> None:
    ran = bare("evaluate", "decisions", CASES, "--json")
    assert ran.code == 0
    assert ran.json["cases"] == ran.json["agree"] >= 80
    assert ran.json["differences"] == []


def test_a_difference_is_printed_and_ends_with_one(bare: Commands) -> None:
    case = {**CASE, "expect": {"pcf": {"decision": "DENY"}, "registry": "same"}}
    file = bare.file("cases.json", json.dumps([CASE, case]))
    shown = bare("evaluate", "decisions", file)
    assert shown.code == 1
    assert "differs" in shown.out
    assert "1 of 2 cases agree" in shown.out
    ran = bare("evaluate", "decisions", file, "--json")
    assert ran.code == 1
    assert [(each["side"], each["what"]) for each in ran.json["differences"]] == [
        ("pcf", "decision"),
        ("registry", "decision"),
    ]


@pytest.mark.parametrize(("content", "word"), [("[", "line 1"), ("{}", "cases"), ('[{"id": "x"}]', "cases[0].expect")])
def test_a_file_that_is_none_ends_with_two_and_its_place(bare: Commands, content: str, word: str) -> None:
    bare("evaluate", "decisions", bare.file("cases.json", content)).failed(word, code=2)
