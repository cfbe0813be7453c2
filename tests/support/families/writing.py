"""From a person at a desk to a record: what is asked, how it is spelt, what is copied from other papers."""

from __future__ import annotations

import re
from random import Random

from tests.support.families import birth_drift, drift, naming, slips
from tests.support.families.desk import SCRIPTS, Visit
from tests.support.families.draft import Draft
from tests.support.families.kin import Person
from tests.support.families.records import Record, Truth
from tests.support.families.settings import Settings

# Numbers on paper: at home most records carry the national number; the agency prints a ration card for each household.
# Where a world shares identifiers, other desks copy them this often.
PRINTED = {("home", "national_id"): 0.85, ("agency", "ration_card"): 0.80}
COPIED = {"national_id": 0.35, "ration_card": 0.20}

# How a telephone number is written, and the code of each country (of no real one).
PHONES = ("+999{code}{number}", "+999{code}{number}", "0{number}", "00999{code}{number}", "+999 {code} {number}")
CODES = {"home": 1, "transit": 2, "host": 3, "agency": 2}
FATHERS_PHONE = 0.75

LETTERS = (
    ("Arabic", re.compile(r"[\u0600-\u06ff]")),
    ("Cyrillic", re.compile(r"[\u0400-\u04ff]")),
    ("Ethiopic", re.compile(r"[\u1200-\u137f]")),
    ("Burmese", re.compile(r"[\u1000-\u109f]")),
)


def drafted(person: Person, visit: Visit, rng: Random, settings: Settings) -> Draft:
    """One record of a person in the making, drifted."""
    draft = _begun(person, visit)
    drift.names_drift(draft, rng, settings.drift)
    draft.texts = _written(draft, rng, settings)
    drift.texts_drift(draft, rng, settings.drift)
    drift.birth_drifts(draft, rng, settings.drift)
    return draft


def _begun(person: Person, visit: Visit) -> Draft:
    """The draft of a careful clerk who knows everything and writes down what the form asks."""
    names = naming.fields(person, visit.habit, patronymics=visit.patronymics)
    asked = visit.asked | {"given", "family"}
    born = person.born
    return Draft(
        person=person, visit=visit, birth=(born.year, born.month, born.day),
        names={field: tokens if field in asked else () for field, tokens in names.items()},
    )  # fmt: skip


def _written(draft: Draft, rng: Random, settings: Settings) -> dict[str, str]:
    visit = draft.visit
    return {
        **{field: visit.text(tokens, rng) for field, tokens in draft.names.items()},
        "sex": draft.person.sex,
        "village": (visit.town or visit.text(visit.home.village, rng)) if "village" in visit.asked else "",
        "phone": _phone(visit, rng) if "phone" in visit.asked else "",
        **{kind: _number(draft, kind, rng, settings) for kind in COPIED},
    }


def _phone(visit: Visit, rng: Random) -> str:
    number = visit.phones[0] if rng.random() < FATHERS_PHONE else visit.phones[1]
    return rng.choice(PHONES).format(code=CODES[visit.slot], number=number)


def _number(draft: Draft, kind: str, rng: Random, settings: Settings) -> str:
    numbers = {
        "national_id": f"{draft.culture.country}-{draft.person.national}",
        "ration_card": draft.visit.home.ration,
    }
    copied = COPIED[kind] if settings.identifiers else 0
    return numbers[kind] if rng.random() < PRINTED.get((draft.visit.slot, kind), copied) else ""


def finished(draft: Draft, number: int, person: int) -> tuple[Record, Truth]:
    """The record under its number, and the truth about it."""
    visit, texts = draft.visit, dict(draft.texts)
    if visit.capitals and SCRIPTS[visit.language] == "Latin":
        texts |= {field: slips.plain_capitals(texts[field]) for field in (*naming.FIELDS, "village")}
    own = f"{visit.source}-{number:07d}"
    record = Record(id=own, source=visit.source, birth_date=birth_drift.written(draft), **texts)
    return record, _truth(draft, record, person)


def _truth(draft: Draft, record: Record, person: int) -> Truth:
    truly = draft.person
    return Truth(
        id=record.id, source=record.source, person=person, culture=truly.culture.name, role=truly.role, sex=truly.sex,
        script=script(record.given or record.family), writing=draft.visit.hand.writing, birth_quality=draft.quality,
        twin=truly.twin, namesake=truly.namesake, namesake_cousin=truly.namesake_cousin,
        unaccompanied=draft.visit.home.unaccompanied, drifts=tuple(draft.drifts),
    )  # fmt: skip


def script(text: str) -> str:
    """The script of a text; Latin if it is in none of the others."""
    return next((name for name, letters in LETTERS if letters.search(text)), "Latin")
