"""Workbooks of published forecast cases, read as they are: columns by their heading, blank rows passed over.

The layout is that of the CDC's CDSi case workbooks: one sheet whose first row has `CDC_Test_ID`, one case a row, doses
and observations in numbered columns (`CVX_1`, `Observation_Code_1`, ...).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO
from typing import Any
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from registry.continuity.immunization import elements
from registry.continuity.immunization.person import Dose, Observation, Person, Sex
from registry.errors import BadInput, Unreadable

_KEY = "cdctestid"
_NEEDED = {_KEY, "dob", "seriesstatus", "vaccinegroup", "assessmentdate"}
_ALSO = {"testid": _KEY, "testcaseid": _KEY, "dateofbirth": "dob", "birthdate": "dob", "sex": "gender"}
_MOST_ROWS_ABOVE = 20
_SEXES = {"f": Sex.FEMALE, "female": Sex.FEMALE, "m": Sex.MALE, "male": Sex.MALE}

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedDose:
    """What is expected of the dose `id`; an empty reason is not compared."""

    id: str
    status: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastCase:
    """One case: the question, and the answer expected of one vaccine group; `group` is as the workbook says it."""

    id: str
    person: Person
    doses: tuple[Dose, ...]
    observations: tuple[Observation, ...]
    on: date
    group: str
    status: str
    expected: tuple[ExpectedDose, ...]
    earliest: date | None
    recommended: date | None
    past_due: date | None


def plain(text: Any) -> str:
    """Letters and digits in lower case: what headings and names are compared by."""
    return re.sub(r"[^a-z0-9]", "", str(text or "").lower())


def read(content: bytes, name: str) -> tuple[ForecastCase, ...]:
    """Every case of a workbook. Raises BadInput naming sheet, row and column of what cannot be read."""
    found = [each for sheet, rows in _sheets(content, name) for each in _cases(sheet, rows)]
    if not found:
        raise BadInput(
            "no sheet of this workbook has cases", where=name, remedy="it needs the headings of a CDSi workbook"
        )
    return tuple(found)


def _sheets(content: bytes, name: str) -> Iterator[tuple[str, list[tuple[Any, ...]]]]:
    try:
        book = openpyxl.load_workbook(BytesIO(content), read_only=True, data_only=True)
        sheets = [(each.title, list(each.iter_rows(values_only=True))) for each in book.worksheets]
    except (BadZipFile, InvalidFileException, KeyError, OSError, ParseError, TypeError, ValueError):
        raise Unreadable("this is no workbook", where=name, remedy="give an .xlsx file") from None
    yield from ((f"{name}, sheet {title}", rows) for title, rows in sheets)


def _cases(sheet: str, rows: Sequence[tuple[Any, ...]]) -> Iterator[ForecastCase]:
    """The cases below the first row that has the headings; titles may stand above it."""
    for above, cells in enumerate(rows[:_MOST_ROWS_ABOVE]):
        headings = [_ALSO.get(plain(each), plain(each)) for each in cells]
        if set(headings) >= _NEEDED:
            yield from _below(headings, rows[above + 1 :], sheet, first=above + 2)
            return


def _below(
    headings: Sequence[str], rows: Sequence[tuple[Any, ...]], sheet: str, *, first: int
) -> Iterator[ForecastCase]:
    for place, cells in enumerate(rows, start=first):
        row = {heading: cell for heading, cell in zip(headings, cells, strict=False) if heading}
        if _text(row, _KEY):
            yield _case(row, f"{sheet}, row {place}")


def _case(row: Row, where: str) -> ForecastCase:
    numbers = sorted({int(found[1]) for heading in row if (found := re.fullmatch(r"[a-z]+?(\d+)", heading))})
    given = [each for each in numbers if _text(row, f"cvx{each}") or _text(row, f"dateadministered{each}")]
    birth, on = _day(row, "dob", where), _day(row, "assessmentdate", where)
    if birth is None or on is None:
        raise BadInput("a case needs a date of birth and an assessment date", where=where)
    return ForecastCase(
        id=_text(row, _KEY),
        person=Person(birth=birth, sex=_SEXES.get(_text(row, "gender").lower(), Sex.UNKNOWN)),
        doses=tuple(_dose(row, each, where) for each in given),
        observations=tuple(_observations(row, numbers, where)),
        on=on,
        group=_text(row, "vaccinegroup"),
        status=_text(row, "seriesstatus"),
        expected=tuple(_expected(row, each) for each in given),
        earliest=_day(row, "earliestdate", where),
        recommended=_day(row, "recommendeddate", where),
        past_due=_day(row, "pastduedate", where),
    )


def _dose(row: Row, number: int, where: str) -> Dose:
    day = _day(row, f"dateadministered{number}", where)
    if day is None or not _text(row, f"cvx{number}"):
        raise BadInput("a dose needs its date and its CVX code", where=f"{where}, dose {number}")
    vaccine, maker = elements.code(_text(row, f"cvx{number}")), _text(row, f"mvx{number}")
    return Dose(id=str(number), day=day, vaccine=vaccine, manufacturer=maker)


def _expected(row: Row, number: int) -> ExpectedDose:
    status, reason = _text(row, f"evaluationstatus{number}"), _text(row, f"evaluationreason{number}")
    return ExpectedDose(id=str(number), status=status, reason=reason)


def _observations(row: Row, numbers: Iterable[int], where: str) -> Iterator[Observation]:
    for each in numbers:
        if code := _text(row, f"observationcode{each}"):
            yield Observation(code=code.zfill(3), day=_day(row, f"observationdate{each}", where))
    if code := _text(row, "medhistorycode"):
        yield Observation(code=code.zfill(3))


def _text(row: Row, heading: str) -> str:
    cell = row.get(heading)
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return "" if cell is None else str(cell).strip()


def _day(row: Row, heading: str, where: str) -> date | None:
    cell = row.get(heading)
    if isinstance(cell, datetime):
        return cell.date()
    if cell is None or isinstance(cell, date):
        return cell
    text = str(cell).strip()
    if text in ("", "-"):
        return None
    for layout in ("%Y-%m-%d", "%m/%d/%Y", "%Y%m%d"):
        try:
            return datetime.strptime(text[:10], layout).date()  # noqa: DTZ007  a day has no time zone
        except ValueError:
            continue
    raise BadInput("this is no date", where=f"{where}, {heading}", remedy="write 2024-01-31 or 01/31/2024")
