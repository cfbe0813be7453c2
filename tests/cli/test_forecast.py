"""`continuity forecast` and `continuity evaluate forecast`, on files and without a database."""

from __future__ import annotations

import json
import tarfile
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Commands
from tests.core.immunization.supporting_files import FILES
from tests.core.immunization.workbooks import workbook

HISTORY = {
    "birthDate": "2022-10-01",
    "sex": "female",
    "doses": [
        {"id": "early", "date": "2023-09-20", "cvx": "01"},
        {"id": "good", "date": "2024-02-01", "cvx": "01"},
        {"id": "month", "date": "2024-03", "cvx": "01"},
        {"id": "strange", "date": "2024-02-02", "cvx": "77"},
    ],
}
CASE: dict[str, Any] = {
    "CDC_Test_ID": "X-1",
    "DOB": date(2022, 10, 1),
    "gender": "F",
    "Series_Status": "Not Complete",
    "Date_Administered_1": date(2024, 2, 1),
    "CVX_1": "01",
    "Evaluation_Status_1": "Valid",
    "Earliest_Date": date(2024, 8, 22),
    "Recommended_Date": date(2024, 8, 22),
    "Vaccine_Group": "Alpha",
    "Assessment_Date": date(2024, 2, 6),
}


@pytest.fixture(params=["directory", "tar", "zip"])
def release(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The same release, in each way it is handed on."""
    folder, packed = tmp_path / "release", tmp_path / f"release.{request.param}"
    (folder / "XML").mkdir(parents=True)
    for name, content in FILES.items():
        (folder / "XML" / name).write_bytes(content)
    (folder / "XML" / "._Schedule.xml").write_bytes(b"what another system leaves beside a file")
    if request.param == "directory":
        return folder
    if request.param == "tar":
        with tarfile.open(packed, "w:gz") as tar:
            tar.add(folder, "release")
    else:
        with zipfile.ZipFile(packed, "w") as zipped:
            for each in (folder / "XML").iterdir():
                zipped.write(each, f"release/XML/{each.name}")
    return packed


def ask(bare: Commands, release: Path, history: Any, *more: str) -> Any:
    file = bare.file("history.json", json.dumps(history))
    return bare("forecast", "--schedule", str(release), "--history", file, "--on", "2024-03-15", *more)


def test_what_counts_and_what_is_due_is_said_with_reasons(bare: Commands, release: Path) -> None:
    ran = ask(bare, release, HISTORY)
    assert ran.code == 0
    assert "2023-09-20  one for Alpha: does not count, because it was given before the minimum age" in ran.out
    assert "2024-02-01  one for Alpha: counts, because it meets every rule of the schedule" in ran.out
    assert "Alpha                  not-complete       1 2024-08-22  2024-08-22" in ran.out
    assert "dose month, one, has no date known to the day; every day it may mean was tried" in ran.out
    assert "dose strange, 77, has a vaccine code this schedule does not know; it was left out" in ran.out


def test_the_answer_for_machines_can_be_made_again(bare: Commands, release: Path) -> None:
    found = ask(bare, release, HISTORY, "--json").json
    assert found["on"] == "2024-03-15"
    assert (found["engine"], len(found["schedule"]["digest"])) == ("1", 64)
    assert {each["about"]: each["problem"] for each in found["flags"]} == {
        "month": "day-unknown",
        "strange": "unknown-vaccine",
    }
    (group,) = found["groups"]
    assert (group["status"], group["earliest"], group["vaccines"]) == ("not-complete", "2024-08-22", ["01"])
    assert [each["says"].split(",")[0] for each in group["doses"]] == ["does not count", "counts", "counts"]
    assert found["limits"] == found["changes"] == []


PARTLY = {"birthDate": "2024-03", "doses": [{"date": "2025", "cvx": "03"}, {"date": "2024-04", "cvx": "102"}]}


def test_what_hangs_on_days_not_known_is_said_as_uncertain(bare: Commands) -> None:
    history = bare.file("child.json", json.dumps(PARTLY))
    asked = ("forecast", "--schedule", "who", "--history", history, "--on", "2026-03-15")
    found = bare(*asked, "--json").json
    groups = {each["group"]: each for each in found["groups"]}
    assert {name: groups["ROTA"][name] for name in ("status", "certain", "may_be")} == {
        "status": "uncertain",
        "certain": False,
        "may_be": ["aged-out", "not-complete"],
    }
    assert groups["MEASLES"]["earliest"] == {"first": "2025-01-29", "last": "2026-01-28", "always": True}
    (early,) = groups["DTP"]["doses"]
    assert (early["status"], early["may_be"]) == ("uncertain", ["not-valid", "valid"])
    assert groups["RUBELLA"]["certain"]
    assert found["limits"]
    words = bare(*asked).out
    assert "2025-01-01 to 2025-12-31  MMR for RUBELLA: counts" in words
    assert "for DTP: uncertain, depends on dates not fully known" in words
    assert "ROTA                   uncertain: aged-out or not-complete" in words
    assert "WHO recommendations for routine immunization, version 2023.1" in words
    assert all(f"of this schedule: {each}" in words for each in found["limits"])


def test_another_childs_dose_is_told_and_does_not_count(bare: Commands) -> None:
    patient = {"resourceType": "Patient", "id": "p", "birthDate": "2024-03-05"}
    cvx = {"coding": [{"system": "http://hl7.org/fhir/sid/cvx", "code": "03"}]}
    dose = {"resourceType": "Immunization", "id": "i", "status": "completed", "occurrenceDateTime": "2025-04-02"}
    history = bare.file(
        "list.json", json.dumps([patient, {**dose, "vaccineCode": cvx, "patient": {"reference": "Patient/q"}}])
    )
    asked = ("forecast", "--schedule", "who", "--history", history, "--on", "2026-03-15")
    found = bare(*asked, "--json").json
    assert not any(each["doses"] for each in found["groups"])
    assert [(each["about"], each["problem"]) for each in found["flags"]] == [("i", "other-person")]
    assert "is about another person" in bare(*asked).out
    flags = [each["valueString"] for each in bare(*asked, "--fhir").json["parameter"] if each["name"] == "flag"]
    assert flags == ["i: other-person"]


def test_bad_input_is_refused_clearly(bare: Commands, tmp_path: Path) -> None:
    history = bare.file("history.json", json.dumps(HISTORY))
    bare("forecast", "--schedule", "nowhere", "--history", history, "--on", "2024-03-15").failed("no schedule", code=2)
    (tmp_path / "empty").mkdir()
    empty = str(tmp_path / "empty")
    bare("forecast", "--schedule", empty, "--history", history, "--on", "2024-03-15").failed("needed", code=2)
    for unpackable in ("not packed", "PK\x03\x04 cut off PK\x05\x06" + "\x00" * 18):
        text = bare.file("plain.txt", unpackable)
        bare("forecast", "--schedule", text, "--history", history, "--on", "2024-03-15").failed(code=2)


def test_a_day_must_be_a_day(bare: Commands, tmp_path: Path) -> None:
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content)
    history = bare.file("history.json", json.dumps(HISTORY))
    bare("forecast", "--schedule", str(tmp_path), "--history", history, "--on", "2024-03").failed("no day", code=2)


def evaluate(bare: Commands, release: Path, tmp_path: Path, *rows: Any, more: tuple[str, ...] = ()) -> Any:
    (tmp_path / "cases.xlsx").write_bytes(workbook(*rows))
    cases = str(tmp_path / "cases.xlsx")
    return bare("evaluate", "forecast", "--supporting-data", str(release), "--cases", cases, *more)


def test_a_case_workbook_that_agrees_ends_with_0(bare: Commands, release: Path, tmp_path: Path) -> None:
    ran = evaluate(bare, release, tmp_path, CASE, {})
    assert ran.code == 0
    assert "1 of 1 cases pass (100.00 %)" in ran.out


def test_every_difference_is_told_and_ends_with_1(bare: Commands, release: Path, tmp_path: Path) -> None:
    wrong = {**CASE, "CDC_Test_ID": "X-2", "Series_Status": "Complete"}
    ran = evaluate(bare, release, tmp_path, CASE, wrong, more=("--json",))
    assert ran.code == 1
    assert ran.json == {
        "passed": 1,
        "total": 2,
        "groups": {"Alpha": {"passed": 1, "total": 2}},
        "failures": [
            {
                "case": "X-2",
                "group": "Alpha",
                "differences": [{"what": "series status", "expected": "Complete", "actual": "not-complete"}],
            }
        ],
    }
    assert "X-2 (Alpha)" in evaluate(bare, release, tmp_path, CASE, wrong).out


def test_a_file_that_is_no_workbook_is_refused(bare: Commands, release: Path) -> None:
    no_book = bare.file("cases.xlsx", "text")
    ran = bare("evaluate", "forecast", "--supporting-data", str(release), "--cases", no_book)
    ran.failed("no workbook", code=2)


@pytest.mark.parametrize(
    ("schedule", "on", "version"),
    [
        ("who", "2026-02-01", "2023.1"),
        ("ukr", "2025-12-31", "2019.1"),
        ("ukr", "2026-01-01", "2026.1"),
        ("nga", "2026-02-01", "2025.1"),
    ],
)
def test_a_schedule_of_our_own_is_asked_for_by_name(bare: Commands, schedule: str, on: str, version: str) -> None:
    doses = [{"date": "2025-10-15", "cvx": "05"}]
    history = bare.file("child.json", json.dumps({"birthDate": "2025-01-10", "sex": "female", "doses": doses}))
    said = bare("forecast", "--schedule", schedule, "--history", history, "--on", on, "--json").json
    assert (said["schedule"]["id"], said["schedule"]["version"]) == (schedule, version)
    assert any(each["doses"] for each in said["groups"])


def test_a_day_no_edition_is_for_is_refused(bare: Commands) -> None:
    history = bare.file("history.json", json.dumps(HISTORY))
    bare("forecast", "--schedule", "ukr", "--history", history, "--on", "2019-12-09").failed("no edition", code=2)
