"""Doses that cannot be as they are written: named, with the reading that would fit, and never dropped."""

from datetime import date
from time import process_time
from typing import Any

import pytest

from registry import library
from registry.continuity import history
from registry.continuity.history import Certainty, DoseEvent, written
from registry.fhir import dates
from registry.fhir.dates import Calendar, PartialDate
from tests.support import retold

TODAY = date(2022, 3, 1)
BORN = PartialDate(2020, 2, 10)


def _dose(cvx: str, when: str | None, source: str = "a", own: str = "1", **more: Any) -> history.Record:
    return retold.record({"coding": [{"system": retold.CVX, "code": cvx}]}, when, source, own, **more)


def _events(*records: history.Record, birth: PartialDate = BORN) -> tuple[DoseEvent, ...]:
    return history.events(records, library.load().meaning, birth=birth, today=TODAY)


@pytest.mark.parametrize(
    ("claim", "cvx", "when", "findings"),
    [
        ("all is well", "198", "2020-04-01", ""),
        ("on the day of birth", "19", "2020-02-10", ""),
        ("the month before birth", "19", "2020-01-20", "before-birth"),
        ("before birth, right with day and month exchanged", "08", "2020-02-03", "before-birth fits-exchanged"),
        ("after today", "03", "2022-03-20", "in-the-future"),
        ("after today, right with day and month exchanged", "03", "2022-11-01", "in-the-future fits-exchanged"),
        ("the year of birth may be after it", "19", "2020", "date-partial"),
        ("the year before birth cannot", "19", "2019", "date-partial before-birth"),
        ("a year of the Solar Hijri calendar", "03", "1400-05-12", "before-birth before-vaccine fits-calendar"),
        ("a year of the Hijri calendar", "03", "1442-10-05", "before-birth before-vaccine fits-calendar"),
        ("a year of the Ethiopian calendar", "03", "2013-05-12", "before-birth fits-calendar"),
        ("measles vaccine at eight weeks", "05", "2020-04-06", "unusual-age"),
        ("measles vaccine in an outbreak at six months", "05", "2020-08-20", ""),
        ("HPV vaccine at one year", "62", "2021-02-10", "unusual-age"),
        ("the age may be usual", "05", "2020", "date-partial"),
    ],
)
def test_what_cannot_be_is_named(claim: str, cvx: str, when: str, findings: str) -> None:
    (event,) = _events(_dose(cvx, when))
    assert [each.code for each in event.findings] == findings.split(), claim
    assert event.is_possible == (not {"before-birth", "in-the-future", "before-vaccine"} & set(findings.split()))


@pytest.mark.parametrize(
    ("cvx", "when", "is_early"),
    [
        ("133", "2008-06-01", True),
        ("133", "2009-12-01", False),
        ("165", "2013", True),
        ("165", "2014", False),
        ("208", "2019-05-05", True),
        ("10", "1956-01-01", False),
        ("152", "2005-01-01", False),  # any conjugate vaccine: the first of them came in 2000
    ],
)
def test_no_dose_was_given_before_its_vaccine_was_there(cvx: str, when: str, is_early: bool) -> None:
    (event,) = _events(_dose(cvx, when), birth=PartialDate(1950, 1, 1))
    assert ("before-vaccine" in {each.code for each in event.findings}) is is_early


def test_what_cannot_be_is_not_confirmed_by_two_who_write_it() -> None:
    (event,) = _events(_dose("19", "2019-01-01", "a", primarySource=True), _dose("19", "2019-01-01", "b"))
    assert (event.certainty, event.why.code) == (Certainty.RECORDED, "implausible")


def test_an_impossible_date_is_healed_by_a_system_that_tells_it_right() -> None:
    """Born in February 2020: 2020-01-05 cannot be, 2020-05-01 is told by another system with the same lot."""
    wrong, right = _dose("198", "2020-01-05", "a", lot="X1"), _dose("198", "2020-05-01", "b", lot="X1")
    (event,) = _events(wrong, right)
    assert (str(event.when), event.days) == ("2020-05-01", (date(2020, 5, 1), date(2020, 5, 1)))
    assert "day-month-exchanged" in {each.code for each in event.findings}
    assert event.certainty is Certainty.CONFIRMED


def test_day_and_month_exchanged_are_only_a_doubt_where_both_dates_can_be() -> None:
    """Doses four weeks apart often look so: 2020-05-04 and 2020-04-05."""
    one, two = _dose("198", "2020-05-04", "a", lot="X1"), _dose("198", "2020-04-05", "b", lot="X1")
    assert [each.possible_duplicate_of is not None for each in _events(one, two)] == [False, True]
    numbered = _dose("198", "2020-05-04", "a", number=2), _dose("198", "2020-04-05", "b", number=1)
    assert [each.possible_duplicate_of for each in _events(*numbered)] == [None, None]


@pytest.mark.parametrize(
    ("text", "when", "converted"),
    [
        ("2021-03-05", "2021-03-05", False),
        ("2021-03", "2021-03", False),
        ("05/03/2021", "2021", False),  # 5 March or 3 May
        ("25/03/2021", "2021-03-25", False),
        ("03.25.2021", "2021-03-25", False),
        ("05.05.2021", "2021-05-05", False),
        ("٢٥/٠٣/٢٠٢١", "2021-03-25", False),
        ("1399-12-30 SH", "2021-03-20", True),
        ("۱۴۰۰/۰۱/۱۵ ه.ش", "2021-04-04", True),
        ("15/10/1442 هـ", "2021-05-27", True),
        ("2013-07-01 E.C.", "2021-03-10", True),
        ("1400-12-30 SH", None, False),  # 1400 was no leap year
        ("spring 2021", None, False),
        ("31/02/2021", None, False),
        ("5/3/21", None, False),
    ],
)
def test_dates_of_cards_are_read_without_guessing(text: str, when: str | None, converted: bool) -> None:
    found, was_converted = written.read(text)
    assert (str(found) if found else None, was_converted) == (when, converted)


@pytest.mark.parametrize(
    ("year", "first"),
    [(1358, "1979-03-21"), (1375, "1996-03-20"), (1399, "2020-03-20"), (1400, "2021-03-21"), (1403, "2024-03-20")],
)
def test_solar_hijri_years_begin_at_the_equinox(year: int, first: str) -> None:
    assert str(dates.convert(year, 1, 1, Calendar.SOLAR_HIJRI)) == first


def test_a_date_of_another_calendar_says_so() -> None:
    told = _dose("03", None, occurrenceString="1400/01/15 SH")
    (event,) = _events(told)
    assert str(event.when) == "2021-04-04"
    assert "date-converted" in {each.code for each in event.findings}


def test_four_hundred_doses_are_no_trouble() -> None:
    told = [
        _dose(cvx, f"2021-{1 + n % 12:02d}-{1 + n % 28:02d}"[: (10, 7, 4)[n % 3]], f"s{n % 4}", f"r{n}")
        for n, cvx in zip(range(400), ("198", "182", "10", "89", "03", "133") * 67, strict=False)
    ]
    began = process_time()
    found = _events(*told)
    assert sum(len(each.provenances) for each in found) == 400
    assert process_time() - began < 5
