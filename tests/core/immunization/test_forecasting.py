"""When the next dose is due and whether one is needed at all (chapter 7)."""

from datetime import date
from typing import Any

import pytest

from registry.continuity import spans
from registry.continuity.immunization.outcome import GroupForecast
from registry.continuity.immunization.person import Sex
from registry.continuity.immunization.schedule import (
    Conflict,
    ContraindicatedVaccine,
    Contraindication,
    ImmuneByBirth,
    Indication,
    Season,
    SeriesType,
)
from tests.core.immunization.plans import (
    age,
    ask,
    condition,
    group,
    interval,
    observed,
    product,
    schedule,
    series,
    skip,
    target,
    window,
)


def days(found: GroupForecast) -> list[str]:
    """Earliest, recommended, past due and latest."""
    return [str(each or "") for each in (found.earliest, found.recommended, found.past_due, found.latest)]


FIRST = target(1, ages=(age("6 weeks", "2 months", "3 months", "4 months", "1 year"),))


@pytest.mark.parametrize(
    ("second", "found"),
    [
        ({}, ["2020-04-01", "2020-04-01", "", ""]),  # nothing but the dose before bounds it
        ({"ages": (age("6 months", "6 months"),)}, ["2020-07-01", "2020-07-01", "", ""]),
        (
            {"ages": (age("6 months", "6 months", "8 months", "9 months", "2 years"),)},
            ["2020-07-01", "2020-09-01", "2020-09-30", "2021-12-31"],
        ),
        (
            {"intervals": (interval("4 weeks", "4 weeks", "8 weeks", "12 weeks"),)},
            ["2020-04-29", "2020-05-27", "2020-06-23", ""],
        ),
        (  # the age decides the recommended day where both are given
            {"ages": (age(earliest="6 months"),), "intervals": (interval("4 weeks", "4 weeks", "8 weeks"),)},
            ["2020-04-29", "2020-07-01", "", ""],
        ),
        (  # nothing is recommended, or past due, before it is possible
            {"ages": (age(earliest="2 months", latest="3 months"),), "intervals": (interval("8 weeks", "8 weeks"),)},
            ["2020-05-27", "2020-05-27", "2020-05-27", ""],
        ),
        ({"season": Season(starts=date(2020, 9, 1))}, ["2020-09-01", "2020-09-01", "", ""]),
    ],
)
def test_the_dates_of_the_next_dose(second: Any, found: list[str]) -> None:
    rules = schedule(series(FIRST, target(2, **second)))
    assert days(group(rules, ("2020-04-01", "A"), on="2020-04-02")) == found


def test_before_the_first_dose_only_its_age_bounds_it() -> None:
    found = group(schedule(series(FIRST)), on="2020-02-01")
    assert days(found) == ["2020-03-01", "2020-04-01", "2020-04-30", "2020-12-31"]
    assert found.next_dose == 1


def test_a_dose_that_did_not_count_is_still_kept_away_from() -> None:
    rules = schedule(
        series(target(1, ages=(age("6 months", "6 months"),), intervals=(interval("4 weeks", "4 weeks"),)))
    )
    assert days(group(rules, ("2020-06-20", "A"), on="2020-06-21"))[0] == "2020-07-18"
    assert days(group(rules, ("2020-02-01", "A"), on="2020-06-21"))[0] == "2020-07-01"


def test_a_conflict_delays_only_where_no_preferable_vaccine_is_free_of_it() -> None:
    live = Conflict(
        previous="X",
        current="A",
        begins=spans.read("1 day"),
        ends_after_valid=spans.read("24 days"),
        ends=spans.read("28 days"),
    )
    only = schedule(series(target(1)), conflicts=[live], holds={"X": ["beta"]})
    assert days(group(only, ("2020-03-01", "X"), on="2020-03-02"))[0] == "2020-03-29"
    choice = schedule(series(target(1, products="AB")), conflicts=[live], holds={"X": ["beta"]})
    assert days(group(choice, ("2020-03-01", "X"), on="2020-03-02"))[0] == ""


def test_a_forecast_that_a_skip_would_overtake_is_made_for_the_dose_after() -> None:
    """On the day the second dose becomes possible it is no longer needed, so the third is forecast (7.6)."""
    rules = schedule(
        series(
            target(1),
            target(2, intervals=(interval("4 weeks", "4 weeks"),), skips=(skip(condition("age", "1 year")),)),
            target(3, intervals=(interval("8 weeks", "8 weeks"),)),
        )
    )
    assert days(group(rules, ("2020-12-10", "A"), on="2020-12-11"))[0] == "2021-02-04"
    assert days(group(rules, ("2020-11-10", "A"), on="2020-11-11"))[0] == "2020-12-08"


RISK: Any = {
    "type": SeriesType.RISK,
    "indications": (Indication(observation="risk", window=window("1 year", "3 years")),),
}
REACTION = Contraindication(observation="reaction", window=window(None, "5 years"))
NOT_A = Contraindication(observation="reaction", vaccines=(ContraindicatedVaccine(vaccine="A"),))
ENDS: Any = {"season": Season(starts=date(2021, 9, 1), ends=date(2021, 12, 31))}
NEVER = (skip(condition("age")),)


@pytest.mark.parametrize(
    ("rules", "given", "seen", "status"),
    [
        (schedule(series(FIRST)), [("2020-04-01", "A")], "", "complete"),
        (schedule(series(FIRST)), [], "", "aged-out"),
        (schedule(series(target(1))), [], "", "not-complete"),
        (schedule(series(target(1, skips=NEVER))), [], "", "not-recommended"),
        (schedule(series(target(1, **ENDS))), [], "", "not-recommended"),
        (schedule(series(target(1)), contraindications=[REACTION]), [], "reaction", "contraindicated"),
        (schedule(series(target(1)), contraindications=[REACTION]), [("2020-04-01", "A")], "reaction", "complete"),
        (schedule(series(target(1)), contraindications=[NOT_A]), [], "reaction", "contraindicated"),
        (schedule(series(target(1, products="AB")), contraindications=[NOT_A]), [], "reaction", "not-complete"),
        (schedule(series(target(1)), immune_by_history=frozenset({"immune"})), [], "immune", "immune"),
    ],
)
def test_whether_a_dose_is_needed(rules: Any, given: Any, seen: str, status: str) -> None:
    found = group(rules, *given, observed=[observed(seen)] if seen else [], on="2022-02-01")
    assert found.status.value == status


def test_a_series_that_cannot_begin_before_the_maximum_age_is_aged_out() -> None:
    rules = schedule(
        series(target(1), target(2, ages=(age(maximum="2 years"),), intervals=(interval("1 year", "1 year"),)))
    )
    assert group(rules, ("2021-02-01", "A"), on="2021-03-01").status.value == "aged-out"
    assert group(rules, ("2020-12-01", "A"), on="2021-03-01").status.value == "not-complete"


@pytest.mark.parametrize(
    ("born", "country", "seen", "status"),
    [
        (date(1956, 12, 31), "", "", "not-complete"),
        (date(1956, 12, 31), "XA", "", "immune"),
        (date(1957, 1, 1), "XA", "", "not-complete"),
        (date(1956, 12, 31), "XA", "risk", "not-complete"),
    ],
)
def test_immune_by_birth(born: date, country: str, seen: str, status: str) -> None:
    rule = ImmuneByBirth(before=date(1957, 1, 1), country="XA", exclusions=frozenset({"risk"}))
    rules = schedule(series(target(1)), immune_by_birth=(rule,))
    found = group(rules, born=born, country=country, observed=[observed(seen)] if seen else [])
    assert found.status.value == status


@pytest.mark.parametrize(
    ("seen", "on", "concerns"),
    [
        ([], "2021-06-01", False),
        ([observed("risk")], "2021-06-01", True),
        ([observed("risk")], "2020-12-31", False),
        ([observed("risk")], "2023-01-01", False),
        ([observed("risk", "2021-06-01")], "2021-06-01", True),
        ([observed("risk", "2021-06-02")], "2021-06-01", False),
    ],
)
def test_a_risk_series_concerns_those_with_an_indication_of_that_age(seen: Any, on: str, concerns: bool) -> None:
    assert bool(ask(schedule(series(target(1), **RISK)), observed=seen, on=on).groups) is concerns


def test_a_series_for_one_sex_concerns_only_it() -> None:
    rules = schedule(series(target(1), genders=frozenset({"female", "unknown"})))
    concerns = {each: bool(ask(rules, sex=each).groups) for each in Sex}
    assert concerns == {Sex.FEMALE: True, Sex.UNKNOWN: True, Sex.MALE: False, Sex.OTHER: False}


def test_vaccines_are_named_that_fit_the_days_and_are_not_forbidden() -> None:
    preferable = (
        product("A", is_named=True),
        product("B", is_named=True),
        product("C", "1 year", is_named=True),
        product("D"),
    )
    rules = schedule(series(target(1, preferable=preferable)), contraindications=[NOT_A])
    assert group(rules, observed=[observed("reaction")], on="2020-06-01").vaccines == ("B",)


def test_what_the_clinician_should_read_is_of_what_applies() -> None:
    indications = (
        Indication(observation="risk", guidance="of the risk"),
        Indication(observation="event", guidance="no"),
    )
    warning = Contraindication(observation="reaction", text="do not", window=window(None, "5 years"))
    rules = schedule(
        series(target(1), guidance=("of the series",), indications=indications), contraindications=[warning]
    )
    assert group(rules, observed=[observed("risk")]).guidance == ("of the series", "of the risk")
    assert group(rules, observed=[observed("reaction")]).guidance == ("of the series", "do not")


def test_doses_of_a_past_season_are_not_numbered() -> None:
    rules = schedule(series(target(1, recurs=True, season=Season(starts=date(2021, 9, 1)))))
    assert group(rules, ("2020-10-01", "A"), on="2021-08-01").next_dose == 1
    assert group(rules, ("2021-10-01", "A"), on="2021-11-01").next_dose == 2
