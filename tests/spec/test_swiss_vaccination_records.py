"""The exchange scenarios of the Swiss vaccination record (CH VACD, CC0): several documents become one record.

Each scenario hands over documents of a patient and of practitioners and states which doses the merged record holds. A
dose the patient entered and a practitioner confirmed is one dose; the same dose in two languages is one dose; a second
dose of one lot is a second dose.
"""

import re
from pathlib import Path
from typing import Any

import pytest

from registry import library
from registry.continuity import history
from registry.continuity.history import DoseEvent, Record
from registry.fhir import resource

SWISSMEDIC = "http://fhir.ch/ig/ch-vacd/CodeSystem/ch-vacd-swissmedic-cs"
ELEMENTS = {
    "id": r'^\* id = "(.*)"',
    "status": r"^\* status = #(\S+)",
    "vaccine": r"^\* vaccineCode = \$ch-vacd-swissmedic-cs#(\S+)",
    "when": r'^\* occurrenceDateTime = "(.*)"',
    "lot": r'^\* lotNumber = "(.*)"',
    "number": r"^\* protocolApplied.doseNumberPositiveInt = (\d+)",
    "system": r'^\* identifier.system = "(.*)"',
    "value": r'^\* identifier.value = "(.*)"',
}
_DOCUMENT = r"(?:[ABE]_)?D\d_(\w+)"  # by its author: P_C1, HCP1_C1, HCP2_C2
# scenario: the documents before it, and the doses of the record that results
SCENARIOS = [
    ("TCA01", [], ["2021-06-01 HEPA", "2021-06-15 DTaP", "2021-08-01 TBE"]),
    ("TCA02", ["TCA01"], ["2021-06-01 HEPA", "2021-06-15 DTaP", "2021-08-01 TBE", "2021-08-20 HEPA"]),
    (
        "TCA03",
        ["TCA01", "TCA02"],
        ["2021-06-01 HEPA", "2021-06-15 DTaP", "2021-08-01 TBE", "2021-08-20 HEPA", "2021-09-01 TBE"],
    ),
    (
        "TCA04",
        ["TCA01", "TCA02", "TCA03"],
        ["2021-06-01 HEPA", "2021-06-15 DTaP", "2021-08-01 TBE", "2021-08-20 HEPA", "2021-09-01 TBE"],
    ),
    ("TCB01", [], ["2020-12-09 DTaP", "2021-06-22 TBE"]),
    ("TCB05", ["TCB01"], ["2020-12-09 DTaP", "2021-06-22 TBE"]),
    ("TCE01", [], ["2020-12-09 DTaP", "2021-06-22 TBE"]),
]


@pytest.fixture(scope="module")
def swiss(shared_data: Path) -> Path:
    return shared_data / "immunization" / "chvacd"


def _instances(folder: Path) -> dict[str, str]:
    """Every instance of FHIR Shorthand in a folder, by its name."""
    text = "\n".join(each.read_text("utf-8") for each in sorted(folder.glob("*.fsh")))
    return dict(re.findall(r"^Instance: (\S+)\n(.*?)(?=^Instance: |\Z)", text, re.DOTALL | re.MULTILINE))


def _records(folder: Path) -> list[Record]:
    """The doses of the input documents; each document is what one author knows."""
    instances = _instances(folder)
    documents = {name: body for name, body in instances.items() if re.fullmatch(_DOCUMENT, name)}
    held = [
        (name, each)
        for name, body in documents.items()
        if "_Composition" not in name
        for each in re.findall(r"^\* entry\[=\].resource = (\S+)", body, re.MULTILINE)
    ]
    return [
        _record(instances[each], document)
        for document, each in held
        if "InstanceOf: CHVACDImmunization\n" in instances.get(each, "")
    ]


def _record(body: str, document: str) -> Record:
    found = {name: re.findall(pattern, body, re.MULTILINE) for name, pattern in ELEMENTS.items()}
    content: dict[str, Any] = {
        "resourceType": "Immunization",
        "id": found["id"][0],
        "status": found["status"][0],
        "vaccineCode": {"coding": [{"system": SWISSMEDIC, "code": found["vaccine"][0]}]},
        "patient": {"reference": "Patient/1"},
        "occurrenceDateTime": found["when"][0],
        "lotNumber": found["lot"][0],
        "identifier": [{"system": found["system"][0], "value": found["value"][0]}],
        "protocolApplied": [{"doseNumberPositiveInt": int(each)} for each in found["number"]],
    }
    author = re.sub(_DOCUMENT, r"\1", document)
    return Record(dossier=author, source=author, country="CH", resource=resource.of(content))


def _told(event: DoseEvent) -> str:
    names = {"DIPHTHERIA PERTUSSIS TETANUS": "DTaP"}
    antigens = " ".join(sorted(event.antigens))
    return f"{event.when} {names.get(antigens, antigens)}"


@pytest.mark.shared_data
@pytest.mark.parametrize(("scenario", "before", "doses"), SCENARIOS, ids=[each for each, _, _ in SCENARIOS])
def test_the_documents_become_the_record_the_scenario_states(
    swiss: Path, scenario: str, before: list[str], doses: list[str]
) -> None:
    records = [record for each in (*before, scenario) for record in _records(swiss / each)]
    events = history.events(records, library.load().meaning)
    assert [_told(each) for each in events] == doses
    assert not any(each.possible_duplicate_of for each in events)
    assert all(each.cvx for each in events)


@pytest.mark.shared_data
@pytest.mark.parametrize("scenario", [each for each, _, _ in SCENARIOS])
def test_the_table_above_is_what_the_published_record_holds(swiss: Path, scenario: str) -> None:
    """The record that results names as many doses as the table."""
    record = f"RD{scenario[2]}{scenario[3:]}_Composition"
    entries = re.findall(r"Reference\((TC\w*IMMUN\w+)\)", _instances(swiss / scenario)[record])
    assert len(entries) == len(next(doses for name, _, doses in SCENARIOS if name == scenario))


@pytest.mark.shared_data
def test_a_dose_of_the_patient_that_a_practitioner_confirms_keeps_both_words(swiss: Path) -> None:
    records = [record for each in ("TCA03", "TCA04") for record in _records(swiss / each)]
    (event,) = history.events(records, library.load().meaning)
    assert {each.source for each in event.provenances} == {"P_C1", "HCP1_C1"}
    assert event.certainty is history.Certainty.CONFIRMED
