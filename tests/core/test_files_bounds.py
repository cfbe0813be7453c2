"""A pair that a glance tells apart is one that the whole comparison tells apart: nothing that matters is lost."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.identity.files.bounds import Bounds
from registry.identity.files.comparing import Rules
from registry.identity.files.rows import Row
from registry.identity.match import Verdict
from tests.support import file_people

# Names as clerks of several countries write them; drawn for every place, so that they are exchanged as well.
NAMES = [
    *("Hussein", "Hocine", "Хусейн", "حسين", "Yusuf", "Youssef", "Юсуф", "يوسف", "Joseph", "ዮሴፍ", "约瑟夫", ""),
    *("Amina", "Амина", "أمينة", "Haddad", "Хаддад", "حداد", "Fatima Zahra", "Fatimazahra", "فاطمة الزهراء"),
    *file_people.BOYS[:4],
]
CHOICES = {
    "sex": ["M", "F", ""],
    "village": ["Oran", "وهران", "Tizi", ""],
    "birth": ["2014-12-25", "2014-12-25", "2014-01-01", "2015-12-25", "2014-25-12", "2014", "2013-05-06", ""],
    "phone": ["0612345678", "0687654321", ""],
    "ssn": ["1234567", "1234576", "7654321", ""],
    "postcode": ["4000", "4001", "9000"],
}


def _row(random: Random, at: int) -> file_people.Line:
    given, family = random.choice(NAMES), random.choice(NAMES)
    kin = {"father": random.choice([given, *NAMES]), "mother": random.choice([family, *NAMES])}
    told = {name: random.choice(held) for name, held in CHOICES.items()}
    return {"id": str(at), "given": given, "family": family, **kin, **told}


def _rules(people: int, relatives: float) -> Rules:
    rules = file_people.rules(people)
    return replace(rules, kinship=replace(rules.kinship, relatives=relatives, clan=relatives))


def _wrongly_told_apart(rows: list[Row], rules: Rules) -> list[tuple[str, str]]:
    bounds = Bounds(rules)
    below = [(one, other) for one, other in combinations(rows, 2) if bounds.is_below(one, other)]
    matches = [(one.id, other.id, file_people.decide(one, other, rules)) for one, other in below]
    return [
        (one, other)
        for one, other, match in matches
        if match.score >= rules.floor or match.verdict is not Verdict.DISTINCT
    ]


@settings(max_examples=25)
@given(st.integers(0, 100_000), st.sampled_from([10, 1000, 100_000]), st.sampled_from([-60.0, -9.0, -2.0]))
def test_what_is_told_apart_at_once_never_mattered(seed: int, people: int, relatives: float) -> None:
    random = Random(seed)
    rows = file_people.read([_row(random, at) for at in range(12)])
    assert _wrongly_told_apart(rows, _rules(people, relatives)) == []


@pytest.mark.parametrize("people", [1000, 1_000_000])
def test_most_strangers_are_told_apart_at_once(people: int) -> None:
    rows = file_people.read(file_people.population(Random(1), 25))
    bounds = Bounds(file_people.rules(people))
    pairs = [*combinations(rows, 2)]
    assert sum(bounds.is_below(one, other) for one, other in pairs) > 0.6 * len(pairs)
