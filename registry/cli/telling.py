"""What `continuity forecast` answers, as JSON and in words. What is not certain is told with all it may be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from registry.cli.planning import print_schedule
from registry.cli.running import out
from registry.continuity.immunization import engine
from registry.continuity.immunization import plain as plain_form
from registry.continuity.immunization.answering import Answered
from registry.continuity.immunization.doubtful import Change
from registry.continuity.immunization.given import Given
from registry.continuity.immunization.outcome import DoseReason, DoseStatus, Problem, Verdict
from registry.continuity.immunization.schedule import Schedule
from registry.continuity.immunization.uncertain import DoseAnswer, FlagAnswer, GroupAnswer, Range

_COUNTS: Mapping[DoseStatus, str] = {
    DoseStatus.VALID: "counts",
    DoseStatus.NOT_VALID: "does not count",
    DoseStatus.EXTRANEOUS: "not needed",
    DoseStatus.SUB_STANDARD: "does not count",
}

_BECAUSE: Mapping[DoseReason, str] = {
    DoseReason.GRACE_PERIOD: "it was given a few days early, within the days of grace",
    DoseReason.TOO_YOUNG: "it was given before the minimum age",
    DoseReason.TOO_OLD: "it was given after the maximum age",
    DoseReason.TOO_SOON: "it was given too soon after another dose or event",
    DoseReason.CONFLICT: "it was given too soon after another vaccine it conflicts with",
    DoseReason.INADVERTENT: "this vaccine is not meant for this dose",
    DoseReason.NOT_A_PRODUCT: "this vaccine does not satisfy this dose",
    DoseReason.WRONG_AGE_FOR_PRODUCT: "this vaccine is not for that age",
    DoseReason.ALREADY_COMPLETE: "the series was complete before it",
    DoseReason.SUB_STANDARD: "it was given after its expiry, or is marked as one to repeat",
}
_EVERY_RULE = "it meets every rule of the schedule"

_PROBLEMS: Mapping[Problem, str] = {
    Problem.AFTER_ASSESSMENT: "lies after the day of asking; it was left out",
    Problem.BEFORE_BIRTH: "lies before the birth date; check both dates; it was left out",
    Problem.UNKNOWN_VACCINE: "has a vaccine code this schedule does not know; it was left out",
    Problem.NOT_IN_SCHEDULE: "is not needed: about its vaccine this schedule says nothing for this person",
    Problem.NOT_GIVEN: "is not recorded as given; it was left out",
    Problem.DAY_UNKNOWN: "has no date known to the day; every day it may mean was tried",
    Problem.NO_DATE: f"has a date that is no date: {plain_form.WRITE_A_DATE}; it was left out",
    Problem.OTHER_PERSON: "is about another person, or names one who cannot be told to be this one; it was left out",
    Problem.INEXACT_VACCINE: "names its vaccine inexactly; it counts for no more than it surely holds",
    Problem.UNKNOWN_OBSERVATION: "is an observation this schedule does not know; it was left out",
}


_UNCERTAIN = "uncertain"
_OPEN = f"{_UNCERTAIN}, depends on dates not fully known"
_DATES = ("earliest", "recommended", "past_due", "latest")


def plain(found: Answered, rules: Schedule) -> dict[str, Any]:
    """An answer as plain JSON values. A group or dose that is not `certain` has the status uncertain and `may_be`; a
    date that is not, its `first` and `last` day, and `always` if there is one whatever the days are.
    """
    answer, series = found.answers.counted, _series(found, rules)
    return {
        "schedule": {"id": rules.id, "title": rules.title, "version": rules.version, "digest": rules.digest},
        "engine": answer.engine_version,
        "on": answer.on.isoformat(),
        "groups": [_group(each, series[each.group], _order(found)) for each in answer.groups],
        "changes": [_change(each) for each in found.answers.changes],
        "flags": [_flag(each, found) for each in answer.flags],
        "limits": list(rules.limits),
    }


def _series(found: Answered, rules: Schedule) -> Mapping[str, Sequence[str]]:
    """By group: where all days are known, the series the answer rests on; else those in which a dose may be due."""
    told, on = found.told, found.answers.counted.on
    if any(each.first != each.last for each in (told.someone.birth, *(each.days for each in told.doses))):
        return {each.group: each.series for each in found.answers.counted.groups}
    doses = [each.on(each.days.first) for each in told.doses]
    outcome = engine.forecast(rules, told.someone.born(told.someone.birth.first), doses, told.observations, on)
    return {each.group: [part.series.name for part in each.parts] for each in outcome.groups}


def _order(found: Answered) -> dict[str, Given]:
    """The doses in the order of their days."""
    doses = sorted(found.told.doses, key=lambda each: (each.days.first, each.vaccine, each.manufacturer, each.id))
    return {each.id: each for each in doses}


def _group(each: GroupAnswer, series: Sequence[str], order: Mapping[str, Given]) -> dict[str, Any]:
    number = each.next_doses[0] if len(each.next_doses) == 1 else None
    return {
        "group": each.group,
        "status": each.status.value if each.status else _UNCERTAIN,
        "certain": _is_certain(each),
        **({} if each.is_certain else {"may_be": _may_be(each)}),
        "next_dose": number,
        **({"next_doses": list(each.next_doses)} if len(each.next_doses) > 1 else {}),
        **{name: _date(getattr(each, name), each) for name in _DATES},
        "vaccines": list(each.vaccines),
        "guidance": list(each.guidance),
        "precautions": [{"text": one.text, "source": str(one.source)} for one in each.precautions],
        "series": list(series),
        "doses": [_dose(one) for one in _verdicts(each, order)],
    }


def _is_certain(each: GroupAnswer) -> bool:
    dates = [getattr(each, name) for name in _DATES]
    return (
        each.is_certain
        and len(each.next_doses) < 2
        and all(one.days is None or one.exact is not None for one in dates)
        and all(one.is_certain for one in each.verdicts)
    )


def _may_be(each: GroupAnswer) -> list[str]:
    """Every status that some days would give."""
    return [one.value if one else "of no concern" for one in each.statuses]


def _date(each: Range, group: GroupAnswer) -> Any:
    if each.days is None or not group.courses:
        return None
    return each.exact or {"first": each.days.first, "last": each.days.last, "always": each.always}


def _verdicts(group: GroupAnswer, order: Mapping[str, Given]) -> list[DoseAnswer]:
    """Of the doses the group looks at, in the order of days."""
    places = {each: place for place, each in enumerate(order)}
    return sorted((each for each in group.verdicts if each.verdicts != (None,)), key=lambda each: places[each.dose])


def _dose(each: DoseAnswer) -> dict[str, Any]:
    statuses = list(dict.fromkeys(one.status.value if one else "not-looked-at" for one in each.verdicts))
    is_sure = len(statuses) == 1
    return {
        "dose": each.dose,
        "status": statuses[0] if is_sure else _UNCERTAIN,
        "certain": is_sure,
        **({} if is_sure else {"may_be": statuses}),
        "reasons": list(dict.fromkeys(reason.value for one in each.verdicts if one for reason in one.reasons)),
        "says": says(each),
    }


def says(each: DoseAnswer) -> str:
    """`counts`, `does not count` or `not needed`, because of what; or that it depends on days not known."""
    words = {_word(one) for one in each.verdicts}
    if len(words) != 1:
        return _OPEN
    return f"{words.pop()}, because {' or '.join(dict.fromkeys(_why(one) for one in each.verdicts))}"


def _word(verdict: Verdict | None) -> str:
    if verdict is None:
        return ""
    # A dose beyond the maximum age harms nothing, but it is not one too many.
    too_old = DoseReason.TOO_OLD in verdict.reasons
    return _COUNTS[DoseStatus.NOT_VALID if too_old else verdict.status]


def _why(verdict: Verdict | None) -> str:
    return "; ".join(_BECAUSE[reason] for reason in (verdict.reasons if verdict else ())) or _EVERY_RULE


def _change(each: Change) -> dict[str, Any]:
    return {
        "dose": each.dose,
        "group": each.counted.group,
        "counted": _may_be(each.counted),
        "ignored": _may_be(each.ignored),
    }


def _flag(each: FlagAnswer, found: Answered) -> dict[str, Any]:
    vaccine = found.told.vaccines.get(each.about)
    named = {} if vaccine is None else {"vaccine": vaccine}
    return {"about": each.about, "problem": each.problem.value, "certain": each.is_certain, **named}


def print_answer(found: Answered, rules: Schedule) -> None:
    """The same in words: the doses, what is due, and whatever the reader must know."""
    groups = found.answers.counted.groups
    for each in _dose_lines(found, rules):
        _say(each)
    _line("group", "status", "dose", "earliest", "recommended", "past due", "latest")
    for each in groups:
        number = " or ".join(map(str, each.next_doses))
        _line(each.group, _status(each), number, *(_day(getattr(each, name), each) for name in _DATES))
    for each in groups:
        for one in each.precautions:
            _say(f"{each.group}, before a dose: {one.text} ({one.source})")
    for each in found.answers.changes:
        _say(_changed(each, found))
    for each in found.answers.counted.flags:
        _say(_flagged(each, found))
    print_schedule(rules)


def _dose_lines(found: Answered, rules: Schedule) -> Iterator[str]:
    doses = _order(found)
    for each in found.answers.counted.groups:
        for one in _verdicts(each, doses):
            dose = doses[one.dose]
            yield f"{dose_days(dose)}  {rules.vaccines[dose.vaccine].title} for {each.group}: {says(one)}"


def dose_days(dose: Given) -> str:
    return _days(dose.days.first, dose.days.last)


def _days(first: Any, last: Any) -> str:
    return str(first) if first == last else f"{first} to {last}"


def _day(each: Range, group: GroupAnswer) -> str:
    if each.days is None or not group.courses:
        return ""
    return _days(each.days.first, each.days.last) + ("" if each.always else " if any")


def _status(each: GroupAnswer) -> str:
    if not each.courses:
        return f"{_UNCERTAIN}: too little is known of the days"
    words = " or ".join(_may_be(each))
    return words if each.is_certain else f"{_UNCERTAIN}: {words}"


def _changed(each: Change, found: Answered) -> str:
    without, word = _status(each.ignored), _status(each.counted)
    said = (
        f"{each.counted.group} is {without}, not {word}"
        if without != word
        else f"what is due of {each.counted.group} differs"
    )
    return f"without the doubted dose {each.dose}, {found.told.vaccines[each.dose]}, {said}"


def _flagged(each: FlagAnswer, found: Answered) -> str:
    vaccine = found.told.vaccines.get(each.about)
    named = f"observation {each.about}" if vaccine is None else f"dose {each.about}, {vaccine},"
    return f"{named} {'' if each.is_certain else 'perhaps '}{_PROBLEMS[each.problem]}"


def _line(group: str, status: str, dose: str, *days: str) -> None:
    """A line as wide as it is: a date cut off by a narrow screen would be another date."""
    cells = (f"{group:<22}", f"{status:<15}", f"{dose:>4}", *(f"{each:<11}" for each in days))
    _say(" ".join(cells).rstrip())


def _say(words: str) -> None:
    out.print(words, markup=False, soft_wrap=True)
