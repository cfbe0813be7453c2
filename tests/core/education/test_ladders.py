"""Ladders out of published tables: read whole, said where torn, never guessed."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from registry.continuity.education import ladder, notes, sheet, shelf, words
from registry.continuity.education.ladder import Ladder
from registry.continuity.education.shelf import Shelf
from registry.errors import BadInput
from tests.support import placement_pairs

STRUCTURES = "iso3,country,year,prim_dur_uis,lowsec_dur_uis,upsec_dur_uis,prim_age_uis,lowsec_age_uis,upsec_age_uis"
MONTHS = "iso3,country,year,month_start,month_start_min,month_start_max"
GRADES = "country_code,country,level_code,learning_level,year_grade,theoretical_start_age,name_for_kobo,label_for_kobo"


def read(text: str, name: str = "table.csv") -> sheet.Sheet:
    return sheet.read(name, text, hashlib.sha256(text.encode()).hexdigest())


def structures(*rows: str) -> sheet.Sheet:
    return read("\n".join((STRUCTURES, *rows)), "structures.csv")


def months(*rows: str) -> sheet.Sheet:
    return read("\n".join((MONTHS, *rows)), "months.csv")


def grades(*rows: str, header: str = GRADES) -> sheet.Sheet:
    return read("\n".join((header, *rows)), "grades.csv")


def shapes(made: Shelf, year: int, country: str = "XQQ") -> set[tuple[int, ...]]:
    here = ladder.every_in_force(made.ladders, country, year)
    return {(each.entry_age, *each.lengths) for each in here}


# A country nobody planned for: eight grades from five, named in a language nobody planned for, from 2011 on.
UNSEEN = [
    "XQQ,Qorria,level0,ilk,,4,k0,Ilk",
    *(f"XQQ,Qorria,level1,osse,{n} osse,{n + 4},q{n},Osse {n}" for n in range(1, 6)),
    *(f"XQQ,Qorria,level2,tarre,{n} tarre,{n + 9},t{n},Tarre {n}" for n in range(1, 4)),
]


def test_a_country_nobody_planned_for_loads_and_every_name_of_it_is_read() -> None:
    made = shelf.assembled([grades(*UNSEEN), months("XQQ,Qorria,2015,3,3,4")])
    (qorria,) = made.ladders
    assert (qorria.entry_age, qorria.lengths, qorria.start(2020)) == (5, (5, 3, 0), (2015, 3, 3, 4))
    assert made.problems == ()
    for year in range(1, 6):
        for name in (f"{year} osse", f"OSSE {year}", f"q{year}", f"osse-{year}"):
            assert ladder.resolve(qorria, name) == {year}, name
    assert ladder.resolve(qorria, "2 TARRE") == {7}
    assert ladder.resolve(qorria, "tarre") == {6, 7, 8}
    assert ladder.resolve(qorria, "Ilk") == {0}


def test_a_list_with_years_is_in_force_in_those_only() -> None:
    dated = [f"{each},2011,2015" for each in UNSEEN]
    (qorria,) = shelf.assembled([grades(*dated, header=f"{GRADES},valid_from,valid_to")]).ladders
    assert [ladder.in_force([qorria], "XQQ", year) for year in (2010, 2011, 2015, 2016)] == [
        None,
        qorria,
        qorria,
        None,
    ]


def test_lists_of_one_first_year_are_ladders_of_their_own() -> None:
    ends = [f"{each},2011,{until}" for until in ("2015", "") for each in UNSEEN]
    made = shelf.assembled([grades(*ends, header=f"{GRADES},valid_from,valid_to")]).ladders
    assert len({each.id for each in made}) == len(made) == 2


def test_the_ladder_is_a_function_of_the_year() -> None:
    made = shelf.assembled(
        [
            structures(
                *(
                    f"XQQ,Q,{y},{6 if y < 2003 else 4},3,3,6,{12 if y < 2003 else 10},{15 if y < 2003 else 13}"
                    for y in range(2000, 2006)
                )
            )
        ]
    )
    assert [shapes(made, year) for year in (1999, 2002, 2003, 2030)] == [
        set(),
        {(6, 6, 3, 3)},
        {(6, 4, 3, 3)},
        {(6, 4, 3, 3)},
    ]
    (last,) = ladder.every_in_force(made.ladders, "XQQ", 2030)
    assert [each.code for each in notes.of([last], 2030)] == ["carried-on", "no-start-month"]
    assert [each.code for each in notes.of([last], 2005)] == ["no-start-month"]


@pytest.mark.parametrize(
    ("why", "rows", "expected"),
    [
        ("both sides agree", ["2000,6,3,3,6,12,15", "2004,6,3,3,6,12,15"], {(6, 6, 3, 3)}),
        ("they do not: both", ["2000,6,3,3,6,12,15", "2004,4,5,3,6,10,15"], {(6, 6, 3, 3), (6, 4, 5, 3)}),
        ("durations against ages: both", ["2002,6,3,3,7,12,15"], {(7, 6, 3, 3), (7, 5, 3, 3)}),
        ("ages that cannot be: durations", ["2002,6,3,3,7,6,15"], {(7, 6, 3, 3)}),
        ("secondary borrowed", ["2001,6,3,3,6,12,15", "2002,6,,,6,,"], {(6, 6, 3, 3)}),
        ("no year like it to borrow from", ["2001,5,4,3,6,11,15", "2002,6,,,6,,"], {(6, 6, 0, 0)}),
        ("two rows for one year: both", ["2002,6,3,3,6,12,15", "2002,5,4,3,6,11,15"], {(6, 6, 3, 3), (6, 5, 4, 3)}),
        ("the same row twice", ["2002,6,3,3,6,12,15", "2002,6,3,3,6,12,15"], {(6, 6, 3, 3)}),
        ("no schools of its own", ["2002,0,0,0,0,0,0"], set()),
    ],
)
def test_what_is_not_told_plainly_is_read_in_every_way(
    why: str, rows: list[str], expected: set[tuple[int, ...]]
) -> None:
    made = shelf.assembled([structures(*(f"XQQ,Q,{each}" for each in rows))])
    assert shapes(made, 2002) == expected, why
    assert len({each.id for each in made.ladders}) == len(made.ladders), why


BAD_ROWS = [
    # what is wrong, table, the row, where it is said
    ("a code of two letters", STRUCTURES, "XQ,Q,2000,6,3,3,6,12,15", "iso3"),
    ("a year of two digits", STRUCTURES, "XQQ,Q,00,6,3,3,6,12,15", "year"),
    ("a duration that is none", STRUCTURES, "XQQ,Q,2000,six,3,3,6,12,15", "prim_dur_uis"),
    ("a negative duration", STRUCTURES, "XQQ,Q,2000,6,-3,3,6,12,15", "lowsec_dur_uis"),
    ("a school of a hundred years", STRUCTURES, "XQQ,Q,2000,100,3,3,6,12,15", "prim_dur_uis"),
    ("a half-told secondary", STRUCTURES, "XQQ,Q,2000,6,3,,6,12,", "lowsec_dur_uis"),
    ("a cell too few", STRUCTURES, "XQQ,Q,2000,6,3,3,6,12", ""),
    ("a name with a comma", STRUCTURES, "XQQ,Q, Republic of,2000,6,3,3,6,12,15", ""),
    ("a month thirteen", MONTHS, "XQQ,Q,2000,13,1,1", "month_start"),
    ("a month by name", MONTHS, "XQQ,Q,2000,September,9,9", "month_start"),
    ("a level that is none", GRADES, "XQQ,Q,primary,primary,grade 1,6,g1,Grade 1", "level_code"),
    ("an age in words", GRADES, "XQQ,Q,level1,primary,grade 1,six,g1,Grade 1", "theoretical_start_age"),
    ("an age and a half", GRADES, "XQQ,Q,level1,p,grade 1,6.5,g1,Grade 1", "theoretical_start_age"),
]  # fmt: skip


@pytest.mark.parametrize(("why", "header", "row", "column"), BAD_ROWS, ids=[each[0] for each in BAD_ROWS])
def test_a_bad_row_is_set_aside_with_its_place_and_the_rest_is_read(
    why: str, header: str, row: str, column: str
) -> None:
    good = {
        STRUCTURES: "XGG,G,2000,6,3,3,6,12,15",
        MONTHS: "XGG,G,2000,9,9,9",
        GRADES: "XGG,G,level1,primary,grade 1,6,g1,Grade 1",
    }[header]
    found = read(f"{header}\n{good}\n{row}\n{good}\n")
    assert [(each.row, each.column) for each in found.problems] == [(3, column)], why
    assert [number for number, _ in found.rows] == [2, 4]
    assert all(each.what and each.remedy for each in found.problems)
    assert not any(cell in each.what + each.remedy for each in found.problems for cell in ("six", "September"))


@pytest.mark.parametrize(
    ("text", "words_of_it"),
    [
        ("", "the file is empty"),
        ("\ufeff\r\n\n", "the file is empty"),
        ("a,b\n1,2\n", "lacks the columns"),
        (STRUCTURES.replace("prim_dur_uis", "primary") + "\n", "prim_dur_uis"),
        (STRUCTURES + "\n", "no row"),
        ("iso3,iso3,year,month_start\nXQQ,XQQ,2000,9\n", "stands twice"),
    ],
)
def test_a_file_that_is_no_table_of_ours_is_refused_with_its_columns(text: str, words_of_it: str) -> None:
    with pytest.raises(BadInput, match=words_of_it):
        read(text)


@pytest.mark.parametrize(
    "change", [lambda t: "\ufeff" + t, lambda t: t.replace(",", ";"), lambda t: t.replace("\n", "\r\n")]
)
def test_a_table_is_read_as_offices_save_it(change: object) -> None:
    text = "\n".join((STRUCTURES, "XQQ,Q,2000,6,3,3,6,12,15"))
    assert shapes(shelf.assembled([read(change(text))]), 2000) == {(6, 6, 3, 3)}  # type: ignore[operator]


@pytest.mark.parametrize(
    "row", ["XQQ,Q,2000,6.0,3.0,3,6,12.0,15.0", "XQQ,Q,٢٠٠٠,٦,٣,٣,٦,١٢,١٥", "XQQ,Q,२०००,६,३,३,६,१२,१५"]
)
def test_a_number_is_read_as_programs_and_scripts_write_it(row: str) -> None:
    found = structures(row)
    assert found.problems == ()
    assert shapes(shelf.assembled([found]), 2000) == {(6, 6, 3, 3)}


def test_the_name_of_a_grade_stays_as_its_country_writes_it() -> None:
    ((_, row),) = grades("XQQ,Q,level1,primary,٤,٩,g4,٤").rows
    assert (row["year_grade"], row["label_for_kobo"], row["theoretical_start_age"]) == ("٤", "٤", "9")


def test_a_hole_in_a_list_is_said_and_the_names_after_it_are_read_both_ways() -> None:
    made = shelf.assembled([grades(*(f"XQQ,Q,level1,p,step {n},{n + 5},,Step {n}" for n in (1, 2, 4)))])
    ((_, problem),) = made.problems
    assert (problem.row, problem.column) == (4, "theoretical_start_age")
    assert ladder.resolve(made.ladders, "step 4") == {3, 4}


def test_columns_nobody_reads_are_named() -> None:
    found = read(f"{MONTHS},mood\nXQQ,Q,2000,9,9,9,good\n")
    assert found.unread == ("mood",)


def test_the_order_of_files_and_rows_never_matters(shared_data: Path) -> None:
    one = placement_pairs.shelved(shared_data)
    sheets = [placement_pairs.read(shared_data / "education" / name) for name in placement_pairs.FILES]
    other = shelf.assembled(sheets[::-1]).ladders
    assert {each.id for each in one} == {each.id for each in other}
    assert sorted(one, key=lambda each: each.id) == sorted(other, key=lambda each: each.id)


def test_every_disagreement_of_real_sources_is_shown_and_no_agreement_is(shared_data: Path) -> None:
    """Counted once more, from the oracle's lists of places."""
    ladders, naive = placement_pairs.shelved(shared_data), placement_pairs.oracle(shared_data)
    for country in sorted({each.country for each in ladders}):
        for year in (1991, 1997, 2001, 2011, 2019, 2023):
            told = naive.places(country, year)
            longest = max(map(len, told), default=0)
            differing = {n + 1 for n in range(longest) if len({tuple(each[n : n + 1]) for each in told}) > 1}
            here = ladder.structures(ladder.every_in_force(ladders, country, year))
            whole = [each for each in here if each.is_whole]
            if len(whole) == len(here):
                assert {each.year for each in notes.disagreements(here)} == differing, (country, year)


def test_the_sources_of_ten_countries_put_seven_years_into_other_levels(shared_data: Path) -> None:
    ladders = placement_pairs.shelved(shared_data)
    named = sorted({each.country for each in ladders if not each.is_dated})
    found = [
        (each.country, each.year)
        for country in named
        for each in notes.disagreements(ladder.every_in_force(ladders, country, 2022))
        if each.differs == "level"
    ]
    assert found == [("AFG", 9), ("BGD", 12), ("ETH", 7), ("ETH", 8), ("ETH", 11), ("ETH", 12), ("SYR", 6)]


DIGITS = ["0123456789", "٠١٢٣٤٥٦٧٨٩", "۰۱۲۳۴۵۶۷۸۹", "०१२३४५६७८९", "０１２３４５６７８９"]


@given(
    some.integers(1, 12),
    some.sampled_from(DIGITS),
    some.sampled_from(["Grade {}", "{}", "CLASS {}", "الصف {}", "{}. sınıf", "grade{}", "صنف {}"]),
)
@settings(max_examples=200)
def test_a_number_is_the_same_in_every_script_and_case(number: int, digits: str, form: str) -> None:
    written = form.format("".join(digits[int(each)] for each in str(number)))
    assert words.read(words.fold(written), (6, 3, 3)) == {number}


@given(some.text(max_size=30), some.tuples(some.integers(0, 8), some.integers(0, 6), some.integers(0, 5)))
@settings(max_examples=400)
def test_whatever_is_written_reading_it_ends_and_folding_it_again_changes_nothing(
    text: str, levels: tuple[int, int, int]
) -> None:
    assert words.fold(words.fold(text)) == words.fold(text)
    assert all(0 <= year <= 15 for year in words.read(words.fold(text), levels))


@given(
    some.lists(
        some.tuples(some.integers(3, 8), some.integers(1, 8), some.integers(1, 6), some.integers(1, 5)),
        min_size=1,
        max_size=6,
    )
)
@settings(max_examples=60)
def test_a_ladder_counts_every_year_of_its_structure_once(spans: list[tuple[int, int, int, int]]) -> None:
    rows = [
        f"XQQ,Q,{2000 + at},{p},{low},{up},{age},{age + p},{age + p + low}"
        for at, (age, p, low, up) in enumerate(spans)
    ]
    made = shelf.assembled([structures(*rows)])
    for at, told in enumerate(spans):
        (here,) = ladder.every_in_force(made.ladders, "XQQ", 2000 + at)
        assert (here.entry_age, *here.lengths) == told
        assert [each.year for each in here.grades] == list(range(1, sum(told[1:]) + 1))


def test_nothing_is_in_force_where_nothing_is_told() -> None:
    nothing: list[Ladder] = []
    assert ladder.every_in_force(nothing, "XQQ", 2000) == ()
    assert ladder.resolve(nothing, "Grade 4") == frozenset()
    assert notes.disagreements(nothing) == ()
