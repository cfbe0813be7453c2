"""The people as they are: families, their roads through the three countries, and their children.

Nothing here is a record: how clerks wrote it all down is the subject of `clerks`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from adapters.sdk.world import names, places, plans
from adapters.sdk.world.dice import Dice
from adapters.sdk.world.names import Name
from adapters.sdk.world.places import ALMARA, BEKTAR, CORVIA, Place
from adapters.sdk.world.plans import Kin, Plan

TODAY = date(2025, 6, 30)
"""The day the four countries hand over their files: the end of a school year."""

LONG_AGO = date(2000, 1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """Living at one place from `first` to `last`, both included."""

    place: Place
    first: date
    last: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Household:
    """Parents and their road. `phones` is one number per country: it never crosses a border."""

    id: str
    kin: Kin
    father: Name
    grandfather: Name
    mother: Name
    mothers_family: Name
    family: Name
    stays: tuple[Stay, ...]
    phones: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """One real child. `knows_birthday` is false where nobody ever wrote the day down."""

    id: str
    household: Household
    given: Name
    sex: str
    born: date
    knows_birthday: bool
    twin: bool
    is_eldest: bool
    numbers: Mapping[str, str]  # national identity number per country that gave one

    def stays(self, country: str) -> list[Stay]:
        """Where the child itself lived in a country, from birth on."""
        return [
            Stay(place=stay.place, first=max(stay.first, self.born), last=stay.last)
            for stay in self.household.stays
            if stay.place.country == country and stay.last > self.born
        ]

    def age_on(self, day: date) -> float:
        return (day - self.born).days / 365.25


def children(seed: int) -> list[Child]:
    """Every child of the world, siblings together, in a fixed order."""
    dice = Dice(seed, "people")
    made: list[Child] = []
    for plan in plans.plans(dice.apart("plans")):
        own = dice.apart("household", plan.number)
        made += _children(own, plan, _household(own, plan), len(made))
    return made


def _household(dice: Dice, plan: Plan) -> Household:
    mothers = list(names.table("mothers").values())
    taken = {name.key for name in (plan.grandfather, *(plan.twins or ()), plan.eldest or plan.grandfather)}
    others = [name for name in names.given("M") if name.key not in taken]
    return Household(
        id=f"F{plan.number:03d}",
        kin=plan.kin,
        father=names.draw(dice, others),
        grandfather=plan.grandfather,
        mother=dice.pick(mothers),
        mothers_family=names.draw(dice, list(names.table("family").values())),
        family=plan.family,
        stays=_stays(dice, plan),
        phones={country: _PHONES[country] + dice.letters("0123456789", 7) for country in _PHONES},
    )


_PHONES = {ALMARA: "+2105", BEKTAR: "+38477", CORVIA: "+4229"}  # prefixes no country has


def _stays(dice: Dice, plan: Plan) -> tuple[Stay, ...]:
    """The road of a family: moves in the years 2011 to 2023, some to another village of the same country."""
    borders = _borders(dice, plan)
    stays: list[Stay] = []
    for country, first, last in zip(plan.route, borders, borders[1:], strict=False):
        place = plan.home if country == ALMARA else dice.pick(places.of_country(country))
        moves_on = plan.kin is not Kin.STORY and (last - first).days > 900 and dice.chance(0.3)
        if country != ALMARA and moves_on:
            middle = dice.day(first + timedelta(days=300), last - timedelta(days=300))
            stays.append(Stay(place=place, first=first, last=middle))
            first = middle + timedelta(days=1)
            place = dice.pick([other for other in places.of_country(country) if other != place])
        stays.append(Stay(place=place, first=first, last=last - timedelta(days=1)))
    return tuple(stays)


def _borders(dice: Dice, plan: Plan) -> list[date]:
    if plan.kin is Kin.STORY:
        return [LONG_AGO, date(2018, 4, 9), date(2021, 7, 20), TODAY]
    crossings = len(plan.route) - 1
    latest = date(2018 if crossings > 1 else 2020, 12, 31)
    moves = [dice.day(date(2014, 6, 1), latest)] if crossings else []
    if crossings > 1:
        moves.append(dice.day(moves[0] + timedelta(days=900), date(2023, 6, 30)))
    return [LONG_AGO, *moves, TODAY]


def _children(dice: Dice, plan: Plan, household: Household, before: int) -> list[Child]:
    births = _births(dice, plan)
    taken = {household.father.key}
    made: list[Child] = []
    for place, born in enumerate(births):
        given = _given(dice, plan, place, taken)
        taken.add(given.key)
        made.append(
            Child(
                id=f"C{before + place + 1:04d}",
                household=household,
                given=given,
                sex=given.sex,
                born=born,
                knows_birthday=plan.kin is Kin.STORY or not dice.chance(0.08),
                twin=births.count(born) > 1,
                is_eldest=place == 0,
                numbers=_numbers(dice),
            )
        )
    return made


def _given(dice: Dice, plan: Plan, place: int, taken: set[str]) -> Name:
    if plan.twins and place < len(plan.twins):
        return plan.twins[place]
    if plan.eldest and place == 0:
        return plan.eldest
    free = [name for name in names.given(dice.pick("MF")) if name.key not in taken]
    return names.draw(dice, free)


def _births(dice: Dice, plan: Plan) -> list[date]:
    """Birthdays, the eldest first; twins are the eldest two."""
    if plan.kin is Kin.STORY:
        eldest = date(2012, 5, 13) + timedelta(days=dice.number(0, 15))
    else:
        year = plan.eldest_born or dice.weighted([(year, 6 if year < 2013 else 1) for year in range(2008, 2022)])
        eldest = _not_new_year(dice.day(date(year, 1, 2), date(year, 12, 31)))
    births = [eldest, eldest] if plan.twins else [eldest]
    while len(births) < plan.children:
        following = births[-1] + timedelta(days=dice.number(400, 1300))
        births.append(_not_new_year(min(following, date(2024, 12, 20) - timedelta(days=len(births)))))
    return births


def _not_new_year(day: date) -> date:
    return day + timedelta(days=1) if (day.month, day.day) == (1, 1) else day


_GIVES_NUMBER = {ALMARA: 0.6, BEKTAR: 0.65, CORVIA: 0.5}
_NUMBER = {ALMARA: "1{}", BEKTAR: "BK{}", CORVIA: "7{}"}


def _numbers(dice: Dice) -> dict[str, str]:
    drawn = {country: dice.letters("0123456789", 9) for country in _NUMBER}
    return {
        country: form.format(drawn[country]) for country, form in _NUMBER.items() if dice.chance(_GIVES_NUMBER[country])
    }
