"""Which doses count in one series, and why the others do not (4.4 and chapter 6)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from registry.continuity.immunization import calendar, progress, skipping
from registry.continuity.immunization.case import Case
from registry.continuity.immunization.outcome import DoseReason, DoseStatus
from registry.continuity.immunization.person import Dose
from registry.continuity.immunization.progress import Progress, Record
from registry.continuity.immunization.schedule import Age, Conflict, Context, Interval, Product, Series, TargetDose
from registry.continuity.immunization.skipping import Moment

_Found = tuple[DoseStatus, tuple[DoseReason, ...]]


def evaluate(case: Case, series: Series, doses: Sequence[Dose], completed: Callable[[str], bool]) -> Progress:
    """Walk the doses of the antigen, in order, through the target doses; after one that fails the target stays."""
    walk = progress.begin(case, series, doses, completed)
    for place, record in enumerate(walk.records):
        before = walk.records[:place]
        if _is_sub_standard(record.dose):
            record.status, record.reasons = DoseStatus.SUB_STANDARD, (DoseReason.SUB_STANDARD,)
            continue
        _skip(walk, record, before)
        target = walk.target
        if target is None:
            record.status, record.reasons = DoseStatus.EXTRANEOUS, (DoseReason.ALREADY_COMPLETE,)
            continue
        record.target = target.rule.number
        record.status, record.reasons = _judge(walk, target.rule, record.dose, before)
        if record.status is DoseStatus.VALID:
            walk.satisfy(record.dose)
    return walk


def _is_sub_standard(dose: Dose) -> bool:
    """Table 6-3."""
    return dose.flagged or (dose.expires is not None and dose.day > dose.expires)


def _skip(walk: Progress, record: Record, before: Sequence[Record]) -> None:
    moment = Moment(walk, record.dose.day, before, record.dose)
    while walk.target is not None and skipping.is_skipped(walk.target.rule, Context.EVALUATION, moment):
        walk.skip()


def _judge(walk: Progress, rule: TargetDose, dose: Dose, before: Sequence[Record]) -> _Found:
    """Tables 6-13 to 6-31; every step that fails is a reason."""
    if dose.vaccine in rule.inadvertent:
        return DoseStatus.NOT_VALID, (DoseReason.INADVERTENT,)
    steps = (
        _age(walk.case, rule.ages, dose),
        _intervals(walk, rule, dose, before),
        _conflicts(walk, dose),
        _product(walk.case, rule, dose),
    )
    reasons = tuple(dict.fromkeys(each for each in steps if each is not None))
    failed = tuple(each for each in reasons if each is not DoseReason.GRACE_PERIOD)
    if DoseReason.TOO_OLD in failed:
        return DoseStatus.EXTRANEOUS, failed
    return (DoseStatus.NOT_VALID, failed) if failed else (DoseStatus.VALID, reasons)


def _age(case: Case, ages: Sequence[Age], dose: Dose) -> DoseReason | None:
    """Table 6-15, with the rule valid on the day."""
    age = next((each for each in ages if each.validity.covers(dose.day)), None)
    if age is None:
        return None
    if age.absolute_minimum is not None and dose.day < case.age(age.absolute_minimum):
        return DoseReason.TOO_YOUNG
    if age.minimum is not None and dose.day < case.age(age.minimum):
        return DoseReason.GRACE_PERIOD
    if age.maximum is not None and dose.day >= case.age(age.maximum):
        return DoseReason.TOO_OLD
    return None


def _intervals(walk: Progress, rule: TargetDose, dose: Dose, before: Sequence[Record]) -> DoseReason | None:
    """All preferable intervals, or else all allowable ones, of which there must be some (tables 6-18, 6-21, 6-31)."""
    found = [_interval(walk, each, dose, before) for each in rule.intervals if each.validity.covers(dose.day)]
    if DoseReason.TOO_SOON in found:
        others = [each for each in rule.allowable_intervals if each.validity.covers(dose.day)]
        allowed = [_interval(walk, each, dose, before) is not DoseReason.TOO_SOON for each in others]
        return None if allowed and all(allowed) else DoseReason.TOO_SOON
    return DoseReason.GRACE_PERIOD if DoseReason.GRACE_PERIOD in found else None


def _interval(walk: Progress, interval: Interval, dose: Dose, before: Sequence[Record]) -> DoseReason | None:
    since = walk.reference(interval, before, dose)
    if since is None:
        return None
    if interval.absolute_minimum is not None and dose.day < calendar.after(since, interval.absolute_minimum):
        return DoseReason.TOO_SOON
    if interval.minimum is not None and dose.day < calendar.after(since, interval.minimum):
        return DoseReason.GRACE_PERIOD
    return None


def _conflicts(walk: Progress, dose: Dose) -> DoseReason | None:
    """Table 6-24, against every dose of whatever antigen."""
    rules = walk.case.schedule.conflicts.get(dose.vaccine, ())
    if not rules:
        return None
    status = {each.dose.id: each.status for each in walk.records}
    for other in walk.case.doses:
        if any(
            _in_conflict(each, other, dose, status.get(other.id)) for each in rules if each.previous == other.vaccine
        ):
            return DoseReason.CONFLICT
    return None


def _in_conflict(rule: Conflict, other: Dose, dose: Dose, status: DoseStatus | None) -> bool:
    """CALCDTCONFLICT-1, -2 and CONFLICT-3; a dose of another antigen has no status here."""
    ends = rule.ends_after_valid if status in (DoseStatus.VALID, None) else rule.ends
    return calendar.after(other.day, rule.begins) <= dose.day < calendar.after(other.day, ends)


def _product(case: Case, rule: TargetDose, dose: Dose) -> DoseReason | None:
    """Sections 6.8 and 6.9; the volume never makes a dose invalid."""
    same = [each for each in (*rule.preferable, *rule.allowable) if _is(each, dose)]
    if not same:
        return DoseReason.NOT_A_PRODUCT
    fits = any(calendar.within(each.window, case.person.birth, dose.day) for each in same)
    return None if fits else DoseReason.WRONG_AGE_FOR_PRODUCT


def _is(product: Product, dose: Dose) -> bool:
    """Of one type; a trade name or manufacturer decides only where both sides state it."""
    return (
        product.vaccine == dose.vaccine
        and _agree(product.trade_name, dose.trade_name)
        and _agree(product.manufacturer, dose.manufacturer)
    )


def _agree(one: str, other: str) -> bool:
    return not one or not other or one.casefold() == other.casefold()
