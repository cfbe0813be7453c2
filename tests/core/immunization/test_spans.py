"""How ages and intervals are read and added (CDSi Logic Specification 4.5, CALCDT-1 to CALCDT-6)."""

from datetime import date

import pytest

from registry.continuity import spans
from registry.errors import BadInput


@pytest.mark.parametrize(
    ("day", "text", "then"),
    [
        ("2001-01-31", "1 month", "2001-03-01"),  # no 31 February: the first of the next month
        ("2001-01-31", "1 month - 4 days", "2001-02-25"),  # months before days
        ("2000-02-29", "1 year", "2001-03-01"),
        ("2000-02-29", "4 years", "2004-02-29"),
        ("2020-11-30", "3 months", "2021-03-01"),
        ("2020-01-01", "6 weeks", "2020-02-12"),
        ("2020-01-01", "12 months - 4 days", "2020-12-28"),
        ("2020-01-01", "7 months + 4 weeks", "2020-08-29"),
        ("2020-01-01", "16 years - 4 months", "2035-09-01"),
        ("2020-01-01", "8 months + 1 day", "2020-09-02"),
        ("2020-01-01", "0 days", "2020-01-01"),
        ("2020-01-01", "1 years", "2021-01-01"),
    ],
)
def test_a_span_is_added_in_months_first_and_then_in_days(day: str, text: str, then: str) -> None:
    assert spans.add(date.fromisoformat(day), spans.read(text)) == date.fromisoformat(then)


@pytest.mark.parametrize(
    "text", ["", "six weeks", "6", "6 weeks +", "6 weeks + 1 day + 1 day", "-4 days", "6 fortnights"]
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="written like"):
        spans.read(text)
