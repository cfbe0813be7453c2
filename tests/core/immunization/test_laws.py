"""What holds of every forecast, whatever the doses."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from hypothesis import given
from hypothesis import strategies as some

from registry.continuity.immunization import engine
from registry.continuity.immunization.outcome import DoseStatus, Flag, Outcome, Problem
from registry.continuity.immunization.person import Dose, Observation, Person
from registry.continuity.immunization.schedule import VaccineGroup
from tests.core.immunization.plans import BORN, age, condition, interval, schedule, series, skip, target

HOLDS = {"A": ["alpha"], "X": ["beta"], "C": ["alpha", "beta"]}


def _series(antigen: str, letters: str):
    close, far = interval("4 weeks - 4 days", "4 weeks", "8 weeks"), interval("5 months", "6 months", "6 months")
    return series(
        target(1, products=letters, ages=(age("6 weeks - 4 days", "6 weeks", "2 months", "3 months", "5 years"),)),
        target(2, products=letters, intervals=(close,), skips=(skip(condition("age", "2 years")),)),
        target(3, products=letters, ages=(age("1 year - 4 days", "1 year"),), intervals=(far,)),
        name=antigen,
        antigen=antigen,
    )


RULES = schedule(
    _series("alpha", "AC"),
    _series("beta", "XC"),
    holds=HOLDS,
    groups=[VaccineGroup(name="both", antigens=("alpha", "beta"), gives_all=True)],
)
TODAY = date(2023, 1, 1)

days = some.dates(date(2019, 12, 1), date(2023, 6, 1))
histories = some.lists(some.tuples(days, some.sampled_from("AXC")), max_size=7, unique_by=lambda each: each[0]).map(
    lambda found: [Dose(id=str(place), day=day, vaccine=type) for place, (day, type) in enumerate(found)]
)


def ask(doses: Sequence[Dose], on: date = TODAY) -> Outcome:
    return engine.forecast(RULES, Person(birth=BORN), doses, [], on)


@given(histories, some.randoms(use_true_random=False))
def test_the_order_of_doses_is_free(doses: list[Dose], random) -> None:
    shuffled = random.sample(doses, len(doses))
    assert ask(shuffled).groups == ask(doses).groups


@given(histories, days)
def test_a_dose_after_the_day_of_asking_changes_nothing(doses: list[Dose], on: date) -> None:
    past = [each for each in doses if each.day <= on]
    assert ask(doses, on).groups == ask(past, on).groups


@given(histories)
def test_every_dose_is_judged_or_flagged(doses: list[Dose]) -> None:
    outcome = ask(doses)
    judged = {each.dose for found in outcome.groups for each in found.verdicts}
    flagged = {each.about for each in outcome.flags}
    assert judged | flagged == {each.id for each in doses}
    assert not judged & flagged
    assert {each.about for each in outcome.flags if each.problem is Problem.BEFORE_BIRTH} == {
        each.id for each in doses if each.day < BORN
    }


@given(histories)
def test_a_combination_is_worth_what_its_parts_are_worth(doses: list[Dose]) -> None:
    split = [each for each in doses if each.vaccine != "C"] + [
        replace(each, id=f"{each.id}{part}", vaccine=part) for each in doses if each.vaccine == "C" for part in "AX"
    ]
    whole, parts = ask(doses).groups[0], ask(split).groups[0]
    assert replace(whole, verdicts=(), parts=()) == replace(parts, verdicts=(), parts=())


@given(histories)
def test_dates_are_in_order_and_never_before_the_last_dose(doses: list[Dose]) -> None:
    for found in ask(doses).groups[0].parts:
        last = max(
            (each.day for each in doses if each.day <= TODAY and each.id in {e.dose for e in found.evaluations}),
            default=BORN,
        )
        if found.earliest is not None:
            assert found.recommended is not None
            assert last <= found.earliest <= found.recommended
            assert found.past_due is None or found.earliest <= found.past_due


@given(histories)
def test_no_more_doses_count_than_there_are_targets(doses: list[Dose]) -> None:
    for found in ask(doses).groups[0].parts:
        assert sum(each.status is DoseStatus.VALID for each in found.evaluations) <= len(found.series.doses)


@given(histories)
def test_the_same_question_has_the_same_answer(doses: list[Dose]) -> None:
    assert ask(doses) == ask(doses)


def test_a_dose_is_not_left_out_for_the_name_of_an_observation() -> None:
    dose = Dose(id="1", day=date(2020, 3, 1), vaccine="A")
    outcome = engine.forecast(RULES, Person(birth=BORN), [dose], [Observation(code="1")], TODAY)
    assert [each.dose for each in outcome.groups[0].verdicts] == ["1"]
    assert outcome.flags == (Flag(about="1", problem=Problem.UNKNOWN_OBSERVATION),)
