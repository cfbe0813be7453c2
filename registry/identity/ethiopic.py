"""Ge'ez words as people of Ethiopia and Eritrea write them in Latin letters: ግርማ is Girma, ብርሃነ Berhane or Birhane.

The script has a letter for each pair of consonant and vowel; the rows of a consonant follow each other in steps of
eight (Unicode, Ethiopic block U+1200-135A). A letter of the sixth order has a short vowel or none: one stands where
a word begins and within a row of consonants (Leslau, Reference Grammar of Amharic, 1995, the epenthetic vowel), and
is written i, e or not at all. These rules find more names than what was learned from the few pairs there are.
"""

from __future__ import annotations

from collections.abc import Iterator

from registry.identity import scripts
from registry.identity.scripts import Script

_FIRST, _LAST, _ORDERS, _SIXTH = 0x1200, 0x135A, 8, 5
_ROUNDED = frozenset({0x1248, 0x1258, 0x1288, 0x12B0, 0x12C0, 0x1310})  # ቈ, ኰ ...: the consonant with a w
_VOWELS = ("e", "u", "i", "a", "e", "", "o", "wa")
_ROUNDED_VOWELS = ("o", "u", "wi", "wa", "we", "u", "o", "wa")
_OPEN = "ሀአ"  # whose first order sounds as the fourth
_SHORT_VOWELS = ("", "i", "e")
_CONSONANTS = {
    "ሀ": "h", "ለ": "l", "መ": "m", "ረ": "r", "ሰ": "s", "ሸ": "sh", "ቀ": "q", "ቈ": "q", "ቐ": "q", "ቘ": "q", "በ": "b",
    "ቨ": "v", "ተ": "t", "ቸ": "ch", "ኈ": "h", "ነ": "n", "ኘ": "gn", "አ": "", "ከ": "k", "ኰ": "k", "ኸ": "k", "ዀ": "k",
    "ወ": "w", "ዘ": "z", "ዠ": "zh", "የ": "y", "ደ": "d", "ዸ": "d", "ጀ": "j", "ገ": "g", "ጐ": "g", "ጘ": "g", "ጠ": "t",
    "ጨ": "ch", "ጰ": "p", "ጸ": "ts", "ፈ": "f", "ፐ": "p", "ሐ": "h", "ሠ": "s", "ኀ": "h", "ዐ": "", "ፀ": "ts",
}  # fmt: skip


def _row(letter: str) -> tuple[str, int]:
    """The first letter of its row and its order, counted from 0; the letter itself where it is no syllable."""
    if not _FIRST <= ord(letter) <= _LAST:
        return letter, 0
    order = (ord(letter) - _FIRST) % _ORDERS
    return chr(ord(letter) - order), order


def readings(word: str, _script: Script = Script.ETHIOPIC) -> tuple[str, ...]:
    """A word in Latin letters, by what is written for the short vowel: nothing, i or e."""
    syllables = [_row(each) for each in scripts.normal(word, Script.ETHIOPIC)]
    return tuple("".join(_written(syllables, short)) for short in _SHORT_VOWELS)


def _written(syllables: list[tuple[str, int]], short: str) -> Iterator[str]:
    after_consonant = True
    for at, (first, order) in enumerate(syllables):
        vowel = _vowel(first, order)
        if not vowel and at + 1 < len(syllables) and after_consonant:
            is_first = at == 0
            vowel = short if is_first or syllables[at + 1][1] == _SIXTH else ""
            vowel = vowel or ("e" if is_first and first == "አ" else "")
        after_consonant = not vowel
        yield _CONSONANTS.get(first, first) + vowel


def _vowel(first: str, order: int) -> str:
    if ord(first) in _ROUNDED:
        return _ROUNDED_VOWELS[order]
    if first not in _CONSONANTS:
        return ""
    return "a" if first in _OPEN and not order else _VOWELS[order]
