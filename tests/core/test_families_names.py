"""The names of the labelled world: long lists, right scripts, and spellings as registers of each country have them."""

from __future__ import annotations

import re
from functools import cache

import pytest

from tests.support.families import alike, desk, lexicon, slavic, spelling, zawgyi
from tests.support.families.cultures import Culture, cultures
from tests.support.families.lexicon import Name

FILES = ("arabic", "afghan", "ukraine", "horn", "myanmar", "rohingya", "south_sudan")

# --- the lists ------------------------------------------------------------------------------------

LENGTHS = (
    ("arabic", "male", 150),
    ("arabic", "female", 150),
    ("arabic", "family", 130),
    ("arabic", "christian_male", 40),
    ("arabic", "christian_female", 40),
    ("afghan", "male", 80),
    ("afghan", "female", 80),
    ("afghan", "family", 100),
    ("ukraine", "male", 80),
    ("ukraine", "female", 80),
    ("ukraine", "family", 100),
    ("horn", "male", 100),
    ("horn", "female", 80),
    ("horn", "muslim_male", 45),
    ("horn", "muslim_female", 35),
    ("myanmar", "male", 80),
    ("myanmar", "female", 80),
    ("rohingya", "male", 80),
    ("rohingya", "female", 80),
    ("south_sudan", "male", 80),
    ("south_sudan", "female", 80),
)


@pytest.mark.parametrize(("file", "section", "least"), LENGTHS)
def test_a_list_is_long_and_says_no_name_twice(file: str, section: str, least: int):
    rows = [tuple(row.items()) for row in lexicon.sections(file)[section]]
    spoken = [tuple(cell for column, cell in row if column != "where") for row in rows]
    assert len(rows) >= least
    assert len(set(spoken)) == len(spoken)


@pytest.mark.parametrize("file", FILES)
def test_a_list_says_where_it_is_from(file: str):
    head = (lexicon.NAMES / f"{file}.txt").read_text(encoding="utf-8").split("columns:")[0]
    assert "Compiled for this project" in head
    assert "invented" in head


NATIVE = {
    "ar": r"[\u0620-\u064a=]+",
    "fa": r"[\u0620-\u064a\u067e-\u06d3‌=]+",
    "uk": r"[А-ЩЬЮЯҐЄІЇа-щьюяґєії'=]+",
    "ru": r"[А-Яа-яЁё=]+",
    "am": r"[\u1200-\u135a=]+",
    "my": r"[\u1000-\u104f=]+",
    "nilotic": r"[A-Za-zŊŋƐɛƆɔäëö=]+",
    "nilotic>nilotic": r"[A-Za-z]+",
}


@pytest.mark.parametrize("file", FILES)
def test_every_name_is_written_in_its_own_script(file: str):
    for heading, rows in lexicon.sections(file).items():
        for row in rows:
            for column, cell in row.items():
                if column in NATIVE and heading != "translated":
                    assert re.fullmatch(NATIVE[column], cell), f"{file}, {heading}: {cell!r} is not {column}"


def test_a_common_name_is_borne_by_one_in_ten_and_a_rare_one_by_few():
    common = cultures()["levant"].names("male").cumulative
    assert 0.05 <= common[0] / common[-1] <= 0.15
    assert (common[-1] - common[-2]) / common[-1] <= 0.005


# --- spellings ------------------------------------------------------------------------------------

# What a registrar of each culture would expect to meet, and does: each spelling is among those the rules make.
SPELLINGS = (
    ("levant", "male", "محمد", "levant>en", "Mohammed Mohammad Mohamad"),
    ("levant", "male", "محمد", "levant>tr", "Muhammed"),
    ("levant", "male", "عبد=الرحمن", "ar>ar", "عبد الرحمن|عبدالرحمن"),
    ("levant", "male", "عبد=الرحمن", "levant>en", "Abdulrahman|Abdul Rahman"),
    ("levant", "male", "حسين", "levant>ru", "Хусейн Хуссейн"),
    ("levant", "male", "حسين", "levant>ru>en", "Khuseyn Huseyn"),
    ("levant", "male", "حسين", "levant>tr>en", "Huseyin"),
    ("levant", "female", "عائشة", "levant>de", "Aischa Aisha"),
    ("levant", "female", "عائشة", "ar>ar", "عائشة عائشه"),
    ("levant", "family", "الخطيب", "levant>en", "Al-Khatib|Al Khatib|Alkhatib"),
    ("iraq", "male", "رضا", "iraq>en", "Ridha"),
    ("iraq", "family", "الجبوري", "iraq>en", "Al-Jubouri|Al-Juburi"),
    ("sudan", "male", "عثمان", "sudan>en", "Osman"),
    ("sudan", "male", "قاسم", "sudan>en", "Gasim"),
    ("sudan", "male", "الطيب", "sudan>en", "Eltayeb|El Tayib|Altayib|El Tayeb|Eltayib"),
    ("maghreb", "male", "حسين", "maghreb>fr", "Hocine Houcine"),
    ("maghreb", "male", "نور=الدين", "maghreb>fr", "Noureddine"),
    ("maghreb", "male", "عبد=القادر", "maghreb>fr", "Abdelkader"),
    ("maghreb", "family", "بوزيد", "maghreb>fr", "Bouzid|Bouzaid|Bouzayd|Bouzaïd"),
    ("afghanistan", "male", "نجیب=الله", "dari>en", "Najibullah"),
    ("afghanistan", "male", "نجیب=الله", "dari>de", "Nadjibullah|Najibullah"),
    ("afghanistan", "male", "نجیب=الله", "dari>tr", "Necibullah|Nacibullah"),
    ("afghanistan", "family", "احمدزی", "dari>en", "Ahmadzai"),
    ("afghanistan", "female", "شکریه", "dari>ru", "Шокрия|Шукрия"),
    ("ukraine", "male", "Олександр", "uk>en", "Oleksandr"),
    ("ukraine", "male", "Сергій", "uk>en", "Serhii Serhiy"),
    ("ukraine", "male", "Сергій", "ru>ru", "Сергей"),
    ("ukraine", "male", "Сергій", "ru>de", "Sergej"),
    ("ukraine", "male", "Микола", "ru>en", "Nikolai Nikolay"),
    ("ukraine", "female", "Юлія", "uk>en", "Yuliia Yulia"),
    ("ukraine", "family", "Вишневський", "uk>de", "Wyschnewskyj|Wyschnewskyi"),
    ("ukraine", "male", "Богдан", "uk>ar", "بوهدان|بوغدان"),
    ("ethiopia", "male", "ተስፋዬ", "habesha>en", "Tesfaye"),
    ("ethiopia", "male", "ጌታቸው", "habesha>en", "Getachew"),
    ("ethiopia", "female", "ትዕግሥት", "habesha>en", "Tigist|Tegest|Tigest"),
    ("ethiopia", "female", "ትዕግሥት", "am>am", "ትዕግሥት|ትእግስት|ትዕግስት"),
    ("eritrea", "male", "ክፍሎም", "habesha>en", "Kiflom Keflom"),
    ("myanmar", "male", "ကျော်", "my>en", "Kyaw"),
    ("rohingya", "female", "ဖာတီမာ", "my>en", "Fatema Fatima"),
    ("dinka", "male", "Dɛŋ", "nilotic>en", "Deng"),
    ("dinka", "male", "Dɛŋ", "nilotic>ar", "دينق|دنق"),
    ("nuer", "male", "Gatkuoth", "nilotic>en", "Gatkuoth Gatkoth"),
)


def listed(culture: str, section: str, native: str) -> Name:
    return next(each for each in cultures()[culture].names(section).names if each.key == native)


@pytest.mark.parametrize(("culture", "section", "native", "writing", "expected"), SPELLINGS)
def test_a_name_is_spelt_as_registers_spell_it(culture: str, section: str, native: str, writing: str, expected: str):
    """Spellings parted by a space are all met; of those parted by a bar at least one."""
    found = set(spelling.spellings(listed(culture, section, native), writing))
    wanted = [expected.split("|")] if "|" in expected else [[each] for each in expected.split()]
    assert all(set(each) & found for each in wanted), sorted(found)


SCRIPTS = {
    "Latin": r"[A-Za-zÀ-ɏḀ-ỿŋɛɔŊƐƆ'’ .\-/]+",
    "Cyrillic": r"[Ѐ-ӿ'’ʼ \-]+",
    "Arabic": r"[\u0600-\u06ff‌ ]+",
    "Ethiopic": r"[\u1200-\u137f /]+",
    "Burmese": r"[\u1000-\u109f ]+",
}


@cache
def parts(culture: Culture) -> tuple[Name, ...]:
    """Every name and part of a name that this culture draws from."""
    drawn = [*culture.given_names.values(), culture.villages, *([culture.families] if culture.families else [])]
    patterns = " ".join(option for each in drawn for option in each.options)
    return tuple(each for section in sorted(set(re.findall(r"\w+", patterns))) for each in culture.names(section).names)


def writings(culture: Culture) -> list[str]:
    return sorted({option for each in culture.writings.values() for option in each.options} | {culture.passport})


@pytest.mark.parametrize("culture", sorted(cultures()))
def test_every_name_has_a_spelling_in_every_writing_its_bearers_meet(culture: str):
    lived = cultures()[culture]
    for name in parts(lived):
        for writing in writings(lived):
            letters = SCRIPTS[desk.SCRIPTS[writing.rpartition(">")[2]]]
            for spelt in set(spelling.spellings(name, writing)):
                assert re.fullmatch(letters, spelt), f"{name.key} in {writing}: {spelt!r}"


@pytest.mark.parametrize("culture", ["levant", "afghanistan", "ukraine", "dinka"])
def test_papers_of_one_country_are_copied_by_the_next(culture: str):
    lived = cultures()[culture]
    targets = {writing.rpartition(">")[2] for writing in writings(lived)}
    chains = [
        f"{writing}>{target}"
        for writing in writings(lived)
        for target in sorted(targets)
        if writing.rpartition(">")[2] != target and desk.copyable(writing.rpartition(">")[2], target)
    ]
    assert chains
    for name in parts(lived)[::9]:
        assert all(spelling.exists(name, chain) for chain in chains)


# --- what Slavic languages make of a name ---------------------------------------------------------

PATRONYMICS = (
    ("Олександр", "Олександрович", "Олександрівна", "Александрович", "Александровна"),
    ("Сергій", "Сергійович", "Сергіївна", "Сергеевич", "Сергеевна"),
    ("Микола", "Миколайович", "Миколаївна", "Николаевич", "Николаевна"),
    ("Ілля", "Ілліч", "Іллівна", "Ильич", "Ильинична"),
    ("Юрій", "Юрійович", "Юріївна", "Юрьевич", "Юрьевна"),
    ("Дмитро", "Дмитрович", "Дмитрівна", "Дмитриевич", "Дмитриевна"),
    ("Ігор", "Ігорович", "Ігорівна", "Игоревич", "Игоревна"),
    ("Василь", "Васильович", "Василівна", "Васильевич", "Васильевна"),
    ("Яків", "Якович", "Яківна", "Яковлевич", "Яковлевна"),
    ("Лев", "Львович", "Львівна", "Львович", "Львовна"),
    ("Петро", "Петрович", "Петрівна", "Петрович", "Петровна"),
)


@pytest.mark.parametrize(("father", "son_uk", "daughter_uk", "son_ru", "daughter_ru"), PATRONYMICS)
def test_a_child_bears_the_fathers_name(father: str, son_uk: str, daughter_uk: str, son_ru: str, daughter_ru: str):
    name = listed("ukraine", "male", father)
    son, daughter = slavic.patronymic(name, "male"), slavic.patronymic(name, "female")
    assert (son.forms["uk"], daughter.forms["uk"]) == ((son_uk,), (daughter_uk,))
    assert (son.forms["ru"], daughter.forms["ru"]) == ((son_ru,), (daughter_ru,))


SURNAMES = (
    ("Шевченко", "Шевченко", "Шевченко"),
    ("Вишневський", "Вишневська", "Вишневская"),
    ("Чорний", "Чорна", "Чёрная"),
    ("Лебедєв", "Лебедєва", "Лебедева"),
    ("Нікітін", "Нікітіна", "Никитина"),
    ("Ткачук", "Ткачук", "Ткачук"),
)


@pytest.mark.parametrize(("surname", "in_ukrainian", "in_russian"), SURNAMES)
def test_a_surname_as_women_bear_it(surname: str, in_ukrainian: str, in_russian: str):
    forms = slavic.feminine(listed("ukraine", "family", surname)).forms
    assert forms == {"uk": (in_ukrainian,), "ru": (in_russian,)}


# --- Burmese in the other encoding ----------------------------------------------------------------

# Unicode, and the code points that a reader of Zawgyi-One sees as the same word.
ZAWGYI = (
    ("အောင်", "\u1031\u1021\u102c\u1004\u1039"),
    ("ကျော်", "\u1031\u1000\u103a\u102c\u1039"),
    ("မြင့်", "\u103b\u1019\u1004\u1039\u1094"),
    ("လွင်", "\u101c\u103c\u1004\u1039"),
    ("လှ", "\u101c\u103d"),
    ("သန္တာ", "\u101e\u1014\u1071\u102c"),
)


@pytest.mark.parametrize(("written", "stored"), ZAWGYI)
def test_burmese_in_zawgyi(written: str, stored: str):
    assert zawgyi.encoded(written) == stored


# --- names taken for each other -------------------------------------------------------------------


def test_alike_names_are_near_and_never_the_same():
    culture = cultures()["levant"]
    found = {each.key for each in alike.nearest(culture, listed("levant", "male", "سمير"), "male")}
    assert found & {"سامر", "أمير", "نذير"}
    amin = alike.nearest(culture, listed("levant", "male", "أمين"), "female")
    assert "أمينة" in {each.key for each in amin}
    assert "سمير" not in found


def test_every_table_of_spelling_is_used():
    """A table of spelling that no writing leads to is dead."""
    reached = {writing.split(">")[-1] for culture in cultures().values() for writing in writings(culture)}
    targets = {file.stem.partition("-")[2] for file in spelling.TABLES.glob("*.txt")} - {"cyrillic", "my"}
    assert targets <= reached
