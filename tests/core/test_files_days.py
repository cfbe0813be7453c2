"""Birth dates as typed: read as far as they are certain, and no further."""

from __future__ import annotations

import calendar
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.fhir.dates import Calendar, PartialDate
from registry.identity.files import days
from registry.identity.files.days import Order
from tests.core.test_files_columns import KNOWN

MONTHS = KNOWN.months

# text | what is read where the order is not known | dmy | mdy; nothing: not even the year
TYPED = """
2015-04-03          | 2015-04-03 | 2015-04-03 | 2015-04-03
2015/4/3            | 2015-04-03 | 2015-04-03 | 2015-04-03
2015-04-03T00:00:00 | 2015-04-03 | 2015-04-03 | 2015-04-03
2015-04-03 00:00    | 2015-04-03 | 2015-04-03 | 2015-04-03
20150403            | 2015-04-03 | 2015-04-03 | 2015-04-03
03/04/2015          | 2015       | 2015-04-03 | 2015-03-04
03.04.2015          | 2015       | 2015-04-03 | 2015-03-04
3-4-2015            | 2015       | 2015-04-03 | 2015-03-04
04/04/2015          | 2015-04-04 | 2015-04-04 | 2015-04-04
25/04/2015          | 2015-04-25 | 2015-04-25 | 2015
04/25/2015          | 2015-04-25 | 2015       | 2015-04-25
25041980            | 1980-04-25 | 1980-04-25 | 1980-04-25
03041980            | 1980       | 1980-04-03 | 1980-03-04
٠٣/٠٤/٢٠١٥          | 2015       | 2015-04-03 | 2015-03-04
٢٠١٥-٠٤-٠٣          | 2015-04-03 | 2015-04-03 | 2015-04-03
3 April 2015        | 2015-04-03 | 2015-04-03 | 2015-04-03
April 3, 2015       | 2015-04-03 | 2015-04-03 | 2015-04-03
03-Apr-2015         | 2015-04-03 | 2015-04-03 | 2015-04-03
3 avril 2015        | 2015-04-03 | 2015-04-03 | 2015-04-03
3 août 2015         | 2015-08-03 | 2015-08-03 | 2015-08-03
3 апреля 2015       | 2015-04-03 | 2015-04-03 | 2015-04-03
3 квітня 2015       | 2015-04-03 | 2015-04-03 | 2015-04-03
3 Nisan 2015        | 2015-04-03 | 2015-04-03 | 2015-04-03
3 نيسان 2015        | 2015-04-03 | 2015-04-03 | 2015-04-03
3 März 2015         | 2015-03-03 | 2015-03-03 | 2015-03-03
2015                | 2015       | 2015       | 2015
2015-04             | 2015-04    | 2015-04    | 2015-04
04/2015             | 2015-04    | 2015-04    | 2015-04
April 2015          | 2015-04    | 2015-04    | 2015-04
2015-00-00          | 2015       | 2015       | 2015
00/00/2015          | 2015       | 2015       | 2015
2015-04-00          | 2015-04    | 2015-04    | 2015-04
31/02/2015          | 2015       | 2015       | 2015
2015-13-01          | 2015       | 2015       | 2015
03/04/15            |            |            |
42097               |            |            |
unknown             |            |            |
n/a                 |            |            |
12 years            |            |            |
0000-00-00          |            |            |
3 April             |            |            |
1/2/3/2015          |            |            |
"""
TABLE = [[cell.strip() for cell in line.split("|")] for line in TYPED.strip().splitlines()]


@pytest.mark.parametrize(("text", "open_order", "dmy", "mdy"), TABLE, ids=[line[0] for line in TABLE])
def test_a_date_is_read_as_far_as_it_is_certain(text: str, open_order: str, dmy: str, mdy: str) -> None:
    found = [days.read(text, MONTHS, order) for order in (None, Order.DMY, Order.MDY)]
    assert [str(each or "") for each in found] == [open_order, dmy, mdy]


@pytest.mark.parametrize(
    ("column", "order"),
    [
        ({"03/04/2015": 9, "25/04/2015": 1}, Order.DMY),
        ({"03/04/2015": 9, "04/25/2015": 1}, Order.MDY),
        ({"03041980": 9, "25041980": 1}, Order.DMY),
        ({"03/04/2015": 10}, None),
        ({"25/04/2015": 5, "04/25/2015": 5, "03/04/2015": 1}, None),
        ({"25/04/2015": 500, "04/25/2015": 5, "03/04/2015": 1}, Order.DMY),  # one in a hundred is a slip
        ({"2015-04-03": 5}, None),
        ({}, None),
    ],
    ids=str,
)
def test_a_column_shows_its_order_where_some_dates_make_sense_in_one_only(
    column: dict[str, int], order: Order | None
) -> None:
    assert days.written(column, MONTHS, None).order is order


def test_what_is_declared_is_not_asked_of_the_column() -> None:
    assert days.written({"25/04/2015": 9}, MONTHS, Order.MDY).order is Order.MDY


def test_what_could_not_be_read_to_the_day_is_counted() -> None:
    column = {"03/04/2015": 3, "31/02/2015": 2, "03/04/15": 4, "1436-05-12": 5, "2015-04-03": 7}
    how = days.written(column, MONTHS, None)
    assert (how.dates, how.undecided, how.impossible, how.unread, how.other_calendar) == (21, 3, 2, 4, 5)


def test_another_calendar_is_converted_to_the_day_only() -> None:
    assert days.converted("1436-06-14", MONTHS, None, Calendar.HIJRI) == (PartialDate(2015, 4, 3), (1436, 6, 14))
    assert days.converted("14/06/1436", MONTHS, Order.DMY, Calendar.HIJRI) == (PartialDate(2015, 4, 3), (1436, 6, 14))
    assert days.converted("2007", MONTHS, None, Calendar.ETHIOPIAN) is None


FORMATS = ("{y:04d}-{m:02d}-{d:02d}", "{y:04d}{m:02d}{d:02d}", "{y}/{m}/{d}", "{d} {name} {y}", "{name} {d}, {y}")
NAMES = [*calendar.month_name][1:]
PEOPLE = st.dates(date(1901, 1, 1), date(2030, 12, 31))


@given(PEOPLE, st.sampled_from(FORMATS), st.sampled_from([None, *Order]))
def test_a_date_whose_year_stands_first_or_whose_month_is_named_is_itself_in_every_order(
    born: date, written: str, order: Order | None
) -> None:
    text = written.format(y=born.year, m=born.month, d=born.day, name=NAMES[born.month - 1])
    assert days.read(text, MONTHS, order) == PartialDate(born.year, born.month, born.day)


@given(PEOPLE, st.sampled_from(["/", ".", "-", ""]), st.sampled_from([Order.DMY, Order.MDY]))
def test_a_declared_order_reads_back_what_was_written_in_it(born: date, between: str, order: Order) -> None:
    day, month = f"{born.day:02d}", f"{born.month:02d}"
    first, second = (day, month) if order is Order.DMY else (month, day)
    text = between.join((first, second, f"{born.year:04d}"))
    assert days.read(text, MONTHS, order) == PartialDate(born.year, born.month, born.day)
    # Without the order nothing is read that is not so.
    certain = days.read(text, MONTHS, None)
    assert certain is not None
    assert certain.may_be(PartialDate(born.year, born.month, born.day))


@given(st.text(max_size=30), st.sampled_from([None, *Order]))
def test_any_text_is_answered(text: str, order: Order | None) -> None:
    found = days.read(text, MONTHS, order)
    assert found is None or str(found.year).zfill(4) in "".join(days.texts.figures(text))
