"""Whether one series needs another dose, and when (chapter 7)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from registry.continuity.immunization import calendar, exemptions, skipping
from registry.continuity.immunization.case import Case
from registry.continuity.immunization.exemptions import Exemption
from registry.continuity.immunization.outcome import Evaluation, SeriesForecast, SeriesStatus
from registry.continuity.immunization.progress import Progress, Record, Target
from registry.continuity.immunization.schedule import Age, Context, Interval, Product, TargetDose
from registry.continuity.immunization.skipping import Moment
from registry.continuity.spans import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Prospect:
    """A series with its forecast; `finish` is the day it can be finished on (SELECTB-12)."""

    progress: Progress
    forecast: SeriesForecast
    finish: date | None
    is_completable: bool


def forecast(walk: Progress, exemption: Exemption) -> Prospect:
    """Forecast the target dose looked for; what a skip makes needless on the earliest day is passed over (7.6)."""
    while True:
        _skip(walk, walk.case.on)
        dates = _dates(walk) if walk.target is not None else None
        if dates is None or not _would_skip(walk, walk.target, dates.earliest):
            break
        walk.skip()
    return _prospect(walk, exemption, _status(walk, exemption, dates), dates)


def _skip(walk: Progress, day: date) -> None:
    while _would_skip(walk, walk.target, day):
        walk.skip()


def _would_skip(walk: Progress, target: Target | None, day: date | None) -> bool:
    if target is None or day is None:
        return False
    return skipping.is_skipped(target.rule, Context.FORECAST, Moment(walk, day, walk.records))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Dates:
    """The dates of table 7-13 for one target dose; `end` is the day of the maximum age. What is unbounded is empty."""

    earliest: date | None
    unadjusted_recommended: date | None
    recommended: date | None
    unadjusted_past_due: date | None
    past_due: date | None
    end: date | None


def _dates(walk: Progress) -> _Dates | None:
    if walk.target is None:
        return None
    rule, case = walk.target.rule, walk.case
    age = next((each for each in rule.ages if each.validity.covers(case.on)), Age())
    runs = [
        (each, walk.reference(each, walk.records, None)) for each in rule.intervals if each.validity.covers(case.on)
    ]
    earliest = _earliest(walk, rule, age, runs)
    recommended = _at(case, age.earliest_recommended) or _run(runs, lambda each: each.earliest_recommended) or earliest
    overdue = _at(case, age.latest_recommended) or _run(runs, lambda each: each.latest_recommended)
    past_due = overdue - calendar.ONE_DAY if overdue else None
    return _Dates(
        earliest=earliest,
        unadjusted_recommended=recommended,
        recommended=calendar.latest(recommended, earliest),
        unadjusted_past_due=past_due,
        past_due=calendar.latest(past_due, earliest) if past_due else None,
        end=_at(case, age.maximum),
    )


def _at(case: Case, span: Span | None) -> date | None:
    return None if span is None else case.age(span)


def _run(runs: Iterable[tuple[Interval, date | None]], of: Callable[[Interval], Span | None]) -> date | None:
    """The latest day that intervals of one kind run to; an empty one stays empty."""
    return calendar.latest(
        *(calendar.after(since, span) for each, since in runs if since is not None and (span := of(each)) is not None)
    )


def _earliest(walk: Progress, rule: TargetDose, age: Age, runs: list[tuple[Interval, date | None]]) -> date | None:
    """FORECASTDTCAN-1."""
    bounds = (
        _at(walk.case, age.minimum),
        _run(runs, lambda each: each.minimum),
        _conflict_end(walk, rule),
        rule.season.starts if rule.season else None,
        *(each.dose.day for each in walk.records if each.is_inadvertent),
        max((each.dose.day for each in walk.records), default=None),
    )
    return calendar.latest(*bounds)


def _conflict_end(walk: Progress, rule: TargetDose) -> date | None:
    """The first day on which some preferable vaccine is free of conflict with every dose given before."""
    ends = [_free_of_conflict(walk, each.vaccine) for each in rule.preferable]
    free = [each for each in ends if each is not None]
    return min(free) if free and len(free) == len(ends) else None


def _free_of_conflict(walk: Progress, vaccine: str) -> date | None:
    rules = walk.case.schedule.conflicts.get(vaccine, ())
    if not rules:
        return None
    return calendar.latest(
        *(
            calendar.after(other.day, each.ends)
            for each in rules
            for other in walk.case.doses
            if each.previous == other.vaccine
        )
    )


def _status(walk: Progress, exemption: Exemption, dates: _Dates | None) -> SeriesStatus:
    """Table 7-10."""
    case, target = walk.case, walk.target
    if target is None or dates is None:
        return SeriesStatus.COMPLETE if walk.valid_doses else SeriesStatus.NOT_RECOMMENDED
    season = target.rule.season
    table: Mapping[SeriesStatus, bool] = {
        SeriesStatus.IMMUNE: exemption.is_immune,
        SeriesStatus.CONTRAINDICATED: exemption.is_contraindicated or exemption.forbids_all_of(walk.series),
        SeriesStatus.NOT_RECOMMENDED: season is not None and season.ends is not None and case.on > season.ends,
        SeriesStatus.AGED_OUT: dates.end is not None and calendar.latest(case.on, dates.earliest) >= dates.end,
    }
    return next((status for status, holds in table.items() if holds), SeriesStatus.NOT_COMPLETE)


def _prospect(walk: Progress, exemption: Exemption, status: SeriesStatus, dates: _Dates | None) -> Prospect:
    bare = SeriesForecast(
        series=walk.series,
        status=status,
        guidance=exemptions.guidance(walk.case, walk.series, exemption),
        evaluations=tuple(_evaluation(walk, each) for each in walk.records),
    )
    finish = _finish(walk, dates)
    if status is not SeriesStatus.NOT_COMPLETE or dates is None or walk.target is None:
        return Prospect(progress=walk, forecast=bare, finish=finish, is_completable=_in_time(walk, finish))
    rule = walk.target.rule
    named = replace(
        bare,
        next_dose=_number(walk),
        earliest=dates.earliest,
        recommended=dates.recommended,
        past_due=dates.past_due,
        latest=dates.end - calendar.ONE_DAY if dates.end else None,
        unadjusted_recommended=dates.unadjusted_recommended,
        unadjusted_past_due=dates.unadjusted_past_due,
        vaccines=_named(walk.case, exemption, rule, dates),
        overrides=bool(rule.intervals) and all(each.overrides for each in rule.intervals),
    )
    return Prospect(progress=walk, forecast=named, finish=finish, is_completable=_in_time(walk, finish))


def _evaluation(walk: Progress, record: Record) -> Evaluation:
    assert record.status is not None  # noqa: S101  every record has been judged by now
    return Evaluation(
        dose=record.dose.id,
        antigen=walk.series.antigen,
        series=walk.series.name,
        target=record.target,
        status=record.status,
        reasons=record.reasons,
    )


def _number(walk: Progress) -> int:
    """FORECASTDN-1: of a season's doses only those given in it count."""
    satisfied = [each for each in walk.targets if each.satisfied_by is not None]
    return 1 + sum(_in_season(each) for each in satisfied)


def _in_season(target: Target) -> bool:
    season = target.rule.season
    if season is None or season.starts is None or target.satisfied_by is None:
        return True
    return target.satisfied_by.day >= season.starts


def _named(case: Case, exemption: Exemption, rule: TargetDose, dates: _Dates) -> tuple[str, ...]:
    """FORECASTRECVAC-1."""
    return tuple(
        dict.fromkeys(
            each.vaccine
            for each in rule.preferable
            if each.is_named and each.vaccine not in exemption.forbidden and _fits(case, each, dates)
        )
    )


def _fits(case: Case, product: Product, dates: _Dates) -> bool:
    days = (dates.earliest or case.on, dates.recommended or case.on)
    return any(calendar.within(product.window, case.person.birth, each) for each in days)


def _finish(walk: Progress, dates: _Dates | None) -> date | None:
    """SELECTB-12: the earliest date plus the longest minimum interval among the targets after it."""
    if dates is None or dates.earliest is None:
        return None
    later = [each.minimum for target in walk.targets[walk.at + 1 :] for each in target.rule.intervals]
    ends = [calendar.after(dates.earliest, each) for each in later if each is not None]
    return max([dates.earliest, *ends])


def _in_time(walk: Progress, finish: date | None) -> bool:
    """SELECTB-3."""
    if finish is None:
        return False
    last = next((each for each in walk.targets[-1].rule.ages if each.validity.covers(walk.case.on)), Age())
    end = _at(walk.case, last.maximum)
    return end is None or finish < end
