"""How people say a grade when no ladder lists the name: a number, an ordinal word, a level and a number.

A name is read only when nothing of it is left over. What can be counted from the bottom or from the top, or from the
beginning of school or of a level, is read in every way that the lengths of the levels allow.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import cache

_FOLDS = str.maketrans(
    {"ى": "ي", "ة": "ه", "ـ": None, "ً": None, "ı": "i", "ё": "е", "ʼ": " ", "ک": "ك", "ی": "ي", "ۀ": "ه"}
)
_SEAM = re.compile(r"(?<=\d)(?=[^\W\d])|(?<=[^\W\d])(?=\d)")


def fold(label: str) -> str:
    """A form to compare names of grades by: no case, accents, vowel signs, punctuation or foreign digits.

    A number stands apart from the letters it is written with: `grade12` and `Grade 12` are one name.
    """
    plain = unicodedata.normalize("NFKD", label.rpartition("#")[2]).casefold().translate(_FOLDS)
    bare = "".join(_ascii_digit(each) for each in plain if not unicodedata.combining(each))
    return " ".join(_SEAM.sub(" ", re.sub(r"[\W_]+", " ", bare)).split())


def _ascii_digit(character: str) -> str:
    return str(unicodedata.digit(character)) if character.isdecimal() else character


# Words that say no more than "grade"; English, French, Arabic, Dari and Pashto, Ukrainian and Russian, Romanian,
# Turkish, German, Spanish, Haitian.
_GRADE = fold(
    "grade year class classe standard std annee année klass klasse klas класс клас rik рік год clasa sinif sınıf grado "
    "ano año curso stufe الصف صف السنة سنة پایه صنف ټولګی ane klas of school no n level eb"
).split()
_FILLING = set(fold("the a la le de du й ый ий ой th st nd rd and و schooling ta tul").split())
_FRENCH = set(fold("eme ème e er ere ère nd nde de").split())

# From the ISCED levels a name covers to its names.
_LEVEL_NAMES = {
    "1": "isced 1|primary|primary school|elementary|elementary school|p|primaire|enseignement primaire|primar|primaria"
    "|ابتدائي|الابتدائي|ابتدائية|الابتدائية|ilkokul|початкова школа",
    "2": "isced 2|lower secondary|lower secondary school|junior secondary|junior high|middle school|preparatory|jss|jhs"
    "|secondary first cycle|college|moyenne|اعدادي|الاعدادي|متوسط|المتوسط|ortaokul|gimnaziu",
    "3": "isced 3|upper secondary|upper secondary school|senior secondary|senior high|high school|higher secondary|sss"
    "|shs|secondary second cycle|lycee|ثانوي|الثانوي|lise|liceu",
    "23": "secondary|secondary school|s|form|secondaire|secundaria",
}
_LEVELS = {fold(each): level for level, names in _LEVEL_NAMES.items() for each in names.split("|")}
_LONGEST_FIRST = sorted(_LEVELS, key=len, reverse=True)

_ORDINALS = (
    "zero",
    "first one premier premiere الاول الاولى اول اولى first перший первый birinci primero i",
    "second two deuxieme seconde الثاني الثانيه ثاني ثانيه دوم другий второй ikinci segundo ii",
    "third three troisieme الثالث الثالثه ثالث ثالثه سوم третій третий ucuncu tercero iii",
    "fourth four quatrieme الرابع الرابعه رابع رابعه چهارم четвертий четвертый dorduncu cuarto iv",
    "fifth five cinquieme الخامس الخامسه خامس خامسه پنجم п'ятий пятий пятый besinci quinto v",
    "sixth six sixieme السادس السادسه سادس سادسه ششم шостий шестой altinci sexto vi",
    "seventh seven septieme السابع السابعه سابع سابعه هفتم сьомий седьмой yedinci septimo vii",
    "eighth eight huitieme الثامن الثامنه ثامن ثامنه هشتم восьмий восьмой sekizinci octavo viii",
    "ninth nine neuvieme التاسع التاسعه تاسع تاسعه نهم дев'ятий девятий девятый dokuzuncu noveno ix",
    "tenth ten dixieme العاشر العاشره عاشر عاشره دهم десятий десятый onuncu decimo x",
    "eleventh eleven onzieme الحادي_عشر الحاديه_عشره یازدهم одинадцятий одиннадцатый onbirinci xi",
    "twelfth twelve douzieme الثاني_عشر الثانيه_عشره دوازدهم дванадцятий двенадцатый onikinci xii",
    "thirteenth thirteen treizieme الثالث_عشر الثالثه_عشره سیزدهم xiii",
)
_NUMBERS = {fold(each): number for number, names in enumerate(_ORDINALS) for each in names.split() if number}
_LONG = sorted((each for each in _NUMBERS if " " in each), key=len, reverse=True)

_BEFORE_SCHOOL = {
    fold(each)
    for each in (
        "kindergarten",
        "kg",
        "preschool",
        "pre-school",
        "nursery",
        "early childhood education",
        "maternelle",
        "préscolaire",
        "روضة",
        "дитячий садок",
    )
}

Readings = frozenset[int]

# The most years of general schooling anywhere (UIS structures, 1990-2023).
_LONGEST = 15


@cache
def read(folded: str, levels: tuple[int, ...]) -> Readings:
    """The years of schooling a folded name can mean where primary, lower and upper secondary take `levels` years.

    Year 0 is before school. Empty when some of the name is not understood. A bare number is believed even where the
    levels are shorter or not known at all: the record says it, and the caller sees that no ladder has such a grade.
    """
    if folded in _BEFORE_SCHOOL:
        return frozenset({0})
    level, rest = _split(folded)
    number, is_french = _number(rest)
    if number is None:
        return frozenset()
    found = _within(level, number, levels) if level else _along(number, levels, is_french=is_french)
    return frozenset(year for year in found if 1 <= year <= max(_LONGEST, sum(levels)))


def _split(folded: str) -> tuple[str, str]:
    """The ISCED levels that a name begins with, and the rest."""
    for name in _LONGEST_FIRST:
        if folded.startswith(f"{name} "):
            return _LEVELS[name], folded.removeprefix(name).strip()
        if folded.endswith(f" {name}"):
            return _LEVELS[name], folded.removesuffix(name).strip()
    return "", folded


def _number(rest: str) -> tuple[int | None, bool]:
    """The one number of a name, and whether it is said as French says the years of a school."""
    for name in _LONG:
        rest = re.sub(rf"(?<!\w){name}(?!\w)", str(_NUMBERS[name]), rest)
    words = rest.split()
    numbers = [_value(each) for each in words]
    other = [each for each, number in zip(words, numbers, strict=True) if number is None]
    told = [each for each in numbers if each is not None]
    is_french = bool(other) and all(each in _FRENCH for each in other)
    known = all(each in _GRADE or each in _FILLING or each in _FRENCH for each in other)
    return (told[0], is_french) if len(told) == 1 and known else (None, False)


def _value(word: str) -> int | None:
    return int(word) if word.isdecimal() and len(word) < 3 else _NUMBERS.get(word)


def _within(level: str, number: int, levels: Sequence[int]) -> set[int]:
    """The years a number can mean inside levels: counted from where they begin, or from the beginning of school."""
    first, last = int(level[0]), int(level[-1])
    before, through = sum(levels[: first - 1]), sum(levels[:last])
    from_there = {before + number} if before + number <= through else set[int]()
    return from_there | ({number} if before < number <= through else set[int]())


def _along(number: int, levels: Sequence[int], *, is_french: bool) -> set[int]:
    """The years a bare number can mean. Schools in French may count down: 11ème to 7ème are the years of a primary of
    five, and 6ème is the first year after primary.
    """
    if not is_french or not 2 < number < 12:
        return {number}
    return {number, 12 - number if number > 6 else levels[0] + 7 - number} if levels else set()
