"""The doses of a clinic's document: each as an Immunization, with who told of it where consent left that.

No place goes out unless the redacted input still holds it: a dose whose record no longer says its country also loses
local codes, its name in the source's language and every word about who told of it.
"""

from __future__ import annotations

from registry.continuity import elements
from registry.continuity.history import DoseEvent, Provenance, Told
from registry.continuity.summary import document
from registry.continuity.summary.document import ANTIGEN, IPS, Json, Release
from registry.fhir import CANONICAL
from registry.fhir.resource import Content

_COUNTRY = f"{CANONICAL}/CodeSystem/recording-country"
_PARTICIPANT = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
# What every country can read and no country can be told by.
_INTERNATIONAL = (
    "http://hl7.org/fhir/sid/cvx",
    "http://www.whocc.no/atc",
    "http://snomed.info/sct",
    "http://id.who.int/icd/release/11/mms",
    ANTIGEN,
)
_ROLES = {Told.PRIMARY: "author", Told.COPY: "enterer", Told.RECALL: "informant"}


def immunization(event: DoseEvent) -> Json:
    """A dose, as far as the redacted records tell of it."""
    occurred: Json = (
        {"occurrenceDateTime": str(event.when)} if event.when else {"occurrenceString": event.when_text or "unknown"}
    )
    numbered: Json = {"protocolApplied": [{"doseNumberString": event.dose_number}]} if event.dose_number else {}
    return {
        "resourceType": "Immunization",
        "id": event.id,
        "meta": {"profile": [f"{IPS}Immunization-uv-ips"], **_tags(event)},
        **_places(event),
        "extension": _extensions(event),
        "status": "completed",
        "vaccineCode": _vaccine(event),
        "patient": {"reference": "Patient/person"},
        **occurred,
        "primarySource": any(each.told is Told.PRIMARY for each in event.provenances),
        **numbered,
    }


def _name_of(event: DoseEvent) -> str:
    """The vaccine by its own name where that may be shown, else by what it protects against."""
    told = elements.text(event.vaccine.get("text"))
    return told if told and _is_open(event) else " + ".join(sorted(event.antigens)) or "vaccine not recognised"


def _is_open(event: DoseEvent) -> bool:
    """Whether redaction left the place of this dose: then its record still says its country."""
    return any(_says_country(each) for each in event.provenances)


def _says_country(told: Provenance) -> bool:
    tags = elements.mappings(elements.mapping(told.content.get("meta")).get("tag"))
    return any(each.get("system") == _COUNTRY for each in tags)


def _vaccine(event: DoseEvent) -> Json:
    is_open = _is_open(event)
    codings = [
        {name: each[name] for name in ("system", "code") if name in each}
        for each in elements.codings(event.vaccine)
        if is_open or each.get("system") in _INTERNATIONAL
    ]
    antigens: list[Json] = [{"system": ANTIGEN, "code": each} for each in sorted(event.antigens)]
    coding = codings + [each for each in antigens if each not in codings]
    return ({"coding": coding} if coding else {}) | {"text": _name_of(event)}


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


def provenance(event: DoseEvent, release: Release) -> Json | None:
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
