"""What the adapter `hl7v2` makes of messages, good, foreign, odd and broken."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import hl7
import pytest
from fhir.resources.R4B.immunization import Immunization
from fhir.resources.R4B.patient import Patient
from hypothesis import given
from hypothesis import strategies as st

from adapters.hl7v2 import acknowledgement, adapter, refusal, wire
from adapters.hl7v2 import message as messages
from adapters.hl7v2.message import Marks
from adapters.sdk import conformance
from registry.errors import Unreadable
from registry.intake import Fate, Submission

GOLDEN = Path(__file__).parent / "golden"
RECEIVED = datetime(2026, 1, 1, tzinfo=UTC)
MODELS = {"Patient": Patient, "Immunization": Immunization}

HEADER = r"MSH|^~\&|IIS|FAC|REG|REG|20240310||VXU^V04^VXU_V04|C-1|P|2.5.1||||||UNICODE UTF-8"
PERSON = "PID|1||7001^^^BEKTAR-IIS^SR||Hosseini^Zahra^^^^^L||20170101|F"
ORDER = "ORC|RE||D-1^BEKTAR-IIS"
DOSE = "RXA|0|1|20180105||03^MMR^CVX|0.5|mL^mL^UCUM||00^New^NIP001||||||L1|20191231|MSD^Merck^MVX|||CP|A"


def read(body: bytes | str, source: str = "bektar-iis") -> Submission:
    raw = body.encode() if isinstance(body, str) else body
    return adapter.convert(raw, source=source, received_at=RECEIVED)


def file(*lines: str) -> str:
    return "\r".join(lines) + "\r"


def dose(**fields: str) -> str:
    """The dose of `DOSE` with some fields changed: `dose(rxa_6="999")`."""
    parts = DOSE.split("|") + [""] * 10
    for name, value in fields.items():
        parts[int(name.removeprefix("rxa_"))] = value
    return "|".join(parts)


def contents(submission: Submission, kind: str) -> list[Any]:
    return [each.resource.content for each in submission.entries if each.resource.kind == kind]


def codes(submission: Submission) -> list[str]:
    return [each.code for each in submission.findings]


def the_dose(*lines: str) -> Any:
    (found,) = contents(read(file(HEADER, PERSON, *lines)), "Immunization")
    return found


def the_patient(person: str, *lines: str) -> Any:
    (found,) = contents(read(file(HEADER, person, *lines, DOSE)), "Patient")
    return found


# The published messages ---------------------------------------------------------------------------

# file, code, date, lot, expiry, amount, first hand, status
FACTS = [
    (
        "IZ_1_1.1_Admin_Child_Max_Message",
        "140",
        "2012-08-14",
        "Z0860BB",
        "2012-11-04",
        0.5,
        True,
        "completed",
    ),
    ("VXU", "49281-0215-88", "2015-06-24", "315841", "2015-12-16", 0.5, True, "completed"),
    ("VXU", "88", "2014-10-12", None, None, None, False, "completed"),
    ("VXU", "88", "2013-11-12", None, None, None, False, "completed"),
]


def facts(content: Any) -> tuple[Any, ...]:
    return (
        content["vaccineCode"]["coding"][0]["code"],
        content["occurrenceDateTime"],
        content.get("lotNumber"),
        content.get("expirationDate"),
        content.get("doseQuantity", {}).get("value"),
        content["primarySource"],
        content["status"],
    )


def published(shared_data: Path, name: str) -> Submission:
    return read((shared_data / f"sources/hl7v2/vxu/{name}.hl7").read_bytes())


def test_the_published_messages_give_the_right_four_doses(shared_data: Path) -> None:
    names = ("IZ_1_1.1_Admin_Child_Max_Message", "VXU")
    found = [(name, *facts(each)) for name in names for each in contents(published(shared_data, name), "Immunization")]
    assert found == FACTS
    assert {each["status"] for name in names for each in contents(published(shared_data, name), "Immunization")} == {
        "completed"
    }


@pytest.mark.parametrize("name", ["IZ_1_1.1_Admin_Child_Max_Message", "VXU"])
def test_the_facts_agree_with_the_published_bundles_where_those_are_right(shared_data: Path, name: str) -> None:
    text = (shared_data / f"sources/hl7v2/vxu/{name}-expected.json").read_text()
    entries = [each["resource"] for each in json.loads(text)["entry"]]
    expected = [each for each in entries if each["resourceType"] == "Immunization"]
    for each in expected:
        if each.get("doseQuantity", {}).get("value") == 999:  # their defect: 999 means not known
            del each["doseQuantity"]
    ours = contents(published(shared_data, name), "Immunization")
    assert [facts(each) for each in ours] == [facts(each) for each in expected]
    (person,) = contents(published(shared_data, name), "Patient")
    (theirs,) = [each for each in entries if each["resourceType"] == "Patient"]
    assert (person["birthDate"], person["gender"]) == (theirs["birthDate"], theirs["gender"])
    assert person["name"][0]["family"] == theirs["name"][0]["family"]
    assert person["name"][0]["given"] == theirs["name"][0]["given"]


def test_nothing_of_the_published_messages_is_lost_unnamed(shared_data: Path) -> None:
    for name in ("IZ_1_1.1_Admin_Child_Max_Message", "VXU"):
        rows = published(shared_data, name).coverage
        assert not [row.field for row in rows if row.fate is Fate.UNKNOWN]
        assert all(row.reason for row in rows if row.fate is Fate.IGNORED)


def test_a_dose_later_than_its_message_is_reported_and_not_corrected(shared_data: Path) -> None:
    found = published(shared_data, "IZ_1_1.1_Admin_Child_Max_Message")
    assert [each for each in codes(found) if each != "last-line-not-ended"] == ["dose-after-message"]


def test_the_sixteen_other_messages_are_refused_by_their_type(shared_data: Path) -> None:
    found: dict[str, str] = {}
    for path in sorted((shared_data / "sources/hl7v2/not-vxu").glob("*.hl7")):
        with pytest.raises(Unreadable, match="is not an immunization message") as caught:
            read(path.read_bytes())
        found[path.name] = caught.value.what.split()[0]
    assert len(found) == 16
    assert found["MDM_01.hl7"] == "ADT^A01"  # MSH-9 is believed, the file name is not
    assert found["RDE-O11-01.hl7"] == "RDE^O11"


# A batch of our own -------------------------------------------------------------------------------


def test_the_batch_gives_the_golden_submission() -> None:
    found = read((GOLDEN / "hl7v2-twins.hl7").read_bytes())
    written = {
        "entries": [each.resource.content for each in found.entries],
        "findings": [f"{each.severity.value} {each.code}: {each.where}" for each in found.findings],
        "coverage": [f"{row.field} {row.fate.value} {row.count} {row.reason}".strip() for row in found.coverage],
    }
    assert written == json.loads((GOLDEN / "hl7v2-twins.json").read_text())


def test_what_is_made_is_valid_fhir() -> None:
    for each in read((GOLDEN / "hl7v2-twins.hl7").read_bytes()).entries:
        MODELS[each.resource.kind].model_validate(dict(each.resource.content))


def test_in_a_batch_a_foreign_message_is_set_aside_and_the_others_go_on() -> None:
    found = read(file(HEADER, PERSON, DOSE, HEADER.replace("VXU^V04^VXU_V04", "ADT^A01"), PERSON))
    assert len(found.entries) == 2
    assert codes(found) == ["message-type"]
    assert found.findings[0].message.startswith("ADT^A01")


def test_the_last_message_of_a_batch_that_was_cut_off_is_not_taken() -> None:
    other = PERSON.replace("7001", "7002")
    found = read(file("BHS|^~\\&", HEADER, PERSON, DOSE, HEADER, other, "RXA|0|1|2018"))
    assert {each.person for each in found.entries} == {"7001"}
    assert codes(found) == ["batch-cut-off"]


def test_a_batch_that_counts_otherwise_is_reported() -> None:
    assert "batch-count" in codes(read(file("BHS|^~\\&", HEADER, PERSON, DOSE, "BTS|7")))


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n", "\r\n\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff", "\x0b"])
def test_line_ends_marks_and_framing_change_nothing(end: str, mark: str) -> None:
    lines = (HEADER, PERSON, ORDER, DOSE)
    tail = "\x1c\r" if mark == "\x0b" else ""
    found = read(mark + end.join(lines) + end + tail)
    assert [each.resource for each in found.entries] == [each.resource for each in read(file(*lines)).entries]


# Dose ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("amount", ["999", "999.0", "999.", "0999", "", '""', "0", "about half", "-1", "1e5", "٥"])
def test_an_amount_that_is_not_known_is_no_quantity(amount: str) -> None:
    assert "doseQuantity" not in the_dose(dose(rxa_6=amount))


def test_an_amount_keeps_its_unit() -> None:
    quantity = the_dose(dose())["doseQuantity"]
    assert quantity == {"value": 0.5, "unit": "mL", "system": "http://unitsofmeasure.org", "code": "mL"}


STATUS = [  # RXA-18, RXA-20, RXA-21 -> status, finding
    ("", "CP", "A", "completed", None),
    ("", "", "", "completed", None),
    ("", "PA", "A", "completed", "partial-dose"),
    ("00^Parental decision^NIP002", "RE", "A", "not-done", None),
    ("00^Parental decision^NIP002", "", "A", "not-done", None),
    ("", "NA", "A", "not-done", None),
    ("00^Parental decision^NIP002", "CP", "A", "completed", "refused-and-given"),
    ("", "CP", "U", "completed", None),
    ("", "CP", "D", "entered-in-error", None),
    ("", "RE", "D", "entered-in-error", None),
]


@pytest.mark.parametrize(("reason", "done", "action", "status", "finding"), STATUS)
def test_the_status_follows_refusal_completion_and_action(
    reason: str, done: str, action: str, status: str, finding: str | None
) -> None:
    found = read(file(HEADER, PERSON, dose(rxa_18=reason, rxa_20=done, rxa_21=action)))
    (content,) = contents(found, "Immunization")
    assert content["status"] == status
    assert ("statusReason" in content) == (status == "not-done")
    assert codes(found) == ([finding] if finding else [])


@pytest.mark.parametrize("changed", [{"rxa_20": "XX"}, {"rxa_21": "XX"}, {"rxa_5": ""}])
def test_a_dose_that_cannot_be_read_safely_is_set_aside_alone(changed: dict[str, str]) -> None:
    found = read(file(HEADER, PERSON, dose(**changed), dose(rxa_5="10^IPV^CVX")))
    assert len(contents(found, "Immunization")) == 1
    assert len(found.findings) == 1


def test_a_religious_exemption_is_kept_as_a_refusal_only() -> None:
    found = read(file(HEADER, PERSON, dose(rxa_18="01^Religious exemption^NIP002", rxa_20="RE")))
    assert "elig" not in repr(found.entries[1].resource.body)
    assert contents(found, "Immunization")[0]["statusReason"]["coding"][0]["code"] == "PATOBJ"
    assert ("RXA-18", "prohibited: religion") in [(row.field, row.reason) for row in found.coverage]


@pytest.mark.parametrize(
    ("code", "first_hand", "origin"),
    [
        ("00", True, None),
        ("01", False, None),
        ("02", False, "provider"),
        ("03", False, "record"),
        ("04", False, "recall"),
        ("05", False, "jurisdiction"),
        ("07", False, "school"),
        ("", False, None),
        ("77", False, None),
        ("^remark of a nurse~00^New^NIP001", True, None),
    ],
)
def test_only_a_new_record_is_first_hand(code: str, first_hand: bool, origin: str | None) -> None:
    content = the_dose(dose(rxa_9=code))
    assert content["primarySource"] is first_hand
    found = content.get("reportOrigin", {}).get("coding", [{}])[0].get("code")
    assert found == origin


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        ("20180105", "2018-01-05"),
        ("201801", "2018-01"),
        ("2018", "2018"),
        ("20180100", "2018-01"),
        ("20180000", "2018"),
        ("201801051230", "2018-01-05"),
        ("20180105123045.1234+0300", "2018-01-05"),
        ("20180230", None),
        ("05/01/2018", None),
        ("", None),
    ],
)
def test_a_date_keeps_its_precision_and_is_never_guessed(written: str, read_as: str | None) -> None:
    content = the_dose(dose(rxa_3=written))
    assert content.get("occurrenceDateTime") == read_as
    assert ("occurrenceString" in content) == (read_as is None)


def test_every_coding_is_kept_with_its_system() -> None:
    codings = the_dose(dose(rxa_5="49281-0215-88^TENIVAC^NDC^113^Td^CVX"))["vaccineCode"]["coding"]
    assert [(each["system"], each["code"]) for each in codings] == [
        ("http://hl7.org/fhir/sid/ndc", "49281-0215-88"),
        ("http://hl7.org/fhir/sid/cvx", "113"),
    ]
    local = the_dose(dose(rxa_5="BK-7^Rougeole^L"))["vaccineCode"]["coding"]
    assert local[0]["system"] == "urn:continuity:bektar-iis:vaccine"


def test_no_vaccine_administered_is_no_dose() -> None:
    found = read(file(HEADER, PERSON, dose(rxa_5="998^No vaccine^CVX", rxa_20="NA")))
    assert not contents(found, "Immunization")
    assert codes(found) == ["no-dose"]


def test_dose_number_and_antigen_belong_to_the_dose_above_them() -> None:
    number, antigen = "OBX|1|NM|30973-2^^LN|1|2", "OBX|2|CE|30956-7^^LN|1|20^DTaP^CVX"
    found = read(file(HEADER, PERSON, dose(rxa_5="10^IPV^CVX"), DOSE, number, antigen))
    first, second = contents(found, "Immunization")
    assert "protocolApplied" not in first
    assert second["protocolApplied"] == [{"doseNumberPositiveInt": 2}]
    assert [each["valueCoding"]["code"] for each in second["extension"]] == ["20"]


# Ids ----------------------------------------------------------------------------------------------


def test_the_same_message_again_gives_the_same_resources() -> None:
    lines = (HEADER, PERSON, ORDER, DOSE, dose(rxa_5="10^IPV^CVX"))
    again = (HEADER.replace("C-1", "C-2").replace("20240310", "20240311"), *lines[1:])
    assert read(file(*lines)).entries == read(file(*again)).entries
    assert read(file(*lines, *again)).entries == read(file(*lines)).entries


def test_an_id_does_not_depend_on_the_place_in_the_message() -> None:
    one, other = dose(rxa_5="10^IPV^CVX"), DOSE
    ids = [
        {each.resource.id for each in read(file(HEADER, PERSON, *pair)).entries}
        for pair in ((one, other), (other, one))
    ]
    assert ids[0] == ids[1]
    assert len(ids[0]) == 3


def test_a_cancellation_meets_the_dose_it_cancels() -> None:
    for order in (ORDER, "ORC|RE||9999^BEKTAR-IIS"):
        given_dose = the_dose(order, DOSE)
        cancelled = the_dose(order, dose(rxa_15="", rxa_21="D"))
        assert cancelled["id"] == given_dose["id"]
        assert cancelled["status"] == "entered-in-error"
    assert the_dose(ORDER, dose(rxa_5="", rxa_20="", rxa_21="D"))["id"] == "D-1"


def test_an_order_number_that_names_two_doses_joins_nothing() -> None:
    found = read(file(HEADER, PERSON, ORDER, DOSE, ORDER, dose(rxa_5="10^IPV^CVX")))
    assert len({each["id"] for each in contents(found, "Immunization")}) == 2
    assert codes(found) == ["order-number-not-unique"] * 2


def test_an_order_number_of_another_child_joins_nothing() -> None:
    found = read(file(HEADER, PERSON, ORDER, DOSE, HEADER, PERSON.replace("7001", "7002"), ORDER, DOSE))
    assert len({each["id"] for each in contents(found, "Immunization")}) == 2
    assert "order-number-not-unique" in codes(found)


# Person -------------------------------------------------------------------------------------------


def test_a_national_number_is_strong_and_the_own_number_is_the_id() -> None:
    person = the_patient("PID|1||BK-9^^^BEKTAR^NI~7001^^^BEKTAR-IIS^SR~44^^^WEST&1.2.3&ISO^MR||A^B")
    assert person["id"] == "7001"
    assert {(each["system"], each["value"], each["use"]) for each in person["identifier"]} == {
        ("urn:continuity:bektar-iis:person", "7001", "usual"),
        ("urn:continuity:bektar:national-id", "BK-9", "official"),
        ("urn:continuity:bektar-iis:mr-west", "44", "usual"),
    }


def test_one_number_of_two_hospitals_is_two_people() -> None:
    ids = [the_patient(f"PID|1||17^^^{name}^MR||A^B")["id"] for name in ("WEST", "EAST", "BEKTAR-IIS")]
    assert len(set(ids)) == 3
    assert ids[2] == "17"


def test_a_message_about_nobody_or_about_two_is_set_aside() -> None:
    for people in ((), (PERSON, PERSON), ("PID|1||||A^B",)):
        found = read(file(HEADER, *people, DOSE))
        assert not found.entries
        assert codes(found)[0] in ("not-one-person", "no-person-id")


def test_every_name_is_kept_and_parents_are_contacts() -> None:
    person = the_patient(
        "PID|1||7001^^^^SR||Hosseini^Zahra^Ali Reza^^^^L~Husayni^Zohra^^^^^A|Rahimi^^^^^^M|201701|F",
        "NK1|1|Karimi^Maryam|MTH^Mother^HL70063",
        "NK1|2|Hosseini^Ali|FTH",
        "NK1|3|Sadeghi^Omid|GRD",
        "NK1|4|Sadeghi^Omid|FND^Friend",
    )
    assert [(each["use"], each["family"], each["given"]) for each in person["name"]] == [
        ("official", "Hosseini", ["Zahra", "Ali", "Reza"]),
        ("nickname", "Husayni", ["Zohra"]),
    ]
    roles = [each["relationship"][0]["coding"][0]["code"] for each in person["contact"]]
    assert roles == ["MTH", "FTH", "GUARD", "MTH"]
    assert person["contact"][3]["name"] == {"use": "maiden", "family": "Rahimi"}
    assert person["birthDate"] == "2017-01"


def test_what_must_never_be_stored_is_dropped_and_named() -> None:
    secret = {10: "RACEX", 17: "RELIX", 22: "ETHNX", 26: "CITIX", 28: "NATIX", 15: "LANGX"}
    fields = [*PERSON.split("|"), *[""] * 25]
    for number, value in secret.items():
        fields[number] = value
    fields[11] = "STREX^^Dolina^^POSTX"
    fields[3] += "~PASSX^^^^PPN"
    found = read(file(HEADER, "|".join(fields), DOSE))
    held = repr([each.resource.body for each in found.entries]) + repr(found.findings) + repr(found.coverage)
    assert not re.search("RACEX|RELIX|ETHNX|CITIX|NATIX|LANGX|STREX|POSTX|PASSX", held)
    reasons = {row.field: row.reason for row in found.coverage}
    assert reasons["PID-10"] == "prohibited: race"
    assert reasons["PID-17"] == "prohibited: religion"
    assert reasons["PID-11.1"].startswith("street")


def test_every_filled_component_is_counted_once() -> None:
    lines = (HEADER, PERSON, ORDER, DOSE, "ZBK|1|x^y", "OBX|1|ST|12345-6^x^LN||y", "PID-less line")
    rows = read(file(*lines)).coverage
    parts = [part for line in lines[1:6] for part in re.split("[|^]", line)[1:] if part]
    header = [part for part in re.split("[|^]", HEADER.removeprefix("MSH|^~\\&|")) if part]
    assert sum(row.count for row in rows) == len(parts) + len(header) + 2 + 1  # MSH-1, MSH-2, the stray line
    assert sum(row.count for row in rows) == adapter.leaves(file(*lines).encode())
    unknown = {row.field: row.count for row in rows if row.fate is Fate.UNKNOWN}
    assert unknown == {"ZBK": 3, "OBX[12345-6]": 6, "(line that is no segment)": 1}


def test_messages_set_aside_are_accounted_for_too() -> None:
    for lines in (
        (HEADER, PERSON, DOSE, HEADER.replace("VXU^V04^VXU_V04", "ADT^A01"), PERSON),
        ("BHS|^~\\&", HEADER, PERSON, DOSE, HEADER, PERSON, DOSE),
        ("a line before", HEADER, PERSON, DOSE, HEADER, DOSE, "MSH|^^^^|", PERSON),
    ):
        found = read(file(*lines))
        assert sum(row.count for row in found.coverage) == adapter.leaves(file(*lines).encode())
        assert "set aside" in " ".join(row.reason for row in found.coverage)


# Letters ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("declared", "encoding", "finding"),
    [
        ("UNICODE UTF-8", "utf-8", False),
        ("8859/1", "latin-1", False),
        ("8859/15", "iso8859-15", False),
        ("8859/9", "iso8859-9", False),
        ("", "utf-8", False),
        ("ASCII", "utf-8", False),
        ("", "latin-1", True),
        ("UNICODE UTF-8", "latin-1", True),
    ],
)
def test_letters_are_read_in_the_declared_character_set(declared: str, encoding: str, finding: bool) -> None:
    lines = file(HEADER.replace("UNICODE UTF-8", declared), PERSON.replace("Zahra", "Zöhrç"), DOSE)
    found = read(lines.encode(encoding))
    assert contents(found, "Patient")[0]["name"][0]["given"] == ["Zöhrç"]
    assert ("charset-guessed" in codes(found)) is finding


def test_the_separators_are_those_of_the_message() -> None:
    usual = file(HEADER, PERSON, ORDER, DOSE)
    unusual = usual.translate(str.maketrans({"|": "*", "^": "!", "~": "?", "&": "@"}))
    assert read(unusual).entries == read(usual).entries


def test_escapes_are_resolved_and_bytes_read_in_the_character_set() -> None:
    person = the_patient(PERSON.replace("Zahra", r"Za\S\h\T\ra\.br\X \XC3A9\ \H\y\N\ \Zlocal\z\Xno\ 5\X41"))
    assert person["name"][0]["given"] == ["Za^h&ra X é y z 5\\X41"]


@given(st.text(st.characters(codec="ascii", exclude_categories=["Cc"])))
def test_escaping_and_unescaping_are_inverse(text: str) -> None:
    assert messages.unescape(messages.escape(text, Marks()), Marks()) == ("" if text == '""' else text.strip())


@given(st.text(st.sampled_from("aZ|^&~ ")))
def test_the_hl7_library_reads_our_escapes_as_we_do(text: str) -> None:
    container = hl7.Message(separators="\r|~^&", separator="\r", esc="\\")
    escaped = messages.escape(text, Marks())
    assert container.unescape(escaped).strip() == messages.unescape(escaped, Marks())


# Answers ------------------------------------------------------------------------------------------


def test_an_answer_goes_back_to_the_sender_and_names_its_message() -> None:
    (message,) = wire.read(file(HEADER, PERSON, DOSE).encode()).messages
    answer = acknowledgement(message, "AA", "taken", at=RECEIVED)
    parsed: Any = hl7.parse(answer)
    header, outcome = parsed.segment("MSH"), parsed.segment("MSA")
    assert str(header(9)) == "ACK^V04^ACK"
    assert [str(header(number)) for number in (3, 4, 5, 6)] == ["REG", "REG", "IIS", "FAC"]
    assert (str(outcome(1)), str(outcome(2))) == ("AA", "C-1")
    assert answer == acknowledgement(message, "AA", "taken", at=RECEIVED)


def test_a_refusal_names_the_type_and_nothing_of_the_person() -> None:
    (message,) = wire.read(file(HEADER.replace("VXU^V04^VXU_V04", "ADT^A01"), PERSON).encode()).messages
    answer = acknowledgement(message, "AR", refusal(message))
    assert "MSA|AR|C-1|ADT\\S\\A01 is not an immunization message\r" in answer
    assert "Zahra" not in answer
    assert "ERR|||200^Unsupported message type^HL70357|E" in answer


# The kit and what is no message -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xef\xbb\xbf \r\n",
        b"{}",
        b"<a/>",
        b"\x00\x01\x02",
        b"hello",
        b"MSH",
        b"MSH|",
        b"MSHaaaaaaaaaaaaaaa",
        b"PID|1||7",
        file(HEADER.replace("VXU^V04^VXU_V04", "Hosseini^Zahra")).encode(),
    ],
)
def test_what_is_no_vaccination_is_unreadable_without_repeating_it(body: bytes) -> None:
    with pytest.raises(Unreadable) as caught:
        read(body)
    assert "Hosseini" not in str(caught.value) + caught.value.remedy


def test_the_adapter_conforms_to_the_kit() -> None:
    body = (GOLDEN / "hl7v2-twins.hl7").read_bytes()
    assert conformance.failures(adapter, body, source="bektar-iis", rounds=40) == []


def test_a_source_of_no_known_country_is_reported() -> None:
    assert "unknown-source" in codes(read(file(HEADER, PERSON, DOSE), "somewhere"))


def test_a_mark_of_unicode_counts_more_than_the_header() -> None:
    lines = file(HEADER.replace("UNICODE UTF-8", "8859/1"), PERSON.replace("Zahra", "Zöhrç"), DOSE)
    for encoding in ("utf-8-sig", "utf-16"):
        person = contents(read(lines.encode(encoding)), "Patient")[0]
        assert person["name"][0]["given"] == ["Zöhrç"]


def test_a_huge_field_costs_its_message_only() -> None:
    found = read(file(HEADER, PERSON.replace("Zahra", "Z" * 5_000_000), DOSE, HEADER, PERSON, DOSE))
    assert len(found.entries) == 2
    assert codes(found) == ["value-too-long"]


# Mutations ----------------------------------------------------------------------------------------


_PIECES = (
    b"\\X",
    b"\\.sp999999999\\",
    b"\xff\xfe",
    b"\x00",
    b"\r",
    b"\nMSH|",
    b'""',
    b"|",
    b"^",
    b"~",
    b"&",
    b"9",
)


def _shuffled(body: bytes, dice: random.Random) -> bytes:
    lines = body.split(b"\r")
    return b"\r".join(dice.sample(lines, len(lines)))


def _mutated(body: bytes, dice: random.Random) -> bytes:
    """The body with one to four things wrong with it."""
    for _ in range(dice.randint(1, 4)):
        at, other = sorted((dice.randrange(len(body) + 1), dice.randrange(len(body) + 1)))
        head, middle, tail = body[:at], body[at:other], body[other:]
        choices = (
            head + bytes([dice.randrange(256)]) + body[at:],
            head + dice.choice(_PIECES) + body[at + 1 :],
            head + dice.choice(_PIECES) + body[at:],
            head + tail,
            head + middle * 2 + tail,
            head,
            body.replace(b"|", b"||", dice.randint(1, 3)),
            _shuffled(body, dice),
        )
        body = dice.choice(choices)
    return body


def storm(bodies: list[bytes], *, count: int, seed: int) -> Counter[str]:
    """Convert `count` mutated messages: anything but a Submission or Unreadable is raised.

    The answer counts what was `read`, `unreadable`, and how often an error `told` a name (never).
    """
    dice, outcomes = random.Random(seed), Counter[str]()
    for number in range(count):
        body = _mutated(bodies[number % len(bodies)], dice)
        try:
            found = read(body)
        except Unreadable as error:
            outcomes["unreadable"] += 1
            outcomes["told"] += "Zahra" in str(error)
            continue
        outcomes["read"] += 1
        outcomes["uncounted"] += sum(row.count for row in found.coverage) != adapter.leaves(body)
        people = {each.resource.reference for each in found.entries if each.resource.kind == "Patient"}
        for content in contents(found, "Immunization"):
            assert content["patient"]["reference"] in people
            assert content.get("doseQuantity", {}).get("value") != 999
        assert "Zahra" not in repr((found.findings, found.coverage))
    return outcomes


def _bodies() -> Iterator[bytes]:
    yield file(HEADER, PERSON, ORDER, DOSE, "OBX|1|NM|30973-2^^LN|1|2", ORDER, dose(rxa_6="999")).encode()
    yield (GOLDEN / "hl7v2-twins.hl7").read_bytes().replace(b"\n", b"\r")


def test_mutated_messages_are_read_or_refused_and_nothing_else() -> None:
    outcomes = storm(list(_bodies()), count=1_500, seed=20240310)
    assert outcomes["read"] > 100
    assert outcomes["unreadable"] > 100
    assert (outcomes["told"], outcomes["uncounted"]) == (0, 0)


@pytest.mark.prove
def test_a_hundred_thousand_mutated_messages_crash_nothing() -> None:
    outcomes = storm(list(_bodies()), count=100_000, seed=1)
    assert outcomes["read"] + outcomes["unreadable"] == 100_000
    assert (outcomes["told"], outcomes["uncounted"]) == (0, 0)
