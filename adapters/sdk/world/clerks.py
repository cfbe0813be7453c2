"""How a country's clerks wrote a child down: the records of a source, and whose each really is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from adapters.sdk.world import dates, hardships, spelling
from adapters.sdk.world.dates import Written
from adapters.sdk.world.dice import Dice
from adapters.sdk.world.hardships import Hardship
from adapters.sdk.world.names import Name, Script
from adapters.sdk.world.people import Child, Stay
from adapters.sdk.world.places import ALMARA, BEKTAR, CORVIA, Place
from adapters.sdk.world.plans import Kin


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Who hands over: a country's system, the scripts its clerks write in, and whom it takes in."""

    name: str
    country: str
    scripts: tuple[Script, ...]
    from_age: float
    to_age: float
    least_days: int  # a shorter stay leaves no record


ALMARA_DHIS2 = Source(
    name="almara-dhis2",
    country=ALMARA,
    scripts=(Script.ARABIC, Script.FRENCH),
    from_age=0,
    to_age=6,
    least_days=60,
)
BEKTAR_IIS = Source(name="bektar-iis", country=BEKTAR, scripts=(Script.ENGLISH,), from_age=0, to_age=17, least_days=60)
BEKTAR_SCHOOLS = Source(
    name="bektar-schools", country=BEKTAR, scripts=(Script.ENGLISH,), from_age=6, to_age=18, least_days=200
)
CORVIA_SCHOOLS = Source(
    name="corvia-schools", country=CORVIA, scripts=(Script.CYRILLIC,), from_age=6.5, to_age=18, least_days=200
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spelt:
    """The names of a record in one script; empty where nothing was written."""

    given: str
    family: str
    father: str
    grandfather: str
    mother: str
    mothers_family: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One person as one source wrote them down. `number` counts the records of the source from 1."""

    source: Source
    number: int
    person_id: str  # the source's own number of the person
    child: Child
    is_second: bool  # the source holds the child twice, and this is the later of the two
    spelt: Mapping[Script, Spelt]
    birth: Written
    place: Place
    phone: str
    national_number: str
    written_on: date
    befallen: frozenset[Hardship]

    @property
    def sex(self) -> str:
        return "U" if Hardship.SEX_UNKNOWN in self.befallen else self.child.sex


def records(seed: int, source: Source, everybody: Sequence[Child]) -> list[Record]:
    """The records of a source, in the order they were made; a few children stand there twice."""
    dice = Dice(seed, "clerks", source.name)
    people = [child for child in everybody if _is_known(dice, source, child)]
    dealt = hardships.befallen(dice.apart("hardships"), source.name, people)
    made: list[Record] = []
    for child, befallen in zip(people, dealt, strict=True):
        own = dice.apart(child.id)
        record = _record(own, source, child, befallen)
        made.append(record)
        if Hardship.TWICE in befallen:
            made.append(_again(own.apart("again"), record))
    ordered = sorted(made, key=lambda each: (each.written_on, each.child.id, each.is_second))
    return [
        replace(each, number=number, person_id=_PERSON_IDS[source.name](dice.apart("id", number), number))
        for number, each in enumerate(ordered, 1)
    ]


_PERSON_IDS: Mapping[str, Callable[[Dice, int], str]] = {
    ALMARA_DHIS2.name: lambda dice, _number: dice.uid(),
    BEKTAR_IIS.name: lambda _dice, number: f"{7310000 + number}",
    BEKTAR_SCHOOLS.name: lambda dice, _number: f"stu-{dice.letters('0123456789abcdef', 12)}",
    CORVIA_SCHOOLS.name: lambda _dice, number: f"{604000 + number}",
}


def days_there(source: Source, child: Child) -> list[Stay]:
    """The stays of the child in the source's country at the ages the source takes in."""
    first_day = date.fromordinal(child.born.toordinal() + int(source.from_age * 365.25))
    last_day = date.fromordinal(child.born.toordinal() + int(source.to_age * 365.25))
    cut = [
        replace(stay, first=max(stay.first, first_day), last=min(stay.last, last_day))
        for stay in child.stays(source.country)
    ]
    return [stay for stay in cut if stay.first < stay.last]


def _is_known(dice: Dice, source: Source, child: Child) -> bool:
    days = sum((stay.last - stay.first).days for stay in days_there(source, child))
    overlooked = dice.chance(0.05) and child.household.kin is Kin.ORDINARY
    return days >= source.least_days and not overlooked


def _record(dice: Dice, source: Source, child: Child, befallen: set[Hardship]) -> Record:
    stays = days_there(source, child)
    stay = dice.pick(stays)
    number = child.numbers.get(source.country, "")
    return Record(
        source=source,
        number=0,
        person_id="",
        child=child,
        is_second=False,
        spelt={script: _spelt(dice.apart(script.value), child, script, befallen) for script in source.scripts},
        birth=dates.of_birth(dice, child.born, befallen),
        place=stay.place,
        phone=child.household.phones[source.country] if dice.chance(0.8) else "",
        national_number=number if number and dice.chance(0.8) else "",
        written_on=date.fromordinal(min(stay.first.toordinal() + dice.number(1, 45), stay.last.toordinal())),
        befallen=frozenset(befallen),
    )


def _again(dice: Dice, first: Record) -> Record:
    """The same child, registered anew by a clerk who did not find the first record."""
    befallen = {Hardship.TWICE} | (set(first.befallen) & {Hardship.NEW_YEAR})
    second = _record(dice, first.source, first.child, befallen)
    later = date.fromordinal(first.written_on.toordinal() + dice.number(30, 120))
    return replace(second, is_second=True, written_on=later, national_number="")


def _spelt(dice: Dice, child: Child, script: Script, befallen: set[Hardship]) -> Spelt:
    home = child.household
    written = Spelt(
        given=spelling.by_ear(dice, child.given, script),
        family=_family(dice, child, script),
        father=spelling.by_ear(dice, home.father, script),
        grandfather=spelling.by_ear(dice, home.grandfather, script),
        mother=spelling.by_ear(dice, home.mother, script),
        mothers_family=spelling.by_ear(dice, home.mothers_family, script),
    )
    for hardship, change in _CHANGES.items():
        if hardship in befallen:
            written = change(dice, written, script)
    return written


def _family(dice: Dice, child: Child, script: Script) -> str:
    """Families carry papers: three times in four the spelling on them is copied."""
    name: Name = child.household.family
    on_paper = spelling.by_ear(Dice(child.household.id, script.value, name.key), name, script)
    return on_paper if dice.chance(0.75) else spelling.by_ear(dice, name, script)


def _father_as_family(_dice: Dice, spelt: Spelt, _script: Script) -> Spelt:
    return replace(spelt, family=spelt.father)


def _crossed(_dice: Dice, spelt: Spelt, _script: Script) -> Spelt:
    return replace(spelt, given=spelt.father, father=spelt.given)


def _without_mother(_dice: Dice, spelt: Spelt, _script: Script) -> Spelt:
    return replace(spelt, mother="", mothers_family="")


def _with_slip(dice: Dice, spelt: Spelt, script: Script) -> Spelt:
    part = dice.pick([part for part in ("given", "family", "father", "mother") if getattr(spelt, part)])
    return replace(spelt, **{part: spelling.misspelt(dice, getattr(spelt, part), script)})


def _without_name(dice: Dice, spelt: Spelt, script: Script) -> Spelt:
    return replace(spelt, given=dice.pick(PLACEHOLDERS[script]))


PLACEHOLDERS: Mapping[Script, Sequence[str]] = {
    Script.ARABIC: ("مولود جديد",),
    Script.FRENCH: ("nouveau-né", "Bébé"),
    Script.ENGLISH: ("Baby boy", "Baby girl", "Newborn"),
    Script.CYRILLIC: ("Новорождённый",),
}

_CHANGES = {
    Hardship.MISSPELT: _with_slip,
    Hardship.FATHER_AS_FAMILY: _father_as_family,
    Hardship.CROSSED: _crossed,
    Hardship.NO_MOTHER: _without_mother,
    Hardship.PLACEHOLDER: _without_name,
}
