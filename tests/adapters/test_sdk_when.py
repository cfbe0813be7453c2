"""Dates are read by stated notations, keep their precision and their calendar, and are never guessed."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.sdk import when
from adapters.sdk.ledger import Ledger
from adapters.sdk.when import Dates
from registry.fhir.dates import Calendar

NOTATIONS = ("YYYY-MM-DD", "DD/MM/YYYY", "YYYYMMDD", "YYYY-MM", "YYYY")

READINGS = [
    ("2015-03-12", "2015-03-12", ""),
    ("2015-03", "2015-03", ""),
    ("2015", "2015", ""),
    ("15/03/2015", "2015-03-15", ""),
    ("5/3/2015", "2015-03-05", ""),
    ("20150315", "2015-03-15", ""),
    ("2015-03-12T13:59:13.688", "2015-03-12", ""),
    ("2015-03-12 10:32:20", "2015-03-12", ""),
    ("٢٠١٥-٠٣-١٢", "2015-03-12", ""),
    ("1445-06-25 H", "2024-01-07", "1445-06-25 hijri"),
    ("1445-06-25 هـ", "2024-01-07", "1445-06-25 hijri"),
    ("25/06/1445 AH", "2024-01-07", "1445-06-25 hijri"),
    ("1445-07 H", "2024", "1445-07 hijri"),
    ("2007-07-01 E.C.", "2015-03-10", "2007-07-01 ethiopian"),
    ("1399-12-30 SH", "2021-03-20", "1399-12-30 solar-hijri"),
    ("1399-01 SH", "2020", "1399-01 solar-hijri"),
    ("2007-13-05 EC", "2015-09-10", "2007-13-05 ethiopian"),
]


@pytest.mark.parametrize(("text", "iso", "original"), READINGS)
def test_a_date_keeps_its_precision_and_what_was_written(text: str, iso: str, original: str) -> None:
    read = when.read(text, NOTATIONS)
    assert read is not None
    assert (str(read.date), read.original) == (iso, original)


IMPOSSIBLE = ["2015-02-30", "31/04/2015", "03/15/2015", "2015-13", "12-03-2015", "", "soon", "15/03/15"]


@pytest.mark.parametrize("text", [*IMPOSSIBLE, "1445-13-01 H", "2007-13-07 EC", "1445 H", "0000-01-01"])
def test_what_is_no_date_is_not_guessed(text: str) -> None:
    assert when.read(text, NOTATIONS) is None


def test_the_calendar_may_be_said_beside_the_date() -> None:
    read = when.read("1445-06-25", NOTATIONS, Calendar.HIJRI)
    assert read is not None
    assert str(read.date) == "2024-01-07"


@pytest.mark.parametrize(
    "notations",
    [
        ("DD/MM/YYYY", "MM/DD/YYYY"),
        ("YYYYMMDD", "DDMMYYYY"),
        ("YYYY-MM-DD", "YYYY-DD-MM"),
        ("DD/MM/YY",),
        ("Y",),
    ],
)
def test_notations_that_read_the_same_digits_differently_are_refused(notations: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match=r"differently|unknown"):
        when.check_notations(notations)


def test_the_notations_of_this_test_are_unambiguous() -> None:
    when.check_notations(NOTATIONS)


def read_with_findings(text: str) -> tuple[when.When | None, list[str]]:
    ledger = Ledger("s", "a")
    dates = Dates(ledger=ledger, notations=NOTATIONS, today=date(2024, 6, 1))
    read = dates.read(text, where="line 3")
    findings = ledger.submission(datetime(2024, 6, 1, tzinfo=UTC)).findings
    assert all(text not in f"{each.message}{each.where}{each.remedy}" for each in findings if text.strip())
    return read, [each.code for each in findings]


def test_an_impossible_date_is_left_out_with_a_finding_that_does_not_repeat_it() -> None:
    assert read_with_findings("2015-02-30") == (None, ["impossible-date"])


def test_a_date_after_the_receipt_is_kept_with_a_finding_and_tomorrow_is_allowed_for_time_zones() -> None:
    assert read_with_findings("2024-06-02")[1] == []
    read, codes = read_with_findings("2024-06-03")
    assert read is not None
    assert codes == ["future-date"]


def test_nothing_is_said_about_an_empty_date() -> None:
    assert read_with_findings("  ") == (None, [])


@given(st.dates(min_value=date(1990, 1, 1), max_value=date(2060, 1, 1)))
def test_a_day_written_in_any_notation_is_that_day(day: date) -> None:
    for text in (day.isoformat(), f"{day.day:02}/{day.month:02}/{day.year}", f"{day.year}{day:%m%d}"):
        read = when.read(text, NOTATIONS)
        assert read is not None
        assert read.date.first == read.date.last == day


@given(st.text(max_size=30))
def test_no_text_makes_the_reader_fail(text: str) -> None:
    when.read(text, NOTATIONS)
