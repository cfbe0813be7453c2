"""`$immds-forecast`: FHIR Parameters in, Parameters out; nothing but what is sent is looked at.

Source: HL7 FHIR Implementation Guide: Immunization Decision Support Forecast (ImmDS), operation `immds-forecast`:
`assessmentDate`, `patient` and `immunization` in, `evaluation` and `recommendation` out. Taken as well:
`observation`, `condition` and `allergyIntolerance`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from registry.continuity import elements
from registry.continuity.immunization import answering, recommendation
from registry.continuity.immunization.recommendation import Subject
from registry.continuity.immunization.schedule import Schedule
from registry.continuity.immunization.told import Reading, own_codes_only
from registry.errors import BadInput
from registry.fhir import dates
from registry.fhir.resource import Content

_TAKEN = frozenset({"patient", "immunization", "observation", "condition", "allergyIntolerance"})
_WHERE = "Parameters"


def answer(parameters: Any, schedule_on: Callable[[date], Schedule], reading: Reading = own_codes_only) -> Content:
    """Evaluate and forecast what the Parameters tell, by the edition of the day they ask about.

    Raises BadInput where they do not ask a question.
    """
    given = elements.mapping(parameters)
    if given.get("resourceType") != "Parameters":
        raise BadInput("this is no Parameters resource", where=_WHERE, remedy="send resourceType Parameters")
    parts = elements.mappings(given.get("parameter"))
    resources = [elements.mapping(each.get("resource")) for each in parts if each.get("name") in _TAKEN]
    day = _day(parts)
    return of_resources(resources, schedule_on(day), day, reading)


def _day(parts: Sequence[Content]) -> date:
    days = [dates.parse(elements.text(each.get("valueDate"))) for each in parts if each.get("name") == "assessmentDate"]
    day = days[0] if len(days) == 1 else None
    if day is None or not day.is_day:
        raise BadInput("one assessmentDate is needed", where=_WHERE, remedy="give it as valueDate, like 2026-03-15")
    return day.first


def of_resources(
    resources: Sequence[Content], schedule: Schedule, on: date, reading: Reading = own_codes_only
) -> Content:
    """The same of a Patient and Immunizations (and Observations, Conditions, AllergyIntolerances) in a list."""
    patient = next((elements.text(each.get("id")) for each in resources if each.get("resourceType") == "Patient"), "")
    return of_history(list(resources), schedule, on, reading, patient=patient)


def of_history(
    content: Any, schedule: Schedule, on: date, reading: Reading = own_codes_only, *, patient: str = ""
) -> Content:
    """The same of any history that `told` reads; `patient` is the id by which the answer refers to its Patient."""
    found = answering.answer(content, schedule, on, reading)
    subject = _subject(patient, [each.id for each in found.told.doses])
    return recommendation.parameters(found.answers, schedule, subject)


def _subject(patient: str, doses: Sequence[str]) -> Subject:
    reference: Mapping[str, Any] = {"reference": f"Patient/{patient}"} if patient else {"display": "the patient sent"}
    return Subject(patient=reference, doses={each: f"Immunization/{each}" for each in doses})
