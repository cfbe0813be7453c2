"""People for plain files: a little population with everything that misleads, as lines of a table and as rows."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from random import Random

from registry.identity import match
from registry.identity.files import columns, comparing, rows
from registry.identity.files.columns import Known
from registry.identity.files.comparing import Rules
from registry.identity.files.rows import Row
from registry.identity.match import Match

_SCHEMAS = Path(__file__).resolve().parents[2] / "schemas" / "matching"


def _json(name: str) -> object:
    return json.loads((_SCHEMAS / name).read_text(encoding="utf-8"))


KNOWN: Known = columns.read(_json("files-1.json"))  # type: ignore[arg-type]
WEIGHTS = match.read(_json("weights-1.json"), _json("translated-names.json"))  # type: ignore[arg-type]


def _words(text: str) -> list[str]:
    return text.split()


BOYS = _words("Mohamed Ahmed Hasan Hussein Karim Yousef Ibrahim Walid Nabil Samir Redouane Tawfiq Zakaria Lakhdar")
GIRLS = _words("Amina Amira Khadija Fatima Yousra Zineb Maryam Hanan Hana Souad Nawal Layla Kawthar Samira Ilham")
FAMILIES = _words("Benali Haddad Meziane Cherif Kadri Mansouri Rahmani Saadi Touati Zerrouki Gharbi Chaoui Darwish")
VILLAGES = _words("Oran Tizi Karsa Dellys Batna")
HEADER = _words("id given family father mother birth sex village phone ssn postcode")
LETTERS = "abdehiklmnorstuyz"

Line = dict[str, str]


def population(random: Random, households: int) -> list[Line]:
    """Households with brothers, sisters and now and then twins; every line is a person of its own."""
    return [each for number in range(households) for each in _household(random, number)]


def _household(random: Random, number: int) -> list[Line]:
    father, mother, family = random.choice(BOYS), random.choice(GIRLS), random.choice(FAMILIES)
    shared = {"family": family, "father": father, "mother": mother, "village": random.choice(VILLAGES),
              "phone": f"06{random.randrange(10**8):08d}", "postcode": str(random.randrange(1000, 9999))}  # fmt: skip
    boys, girls = random.sample(BOYS, 3), random.sample(GIRLS, 3)
    found: list[Line] = []
    for at in range(random.randint(1, 3)):
        sex = random.choice("MF")
        born = f"{random.randint(2006, 2019)}-{random.randint(1, 12):02d}-{random.randint(1, 28):02d}"
        if found and random.random() < 0.15:
            born = found[-1]["birth"]  # twins
        given = (boys if sex == "M" else girls)[at]
        ssn = str(random.randrange(10**8, 10**9))
        found.append({"id": f"{number}-{at}", "given": given, "birth": born, "sex": sex, "ssn": ssn, **shared})
    return found


def told_again(random: Random, line: Line, id: str, *, slips: int) -> Line:
    """The person of a line as another clerk would enter it: with slips, and with cells left out."""
    again = {**line, "id": id}
    for _ in range(slips):
        name = random.choice([each for each in HEADER if each != "id"])
        again[name] = "" if random.random() < 0.3 else _slipped(random, again[name])
    return again


def _slipped(random: Random, text: str) -> str:
    if not text:
        return text
    at = random.randrange(len(text))
    if text[at].isdigit():
        return text[:at] + str(random.randrange(10)) + text[at + 1 :]
    return text[:at] + random.choice((random.choice(LETTERS), "", text[at] + random.choice(LETTERS))) + text[at + 1 :]


def table(lines: Iterable[Line], header: Sequence[str] = HEADER) -> bytes:
    """The lines as a CSV file."""
    text = io.StringIO()
    writer = csv.DictWriter(text, header, lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(lines)
    return text.getvalue().encode()


def read(lines: Sequence[Line]) -> list[Row]:
    """The lines as rows, their columns guessed."""
    guess = columns.guess(HEADER, KNOWN).columns
    surveyed = rows.survey(lines, guess, KNOWN)
    return [rows.read(each, surveyed) for each in lines]


def rules(people: int) -> Rules:
    return comparing.rules(WEIGHTS, KNOWN, people=people)


def decide(left: Row, right: Row, by: Rules) -> Match:
    return comparing.decide(comparing.evidence(left, right, by), by)


def persons(lines: Iterable[Mapping[str, str]], by: Mapping[str, str]) -> set[frozenset[str]]:
    """The true pairs of lines, given which person each id is."""
    ids = [each["id"] for each in lines]
    return {frozenset({one, other}) for one in ids for other in ids if one < other and by[one] == by[other]}
