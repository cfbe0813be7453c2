"""What was withheld leaves no trace in the document, in no language and no form; what is unknown is said plainly."""

import copy
import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.continuity import history
from registry.continuity.summary import card, page
from registry.fhir import CANONICAL, resource, validate
from registry.library import load
from tests.core.continuity_records import MESSAGES, TEMPLATE, dose, enrolment
from tests.core.test_continuity_summary import PLACES, clinic, school, typical_doses, typical_years

TAG = {"tag": [{"system": f"{CANONICAL}/CodeSystem/recording-country", "code": "XAL"}]}
LANGUAGES = sorted(MESSAGES)


def forms(document: dict[str, Any], language: str) -> list[str]:
    """Everything a document becomes."""
    html = page.render(document, template=TEMPLATE, messages=MESSAGES, language=language, qr_text="a:1", token="a.b.c")
    sheet = page.sheet(document, messages=MESSAGES, language=language, qr_text="a:1", token="a.b.c")
    return [json.dumps(document, ensure_ascii=False), html, json.dumps(sheet, ensure_ascii=False), str(card(document))]


def kinds(document: dict[str, Any]) -> list[str]:
    return [each["resource"]["resourceType"] for each in document["entry"]]


VACCINES = st.sampled_from(["bcg", "penta", "opv", "mr", "hepb"])
DAYS = st.dates(min_value=date(2023, 1, 1), max_value=date(2024, 7, 1))


@given(st.lists(st.tuples(VACCINES, DAYS), max_size=4), st.sampled_from(LANGUAGES))
@settings(max_examples=60)
def test_a_place_that_redaction_took_is_in_no_form(given_: list[tuple[str, Any]], language: str) -> None:
    """The record still knows its source and country inside; only its content was redacted."""
    records = [
        dose(vaccine, str(day), "canary-source", id=f"canary-{at}", dossier="canary-dossier", country="XCC")
        for at, (vaccine, day) in enumerate(given_)
    ]
    document = clinic(records, language=language)
    assert "Provenance" not in kinds(document)
    for text in forms(document, language):
        assert "canary" not in text
        assert "XCC" not in text


@given(st.lists(st.tuples(VACCINES, DAYS), max_size=4), st.integers(1, 3))
@settings(max_examples=40)
def test_how_many_told_of_a_dose_in_closed_places_changes_nothing_but_its_certainty(
    given_: list[tuple[str, Any]], tellers: int
) -> None:
    def told(by: int) -> list[history.Record]:
        return [
            dose(vaccine, str(day), f"source-{one}", id=f"r{at}", primarySource=True)
            for at, (vaccine, day) in enumerate(given_)
            for one in range(by)
        ]

    once, often = clinic(told(1)), clinic(told(tellers))
    assert kinds(once) == kinds(often)
    assert once == often


def test_sections_stand_in_one_order_whatever_is_held() -> None:
    def order(document: dict[str, Any]) -> list[str]:
        return [each["code"]["coding"][0]["code"] for each in document["entry"][0]["resource"]["section"]]

    clinics = [clinic([]), clinic(typical_doses()), clinic(typical_doses(), ""), clinic([dose("mr", None)])]
    schools = [school([]), school(typical_years()), school(typical_years()[1:])]
    assert len({tuple(order(each)) for each in clinics}) == 1
    assert len({tuple(order(each)) for each in schools}) == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_clerk_finds_the_same_ten_lines_and_is_told_what_is_not_shown_or_not_known(language: str) -> None:
    def lines(document: dict[str, Any]) -> list[list[str]]:
        sheet = page.sheet(document, messages=MESSAGES, language=language, qr_text="a:1", token="a.b.c")
        return [list(each) for each in sheet["facts"]["clerk"]]

    say = MESSAGES[language]["page"]
    closed = school([enrolment("", "2021/2022", "XBK", number=4, shown=False)], language=language)
    opened = school(typical_years()[:1], language=language)
    assert len(lines(opened)) == 10
    assert [label for label, _ in lines(opened)] == [label for label, _ in lines(closed)]
    assert [value for _, value in lines(closed)][:2] == [say["not-shown"]] * 2
    assert say["not-shown"] not in lines(opened)[0][1]


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_the_registry_does_not_hold_is_no_information_and_never_none_known(language: str) -> None:
    document = clinic([], language=language)
    for section in document["entry"][0]["resource"]["section"][:4]:
        assert section["emptyReason"]["coding"][0]["code"] == "unavailable"
    say = MESSAGES[language]["page"]
    texts = [each["text"]["div"] for each in document["entry"][0]["resource"]["section"]]
    assert all(say["no-information"].replace("'", "&#x27;") in each for each in texts[:3])
    assert say["no-doses"].replace("'", "&#x27;") in texts[3]
    assert all(f'lang="{language}"' in each for each in texts)


def test_who_told_of_a_dose_is_said_where_places_are_open_and_only_of_these() -> None:
    opened = dose("mr", "2023-11-01", "one", **PLACES)
    closed = dose("bcg", "2023-01-02", "canary-two", id="x")
    document = clinic([opened, closed])
    (provenance,) = [each["resource"] for each in document["entry"] if each["resource"]["resourceType"] == "Provenance"]
    assert provenance["target"] == [{"reference": "Immunization/d2"}]
    assert [each["who"] for each in provenance["agent"]] == [
        {"reference": "Organization/issuer"},
        {"display": "Canary Clinic"},
    ]
    assert "canary-two" not in json.dumps(document)


def test_of_two_who_told_of_one_dose_only_the_open_one_is_named() -> None:
    opened = dose("mr", "2023-11-01", "one", **{**PLACES, "meta": {**TAG, "source": "Open register"}})
    closed = dose("mr", "2023-11-01", "canary-two", id="x", meta={"source": "canary register"})
    text = json.dumps(clinic([opened, closed]))
    assert "Open register" in text
    assert "anary-two" not in text
    assert "canary register" not in text


def test_what_is_said_of_a_dose_is_accepted_by_our_own_checks_but_for_what_redaction_took() -> None:
    library = load()
    for records in (typical_doses(), [dose("mr", "2023-11-01", **PLACES)]):
        for each in clinic(records)["entry"]:
            held = copy.deepcopy(each["resource"])
            if held["resourceType"] != "Immunization":
                continue
            held["meta"] = TAG  # the country, which a closed dose must not say
            found = {one.where for one in validate.problems(resource.of(held), library.profiles)}
            assert {where for where in found if "extension" not in where} == set()
