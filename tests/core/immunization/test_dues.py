"""What is due of each antigen, where a history is not as clean as a schedule would have it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from registry import library
from registry.continuity import history
from registry.continuity.history import DoseEvent, Record
from registry.continuity.immunization import Due, Status, dues
from registry.fhir import dates
from tests.core.continuity_records import CVX, WHO, dose, doses, meaning

TODAY = date(2024, 8, 1)
RECALL = {"reportOrigin": {"coding": [{"code": "recall"}]}}
ATC = "http://www.whocc.no/atc"


def _events(records: Sequence[Record], born: str = "2023-01-01", today: date = TODAY) -> tuple[DoseEvent, ...]:
    return history.events(records, meaning, birth=dates.parse(born), today=today)


def _due(
    antigen: str, records: Sequence[Record], born: str = "2023-01-01", today: date = TODAY, schedule: Any = WHO
) -> Due:
    found = dues.forecast(_events(records, born, today), dates.parse(born), "female", schedule, today)
    (due,) = (each for each in found if each.antigen == antigen)
    return due


def _verdicts(due: Due) -> list[str]:
    return [f"{each.counts.value} {each.reason.code}" for each in due.verdicts]


def _vaccine(*codes: str, text: str = "") -> dict[str, Any]:
    """A vaccineCode of CVX codes, of one ATC code (`J07...`), or of a name."""
    coding = [{"system": ATC if each.startswith("J07") else CVX, "code": each} for each in codes]
    return {"vaccineCode": ({"coding": coding} if coding else {}) | ({"text": text} if text else {})}


# --- vaccines that are not known exactly: what they surely hold counts, and nothing else -----------------------------

INEXACT = """
# what was written       | against    | next | verdict
01                       | PERTUSSIS  | 2 | yes counts
01 28                    | TETANUS    | 2 | yes counts
01 28                    | PERTUSSIS  | 1 |
J07CA05                  | TETANUS    | 2 | yes counts
J07CA05                  | PERTUSSIS  | 2 | yes counts
J07CA05                  | HEPB       | 2 | yes counts
J07CA05                  | HIB        | 1 |
03 05                    | MEASLES    | 1 | no given-too-young
03 05                    | RUBELLA    | 1 |
116 119                  | ROTA       | 2 | yes counts
182                      | POLIO      | 2 | yes counts
10 182                   | POLIO      | 1 | no other-product
89                       | POLIO      | 1 | no other-product
999                      | TETANUS    | 1 |
"""
INEXACT_ROWS = [tuple(part.strip() for part in row.split("|")) for row in INEXACT.strip().splitlines() if row[0] != "#"]


@pytest.mark.parametrize(("written", "antigen", "number", "verdict"), INEXACT_ROWS)
def test_of_an_inexact_vaccine_only_what_it_surely_holds_counts(
    written: str, antigen: str, number: str, verdict: str
) -> None:
    due = _due(antigen, [dose("dtp", "2023-02-20", **_vaccine(*written.split()))], today=date(2023, 3, 1))
    assert (str(due.next_dose), ", ".join(_verdicts(due))) == (number, verdict)


@pytest.mark.parametrize(("name", "counted"), [("DTP", True), ("DT", True), ("Hepatitis B", False)])
def test_a_vaccine_known_by_name_counts_for_what_every_reading_holds(name: str, counted: bool) -> None:
    due = _due("TETANUS", [dose("dtp", "2023-02-20", **_vaccine(text=name))], today=date(2023, 3, 1))
    assert due.sure == counted


def test_two_doses_of_a_product_that_may_be_another_are_not_taken_for_its_shorter_course() -> None:
    known = _due("ROTA", doses("rotarix 2023-02-12, rotarix 2023-03-12"), today=date(2023, 4, 10))
    either = [dose("rota", day, **_vaccine("116", "119")) for day in ("2023-02-12", "2023-03-12")]
    assert known.status is Status.COMPLETE
    assert (_due("ROTA", either, today=date(2023, 4, 10)).next_dose) == 3


# --- doses that are doubted: left out, and the other answer stands beside ---------------------------------------------

FIRST = "measles 2023-10-10"
DOUBTED = [
    ("told by the family", [dose("measles", "2024-06-01", id="b", **RECALL)], "told-not-counted", "complete"),
    ("perhaps told twice", [dose("measles", "2023", "bektar-iis", id="b")], "duplicate-not-counted", "uncertain"),
    ("of no date", [dose("measles", None, id="b")], "undated-not-counted", "uncertain"),
]


@pytest.mark.parametrize(("what", "doubted", "why", "otherwise"), DOUBTED, ids=[row[0] for row in DOUBTED])
def test_a_doubted_dose_is_left_out_and_the_other_answer_stands_beside(
    what: str, doubted: list[Record], why: str, otherwise: str
) -> None:
    due = _due("MEASLES", [*doses(FIRST), *doubted])
    assert (due.status, due.sure, due.next_dose) == (Status.DUE, 1, 2), what
    assert sorted(_verdicts(due)) == [f"uncertain {why}", "yes counts"]
    assert due.otherwise is not None
    assert due.otherwise.status.value == otherwise


def test_a_dose_the_family_disputes_is_left_out_and_the_other_answer_stands_beside() -> None:
    disputed = replace(dose("measles", "2024-06-01", id="b"), disputed=True)
    due = _due("MEASLES", [*doses(FIRST), disputed])
    assert (due.status, due.next_dose, _verdicts(due)[1]) == (Status.DUE, 2, "uncertain disputed-not-counted")
    assert due.otherwise is not None
    assert due.otherwise.status is Status.COMPLETE


def test_a_doubted_dose_that_changes_nothing_brings_no_second_answer() -> None:
    due = _due("BCG", [*doses("bcg 2023-01-02"), dose("bcg", "2023-06-01", id="b", **RECALL)])
    assert (due.status, due.otherwise) == (Status.COMPLETE, None)


def test_a_dose_that_cannot_be_is_not_counted_either_way() -> None:
    due = _due("BCG", doses("bcg 2022-12-01"))
    assert (due.status, due.sure, _verdicts(due), due.otherwise) == (Status.DUE, 0, ["uncertain implausible"], None)


def test_a_dose_dated_after_the_day_of_asking_does_not_count() -> None:
    due = _due("MEASLES", doses("measles 2025-01-01"))
    assert (due.status, due.sure, _verdicts(due)) == (Status.DUE, 0, ["no in-the-future"])


def test_where_the_next_dose_hangs_on_the_dates_none_is_named_as_certain() -> None:
    """A dose of 2023 counts only from nine months of age on, which were over on 1 October."""
    due = _due("MEASLES", doses("measles 2023"))
    assert (due.status, due.reason.code, due.exact) == (Status.DUE, "uncertain", False)


# --- who is asked about -----------------------------------------------------------------------------------------------


def test_without_a_birth_date_nothing_is_judged_and_every_antigen_is_named_once() -> None:
    found = dues.forecast(_events(doses(FIRST), ""), None, "female", WHO, TODAY)
    assert {each.status for each in found} == {Status.BIRTH_DATE_UNKNOWN}
    assert len({each.antigen for each in found}) == len(found)
    measles = next(each for each in found if each.antigen == "MEASLES")
    assert (measles.sure, measles.possible, _verdicts(measles)) == (0, 1, ["uncertain birth-date-unknown"])
    assert (measles.earliest, measles.recommended, measles.overdue) == (None, None, False)


@pytest.mark.parametrize("gender", ["female", "male", "other", "unknown", "", "no gender at all"])
def test_any_word_for_the_sex_is_answered(gender: str) -> None:
    found = dues.forecast((), dates.parse("2010-01-01"), gender, WHO, TODAY)
    caution = {each.antigen: each.caution for each in found}["HPV"]
    assert (caution == "For those who are not girls the country decides") is (gender != "female")


@pytest.mark.parametrize(("day", "care"), [("2024-01-29", False), ("2024-01-30", True), ("2025-01-01", True)])
def test_what_a_clinician_weighs_first_is_said(day: str, care: bool) -> None:
    due = _due("BCG", [], "2024-01-01", date.fromisoformat(day))
    assert (due.status, "tuberculosis" in due.caution) == (Status.DUE, care)


# --- several antigens in one group ------------------------------------------------------------------------------------


def test_each_antigen_of_a_group_is_answered_for_itself() -> None:
    told = doses("td 2023-02-20, td 2023-03-20, td 2023-04-20")
    tetanus, pertussis = (_due(each, told, today=date(2023, 5, 1)) for each in ("TETANUS", "PERTUSSIS"))
    assert (tetanus.status, tetanus.next_dose, tetanus.sure) == (Status.NOT_YET, 4, 3)
    assert (pertussis.status, pertussis.next_dose, pertussis.sure, pertussis.verdicts) == (Status.DUE, 1, 0, ())


def test_an_unfinished_series_of_two_antigens_is_resumed_for_both() -> None:
    told = doses("dtp 2023-02-20, dtp 2023-03-20")
    found = {each: _due(each, told, today=date(2023, 5, 1)) for each in ("DIPHTHERIA", "TETANUS", "PERTUSSIS")}
    assert {(each.status, each.next_dose, each.sure) for each in found.values()} == {(Status.DUE, 3, 2)}


def test_a_dose_against_measles_alone_counts_for_nothing_else_where_all_three_are_given_whole() -> None:
    ukraine = library.load().editions["ukr"].on(date(2026, 3, 1))
    told, today = doses("measles 2024-02-20"), date(2026, 3, 1)
    found = {each: _due(each, told, today=today, schedule=ukraine) for each in ("MEASLES", "MUMPS", "RUBELLA")}
    assert [(each.sure, each.next_dose) for each in found.values()] == [(1, 2), (0, 1), (0, 1)]
    assert found["MUMPS"].verdicts == ()


EVERY = [each for held in library.load().editions.values() for each in held.schedules]


@pytest.mark.parametrize("schedule", EVERY, ids=[f"{each.id} {each.version}" for each in EVERY])
def test_every_shipped_schedule_answers_every_age_with_each_antigen_once(schedule: Any) -> None:
    for years in (0, 1, 4, 9, 17):
        today = date(2023 + years, 6, 1)
        found = dues.forecast(_events(doses("penta 2023-02-12")), dates.parse("2023-01-01"), "female", schedule, today)
        whole = {each for each in schedule.antigens if " " not in each}
        assert {each.antigen for each in found} <= {each.split()[0] for each in schedule.antigens}
        assert len([each for each in found if each.antigen in whole]) >= len({each.antigen for each in found})
        assert all(each.source.place and str(each.reason) for each in found)
