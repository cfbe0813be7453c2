"""Which column of a file says what: guessed from its header, confirmed by a map.

A guess is made only where one column fits. Where two fit none is taken, and the file's owner is asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from registry.errors import BadInput
from registry.fhir.dates import Calendar
from registry.identity.files import texts
from registry.identity.files.days import Order

SPELLED = ("name", "whole_name", "given", "further", "family", "father", "grandfather", "mother")
"""Fields that may stand in several columns, as spellings of one name in several languages."""

SEVERAL = ("village", "address", "phone")
"""Fields that may stand in several columns because a person has several, or because one is cut into parts."""

NAMES = ("whole_name", "given", "family")
_SINGLE = ("id", "sex", "birth", "birth_year", "birth_month", "birth_day", "postcode", "region")
_NUMBERS = ("numbers", "official_numbers")
FIELDS = (*_SINGLE, *(each for each in SPELLED if each != "name"), *SEVERAL, *_NUMBERS)
_REMEDY = "a map is JSON, field to column; --map-out writes the guess as one to begin with"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What files call things: `schemas/matching/files-N.json`, read."""

    headers: Mapping[str, str]  # the plain form of a header -> its field, or numbers.SYSTEM
    whose: frozenset[str]
    languages: frozenset[str]
    months: Mapping[str, int]
    sexes: Sequence[Mapping[str, str]]
    no_births: frozenset[str]
    no_sexes: frozenset[str]
    no_numbers: frozenset[str]
    most: int
    share: float
    levels: Mapping[str, Any]
    kin: Mapping[str, Any]
    thresholds: Mapping[str, float]
    wrong: float


def read(content: Mapping[str, Any]) -> Known:
    """Read the file of names. Raises KeyError or ValueError where it is not complete."""
    of_fields = {_plain(_words(each)): name for name, held in content["fields"].items() for each in held}
    of_numbers = {_plain(_words(each)): f"numbers.{name}" for name, held in content["numbers"].items() for each in held}
    unknown = content["unknown"]
    return Known(
        headers={**of_fields, **of_numbers},
        whose=frozenset(content["whose"]),
        languages=frozenset(content["languages"]),
        months={texts.bare(each): number for number, held in enumerate(content["months"], start=1) for each in held},
        sexes=[
            {texts.bare(word): sex for sex in ("female", "male") for word in scheme[sex]} for scheme in content["sexes"]
        ],
        no_births=frozenset(unknown["births"]),
        no_sexes=frozenset(map(texts.bare, unknown["sexes"])),
        no_numbers=frozenset(map(texts.bare, unknown["numbers"])),
        most=int(unknown["most"]),
        share=float(unknown["share"]),
        levels=content["levels"],
        kin=content["kin"],
        thresholds=content["thresholds"]["probabilities"],
        wrong=float(content["thresholds"]["wrong"]),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """What is read from a file: field -> columns; for `numbers` also the system each column belongs to.

    `order` and `calendar` say how birth dates are written; an `order` of None is found out from the dates.
    """

    id: str
    fields: Mapping[str, tuple[str, ...]]
    numbers: Mapping[str, str] = field(default_factory=dict[str, str])
    official: Mapping[str, str] = field(default_factory=dict[str, str])
    order: Order | None = None
    calendar: Calendar = Calendar.GREGORIAN

    def used(self) -> tuple[str, ...]:
        """Every column that is read, once, the id first."""
        named = (name for held in self.fields.values() for name in held)
        return tuple(dict.fromkeys((self.id, *named, *self.numbers.values(), *self.official.values())))

    def told(self) -> Iterator[tuple[str, str]]:
        """Each field with the columns it is read from, in words."""
        yield "id", self.id
        yield from ((name.replace("_", " "), ", ".join(held)) for name, held in self.fields.items())
        for word, numbers in (("number", self.numbers), ("official number", self.official)):
            yield from ((word, f"{column} ({system})") for system, column in numbers.items())

    def plain(self) -> dict[str, Any]:
        """The map that `confirmed` reads back."""
        held: dict[str, Any] = {"id": self.id}
        held |= {name: each[0] if len(each) == 1 else list(each) for name, each in self.fields.items()}
        if "birth" in held:
            order = {"order": self.order.value} if self.order else {}
            held["birth"] = {"column": held["birth"], **order, "calendar": self.calendar.value}
        held |= {"numbers": dict(self.numbers)} if self.numbers else {}
        return held | ({"official_numbers": dict(self.official)} if self.official else {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """The columns a header speaks of, what it leaves open (field -> the columns that fit) and what nothing fits."""

    columns: Columns
    open: Mapping[str, tuple[str, ...]]
    unused: tuple[str, ...]


def guess(header: Sequence[str], known: Known) -> Guess:
    """Say which column of a header is what; the id is the column `id`, or the first."""
    id = next((each for each in header if texts.bare(each) == "id"), header[0])
    found: dict[str, list[str]] = {}
    for each in header:
        if each != id and (name := _field(each, known)):
            found.setdefault(name, []).append(each)
    _place_names(found)
    taken = {name: held for name, held in found.items() if _is_clear(name, held, known)}
    fields = {name: tuple(taken[name]) for name in FIELDS if name in taken}
    columns = Columns(
        id=id,
        fields=fields,
        numbers={name.removeprefix("numbers."): held[0] for name, held in taken.items() if name not in fields},
    )
    return Guess(
        columns=columns,
        open={name: tuple(held) for name, held in found.items() if name not in taken},
        unused=tuple(each for each in header if each != id and not any(each in held for held in found.values())),
    )


def _field(header: str, known: Known) -> str | None:
    words = _words(header)
    attempts = (words, words[1:] if words and words[0] in known.whose else words)
    for each in attempts:
        for shorter in (each, _without_language(each, known)):
            if found := known.headers.get(_plain(shorter)):
                return found
    return None


def _without_language(words: Sequence[str], known: Known) -> Sequence[str]:
    return words[:-1] if len(words) > 1 and words[-1] in known.languages else words


def _place_names(found: dict[str, list[str]]) -> None:
    """A column called just `name` is the one of given and family name that has no column of its own."""
    named = found.pop("name", None)
    if named is None:
        return
    missing = [each for each in ("given", "family") if each not in found]
    if len(missing) == 2:
        found.setdefault("whole_name", []).extend(named)
    elif missing:
        found[missing[0]] = named
    else:
        found["given"] = [*found["given"], *named]  # two fit: left open


def _is_clear(name: str, held: Sequence[str], known: Known) -> bool:
    """Whether these columns may be read as this field: one, several of which there may be, or several spellings."""
    if len(held) == 1 or name in SEVERAL:
        return True
    languages = [_words(each)[-1] for each in held]
    is_spelled = sum(each in known.languages for each in languages) >= len(held) - 1
    return name in SPELLED and is_spelled and len(set(languages)) == len(held)


def confirmed(content: object, header: Sequence[str]) -> Columns:
    """The columns a map names. Raises BadInput where it says something else than field to column."""
    if not isinstance(content, dict):
        raise BadInput("a map is a JSON object", remedy=_REMEDY)
    held = dict(cast("dict[str, Any]", content))
    _only_fields(held)
    birth = held.get("birth")
    told = cast("dict[str, Any]", birth) if isinstance(birth, dict) else {}
    if told:
        held["birth"] = told.get("column")
    numbers, official = (_systems(held.pop(each, {}), each) for each in _NUMBERS)
    columns = {name: _columns(each, name) for name, each in held.items()}
    _require_there(
        [*(each for some in columns.values() for each in some), *numbers.values(), *official.values()], header
    )
    return Columns(
        id=columns.pop("id", (header[0],))[0],
        fields=columns,
        numbers=numbers,
        official=official,
        order=_choice(Order, told.get("order"), "birth.order"),
        calendar=_choice(Calendar, told.get("calendar"), "birth.calendar") or Calendar.GREGORIAN,
    )


def _only_fields(held: Mapping[str, Any]) -> None:
    strange = next((each for each in held if each not in FIELDS), None)
    if strange is not None:
        raise BadInput("a map names a field there is not", where=repr(strange), remedy=f"fields: {', '.join(FIELDS)}")


def _systems(value: object, name: str) -> dict[str, str]:
    held = cast("dict[str, object]", value) if isinstance(value, dict) else None
    if held is None or not all(isinstance(each, str) for each in held.values()):
        raise BadInput("numbers are an object: a name for the system, to its column", where=name, remedy=_REMEDY)
    return cast("dict[str, str]", held)


def _columns(value: object, name: str) -> tuple[str, ...]:
    held = cast("list[object]", value) if isinstance(value, list) else [value]
    texts = tuple(each for each in held if isinstance(each, str))
    if not texts or len(texts) < len(held) or (len(texts) > 1 and name in _SINGLE):
        raise BadInput("a field names its column", where=name, remedy=_REMEDY)
    return texts


def _require_there(named: Iterable[str], header: Sequence[str]) -> None:
    missing = next((each for each in named if each not in header), None)
    if missing is not None:
        raise BadInput("the file has no such column", where=missing, remedy=f"its columns: {', '.join(header)}")


def _choice(kind: Any, value: object, where: str) -> Any:
    if value is None:
        return None
    found = next((each for each in kind if each.value == value), None)
    if found is None:
        raise BadInput("not known", where=where, remedy=f"one of: {', '.join(each.value for each in kind)}")
    return found


_PART = re.compile(r"[^\W_]+", re.UNICODE)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


def _words(header: str) -> list[str]:
    """The words of a header, cut at blanks, punctuation and givenName, without case and accents."""
    return list(_parts(_CAMEL.sub(" ", header)))


def _parts(text: str) -> Iterator[str]:
    return (each[0] for each in _PART.finditer(texts.bare(text)))


def _plain(words: Sequence[str]) -> str:
    return "".join(words)
