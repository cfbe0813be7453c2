"""Published catch-up plans, visit by visit, for children of whom nothing is known.

Source: UK Health Security Agency, Vaccination of individuals with uncertain or incomplete immunisation status: from
1 July 2025 (updated 3 June 2025; Open Government Licence v3.0), bands "from 8 weeks of age up to first birthday" and
"from first up to second birthday", visits 1 to 3. The rules below say what those bands rest on, in the units of the
page; the bands from the second and the tenth birthday are not here.
"""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from registry.continuity import spans
from registry.continuity.immunization import visits
from registry.continuity.immunization.given import Someone
from registry.continuity.immunization.schedule import (
    Age,
    Antigen,
    Association,
    Interval,
    Product,
    Schedule,
    Series,
    TargetDose,
    Vaccine,
    VaccineGroup,
)
from registry.continuity.spans import Days, Span

SIX = "DTaP/IPV/Hib/HepB"
ON = date(2025, 9, 1)
GAP = timedelta(weeks=4)

# vaccine: for each dose the youngest age, the age at which it is too late, and the gap to the dose before
RULES: dict[str, tuple[tuple[str, str, str], ...]] = {
    SIX: (("8 weeks", "10 years", ""), ("", "10 years", "4 weeks"), ("", "10 years", "4 weeks")),
    "MenB": (("8 weeks", "2 years", ""), ("", "2 years", "4 weeks")),
    "rotavirus": (("6 weeks", "15 weeks", ""), ("", "24 weeks", "4 weeks")),
    "PCV13": (("16 weeks", "2 years", ""),),
    "MMR": (("12 months", "", ""), ("18 months", "", "4 weeks")),
}

PUBLISHED = {
    "8 weeks": (timedelta(weeks=8), [{SIX, "MenB", "rotavirus"}, {SIX, "MenB", "rotavirus"}, {SIX, "PCV13"}]),
    "13 months": (timedelta(days=396), [{SIX, "PCV13", "MenB", "MMR"}, {SIX, "MenB"}, {SIX}]),
}


def schedule() -> Schedule:
    return Schedule(
        id="ukhsa",
        title="UKHSA catch-up, bands up to the second birthday",
        version="2025-07-01",
        digest="ukhsa",
        antigens={name: Antigen(name=name, series=(_series(name),)) for name in RULES},
        groups={name: VaccineGroup(name=name, antigens=(name,)) for name in RULES},
        vaccines={name: Vaccine(type=name, title=name, associations=(Association(antigen=name),)) for name in RULES},
    )


def _series(name: str) -> Series:
    doses = tuple(
        TargetDose(
            number=number,
            ages=(Age(absolute_minimum=_span(youngest), minimum=_span(youngest), maximum=_span(too_late)),),
            intervals=(Interval(from_previous=True, absolute_minimum=_span(gap), minimum=_span(gap)),) if gap else (),
            preferable=(Product(vaccine=name, is_named=True),),
        )
        for number, (youngest, too_late, gap) in enumerate(RULES[name], start=1)
    )
    return Series(name=name, antigen=name, vaccine_group=name, doses=doses, is_default=True, preference=1)


def _span(text: str) -> Span | None:
    return spans.read(text) if text else None


@pytest.mark.parametrize(("age", "published"), PUBLISHED.values(), ids=PUBLISHED)
def test_the_published_visits_are_the_plan(age: timedelta, published: list[set[str]]) -> None:
    someone = Someone(birth=Days(ON - age, ON - age))
    plan = visits.plan(schedule(), someone, [], (), ON, until=ON + 3 * GAP)
    assert [each.day for each in plan.visits] == [ON, ON + GAP, ON + 2 * GAP]
    assert [{shot.vaccine for shot in each.shots} for each in plan.visits] == published
    assert plan.is_proven
    assert not plan.lost
