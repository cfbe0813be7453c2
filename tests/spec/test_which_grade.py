"""Which grade a returning child fits in, as a table a head teacher can read and correct.

Three fictional countries: Almara (XAL; 6+3+3 years from the age of 6, before 2014 4+5+3), Bektar (XBK; 5+3+4 from 6)
and Corvia (XCV; 4+5+2 from 7). School years begin in September. Each row: born, the day of asking, where to, the
school years on record (`country school-year grade result`), the completed years, the grade by years (A), by level
(B) and by age (C), the answer when all agree, and what to look at. In brackets: shown, but not proposed.
"""

# ruff: noqa: E501 (a table is read across)

from datetime import date

import pytest

from registry.continuity import education
from registry.continuity.education import placement
from registry.continuity.education.placement import Candidate, Kind, Placement
from registry.fhir import dates
from tests.core.continuity_records import LADDERS, enrolment

TABLE = """
# born     | asked on   | to  | school years on record                       | done | A  | B   | C   | answer | look at
# -- one country, on time
2012-03-01 | 2022-09-10 | XAL | XAL 2021 الصف_الرابع promoted                | 4    | 5  | 5   | 5   | 5      |
2012-03-01 | 2022-09-10 | XAL | XAL 2021 4ème_année promoted                 | 4    | 5  | 5   | 5   | 5      |
2012-03-01 | 2022-09-10 | XAL | XAL 2021 الصف_٤ promoted                     | 4    | 5  | 5   | 5   | 5      |
2012-03-01 | 2022-09-10 | XAL | XAL 2021 4EME_ANNEE_PRIMAIRE promoted        | 4    | 5  | 5   | 5   | 5      |
2012-03-01 | 2022-09-10 | XBK | XBK 2021 Grade_4 promoted                    | 4    | 5  | 5   | 5   | 5      |
2012-03-01 | 2022-09-10 | XBK | XBK 2021 04 promoted                         | 4    | 5  | 5   | 5   | 5      |
2011-03-01 | 2022-09-10 | XCV | XCV 2021 4-й_класс promoted                  | 4    | 5  | 5   | 5   | 5      |
2011-03-01 | 2022-09-10 | XCV | XCV 2021 Fourth_grade promoted               | 4    | 5  | 5   | 5   | 5      |
# -- the result of the year
2012-03-01 | 2022-09-10 | XAL | XBK 2021 Grade_4 repeat                      | 3    | 4  | 4   | 5   | -      |
2012-03-01 | 2022-09-10 | XAL | XBK 2021 Grade_4 not-completed               | 3    | 4  | 4   | 5   | -      |
2012-03-01 | 2022-09-10 | XAL | XBK 2021 Grade_4 unknown                     | 3 4  | 4 5 | 4 5 | 5  | -      |
2012-03-01 | 2022-09-10 | XAL | XBK 2021 Grade_4 conditional                 | 3 4  | 4 5 | 4 5 | 5  | -      |
2012-03-01 | 2022-09-10 | XAL | XBK 2020 Grade_3 unknown, XBK 2021 Grade_4 promoted | 4 | 5 | 5 | 5 | 5     |
2012-03-01 | 2022-09-10 | XAL | XBK 2020 Grade_3 unknown, XBK 2021 Grade_4 not-completed | 3 | 4 | 4 | 5 | - |
2012-03-01 | 2022-09-10 | XAL | XBK 2020 Grade_4 repeat, XBK 2021 Grade_4 promoted | 4 | 5 | 5 | 5 | 5      |
2012-03-01 | 2022-09-10 | XAL | XBK 2021 Grade_4 promoted, XCV 2022 3-й_класс not-completed | 4 | 5 | 5 | 5 | 5 |
# -- the levels differ: Bektar's primary ends a year before Almara's
2011-03-01 | 2022-09-10 | XAL | XBK 2021 Grade_5 promoted                    | 5    | 6  | 7   | 6   | -      |
2010-03-01 | 2022-09-10 | XAL | XBK 2021 Grade_6 promoted                    | 6    | 7  | 8   | 7   | -      |
2008-03-01 | 2022-09-10 | XAL | XBK 2021 Grade_8 promoted                    | 8    | 9  | 10  | 9   | -      |
2011-03-01 | 2022-09-10 | XBK | XAL 2021 الصف_الخامس promoted                | 5    | 6  | 6   | 6   | 6      |
2010-03-01 | 2022-09-10 | XBK | XAL 2021 الصف_السادس promoted                | 6    | 7  | [6] | 7   | -      |
2007-03-01 | 2022-09-10 | XBK | XAL 2021 الصف_التاسع promoted                | 9    | 10 | [9] | 10  | -      |
# -- Corvia begins a year later: the same age, a year fewer
2012-03-01 | 2022-09-10 | XAL | XCV 2021 3-й_класс promoted                  | 3    | 4  | 4   | 5   | -      |
2011-03-01 | 2022-09-10 | XAL | XCV 2021 4-й_класс promoted                  | 4    | 5  | 7   | 6   | -      |
2010-03-01 | 2022-09-10 | XAL | XCV 2021 5-й_класс promoted                  | 5    | 6  | 8   | 7   | -      |
2010-03-01 | 2022-09-10 | XAL | XCV 2021 Fifth_grade promoted                | 5    | 6  | 8   | 7   | -      |
2006-03-01 | 2022-09-10 | XAL | XCV 2021 9_класс promoted                    | 9    | 10 | 10  | 11  | -      |
2012-03-01 | 2022-09-10 | XCV | XBK 2021 Grade_4 promoted                    | 4    | 5  | 5   | [4] | -      |
2011-03-01 | 2022-09-10 | XCV | XAL 2021 الصف_الخامس promoted                | 5    | 6  | [5] | [5] | -      | below
# -- the ladder is a function of the year: Almara before and after 2014
2003-03-01 | 2014-09-10 | XAL | XAL 2013 الصف_الخامس promoted                | 5    | 6  | 8   | 6   | -      |
1999-03-01 | 2014-09-10 | XAL | XAL 2013 5ème_année promoted                 | 9    | 10 | 10  | 10  | 10     |
2011-03-01 | 2022-09-10 | XAL | XAL 2021 5ème_année promoted                 | 5    | 6  | 6   | 6   | 6      |
2002-03-01 | 2013-09-10 | XAL | XAL 2012 الصف_الخامس promoted                | 5    | 6  | 6   | 6   | 6      |
2003-03-01 | 2013-09-10 | XBK | XAL 2012 الصف_الرابع promoted                | 4    | 5  | 6   | 5   | -      |
2012-03-01 | 2022-09-10 | XBK | XAL 2021 الصف_الرابع promoted                | 4    | 5  | 5   | 5   | 5      |
# -- names that can mean two years
2012-03-01 | 2022-09-10 | XBK | XAL 2021 2ème_année promoted                 | 2 8 11 | 3 9 12 | 3 [8] [11] | 5 | - | label perhaps-over-age
# -- several countries
2010-03-01 | 2022-09-10 | XAL | XAL 2018 الصف_الثالث promoted, XBK 2019 Grade_4 promoted, XCV 2021 5-й_класс promoted | 5 | 6 | 8 | 7 | - |
# -- age: too young, over-age, unknown, partly known
2016-12-01 | 2022-09-10 | XAL |                                              |      | -  | -   | ?   | -      | none
2016-03-01 | 2022-09-10 | XAL |                                              |      | -  | -   | 1   | -      | none
2010-03-01 | 2022-09-10 | XAL | XBK 2020 Grade_3 promoted                    | 3    | 4  | 4   | 7   | -      | over-age gap
2010-03-01 | 2022-09-10 | XAL | XBK 2021 Grade_4 promoted                    | 4    | 5  | 5   | 7   | -      | over-age
2010-03-01 | 2022-09-10 | XAL | XBK 2021 Grade_5 promoted                    | 5    | 6  | 7   | 7   | -      |
-          | 2022-09-10 | XAL | XBK 2021 Grade_4 promoted                    | 4    | 5  | 5   | -   | -      |
2012       | 2022-09-10 | XAL | XBK 2021 Grade_4 promoted                    | 4    | 5  | 5   | [4] 5 | -    |
2010       | 2022-09-10 | XAL | XBK 2021 Grade_4 promoted                    | 4    | 5  | 5   | 6 7 | -      | perhaps-over-age
2003-03-01 | 2022-09-10 | XCV | XBK 2021 Grade_11 promoted                   | 11   | ?  | ?   | ?   | -      |
# -- the school year of the day of asking: after May it is the next one
2012-03-01 | 2022-04-10 | XBK | XBK 2021 Grade_4 in-progress                 | 3    | 4  | 4   | 4   | 4      |
2012-03-01 | 2022-06-10 | XBK | XBK 2021 Grade_4 promoted                    | 4    | 5  | 5   | 5   | 5      |
"""

ROWS = [tuple(part.strip() for part in line.split("|")) for line in TABLE.strip().splitlines() if line[0] != "#"]
_FLAG = {"label": "label-ambiguous", "none": "no-school-record", "below": "below-next-year"}


def _place(born: str, asked: str, to: str, years: str) -> Placement:
    told = [each.split() for each in years.split(",") if each.strip()]
    records = [
        enrolment(grade.replace("_", " "), f"{year}/{int(year) + 1}", country, result)
        for country, year, grade, result in told
    ]
    timeline = education.enrolments(records)
    return placement.place(timeline, dates.parse(born), LADDERS, to, date.fromisoformat(asked))


def _shown(candidates: list[Candidate]) -> str:
    """The years of candidates; `?` a candidate without a grade here, `-` none, `[ ]` not proposed."""
    by_year = sorted(candidates, key=lambda each: each.grade.year if each.grade else 0)
    words = [
        "?" if each.grade is None else str(each.grade.year) if each.proposed else f"[{each.grade.year}]"
        for each in by_year
    ]
    return " ".join(words) or "-"


@pytest.mark.parametrize(("born", "asked", "to", "years", "done", "a", "b", "c", "answer", "look"), ROWS)
def test_which_grade(
    born: str, asked: str, to: str, years: str, done: str, a: str, b: str, c: str, answer: str, look: str
) -> None:
    found = _place(born, asked, to, years)
    by_kind = {kind: _shown([each for each in found.candidates if each.kind is kind]) for kind in Kind}
    assert " ".join(str(each) for each in found.completed.years) == done
    assert (by_kind[Kind.YEARS], by_kind[Kind.LEVEL], by_kind[Kind.AGE]) == (a, b, c)
    assert (str(found.answer.year) if found.answer else "-") == answer
    said = {each.code for each in (*found.flags, *found.completed.reasons)}
    said |= {reason.code for each in found.candidates for reason in each.reasons}
    assert {_FLAG.get(each, each) for each in look.split()} <= said
    for flag in ("over-age", "perhaps-over-age", "gap"):
        assert (flag in said) == (flag in look.split())


def test_the_table_is_long_enough_to_trust() -> None:
    assert len(ROWS) >= 40
