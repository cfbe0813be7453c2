"""Who is who? Two people side by side, what the registry must say, and why.

Each case is three lines: what one source says, what the other says, the verdict and why. A person is written as
`given / father / family / mother, born, sex`, with more facts after that as `word:value`:
`v:` village, `p:` phone, `gf:` the father's father, `id:` an official number of one common system, `was:` the date in
the calendar it was written in.
A plus parts the first given name from what stands after it; a dash is something the source does not know. `link`
means the registry may join the two by itself, `review` that a steward must look, `distinct` that they are two people
as far as anyone can tell.

The line that must never be crossed: a child never gets another child's record. So twins, brothers, sisters and
cousins must never be `link`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from registry.fhir import CANONICAL
from registry.identity import demographics, match
from registry.identity.demographics import Demographics
from registry.identity.match import PersonView, Reason, Subject, Verdict

SCHEMAS = Path(__file__).resolve().parents[2] / "schemas" / "matching"
WEIGHTS = match.read(
    json.loads((SCHEMAS / "weights-1.json").read_text(encoding="utf-8")),
    json.loads((SCHEMAS / "translated-names.json").read_text(encoding="utf-8")),
)

ONE_PERSON_IN_SEVERAL_SCRIPTS = """
Mohamed/Ahmed/Benali/Khadidja, 2014-05-17, male
محمد/أحمد/بن علي/خديجة, 2014-05-17, male
    link: Arabic letters leave the short vowels out
Yousra/Karim/Haddad/Zineb, 2013-11-02, female
Юсра/Карим/Хаддад/Зейнаб, 2013-11-02, female
    link: French and Russian ears write one sound in two ways
يسرى/كريم/حداد/زينب, 2013-11-02, female
Юсра/Карим/Хаддад/Зейнаб, 2013-11-02, female
    link: no common alphabet at all
Abderrahmane/Youcef/Mansouri/-, 2012-03-09, male
Abdulrahman/Yusuf/Mansuri/-, 2012-03-09, male
    link: the servant of the Merciful, joined or not
Abd al-Rahman/-/Mansouri/-, 2012-03-09, male
Абдуррахман/-/Мансури/-, 2012-03-09, male
    link: the same, in two words and in Cyrillic
Chérif/Noureddine/Touati/-, 2015-07-30, male
Sharif/Nur al-Din/Tuwati/-, 2015-07-30, male
    link: French ch is English sh
Khadija/-/Zerrouki/Aïcha, 2011-01-20, female
Хадиджа/-/Зерруки/Айша, 2011-01-20, female
    link: kh and dj are one letter elsewhere
Oualid/-/Chergui/Nawel, 2010-10-10, male
Walid/-/Shergi/Nawal, 2010-10-10, male
    link: French writes ou for w and gui for gi
Олександр/-/Коваленко/Олена, 2009-04-25, male
Oleksandr/-/Kovalenko/Olena, 2009-04-25, male
    link: Ukrainian
Сергей/-/Иванов/-, 2009-04-25, male
Serhii/-/Ivanov/-, 2009-04-25, male
    link: Russian against Ukrainian spelling
ተስፋዬ/-/ገብረመድህን/-, 2013-09-14, male
Tesfaye/-/Gebremedhin/-, 2013-09-14, male
    link: Ge'ez letters
ሐሰን/-/ዓሊ/አሚና, 2013-09-14, male
ሀሰን/-/አሊ/አሚና, 2013-09-14, male
    link: Ge'ez writes one sound with several letters
ሙሉጌታ/አበበ/-/-, 2012-02-11, male
Мулугета/Абебе/-/-, 2012-02-11, male
    link: Ge'ez against Cyrillic
Yusuf/Ibrahim/Hakimi/-, 2011-08-08, male
Joseph/Abraham/Hakimi/-, 2011-08-08, male
    link: translated names
Moïse/-/Diallo/Marie, 2011-08-08, male
Moussa/-/Diallo/Mariam, 2011-08-08, male
    link: translated names
Nguyễn/-/Đặng/-, 2012-12-03, female
Nguyen/-/Dang/-, 2012-12-03, female
    link: diacritics left out, no letter lost
يحیی/-/قادری/مریم, 2014-02-02, male
يحيى/-/قادري/مريم, 2014-02-02, male
    link: Persian and Arabic forms of yeh
Fatima Zahra/-/Rahmani/-, 2013-03-03, female
Fatimazahra/-/Rahmani/-, 2013-03-03, female
    link: two words or one
Zahra/Ali/Rahmani/-, 2013-03-03, female
Fatima Zahra/Ali/Rahmani/-, 2013-03-03, female
    link: a part of the name is left out
"""

ONE_PERSON_WRITTEN_DOWN_IN_A_HURRY = """
Salma/Ahmed/Benali/Nadia, 2014-05-17, female
Selma/Ahmad/Ahmad/Nadia, 2014-05-17, female
    link: the father's name in the place of the family name
Bilal/Karim/Haddad/-, 2014-05-17, male
Bilal/-/Karim/-, 2014-05-17, male
    link: the same, and nobody asked for the father
Redouane/Hicham/Meziane/Samia, 2014-05-17, male
Hicham/Redouane/Meziane/Samia, 2014-05-17, male
    link: given and father's name crossed, the day is right
Redouane/Hicham/Meziane/Samia, 2014-05-17, male
Hicham/Redouane/Meziane/Samia, 2014-01-01, male
    link: the same with the year alone: the mother and the family agree
Redouane/Hicham/Meziane/-, 2014-05-17, male
Hicham/Redouane/Meziane/-, 2014-01-01, male
    review: without the mother it may be the cousin who bears the names the other way round
Redouane/-/Meziane/Samia, 2014-05-17, male
Meziane/-/Redouane/Samia, 2014-05-17, male
    link: given and family name crossed
Houria/Ali/Touati/Zineb, 2014-05-07, female
Houria/Ali/Touati/Zineb, 2014-07-05, female
    link: day and month exchanged
Houria/Ali/Touati/Zineb, 2014-05-17, female
Houria/Ali/Touati/Zineb, 2014-01-01, female
    link: 1 January is a filler: both parents and the year agree
Houria/Ali/Touati/Zineb, 2014, female
Houria/Ali/Touati/Zineb, 2014-05-17, female
    link: the year is all that one of them knows
Houria/Ali/Touati/Zineb, 2014-05, female
Houria/Ali/Touati/Zineb, 2014-05-17, female
    link: year and month are all that one of them knows
Houria/Ali/Touati/-, 2014-01-01, female
Houria/-/Touati/-, 2014-05-17, female
    review: a name and a year: a steward may know more
Houria/Ali/Touati/Zineb, 2014-05-17, female
Houria/Ali/Touati/Zineb, 2015-05-17, female
    link: one year wrong: day, month and both parents agree
Houria/Ali/Touati/Zineb, 2014-05-17, female
Houria/Ali/Touati/Zineb, 2014-05-27, female
    link: a slip in the day: no couple gives a name twice
Houria/Ali/Touati/Zineb, 2014-05-17, female
Houria/Ali/Touati/Zineb, 2006-05-19, female
    review: the dates contradict each other; all else agrees
Houria/Ali/Touati/-, 2014-05-17, female
Houria/Ali/Touati/Zineb, 2014-05-17, -
    link: missing is no evidence against
Houria/-/Touati/-, 2014-05-17, female
Houria/-/Touati/-, 2014-05-17, female
    link: the name, the very day and the sex
Houria/-/-/Zineb, 2014-05-17, female
Houria/-/-/Zineb, 2014-05-17, female
    link: no family name, but the mother's
Mohamed Amine/Ali/Touati/Zineb, 2014-05-17, male
Amine/Ali/Touati/Zineb, 2014-05-17, male
    link: half of the boys are called Mohamed and something
Mohamed Amine/Ali/Touati/Zineb, 2014-05-17, male
Mohamed/Ali/Touati/Zineb, 2014-05-17, male
    review: Mohamed alone says nothing: he may have a twin called Mohamed and something else
Abderrahmane/Ali/Touati/Zineb, 2014-05-17, male
Abderrhamane/Ali/Touati/Zineb, 2014-05-17, male
    link: neighbouring letters exchanged in a long name
Houria/Ali/Touati/Zineb, 2014-05-17, female
Huriya/Aly/Tuwati/Zaynab, 2014-05-17, female, v:Tizi
    link: several spellings at once
Hassan+Louay/Louay/Hamdan/-, 2014-02-28, male
Хассан+Лоай/Лоай/Хамдан/Хаджар, 2014-02-28, male
    link: what follows the given name is the father's, and he is only spelled otherwise
Karim/Rania/Khalifa/Rawda, 2014-12-13, female
Rania+Karim/-/Khalifa/Rawda, 2014-12-13, female
    link: given and father's name crossed, the father's in the second place
"""

OTHER_CALENDARS = """
Amina/Ali/Touati/-, 2014-05-17, female
Amina/Ali/Touati/-, 1435-07-18, female
    link: the date was left in the Hijri calendar and is the same day
Dawit/Abebe/Haile/-, 2013-09-14, male
Dawit/Abebe/Haile/-, 2006-01-04, male
    link: the date was left in the Ethiopian calendar and is the same day
Amina/Ali/Touati/Zineb, 2014-05-17, female
Amina/Ali/Touati/Zineb, 2014-05-18, female, was:1435-07-19 hijri
    link: the moon was seen a day later
Amina/-/Touati/-, 2014-05-17, female
Amina/-/Touati/-, 2014-05-18, female, was:1435-07-19 hijri
    link: the same, and the parents are not known
Amina/-/Touati/-, 2014-05-17, female
Amina/-/Touati/-, 2014-05-18, female
    distinct: a day apart and no other calendar to explain it
Amina/Ali/Touati/Zineb, 2014-12-17, female
Amina/Ali/Touati/Zineb, 2014-10-25, female, was:1436-01-01 hijri
    link: the first of a Hijri year says the year only
"""

TWINS = """
Hassan/Ali/Touati/Zineb, 2014-05-17, male
Hussein/Ali/Touati/Zineb, 2014-05-17, male
    review: twins with similar names
حسن/علي/تواتي/زينب, 2014-05-17, male
Hussein/Ali/Touati/Zineb, 2014-05-17, male
    review: the same, across scripts
حسين/علي/تواتي/زينب, 2014-05-17, male
Хасан/Али/Туати/Зейнаб, 2014-05-17, male
    review: the same, without a common script
Amina/Ali/Touati/Zineb, 2014-05-17, female
Amira/Ali/Touati/Zineb, 2014-05-17, female
    review: one letter
أمينة/علي/تواتي/زينب, 2014-05-17, female
Амира/Али/Туати/Зейнаб, 2014-05-17, female
    review: one letter, across scripts
Jamal/Ali/Touati/Zineb, 2014-05-17, male
Jamil/Ali/Touati/Zineb, 2014-05-17, male
    review: one vowel
جمال/علي/تواتي/زينب, 2014-05-17, male
Jamil/Ali/Touati/Zineb, 2014-05-17, male
    review: one vowel, which Arabic writes
عمر/علي/تواتي/زينب, 2014-05-17, male
Ammar/Ali/Touati/Zineb, 2014-05-17, male
    review: Arabic does not write the difference, so the list of known names must tell
Salim/Ali/Touati/Zineb, 2014-05-17, male
Salim/Ali/Touati/Zineb, 2014-05-17, male
    review: Salim is سليم and سالم: a twin may be hidden in the spelling
Samir/Ali/Touati/Zineb, 2014-05-17, male
Yasmine/Ali/Touati/Zineb, 2014-05-17, female
    distinct: twins with unlike names and another sex
Rayan/Ali/Touati/Zineb, 2014-05-17, male
Ilyes/Ali/Touati/Zineb, 2014-05-17, male, p:0555123456
    distinct: twins with unlike names
Mohamed Amine/Ali/Touati/Zineb, 2014-05-17, male
Mohamed Khaled/Ali/Touati/Zineb, 2014-05-17, male
    distinct: twins who share the first of two names
Mohamed Amine/Ali/Touati/Zineb, 2014-05-17, male
Mohamed Yassine/Ali/Touati/Zineb, 2014-05-17, male
    review: the same, and the second names are similar
Hussein/Hasan/Touati/Zineb, 2014-05-17, male
Hussein/Hussein/Touati/Zineb, 2014-05-17, male
    review: perhaps Hasan, son of Hussein, written the wrong way round: the other's twin
نادر/Ali/Touati/Zineb, 2014-05-17, male
Nadhir/Ali/Touati/Zineb, 2014-05-17, male
    review: alike, but two known names
Nadir/Ali/Touati/Zineb, 2014-05-17, male
Nadir/Ali/Touati/Zineb, 2014-05-17, male
    review: Nadir is نادر and نذير
Hussein+Ali/-/Touati/Zineb, 2014-05-17, male
Ali/-/Touati/Zineb, 2014-05-17, male
    review: the second name may be the father's, and the other one a twin written with his father's name
-/Ali/Touati/Zineb, 2014-05-17, male
Rayan/Ali/Touati/Zineb, 2014-05-17, male
    review: the household and the day fit, but nothing is about the child itself
Baby Boy/Ali/Touati/Zineb, 2014-05-17, male
Rayan/Ali/Touati/Zineb, 2014-05-17, male
    review: a placeholder is no name
"""

BOY_OR_GIRL = """
Karim/Ali/Touati/Zineb, 2014-05-17, male
Karima/Ali/Touati/Zineb, 2014-05-17, female
    review: the two forms of one name, as brother and sister bear them
كريم/علي/تواتي/زينب, 2014-05-17, -
Karima/Ali/Touati/Zineb, 2014-05-17, -
    review: the same across scripts, and nobody wrote the sex down
Oleksandr/-/Kovalenko/Olena, 2014-05-17, male
Oleksandra/-/Kovalenko/Olena, 2014-05-17, female
    distinct: Slavic twins, a boy and a girl
Олександр/-/Коваленко/Олена, 2014-05-17, -
Oleksandra/-/Kovalenko/Olena, 2014-05-17, -
    review: the same across scripts
Amine/Ali/Touati/Zineb, 2014-05-17, male
Amina/Ali/Touati/Zineb, 2014-05-17, female
    review: French writes a silent e for the boy
Rokaye/Ali/Touati/Zineb, 2014-05-17, female
Rokaya/Ali/Touati/Zineb, 2014-05-17, female
    link: both are girls, so the last letter is only spelling
Rokaye/Ali/Touati/Zineb, 2014-05-17, -
Rokaya/Ali/Touati/Zineb, 2014-05-17, -
    review: nobody wrote the sex down, so it may be a boy and a girl
Nour/Ali/Touati/Zineb, 2014-05-17, male
Nour/Ali/Touati/Zineb, 2014-05-17, female
    review: a name for both, and the sex contradicts
Oksana/-/Kovalska/Olena, 2014-05-17, female
Оксана/-/Ковальский/Олена, 2014-05-17, female
    link: the family name has an ending for men and one for women
Оксана/-/Иванова/Олена, 2014-05-17, female
Oksana/-/Ivanov/Olena, 2014-05-17, female
    link: the same
"""

BROTHERS_SISTERS_AND_COUSINS = """
Thamer/Slimane/Fayad/-, 2008-06-09, male, v:Tizi, p:0661324106
Tamer+Suleiman/-/Suleiman/Mufida, 2008-01-01, male, v:Adrar, p:0555527888
    distinct: a namesake: that his father has the same name is told twice and counts once
Rayan/Ali/Touati/Zineb, 2014-05-17, male, v:Tizi, p:0555123456
Ilyes/Ali/Touati/Zineb, 2016-02-03, male, v:Tizi, p:0555123456
    distinct: brothers at one address
Amina/Ali/Touati/Zineb, 2014-05-17, female, v:Tizi
Amira/Ali/Touati/Zineb, 2016-02-03, female, v:Tizi
    distinct: sisters with similar names
Amina/Ali/Touati/Zineb, 2014-01-01, female, v:Tizi
Amira/Ali/Touati/Zineb, 2014-01-01, female, v:Tizi
    review: perhaps sisters, perhaps a slip of the pen: nobody knows the day
Rayan/Ali/Touati/Zineb, 2014-05-17, male, v:Tizi, gf:Omar
Rayan/Said/Touati/Nadia, 2014-11-30, male, v:Tizi, gf:Omar
    distinct: cousins of one name, born in one year
Rayan/Ali/Touati/Zineb, 2014-05-17, male, v:Tizi, gf:Omar
Rayan/-/Touati/-, 2014-01-01, male, v:Tizi, gf:Omar
    review: it may be the cousin: what agrees, cousins share
Rayan/Ali/Touati/Zineb, 2014-01-01, male, v:Tizi, gf:Omar
Rayan/Said/Touati/-, 2014, male, v:Tizi, gf:Omar
    distinct: cousins with fillers for birth dates
Yusuf/Ahmad/Touati/Zineb, 2014-05-17, male
Ahmad/Yusuf/Touati/Nadia, 2014-11-30, male
    distinct: two brothers named their sons after each other
Rayan/Ali/Touati/Zineb, 2014-05-17, male, v:Tizi
Rayan/Omar/Haddad/Nadia, 2014-05-17, male, v:Tizi
    distinct: born on one day in one village, and not related
Rayan/-/Touati/-, 2014-05-17, male
Rayan/-/Haddad/-, 2014-05-17, male
    distinct: a given name and a day are too little
"""

NUMBERS = """
Rayan/Ali/Touati/Zineb, 2014-05-17, male, id:11
Rayan/Ali/Touati/Zineb, 2014-05-17, male, id:22
    review: two official numbers of one system: never by itself
Rayan/Ali/Touati/-, 2014-05-17, male, id:11
Rayane/-/-/-, 2014, male, id:11
    link: one official number, and nothing against it
Rayan/Ali/Touati/Zineb, 2014-05-17, male, id:11
Yasmine/Ali/Touati/Zineb, 2014-05-17, female, id:11
    review: twins under one number: somebody must look
Lamia/Muat/Touati/Zineb, 2014-05-17, female, id:11
Lamia/Moaz/Touati/-, 2014-05-17, female, id:11
    link: another father, but cousins have two numbers
Yusuf/Ali/Touati/Zineb, 2014-05-17, male, id:11
Yousif/Ali/Touati/Zineb, 2014-05-17, male, id:11
    link: a similar name under one number is a slip
Hassan/Ali/Touati/Zineb, 2014-05-17, male, id:11
Hussein/Ali/Touati/Zineb, 2014-05-17, male, id:11
    review: two known names under one number: perhaps the twin's
Houria/Ali/Touati/Zineb, 2014-05-17, female, id:11
Houria/Ali/Touati/Zineb, 2013-07-19, female, id:11
    link: number, name and parents agree, so the date is a slip
Houria/Ali/Touati/Zineb, 2014-05-17, female, id:11
Warda/Ali/Touati/Zineb, 2013-07-19, female, id:11
    review: a sister under the same number
Houria/-/Touati/-, 2014-05-17, female, id:11
Houria/-/Touati/-, 2006-07-19, female, id:11
    review: the same, and no parent tells that it is not a namesake
Rayan/Ali/Touati/Zineb, 2014-05-17, male, id:11
Pavlo/Ivan/Shevchenko/Olha, 1999-02-02, male, id:11
    review: one number, two people: a fault in the system
"""


def _rows(table: str) -> list[Any]:
    lines = [line.strip() for line in table.strip().splitlines()]
    cases = zip(lines[::3], lines[1::3], lines[2::3], strict=True)
    return [
        pytest.param(one, other, Verdict(said.partition(":")[0]), id=f"{one} | {other} | {said}")
        for one, other, said in cases
    ]


TABLES = (
    ONE_PERSON_IN_SEVERAL_SCRIPTS,
    ONE_PERSON_WRITTEN_DOWN_IN_A_HURRY,
    OTHER_CALENDARS,
    TWINS,
    BOY_OR_GIRL,
    BROTHERS_SISTERS_AND_COUSINS,
    NUMBERS,
)
ROWS = [row for table in TABLES for row in _rows(table)]


def person(written: str) -> Demographics:
    """Read one side of a line."""
    names, born, sex, *facts = [each.strip() for each in written.split(",")]
    given, father, family, mother = ("" if each.strip() == "-" else each.strip() for each in names.split("/"))
    told = dict(each.split(":", 1) for each in facts)
    relatives = (("FTH", father), ("MTH", mother), ("GRFTH", told.get("gf", "")))
    patient: dict[str, Any] = {
        "resourceType": "Patient",
        "id": "p",
        "name": [{"given": given.split("+") if given else [], **({"family": family} if family else {})}],
        "contact": [
            {"relationship": [{"coding": [{"code": code}]}], "name": {"given": [name]}}
            for code, name in relatives
            if name
        ],
        "birthDate": born,
        **({"gender": sex} if sex != "-" else {}),
        "address": [{"city": told["v"]}] if "v" in told else [],
        "telecom": [{"system": "phone", "value": told["p"]}] if "p" in told else [],
        "identifier": [{"system": "urn:x:national", "value": told["id"], "use": "official"}] if "id" in told else [],
    }
    if "was" in told:
        url = f"{CANONICAL}/StructureDefinition/original-date"
        patient["_birthDate"] = {"extension": [{"url": url, "valueString": told["was"]}]}
    return demographics.of(patient)


@pytest.mark.parametrize(("one", "other", "verdict"), ROWS)
def test_two_people_side_by_side(one: str, other: str, verdict: Verdict) -> None:
    found = match.decide(person(one), person(other), WEIGHTS)
    assert found.verdict is verdict, "\n".join([f"score {found.score:.2f}", *found.explanation()])
    assert match.decide(person(other), person(one), WEIGHTS).verdict is verdict


def test_the_tables_are_read_whole() -> None:
    assert len(ROWS) >= 60


# What a desk asks, whom the registry knows, and who is meant.
KNOWN = {
    "rayan": "Rayan/Ali/Touati/Zineb, 2014-05-17, male, v:Tizi",
    "his cousin": "Rayan/Said/Touati/Nadia, 2014-11-30, male, v:Tizi",
    "amina": "أمينة/علي/تواتي/زينب, 2016-02-03, female, v:Tizi",
    "a twin": "Hassan/Omar/Haddad/Samia, 2012-06-06, male",
    "the other twin": "Hussein/Omar/Haddad/Samia, 2012-06-06, male",
    "a namesake": "Lina/Omar/Rahmani/Samia, 2011-01-01, female",
    "the other namesake": "Lina/Omar/Rahmani/Nadia, 2011-01-01, female",
}

ASKED = """
Rayan/Ali/Touati/Zineb, 2014, male | rayan | name, year and both parents
Rayan/-/Touati/Zineb, 2014, male | rayan | name, year and the mother's name
ريان/-/تواتي/زينب, 2014, - | rayan | the same in the family's own script
Амина/-/Туати/Зейнаб, 2016, - | amina | asked in Cyrillic, known in Arabic
Amina/-/Touati/Zineb, 2016-02, female | amina | year and month
Rayan/-/Touati/-, 2014, male | - | the cousin fits as well
Rayan/-/Touati/-, 2014-05-17, male | rayan | the very day tells the cousins apart
Hassan/-/Haddad/Samia, 2012, male | a twin | twins are told apart by their names
Lina/Omar/Rahmani/-, 2011, female | - | two people fit, so nobody is named
Rayan/-/-/-, 2014-05-17, male | - | two attributes are too few
Amina/-/Touati/Zineb, 2016-02-03, male | - | the sex contradicts
Houria/-/Touati/Zineb, 2014, female | - | a sister nobody knew yet
"""


@pytest.mark.parametrize(
    ("question", "meant"),
    [pytest.param(*(cell.strip() for cell in line.split("|")[:2]), id=line) for line in ASKED.strip().splitlines()],
)
def test_what_a_desk_asks(question: str, meant: str) -> None:
    known = [
        PersonView(id=name, members=(Subject(id=name, source="almara-dhis2", demographics=person(written)),))
        for name, written in KNOWN.items()
    ]
    found = match.identify(person(question), known, WEIGHTS)
    assert found.person == (None if meant == "-" else meant), found.match and found.match.explanation()
    assert (found.reason is Reason.FOUND) == (meant != "-")
