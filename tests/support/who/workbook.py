"""The rows of the decision tables: inputs and output, with merged cells filled in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import openpyxl
from openpyxl.worksheet.worksheet import Worksheet

_STATUS = re.compile(r"Immunization recommendation status", re.IGNORECASE)
_NOTHING = {"", "-", "–", "—"}
_COLUMNS = range(2, 14)
_MOST_ROWS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One rule: its decision table, its inputs (all must hold) and what is then said."""

    sheet: str
    number: int
    table: str
    inputs: tuple[str, ...]
    output: str

    @property
    def place(self) -> str:
        return f"{self.sheet}, row {self.number} ({self.table})"


def rows(file: Path) -> list[Row]:
    """Every row with an immunization recommendation status."""
    book = openpyxl.load_workbook(file)
    return [row for sheet in book for row in _rows(sheet)]


def _rows(sheet: Worksheet) -> Iterator[Row]:
    merged = _merged(sheet)
    table, output_column = "", None
    for number in range(1, min(sheet.max_row, _MOST_ROWS) + 1):
        cells = {column: _cell(sheet, merged, number, column) for column in _COLUMNS}
        for column, text in cells.items():
            if text == "Decision ID":
                table = cells[column + 1]
            if text == "Output":
                output_column = column
        if output_column is not None and _STATUS.search(cells[output_column]):
            inputs = _inputs(merged, cells, number, output_column)
            yield Row(sheet=sheet.title, number=number, table=table, inputs=inputs, output=cells[output_column])


def _inputs(
    merged: dict[tuple[int, int], tuple[int, int]], cells: dict[int, str], number: int, output_column: int
) -> tuple[str, ...]:
    columns = (column for column in _COLUMNS if column < output_column)
    own = (column for column in columns if merged.get((number, column), (number, column))[1] == column)
    return tuple(cells[column] for column in own if cells[column] not in _NOTHING)


def _merged(sheet: Worksheet) -> dict[tuple[int, int], tuple[int, int]]:
    """Where the text of a merged cell stands."""
    found: dict[tuple[int, int], tuple[int, int]] = {}
    for area in sheet.merged_cells.ranges:
        for row in range(area.min_row, min(area.max_row, _MOST_ROWS) + 1):
            for column in range(area.min_col, min(area.max_col, max(_COLUMNS)) + 1):
                found[row, column] = (area.min_row, area.min_col)
    return found


def _cell(sheet: Worksheet, merged: dict[tuple[int, int], tuple[int, int]], row: int, column: int) -> str:
    value = sheet.cell(*merged.get((row, column), (row, column))).value
    return value.strip() if isinstance(value, str) else ""
