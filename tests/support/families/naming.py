"""From a person to the fields of a form: what stands under given, father, grandfather, family and mother."""

from __future__ import annotations

from collections.abc import Callable

from tests.support.families import slavic
from tests.support.families.kin import Person
from tests.support.families.lexicon import Tokens

FIELDS = ("given", "father", "grandfather", "family", "mother")

Fields = dict[str, Tokens]


def _last(person: Person) -> tuple[Tokens, Tokens]:
    return (person.given[:-1], person.given[-1:]) if len(person.given) > 1 else (person.given, person.line[0])


# What a form that wants a family name gets from people who have none: given name and family as written.
HABITS: dict[str, Callable[[Person], tuple[Tokens, Tokens]]] = {
    "family": lambda person: (person.given, surname(person)),
    "empty": lambda person: (person.given, ()),
    "father": lambda person: (person.given, person.line[0]),
    "grandfather": lambda person: (person.given, person.line[1]),
    "great": lambda person: (person.given, person.line[2]),
    "again": lambda person: (person.given, person.given),
    "last": _last,
}


def fields(person: Person, habit: str, *, patronymics: bool) -> Fields:
    """The names of a person as a careful clerk would fill a form in: `patronymics` where they stand for the father."""
    given, family = HABITS["family" if person.family else habit](person)
    father, grandfather = person.line[:2]
    if person.culture.layout == "patronymic" and patronymics:
        father, grandfather = (slavic.patronymic(father[0], person.sex),), ()
    mother = person.mother.given if person.mother else ()
    return {"given": given, "father": father, "grandfather": grandfather, "family": family, "mother": mother}


def surname(person: Person) -> Tokens:
    return gendered(person, person.family)


def gendered(person: Person, family: Tokens) -> Tokens:
    """A family name as this person bears it."""
    slavonic = person.culture.layout == "patronymic" and person.sex == "female"
    return tuple(slavic.feminine(each) for each in family) if slavonic else family
