"""What one dossier says about who a person is, read once from its Patient; the comparison accepts nothing else.

`of` is total: odd content is read as missing and never raises. A missing part stays missing, because missing is no
evidence. A placeholder is a missing name.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, cast

from registry.fhir import CANONICAL, dates
from registry.fhir.dates import Calendar, PartialDate
from registry.fhir.resource import Content
from registry.identity import names
from registry.identity.names import Name

_ORIGINAL_DATE = f"{CANONICAL}/StructureDefinition/original-date"
_RECORDING_COUNTRY = f"{CANONICAL}/CodeSystem/recording-country"
_PHONE_DIGITS = 8  # what is left of a number written with and without its country and trunk prefix
_SHORTEST_PHONE = 7
_LONGEST_NAME = 200
_MOST_SPELLINGS = 6

FIRST_OF_JANUARY = frozenset({(1, 1)})


class BirthKind(Enum):
    """How much of a birth date is knowledge."""

    DAY = "day"
    MONTH = "month"
    YEAR = "year"
    DEFAULT = "default"  # a filler day such as 1 January: only the year is known


class Sex(Enum):
    FEMALE = "female"
    MALE = "male"


@dataclass(frozen=True, slots=True, kw_only=True)
class Birth:
    """A birth date, how much of it is knowledge, and whether it was converted from another calendar."""

    date: PartialDate
    kind: BirthKind
    is_converted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Identifier:
    """A number a system gave; a strong one (FHIR use `official`) belongs to one person only."""

    system: str
    value: str
    strong: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Demographics:
    """A person as one source describes it. Every tuple of names holds spellings of one name in several scripts.

    `further` holds given names after the first: they may be second given names or the father's. A Slavic patronymic
    is the father's name.
    """

    given: tuple[Name, ...] = ()
    further: tuple[Name, ...] = ()
    father: tuple[Name, ...] = ()
    grandfather: tuple[Name, ...] = ()
    family: tuple[Name, ...] = ()
    mother: tuple[Name, ...] = ()
    birth: Birth | None = None
    sex: Sex | None = None
    villages: tuple[Name, ...] = ()
    phones: tuple[str, ...] = ()
    identifiers: tuple[Identifier, ...] = ()
    recorded_in: str = ""


def of(patient: Content, *, fillers: frozenset[tuple[int, int]] = FIRST_OF_JANUARY) -> Demographics:
    """Read a Patient. `fillers` are the (month, day) this source writes when only the year is known."""
    content = _mapping(patient)
    spellings = _mappings(content.get("name"))
    further = [" ".join(_texts(each.get("given"))[1:]) for each in spellings]
    contacts = [(_relationships(each), each) for each in _mappings(content.get("contact"))]
    father = _relatives(contacts, "FTH") or _names(filter(names.is_patronymic, further))
    return Demographics(
        given=_names(_own(each) for each in spellings),
        further=_names(each for each in further if not names.is_patronymic(each)),
        father=father,
        grandfather=_relatives(contacts, "GRFTH"),
        family=_names(_text(each.get("family")) or _last_of_text(each) for each in spellings),
        mother=_relatives(contacts, "MTH"),
        birth=_birth(content, fillers),
        sex=_SEXES.get(_text(content.get("gender"))),
        villages=_names(_text(each.get("city")) for each in _mappings(content.get("address"))),
        phones=_phones(content),
        identifiers=_identifiers(content),
        recorded_in=_recorded_in(content),
    )


_SEXES = {"female": Sex.FEMALE, "male": Sex.MALE}


def _own(spelling: Mapping[str, Any]) -> str:
    """The person's own given name; the first word of a name that came as one text."""
    given = _texts(spelling.get("given"))
    if given or _text(spelling.get("family")):
        return given[0] if given else ""
    return _text(spelling.get("text")).partition(" ")[0]


def _last_of_text(spelling: Mapping[str, Any]) -> str:
    if _texts(spelling.get("given")):
        return ""
    return _text(spelling.get("text")).rpartition(" ")[2] if " " in _text(spelling.get("text")) else ""


def _relatives(contacts: Iterable[tuple[Sequence[str], Mapping[str, Any]]], code: str) -> tuple[Name, ...]:
    spellings = (_mapping(each.get("name")) for codes, each in contacts if code in codes)
    return _names(" ".join(_texts(each.get("given"))) or _text(each.get("text")) for each in spellings)


def _relationships(contact: Mapping[str, Any]) -> list[str]:
    concepts = _mappings(contact.get("relationship"))
    return [_text(coding.get("code")) for each in concepts for coding in _mappings(each.get("coding"))]


def _names(texts: Iterable[str]) -> tuple[Name, ...]:
    read = [found for each in texts if each and (found := names.name(each[:_LONGEST_NAME]))]
    if len(read) < 2:
        return tuple(read)
    return tuple({each.normal: each for each in read}.values())[:_MOST_SPELLINGS]


def _birth(content: Mapping[str, Any], fillers: frozenset[tuple[int, int]]) -> Birth | None:
    date = dates.parse(_text(content.get("birthDate")))
    if date is None:
        return None
    original = _original_date(content)
    is_filler = (date.month, date.day) in fillers or _is_first_of_year(original)
    return Birth(date=date, kind=_kind(date, is_filler=is_filler), is_converted=bool(original))


def _kind(date: PartialDate, *, is_filler: bool) -> BirthKind:
    if date.day is None:
        return BirthKind.MONTH if date.month else BirthKind.YEAR
    return BirthKind.DEFAULT if is_filler else BirthKind.DAY


def _original_date(content: Mapping[str, Any]) -> str:
    extensions = _mappings(_mapping(content.get("_birthDate")).get("extension"))
    return next((_text(each.get("valueString")) for each in extensions if each.get("url") == _ORIGINAL_DATE), "")


def _is_first_of_year(original: str) -> bool:
    """Whether a date of another calendar (`1445-01-01 hijri`) is the first of its year: a filler there."""
    return re.match(r"^\d{3,4}-0?1-0?1\b", original) is not None


def _phones(content: Mapping[str, Any]) -> tuple[str, ...]:
    contacts = (each for each in _mappings(content.get("telecom")) if each.get("system") in (None, "phone", "sms"))
    digits = ("".join(_digits(_text(each.get("value")))) for each in contacts)
    return tuple(dict.fromkeys(each[-_PHONE_DIGITS:] for each in digits if len(each) >= _SHORTEST_PHONE))


def _digits(text: str) -> Iterator[str]:
    return (str(unicodedata.digit(each)) for each in text if unicodedata.digit(each, None) is not None)


def _identifiers(content: Mapping[str, Any]) -> tuple[Identifier, ...]:
    found = (
        Identifier(
            system=_text(each.get("system")),
            value="".join(unicodedata.normalize("NFKC", _text(each.get("value"))).casefold().split()),
            strong=each.get("use") == "official",
        )
        for each in _mappings(content.get("identifier"))
    )
    return tuple(dict.fromkeys(each for each in found if each.system and each.value))


def _recorded_in(content: Mapping[str, Any]) -> str:
    tags = _mappings(_mapping(content.get("meta")).get("tag"))
    return next((_text(each.get("code")) for each in tags if each.get("system") == _RECORDING_COUNTRY), "")


def _mapping(value: object) -> Mapping[str, Any]:
    return cast(Mapping[str, Any], value) if isinstance(value, Mapping) else {}


def _mappings(value: object) -> list[Mapping[str, Any]]:
    items = cast(list[object], value) if isinstance(value, list) else ()
    return [cast(Mapping[str, Any], each) for each in items if isinstance(each, Mapping)]


def _texts(value: object) -> list[str]:
    items = cast(list[object], value) if isinstance(value, list) else ()
    return [each for each in map(_text, items) if each]


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def other_calendars(date: PartialDate) -> tuple[PartialDate, ...]:
    """The days the three numbers would mean if they had been left in another calendar."""
    if date.month is None or date.day is None:
        return ()
    converted = (dates.convert(date.year, date.month, date.day, each) for each in (Calendar.HIJRI, Calendar.ETHIOPIAN))
    return tuple(each for each in converted if each)
