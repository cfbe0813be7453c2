"""Which families the world needs: how many, on which road, and the hard cases that must occur in every world.

Invariant: the hard cases (twins, cousins of one name, unrelated namesakes) do not depend on luck; only their
names, places and dates do.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from adapters.sdk.world import names, places
from adapters.sdk.world.dice import Dice
from adapters.sdk.world.names import Name
from adapters.sdk.world.places import ALMARA, BEKTAR, CORVIA, Place

COUSIN_PAIRS, NAMESAKE_PAIRS, TWIN_FAMILIES = 6, 4, 10


class Kin(Enum):
    """Why a family was planned; the words of `truth.csv`."""

    ORDINARY = ""
    STORY = "story"
    COUSINS = "cousins-of-one-name"
    NAMESAKES = "unrelated-namesakes"
    TWINS = "twins"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is fixed about a family before its people are drawn."""

    number: int
    kin: Kin = Kin.ORDINARY
    route: tuple[str, ...]
    children: int
    family: Name
    grandfather: Name
    home: Place
    eldest: Name | None = None  # the given name that cousins and namesakes share
    eldest_born: int = 0
    twins: tuple[Name, Name] | None = None


# Families per road; 190 in all, so that a world has about 300, 260, 220 and 240 people in its four sources.
ROUTES: tuple[tuple[tuple[str, ...], int], ...] = (
    ((ALMARA,), 16),
    ((BEKTAR,), 6),
    ((CORVIA,), 10),
    ((ALMARA, BEKTAR), 36),
    ((ALMARA, CORVIA), 36),
    ((ALMARA, BEKTAR, CORVIA), 74),
    ((ALMARA, BEKTAR, ALMARA), 6),
    ((BEKTAR, CORVIA), 6),
)
SIZES: tuple[tuple[int, int], ...] = ((1, 49), (2, 71), (3, 46), (4, 24))


def plans(dice: Dice) -> list[Plan]:
    """The families of a world; the first is the one the demo tells of."""
    made = [_ordinary(dice, number, route, size) for number, (route, size) in enumerate(_roads(dice), 1)]
    made[0] = _story(dice, made[0])
    at = 1
    for pair in range(COUSIN_PAIRS):
        made[at : at + 2] = _cousins(dice, made[at], made[at + 1], same_year=pair % 2 == 0)
        at += 2
    for pair in range(NAMESAKE_PAIRS):
        made[at : at + 2] = _namesakes(dice, made[at], made[at + 1], same_year=pair % 2 == 0)
        at += 2
    for pair in range(TWIN_FAMILIES):
        made[at] = _with_twins(dice, made[at], alike=pair % 2 == 0)
        at += 1
    return made


def _roads(dice: Dice) -> list[tuple[tuple[str, ...], int]]:
    roads = dice.shuffled([route for route, count in ROUTES for _ in range(count)])
    sizes = dice.shuffled([size for size, count in SIZES for _ in range(count)])
    return list(zip(roads, sizes, strict=True))


def _ordinary(dice: Dice, number: int, route: tuple[str, ...], size: int) -> Plan:
    return Plan(
        number=number,
        route=route,
        children=size,
        family=names.draw(dice, list(names.table("family").values())),
        grandfather=names.draw(dice, names.given("M")),
        home=dice.pick(places.of_country(ALMARA)),
    )


def _story(dice: Dice, plan: Plan) -> Plan:
    twins = next(pair for pair in names.alike() if {name.sex for name in pair} == {"F"})
    family = names.draw(dice, [name for name in names.table("family").values() if name.weight > 1])
    return replace(plan, kin=Kin.STORY, route=(ALMARA, BEKTAR, CORVIA), children=3, twins=twins, family=family)


def _cousins(dice: Dice, one: Plan, other: Plan, *, same_year: bool) -> list[Plan]:
    """Two brothers of one village, each with a child of the same name: both were named after one person."""
    eldest = names.draw(dice, names.given(dice.pick("MF")))
    year = dice.number(2009, 2014)
    route = dice.pick([(ALMARA, BEKTAR), (ALMARA, CORVIA), (ALMARA, BEKTAR, CORVIA)])
    first = replace(one, kin=Kin.COUSINS, route=route, eldest=eldest, eldest_born=year)
    years_apart = 0 if same_year else dice.number(1, 2)
    shared = replace(first, number=other.number, children=other.children, eldest_born=year + years_apart)
    return [first, shared]


def _namesakes(dice: Dice, one: Plan, other: Plan, *, same_year: bool) -> list[Plan]:
    """Two families that are strangers to each other and share a common name, in one country at one time."""
    eldest = names.draw(dice, [name for name in names.given("M") if name.weight > 3])
    family = names.draw(dice, [name for name in names.table("family").values() if name.weight > 1])
    year = dice.number(2009, 2014)
    elsewhere = dice.pick([place for place in places.of_country(ALMARA) if place != one.home])
    first = replace(one, kin=Kin.NAMESAKES, family=family, eldest=eldest, eldest_born=year)
    later = year + (0 if same_year else dice.number(1, 3))
    second = replace(other, kin=Kin.NAMESAKES, family=family, eldest=eldest, eldest_born=later, home=elsewhere)
    return [replace(each, route=(ALMARA, BEKTAR, CORVIA)) for each in (first, second)]


def _with_twins(dice: Dice, plan: Plan, *, alike: bool) -> Plan:
    pair = dice.pick(names.alike()) if alike else _two_names(dice)
    route = plan.route if len(plan.route) > 1 else (ALMARA, BEKTAR)
    return replace(plan, kin=Kin.TWINS, twins=pair, children=max(plan.children, 2), route=route)


def _two_names(dice: Dice) -> tuple[Name, Name]:
    first, second = dice.shuffled(list(names.table("given").values()))[:2]
    return first, second
