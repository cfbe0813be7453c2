"""Histories in FHIR and in plain JSON are read alike, and what cannot be used is flagged."""

from datetime import date
from typing import Any

import pytest

from registry import library
from registry.continuity.immunization import answering, supporting, told
from registry.continuity.immunization.given import Given
from registry.continuity.immunization.outcome import DoseReason, DoseStatus, Flag, Problem
from registry.continuity.immunization.person import Observation, Sex
from registry.continuity.immunization.told import Told
from registry.continuity.spans import Days
from registry.errors import BadInput
from tests.core.immunization.supporting_files import FILES

RULES = supporting.read(FILES)
ON = date(2023, 12, 31)
CVX = "http://hl7.org/fhir/sid/cvx"
PATIENT = {"resourceType": "Patient", "birthDate": "2020-01-01", "gender": "female"}


def immunization(**changed: Any) -> dict[str, Any]:
    return {
        "resourceType": "Immunization",
        "id": "one",
        "status": "completed",
        "vaccineCode": {"coding": [{"system": "urn:other", "code": "x"}, {"system": CVX, "code": "01"}]},
        "occurrenceDateTime": "2021-02-03T10:00:00Z",
        **changed,
    }


def bundle(*resources: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "entry": [{"resource": each} for each in resources]}


def plain(*doses: dict[str, Any]) -> dict[str, Any]:
    return {"birthDate": "2020-01-01", "doses": [{"date": "2021-01-01", "cvx": "01", **each} for each in doses]}


def read(*resources: dict[str, Any]) -> Told:
    return told.read(bundle(PATIENT, *resources), RULES, ON)


def test_a_bundle_a_list_and_plain_json_are_one_history() -> None:
    ours = {
        "birthDate": "2020-01-01",
        "sex": "F",
        "doses": [{"id": "one", "date": "2021-02-03", "cvx": 1}],
        "observations": [{"code": "007", "date": "2021-01-01"}],
    }
    pregnant = {
        "resourceType": "Condition",
        "code": {"coding": [{"system": "http://snomed.info/sct", "code": "77386006"}]},
        "onsetDateTime": "2021-01-01",
    }
    found = read(immunization(), pregnant)
    assert found == told.read([PATIENT, immunization(), pregnant], RULES, ON) == told.read(ours, RULES, ON)
    assert (found.someone.birth, found.someone.sex) == (Days(date(2020, 1, 1), date(2020, 1, 1)), Sex.FEMALE)
    assert found.doses == (Given(id="one", days=Days(date(2021, 2, 3), date(2021, 2, 3)), vaccine="01"),)
    assert found.observations == (Observation(code="007", day=date(2021, 1, 1)),)


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"status": "not-done"}, Problem.NOT_GIVEN),
        ({"status": "entered-in-error"}, Problem.NOT_GIVEN),
        ({"occurrenceDateTime": "2020-13-01"}, Problem.NO_DATE),
        ({"occurrenceDateTime": "2025-02-30"}, Problem.NO_DATE),
        ({"occurrenceDateTime": "10/03/2025"}, Problem.NO_DATE),
        ({"patient": {"reference": "Patient/OTHER"}}, Problem.OTHER_PERSON),
    ],
)
def test_a_dose_that_cannot_be_used_is_flagged(changed: Any, problem: Problem) -> None:
    found = read(immunization(**changed))
    assert found.doses == ()
    assert found.flags == (Flag(about="one", problem=problem),)


@pytest.mark.parametrize(
    ("changed", "first", "last"),
    [
        ({"occurrenceDateTime": "2021-02"}, date(2021, 2, 1), date(2021, 2, 28)),
        ({"occurrenceDateTime": None, "occurrenceString": "last winter"}, date(2020, 1, 1), ON),
    ],
)
def test_a_dose_of_an_unknown_day_lies_on_every_day_it_may_mean(changed: Any, first: date, last: date) -> None:
    found = read(immunization(**changed))
    assert [each.days for each in found.doses] == [Days(first, last)]
    assert found.flags == (Flag(about="one", problem=Problem.DAY_UNKNOWN),)


UUID = "urn:uuid:6f9f2c1e-0000-4000-8000-000000000001"
SERVER = "https://a.example/fhir/Patient/p"
# Of a Patient of id p and this fullUrl, whom this names: is the dose theirs?
WHOSE: list[tuple[str, Any, bool]] = [
    ("", None, True),  # names nobody: there is one Patient only
    ("", {"display": "the child"}, True),
    ("", {"reference": "Patient/p"}, True),
    ("", {"reference": "Patient/p/_history/2"}, True),
    ("", {"reference": "https://b.example/fhir/Patient/p"}, True),  # nothing says that the Patient is of elsewhere
    ("", {"reference": "#p"}, True),
    ("", {"reference": "Patient/pp"}, False),
    ("", {"reference": "Patient/OTHER"}, False),
    ("", {"reference": "#OTHER"}, False),
    ("", {"reference": UUID}, False),
    ("", {"identifier": {"system": "urn:s", "value": "1"}}, True),
    ("", {"identifier": {"system": "urn:s", "value": "2"}}, False),
    (UUID, {"reference": UUID}, True),
    (UUID, {"reference": "Patient/p"}, True),
    (UUID, {"reference": UUID[:-1] + "2"}, False),
    (SERVER, {"reference": SERVER}, True),
    (SERVER, {"reference": "Patient/p"}, True),
    (SERVER, {"reference": "https://b.example/fhir/Patient/p"}, False),
    (SERVER, {"reference": "https://a.example/fhir/Patient/OTHER"}, False),
]


@pytest.mark.parametrize(("url", "named", "is_own"), WHOSE)
def test_what_is_about_another_person_is_set_aside(url: str, named: Any, is_own: bool) -> None:
    patient = {**PATIENT, "id": "p", "identifier": [{"system": "urn:s", "value": "1"}]}
    pregnant = {
        "resourceType": "Condition",
        "id": "c",
        "subject": named,
        "code": {"coding": [{"system": "http://snomed.info/sct", "code": "77386006"}]},
    }
    content = bundle(immunization(patient=named), pregnant)
    content["entry"].insert(0, {"resource": patient} | ({"fullUrl": url} if url else {}))
    found = told.read(content, RULES, ON)
    assert (len(found.doses), len(found.observations)) == ((1, 1) if is_own else (0, 0))
    aside = [Flag(about=each, problem=Problem.OTHER_PERSON) for each in ("one", "Condition c")]
    assert list(found.flags) == ([] if is_own else aside)


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"occurrenceDateTime": "2019-12-31"}, Problem.BEFORE_BIRTH),
        ({"occurrenceDateTime": "2024-01-01"}, Problem.AFTER_ASSESSMENT),
        ({"vaccineCode": {"coding": [{"system": CVX, "code": "99"}]}}, Problem.UNKNOWN_VACCINE),
        ({"vaccineCode": {"text": "a jab"}}, Problem.UNKNOWN_VACCINE),
    ],
)
def test_a_dose_that_cannot_be_is_flagged_by_the_engine(changed: Any, problem: Problem) -> None:
    found = answering.answer(bundle(PATIENT, immunization(**changed)), RULES, ON).answers.counted
    assert [(each.about, each.problem) for each in found.flags] == [("one", problem)]


def test_a_subpotent_dose_is_flagged_and_a_refuted_condition_is_none() -> None:
    refuted = {
        "resourceType": "Condition",
        "verificationStatus": {"coding": [{"code": "refuted"}]},
        "code": {"coding": [{"system": "http://snomed.info/sct", "code": "77386006"}]},
    }
    found = read(immunization(isSubpotent=True, expirationDate="2022-01-01"), refuted)
    assert (found.doses[0].flagged, found.doses[0].expires) == (True, date(2022, 1, 1))
    assert found.observations == ()


def test_four_hundred_doses_are_answered() -> None:
    many = [
        immunization(id=str(place), occurrenceDateTime=f"2022-{1 + place % 12:02d}-{1 + place % 28:02d}")
        for place in range(400)
    ]
    (found,) = answering.answer(bundle(PATIENT, *many), RULES, ON).answers.counted.groups
    assert len(found.verdicts) == 400


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (bundle(immunization()), "exactly one Patient"),
        (bundle(PATIENT, PATIENT), "exactly one Patient"),
        (bundle({"resourceType": "Patient", "birthDate": "2020-13-01"}), "birthDate: no date"),
        (bundle({"resourceType": "Patient", "birthDate": "2024-01"}), "birthDate: nobody"),
        (bundle({"resourceType": "Patient", "birthDate": "1899"}), "birthDate: nobody"),
        ({"birthDate": "2020-01-01"}, "birthDate and a list of doses"),
        ({"birthDate": "2020-01-01", "doses": "x"}, "doses: no list"),
        ({"birthDate": "2020-02-30", "doses": []}, "birthDate: no date"),
        ({"birthDate": "2020-01-01", "doses": [], "sex": "girl"}, "sex: no sex"),
        ({"birthDate": "2020-01-01", "doses": [], "Sex": "female"}, "history: a key is not known"),
        (plain({}, {"day": "2021-01-01"}), r"doses\[1\]: a key is not known"),
        (plain({}, {"date": "10/03/2025"}), r"doses\[1\].date: no date"),
        (plain({}, {"date": 2021}), r"doses\[1\].date: no date"),
        (plain({"cvx": True}), r"doses\[0\].cvx: no code"),
        (plain({"vaccine": {"words": "MMR"}}), r"doses\[0\].vaccine: a key is not known"),
        (plain({"flagged": "yes"}), r"doses\[0\].flagged: neither"),
        (plain({"doubts": ["hearsay"]}), r"doses\[0\].doubts: no list of doubts"),
        ({"birthDate": "2020-01-01", "doses": [{"date": "2021"}]}, r"doses\[0\]: a dose names its vaccine"),
        ({**plain(), "observations": [{"code": 7}]}, r"observations\[0\].code: no text"),
        ({"doses": []}, "birthDate and a list of doses"),
        ({"birthDate": "2020-01-01", "doses": ["01"]}, r"doses\[0\]: this is no object"),
        (bundle(PATIENT, immunization(), immunization()), "two doses have one id"),
        (bundle(PATIENT, *(immunization(id=str(place)) for place in range(1001))), "more than 1000 doses"),
        ("text", "birthDate and a list of doses"),
    ],
)
def test_a_history_that_is_none_is_refused(content: Any, words: str) -> None:
    with pytest.raises(BadInput, match=words) as refused:
        told.read(content, RULES, ON)
    assert "2020" not in str(refused.value)


LIBRARY = library.load()
WHO = LIBRARY.editions["who"].on(date(2026, 3, 15))
ATC = "http://www.whocc.no/atc"
# The vaccine as it is told, the type it is held for, and whether that is said to be inexact.
READ: list[tuple[dict[str, Any], str, bool]] = [
    ({"cvx": "03"}, "03", False),
    ({"cvx": 3}, "03", False),
    ({"vaccine": "003"}, "03", False),
    ({"text": "MMR"}, "03", True),
    ({"vaccine": {"text": "Priorix"}}, "03", True),
    ({"vaccine": "Priorix"}, "03", True),
    ({"atc": "J07BD52"}, "03", False),
    ({"vaccine": {"coding": [{"system": ATC, "code": "J07BD52"}]}}, "03", False),
    ({"text": "a jab"}, "", False),
    ({"cvx": "03", "atc": "J07BC01"}, "", False),  # measles, and hepatitis B: nothing that both are
]


@pytest.mark.parametrize(("named", "vaccine", "is_flagged"), READ)
def test_vaccines_are_read_in_every_code_system_and_in_words(
    named: dict[str, Any], vaccine: str, is_flagged: bool
) -> None:
    content = {"birthDate": "2020-01-01", "doses": [{"date": "2021-01-01", **named}]}
    found = told.read(content, WHO, ON, LIBRARY.meaning)
    assert [each.vaccine for each in found.doses] == [vaccine]
    assert [each.problem for each in found.flags] == [Problem.INEXACT_VACCINE] * is_flagged


def test_a_dose_before_the_age_its_type_counts_from_is_told_not_to_count() -> None:
    content = {"birthDate": "2025-03-01", "doses": [{"date": "2025-03-04", "cvx": "10"}]}
    found = answering.answer(content, WHO, date(2026, 3, 15)).answers.counted
    (verdict,) = (each for group in found.groups for one in group.verdicts for each in one.verdicts if each)
    assert (verdict.status, verdict.reasons) == (DoseStatus.NOT_VALID, (DoseReason.TOO_YOUNG,))
    assert found.flags == ()


def test_flags_stand_in_the_order_of_the_doses() -> None:
    days = {"z": "2023", "y": "2019-01-01", "x": "2023-02", "w": "2024-01-01", "v": "2022-01-01"}
    content = plain(*({"id": id, "date": day} for id, day in days.items()))
    flags = answering.answer(content, RULES, ON).answers.counted.flags
    assert list(dict.fromkeys(each.about for each in flags)) == [*days]
