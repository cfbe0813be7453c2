"""School years of several systems as one timeline, and what was completed."""

import copy
import json
from datetime import date
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from registry.continuity import education
from registry.continuity.education import ladder, placement
from registry.errors import BadInput
from registry.fhir import dates
from registry.fhir.dates import PartialDate
from tests.core.continuity_records import LADDERS, SCHEMAS, enrolment

ON = date(2022, 9, 10)


def _ladder(name: str) -> dict[str, Any]:
    return json.loads((SCHEMAS / "ladders" / f"{name}.json").read_text("utf-8"))


def test_the_same_school_year_told_by_two_systems_is_one() -> None:
    (year,) = education.enrolments(
        [
            enrolment("Grade 4", "2021-2022", "XBK", "unknown", source="a", verification="self-declared"),
            enrolment("GRADE 4", "2021/22", "XBK", "promoted", source="b", school="School 7", language="en"),
        ]
    ).years
    assert (year.results, year.school, year.languages, len(year.references)) == (
        frozenset({"promoted"}),
        "School 7",
        ("en",),
        2,
    )
    assert year.verification == "issuer-confirmed"


def test_two_schools_in_one_year_are_two_entries() -> None:
    told = [enrolment("Grade 4", "2021/2022", "XBK", school=name, source=name) for name in ("North", "South")]
    assert len(education.enrolments(told).years) == 2


@pytest.mark.parametrize(
    ("other", "entries"),
    [
        ({"number": 4, "start": "2021-09-01"}, 1),
        ({"number": 3, "start": "2021-09-01"}, 2),
        ({"number": 4, "start": "2022-02-01"}, 2),
    ],
)
def test_years_whose_names_were_redacted_are_one_only_with_the_same_number_and_months(
    other: dict[str, Any], entries: int
) -> None:
    told = [
        enrolment("", "2021/2022", "XBK", source="a", shown=False, number=4, start="2021-09-01"),
        enrolment("", "2021/2022", "XBK", source="b", shown=False, **other),
    ]
    assert len(education.enrolments(told).years) == entries


def test_disagreeing_results_both_stay() -> None:
    told = [enrolment("Grade 4", "2021/2022", "XBK", result, source=result) for result in ("promoted", "repeat")]
    timeline = education.enrolments(told)
    assert education.completed_year(timeline, LADDERS, ON).years == (3, 4)


def test_an_enrolment_entered_in_error_is_left_out() -> None:
    assert education.enrolments([enrolment("Grade 4", "2021/2022", "XBK", status="entered-in-error")]).years == ()


def test_what_redaction_took_is_not_in_the_timeline_though_the_ladder_was_used() -> None:
    timeline = education.enrolments([enrolment("Grade 4", "2021/2022", "XBK", shown=False)])
    (year,) = timeline.years
    assert (year.country, year.school, year.languages) == ("", "", ())
    assert education.completed_year(timeline, LADDERS, ON).years == (4,)


def test_a_stripped_record_is_still_a_school_year() -> None:
    timeline = education.enrolments([enrolment("", "", "XBK", "unknown", shown=False)])
    assert len(timeline.years) == 1
    assert education.completed_year(timeline, LADDERS, ON).years == ()


def test_the_number_of_the_record_is_used_where_no_ladder_is_held() -> None:
    timeline = education.enrolments([enrolment("Klasse 4", "2021/2022", "XZZ", number=4)])
    found = education.completed_year(timeline, LADDERS, ON)
    assert found.years == (4,)
    assert "no-ladder" in {each.code for each in found.reasons}


def test_a_record_that_disagrees_with_its_ladder_keeps_both_readings() -> None:
    timeline = education.enrolments([enrolment("Grade 4", "2021/2022", "XBK", number=5)])
    found = education.completed_year(timeline, LADDERS, ON)
    assert found.years == (4, 5)
    assert "sources-disagree" in {each.code for each in found.reasons}


def test_the_programme_settles_a_name_that_can_mean_two_years() -> None:
    timeline = education.enrolments([enrolment("2ème année", "2021/2022", "XAL", programme="244")])
    assert education.completed_year(timeline, LADDERS, ON).years == (8,)


def test_months_of_an_unfinished_year_are_told() -> None:
    going_on = enrolment(
        "Grade 4", "2021/2022", "XBK", "in-progress", status="current", start="2021-09-01", end="2022-01-15"
    )
    reasons = education.completed_year(education.enrolments([going_on]), LADDERS, ON).reasons
    assert [str(each) for each in reasons] == ["Year 4 was going on; 4 months of it are on record."]


@pytest.mark.parametrize(
    ("more", "flag"),
    [
        ({"language": "ru"}, "language-change"),
        ({"verification": "self-declared"}, "self-declared"),
        ({"end": "2021-06-20"}, "gap"),
    ],
)
def test_what_a_head_teacher_should_look_at_is_flagged(more: dict[str, Any], flag: str) -> None:
    plain = education.enrolments([enrolment("Grade 4", "2021/2022", "XBK")])
    telling = education.enrolments([enrolment("Grade 4", "2021/2022", "XBK", **more)])
    born = PartialDate(2012, 3, 1)
    assert placement.place(plain, born, LADDERS, "XAL", ON).flags == ()
    assert [each.code for each in placement.place(telling, born, LADDERS, "XAL", ON).flags] == [flag]


def test_an_unknown_destination_is_said_and_nothing_is_proposed() -> None:
    found = placement.place(education.enrolments([]), None, LADDERS, "XZZ", ON)
    assert (found.candidates, [each.code for each in found.flags]) == ((), ["no-ladder"])


def test_every_placement_names_its_rules_and_says_that_it_is_advice() -> None:
    found = placement.place(education.enrolments([enrolment("Grade 4", "2021/2022", "XBK")]), None, LADDERS, "XAL", ON)
    assert (found.rule_version, found.ladder, found.ladder_version) == ("placement-2.0.0", "xal-2014", "1.0.0")
    assert found.origin_ladders == ("xbk-2010",)
    assert found.advisory == "Advisory: the receiving school decides."


@pytest.mark.parametrize("one", LADDERS, ids=lambda each: each.id)
def test_every_label_of_a_ladder_means_its_year(one: ladder.Ladder) -> None:
    for grade in one.grades:
        for label in grade.labels:
            assert ladder.resolve(one, label.text) == {grade.year}
    for years in one.parts.values():
        assert len(years) > 1


@pytest.mark.parametrize(
    ("year", "expected"), [(2002, None), (2003, "xal-2003"), (2013, "xal-2003"), (2014, "xal-2014")]
)
def test_the_ladder_in_force_depends_on_the_year(year: int, expected: str | None) -> None:
    found = ladder.in_force(LADDERS, "XAL", year)
    assert (found.id if found else None) == expected


@pytest.mark.parametrize("name", ["xal-2003", "xal-2014", "xbk-2010", "xcv-2000"])
def test_a_ladder_says_that_it_is_fictional_and_what_it_resembles(name: str) -> None:
    json_ = _ladder(name)
    assert json_["fictional"] is True
    assert "Fictional" in json_["resembles"]
    assert "UNESCO Institute for Statistics" in json_["resembles"]


@pytest.mark.parametrize(
    ("change", "what"),
    [({"resembles": ""}, "resembles"), ({"grades": []}, "grades"), ({"levels": []}, "levels")],
)
def test_an_incomplete_ladder_is_refused(change: dict[str, Any], what: str) -> None:
    with pytest.raises(BadInput, match=what):
        ladder.read(_ladder("xbk-2010") | change)


def test_a_ladder_whose_levels_and_grades_differ_is_refused() -> None:
    short = copy.deepcopy(_ladder("xbk-2010"))
    short["grades"].pop()
    with pytest.raises(BadInput, match="sum of the levels"):
        ladder.read(short)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("5ème année", "5EME  ANNEE"),
        ("الصف ٥", "الصف 5"),
        ("الصفّ الخامس", "الصف الخامس"),
        ("5-й класс", "5 Й КЛАСС"),
        ("uri://ed-fi.org/GradeLevelDescriptor#Fifth grade", "fifth grade"),
    ],
)
def test_names_of_grades_compare_beyond_spelling(one: str, other: str) -> None:
    assert ladder.fold(one) == ladder.fold(other)


def test_the_ladders_resemble_structures_that_exist(shared_data: Any) -> None:
    rows = (shared_data / "education" / "uis" / "UIS_duration_age_25042024.csv").read_text("utf-8").splitlines()
    real = {tuple(row.split(",")[3:7]) for row in rows if row.split(",")[2] >= "2003"}
    for one in LADDERS:
        sizes = [sum(1 for grade in one.grades if grade.isced == level) for level in (1, 2, 3)]
        assert tuple(str(each) for each in (*sizes, one.entry_age)) in real


school_years = some.lists(
    some.builds(
        lambda grade, year, result, source: enrolment(
            f"Grade {grade}", f"{year}/{year + 1}", "XBK", result, source=source, id=f"g{grade}{result}{year}"
        ),
        some.integers(1, 12),
        some.integers(2015, 2021),
        some.sampled_from(["promoted", "repeat", "unknown", "conditional", "not-completed"]),
        some.sampled_from(["a", "b"]),
    ),
    max_size=6,
    unique_by=lambda each: (each.dossier, each.resource.id),
)


@given(school_years, some.randoms())
def test_the_order_of_enrolments_never_matters(records: list[Any], random: Random) -> None:
    shuffled = list(records)
    random.shuffle(shuffled)
    assert education.enrolments(shuffled) == education.enrolments(records)


@given(school_years)
def test_nothing_is_proposed_below_the_year_that_comes_next(records: list[Any]) -> None:
    found = placement.place(education.enrolments(records), dates.parse("2012-03"), LADDERS, "XAL", ON)
    least = min(found.completed.years, default=0) + 1
    for each in found.candidates:
        assert each.grade is None or each.grade.year >= least or not each.proposed


@given(school_years)
def test_a_promotion_on_record_is_never_taken_back_by_other_years(records: list[Any]) -> None:
    promoted = enrolment("Grade 6", "2014/2015", "XBK", "promoted", source="z")
    years = education.completed_year(education.enrolments([*records, promoted]), LADDERS, ON).years
    assert min(years) >= 6
