"""Laws of what is due: a later dose never undoes, and what is uncertain is never contradicted."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import product
from random import Random

from hypothesis import assume, given, settings
from hypothesis import strategies as some

from registry.continuity import history, immunization, spans
from registry.continuity.immunization import Due, Status
from registry.continuity.immunization.due import Counts
from registry.fhir import dates
from registry.fhir.dates import PartialDate
from tests.core.continuity_records import WHO, dose, doses, meaning

BIRTH = PartialDate(2020, 1, 15)
OF_ANTIGEN = {
    "HEPB": "hepb", "TETANUS": "td", "PERTUSSIS": "dtp", "HIB": "hib", "PCV": "pcv", "ROTA": "rota",
    "MEASLES": "measles", "POLIO": "opv", "BCG": "bcg",
}  # fmt: skip
ANTIGENS = tuple(OF_ANTIGEN)
GROUP_OF = {antigen: group for group in WHO.groups.values() for antigen in group.antigens}
ONLY = {each: replace(WHO, groups={GROUP_OF[each].name: GROUP_OF[each]}) for each in ANTIGENS}

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
    events = history.events(records, meaning)
    dues = immunization.forecast(events, birth, "female", ONLY[antigen], today)
    due = next(each for each in dues if each.antigen == antigen)
    ids = {each.reference: event.id for event in events for each in event.provenances}
    counts = {each.id: each.counts for each in due.verdicts}
    return due, [counts[ids[f"Immunization/r{number}"]] for number in range(len(when))]


@settings(max_examples=60, deadline=None)
@given(
    some.sampled_from(ANTIGENS),
    some.lists(days, max_size=6, unique=True),
    some.integers(2, 2000),
    some.dates(date(2020, 2, 1), date(2030, 1, 1)),
)
def test_a_later_dose_takes_nothing_away(antigen: str, when: list[PartialDate], after: int, today: date) -> None:
    """An earlier one may: a dose that came too soon after it does not count."""
    last = max((each.last for each in when), default=BIRTH.last)
    another = dates.of(last + timedelta(days=after))
    (before, held), (then, kept) = (_told(antigen, given, BIRTH, today) for given in (when, [*when, another]))
    assert kept[: len(held)] == held
    assert then.sure >= before.sure
    assert then.status is Status.COMPLETE or before.status is not Status.COMPLETE


def _completions(partial: PartialDate, today: date) -> list[PartialDate]:
    """Days the date can mean up to today: every fifth of a month's; of a year's, its ends and every 30th."""
    length = (partial.last - partial.first).days + 1
    steps = [*range(0, length, 5 if length <= 31 else 30), length - 1]
    found = [partial.first + timedelta(days=step) for step in steps]
    return [dates.of(day) for day in found if day <= today] or [dates.of(min(partial.first, today))]


def _agree(said: tuple[Due, list[Counts]], true: tuple[Due, list[Counts]]) -> None:
    """An answer about partly known dates holds of what turns out to be true."""
    answer, truth = said[0], true[0]
    assert truth.status in answer.may_be
    assert answer.sure <= truth.sure <= answer.possible
    assert all(one in (Counts.UNCERTAIN, other) for one, other in zip(said[1], true[1], strict=True))
    for name in ("earliest", "recommended"):
        proposed, needed = getattr(answer, name), getattr(truth, name)
        assert not (proposed and needed) or needed <= proposed


@settings(max_examples=40, deadline=None)
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
    said = _told(antigen, [*known, vague], birth, today)
    births = [birth] if birth.is_day else [dates.of(date(2020, 1, day)) for day in (1, 16, 31)]
    for day, born in product(_completions(vague, today), births):
        _agree(said, _told(antigen, [*known, day], born, today))


@settings(max_examples=25, deadline=None)
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
    said = _told(antigen, [*known, *vague], BIRTH, today)
    for chosen in product(*(_completions(each, today)[::3] for each in vague)):
        if any(_near(one, other) for place, one in enumerate(chosen) for other in chosen[:place]):
            continue  # full dates as near as this would be possible duplicates, which the vague ones were not
        _agree(said, _told(antigen, [*known, *chosen], BIRTH, today))


def _near(one: PartialDate, other: PartialDate) -> bool:
    return one.first - timedelta(days=1) <= other.last and other.first - timedelta(days=1) <= one.last


@settings(max_examples=40, deadline=None)
@given(some.lists(some.tuples(some.sampled_from(ANTIGENS), days), min_size=1, max_size=6, unique=True), some.randoms())
def test_the_order_of_events_never_matters(given: list[tuple[str, PartialDate]], random: Random) -> None:
    records = [dose(OF_ANTIGEN[antigen], str(day), id=f"r{number}") for number, (antigen, day) in enumerate(given)]
    events = list(history.events(records, meaning))
    shuffled = random.sample(events, len(events))
    one, other = (immunization.forecast(each, BIRTH, "female", WHO, date(2026, 6, 1)) for each in (events, shuffled))
    assert one == other


def test_a_dose_given_too_early_is_kept_but_not_counted() -> None:
    due = _due("HEPB", [PartialDate(2020, 1, 15), PartialDate(2020, 2, 1)], BIRTH, date(2020, 6, 1))
    assert [(each.counts, each.reason.code) for each in due.verdicts] == [
        (Counts.YES, "counts"),
        (Counts.NO, "given-too-young"),
    ]


def test_a_dose_that_is_not_needed_is_kept_and_said_to_be_extra() -> None:
    due = _due("BCG", [PartialDate(2020, 1, 16), PartialDate(2021, 3, 1)], BIRTH, date(2022, 6, 1))
    assert due.status is Status.COMPLETE
    assert [(each.counts, each.reason.code) for each in due.verdicts] == [(Counts.YES, "counts"), (Counts.NO, "extra")]


def test_a_dose_dated_after_today_is_kept_but_not_counted() -> None:
    due = _due("MEASLES", [PartialDate(2024, 1, 1)], BIRTH, date(2023, 1, 1))
    assert (due.sure, due.verdicts[0].counts, due.verdicts[0].reason.code) == (0, Counts.NO, "in-the-future")


def test_many_doses_without_a_day_claim_nothing_and_end_quickly() -> None:
    due = _due("MEASLES", [PartialDate(2020 + number % 3) for number in range(14)], BIRTH, date(2023, 6, 1))
    generous = due.otherwise or due
    assert (generous.status, generous.sure) == (Status.UNCERTAIN, 0)
    assert set(generous.may_be) >= {Status.COMPLETE, Status.DUE}


def test_two_antigens_recorded_differently_on_one_day_count_once_each() -> None:
    records = [*doses("penta 2020-03-01"), dose("dtp", "2020-03-01", "bektar-iis", id="b")]
    events = history.events(records, meaning)
    dues = {each.antigen: each for each in immunization.forecast(events, BIRTH, "female", WHO, date(2020, 3, 15))}
    assert [dues[each].sure for each in ("TETANUS", "PERTUSSIS", "HEPB", "HIB")] == [1, 1, 1, 1]


def test_every_answer_names_the_source_of_its_rule() -> None:
    for due in immunization.forecast((), BIRTH, "female", WHO, date(2024, 1, 1)):
        assert due.source.document
        assert "March 2023" in due.source.edition
        assert "decision table" in due.source.place


@given(some.dates(), some.dates(), some.sampled_from(["6 weeks", "9 months", "4 years", "1 day", "1 month"]))
def test_adding_a_span_keeps_the_order_of_days(one: date, other: date, text: str) -> None:
    span = spans.read(text)
    early, late = sorted((one, other))
    assert spans.add(early, span) <= spans.add(late, span)


def test_a_day_after_the_end_of_the_calendar_is_its_last() -> None:
    assert spans.add(date.max, spans.read("1 year")) == date.max
