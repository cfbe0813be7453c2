"""Workbooks of cases, made as the published ones are."""

from collections.abc import Sequence
from io import BytesIO
from typing import Any

import openpyxl

COLUMNS = (
    "CDC_Test_ID", "Test_Case_Name", "DOB", "gender", "Observation_Code_1", "Observation_Date_1", "Series_Status",
    "Date_Administered_1", "Vaccine_Name_1", "CVX_1", "MVX_1", "Evaluation_Status_1", "Evaluation_Reason_1",
    "Date_Administered_2", "CVX_2", "MVX_2", "Evaluation_Status_2", "Evaluation_Reason_2",
    "Forecast_#", "Earliest_Date", "Recommended_Date", "Past_Due_Date", "Vaccine_Group", "Assessment_Date",
)  # fmt: skip


def workbook(*rows: dict[str, Any], columns: Sequence[str] = COLUMNS, title: str = "") -> bytes:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.append(["Overview", "not a case"])
    sheet = book.create_sheet("Cases")
    if title:
        sheet.append([title])
    sheet.append(list(columns))
    for row in rows:
        sheet.append([row.get(each) for each in columns])
    packed = BytesIO()
    book.save(packed)
    return packed.getvalue()
