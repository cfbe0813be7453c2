"""Visit plans for children of whom little or nothing is known, by the schedules of our own, to be read by a physician.

What each row must hold to: WHO's decision tables for DTP (row 14: from 7 years only reduced diphtheria toxoid and
acellular pertussis vaccine), and for polio (oral and injected vaccine on the same visits); no product that is out of
use; everything that is due is given at the first visit; an infant does not wait months for the next dose to spare a
visit.
"""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from registry.cli import planning
from registry.continuity.immunization import visits
from registry.continuity.immunization.given import Given, Someone
from registry.continuity.immunization.schedule import Schedule
from registry.continuity.immunization.visits import Plan
from registry.continuity.spans import Days
from registry.library import load

ON = date(2026, 3, 2)
YEAR = timedelta(days=365)

MR, HEPB, IPV, OPV, TDAP = "MMR (03)", "HepB (08)", "IPV (10)", "bOPV (178)", "Tdap (115)"
BCG, HPV, PENTA, HEXA = "BCG (19)", "HPV9 (165)", "penta (198)", "hexa (146)"
DTP = "DTP (01)"
PCV, ROTA, YF = "PCV13 (133)", "rotavirus (116)", "yellow fever (37)"
MEASLES, MENINGO = "measles-containing (05)", "meningococcal (108)"

BIRTHS = {
    "newborn": ON,
    "4 months": date(2025, 11, 2),
    "15 months": date(2024, 12, 2),
    "8 years": date(2018, 3, 2),
    "13 years": date(2013, 3, 2),
}
PENTA_AT_SIX_WEEKS = (("198", date(2025, 12, 20)),)

# schedule, child, doses known, the visits: days from today and what is given
PLANS = [
    ("who", "newborn", (), {
        0: [HEPB, BCG],
        42: [ROTA, PCV, OPV, PENTA],
        70: [ROTA, PCV, OPV, PENTA],
        98: [ROTA, PCV, HEXA, OPV],
        275: [MR, IPV],
        365: [DTP],
    }),
    ("who", "15 months", (), {
        0: [MR, ROTA, PCV, HEXA, OPV, BCG],
        28: [MR, ROTA, PCV, OPV, PENTA],
        212: [ROTA, HEXA, OPV],
    }),
    ("who", "8 years", (), {
        0: [MR, HEPB, IPV, TDAP, OPV, BCG],
        28: [MR, HEPB, TDAP, OPV],
        365: [HEPB, IPV, TDAP, HPV, OPV],
    }),
    ("who", "13 years", (), {
        0: [MR, HEPB, IPV, TDAP, HPV, OPV, BCG],
        28: [MR, HEPB, TDAP, OPV],
        212: [HEPB, IPV, TDAP, HPV, OPV],
    }),
    ("nga", "4 months", PENTA_AT_SIX_WEEKS, {
        0: [ROTA, PCV, HEXA, OPV, BCG],
        28: [ROTA, PCV, HEXA, OPV],
        56: [ROTA, PCV, OPV],
        153: [MEASLES, MENINGO, YF],
        337: [MEASLES],
    }),
    ("nga", "15 months", (), {
        0: [MEASLES, MENINGO, ROTA, PCV, HEXA, OPV, YF],
        28: [MEASLES, ROTA, PCV, HEXA, OPV],
        56: [ROTA, OPV, PENTA],
    }),
    ("nga", "13 years", (), {
        0: [MEASLES, HEPB, IPV, MENINGO, TDAP, HPV, OPV, YF],
        28: [MEASLES, HEPB, IPV, TDAP, OPV],
        56: [HEPB, TDAP, OPV],
    }),
    ("ukr", "15 months", (), {0: [MR, BCG, PENTA], 28: [PENTA], 56: [PENTA], 239: [PENTA]}),
    ("ukr", "8 years", (), {0: [MR, HEPB, TDAP, BCG], 28: [MR, HEPB, TDAP], 56: [HEPB, TDAP], 239: [HEPB, TDAP]}),
]  # fmt: skip


def planned(rules: Schedule, birth: date, told: tuple[tuple[str, date], ...] = ()) -> Plan:
    doses = [Given(id=str(place), days=Days(day, day), vaccine=code) for place, (code, day) in enumerate(told)]
    return visits.plan(rules, Someone(birth=Days(birth, birth)), doses, (), ON, until=ON + YEAR)


@pytest.mark.parametrize(("name", "child", "told", "expected"), PLANS, ids=[f"{each[0]} {each[1]}" for each in PLANS])
def test_the_plan_is_what_a_physician_would_write(
    name: str, child: str, told: tuple[tuple[str, date], ...], expected: dict[int, list[str]]
) -> None:
    plan = planned(load().editions[name].on(ON), BIRTHS[child], told)
    found = {(each.day - ON).days: sorted(shot.vaccine for shot in each.shots) for each in plan.visits}
    assert found == {day: sorted(each[each.index("(") + 1 : -1] for each in given) for day, given in expected.items()}
    assert (plan.lost, plan.unplanned, plan.is_proven) == ({}, (), True)


OURS = sorted(name for name, held in load().editions.items() if held.schedules[-1].licence.startswith("Facts"))
FOR_INFANTS = frozenset({"01", "20", "22", "28", "50", "102", "106", "107", "110", "120", "130", "132", "146", "198"})
OUT_OF_USE = frozenset({"02", "100", "102", "132", "103", "183"})


@pytest.mark.parametrize("name", OURS)
@pytest.mark.parametrize("age", [7, 8, 13, 17])
def test_from_seven_years_nobody_is_given_a_vaccine_for_infants(name: str, age: int) -> None:
    rules = load().editions[name].on(ON)
    plan = planned(rules, ON.replace(year=ON.year - age))
    given = {shot.vaccine for each in plan.visits for shot in each.shots}
    assert given
    assert not given & (FOR_INFANTS | OUT_OF_USE)


@pytest.mark.parametrize("name", OURS)
def test_every_dose_that_is_asked_for_has_a_product_in_use_at_every_age(name: str) -> None:
    for edition in load().editions[name].schedules:
        for antigen in edition.antigens.values():
            for series in (each for each in antigen.series if each.type.value != "evaluation-only"):
                for dose in series.doses:
                    named = {each.vaccine for each in dose.preferable if each.is_named}
                    assert named, (edition.id, series.name, dose.number)
                    assert not named & OUT_OF_USE


def test_oral_and_injected_polio_vaccine_come_on_the_same_visits() -> None:
    plan = planned(load().editions["who"].on(ON), BIRTHS["8 years"])
    given = [[shot.vaccine for shot in each.shots if "POLIO" in shot.groups] for each in plan.visits]
    assert given == [["10", "178"], ["178"], ["10", "178"]]


LAST_LINES = {
    "all in time": (Plan(visits=(), lost={}, unplanned=(), is_proven=True), "every dose recommended by 2026-03-02"),
    "one lost, one not planned": (
        Plan(visits=(), lost={"POLIO": 1}, unplanned=("HEPB",), is_proven=True),
        "not every dose recommended by 2026-03-02 is in the plan (POLIO, HEPB)",
    ),
    "a visit after the day": (
        Plan(visits=(visits.Visit(ON + YEAR, ()),), lost={}, unplanned=(), is_proven=True),
        "every dose recommended by 2026-03-02, the last can only be given on 2027-03-02",
    ),
}


@pytest.mark.parametrize(("plan", "words"), LAST_LINES.values(), ids=LAST_LINES)
def test_the_last_line_claims_no_more_than_the_plan_holds(plan: Plan, words: str) -> None:
    assert planning.reach(plan, ON) == words
