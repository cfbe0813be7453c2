"""What is due next by a stated rule set.

A dose that came too early is kept and not counted; a series is resumed, never restarted. When dates are only partly
known the answer holds for every day they can mean, or says that it is uncertain. Doses without any date, doses
that may be one dose told twice, doses only told and doses the family disputes are left out of the count; where
counting them would change the answer, that answer stands beside it (`otherwise`). Dates proposed are never too early,
whatever day a partly known date means; a dose without any date delays nothing, or the next one could never be given.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import Enum

from registry.continuity import course, elements, schedule, spans
from registry.continuity.course import Counts, Course, Given, Verdict
from registry.continuity.history import Certainty, DoseEvent
from registry.continuity.reasons import Reason, because
from registry.continuity.schedule import Beyond, Plan, Rule, Schedule, Source
from registry.continuity.spans import Days, Span
from registry.fhir.dates import PartialDate

read = schedule.read

_LONG_AGO = date(1900, 1, 1)
# The general distance between live vaccines on different days, and the shortest between doses of the others
# (WHO recommendations for routine immunization - summary tables, March 2023, rows Measles and Rubella).
_FOUR_WEEKS = spans.read("4 weeks")


class Status(Enum):
    COMPLETE = "complete"
    DUE = "due"
    NOT_YET = "not-yet"
    TOO_OLD = "too-old"
    JUDGEMENT = "judgement"
    UNCERTAIN = "uncertain"
    BIRTH_DATE_UNKNOWN = "birth-date-unknown"


_BEYOND = {
    Beyond.TOO_OLD: Status.TOO_OLD,
    Beyond.COMPLETE: Status.COMPLETE,
    Beyond.JUDGEMENT: Status.JUDGEMENT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What is due of one antigen. `may_be` holds every status the unknown dates allow.

    `earliest` and `recommended` are late enough for all of them; `exact` says that there was only one reading.
    """

    antigen: str
    status: Status
    may_be: tuple[Status, ...]
    sure: int
    possible: int
    needed: int
    next_dose: int | None
    earliest: date | None
    recommended: date | None
    overdue_from: date | None
    overdue: bool
    exact: bool
    plan: str
    source: Source
    reason: Reason
    caution: str
    verdicts: tuple[Verdict, ...]
    otherwise: Due | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Next:
    """One reading of what comes next."""

    status: Status
    rule: Rule
    earliest: Days
    recommended: Days


def forecast(
    events: Sequence[DoseEvent], birth: PartialDate | None, schedule: Schedule, today: date
) -> tuple[Due, ...]:
    """For every antigen of the schedule: which doses count, and what is due next. The order of events is free."""
    return tuple(_due(antigen, events, birth, schedule, today) for antigen in schedule.antigens)


def _due(antigen: str, events: Sequence[DoseEvent], birth: PartialDate | None, schedule: Schedule, today: date) -> Due:
    mine = sorted((each for each in events if antigen in each.antigens), key=_order)
    past = [each for each in mine if each.when is None or each.when.first <= today]
    doubtful = _doubtful(antigen, events)
    firm = [each for each in past if each.id not in doubtful]
    plans = schedule.plans_for(antigen)
    caution = schedule.cautions.get(antigen, "")
    careful = _answer(plans, firm, past, birth, today, caution)
    left_out = [
        Verdict(id=each.id, counts=Counts.UNCERTAIN, reason=because(doubtful[each.id]))
        for each in past
        if each.id in doubtful
    ]
    future = [
        Verdict(id=each.id, counts=Counts.NO, reason=because("in-the-future")) for each in mine if each not in past
    ]
    said = {each.id: each for each in (*careful.verdicts, *left_out, *future)}
    careful = replace(careful, verdicts=tuple(said[each.id] for each in mine))
    if len(firm) == len(past):
        return careful
    generous = _answer(plans, past, past, birth, today, caution)
    same = (generous.status, generous.next_dose) == (careful.status, careful.next_dose)
    return careful if same else replace(careful, otherwise=generous)


def _order(event: DoseEvent) -> tuple[date, date, str]:
    days = spans.of(event.when, since=_LONG_AGO, until=date.max)
    return days.first, days.last, event.id


def _doubtful(antigen: str, events: Sequence[DoseEvent]) -> dict[str, str]:
    """Doses left out of the careful count, and the code of the reason."""
    # UK Health Security Agency, Vaccination of individuals with uncertain or incomplete immunisation status
    # (1 July 2025): without a documented or reliable history a person is treated as not immunised.
    same = {each.id for each in events if antigen in each.antigens}
    told = {each.id: "told-not-counted" for each in events if each.certainty is Certainty.STATED}
    told |= {each.id: "disputed-not-counted" for each in events if each.certainty is Certainty.DISPUTED}
    undated = {each.id: "undated-not-counted" for each in events if each.when is None}
    twice = {each.id: "duplicate-not-counted" for each in events if each.possible_duplicate_of in same}
    return told | undated | twice


def _answer(
    plans: Sequence[Plan],
    counted: Sequence[DoseEvent],
    given: Sequence[DoseEvent],
    birth: PartialDate | None,
    today: date,
    caution: str,
) -> Due:
    born = _until(spans.of(birth, since=_LONG_AGO, until=today), today)
    courses = [course.walk(plan, _given(plan, counted, born, today), born) for plan in plans]
    last_given = _last(given, born, today)
    if birth is None:
        return _unknown_birth(courses[0], caution)
    contenders = _contenders(courses, born, today)
    readings = [one for each in contenders for one in _readings(each, born, last_given, today)]
    whole = [each for each in courses if each.possible == each.needed]
    if any(each.sure == each.needed for each in courses):
        done = next(each for each in courses if each.sure == each.needed)
        return _build(done, [], (Status.COMPLETE,), born, today, caution)
    statuses = {one.status for one in readings} | {Status.COMPLETE for _ in whole[:1]}
    ordered = tuple(each for each in Status if each in statuses)
    return _build(contenders[0], readings, ordered, born, today, caution)


def _until(days: Days, today: date) -> Days:
    """A dose on record, or a birth, cannot lie after the day of asking."""
    return Days(min(days.first, today), max(min(days.last, today), min(days.first, today)))


def _given(plan: Plan, events: Sequence[DoseEvent], born: Days, today: date) -> list[Given]:
    return [
        Given(id=each.id, days=_days(each, born, today))
        for each in events
        if not plan.products or plan.products & _products(each)
    ]


def _days(event: DoseEvent, born: Days, today: date) -> Days:
    return _until(spans.of(event.when, since=born.first, until=today), today)


def _products(event: DoseEvent) -> set[tuple[str, str]]:
    return {(str(each.get("system")), str(each.get("code"))) for each in elements.codings(event.vaccine)}


def _last(events: Sequence[DoseEvent], born: Days, today: date) -> Days | None:
    """The day of the last dose; one without a date, or dated before birth, could be any day and delays nothing."""
    days = [_days(each, born, today) for each in events if each.when and each.when.last >= born.first]
    return spans.later(*days) if days else None


def _contenders(courses: Sequence[Course], born: Days, today: date) -> list[Course]:
    """The courses that can need the fewest further doses; the one that surely does, earliest listed, comes first."""
    usable = [(place, each, _usable(place, each, born, today)) for place, each in enumerate(courses)]
    sure = [(each.needed - each.sure, place) for place, each, use in usable if use is Counts.YES]
    best = min(sure)
    order = [place for place, _, use in usable if use is not Counts.NO]
    fit = [place for place in order if (courses[place].needed - courses[place].possible, place) <= best]
    return [courses[place] for place in sorted(fit, key=lambda place: place != best[1])]


def _usable(place: int, each: Course, born: Days, today: date) -> Counts:
    """The first plan always is; a late or single-product plan from its first age on, or once begun."""
    if place == 0:
        return Counts.YES
    if each.plan.products:
        return Counts.YES if each.sure else Counts.UNCERTAIN if each.possible else Counts.NO
    starts = born.plus(each.plan.rules[0].minimum_age)
    return Counts.YES if starts.last <= today else Counts.NO if starts.first > today else Counts.UNCERTAIN


def _readings(each: Course, born: Days, last_given: Days | None, today: date) -> Iterator[_Next]:
    distance = _distance(each)
    for count, last in each.ends.items():
        if count < each.needed:
            rule = each.plan.rules[count]
            allowed = course.allowed(rule, born, last)
            # A dose that did not count was still given: the next one keeps its distance from that one as well.
            after_it = last_given.plus(rule.minimum_interval or distance) if last_given else allowed
            yield from _next(rule, born, spans.later(allowed, after_it), today)


def _distance(each: Course) -> Span:
    """How far the first counted dose stays from one that did not count: as far as the second from the first."""
    second = each.plan.rules[1].minimum_interval if each.needed > 1 else None
    return second or _FOUR_WEEKS


def _next(rule: Rule, born: Days, earliest: Days, today: date) -> Iterator[_Next]:
    recommended = spans.later(earliest, born.plus(rule.recommended_age))
    latest = born.plus(rule.latest_age) if rule.latest_age else None
    for status, holds in (
        (_BEYOND[rule.beyond], latest is not None and latest.first <= today),
        (Status.DUE, (latest is None or latest.last > today) and recommended.first <= today),
        (Status.NOT_YET, (latest is None or latest.last > today) and recommended.last > today),
    ):
        if holds:
            yield _Next(status=status, rule=rule, earliest=earliest, recommended=recommended)


def _build(
    chosen: Course,
    readings: Sequence[_Next],
    may_be: tuple[Status, ...],
    born: Days,
    today: date,
    caution: str,
) -> Due:
    status = may_be[0] if len(may_be) == 1 else Status.UNCERTAIN
    rule = chosen.plan.rules[min(chosen.sure, chosen.needed - 1)]
    open_ = status not in (Status.COMPLETE, Status.TOO_OLD)
    overdue = _overdue(rule, born) if open_ and readings else None
    return Due(
        antigen=chosen.plan.antigen,
        status=status,
        may_be=may_be,
        sure=chosen.sure,
        possible=chosen.possible,
        needed=chosen.needed,
        next_dose=rule.dose if open_ else None,
        earliest=max((one.earliest.last for one in readings), default=None) if open_ else None,
        recommended=max((one.recommended.last for one in readings), default=None) if open_ else None,
        overdue_from=overdue,
        overdue=status is Status.DUE and overdue is not None and overdue <= today,
        exact=len(may_be) == 1 and chosen.sure == chosen.possible,
        plan=chosen.plan.name,
        source=rule.source,
        reason=_reason(status, chosen, rule),
        caution=caution,
        verdicts=chosen.verdicts,
    )


def _overdue(rule: Rule, born: Days) -> date | None:
    return born.plus(rule.overdue_age).last if rule.overdue_age else None


def _reason(status: Status, chosen: Course, rule: Rule) -> Reason:
    if status is Status.UNCERTAIN:
        return because("uncertain", sure=chosen.sure, possible=chosen.possible)
    if status is Status.COMPLETE and chosen.sure == chosen.needed:
        return because("complete", needed=chosen.needed)
    if status in (Status.COMPLETE, Status.TOO_OLD, Status.JUDGEMENT) and rule.latest_age:
        code = "judgement" if status is Status.JUDGEMENT else "too-old"
        return because(code, dose=rule.dose, age=rule.latest_age.text)
    return because(status.value, dose=rule.dose)


def _unknown_birth(chosen: Course, caution: str) -> Due:
    verdicts = tuple(
        Verdict(id=each.id, counts=Counts.UNCERTAIN, reason=because("birth-date-unknown")) for each in chosen.verdicts
    )
    may_be = (Status.BIRTH_DATE_UNKNOWN,)
    blank = _build(chosen, [], may_be, Days(_LONG_AGO, _LONG_AGO), _LONG_AGO, caution)
    return replace(blank, verdicts=verdicts, sure=0, overdue_from=None, exact=False)
