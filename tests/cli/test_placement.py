"""Ladders and placements by commands: loaded once, used by every later command, bad input named by its place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Commands
from tests.core.education.test_ladders import GRADES, MONTHS, STRUCTURES, UNSEEN
from tests.support.accepted import ENROLMENT_RECORD, PATIENT

OTHER = f"{STRUCTURES}\nXRR,Rurria,2010,6,3,3,6,12,15\n"
CASES = "from_country,year,grade_label,outcome,birth_date,to_country,on_date,expected\n"


@pytest.fixture
def loaded(bare: Commands) -> Commands:
    grades = bare.file("qorria.csv", "\n".join((GRADES, *UNSEEN)))
    other = bare.file("rurria.csv", OTHER)
    starts = bare.file("starts.csv", f"{MONTHS}\nXQQ,Q,2015,3,3,3\nXRR,R,2015,9,9,9\n")
    assert bare("ladders", "load", grades, other, starts).code == 0
    return bare


def test_what_is_loaded_is_kept_where_later_commands_find_it(loaded: Commands) -> None:
    assert (loaded.folder / "state" / "ladders" / "qorria.csv").is_file()
    shown = loaded("ladders", "show", "xqq", "--year", 2020, "--json").json
    assert [each["label"] for each in shown["grades"]][:2] == ["1 osse", "2 osse"]
    assert [each["age"] for each in shown["grades"]] == [[n] for n in range(5, 13)]
    assert "2 osse" in loaded("ladders", "show", "XQQ").out


def test_without_loading_ladders_can_be_named(bare: Commands) -> None:
    file = bare.file("rurria.csv", OTHER)
    assert bare("ladders", "show", "XRR", "--ladders", file, "--year", 2015, "--json").json["grades"][11]["year"] == 12
    bare("ladders", "show", "XRR", "--json").failed("no ladder", code=2)


def test_a_corrected_file_replaces_the_one_of_its_name(loaded: Commands) -> None:
    file = loaded.file("rurria.csv", OTHER.replace(",6,3,3,6,12,15", ",5,4,3,6,11,15"))
    told = loaded("ladders", "load", file, "--json").json
    assert [Path(each).name for each in told["replaced"]] == ["rurria.csv"]
    assert loaded("ladders", "show", "XRR", "--year", 2015, "--json").json["ladders"][0]["years"] == [5, 4, 3]


@pytest.mark.parametrize("year", [12, 1850, -5, 0, 2009, 9999])
def test_a_year_nobody_tells_of_is_never_answered_with_another(loaded: Commands, year: int) -> None:
    names = loaded.file("names.csv", "\n".join((GRADES, *UNSEEN)).replace("XQQ", "XRR"))
    loaded("ladders", "show", "XRR", "--ladders", names, f"--year={year}").failed(
        f"the school year {year}", "2010 to now", code=2
    )


@pytest.mark.parametrize("year", [12, 1850, -5, 0, 9999])
def test_a_list_without_years_tells_of_no_year_before_there_were_tables(loaded: Commands, year: int) -> None:
    loaded("ladders", "show", "XQQ", f"--year={year}").failed(f"the school year {year}", code=2)


def test_every_reading_in_force_is_shown_also_that_of_a_list_without_years(bare: Commands) -> None:
    """As of the Syrian Arab Republic in 2012: a structure that has ended since, and a list that knows no years."""
    ended = f"{STRUCTURES}\nXQQ,Q,2012,4,4,0,5,9,13\nXQQ,Q,2013,4,4,0,5,9,13\nXQQ,Q,2014,5,3,0,5,10,13\n"
    named = ("--ladders", bare.file("ended.csv", ended), "--ladders", bare.file("n.csv", "\n".join((GRADES, *UNSEEN))))
    shown = bare("ladders", "show", "XQQ", *named, "--year", 2012, "--json").json
    fifth = shown["grades"][4]
    assert [(each["isced_level"], each["year_in_level"]) for each in fifth["readings"]] == [(2, 1), (1, 5)]
    assert [each["year"] for each in shown["disagreements"]] == [5, 6, 7, 8]
    assert [(each["in_force"], each["levels_used"]) for each in shown["ladders"]] == [
        (True, True),
        (False, False),
        (True, False),
    ]
    printed = bare("ladders", "show", "XQQ", *named, "--year", 2012).out
    assert "sources disagree on year 5: xqq-2012@ended: ISCED 2, year 1; xqq@n: ISCED 1, year 5" in printed
    assert any("2/1" in line and "1/5" in line for line in printed.splitlines())


TWICE = f"{STRUCTURES}\nXII,I,2000,6,3,3,6,12,15\nXII,I,2000,5,4,3,6,11,15\n"


def test_two_rows_of_one_year_that_disagree_are_both_shown_and_both_used(bare: Commands) -> None:
    file = bare.file("twice.csv", TWICE)
    told = bare("ladders", "load", file, "--json").json
    shown = bare("ladders", "show", "XII", "--year", 2000, "--json").json
    assert sorted(each["years"] for each in shown["ladders"] if each["in_force"]) == [[5, 4, 3], [6, 3, 3]]
    for one in (told, shown):
        assert [each["year"] for each in one["disagreements"]] == [6, 7, 8, 9]
    assert len({each["ladder"] for one in shown["disagreements"] for each in one["readings"]}) == 2
    child = bare.file("child.csv", "country,year,grade,outcome\nXII,2000,Grade 5,promoted\n")
    placed = bare("placement", "--history", child, "--to", "XII", "--on", "2001-09-10", "--json").json
    assert {each["id"] for each in placed["ladders"]} == {each["id"] for each in shown["ladders"]}
    assert {each["grade"]["year"] for each in placed["candidates"] if each["way"] == "B"} == {6, 7}


def test_an_edition_named_replaces_every_reading_of_the_one_loaded(bare: Commands) -> None:
    assert bare("ladders", "load", bare.file("twice.csv", TWICE)).code == 0
    (bare.folder / "fresh").mkdir()
    file = bare.file("fresh/twice.csv", "\n".join(TWICE.splitlines()[:2]))
    shown = bare("ladders", "show", "XII", "--ladders", file, "--year", 2000, "--json").json
    assert [each["years"] for each in shown["ladders"]] == [[6, 3, 3]]


def test_named_files_and_loaded_ones_make_ladders_together(bare: Commands) -> None:
    starts = bare.file("starts.csv", f"{MONTHS}\nXRR,R,2015,9,9,9\n")
    assert bare("ladders", "load", starts).code == 0
    file = bare.file("rurria.csv", OTHER)
    for files in ((file,), (file, starts)):
        named = [word for each in files for word in ("--ladders", each)]
        shown = bare("ladders", "show", "XRR", *named, "--year", 2015, "--json").json
        assert (len(shown["ladders"]), shown["school_year_starts"]["month"]) == (1, 9)


def test_rows_that_cannot_be_read_are_named_and_the_others_used(bare: Commands) -> None:
    file = bare.file("torn.csv", OTHER + "XRR,Rurria,2011,six,3,3,6,12,15\n")
    ran = bare("ladders", "load", file, "--json")
    assert ran.code == 2
    (problem,) = ran.json["problems"]
    assert (problem["file"], problem["row"], problem["column"]) == ("torn.csv", 3, "prim_dur_uis")
    assert bare("ladders", "show", "XRR", "--year", 2015, "--json").code == 0


def test_a_file_that_is_no_table_is_one_message_and_nothing_is_kept(bare: Commands) -> None:
    file = bare.file("people.csv", "name,born\nNoor,2012\n")
    bare("ladders", "load", file).failed("the header is none we know", code=2)
    assert not (bare.folder / "state" / "ladders").exists()


HISTORIES = {
    "csv": "country,year,grade,outcome,birth_date\nXQQ,2020,3 osse,promoted,2012-03-01\n",
    "json": json.dumps(
        {
            "birth_date": "2012-03-01",
            "years": [{"country": "XQQ", "year": 2020, "grade": "3 osse", "outcome": "promoted"}],
        }
    ),
}


@pytest.mark.parametrize("form", HISTORIES)
def test_a_history_by_hand_is_placed(loaded: Commands, form: str) -> None:
    file = loaded.file(f"child.{form}", HISTORIES[form])
    told = loaded("placement", "--history", file, "--to", "XRR", "--on", "2021-09-10", "--json").json
    assert told["completed"]["years"] == [3]
    assert [each["grade"] and each["grade"]["year"] for each in told["candidates"]] == [4, 4, 4]
    assert told["answer"]["year"] == 4
    assert [each["code"] for each in told["flags"]] == ["self-declared"]
    assert told["assessment_advised"] is True
    assert {each["id"] for each in told["ladders"]} == {"xqq@qorria", "xrr-2010@rurria"}
    assert (told["rule"], told["advisory"]) == ("placement-2.0.0", "Advisory: the receiving school decides.")
    assert all("sha256:" in each for each in told["data"])
    assert "2012" not in json.dumps(told["notes"])


def test_enrolments_of_systems_are_placed(loaded: Commands) -> None:
    bundle = {"resourceType": "Bundle", "entry": [{"resource": PATIENT}, {"resource": ENROLMENT_RECORD}]}
    file = loaded.file("bundle.json", json.dumps(bundle))
    told = loaded("placement", "--history", file, "--to", "XRR", "--on", "2022-09-10", "--json").json
    (year,) = told["school_years"]
    assert (year["grade"], year["country"], told["completed"]["years"]) == ("Grade 2", "XBK", [2])
    assert set(year["verification"]) >= {"school", "grade", "results", "begins"}
    assert told["profile_problems"] == []


@pytest.mark.parametrize(
    ("form", "content", "where"),
    [
        ("json", "[", "line 1"),
        ("json", "{}", "years"),
        ("json", '{"years": [{"country": "XQQ", "year": 2020}]}', "row 1"),
        ("json", '{"years": "none"}', "years"),
        ("json", '{"years": [2020]}', "years"),
        ("csv", "", "the file is empty"),
        ("csv", "country,year,grade\n\nXQQ,2020,\n", "row 3"),
        ("json", '{"birth_date": "soon", "years": [{"country": "XQQ", "year": 2020, "grade": "x"}]}', "birth_date"),
        ("csv", "country,year\nXQQ,2020\n", "row 1"),
        ("csv", "country,year,grade\nXQQ,2020\n", "row 2"),
        ("json", json.dumps([PATIENT, {**PATIENT, "id": "q"}]), "Patient"),
    ],
)
def test_a_history_that_cannot_be_read_is_one_message_with_its_place(
    bare: Commands, form: str, content: str, where: str
) -> None:
    file = bare.file(f"child.{form}", content)
    bare("placement", "--history", file, "--to", "XAL", "--on", "2021-09-10").failed(where, code=2)


CANARIES = ("أمينة", "amina", "2012-05-03", "halabi")
NAMED = [
    # what was forgotten or mistaken, form, content: each tells of a child where no child is expected
    ("the header", "csv", "أمينة Halabi,2012-05-03,XQQ,3\n"),
    ("the header, semicolons", "csv", "Amina;2012-05-03;XQQ\n"),
    ("one cell", "csv", "AMINA\n"),
    ("the quotes", "csv", "country,year,grade\nXQQ,2020,3,Amina,2012-05-03\n"),
    ("names of columns", "json", '[{"Amina": "2012-05-03", "2012-05-03": "Halabi"}]'),
    ("names of columns, in a year", "json", '{"years": [{"country": "XQQ", "year": 1, "grade": 2, "Amina": 3}]}'),
    ("a year that is a name", "json", '{"years": ["Amina", "2012-05-03"]}'),
    ("a birth date that is a name", "json", '{"birth_date": "Amina", "years": []}'),
    ("two birth dates", "csv", "country,year,grade,birth_date\nXQQ,1,2,2012-05-03\nXQQ,2,3,Amina\n"),
]


@pytest.mark.parametrize(("why", "form", "content"), NAMED, ids=[each[0] for each in NAMED])
def test_no_message_quotes_what_stands_in_a_file(bare: Commands, why: str, form: str, content: str) -> None:
    file = bare.file(f"child.{form}", content)
    commands = [("placement", "--history", file, "--to", "XAL"), ("evaluate", "placement", file)]
    if form == "csv":
        commands.append(("ladders", "load", file))
    for command in commands:
        ran = bare(*command)
        ran.failed(code=2)
        assert not any(each in (ran.out + ran.err).casefold() for each in CANARIES), why


def test_a_forgotten_header_is_told_by_number_and_place(bare: Commands) -> None:
    file = bare.file("child.csv", "country,Amina,year,Halabi\n")
    bare("placement", "--history", file, "--to", "XAL").failed("2 of 4 columns: 2, 4", "row 1", code=2)


def test_columns_that_stand_twice_are_told_by_place(bare: Commands) -> None:
    bare("ladders", "load", bare.file("twice.csv", "Amina,2012-05-03,Amina\n")).failed("2 of 3 columns: 1, 3", code=2)


def test_a_word_that_is_no_outcome_counts_as_unknown_and_its_place_is_said(loaded: Commands) -> None:
    rows = "country,year,grade,outcome\nXQQ,2019,2 osse,promoted\n\nXQQ,2020,3 osse,canary?\n"
    asked = ("placement", "--history", loaded.file("child.csv", rows), "--to", "XRR", "--on", "2021-09-10")
    told = loaded(*asked, "--json")
    assert (told.code, told.json["completed"]["years"]) == (0, [2, 3])
    assert [(each["row"], each["column"]) for each in told.json["read_as_unknown"]] == [(4, "outcome")]
    printed = loaded(*asked)
    assert "row 4, outcome" in printed.out
    assert "canary" not in printed.out + told.out


def test_a_child_who_was_never_at_school_is_placed_by_age(loaded: Commands) -> None:
    file = loaded.file("child.json", '{"birth_date": "2012-03-01", "years": []}')
    told = loaded("placement", "--history", file, "--to", "XRR", "--on", "2021-09-10", "--json").json
    assert [(each["way"], each["grade"]["year"]) for each in told["candidates"]] == [("C", 4)]
    assert told["completed"]["years"] == []


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_every_command_reads_tables_as_offices_save_them(loaded: Commands, delimiter: str, mark: str) -> None:
    child = mark + HISTORIES["csv"].replace(",", delimiter).replace("2020", "2020.0").replace("\n", "\r\n")
    case = mark + (CASES + "XQQ,2020,3 osse,promoted,2012-03-01,XRR,2021-09-10,4\n").replace(",", delimiter)
    file = loaded.file("child.csv", child)
    told = loaded("placement", "--history", file, "--to", "XRR", "--on", "2021-09-10", "--json").json
    assert (told["answer"]["year"], told["school_years"][0]["school_year"]) == (4, "2020")
    assert loaded("evaluate", "placement", loaded.file("cases.csv", case), "--json").json["agree"] == 1


def test_missing_papers_and_unknown_countries_never_end_in_a_refusal(loaded: Commands) -> None:
    nothing = loaded.file("nothing.json", "[]")
    told = loaded("placement", "--history", nothing, "--to", "XRR", "--born", "2015", "--on", "2022-09-10", "--json")
    assert (told.code, [each["way"] for each in told.json["candidates"]]) == (0, ["C", "C"])
    away = loaded("placement", "--history", nothing, "--to", "XZZ", "--on", "2022-09-10", "--json")
    assert (away.code, [each["code"] for each in away.json["flags"]]) == (0, ["no-ladder"])


EXPECTED = [
    # expected, whether it agrees: completed 3 of XQQ in XRR, aged so that A, B and C are 4
    ("4", True), ("5", False), ("Grade 4", True), ("primary 4", True), ("4|5", False), ("A=4 B=4 C=4", True),
    ("a=4; c=5", False), ("completed=3", True), ("answer=4", True), ("ambiguous", False), ("unresolved", False),
    ("none", False), ("99", False), ("٤", True), ("A=4 B=-", False),
]  # fmt: skip


@pytest.mark.parametrize(("expected", "agrees"), EXPECTED)
def test_what_is_expected_may_be_said_in_several_ways(loaded: Commands, expected: str, agrees: bool) -> None:
    row = f'XQQ,2020/2021,3 osse,promoted,2012-03-01,XRR,2021-09-10,"{expected}"\n'
    ran = loaded("evaluate", "placement", loaded.file("cases.csv", CASES + row), "--json")
    assert (ran.code, ran.json["agree"]) == ((0, 1) if agrees else (1, 0))
    assert len(ran.json["differences"]) == (0 if agrees else 1)


@pytest.mark.parametrize(
    "expected", ["banana", "", " ", "|", "4|banana", "A=banana", "banana=4", "banana A=4", "=4", "A="]
)
def test_what_is_no_expectation_is_a_row_that_cannot_be_read(loaded: Commands, expected: str) -> None:
    row = f'XQQ,2020/2021,3 osse,promoted,2012-03-01,XRR,2021-09-10,"{expected}"\n'
    asked = ("evaluate", "placement", loaded.file("cases.csv", CASES + row))
    told = loaded(*asked, "--json")
    assert (told.code, told.json["agree"], told.json["differ"]) == (2, 0, 0)
    assert [each["where"] for each in told.json["unreadable"]] == ["row 2, expected"]
    printed = loaded(*asked)
    assert "0 of 1 cases agree, 1 cannot be read" in printed.out
    assert "banana" not in printed.out


UNRESOLVED = [
    # country the child comes from (no ladder of XZZ is held), name of the grade, birth date, destination, agrees
    ("XZZ", "the blue room", "", "XRR", True),
    ("XZZ", "the blue room", "2012-03-01", "XRR", True),
    ("XZZ", "Grade 3", "", "XRR", False),  # the number is the year, as the reasons say
    ("XZZ", "Grade 3", "", "XZZ", True),
    ("XQQ", "3 osse", "", "XZZ", True),
    ("XQQ", "3 osse", "", "XRR", False),
]


@pytest.mark.parametrize(("country", "grade", "born", "to", "agrees"), UNRESOLVED)
def test_unresolved_is_what_the_help_says(
    loaded: Commands, country: str, grade: str, born: str, to: str, agrees: bool
) -> None:
    row = f"{country},2020,{grade},promoted,{born},{to},2021-09-10,unresolved\n"
    ran = loaded("evaluate", "placement", loaded.file("cases.csv", CASES + row), "--json")
    assert (ran.code, ran.json["agree"]) == ((0, 1) if agrees else (1, 0))


def test_open_cases_agree_with_open_answers(loaded: Commands) -> None:
    rows = [
        "XQQ,2020,tarre,promoted,,XRR,2021-09-10,ambiguous",
        "XQQ,2020,tarre,promoted,,XRR,2021-09-10,7|8|9",
        "XQQ,2020,the blue room,promoted,,XRR,2021-09-10,unresolved",
        "XQQ,2020,3 osse,unknown,,XRR,2021-09-10,3|4",
        "XRR,2020,Grade 12,graduated,,XQQ,2021-09-10,none",
    ]
    ran = loaded("evaluate", "placement", loaded.file("cases.csv", CASES + "\n".join(rows)), "--json")
    assert (ran.code, ran.json["agree"]) == (0, 5), ran.json["differences"]


def test_a_case_that_cannot_be_read_is_named_and_the_others_are_judged(loaded: Commands) -> None:
    rows = "XQQ,soon,3 osse,promoted,,XRR,2021-09-10,4\nXQQ,2020,3 osse,promoted,,XRR,2021-09-10,4\n"
    ran = loaded("evaluate", "placement", loaded.file("cases.csv", CASES + rows), "--json")
    assert (ran.code, ran.json["agree"], [each["where"] for each in ran.json["unreadable"]]) == (2, 1, ["row 2, year"])
    loaded("evaluate", "placement", loaded.file("cases.csv", "a,b\n1,2\n")).failed("columns missing", code=2)
