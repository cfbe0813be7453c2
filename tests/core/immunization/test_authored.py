"""Schedules of our own: a rule without a source, or one that makes no sense, is refused by its place."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.continuity import spans
from registry.continuity.immunization import authored, editions, engine
from registry.continuity.immunization.authored import Known
from registry.continuity.immunization.outcome import DoseStatus, GroupForecast, SeriesStatus
from registry.continuity.immunization.person import Dose, Observation, Person, Sex
from registry.continuity.immunization.schedule import Schedule
from registry.errors import BadInput
from registry.library import load

KNOWN = Known(
    antigens={"05": frozenset({"MEASLES"}), "03": frozenset({"MEASLES", "MUMPS"}), "19": frozenset({"BCG"})},
    titles={"05": "measles"},
)
SOURCE = {"of": "paper", "place": "table 2"}
GOOD: dict[str, Any] = {
    "id": "x",
    "title": "X",
    "version": "1",
    "licence": "facts",
    "valid": {"from": "2024-01-01", "until": "2025-12-31"},
    "documents": [{"name": "paper", "document": "A paper", "edition": "2024"}],
    "limits": ["measles only"],
    "observations": [{"code": "ill", "title": "Very ill"}],
    "options": {"MEASLES": "two doses"},
    "variants": [{"id": "x-one", "title": "X, one dose", "options": {"MEASLES": "one dose"}}],
    "conflicts": [{"giving": ["05"], "after": ["19"], "wait": "4 weeks", "source": SOURCE}],
    "antigens": [
        {
            "of": ["MEASLES"],
            "series": [
                {
                    "name": "two doses",
                    "options": ["two doses"],
                    "doses": [
                        {"dose": 1, "minimum_age": "9 months", "recommended_age": "12 months", "source": SOURCE},
                        {"dose": 2, "after": [{"minimum": "4 weeks"}], "source": SOURCE},
                    ],
                },
                {
                    "name": "one dose",
                    "options": ["one dose"],
                    "doses": [{"dose": 1, "minimum_age": "9 months", "source": SOURCE}],
                },
            ],
            "contraindications": [{"observation": "ill", "text": "very ill", "source": SOURCE}],
            "precautions": [{"text": "ask first", "from_age": "10 years", "source": SOURCE}],
        }
    ],
}
Change = Callable[[dict[str, Any]], None]


def read(content: dict[str, Any]) -> tuple[Schedule, ...]:
    return authored.read(content, KNOWN, file="x.json", raw=json.dumps(content).encode())


def _changed(*path: str | int, to: Any) -> dict[str, Any]:
    """GOOD with one value changed; None takes it away."""
    content = copy.deepcopy(GOOD)
    at: Any = content
    for each in path[:-1]:
        at = at[each]
    if to is None:
        del at[path[-1]]
    else:
        at[path[-1]] = to
    return content


BLOCK = ("antigens", 0)
TWO, ONE = (*BLOCK, "series", 0), (*BLOCK, "series", 1)
FIRST, SECOND = (*TWO, "doses", 0), (*TWO, "doses", 1)
WAITS = [{"all": [{"complete": ["everybody"]}]}]

REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    # A source that is missing, in every way it can be.
    "a dose without a source": (_changed(*FIRST, "source", to=None), "without a source", "doses[0]"),
    "a source that is only words": (_changed(*FIRST, "source", to="WHO"), "object is expected", "source"),
    "a source without a document": (_changed(*FIRST, "source", to={"place": "p. 1"}), "missing", "of"),
    "a source without a place": (_changed(*FIRST, "source", to={"of": "paper"}), "missing", "place"),
    "a source with an empty place": (_changed(*FIRST, "source", "place", to=" "), "text is expected", "place"),
    "a document nobody lists": (_changed(*FIRST, "source", "of", to="dream"), "no document", "of"),
    "a document without an edition": (_changed("documents", 0, "edition", to=None), "missing", "edition"),
    "a document without a title": (_changed("documents", 0, "document", to=None), "missing", "document"),
    "no documents": (_changed("documents", to=None), "no document", "of"),
    "an option nobody takes, without a source": (_changed(*ONE, "doses", 0, "source", to=None), "source", "series[1]"),
    "a contraindication without a source": (
        _changed(*BLOCK, "contraindications", 0, "source", to=None),
        "without a source",
        "contraindications[0]",
    ),
    "a precaution without a source": (
        _changed(*BLOCK, "precautions", 0, "source", to=None),
        "source",
        "precautions[0]",
    ),
    "a conflict without a source": (_changed("conflicts", 0, "source", to=None), "without a source", "conflicts[0]"),
    # Names nobody knows.
    "an unknown antigen": (_changed(*BLOCK, "of", to=["MEASLES", "PLAGUE"]), "unknown", "of"),
    "an unknown vaccine": (_changed(*FIRST, "vaccines", to=["999"]), "nothing is known of the vaccine 999", "vaccines"),
    "a vaccine against something else": (_changed(*FIRST, "vaccines", to=["19"]), "not one against", "vaccines"),
    "an unknown vaccine in a conflict": (_changed("conflicts", 0, "after", to=["999"]), "nothing is known", "after"),
    "an observation nobody lists": (
        _changed(*BLOCK, "contraindications", 0, "observation", to="dead"),
        "no such observation",
        "observation",
    ),
    "an option nobody offers": (_changed("options", "MEASLES", to="three doses"), "no option", "options"),
    "an option of an antigen that is not there": (_changed("options", to={"BCG": "x"}), "no option", "options"),
    "a word misspelt": (_changed(*FIRST, "minimum_agee", to="1 year"), "nothing of that name", "minimum_agee"),
    "a group given whole that is none": (_changed("given_whole", to=["MMR"]), "no vaccine group", "given_whole"),
    # Numbers that make no sense.
    "a dose number twice": (_changed(*SECOND, "dose", to=1), "1, 2, 3", "doses"),
    "a gap": (_changed(*SECOND, "dose", to=3), "1, 2, 3", "doses"),
    "no doses": (_changed(*TWO, "doses", to=[]), "1, 2, 3", "doses"),
    "a dose number in words": (_changed(*FIRST, "dose", to="one"), "whole number", "dose"),
    "a negative age": (_changed(*FIRST, "minimum_age", to="-1 year"), "6 weeks", "minimum_age"),
    "an age below birth": (_changed(*FIRST, "minimum_age", to="1 week - 4 weeks"), "not negative", "minimum_age"),
    "an age in words": (_changed(*FIRST, "minimum_age", to="nine months"), "6 weeks", "minimum_age"),
    "a minimum above the recommended age": (_changed(*FIRST, "minimum_age", to="2 years"), "above", "doses[0]"),
    "recommended above overdue": (_changed(*FIRST, "overdue_age", to="11 months"), "above", "doses[0]"),
    "an end before the minimum": (_changed(*FIRST, "before_age", to="8 months"), "above", "doses[0]"),
    "no minimum age": (_changed(*FIRST, "minimum_age", to=None), "minimum age", "doses[0]"),
    "a second dose at any time": (_changed(*SECOND, "after", to=None), "how long after", "doses"),
    "an interval from itself": (
        _changed(*SECOND, "after", 0, to={"dose": 2, "minimum": "4 weeks"}),
        "earlier dose",
        "doses[1]",
    ),
    "an interval from a later dose": (_changed(*SECOND, "after", 0, to={"dose": 3}), "earlier dose", "doses[1]"),
    "starting after the last age to start": (
        _changed(*TWO, to=GOOD["antigens"][0]["series"][0] | {"start_from": "2 years", "start_before": "1 year"}),
        "above",
        "series[0]",
    ),
    "nothing before, without the age from which doses count": (
        _changed(*TWO, "first_ever", to=True),
        "counts_from",
        "series[0]",
    ),
    "a skip that is never": (
        _changed(*SECOND, "skip", to=[{"when": "never", "all": [{"from_age": "1 year"}]}]),
        "skip",
        "skip[0]",
    ),
    "a skip without a condition": (_changed(*SECOND, "skip", to=[{"all": []}]), "skip", "skip[0]"),
    "a window that ends before it begins": (
        _changed(*SECOND, "skip", to=[{"all": [{"from_age": "2 years", "before_age": "1 year"}]}]),
        "above",
        "doses[1]",
    ),
    # A series that waits for itself, or for nobody.
    "a circle": (_changed(*SECOND, "skip", to=WAITS), "circle", "antigens"),
    "waiting for a group that is not there": (
        _changed(*SECOND, "skip", to=[{"all": [{"complete": ["others"]}]}]),
        "no series group",
        "antigens",
    ),
    # What is recommended.
    "a product nobody knows": (
        GOOD | {"recommended": [{"vaccines": ["9999"], "source": {"of": "paper", "place": "1"}}]},
        "nothing is known of the vaccine",
        "recommended",
    ),
    "a product without a source": (GOOD | {"recommended": [{"vaccines": ["03"]}]}, "without a source", "recommended"),
    "no product at all": (
        GOOD | {"recommended": [{"from_age": "1 year", "source": {"of": "paper", "place": "1"}}]},
        "missing",
        "recommended",
    ),
    # Validity.
    "no validity": (_changed("valid", to=None), "from which day", "valid"),
    "a validity without a beginning": (_changed("valid", "from", to=None), "from which day", "valid"),
    "a validity that ends before it begins": (_changed("valid", "until", to="2023-12-31"), "ends before", "until"),
    "a day that is none": (_changed("valid", "from", to="2024-02-30"), "a day is written", "from"),
    # What the reader must be told.
    "no licence": (_changed("licence", to=None), "missing", "licence"),
    "no title": (_changed("title", to=None), "missing", "title"),
    "nothing at all": (
        _changed("antigens", to=[]) | {"options": {}, "variants": []},
        "at least one antigen",
        "antigens",
    ),
    "a contraindication of everybody": (
        _changed(*BLOCK, "contraindications", 0, "observation", to=None),
        "of an observation",
        "observation",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_broken_file_is_refused_by_its_place(name: str) -> None:
    content, what, where = REFUSED[name]
    with pytest.raises(BadInput) as caught:
        read(content)
    assert what in caught.value.what
    assert where in caught.value.where
    assert "x.json" in caught.value.where
    assert caught.value.remedy


def test_a_good_file_is_read_with_every_source() -> None:
    schedule, one = read(GOOD)
    assert [str(each.source) for each in schedule.antigens["MEASLES"].series[0].doses] == [
        "A paper (2024), table 2"
    ] * 2
    assert [len(each.antigens["MEASLES"].series[0].doses) for each in (schedule, one)] == [2, 1]
    assert schedule.digest != one.digest
    assert {code for code, each in schedule.vaccines.items() if each.associations} == {"03", "05"}


def test_the_digest_changes_with_the_file() -> None:
    assert read(GOOD)[0].digest == read(copy.deepcopy(GOOD))[0].digest
    assert read(GOOD)[0].digest != read(_changed("version", to="2"))[0].digest


def test_two_editions_of_one_day_are_refused_and_a_day_without_one_too() -> None:
    schedule = read(GOOD)[0]
    with pytest.raises(BadInput, match="same day"):
        editions.collect([schedule, schedule])
    held = editions.collect([schedule])["x"]
    assert held.on(date(2025, 12, 31)) is schedule
    for day in (date(2023, 12, 31), date(2026, 1, 1)):
        with pytest.raises(BadInput, match="no edition"):
            held.on(day)


OURS = sorted((name, each.version) for name, held in load().editions.items() for each in held.schedules)


def _ours(name: str, version: str) -> Schedule:
    return next(each for each in load().editions[name].schedules if each.version == version)


@pytest.mark.parametrize(("name", "version"), OURS)
def test_every_rule_of_ours_names_document_edition_and_place(name: str, version: str) -> None:
    schedule = _ours(name, version)
    sources = list(_sources(schedule))
    assert len(sources) > 15
    assert all(each is not None and each.document and each.edition and each.place for each in sources)
    assert schedule.limits
    assert schedule.licence.startswith("Facts")


def _sources(schedule: Schedule) -> Iterator[Any]:
    for antigen in schedule.antigens.values():
        yield from (each.source for each in (*antigen.contraindications, *antigen.precautions))
        for dose in (each for series in antigen.series for each in series.doses):
            yield dose.source
            yield from (each.source for each in (*dose.ages, *dose.skips, *dose.preferable))
    yield from (each.source for held in schedule.conflicts.values() for each in held)


BIRTH = date(2024, 5, 6)


def _on_time(schedule: Schedule) -> list[Dose]:
    """Every dose of every series for everybody, given on the day it is recommended, visit by visit."""
    doses: list[Dose] = []
    person = Person(birth=BIRTH, sex=Sex.FEMALE)
    day = BIRTH
    for _ in range(60):
        groups = engine.forecast(schedule, person, doses, [], day).groups
        given = [vaccine for each in groups for vaccine in _vaccines(schedule, each, day)]
        doses += [
            Dose(id=f"{len(doses) + place}", day=day, vaccine=each) for place, each in enumerate(dict.fromkeys(given))
        ]
        later = [
            each.recommended for each in engine.forecast(schedule, person, doses, [], day).groups if each.recommended
        ]
        if not later:
            break
        day = max(min(later), day + timedelta(days=1))
    return doses


def _vaccines(schedule: Schedule, group: GroupForecast, day: date) -> Iterator[str]:
    """For each part that is due: what counts for all antigens due of the group, and for as little else as can be."""
    due = [each for each in group.parts if each.recommended and each.recommended <= day]
    antigens = {each.series.antigen for each in due}
    for part in due:
        rule = part.series.doses[min(part.next_dose or 1, len(part.series.doses)) - 1]
        counting = (*rule.preferable, *rule.allowable)
        fitting = [each.vaccine for each in counting if antigens <= _antigens(schedule, each.vaccine)]
        yield min(fitting, key=lambda code: len(_antigens(schedule, code)))


def _antigens(schedule: Schedule, vaccine: str) -> set[str]:
    return {each.antigen for each in schedule.vaccines[vaccine].associations}


@pytest.mark.parametrize(("name", "version"), OURS)
def test_a_child_who_comes_on_every_day_something_is_due_completes_everything(name: str, version: str) -> None:
    schedule = _ours(name, version)
    doses = _on_time(schedule)
    outcome = engine.forecast(
        schedule, Person(birth=BIRTH, sex=Sex.FEMALE), doses, [], BIRTH + timedelta(days=365 * 30)
    )
    unfinished = {each.group: each.status for each in outcome.groups if each.status is not SeriesStatus.COMPLETE}
    assert not unfinished
    assert not [each for group in outcome.groups for each in group.verdicts if each.status is DoseStatus.NOT_VALID]


@given(st.data())
def test_a_dose_below_the_minimum_age_never_counts(data: st.DataObject) -> None:
    name, version = data.draw(st.sampled_from(OURS))
    schedule = _ours(name, version)
    antigen = data.draw(st.sampled_from(sorted(schedule.antigens)))
    series = [each for each in schedule.antigens[antigen].series if not each.indications]
    least = min(spans.add(BIRTH, each.minimum) for one in series for each in one.doses[0].ages if each.minimum)
    day = data.draw(st.dates(BIRTH, max(BIRTH, least - timedelta(days=1))))
    vaccine = data.draw(st.sampled_from([each.vaccine for each in series[0].doses[0].preferable]))
    outcome = engine.forecast(
        schedule, Person(birth=BIRTH, sex=Sex.FEMALE), [Dose(id="1", day=day, vaccine=vaccine)], [], day
    )
    verdicts = [each for part in _parts(outcome.groups, antigen) for each in part.evaluations]
    assert day >= least or all(each.status is not DoseStatus.VALID for each in verdicts)


@given(st.data())
def test_whatever_was_given_every_vaccine_group_is_answered(data: st.DataObject) -> None:
    """A history that fits no series must not make the question disappear."""
    name, version = data.draw(st.sampled_from(OURS))
    schedule = _ours(name, version)
    person = Person(birth=BIRTH, sex=Sex.FEMALE)
    days = data.draw(st.lists(st.integers(0, 4000), max_size=6))
    vaccines = st.sampled_from(sorted(code for code, each in schedule.vaccines.items() if each.associations))
    doses = [
        Dose(id=str(place), day=BIRTH + timedelta(days=day), vaccine=data.draw(vaccines))
        for place, day in enumerate(days)
    ]
    on = BIRTH + timedelta(days=data.draw(st.integers(max(days, default=0), 5000)))
    asked = {each.group for each in engine.forecast(schedule, person, [], [], on).groups}
    assert asked <= {each.group for each in engine.forecast(schedule, person, doses, [], on).groups}


def _parts(groups: tuple[GroupForecast, ...], antigen: str) -> Iterator[Any]:
    return (part for group in groups for part in group.parts if part.series.antigen == antigen)


def test_a_precaution_is_said_of_those_it_concerns_and_changes_no_date() -> None:
    schedule = _ours("who", "2023.1")
    old = date(2026, 5, 6)
    person = Person(birth=date(2024, 5, 6))
    bare, told = (
        next(each for each in engine.forecast(schedule, person, [], seen, old).groups if each.group == "BCG")
        for seen in ([], [Observation(code="tb-infection-test-negative")])
    )
    assert [each.text for each in bare.precautions] == [
        "After 28 days of age a test for tuberculosis infection comes first"
    ]
    assert not told.precautions
    assert (bare.status, bare.earliest, bare.recommended) == (told.status, told.earliest, told.recommended)


def test_ukraine_changes_its_calendar_with_the_year() -> None:
    held = load().editions["ukr"]
    before, after = held.on(date(2025, 12, 31)), held.on(date(2026, 1, 1))
    second = [each.antigens["MEASLES"].series[0].doses[1].ages[0].earliest_recommended for each in (before, after)]
    assert [each.text for each in second if each] == ["6 years", "4 years"]
