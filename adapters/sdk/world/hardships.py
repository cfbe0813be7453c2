"""What goes wrong when people are written down, how often, and which record of a source it befalls.

The rates are quotas, not luck: of 300 records a rate of 0.03 befalls nine, if as many can suffer it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from functools import partial

from adapters.sdk.world.dice import Dice
from adapters.sdk.world.people import Child
from adapters.sdk.world.plans import Kin


class Hardship(Enum):
    """One thing that is not as it should be about a record; the words of `truth.csv`."""

    NEW_YEAR = "first-of-january"
    SWAPPED = "day-month-swapped"
    YEAR_ONLY = "year-only"
    YEAR_OFF = "year-off-by-one"
    HIJRI = "hijri-date"
    ETHIOPIAN = "ethiopian-date"
    FATHER_AS_FAMILY = "father-as-family-name"
    CROSSED = "given-and-father-crossed"
    NO_MOTHER = "no-mother"
    MISSPELT = "misspelt"
    PLACEHOLDER = "newborn-placeholder"
    SEX_UNKNOWN = "sex-unknown"
    TWICE = "twice-in-this-source"


OF_BIRTH_DATE = frozenset(
    {
        Hardship.NEW_YEAR,
        Hardship.SWAPPED,
        Hardship.YEAR_ONLY,
        Hardship.YEAR_OFF,
        Hardship.HIJRI,
        Hardship.ETHIOPIAN,
    }
)
OF_NAME = frozenset({Hardship.FATHER_AS_FAMILY, Hardship.CROSSED, Hardship.PLACEHOLDER})

_EVERYWHERE: Mapping[Hardship, float] = {
    Hardship.NEW_YEAR: 0.15,
    Hardship.SWAPPED: 0.03,
    Hardship.YEAR_ONLY: 0.03,
    Hardship.YEAR_OFF: 0.02,
    Hardship.CROSSED: 0.015,
    Hardship.NO_MOTHER: 0.20,
    Hardship.MISSPELT: 0.06,
    Hardship.SEX_UNKNOWN: 0.02,
    Hardship.TWICE: 0.02,
}

RATES: Mapping[str, Mapping[Hardship, float]] = {
    "almara-dhis2": {
        **_EVERYWHERE,
        Hardship.HIJRI: 0.04,
        Hardship.ETHIOPIAN: 0.015,
        Hardship.PLACEHOLDER: 0.02,
    },
    "bektar-iis": {**_EVERYWHERE, Hardship.FATHER_AS_FAMILY: 0.08, Hardship.PLACEHOLDER: 0.02},
    "bektar-schools": {**_EVERYWHERE, Hardship.FATHER_AS_FAMILY: 0.08},
    # An Ed-Fi birth date is a whole date, so a clerk who knows the year alone writes 1 January.
    "corvia-schools": {
        **_EVERYWHERE,
        Hardship.NEW_YEAR: 0.18,
        Hardship.YEAR_ONLY: 0,
        Hardship.FATHER_AS_FAMILY: 0.08,
    },
}

Fits = Callable[[Child], bool]


def befallen(dice: Dice, source: str, people: Sequence[Child]) -> list[set[Hardship]]:
    """For each person of a source, what goes wrong with their record; each hardship is dealt by quota."""
    dealt: list[set[Hardship]] = [set() for _ in people]
    for at, child in enumerate(people):
        if not child.knows_birthday:
            dealt[at].add(Hardship.NEW_YEAR)
    for hardship, rate in RATES[source].items():
        quota = round(rate * len(people)) - sum(hardship in each for each in dealt)
        order = dice.apart(hardship.value).shuffled(range(len(people)))
        able = [at for at in order if _can_suffer(hardship, people[at], dealt[at])]
        for at in able[: max(quota, 0)]:
            dealt[at].add(hardship)
    return dealt


def _can_suffer(hardship: Hardship, child: Child, already: set[Hardship]) -> bool:
    rivals = next((group for group in (OF_BIRTH_DATE, OF_NAME) if hardship in group), frozenset({hardship}))
    # The people the demo tells of drift in their names only, so that its story can be followed.
    spared = child.household.kin is Kin.STORY
    return not spared and not rivals & already and _FITS.get(hardship, _anyone)(child)


def _anyone(_child: Child) -> bool:
    return True


def _day_can_be_month(child: Child) -> bool:
    return child.born.day <= 12 and child.born.day != child.born.month


def _born_since(year: int, child: Child) -> bool:
    return child.born.year >= year


_FITS: Mapping[Hardship, Fits] = {
    Hardship.SWAPPED: _day_can_be_month,
    Hardship.PLACEHOLDER: partial(_born_since, 2010),
}
