"""The labelled world of displaced families: it is what it says it is, and its truth is true."""

from __future__ import annotations

import ast
import csv
import hashlib
import os
import re
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date
from functools import cache
from pathlib import Path

import pytest

from registry import library
from registry.fhir import resource, validate
from tests.support import families
from tests.support.families import __main__ as command
from tests.support.families import calendars, drift, lexicon, slips
from tests.support.families.cultures import cultures
from tests.support.families.records import Record, Truth

Entries = list[tuple[Record, Truth]]

PEOPLE = 2_500
FOLDER = Path(families.__file__).parent


@cache
def a_world(**choices: bool | float) -> Entries:
    return list(families.world(11, PEOPLE, **choices))  # type: ignore[arg-type]


def by_person(entries: Entries) -> Iterable[Entries]:
    found: dict[int, Entries] = defaultdict(list)
    for record, truth in entries:
        found[truth.person].append((record, truth))
    return found.values()


def share(claims: Iterable[object]) -> float:
    told = [bool(claim) for claim in claims]
    return sum(told) / len(told)


# --- one world for one seed -----------------------------------------------------------------------


def digest(seed: int) -> str:
    rows = [(families.row(record), families.labels(truth)) for record, truth in families.world(seed, 150)]
    return hashlib.sha256(repr(rows).encode()).hexdigest()


def test_the_same_seed_makes_the_same_world_in_any_process():
    script = "from tests.core.test_families import digest; print(digest(7))"
    root = FOLDER.parents[2]
    elsewhere = subprocess.run(
        [sys.executable, "-c", script], env={**os.environ, "PYTHONHASHSEED": "23"}, cwd=root, capture_output=True,
        text=True, check=True,
    )  # fmt: skip
    assert elsewhere.stdout.strip() == digest(7)


def test_another_seed_makes_another_world():
    assert digest(7) != digest(8)


@pytest.mark.parametrize("people", [1, 100, 333])
def test_a_world_holds_as_many_people_as_asked(people: int):
    assert len({truth.person for _, truth in families.world(1, people)}) == people


# --- who lives in it ------------------------------------------------------------------------------


def test_people_are_of_every_culture_in_its_share():
    people = {truth.person: truth.culture for _, truth in a_world()}
    found = Counter(people.values())
    for name, culture in cultures().items():
        assert found[name] / len(people) == pytest.approx(culture.share, abs=0.03), name


def test_shares_of_cultures_can_be_chosen():
    assert {truth.culture for _, truth in families.world(1, 200, shares={"ukraine": 1, "dinka": 1})} == {
        "ukraine",
        "dinka",
    }


def test_shares_in_the_table_add_up_to_one():
    assert sum(each.share for each in cultures().values()) == pytest.approx(1)


def test_a_person_has_about_two_records_of_at_most_four_sources():
    people = list(by_person(a_world()))
    assert 1.6 <= len(a_world()) / len(people) <= 2.2
    assert max(len({record.source for record, _ in entries}) for entries in people) <= 4


def test_a_source_holds_some_people_twice():
    people = list(by_person(a_world()))
    twice = share(len({record.source for record, _ in each}) < len(each) for each in people)
    assert 0.005 <= twice <= 0.06


def test_sources_can_be_left_out():
    held = {"home": 1.0, "transit": 0.0, "host": 1.0, "agency": 0.0}
    sources = {record.source.partition("-")[0] for record, _ in families.world(1, 300, held=held)}
    assert sources == {"home", "host"}


def test_families_have_twins_namesake_cousins_grandparents_and_children_alone():
    people = {truth.person: truth for _, truth in a_world()}
    children = [each for each in people.values() if each.role == "child"]
    assert 0.02 <= share(each.twin for each in children) <= 0.08  # one birth in forty
    assert 0.01 <= share(each.namesake_cousin for each in children) <= 0.15
    assert {each.role for each in people.values()} == {"child", "parent", "grandparent"}
    assert share(each.unaccompanied for each in children) > 0.005
    assert 0.5 <= len(children) / len(people) <= 0.8


# --- what a record says ---------------------------------------------------------------------------


def test_every_record_names_somebody_and_has_an_id_of_its_own():
    assert all(record.given.strip() for record, _ in a_world())
    assert len({record.id for record, _ in a_world()}) == len(a_world())


def test_texts_are_whole_words_and_no_rule_shows_through():
    marks = set("=~_`\\|")
    for record, _ in a_world():
        for field in ("given", "father", "grandfather", "family", "mother", "village"):
            text = getattr(record, field)
            assert text == " ".join(text.split()), f"{field} of {record.id} is badly spaced"
            assert not set(text) & marks, f"{field} of {record.id} shows a mark of the rules"


def test_birth_dates_are_dates_as_far_as_they_go():
    for record, truth in a_world():
        parts = [int(each) for each in record.birth_date.split("-")] if record.birth_date else []
        if len(parts) == 3 and truth.birth_quality != "calendar":
            assert date(*parts) <= date(2026, 12, 31)
        if len(parts) == 3:
            assert 1 <= parts[1] <= 12
            assert 1 <= parts[2] <= 31


def test_names_are_written_in_many_scripts():
    found = Counter(truth.script for _, truth in a_world())
    assert set(found) == {"Latin", "Arabic", "Cyrillic", "Ethiopic", "Burmese"}
    assert min(found.values()) >= 0.01 * len(a_world())


def test_a_patient_is_one_the_registry_accepts():
    profiles = library.load().profiles
    for record, _ in a_world()[:400]:
        assert validate.problems(resource.of(families.patient(record)), profiles) == ()


def test_a_patient_says_what_the_record_says():
    record = next(record for record, _ in a_world() if all(families.row(record)[2:11]))
    patient = families.patient(record)
    said = {each["relationship"][0]["coding"][0]["code"]: each["name"]["text"] for each in patient["contact"]}
    assert patient["name"] == [{"family": record.family, "given": [record.given]}]
    assert said == {"MTH": record.mother, "FTH": record.father, "GRFTH": record.grandfather}
    assert (patient["birthDate"], patient["gender"]) == (record.birth_date, record.sex)


# --- how records drift ----------------------------------------------------------------------------

EVERYWHERE = (
    # The rule, and the share of records it befalls: its rate, times the share it can apply to where that is not all.
    ("slip of the hand in given", 0.018, 0.028),
    ("slip of the hand in another name", 0.030, 0.050),
    ("father's name after given", 0.025, 0.050),
    ("1 January", 0.030, 0.060),
    ("other sex", 0.001, 0.008),
    ("sex left empty", 0.002, 0.011),
    ("day of birth unknown", 0.100, 0.200),
)


@pytest.mark.parametrize(("rule", "least", "most"), EVERYWHERE, ids=[rule for rule, _, _ in EVERYWHERE])
def test_a_rule_befalls_as_many_records_as_its_rate_says(rule: str, least: float, most: float):
    assert least <= share(rule in truth.drifts for _, truth in a_world()) <= most


def test_eighteen_percent_of_birth_dates_are_a_new_years_day_or_a_year():
    told = [record.birth_date for record, _ in a_world() if record.birth_date]
    assert 0.15 <= share(each.endswith("-01-01") or len(each) == 4 for each in told) <= 0.21


def test_one_percent_of_records_have_the_wrong_sex_or_none():
    assert 0.005 <= share(record.sex != truth.sex for record, truth in a_world()) <= 0.016


def test_three_in_ten_records_abroad_have_a_new_village():
    """Places of refuge are a list of their own; a few are mistyped, some stand in capitals."""
    abroad = [record for record, _ in a_world() if record.village and not record.source.startswith("home")]
    places = {row["text"] for rows in lexicon.sections("towns").values() for row in rows}
    known = places | {slips.plain_capitals(each) for each in places}
    assert 0.25 <= share(record.village in known for record in abroad) <= 0.35


def test_every_rule_of_the_table_befalls_somebody_in_a_drifting_world():
    entries = [*a_world(drift=3.0), *families.world(3, 400, shares={"myanmar": 1}, drift=3.0, identifiers=True)]
    befallen = {rule for _, truth in entries for rule in truth.drifts}
    conversions = {rule.name for rules in drift.CALENDARS.values() for rule in rules if rule.rate}
    assert {rule.name for rule in (*drift.NAMES, *drift.TEXTS, *drift.BIRTHS)} | conversions == befallen


def test_without_drift_birth_date_and_sex_are_the_same_everywhere():
    for entries in by_person(a_world(drift=0.0)):
        assert len({(record.birth_date, record.sex) for record, _ in entries}) == 1
        assert all(truth.drifts == () for _, truth in entries)


def test_a_day_that_is_said_to_be_right_is_one_day():
    for entries in by_person(a_world()):
        assert len({record.birth_date for record, truth in entries if truth.birth_quality == "day"}) <= 1


QUALITIES = {"default": r"\d{4}-0[17]-01", "year": r"\d{4}", "month": r"\d{4}-\d\d", "missing": ""}


@pytest.mark.parametrize("quality", QUALITIES)
def test_the_quality_of_a_birth_date_is_as_it_looks(quality: str):
    told = [record.birth_date for record, truth in a_world() if truth.birth_quality == quality]
    assert told
    assert all(re.fullmatch(QUALITIES[quality], each) for each in told)


def test_no_identifier_is_known_to_two_sources_unless_asked_for():
    for entries in by_person(a_world()):
        for kind in ("national_id", "ration_card"):
            assert len({record.source for record, _ in entries if getattr(record, kind)}) <= 1


def test_identifiers_can_be_shared():
    people = by_person(list(families.world(1, 400, identifiers=True)))
    shared = [{record.national_id for record, _ in each if record.national_id} for each in people]
    assert share(shared) > 0.4
    assert share(len(each) == 1 for each in shared if each) > 0.9  # a digit typed wrongly now and then


# --- calendars ------------------------------------------------------------------------------------

DAYS = (
    ("solar hijri", date(2021, 3, 21), (1400, 1, 1)),
    ("solar hijri", date(2012, 3, 20), (1391, 1, 1)),
    ("solar hijri", date(2012, 9, 21), (1391, 6, 31)),
    ("solar hijri", date(1979, 2, 11), (1357, 11, 22)),
    ("solar hijri", date(2013, 1, 1), (1391, 10, 12)),
    ("ethiopian", date(2007, 9, 12), (2000, 1, 1)),
    ("ethiopian", date(2014, 9, 11), (2007, 1, 1)),
    ("ethiopian", date(2013, 1, 7), (2005, 4, 29)),
    ("hijri", date(2024, 7, 7), (1446, 1, 1)),
    ("buddhist", date(2011, 5, 3), (2554, 5, 3)),
)


@pytest.mark.parametrize(("calendar", "day", "told"), DAYS)
def test_a_day_in_the_calendar_of_home(calendar: str, day: date, told: tuple[int, int, int]):
    assert calendars.CALENDARS[calendar](day) == told


# --- look-alikes ----------------------------------------------------------------------------------


@cache
def pairs_of_look_alikes(drift: float = 1.0) -> list[families.LookAlike]:
    return list(families.look_alikes(5, 420, drift=drift))


def test_look_alikes_are_two_children_of_every_kind():
    kinds = Counter(pair.kind for pair in pairs_of_look_alikes())
    assert len(kinds) == 7
    assert set(kinds.values()) == {60}
    assert all(pair.one[1].person != pair.other[1].person for pair in pairs_of_look_alikes())


NAMESAKES = {"named after a dead sibling", "namesake cousins", "namesakes of one street"}


def test_look_alikes_agree_where_they_should():
    one_desk = [
        (pair.kind, pair.one[0], pair.other[0])
        for pair in pairs_of_look_alikes(drift=0.0)
        if pair.one[1].writing == pair.other[1].writing and pair.one[0].source == pair.other[0].source
    ]
    siblings = [each for each in one_desk if each[0] not in NAMESAKES]
    assert share(one.father == other.father for _, one, other in siblings) > 0.6
    assert share(one.given == other.given for kind, one, other in one_desk if kind in NAMESAKES) > 0.35
    assert share(one.given != other.given for _, one, other in siblings) > 0.95


def test_a_third_of_look_alikes_are_seen_by_one_desk():
    siblings = [pair for pair in pairs_of_look_alikes() if pair.kind not in NAMESAKES]
    assert 0.25 <= share(pair.one[0].source == pair.other[0].source for pair in siblings) <= 0.5


def test_twins_are_born_on_one_day():
    days = [
        {record.birth_date for record, truth in (pair.one, pair.other) if truth.birth_quality == "day"}
        for pair in pairs_of_look_alikes()
        if pair.kind.startswith("twins")
    ]
    assert all(len(each) <= 1 for each in days)


def test_look_alikes_are_the_same_for_the_same_seed():
    assert list(families.look_alikes(5, 30)) == pairs_of_look_alikes()[:30]


# --- files and independence -----------------------------------------------------------------------


def test_the_command_writes_records_pairs_and_labels(tmp_path: Path):
    command.main(["--people", "120", "--seed", "9", "--out", str(tmp_path)])
    entries = list(families.world(9, 120))
    with (tmp_path / "people.csv").open(encoding="utf-8", newline="") as file:
        assert [tuple(row) for row in csv.reader(file)] == [
            families.COLUMNS,
            *(families.row(record) for record, _ in entries),
        ]
    person = {record.id: truth.person for record, truth in entries}
    with (tmp_path / "truth.csv").open(encoding="utf-8", newline="") as file:
        _, *told = (tuple(row) for row in csv.reader(file))
    assert all(person[one] == person[other] for one, other in told)
    assert len(told) == sum(count * (count - 1) // 2 for count in Counter(person.values()).values())


def test_nothing_of_the_world_knows_the_matcher():
    """Names, spelling and drift must not be made from what the matcher knows."""
    imported = {
        name
        for file in FOLDER.glob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([node.module] if isinstance(node, ast.ImportFrom) else [each.name for each in node.names])
        if name
    }
    ours = {each for each in imported if each.startswith(("registry", "adapters", "tests"))}
    assert {each for each in ours if not each.startswith("tests.support")} == {"registry.fhir"}
