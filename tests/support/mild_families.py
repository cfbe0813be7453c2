"""A milder labelled world, in Latin letters only: families with a few children each, whose records drift a little.

python -m tests.support.mild_families --people 10000 --seed 1 --out FOLDER [--twins 0.012]

Made after the description of the synthetic file on which anchors were measured (1.6 records a child, 18 % of births on
1 January, 30 % in a new village, spelling drift, given and father's name exchanged, no identifier), so that figures
can stand beside those. It writes what `tests.support.families` writes, and like it was made without a look at the
matcher. Brothers and sisters share family, father, mother and village; twins, where asked for, the birth date too.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from itertools import accumulate, combinations
from pathlib import Path
from random import Random
from typing import Any


def _words(text: str) -> list[str]:
    return text.split()


BOYS = _words("""
mohamed ahmed ali hassan hussein mahmoud omar khaled ibrahim youssef abdullah mustafa osman ismail karim yassin
abdulrahman salim tarek bilal hamza saleh nasser jamal rashid faisal mansour habib idris haroun bashir yahya zakaria
ayman walid ziad samir nabil adel majid fouad anwar kamal jalal munir rafiq sabri tawfiq wasim hani ihab imad issam
luay marwan nizar qasim raed saad sami shadi taha talal usama yasser zaher akram amin asad ashraf aziz badr daoud
farid ghassan hakim jaber latif mazen murad musa nadim nuri qais ramzi riad sadiq shakir sufian suleiman thabit
yunus
""")
GIRLS = _words("""
fatima mariam aisha zainab khadija amina nour huda layla salma hanan sara yasmin rania rima samira najwa nadia
latifa safiya halima asma ruqaya sumaya hind maha mona dalia lina lubna manal nawal rasha reem sabah sahar samar
shaima suad wafa widad zahra abeer afaf ahlam alia amal arwa batoul bushra dina duaa faten farida ghada hala hanin
hayat iman inas intisar jamila karima kawthar lama lamia majida malak marwa maysa nada nahla naima najla nisreen
rabab raja randa rawan razan rehab rima rula sana sawsan shahd siham tahani thurayya wijdan zakia zubaida
""")
_STARTS = _words("al el bou ben has sha mar dar kha zah nas gha rah sal tar bar haj jab maz sid")
_MIDDLES = _words("ba da fa ha ma ri sa ta wi za ka lu mi no ru si")
_ENDS = _words("ni ri wi di mi an oun ali awi our ad iya ani ish ef ouk")
FAMILIES = [f"{one}{two}{three}" for two in _MIDDLES for three in _ENDS for one in _STARTS]
VILLAGES = [f"{one}{two} {three}{four}" for one in ("tel ", "kafr ", "ain ", "deir ", "bir ") for two in _MIDDLES
            for three in ("sh", "k", "r", "h") for four in ("amiya", "iram", "ouna", "addad")]  # fmt: skip

# How clerks of different countries spell one sound, in either direction.
SPELLINGS = (
    ("ou", "u"), ("kh", "k"), ("ee", "i"), ("dj", "j"), ("sh", "ch"), ("ss", "s"), ("ai", "ay"), ("q", "k"), ("y", "i"),
    ("w", "ou"), ("aa", "a"), ("ah", "a"), ("ein", "ain"), ("ed", "ad"), ("th", "t"), ("gh", "g"), ("z", "s"),
)  # fmt: skip
RECORDS = {1: 0.50, 2: 0.40, 3: 0.10}
CHILDREN = {1: 0.20, 2: 0.30, 3: 0.30, 4: 0.15, 5: 0.05}
RATES = {
    "default birth": 0.18, "new village": 0.30, "spelling": 0.30, "typing": 0.03, "names exchanged": 0.02,
    "day and month exchanged": 0.01, "birth off": 0.03, "no mother": 0.10, "no father": 0.05, "no village": 0.05,
    "sex wrong": 0.005,
}  # fmt: skip

COLUMNS = ("id", "given", "father", "family", "mother", "birth_date", "sex", "village")
LABELS = ("id", "person", "script", "culture", "sex", "birth_quality", "twin", "drifts")
NAMES = ("given", "father", "family", "mother", "village")
_KIN = {"father": "FTH", "mother": "MTH"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """A child as it is."""

    given: str
    father: str
    family: str
    mother: str
    village: str
    birth: date
    sex: str
    twin: bool


@dataclass(slots=True)
class Written:
    """A record in the making: its cells, and the drifts that befell it."""

    cells: dict[str, str]
    drifts: list[str]


def world(seed: int, people: int, *, twins: float = 0.0) -> Iterator[tuple[int, Child, Written]]:
    """So many children, each with its number and its records; the same for the same arguments.

    `twins`: the share of births after the first that are of a twin of the child before.
    """
    rng, number = Random(f"mild {seed}"), 0
    while number < people:
        for child in _family(rng, twins)[: people - number]:
            for _ in range(_drawn(RECORDS, rng)):
                yield number, child, _record(child, rng)
            number += 1


def patient(id: str, cells: Cells) -> dict[str, Any]:
    """A record as a FHIR R4 Patient of the shape adapters hand over."""
    return {
        "resourceType": "Patient",
        "id": id,
        "name": [{"given": [cells["given"]], "family": cells["family"]}],
        "gender": cells["sex"],
        "birthDate": cells["birth_date"],
        "contact": [
            {"relationship": [{"coding": [{"code": code}]}], "name": {"text": cells[kin]}}
            for kin, code in _KIN.items()
            if cells[kin]
        ],
        "address": [{"city": cells["village"]}] if cells["village"] else [],
    }


def _drawn(shares: dict[int, float], rng: Random) -> int:
    return rng.choices([*shares], weights=[*shares.values()])[0]


@cache
def _weights(count: int, head: float) -> list[float]:
    """Zipf's law: the commonest name is borne by many, the rarest by few."""
    return [*accumulate(1 / (rank + head) for rank in range(1, count + 1))]


def _name(names: Sequence[str], rng: Random, head: float = 4.0) -> str:
    return rng.choices(names, cum_weights=_weights(len(names), head))[0]


def _family(rng: Random, twins: float) -> list[Child]:
    shared = {
        "father": _name(BOYS, rng),
        "family": _name(FAMILIES, rng, 40.0),
        "mother": _name(GIRLS, rng),
        "village": _name(VILLAGES, rng, 40.0),
    }
    children: list[Child] = []
    birth = date(2004, 1, 1) + timedelta(days=rng.randrange(4000))
    for _ in range(_drawn(CHILDREN, rng)):
        is_twin = bool(children) and rng.random() < twins
        birth = birth if is_twin else birth + timedelta(days=rng.randint(320, 1200))
        sex = rng.choice(("female", "male"))
        given = _name([each for each in (BOYS if sex == "male" else GIRLS) if each not in _taken(children)], rng)
        children.append(Child(given=given, birth=birth, sex=sex, twin=is_twin, **shared))
        if is_twin:
            children[-2] = replace(children[-2], twin=True)
    return children


def _taken(children: Sequence[Child]) -> set[str]:
    return {each.given for each in children}


def _record(child: Child, rng: Random) -> Written:
    cells = {each: getattr(child, each) for each in NAMES}
    made = Written({**cells, "birth_date": child.birth.isoformat(), "sex": child.sex}, [])
    for name in RATES:
        if name in _DRIFTS and rng.random() < RATES[name]:
            made.drifts.append(name)
            _DRIFTS[name](made.cells, rng)
    for each in NAMES:
        for name, change in (("spelling", _respelled), ("typing", _mistyped)):
            if made.cells[each] and rng.random() < RATES[name]:
                changed = change(made.cells[each], rng)
                made.drifts += [f"{name} of {each}"] * (changed != made.cells[each])
                made.cells[each] = changed
    return made


Cells = dict[str, str]
Drift = Callable[[Cells, Random], None]


def _default(cells: Cells, _: Random) -> None:
    cells["birth_date"] = cells["birth_date"][:4] + "-01-01"


def _moved(cells: Cells, rng: Random) -> None:
    cells["village"] = _name(VILLAGES, rng, 40.0)


def _exchanged(cells: Cells, _: Random) -> None:
    cells["given"], cells["father"] = cells["father"], cells["given"]


def _turned(cells: Cells, _: Random) -> None:
    year, month, day = cells["birth_date"].split("-")
    if int(day) <= 12:
        cells["birth_date"] = f"{year}-{day}-{month}"


def _off(cells: Cells, rng: Random) -> None:
    days = rng.choice((1, -1, 10, -10, 30, -31, 365, -365))
    cells["birth_date"] = (date.fromisoformat(cells["birth_date"]) + timedelta(days=days)).isoformat()


def _other_sex(cells: Cells, _: Random) -> None:
    cells["sex"] = "male" if cells["sex"] == "female" else "female"


def _without(name: str) -> Drift:
    return lambda cells, _: cells.update({name: ""})


_DRIFTS: dict[str, Drift] = {
    "birth off": _off,
    "day and month exchanged": _turned,
    "default birth": _default,
    "new village": _moved,
    "names exchanged": _exchanged,
    "no mother": _without("mother"),
    "no father": _without("father"),
    "no village": _without("village"),
    "sex wrong": _other_sex,
}


def _respelled(name: str, rng: Random) -> str:
    """One sound written as another clerk would."""
    both = [pair for one, other in SPELLINGS for pair in ((one, other), (other, one))]
    fitting = [(one, other) for one, other in both if one in name]
    one, other = rng.choice(fitting) if fitting else ("", "")
    return name.replace(one, other, 1) if one else name


def _mistyped(name: str, rng: Random) -> str:
    at = rng.randrange(len(name))
    letter = rng.choice("abdefhijklmnorstuyz")
    return name[:at] + rng.choice(("", letter, letter + name[at])) + name[at + 1 :]


def write(folder: Path, seed: int, people: int, *, twins: float = 0.0) -> None:
    """The files people.csv, labels.csv and truth.csv, as `tests.support.families` writes them."""
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as files:
        records, labels, truth = (
            csv.writer(files.enter_context((folder / f"{name}.csv").open("w", newline="", encoding="utf-8")))
            for name in ("people", "labels", "truth")
        )
        records.writerow(COLUMNS)
        labels.writerow(LABELS)
        truth.writerow(("one", "other"))
        for pairs in _written(world(seed, people, twins=twins), records, labels):
            truth.writerows(pairs)


def _written(entries: Iterator[tuple[int, Child, Written]], records, labels) -> Iterator[list[tuple[str, str]]]:
    ids: list[str] = []
    last = -1
    for at, (number, child, made) in enumerate(entries):
        if number != last:
            yield [*combinations(ids, 2)]
            ids, last = [], number
        ids.append(f"r{at:07d}")
        records.writerow([ids[-1], *(made.cells[each] for each in COLUMNS[1:])])
        quality = "default" if made.cells["birth_date"].endswith("-01-01") else _quality(made.drifts)
        labels.writerow([ids[-1], number, "Latin", "mild", child.sex, quality, int(child.twin), ";".join(made.drifts)])
    yield [*combinations(ids, 2)]


def _quality(drifts: Sequence[str]) -> str:
    named = {"birth off": "shifted", "day and month exchanged": "swapped"}
    return next((quality for drift, quality in named.items() if drift in drifts), "day")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.support.mild_families", description=__doc__)
    parser.add_argument("--people", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--twins", type=float, default=0.0, help="share of births that are of a twin")
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args(arguments)
    write(asked.out, asked.seed, asked.people, twins=asked.twins)


if __name__ == "__main__":
    main()
