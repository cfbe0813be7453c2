"""An answer in FHIR R4: one ImmunizationRecommendation, and an ImmunizationEvaluation for each dose in each group.

Where days are known only partly, the dates given are those that hold for every completion: the earliest and the due
date late enough, the overdue and the latest date soon enough. Statuses that may be otherwise are coded `uncertain`, and
the text says what they may be.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from registry.continuity.immunization.doubtful import Answers
from registry.continuity.immunization.outcome import DoseStatus, SeriesStatus, Verdict
from registry.continuity.immunization.schedule import Schedule
from registry.continuity.immunization.uncertain import Answer, DoseAnswer, GroupAnswer
from registry.fhir import CANONICAL
from registry.fhir.resource import Content

_LOINC = "http://loinc.org"
_RECOMMENDATION = "http://terminology.hl7.org/CodeSystem/immunization-recommendation-status"
_EVALUATION = "http://terminology.hl7.org/CodeSystem/immunization-evaluation-dose-status"
STATUS = f"{CANONICAL}/CodeSystem/forecast-status"
DOSE = f"{CANONICAL}/CodeSystem/dose-status"
_FORECAST = f"{CANONICAL}/NamingSystem/forecast"
_UNCERTAIN = "uncertain"
_NO_SERIES = "of no concern"

# What HL7's code system has a code for; the others have only ours.
_OF_HL7: Mapping[SeriesStatus, str] = {
    SeriesStatus.COMPLETE: "complete",
    SeriesStatus.IMMUNE: "immune",
    SeriesStatus.CONTRAINDICATED: "contraindicated",
}
_DOSE_OF_HL7: Mapping[DoseStatus, str] = {
    DoseStatus.VALID: "valid",
    DoseStatus.NOT_VALID: "notvalid",
    DoseStatus.SUB_STANDARD: "notvalid",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Whom and what the resources speak of: references by which the reader finds the patient and each dose."""

    patient: Content
    doses: Mapping[str, str]


def recommendation(answer: Answer, schedule: Schedule, subject: Subject) -> Content:
    """What is due, of every vaccine group. The order and the bytes depend on the answer alone."""
    return {
        "resourceType": "ImmunizationRecommendation",
        "id": "recommendation",
        "identifier": [{"system": _FORECAST, "value": identity(answer)}],
        "patient": subject.patient,
        "date": answer.on.isoformat(),
        "authority": {"display": schedule.title},
        "recommendation": [_group(each, answer.on, schedule, subject) for each in answer.groups],
    }


def identity(answer: Answer) -> str:
    """What the answer was made of: the digests of the doses and the schedule, and the version of the engine."""
    return f"doses-{answer.doses_digest}.schedule-{answer.schedule_digest}.engine-{answer.engine_version}"


def _group(group: GroupAnswer, on: date, schedule: Schedule, subject: Subject) -> Content:
    counting = [each.dose for each in group.verdicts if _status(each) is DoseStatus.VALID]
    found = {
        "vaccineCode": [_vaccine(each, schedule) for each in group.vaccines] or [{"text": group.group}],
        "targetDisease": {"text": ", ".join(schedule.groups[group.group].antigens)},
        "forecastStatus": {"coding": list(_codings(group, on)), "text": _words(group)},
        "dateCriterion": list(_dates(group)),
        "description": " ".join((*group.guidance, *(each.text for each in group.precautions))),
        "doseNumberString": " or ".join(map(str, group.next_doses)),
        "supportingImmunization": [{"reference": subject.doses[each]} for each in counting],
    }
    return {name: value for name, value in found.items() if value}


def _vaccine(code: str, schedule: Schedule) -> Content:
    return {"coding": [{"system": schedule.vaccine_system, "code": code}], "text": schedule.vaccines[code].title}


def _codings(group: GroupAnswer, on: date) -> Iterator[Content]:
    status = group.status
    yield {"system": STATUS, "code": status.value if status else _UNCERTAIN}
    if status is SeriesStatus.NOT_COMPLETE:
        yield from ({"system": _RECOMMENDATION, "code": each} for each in _due(group, on))
    elif status is not None and status in _OF_HL7:
        yield {"system": _RECOMMENDATION, "code": _OF_HL7[status]}


def _due(group: GroupAnswer, on: date) -> Iterator[str]:
    """Overdue, or due, where it is so whatever the days are."""
    if group.past_due.always and group.past_due.days and group.past_due.days.last < on:
        yield "overdue"
    elif group.recommended.always and group.recommended.days and group.recommended.days.last <= on:
        yield "due"


def _words(group: GroupAnswer) -> str:
    if not group.courses:
        return f"{_UNCERTAIN}: too little is known of the days"
    words = [each.value if each else _NO_SERIES for each in group.statuses]
    return words[0] if len(words) == 1 else f"{_UNCERTAIN}: {' or '.join(words)}"


def _dates(group: GroupAnswer) -> Iterator[Content]:
    """LOINC's codes for the dates of a forecast, with the end of each range that holds for every completion."""
    found = (
        ("30981-5", "Earliest date to give", group.earliest.days and group.earliest.days.last),
        ("30980-7", "Date vaccine due", group.recommended.days and group.recommended.days.last),
        ("59778-1", "Date when overdue for immunization", group.past_due.days and group.past_due.days.first),
        ("59777-3", "Latest date to give immunization", group.latest.days and group.latest.days.first),
    )
    for code, display, day in found:
        if day is not None and group.courses:
            yield {
                "code": {"coding": [{"system": _LOINC, "code": code, "display": display}]},
                "value": day.isoformat(),
            }


def evaluations(answer: Answer, schedule: Schedule, subject: Subject) -> list[Content]:
    """What became of each dose in each group that looks at it."""
    found = [(group, each) for group in answer.groups for each in group.verdicts if each.verdicts != (None,)]
    return [
        {
            "resourceType": "ImmunizationEvaluation",
            "id": f"evaluation-{place}",
            "identifier": [{"system": _FORECAST, "value": identity(answer)}],
            "status": "completed",
            "patient": subject.patient,
            "date": answer.on.isoformat(),
            "authority": {"display": schedule.title},
            "targetDisease": {"text": ", ".join(schedule.groups[group.group].antigens)},
            "immunizationEvent": {"reference": subject.doses[each.dose]},
            "series": group.group,
            **_dose(each),
        }
        for place, (group, each) in enumerate(found, start=1)
    ]


def _status(dose: DoseAnswer) -> DoseStatus | None:
    """The status, if it is certain that the dose is looked at and what comes of it."""
    first = dose.verdicts[0] if dose.verdicts else None
    return first.status if first is not None and dose.is_certain else None


def _dose(dose: DoseAnswer) -> Content:
    status = _status(dose)
    codings = [{"system": DOSE, "code": status.value if status else _UNCERTAIN}]
    if status is not None and status in _DOSE_OF_HL7:
        codings.append({"system": _EVALUATION, "code": _DOSE_OF_HL7[status]})
    reasons = _reasons(dose)
    return {"doseStatus": {"coding": codings, "text": _said(dose)}} | (
        {"doseStatusReason": [{"text": each} for each in reasons]} if reasons else {}
    )


def _reasons(dose: DoseAnswer) -> list[str]:
    return sorted({reason.value for each in dose.verdicts if each for reason in each.reasons})


def _said(dose: DoseAnswer) -> str:
    words = sorted({_word(each) for each in dose.verdicts})
    return words[0] if len(words) == 1 else f"{_UNCERTAIN}: {' or '.join(words) or 'too little is known of the days'}"


def _word(verdict: Verdict | None) -> str:
    return verdict.status.value if verdict else _NO_SERIES


def parameters(answers: Answers, schedule: Schedule, subject: Subject) -> Content:
    """The answer of `$immds-forecast`: the recommendation, the evaluations, and what they were made of.

    Where doses are doubted, a second recommendation says what holds without them, and what each of them changes.
    """
    answer = answers.counted
    named = {
        "doses-digest": answer.doses_digest,
        "schedule-digest": answer.schedule_digest,
        "engine-version": answer.engine_version,
    }
    return {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "recommendation", "resource": recommendation(answer, schedule, subject)},
            *({"name": "evaluation", "resource": each} for each in evaluations(answer, schedule, subject)),
            *_without(answers, schedule, subject),
            *({"name": name, "valueString": value} for name, value in named.items()),
            *({"name": "flag", "valueString": each} for each in _flags(answer)),
        ],
    }


def _without(answers: Answers, schedule: Schedule, subject: Subject) -> Iterator[Content]:
    if answers.ignored is not answers.counted:
        sure = {**recommendation(answers.ignored, schedule, subject), "id": "recommendation-without-doubted-doses"}
        yield {"name": "recommendation-without-doubted-doses", "resource": sure}
    for each in answers.changes:
        words = f"without {each.dose}, {each.counted.group} is {_words(each.ignored)}, not {_words(each.counted)}"
        dated = f"without {each.dose}, the dates of {each.counted.group} differ"
        yield {"name": "change", "valueString": words if each.ignored.statuses != each.counted.statuses else dated}


def _flags(answer: Answer) -> Iterator[str]:
    for each in answer.flags:
        yield f"{each.about}: {'' if each.is_certain else 'perhaps '}{each.problem.value}"
