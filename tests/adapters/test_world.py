"""The invented world: repeatable, truthful about who is who, as hard as it says, read by the adapters."""

from __future__ import annotations

import csv
import importlib
import io
import json
import os
import subprocess
import sys
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.sdk.world import clerks, corvia_schools, dates, hand_over, hardships, names, people, spelling
from adapters.sdk.world.clerks import Record
from adapters.sdk.world.dice import Dice
from adapters.sdk.world.hand_over import World
from adapters.sdk.world.hardships import Hardship
from adapters.sdk.world.names import Script
from adapters.sdk.world.plans import Kin
from adapters.sdk.world.reports import State
from registry import intake
from registry.fhir import CANONICAL
from registry.fhir import dates as fhir_dates
from registry.fhir.dates import Calendar

SEEDS = (1, 20250630)
SOURCES = tuple(hardships.RATES)
RECEIVED = datetime(2025, 7, 25, tzinfo=UTC)
ADAPTER_OF = {
    "almara-dhis2": ("dhis2", "almara-dhis2.json"),
    "bektar-iis": ("hl7v2", "bektar-iis.hl7"),
    "bektar-schools": ("oneroster", "bektar-schools.zip"),
    "corvia-schools": ("edfi", "corvia-schools.xml"),
}


@cache
def world(seed: int) -> World:
    return hand_over.world(seed)


@cache
def files(seed: int) -> dict[str, bytes]:
    return hand_over.files(world(seed))


@cache
def submission(source: str, name: str, seed: int = 1) -> intake.Submission:
    adapter = importlib.import_module(f"adapters.{ADAPTER_OF[source][0]}").adapter
    return adapter.convert(files(seed)[name], source=source, received_at=RECEIVED)


def converted(source: str, seed: int = 1) -> intake.Submission:
    return submission(source, ADAPTER_OF[source][1], seed)


def truth(seed: int) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(files(seed)["truth.csv"].decode())))


def records(seed: int, source: str) -> list[Record]:
    return list(world(seed).records[source])


# Repeatable


def test_the_committed_examples_are_what_the_generator_writes() -> None:
    for name, body in files(hand_over.SEED).items():
        path = hand_over.EXAMPLES[name] / name
        assert path.read_bytes() == body, f"{path} is stale: run python -m adapters.sdk.world"


def test_the_committed_examples_stay_small() -> None:
    assert sum(len(body) for body in files(hand_over.SEED).values()) < 3_000_000


def test_another_process_writes_the_same_bytes(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "adapters.sdk.world", "--seed", "2", "--out", str(tmp_path)]
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, "PYTHONHASHSEED": "1"})
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == files(2)


def test_another_seed_is_another_world() -> None:
    assert all(files(1)[name] != files(2)[name] for name in files(1))


def test_the_tables_of_names_are_large_and_without_doubles() -> None:
    sizes = {table: len(names.table(table)) for table in ("given", "family", "mothers")}
    assert sizes["given"] >= 140
    assert sizes["family"] >= 110
    assert sizes["mothers"] >= 80
    assert all(len(names.rows(table)) == size for table, size in sizes.items())


# The truth


@pytest.mark.parametrize("seed", SEEDS)
def test_every_person_of_a_source_is_exactly_one_child_of_one_family(seed: int) -> None:
    rows = truth(seed)
    assert len({(row["source"], row["person_id"]) for row in rows}) == len(rows)
    family_of = {child.id: child.household.id for child in world(seed).children}
    assert all(family_of[row["child"]] == row["family"] for row in rows)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_world_has_the_size_the_demo_needs(seed: int) -> None:
    everybody = world(seed).children
    per_source = Counter(row["source"] for row in truth(seed))
    assert 400 <= len(everybody) <= 460
    assert len({child.household.id for child in everybody}) == 190
    assert all(2008 <= child.born.year <= 2024 for child in everybody)
    assert all(180 <= per_source[source] <= 340 for source in SOURCES), per_source


@pytest.mark.parametrize("seed", SEEDS)
def test_many_children_are_known_to_several_sources_and_some_to_one(seed: int) -> None:
    known_to = defaultdict(set[str])
    for row in truth(seed):
        known_to[row["child"]].add(row["source"])
    counts = Counter(len(sources) for sources in known_to.values())
    assert all(counts[number] >= 50 for number in (1, 2, 3, 4)), counts


@pytest.mark.parametrize("seed", SEEDS)
def test_schools_hold_only_children_of_school_age(seed: int) -> None:
    for source in ("bektar-schools", "corvia-schools"):
        for record in records(seed, source):
            assert record.child.age_on(record.written_on) >= 5.9
            for year in world(seed).years[source][record.person_id]:
                assert 5.9 <= record.child.age_on(year.start) <= 18.5


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_happens_before_birth_or_after_the_hand_over(seed: int) -> None:
    for source in ("almara-dhis2", "bektar-iis"):
        for record in records(seed, source):
            for report in world(seed).reports[source][record.person_id]:
                assert record.child.born <= report.day <= people.TODAY + timedelta(days=9)


# As hard as it says


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("source", SOURCES)
def test_each_hardship_occurs_at_its_stated_rate(seed: int, source: str) -> None:
    first = [record for record in records(seed, source) if not record.is_second]
    for hardship, rate in hardships.RATES[source].items():
        share = sum(hardship in record.befallen for record in first) / len(first)
        assert share == pytest.approx(rate, abs=0.006), hardship


SIGNS = {
    Hardship.NEW_YEAR: lambda r: r.birth.iso.endswith("-01-01") and r.birth.year == r.child.born.year,
    Hardship.SWAPPED: lambda r: (r.birth.month, r.birth.day) == (r.child.born.day, r.child.born.month),
    Hardship.YEAR_ONLY: lambda r: r.birth.iso == str(r.child.born.year),
    Hardship.YEAR_OFF: lambda r: abs(r.birth.year - r.child.born.year) == 1,
    Hardship.HIJRI: lambda r: r.birth.calendar == dates.HIJRI and r.birth.year < 1500,
    Hardship.ETHIOPIAN: lambda r: r.birth.calendar == dates.ETHIOPIAN,
    Hardship.NO_MOTHER: lambda r: not any(spelt.mother for spelt in r.spelt.values()),
    Hardship.SEX_UNKNOWN: lambda r: r.sex == "U",
    Hardship.FATHER_AS_FAMILY: lambda r: all(spelt.family == spelt.father for spelt in r.spelt.values()),
}


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("hardship", SIGNS, ids=lambda hardship: hardship.value)
def test_a_noted_hardship_shows_in_the_record_and_an_unnoted_one_does_not(source: str, hardship: Hardship) -> None:
    sign = SIGNS[hardship]
    for record in records(1, source):
        if hardship in record.befallen:
            assert sign(record)
        elif hardship is not Hardship.SWAPPED and not (hardships.OF_BIRTH_DATE & record.befallen):
            assert not sign(record) or hardship is Hardship.FATHER_AS_FAMILY


@pytest.mark.parametrize("seed", SEEDS)
def test_some_children_stand_twice_in_one_source_and_nobody_three_times(seed: int) -> None:
    for source in SOURCES:
        counts = Counter(record.child.id for record in records(seed, source))
        doubled = {record.child.id for record in records(seed, source) if Hardship.TWICE in record.befallen}
        assert max(counts.values()) == 2
        assert {child for child, count in counts.items() if count == 2} == doubled


@pytest.mark.parametrize("seed", SEEDS)
def test_every_world_has_twins_some_of_them_named_alike(seed: int) -> None:
    pairs = defaultdict(list[str])
    for child in world(seed).children:
        if child.twin:
            pairs[child.household.id].append(child.given.key)
    alike = {frozenset((one.key, other.key)) for one, other in names.alike()}
    assert len(pairs) >= 6
    assert all(len(set(pair)) == 2 for pair in pairs.values())
    assert sum(frozenset(pair) in alike for pair in pairs.values()) >= 5


@pytest.mark.parametrize(("kin", "same_village", "pairs"), [(Kin.COUSINS, True, 6), (Kin.NAMESAKES, False, 4)])
@pytest.mark.parametrize("seed", SEEDS)
def test_every_world_has_cousins_and_strangers_of_one_name(seed: int, kin: Kin, same_village: bool, pairs: int) -> None:
    eldest = [child for child in world(seed).children if child.household.kin is kin and child.is_eldest]
    assert len(eldest) == 2 * pairs
    for one, other in zip(eldest[::2], eldest[1::2], strict=True):
        homes = {child.household.stays[0].place for child in (one, other)}
        assert (one.given.key, one.household.family.key) == (other.given.key, other.household.family.key)
        assert one.born != other.born or one.household.father.key != other.household.father.key
        assert (len(homes) == 1) is same_village


@pytest.mark.parametrize("seed", SEEDS)
def test_numbers_and_phones_stay_within_their_country(seed: int) -> None:
    numbers = defaultdict(set[str])
    phones = defaultdict(set[str])
    for source in SOURCES:
        for record in records(seed, source):
            numbers[record.source.country].add(record.national_number)
            phones[record.source.country].add(record.phone)
    for held in (numbers, phones):
        assert not set.intersection(*held.values()) - {""}
        assert not (held["XAL"] & held["XBK"] | held["XBK"] & held["XCV"]) - {""}


@pytest.mark.parametrize("seed", SEEDS)
def test_two_in_five_have_one_number_in_both_systems_of_bektar(seed: int) -> None:
    written = {
        source: {r.child.id: r.national_number for r in records(seed, source) if not r.is_second}
        for source in ("bektar-iis", "bektar-schools")
    }
    both = written["bektar-iis"].keys() & written["bektar-schools"].keys()
    shared = sum(
        bool(written["bektar-iis"][child]) and written["bektar-iis"][child] == written["bektar-schools"][child]
        for child in both
    )
    assert shared / len(both) == pytest.approx(0.40, abs=0.1)


@pytest.mark.parametrize("seed", SEEDS)
def test_names_are_spelt_differently_from_record_to_record(seed: int) -> None:
    spellings = defaultdict(set[str])
    for source in ("bektar-iis", "bektar-schools"):
        for record in records(seed, source):
            if not hardships.OF_NAME & record.befallen:
                spellings[record.child.id].add(record.spelt[Script.ENGLISH].given)
    several = sum(len(each) > 1 for each in spellings.values())
    assert several > 40


@pytest.mark.parametrize("seed", SEEDS)
def test_doses_are_told_twice_and_not_always_alike(seed: int) -> None:
    held = world(seed)
    almara = {
        (record.child.id, report.vaccine, report.number): report
        for record in held.records["almara-dhis2"]
        for report in held.reports["almara-dhis2"][record.person_id]
        if report.state is State.GIVEN
    }
    repeats = [
        (report, almara.get((record.child.id, report.vaccine, report.number)))
        for record in held.records["bektar-iis"]
        for report in held.reports["bektar-iis"][record.person_id]
        if report.is_repeat
    ]
    known = [(told, given_) for told, given_ in repeats if given_]
    assert len(known) > 500
    assert sum(not told.lot for told, _ in known) / len(known) == pytest.approx(0.8, abs=0.06)
    assert any(abs((told.day - given_.day).days) == 1 for told, given_ in known)
    assert any(told.date.day is None for told, _ in known)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_state_of_a_dose_occurs(seed: int) -> None:
    states = {
        source: Counter(report.state for told in world(seed).reports[source].values() for report in told)
        for source in ("almara-dhis2", "bektar-iis")
    }
    assert all(states["almara-dhis2"][state] >= 20 for state in State)
    assert all(states["bektar-iis"][state] >= 3 for state in State if state is not State.PLANNED)
    assert states["bektar-iis"][State.PLANNED] == 0


# What the adapters make of it


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("source", SOURCES)
def test_the_persons_of_a_submission_are_the_persons_of_the_truth(seed: int, source: str) -> None:
    meant = {row["person_id"] for row in truth(seed) if row["source"] == source}
    entries = converted(source, seed).entries
    assert {entry.person for entry in entries} == meant
    assert {entry.person for entry in entries if entry.resource.kind == "Patient"} == meant


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("source", ["almara-dhis2", "bektar-iis"])
def test_every_dose_arrives_with_its_state(seed: int, source: str) -> None:
    status = {
        State.GIVEN: "completed",
        State.CANCELLED: "entered-in-error",
        State.REFUSED: "not-done",
        State.OUT_OF_STOCK: "not-done",
    }
    meant = {
        report.id: status[report.state]
        for told in world(seed).reports[source].values()
        for report in told
        if report.state in status
    }
    doses = [entry.resource for entry in converted(source, seed).entries if entry.resource.kind != "Patient"]
    assert {dose.id: dose.content["status"] for dose in doses} == meant


@pytest.mark.parametrize("source", ["bektar-schools", "corvia-schools"])
@pytest.mark.parametrize("seed", SEEDS)
def test_every_school_year_arrives_once(seed: int, source: str) -> None:
    meant = Counter({person: len(years) for person, years in world(seed).years[source].items()})
    arrived = Counter(entry.person for entry in converted(source, seed).entries if entry.resource.kind == "Basic")
    assert arrived == +meant


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("source", SOURCES)
def test_no_adapter_sets_a_record_aside_or_meets_an_unknown_field(seed: int, source: str) -> None:
    made = converted(source, seed)
    errors = [finding for finding in made.findings if finding.severity is intake.Severity.ERROR]
    assert errors == []
    assert [row.field for row in made.coverage if row.fate is intake.Fate.UNKNOWN] == []


@pytest.mark.parametrize("seed", SEEDS)
def test_dates_of_other_calendars_are_converted_to_the_true_day_and_marked(seed: int) -> None:
    url = f"{CANONICAL}/StructureDefinition/original-date"
    foreign = {
        record.person_id: record.child.born.isoformat()
        for record in records(seed, "almara-dhis2")
        if record.birth.calendar != dates.GREGORIAN
    }
    patients = [
        entry.resource.content for entry in converted("almara-dhis2", seed).entries if entry.resource.kind == "Patient"
    ]
    marked = {
        patient["id"]: patient["birthDate"]
        for patient in patients
        if any(each["url"] == url for each in patient.get("_birthDate", {}).get("extension", ()))
    }
    assert marked == foreign


def _latest(made: intake.Submission) -> dict[str, bytes]:
    """The last version of every resource of a hand-over."""
    return {entry.resource.reference: entry.resource.body for entry in made.entries}


@pytest.mark.parametrize("source", ["almara-dhis2", "bektar-iis"])
@pytest.mark.parametrize("seed", SEEDS)
def test_a_file_sent_again_repeats_most_and_corrects_a_little(seed: int, source: str) -> None:
    adapter_file = ADAPTER_OF[source][1]
    again = _latest(submission(source, adapter_file.replace(".", "-resend."), seed))
    before = _latest(converted(source, seed))
    changed = [reference for reference, body in again.items() if before.get(reference) != body]
    assert again.keys() <= before.keys()
    assert len(again) > 100
    assert 5 <= len(changed) <= 20


# The story


@pytest.mark.parametrize("seed", SEEDS)
def test_the_girl_and_her_twin_are_known_to_all_four_sources(seed: int) -> None:
    told = json.loads(files(seed)["story.json"])
    known = {(row["source"], row["person_id"]): row["child"] for row in truth(seed)}
    for who in ("girl", "twin"):
        written = told[who]["records"]
        assert [record["source"] for record in written] == list(SOURCES)
        assert {known[record["source"], record["person_id"]] for record in written} == {told[who]["child"]}
    assert told["girl"]["born"] == told["twin"]["born"]
    assert told["girl"]["given"] != told["twin"]["given"]


@pytest.mark.parametrize("seed", SEEDS)
def test_what_the_clinic_types_is_true_of_the_girl_alone(seed: int) -> None:
    asked = json.loads(files(seed)["story.json"])["asks"]["clinic"]
    fitting = {
        child.id
        for child in world(seed).children
        if child.given.key == asked["given"]
        and child.household.family.key == asked["family"]
        and child.household.mother.key == asked["mother"]
        and child.born.isoformat().startswith(asked["birthDate"])
    }
    assert fitting == {json.loads(files(seed)["story.json"])["girl"]["child"]}


@pytest.mark.parametrize("seed", SEEDS)
def test_nobody_of_the_world_has_the_name_of_the_newcomer(seed: int) -> None:
    newcomer = json.loads(files(seed)["story.json"])["newcomer"]
    pair = (newcomer["given"]["arabic"], newcomer["family_name"]["arabic"])
    assert pair not in {(child.given.key, child.household.family.key) for child in world(seed).children}


@pytest.mark.parametrize("seed", SEEDS)
def test_the_girl_has_a_dose_told_twice_and_lacks_her_second_measles_dose(seed: int) -> None:
    girl = json.loads(files(seed)["story.json"])["girl"]
    number = {record["source"]: record["person_id"] for record in girl["records"]}
    almara, bektar = (
        [report for report in world(seed).reports[source][number[source]] if report.state is State.GIVEN]
        for source in ("almara-dhis2", "bektar-iis")
    )
    repeated = {(report.vaccine, report.number) for report in bektar if report.is_repeat}
    assert {(report.vaccine, report.number) for report in almara} == repeated
    assert {report.number for report in (*almara, *bektar) if report.vaccine in ("MR", "MMR")} == {1}
    assert [year.grade for year in world(seed).years["bektar-schools"][number["bektar-schools"]]] == [1, 2, 3]
    assert [year.grade for year in world(seed).years["corvia-schools"][number["corvia-schools"]]] == [
        3,
        4,
        5,
        6,
    ]


# Its parts


@given(st.dates(date(2000, 1, 1), date(2030, 12, 31)))
def test_the_calendars_agree_with_those_of_the_registry(day: date) -> None:
    for written, calendar in (
        (dates.to_ethiopian(day), Calendar.ETHIOPIAN),
        (dates.to_hijri(day), Calendar.HIJRI),
    ):
        assert written.month is not None
        assert written.day is not None
        converted_ = fhir_dates.convert(written.year, written.month, written.day, calendar)
        assert converted_ == fhir_dates.of(day)


@given(st.integers(), st.sampled_from(sorted(names.table("given"))), st.sampled_from(list(Script)))
def test_a_mistake_is_never_the_right_spelling(seed: int, name: str, script: Script) -> None:
    text = names.table("given")[name].usual(script)
    wrong = spelling.misspelt(Dice(seed), text, script)
    assert wrong != text
    assert wrong[0] == text[0]


@pytest.mark.parametrize(
    ("father", "sex", "expected"),
    [
        ("Юсуф", "M", "Юсуфович"),
        ("Юсуф", "F", "Юсуфовна"),
        ("Али", "F", "Алиевна"),
        ("Биляль", "M", "Билялевич"),
        ("Муса", "M", "Мусаевич"),
    ],
)
def test_patronymics_are_formed_by_ear(father: str, sex: str, expected: str) -> None:
    assert corvia_schools.patronymic(father, sex) == expected


def test_a_stream_of_draws_does_not_disturb_another() -> None:
    alone, beside = Dice(1, "a"), Dice(1, "a")
    beside.apart("b").number(1, 6)
    assert [alone.number(1, 100) for _ in range(9)] == [beside.number(1, 100) for _ in range(9)]


def test_the_second_record_of_a_child_goes_on_where_the_first_ends() -> None:
    held = world(1).reports["almara-dhis2"]
    second = next(record for record in records(1, "almara-dhis2") if record.is_second)
    first = next(r for r in records(1, "almara-dhis2") if r.child == second.child and not r.is_second)
    assert {report.id for report in held[first.person_id]}.isdisjoint(report.id for report in held[second.person_id])
    assert all(report.day >= second.written_on for report in held[second.person_id])
    assert all(report.day < second.written_on for report in held[first.person_id])


def test_every_source_names_its_country() -> None:
    sources = (clerks.ALMARA_DHIS2, clerks.BEKTAR_IIS, clerks.BEKTAR_SCHOOLS, clerks.CORVIA_SCHOOLS)
    assert [source.country for source in sources] == ["XAL", "XBK", "XBK", "XCV"]
