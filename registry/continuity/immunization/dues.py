"""What is due of each antigen, for the summary of a clinic: a history of dose events held against any schedule.

The careful answer leaves out what is doubted (told only, disputed, perhaps told twice, undated, impossible, or of an
antigen that the vaccine may not hold); where counting it would change the answer, that answer stands beside it
(`otherwise`). Partly known days are answered for every completion (`uncertain`).
Source of the careful rule: UK Health Security Agency, Vaccination of individuals with uncertain or incomplete
immunisation status (1 July 2025): without a documented or reliable history a person is treated as not immunised.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import lru_cache

from registry.continuity import spans
from registry.continuity.history import Certainty, DoseEvent
from registry.continuity.history.codes import Meaning
from registry.continuity.immunization import uncertain
from registry.continuity.immunization.due import Counts, Due, Status, Verdict
from registry.continuity.immunization.given import Given, Someone
from registry.continuity.immunization.outcome import DoseReason, DoseStatus, SeriesStatus
from registry.continuity.immunization.person import Sex
from registry.continuity.immunization.schedule import Schedule, Series, Source, VaccineGroup
from registry.continuity.immunization.uncertain import DoseAnswer, GroupAnswer
from registry.continuity.reasons import Reason, because
from registry.continuity.spans import Days
from registry.fhir.dates import PartialDate

_LONG_AGO = date(1900, 1, 1)
_STATUS: Mapping[SeriesStatus | None, Status] = {
    SeriesStatus.COMPLETE: Status.COMPLETE,
    SeriesStatus.IMMUNE: Status.COMPLETE,
    SeriesStatus.AGED_OUT: Status.TOO_OLD,
    SeriesStatus.NOT_RECOMMENDED: Status.JUDGEMENT,
    SeriesStatus.CONTRAINDICATED: Status.JUDGEMENT,
}
_WHY: Mapping[DoseReason, str] = {
    DoseReason.GRACE_PERIOD: "counts-in-grace",
    DoseReason.TOO_YOUNG: "given-too-young",
    DoseReason.TOO_OLD: "given-too-old",
    DoseReason.TOO_SOON: "given-too-soon",
    DoseReason.CONFLICT: "given-in-conflict",
    DoseReason.INADVERTENT: "other-product",
    DoseReason.NOT_A_PRODUCT: "other-product",
    DoseReason.WRONG_AGE_FOR_PRODUCT: "other-product",
    DoseReason.SUB_STANDARD: "to-be-repeated",
    DoseReason.ALREADY_COMPLETE: "extra",
}
_SAID: Mapping[Status, str] = {
    Status.TOO_OLD: "aged-out",
    Status.JUDGEMENT: "ask-clinician",
}


def forecast(
    events: Sequence[DoseEvent], birth: PartialDate | None, sex: str, schedule: Schedule, today: date
) -> tuple[Due, ...]:
    """For every antigen of the schedule: which doses count, and what is due next. The order of events is free.

    `sex` is FHIR's administrative gender, or empty.
    """
    apart = _apart(schedule)
    found = (_of_group(group, events, birth, _sex(sex), apart, today) for group in apart.groups.values())
    return tuple(due for due in found if due)


@lru_cache(maxsize=16)
def _apart(schedule: Schedule) -> Schedule:
    """The schedule with a group for each antigen: who is safe from tetanus and not from whooping cough is told so, and
    a dose against measles alone counts for nothing else.
    """
    names = [name for each in schedule.groups.values() for name in each.antigens]
    return replace(schedule, groups={each: VaccineGroup(name=each, antigens=(each,)) for each in names})


def _sex(told: str) -> Sex:
    return next((each for each in Sex if each.value == told), Sex.UNKNOWN)


def _of_group(
    group: VaccineGroup,
    events: Sequence[DoseEvent],
    birth: PartialDate | None,
    sex: Sex,
    schedule: Schedule,
    today: date,
) -> Due | None:
    """None where no series concerns the child, and of a part of an antigen (a birth dose) unless it is due."""
    mine = [each for each in events if _named(group) in each.antigens]
    if birth is None:
        return _unknown_birth(group, mine, schedule) if group.name == _named(group) else None
    someone = Someone(birth=_until(spans.of(birth, since=_LONG_AGO, until=today), today), sex=sex)
    past = [each for each in events if each.days is None or each.days[0] <= today]
    doubted = {each.id: why for each in past if (why := _doubt(each, group, schedule, mine))}
    careful = _answer(group, someone, [each for each in past if each.id not in doubted], schedule, today)
    if careful.statuses == (None,):
        return None
    due = _due(group, careful, mine, doubted, schedule, today)
    if doubted.keys() & {each.id for each in mine}:
        generous = _answer(group, someone, past, schedule, today)
        other = _due(group, generous, mine, {}, schedule, today)
        is_same = (other.status, other.reason) == (due.status, due.reason)
        due = due if is_same else replace(due, otherwise=other)
    return due if group.name == _named(group) or due.status is Status.DUE else None


def _named(group: VaccineGroup) -> str:
    """The antigen by its code; a part of one is named after it."""
    return group.name.split()[0]


def _until(days: Days, today: date) -> Days:
    """A birth on record cannot lie after the day of asking."""
    return Days(min(days.first, today), max(min(days.last, today), min(days.first, today)))


def _doubt(event: DoseEvent, group: VaccineGroup, schedule: Schedule, mine: Sequence[DoseEvent]) -> str:
    """Why a dose is left out of the careful count of a group; empty when it is not."""
    if not event.is_possible:
        return "implausible"
    if event.certainty is Certainty.STATED:
        return "told-not-counted"
    if event.certainty is Certainty.DISPUTED:
        return "disputed-not-counted"
    if event.days is None:
        return "undated-not-counted"
    if event.possible_duplicate_of in {each.id for each in mine}:
        return "duplicate-not-counted"
    is_held = _named(group) in _antigens(schedule).get(_code(event, _named(group), schedule), ())
    return "inexact-not-counted" if _named(group) in event.antigens and not is_held else ""


@lru_cache(maxsize=16)
def _antigens(schedule: Schedule) -> Mapping[str, frozenset[str]]:
    """What each vaccine type counts for, at whatever age."""
    return {
        code: frozenset(each.antigen.split()[0] for each in vaccine.associations)
        for code, vaccine in schedule.vaccines.items()
    }


def code_of(event: DoseEvent | Meaning, schedule: Schedule) -> str:
    """The vaccine type of any schedule a dose is held for, whatever is asked about; it may name antigens its own way.

    It protects against nothing the dose may not hold; empty where the schedule has none such.
    """
    held, named = _antigens(schedule), sorted(event.cvx & schedule.vaccines.keys())
    sure = frozenset[str].intersection(*(held[each] for each in named)) if named else event.antigens
    fitting = [each for each in named or sorted(held) if held[each] and held[each] <= sure]
    return max(fitting, key=lambda each: (len(held[each]), _is_unspecified(each, schedule)), default="")


def _is_unspecified(code: str, schedule: Schedule) -> bool:
    return "unspecified" in schedule.vaccines[code].title.casefold()


def _code(event: DoseEvent, antigen: str, schedule: Schedule) -> str:
    """The vaccine type a dose is held for where `antigen` is asked about: one against nothing the dose may not hold.

    Where the dose may be one of several, or has no type of its own, that is the unspecified one, if there is any.
    """
    exact = next(iter(event.cvx)) if len(event.cvx) == 1 else ""
    return _type_among(event.antigens, exact, antigen, schedule)


@lru_cache(maxsize=4096)
def _type_among(antigens: frozenset[str], exact: str, antigen: str, schedule: Schedule) -> str:
    """The same for what a dose may hold; `exact` is the one CVX code it can be. Doses of one vaccine ask it alike."""

    def fit(code: str) -> tuple[bool, bool, int, bool]:
        return antigen in held[code], code == exact, len(held[code]), _is_unspecified(code, schedule)

    held = _antigens(schedule)
    return max((code for code in sorted(held) if held[code] and held[code] <= antigens), key=fit, default="")


def _answer(
    group: VaccineGroup, someone: Someone, events: Sequence[DoseEvent], schedule: Schedule, today: date
) -> GroupAnswer:
    given = [
        Given(id=each.id, days=_days(each, someone.birth, today), vaccine=code)
        for each in events
        if (code := _code(each, _named(group), schedule))
    ]
    return uncertain.of_group(schedule, group.name, someone, given, (), today)


def _days(event: DoseEvent, born: Days, today: date) -> Days:
    first, last = event.days or (min(born.first, today), today)
    return Days(first, max(first, min(last, today)))


def _due(
    group: VaccineGroup,
    answer: GroupAnswer,
    events: Sequence[DoseEvent],
    doubted: Mapping[str, str],
    schedule: Schedule,
    today: date,
) -> Due:
    may_be = _may_be(answer, today)
    status = may_be[0] if len(may_be) == 1 else Status.UNCERTAIN
    series, number = _series(group, answer, schedule), (answer.next_doses or (None,))[0]
    sure = sum(_counts(each) is Counts.YES for each in answer.verdicts)
    possible = sum(_counts(each) is not Counts.NO for each in answer.verdicts)
    is_open = status in (Status.DUE, Status.NOT_YET, Status.UNCERTAIN)
    overdue = answer.past_due.days.last if is_open and answer.courses and answer.past_due.days else None
    return Due(
        antigen=_named(group),
        status=status,
        may_be=may_be,
        sure=sure,
        possible=possible,
        needed=len(series.doses),
        next_dose=number if is_open else None,
        earliest=answer.safe_from if is_open else None,
        recommended=answer.recommended.days.last if is_open and answer.courses and answer.recommended.days else None,
        overdue_from=overdue,
        overdue=status is Status.DUE and overdue is not None and overdue < today,
        exact=answer.is_certain and sure == possible,
        plan=series.name,
        source=_source(series, number),
        reason=_reason(status, answer.next_doses, sure, possible),
        caution=" ".join((*answer.guidance, *(each.text for each in answer.precautions))),
        verdicts=tuple(_verdicts(answer, events, doubted, today)),
    )


def _may_be(answer: GroupAnswer, today: date) -> tuple[Status, ...]:
    found: set[Status] = set()
    for each in answer.statuses:
        if each is SeriesStatus.NOT_COMPLETE:
            found |= _when(answer, today)
        elif each is not None or len(answer.statuses) > 1:
            found.add(_STATUS.get(each, Status.NOT_YET))
    return tuple(each for each in Status if each in found)


def _when(answer: GroupAnswer, today: date) -> set[Status]:
    """Due from the recommended day on, else not yet; both where the day is not known so exactly."""
    days = answer.recommended.days or answer.earliest.days
    if days is None:
        return {Status.DUE}
    is_due, is_not = days.first <= today, days.last > today
    return {status for status, holds in ((Status.DUE, is_due), (Status.NOT_YET, is_not)) if holds}


def _series(group: VaccineGroup, answer: GroupAnswer, schedule: Schedule) -> Series:
    every = schedule.antigens[group.name].series
    return next((each for each in every if each.name in answer.series), every[0])


def _source(series: Series, number: int | None) -> Source:
    rule = series.doses[min(number or 1, len(series.doses)) - 1]
    source = rule.source or series.source
    return source or Source(document=series.name, edition="-", place="-")


def _reason(status: Status, numbers: Sequence[int], sure: int, possible: int) -> Reason:
    if status is Status.UNCERTAIN or len(numbers) > 1:  # which dose is due depends on the dates, too
        return because("uncertain", sure=sure, possible=possible)
    if status is Status.COMPLETE:
        return because("complete-here")
    if status in (Status.DUE, Status.NOT_YET) and numbers:
        return because(status.value, dose=numbers[0])
    return because(_SAID.get(status, "ask-clinician"))


def _verdicts(
    answer: GroupAnswer, events: Sequence[DoseEvent], doubted: Mapping[str, str], today: date
) -> Iterator[Verdict]:
    judged, number = {each.dose: each for each in answer.verdicts}, 0
    for each in sorted(events, key=lambda event: (event.days or (date.max, date.max), event.id)):
        if each.id in doubted:
            yield Verdict(id=each.id, counts=Counts.UNCERTAIN, reason=because(doubted[each.id]))
        elif each.days and each.days[0] > today:
            yield Verdict(id=each.id, counts=Counts.NO, reason=because("in-the-future"))
        elif each.id not in judged:
            yield Verdict(id=each.id, counts=Counts.NO, reason=because("not-in-schedule"))
        else:
            number += _counts(judged[each.id]) is Counts.YES
            yield _verdict(judged[each.id], number)


def _counts(answer: DoseAnswer) -> Counts:
    found = {each is not None and each.status is DoseStatus.VALID for each in answer.verdicts}
    return Counts.UNCERTAIN if len(found) != 1 else Counts.YES if found.pop() else Counts.NO


def _verdict(answer: DoseAnswer, number: int) -> Verdict:
    counts = _counts(answer)
    if counts is Counts.UNCERTAIN:
        return Verdict(id=answer.dose, counts=counts, reason=because("depends-on-dates"))
    codes = [_WHY[reason] for each in answer.verdicts if each for reason in each.reasons]
    plain = because("counts", dose=number) if counts is Counts.YES else because("extra" if not codes else codes[0])
    is_graced = counts is Counts.YES and "counts-in-grace" in codes
    return Verdict(
        id=answer.dose, counts=counts, reason=because("counts-in-grace", dose=number) if is_graced else plain
    )


def _unknown_birth(group: VaccineGroup, events: Sequence[DoseEvent], schedule: Schedule) -> Due:
    why = because("birth-date-unknown")
    series = schedule.antigens[group.name].series[0]
    return Due(
        antigen=_named(group),
        status=Status.BIRTH_DATE_UNKNOWN,
        may_be=(Status.BIRTH_DATE_UNKNOWN,),
        sure=0,
        possible=len(events),
        needed=len(series.doses),
        next_dose=1,
        earliest=None,
        recommended=None,
        overdue_from=None,
        overdue=False,
        exact=False,
        plan=series.name,
        source=_source(series, None),
        reason=why,
        caution="",
        verdicts=tuple(Verdict(id=each.id, counts=Counts.UNCERTAIN, reason=why) for each in events),
    )
