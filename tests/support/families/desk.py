"""The desks a family comes to: when, in which writing, with what asked, and with which papers in hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from random import Random

from tests.support.families import lexicon, spelling
from tests.support.families.births import LAST_DAY
from tests.support.families.cultures import SLOTS
from tests.support.families.lexicon import Name, Tokens
from tests.support.families.people import Household

# What a form asks, as share of desks. School and vaccination registers ask for the parents, few for the grandfather.
ASKED = {
    "home": {"father": 0.97, "grandfather": 0.55, "mother": 0.93, "village": 0.97, "phone": 0.25},
    "transit": {"father": 0.90, "grandfather": 0.25, "mother": 0.85, "village": 0.92, "phone": 0.60},
    "host": {"father": 0.80, "grandfather": 0.08, "mother": 0.85, "village": 0.92, "phone": 0.65},
    "agency": {"father": 0.93, "grandfather": 0.45, "mother": 0.90, "village": 0.96, "phone": 0.70},
}

# Days after the flight, the first and the last.
ARRIVALS = {"home": (-900, 0), "transit": (10, 700), "agency": (20, 1000), "host": (300, 3000)}

# Families with passports; later desks that copy earlier papers; people of one visit whose shared names are spelt alike.
PASSPORTS = 0.40
COPIED = 0.35
SAME_HAND = 0.93
# Where the family lives now instead of its village at home (reference, 4.2: 30 % new village).
MOVED = 0.30
CAPITALS = 0.15
PATRONYMICS_ABROAD = 0.5
NEW_NUMBER = 0.75

SCRIPTS = {
    **dict.fromkeys(("en", "fr", "de", "tr", "nilotic"), "Latin"),
    **dict.fromkeys(("ru", "uk"), "Cyrillic"),
    **dict.fromkeys(("ar", "fa"), "Arabic"),
    **dict.fromkeys(("my", "zawgyi"), "Burmese"),
    "am": "Ethiopic",
}
"""The script of a writing's last language."""


@dataclass(eq=False, slots=True)
class Hand:
    """One way of spelling, which keeps to what it once wrote."""

    writing: str
    written: dict[Name, str] = field(default_factory=dict[Name, str])

    @property
    def language(self) -> str:
        return self.writing.rpartition(">")[2]

    def write(self, name: Name, rng: Random) -> str:
        if rng.random() < SAME_HAND and (known := self.written.get(name)):
            return known
        drawn = rng.choice(spelling.spellings(name, self.writing))
        return self.written.setdefault(name, drawn) if name not in self.written else drawn


@dataclass(eq=False, slots=True, kw_only=True)
class Visit:
    """A family at a desk."""

    home: Household
    slot: str
    source: str
    on: date
    hand: Hand
    language: str
    habit: str
    asked: frozenset[str]
    town: str
    phones: tuple[str, str]
    patronymics: bool
    capitals: bool
    gap: str

    def text(self, tokens: Tokens, rng: Random) -> str:
        return self.gap.join(self.hand.write(each, rng) for each in tokens)


def visits(home: Household, rng: Random, held: Mapping[str, float]) -> list[Visit]:
    """The visits of a family, in time; at least one."""
    slots = [slot for slot in SLOTS if rng.random() < held[slot]] or [rng.choice(SLOTS)]
    papers = [Hand(home.culture.passport)] if rng.random() < PASSPORTS else []
    number, made = _number(rng), list[Visit]()
    for on, slot in sorted((_arrival(home, slot, rng), slot) for slot in slots):
        number = _number(rng) if slot != "home" and rng.random() < NEW_NUMBER else number
        made.append(visit(home, slot, on, papers, number, rng))
        papers.append(made[-1].hand)
    return made


def _arrival(home: Household, slot: str, rng: Random) -> date:
    return min(home.fled + timedelta(days=rng.randint(*ARRIVALS[slot])), LAST_DAY)


def visit(home: Household, slot: str, on: date, papers: list[Hand], number: str, rng: Random) -> Visit:
    """One visit, with the papers the family has by then."""
    culture = home.culture
    own = Hand(culture.writings[slot].draw(rng))
    hand = _hand(own, papers, rng) if slot != "home" else own
    habits = culture.home_habits if slot == "home" else culture.habits
    asked = frozenset(field for field, share in ASKED[slot].items() if rng.random() < share)
    return Visit(
        home=home, slot=slot, source=_source(slot, culture.name, own.language), on=on,
        hand=hand, language=own.language, habit=habits.draw(rng), asked=asked,
        town=rng.choice(towns(own.language)) if slot != "home" and rng.random() < MOVED else "",
        phones=(number, _number(rng)),
        patronymics=slot == "home" or rng.random() < PATRONYMICS_ABROAD,
        capitals=rng.random() < CAPITALS,
        gap="" if own.language in ("my", "zawgyi") and rng.random() < 0.7 else " ",
    )  # fmt: skip


def _source(slot: str, culture: str, language: str) -> str:
    """The name of a source: a home country each, a country of refuge for each language, one agency."""
    return {"home": f"home-{culture}", "agency": "agency"}.get(slot, f"{slot}-{language}")


def _hand(own: Hand, papers: list[Hand], rng: Random) -> Hand:
    """The desk's own hand, or that of earlier papers: copied in the same script, else written letter by letter."""
    if not papers or rng.random() >= COPIED:
        return own
    earlier = rng.choice(papers)
    if SCRIPTS[earlier.language] == SCRIPTS[own.language]:
        return earlier if SCRIPTS[own.language] != "Latin" or rng.random() < 0.8 else _chained(earlier, own)
    return _chained(earlier, own)


def _chained(earlier: Hand, own: Hand) -> Hand:
    chained = f"{earlier.writing}>{own.language}"
    return Hand(chained) if earlier.language != own.language and copyable(earlier.language, own.language) else own


@cache
def copyable(source: str, target: str) -> bool:
    """Say whether desks of a language copy papers in another by rules of their own."""
    try:
        return bool(spelling.table(source, target))
    except KeyError:
        return False


@cache
def towns(language: str) -> tuple[str, ...]:
    """Places of refuge as desks of a language write them."""
    return tuple(row["text"] for row in lexicon.sections("towns")[language])


def _number(rng: Random) -> str:
    return f"{rng.randrange(10**7, 10**8)}"
