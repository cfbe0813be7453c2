"""Laws of the forecast: more doses never mean less done, and what is uncertain is never contradicted."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import product
from random import Random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as some

from registry.continuity import history, immunization, spans
from registry.continuity.course import Counts
from registry.continuity.immunization import Due, Status
from registry.fhir import dates
from registry.fhir.dates import PartialDate
from tests.core.continuity_records import CVX, WHO, antigens, dose, doses

BIRTH = PartialDate(2020, 1, 15)
ANTIGENS = ("HEPB", "TETANUS", "PERTUSSIS", "HIB", "PCV", "ROTA", "MEASLES", "POLIO", "BCG")
OF_ANTIGEN = dict(zip(ANTIGENS, ("hepb", "td", "dtp", "hib", "pcv", "rota", "measles", "opv", "bcg"), strict=True))

ONLY = {each: replace(WHO, plans=WHO.plans_for(each)) for each in ANTIGENS}

days = some.dates(date(2019, 12, 1), date(2027, 12, 31)).map(dates.of)
months = some.builds(PartialDate, some.integers(2020, 2022), some.integers(1, 12))


def _due(antigen: str, when: Sequence[PartialDate | None], birth: PartialDate | None, today: date) -> Due:
    """The forecast of one antigen for doses of one source on these dates."""
    return _told(antigen, when, birth, today)[0]


def _told(
    antigen: str, when: Sequence[PartialDate | None], birth: PartialDate | None, today: date
) -> tuple[Due, list[Counts]]:
    """The same, with the verdict on each dose in the order of `when`."""
    records = [
        dose(OF_ANTIGEN[antigen], str(each) if each else None, id=f"r{number}") for number, each in enumerate(when)
    ]
    events = history.events(records, antigens)
    due = immunization.forecast(events, birth, ONLY[antigen], today)[0]
    ids = {each.reference: event.id for event in events for each in event.provenances}
    counts = {each.id: each.counts for each in due.verdicts}
    return due, [counts[ids[f"Immunization/r{number}"]] for number in range(len(when))]


def _remaining(due: Due) -> int:
    return 0 if due.status is Status.COMPLETE else due.needed - due.sure


@given(
    some.sampled_from(ANTIGENS),
    some.lists(days, max_size=7, unique=True),
    days,
    some.dates(date(2020, 2, 1), date(2030, 1, 1)),
)
def test_a_further_dose_never_leaves_more_to_do(
    antigen: str, when: list[PartialDate], another: PartialDate, today: date
) -> None:
    before, after = _due(antigen, when, BIRTH, today), _due(antigen, [*when, another], BIRTH, today)
    # Days next to one another are possible duplicates: then the bolder answer holds the new dose.
    assert _remaining(after.otherwise or after) <= _remaining(before)


def _completions(partial: PartialDate, today: date) -> list[PartialDate]:
    """Days the date can mean up to today: all of a month's; of a year's, its ends and every 30th."""
    length = (partial.last - partial.first).days + 1
    steps = range(length) if length <= 31 else [*range(0, length, 30), length - 1]
    found = [partial.first + timedelta(days=step) for step in steps]
    return [dates.of(day) for day in found if day <= today] or [dates.of(min(partial.first, today))]


@settings(max_examples=60, deadline=None)
@given(
    some.sampled_from(ANTIGENS),
    some.lists(days, max_size=3, unique=True),
    some.one_of(months, some.builds(PartialDate, some.integers(2020, 2022))),
    some.one_of(some.just(BIRTH), some.just(PartialDate(2020, 1))),
    some.dates(date(2020, 6, 1), date(2027, 1, 1)),
)
def test_no_true_date_contradicts_an_answer_about_partly_known_dates(
    antigen: str, known: list[PartialDate], vague: PartialDate, birth: PartialDate, today: date
) -> None:
    assume(vague.first <= today)
    # The doses stand apart, so that none of them becomes a possible duplicate in one reading only.
    known = [each for each in known if not any(_near(each, one) for one in (vague, *known) if one != each)]
    answer, said = _told(antigen, [*known, vague], birth, today)
    births = [birth] if birth.is_day else [dates.of(date(2020, 1, day)) for day in (1, 16, 31)]
    for day, born in product(_completions(vague, today), births):
        truth, true = _told(antigen, [*known, day], born, today)
        assert truth.status in answer.may_be
        if answer.recommended and truth.recommended:
            assert truth.recommended <= answer.recommended
        if truth.plan == answer.plan:
            assert answer.sure <= truth.sure <= answer.possible
            assert all(one in (Counts.UNCERTAIN, other) for one, other in zip(said, true, strict=True))


@settings(max_examples=40, deadline=None)
@given(
    some.sampled_from(ANTIGENS),
    some.lists(days, max_size=2, unique=True),
    some.lists(months, min_size=2, max_size=3),
    some.dates(date(2020, 6, 1), date(2027, 1, 1)),
)
def test_no_true_dates_contradict_an_answer_about_several_months(
    antigen: str, known: list[PartialDate], vague: list[PartialDate], today: date
) -> None:
    assume(all(each.first <= today for each in vague))
    known = [each for each in known if not any(_near(each, one) for one in (*vague, *known) if one != each)]
    answer, said = _told(antigen, [*known, *vague], BIRTH, today)
    for chosen in product(*(_completions(each, today)[::10] for each in vague)):
        if any(_near(one, other) for place, one in enumerate(chosen) for other in chosen[:place]):
            continue  # full dates as near as this would be possible duplicates, which the vague ones were not
        truth, true = _told(antigen, [*known, *chosen], BIRTH, today)
        assert truth.status in answer.may_be
        if answer.recommended and truth.recommended:
            assert truth.recommended <= answer.recommended
        if truth.plan == answer.plan:
            assert answer.sure <= truth.sure <= answer.possible
            assert all(one in (Counts.UNCERTAIN, other) for one, other in zip(said, true, strict=True))


def _near(one: PartialDate, other: PartialDate) -> bool:
    return one.first - timedelta(days=1) <= other.last and other.first - timedelta(days=1) <= one.last


@given(some.sampled_from(ANTIGENS), some.lists(days, min_size=1, max_size=6, unique=True), some.randoms())
def test_the_order_of_events_never_matters(antigen: str, when: list[PartialDate], random: Random) -> None:
    records = [dose(OF_ANTIGEN[antigen], str(each), id=f"r{number}") for number, each in enumerate(when)]
    events = list(history.events(records, antigens))
    shuffled = list(events)
    random.shuffle(shuffled)
    today = date(2026, 6, 1)
    assert immunization.forecast(events, BIRTH, WHO, today) == immunization.forecast(shuffled, BIRTH, WHO, today)


def test_a_dose_given_too_early_is_kept_but_not_counted() -> None:
    due = _due("HEPB", [PartialDate(2020, 1, 15), PartialDate(2020, 2, 1)], BIRTH, date(2020, 6, 1))
    assert [(each.counts, each.reason.code) for each in due.verdicts] == [
        (Counts.YES, "counts"),
        (Counts.NO, "too-soon"),
    ]


def test_a_dose_dated_after_today_is_kept_but_not_counted() -> None:
    due = _due("MEASLES", [PartialDate(2024, 1, 1)], BIRTH, date(2023, 1, 1))
    assert (due.sure, due.verdicts[0].counts, due.verdicts[0].reason.code) == (0, Counts.NO, "in-the-future")


def test_a_dose_before_birth_is_kept_but_not_counted() -> None:
    due = _due("BCG", [PartialDate(2020, 1, 14)], BIRTH, date(2020, 1, 20))
    assert (due.status, due.verdicts[0].reason.code) == (Status.DUE, "before-birth")


def test_a_possible_duplicate_is_left_out_and_the_other_answer_stands_beside() -> None:
    records = [*doses("measles 2021-01-10"), dose("measles", "2021", "bektar-iis", id="b")]
    due = _measles(records)
    assert (due.status, due.sure, due.next_dose) == (Status.DUE, 1, 2)
    assert due.otherwise is not None
    assert due.otherwise.status is Status.UNCERTAIN
    assert {each.reason.code for each in due.verdicts} == {"counts", "duplicate-not-counted"}


def test_what_the_family_tells_is_left_out_and_the_other_answer_stands_beside() -> None:
    told = {"reportOrigin": {"coding": [{"code": "recall"}]}}
    due = _measles([*doses("measles 2021-01-10"), dose("measles", "2021-06-01", id="b", **told)])
    assert (due.status, due.sure) == (Status.DUE, 1)
    assert due.otherwise is not None
    assert due.otherwise.status is Status.COMPLETE


def _measles(records: list[history.Record]) -> Due:
    events = history.events(records, antigens)
    dues = immunization.forecast(events, BIRTH, WHO, date(2022, 6, 1))
    return next(each for each in dues if each.antigen == "MEASLES")


def test_two_antigens_recorded_differently_on_one_day_count_once_each() -> None:
    records = [*doses("penta 2020-03-01"), dose("dtp", "2020-03-01", "bektar-iis", id="b")]
    events = history.events(records, antigens)
    dues = {each.antigen: each for each in immunization.forecast(events, BIRTH, WHO, date(2020, 3, 15))}
    assert [dues[each].sure for each in ("TETANUS", "PERTUSSIS", "HEPB", "HIB")] == [1, 1, 1, 1]


def test_many_doses_without_dates_claim_nothing_and_end_quickly() -> None:
    due = _due("MEASLES", [PartialDate(2021)] * 9, BIRTH, date(2022, 6, 1))
    assert (due.status, due.sure) == (Status.UNCERTAIN, 0)
    assert set(due.may_be) >= {Status.COMPLETE, Status.DUE}


def test_every_answer_names_the_source_of_its_rule() -> None:
    for due in immunization.forecast((), BIRTH, WHO, date(2024, 1, 1)):
        assert due.source.document
        assert due.source.edition == "March 2023"
        assert due.source.place


@pytest.mark.parametrize(
    ("day", "span", "result"),
    [
        # CDSi Logic Specification 4.5, CALCDT-5: an impossible date moves to the first of the next month.
        ("2001-01-31", "1 month", "2001-03-01"),
        ("2000-02-29", "1 year", "2001-03-01"),
        ("2020-11-30", "3 months", "2021-03-01"),
        ("2020-12-31", "2 months", "2021-03-01"),
        ("2020-01-01", "6 weeks", "2020-02-12"),
        ("2020-12-15", "12 months", "2021-12-15"),
        ("9999-12-31", "1 year", "9999-12-31"),
    ],
)
def test_ages_are_added_by_the_rules_of_cdsi(day: str, span: str, result: str) -> None:
    assert spans.add(date.fromisoformat(day), spans.read(span)).isoformat() == result


@given(some.dates(), some.dates(), some.sampled_from(["6 weeks", "9 months", "4 years", "1 day", "1 month"]))
def test_adding_a_span_keeps_the_order_of_days(one: date, other: date, text: str) -> None:
    span = spans.read(text)
    early, late = sorted((one, other))
    assert spans.add(early, span) <= spans.add(late, span)


def test_the_code_system_of_the_rule_for_one_product_is_cvx() -> None:
    products = {system for plan in WHO.plans for system, _ in plan.products}
    assert products == {CVX}
