"""Partly known days: what is certain is true of every completion, what is not is said, and nothing else is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from random import Random
from typing import Any

import pytest

from registry.continuity import spans
from registry.continuity.immunization import concern, doubtful, engine, given, somedays, uncertain
from registry.continuity.immunization.given import Doubt, Given, Someone
from registry.continuity.immunization.outcome import DoseStatus, SeriesStatus
from registry.continuity.immunization.schedule import Schedule
from registry.continuity.immunization.somedays import Course
from registry.continuity.spans import Days
from registry.fhir import dates
from tests.support import completions, small_schedules, uncertain_laws
from tests.support.small_schedules import Asked


def days(text: str) -> Days:
    when = dates.parse(text)
    assert when is not None
    return Days(when.first, when.last)


def test_no_completion_contradicts_a_certain_answer_and_every_possible_one_is_some_completion() -> None:
    count = uncertain_laws.tried(range(40))
    assert count.faults == []
    assert count.exhaustive > 20
    assert count.uncertain > 5


def _first_course_only(choices: list[Any]) -> bool:
    choices.clear()
    return False


def _first_day(course: Course, day: date) -> Days:
    first = course._lowest(day)
    return Days(first, first)


def _keeps_nothing(course: Course, claim: Any) -> Any:
    del claim
    return list(course._first), list(course._last)


PLANTED: dict[str, tuple[Any, str, Any]] = {
    "only the first course": (somedays, "_turn_back", _first_course_only),
    "a date is the first it can be": (Course, "days", _first_day),
    "answers are not held against each other": (Course, "_keep", _keeps_nothing),
    "doses of other groups never matter": (
        concern,
        "_vaccines",
        lambda schedule, group: frozenset(
            each.type
            for each in schedule.vaccines.values()
            if any(a.antigen in group.antigens for a in each.associations)
        ),
    ),
}


@pytest.mark.parametrize("fault", PLANTED)
def test_a_planted_unsoundness_is_found(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    where, name, planted = PLANTED[fault]
    monkeypatch.setattr(where, name, planted)
    assert any(uncertain_laws.tried(range(start, start + 25)).faults for start in range(0, 400, 25))


def test_with_every_day_known_the_answer_is_the_engines() -> None:
    for seed in range(60):
        rng = Random(seed)
        schedule = small_schedules.schedule(rng)
        asked = small_schedules.asked(rng, longest=2, every=0)
        answer = uncertain.forecast(schedule, asked.someone, asked.doses, (), asked.on)
        outcome = completions.ask(schedule, asked, next(completions.every(asked)))
        assert list(completions.contradictions(answer, outcome)) == []
        assert list(completions.needless(answer, [outcome])) == []
        assert all(each.courses == 1 for each in answer.groups)


def test_a_months_length_differs_from_the_mean_one_by_less_than_is_allowed_for() -> None:
    """`Someday.least` and `most` rest on it."""
    course = Course([], [])
    for months in (*range(-24, 61), 180, 780):
        span = spans.Span(text="", months=months)
        reckoned = somedays.Someday(course, 0, (span,))
        for place in range(0, 4 * 366):
            day = date(2019, 1, 1) + timedelta(days=place)
            assert reckoned.least <= (spans.add(day, span) - day).days <= reckoned.most


def two_doses() -> Schedule:
    """A schedule with one group: two doses of `c`, the first from 12 months, the second 28 days later."""
    rng = Random(0)
    small = small_schedules.schedule(rng)
    series = small.antigens["C"].series[0]
    age = small_schedules.Age(absolute_minimum=spans.read("12 months"), minimum=spans.read("12 months"))
    gap = small_schedules.Interval(
        from_previous=True, absolute_minimum=spans.read("28 days"), minimum=spans.read("28 days")
    )
    products = (small_schedules.Product(vaccine="c", is_named=True),)
    doses = (
        small_schedules.TargetDose(number=1, ages=(age,), preferable=products),
        small_schedules.TargetDose(number=2, intervals=(gap,), preferable=products),
    )
    only = replace(series, doses=doses, is_default=True, maximum_age_to_start=None)
    antigen = small_schedules.Antigen(name="C", series=(only,))
    return replace(small, antigens={**small.antigens, "C": antigen}, groups={"C": small.groups["C"]}, conflicts={})


def ask(birth: str, *doses: str, on: date = date(2021, 12, 1)) -> uncertain.GroupAnswer:
    told = [Given(id=f"d{place}", days=days(each), vaccine="c") for place, each in enumerate(doses, start=1)]
    answer = uncertain.forecast(two_doses(), Someone(birth=days(birth)), told, (), on)
    return answer.groups[0]


COMPLETE, OPEN = SeriesStatus.COMPLETE, SeriesStatus.NOT_COMPLETE

# birth, doses, statuses, and the day from which the next dose is safe whatever the days are
EXAMPLES = {
    "a dose in a month long after the minimum age counts": ("2020-01-01", ("2021-03",), (OPEN,), date(2021, 4, 28)),
    "a dose in the month of the minimum age may not": ("2020-01-10", ("2021-01",), (OPEN,), date(2021, 2, 28)),
    "two in neighbouring months may be too close": (
        "2020-01-01",
        ("2021-03", "2021-04"),
        (OPEN, COMPLETE),
        date(2021, 5, 25),
    ),
    "two in months apart are not": ("2020-01-01", ("2021-03", "2021-05"), (COMPLETE,), None),
    "a birth year alone leaves the minimum age open": (
        "2020",
        ("2021-06-30", "2021-08-15"),
        (OPEN, COMPLETE),
        date(2021, 12, 31),
    ),
    "a birth year long before does not": ("2018", ("2021-06-30", "2021-08-15"), (COMPLETE,), None),
}


@pytest.mark.parametrize(("birth", "doses", "statuses", "safe"), EXAMPLES.values(), ids=EXAMPLES)
def test_what_is_said_of_partly_known_days(
    birth: str, doses: tuple[str, ...], statuses: tuple[SeriesStatus, ...], safe: date | None
) -> None:
    found = ask(birth, *doses)
    assert found.statuses == statuses
    assert found.safe_from == safe


def test_a_dose_that_may_be_too_early_has_both_verdicts() -> None:
    (verdicts,) = ask("2020-01-10", "2021-01").verdicts
    assert {each and each.status for each in verdicts.verdicts} == {DoseStatus.VALID, DoseStatus.NOT_VALID}
    assert not verdicts.is_certain


def test_beyond_the_bound_nothing_is_claimed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uncertain, "MOST_COURSES", 1)
    found = ask("2020-01-10", "2021-01")
    assert found.courses == 0
    assert set(found.statuses) == {*SeriesStatus, None}
    assert found.safe_from is None
    assert found.verdicts[0].verdicts == ()


def test_many_unknown_days_end_in_no_claim_and_soon() -> None:
    found = ask("2018", *["2020"] * 40)
    assert found.courses == 0


DOUBTED = frozenset({Doubt.TOLD})


def doubted(*doses: tuple[str, bool]) -> doubtful.Answers:
    told = [
        Given(id=f"d{place}", days=days(day), vaccine="c", doubts=DOUBTED if is_doubted else frozenset())
        for place, (day, is_doubted) in enumerate(doses, start=1)
    ]
    return doubtful.forecast(two_doses(), Someone(birth=days("2019-01-01")), told, (), date(2021, 12, 1))


def test_with_and_without_a_doubted_dose_both_answers_stand_and_what_hangs_on_it() -> None:
    answers = doubted(("2020-03-01", False), ("2020-06-01", True))
    assert answers.counted.groups[0].status is COMPLETE
    assert answers.ignored.groups[0].status is OPEN
    assert [each.dose for each in answers.changes] == ["d2"]


def test_a_doubted_dose_that_decides_nothing_is_no_change() -> None:
    answers = doubted(("2020-03-01", False), ("2020-06-01", False), ("2020-09-01", True))
    assert answers.counted.groups[0].status is answers.ignored.groups[0].status is COMPLETE
    assert answers.changes == ()


def test_the_digest_tells_doses_and_neither_their_ids_nor_their_order_nor_the_person() -> None:
    one, other = Given(id="1", days=days("2020-03"), vaccine="c"), Given(id="2", days=days("2020-05"), vaccine="c")
    assert given.digest([one, other]) == given.digest([replace(other, id="x"), replace(one, id="y")])
    assert given.digest([one]) != given.digest([other])
    assert given.digest([one]) != given.digest([replace(one, days=days("2020-03-01"))])


def test_the_same_question_gives_the_same_answer_in_any_order() -> None:
    for seed in range(30):
        schedule, asked = uncertain_laws.case(seed)
        first = uncertain.forecast(schedule, asked.someone, asked.doses, (), asked.on)
        again = uncertain.forecast(schedule, asked.someone, asked.doses[::-1], (), asked.on)
        assert _sorted(first) == _sorted(again)
        assert first.engine_version == engine.VERSION


def _sorted(answer: uncertain.Answer) -> uncertain.Answer:
    """Doses are listed as they were told."""
    groups = [replace(each, verdicts=tuple(sorted(each.verdicts, key=_dose))) for each in answer.groups]
    flags = tuple(sorted(answer.flags, key=lambda each: each.about))
    return replace(answer, groups=tuple(groups), flags=flags)


_dose: Callable[[uncertain.DoseAnswer], str] = lambda each: each.dose  # noqa: E731


def test_only_the_doses_of_concern_change_a_groups_forecast() -> None:
    """What `concern` leaves out leaves the engine's word about the group as it is."""
    for seed in range(80):
        rng = Random(seed)
        schedule, asked = small_schedules.schedule(rng), small_schedules.asked(rng, longest=2, every=0, doses=6)
        whole = completions.ask(schedule, asked, next(completions.every(asked)))
        for group in whole.groups:
            kept = [each for each in asked.doses if each.vaccine in concern.of(schedule)[group.group][1]]
            less = Asked(someone=asked.someone, doses=tuple(kept), on=asked.on)
            found = completions.ask(schedule, less, next(completions.every(less)))
            assert group in found.groups
