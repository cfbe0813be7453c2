"""Which script a word is written in, and its normal form within that script; a letter is never lost.

The normal form unifies what writers of one script use interchangeably (Arabic alef and yeh forms, Ge'ez letters of
one sound). It is never a transliteration: two normal forms are compared only within a script.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from enum import Enum

from registry.identity import zawgyi


class Script(Enum):
    """Scripts with reading rules of their own; every other script is OTHER and read through anyascii."""

    LATIN = "Latin"
    ARABIC = "Arabic"
    CYRILLIC = "Cyrillic"
    ETHIOPIC = "Ethiopic"
    GREEK = "Greek"
    ARMENIAN = "Armenian"
    GEORGIAN = "Georgian"
    BURMESE = "Burmese"
    BENGALI = "Bengali"
    DEVANAGARI = "Devanagari"
    HEBREW = "Hebrew"
    OTHER = "other"


_RANGES = (
    (0x0041, 0x024F, Script.LATIN),
    (0x0250, 0x02AF, Script.LATIN),
    (0x0370, 0x03FF, Script.GREEK),
    (0x0400, 0x052F, Script.CYRILLIC),
    (0x0531, 0x058F, Script.ARMENIAN),
    (0x0591, 0x05F4, Script.HEBREW),
    (0x0600, 0x06FF, Script.ARABIC),
    (0x0750, 0x077F, Script.ARABIC),
    (0x08A0, 0x08FF, Script.ARABIC),
    (0x0900, 0x097F, Script.DEVANAGARI),
    (0x0980, 0x09FF, Script.BENGALI),
    (0x1000, 0x109F, Script.BURMESE),
    (0x10A0, 0x10FF, Script.GEORGIAN),
    (0x1200, 0x139F, Script.ETHIOPIC),
    (0x1C90, 0x1CBF, Script.GEORGIAN),
    (0x1D00, 0x1DBF, Script.LATIN),
    (0x1E00, 0x1EFF, Script.LATIN),
    (0x1F00, 0x1FFF, Script.GREEK),
    (0x2C60, 0x2C7F, Script.LATIN),
    (0x2D80, 0x2DDF, Script.ETHIOPIC),
    (0xFB50, 0xFDFF, Script.ARABIC),
    (0xFE70, 0xFEFF, Script.ARABIC),
)

# Persian, Pashto, Urdu and Uyghur forms of letters that Arabic writes otherwise, and presentation of alef wasla.
_ARABIC_FORMS = str.maketrans(
    "کڪیۍېےہھەۀۂۃٱٲٳٹڈڑںڤڨڭڥټډړڼګ",
    "ككيييي" + "هههههةاأإ" + "تدرنڤڨڭڤ" + "تدرنگ",
)
# What writers leave out or exchange: hamza seats, dotless yeh, teh marbuta without dots.
_ARABIC_LAX = str.maketrans("أإآؤئىةڨڭ", "اااويي" + "هقك")
_TATWEEL = "ـ"  # noqa: RUF100  the stretching stroke


def _ethiopic_homophones() -> dict[int, int]:
    # Amharic writes one sound with several letters (reference: h ሀ ሐ ኀ, s ሰ ሠ, glottal አ ዐ, ts' ጸ ፀ).
    rows = (("ሐ", "ሀ"), ("ኀ", "ሀ"), ("ሠ", "ሰ"), ("ዐ", "አ"), ("ፀ", "ጸ"))
    folded = {ord(old) + order: ord(new) + order for old, new in rows for order in range(7)}
    # The fourth order of h and of the glottal sounds like the first.
    return {code: ord("ሀ") if new == ord("ሃ") else new for code, new in folded.items()} | {
        ord("ሃ"): ord("ሀ"),
        ord("ኣ"): ord("አ"),
        ord("ዓ"): ord("አ"),
    }


_ETHIOPIC_FOLD = _ethiopic_homophones()


def script_of(text: str) -> Script:
    """The script of most letters; of equals, the one that comes first."""
    counted = Counter(_of_letter(each) for each in text if each.isalpha())
    return counted.most_common(1)[0][0] if counted else Script.OTHER


def _of_letter(letter: str) -> Script:
    code = ord(letter)
    return next((script for first, last, script in _RANGES if first <= code <= last), Script.OTHER)


def clean(text: str) -> str:
    """One spelling of equal text: composed, folded case, Arabic forms unified, no marks that spell no letter.

    Arabic presentation forms are resolved by compatibility composition; vowel signs and tatweel are dropped. Burmese
    in Zawgyi is written in Unicode.
    """
    read = zawgyi.unicode(text)
    composed = unicodedata.normalize("NFKC" if _has_presentation_forms(read) else "NFC", read)
    folded = composed.casefold().replace("i\u0307", "i").translate(_ARABIC_FORMS)
    return "".join(each for each in folded if each != _TATWEEL and not _is_arabic_mark(each))


def _has_presentation_forms(text: str) -> bool:
    return any("\ufb50" <= each <= "\ufeff" or "\uff00" <= each <= "\uffef" for each in text)


def _is_arabic_mark(letter: str) -> bool:
    return "\u0610" <= letter <= "\u061a" or "\u064b" <= letter <= "\u065f" or letter == "\u0670"


def normal(word: str, script: Script) -> str:
    """The normal form of a cleaned word within its script; never empty for a word with a letter."""
    if script is Script.ARABIC:
        return word.translate(_ARABIC_LAX).replace("ء", "") or word
    if script is Script.ETHIOPIC:
        return word.translate(_ETHIOPIC_FOLD)
    if script is Script.CYRILLIC:
        return word.replace("ё", "е")
    return word
