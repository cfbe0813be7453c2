"""Case workbooks, the published ones and others of the kind, are read and judged strictly."""

from datetime import date, datetime
from typing import Any

import pytest

from registry.continuity.immunization import casebook, casejudging, supporting
from registry.continuity.immunization.casejudging import Judged
from registry.continuity.immunization.person import Dose, Observation, Sex
from registry.errors import BadInput, Unreadable
from tests.core.immunization.supporting_files import FILES
from tests.core.immunization.workbooks import COLUMNS, workbook

CASE: dict[str, Any] = {
    "CDC_Test_ID": "X-1",
    "DOB": datetime(2022, 10, 1),  # noqa: DTZ001  as the library reads a cell
    "gender": "F",
    "Series_Status": "Not complete",
    "Date_Administered_1": "09/20/2023",
    "CVX_1": 1,
    "Evaluation_Status_1": "Not Valid",
    "Evaluation_Reason_1": "Age: Too Young",
    "Date_Administered_2": "2024-02-01",
    "CVX_2": "01",
    "Evaluation_Status_2": "Valid",
    "Earliest_Date": date(2024, 8, 22),
    "Recommended_Date": date(2024, 8, 22),
    "Vaccine_Group": "ALPHA",
    "Assessment_Date": "02/06/2024",
}
BLANK: dict[str, Any] = {}


def judge(*rows: dict[str, Any], columns: Any = COLUMNS) -> list[Judged]:
    cases = casebook.read(workbook(*rows, columns=columns), "cases.xlsx")
    return list(casejudging.judge(supporting.read(FILES), cases, {}))


def differences(**changed: Any) -> list[str]:
    (found,) = judge({**CASE, **changed})
    return [f"{each.what}: {each.expected} / {each.actual}" for each in found.differences]


def test_numbers_texts_and_dates_are_read_alike() -> None:
    (case,) = casebook.read(
        workbook({**CASE, "Observation_Code_1": 7, "Observation_Date_1": "01/02/2023"}), "cases.xlsx"
    )
    assert (case.person.birth, case.person.sex, case.on) == (date(2022, 10, 1), Sex.FEMALE, date(2024, 2, 6))
    assert case.doses[0] == Dose(id="1", day=date(2023, 9, 20), vaccine="01")
    assert case.observations == (Observation(code="007", day=date(2023, 1, 2)),)


def test_blank_rows_are_passed_over_and_columns_found_by_their_heading() -> None:
    found = judge(BLANK, CASE, BLANK, {**CASE, "CDC_Test_ID": "X-2"}, columns=list(reversed(COLUMNS)))
    assert [(each.case, each.differences) for each in found] == [("X-1", ()), ("X-2", ())]


def test_headings_may_be_written_otherwise() -> None:
    shouted = {each.upper().replace("_", " "): value for each, value in CASE.items()}
    assert [each.differences for each in judge(shouted, columns=list(shouted))] == [()]
    names = {"CDC_Test_ID": "Test ID", "DOB": "Date of birth", "gender": "Sex"}
    renamed = {names.get(each, each): value for each, value in CASE.items()}
    assert [each.differences for each in judge(renamed, columns=list(renamed))] == [()]


def test_a_title_may_stand_above_the_headings() -> None:
    (case,) = casebook.read(workbook(CASE, title="Cases of the spring"), "cases.xlsx")
    assert case.id == "X-1"


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({}, []),
        ({"Series_Status": "NOT COMPLETE", "Evaluation_Status_1": "not valid"}, []),
        ({"CVX_1": "001", "CVX_2": 1.0}, []),
        ({"Series_Status": "Complete"}, ["series status: Complete / not-complete"]),
        ({"Evaluation_Status_2": "Not Valid"}, ["dose 2 status: Not Valid / valid"]),
        ({"Evaluation_Reason_1": "Too Soon"}, ["dose 1 reason: Too Soon / too-young, wrong-age-for-product"]),
        ({"Earliest_Date": None}, ["earliest date: none / 2024-08-22"]),
        ({"Past_Due_Date": date(2025, 1, 1)}, ["past due date: 2025-01-01 / none"]),
        ({"Vaccine_Group": "Beta"}, [
            "series status: Not complete / no series concerns this person",
            "earliest date: 2024-08-22 / none",
            "recommended date: 2024-08-22 / none",
        ]),
        ({"CVX_2": "999"}, ["dose 2 status: Valid / not evaluated"]),
    ],
)  # fmt: skip
def test_a_case_is_held_strictly(changed: dict[str, Any], found: list[str]) -> None:
    assert differences(**changed) == found


def test_a_name_of_the_workbook_stands_for_a_group_of_the_schedule() -> None:
    cases = casebook.read(workbook({**CASE, "Vaccine_Group": "Al-Fa"}), "cases.xlsx")
    (found,) = casejudging.judge(supporting.read(FILES), cases, {"alfa": "Alpha"})
    assert (found.group, found.differences) == ("Alpha", ())


def test_a_history_coded_otherwise_stands_for_the_observation_of_that_code() -> None:
    columns = [*COLUMNS, "Med_History_Code"]
    row = {**CASE, "Date_Administered_1": None, "CVX_1": None, "Date_Administered_2": None, "CVX_2": None}
    row |= {"Series_Status": "Immune", "Earliest_Date": None, "Recommended_Date": None, "Med_History_Code": "77386006"}
    assert [each.differences for each in judge(row, columns=columns)] == [()]


@pytest.mark.parametrize(
    ("changed", "where"),
    [
        ({"DOB": None}, "row 2"),
        ({"Earliest_Date": "soon"}, "row 2, earliestdate"),
        ({"Date_Administered_2": None}, "row 2, dose 2"),
        ({"CVX_2": None}, "row 2, dose 2"),
    ],
)
def test_what_cannot_be_read_is_told_by_its_place(changed: dict[str, Any], where: str) -> None:
    with pytest.raises(BadInput) as refused:
        judge({**CASE, **changed})
    assert refused.value.where == f"cases.xlsx, sheet Cases, {where}"


def test_a_file_without_cases_is_refused() -> None:
    with pytest.raises(Unreadable, match="no workbook"):
        casebook.read(b"PK no", "cases.xlsx")
    with pytest.raises(BadInput, match="no sheet"):
        judge(columns=["Overview"])
