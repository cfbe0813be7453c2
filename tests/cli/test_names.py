"""`continuity train-names` and `continuity evaluate names`, on files and without a database."""

from __future__ import annotations

from itertools import product

import pytest

from tests.cli.conftest import Commands

LETTERS = {"а": "ko", "б": "st", "в": "r", "г": "lu", "д": "i", "е": "m"}
PAIRS = "\n".join(
    f"{''.join(native)}\t{''.join(LETTERS[each] for each in native).title()}" for native in product(LETTERS, repeat=3)
)


def test_a_table_is_learned_and_held_against_names_it_was_not_taught(bare: Commands) -> None:
    pairs = bare.file("pairs.tsv", PAIRS)
    learned = bare("train-names", pairs, "--out", str(bare.file("table.json", "")), "--hold-out", "0.3", "--json")
    assert learned.code == 0, learned.err
    assert learned.json["script"] == "Cyrillic"
    assert 0 < learned.json["taught"] < learned.json["pairs"] == 216
    asked = ("--candidates", "216", "--queries", "50", "--seed", "1", "--table", learned.json["out"])
    measured = bare("evaluate", "names", pairs, *asked, "--json")
    assert measured.code == 0, measured.err
    assert measured.json["rank_1"] == 1.0
    assert measured.json["candidates"] == 216
    assert measured.json["queries"] + measured.json["left_out_as_taught"] <= 216
    shown = bare("evaluate", "names", pairs, *asked)
    assert "1.000" in shown.out


def test_the_same_seed_asks_about_the_same_names(bare: Commands) -> None:
    pairs = bare.file("pairs.tsv", PAIRS)
    asked = ("evaluate", "names", pairs, "--candidates", "100", "--queries", "40", "--json", "--seed")
    first, second, other = (bare(*asked, seed) for seed in ("1", "1", "2"))
    assert first.json == second.json
    assert first.json["table"] == "cyrillic-1"
    assert other.json != first.json


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", ("there is no pair",)),
        ("одно слово", ("this is no pair", "line 1")),
        ("α\ta", ("there is no table for Greek letters", "train-names")),
    ],
)
def test_a_file_that_cannot_be_used_is_told_so(bare: Commands, content: str, words: tuple[str, ...]) -> None:
    bare("evaluate", "names", bare.file("pairs.tsv", content)).failed(*words, code=2)


def test_what_is_no_table_is_told_so(bare: Commands) -> None:
    pairs = bare.file("pairs.tsv", PAIRS)
    bare("evaluate", "names", pairs, "--table", bare.file("table.json", "{}")).failed("this is no table", code=2)
