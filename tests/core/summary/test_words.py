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
    assert set(MESSAGES[language]["texts"]) >= {RULES.title, *RULES.limits}


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
        if path in (".page.plural", ".page.dose-reason"):
            continue
        latin = set(re.findall(r"[A-Za-z]+", re.sub(r"\{\w+\}", "", sentence)))
        assert latin <= LATIN_EVERYWHERE, path
        assert re.search(f"[{SCRIPTS[language]}]", sentence) or ".comma" in path, path


SPANS = [
    ("en", "1 day", "1 day"),
    ("en", "6 weeks", "6 weeks"),
    ("uk", "1 week", "1 тиждень"),
    ("uk", "4 weeks", "4 тижні"),
    ("uk", "6 weeks", "6 тижнів"),
    ("uk", "11 months", "11 місяців"),
    ("uk", "12 months", "12 місяців"),
    ("uk", "21 days", "21 день"),
    ("uk", "24 months", "24 місяці"),
    ("uk", "0 days", "0 днів"),
    ("ar", "1 week", "1 أسبوع"),
    ("ar", "6 weeks", "6 أسابيع"),
    ("ar", "12 months", "12 شهرًا"),
    ("fr", "1 month", "1 mois"),
    ("tr", "6 weeks", "6 hafta"),
    ("fa", "9 months", "9 ماه"),
]


@pytest.mark.parametrize(("language", "span", "expected"), SPANS)
def test_a_number_of_days_takes_the_form_its_language_asks_for(language: str, span: str, expected: str) -> None:
    reason = {
        "extension": [
            {"url": "code", "valueCode": "too-young"},
            {"url": "fact", "valueString": f"age={span}"},
        ]
    }
    assert expected in words.said(reason, MESSAGES[language])


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
