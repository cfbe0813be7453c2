"""Values of real records to look for in a stolen database: names in every script, dates, identifiers, codes."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from registry.fhir.resource import Content

PER_KIND = 12
_SHORTEST_BYTES = 7
"""Shorter texts occur by chance."""

_ALPHABETS = {
    "Arabic": re.compile(r"[\u0600-\u06ff]"),
    "Cyrillic": re.compile(r"[\u0400-\u04ff]"),
    "Latin": re.compile(r"[A-Za-z]"),
}


@dataclass(frozen=True, slots=True, order=True)
class Canary:
    """A text that lies somewhere in the records; what kind of thing it is."""

    kind: str
    text: str


def of(contents: Iterable[Content], *, today: date, per_kind: int = PER_KIND) -> list[Canary]:
    """Some of every kind, those told least often first: one place is harder to find than a hundred."""
    told = Counter(each for content in contents for each in _told(content))
    by_kind: dict[str, list[Canary]] = defaultdict(list)
    texts: set[str] = set()  # a date may be both a birth and a dose
    for canary, _ in sorted(told.items(), key=lambda each: (each[1], each[0])):
        if _is_telling(canary, today) and canary.text not in texts:
            texts.add(canary.text)
            by_kind[canary.kind].append(canary)
    return [each for kind in sorted(by_kind) for each in by_kind[kind][:per_kind]]


def _is_telling(canary: Canary, today: date) -> bool:
    # The day of acceptance is clear, and nobody's date may be that day.
    is_recent = "date" in canary.kind and canary.text >= f"{today.year - 1}"
    return len(canary.text.encode()) >= _SHORTEST_BYTES and not is_recent


def _told(content: Content) -> Iterator[Canary]:
    if content["resourceType"] == "Patient":
        yield from _of_patient(content)
    for system, code in _codings(content):
        # A code of two digits occurs everywhere; with its system it occurs in records only.
        yield Canary("vaccine code", code if len(code) >= _SHORTEST_BYTES else f'{system}","code":"{code}"')
    for name in ("occurrenceDateTime", "created"):
        if len(content.get(name, "")) >= 10:
            yield Canary("date of a record", content[name][:10])
    for each in content.get("identifier", ()):
        yield Canary("identifier", each["value"])
    if content.get("lotNumber"):
        yield Canary("lot", content["lotNumber"])
    if content.get("location"):
        yield Canary("place", content["location"]["display"])


def _of_patient(content: Content) -> Iterator[Canary]:
    names = [*content.get("name", ()), *(each["name"] for each in content.get("contact", ()))]
    for word in {word for name in names for word in _words(name)}:
        for alphabet, letters in _ALPHABETS.items():
            if letters.search(word):
                yield Canary(f"{alphabet} name", word)
                break
    if len(content.get("birthDate", "")) == 10:
        yield Canary("date of birth", content["birthDate"])
    for each in content.get("telecom", ()):
        yield Canary("phone", each["value"])


def _words(name: Content) -> list[str]:
    return [each for each in (name.get("family"), name.get("text"), *name.get("given", ())) if each]


def _codings(content: Content) -> Iterator[tuple[str, str]]:
    code: Any = content.get("vaccineCode") or {}
    return ((each["system"], each["code"]) for each in code.get("coding", ()))
