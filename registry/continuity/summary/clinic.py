"""The summary a clinic receives: the vaccine history with the certainty of each dose, and what is due next.

An International Patient Summary (IPS 2.0.1: Bundle-uv-ips, Composition-uv-ips). What the registry does not hold is
said to be without information, never to be absent. No place goes out unless the redacted input still holds it: a
dose whose record no longer says its country also loses local codes, its name in the source's language and every word
about who told of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from registry.continuity import elements
from registry.continuity.history import DoseEvent, Provenance, Told
from registry.continuity.immunization import Due, Status
from registry.continuity.summary import document, facts, narrative
from registry.continuity.summary.document import Asked, Json, Release
from registry.continuity.summary.words import Words
from registry.fhir import CANONICAL
from registry.fhir.resource import Content

ANTIGEN = f"{CANONICAL}/CodeSystem/antigen"
_IPS = "http://hl7.org/fhir/uv/ips/StructureDefinition/"
_COUNTRY = f"{CANONICAL}/CodeSystem/recording-country"
_FORECAST = "http://terminology.hl7.org/CodeSystem/immunization-recommendation-status"
_PARTICIPANT = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
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
# The sections an IPS must have and about which this registry holds nothing (IPS 2.0.1, Composition-uv-ips).
_NOT_HELD = (("problems", "11450-4"), ("allergies", "48765-2"), ("medications", "10160-0"))
_ROLES = {Told.PRIMARY: "author", Told.COPY: "enterer", Told.RECALL: "informant"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """The rules a forecast was made by; `limits` are what they leave out, in English."""

    id: str
    version: str
    title: str
    licence: str
    limits: tuple[str, ...] = ()


def clinic_summary(
    *,
    asked: Asked,
    events: Sequence[DoseEvent],
    dues: Sequence[Due],
    rules: RuleSet,
    today: date,
    release: Release,
    words: Words,
    language: str,
) -> Json:
    """The document Bundle for a clinic, out of what consent left of the records, told in `language`."""
    doses = [_immunization(each) for each in events]
    forecast = [_recommendation(dues, rules, today)] if dues else []
    told = [one for each in events if (one := _provenance(each, release))]
    resources = [
        document.person(asked, f"{_IPS}Patient-uv-ips"),
        document.issuer(release, f"{_IPS}Organization-uv-ips"),
        *doses,
        *forecast,
        *told,
    ]
    frame = document.composition(
        release,
        title=words["page"]["title-clinic"],
        type_of=document.loinc("60591-5"),
        sections=_sections(resources, words, language),
        profile=f"{_IPS}Composition-uv-ips",
        language=language,
    )
    return document.bundle(release, frame, resources, profile=f"{_IPS}Bundle-uv-ips")


def _sections(resources: Sequence[Json], words: Words, language: str) -> list[Json]:
    say, said = words["page"], facts.clinic(resources, words)
    told = (
        ("doses-heading", "11369-6", narrative.doses(said, words), "Immunization"),
        ("due-heading", "18776-5", narrative.dues(said, words), "ImmunizationRecommendation"),
    )
    return [
        *(
            document.section(say[name], document.loinc(code), narrative.of(narrative.nothing(words), language))
            for name, code in _NOT_HELD
        ),
        *(
            document.section(
                say[name], document.loinc(code), narrative.of(body, language), _references(resources, kind)
            )
            for name, code, body, kind in told
        ),
    ]


def _references(resources: Iterable[Json], kind: str) -> list[str]:
    return [f"{kind}/{each['id']}" for each in document.of_kind(resources, kind)]


def name_of(event: DoseEvent) -> str:
    """The vaccine by its own name where that may be shown, else by what it protects against."""
    told = elements.text(event.vaccine.get("text"))
    return told if told and _is_open(event) else " + ".join(sorted(event.antigens)) or "vaccine not recognised"


def _is_open(event: DoseEvent) -> bool:
    """Whether redaction left the place of this dose: then its record still says its country."""
    return any(_says_country(each) for each in event.provenances)


def _says_country(told: Provenance) -> bool:
    tags = elements.mappings(elements.mapping(told.content.get("meta")).get("tag"))
    return any(each.get("system") == _COUNTRY for each in tags)


def _immunization(event: DoseEvent) -> Json:
    occurred: Json = (
        {"occurrenceDateTime": str(event.when)} if event.when else {"occurrenceString": event.when_text or "unknown"}
    )
    numbered: Json = {"protocolApplied": [{"doseNumberString": event.dose_number}]} if event.dose_number else {}
    return {
        "resourceType": "Immunization",
        "id": event.id,
        "meta": {"profile": [f"{_IPS}Immunization-uv-ips"], **_tags(event)},
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
    return found


def _tags(event: DoseEvent) -> Json:
    """The countries that recorded it, where the redacted records still say so."""
    tags = {
        elements.text(tag.get("code"))
        for each in event.provenances
        for tag in elements.mappings(elements.mapping(each.content.get("meta")).get("tag"))
        if tag.get("system") == _COUNTRY
    } - {""}
    return {"tag": [{"system": _COUNTRY, "code": each} for each in sorted(tags)]} if tags else {}


def _provenance(event: DoseEvent, release: Release) -> Json | None:
    """Who told of a dose, where consent left it: of a record without its country nothing may be said."""
    told = {(_ROLES[each.told], name) for each in event.provenances if _says_country(each) and (name := _teller(each))}
    if not told:
        return None
    return {
        "resourceType": "Provenance",
        "id": f"p-{event.id}",
        "target": [{"reference": f"Immunization/{event.id}"}],
        "recorded": document.instant(release.issued),
        "agent": [
            {"type": _participant("assembler"), "who": {"reference": "Organization/issuer"}},
            *({"type": _participant(role), "who": {"display": name}} for role, name in sorted(told)),
        ],
    }


def _participant(role: str) -> Json:
    return {"coding": [{"system": _PARTICIPANT, "code": role}]}


def _teller(told: Provenance) -> str:
    """The source as its redacted record names it, else the place."""
    source = elements.text(elements.mapping(told.content.get("meta")).get("source"))
    return source or elements.text(elements.mapping(told.content.get("location")).get("display"))


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


def _recommendation(dues: Sequence[Due], rules: RuleSet, today: date) -> Json:
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
