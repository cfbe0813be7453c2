"""OneRoster: learners only, one school enrolment a year, headers read leniently and rows strictly."""

import csv
import io
import zipfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from adapters import oneroster
from adapters.sdk import mapping
from registry.errors import Unreadable
from registry.fhir import CANONICAL
from registry.intake import Severity, Submission

RECEIVED = datetime(2023, 3, 1, tzinfo=UTC)
Json = dict[str, Any]
Rows = list[dict[str, str]]
Files = dict[str, Rows]

MOTHER, FATHER, GRADE = "metadata.motherName", "metadata.fatherName", "metadata.grade"
LANGUAGE, OUTCOME, PRESENT = "metadata.languageOfInstruction", "metadata.outcome", "metadata.daysPresent"


def export() -> Files:
    """A small school year: one learner with two classes, a teacher, a guardian."""
    return {
        "orgs": [{"sourcedId": "sch-1", "name": "Kettleford School", "type": "school"}],
        "academicSessions": [
            {"sourcedId": "t1", "title": "Autumn", "type": "term", "parentSourcedId": "sy"},
            {
                **{"sourcedId": "sy", "title": "2022-2023", "type": "schoolYear"},
                **{"startDate": "2022-09-01", "endDate": "2023-06-20"},
            },
        ],
        "classes": [
            {"sourcedId": "c1", "grades": "03", "schoolSourcedId": "sch-1", "termSourcedIds": "t1"},
            {"sourcedId": "c2", "grades": "03", "schoolSourcedId": "sch-1", "termSourcedIds": "t1"},
        ],
        "users": [
            {
                **{"sourcedId": "u1", "role": "student", "givenName": "Miriam", "familyName": "Al-Baghdadi"},
                **{"identifier": "LN1", "userIds": "{NationalId:BK0434},{Ldap:x}", "password": "hunter2"},
                **{MOTHER: "Munira Ghanim", FATHER: "Abdulaziz", "metadata.village": "Kettleford"},
            },
            {"sourcedId": "t9", "role": "teacher", "givenName": "Edith", "familyName": "Weaver"},
            {"sourcedId": "g9", "role": "guardian", "givenName": "Munira", "familyName": "Ghanim"},
        ],
        "demographics": [
            {"sourcedId": "u1", "birthDate": "2014-04-02", "sex": "Female", "asian": "true"},
            {"sourcedId": "t9", "birthDate": "1980-01-01", "sex": "female"},
        ],
        "enrollments": [
            {
                **{"sourcedId": "e1", "classSourcedId": "c1", "userSourcedId": "u1", "role": "student"},
                **{"beginDate": "2022-09-03", "endDate": "", LANGUAGE: "en"},
            },
            {
                **{"sourcedId": "e2", "classSourcedId": "c2", "userSourcedId": "u1", "role": "student"},
                **{"beginDate": "2022-09-01", "endDate": "", LANGUAGE: "en"},
            },
            {"sourcedId": "e3", "classSourcedId": "c1", "userSourcedId": "t9", "role": "teacher"},
        ],
    }


def table(rows: Rows) -> bytes:
    columns = list(dict.fromkeys(column for row in rows for column in row))
    target = io.StringIO()
    writer = csv.DictWriter(target, columns, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return target.getvalue().encode()


def packed(members: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return target.getvalue()


def convert(files: Files | bytes) -> Submission:
    body = files if isinstance(files, bytes) else packed({f"{n}.csv": table(r) for n, r in files.items()})
    submission = oneroster.adapter.convert(body, source="bektar-schools", received_at=RECEIVED)
    assert sum(row.count for row in submission.coverage) == oneroster.adapter.leaves(body)
    return submission


def contents(submission: Submission, kind: str) -> list[Json]:
    return [dict(entry.resource.content) for entry in submission.entries if entry.resource.kind == kind]


def codes(submission: Submission) -> Counter[str]:
    return Counter(finding.code for finding in submission.findings)


def said(content: Json, name: str) -> Any:
    """The value of an enrolment extension; a mapping of the parts when it is complex."""
    found = [each for each in content["extension"] if each["url"].endswith(f"/enrolment-{name}")]
    if not found:
        return None
    (held,) = found
    if "extension" in held:
        return {part["url"]: value(part) for part in held["extension"]}
    return value(held)


def value(extension: Json) -> Any:
    return next(held for key, held in extension.items() if key.startswith("value"))


def enrolment(files: Files) -> Json:
    (content,) = contents(convert(files), "Basic")
    return content


# People -------------------------------------------------------------------------------


def test_only_learners_become_patients_and_the_others_are_left_out_with_a_reason() -> None:
    submission = convert(export())
    assert [entry.person for entry in submission.entries if entry.resource.kind == "Patient"] == ["u1"]
    rows = {(row.field, row.fate.value, row.reason) for row in submission.coverage}
    assert ("users.csv:familyName", "ignored", "not a learner") in rows
    assert b"Weaver" not in b"".join(entry.resource.body for entry in submission.entries)


def test_a_learner_has_names_parents_and_the_strong_number() -> None:
    (content,) = contents(convert(export()), "Patient")
    assert content["name"] == [{"use": "official", "family": "Al-Baghdadi", "given": ["Miriam"]}]
    assert (content["birthDate"], content["gender"]) == ("2014-04-02", "female")
    assert [each["name"] for each in content["contact"]] == [{"text": "Munira Ghanim"}, {"given": ["Abdulaziz"]}]
    assert content["address"] == [{"city": "Kettleford", "country": "XBK"}]
    assert [(each["use"], each["system"], each["value"]) for each in content["identifier"]] == [
        ("usual", "urn:continuity:bektar-schools:person", "u1"),
        ("usual", "urn:continuity:bektar-schools:student-number", "LN1"),
        ("official", "urn:continuity:bektar:national-id", "BK0434"),
    ]


@pytest.mark.parametrize("field", ["users.csv:password", "demographics.csv:asian"])
def test_passwords_and_race_are_dropped_as_prohibited(field: str) -> None:
    submission = convert(export())
    reasons = {row.reason for row in submission.coverage if row.field == field}
    assert mapping.PROHIBITED in reasons
    assert b"hunter2" not in b"".join(entry.resource.body for entry in submission.entries)


def test_a_hijri_birth_date_is_converted_and_marked() -> None:
    files = export()
    files["users"][0]["metadata.birthDateCalendar"] = "hijri"
    files["demographics"][0]["birthDate"] = "1436-05-21"
    (content,) = contents(convert(files), "Patient")
    assert content["birthDate"] == "2015-03-12"
    assert content["_birthDate"]["extension"][0]["valueString"] == "1436-05-21 hijri"


def test_a_learner_to_be_deleted_is_no_longer_active() -> None:
    files = export()
    files["users"][0]["status"] = "tobedeleted"
    assert contents(convert(files), "Patient")[0]["active"] is False


# Enrolments ---------------------------------------------------------------------------


def test_the_classes_of_one_year_make_one_enrolment() -> None:
    content = enrolment(export())
    assert content["meta"]["profile"] == [f"{CANONICAL}/StructureDefinition/school-enrolment"]
    assert content["subject"] == {"reference": "Patient/u1"}
    assert said(content, "school") == {
        "identifier": {"system": "urn:continuity:bektar-schools:school", "value": "sch-1"},
        "display": "Kettleford School",
    }
    assert said(content, "academic-year") == {
        "label": "2022-2023",
        "period": {"start": "2022-09-01", "end": "2023-06-20"},
    }
    assert said(content, "period") == {"start": "2022-09-01"}
    assert said(content, "grade") == {
        "label": "03",
        "labelLanguage": "en",
        "yearOfSchooling": 3,
        "mappingStatus": "exact",
    }
    assert (said(content, "status"), said(content, "instruction-language")) == ("current", "en")
    assert [each["value"] for each in content["identifier"][1:]] == ["e1", "e2"]


def test_an_enrolment_keeps_its_id_when_a_class_is_added() -> None:
    fewer = export()
    del fewer["enrollments"][1]
    assert enrolment(fewer)["id"] == enrolment(export())["id"]


def test_another_grade_or_year_is_another_enrolment() -> None:
    files = export()
    files["enrollments"][0][GRADE] = "04"
    assert len(contents(convert(files), "Basic")) == 2


OUTCOMES = [
    ("promoted", "promoted", "promoted"),
    ("Retained", "repeat", "repeated"),
    ("withdrawn", "not-completed", "withdrawn"),
    ("swimming", "unknown", "current"),
]


@pytest.mark.parametrize(("word", "result", "status"), OUTCOMES)
def test_an_outcome_is_translated_by_the_mapping(word: str, result: str, status: str) -> None:
    files = export()
    for row in files["enrollments"][:2]:
        row[OUTCOME] = word
    content = enrolment(files)
    assert (said(content, "outcome"), said(content, "status")) == ({"result": result}, status)


def test_a_learner_who_left_and_came_back_has_the_outcome_of_the_last_stay_and_the_days_of_both() -> None:
    files = export()
    late, early = files["enrollments"][:2]
    late.update({"beginDate": "2022-12-14", "endDate": "2023-06-20", OUTCOME: "promoted", PRESENT: "116"})
    early.update({"beginDate": "2022-09-01", "endDate": "2022-12-13", OUTCOME: "withdrawn", PRESENT: "57"})
    submission = convert(files)
    (content,) = contents(submission, "Basic")
    assert said(content, "outcome") == {"result": "promoted"}
    assert said(content, "attendance") == {"daysPresent": 173}
    assert said(content, "period") == {"start": "2022-09-01", "end": "2023-06-20"}
    assert codes(submission)["class-conflict"] == 0


def test_classes_of_one_stay_that_disagree_are_reported_and_neither_is_believed() -> None:
    files = export()
    for row, outcome in zip(files["enrollments"], ("promoted", "retained"), strict=False):
        row.update({"beginDate": "2022-09-01", OUTCOME: outcome})
    submission = convert(files)
    assert said(contents(submission, "Basic")[0], "outcome") is None
    assert codes(submission)["class-conflict"] == 1


def test_an_enrolment_to_be_deleted_counts_only_when_nothing_else_is_left() -> None:
    files = export()
    files["enrollments"][0]["status"] = "tobedeleted"
    content = enrolment(files)
    assert said(content, "status") == "current"
    assert [each["value"] for each in content["identifier"][1:]] == ["e2"]
    files["enrollments"][1]["status"] = "ToBeDeleted"
    assert said(enrolment(files), "status") == "entered-in-error"


def test_unknown_language_year_and_grade_are_said_to_be_unknown() -> None:
    files = export()
    files["academicSessions"], files["classes"] = [{"sourcedId": "x"}], [{"sourcedId": "x"}]
    for row in files["enrollments"]:
        row.update({"schoolSourcedId": "sch-1", LANGUAGE: ""})
    submission = convert(files)
    (content,) = contents(submission, "Basic")
    assert said(content, "grade")["label"] == said(content, "academic-year")["label"] == "unknown"
    assert said(content, "instruction-language") == "und"
    assert {"no-grade", "no-academic-year"} <= set(codes(submission))


def test_sessions_that_are_their_own_parents_end_somewhere() -> None:
    files = export()
    files["academicSessions"][1].update({"type": "term", "parentSourcedId": "t1"})
    assert len(contents(convert(files), "Basic")) == 1


# Archives, headers and rows -----------------------------------------------------------

GUESSES = [
    ("givenName", "GivenName"),
    ("givenName", "Given Name"),
    ("givenName", "given_name"),
    ("familyName", "famillyName"),
    (MOTHER, "motherName"),
    (MOTHER, "ext_tao_userMotherName"),
]


@pytest.mark.parametrize(("column", "written"), GUESSES)
def test_headers_are_matched_leniently_and_guesses_reported(column: str, written: str) -> None:
    files = export()
    files["users"] = [{written if k == column else k: v for k, v in row.items()} for row in files["users"]]
    submission = convert(files)
    assert submission.entries == convert(export()).entries
    assert codes(submission)["guessed-header"] == (0 if written.startswith("ext_") else 1)


@pytest.mark.parametrize("column", ["otherName", "grandmotherName", "stepfatherName", "birthName", "grandName"])
def test_a_column_of_another_meaning_is_not_taken_for_one_that_sounds_alike(column: str) -> None:
    files = export()
    files["users"] = [{column: "Somebody", "sourcedId": "u1", "role": "student", "givenName": "Miriam"}]
    submission = convert(files)
    assert b"Somebody" not in b"".join(entry.resource.body for entry in submission.entries)
    assert f"users.csv:{column}" in {row.field for row in submission.coverage if row.fate.value == "unknown"}


def test_a_row_that_does_not_fit_its_header_is_set_aside_by_line() -> None:
    members = {f"{name}.csv": table(rows) for name, rows in export().items()}
    members["users.csv"] += b"u2,student,Amina\r\n"
    submission = convert(packed(members))
    (error,) = [each for each in submission.findings if each.severity is Severity.ERROR]
    assert (error.code, error.where) == ("ragged-row", "users.csv line 5")
    assert len(contents(submission, "Patient")) == 1


def test_demographics_of_nobody_in_the_archive_are_reported() -> None:
    files = export()
    files["demographics"].append({"sourcedId": "u7", "birthDate": "2014-01-01"})
    assert codes(convert(files))["orphan-row"] == 1


def test_an_enrolment_of_a_learner_of_an_earlier_archive_is_kept() -> None:
    files = export()
    del files["users"], files["demographics"]
    submission = convert(files)
    assert [entry.resource.kind for entry in submission.entries] == ["Basic"]
    assert codes(submission)["missing-file"] == 2


def test_the_archive_may_hold_a_folder_and_the_litter_of_packing_programs() -> None:
    members = {f"export/{name}.CSV": table(rows) for name, rows in export().items()}
    litter = {"__MACOSX/export/._users.csv": b"\x00", "export/.DS_Store": b"\x00", "read me.txt": b"hello"}
    submission = convert(packed({**members, **litter}))
    assert submission.entries == convert(export()).entries


REFUSED: list[tuple[bytes, str, str]] = [
    (table(export()["users"]), "one CSV file of a OneRoster export", ""),
    (packed({"classes.csv": b"sourcedId\n1\n"}), "neither users.csv nor enrollments.csv", ""),
    (packed({"users.csv": b"name,age\nx,1\n"}), "no column `sourcedId`", "users.csv line 1"),
    (packed({"users.csv": b'sourcedId,role\n"x,student\n'}), "quotes", "users.csv line 2"),
    (packed({"users.csv": b"sourcedId,role\n\xe9,student\n"}), "not utf-8", "users.csv byte 15"),
    (packed({"users.csv": b"sourcedId\n", "a/users.csv": b"sourcedId\n"}), "two files", "users.csv"),
    (packed({"[Content_Types].xml": b"<a/>"}), "Office document", ""),
    (b'{"a": 1}', "looks like JSON", ""),
]


@pytest.mark.parametrize(("body", "words", "where"), REFUSED)
def test_another_file_is_refused_with_file_row_and_remedy(body: bytes, words: str, where: str) -> None:
    with pytest.raises(Unreadable, match=words) as caught:
        oneroster.adapter.convert(body, source="s", received_at=RECEIVED)
    assert caught.value.where == where
    assert caught.value.remedy


# The sample of oat-sa -----------------------------------------------------------------


@pytest.fixture(scope="module")
def sample(shared_data: Path) -> Submission:
    folder = shared_data / "education" / "oneroster"
    return convert(packed({each.name: each.read_bytes() for each in sorted(folder.glob("*.csv"))}))


def test_the_sample_gives_two_learners_and_three_enrolments(sample: Submission) -> None:
    assert Counter(entry.resource.kind for entry in sample.entries) == {"Patient": 2, "Basic": 3}
    assert codes(sample) == {"guessed-header": 1, "no-academic-year": 3, "no-grade": 2}
    assert not any(row.fate.value == "unknown" for row in sample.coverage)


def test_names_schools_and_grades_of_the_sample_are_right(sample: Submission) -> None:
    first, second = contents(sample, "Patient")
    assert first["name"] == [{"use": "official", "family": "padurariu", "given": ["ionut"]}]
    assert [each["name"]["given"][0] for each in first["contact"]] == ["metadata.value1", "metadata.value2"]
    assert "contact" not in second
    places = [
        (each["subject"]["reference"], said(each, "school")["display"], said(each, "grade")["label"])
        for each in contents(sample, "Basic")
    ]
    assert places == [
        ("Patient/user1", "School 1", "2"),
        ("Patient/user1", "School 1", "unknown"),
        ("Patient/user2", "School 2", "unknown"),
    ]
