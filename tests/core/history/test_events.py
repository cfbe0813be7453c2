"""One history out of several systems' records."""

# ruff: noqa: E501 - one row of a table is one line

from datetime import date
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as some

from registry import library
from registry.continuity import history
from registry.continuity.history import Certainty, DoseEvent, Record
from registry.fhir.dates import PartialDate
from tests.core.continuity_records import CVX, dose, meaning
from tests.support import retold

A, B, C = "almara-dhis2", "bektar-iis", "corvia-clinics"
RECALL = {"reportOrigin": {"coding": [{"code": "recall"}]}}


def _events(*records: Record) -> tuple[DoseEvent, ...]:
    return history.events(records, meaning)


@pytest.mark.parametrize(
    ("claim", "one", "two", "doses", "doubtful"),
    [
        ("same vaccine, day and lot", ("penta", "2020-03-01", A, "X1"), ("penta", "2020-03-01", B, "x-1"), 1, 0),
        ("a lot is missing on one side", ("penta", "2020-03-01", A, "X1"), ("penta", "2020-03-01", B, None), 1, 0),
        ("no lot on either side", ("penta", "2020-03-01", A, None), ("penta", "2020-03-01", B, None), 1, 0),
        ("two different lots", ("penta", "2020-03-01", A, "X1"), ("penta", "2020-03-01", B, "X2"), 2, 1),
        ("a day apart, same lot", ("penta", "2020-03-01", A, "X1"), ("penta", "2020-03-02", B, "X1"), 1, 0),
        ("a day apart, lots unknown", ("penta", "2020-03-01", A, None), ("penta", "2020-03-02", B, None), 2, 1),
        ("two days apart, same lot", ("penta", "2020-03-01", A, "X1"), ("penta", "2020-03-03", B, "X1"), 2, 1),
        ("other antigens, none shared", ("bcg", "2020-03-01", A, None), ("opv", "2020-03-01", B, None), 2, 0),
        ("antigens partly shared", ("penta", "2020-03-01", A, None), ("dtp", "2020-03-01", B, None), 2, 1),
        ("month against day, no lot", ("penta", "2020-03-01", A, None), ("penta", "2020-03", B, None), 2, 1),
        ("month against day, same lot", ("penta", "2020-03-01", A, "X1"), ("penta", "2020-03", B, "X1"), 2, 1),
        ("month against day, other lot", ("penta", "2020-03-01", A, "X1"), ("penta", "2020-03", B, "X2"), 2, 1),
        ("month against another month", ("penta", "2020-03-09", A, "X1"), ("penta", "2020-05", B, "X1"), 2, 0),
        ("month and month, no lot", ("penta", "2020-03", A, None), ("penta", "2020-03", B, None), 2, 1),
        ("month and month, same lot", ("penta", "2020-03", A, "X1"), ("penta", "2020-03", B, "X1"), 2, 1),
        ("one system, vague dates, one lot", ("penta", "2020", A, "X1"), ("penta", "2020", A, "X1"), 2, 0),
        ("no date against a day", ("mr", "2020-03-01", A, None), ("mr", None, B, None), 2, 1),
        ("no dates at all", ("mr", None, A, None), ("mr", None, B, None), 2, 1),
    ],
)
def test_two_records_are_one_dose_by_the_natural_key(
    claim: str,
    one: tuple[str, str | None, str, str | None],
    two: tuple[str, str | None, str, str | None],
    doses: int,
    doubtful: int,
) -> None:
    records = [dose(each[0], each[1], each[2], lot=each[3], id=f"r{n}") for n, each in enumerate((one, two))]
    found = _events(*records)
    assert (len(found), sum(each.possible_duplicate_of is not None for each in found)) == (doses, doubtful), claim


REAL = library.load().meaning
CODES = {"atc": "http://www.whocc.no/atc", "icd": "http://id.who.int/icd/release/11/mms", "cvx": CVX}


def _told(text: str) -> Record:
    """A record written as `source vaccine date [lot] [#number]`; a vaccine is `cvx:198`, `atc:J07BD52` or a name."""
    source, vaccine, when, *rest = text.split()
    system, _, code = vaccine.rpartition(":")
    concept = {"coding": [{"system": CODES[system], "code": code}]} if system else {"text": vaccine}
    number = next((int(each[1:]) for each in rest if each.startswith("#")), None)
    lot = next((each for each in rest if not each.startswith("#")), None)
    return retold.record(concept, None if when == "?" else when, source, text.replace(" ", "-"), lot=lot, number=number)


@pytest.mark.parametrize(
    ("claim", "told", "doses", "doubtful"),
    [
        ("re-coded", ["a cvx:03 2021-05-01", "b atc:J07BD52 2021-05-01", "c ROR 2021-05-01"], 1, 0),
        ("unspecified beside particular", ["a cvx:133 2021-05-01", "b cvx:152 2021-05-01"], 1, 0),
        ("two products of one kind", ["a cvx:20 2021-05-01", "b cvx:106 2021-05-01"], 1, 0),
        ("drops and injection of one visit", ["a cvx:178 2021-05-01", "a cvx:10 2021-05-01"], 2, 0),
        ("drops here, injection there", ["a cvx:178 2021-05-01", "b cvx:10 2021-05-01"], 2, 0),
        ("drops, and only polio elsewhere", ["a cvx:178 2021-05-01", "b polio 2021-05-01"], 2, 1),
        ("drops, and polio of the same lot", ["a cvx:178 2021-05-01 X1", "b polio 2021-05-01 X1"], 1, 0),
        ("penta, whichever, is what was given", ["a cvx:198 2021-05-01", "b penta 2021-05-01"], 1, 0),
        ("penta, when both kinds were told", ["a cvx:198 2021-05-01", "b cvx:170 2021-05-01", "c penta 2021-05-01"], 3, 2),
        (
            "a combination told in parts elsewhere",
            ["a cvx:198 2021-05-01", "b cvx:01 2021-05-01", "b cvx:45 2021-05-01", "b cvx:17 2021-05-01"],
            1,
            0,
        ),
        ("some parts only", ["a cvx:198 2021-05-01", "b cvx:01 2021-05-01", "b cvx:45 2021-05-01"], 3, 2),
        (
            "parts with lots of their own",
            ["a cvx:198 2021-05-01 P1", "b cvx:01 2021-05-01 D1", "b cvx:45 2021-05-01 H1", "b cvx:17 2021-05-01 I1"],
            4,
            3,
        ),
        ("parts told by two systems", ["a cvx:198 2021-05-01", "b cvx:22 2021-05-01", "c cvx:45 2021-05-01"], 3, 2),
        ("parts, and drops in place of the injection", ["a cvx:146 2021-05-01", "b cvx:198 2021-05-01", "b cvx:182 2021-05-01"], 3, 1),
        ("parts told nowhere as one", ["a cvx:01 2021-05-01", "a cvx:45 2021-05-01", "a cvx:17 2021-05-01"], 3, 0),
        ("a month in which no second dose fits", ["a cvx:198 2021-05-15 X1 #2", "b cvx:198 2021-05 X1 #2"], 1, 0),
        (
            "a month told by two, who may mean days far apart",
            ["a cvx:198 2021-05-15 X1 #2", "b cvx:198 2021-05 X1 #2", "c cvx:198 2021-05 X1 #2"],
            3,
            2,
        ),
        (
            "a month, and two days it may mean",
            ["a cvx:198 2021-11-15 X1 #2", "b cvx:198 2021-10-31 X1", "c cvx:198 2021-11 X1 #2"],
            3,
            2,
        ),
        (
            "a month that another month beside it may be",
            ["a cvx:198 2021-11-10 X1 #1", "b cvx:198 2021-11 X1 #1", "c cvx:198 2021-12 X1 #1"],
            3,
            1,
        ),
        ("three days of one lot", ["a cvx:03 2021-05-26 X1", "b cvx:03 2021-05-27 X1", "c cvx:03 2021-05-28 X1"], 3, 2),
        ("a month in which one would fit", ["a cvx:198 2021-05-01 X1 #2", "b cvx:198 2021-05 X1 #2"], 2, 1),
        ("rabies vaccine is repeated within days", ["a cvx:90 2021-05-15 X1 #2", "b cvx:90 2021-05 X1 #2"], 2, 1),
        ("ten days apart, one lot, one number", ["a cvx:198 2021-05-15 X1 #2", "b cvx:198 2021-05-25 X1 #2"], 2, 1),
        ("ten days apart, one lot", ["a cvx:198 2021-05-15 X1", "b cvx:198 2021-05-25 X1"], 2, 1),
        ("day and month exchanged", ["a cvx:198 2021-05-04", "b cvx:198 2021-04-05"], 2, 1),
        ("exchanged, with numbers", ["a cvx:198 2021-05-04 #2", "b cvx:198 2021-04-05 #1"], 2, 0),
        ("exchanged, in one system", ["a cvx:198 2021-05-04", "a cvx:198 2021-04-05"], 2, 0),
        ("pneumococcal, whichever", ["a cvx:133 2021-05-01", "b cvx:109 2021-05-01"], 1, 0),
        ("a vaccine nobody knows", ["a cvx:133 2021-05-01", "b Zzz 2021-05-01"], 2, 0),
    ],
)  # fmt: skip
def test_the_same_dose_told_twice_is_one(claim: str, told: list[str], doses: int, doubtful: int) -> None:
    found = history.events([_told(each) for each in told], REAL)
    assert (len(found), sum(each.possible_duplicate_of is not None for each in found)) == (doses, doubtful), claim


def test_one_record_in_two_systems_is_known_by_its_number_and_a_card_number_is_not() -> None:
    entry = {"identifier": [{"system": "urn:entries", "value": "7"}]}
    here = retold.record({"text": "MMR"}, "2021-05-01", "a", "here", **entry)
    there = retold.record({"text": "MMR"}, "2021-05-02", "b", "there", **entry)
    later = retold.record({"text": "MMR"}, "2021-08-01", "b", "later", **entry)
    assert [len(each.provenances) for each in history.events([here, there], REAL)] == [2]
    assert [len(each.provenances) for each in history.events([here, later], REAL)] == [1, 1]


def test_an_event_can_be_any_vaccine_and_any_day_its_records_tell() -> None:
    told = ["a atc:J07AJ52 2021-05-01 X1", "b cvx:20 2021-05-02 X1", "c DTaP 2021-05-01 X1"]
    (event,) = history.events([_told(each) for each in told], REAL)
    assert event.cvx == {"20"}
    assert (str(event.when), event.days) == ("2021-05-01", (date(2021, 5, 1), date(2021, 5, 2)))


def test_ignoring_a_dose_frees_those_it_cast_doubt_on() -> None:
    told = ["a cvx:198 2021-05-01", "b cvx:01 2021-05-01", "c cvx:03 2021-06-01"]
    events = history.events([_told(each) for each in told], REAL)
    doubtful = next(each for each in events if each.possible_duplicate_of)
    left = history.without(events, doubtful.possible_duplicate_of or "")
    assert [each.possible_duplicate_of for each in left] == [None, None]
    assert "possible-duplicate" not in {finding.code for each in left for finding in each.findings}
    assert history.without(events) == events
    with pytest.raises(KeyError):
        history.without(events, "d9")


def test_the_same_dose_through_two_systems_is_one_event_with_two_provenances() -> None:
    (event,) = _events(dose("mr", "2020-03-01", A), dose("mr", "2020-03-01", B))
    assert {each.source for each in event.provenances} == {A, B}
    assert (event.certainty, event.why.code) == (Certainty.CONFIRMED, "health-authority")


def test_a_dose_entered_in_error_takes_away_that_telling_and_leaves_the_other() -> None:
    (event,) = _events(
        dose("mr", "2020-03-01", A, status="entered-in-error", primarySource=True), dose("mr", "2020-03-01", B)
    )
    assert [each.source for each in event.provenances] == [B]
    assert event.certainty is Certainty.RECORDED


def test_a_dose_not_done_is_not_a_dose() -> None:
    assert _events(dose("mr", "2020-03-01", A, status="not-done")) == ()


@pytest.mark.parametrize(
    ("certainty", "records"),
    [
        (Certainty.CONFIRMED, [dose("mr", "2020-03-01", A, primarySource=True)]),
        (Certainty.RECORDED, [dose("mr", "2020-03-01", A)]),
        (Certainty.RECORDED, [dose("mr", "2020-03-01", A, primarySource=False)]),
        (Certainty.RECORDED, [dose("mr", "2020-03-01", A, id="1"), dose("mr", "2020-03-01", A, id="2")]),
        (Certainty.RECORDED, [dose("mr", "2020-03-01", A), dose("mr", "2020-03-01", B, **RECALL)]),
        (Certainty.STATED, [dose("mr", "2020-03-01", A, **RECALL)]),
        (Certainty.STATED, [dose("mr", "2020-03-01", A, **RECALL), dose("mr", "2020-03-01", B, **RECALL)]),
        (
            Certainty.RECORDED,
            [dose("mr", "2020-03-01", A, dossier="x"), dose("mr", "2020-03-01", A, dossier="y", id="2")],
        ),
    ],
)
def test_certainty_says_who_stands_behind_a_dose(certainty: Certainty, records: list[Record]) -> None:
    (event,) = _events(*records)
    assert event.certainty is certainty
    assert str(event.why)


def test_a_vague_record_joins_none_of_two_doses_of_its_lot() -> None:
    found = _events(
        dose("penta", "2020-03-01", A, lot="X1", id="1"),
        dose("penta", "2020-04-01", A, lot="X1", id="2"),
        dose("penta", "2020", B, lot="X1", id="3"),
    )
    assert len(found) == 3
    assert [str(each.when) for each in found if each.possible_duplicate_of] == ["2020"]


def test_two_vague_records_of_one_system_do_not_both_join_one_dose() -> None:
    found = _events(
        dose("penta", "2020-03-01", A, lot="X1", id="1"),
        dose("penta", "2020", B, lot="X1", id="2"),
        dose("penta", "2020", B, lot="X1", id="3"),
    )
    assert [len(each.provenances) for each in found] == [1, 1, 1]


@pytest.mark.parametrize(("day", "doubtful"), [("2020-03-01", 0), ("2020-03-02", 1)])
def test_who_tells_one_of_two_days_may_mean_the_other_by_a_vague_date(day: str, doubtful: int) -> None:
    entry = {"identifier": [{"system": "urn:entries", "value": "7"}]}
    found = _events(
        dose("penta", "2020-03-01", A, lot="X1", id="1", **entry),
        dose("penta", day, B, id="2", **entry),
        dose("penta", "2020", B, lot="X1", id="3"),
        dose("penta", "", B, lot="X1", id="4"),
    )
    assert sorted(len(each.provenances) for each in found) == [1, 1, 2]
    assert sum(each.possible_duplicate_of is not None for each in found) == 2 * doubtful


def test_a_vague_record_with_another_dose_number_is_another_dose() -> None:
    found = _events(
        dose("penta", "2020-03-01", A, lot="X1", id="1", protocolApplied=[{"doseNumberPositiveInt": 1}]),
        dose("penta", "2020", B, lot="X1", id="2", protocolApplied=[{"doseNumberString": "2"}]),
    )
    assert [len(each.provenances) for each in found] == [1, 1]


def test_a_system_that_tells_a_full_and_a_vague_dose_means_two() -> None:
    found = _events(
        dose("penta", "2020-03-01", A, lot="X1", id="1"),
        dose("penta", "2020", A, lot="X1", id="2"),
    )
    assert [each.possible_duplicate_of for each in found] == [None, None]


@pytest.mark.parametrize(("month", "doubtful"), [("2020-03", 1), ("2020-04", 0), ("2020", 1)])
def test_a_day_before_birth_that_turned_about_lies_in_a_vague_date_may_be_that_dose(month: str, doubtful: int) -> None:
    told = [dose("bcg", "2020-01-03", A, lot="X1"), dose("bcg", month, B, lot="X1")]
    found = history.events(told, meaning, birth=PartialDate(2020, 1, 20), today=date(2022, 1, 1))
    assert sum(each.possible_duplicate_of is not None for each in found) == doubtful


@pytest.mark.parametrize(("year", "provenances"), [("2020", [1, 1, 1]), ("2021", [1, 2]), ("", [1, 1, 1])])
def test_an_impossible_day_does_not_heal_where_its_system_may_mean_the_right_one(
    year: str, provenances: list[int]
) -> None:
    told = [
        dose("mr", "2020-01-09", A, lot="X1", id="1"),
        dose("mr", "2020-09-01", B, lot="X1", id="2"),
        dose("mr", year, A, id="3"),
    ]
    found = history.events(told, meaning, birth=PartialDate(2020, 5, 10), today=date(2022, 1, 1))
    assert sorted(len(each.provenances) for each in found) == provenances


def test_an_unknown_vaccine_is_shown_and_named_as_such() -> None:
    strange = {"vaccineCode": {"coding": [{"system": "urn:x", "code": "7"}], "text": "Seven"}}
    (event,) = _events(dose("mr", "2020-03-01", A, **strange), dose("mr", "2020-03-01", B, **strange))
    assert event.antigens == frozenset()
    assert event.vaccine["text"] == "Seven"
    assert "vaccine-not-recognised" in {each.code for each in event.findings}


@pytest.mark.parametrize(
    ("when", "finding"),
    [
        ("2019-12-31", "before-birth"),
        ("2022-01-02", "in-the-future"),
        ("2021-05", "date-partial"),
        (None, "date-unknown"),
    ],
)
def test_a_date_that_cannot_be_is_a_finding_and_the_dose_stays(when: str | None, finding: str) -> None:
    (event,) = history.events([dose("mr", when, A)], meaning, birth=PartialDate(2020, 1, 1), today=date(2022, 1, 1))
    assert finding in {each.code for each in event.findings}


def test_records_stripped_to_the_bone_are_still_read() -> None:
    bare = {"vaccineCode": None, "patient": None, "protocolApplied": [None], "reportOrigin": 7, "lotNumber": 3}
    (event,) = _events(dose("mr", None, A, **bare))
    assert event.certainty is Certainty.RECORDED


def test_no_reason_or_representation_of_a_dose_betrays_its_record() -> None:
    (event,) = _events(dose("mr", "2020-03-01", A, note=[{"text": "canary-note"}]))
    assert "canary" not in repr(event)


records = some.lists(
    some.builds(
        lambda vaccine, when, source, lot, number, origin, status: dose(
            vaccine, when, source, lot=lot, id=f"r{number}", status=status, **origin
        ),
        some.sampled_from(["penta", "dtp", "hepb", "mr"]),
        some.sampled_from(["2020-03-01", "2020-03-02", "2020-03-03", "2020-04-01", "2020-03", "2020", None]),
        some.sampled_from([A, B, C]),
        some.sampled_from([None, "X1", "X2"]),
        some.integers(0, 99),
        some.sampled_from([{}, RECALL, {"primarySource": True}]),
        some.sampled_from(["completed", "completed", "completed", "entered-in-error", "not-done"]),
    ),
    max_size=9,
    unique_by=lambda each: (each.dossier, each.resource.id),
)


@given(records, some.randoms())
def test_the_order_of_records_never_matters(given_records: list[Record], random: Random) -> None:
    shuffled = list(given_records)
    random.shuffle(shuffled)
    assert _events(*shuffled) == _events(*given_records)


@given(records)
def test_every_record_of_a_dose_is_in_exactly_one_event(given_records: list[Record]) -> None:
    told = sorted((each.dossier, each.reference) for event in _events(*given_records) for each in event.provenances)
    done = [each for each in given_records if each.resource.content["status"] == "completed"]
    assert told == sorted((each.dossier, each.resource.reference) for each in done)


@given(records)
def test_a_possible_duplicate_points_to_a_dose_that_is_itself_undoubted(given_records: list[Record]) -> None:
    found = {each.id: each for each in _events(*given_records)}
    for event in found.values():
        if event.possible_duplicate_of:
            assert found[event.possible_duplicate_of].possible_duplicate_of is None


@given(records, some.sampled_from([A, B]))
def test_telling_everything_twice_adds_no_dose_with_a_full_date(given_records: list[Record], source: str) -> None:
    full = [each for each in given_records if len(each.resource.content.get("occurrenceDateTime", "")) == 10]
    again = [
        history.Record(dossier=f"{each.dossier}-again", source=source, country=None, resource=each.resource)
        for each in full
    ]
    assert len(_events(*full, *again)) == len(_events(*full))
