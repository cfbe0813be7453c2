"""Visit plans: as few returns as trying every day finds, every planned dose counts, and the principles of catch-up."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from registry.continuity.immunization import engine, supply, supporting, visits
from registry.continuity.immunization.given import Given, Someone
from registry.continuity.immunization.outcome import DoseStatus
from registry.continuity.immunization.person import Dose, Person
from registry.continuity.immunization.schedule import Schedule
from registry.continuity.immunization.visits import Plan
from registry.continuity.spans import Days
from registry.library import load
from tests.support import naive_visits, planned_visits

ON = date(2026, 3, 2)
YEAR = timedelta(days=365)


@pytest.mark.parametrize("seeds", [range(start, start + 5) for start in range(0, 15, 5)], ids=str)
def test_the_plan_is_worth_what_the_best_of_all_days_is(seeds: range) -> None:
    for seed in seeds:
        small = naive_visits.case(Random(seed))
        found = planned_visits.plan(small)
        worth, naive = planned_visits.worth(small, found), naive_visits.best(small)
        assert found.is_proven
        assert worth == naive or planned_visits.is_beyond(small, worth, naive), seed


def test_a_planner_that_always_comes_as_soon_as_it_can_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visits, "MOST_SEARCHES", 0)
    cases = [naive_visits.case(Random(seed)) for seed in range(6)]
    assert any(planned_visits.worth(each, planned_visits.plan(each)) != naive_visits.best(each) for each in cases)


@pytest.fixture(scope="module")
def us(shared_data: Path) -> Schedule:
    """The CDC's supporting data as published."""
    files = (shared_data / "immunization/cdsi/supporting-data").glob("*.xml")
    return supporting.read({each.name: each.read_bytes() for each in files})


def told(*doses: tuple[str, date]) -> list[Given]:
    return [Given(id=str(place), days=Days(day, day), vaccine=vaccine) for place, (vaccine, day) in enumerate(doses)]


def planned(us: Schedule, birth: date, doses: list[Given], **more: int) -> Plan:
    return visits.plan(us, Someone(birth=Days(birth, birth)), doses, (), ON, until=ON + YEAR, **more)


def groups_of(plan: Plan, day: date) -> set[str]:
    return {group for visit in plan.visits if visit.day == day for shot in visit.shots for group in shot.groups}


HISTORIES = {
    "nobody knows of any dose, 2 years": (date(2024, 3, 1), ()),
    "nobody knows of any dose, 6 years": (date(2020, 1, 15), ()),
    "nobody knows of any dose, 11 years": (date(2014, 6, 1), ()),
    "a course begun long ago": (date(2023, 1, 1), (("20", date(2023, 3, 5)), ("10", date(2023, 3, 5)))),
    "a live vaccine two weeks ago": (date(2024, 3, 1), (("03", date(2026, 2, 16)),)),
}


@pytest.mark.parametrize(("birth", "doses"), HISTORIES.values(), ids=HISTORIES)
def test_every_planned_dose_counts_for_what_it_is_planned(
    us: Schedule, birth: date, doses: tuple[tuple[str, date], ...]
) -> None:
    plan = planned(us, birth, told(*doses))
    assert plan.is_proven
    assert plan.visits
    given = [Dose(id=f"told {place}", day=day, vaccine=vaccine) for place, (vaccine, day) in enumerate(doses)]
    for visit in plan.visits:
        now = [Dose(id=f"{visit.day} {shot.vaccine}", day=visit.day, vaccine=shot.vaccine) for shot in visit.shots]
        given += now
        outcome = engine.forecast(us, Person(birth=birth), given, (), visit.day)
        for dose, shot in zip(now, visit.shots, strict=True):
            for group in shot.groups:
                (said,) = (each for each in outcome.groups if each.group == group)
                assert [each.status for each in said.verdicts if each.dose == dose.id] == [DoseStatus.VALID]


# group, a vaccine of it, when it was given, doses of a whole course here
COURSES = {
    "hepatitis B": ("HepB", "08", date(2023, 3, 5), 3),
    "hepatitis A": ("HepA", "83", date(2024, 2, 1), 2),
    "measles, mumps, rubella": ("MMR", "03", date(2024, 2, 1), 2),
}


@pytest.mark.parametrize(("group", "vaccine", "day", "whole"), COURSES.values(), ids=COURSES)
def test_a_course_begun_is_resumed_and_never_restarted(
    us: Schedule, group: str, vaccine: str, day: date, whole: int
) -> None:
    """UKHSA, 1 July 2025; WHO table 3: doses given are not repeated, however long ago they were."""
    birth = date(2023, 1, 1)
    begun, fresh = planned(us, birth, told((vaccine, day))), planned(us, birth, [])

    def count(plan: Plan) -> int:
        return sum(group in shot.groups for visit in plan.visits for shot in visit.shots)

    assert (count(begun), count(fresh)) == (whole - 1, whole)


def test_live_vaccines_come_together_or_four_weeks_apart(us: Schedule) -> None:
    birth = date(2024, 3, 1)
    together = planned(us, birth, [])
    assert {"MMR", "Varicella"} <= groups_of(together, ON)
    after = planned(us, birth, told(("03", ON - timedelta(days=14))))
    assert "Varicella" not in groups_of(after, ON)
    first = min(visit.day for visit in after.visits for shot in visit.shots if "Varicella" in shot.groups)
    assert first >= ON + timedelta(days=14)


def test_never_more_injections_than_allowed_and_no_dose_lost(us: Schedule) -> None:
    plan = planned(us, date(2024, 3, 1), [], most_shots=4)
    assert max(len(visit.shots) for visit in plan.visits) <= 4
    assert plan.lost == {}


def test_a_baby_on_time_gets_its_doses_when_they_are_recommended(us: Schedule) -> None:
    """It is not caught up at minimum intervals."""
    birth = ON - timedelta(days=45)
    plan = planned(us, birth, [])
    first = min(visit.day for visit in plan.visits for shot in visit.shots if "DTaP/Tdap/Td" in shot.groups)
    assert first == date(2026, 3, 16)  # two months


def test_a_plan_for_partly_known_days_is_late_enough_for_all_of_them(us: Schedule) -> None:
    birth = date(2024, 3, 1)
    some = Given(id="1", days=Days(date(2026, 2, 1), date(2026, 2, 28)), vaccine="03")
    plan = planned(us, birth, [some])
    first = min(visit.day for visit in plan.visits for shot in visit.shots if "Varicella" in shot.groups)
    assert first >= date(2026, 3, 28)


def test_who_needs_nothing_gets_no_visit(us: Schedule) -> None:
    someone = Someone(birth=Days(ON, ON))
    plan = visits.plan(us, someone, [], (), ON - YEAR, until=ON - YEAR)
    assert plan.visits == ()


def test_days_that_mean_too_much_cost_no_more_than_a_stated_number_of_courses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Born in 2018 and sixteen doses in 2018: what cannot be planned is said, and no plan is called the best."""
    runs = 0
    forecast = engine.forecast

    def counted(*asked: Any) -> Any:
        nonlocal runs
        runs += 1
        return forecast(*asked)

    monkeypatch.setattr(engine, "forecast", counted)
    year = Days(date(2018, 1, 1), date(2018, 12, 31))
    doses = [Given(id=str(each), days=year, vaccine=("10", "102", "03", "133")[each % 4]) for each in range(16)]
    plan = visits.plan(load().editions["who"].on(ON), Someone(birth=year), doses, (), ON, until=ON + YEAR)
    assert 100 < runs < supply.MOST_COURSES + 1000
    assert {"HEPB", "POLIO", "DTP"} <= set(plan.unplanned)
    assert not plan.lost
    assert not plan.is_proven
