"""How a family was asked. A yes counts only where it was free and understood; a no needs nothing of this.

The rules answer what went wrong in 2021 (protection reference, sections 11 and 14 A): a notice in a language people
did not read, nobody to interpret it, somebody of power in the room, and no way to tell whether it was understood.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final

from registry.consent import elements, texts
from registry.consent.agreement import Refusal
from registry.fhir.resource import Content

Json = dict[str, Any]

WITHOUT_POWER: Final = frozenset({"interpreter", "witness", "child"})
"""Who may be in the room. An authority, an employer, an elder or a spouse is none of these."""

_ID: Final = re.compile(r"(?=.*[0-9])[A-Za-z0-9][A-Za-z0-9.-]{0,63}")  # a name has no digit in it
_BEFORE_INTERVIEWS: Final = "1"
_PARTS: Final = {
    "familyLanguage": ("family_language", "valueCode"),
    "interviewerLanguage": ("interviewer_language", "valueCode"),
    "interpreter": ("interpreter", "valueString"),
    "private": ("private", "valueBoolean"),
    "teachBack": ("teach_back", "valueCode"),
    "reads": ("reads", "valueBoolean"),
    "witness": ("witness", "valueString"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Interview:
    """The circumstances of an answer. Nothing stated means nothing was done.

    Languages are BCP 47. `interpreter` and `witness` are the desk's own ids of them, never names. `present`: who
    else was in the room. `teach_back`: which question of the text the family answered in its own words.
    """

    family_language: str = ""
    interviewer_language: str = ""
    interpreter: str = ""
    private: bool = False
    present: frozenset[str] = field(default=frozenset())
    teach_back: str = ""
    reads: bool = False
    witness: str = ""


def faults(held: Interview, read_in: str) -> tuple[str, ...]:
    """Why a yes given like this does not count, `read_in` being the language of the text read aloud."""
    speaks_alike = _same(held.family_language, held.interviewer_language)
    rules = (
        (not held.family_language, "the family's language is not stated"),
        (not _same(held.family_language, read_in), "the text was not read in the family's language"),
        (not speaks_alike and not held.interpreter, "the interviewer does not speak it, and no interpreter is named"),
        (not _is_id(held.interpreter), "an interpreter is named by an id with a digit in it, not by a name"),
        (not held.private, "the family was not asked in private"),
        (not held.present <= WITHOUT_POWER, "somebody with power over the family was present"),
        (not held.teach_back, "no question was asked to see what the family understood (teach-back)"),
        (not held.reads and not held.witness, "the family does not read, and there was no witness of its own choice"),
        (not _is_id(held.witness), "a witness is named by an id with a digit in it, not by a name"),
        (bool(held.witness) and held.witness == held.interpreter, "the interpreter is no independent witness"),
    )
    return tuple(words for is_broken, words in rules if is_broken)


def write(held: Interview) -> Json:
    """The extension of a Consent that records it."""
    inner = [
        {"url": name, value: getattr(held, own)} for name, (own, value) in _PARTS.items() if getattr(held, own) != ""
    ]
    present = [{"url": "present", "valueString": " ".join(sorted(held.present))}] if held.present else []
    return {"url": texts.INTERVIEW, "extension": [*inner, *present]}


def holds(consent: Content) -> bool:
    """Whether a Consent that says yes records an interview without a fault. Raises Unclear for what it cannot read.

    Consents on the first version of the texts were given before interviews were recorded.
    """
    if not _says_yes(consent):
        return True
    shown = elements.parts(
        elements.known(elements.extension(consent, texts.TEXT), Refusal.NO_NOTICE), ("language", "version", "sha256")
    )
    if shown.get("version") == _BEFORE_INTERVIEWS:
        return True
    recorded = elements.extension(consent, texts.INTERVIEW)
    return recorded is not None and not faults(_read(recorded), elements.text(shown.get("language")))


def _says_yes(consent: Content) -> bool:
    return bool(elements.mapping(consent.get("provision")).get("provision"))


def _read(extension: Content) -> Interview:
    told = dict(elements.parts(extension, {*_PARTS, "present"}))
    present = frozenset(elements.text(told.pop("present")).split()) if "present" in told else frozenset[str]()
    for name, value in told.items():
        is_yes_or_no = _PARTS[name][1] == "valueBoolean"
        elements.require(isinstance(value, bool if is_yes_or_no else str), Refusal.MALFORMED)
    return Interview(**{_PARTS[name][0]: value for name, value in told.items()}, present=present)


def _same(one: str, other: str) -> bool:
    """Whether two tags name one language; the country of a speaker does not matter."""
    return bool(one) and one.partition("-")[0].lower() == other.partition("-")[0].lower()


def _is_id(stated: str) -> bool:
    return not stated or bool(_ID.fullmatch(stated))
