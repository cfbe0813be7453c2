"""What leaves: valid FHIR, nothing that redaction took, and small enough for a QR code."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from fhir.resources.R4B.bundle import Bundle

from registry.continuity import education, history, immunization, summary
from registry.continuity.education import placement
from registry.fhir import CANONICAL, dates
from tests.core.continuity_records import LADDERS, MESSAGES, WHO, dose, enrolment, meaning

GOLDEN = Path(__file__).parent / "golden"
TODAY = date(2024, 8, 1)
ASKED = summary.Asked(pseudonym="pairwise-1", name="ليلى حداد", birth_date="2023-01", gender="female")
RELEASE = summary.Release(
    id="rel-7",
    issued=datetime(2024, 8, 1, 9, 30, tzinfo=UTC),
    expires=datetime(2024, 8, 31, 9, 30, tzinfo=UTC),
    issuer="https://registry.example",
    issuer_name="Continuity Registry",
    status_list="https://registry.example/status/3",
    status_index=41,
)
PLACES: dict[str, Any] = {
    "lot": "L-1234",
    "location": {"display": "Canary Clinic", "reference": "Location/9"},
    "performer": [{"actor": {"display": "Canary Nurse"}}],
    "manufacturer": {"display": "Canary Works"},
    "meta": {"tag": [{"system": f"{CANONICAL}/CodeSystem/recording-country", "code": "XAL"}]},
}


RULES = summary.RuleSet(id=WHO.id, version=WHO.version, title=WHO.title, licence=WHO.licence, limits=WHO.limits)


def clinic(records: list[history.Record], birth: str = "2023-01-01", language: str = "en") -> dict[str, Any]:
    born = dates.parse(birth)
    events = history.events(records, meaning, birth=born, today=TODAY)
    dues = immunization.forecast(events, born, ASKED.gender, WHO, TODAY)
    return summary.clinic_summary(
        asked=ASKED,
        events=events,
        dues=dues,
        rules=RULES,
        today=TODAY,
        release=RELEASE,
        words=MESSAGES[language],
        language=language,
    )


def school(records: list[history.Record], language: str = "en") -> dict[str, Any]:
    timeline = education.enrolments(records)
    found = placement.place(timeline, dates.parse("2012-03"), LADDERS, "XAL", TODAY)
    return summary.school_summary(
        asked=ASKED,
        timeline=timeline,
        placement=found,
        release=RELEASE,
        words=MESSAGES[language],
        language=language,
    )


def typical_doses() -> list[history.Record]:
    recall = {"reportOrigin": {"coding": [{"code": "recall"}]}}
    return [
        dose("bcg", "2023-01-02", primarySource=True, protocolApplied=[{"doseNumberPositiveInt": 1}]),
        dose("penta", "2023-02-12", id="p1"),
        dose("penta", "2023-02-12", "bektar-iis", id="p1"),
        dose("penta", "2023-03-12", id="p2"),
        dose("penta", "2023-03", "bektar-iis", id="p2"),
        dose("opv", None, id="o1"),
        dose("mr", "2023-11", id="m1", **recall),
    ]


def typical_years() -> list[history.Record]:
    return [
        enrolment("Grade 4", "2021/2022", "XBK", label_language="en", language="en", school="School 7"),
        enrolment("5-й класс", "2022/2023", "XCV", "unknown", label_language="ru", shown=False),
    ]


SUMMARIES = {
    "clinic": lambda: clinic(typical_doses()),
    "clinic-with-places": lambda: clinic([dose("mr", "2023-11-01", **PLACES)]),
    "clinic-empty": lambda: clinic([]),
    "clinic-birth-unknown": lambda: clinic(typical_doses(), ""),
    "clinic-stripped": lambda: clinic([dose("mr", None, vaccineCode={}, patient={}, recorded=None)]),
    "school": lambda: school(typical_years()),
    "school-empty": lambda: school([]),
    "school-stripped": lambda: school([enrolment("", "", "XBK", "unknown", shown=False)]),
}


@pytest.mark.parametrize("name", SUMMARIES)
def test_every_summary_is_a_fhir_document(name: str) -> None:
    document = SUMMARIES[name]()
    Bundle.model_validate(json.loads(json.dumps(document)))
    composition = document["entry"][0]["resource"]
    assert (document["type"], composition["resourceType"]) == ("document", "Composition")
    assert all("<div" in each["text"]["div"] for each in composition["section"])


@pytest.mark.parametrize("name", SUMMARIES)
def test_every_reference_in_a_summary_leads_to_an_entry(name: str) -> None:
    document = SUMMARIES[name]()
    held = {"/".join(each["fullUrl"].rsplit("/", 2)[1:]) for each in document["entry"]}
    assert set(_references(document)) <= held


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("reference"), str):
            yield value["reference"]
        for each in value.values():
            yield from _references(each)
    elif isinstance(value, list):
        for each in value:
            yield from _references(each)


def test_the_mandatory_sections_say_no_information_and_not_none_known() -> None:
    sections = clinic([])["entry"][0]["resource"]["section"]
    empty = {
        each["code"]["coding"][0]["code"]: each["emptyReason"]["coding"][0]["code"]
        for each in sections
        if "emptyReason" in each
    }
    assert empty == dict.fromkeys(("11450-4", "48765-2", "10160-0", "11369-6"), "unavailable")


def test_each_dose_carries_its_certainty_and_its_reason_and_not_how_many_told_of_it() -> None:
    immunizations = _resources(clinic(typical_doses()), "Immunization")
    told = [
        tuple(
            next(iter(value for name, value in part.items() if name != "url"))
            for part in each["extension"][0]["extension"]
        )
        for each in immunizations
    ]
    # How many sources know a person is nobody's business outside (class K of the disclosure page).
    certainties = [certainty for certainty, _, _ in told]
    assert certainties == ["confirmed", "confirmed", "recorded", "recorded", "stated", "recorded"]
    assert all(reason for _, _, reason in told)


def _resources(document: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [each["resource"] for each in document["entry"] if each["resource"]["resourceType"] == kind]


def test_no_place_goes_out_that_redaction_took() -> None:
    local = {
        "coding": [
            {"system": "urn:continuity:almara-dhis2:vaccine", "code": "CANARY-7"},
            {"system": "http://hl7.org/fhir/sid/ndc", "code": "CANARY-NDC"},
            {"system": "http://hl7.org/fhir/sid/cvx", "code": "04", "display": "canary display"},
        ],
        "text": "Canary en français",
    }
    text = json.dumps(clinic([dose("mr", "2023-11-01", dossier="canary-dossier", country="XAL", vaccineCode=local)]))
    for secret in ("anary", "almara", "XAL", "urn:continuity"):
        assert secret not in text


def test_a_place_that_consent_opened_goes_out() -> None:
    (immunization_,) = _resources(clinic([dose("mr", "2023-11-01", **PLACES)]), "Immunization")
    assert immunization_["location"] == {"display": "Canary Clinic"}
    assert immunization_["lotNumber"] == "L-1234"
    assert immunization_["meta"]["tag"][0]["code"] == "XAL"


def test_no_source_or_dossier_ever_goes_out() -> None:
    for document in (clinic(typical_doses()), school(typical_years())):
        text = json.dumps(document)
        for secret in ("almara-dhis2", "bektar", "XBK-schools", "Immunization/p1"):
            assert secret not in text


def test_the_person_is_described_only_as_the_asker_described_them() -> None:
    (patient,) = _resources(clinic(typical_doses()), "Patient")
    assert patient["birthDate"] == "2023-01"
    assert patient["name"] == [{"text": "ليلى حداد"}]
    assert patient["identifier"] == [{"system": f"{CANONICAL}/pseudonym", "value": "pairwise-1"}]


def test_the_ladder_of_origin_is_named_only_when_every_year_says_its_country() -> None:
    hidden, shown = school(typical_years()), school(typical_years()[:1])
    assert "xbk-2010" not in json.dumps(hidden)
    assert "xcv-2000" not in json.dumps(hidden)
    assert "xbk-2010" in json.dumps(shown)


def test_a_name_written_as_markup_stays_text() -> None:
    evil = [enrolment("<script>alert(1)</script>", "2021/2022", "XBK")]
    assert "<script>" not in school(evil)["entry"][0]["resource"]["section"][0]["text"]["div"]


def test_the_recommendation_says_dose_number_as_text_and_dates_by_loinc() -> None:
    (forecast,) = _resources(clinic(typical_doses()), "ImmunizationRecommendation")
    hepb = next(each for each in forecast["recommendation"] if each["vaccineCode"][0]["coding"][0]["code"] == "HEPB")
    assert hepb["doseNumberString"] == "3"
    found = {each["code"]["coding"][0]["code"]: each["value"] for each in hepb["dateCriterion"]}
    assert found == {"30981-5": "2023-04-09", "30980-7": "2023-08-12"}


def test_the_card_of_twelve_doses_fits_a_qr_code() -> None:
    given = [
        dose(vaccine, day, primarySource=True)
        for vaccine, day in (
            ("bcg", "2023-01-02"),
            ("hepb", "2023-01-02"),
            ("penta", "2023-02-12"),
            ("opv", "2023-02-12"),
            ("pcv", "2023-02-12"),
            ("rota", "2023-02-12"),
            ("penta", "2023-03-12"),
            ("opv", "2023-03-12"),
            ("pcv", "2023-03-12"),
            ("penta", "2023-04-09"),
            ("ipv", "2023-04-09"),
            ("mr", "2023-11-01"),
        )
    ]
    card = summary.card(clinic(given))
    assert len(card["d"]) == 12
    assert card["d"][0] == ["2023-01-02", "cvx:19", "c"]
    assert len(orjson.dumps(card)) <= 900


def test_the_card_of_a_school_holds_the_completed_year_and_the_grades_proposed() -> None:
    card = summary.card(school(typical_years()[:1]))
    assert card["c"] == [4]
    assert card["g"][0] == ["A", 5, "الصف الخامس"]


@pytest.mark.parametrize("name", SUMMARIES)
def test_the_card_is_made_of_every_summary(name: str) -> None:
    card = summary.card(SUMMARIES[name]())
    assert card["r"] == "rel-7"
    assert card["x"] == "2024-08-31T09:30:00+00:00"


@pytest.mark.parametrize("name", ["clinic", "school"])
def test_a_summary_is_the_one_on_file(name: str) -> None:
    """To accept a change, write the new document over the file and read the difference."""
    expected = json.loads((GOLDEN / f"continuity-{name}.json").read_text("utf-8"))
    assert SUMMARIES[name]() == expected
