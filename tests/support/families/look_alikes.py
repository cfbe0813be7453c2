"""Two children as alike as reality allows: twins, brothers of one year, namesakes on one street. Never one child.

Each pair is made from a child of the world by a rule below and recorded twice, with drift on both: at one desk or at
two, by one family or by two of one street.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import cycle
from random import Random

from tests.support.families import desk, writing
from tests.support.families.alike import alike, another
from tests.support.families.births import LAST_DAY
from tests.support.families.cultures import SLOTS, Culture, cultures
from tests.support.families.desk import Visit
from tests.support.families.kin import Person, wife
from tests.support.families.people import Household, street
from tests.support.families.records import Record, Truth
from tests.support.families.settings import Settings

EVERYWHERE = dict.fromkeys(SLOTS, 1.0)

# Pairs seen by one desk; a desk that records both writes their parents alike.
ONE_DESK = 0.35

Two = tuple[Person, Person]


@dataclass(frozen=True, slots=True)
class LookAlike:
    """Records of two children, with what makes them alike."""

    kind: str
    one: tuple[Record, Truth]
    other: tuple[Record, Truth]


@dataclass(frozen=True, slots=True)
class Kind:
    """A way of being alike: who the two are, and whether they are of one household."""

    name: str
    two: Callable[[Person, Random], Two]
    one_household: bool


def twins(child: Person, rng: Random) -> Two:
    """Of one sex, with names as near as the list has them: Hasan and Husayn."""
    given = alike(child.culture, child.given, child.sex, rng)
    return replace(child, twin=True), _other(child, rng, given=given, twin=True)


def brother_and_sister(child: Person, rng: Random) -> Two:
    """Twins of two sexes with one name in two forms where there is one: Amin and Amina."""
    sex = {"male": "female", "female": "male"}[child.sex]
    given = alike(child.culture, child.given, sex, rng)
    return replace(child, twin=True), _other(child, rng, given=given, sex=sex, twin=True)


def of_one_year(child: Person, rng: Random) -> Two:
    """Born in January and in November or December of one year."""
    year = min(child.born.year, LAST_DAY.year)
    first = replace(child, born=date(year, 1, rng.randint(1, 31)))
    last = date(year, 11, 5) + timedelta(days=rng.randrange(56))
    return first, _other(first, rng, given=alike(child.culture, child.given, child.sex, rng), born=last)


def of_two_wives(child: Person, rng: Random) -> Two:
    """Children of one father and two mothers, born within weeks."""
    given = alike(child.culture, child.given, child.sex, rng)
    return child, _other(child, rng, given=given, mother=wife(child, rng), born=_near(child.born, 60, rng))


def after_a_dead_sibling(child: Person, rng: Random) -> Two:
    """Named after a brother or sister that died."""
    died = child.born + timedelta(days=rng.randrange(30, 700))
    born = min(LAST_DAY, died + timedelta(days=rng.randrange(270, 900)))
    return replace(child, died=died), _other(child, rng, born=born)


def cousins(child: Person, rng: Random) -> Two:
    """Sons or daughters of two brothers, both named alike, of one street: only father and mother differ."""
    uncle = another(child.culture, child.line[0], "male", rng)
    born = _near(child.born, 500, rng)
    return child, _other(child, rng, line=(uncle, *child.line[1:]), mother=wife(child, rng), born=born)


def of_one_street(child: Person, rng: Random) -> Two:
    """Strangers of one street with one name and one father's name."""
    grandfather = another(child.culture, child.line[1], "male", rng)
    line, family = (child.line[0], grandfather, *child.line[2:]), child.culture.family(rng)
    born = _near(child.born, 300, rng)
    return child, _other(child, rng, line=line, family=family, maiden=family, mother=wife(child, rng), born=born)


KINDS = (
    Kind("twins of one sex", twins, one_household=True),
    Kind("twins of two sexes", brother_and_sister, one_household=True),
    Kind("siblings of one year", of_one_year, one_household=True),
    Kind("half-siblings of one age", of_two_wives, one_household=True),
    Kind("named after a dead sibling", after_a_dead_sibling, one_household=True),
    Kind("namesake cousins", cousins, one_household=False),
    Kind("namesakes of one street", of_one_street, one_household=False),
)


def _other(child: Person, rng: Random, **changes: object) -> Person:
    """The second child: the first with changes and a number of its own."""
    return replace(child, national=f"{rng.randrange(10**11):011d}", **changes)  # type: ignore[arg-type]


def _near(day: date, days: int, rng: Random) -> date:
    return min(LAST_DAY, day + timedelta(days=rng.randint(-days, days)))


def look_alikes(seed: int, count: int, settings: Settings) -> Iterator[LookAlike]:
    """So many pairs, the kinds by turns; the same for the same arguments."""
    for number, kind in zip(range(count), cycle(KINDS), strict=False):
        rng = Random(f"look-alikes {seed}/{number}")
        yield _pair(kind, _culture(settings, rng), number, rng, settings)


def _culture(settings: Settings, rng: Random) -> Culture:
    shares = dict(settings.shares) or {name: each.share for name, each in cultures().items()}
    return cultures()[rng.choices(tuple(shares), tuple(shares.values()))[0]]


def _pair(kind: Kind, culture: Culture, number: int, rng: Random, settings: Settings) -> LookAlike:
    home, child = _child(culture, rng)
    one, other = kind.two(child, rng)
    visits = desk.visits(home, rng, EVERYWHERE)
    neighbours = replace(home, ration=f"R{rng.randrange(10**8):08d}")
    others = visits if kind.one_household else desk.visits(neighbours, rng, EVERYWHERE)
    first, one_desk = rng.choice(_seen(one, visits)), rng.random() < ONE_DESK
    there = [each for each in _seen(other, others) if (each.slot == first.slot) == one_desk]
    second = rng.choice(there or _seen(other, others))
    return LookAlike(
        kind.name,
        _recorded(one, first, 2 * number, rng, settings),
        _recorded(other, second, 2 * number + 1, rng, settings),
    )


def _recorded(person: Person, visit: Visit, number: int, rng: Random, settings: Settings) -> tuple[Record, Truth]:
    return writing.finished(writing.drafted(person, visit, rng, settings), number, number)


def _child(culture: Culture, rng: Random) -> tuple[Household, Person]:
    """A child of some street, and its household."""
    while True:
        found = [(home, each) for home in street(culture, rng) for each in home.people if each.role == "child"]
        if found:
            return rng.choice(found)


def _seen(person: Person, visits: list[Visit]) -> list[Visit]:
    """The visits at which a child was alive; if there was none, the family came once more."""
    seen = [each for each in visits if person.born <= each.on and not (person.died and person.died <= each.on)]
    return seen or [replace(each, on=person.died or LAST_DAY) for each in visits]
