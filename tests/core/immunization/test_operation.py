"""`$immds-forecast`: FHIR R4 in and out, the dates under LOINC's codes, and the same bytes again."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from fhir.resources.R4B.immunizationevaluation import ImmunizationEvaluation
from fhir.resources.R4B.immunizationrecommendation import ImmunizationRecommendation
from fhir.resources.R4B.parameters import Parameters

from registry import library
from registry.continuity.immunization import engine, operation, recommendation
from registry.errors import BadInput
from tests.core.immunization.test_uncertain import two_doses

SCHEDULE = two_doses()
SYSTEM = SCHEDULE.vaccine_system
BIRTH = "2020-01-10"


def dose(id: str, when: str, **more: Any) -> dict[str, Any]:
    code = {"coding": [{"system": SYSTEM, "code": "c"}]}
    content = {"resourceType": "Immunization", "id": id, "status": "completed", "vaccineCode": code, **more}
    return {"name": "immunization", "resource": content | ({"occurrenceDateTime": when} if when else {})}


def question(*parts: dict[str, Any], birth: str = BIRTH, on: str = "2021-12-01") -> dict[str, Any]:
    patient = {"resourceType": "Patient", "id": "p", "birthDate": birth, "gender": "female"}
    asked = [{"name": "assessmentDate", "valueDate": on}, {"name": "patient", "resource": patient}]
    return {"resourceType": "Parameters", "parameter": [*asked, *parts]}


def named(answer: Any, name: str) -> list[Any]:
    return [each.get("resource") or each.get("valueString") for each in answer["parameter"] if each["name"] == name]


ASKED = {
    "nothing known": (),
    "a dose that counts": (dose("a", "2021-03-01"),),
    "a complete course": (dose("a", "2021-03-01"), dose("b", "2021-06-01")),
    "a month that leaves it open": (dose("a", "2021-01"),),
    "no date at all": (dose("a", ""),),
    "told only": (dose("a", "2021-03-01"), dose("b", "2021-06-01", reportOrigin={"coding": [{"code": "recall"}]})),
    "before birth": (dose("a", "2019-01-01"),),
}


@pytest.mark.parametrize("parts", ASKED.values(), ids=ASKED)
def test_every_answer_is_valid_fhir(parts: tuple[dict[str, Any], ...]) -> None:
    answer = operation.answer(question(*parts), lambda _: SCHEDULE)
    Parameters.model_validate(answer)
    for each in named(answer, "recommendation"):
        ImmunizationRecommendation.model_validate(each)
    for each in named(answer, "evaluation"):
        ImmunizationEvaluation.model_validate(each)


def test_the_dates_stand_under_the_codes_of_loinc() -> None:
    (found,) = named(operation.answer(question(dose("a", "2021-03-01")), lambda _: SCHEDULE), "recommendation")
    (group,) = found["recommendation"]
    dates = {each["code"]["coding"][0]["code"]: each["value"] for each in group["dateCriterion"]}
    assert dates == {"30981-5": "2021-03-29", "30980-7": "2021-03-29"}
    assert group["doseNumberString"] == "2"
    assert group["supportingImmunization"] == [{"reference": "Immunization/a"}]
    assert [each["code"] for each in group["forecastStatus"]["coding"]] == ["not-complete", "due"]
    assert group["vaccineCode"] == [{"coding": [{"system": SYSTEM, "code": "c"}], "text": "c"}]


def test_what_is_uncertain_says_what_it_may_be_and_its_date_is_late_enough() -> None:
    answer = operation.answer(question(dose("a", "2021-01"), dose("b", "2021-06-01")), lambda _: SCHEDULE)
    (found,) = named(answer, "recommendation")
    (group,) = found["recommendation"]
    assert group["forecastStatus"]["text"] == "uncertain: not-complete or complete"
    assert group["dateCriterion"][0]["value"] == "2021-06-29"
    first, second = named(answer, "evaluation")
    assert first["doseStatus"]["text"] == "uncertain: not-valid or valid"
    assert first["immunizationEvent"] == {"reference": "Immunization/a"}
    assert [each["code"] for each in second["doseStatus"]["coding"]] == ["valid", "valid"]


def test_a_doubted_dose_brings_a_second_recommendation_and_what_hangs_on_it() -> None:
    answer = operation.answer(question(*ASKED["told only"]), lambda _: SCHEDULE)
    (without,) = named(answer, "recommendation-without-doubted-doses")
    assert without["recommendation"][0]["forecastStatus"]["text"] == "not-complete"
    assert named(answer, "change") == ["without b, C is not-complete, not complete"]


def test_a_dose_that_cannot_be_is_flagged() -> None:
    assert named(operation.answer(question(*ASKED["before birth"]), lambda _: SCHEDULE), "flag") == ["a: before-birth"]
    born = operation.answer(question(dose("a", "2020-01"), birth="2020-01"), lambda _: SCHEDULE)
    assert named(born, "flag") == ["a: day-unknown", "a: perhaps before-birth"]


def test_the_same_question_gives_the_same_bytes_and_says_by_what() -> None:
    answers = {orjson.dumps(operation.answer(question(dose("a", "2021-03")), lambda _: two_doses())) for _ in range(3)}
    (only,) = answers
    answer = orjson.loads(only)
    assert named(answer, "engine-version") == [engine.VERSION]
    assert named(answer, "schedule-digest") == [SCHEDULE.digest]
    assert len(named(answer, "doses-digest")[0]) == 64
    (found,) = named(answer, "recommendation")
    assert found["identifier"][0]["value"].endswith(f".engine-{engine.VERSION}")


def test_the_digest_of_the_doses_does_not_betray_the_birth_date() -> None:
    """Birth dates never leave (disclosure.md): nothing that leaves may be tried against them."""
    one = operation.answer(question(dose("a", "2021-03-01")), lambda _: SCHEDULE)
    other = operation.answer(question(dose("a", "2021-03-01"), birth="2020-01-11"), lambda _: SCHEDULE)
    assert named(one, "doses-digest") == named(other, "doses-digest")
    assert BIRTH not in orjson.dumps(one).decode()


REFUSED: dict[str, Any] = {
    "no Parameters": {"resourceType": "Bundle"},
    "not even an object": [1, 2],
    "no day": {"resourceType": "Parameters", "parameter": question()["parameter"][1:]},
    "a month as the day": question(on="2021-12"),
    "two days": question(question()["parameter"][0]),
    "nobody": {"resourceType": "Parameters", "parameter": question()["parameter"][:1]},
    "two people": question(question()["parameter"][1]),
    "no birth date": question(birth=""),
    "two doses of one id": question(dose("a", "2021"), dose("a", "2020")),
    "far too many doses": question(*(dose(str(each), "2021") for each in range(1100))),
}


@pytest.mark.parametrize("asked", REFUSED.values(), ids=REFUSED)
def test_what_asks_no_question_is_refused_with_its_place_and_without_its_content(asked: Any) -> None:
    with pytest.raises(BadInput) as refused:
        operation.answer(asked, lambda _: SCHEDULE)
    assert refused.value.where
    assert BIRTH not in f"{refused.value} {refused.value.remedy}"


def test_the_codes_of_statuses_are_in_the_terminology() -> None:
    systems = library.load().code_systems
    for system, codes in (
        (recommendation.STATUS, {each.value for each in recommendation.SeriesStatus}),
        (recommendation.DOSE, {each.value for each in recommendation.DoseStatus}),
    ):
        assert {*systems[system].displays} == {*codes, "uncertain"}
