"""What is due next, as a table a physician can read and correct.

The rule set is `schemas/schedules/who/2023.json`. Each row: born, asked on, the doses on record (a date may
stop at the month or year, `?` is unknown), the antigen asked about, the answer, the next dose, and from when it is
recommended (`-` where none is). A comment says where the rule set, WHO's decision tables, surprises.
"""

# ruff: noqa: E501 (a table is read across)

from datetime import date

import pytest

from registry.continuity import history, immunization
from registry.fhir import dates
from tests.core.continuity_records import WHO, doses, meaning

PENTA_ON_TIME = "penta 2023-02-12, penta 2023-03-12, penta 2023-04-09"

TABLE = f"""
# born     | asked on   | doses on record                           | against    | answer    | next | recommended from
# -- tuberculosis
2023-01-01 | 2023-01-01 |                                           | BCG        | due       | 1 | 2023-01-01
2023-01-01 | 2023-01-20 |                                           | BCG        | due       | 1 | 2023-01-01
# after 28 days it is due still, and said with care: a test for tuberculosis infection comes first
2023-01-01 | 2023-01-29 |                                           | BCG        | due       | 1 | 2023-01-01
2023-01-01 | 2029-01-01 |                                           | BCG        | due       | 1 | 2023-01-01
2023-01-01 | 2024-01-01 | bcg 2023-01-02                            | BCG        | complete  | - | -
2023-01-01 | 2024-01-01 | bcg 2023                                  | BCG        | complete  | - | -
2023-01-01 | 2024-01-01 | bcg 2022-12-30                            | BCG        | due       | 1 | 2023-01-01
# -- hepatitis B
2023-01-01 | 2023-01-01 |                                           | HEPB       | due       | 1 | 2023-01-01
2023-01-01 | 2023-02-01 | hepb 2023-01-01                           | HEPB       | not-yet   | 2 | 2023-02-12
2023-01-01 | 2023-02-12 | hepb 2023-01-01                           | HEPB       | due       | 2 | 2023-02-12
# of later doses only the distance is stated, no age
2023-01-01 | 2023-03-20 | hepb 2023-01-01, penta 2023-02-12         | HEPB       | due       | 3 | 2023-03-12
2023-01-01 | 2023-05-01 | hepb 2023-01-01, {PENTA_ON_TIME}          | HEPB       | complete  | - | -
2023-01-01 | 2023-05-01 | {PENTA_ON_TIME}                           | HEPB       | complete  | - | -
# -- polio
2023-01-01 | 2023-02-11 |                                           | POLIO      | not-yet   | 1 | 2023-02-12
2023-01-01 | 2023-02-12 |                                           | POLIO      | due       | 1 | 2023-02-12
2023-01-01 | 2023-03-01 | opv 2023-01-03                            | POLIO      | due       | 1 | 2023-02-12
2023-01-01 | 2023-05-01 | opv 2023-02-12, opv 2023-03-12            | POLIO      | due       | 3 | 2023-04-09
# three oral doses and two injected are asked for, each for itself
2023-01-01 | 2023-05-01 | opv 2023-02-12, opv 2023-03-12, ipv 2023-04-09 | POLIO | due       | 3 | 2023-04-09
2023-01-01 | 2023-10-01 | opv 2023-02-12, opv 2023-03-12, opv 2023-04-09, ipv 2023-04-09, ipv 2023-09-09 | POLIO | complete  | - | -
2023-01-01 | 2030-05-01 | opv 2023-02-12                            | POLIO      | due       | 2 | 2023-03-12
# -- diphtheria, tetanus, whooping cough: started on time
2023-01-01 | 2023-03-11 | penta 2023-02-12                          | TETANUS    | not-yet   | 2 | 2023-03-12
2023-01-01 | 2023-03-12 | penta 2023-02-12                          | TETANUS    | due       | 2 | 2023-03-12
# no distance is stated from a first dose that came too early to count
2023-01-01 | 2023-03-12 | penta 2023-02-11                          | TETANUS    | due       | 1 | 2023-02-12
2023-01-01 | 2023-04-20 | penta 2023-02-12, penta 2023-03-10        | TETANUS    | due       | 2 | 2023-04-07
2023-01-01 | 2023-05-01 | penta 2023-02-12, penta 2023-03-12, dtp 2023-04-08 | TETANUS | not-yet | 3 | 2023-05-06
2023-01-01 | 2023-06-01 | {PENTA_ON_TIME}                           | TETANUS    | not-yet   | 4 | 2024-01-01
2023-01-01 | 2024-02-01 | {PENTA_ON_TIME}                           | DIPHTHERIA | due       | 4 | 2024-01-01
2023-01-01 | 2024-02-01 | {PENTA_ON_TIME}                           | PERTUSSIS  | due       | 4 | 2024-01-01
# whooping cough needs no booster from seven years on; each antigen of a vaccine is answered for itself
2023-01-01 | 2030-01-01 | {PENTA_ON_TIME}                           | PERTUSSIS  | complete  | - | -
2023-01-01 | 2030-01-01 | {PENTA_ON_TIME}                           | TETANUS    | due       | 4 | 2024-01-01
2023-01-01 | 2026-12-31 | {PENTA_ON_TIME}, dtp 2024-07-01           | TETANUS    | not-yet   | 5 | 2027-01-01
2023-01-01 | 2027-01-01 | {PENTA_ON_TIME}, dtp 2024-07-01           | TETANUS    | due       | 5 | 2027-01-01
2013-01-01 | 2023-01-01 | penta 2013-02-12, penta 2013-03-12, penta 2013-04-09, dtp 2014-07-01, td 2017-02-01 | TETANUS | due | 6 | 2022-01-01
2013-01-01 | 2023-01-01 | penta 2013-02-12, penta 2013-03-12, penta 2013-04-09, dtp 2014-07-01, td 2017-02-01, td 2022-02-01 | TETANUS | complete | - | -
# -- the same, interrupted or started late: resumed, never restarted
2018-01-01 | 2023-01-01 | dtp 2018-02-12                            | TETANUS    | due       | 2 | 2018-03-12
2018-01-01 | 2023-01-01 | dtp 2018-02-12, dtp 2018-03-12            | TETANUS    | due       | 3 | 2018-04-09
# nothing begun: recommended since the age at which everybody begins
2018-01-01 | 2023-01-01 |                                           | TETANUS    | due       | 1 | 2018-02-12
2018-01-01 | 2023-03-01 | dtp 2023-01-10, dtp 2023-02-10            | TETANUS    | not-yet   | 3 | 2023-08-10
2018-01-01 | 2024-01-01 | dtp 2023-01-10, dtp 2023-02-10, td 2023-08-10 | TETANUS | not-yet  | 4 | 2024-08-10
2016-01-01 | 2025-08-10 | td 2023-01-10, td 2023-02-10, td 2023-08-10, td 2024-08-10, td 2025-08-10 | TETANUS | complete | - | -
2016-01-01 | 2025-08-10 | td 2023-01-10, td 2023-02-10, td 2023-08-10, td 2024-08-10, td 2025-08-10 | PERTUSSIS | due | 1 | 2016-02-12
# -- Haemophilus influenzae type b
2023-01-01 | 2023-03-01 | penta 2023-02-12                          | HIB        | not-yet   | 2 | 2023-03-12
2023-01-01 | 2024-02-01 |                                           | HIB        | due       | 1 | 2023-02-12
2023-01-01 | 2024-06-01 | hib 2024-02-01                            | HIB        | complete  | - | -
2023-01-01 | 2028-01-01 |                                           | HIB        | too-old   | - | -
# -- pneumococcus
2023-01-01 | 2023-05-01 | pcv 2023-02-12, pcv 2023-03-12            | PCV        | due       | 3 | 2023-04-09
2023-01-01 | 2024-02-15 | pcv 2024-02-01                            | PCV        | not-yet   | 2 | 2024-02-29
2023-01-01 | 2025-02-01 |                                           | PCV        | due       | 1 | 2025-01-01
2023-01-01 | 2025-03-01 | pcv 2025-02-01                            | PCV        | complete  | - | -
2023-01-01 | 2028-02-01 |                                           | PCV        | too-old   | - | -
# -- rotavirus
2023-01-01 | 2023-02-12 |                                           | ROTA       | due       | 1 | 2023-02-12
2023-01-01 | 2023-04-10 | rotarix 2023-02-12, rotarix 2023-03-12    | ROTA       | complete  | - | -
2023-01-01 | 2023-04-10 | rotarix 2023-02-12, rota 2023-03-12       | ROTA       | due       | 3 | 2023-04-09
2023-01-01 | 2025-01-01 | rota 2023-02-12                           | ROTA       | too-old   | - | -
# -- measles, rubella
2023-01-01 | 2023-09-30 |                                           | MEASLES    | not-yet   | 1 | 2023-10-01
2023-01-01 | 2023-10-01 |                                           | MEASLES    | due       | 1 | 2023-10-01
2023-01-01 | 2023-10-15 | measles 2023-07-01                        | MEASLES    | due       | 1 | 2023-10-01
2023-01-01 | 2024-02-01 | mr 2023-10-01                             | MEASLES    | not-yet   | 2 | 2024-04-01
2023-01-01 | 2024-08-01 | mr 2023-10-01                             | MEASLES    | due       | 2 | 2024-04-01
2023-01-01 | 2024-08-01 | mr 2023-10-01, mr 2023-10-20              | MEASLES    | due       | 2 | 2024-04-01
2023-01-01 | 2024-08-01 | mr 2023-10-01, mmr 2024-05-01             | MEASLES    | complete  | - | -
2023-01-01 | 2024-08-01 | mr 2023-10-01                             | RUBELLA    | complete  | - | -
# -- dates that are only partly known
2023-01-01 | 2024-08-01 | measles 2023                              | MEASLES    | due       | 1 | 2024-04-01
2023-01-01 | 2024-08-01 | mr 2023                                   | RUBELLA    | uncertain | 1 | 2023-10-28
2023-01-01 | 2024-08-01 | mr ?                                      | RUBELLA    | due       | 1 | 2023-10-01
2023-01-01 | 2024-08-01 | mr 2023-11                                | RUBELLA    | complete  | - | -
2023-01-01 | 2024-08-01 | mr 2023-12, mr 2024                       | MEASLES    | uncertain | 2 | 2024-04-01
2023-01-01 | 2024-08-01 | mr 2023-11, mr 2024                       | MEASLES    | complete  | - | -
2023-01    | 2024-08-01 | mr 2023-11, mr 2024-05                    | MEASLES    | complete  | - | -
2023       | 2024-08-01 | mr 2023-11                                | RUBELLA    | uncertain | 1 | 2024-10-01
2023-01    | 2023-02-20 |                                           | POLIO      | uncertain | 1 | 2023-03-14
2023-01    | 2025-01-10 | rota 2023-03-20                           | ROTA       | uncertain | 2 | 2023-04-17
2023-01    | 2025-02-01 | rota 2023-03-20                           | ROTA       | too-old   | - | -
-          | 2024-08-01 | mr 2023-11-01                             | MEASLES    | birth-date-unknown | 1 | -
"""

ROWS = [tuple(part.strip() for part in line.split("|")) for line in TABLE.strip().splitlines() if line[0] != "#"]


@pytest.mark.parametrize(("born", "asked", "given", "against", "answer", "number", "day"), ROWS)
def test_what_is_due(born: str, asked: str, given: str, against: str, answer: str, number: str, day: str) -> None:
    events = history.events(doses(given), meaning, birth=dates.parse(born), today=date.fromisoformat(asked))
    dues = immunization.forecast(events, dates.parse(born), "unknown", WHO, date.fromisoformat(asked))
    due = next(each for each in dues if each.antigen == against)
    found = (due.status.value, str(due.next_dose or "-"), str(due.recommended or "-"))
    assert found == (answer, number, day)


def test_the_table_is_long_enough_to_trust() -> None:
    assert len(ROWS) >= 40
