"""Which doses a child truly received, where and when, by the schedules of Almara and Bektar.

The schedules follow the ages of the WHO position papers (BCG and polio at birth; pentavalent, pneumococcal,
rotavirus and polio from six weeks; measles-rubella at nine and fifteen months) as two invented countries
might have adopted them, each vaccine since a year of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from adapters.sdk.world import names, people
from adapters.sdk.world.dice import Dice
from adapters.sdk.world.people import Child, Stay
from adapters.sdk.world.places import ALMARA, BEKTAR, Place
from adapters.sdk.world.plans import Kin

GIVEN_WHEN_DUE = 0.88
_LATE_BY = ((3, 6), (14, 3), (60, 1))  # days at most, weight


@dataclass(frozen=True, slots=True, kw_only=True)
class Dose:
    """One dose given to one child; `number` counts within the vaccine, birth polio being 0."""

    vaccine: str
    number: int
    day: date
    place: Place
    lot: str
    expiry: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """A dose that was due where the child lived, and was not given."""

    vaccine: str
    number: int
    due: date
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """All doses of a child in the order they were given, and those missed."""

    doses: tuple[Dose, ...]
    missed: tuple[Missed, ...]

    def of(self, country: str) -> list[Dose]:
        return [dose for dose in self.doses if dose.place.country == country]


def history(seed: int, child: Child) -> History:
    """What happened to the child in both countries; Corvia keeps no immunization register here."""
    dice = Dice(seed, "doses", child.id)
    routine = [_happen(dice, child, missed) for missed in _due(child)]
    doses = [each for each in routine if isinstance(each, Dose)]
    missed = [each for each in routine if isinstance(each, Missed)]
    doses += _caught_up(dice, child, doses)
    doses.sort(key=lambda dose: (dose.day, dose.vaccine, dose.number))
    return History(doses=tuple(_numbered(doses)), missed=tuple(missed))


def _due(child: Child) -> Iterator[Missed]:
    """Everything the schedule of the country where the child lives asks for on the day it is due."""
    for row in names.rows("schedules"):
        due = child.born + timedelta(days=int(row["due_days"]))
        stay = _stay_on(child, row["country"], due)
        is_offered = due.year >= int(row["since"]) and row["sex"] in ("", child.sex)
        if stay and is_offered and due < people.TODAY:
            yield Missed(vaccine=row["vaccine"], number=int(row["dose"]), due=due, place=stay.place)


def _stay_on(child: Child, country: str, day: date) -> Stay | None:
    return next((stay for stay in child.stays(country) if stay.first <= day <= stay.last), None)


def _happen(dice: Dice, child: Child, due: Missed) -> Dose | Missed:
    # What is due on one day is given on one visit.
    visit = dice.apart("visit", due.due.isoformat())
    late = visit.number(0, visit.weighted(_LATE_BY))
    day = due.due + timedelta(days=late)
    is_there = _stay_on(child, due.place.country, day) is not None
    # The demo's girl lacks her second measles dose, so that her clinic has something to find.
    spared = child.household.kin is Kin.STORY
    given = (due.vaccine, due.number) != ("MR", 2) if spared else dice.chance(GIVEN_WHEN_DUE)
    if not given or not is_there or day > people.TODAY:
        return due
    return make(vaccine=due.vaccine, number=due.number, day=day, place=due.place)


def make(*, vaccine: str, number: int, day: date, place: Place) -> Dose:
    """A dose from the batch in use in that country in that quarter of the year."""
    quarter = (day.month - 1) // 3
    batch = Dice("batch", vaccine, place.country, day.year, quarter)
    lot = f"{batch.letters('ABCDEHKLMN', 1)}{day.year % 100:02d}{batch.letters('0123456789', 3)}{vaccine[0]}"
    expiry = date(day.year + 2, 3 * quarter + 1, 28)
    return Dose(vaccine=vaccine, number=number, day=day, place=place, lot=lot, expiry=expiry)


@dataclass(frozen=True, slots=True, kw_only=True)
class _CatchUp:
    """What a newcomer is offered: as many doses as are missing, at most two."""

    counts: tuple[str, ...]
    needed: int
    young: str
    older: str  # from seven years on


_CATCH_UPS = (
    _CatchUp(counts=("MR", "MMR"), needed=2, young="MMR", older="MMR"),
    _CatchUp(counts=("OPV", "IPV"), needed=3, young="IPV", older="IPV"),
    _CatchUp(counts=("PENTA", "DTP", "TD"), needed=3, young="PENTA", older="TD"),
)


def _caught_up(dice: Dice, child: Child, routine: list[Dose]) -> list[Dose]:
    """Doses a newcomer is given in the weeks after the first arrival in Bektar."""
    stays = [stay for stay in child.stays(BEKTAR) if (stay.first - child.born).days > 300]
    if not stays:
        return []
    arrival, made = stays[0], list[Dose]()
    day = arrival.first + timedelta(days=dice.number(20, 120))
    for offer in _CATCH_UPS:
        had = sum(dose.vaccine in offer.counts for dose in routine)
        vaccine = offer.young if child.age_on(day) < 7 else offer.older
        for at in range(min(offer.needed - had, 2)):
            when = day + timedelta(days=35 * at)
            if when < arrival.last and not _refuses(dice, child, vaccine):
                made.append(make(vaccine=vaccine, number=at + 1, day=when, place=arrival.place))
    return made


def _refuses(dice: Dice, child: Child, vaccine: str) -> bool:
    if child.household.kin is Kin.STORY and child.twin:
        return vaccine == "MMR"
    return dice.chance(0.15)


def _numbered(doses: list[Dose]) -> Iterator[Dose]:
    """The doses with their number within the vaccine, as it is counted where they were given."""
    seen: Counter[str] = Counter()
    for dose in doses:
        seen[dose.vaccine] += 1
        number = dose.number if dose.place.country == ALMARA else seen[dose.vaccine]
        yield Dose(
            vaccine=dose.vaccine,
            number=number,
            day=dose.day,
            place=dose.place,
            lot=dose.lot,
            expiry=dose.expiry,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Vaccine:
    """What the two countries call a vaccine."""

    almara: str
    cvx: str
    english: str
    maker: str
    amount: str


def vaccines() -> Mapping[str, Vaccine]:
    columns = ("almara", "cvx", "english", "maker", "amount")
    return {row["vaccine"]: Vaccine(**{column: row[column] for column in columns}) for row in names.rows("vaccines")}
