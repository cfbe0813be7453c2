"""DHIS2 Tracker: every shape means the same children; only what happened to a known child becomes a dose."""

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from adapters import dhis2
from adapters.sdk import mapping
from registry.errors import Unreadable
from registry.intake import Fate, Severity, Submission

RECEIVED = datetime(2025, 7, 25, tzinfo=UTC)
Json = dict[str, Any]


def convert(document: object, adapter: dhis2.Dhis2Adapter = dhis2.adapter) -> Submission:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    submission = adapter.convert(body, source="almara-dhis2", received_at=RECEIVED)
    assert sum(row.count for row in submission.coverage) == adapter.leaves(body)
    return submission


def contents(submission: Submission, kind: str) -> list[Json]:
    return [dict(entry.resource.content) for entry in submission.entries if entry.resource.kind == kind]


def codes(submission: Submission) -> Counter[str]:
    return Counter(finding.code for finding in submission.findings)


def values(key: str, **said: str) -> list[Json]:
    return [{key: code, "value": value} for code, value in said.items()]


def event(number: str = "evt00000001", **more: Any) -> Json:
    said = more.pop("said", {"VACCINE": "PENTA1", "LOT": "K08807B"})
    return {
        "event": number,
        "programStage": "epiDoseStg1",
        "status": "COMPLETED",
        "orgUnit": "SuZEvAys38A",
        "orgUnitName": "Centre de santé Aïn Zitoune",
        "occurredAt": "2015-05-10T00:00:00.000",
        "dataValues": values("dataElement", **said),
        **more,
    }


NAMES = {
    "GIVEN_NAME": "Leïla",
    "FAMILY_NAME": "Haddad",
    "FATHER_NAME": "Karim",
    "GIVEN_NAME_AR": "ليلى",
    "FAMILY_NAME_AR": "حداد",
    "MOTHER_NAME_AR": "فاطمة الزهراء",
    "SEX": "FEMALE",
    "BIRTH_DATE": "2015-03-12",
    "VILLAGE": "Aïn Zitoune",
    "NATIONAL_ID": "1831903675",
    "RELIGION": "x",
}


def child(*events: Json, **more: Any) -> Json:
    said = more.pop("said", NAMES)
    return {
        "trackedEntity": "mpDviU8PWsJ",
        "trackedEntityType": "personAlma1",
        "attributes": values("attribute", **said),
        "enrollments": [
            {"enrollment": "lxfEFMgH5z4", "program": "ALMARA_EPI", "status": "ACTIVE", "events": list(events)}
        ],
        **more,
    }


def page(*children: Json) -> Json:
    return {"pager": {"page": 1}, "trackedEntities": list(children)}


def patient(**said: str) -> Json:
    (content,) = contents(convert(page(child(said={"GIVEN_NAME": "Leïla", **said}))), "Patient")
    return content


def dose(**more: Any) -> Json:
    (content,) = contents(convert(page(child(event(**more)))), "Immunization")
    return content


# The person ---------------------------------------------------------------------------


def test_a_child_has_one_name_per_script_and_parents_of_their_own() -> None:
    (content,) = contents(convert(page(child())), "Patient")
    assert content["name"] == [
        {"use": "official", "family": "حداد", "given": ["ليلى"]},
        {"use": "usual", "family": "Haddad", "given": ["Leïla"]},
    ]
    assert [(each["relationship"][0]["coding"][0]["code"], each["name"]) for each in content["contact"]] == [
        ("MTH", {"text": "فاطمة الزهراء"}),
        ("FTH", {"given": ["Karim"]}),
    ]
    assert (content["gender"], content["birthDate"]) == ("female", "2015-03-12")
    assert content["identifier"][1] == {
        "use": "official",
        "system": "urn:continuity:almara-dhis2:national-id",
        "value": "1831903675",
    }


BIRTHS = [
    ({"BIRTH_DATE": "2015-03"}, "2015-03", None),
    ({"BIRTH_DATE": "12/03/2015"}, "2015-03-12", None),
    ({"BIRTH_DATE": "2015-01-01", "BIRTH_DATE_PRECISION": "year"}, "2015", None),
    ({"BIRTH_DATE": "2015-03-01", "BIRTH_DATE_PRECISION": "month"}, "2015-03", None),
    ({"BIRTH_DATE": "1436-05-21", "BIRTH_DATE_CALENDAR": "hijri"}, "2015-03-12", "1436-05-21 hijri"),
    ({"BIRTH_DATE": "1436-05-21 H"}, "2015-03-12", "1436-05-21 hijri"),
    ({"BIRTH_DATE": "2015-02-30"}, None, None),
    ({"BIRTH_DATE": "2015-03-12", "BIRTH_DATE_CALENDAR": "martian"}, None, None),
]


@pytest.mark.parametrize(("said", "birth", "original"), BIRTHS)
def test_a_birth_date_keeps_its_precision_and_calendar(
    said: dict[str, str], birth: str | None, original: str | None
) -> None:
    content = patient(**said)
    assert content.get("birthDate") == birth
    marked = content.get("_birthDate", {}).get("extension", [{}])[0].get("valueString")
    assert marked == original


def test_a_prohibited_attribute_is_dropped_and_the_drop_is_told() -> None:
    rows = {row.field: row for row in convert(page(child())).coverage}
    assert rows["trackedEntities.attributes[RELIGION].value"].fate is Fate.IGNORED
    assert rows["trackedEntities.attributes[RELIGION].value"].reason == mapping.PROHIBITED


def test_an_unknown_attribute_is_named_in_the_coverage() -> None:
    rows = {row.field: row.fate for row in convert(page(child(said={"SHOE_SIZE": "31"}))).coverage}
    assert rows["trackedEntities.attributes[SHOE_SIZE].value"] is Fate.UNKNOWN


def test_attributes_are_found_by_uid_as_well_as_by_code() -> None:
    assert patient(famNameLat1="Haddad")["name"][0]["family"] == "Haddad"


def test_what_entity_and_enrolment_say_differently_is_noted() -> None:
    twice = child(said={"GIVEN_NAME": "Leïla"})
    twice["enrollments"][0]["attributes"] = values("attribute", GIVEN_NAME="Leila", FAMILY_NAME="Haddad")
    submission = convert(page(twice))
    (content,) = contents(submission, "Patient")
    assert content["name"] == [{"use": "usual", "family": "Haddad", "given": ["Leïla"]}]
    assert codes(submission)["attribute-conflict"] == 1


def test_a_deleted_child_is_no_longer_active_and_its_doses_were_entered_in_error() -> None:
    submission = convert(page(child(event(), deleted=True)))
    assert contents(submission, "Patient")[0]["active"] is False
    assert contents(submission, "Immunization")[0]["status"] == "entered-in-error"


def test_a_deleted_child_takes_its_doses_along_when_they_stand_beside_it() -> None:
    document = flat()
    document["trackedEntities"][0]["deleted"] = True
    assert contents(convert(document), "Immunization")[0]["status"] == "entered-in-error"


# The dose -----------------------------------------------------------------------------


def test_a_dose_keeps_the_local_code_beside_the_common_ones() -> None:
    content = dose()
    assert [(each["system"], each["code"]) for each in content["vaccineCode"]["coding"]] == [
        ("urn:continuity:almara-dhis2:vaccine", "PENTA1"),
        ("http://hl7.org/fhir/sid/cvx", "198"),
        ("http://www.whocc.no/atc", "J07CA11"),
    ]
    assert content["occurrenceDateTime"] == "2015-05-10"
    assert content["lotNumber"] == "K08807B"
    assert content["protocolApplied"] == [{"doseNumberPositiveInt": 1}]
    assert content["primarySource"] is True
    assert content["location"] == {"display": "Centre de santé Aïn Zitoune"}


def test_var_is_measles_in_this_register_not_varicella() -> None:
    assert "05" in [each["code"] for each in dose(said={"VACCINE": "VAR"})["vaccineCode"]["coding"]]


DOSES: list[tuple[Json, str, object]] = [
    ({"said": {"VACCINE": "BCG", "DOSE_DATE": "2015-03"}}, "occurrenceDateTime", "2015-03"),
    ({"said": {"VACCINE": "BCG", "DOSE_DATE": "31/02/2015"}}, "occurrenceString", "unknown"),
    ({"said": {"VACCINE": "BCG", "DOSE_SOURCE": "card"}}, "primarySource", False),
    ({"said": {"VACCINE": "BCG", "EXPIRY": "2016-01-31"}}, "expirationDate", "2016-01-31"),
    ({"said": {"VACCINE": "BCG", "NOT_GIVEN_REASON": "REFUSED"}}, "status", "not-done"),
    ({"said": {"VACCINE": "DTC", "DOSE_NUMBER": "4"}}, "protocolApplied", [{"doseNumberPositiveInt": 4}]),
    ({"said": {"VACCINE": "VPO0"}}, "protocolApplied", [{"doseNumberString": "0"}]),
    ({"deleted": True}, "status", "entered-in-error"),
    ({"deleted": True, "said": {}}, "vaccineCode", {"text": "unknown"}),
    ({"status": "ACTIVE"}, "status", "completed"),
]


@pytest.mark.parametrize(("more", "element", "expected"), DOSES)
def test_an_event_becomes_the_dose_it_describes(more: Json, element: str, expected: object) -> None:
    assert dose(**more)[element] == expected


@pytest.mark.parametrize("status", ["SCHEDULE", "OVERDUE", "SKIPPED"])
def test_an_appointment_is_no_dose(status: str) -> None:
    submission = convert(page(child(event(status=status))))
    assert contents(submission, "Immunization") == []
    assert "an appointment, not a dose" in {row.reason for row in submission.coverage}


def test_an_unknown_vaccine_is_kept_as_written_with_a_finding() -> None:
    submission = convert(page(child(event(said={"VACCINE": "XYZ9"}))))
    (content,) = contents(submission, "Immunization")
    assert content["vaccineCode"]["coding"] == [{"system": "urn:continuity:almara-dhis2:vaccine", "code": "XYZ9"}]
    assert codes(submission)["unknown-vaccine"] == 1


def test_an_event_without_a_number_gets_the_natural_key_of_its_dose() -> None:
    one, again = event(), event()
    other = event(said={"VACCINE": "PENTA1", "LOT": "OTHER"})
    for each in (one, again, other):
        del each["event"]
    submission = convert(page(child(one, again, other)))
    assert len(contents(submission, "Immunization")) == 2
    assert codes(submission)["repeated-record"] == 1


def test_an_event_of_another_program_is_no_dose() -> None:
    submission = convert(page(child(event(program="OTHER"))))
    assert contents(submission, "Immunization") == []
    assert codes(submission)["unmapped-program"] == 1


# The shapes ---------------------------------------------------------------------------


def as_object(value: str) -> Json:
    return {"idScheme": "CODE", "identifier": value}


def flat() -> Json:
    nested = child(event())
    enrolment = nested.pop("enrollments")[0]
    happened = enrolment.pop("events")[0]
    enrolment["trackedEntity"] = nested["trackedEntity"]
    happened["enrollment"] = enrolment["enrollment"]
    return {"events": [happened], "enrollments": [enrolment], "trackedEntities": [nested]}


def with_objects() -> Json:
    nested = child(event())
    enrolment = nested["enrollments"][0]
    enrolment["program"] = as_object("ALMARA_EPI")
    enrolment["attributeOptionCombo"] = {"idScheme": "UID"}
    happened = enrolment["events"][0]
    for key in ("programStage", "orgUnit"):
        happened[key] = as_object(happened[key])
    for each in happened["dataValues"]:
        each["dataElement"] = as_object(each["dataElement"])
    for each in nested["attributes"]:
        each["attribute"] = as_object(each["attribute"])
    return page(nested)


SHAPES: dict[str, Any] = {
    "flat": flat(),
    "objects": with_objects(),
    "single object": child(event()),
    "list": [child(event())],
    "instances": {"instances": [child(event())], "pager": {"page": 1}},
    "flat instances": {"instances": [each for listed in reversed(flat().values()) for each in listed]},
}


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_means_the_same(shape: str) -> None:
    expected = [(entry.person, entry.resource) for entry in convert(page(child(event()))).entries]
    assert [(entry.person, entry.resource) for entry in convert(SHAPES[shape]).entries] == expected


def test_a_page_of_events_alone_gives_doses_and_leaves_the_person_as_it_was() -> None:
    happened = event(trackedEntity="mpDviU8PWsJ", program="ALMARA_EPI")
    submission = convert({"instances": [happened]})
    assert [entry.resource.kind for entry in submission.entries] == ["Immunization"]
    assert submission.entries[0].person == "mpDviU8PWsJ"
    assert codes(submission)["person-not-described"] == 1


def test_events_without_an_enrolment_are_not_given_to_the_last_child_enrolled() -> None:
    unnumbered = child()
    del unnumbered["enrollments"][0]["enrollment"]
    stray = event(program="ALMARA_EPI")
    submission = convert({"trackedEntities": [unnumbered], "events": [stray]})
    assert contents(submission, "Immunization") == []
    assert codes(submission)["no-person"] == 1


def test_a_bad_record_is_set_aside_and_the_good_ones_go_on() -> None:
    nameless = child(event())
    nameless["trackedEntity"] = "%id%"
    submission = convert(page(nameless, child(event())))
    assert len(contents(submission, "Immunization")) == 1
    (error,) = [each for each in submission.findings if each.severity is Severity.ERROR]
    assert (error.code, error.where) == ("placeholder-id", "trackedEntities[0]")


REFUSED = [
    ({"programs": [{"id": "a"}], "dataElements": []}, "metadata"),
    ({"resourceType": "Bundle"}, "FHIR"),
    ({"status": "ERROR", "bundleReport": {}}, "answer of a DHIS2 server"),
    ({"httpStatusCode": 409}, "answer of a DHIS2 server"),
    ({"trackedEntityInstances": []}, "before 2.36"),
    ({"dataSet": "x", "dataValues": []}, "aggregate"),
    ({"hello": 1}, "nothing in this file"),
    ({}, "nothing in this file"),
    (b"event,orgUnit\n1,2\n", "CSV form"),
    (b"MSH|^~\\&|", "HL7"),
]


@pytest.mark.parametrize(("document", "words"), REFUSED)
def test_another_file_is_refused_by_what_it_is(document: object, words: str) -> None:
    with pytest.raises(Unreadable, match=words) as caught:
        convert(document)
    assert caught.value.remedy


# The samples of dhis2-core ------------------------------------------------------------

# File: Patients, Immunizations, codes of the findings; "" stands for a refusal as a whole.
SAMPLES: dict[str, tuple[int, int, Counter[str]] | str] = {
    "importer/enrollments/enrollment.json": (0, 0, Counter({"placeholder-id": 1, "nothing-usable": 1})),
    "importer/events/event.csv": "CSV form",
    "importer/events/event.json": (0, 0, Counter({"no-person": 1, "nothing-usable": 1})),
    "importer/events/events.json": (0, 0, Counter({"no-person": 4, "nothing-usable": 1})),
    "importer/trackedEntities/trackedEntities.json": (2, 0, Counter()),
    "importer/trackedEntities/trackedEntity.json": (0, 0, Counter({"no-person-id": 1, "nothing-usable": 1})),
    "importer/trackedEntities/trackedEntitiesAndRelationship.json": (2, 0, Counter()),
    "importer/trackedEntities/trackedEntitiesWithRelationship.json": (2, 0, Counter()),
    "importer/trackedEntities/trackedEntitiesWithEnrollmentsAndEvents.json": (
        *(2, 2),
        Counter({"suspected-duplicate": 1, "unknown-vaccine": 2}),
    ),
    "importer/trackedEntities/trackedEntitiesWithEnrollmentsEventsAndRelationships.json": (
        *(2, 2),
        Counter({"unknown-vaccine": 2, "derived-id": 2}),
    ),
    "importer/trackedEntities/trackedEntityAndEnrollment.json": (1, 0, Counter({"no-name": 1})),
    "importer/trackedEntities/trackedEntityWithEnrollmentAndAttributes.json": (1, 0, Counter()),
    "importer/trackedEntities/trackedEntityWithEnrollmentAndEventsNested.json": (
        *(0, 0),
        Counter({"no-person-id": 1, "nothing-usable": 1}),
    ),
    "importer/trackedEntities/trackedEntityWithEnrollments.json": (
        *(0, 0),
        Counter({"no-person-id": 1, "nothing-usable": 1}),
    ),
    "integration/te_enrollment_event.json": (1, 0, Counter({"no-name": 1, "unmapped-program": 2})),
    "integration/te_program_with_tea_data.json": (1, 0, Counter({"no-name": 1, "unmapped-program": 1})),
    "integration/te_program_with_tea_update_data.json": (
        1,
        0,
        Counter({"no-name": 1, "unmapped-program": 1}),
    ),
    "integration/te_program_with_tea_delete_data.json": (
        *(0, 0),
        Counter({"no-person": 1, "person-not-described": 1}),
    ),
    "integration/te_program_with_tea_fileresource_data.json": (
        *(1, 0),
        Counter({"no-name": 1, "unmapped-program": 1}),
    ),
    "integration/te_with_tea_data.json": (1, 0, Counter({"no-name": 1})),
    "integration/te_with_inaccessible_relationship_for_deletion.json": (
        *(0, 0),
        Counter({"person-not-described": 1}),
    ),
    "integration/te_program_with_tea_metadata.json": "metadata",
    "integration/te_program_with_tea_fileresource_metadata.json": "metadata",
    "integration/te_with_tea_metadata.json": "metadata",
    "integration/tracker_basic_metadata.json": "metadata",
}


@pytest.fixture(scope="module")
def sierra() -> dhis2.Dhis2Adapter:
    """The register of the samples: the same adapter with another mapping, and no line of code."""
    almara = Path(dhis2.__file__).with_name("mapping.toml").read_text(encoding="utf-8")
    for code, uid in (
        ("gvnNameLat1", "dIVt4l5vIOa"),
        ("famNameLat1", "kZeSYCgaHTk"),
        ("xEpIalmara1", "f1AyMswryyQ"),
        ("vaccineAlm1", "ZrqtjjveTFc"),
    ):
        almara = almara.replace(code, uid)
    return dhis2.of(mapping.read(almara.encode()))


@pytest.mark.parametrize("name", SAMPLES)
def test_every_sample_is_mapped_or_refused_with_reasons(
    name: str, shared_data: Path, sierra: dhis2.Dhis2Adapter
) -> None:
    body, expected = (shared_data / "sources" / "dhis2" / name).read_bytes(), SAMPLES[name]
    if isinstance(expected, str):
        with pytest.raises(Unreadable, match=expected):
            convert(body, sierra)
        return
    submission = convert(body, sierra)
    kinds = Counter(entry.resource.kind for entry in submission.entries)
    assert (kinds["Patient"], kinds["Immunization"], codes(submission)) == expected


def test_the_table_of_samples_is_complete(shared_data: Path) -> None:
    folder = shared_data / "sources" / "dhis2"
    found = {str(each.relative_to(folder)) for each in folder.rglob("*.*") if each.suffix in (".json", ".csv")}
    assert found == set(SAMPLES)


def test_names_and_dates_of_the_samples_are_right(shared_data: Path, sierra: dhis2.Dhis2Adapter) -> None:
    name = "importer/trackedEntities/trackedEntitiesWithEnrollmentsAndEvents.json"
    submission = convert((shared_data / "sources" / "dhis2" / name).read_bytes(), sierra)
    assert [(each["id"], each["name"][0]["family"]) for each in contents(submission, "Patient")] == [
        ("Kj6vYde4LHh", "Bravo"),
        ("Nav6inZRw1u", "Test,Test"),
    ]
    doses = contents(submission, "Immunization")
    assert [(each["id"], each["patient"]["reference"], each["occurrenceDateTime"]) for each in doses] == [
        ("ZwwuwNp6gVd", "Patient/Kj6vYde4LHh", "2019-08-01"),
        ("olfXZzSGacW", "Patient/Nav6inZRw1u", "2019-08-07"),
    ]
