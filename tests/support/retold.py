"""Vaccine histories of which the truth is known, told by several systems in their own codes, with their own errors.

Two uses. `retell` tells a given history anew: other codes, split over sources, some of it twice, shuffled; whatever is
worked out from it must come out the same. `lives` makes up whole lives with labels: which records are one dose. Errors
never turn a dose into the very words of another one: nobody could tell those apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from random import Random
from typing import Any

from registry import library
from registry.continuity.history import Record, codes
from registry.fhir import resource
from registry.fhir.dates import PartialDate

CVX = codes.CVX
SOURCES = ("almara-dhis2", "bektar-iis", "corvia-clinics")


@dataclass(frozen=True, slots=True)
class Given:
    """One dose as it truly was. `number` counts the doses of its vaccine."""

    cvx: str
    day: date
    lot: str
    number: int


@dataclass(frozen=True, slots=True)
class Life:
    """A person's true doses and the records of them: `of[i]` is the place of the dose record i tells."""

    birth: date
    today: date
    given: tuple[Given, ...]
    records: tuple[Record, ...] = field(repr=False)
    of: tuple[int, ...]


@cache
def codes_for(cvx: str, *, exact: bool) -> tuple[Mapping[str, Any], ...]:
    """Every CodeableConcept the maps know that can be this vaccine; only those that mean it alone when `exact`."""
    vaccines = library.load().vaccines
    wanted = vaccines.codes[CVX, cvx].particular
    coded = [
        {"coding": [{"system": system, "code": code}]}
        for (system, code), meaning in vaccines.codes.items()
        if _says(meaning, cvx, wanted, exact)
    ]
    named = [{"text": name} for name, meaning in vaccines.names.items() if _says(meaning, cvx, wanted, exact)]
    return (*coded, *named)


def _says(meaning: codes.Meaning, cvx: str, wanted: frozenset[str], exact: bool) -> bool:
    return meaning.cvx == {cvx} if exact else bool(meaning.antigens) and wanted <= meaning.particular


def retell(
    given: Sequence[tuple[str, date]], dice: Random, *, exact: bool = False, duplicates: float = 0.2
) -> list[Record]:
    """Doses (CVX code, day) as records of three sources in other codes, some told by two of them, shuffled."""
    records: list[Record] = []
    for number, (cvx, day) in enumerate(given):
        tellers = dice.sample(SOURCES, 2 if dice.random() < duplicates else 1)
        for source in tellers:
            vaccine = dice.choice(codes_for(cvx, exact=exact))
            records.append(record(vaccine, day.isoformat(), source, f"{source}-{number}"))
    dice.shuffle(records)
    return records


def record(vaccine: Mapping[str, Any], when: str | None, source: str, own: str, **more: Any) -> Record:
    """A record of a dose; `lot` and `number` may be given, and any element of Immunization."""
    lot, number = more.pop("lot", None), more.pop("number", None)
    content: dict[str, Any] = {
        "resourceType": "Immunization",
        "id": own,
        "status": "completed",
        "vaccineCode": vaccine,
        "patient": {"reference": "Patient/1"},
        **({"occurrenceDateTime": when} if when else {"occurrenceString": "unknown"}),
        **({"lotNumber": lot} if lot else {}),
        **({"protocolApplied": [{"doseNumberPositiveInt": number}]} if number else {}),
        **more,
    }
    return Record(dossier=f"{source}-1", source=source, country=None, resource=resource.of(content))


# What is given at which age in weeks; a polio dose of either kind, also both on one day.
_PLAN: tuple[tuple[int, tuple[str, ...]], ...] = (
    (0, ("19", "08", "182")),
    (6, ("198", "133", "119", "178")),
    (10, ("198", "133", "119", "178")),
    (14, ("198", "133", "178", "10")),
    (39, ("04", "37")),
    (52, ("03", "83", "21")),
    (78, ("20", "178", "03")),
    (240, ("130",)),
    (620, ("62", "139")),
)
_COMPONENTS = {
    "198": (("01", "45", "17"), ("22", "08"), ("01", "51")),
    "130": (("20", "10"),),
    "03": (("04", "07"), ("05", "38")),
    "04": (("05", "06"),),
}


def lives(count: int, seed: int) -> Iterator[Life]:
    """Lives with labelled records. The same seed gives the same lives."""
    dice = Random(seed)
    for _ in range(count):
        yield _life(dice)


def _life(dice: Random) -> Life:
    birth = date(2012, 1, 1) + timedelta(days=dice.randrange(3000))
    today = birth + timedelta(days=dice.randrange(200, 5000))
    given = _given(birth, today, dice)
    told: list[tuple[Record, int]] = []
    said = [(each, each.day) for each in given]
    for source in dice.sample(SOURCES, dice.randint(1, 3)):
        told += list(_told_by(source, given, said, dice))
    dice.shuffle(told)
    return Life(birth, today, given, tuple(each for each, _ in told), tuple(of for _, of in told))


def _given(birth: date, today: date, dice: Random) -> tuple[Given, ...]:
    late, counted, doses = 0, dict[str, int](), list[Given]()
    lots = [f"{dice.choice('ABCDEX')}{dice.randrange(100, 999)}" for _ in range(3)]
    for weeks, vaccines in _PLAN:
        late += dice.choice((0, 0, 0, 1, 3, 30, 120))
        day = birth + timedelta(weeks=weeks, days=late + dice.randrange(3))
        for cvx in vaccines:
            if dice.random() < 0.85 and day <= today:
                counted[cvx] = counted.get(cvx, 0) + 1
                doses.append(Given(cvx, day, dice.choice(lots) + cvx, counted[cvx]))
    oral = [each.day for each in doses if each.cvx in ("178", "182")]
    return (*doses, *(each for each in _campaign(birth, today, dice) if _is_apart(each.day, oral)))


def _is_apart(day: date, others: Sequence[date]) -> bool:
    """Nobody is given the same vaccine twice within a day."""
    return all(abs((day - other).days) > 1 for other in others)


def _campaign(birth: date, today: date, dice: Random) -> Iterator[Given]:
    """Oral polio vaccine from house to house, weeks apart, whatever was given before; one lot for all of it."""
    if dice.random() < 0.3:
        day = birth + timedelta(days=dice.randrange(60, 900))
        for number in range(1, dice.randint(2, 4)):
            if day <= today:
                yield Given("178", day, "SIA9178", number)
            day += timedelta(days=dice.choice((14, 28, 30)))


def _told_by(
    source: str, given: Sequence[Given], said: list[tuple[Given, date]], dice: Random
) -> Iterator[tuple[Record, int]]:
    """What one system holds of the doses: some of them, in its codes, with its gaps and errors."""
    share, own = dice.choice((0.4, 0.7, 0.95)), dice.random() < 0.3
    counted: dict[str, int] = {}
    for place, dose in enumerate(given):
        if dice.random() > share:
            continue
        counted[dose.cvx] = counted.get(dose.cvx, 0) + 1
        number = counted[dose.cvx] if own else dose.number
        when = _written(dose, said, dice)
        copies = 2 if dice.random() < 0.05 else 1  # the same dose entered twice
        for copy in range(copies):
            for part, cvx in enumerate(_parts(dose.cvx, dice)):
                more = {"lot": _lot(dose, dice), "number": number if dice.random() < 0.6 else None}
                more |= {"identifier": _identifiers(place, dice)}
                vaccine = dice.choice(codes_for(cvx, exact=dice.random() < 0.7))
                yield record(vaccine, when, source, f"{source}-{place}-{copy}-{part}", **more), place


def _parts(cvx: str, dice: Random) -> tuple[str, ...]:
    return dice.choice(_COMPONENTS[cvx]) if cvx in _COMPONENTS and dice.random() < 0.06 else (cvx,)


def _identifiers(place: int, dice: Random) -> list[dict[str, str]]:
    """Sometimes the number of the entry, which systems pass on; sometimes the number of the card, on every dose."""
    entry = {"system": "urn:entries", "value": f"e{place}"}
    card = {"system": "urn:cards", "value": "c1"}
    return dice.choice(([], [], [], [entry], [card], [entry, card]))


def _lot(dose: Given, dice: Random) -> str | None:
    written = dice.choice((dose.lot, dose.lot.lower(), f"{dose.lot[:2]}-{dose.lot[2:]}"))
    return dice.choice((None, None, written, written, written))


def _written(dose: Given, said: list[tuple[Given, date]], dice: Random) -> str | None:
    """The date as a system wrote it: mostly right, else a day off, exchanged, partly known or unknown."""
    chance = dice.random()
    if chance < 0.10:
        day = dose.day + timedelta(days=dice.choice((-1, 1))) if chance < 0.06 else _exchanged(dose.day)
        if not _is_anothers(day, dose, said):
            said.append((dose, day))
            return day.isoformat()
    cut = next((length for bound, length in ((0.10, 10), (0.16, 7), (0.20, 4), (0.22, 0)) if chance < bound), 10)
    return dose.day.isoformat()[:cut] or None


def _exchanged(day: date) -> date:
    return date(day.year, day.day, day.month) if day.day <= 12 else day


def _is_anothers(day: date, dose: Given, said: Sequence[tuple[Given, date]]) -> bool:
    """Whether another dose that shares a disease was given, or is told, on that day or a day beside it."""
    own = _antigens(dose.cvx)
    return any(each is not dose and own & _antigens(each.cvx) and abs((at - day).days) <= 1 for each, at in said)


def _antigens(cvx: str) -> frozenset[str]:
    return library.load().vaccines.products[cvx].antigens


def partial(day: date) -> PartialDate:
    return PartialDate(day.year, day.month, day.day)
