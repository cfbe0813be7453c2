"""What is due, in a clinic's document: the forecast with its rules and reasons, and the plan that proposes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from registry.continuity.immunization import Due, Status
from registry.continuity.summary import document
from registry.continuity.summary.document import ANTIGEN, Json, Release

_FORECAST = "http://terminology.hl7.org/CodeSystem/immunization-recommendation-status"
# LOINC criteria of an immunization forecast: earliest, recommended, overdue.
_CRITERIA = (("earliest", "30981-5"), ("recommended", "30980-7"), ("overdue_from", "59778-1"))


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """The rules a forecast was made by; `limits` are what they leave out, in English."""

    id: str
    version: str
    title: str
    licence: str
    limits: tuple[str, ...] = ()


def plan(release: Release) -> Json:
    """What is due, proposed: the plan of care of an IPS takes a CarePlan and no ImmunizationRecommendation (2.0.1)."""
    return {
        "resourceType": "CarePlan",
        "id": "plan",
        "status": "active",
        "intent": "proposal",
        "subject": {"reference": "Patient/person"},
        "created": document.instant(release.issued),
        "author": {"reference": "Organization/issuer"},
        "supportingInfo": [{"reference": "ImmunizationRecommendation/due"}],
    }


def recommendation(dues: Sequence[Due], rules: RuleSet, today: date) -> Json:
    """The forecast of `today` by these rules; `dues` must not be empty (FHIR R4 wants one at least)."""
    return {
        "resourceType": "ImmunizationRecommendation",
        "id": "due",
        "extension": [
            document.nested(
                "rule-set",
                document.part("id", valueCode=rules.id),
                document.part("version", valueString=rules.version),
                document.part("title", valueString=rules.title),
                document.part("licence", valueString=rules.licence),
            ),
            *(document.extension("limit", valueString=each) for each in rules.limits),
        ],
        "patient": {"reference": "Patient/person"},
        "date": today.isoformat(),
        "recommendation": [_one_due(each) for each in dues],
    }


def _one_due(due: Due) -> Json:
    dated = [
        {"code": document.loinc(code), "value": str(day)}
        for name, code in _CRITERIA
        if (day := getattr(due, name)) is not None
    ]
    numbered = {"doseNumberString": str(due.next_dose)} if due.next_dose else {}
    return {
        "extension": _due_extensions(due),
        "vaccineCode": [{"coding": [{"system": ANTIGEN, "code": due.antigen}]}],
        "forecastStatus": _status(due),
        **({"dateCriterion": dated} if dated else {}),
        **({"description": due.caution} if due.caution else {}),
        "series": due.plan,
        **numbered,
        "seriesDosesString": str(due.needed),
        **_supporting(due),
    }


def _supporting(due: Due) -> Json:
    found = [{"reference": f"Immunization/{each.id}"} for each in due.verdicts]
    return {"supportingImmunization": found} if found else {}


def _status(due: Due) -> Json:
    """Our own status, and HL7's beside it where HL7 has one."""
    standard = "overdue" if due.overdue else due.status.value
    coded = document.own_code("forecast-status", due.status.value)
    if due.status in (Status.DUE, Status.COMPLETE):
        coded["coding"].append({"system": _FORECAST, "code": standard})
    return coded


def _due_extensions(due: Due) -> list[Json]:
    verdicts = [
        document.nested(
            "dose-verdict",
            document.part("dose", valueString=each.id),
            document.part("counts", valueCode=each.counts.value),
            *document.reasons("reason", [each.reason])[0]["extension"],
        )
        for each in due.verdicts
    ]
    cited = document.extension("rule-source", valueString=str(due.source))
    may_be = [document.extension("may-be", valueCode=each.value) for each in due.may_be if len(due.may_be) > 1]
    other = document.reasons("otherwise", [due.otherwise.reason] if due.otherwise else [])
    return [*document.reasons("why", [due.reason]), *other, *may_be, cited, *verdicts]
