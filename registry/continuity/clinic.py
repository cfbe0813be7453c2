"""The summary a clinic receives: the vaccine history with the certainty of each dose, and what is due next.

An IPS document (International Patient Summary 2.0.1, Composition type LOINC 60591-5). What the registry does not
hold is said to be without information, never to be absent. No place goes out unless the redacted input still holds
it: a dose whose record no longer says its country also loses local codes and its name in the source's language.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from registry.continuity import document, elements
from registry.continuity.course import Verdict
from registry.continuity.document import Asked, Json, Release
from registry.continuity.history import DoseEvent, Told
from registry.continuity.immunization import Due, Status
from registry.continuity.schedule import Schedule
from registry.fhir import CANONICAL
from registry.fhir.resource import Content

ANTIGEN = f"{CANONICAL}/CodeSystem/antigen"
PROFILE = "http://hl7.org/fhir/uv/ips/StructureDefinition/Composition-uv-ips"
_COUNTRY = f"{CANONICAL}/CodeSystem/recording-country"
_FORECAST = "http://terminology.hl7.org/CodeSystem/immunization-recommendation-status"
# What every country can read and no country can be told by.
_INTERNATIONAL = (
    "http://hl7.org/fhir/sid/cvx",
    "http://www.whocc.no/atc",
    "http://snomed.info/sct",
    "http://id.who.int/icd/release/11/mms",
    ANTIGEN,
)
# LOINC criteria of an immunization forecast: earliest, recommended, overdue.
_CRITERIA = (("earliest", "30981-5"), ("recommended", "30980-7"), ("overdue_from", "59778-1"))


def clinic_summary(
    *,
    asked: Asked,
    events: Sequence[DoseEvent],
    dues: Sequence[Due],
    schedule: Schedule,
    today: date,
    release: Release,
) -> Json:
    """The document Bundle for a clinic, out of what consent left of the records."""
    doses = [_immunization(each) for each in events]
    forecast = _recommendation(dues, schedule, today)
    sections = [
        document.without_information("Problems", "11450-4"),
        document.without_information("Allergies and intolerances", "48765-2"),
        document.without_information("Medications", "10160-0"),
        _doses_section(events),
        _due_section(dues, schedule),
    ]
    frame = document.composition(
        release,
        title="Immunization summary",
        type_of=document.loinc("60591-5"),
        sections=sections,
        profile=PROFILE,
    )
    return document.bundle(release, frame, [document.person(asked), document.issuer(release), *doses, forecast])


def _doses_section(events: Sequence[DoseEvent]) -> Json:
    code = document.loinc("11369-6")
    if not events:
        body = document.paragraph("No dose may be shown. This does not mean that none was given.")
        reason: Json = {"coding": [{"system": document.EMPTY, "code": "unavailable"}]}
        return document.section("Immunizations", code, body) | {"emptyReason": reason}
    rows = [(each.when_text or "unknown", name_of(each), each.certainty.value, _remarks(each)) for each in events]
    body = document.table(("Date", "Vaccine", "Certainty", "Why, and what to check"), rows)
    return document.section("Immunizations", code, body, [f"Immunization/{each.id}" for each in events])


def _remarks(event: DoseEvent) -> str:
    return " ".join(str(each) for each in (event.why, *event.findings))


def _due_section(dues: Sequence[Due], schedule: Schedule) -> Json:
    head = ("Against", "Status", "Earliest", "Recommended", "Why", "Take care")
    rows = [
        (
            each.antigen,
            each.status.value,
            str(each.earliest or ""),
            str(each.recommended or ""),
            _why(each),
            each.caution,
        )
        for each in dues
    ]
    body = (
        document.paragraph(f"By the rule set {schedule.title}, version {schedule.version}. Advisory.")
        + document.table(head, rows)
        + document.listing(schedule.limits)
    )
    return document.section("What is due", document.loinc("18776-5"), body, ["ImmunizationRecommendation/due"])


def _why(due: Due) -> str:
    other = f" If the doubtful doses are accepted: {due.otherwise.reason}" if due.otherwise else ""
    return f"{due.reason}{other}"


def name_of(event: DoseEvent) -> str:
    """The vaccine by its own name where that may be shown, else by what it protects against."""
    told = elements.text(event.vaccine.get("text"))
    return told if told and _is_open(event) else " + ".join(sorted(event.antigens)) or "vaccine not recognised"


def _is_open(event: DoseEvent) -> bool:
    """Whether redaction left the place of this dose: then its record still says its country."""
    return any(
        tag.get("system") == _COUNTRY
        for each in event.provenances
        for tag in elements.mappings(elements.mapping(each.content.get("meta")).get("tag"))
    )


def _immunization(event: DoseEvent) -> Json:
    occurred: Json = (
        {"occurrenceDateTime": str(event.when)} if event.when else {"occurrenceString": event.when_text or "unknown"}
    )
    numbered: Json = {"protocolApplied": [{"doseNumberString": event.dose_number}]} if event.dose_number else {}
    return {
        "resourceType": "Immunization",
        "id": event.id,
        **_places(event),
        "extension": _extensions(event),
        "status": "completed",
        "vaccineCode": _vaccine(event),
        "patient": {"reference": "Patient/person"},
        **occurred,
        "primarySource": any(each.told is Told.PRIMARY for each in event.provenances),
        **numbered,
    }


def _vaccine(event: DoseEvent) -> Json:
    is_open = _is_open(event)
    codings = [
        {name: each[name] for name in ("system", "code") if name in each}
        for each in elements.codings(event.vaccine)
        if is_open or each.get("system") in _INTERNATIONAL
    ]
    antigens: list[Json] = [{"system": ANTIGEN, "code": each} for each in sorted(event.antigens)]
    coding = codings + [each for each in antigens if each not in codings]
    return ({"coding": coding} if coding else {}) | {"text": name_of(event)}


def _places(event: DoseEvent) -> Json:
    """Where and by whom, exactly as far as the redacted records still say it; displays only."""
    contents = [each.content for each in event.provenances]
    found: Json = {}
    for name in ("location", "manufacturer"):
        shown = (elements.text(elements.mapping(each.get(name)).get("display")) for each in contents)
        display = next((one for one in shown if one), "")
        found |= {name: {"display": display}} if display else {}
    lots = [elements.text(each.get("lotNumber")) for each in contents if each.get("lotNumber")]
    found |= {"lotNumber": lots[0]} if lots else {}
    actors = {_actor(one) for each in contents for one in elements.mappings(each.get("performer"))} - {""}
    found |= {"performer": [{"actor": {"display": one}} for one in sorted(actors)]} if actors else {}
    tags = {
        elements.text(tag.get("code"))
        for each in contents
        for tag in elements.mappings(elements.mapping(each.get("meta")).get("tag"))
        if tag.get("system") == _COUNTRY
    } - {""}
    return found | ({"meta": {"tag": [{"system": _COUNTRY, "code": each} for each in sorted(tags)]}} if tags else {})


def _actor(performer: Content) -> str:
    return elements.text(elements.mapping(performer.get("actor")).get("display"))


def _extensions(event: DoseEvent) -> list[Json]:
    certainty = document.nested(
        "dose-certainty",
        document.part("certainty", valueCode=event.certainty.value),
        document.part("reason-code", valueCode=event.why.code),
        document.part("reason", valueString=str(event.why)),
    )
    partner = event.possible_duplicate_of
    same = [document.extension("possible-duplicate-of", valueReference={"reference": f"Immunization/{partner}"})]
    return [certainty, *(same if partner else []), *document.reasons("dose-finding", event.findings)]


def _recommendation(dues: Sequence[Due], schedule: Schedule, today: date) -> Json:
    return {
        "resourceType": "ImmunizationRecommendation",
        "id": "due",
        "extension": [
            document.nested(
                "rule-set",
                document.part("id", valueCode=schedule.id),
                document.part("version", valueString=schedule.version),
                document.part("title", valueString=schedule.title),
                document.part("licence", valueString=schedule.licence),
            ),
            *(document.extension("limit", valueString=each) for each in schedule.limits),
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
        **_supporting(due.verdicts),
    }


def _supporting(verdicts: Sequence[Verdict]) -> Json:
    found = [{"reference": f"Immunization/{each.id}"} for each in verdicts]
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
