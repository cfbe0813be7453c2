"""People as they are: families of one street, with the names, births and deaths that are true of them.

What records make of them is told in desk.py and drift.py.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date
from random import Random

from tests.support.families.alike import another
from tests.support.families.births import children_of
from tests.support.families.cultures import Culture, choices
from tests.support.families.kin import Person, a_day, elder, person, wife
from tests.support.families.lexicon import Tokens

FLED = (2012, 2024)
FIRST_BIRTHS = (1998, 2021)
GRANDPARENTS = 0.30
# Of a hundred displaced families, and of a man's sons who live on one street (assumption).
FAMILIES = choices({"whole": 84, "widow": 9, "widower": 2, "unaccompanied": 5})
SONS = choices({"1": 3, "2": 3, "3": 2, "4": 1})


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
    sons = dict.fromkeys(another(culture, grandfather.given, "male", rng) for _ in range(int(SONS.draw(rng))))
    households = [household(given, grandfather, grandmother, village, fled, rng) for given in sons]
    if rng.random() < GRANDPARENTS:
        households[0].people += [grandfather, grandmother]
    return households


def household(
    given: Tokens, grandfather: Person, grandmother: Person, village: Tokens, fled: int, rng: Random
) -> Household:
    """The family of a son."""
    culture = grandfather.culture
    first_birth = rng.randint(*FIRST_BIRTHS)
    father = person(
        culture, rng, "male", a_day(rng, first_birth - 36, first_birth - 21), given=given,
        line=(grandfather.given, *grandfather.line[:2]), family=grandfather.family, role="parent", mother=grandmother,
    )  # fmt: skip
    mother = wife(father, rng, born=a_day(rng, first_birth - 30, first_birth - 17))
    children = list(children_of(father, mother, first_birth, rng))
    father.eldest_son = mother.eldest_son = next((each.given for each in children if each.sex == "male"), ())
    home = Household(culture=culture, village=village, fled=_flight(fled, rng), ration=f"R{rng.randrange(10**8):08d}")
    home.people = _present([father, mother], children, home, rng)
    return home


def _flight(year: int, rng: Random) -> date:
    return date(min(FLED[1], year + rng.choice((0, 0, 0, 1, 2))), rng.randint(1, 12), rng.randint(1, 28))


def _present(parents: list[Person], children: list[Person], home: Household, rng: Random) -> list[Person]:
    kind = FAMILIES.draw(rng)
    home.unaccompanied = kind == "unaccompanied"
    if home.unaccompanied:
        return rng.sample(children, min(len(children), rng.randint(1, 2)))
    absent = {"widow": parents[:1], "widower": parents[1:]}.get(kind, [])
    mothers = dict.fromkeys(each.mother for each in children if each.mother is not None)
    return [each for each in dict.fromkeys([*parents, *mothers]) if each not in absent] + children


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
