"""Which series a person follows (chapter 8), and what several antigens make of one vaccine group (chapter 9)."""

from typing import Any

import pytest

from registry.continuity.immunization.outcome import GroupForecast
from registry.continuity.immunization.schedule import (
    ContraindicatedVaccine,
    Contraindication,
    Indication,
    Series,
    SeriesType,
    VaccineGroup,
)
from tests.core.immunization.plans import (
    age,
    ask,
    condition,
    group,
    interval,
    observed,
    schedule,
    series,
    skip,
    span,
    target,
    verdicts,
)

LONG = series(target(1), target(2), target(3), name="long")
RISK: Any = {"type": SeriesType.RISK, "indications": (Indication(observation="risk"),), "is_default": False}


def other(*doses: Any, name: str = "other", **more: Any) -> Series:
    return series(*doses, name=name, **{"is_default": False, "preference": 2, **more})


def names(found: GroupForecast) -> list[str]:
    return [part.series.name for part in found.parts]


def chosen(*found: Series, given: Any = (), **more: Any) -> list[str]:
    return names(group(schedule(*found), *given, **more))


ONE, TWO = [("2020-03-01", "A")], [("2020-03-01", "A"), ("2020-06-01", "A")]
MIXED = [("2020-03-01", "A"), ("2020-06-01", "B")]


FROM_ONE_YEAR = target(1, ages=(age(minimum="1 year"),))
FROM_TWO_MONTHS = target(1, ages=(age(minimum="2 months"),))
LONGER = series(*(target(number) for number in (1, 2, 3, 4)), name="longer")
BY_EIGHT_MONTHS = target(3, ages=(age(maximum="8 months"),), intervals=(interval("6 months", "6 months"),))
AFTER_HALF_A_YEAR = target(2, intervals=(interval("6 months", "6 months"),))


@pytest.mark.parametrize(
    ("rivals", "given", "winner"),
    [
        # table 8-3
        ([LONG, other(target(1))], [], "long"),  # nothing given: the default
        ([LONG, other(target(1))], ONE, "other"),  # the only complete one
        ([LONG, other(target(1, products="B"))], ONE, "long"),  # the only one in process
        # complete series: the most valid doses, then the preference (8.4)
        ([other(target(1), name="short"), other(target(1), target(2), name="both")], TWO, "both"),
        ([other(target(1), name="second"), other(target(1), name="first", preference=1)], ONE, "first"),
        # in process: closest to completion (8.5)
        ([LONG, other(target(1), target(2))], ONE, "other"),
        # in process: a product series with only valid doses outweighs one dose less to go
        ([LONG, other(*(target(n) for n in (1, 2, 3, 4)), is_product_path=True)], ONE, "long"),
        ([LONG, other(*(target(n) for n in (1, 2, 3)), is_product_path=True)], ONE, "other"),
        ([LONG, other(*(target(n) for n in (1, 2, 3)), is_product_path=True)], MIXED, "long"),
        # in process: one that can still be finished in time
        ([LONG, other(target(1), target(2), target(3, ages=(age(maximum="3 years"),)))], ONE, "long"),
        ([LONGER, other(target(1), target(2), BY_EIGHT_MONTHS)], ONE, "longer"),
        # in process: the earliest finish
        ([series(target(1), AFTER_HALF_A_YEAR, name="late"), other(target(1), target(2))], ONE, "other"),
        # what several have in common is worth less than what one has alone
        ([other(FROM_TWO_MONTHS, name="one", is_product_path=True, preference=1),
          other(FROM_TWO_MONTHS, name="two", is_product_path=True), other(FROM_ONE_YEAR)], [], "other"),
        # no valid doses and no default: the earliest start, then no product path (8.6)
        ([other(FROM_ONE_YEAR, name="late"), other(FROM_TWO_MONTHS)], [], "other"),
        ([other(target(1), name="product", is_product_path=True, preference=1), other(target(1))], [], "other"),
    ],
)  # fmt: skip
def test_the_prioritized_series(rivals: Any, given: Any, winner: str) -> None:
    assert chosen(*rivals, given=given) == [winner]


def test_a_standard_series_that_began_too_late_is_not_considered() -> None:
    late = other(target(1), target(2), maximum_age_to_start=span("2 months"))
    assert chosen(LONG, late, given=ONE) == ["long"]
    assert chosen(LONG, late, given=[("2020-02-28", "A")]) == ["other"]


def test_nobody_follows_a_series_before_its_age_to_start_unless_a_dose_counts() -> None:
    adult = series(target(1), name="adult", group="2", minimum_age_to_start=span("18 years"))
    assert chosen(LONG, adult) == ["long"]
    assert chosen(LONG, adult, given=ONE) == ["long", "adult"]
    assert chosen(LONG, adult, on="2038-01-01") == ["long", "adult"]


def test_of_several_defaults_the_first_choice_is_the_default() -> None:
    assert chosen(series(target(1), name="second", preference=2), series(target(1), name="first")) == ["first"]


def test_only_risk_series_of_the_highest_priority_are_considered() -> None:
    first, second = (
        other(target(1), target(2), priority="A", **RISK),
        other(target(1), name="easy", priority="B", **RISK),
    )
    assert chosen(first, second, given=ONE, observed=[observed("risk")]) == ["other"]


def test_an_evaluation_only_series_matters_when_it_is_complete() -> None:
    mixed = other(target(1), target(2, products="B"), name="mixed", type=SeriesType.EVALUATION_ONLY)
    assert chosen(LONG, mixed, given=ONE) == ["long"]
    assert chosen(LONG, mixed, given=MIXED) == ["mixed"]


@pytest.mark.parametrize(
    ("standard", "risk", "given", "best"),
    [
        ({}, {}, [], ["standard", "risk"]),  # not equivalent: both are needed
        ({"equivalent_groups": frozenset("2")}, {}, [], ["risk"]),  # risk comes before standard
        ({"equivalent_groups": frozenset("2")}, {"doses": 1}, ONE, ["risk"]),  # the other is complete
        ({"doses": 1}, {"equivalent_groups": frozenset("1")}, ONE, ["standard"]),
        ({"doses": 1}, {"doses": 1, "equivalent_groups": frozenset("1")}, ONE, ["standard", "risk"]),
    ],
)
def test_the_best_series_of_equivalent_groups(standard: Any, risk: Any, given: Any, best: list[str]) -> None:
    def of(name: str, doses: int = 2, **more: Any) -> Series:
        return series(*(target(n + 1) for n in range(doses)), name=name, **more)

    rivals = (of("standard", **standard), of("risk", group="2", **{**RISK, **risk}))
    assert chosen(*rivals, given=given, observed=[observed("risk")]) == best


def test_a_contraindicated_series_gives_way_to_one_that_is_not() -> None:
    not_a = Contraindication(observation="reaction", vaccines=(ContraindicatedVaccine(vaccine="A"),))
    rules = schedule(
        other(target(1), name="with a", preference=1),
        other(target(1, products="B"), name="with b"),
        contraindications=[not_a],
    )
    assert names(group(rules, observed=[observed("reaction")])) == ["with b"]
    assert names(group(rules)) == ["with a"]


# Vaccine groups of two antigens, alpha and beta; vaccine A holds alpha, X beta, C both.
HOLDS = {"A": ["alpha"], "X": ["beta"], "C": ["alpha", "beta"]}


def two(alpha: Series, beta: Series, *, gives_all: bool = True) -> Any:
    both = VaccineGroup(name="both", antigens=("alpha", "beta"), gives_all=gives_all)
    return schedule(alpha, beta, holds=HOLDS, groups=[both])


def of(antigen: str, *rules: Any, **more: Any) -> Series:
    doses = [target(place, products="ACX", **each) for place, each in enumerate(rules, start=1)]
    return series(*doses, name=antigen, antigen=antigen, **more)


NEEDED: Any = {}
NEVER: Any = {"skips": (skip(condition("age")),)}
OLD: Any = {"ages": (age(maximum="1 year"),)}


@pytest.mark.parametrize(
    ("alpha", "beta", "full", "partly"),
    [
        (NEEDED, NEEDED, "not-complete", "not-complete"),
        (OLD, NEEDED, "aged-out", "not-complete"),
        (NEVER, NEEDED, "not-recommended", "not-complete"),
        (OLD, NEVER, "aged-out", "aged-out"),
    ],
)
def test_the_status_of_several_antigens(alpha: Any, beta: Any, full: str, partly: str) -> None:
    """Table 9-4; where the group need not be given in full, one antigen keeps nobody from the other."""
    for gives_all, status in ((True, full), (False, partly)):
        found = group(two(of("alpha", alpha), of("beta", beta), gives_all=gives_all))
        assert found.status.value == status


def test_a_group_is_due_when_all_its_antigens_can_be_given() -> None:
    alpha = of("alpha", {"ages": (age("2 months", "2 months", "3 months", "4 months"),)})
    beta = of("beta", {"ages": (age("6 months", "6 months", "9 months", "1 year"),)})
    found = group(two(alpha, beta), on="2020-01-02")
    assert [str(each) for each in (found.earliest, found.recommended, found.past_due)] == ["2020-07-01"] * 3


def test_an_overriding_interval_lets_its_antigen_decide() -> None:
    alpha = of(
        "alpha", {"ages": (age("2 months", "2 months"),), "intervals": (interval(minimum="0 days", overrides=True),)}
    )
    beta = of("beta", {"ages": (age("6 months", "6 months"),)})
    found = group(two(alpha, beta), ("2020-02-15", "X"), on="2020-02-16")
    assert str(found.earliest) == "2020-03-01"


def test_of_several_series_of_one_antigen_the_one_still_needed_decides() -> None:
    rules = schedule(series(target(1), name="standard"), series(target(1), target(2), name="risk", group="2", **RISK))
    found = group(rules, *ONE, observed=[observed("risk")])
    assert found.status.value == "not-complete"
    assert verdicts(found) == ["valid"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([("2020-03-01", "C")], ["not-valid too-young"]),  # beta needs six months
        ([("2020-03-01", "A"), ("2020-09-01", "C")], ["valid", "valid"]),  # alpha needs no more, beta does
        ([("2020-08-01", "C"), ("2020-09-01", "C")], ["valid", "extraneous already-complete"]),
    ],
)
def test_a_dose_counts_if_no_antigen_of_it_failed(given: Any, said: list[str]) -> None:
    rules = two(of("alpha", NEEDED), of("beta", {"ages": (age("6 months", "6 months"),)}))
    assert verdicts(group(rules, *given)) == said


def test_a_group_nobody_s_series_concern_is_not_in_the_answer() -> None:
    outcome = ask(schedule(series(target(1), **RISK)))
    assert outcome.groups == ()
