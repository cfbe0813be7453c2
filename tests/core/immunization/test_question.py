"""Histories in FHIR and in plain JSON are read alike, and what cannot be used is flagged."""

from datetime import date
from typing import Any

import pytest

from registry.continuity.immunization import engine, question, supporting
from registry.continuity.immunization.outcome import Flag, Problem
from registry.continuity.immunization.person import Dose, Observation, Sex
from registry.continuity.immunization.question import Question
from registry.errors import BadInput
from tests.core.immunization.supporting_files import FILES

RULES = supporting.read(FILES)
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


def read(*resources: dict[str, Any]) -> Question:
    return question.read(bundle(PATIENT, *resources), RULES)


def test_a_bundle_a_list_and_plain_json_are_one_history() -> None:
    plain = {
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
    assert found == question.read([PATIENT, immunization(), pregnant], RULES) == question.read(plain, RULES)
    assert (found.person.birth, found.person.sex) == (date(2020, 1, 1), Sex.FEMALE)
    assert found.doses == (Dose(id="one", day=date(2021, 2, 3), vaccine="01"),)
    assert found.observations == (Observation(code="007", day=date(2021, 1, 1)),)


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"status": "not-done"}, Problem.NOT_GIVEN),
        ({"status": "entered-in-error"}, Problem.NOT_GIVEN),
        ({"occurrenceDateTime": "2021-02"}, Problem.DAY_UNKNOWN),
        ({"occurrenceDateTime": None, "occurrenceString": "last winter"}, Problem.DAY_UNKNOWN),
    ],
)
def test_a_dose_that_cannot_be_used_is_flagged(changed: Any, problem: Problem) -> None:
    found = read(immunization(**changed))
    assert found.doses == ()
    assert found.flags == (Flag(about="one", problem=problem),)


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
    asked = read(immunization(**changed))
    outcome = engine.forecast(RULES, asked.person, asked.doses, [], date(2023, 12, 31))
    assert outcome.flags == (Flag(about="one", problem=problem),)


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
    asked = read(*many)
    (found,) = engine.forecast(RULES, asked.person, asked.doses, [], date(2023, 12, 31)).groups
    assert len(found.verdicts) == 400


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (bundle(immunization()), "exactly one Patient"),
        (bundle(PATIENT, PATIENT), "exactly one Patient"),
        (bundle({"resourceType": "Patient", "birthDate": "2020"}), "not known to the day"),
        ({"doses": []}, "birthDate and a list of doses"),
        ({"birthDate": "2020-01-01", "doses": ["01"]}, "birthDate and a list of doses"),
        (bundle(PATIENT, immunization(), immunization()), "two doses have one id"),
        (bundle(PATIENT, *(immunization(id=str(place)) for place in range(1001))), "more than 1000 doses"),
        ("text", "birthDate and a list of doses"),
    ],
)
def test_a_history_that_is_none_is_refused(content: Any, words: str) -> None:
    with pytest.raises(BadInput, match=words) as refused:
        question.read(content, RULES)
    assert "2020" not in str(refused.value)
