"""A world: streets of people, known to up to four sources each, and the truth about every record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count
from random import Random

from tests.support.families import desk, drift, writing
from tests.support.families.cultures import Culture, cultures
from tests.support.families.desk import Hand, Visit
from tests.support.families.draft import Draft
from tests.support.families.kin import Person
from tests.support.families.people import street
from tests.support.families.records import Record, Truth
from tests.support.families.settings import Settings

Entry = tuple[Record, Truth]

# Of the people of a family, those whom a desk that knows the family also records.
RECORDED = {"child": 0.92, "parent": 0.75, "grandparent": 0.70}


@dataclass(frozen=True, slots=True)
class Noted:
    """A record in the making, and of whom it is."""

    draft: Draft
    person: int


def world(seed: int, people: int, settings: Settings) -> Iterator[Entry]:
    """The records of `people` persons and the truth about each, street by street; the same for the same arguments."""
    streets, had, records = Streets(seed, settings), 0, 0
    while had < people:
        noted = list(streets.next(most=people - had))
        had += len({each.person for each in noted})
        yield from (writing.finished(each.draft, records + at, each.person) for at, each in enumerate(noted))
        records += len(noted)


class Streets:
    """Streets, always of the culture most short of its share, so that small worlds are as mixed as large ones."""

    def __init__(self, seed: int, settings: Settings) -> None:
        self.shares = dict(settings.shares) or {name: each.share for name, each in cultures().items()}
        self.seed, self.settings = seed, settings
        self.people: Counter[str] = Counter()
        self.numbers, self.persons = count(), count()

    def next(self, most: int) -> list[Noted]:
        """The records of the next street, of at most so many people, in no order."""
        rng = Random(f"{self.seed}/{next(self.numbers)}")
        culture = self._shortest()
        noted = list(self._street(culture, most, rng))
        self.people[culture.name] += len({each.person for each in noted}) or 1
        rng.shuffle(noted)
        return noted

    def _shortest(self) -> Culture:
        wanted = [name for name, share in self.shares.items() if share > 0]
        return cultures()[min(wanted, key=lambda name: (self.people[name] + 10) / self.shares[name])]

    def _street(self, culture: Culture, most: int, rng: Random) -> Iterator[Noted]:
        for home in street(culture, rng):
            visits = desk.visits(home, rng, self.settings.held)
            for person in home.people:
                drafts = list(drafts_of(person, visits, rng, self.settings))
                if drafts and most > 0:
                    most, number = most - 1, next(self.persons)
                    yield from (Noted(each, number) for each in drafts)


def drafts_of(person: Person, visits: list[Visit], rng: Random, settings: Settings) -> Iterator[Draft]:
    """The records of a person in the making: one for each desk that noted it, now and then two."""
    for visit in visits:
        if person.born <= visit.on and not (person.died and person.died <= visit.on):
            if rng.random() < RECORDED[person.role]:
                yield writing.drafted(person, visit, rng, settings)
            if rng.random() < drift.TWICE * settings.drift:
                yield writing.drafted(person, replace(visit, hand=Hand(visit.hand.writing)), rng, settings)
