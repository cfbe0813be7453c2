"""WHO's decision tables for immunization, row by row, against our engine under our own WHO schedule.

For every row children are made up of whom all its conditions hold, and are asked about. The tables are WHO's
(Digital adaptation kit for immunizations, CC BY-NC-SA 3.0 IGO) and lie outside the project.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from registry.continuity.immunization.schedule import Schedule
from registry.library import load
from tests.support.who import judging, workbook
from tests.support.who.judging import Judged

CHILDREN_EACH = 3
ROWS = 597

# Where we and a row differ for some child who is as it says, and why. Whatever is not listed must agree for all.
EXPLAINED = {
    (
        "Hepatitis B (old)",
        11,
    ): "a hidden, older table: a dose is due 4 weeks after birth; the table in force starts at 6",
    ("Hepatitis B (old)", 30): "the same",
    (
        "Polio",
        20,
    ): "begun late means over 3 months; we give injected vaccine from 14 weeks, five days later (rows 21-24)",
    ("Polio", 36): "three doses before 14 weeks are possible only if given too early; the table counts them, we do not",
}
# Of a vaccine no code of ours names.
NOT_EXERCISED = Counter({"Malaria": 10})


@pytest.fixture(scope="module")
def judged(request: pytest.FixtureRequest) -> list[Judged]:
    shared = Path(request.config.rootpath).parent / "shared" / "data"
    file = shared / "immunization" / "who" / "IMMZ DAK_decision-support logic.xlsx"
    if not file.exists():
        pytest.skip("the reference data (../shared/data) is not beside the project")
    return judging.judge(workbook.rows(file), CHILDREN_EACH)


@pytest.mark.shared_data
def test_every_row_is_read(judged: list[Judged]) -> None:
    assert len(judged) == ROWS
    assert all(each.expected for each in judged)


@pytest.mark.shared_data
def test_every_row_of_a_vaccine_we_know_is_exercised(judged: list[Judged]) -> None:
    assert Counter(each.row.sheet for each in judged if not each.is_exercised) == NOT_EXERCISED


@pytest.mark.shared_data
def test_every_child_is_told_what_the_row_says_or_the_difference_is_explained(judged: list[Judged]) -> None:
    different = {
        (each.row.sheet, each.row.number): next(one for one in each.told if one)
        for each in judged
        if each.is_exercised and not each.agrees
    }
    assert set(different) == set(EXPLAINED), different


@pytest.mark.shared_data
def test_each_status_is_met_many_times(judged: list[Judged]) -> None:
    """So that agreement is not the agreement of a schedule that always says the same."""
    agreed = Counter(each.expected for each in judged if each.agrees)
    least = {
        judging.DUE: 180,
        judging.NOT_DUE: 180,
        judging.COMPLETE: 60,
        judging.CONTRAINDICATED: 25,
        judging.JUDGE: 50,
    }
    assert {status: agreed[status] >= number for status, number in least.items()} == dict.fromkeys(least, True), agreed


def test_nothing_of_the_tables_stands_in_our_schedule_but_where_it_is_cited() -> None:
    """Ages and distances are facts in our form; no sentence of WHO's is copied."""
    for schedule in _who():
        assert "WHO has not reviewed or endorsed" in schedule.licence
        assert schedule.limits


def _who() -> tuple[Schedule, ...]:
    return tuple(each for name, held in load().editions.items() if name.startswith("who") for each in held.schedules)
