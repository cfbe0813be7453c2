"""A little world of four sources, drawn at random, matched one dossier at a time as the registry does.

Its names are spelled as people of each country spell them, many are not in the list of known names, and everything
that misleads is in it: twins with similar names, cousins of one name, brothers at one address, crossed names,
fillers for birth dates. No wrong link is tolerated.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import combinations
from pathlib import Path
from random import Random
from typing import Any

import pytest

from registry.fhir import CANONICAL
from registry.identity import demographics, keys, likeness, match
from registry.identity.match import PersonView, Subject
from tests.support import naive_matching

SCHEMAS = Path(__file__).resolve().parents[2] / "schemas" / "matching"

# Arabic | French | English-like | Cyrillic
BOYS = """
محمد|Mohamed|Muhammad|Мухаммед
أحمد|Ahmed|Ahmad|Ахмед
حسن|Hassane|Hasan|Хасан
حسين|Hocine|Hussein|Хусейн
ياسين|Yacine|Yaseen|Ясин
أمين|Amine|Ameen|Амин
كريم|Karim|Kareem|Карим
سفيان|Sofiane|Sufyan|Суфьян
بوعلام|Boualem|Bualam|Буалем
عبد القادر|Abdelkader|Abdulqadir|Абдулкадир
عبد الرحمن|Abderrahmane|Abd al-Rahman|Абдуррахман
رضوان|Redouane|Ridwan|Ридван
زهير|Zoheir|Zuhair|Зухейр
لخضر|Lakhdar|Lakhdar|Лахдар
مهدي|Mehdi|Mahdi|Махди
شكري|Chokri|Shukri|Шукри
توفيق|Toufik|Tawfiq|Тауфик
قاسم|Kacem|Qasim|Касим
يوسف|Youcef|Yusuf|Юсуф
إبراهيم|Brahim|Ibrahim|Ибрахим
جلال|Djellal|Jalal|Джалал
هشام|Hichem|Hisham|Хишам
ضياء الدين|Diaeddine|Diya al-Din|Дияуддин
نبيل|Nabil|Nabeel|Набиль
سمير|Samir|Sameer|Самир
غسان|Ghassen|Ghassan|Гассан
"""
GIRLS = """
أمينة|Amina|Ameena|Амина
أميرة|Amira|Ameera|Амира
خديجة|Khadidja|Khadija|Хадиджа
فاطمة|Fatima|Fatimah|Фатима
عائشة|Aïcha|Aisha|Айша
يسرى|Yousra|Yusra|Юсра
زينب|Zineb|Zaynab|Зейнаб
مريم|Meriem|Maryam|Марьям
حنان|Hanane|Hanan|Ханан
هناء|Hanaa|Hana|Хана
سعاد|Souad|Suad|Суад
شهرزاد|Chahrazed|Shahrazad|Шахразад
نوال|Naouel|Nawal|Наваль
ليلى|Leïla|Layla|Лейла
كوثر|Kaouther|Kawthar|Каусар
رجاء|Radja|Raja|Раджа
إلهام|Ilhem|Ilham|Ильхам
سمية|Soumia|Sumayya|Сумайя
حورية|Houria|Huriya|Хурия
وردة|Ouarda|Warda|Варда
كريمة|Karima|Kareema|Карима
سميرة|Samira|Sameera|Самира
فريدة|Farida|Fareeda|Фарида
نصيرة|Nacera|Nasira|Насира
لطيفة|Latifa|Lateefa|Латифа
عقيلة|Akila|Aqila|Акила
"""
FAMILIES = """
بوعزيز|Bouaziz|Buaziz|Буазиз
بن سالم|Bensalem|Bin Salim|Бен Салем
مزيان|Meziane|Mezyan|Мезиан
شرقي|Chergui|Sharqi|Шерги
خليفي|Khelifi|Khalifi|Хелифи
زروقي|Zerrouki|Zarruqi|Зерруки
حمداني|Hamdani|Hamdani|Хамдани
بلقاسم|Belkacem|Belqasim|Белкасем
تواتي|Touati|Tuwati|Туати
قادري|Kadri|Qadri|Кадри
منصوري|Mansouri|Mansuri|Мансури
جبالي|Djebali|Jebali|Джебали
عمراني|Amrani|Omrani|Амрани
رحماني|Rahmani|Rahmani|Рахмани
سعدي|Saadi|Saadi|Саади
مراح|Merah|Merrah|Мерах
الطاهر|Tahar|Al-Tahir|Тахар
درويش|Darwiche|Darwish|Дарвиш
يحياوي|Yahiaoui|Yahyawi|Яхьяуи
غربي|Gharbi|Gharbi|Гарби
بورقيبة|Bourguiba|Burqiba|Бургиба
حداد|Haddad|Haddad|Хаддад
شاوي|Chaoui|Shawi|Шауи
عاشور|Achour|Ashur|Ашур
"""
SOURCES = (("almara-dhis2", (1, 0)), ("bektar-iis", (2,)), ("bektar-schools", (2,)), ("corvia-schools", (3,)))
SIMILAR_TWINS = (("حسن", "حسين"), ("أمينة", "أميرة"), ("كريم", "كريمة"), ("سمير", "سميرة"), ("هناء", "حنان"))

Spelled = tuple[str, ...]


def _table(text: str) -> list[Spelled]:
    return [tuple(line.split("|")) for line in text.split("\n") if line]


@dataclass
class Child:
    """A person of the world, as the truth has it."""

    number: int
    given: Spelled
    father: Spelled
    grandfather: Spelled
    family: Spelled
    mother: Spelled
    sex: str
    born: tuple[int, int, int]
    village: str
    phone: str


@dataclass
class World:
    random: Random
    children: list[Child] = field(default_factory=list)

    def family(self) -> None:
        """Two brothers' households in one village: cousins of one name, siblings, now and then twins."""
        draw = self.random
        boys, girls = _table(BOYS), _table(GIRLS)
        similar = {name for pair in SIMILAR_TWINS for name in pair}
        family, grandfather = draw.choice(_table(FAMILIES)), draw.choice(boys)
        village = draw.choice(["Ain Sefra", "Tizi", "Oued Zem", "Karsa", "Dellys"])
        fathers = draw.sample(boys, 2)
        given, sex = self._given()
        while given[0] in similar:
            given, sex = self._given()
        year = draw.randint(2008, 2019)
        mothers, months = draw.sample(girls, 2), draw.sample(range(1, 13), 2)
        for month, father, mother in zip(months, fathers, mothers, strict=True):
            phone = f"05{draw.randrange(10**8):08d}"
            same_year = (year, month, draw.randint(13, 28))
            self._born(given, father, grandfather, family, mother, sex, same_year, village, phone)
            taken = {given, *(each for pair in SIMILAR_TWINS for each in pair)}
            for _ in range(draw.randint(0, 2)):
                name, other_sex = self._given()
                if name not in taken and name[0] not in taken:
                    taken.add(name)
                    born = (year + draw.choice([-3, -1, 2]), draw.randint(1, 12), draw.randint(1, 28))
                    self._born(name, father, grandfather, family, mother, other_sex, born, village, phone)
            if draw.random() < 0.25:
                self._twins(father, grandfather, family, mother, village, phone)

    def _twins(self, *household: Any) -> None:
        draw = self.random
        by_name = {each[0]: each for each in _table(BOYS) + _table(GIRLS)}
        pair = draw.choice(SIMILAR_TWINS)
        born = (draw.randint(2008, 2019), draw.randint(1, 12), draw.randint(1, 28))
        father, grandfather, family, mother, village, phone = household
        for name in pair:
            sex = "male" if by_name[name] in _table(BOYS) else "female"
            self._born(by_name[name], father, grandfather, family, mother, sex, born, village, phone)

    def _given(self) -> tuple[Spelled, str]:
        sex = self.random.choice(["male", "female"])
        return self.random.choice(_table(BOYS if sex == "male" else GIRLS)), sex

    def _born(self, *facts: Any) -> None:
        self.children.append(Child(len(self.children), *facts))

    def records(self) -> Iterator[tuple[int, Subject]]:
        for source, spellings in SOURCES:
            for child in self.children:
                if self.random.random() < 0.55:
                    yield child.number, self._record(child, source, spellings)
                    if self.random.random() < 0.01:
                        yield child.number, self._record(child, source, spellings)

    def _record(self, child: Child, source: str, spellings: tuple[int, ...]) -> Subject:
        draw = self.random
        number = f"{source}-{draw.randrange(10**9)}"
        given, father, family = child.given, child.father, child.family
        crossed = draw.random()
        if crossed < 0.02:
            given, father = father, given
        elif crossed < 0.06:
            family = father
        knows_parents = "schools" not in source or draw.random() < 0.9
        contacts = [("FTH", father, 0.9), ("MTH", child.mother, 0.8), ("GRFTH", child.grandfather, 0.3)]
        patient: dict[str, Any] = {
            "resourceType": "Patient",
            "id": number,
            "identifier": [{"system": f"urn:continuity:{source}:child", "value": number, "use": "official"}],
            "name": [{"given": [given[at]], "family": family[at]} for at in spellings[: draw.randint(1, 2)]],
            "gender": child.sex,
            "contact": [
                {"relationship": [{"coding": [{"code": code}]}], "name": {"given": [name[spellings[0]]]}}
                for code, name, share in contacts
                if knows_parents and draw.random() < share
            ],
            "address": [{"city": child.village if "almara" in source or draw.random() < 0.2 else "Elsewhere"}],
            **self._birth(child),
        }
        if "almara" in source:
            patient["telecom"] = [{"system": "phone", "value": child.phone}]
        return Subject(id=number, source=source, demographics=demographics.of(patient))

    def _birth(self, child: Child) -> dict[str, Any]:
        year, month, day = child.born
        drawn = self.random.random()
        if drawn < 0.08:
            return {"birthDate": f"{year}-01-01"}
        if drawn < 0.10:
            return {"birthDate": f"{year}"}
        if drawn < 0.12 and day <= 12:
            return {"birthDate": f"{year}-{day:02d}-{month:02d}"}
        if drawn < 0.14:
            url = f"{CANONICAL}/StructureDefinition/original-date"
            beside = f"{year}-{month:02d}-{min(day + 1, 28):02d}"
            original = {"extension": [{"url": url, "valueString": "1435-03-12 hijri"}]}
            return {"birthDate": beside, "_birthDate": original}
        return {"birthDate": f"{year}-{month:02d}-{day:02d}"}


@dataclass
class Outcome:
    """What became of a world: pairs of one child across sources, and how they ended."""

    records: int = 0
    wrong: list[tuple[int, int, Any]] = field(default_factory=list)
    reviewed: int = 0
    true_pairs: int = 0
    found_pairs: int = 0
    missed: list[Any] = field(default_factory=list)

    @property
    def recall(self) -> float:
        return self.found_pairs / self.true_pairs


def run(seed: int, *, families: int, weights: match.Weights) -> Outcome:
    """Draw a world and match its dossiers in random order, one at a time, against those that share a key."""
    world = World(Random(seed))
    for _ in range(families):
        world.family()
    arriving = list(world.records())
    world.random.shuffle(arriving)
    outcome = Outcome(records=len(arriving))
    by_key: dict[keys.Key, set[int]] = {}
    persons: dict[int, list[tuple[int, Subject]]] = {}
    person_of: dict[int, int] = {}
    for at, (truth, subject) in enumerate(arriving):
        hits = {person_of[each] for key in keys.asked(subject.demographics) for each in by_key.get(key, ())}
        views = [PersonView(id=str(each), members=tuple(s for _, s in persons[each])) for each in sorted(hits)]
        resolution = match.resolve(subject, views, weights)
        person = at if resolution.link is None else int(resolution.link)
        for joined, _ in resolution.also:
            moved = persons.pop(int(joined))
            outcome.wrong += [(truth, other, None) for other, _ in moved if other != truth]
            persons[person] += moved
            person_of.update({each: person for each, old in person_of.items() if old == int(joined)})
        outcome.reviewed += bool(resolution.reviews)
        for other, member in persons.get(person, []):
            if other != truth:
                outcome.wrong.append((truth, other, (subject, member, resolution.match)))
        persons.setdefault(person, []).append((truth, subject))
        person_of[at] = person
        for key in keys.stored(subject.demographics):
            by_key.setdefault(key, set()).add(at)
    for one, other in combinations(range(len(arriving)), 2):
        (truth, left), (same, right) = arriving[one], arriving[other]
        if truth == same and left.source != right.source:
            outcome.true_pairs += 1
            outcome.found_pairs += person_of[one] == person_of[other]
            if person_of[one] != person_of[other]:
                outcome.missed.append((left, right))
    return outcome


@pytest.fixture(scope="module")
def weights() -> match.Weights:
    return match.read(
        json.loads((SCHEMAS / "weights-1.json").read_text(encoding="utf-8")),
        json.loads((SCHEMAS / "translated-names.json").read_text(encoding="utf-8")),
    )


# The worlds differ from run to run of the development, never of the test: the seeds are fixed.
@pytest.mark.parametrize("seed", [101, 102])
def test_no_wrong_link_good_recall_and_few_reviews(seed: int, weights: match.Weights) -> None:
    outcome = run(seed, families=50, weights=weights)
    assert not outcome.wrong
    assert outcome.recall >= 0.87
    assert outcome.reviewed <= 0.09 * outcome.records


def test_no_wrong_link_without_the_list_of_known_names(weights: match.Weights) -> None:
    outcome = run(104, families=50, weights=replace(weights, known=likeness.known_names([])))
    assert not outcome.wrong
    assert outcome.recall >= 0.85


def test_keys_lose_no_link_of_the_brute_force(weights: match.Weights) -> None:
    world = World(Random(105))
    for _ in range(8):
        world.family()
    subjects = [subject for _, subject in world.records()]
    links = naive_matching.every_link(subjects, weights)
    assert len(links) > 30
    lost = [
        (one.id, other.id) for one, other in links if not keys.asked(one.demographics) & keys.stored(other.demographics)
    ]
    assert not lost
