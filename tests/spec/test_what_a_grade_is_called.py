"""What a name of a grade means where it was written, as a table a head teacher can read and correct.

The traps of real ladders (education reference, section 4). A row: country, the name as a school wrote it, the years of
schooling it can mean (0 is before school; none where it is not a grade), in the school year 2022. Two years are an
answer: both are shown.
"""

import csv
from pathlib import Path

import pytest

from registry.continuity.education import ladder, words
from tests.support import placement_pairs

TABLE = """
# -- one numeral, three countries
BFA | 3ème                               | 10
LBN | 3ème                               | 9
HTI | 3ème                               | 3
FRA | 3ème                               | 3 9
# -- French numbering counts down in Lebanon
LBN | 11eme - grade 1                    | 1
LBN | 11ème                              | 1
LBN | 7EME                               | 5
LBN | seconde                            | 10
LBN | Terminale                          | 12
# -- a row that says one year and calls it by the name of another
LBN | 4eme - grade 7                     | 7 8
LBN | 4eme                               | 8
LBN | Grade 7                            | 7
LBN | Grade 8                            | 8
# -- levels that count from one again
UGA | P5                                 | 5
UGA | P.7                                | 7
UGA | S1                                 | 8
UGA | S 6                                | 13
UGA | Secondary - S2                     | 9
UGA | grade 13                           | 13
KEN | Form 2                             | 8
KEN | Standard 4                         | 4
ETH | secondary 2                        | 8 10
SYR | lower secondary 2                  | 7 8
# -- survey codes that are one more than the year
HTI | level1_grade2                      | 1
HTI | level1_grade14                     | 13
HTI | 1er cycle - 1ere                   | 1
HTI | Enseignement fondamental 2ème cycle (6ème) | 6
HTI | Rétho                              | 12
# -- what is no grade
UKR | University                         |
UKR | vocational_education_and_training  |
BFA | Tertiaire / Etudes supérieures     |
UKR | Preschool                          | 0
SYR | Kindergarten                       | 0
# -- spelling
SYR | grade12                            | 12
SYR | GRADE 12                           | 12
ETH | grade12                            | 12
ETH | Grade  12                          | 12
BFA | CM1 (Cours Moyen 1)                | 5
BFA | cm1 (cours moyen 1)                | 5
BFA | CP2                                | 2
# -- other scripts and digits
SYR | الصف الخامس                         | 5
SYR | الصفّ ٥                             | 5
SYR | الحادي عشر                          | 11
AFG | صنف ۵                              | 5
AFG | صنف پنجم                           | 5
UKR | 5 клас                             | 5
UKR | 9-й клас                           | 9
UKR | п'ятий клас                        | 5
MDA | clasa a V-a                        | 5
TUR | 5. sınıf                           | 5
BGD | Class XII                          | 12
SYR | 7                                  | 7
# -- a level alone names all its years; what is not understood names none
SYR | Secondary                          | 10 11 12
SYR | the blue room                      |
SYR | grade 99                           |
SYR | grade 3 or 4                       |
"""

ROWS = [tuple(part.strip() for part in line.split("|")) for line in TABLE.strip().splitlines() if line[0] != "#"]


@pytest.mark.parametrize(("country", "name", "years"), ROWS, ids=lambda each: each)
def test_what_a_grade_is_called(shared_data: Path, country: str, name: str, years: str) -> None:
    here = ladder.every_in_force(placement_pairs.shelved(shared_data), country, 2022)
    assert ladder.resolve(here, name) == {int(each) for each in years.split()}


def test_every_name_on_file_means_its_year_or_is_reported_ambiguous(shared_data: Path) -> None:
    """The years are counted here by the order of the rows, not by the loader."""
    ladders = placement_pairs.shelved(shared_data)
    years: dict[str, int] = {}
    told = {"right": 0, "ambiguous": 0, "no grade": 0}
    with (shared_data / "education" / "ladders" / "compiled_levels_grades.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            country = row["country_code"]
            years[country] = years.get(country, 0) + (row["level_code"] != "level0")
            year = 0 if row["level_code"] == "level0" else years[country]
            here = ladder.every_in_force(ladders, country, 2022)
            found = ladder.resolve(here, row["year_grade"] or row["label_for_kobo"])
            if ladder.is_outside(here, row["year_grade"]):
                told["no grade"] += 1
            else:
                assert year in found, row
                told["right" if len(found) == 1 else "ambiguous"] += 1
    assert told == {"right": 132, "ambiguous": 1, "no grade": 3}


@pytest.mark.parametrize("name", ["", "n. 5 5", "12th and 5th", "-", "Γ"])
def test_a_name_that_is_not_understood_names_no_year(name: str) -> None:
    assert words.read(words.fold(name), (6, 3, 3)) == frozenset()
