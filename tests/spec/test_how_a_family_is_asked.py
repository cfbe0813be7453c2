"""How a family is asked: when its yes counts. The table is for lawyers to read, row by row.

Every row changes one circumstance of an interview in which all was well: the family speaks Arabic, the text was read
in Arabic by somebody who speaks it, in private, the family reads, and it said in its own words what a yes means.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry import library
from registry.consent import dialect, grant, interview
from registry.consent.agreement import Agreement, Refusal, Refused
from registry.consent.interview import Interview
from registry.consent.texts import INTERVIEW, ContentClass
from registry.errors import BadInput
from registry.fhir import dates, resource

GOOD: Mapping[str, Any] = {
    "family_language": "ar",
    "interviewer_language": "ar",
    "private": True,
    "teach_back": "if-no",
    "reads": True,
}
TABLE: tuple[tuple[str, Mapping[str, Any], bool], ...] = (
    # what was different                                       , how it is recorded                   , does a yes count
    ("nothing", {}, True),
    ("the family speaks the Arabic of Syria", {"family_language": "ar-SY"}, True),
    ("nobody asked which language the family speaks", {"family_language": ""}, False),
    ("the family speaks Kurdish", {"family_language": "ku", "interviewer_language": "ku"}, False),
    ("the family speaks Kurdish, an interpreter was there", {"family_language": "ku", "interpreter": "I-7"}, False),
    ("the interviewer speaks French only", {"interviewer_language": "fr"}, False),
    ("the interviewer speaks French, with an interpreter", {"interviewer_language": "fr", "interpreter": "I-7"}, True),
    ("the interpreter is named by name", {"interviewer_language": "fr", "interpreter": "Samira Haddad"}, False),
    ("the interpreter is named by first name", {"interviewer_language": "fr", "interpreter": "Samira"}, False),
    ("others could hear", {"private": False}, False),
    ("a policeman was in the room", {"present": frozenset({"authority"})}, False),
    ("the husband was in the room", {"present": frozenset({"relative-of-power"})}, False),
    ("a camp leader was, and the interpreter", {"present": frozenset({"authority", "interpreter"})}, False),
    ("somebody unknown was in the room", {"present": frozenset({"somebody"})}, False),
    ("the child was in the room", {"present": frozenset({"child"})}, True),
    ("nobody asked what it had understood", {"teach_back": ""}, False),
    ("the family does not read", {"reads": False}, False),
    ("the family does not read, a witness was there", {"reads": False, "witness": "W-3"}, True),
    ("the interpreter was the witness", {"reads": False, "witness": "I-7", "interpreter": "I-7"}, False),
    ("the witness is named by name", {"reads": False, "witness": "Amira Nasser"}, False),
    ("nothing at all is recorded", {name: type(value)() for name, value in GOOD.items()}, False),
)  # fmt: skip
NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
QUESTION = grant.Question(
    patient="Patient/child",
    organisation="clinic-nadir",
    domain=ContentClass.DOSES,
    starts=dates.of(NOW.date()),
    ends=dates.of(NOW.date().replace(year=2027)),
)


def consent(held: Interview | None, *, agreed: bool = True, version: str = "2") -> dict[str, Any]:
    notice = grant.Notice(language="ar", version=version, sha256="5e" * 32, understood=True, interview=held)
    answer = grant.Answer(grantor="Patient/child", notice=notice, at=NOW, agreed=agreed)
    return dict(grant.compose("c1", QUESTION, answer))


@pytest.mark.parametrize(("what", "change", "counts"), TABLE, ids=[row[0] for row in TABLE])
def test_a_yes_counts_only_as_the_table_says(what: str, change: Mapping[str, Any], counts: bool) -> None:
    held = Interview(**{**GOOD, **change})
    assert (not interview.faults(held, "ar")) is counts, what
    if counts:
        assert isinstance(dialect.read(resource.of(consent(held))), Agreement)
    else:
        with pytest.raises(BadInput) as refused:
            consent(held)
        assert refused.value.where == Refusal.NO_NOTICE.value


@pytest.mark.parametrize(("what", "change", "counts"), TABLE, ids=[row[0] for row in TABLE])
def test_a_no_counts_however_the_family_was_asked(what: str, change: Mapping[str, Any], counts: bool) -> None:
    read = dialect.read(resource.of(consent(Interview(**{**GOOD, **change}), agreed=False)))
    assert isinstance(read, Agreement), (what, counts)


@pytest.mark.parametrize("spoil", ["gone", "twice", "private is a word", "unknown part"])
def test_a_stored_yes_whose_interview_is_spoilt_permits_nothing(spoil: str) -> None:
    content = json.loads(json.dumps(consent(Interview(**GOOD))))
    held = next(each for each in content["extension"] if each["url"] == INTERVIEW)
    if spoil == "gone":
        content["extension"].remove(held)
    elif spoil == "twice":
        content["extension"].append(held)
    elif spoil == "private is a word":
        held["extension"] = [{"url": "private", "valueString": "yes"}]
    else:
        held["extension"].append({"url": "shoeSize", "valueString": "44"})
    assert isinstance(dialect.read(resource.of(content)), Refused)


def test_a_yes_on_the_first_texts_was_given_before_interviews_were_recorded() -> None:
    assert isinstance(dialect.read(resource.of(consent(None, version="1"))), Agreement)
    with pytest.raises(BadInput):
        consent(None, version="2")


INTERVIEWS = st.builds(
    Interview,
    family_language=st.sampled_from(["ar", "fr", ""]),
    interviewer_language=st.sampled_from(["ar", "fr", ""]),
    interpreter=st.sampled_from(["", "I-7", "Samira"]),
    private=st.booleans(),
    present=st.frozensets(st.sampled_from(["interpreter", "witness", "child", "authority", "relative-of-power"])),
    teach_back=st.sampled_from(["", "if-no"]),
    reads=st.booleans(),
    witness=st.sampled_from(["", "W-3", "I-7"]),
)


@given(INTERVIEWS, st.sampled_from(["ar", "fr"]))
def test_the_rules_agree_with_a_plain_reading_of_them(held: Interview, read_in: str) -> None:
    is_understood = held.family_language == read_in and bool(held.teach_back)
    is_interpreted = held.interviewer_language == read_in or held.interpreter == "I-7"
    is_free = held.private and not held.present & {"authority", "relative-of-power"}
    is_witnessed = held.reads or held.witness in {"W-3", "I-7"}
    is_named = held.interpreter != "Samira" and not (held.witness and held.witness == held.interpreter)
    expected = is_understood and is_interpreted and is_free and is_witnessed and is_named
    assert (not interview.faults(held, read_in)) is expected


@given(INTERVIEWS)
def test_what_is_written_is_read_again(held: Interview) -> None:
    if not interview.faults(held, "ar"):
        assert isinstance(dialect.read(resource.of(consent(held))), Agreement)


TEXTS = json.loads((Path(library.FOLDER) / "texts" / "consent-2.json").read_text(encoding="utf-8"))
FIRST = json.loads((Path(library.FOLDER) / "texts" / "consent-1.json").read_text(encoding="utf-8"))


def test_every_language_has_every_text_question_and_word_of_the_receipt() -> None:
    english = TEXTS["languages"]["en"]
    assert set(TEXTS["languages"]) >= {"en", "fr", "ar", "uk", "ru"}
    for name, words in TEXTS["languages"].items():
        for part in ("teach_back", "receipt"):
            assert set(words[part]) == set(english[part]), name
        assert set(words) == set(english), name
        for asked in ("health", "education", "places"):
            assert "{recipient}" in words[asked], name
        assert all(each["question"] and each["right"] for each in words["teach_back"].values()), name


def test_the_first_texts_stay_as_they_were_read() -> None:
    """Consents hash them: nobody may change what was read."""
    for name, words in FIRST["languages"].items():
        assert {part: TEXTS["languages"][name][part] for part in words} == words
