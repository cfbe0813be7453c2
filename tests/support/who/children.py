"""Children who are as a row of a decision table says.

Histories are tried, from the one who came on time to those who came as late as the row asks; the ones taken are
those of whom every condition of the row is true, judged by reading the finished history and not by how it was made.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise, product

from registry.continuity import spans
from registry.continuity.immunization.person import Sex
from registry.continuity.spans import Span
from tests.support.who.settings import Setting
from tests.support.who.wording import Condition, Count, Fact, Since, Time

BIRTH = date(2010, 3, 15)
_DAY = timedelta(days=1)
_OPV, _IPV = "178", "10"
_MEASLES, _YELLOW_FEVER = "05", "37"
_LIVE = frozenset({"19", "05", "06", "07", "21", "37", "116", "119", "129", "169"})
_FOUR_WEEKS = timedelta(weeks=4)
_IPV_AGES = ("14 weeks", "32 weeks")
_YEAR = Span(text="1 year", months=12)
_COMPARE: Mapping[str, Callable[[int, int], bool]] = {"=": operator.eq, ">=": operator.ge, "<": operator.lt}


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A dose of the vaccine the table is about."""

    day: date
    kind: str
    vaccine: str

    @property
    def polio(self) -> str:
        return {_OPV: "bOPV", _IPV: "IPV"}.get(self.vaccine, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """Born on BIRTH; `live` is the day of another live vaccine."""

    on: date
    doses: tuple[Given, ...]
    live: date | None
    other_live: str
    observations: frozenset[str]
    sex: Sex

    def counted(self, kind: str = "", polio: str = "") -> list[Given]:
        """Doses of a kind; without one, all but those at birth that the table does not count."""
        return [
            each
            for each in self.doses
            if (each.kind == kind or (not kind and each.kind != "uncounted")) and polio in ("", each.polio)
        ]


def like(conditions: Sequence[Condition], setting: Setting, most: int) -> list[Child]:
    """At most so many who fulfil every condition; others than ordinary ones only if there is no ordinary one."""
    ordinary: dict[Child, None] = {}
    others: dict[Child, None] = {}
    for each in _tried(conditions, setting):
        if all(holds(one, each, setting) for one in conditions):
            (ordinary if _is_ordinary(each, conditions, setting) else others)[each] = None
        if len(ordinary) == most:
            break
    return list(ordinary) or list(others)[:most]


def _is_ordinary(child: Child, conditions: Sequence[Condition], setting: Setting) -> bool:
    """Nothing given before its usual age and distance, nor asked for on the heels of a dose, unless the row does.

    Where a row says only until when something is so, and leaves to the country since when, it is so at the end.
    """
    times = [each for each in conditions if isinstance(each, Time)]
    waited = any(each.of in (Since.LATEST, Since.LIVE, Since.PRIMARY) for each in times)
    open_ended = [each for each in times if each.of is Since.LATEST and each.most_included and not each.least]
    days = [each.day for each in child.counted()]
    return (
        _is_apart(child, setting)
        and (waited or not days or child.on - days[-1] >= _FOUR_WEEKS)
        and all(spans.add(days[-1], each.most) == child.on for each in open_ended if each.most and days)
    )


def _is_apart(child: Child, setting: Setting) -> bool:
    usual = [spans.add(BIRTH, _span(each)) for each in setting.ages]
    if not _is_mixed(setting):
        return _are_apart([each.day for each in child.counted()], usual)
    oral, injected = ([each.day for each in child.counted(polio=kind)] for kind in ("bOPV", "IPV"))
    return _are_apart(oral, usual) and _are_apart(injected, [spans.add(BIRTH, _span(each)) for each in _IPV_AGES])


def _are_apart(days: Sequence[date], usual: Sequence[date]) -> bool:
    gaps = [(later - earlier).days - 1 for earlier, later in pairwise(usual)]
    apart = all((later - earlier).days >= gap for (earlier, later), gap in zip(pairwise(days), gaps, strict=False))
    return apart and (not days or days[0] >= usual[0])


def _is_mixed(setting: Setting) -> bool:
    """Oral and injected polio vaccine, each with its own distances."""
    return setting.antigens == ("POLIO",) and setting.vaccine == _OPV


def _span(text: str) -> Span:
    return Span(text="birth") if text == "birth" else spans.read(text)


def holds(condition: Condition, child: Child, setting: Setting) -> bool:
    if isinstance(condition, Count):
        return _COMPARE[condition.compared](len(child.counted(condition.kind, condition.polio)), condition.number)
    if isinstance(condition, Time):
        return _time_holds(condition, child)
    return _fact_holds(condition, child, setting)


def _time_holds(time: Time, child: Child) -> bool:
    since, until = _ends(time, child)
    if time.never or since is None:
        return since is None and (time.never or _is_open(time))
    low = spans.add(since, time.least) if time.least else date.min
    high = spans.add(since, time.most) if time.most else date.max
    if time.least == time.most:  # an age in completed weeks
        return low <= until < low + timedelta(weeks=1)
    if time.of is Since.BIRTH and time.most_included and time.most and "year" in time.most.text:
        high -= _DAY  # up to 14 years: whether the year after the birthday is meant is not said
    if time.of is Since.BIRTH and not time.least_included and time.least and "year" in time.least.text:
        low = spans.add(low, _YEAR) - _DAY  # over 6 years: nor here
    above = low <= until if time.least_included else low < until
    return above and (until <= high if time.most_included else until < high)


def _is_open(time: Time) -> bool:
    """`No live vaccine in the last four weeks` is also true of those who had none."""
    return time.of in (Since.LIVE, Since.LATEST) and time.most is None


def _ends(time: Time, child: Child) -> tuple[date | None, date]:
    doses = [each for each in child.doses if time.polio in ("", each.polio)]
    first, latest = (doses[0].day, doses[-1].day) if doses else (None, None)
    if time.of is Since.BIRTH:
        return BIRTH, child.on
    if time.of in (Since.FIRST_AT, Since.LATEST_AT):
        day = first if time.of is Since.FIRST_AT else latest
        return (None, child.on) if day is None else (BIRTH, day)
    primary = max((each.day for each in child.counted("primary")), default=None)
    since = {Since.FIRST: first, Since.LATEST: latest, Since.LIVE: _latest_live(child), Since.PRIMARY: primary}
    return since[time.of], child.on


def _latest_live(child: Child) -> date | None:
    """The vaccine the table is about may be a live one itself."""
    own = (each.day for each in child.doses if each.vaccine in _LIVE)
    return max((each for each in (child.live, *own) if each is not None), default=None)


_OBSERVED: Mapping[tuple[str, str, bool], str] = {
    ("HIV status", "HIV-positive", True): "hiv-positive",
    ("Currently on ART", "FALSE", True): "hiv-not-controlled",
    ("Immunologically stable", "FALSE", True): "hiv-not-controlled",
    ("Immunologically stable", "TRUE", False): "hiv-not-controlled",
    ("Clinically well", "FALSE", True): "hiv-not-controlled",
    ("TB infection test result", "Negative", True): "tb-infection-test-negative",
    ("TB infection test result", "Positive", True): "tb-infection-test-positive",
    ("Birth weight", "low", True): "born-preterm-or-below-2000-g",
    ("At high risk for pneumococcal infection", "TRUE", True): "high-pneumococcal-risk",
    ("Immunocompromised", "TRUE", True): "immunocompromised",
    ("Currently pregnant", "TRUE", True): "currently-pregnant",
    ("Dengue serostatus", "Positive", True): "dengue-seropositive",
    ("Dengue serostatus", "Negative", True): "dengue-seronegative",
}
_CALLED = {"planning-to-get-pregnant-in-the-next-month": "planning-pregnancy"}


def _observed(conditions: Iterable[Condition], setting: Setting) -> Iterator[str]:
    for each in conditions:
        if isinstance(each, Fact):
            if each.name == "Potential contraindications":
                slug = each.value.lower().replace(" ", "-")
                yield _CALLED.get(slug, slug)
            elif each.name == "Preterm birth" and each.holds:
                yield "born-preterm" if setting.antigens == ("PCV",) else "born-preterm-or-below-2000-g"
            elif (each.name, each.value, each.holds) in _OBSERVED:
                yield _OBSERVED[each.name, each.value, each.holds]


def _fact_holds(fact: Fact, child: Child, setting: Setting) -> bool:
    """What is true of the doses; what was observed of the child was put there on purpose."""
    primary, booster = child.counted("primary"), child.counted("booster")
    if fact.name == "Vaccine brand":
        return (len({each.vaccine for each in primary}) == 1) is fact.holds
    if fact.name == "Total doses in series":
        return all((each.vaccine != "119") is fact.holds for each in primary)
    if fact.name == "Completed the primary vaccination series":
        return (len(primary) == setting.series_length) is fact.holds
    if fact.name == "Completed the booster series":
        return (bool(booster) and len(booster) % setting.series_length == 0) is fact.holds
    if fact.name.startswith("latest "):
        _, kind, _, sign = fact.name.split(" ")
        doses = {"booster": booster, "primary": primary}.get(kind, booster or primary)
        number = (len(doses) - 1) % setting.series_length + 1 if doses else 0
        limit = setting.series_length if fact.value.startswith("Total") else int(fact.value)
        return bool(doses) and _COMPARE[sign](number, limit)
    return True


def _tried(conditions: Sequence[Condition], setting: Setting) -> Iterator[Child]:
    observed = frozenset(_observed(conditions, setting))
    sexes = [each for each in conditions if isinstance(each, Fact) and each.name == "Sex"]
    sex = Sex.MALE if any(not each.holds for each in sexes) else Sex.FEMALE
    other_live = _YELLOW_FEVER if setting.vaccine in ("05", "06", "07") else _MEASLES
    for kinds, vaccines in _courses(conditions, setting):
        for doses, on in _timed(conditions, setting, kinds, vaccines):
            for live in _live_days(conditions, on):
                yield Child(on=on, doses=doses, live=live, other_live=other_live, observations=observed, sex=sex)


def _courses(conditions: Sequence[Condition], setting: Setting) -> Iterator[tuple[list[str], list[str]]]:
    """The kinds of the doses in their order, and their vaccines."""
    counts = {(each.kind, each.polio): each.number for each in conditions if isinstance(each, Count)}
    asked = [counts.get((kind, ""), 0) for kind in ("birth", "", "primary", "booster", "dose 0", "supplementary")]
    names = ("birth", "primary", "primary", "booster", "dose 0", "supplementary")
    further = range(3) if _is_of_series(conditions, "booster") else range(1)
    for extra, more in product(range(4), further) if _is_of_series(conditions) else [(0, 0)]:
        kinds = [name for name, number in zip(names, asked, strict=True) for _ in range(number)]
        kinds = kinds[:] + ["primary"] * extra + ["booster"] * more
        if setting.birth:
            kinds = ["uncounted", *kinds]
        if "supplementary" in kinds:
            kinds = ["primary"] * setting.series_length + kinds
        yield from ((kinds, vaccines) for vaccines in _vaccines(counts, setting, kinds))


def _is_of_series(conditions: Sequence[Condition], kind: str = "") -> bool:
    """Of rows that tell the number of doses only by what has been completed."""
    facts = (each.name for each in conditions if isinstance(each, Fact))
    return any(each.startswith(("latest ", "Completed ")) and kind in each for each in facts)


def _vaccines(counts: Mapping[tuple[str, str], int], setting: Setting, kinds: Sequence[str]) -> Iterator[list[str]]:
    if setting.order:
        yield list(setting.order[: len(kinds)])
    elif _is_mixed(setting):
        oral = counts.get(("primary", "bOPV"), min(3, len(kinds)))
        yield [_OPV] * oral + [_IPV] * (len(kinds) - oral)
    elif setting.antigens == ("ROTA",):
        yield from (
            [one, *[other] * (len(kinds) - 1)][: len(kinds)]
            for one, other in (("116", "116"), ("119", "119"), ("119", "116"))
        )
    else:
        yield [setting.kinds.get(each, setting.vaccine) for each in kinds]


def _timed(
    conditions: Sequence[Condition], setting: Setting, kinds: Sequence[str], vaccines: Sequence[str]
) -> Iterator[tuple[tuple[Given, ...], date]]:
    times = [each for each in conditions if isinstance(each, Time)]
    tried = _mixed_days(vaccines) if _is_mixed(setting) and kinds else _days_and_asked(times, setting, kinds)
    for days, on in tried:
        if days and (max(days) > on or min(days) < BIRTH):
            continue
        given = [Given(day=day, kind=kind, vaccine=code) for day, kind, code in zip(days, kinds, vaccines, strict=True)]
        yield tuple(sorted(given, key=lambda each: each.day)), on


def _days_and_asked(times: Sequence[Time], setting: Setting, kinds: Sequence[str]) -> Iterator[tuple[list[date], date]]:
    for start, last in product(_starts(times), (None, *_gaps(times))):
        usual = _usual_days(setting, kinds, start)
        base = usual[-1] if usual else spans.add(BIRTH, _span(setting.ages[0]))
        for on in _days(times, base, last):
            days = list(usual)
            if days and last is not None:
                days[-1] = on - last
                days = _pushed_back(days)
            yield days, on


def _mixed_days(vaccines: Sequence[str]) -> Iterator[tuple[list[date], date]]:
    """Oral and injected doses, each counted back from their latest one, or on from their usual age."""
    oral, injected = vaccines.count(_OPV), vaccines.count(_IPV)
    month = timedelta(days=28)
    for weeks, back, ago, away in product((6, 4, 14, 30, 60), (3, 27, 28, 60), (3, 20, 125, 200), (0, 40, 400)):
        first = BIRTH + timedelta(weeks=weeks)
        orals = [first + month * each for each in range(oral)]
        end = max([*orals, BIRTH + timedelta(weeks=14 if injected else weeks) + (injected - 1) * timedelta(days=126)])
        for on in {end + timedelta(days=each) for each in (back, ago, away)} | {
            BIRTH + timedelta(weeks=13),
            BIRTH + timedelta(days=100),
        }:
            late_oral = [on - timedelta(days=back) - month * each for each in reversed(range(oral))]
            late_injected = [
                on - timedelta(days=ago) - timedelta(days=126) * each for each in reversed(range(injected))
            ]
            yield orals + late_injected, on
            yield late_oral + late_injected, on


def _pushed_back(days: list[date]) -> list[date]:
    """Earlier doses stay before later ones."""
    for place in range(len(days) - 2, -1, -1):
        days[place] = min(
            days[place], days[place + 1] - timedelta(weeks=4) if days[place] >= days[place + 1] else days[place]
        )
    return days


def _usual_days(setting: Setting, kinds: Sequence[str], start: date | None) -> list[date]:
    ages = [spans.add(BIRTH, _span(each)) for each in setting.ages]
    while len(ages) < len(kinds):
        ages.append(ages[-1] + timedelta(days=365))
    shift = start - ages[0] if start else timedelta()
    days = [each + shift for each in ages]
    if "uncounted" in kinds:
        return [BIRTH, *days[: len(kinds) - 1]]
    return days[: len(kinds)]


def _starts(times: Iterable[Time]) -> list[date | None]:
    """On time; or at the ages a row asks of the first dose, or of the only one."""
    asked = [each for each in times if each.of in (Since.FIRST_AT, Since.LATEST_AT) and each.least]
    starts = [spans.add(BIRTH, each.least) for each in asked if each.least]
    return [None, *starts, *(each + timedelta(days=30) for each in starts)]


def _gaps(times: Iterable[Time]) -> list[timedelta]:
    """How long ago the latest dose was: at the edges of what the row asks, and between."""
    gaps: set[timedelta] = set()
    for each in times:
        if each.of in (Since.LATEST, Since.FIRST, Since.PRIMARY):
            for edge in (each.least, each.most):
                if edge:
                    whole = date(2020, 3, 15) - spans.add(
                        date(2020, 3, 15), Span(text="", months=-edge.months, days=-edge.days)
                    )
                    gaps |= {whole, whole + _DAY, whole - _DAY, whole / 2}
    return sorted(timedelta(days=each.days) for each in gaps)


def _days(times: Iterable[Time], last: date, gap: timedelta | None) -> list[date]:
    """The days of asking that may do: the edges of the age asked, and after the latest dose."""
    days: set[date] = set()
    for each in times:
        if each.of is Since.BIRTH:
            for edge in (each.least, each.most):
                if edge:
                    day = spans.add(BIRTH, edge)
                    days |= {spans.add(day, _YEAR)}
                    days |= {day, day - _DAY, day + _DAY, day + timedelta(days=40), day - timedelta(days=20)}
    days |= {
        last + (gap or timedelta()),
        last + timedelta(days=1),
        last + timedelta(days=400),
        last + timedelta(days=3000),
    }
    return sorted(each for each in days if each >= BIRTH)


def _live_days(conditions: Sequence[Condition], on: date) -> list[date | None]:
    asked = [each for each in conditions if isinstance(each, Time) and each.of is Since.LIVE]
    if not asked or asked[0].never:
        return [None]
    if any(each.least for each in asked):
        return [None, on - timedelta(days=28), on - timedelta(days=60)] if on - BIRTH > timedelta(days=60) else [None]
    days = (on - timedelta(days=27), on - timedelta(days=3))
    return [each for each in days if each >= BIRTH] or [None]
