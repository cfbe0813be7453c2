"""Whether a dose counts: one table for each step of chapter 6."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from registry.continuity import spans
from registry.continuity.immunization import engine
from registry.continuity.immunization.outcome import DoseStatus
from registry.continuity.immunization.person import Dose, Person
from registry.continuity.immunization.schedule import Comparison, Conflict, Context, Validity
from tests.core.immunization.plans import (
    BORN,
    age,
    condition,
    group,
    interval,
    observed,
    product,
    schedule,
    series,
    skip,
    target,
    verdicts,
)

AGES = schedule(series(target(1, ages=(age("1 year - 4 days", "1 year", maximum="2 years"),))))


@pytest.mark.parametrize(
    ("day", "said"),
    [
        ("2020-12-27", "not-valid too-young"),  # born 2020-01-01
        ("2020-12-28", "valid grace-period"),
        ("2020-12-31", "valid grace-period"),
        ("2021-01-01", "valid"),
        ("2021-12-31", "valid"),
        ("2022-01-01", "extraneous too-old"),
    ],
)
def test_age(day: str, said: str) -> None:
    assert verdicts(group(AGES, (day, "A"))) == [said]


def test_an_age_rule_holds_only_while_it_is_valid() -> None:
    before = replace(age("2 years", "2 years"), validity=Validity(last=date(2020, 12, 31)))
    after = replace(age("3 months", "3 months"), validity=Validity(first=date(2021, 1, 1)))
    rules = schedule(series(target(1, ages=(before, after))))
    assert verdicts(group(rules, ("2020-12-31", "A"))) == ["not-valid too-young"]
    assert verdicts(group(rules, ("2021-01-01", "A"))) == ["valid"]


FOUR_WEEKS = interval("4 weeks - 4 days", "4 weeks")
INTERVALS = schedule(series(target(1), target(2, intervals=(FOUR_WEEKS,))))


@pytest.mark.parametrize(
    ("day", "said"),
    [
        ("2020-03-24", "not-valid too-soon"),  # 23 days after the first
        ("2020-03-25", "valid grace-period"),
        ("2020-03-28", "valid grace-period"),
        ("2020-03-29", "valid"),
    ],
)
def test_preferable_interval(day: str, said: str) -> None:
    assert verdicts(group(INTERVALS, ("2020-03-01", "A"), (day, "A"))) == ["valid", said]


def test_all_preferable_intervals_must_hold_or_all_allowable_ones() -> None:
    both = (FOUR_WEEKS, interval("16 weeks", "16 weeks", from_target_dose=1))
    doses = [("2020-03-01", "A"), ("2020-05-01", "A")]
    strict = schedule(series(target(1), target(2, intervals=both)))
    assert verdicts(group(strict, *doses))[1] == "not-valid too-soon"
    lenient = schedule(series(target(1), target(2, intervals=both, allowable_intervals=(interval("8 weeks"),))))
    assert verdicts(group(lenient, *doses))[1] == "valid"
    unmet = schedule(
        series(target(1), target(2, intervals=both, allowable_intervals=(interval("8 weeks"), interval("10 weeks"))))
    )
    assert verdicts(group(unmet, *doses))[1] == "not-valid too-soon"


def test_a_dose_that_did_not_count_starts_an_interval_and_an_inadvertent_one_does_not() -> None:
    rules = schedule(
        series(
            target(1, ages=(age("6 weeks", "6 weeks"),), intervals=(FOUR_WEEKS,), inadvertent=frozenset("B")),
        )
    )
    too_young = ("2020-02-01", "A")
    assert verdicts(group(rules, too_young, ("2020-02-20", "A")))[1] == "not-valid too-soon"
    assert verdicts(group(rules, ("2020-02-19", "B"), ("2020-02-20", "A"))) == ["not-valid inadvertent", "valid"]


@pytest.mark.parametrize(
    ("since", "given", "said"),
    [
        ({"from_target_dose": 1}, [("2020-03-01", "A"), ("2020-03-20", "B"), ("2020-04-01", "A")], "valid"),
        (
            {"from_previous": True},
            [("2020-03-01", "A"), ("2020-03-20", "B"), ("2020-04-01", "A")],
            "not-valid too-soon",
        ),
        ({"from_most_recent": frozenset("B")}, [("2020-03-01", "A"), ("2020-04-01", "A")], "valid"),
        ({"from_most_recent": frozenset("B")}, [("2020-03-20", "B"), ("2020-04-01", "A")], "not-valid too-soon"),
        ({"from_observation": "event"}, [("2020-03-01", "A"), ("2020-04-01", "A")], "not-valid too-soon"),
        ({"from_observation": "event"}, [("2020-03-01", "A"), ("2020-05-01", "A")], "valid"),
    ],
)
def test_an_interval_runs_from_a_dose_a_vaccine_or_an_event(since: Any, given: Any, said: str) -> None:
    rules = schedule(series(target(1, products="AB"), target(2, intervals=(interval("4 weeks", "4 weeks", **since),))))
    found = group(rules, *given, observed=[observed("event", "2020-03-25")])
    assert verdicts(found)[-1] == said


def test_a_later_dose_starts_no_interval_of_an_earlier_one() -> None:
    since = interval("4 weeks", "4 weeks", from_most_recent=frozenset("X"))
    rules = schedule(series(target(1, intervals=(since,))), holds={"X": ["beta"]})
    assert verdicts(group(rules, ("2020-03-01", "A"), ("2020-03-02", "X"))) == ["valid"]


def test_the_most_recent_vaccine_may_be_of_another_antigen() -> None:
    rules = schedule(
        series(target(1, intervals=(interval("4 weeks", "4 weeks", from_most_recent=frozenset("X")),))),
        holds={"X": ["beta"]},
    )
    assert verdicts(group(rules, ("2020-03-01", "X"), ("2020-03-10", "A"))) == ["not-valid too-soon"]


LIVE = Conflict(
    previous="X",
    current="A",
    begins=spans.read("1 day"),
    ends_after_valid=spans.read("24 days"),
    ends=spans.read("28 days"),
)


@pytest.mark.parametrize(
    ("day", "said"),
    [
        ("2020-03-01", "valid"),  # on the same day there is none
        ("2020-03-02", "not-valid conflict"),
        ("2020-03-24", "not-valid conflict"),
        ("2020-03-25", "valid"),
    ],
)
def test_conflict_with_a_vaccine_of_another_antigen(day: str, said: str) -> None:
    rules = schedule(series(target(1)), conflicts=[LIVE], holds={"X": ["beta"]})
    assert verdicts(group(rules, ("2020-03-01", "X"), (day, "A"))) == [said]


@pytest.mark.parametrize(("first", "said"), [("2020-02-20", "not-valid conflict"), ("2020-03-01", "valid")])
def test_a_conflict_lasts_longer_after_a_dose_that_did_not_count(first: str, said: str) -> None:
    rules = schedule(
        series(target(1, ages=(age("2 months", "2 months"),)), target(2)), conflicts=[replace(LIVE, previous="A")]
    )
    second = {"2020-02-20": "2020-03-17", "2020-03-01": "2020-03-26"}[first]
    assert verdicts(group(rules, (first, "A"), (second, "A")))[1] == said


def test_product() -> None:
    rules = schedule(series(target(1, preferable=(product("A", "1 year"),), allowable=(product("B"),))))
    assert verdicts(group(rules, ("2021-01-01", "A"))) == ["valid"]
    assert verdicts(group(rules, ("2020-12-31", "A"))) == ["not-valid wrong-age-for-product"]
    assert verdicts(group(rules, ("2020-12-31", "B"))) == ["valid"]
    assert verdicts(group(rules, ("2021-01-01", "C"))) == ["not-valid not-a-product"]


def test_a_manufacturer_decides_only_where_both_sides_state_it() -> None:
    rules = schedule(series(target(1, preferable=(product("A", manufacturer="ONE"),))))
    for maker, status in (("", DoseStatus.VALID), ("one", DoseStatus.VALID), ("TWO", DoseStatus.NOT_VALID)):
        dose = Dose(id="1", day=date(2021, 1, 1), vaccine="A", manufacturer=maker)
        (found,) = engine.forecast(rules, Person(birth=BORN), [dose], [], date(2022, 1, 1)).groups
        assert found.verdicts[0].status is status


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"flagged": True}, DoseStatus.SUB_STANDARD),
        ({"expires": date(2020, 12, 31)}, DoseStatus.SUB_STANDARD),
        ({"expires": date(2021, 1, 1)}, DoseStatus.VALID),
    ],
)
def test_a_dose_of_bad_condition_is_sub_standard(more: Any, status: DoseStatus) -> None:
    dose = Dose(id="1", day=date(2021, 1, 1), vaccine="A", **more)
    (found,) = engine.forecast(schedule(series(target(1))), Person(birth=BORN), [dose], [], date(2022, 1, 1)).groups
    assert found.verdicts[0].status is status


def test_what_comes_after_the_series_is_extraneous_and_a_recurring_dose_has_no_end() -> None:
    doses = [("2020-03-01", "A"), ("2020-06-01", "A")]
    assert verdicts(group(schedule(series(target(1))), *doses)) == ["valid", "extraneous already-complete"]
    assert verdicts(group(schedule(series(target(1, recurs=True))), *doses)) == ["valid", "valid"]


def test_every_step_that_fails_is_a_reason() -> None:
    rules = schedule(series(target(1), target(2, ages=(age("1 year", "1 year"),), intervals=(FOUR_WEEKS,))))
    assert verdicts(group(rules, ("2020-03-01", "A"), ("2020-03-05", "C")))[1] == (
        "not-valid too-young too-soon not-a-product"
    )


# Conditional skip. The second of two doses is passed over when the condition holds on the day of the third.
def _skipping(*conditions: Any, **more: Any) -> list[str]:
    rules = schedule(
        series(target(1), target(2, products="B", skips=(skip(*conditions, **more),)), target(3)),
    )
    return verdicts(group(rules, ("2020-03-01", "A"), ("2020-09-01", "A")))


NOT_SKIPPED, SKIPPED = ["valid", "not-valid not-a-product"], ["valid", "valid"]


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        (condition("age", "8 months"), SKIPPED),
        (condition("age", "8 months", "9 months"), SKIPPED),
        (condition("age", "9 months"), NOT_SKIPPED),
        (condition("age", None, "8 months"), NOT_SKIPPED),
        (condition("interval", interval=spans.read("6 months")), SKIPPED),
        (condition("interval", interval=spans.read("7 months")), NOT_SKIPPED),
        (condition("vaccine-count", count=0), SKIPPED),
        (condition("vaccine-count", count=1), NOT_SKIPPED),
        (condition("vaccine-count", count=1, comparison=Comparison.EQUAL_TO), SKIPPED),
        (condition("vaccine-count", count=0, comparison=Comparison.EQUAL_TO), NOT_SKIPPED),
        (condition("vaccine-count", count=2, comparison=Comparison.LESS_THAN), SKIPPED),
        (condition("vaccine-count", count=1, comparison=Comparison.LESS_THAN), NOT_SKIPPED),
        (condition("vaccine-count", count=0, vaccines=frozenset("A")), SKIPPED),
        (condition("vaccine-count", count=0, vaccines=frozenset("B")), NOT_SKIPPED),
        (condition("vaccine-count", "3 months", count=0), NOT_SKIPPED),
        (condition("vaccine-count", count=0, from_day=date(2020, 3, 2)), NOT_SKIPPED),
        (condition("vaccine-count", count=0, until_day=date(2020, 3, 1)), NOT_SKIPPED),
        (condition("completed-series", series_groups=frozenset("2")), NOT_SKIPPED),
    ],
)
def test_a_target_dose_is_skipped_when_its_condition_holds(rule: Any, found: list[str]) -> None:
    assert _skipping(rule) == found


def test_conditions_of_a_set_are_joined_and_the_context_decides() -> None:
    holds, fails = condition("age", "8 months"), condition("age", "9 months")
    assert _skipping(holds, fails) == NOT_SKIPPED
    assert _skipping(holds, fails, needs_all=False) == SKIPPED
    assert _skipping(holds, context=Context.EVALUATION) == SKIPPED
    assert _skipping(holds, context=Context.FORECAST) == NOT_SKIPPED


@pytest.mark.parametrize(
    ("first", "found"), [("2020-03-01", SKIPPED), ("2020-01-05", ["not-valid too-young", "valid"])]
)
def test_a_count_of_valid_doses_leaves_out_the_others(first: str, found: list[str]) -> None:
    counting = condition("vaccine-count", count=0, valid_only=True)
    rules = schedule(
        series(
            target(1, ages=(age("6 weeks", "6 weeks"),)),
            target(2, products="B", skips=(skip(counting),)),
            target(3),
        )
    )
    assert verdicts(group(rules, (first, "A"), ("2020-09-01", "A"))) == found


@pytest.mark.parametrize(
    ("counting", "found"),
    [
        ({"vaccines": frozenset("X")}, SKIPPED[1:]),  # a dose of another antigen counts where its type is named
        ({"vaccines": frozenset("X"), "valid_only": True}, NOT_SKIPPED[1:]),  # it has no status in this series
        ({}, NOT_SKIPPED[1:]),
    ],
)
def test_a_count_of_named_vaccines_is_of_all_antigens(counting: Any, found: list[str]) -> None:
    rules = schedule(
        series(target(1, products="B", skips=(skip(condition("vaccine-count", **counting)),)), target(2)),
        holds={"X": ["beta"]},
    )
    assert verdicts(group(rules, ("2020-03-01", "X"), ("2020-09-01", "A"))) == found
    assert verdicts(group(rules, ("2020-09-02", "X"), ("2020-09-01", "A"))) == NOT_SKIPPED[1:]


def test_a_completed_series_of_another_group_skips() -> None:
    other = series(target(1), name="other", group="2")
    first = series(
        target(1, products="B", skips=(skip(condition("completed-series", series_groups=frozenset("2"))),)), target(2)
    )
    found = group(schedule(first, other), ("2020-03-01", "A"))
    assert {part.series.name: part.status.value for part in found.parts} == {
        "the series": "complete",
        "other": "complete",
    }


def test_series_that_wait_for_each_other_have_completed_nothing() -> None:
    waits_for_2 = (skip(condition("completed-series", series_groups=frozenset("2"))),)
    waits_for_1 = (skip(condition("completed-series", series_groups=frozenset("1"))),)
    rules = schedule(
        series(target(1, products="B", skips=waits_for_2), target(2)),
        series(target(1, products="B", skips=waits_for_1), target(2), name="other", group="2"),
    )
    assert {part.status.value for part in group(rules, ("2020-03-01", "A")).parts} == {"not-complete"}
    alone = schedule(series(target(1, products="B", skips=waits_for_1), target(2)))
    assert group(alone, ("2020-03-01", "A")).status.value == "not-complete"
