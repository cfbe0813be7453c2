"""`continuity link` and `continuity evaluate links`: plain files, from what was exported to what can be checked."""

from __future__ import annotations

import csv
import html
import io
import json
import re
import sys
from collections.abc import Callable, Sequence
from itertools import combinations
from pathlib import Path
from random import Random

import pytest

from registry import cli
from registry.flows import linkfiles, persons_file, tablefile
from registry.flows.linked import Linked
from registry.flows.packed import People
from registry.identity.files import verdicts
from registry.identity.files.comparing import Rules
from registry.identity.files.verdicts import Pair
from registry.identity.match import Match
from tests.cli.conftest import Ran
from tests.support import file_people

Run = Callable[..., Ran]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """The command in an empty folder, and with a database nobody could reach: none is needed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REGISTRY_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("NO_COLOR", "1")

    def called(*arguments: object) -> Ran:
        monkeypatch.setattr(sys, "argv", ["continuity", *map(str, arguments)])
        capfd.readouterr()
        try:
            cli.main()
            code = 0
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 1 if ended.code else 0
        shown = capfd.readouterr()
        return Ran(code=code, out=shown.out, err=shown.err)

    return called


def pairs(file: str = "links.csv") -> dict[tuple[str, str], str]:
    with Path(file).open(newline="", encoding="utf-8") as held:
        return {(row["id_a"], row["id_b"]): row["verdict"] for row in csv.DictReader(held)}


FRENCH = """rec_id,Prénom,Nom,Nom du père,Nom de la mère,Date de naissance,Sexe,Commune
1,Mohamed,Benali,Ahmed,Fatima,03/04/2015,M,Oran
2,Amina,Haddad,Karim,Khadidja,25/12/2014,F,Alger
3,Hassane,Meziane,Ali,Zohra,17/06/2013,M,Tizi
4,Hocine,Meziane,Ali,Zohra,17/06/2013,M,Tizi
5,Sofiane,Kadri,Omar,Nadia,21/01/2016,M,Oran
"""
ARABIC = """الرقم;الاسم;اللقب;اسم الأب;اسم الأم;تاريخ الميلاد;الجنس;القرية
x1;محمد;بن علي;أحمد;فاطمة;٢٠١٥-٠٤-٠٣;ذكر;وهران
x2;أمينة;حداد;كريم;خديجة;2014-12-25;أنثى;دمشق
x3;حسن;مزيان;علي;زهرة;2013-06-17;ذكر;برلين
x4;حسين;مزيان;علي;زهرة;2013-06-17;ذكر;برلين
x6;ليلى;شريف;عمر;نادية;2016-08-09;أنثى;وهران
"""
TRUE = "one,other\nx1,1\n2,x2\n3,x3\n4,x4\n"


def handed_over() -> None:
    Path("french.csv").write_text(FRENCH, encoding="utf-8")
    Path("arabic.csv").write_text(ARABIC, encoding="utf-8")
    Path("true.csv").write_text(TRUE, encoding="utf-8")


def test_two_files_in_two_alphabets_are_linked_twins_and_all(run: Run) -> None:
    handed_over()
    ended = run("link", "french.csv", "arabic.csv", "--out", "links.csv")
    assert (ended.code, ended.err) == (0, "")
    assert pairs() == {("1", "x1"): "link", ("2", "x2"): "link", ("3", "x3"): "link", ("4", "x4"): "link"}
    assert "4 links make 4 persons; 0 pairs are for review" in ended.out


def test_what_was_read_and_how_is_shown(run: Run) -> None:
    handed_over()
    shown = run("link", "french.csv", "--out", "links.csv").out
    for words in ("Nom du père", "father", "birth dates are read as day/month/year, because 4 of them"):
        assert words in shown


def test_the_file_of_links_is_as_promised(run: Run) -> None:
    handed_over()
    run("link", "french.csv", "arabic.csv", "--out", "links.csv")
    lines = [*csv.reader(io.StringIO(Path("links.csv").read_text(encoding="utf-8")))]
    assert lines[0] == ["id_a", "id_b", "probability", "verdict", "explanation"]
    assert all(0 <= float(probability) < 1 for _, _, probability, _, _ in lines[1:])
    assert "the given name sounds the same in another spelling or script" in lines[1][4]
    words = {each for text in (FRENCH, ARABIC) for line in text.splitlines()[1:] for each in re.split("[,;]", line)}
    said = " ".join(line[4] for line in lines[1:])
    assert not [each for each in words if len(each) > 2 and each in said]


def test_what_is_written_is_readable_to_its_owner_only(run: Run) -> None:
    handed_over()
    run("link", "french.csv", "--out", "links.csv", "--report", "report.html", "--map-out", "map.json")
    modes = {path: Path(path).stat().st_mode & 0o777 for path in ("links.csv", "report.html", "map.json")}
    assert set(modes.values()) == {0o600}


def test_the_figures_against_a_truth_are_the_same_wherever_they_are_asked_for(run: Run) -> None:
    handed_over()
    linked = run("link", "french.csv", "arabic.csv", "--out", "links.csv", "--truth", "true.csv", "--json").json
    alone = run("evaluate", "links", "--truth", "true.csv", "--links", "links.csv", "--json").json
    assert alone["precision"] == alone["recall"] == alone["f1"] == 1.0
    assert alone["review_share"] == 0.0
    assert (linked["links"], linked["rows"]) == (4, [5, 5])
    assert linked["truth"] == alone
    shown = run("evaluate", "links", "--truth", "true.csv", "--links", "links.csv").out
    assert "precision  1.00000  4 of 4 links are true" in shown


def test_links_that_are_wrong_lost_or_left_to_a_human_are_counted(run: Run) -> None:
    Path("true.csv").write_text("a,b\n1,2\n3,4\n5,6\n", encoding="utf-8")
    Path("links.csv").write_text(
        "id_a,id_b,probability,verdict,explanation\n2,1,1,link,\n3,9,1,link,\n5,6,1,review,\n6,5,1,review,\n",
        encoding="utf-8",
    )
    found = run("evaluate", "links", "--truth", "true.csv", "--links", "links.csv", "--json").json
    assert (found["precision"], found["recall"], found["review_share"]) == (1 / 2, 1 / 3, 1 / 3)
    assert len(found["findings"]) == 2


@pytest.mark.parametrize(
    ("true", "links", "words"),
    [
        ("a,b\n1,2\n", "id_a,id_b,verdict\n1,2,link\n", "probability"),
        ("a,b\n1,2\n", "", "empty"),
        ("ab\n12\n", "id_a,id_b,probability,verdict\n", "only one column"),
    ],
)
def test_files_that_cannot_be_evaluated_are_answered(run: Run, true: str, links: str, words: str) -> None:
    Path("true.csv").write_text(true, encoding="utf-8")
    Path("links.csv").write_text(links, encoding="utf-8")
    run("evaluate", "links", "--truth", "true.csv", "--links", "links.csv").failed(words, code=2)


# --- the map ---------------------------------------------------------------------------------------


def test_a_guess_is_written_to_be_corrected_and_taken_back(run: Run) -> None:
    handed_over()
    ended = run("link", "french.csv", "arabic.csv", "--map-out", "map.json")
    assert "Nothing was linked" in ended.out
    written = json.loads(Path("map.json").read_text(encoding="utf-8"))
    assert written["a"]["birth"] == {"column": "Date de naissance", "order": "dmy", "calendar": "gregorian"}
    run("link", "french.csv", "arabic.csv", "--out", "links.csv", "--map", "map.json")
    by_map = pairs()
    run("link", "french.csv", "arabic.csv", "--out", "links.csv")
    assert by_map == pairs()


def test_a_column_that_may_be_two_things_is_not_read_and_that_is_said(run: Run) -> None:
    line = "1,Amina,Haddad,2014-12-25,2014-12-25"
    Path("a.csv").write_text(f"id,given,surname,dob,birth date\n{line}\n", encoding="utf-8")
    shown = run("link", "a.csv", "--out", "links.csv").out
    assert "2 columns may be `birth`; none is used" in shown
    assert "name one in a map (--map)" in shown


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("{", ("not valid JSON", "map.json, line 1")),
        ("[]", ("a map is a JSON object",)),
        ('{"nickname": "Prénom"}', ("field there is not", "nickname", "given")),
        ('{"given": "Vorname"}', ("no such column", "Vorname", "Prénom")),
        ('{"a": {"given": "Prénom"}, "b": {"given": "Vorname"}}', ("no such column", "Vorname", "الاسم")),
        ('{"a": {"given": "Prénom"}}', ("says nothing of this file",)),
        ('{"birth": "Date de naissance"}', ("no such column",)),
    ],
)
def test_a_map_that_does_not_fit_is_answered(run: Run, written: str, words: Sequence[str]) -> None:
    handed_over()
    Path("map.json").write_text(written, encoding="utf-8")
    run("link", "french.csv", "arabic.csv", "--out", "links.csv", "--map", "map.json").failed(*words, code=2)


def test_a_file_that_names_nobody_is_answered_and_a_map_to_begin_with_is_written(run: Run) -> None:
    Path("a.csv").write_text("id,shoe size\n1,38\n", encoding="utf-8")
    run("link", "a.csv", "--out", "links.csv", "--map-out", "map.json").failed("no column", "--map-out", code=2)
    assert json.loads(Path("map.json").read_text(encoding="utf-8")) == {"id": "id"}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "empty"),
        (b"id,given\n1,Am\xe9lie\n", "not utf-8"),
        (b"id,given\n1,Amina\n1,Karim\n", "stands on line 2 already"),
        (b"id,given\n1,Amina,Karim\n", "another number of cells"),
        (b'id,given\n1,"Amina\n', "quotes do not match"),
        (b"PK\x03\x04", "Excel"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_clear_message(run: Run, body: bytes, words: str) -> None:
    Path("a.csv").write_bytes(body)
    ended = run("link", "a.csv", "--out", "links.csv")
    ended.failed(words, "a.csv", code=2)
    assert "next" in ended.err
    assert not Path("links.csv").exists()


def test_a_place_that_cannot_be_written_is_answered_before_the_work(run: Run) -> None:
    handed_over()
    Path("folder").mkdir()
    run("link", "french.csv", "--out", "folder").failed("cannot be written", "folder", code=2)
    run("link", "french.csv", "--out", "l.csv", "--report", "nowhere/r.html").failed("cannot be written", code=2)


def test_a_file_that_is_not_there_is_answered(run: Run) -> None:
    run("link", "nowhere.csv", "--out", "links.csv").failed("nowhere.csv", code=2)


# --- the report ------------------------------------------------------------------------------------


def test_the_report_needs_nothing_from_elsewhere_and_says_what_it_holds(run: Run) -> None:
    handed_over()
    run("link", "french.csv", "arabic.csv", "--out", "links.csv", "--truth", "true.csv", "--report", "report.html")
    page = Path("report.html").read_text(encoding="utf-8")
    assert "This page contains personal data" in page
    assert not re.search(r"https?:|<script|<link|\bsrc=|@import|url\(", page)
    for heading in ("Scores", "Calibration", "What agreement weighs", "What pairs were found by", "Sample pairs"):
        assert f"<h2>{heading}</h2>" in page
    assert page.count("<figure>") == page.count("as a table") == 4
    assert "أمينة" in page


def test_what_stands_in_a_cell_is_never_markup(run: Run) -> None:
    bad = '<script>alert("x")</script>'
    line = f"{bad!r},Haddad,Karim,Khadija,2014-12-25,F"
    table = f"id,given,surname,father,mother,dob,sex\n1,{line}\n2,{line}\n".replace("'", '"').replace('("x")', "(1)")
    Path("a.csv").write_text(table, encoding="utf-8")
    run("link", "a.csv", "--out", "links.csv", "--report", "report.html")
    page = Path("report.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert html.escape("<script>alert(1)</script>") in page


def test_a_report_about_nothing_is_a_report(run: Run) -> None:
    Path("a.csv").write_text("id,given,dob\n1,Amina,2014-12-25\n", encoding="utf-8")
    run("link", "a.csv", "--out", "links.csv", "--report", "report.html")
    assert "There are none." in Path("report.html").read_text(encoding="utf-8")


# --- what is found ---------------------------------------------------------------------------------


def _lines(seed: int, households: int) -> list[file_people.Line]:
    random = Random(seed)
    once = file_people.population(random, households)
    again = [file_people.told_again(random, each, f"{each['id']}-x", slips=random.randint(0, 3)) for each in once]
    return [*once, *again]


def _linked(lines: Sequence[file_people.Line]) -> Linked:
    table = tablefile.read(file_people.table(lines), name="a.csv")
    file = persons_file.opened(table, persons_file.guessed(table))
    return linkfiles.link(People((file.rows,)), file_people.rules(len(lines)))


def _by_brute_force(lines: Sequence[file_people.Line], rules: Rules) -> dict[tuple[str, str], str]:
    """Every pair decided, none left out, and settled."""
    people = file_people.read(lines)

    def decide(left: int, right: int) -> Match:
        return file_people.decide(people[left], people[right], rules)

    every = [Pair(left=one, right=two, match=decide(one, two)) for one, two in combinations(range(len(people)), 2)]
    near = [each for each in every if each.match.score >= rules.floor]
    settled = verdicts.settle(near, decide, rules)
    listed = [*verdicts.listed(settled.persons, {}, decide, second=None), *settled.reviews]
    return {(people[each.left].id, people[each.right].id): each.verdict.value for each in listed}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_what_is_found_is_what_comparing_everybody_with_everybody_finds(seed: int) -> None:
    lines = _lines(seed, 25)
    done = _linked(lines)
    found = {(done.people.id(each.left), done.people.id(each.right)): each.verdict.value for each in done.pairs}
    assert found == _by_brute_force(lines, done.rules)


def test_several_processes_find_the_same_as_one(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("registry.flows.linkfiles.CHUNK", 20)
    Path("a.csv").write_bytes(file_people.table(_lines(3, 40)))
    for jobs in (1, 2):
        run("link", "a.csv", "--out", f"links-{jobs}.csv", "--jobs", jobs)
    assert Path("links-1.csv").read_bytes() == Path("links-2.csv").read_bytes()


def test_where_nobody_has_brothers_more_is_linked_and_little_is_left(run: Run) -> None:
    """Every household keeps one child, so that a name that differs is a slip: as in files of adults."""
    lines = [each for each in _lines(4, 150) if each["id"].split("-")[1] == "0"]
    Path("a.csv").write_bytes(file_people.table(lines))
    true = "a,b\n" + "".join(f"{each['id']},{each['id']}-x\n" for each in lines if not each["id"].endswith("-x"))
    Path("true.csv").write_text(true, encoding="utf-8")
    found = run("link", "a.csv", "--out", "links.csv", "--truth", "true.csv", "--json").json["truth"]
    assert found["precision"] == 1.0
    assert found["f1"] >= 0.99


def test_a_number_that_a_household_shares_makes_nobody_one_person(run: Run) -> None:
    """A case number stands with every child of a family: it is found out, said, and not used."""
    lines = [each | {"case number": f"C-{1000 + int(each['id'].split('-')[0])}"} for each in _lines(6, 60)]
    once = [each for each in lines if not each["id"].endswith("-x")]
    Path("a.csv").write_bytes(file_people.table(once, [*file_people.HEADER, "case number"]))
    ended = run("link", "a.csv", "--out", "links.csv", "--json").json
    assert ended["links"] == 0
    assert any("shared by people of other names" in each["message"] for each in ended["remarks"])


def test_where_the_only_brothers_and_sisters_are_twins_none_becomes_the_other(run: Run) -> None:
    """Infants of one year: nothing else in the file shows that names of one house are two children's."""
    random = Random(8)
    firsts = [each for each in _lines(7, 200) if re.fullmatch(r"\d+-0", each["id"])]
    infants = [each | {"birth": f"2024-{random.randint(1, 12):02}-{random.randint(1, 28):02}"} for each in firsts]
    names = file_people.GIRLS + file_people.BOYS
    twins = [each | {"id": f"{each['id']}-twin", "given": random.choice(names)} for each in infants[:20]]
    Path("a.csv").write_bytes(file_people.table([*infants, *twins]))
    run("link", "a.csv", "--out", "links.csv")
    same = {each["id"] for each, twin in zip(infants, twins, strict=False) if each["given"] == twin["given"]}
    linked = {one for (one, _), verdict in pairs().items() if verdict == "link"}
    assert linked <= same


def test_a_row_that_stands_twice_in_one_file_is_found_twice_in_the_other(run: Run) -> None:
    line = "Amina,Haddad,Karim,Khadija,2014-12-25,F"
    Path("a.csv").write_text(f"id,given,surname,father,mother,dob,sex\n1,{line}\n2,{line}\n", encoding="utf-8")
    Path("b.csv").write_text(f"id,given,surname,father,mother,dob,sex\nx,{line}\n", encoding="utf-8")
    run("link", "a.csv", "b.csv", "--out", "links.csv")
    assert pairs() == {("1", "x"): "link", ("2", "x"): "link"}


UNSEEN = ["", "َ", "\u202eAmina\u202c", "Am\u200dina"]
ODD_NAMES = [*UNSEEN, "x", "😀😀", "Amina 2", "Аmina أمينة", "n" * 10_000, "a " * 5_000]


def test_odd_names_are_answered_with_an_explanation(run: Run) -> None:
    lines = [
        {"id": f"{at}-{turn}", "given": name, "family": name, "birth": "2014-12-25", "mother": name, "sex": "F"}
        for at, name in enumerate(ODD_NAMES)
        for turn in range(2)
    ]
    Path("a.csv").write_bytes(file_people.table(lines))
    ended = run("link", "a.csv", "--out", "links.csv", "--report", "report.html")
    assert (ended.code, ended.err) == (0, "")
    with Path("links.csv").open(newline="", encoding="utf-8") as held:
        assert all(row["explanation"] for row in csv.DictReader(held))


def test_two_hundred_people_called_the_same_and_a_key_a_thousand_share_are_bounded(run: Run) -> None:
    """All have one phone, one filled-in birth date and one village; two hundred of them have one name as well."""
    random = Random(5)
    shared = {"birth": "1900-01-01", "village": "Karsa", "phone": "0600000000", "sex": "F"}
    same = [{"id": f"s{at}", "given": "Amina", "family": "Haddad", **shared} for at in range(200)]
    girls = [random.choice(file_people.GIRLS) for _ in range(800)]
    others = [{"id": f"o{at}", "given": girl, "family": f"Fam{at}li", **shared} for at, girl in enumerate(girls)]
    Path("a.csv").write_bytes(file_people.table([*same, *others]))
    ended = run("link", "a.csv", "--out", "links.csv", "--json")
    assert ended.json["compared"] <= 300 * 1000
    assert ended.json["links"] == 0
    said = " ".join(each["message"] for each in ended.json["remarks"])
    assert "a date nobody knew count as missing: 1,000" in said
    assert "tell nobody apart" in said
