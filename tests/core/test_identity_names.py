"""Reading names: nothing is lost, and what sounds alike is read alike in every script."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.identity import distance, names, scripts
from registry.identity.scripts import Script

SOUND_WITHIN = 0.085


def first_sounds(text: str) -> tuple[str, ...]:
    read = names.name(text)
    assert read is not None
    return read.tokens[0].sounds


def apart(left: str, right: str) -> float:
    return min(distance.between(one, other) for one in first_sounds(left) for other in first_sounds(right))


SAME = """
Mohamed Mouhamad Muhammad Мухаммед محمد
Yousra Yusra Юсра يسرى
Khadidja Khadija Хадиджа خديجة
Abderrahmane Abdulrahman Абдуррахман عبدالرحمن
Cherif Sharif Шариф شريف
Noureddine Nuruddin Нуреддин نورالدين
Walid Oualid Валид وليد
Naoual Nawal Науаль نوال
Tawfiq Toufik Тауфик توفيق
Hocine Hussein Хусейн حسين
Aïcha Aisha Айша عائشة
Othman Усман عثمان
Abdelkader Abdulqadir Абделькадер عبدالقادر
Mustapha Moustafa Мустафа مصطفى
Zakaria Zakariya Закария زكريا
""".strip().splitlines()


@pytest.mark.parametrize("spellings", SAME)
def test_spellings_of_one_name_sound_alike(spellings: str) -> None:
    words = spellings.split()
    far = [(one, other) for one in words for other in words if apart(one, other) > SOUND_WITHIN]
    assert not far


OTHERS = (
    """
حسن Hussein|حسين Hassan|Hassan Hussein|Хасан حسين|Amina Amira|أمينة Amira|Амира أمينة|جمال Jamil|Jamal Jamil
محمد Mahmoud|Мухаммед محمود|Hamid Hamad|Nada Nadia|Hana Hanan|حنان Hana|Marwa Marwan|Faris Firas|Salma Salima
Yasin Yasmin|Sara Zara|Omar Amir|عمر Amir|سعد Saïd|Souad Saad|Rania Rana|Lina Lana|Dina Dana|Anas Anis
Ayman Iman|أيمن Iman|إيمان Ayman|Jihad Jihan|Khalil Khaled|Kamal Kamil|Rashid Rashad|Maria Marina
""".replace("\n", "|")
    .strip("|")
    .split("|")
)


@pytest.mark.parametrize("pair", OTHERS)
def test_similar_names_of_brothers_and_sisters_do_not(pair: str) -> None:
    left, right = pair.split()
    assert apart(left, right) > SOUND_WITHIN


@pytest.mark.parametrize(
    "spellings",
    [
        "Abd al-Rahman|Abdurrahman|عبد الرحمن|عبدالرحمن|Абд ар-Рахман",
        "Nour Eddine|Nur al-Din|نور الدين|Нур ад-Дин",
        "El Hassan|Al-Hassan|Hassan|الحسن|Аль-Хасан",
        "Ben Ali|Benali|بن علي|Бен Али",
        "El Hadj Ahmed|Ahmed|الحاج أحمد",
        "Abou Bakr|Aboubakr|أبو بكر|Абу Бакр",
        "Ахмедович|Ахмедовна|Ahmed",
        "N’Diaye|N'Diaye|Ndiaye",
        "ሐሰን|ሀሰን|ሃሰን|Hasen",
        "يحيى|یحیی|يَحْيَى|يـحـيى",
    ],
)
def test_particles_and_letter_forms_do_not_part_a_name(spellings: str) -> None:
    words = spellings.split("|")
    read = [names.name(each) for each in words]
    assert all(each is not None and len(each.tokens) == 1 for each in read)
    assert not [each for each in words if apart(words[0], each) > SOUND_WITHIN]


@pytest.mark.parametrize(
    "text",
    ["Baby Boy", "baby girl 2", "Unknown", "Inconnu", "Н/Д", "N/A", "xxx", "---", "42", "", "Bébé de Fatima",
     "مجهول", "неизвестно", "B/O Amina", "Nouveau-né", "مولود فاطمة", "Sans prénom"],
)  # fmt: skip
def test_a_placeholder_is_no_name(text: str) -> None:
    assert names.name(text) is None


@pytest.mark.parametrize("text", ["Al", "Haji", "Bin", "U", "Ա", "ⵎⵓⵃⴰ", "王伟", "မောင်", "Đặng", "Øyvind", "Abd", "Na"])
def test_a_name_of_whatever_script_is_kept(text: str) -> None:
    read = names.name(text)
    assert read is not None
    assert all(each.normal and each.romanised and each.sounds and each.skeletons for each in read.tokens)


@given(st.text(max_size=40))
def test_no_text_with_a_letter_has_an_empty_form(text: str) -> None:
    read = names.name(text)
    if read is None:
        return
    for each in read.tokens:
        assert each.normal
        assert each.romanised
        assert all(each.sounds)
        assert all(each.skeletons)
        assert 1 <= len(each.skeletons) <= 3


@given(st.text(alphabet="abdhikmnrsuyéاحمدسيوةабдмихсю ", min_size=1, max_size=30))
def test_reading_a_name_twice_gives_the_same(text: str) -> None:
    assert names.name(text) == names.name(text)


READINGS = st.text(alphabet="abdefghiklmnorstuwyAWYEOIJHTDSCxZGQjz", min_size=1, max_size=10)


@given(READINGS, READINGS)
def test_distance_is_symmetric_and_nought_only_between_alike(left: str, right: str) -> None:
    assert distance.between(left, right) == pytest.approx(distance.between(right, left))
    assert distance.between(left, left) == 0


def test_the_letters_of_each_script_are_told_apart() -> None:
    told = {"Amina": Script.LATIN, "أمينة": Script.ARABIC, "Аміна": Script.CYRILLIC, "አሚና": Script.ETHIOPIC}
    assert {each: scripts.script_of(each) for each in told} == told
