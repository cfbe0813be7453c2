"""The printed page: the same bytes from the same payload, in three languages, safe against what names contain."""

import json
import re
from html.parser import HTMLParser
from string import Formatter
from typing import Any

import pytest

from registry.continuity.reasons import SENTENCES
from registry.continuity.summary import page
from tests.core.continuity_records import MESSAGES, TEMPLATE, WHO, enrolment
from tests.core.test_continuity_summary import GOLDEN, SUMMARIES, school

TOKEN = "eyJhbGciOiJFUzI1NiJ9.e30.c2ln"
DIGITS = "5676290952" * 40
VOID = {"meta", "br", "path", "link"}


def _page(document: dict[str, Any], language: str = "en", token: str = TOKEN) -> str:
    return page.render(document, template=TEMPLATE, messages=MESSAGES, language=language, qr_text=DIGITS, token=token)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def _read(html: str) -> _Reader:
    reader = _Reader()
    reader.feed(html)
    reader.close()
    assert reader.open == []
    return reader


@pytest.mark.parametrize("language", ["en", "fr", "ar"])
@pytest.mark.parametrize("name", SUMMARIES)
def test_every_summary_has_a_well_formed_page_in_every_language(name: str, language: str) -> None:
    reader = _read(_page(SUMMARIES[name](), language))
    assert reader.tags[0] == ("html", {"lang": language, "dir": "rtl" if language == "ar" else "ltr"})
    assert ("script", {"type": "application/jose"}) in reader.tags
    assert TOKEN in reader.text
    assert any(tag == "svg" for tag, _ in reader.tags)


def test_a_page_made_again_from_the_parsed_payload_is_the_same_byte_for_byte() -> None:
    document = SUMMARIES["clinic"]()
    again = json.loads(json.dumps(document))
    assert _page(again, "ar").encode() == _page(document, "ar").encode()


def test_a_page_of_another_payload_differs() -> None:
    document = SUMMARIES["clinic"]()
    changed = json.loads(json.dumps(document).replace("2023-03-12", "2023-03-13"))
    assert _page(changed) != _page(document)


@pytest.mark.parametrize("language", ["en", "fr", "ar"])
def test_a_page_says_who_until_when_how_sure_what_is_due_and_what_is_not_known(language: str) -> None:
    say = MESSAGES[language]["page"]
    text = " ".join(_read(_page(SUMMARIES["clinic"](), language)).text)
    for needed in (
        say["what-clinic"],
        "Continuity Registry",
        "2024-08-31",
        MESSAGES[language]["certainty"]["confirmed"],
        MESSAGES[language]["status"]["due"],
        "who 2023.1",
        say["unknown-clinic"][0],
        say["trust"][1],
        say["advisory-clinic"],
    ):
        assert needed in text


def test_names_and_numbers_are_isolated_from_the_direction_of_the_page() -> None:
    html = _page(SUMMARIES["clinic"](), "fr")
    assert "<bdi>ليلى حداد</bdi>" in html
    assert '<td class="date"><bdi>2023-01-02</bdi></td>' in html


def test_a_school_page_keeps_the_grade_as_written_and_its_language() -> None:
    html = _page(school([enrolment("5-й класс", "2022/2023", "XCV", label_language="ru")]))
    assert '<bdi lang="ru">5-й класс</bdi>' in html


def test_nothing_in_a_record_becomes_markup() -> None:
    html = _page(school([enrolment('"><img src=x onerror=alert(1)>', "2021/2022", "XBK")]))
    assert "<img" not in html
    assert "&lt;img" in html


@pytest.mark.parametrize("token", ["a.b.c</script><script>alert(1)", "a b", "a.b.c\n", "<"])
def test_a_token_that_is_not_a_jws_is_refused(token: str) -> None:
    with pytest.raises(ValueError, match="not a compact JWS"):
        _page(SUMMARIES["school"](), token=token)


def test_a_page_loads_nothing_from_anywhere() -> None:
    html = _page(SUMMARIES["clinic"]())
    assert not re.search(r'(src|href)="|url\(|@import', html)


def test_digits_after_a_prefix_take_less_room_than_text() -> None:
    prefixed, plain = page.qr_code("shc:/" + DIGITS), page.qr_code("x" * (len(DIGITS) + 5))
    side = [int(re.search(r'viewBox="0 0 (\d+)', each)[1]) for each in (prefixed, plain)]  # type: ignore[index]
    assert side[0] < side[1]


@pytest.mark.parametrize("language", MESSAGES)
def test_every_reason_is_said_in_every_language_with_the_same_facts(language: str) -> None:
    told = MESSAGES[language]["reasons"]
    assert set(told) == set(SENTENCES)
    for code, sentence in SENTENCES.items():
        assert _fields(told[code]) == _fields(sentence), code


def _fields(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name}


def test_english_reasons_are_the_same_in_the_core_and_on_the_page() -> None:
    assert MESSAGES["en"]["reasons"] == dict(SENTENCES)


@pytest.mark.parametrize("language", ["fr", "ar"])
def test_every_table_of_messages_has_the_same_entries_in_every_language(language: str) -> None:
    for table, words in MESSAGES["en"].items():
        if table != "texts":
            assert set(MESSAGES[language][table]) == set(words), table
    assert set(MESSAGES[language]["texts"]) >= {WHO.title, *WHO.limits}


@pytest.mark.parametrize("kind", ["clinic", "school"])
def test_a_page_is_the_one_on_file(kind: str) -> None:
    """To accept a change, write the new page over the file, look at it, and read the difference."""
    assert _page(SUMMARIES[kind](), "en") == (GOLDEN / f"continuity-{kind}.html").read_text("utf-8")
