"""The children of a family: births, twins, deaths and how children are named."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

from tests.support.families.alike import alike
from tests.support.families.kin import Person, a_day, elder, person, wife
from tests.support.families.lexicon import Tokens

LAST_DAY = date(2025, 12, 31)
"""The world ends here: nothing is born or recorded later."""

# One birth in forty is of twins; names of twins are made alike in four of ten pairs; so many children die before they
# are five; in so many families the first children have another father, who died (all: assumption).
TWIN_BIRTHS = 1 / 40
TWINS_ALIKE = 0.4
DEAD_CHILDREN = 0.04
REMARRIED = 0.03
MOST_CHILDREN = 8


def children_of(father: Person, mother: Person, first_birth: int, rng: Random) -> Iterator[Person]:
    """The children a couple had, the eldest first: one to eight, ten months to three years apart."""
    wanted = min(MOST_CHILDREN, max(1, round(rng.gauss(father.culture.children, 1.5))))
    mothers = _mothers(father, mother, wanted, rng)
    fathers = _fathers(father, wanted, rng)
    born, known = a_day(rng, first_birth, first_birth), list[Person]()
    while len(known) < wanted and born <= LAST_DAY:
        twins = 2 if rng.random() < TWIN_BIRTHS else 1
        at = len(known)
        for _ in range(twins):
            known.append(_child(fathers[at], mothers[at], born, known, rng))
        if twins == 2:
            _twinned(known[-2], known[-1], {each.given for each in known}, rng)
        born += timedelta(days=rng.randint(300, 1100))
    yield from known


def _mothers(father: Person, mother: Person, wanted: int, rng: Random) -> list[Person]:
    """The mother of each child: one, or two where a man has two wives or was widowed."""
    if wanted < 2 or rng.random() >= father.culture.half:
        return [mother] * (wanted + 1)
    second, change = wife(father, rng, born=mother.born + timedelta(days=rng.randrange(3000))), rng.randrange(1, wanted)
    return [mother if at < change else second for at in range(wanted + 1)]


def _fathers(father: Person, wanted: int, rng: Random) -> list[Person]:
    """The father of each child: a widow's first children have another."""
    if wanted < 2 or rng.random() >= REMARRIED:
        return [father] * (wanted + 1)
    first, change = elder(father.culture, rng, family=father.culture.family(rng)), rng.randrange(1, wanted)
    return [first if at < change else father for at in range(wanted + 1)]


def _child(father: Person, mother: Person, born: date, known: list[Person], rng: Random) -> Person:
    sex = rng.choice(("male", "female"))
    child = person(
        father.culture, rng, sex, born, given=_named(father, sex, known, rng), line=(father.given, *father.line[:2]),
        family=father.family, maiden=father.family, mother=mother,
    )  # fmt: skip
    if rng.random() < DEAD_CHILDREN:
        child.died = born + timedelta(days=rng.randrange(5, 1800))
    return child


def _named(father: Person, sex: str, known: list[Person], rng: Random) -> Tokens:
    """The name of a new child: after its grandfather, after a dead sibling, or one the family does not have yet."""
    culture = father.culture
    if sex == "male" and not any(each.sex == "male" for each in known) and rng.random() < culture.after:
        return father.line[0]
    dead = [each for each in known if each.died and each.sex == sex]
    if dead and rng.random() < culture.dead:
        return dead[-1].given
    drawn = (culture.given(rng, sex) for _ in range(50))
    taken = {each.given for each in known} | {father.given}
    return next((given for given in drawn if given not in taken), culture.given(rng, sex))


def _twinned(one: Person, other: Person, taken: set[Tokens], rng: Random) -> None:
    one.twin = other.twin = True
    near = alike(one.culture, one.given, other.sex, rng)
    if rng.random() < TWINS_ALIKE and near not in taken:
        other.given = near
