"""The words of every language: complete, with the same facts, and nothing of another language among them."""

import re
from collections.abc import Iterator
from datetime import date
from string import Formatter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry import library
from registry.continuity.summary import words
from registry.flows.release import SCHEDULE
from tests.core.continuity_records import MESSAGES

OTHERS = [each for each in MESSAGES if each != "en"]
# What is written in Latin letters in every language: names of products, codes, standards.
LATIN_EVERYWHERE = {
    "BCG", "B", "A", "Hib", "HIV", "HPV", "IPV", "Td", "Tdap", "SMART", "ISCED", "Health", "Card", "CVX", "COVID",
}  # fmt: skip
RULES = library.load().editions[SCHEDULE].on(date(2026, 3, 1))
SCRIPTS = {"ar": "؀-ۿ", "fa": "؀-ۿ", "uk": "Ѐ-ӿ"}


def _sentences(table: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(table, str):
        yield path, table
    elif isinstance(table, list):
        for number, each in enumerate(table):
            yield from _sentences(each, f"{path}.{number}")
    else:
        for name, each in table.items():
            yield from _sentences(each, f"{path}.{name}")


def _fields(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name}


def test_there_are_six_languages_two_of_them_from_right_to_left() -> None:
    assert set(MESSAGES) >= {"en", "fr", "ar", "uk", "tr", "fa"}
    assert {each for each in MESSAGES if words.direction(each) == "rtl"} == {"ar", "fa"}


@pytest.mark.parametrize("language", OTHERS)
def test_every_sentence_stands_in_every_language_with_the_same_facts(language: str) -> None:
    english, told = dict(_sentences(MESSAGES["en"])), dict(_sentences(MESSAGES[language]))
    assert {each for each in told if not each.startswith(".texts.")} == set(english)
    assert {path for path in english if _fields(english[path]) != _fields(told[path])} == set()
    assert [path for path, each in told.items() if not each.strip()] == []


@pytest.mark.parametrize("language", OTHERS)
def test_what_a_schedule_says_is_translated(language: str) -> None:
    weighed = {each.text for held in RULES.antigens.values() for each in held.precautions if not each.observation}
    assert set(MESSAGES[language]["texts"]) >= {RULES.title, *RULES.limits, *weighed}


@pytest.mark.parametrize("language", MESSAGES)
def test_every_antigen_of_the_schedules_summaries_go_by_has_its_words(language: str) -> None:
    own = [each for name in (SCHEDULE, "nga", "ukr") for each in library.load().editions[name].schedules]
    named = {antigen.split()[0] for each in own for antigen in each.antigens}
    assert named <= set(MESSAGES[language]["antigens"])


@pytest.mark.parametrize("language", OTHERS)
def test_no_sentence_is_kept_that_no_schedule_says(language: str) -> None:
    every = [each for held in library.load().editions.values() for each in held.schedules]
    weighed = {each.text for one in every for held in one.antigens.values() for each in held.precautions}
    said = {one.title for one in every} | {limit for one in every for limit in one.limits} | weighed
    assert set(MESSAGES[language]["texts"]) <= said


@pytest.mark.parametrize("language", OTHERS)
def test_no_english_sentence_stands_in_another_language(language: str) -> None:
    english = dict(_sentences(MESSAGES["en"]))
    same = {each for each in english if dict(_sentences(MESSAGES[language]))[each] == english[each] and " " in each}
    assert same == set()
    long = {path: each for path, each in _sentences(MESSAGES[language]) if english.get(path) == each and len(each) > 12}
    assert set(long) <= {".page.dose-reason"}, "a sentence somebody forgot to translate"


@pytest.mark.parametrize("language", SCRIPTS)
def test_a_language_is_written_in_its_own_letters(language: str) -> None:
    for path, sentence in _sentences(MESSAGES[language]):
        if path == ".page.dose-reason":
            continue
        latin = set(re.findall(r"[A-Za-z]+", re.sub(r"\{\w+\}", "", sentence)))
        assert latin <= LATIN_EVERYWHERE, path
        assert re.search(f"[{SCRIPTS[language]}]", sentence) or ".comma" in path, path


@pytest.mark.parametrize(("language", "known"), [("en", "month"), ("fr", "mois"), ("ar", "الشهر"), ("uk", "місяць")])
def test_how_far_a_date_is_known_is_said_in_the_language(language: str, known: str) -> None:
    reason = {
        "extension": [{"url": "code", "valueCode": "date-partial"}, {"url": "fact", "valueString": "known=month"}]
    }
    assert known in words.said(reason, MESSAGES[language])


def test_a_reason_of_a_later_edition_is_told_in_english() -> None:
    later = {"extension": [{"url": "code", "valueCode": "of-tomorrow"}, {"url": "text", "valueString": "As said."}]}
    assert words.said(later, MESSAGES["fr"]) == "As said."


CONTROLS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"


@given(st.text(), st.text(alphabet=CONTROLS + "\n\r\x00\x1b\u2028\u2029"))
def test_supplied_text_can_neither_turn_nor_break_a_line(text: str, controls: str) -> None:
    made = words.plain("".join(pair for each in zip(text, controls, strict=False) for pair in each) + controls + text)
    assert not set(made) & set(CONTROLS)
    assert not any(ord(each) < 32 or each in "\u2028\u2029\x7f" for each in made)


@pytest.mark.parametrize("name", ["ليلى حداد", "می‌خواهم", "አበበ በቂላ", "ဒေါ်အောင်ဆန်း", "Zoë O’Neil-Ñandú", "क्‍ष"])
def test_a_name_stays_as_it_is_written(name: str) -> None:
    assert words.plain(name) == name


@pytest.mark.parametrize("value", [None, 3, [], {}])
def test_what_is_no_text_is_nothing(value: object) -> None:
    assert words.plain(value) == ""
