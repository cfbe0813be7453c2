"""What Ukrainian and Russian make of a name: the patronymic of a father's name, the feminine of a surname."""

from __future__ import annotations

from functools import cache

from tests.support.families.lexicon import Name

# The end of the father's name, what is put for it with a son and with a daughter. The first that fits holds.
UKRAINIAN = (
    ("Микола", "Миколайович", "Миколаївна"),
    ("Григорій", "Григорович", "Григорівна"),
    ("Ілля", "Ілліч", "Іллівна"),
    ("Лука", "Лукич", "Луківна"),
    ("Сава", "Савич", "Савівна"),
    ("Микита", "Микитович", "Микитівна"),
    ("Яків", "Якович", "Яківна"),
    ("Лев", "Львович", "Львівна"),
    ("Федір", "Федорович", "Федорівна"),
    ("ій", "ійович", "іївна"),
    ("й", "йович", "ївна"),
    ("ь", "ьович", "івна"),
    ("о", "ович", "івна"),
    ("", "ович", "івна"),
)
RUSSIAN = (
    ("Илья", "Ильич", "Ильинична"),
    ("Лука", "Лукич", "Лукинична"),
    ("Савва", "Саввич", "Саввична"),
    ("Никита", "Никитич", "Никитична"),
    ("Павел", "Павлович", "Павловна"),
    ("Пётр", "Петрович", "Петровна"),
    ("Яков", "Яковлевич", "Яковлевна"),
    ("Михаил", "Михайлович", "Михайловна"),
    ("Лев", "Львович", "Львовна"),
    ("Дмитрий", "Дмитриевич", "Дмитриевна"),
    ("ий", "ьевич", "ьевна"),
    ("й", "евич", "евна"),
    ("ь", "евич", "евна"),
    ("", "ович", "овна"),
)
# The end of a surname in the masculine and in the feminine; other surnames have one form.
FEMININE = {
    "uk": (
        ("ський", "ська"),
        ("цький", "цька"),
        ("ий", "а"),
        ("ов", "ова"),
        ("єв", "єва"),
        ("ев", "ева"),
        ("ін", "іна"),
    ),
    "ru": (
        ("ский", "ская"),
        ("цкий", "цкая"),
        ("ый", "ая"),
        ("ов", "ова"),
        ("ёв", "ёва"),
        ("ев", "ева"),
        ("ин", "ина"),
    ),
}
# Galician surnames of women's names keep one form.
ONE_FORM = ("ишин", "Литвин")


@cache
def patronymic(father: Name, sex: str) -> Name:
    """The name of a father as his child bears it."""
    column = 1 if sex == "male" else 2
    return Name(
        {
            tongue: (_ended(father.forms[tongue][0], tuple((row[0], row[column]) for row in rows)),)
            for tongue, rows in (("uk", UKRAINIAN), ("ru", RUSSIAN))
        }
    )


@cache
def feminine(surname: Name) -> Name:
    """A surname as women bear it; the same name where it has one form."""
    forms = {tongue: (_feminine(tongue, surname.forms[tongue][0]),) for tongue in FEMININE}
    return surname if forms == surname.forms else Name(forms, surname.parts)


def _feminine(tongue: str, surname: str) -> str:
    return surname if surname.endswith(ONE_FORM) else _ended(surname, (*FEMININE[tongue], ("", "")))


def _ended(text: str, ends: tuple[tuple[str, str], ...]) -> str:
    old, new = next((old, new) for old, new in ends if text.endswith(old))
    return text.removesuffix(old) + new
