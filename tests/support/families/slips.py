"""What hands, eyes and narrow forms do to a written name."""

from __future__ import annotations

import re
import unicodedata
from random import Random

# Rows of the keyboards on which records are typed; a slip strikes a neighbour in the row.
KEYBOARDS = (
    "qwertyuiop", "asdfghjkl", "zxcvbnm",
    "йцукенгшщзхї", "фівапролджє", "ячсмитьбю", "фывапролджэ",
    "ضصثقفغعهخحجد", "شسيبلاتنمكط", "ئءؤرلاىةوزظ", "پگچژ",
)  # fmt: skip

# Signs that a reader, or a machine that reads scans, takes for each other.
LOOK_ALIKES = (
    "بتثني", "جحخ", "دذ", "رز", "سش", "صض", "طظ", "عغ", "فق", "كگ",
    "ao", "ec", "uv", "ij", "il", "hb", "gq", "nr", "tf", "vy",
    "ин", "шщ", "пл", "ое", "зэ", "цч", "сe",
    "ሰስ", "ለሉ", "በባ", "ተቱ", "መሙ", "ነኒ", "ረሩ",
    "ပဖ", "ကတ", "စခ", "ဝ၀", "ဒအ",
)  # fmt: skip
DIGRAPHS = (("rn", "m"), ("m", "rn"), ("cl", "d"), ("ii", "u"), ("vv", "w"))

_MARKS = re.compile(r"[\u1000-\u109f]")
_PLAIN = str.maketrans({"ı": "i", "ß": "ss", "ə": "e", "ɛ": "e", "ɔ": "o", "ŋ": "ng", "ø": "o", "ł": "l", "đ": "d"})

LENGTHS = (10, 15, 15, 20)
"""Letters that a narrow form or an old file format keeps of a name."""


def mistyped(text: str, rng: Random) -> str:
    """One slip of the hand: a letter left out, doubled, exchanged with the next, or the key beside it struck."""
    at = rng.randrange(len(text))
    if _MARKS.search(text) or len(text) < 3:
        return text  # Burmese syllables are picked as a whole
    slip = rng.random()
    if slip < 0.25:
        return text[:at] + text[at + 1 :]
    if slip < 0.40:
        return text[: at + 1] + text[at:]
    if slip < 0.65 and at + 1 < len(text):
        return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    return text[:at] + _neighbour(text[at], rng) + text[at + 1 :]


def _neighbour(letter: str, rng: Random) -> str:
    row = next((each for each in KEYBOARDS if letter.lower() in each), "")
    if not row:
        # A syllabary: the same consonant with another vowel, one key further.
        return chr(ord(letter) ^ 1) if 0x1200 <= ord(letter) <= 0x137F and chr(ord(letter) ^ 1).isalpha() else letter
    at = row.index(letter.lower())
    struck = row[min(len(row) - 1, max(0, at + rng.choice((-1, 1))))]
    return struck.upper() if letter.isupper() else struck


def misread(text: str, rng: Random) -> str:
    """One sign taken for another that looks like it; the same text if none can be."""
    for seen, taken in rng.sample(DIGRAPHS, 1):
        if seen in text:
            return text.replace(seen, taken, 1)
    places = [(at, group) for at, letter in enumerate(text) for group in LOOK_ALIKES if letter in group]
    if not places:
        return text
    at, group = rng.choice(places)
    return text[:at] + rng.choice([each for each in group if each != text[at]]) + text[at + 1 :]


def plain_capitals(text: str) -> str:
    """Capitals without marks, as machine-readable papers and old systems have them; only of Latin text."""
    bare = "".join(each for each in unicodedata.normalize("NFD", text) if not unicodedata.combining(each))
    return bare.translate(_PLAIN).upper() if bare[:1].isascii() else text


def merged(text: str) -> str:
    """Parts written together: Abdel Rahman, Abdelrahman."""
    first, *rest = re.split(r"[ \-/]", text)
    return first + "".join(each.lower() for each in rest)


def cut(text: str, letters: int) -> str:
    return text[:letters].rstrip()
