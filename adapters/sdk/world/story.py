"""The people the demo tells of: a girl known in all four sources, her twin, and a newcomer nobody knows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from adapters.sdk.world import names, places
from adapters.sdk.world.clerks import Record
from adapters.sdk.world.dice import Dice
from adapters.sdk.world.names import Name, Script
from adapters.sdk.world.people import Child
from adapters.sdk.world.plans import Kin

Json = dict[str, Any]


def file(seed: int, children: Sequence[Child], records: Mapping[str, Sequence[Record]]) -> bytes:
    """`story.json`: who they are, how each source wrote them, and what the clerks of Almara would type."""
    girl, twin = (child for child in children if child.household.kin is Kin.STORY and child.twin)
    told = {
        "girl": {**_person(girl), "records": _records(girl, records)},
        "twin": {**_person(twin), "records": _records(twin, records)},
        "asks": {"clinic": _clinic(girl), "school": _school(girl)},
        "newcomer": _newcomer(Dice(seed, "newcomer"), children),
    }
    return (json.dumps(told, ensure_ascii=False, indent=1) + "\n").encode()


def _person(child: Child) -> Json:
    home = child.household
    return {
        "child": child.id,
        "family": home.id,
        "born": child.born.isoformat(),
        "gender": _GENDERS[child.sex],
        "given": _usual(child.given),
        "family_name": _usual(home.family),
        "father": _usual(home.father),
        "grandfather": _usual(home.grandfather),
        "mother": _usual(home.mother),
        "village": home.stays[0].place.name,
    }


_GENDERS = {"M": "male", "F": "female"}


def _usual(name: Name) -> Json:
    return {script.value: name.usual(script) for script in Script}


def _records(child: Child, records: Mapping[str, Sequence[Record]]) -> list[Json]:
    return [
        {
            "source": source,
            "person_id": record.person_id,
            "birth": record.birth.iso,
            "written": {
                script.value: {part: getattr(spelt, part) for part in ("given", "family", "father", "mother")}
                for script, spelt in record.spelt.items()
            },
        }
        for source, known in records.items()
        for record in known
        if record.child.id == child.id
    ]


def _clinic(child: Child) -> Json:
    """In the child's own script; of the birth date the month, as the mother remembers it."""
    return {
        "given": child.given.usual(Script.ARABIC),
        "family": child.household.family.usual(Script.ARABIC),
        "birthDate": f"{child.born:%Y-%m}",
        "gender": _GENDERS[child.sex],
        "mother": child.household.mother.usual(Script.ARABIC),
    }


def _school(child: Child) -> Json:
    """In French spelling, as schools of Almara register; the year of birth and the father's name."""
    return {
        "given": child.given.usual(Script.FRENCH),
        "family": child.household.family.usual(Script.FRENCH),
        "birthDate": f"{child.born:%Y}",
        "gender": _GENDERS[child.sex],
        "father": child.household.father.usual(Script.FRENCH),
        "mother": child.household.mother.usual(Script.FRENCH),
    }


def _newcomer(dice: Dice, children: Sequence[Child]) -> Json:
    """A boy whose names no family of this world carries together."""
    families = {child.household.family.key for child in children}
    known = {child.given.key for child in children}
    free_names = [name for name in names.given("M") if name.key not in known] or names.given("M")
    free = [name for name in names.table("family").values() if name.key not in families]
    family = dice.pick(free or list(names.table("family").values()))
    given = dice.pick(free_names)
    return {
        "given": _usual(given),
        "family_name": _usual(family),
        "father": _usual(dice.pick(names.given("M"))),
        "mother": _usual(dice.pick(list(names.table("mothers").values()))),
        "birthDate": f"2018-{dice.number(2, 12):02d}-{dice.number(2, 28):02d}",
        "gender": "male",
        "village": dice.pick(places.of_country(places.ALMARA)).name,
    }
