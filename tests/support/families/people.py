"""People as they are: families of one street, with the names, births and deaths that are true of them.

What records make of them is told in desk.py and drift.py.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from tests.support.families.alike import alike
from tests.support.families.cultures import Culture, choices
from tests.support.families.lexicon import Tokens

LAST_DAY = date(2025, 12, 31)
"""The world ends here: nothing is born or recorded later."""

FLED = (2012, 2024)
FIRST_BIRTHS = (1998, 2021)

# Twins are about one birth in forty where mothers are older or many (WHO regions: 1 in 30 to 1 in 110); a third of
# pairs each: two girls, two boys, one of each. Names of twins are made alike in four of ten pairs (assumption).
TWIN_BIRTHS = 1 / 40
TWINS_ALIKE = 0.4
DEAD_CHILDREN = 0.04
GRANDPARENTS = 0.30
REMARRIED = 0.03
# Of a hundred displaced families (assumption, after registration figures of refugee camps).
FAMILIES = choices({"whole": 84, "widow": 9, "widower": 2, "unaccompanied": 5})
SONS = choices({"1": 3, "2": 3, "3": 2, "4": 1})

Line = tuple[Tokens, ...]
"""The given names of the father, his father, and his."""


@dataclass(eq=False, slots=True, kw_only=True)
class Person:
    """One person, with what is true."""

    culture: Culture
    sex: str
    born: date
    given: Tokens
    line: Line
    family: Tokens
    maiden: Tokens = ()
    mother: Person | None = None
    role: str = "child"
    undated: bool = False
    twin: bool = False
    died: date | None = None
    namesake: bool = False
    namesake_cousin: bool = False
    eldest_son: Tokens = ()
    national: str = ""


@dataclass(eq=False, slots=True, kw_only=True)
class Household:
    """People who fled together, of one village."""

    culture: Culture
    village: Tokens
    fled: date
    ration: str
    people: list[Person] = field(default_factory=list)
    unaccompanied: bool = False


def street(culture: Culture, rng: Random) -> list[Household]:
    """The households of one street: one to three clans, each of brothers' families."""
    village = culture.village(rng)
    households = [each for _ in range(rng.randint(1, 3)) for each in clan(culture, village, rng)]
    mark_namesakes([person for household in households for person in household.people])
    return households


def clan(culture: Culture, village: Tokens, rng: Random) -> list[Household]:
    """The households of brothers, whose children share grandfather and family name; the parents live with the first."""
    grandfather = elder(culture, rng, family=culture.family(rng))
    grandmother = wife(grandfather, rng)
    fled = rng.randint(*FLED)
    sons = dict.fromkeys(culture.given(rng, "male") for _ in range(int(SONS.draw(rng))))
    households = [household(given, grandfather, grandmother, village, fled, rng) for given in sons]
    if rng.random() < GRANDPARENTS:
        households[0].people += [grandfather, grandmother]
    return households


def elder(culture: Culture, rng: Random, *, family: Tokens) -> Person:
    """A man of the grandparents' age with the names of his fathers."""
    given, *line = _forefathers(culture, rng, 4)
    return _person(
        culture, rng, "male", _day(rng, 1938, 1965), given=given, line=tuple(line), family=family, role="grandparent",
        mother=_foremother(culture, rng),
    )  # fmt: skip


def _forefathers(culture: Culture, rng: Random, generations: int) -> list[Tokens]:
    """Given names of fathers and sons, no two alike."""
    found: dict[Tokens, None] = {}
    while len(found) < generations:
        found[culture.given(rng, "male")] = None
    return list(found)


def _foremother(culture: Culture, rng: Random) -> Person:
    line = tuple(_forefathers(culture, rng, 3))
    given, family = culture.given(rng, "female"), culture.family(rng)
    born = date(1930, 6, 1)
    return Person(culture=culture, sex="female", born=born, given=given, line=line, family=family, maiden=family)


def _person(culture: Culture, rng: Random, sex: str, born: date, **more: object) -> Person:
    # Whose day of birth nobody knows: more of the old, fewer of children born in clinics.
    undated = rng.random() < culture.undated * (1.4 if born.year < 1995 else 0.85)
    national = f"{born.year % 100:02d}{rng.randrange(10**9):09d}"
    return Person(culture=culture, sex=sex, born=born, undated=undated, national=national, **more)  # type: ignore[arg-type]


def _day(rng: Random, first: int, last: int) -> date:
    return date(rng.randint(first, last), 1, 1) + timedelta(days=rng.randrange(365))


def household(
    given: Tokens, grandfather: Person, grandmother: Person, village: Tokens, fled: int, rng: Random
) -> Household:
    """The family of a son."""
    culture = grandfather.culture
    first_birth = rng.randint(*FIRST_BIRTHS)
    father = _person(
        culture, rng, "male", _day(rng, first_birth - 36, first_birth - 21), given=given,
        line=(grandfather.given, *grandfather.line[:2]), family=grandfather.family, role="parent", mother=grandmother,
    )  # fmt: skip
    mother = wife(father, rng, born=_day(rng, first_birth - 30, first_birth - 17))
    children = list(_children(father, mother, first_birth, rng))
    father.eldest_son = mother.eldest_son = next((each.given for each in children if each.sex == "male"), ())
    home = Household(culture=culture, village=village, fled=_flight(fled, rng), ration=f"R{rng.randrange(10**8):08d}")
    home.people = _present([father, mother], children, home, rng)
    return home


def _flight(year: int, rng: Random) -> date:
    return date(min(FLED[1], year + rng.choice((0, 0, 0, 1, 2))), rng.randint(1, 12), rng.randint(1, 28))


def wife(husband: Person, rng: Random, born: date | None = None) -> Person:
    """A man's wife: of another house, or a daughter of his father's brother."""
    culture = husband.culture
    related = rng.random() < culture.cousins
    line = tuple(_forefathers(culture, rng, 3))
    line = (line[0], *husband.line[1:]) if related else line
    maiden = husband.family if related else culture.family(rng)
    return _person(
        culture, rng, "female", born or husband.born + timedelta(days=rng.randrange(200, 3000)),
        given=culture.given(rng, "female"), line=line, maiden=maiden, role=husband.role,
        mother=_foremother(culture, rng),
        # Only Ukrainian women take their husband's name as a rule.
        family=husband.family if culture.layout == "patronymic" else maiden,
    )  # fmt: skip


def _present(parents: list[Person], children: list[Person], home: Household, rng: Random) -> list[Person]:
    kind = FAMILIES.draw(rng)
    home.unaccompanied = kind == "unaccompanied"
    if home.unaccompanied:
        return rng.sample(children, min(len(children), rng.randint(1, 2)))
    absent = {"widow": parents[:1], "widower": parents[1:]}.get(kind, [])
    mothers = dict.fromkeys(each.mother for each in children if each.mother is not None)
    return [each for each in dict.fromkeys([*parents, *mothers]) if each not in absent] + children


def _children(father: Person, mother: Person, first_birth: int, rng: Random) -> Iterator[Person]:
    wanted = min(8, max(1, round(rng.gauss(father.culture.children, 1.5))))
    mothers = _mothers(father, mother, wanted, rng)
    fathers = _fathers(father, wanted, rng)
    born, known = _day(rng, first_birth, first_birth), list[Person]()
    while len(known) < wanted and born <= LAST_DAY:
        twins = 2 if rng.random() < TWIN_BIRTHS else 1
        at = len(known)
        for _ in range(twins):
            known.append(_child(fathers[at], mothers[at], born, known, rng))
        if twins == 2:
            _twinned(known[-2], known[-1], rng)
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
    child = _person(
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


def _twinned(one: Person, other: Person, rng: Random) -> None:
    one.twin = other.twin = True
    if rng.random() < TWINS_ALIKE:
        other.given = alike(one.culture, one.given, other.sex, rng)


def mark_namesakes(people: list[Person]) -> None:
    """Mark who shares given and father's name with another of the street, and who does with a cousin."""
    named = Counter((each.given, each.line[0]) for each in people)
    fathers: dict[tuple[Tokens, ...], set[Tokens]] = defaultdict(set)
    children = [each for each in people if each.role == "child"]
    for each in children:
        fathers[each.given, each.line[1], each.family].add(each.line[0])
    for each in people:
        each.namesake = named[each.given, each.line[0]] > 1
    for each in children:
        each.namesake_cousin = len(fathers[each.given, each.line[1], each.family]) > 1
