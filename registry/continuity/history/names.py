"""Vaccine names as people write them, made comparable; and the one listed name a misspelt one can only be.

A name is read without case, accents, blanks, punctuation, the word "vaccine" and a dose number at its end. A typing
error is forgiven in long names only, and only where every listed name near enough means the same: `hepatitis C`
lies one letter from both A and B, and is neither.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import TypeVar

from rapidfuzz import process
from rapidfuzz.distance import OSA

Meant = TypeVar("Meant")

_FILLERS = frozenset(
    [
        "vaccine",
        "vaccines",
        "vaccination",
        "vaccinum",
        "vaccin",
        "vacuna",
        "vacunacion",
        "impfung",
        "impfstoff",
        "dose",
        "dosis",
        "doses",
        "no",
        "nr",
        "вакцина",
        "вакцины",
        "вакцинация",
        "вакциною",
        "доза",
        "щеплення",
        "прививка",
        "asi",
        "asisi",
        "doz",
        "لقاح",
        "تطعيم",
        "جرعه",
        "جرعة",
        "واكسن",
        "دوز",
    ]
)
_ORDINALS = frozenset(
    [
        "0",
        "1",
        "2",
        "3",
        "4",
        "5",
        "6",
        "7",
        "8",
        "9",
        "i",
        "ii",
        "iii",
        "1st",
        "2nd",
        "3rd",
        "1er",
        "1ere",
        "2e",
        "2eme",
        "3e",
        "3eme",
        "birth",
        "booster",
    ]
)
# One letter where writers do not agree: Arabic hamza, ta marbuta and alif maqsura, Persian ye and kaf, the Turkish i.
_ONE_LETTER = str.maketrans({**dict.fromkeys("أإٱ", "ا"), **dict.fromkeys("ىیې", "ي"), "ک": "ك", "ة": "ه", "ı": "i"})
_ERRORS_BY_LENGTH = ((11, 2), (7, 1))


def fold(text: str) -> str:
    """The letters and digits of a name that tell it from others; empty when there are none."""
    return "".join(_words(text))


def _words(text: str) -> list[str]:
    plain = "".join(each for each in unicodedata.normalize("NFKD", text) if not unicodedata.combining(each))
    plain = plain.casefold().translate(_ONE_LETTER)
    digits = "".join(str(unicodedata.decimal(each)) if each.isdecimal() else each for each in plain)
    return [each for each in re.findall(r"[^\W_]+", digits.replace("\u200c", "")) if each not in _FILLERS]


def spellings(text: str) -> Iterator[str]:
    """What may be looked up for a name, the fullest first: as written, then without a dose number at its end."""
    words = _words(text)
    yield "".join(words)
    while len(words) > 1 and words[-1] in _ORDINALS:
        words = words[:-1]
        yield "".join(words)
    if words and re.fullmatch(r"[^\W\d_]{2,}\d", words[-1]):
        yield "".join(words)[:-1]


def meant(listed: Mapping[str, Meant], text: str) -> Meant | None:
    """What a written name means; None when no listed name, or names of several meanings, are near enough."""
    written = list(spellings(text))
    exact = next((listed[each] for each in written if each in listed), None)
    return exact if exact is not None else _misspelt(listed, written[-1] if written else "")


def _misspelt(listed: Mapping[str, Meant], name: str) -> Meant | None:
    errors = next((errors for length, errors in _ERRORS_BY_LENGTH if len(name) >= length), 0)
    if not errors:
        return None
    near = process.extract(name, listed.keys(), scorer=OSA.distance, score_cutoff=errors, limit=None)
    found = [listed[each] for each, _, _ in near if _digits(each) == _digits(name)]
    return found[0] if found and all(each == found[0] for each in found) else None


def _digits(name: str) -> str:
    """Digits tell products apart (PCV10 and PCV13): they are never a typing error."""
    return re.sub(r"\D", "", name)
