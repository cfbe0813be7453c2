"""How a word of any script is read: Latin letters for people, and a string of sounds for comparing.

One symbol of the sound alphabet is one sound:

    a e i o u       vowels as written
    J H             ay or ey, and aw, within a word
    A W Y           letters of an abjad: long a; w or long u; y or long i
    E O I           ayn or first alef, any vowel; first alef with hamza above (a, o, u) and below (i)
    b d f g h j k l m n p r s t v w y z
    C S Z x G T D   ch, sh, zh, kh, gh, th, and the Arabic d-or-z
    Q               Cyrillic ge, which writes g, gh and h

An abjad (Arabic) leaves short vowels out; `distance` knows. Words of scripts without rules here are read through
anyascii; a word that cannot be read at all keeps its own letters, so that it is still compared as it is.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import cast

import anyascii

from registry.identity import brahmic, burmese, ethiopic
from registry.identity.scripts import Script

_LATIN_LETTERS = str.maketrans(
    {
        "ç": "s", "ş": "sh", "ș": "sh", "š": "sh", "č": "tch", "ć": "tch", "ž": "zh", "ź": "zh", "ż": "zh",
        "đ": "d", "ð": "dh", "þ": "th", "ß": "ss", "ğ": "gh", "ġ": "gh", "ǧ": "j", "ḥ": "h", "ḫ": "kh",
        "ẖ": "kh", "ḏ": "dh", "ṯ": "th", "ḍ": "dh", "ẓ": "dh", "ı": "i", "ł": "l", "ø": "o", "œ": "oe",
        "æ": "ae", "ə": "a", "ɛ": "e", "ɔ": "o", "ŋ": "ng", "ɓ": "b", "ɗ": "d", "ƙ": "k", "ƴ": "y",
        "ñ": "n", "ŭ": "u", "ў": "u",
    }
)  # fmt: skip

_CYRILLIC_LETTERS = str.maketrans(
    {
        "а": "a", "б": "b", "в": "v", "г": "g", "ґ": "g", "д": "d", "е": "e", "ё": "yo", "є": "ye", "ж": "zh",
        "з": "z", "и": "i", "і": "i", "ї": "yi", "й": "y", "к": "k", "л": "l", "м": "m", "н": "n", "о": "o",
        "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ў": "u", "ф": "f", "х": "kh", "ц": "ts", "ч": "ch",
        "ш": "sh", "щ": "sh", "ъ": "", "ы": "y", "ь": "", "э": "e", "ю": "yu", "я": "ya", "ђ": "dj", "ј": "y",
        "љ": "ly", "њ": "ny", "ћ": "ch", "џ": "dj", "ѓ": "g", "ќ": "k", "ѕ": "dz", "ә": "a", "ғ": "gh",
        "қ": "k", "ң": "n", "ө": "o", "ұ": "u", "ү": "u", "һ": "h", "ҳ": "h", "ҷ": "j", "җ": "j", "ӣ": "i",
        "ӯ": "u", "ӏ": "",
    }
)  # fmt: skip

_ARABIC_LETTERS = str.maketrans(
    {
        "ا": "a", "أ": "a", "إ": "i", "آ": "a", "ب": "b", "ت": "t", "ث": "th", "ج": "j", "ح": "h", "خ": "kh",
        "د": "d", "ذ": "dh", "ر": "r", "ز": "z", "س": "s", "ش": "sh", "ص": "s", "ض": "d", "ط": "t", "ظ": "z",
        "ع": "a", "غ": "gh", "ف": "f", "ق": "q", "ك": "k", "ل": "l", "م": "m", "ن": "n", "ه": "h", "ة": "a",
        "و": "w", "ي": "y", "ى": "a", "ئ": "y", "ؤ": "w", "ء": "", "پ": "p", "چ": "ch", "ژ": "zh", "گ": "g",
        "ڨ": "g", "ڭ": "g", "ڤ": "v", "ښ": "sh", "ږ": "zh", "ځ": "z", "څ": "ts",
    }
)  # fmt: skip

_ARABIC_SOUNDS = str.maketrans(
    {
        "ا": "A", "أ": "A", "إ": "A", "آ": "A", "ب": "b", "ت": "t", "ث": "T", "ج": "j", "ح": "h", "خ": "x",
        "د": "d", "ذ": "D", "ر": "r", "ز": "z", "س": "s", "ش": "S", "ص": "s", "ض": "D", "ط": "t", "ظ": "D",
        "ع": "E", "غ": "G", "ف": "f", "ق": "k", "ك": "k", "ل": "l", "م": "m", "ن": "n", "ه": "h", "ة": "A",
        "و": "W", "ي": "Y", "ى": "A", "ئ": "Y", "ؤ": "W", "ء": "", "پ": "p", "چ": "C", "ژ": "Z", "گ": "g",
        "ڨ": "g", "ڭ": "g", "ڤ": "v", "ښ": "S", "ږ": "Z", "ځ": "z", "څ": "s",
    }
)  # fmt: skip

# Digraphs as French, English and scholars write them, longest first; each alternative is one group.
_READINGS = (
    (r"tsch|tch|tsh", "C"),
    (r"sch|sh|ch", "S"),  # French ch; the English ch is near enough, see `distance`
    (r"dzh|dj", "j"),
    (r"kh", "x"),
    (r"gh", "G"),
    (r"dh", "D"),
    (r"th", "T"),
    (r"ph", "f"),
    (r"zh", "Z"),
    (r"qu(?=[eia])", "k"),
    (r"gu(?=[ei])", "g"),
    (r"ck|q|c(?![eiy])", "k"),
    (r"c", "s"),
    (r"x", "ks"),
    (r"(?<=[^aeiou])(?:a[eiy]|aee|e[iy])(?![aeiouy])", "J"),
    (r"(?<=[^aeiou])a(?:ou|[wu])(?![aeiouy])", "H"),
    (r"ou(?=[aeio])", "w"),
    (r"ou|oo", "u"),
    (r"ee", "i"),
    (r"y(?=[aeiou])|(?<=[ae])[iy]", "y"),
    (r"y", "i"),
)
_READ = re.compile("|".join(f"({pattern})" for pattern, _ in _READINGS))
_SOUND_OF_GROUP = (*(sound for _, sound in _READINGS),)
_DOUBLE = re.compile(r"(.)\1+")
_GLIDE = re.compile(r"iy(?=[aeou])")


def letters(word: str, script: Script) -> str:
    """Plain lower-case Latin letters for a cleaned word; the word itself when nothing can be read."""
    return spellings(word, script)[0]


def spellings(word: str, script: Script) -> tuple[str, ...]:
    """As `letters`, in every way the word may be read, the likeliest first; as many for each word of a script."""
    return tuple(_plain(each, word) for each in _RULES.get(script, _as_written)(word, script))


def _as_written(word: str, script: Script) -> tuple[str, ...]:
    return (word.translate(_LETTER_TABLES.get(script, {})),)


_RULES: Mapping[Script, Callable[[str, Script], tuple[str, ...]]] = {
    Script.BURMESE: lambda word, _: (burmese.letters(word),),
    Script.BENGALI: brahmic.readings,
    Script.DEVANAGARI: brahmic.readings,
    Script.ETHIOPIC: ethiopic.readings,
}


def _plain(read: str, word: str) -> str:
    stripped = "".join(each for each in unicodedata.normalize("NFD", read or word) if not unicodedata.combining(each))
    plain = stripped if stripped.isascii() else anyascii.anyascii(stripped)
    return "".join(each for each in plain.lower() if each.isalpha()) or word


_LETTER_TABLES = {
    Script.LATIN: _LATIN_LETTERS,
    Script.CYRILLIC: _CYRILLIC_LETTERS,
    Script.ARABIC: _ARABIC_LETTERS,
}


def sounds(plain: str) -> str:
    """The sounds of a word given in plain Latin letters, as French and English spellers mean them."""
    read = _READ.sub(lambda found: _SOUND_OF_GROUP[cast(int, found.lastindex) - 1], plain)
    return _without_doubles(_GLIDE.sub("i", read)) or plain


def cyrillic_sounds(plain: str) -> str:
    """As `sounds`, for letters that stood in Cyrillic: ch is never French, and ge is ambiguous."""
    for digraph, sound in _CYRILLIC_DIGRAPHS:
        plain = plain.replace(digraph, sound)
    return sounds(plain).replace("X", "x")


# The sound x waits as X, because `sounds` reads a Latin x as ks.
_CYRILLIC_DIGRAPHS = (
    ("gh", "G"),
    ("zh", "Z"),
    ("dZ", "j"),
    ("g", "Q"),
    ("ch", "C"),
    ("sh", "S"),
    ("kh", "X"),
)


_FIRST_ALEF = {"ا": "E", "أ": "O", "إ": "I"}


def arabic_sounds(word: str) -> str:
    """The sounds of a cleaned Arabic word; its first alef may be any vowel."""
    read = word.translate(_ARABIC_SOUNDS)
    if word[0] in _FIRST_ALEF:
        read = _FIRST_ALEF[word[0]] + read[1:]
    return _without_doubles(read) or word


def _without_doubles(text: str) -> str:
    return _DOUBLE.sub(r"\1", text)
