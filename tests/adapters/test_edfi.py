"""What the adapter `edfi` makes of interchanges: the published sample, one of Corvia, and broken ones."""

from __future__ import annotations

import gzip
import io
import json
import random
import re
import zipfile
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from defusedxml import ElementTree
from fhir.resources.R4B.basic import Basic
from fhir.resources.R4B.immunization import Immunization
from fhir.resources.R4B.patient import Patient

from adapters.edfi import adapter
from adapters.sdk import conformance
from registry.errors import Unreadable
from registry.fhir import CANONICAL, resource
from registry.intake import Fate, Severity, Submission

GOLDEN = Path(__file__).parent / "golden"
RECEIVED = datetime(2026, 1, 1, tzinfo=UTC)
MODELS = {"Patient": Patient, "Immunization": Immunization, "Basic": Basic}
CORVIA = (GOLDEN / "edfi-corvia.xml").read_bytes()


def read(body: bytes | str) -> Submission:
    raw = body.encode() if isinstance(body, str) else body
    return adapter.convert(raw, source="corvia-schools", received_at=RECEIVED)


def packed(files: Mapping[str, bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, body in files.items():
            archive.writestr(name, body)
    return held.getvalue()


def interchange(kind: str, *records: str, namespace: str = "http://ed-fi.org/5.2.0") -> str:
    return f'<Interchange{kind} xmlns="{namespace}">{"".join(records)}</Interchange{kind}>'


def together(*interchanges: str) -> str:
    return f"<Interchanges>{''.join(interchanges)}</Interchanges>"


STUDENT = "<Student><StudentUniqueId>7</StudentUniqueId><Name><FirstName>А</FirstName></Name></Student>"
_IDENTITY = "<StudentIdentity><StudentUniqueId>7</StudentUniqueId></StudentIdentity>"
REFERENCE = f"<StudentReference>{_IDENTITY}</StudentReference>"


def stay(inner: str = "", *, entry: str = "2021-09-01", grade: str = "uri://corvia.example/G#5-й класс") -> str:
    school = "<SchoolReference><SchoolIdentity><SchoolId>107</SchoolId></SchoolIdentity></SchoolReference>"
    return (
        f"<StudentSchoolAssociation>{REFERENCE}{school}<SchoolYear>2021-2022</SchoolYear>"
        f"<EntryDate>{entry}</EntryDate><EntryGradeLevel>{grade}</EntryGradeLevel>{inner}"
        "</StudentSchoolAssociation>"
    )


def contents(submission: Submission, kind: str) -> list[Any]:
    return [each.resource.content for each in submission.entries if each.resource.kind == kind]


def codes(submission: Submission) -> list[str]:
    return [each.code for each in submission.findings]


def told(content: Any, name: str) -> Any:
    """The value of an extension of an enrolment, or the inner values of a complex one by name."""
    url = f"{CANONICAL}/StructureDefinition/enrolment-{name}"
    (found,) = resource.extensions(content, url)
    inner = found.get("extension")
    if not inner:
        return resource.extension_value(content, url)
    return {each["url"]: resource.extension_value(found, each["url"]) for each in inner}


def said(body: bytes) -> int:
    """How many values an XML file has: texts of childless elements, and attributes of and in records."""
    root = ElementTree.fromstring(body)
    tops = [root] if root.tag.rpartition("}")[2] != "Interchanges" else list(root)
    below = [each for top in tops for record in top for each in record.iter()]
    texts = sum(1 for each in below if len(each) == 0 and (each.text or "").strip())
    return texts + sum(len(each.attrib) for each in below)


# The published sample -----------------------------------------------------------------------------


def sample(folder: Path) -> dict[str, bytes]:
    return {
        path.name.removesuffix(".gz"): gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        for path in sorted((folder / "education/edfi").iterdir())
    }


COUNTS = {
    "Contact.xml": {},
    "EducationOrgCalendar.xml": {},
    "EducationOrganization.xml": {},
    "Student.xml": {"Patient": 672},
    "StudentHealth.xml": {"Immunization": 252},
    "StudentProgram.xml": {},
    "StudentSchoolAttendance.xml": {},
}


def test_every_file_of_the_sample_is_read_and_accounted_for(shared_data: Path) -> None:
    files = sample(shared_data)
    assert set(files) == set(COUNTS)
    for name, body in files.items():
        found = read(body)
        assert Counter(each.resource.kind for each in found.entries) == COUNTS[name], name
        assert sum(row.count for row in found.coverage) == said(body), name
        assert not [row.field for row in found.coverage if row.fate is Fate.UNKNOWN], name
        assert not [each for each in found.findings if each.severity is Severity.ERROR], name


def test_the_sample_as_one_hand_over_resolves_every_reference(shared_data: Path) -> None:
    found = read(packed(sample(shared_data)))
    people = {each.resource.reference for each in found.entries if each.resource.kind == "Patient"}
    doses = contents(found, "Immunization")
    assert (len(people), len(doses)) == (672, 252)
    assert {each["patient"]["reference"] for each in doses} <= people
    relatives = Counter(
        contact["relationship"][0]["coding"][0]["code"]
        for person in contents(found, "Patient")
        for contact in person.get("contact", ())
    )
    assert set(relatives) == {"MTH", "FTH"}
    assert relatives["MTH"] >= 639
    assert relatives["FTH"] >= 667
    assert codes(found).count("student-elsewhere") == 0


def test_doses_of_the_sample_are_dated_undated_or_not_given(shared_data: Path) -> None:
    doses = contents(read(sample(shared_data)["StudentHealth.xml"]), "Immunization")
    required = [each for each in doses if "coding" in each["vaccineCode"]]
    assert len(required) == 241
    kinds = Counter((each["status"], "occurrenceDateTime" in each) for each in required)
    assert kinds[("completed", True)] == 176
    assert kinds[("completed", False)] == 54
    assert kinds[("not-done", True)] + kinds[("not-done", False)] == 11
    assert not any(each["primarySource"] for each in doses)
    assert b"elig" not in b"".join(json.dumps(each).encode() for each in doses)


def test_nothing_of_programmes_or_citizenship_leaves_the_sample(shared_data: Path) -> None:
    found = read(packed(sample(shared_data)))
    held = b"".join(each.resource.body for each in found.entries) + repr((found.findings, found.coverage)).encode()
    for word in (
        b"Autism",
        b"Permanent resident",
        b"Foreign Student",
        b"Dropout Prevention",
        b"Religious",
        b"New Street",
    ):
        assert word not in held
    reasons = {row.field: row.reason for row in found.coverage}
    assert reasons["Student.Citizenship.CitizenshipStatus"] == "prohibited: citizenship"
    programme = "StudentSpecialEducationProgramAssociation.Disability.Disability"
    assert reasons[programme].startswith("prohibited")


# A hand-over of Corvia ---------------------------------------------------------------------------


def test_the_hand_over_of_corvia_gives_the_golden_submission() -> None:
    found = read(CORVIA)
    written = {
        "entries": [each.resource.content for each in found.entries],
        "findings": [f"{each.severity.value} {each.code}: {each.where}" for each in found.findings],
        "coverage": [f"{row.field} {row.fate.value} {row.count} {row.reason}".strip() for row in found.coverage],
    }
    assert written == json.loads((GOLDEN / "edfi-corvia.json").read_text())


def test_every_value_of_the_hand_over_is_accounted_for() -> None:
    assert sum(row.count for row in read(CORVIA).coverage) == said(CORVIA) == adapter.leaves(CORVIA)


def test_what_is_made_is_valid_fhir() -> None:
    found = read(CORVIA)
    assert {each.resource.kind for each in found.entries} == set(MODELS)
    for each in found.entries:
        MODELS[each.resource.kind].model_validate(dict(each.resource.content))


def test_names_keep_their_script_and_parents_come_from_contacts() -> None:
    (person,) = contents(read(CORVIA), "Patient")
    assert person["name"][0] == {"use": "official", "family": "Хоссейни", "given": ["Захра", "Алиевна"]}
    assert person["name"][1] == {"use": "usual", "family": "Hosseini", "given": ["Zahra"]}
    parents = {each["relationship"][0]["coding"][0]["code"]: each["name"] for each in person["contact"]}
    assert parents["MTH"]["given"] == ["Марьям"]
    assert parents["FTH"]["given"] == ["Али"]
    assert len(parents) == 2
    assert person["gender"] == "female"
    assert person["address"] == [{"city": "Речица", "district": "Южный район"}]
    assert ("urn:continuity:corvia:national-id", "КР-55-1", "official") in [
        (each["system"], each["value"], each["use"]) for each in person["identifier"]
    ]


def test_an_enrolment_keeps_the_grade_in_the_words_of_the_school() -> None:
    first, second = contents(read(CORVIA), "Basic")
    assert told(first, "grade") == {
        "label": "5-й класс",
        "labelLanguage": "ru",
        "nationalCode": {"system": "uri://corvia.example/GradeLevelDescriptor", "code": "5-й класс"},
        "mappingStatus": "unmapped",
    }
    assert told(first, "status") == "promoted"
    assert told(first, "outcome") == {"result": "promoted", "asOf": "2022-05-31"}
    assert told(first, "school")["display"] == "Школа № 7"
    assert told(first, "country")["code"] == "XCV"
    assert told(first, "academic-year")["period"] == {"start": "2021-09-01", "end": "2022-05-31"}
    assert told(first, "period") == {"start": "2021-09-01", "end": "2022-05-31"}
    assert told(first, "instruction-language") == "ru"
    assert told(second, "status") == "current"
    assert not [*resource.extensions(second, f"{CANONICAL}/StructureDefinition/enrolment-outcome")]


def test_what_must_never_be_stored_is_dropped_and_named() -> None:
    found = read(CORVIA)
    held = b"".join(each.resource.body for each in found.entries).decode()
    held += repr((found.findings, found.coverage))
    for word in (
        "Беженец",
        "Homeless",
        "Приют",
        "000-00-0000",
        "Ленина",
        "Religious",
        "Autism",
        '"ar"',
        "Лале",
    ):
        assert word not in held
    reasons = {row.field: row.reason for row in found.coverage}
    assert reasons["StudentSchoolAssociation.ResidencyStatus"] == "prohibited: residence"
    assert reasons["StudentHealth.NonMedicalImmunizationExemption"].startswith("prohibited")
    rows = [row for row in found.coverage if row.field.endswith((".IdentificationCode", ".Language", ".City"))]
    assert Counter(row.fate for row in rows) == {Fate.MAPPED: 3, Fate.IGNORED: 4}


def test_the_same_hand_over_again_gives_the_same_resources() -> None:
    assert [each.resource for each in read(CORVIA).entries] == [each.resource for each in read(CORVIA).entries]
    early = read(interchange("StudentEnrollment", stay()))
    late = read(interchange("StudentEnrollment", stay("<ExitWithdrawDate>2022-05-31</ExitWithdrawDate>")))
    assert contents(early, "Basic")[0]["id"] == contents(late, "Basic")[0]["id"]


def test_a_zip_and_one_file_with_all_interchanges_are_the_same_hand_over() -> None:
    root = ElementTree.fromstring(CORVIA)
    files = {f"{at}.xml": ElementTree.tostring(each) for at, each in enumerate(root)}
    ours = {each.resource.reference: each.resource.body for each in read(packed(files)).entries}
    assert ours == {each.resource.reference: each.resource.body for each in read(CORVIA).entries}


# Enrolments ---------------------------------------------------------------------------------------

EXITS = [
    ("", "current", None),
    ("Promoted", "promoted", "promoted"),
    ("Переведён в следующий класс", "promoted", "promoted"),
    ("ПЕРЕВЕДЕН В СЛЕДУЮЩИЙ КЛАСС", "promoted", "promoted"),
    ("Переведён условно", "promoted", "conditional"),
    ("Оставлен на повторный год", "repeated", "repeat"),
    ("Graduated", "graduated", "promoted"),
    ("Transferred", "transferred", "not-completed"),
    ("Withdrawn", "withdrawn", "not-completed"),
    ("End of school year", "completed", "unknown"),
    ("Invalid enrollment", "entered-in-error", None),
    ("Expelled", "withdrawn", "not-completed"),
    ("Something new", "unknown", "unknown"),
]


@pytest.mark.parametrize(("code", "status", "outcome"), EXITS)
def test_the_outcome_follows_the_kind_of_exit(code: str, status: str, outcome: str | None) -> None:
    ending = f"<ExitWithdrawType>uri://x.example/ExitWithdrawTypeDescriptor#{code}</ExitWithdrawType>" if code else ""
    (content,) = contents(read(interchange("StudentEnrollment", stay(ending))), "Basic")
    assert told(content, "status") == status
    if outcome is None:
        assert "enrolment-outcome" not in json.dumps(content)
    else:
        assert told(content, "outcome")["result"] == outcome
    assert "Expelled" not in json.dumps(content)


def test_a_pupil_registered_in_advance_is_not_enrolled() -> None:
    kind = "<EnrollmentType>uri://ed-fi.org/EnrollmentTypeDescriptor#Preregistered</EnrollmentType>"
    found = read(interchange("StudentEnrollment", stay(kind)))
    assert not found.entries
    assert "not-enrolled-yet" in codes(found)


@pytest.mark.parametrize("broken", [stay(entry=""), stay(grade=""), "<StudentSchoolAssociation/>"])
def test_an_incomplete_enrolment_is_set_aside_and_the_others_go_on(broken: str) -> None:
    found = read(interchange("StudentEnrollment", broken, stay(entry="2020-09-01")))
    assert len(found.entries) == 1
    assert codes(found) == ["incomplete-enrolment"]
    assert all(row.fate is not Fate.UNKNOWN for row in found.coverage)


@pytest.mark.parametrize(
    ("namespace", "finding"),
    [
        ("http://ed-fi.org/5.0.0", []),
        ("http://ed-fi.org/6.1.0", []),
        ("http://ed-fi.org/3.1", ["unknown-version"]),
        ("", ["unknown-version"]),
    ],
)
def test_any_version_is_read_and_an_unknown_one_is_reported(namespace: str, finding: list[str]) -> None:
    found = read(interchange("Student", STUDENT, namespace=namespace))
    assert len(found.entries) == 1
    assert codes(found) == finding


def test_what_is_told_of_a_student_elsewhere_is_set_aside_with_one_finding() -> None:
    profile = f"<StudentDemographic>{REFERENCE}<Sex>uri://ed-fi.org/SexDescriptor#Female</Sex></StudentDemographic>"
    alone = read(interchange("StudentEnrollment", profile, profile))
    assert not alone.entries
    assert codes(alone) == ["student-elsewhere", "nothing-carried"]
    joined = read(together(interchange("Student", STUDENT), interchange("StudentEnrollment", profile)))
    assert contents(joined, "Patient")[0]["gender"] == "female"


# What is no interchange ---------------------------------------------------------------------------


def test_the_adapter_conforms_to_the_kit() -> None:
    assert conformance.failures(adapter, CORVIA, source="corvia-schools", rounds=40) == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"  ",
        b"{}",
        b"MSH|^~\\&|",
        b"\x00\x01",
        b"<html><body>Zahra</body></html>",
        b"<Zahra/>",
        CORVIA[: len(CORVIA) // 2],
        b"PK\x03\x04 not a zip",
        packed({}),
        packed({"readme.txt": b"x"}),
        packed({"Student.xml": CORVIA, "Zahra Hosseini.xml": b"<Student>"}),
        b'<!DOCTYPE a [<!ENTITY x "Zahra">]><InterchangeStudent>&x;</InterchangeStudent>',
        ("<InterchangeStudent>" + "<a>" * 500).encode(),
    ],
)
def test_what_is_no_interchange_is_unreadable_without_repeating_it(body: bytes) -> None:
    with pytest.raises(Unreadable) as caught:
        read(body)
    assert "Hosseini" not in str(caught.value)
    assert caught.value.remedy


def _mutated(body: bytes, dice: random.Random) -> bytes:
    for _ in range(dice.randint(1, 3)):
        tags = [each.span() for each in re.finditer(rb"<[^<>]*>|>[^<>]+<", body)]
        start, end = dice.choice(tags) if tags else (0, len(body))
        choices = (
            body[:start] + body[end:],
            body[:start] + dice.choice((b"<a>", b"", b"<Name/>", b">2021-13-45<", b"> <", b"\xff")) + body[end:],
            body[:start] + body[start:end] * 2 + body[end:],
            body.replace(body[start:end], b"", 3),
            body.replace(b"StudentUniqueId", dice.choice((b"StudentId", b"SchoolId"))),
            body.replace(b"uri://", b""),
            body.replace(b"#", b""),
        )
        body = dice.choice(choices)
    return body


def storm(body: bytes, *, count: int, seed: int) -> Counter[str]:
    """Convert `count` mutated hand-overs: anything but a Submission or Unreadable is raised."""
    dice, outcomes = random.Random(seed), Counter[str]()
    for _ in range(count):
        changed = _mutated(body, dice)
        try:
            found = read(changed)
        except Unreadable as error:
            outcomes["unreadable"] += 1
            outcomes["told"] += "Хоссейни" in str(error)
            continue
        outcomes["read"] += 1
        outcomes["told"] += "Хоссейни" in repr((found.findings, found.coverage))
        outcomes["uncounted"] += sum(row.count for row in found.coverage) != said(changed)
    return outcomes


def test_mutated_hand_overs_are_read_or_refused_and_nothing_else() -> None:
    outcomes = storm(CORVIA, count=300, seed=7)
    assert outcomes["read"] > 50
    assert outcomes["unreadable"] > 50
    assert (outcomes["told"], outcomes["uncounted"]) == (0, 0)


@pytest.mark.prove
def test_ten_thousand_mutated_hand_overs_crash_nothing() -> None:
    outcomes = storm(CORVIA, count=10_000, seed=8)
    assert (outcomes["told"], outcomes["uncounted"]) == (0, 0)
