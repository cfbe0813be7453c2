"""The audit log as FHIR R4 AuditEvents after IHE Basic Audit Log Patterns (BALP 1.1), for the ombudsperson alone.

An answered question is a Privacy Disclosure at its source; one that was answered with nothing is a Patient Query; what
people read is a Patient Read, what they change a Patient Create or Update. Persons are pseudonyms made for this
reader. What BALP asks for and the registry does not keep (network addresses, the words of a question) is marked as
absent, not made up.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from registry.consent import texts
from registry.consent.request import DOMAINS
from registry.errors import BadInput
from registry.flows import organisations, trail
from registry.flows.opening import Registry
from registry.flows.organisations import Caller, Kind
from registry.store import audit, dossiers
from registry.store.audit import Entry
from registry.store.functions import Function
from registry.trust import sealing

LONGEST = timedelta(days=366)
_PROFILE = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit."
_DCM, _REST = "http://dicom.nema.org/resources/ontology/DCM", "http://hl7.org/fhir/restful-interaction"
_HL7 = "http://terminology.hl7.org/CodeSystem/"
_ABSENT = {
    "extension": [
        {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unsupported"},
    ]
}
_PURPOSES = {
    each.code: {"system": each.system, "code": each.code}
    for each in (*(domain.purpose for domain in DOMAINS.values()), texts.BREAK_GLASS)
}
_QUESTIONS = {"ask": b"POST /v1/questions", "emergency": b"POST /v1/emergencies"}

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """One BALP pattern: its profile, the kind of event, and which role the asker and the user play in it.

    In a query and a change the asker is the source of what flows; in a read and a disclosure the registry is.
    """

    profile: str
    subtype: tuple[str, str]
    action: str
    asker_is_source: bool
    user: str = "IRCP"
    type: tuple[str, str] = (f"{_HL7}audit-event-type", "rest")


DISCLOSURE = Pattern(
    profile="PrivacyDisclosure.Source",
    subtype=(f"{_HL7}iso-21089-lifecycle", "disclose"),
    action="R",
    asker_is_source=False,
    type=(_DCM, "110106"),
)
QUERY = Pattern(profile="PatientQuery", subtype=(_REST, "search"), action="E", asker_is_source=True)
READ = Pattern(profile="PatientRead", subtype=(_REST, "read"), action="R", asker_is_source=False)
CREATE = Pattern(profile="PatientCreate", subtype=(_REST, "create"), action="C", asker_is_source=True, user="AUT")
UPDATE = Pattern(profile="PatientUpdate", subtype=(_REST, "update"), action="U", asker_is_source=True, user="AUT")

PATTERNS: Mapping[str, Pattern] = {
    **dict.fromkeys(_QUESTIONS, QUERY),
    **dict.fromkeys(trail.LOOKS, READ),
    "review-shown": READ,
    "sampled": READ,
    "audit-exported": READ,
    "family-opened": CREATE,
    "consent-given": CREATE,
    "ingest": CREATE,
    "desk-recorded": CREATE,
}
"""What each action of `trail` is; any other one changes something. A question with an answer is a DISCLOSURE."""


async def export(registry: Registry, caller: Caller, *, first: date, last: date) -> list[Json]:
    """The events of these days, both included, as AuditEvents; what was erased is not among them.

    Only for the ombudsperson, and itself an entry of the log. Raises NotPermitted, and BadInput for more than a year.
    """
    caller.must_be(Kind.OMBUDSPERSON)
    if not timedelta(0) <= last - first <= LONGEST:
        raise BadInput("an export covers up to a year", where="from, to", remedy="give the earlier day first")
    async with registry.database.transaction(Function.AUDIT) as tx:
        entries = await audit.entries_between(tx, first, last)
        held = await dossiers.load(tx, {each.about for each in entries})
        places = await audit.places(tx, [each.leaf for each in entries])
        persons = {id: each.person for id, each in held.items() if each.source != organisations.HOUSE}
        make = Maker(registry=registry, reader=caller.name, persons=persons, places=places)
        made = sorted((make.event(each) for each in entries), key=lambda each: each["recorded"])
        digest = trail.digest(ndjson(made).decode())
        await trail.write(tx, registry, registry.house, "audit-exported", caller, events=len(made), digest=digest)
    return made


def ndjson(events: Iterable[Json]) -> bytes:
    """One event on a line (FHIR bulk data)."""
    return b"".join(orjson.dumps(each) + b"\n" for each in events)


@dataclass(frozen=True, slots=True, kw_only=True)
class Maker:
    """Makes AuditEvents for one reader. `persons`: the person of each dossier; `places`: of leaves in the log."""

    registry: Registry
    reader: str
    persons: Mapping[UUID, UUID]
    places: Mapping[UUID, int]

    def event(self, entry: Entry) -> Json:
        """One entry as an AuditEvent."""
        said, patient = entry.event, self._patient(entry)
        is_answered = said["action"] in _QUESTIONS and said.get("answer") == "summary"
        pattern = DISCLOSURE if is_answered else PATTERNS.get(said["action"], UPDATE)
        profile = pattern.profile if patient else pattern.profile.removeprefix("Patient")
        purpose = [{"coding": [_PURPOSES[said["purpose"]]]}] if said.get("purpose") in _PURPOSES else None
        made = {
            "resourceType": "AuditEvent",
            "id": entry.leaf.hex,
            "meta": {"profile": [_PROFILE + profile]},
            "type": _coding(*pattern.type),
            "subtype": [_coding(*pattern.subtype), _coding(f"{self._system}/audit-action", said["action"])],
            "action": pattern.action,
            "recorded": datetime.fromisoformat(said["at"]).isoformat(timespec="milliseconds"),
            "outcome": "0",
            "purposeOfEvent": purpose,
            "agent": list(self._agents(pattern, said)),
            "source": {"observer": self._registry(), "type": [_coding(f"{_HL7}security-source-type", "4")]},
            "entity": [*([_person(patient)] if patient else []), self._matter(pattern, said), self._leaf(entry)],
        }
        return {name: value for name, value in made.items() if value is not None}

    @property
    def _system(self) -> str:
        return self.registry.settings.issuer

    def _patient(self, entry: Entry) -> str | None:
        person = self.persons.get(entry.about)
        if person is None:
            return None
        key = self.registry.database.keyring.pseudonym_key
        digest = sealing.keyed_digest(key, f"{self.reader}/{person.hex}".encode())
        return base64.b32encode(digest[:15]).decode().lower()

    def _registry(self) -> Json:
        settings = self.registry.settings
        return {"identifier": {"system": "urn:ietf:rfc:3986", "value": settings.issuer}, "display": settings.name}

    def _agents(self, pattern: Pattern, said: Mapping[str, Any]) -> Iterable[Json]:
        own, asker = self._registry(), self._asker(said)
        address = {"address": self.registry.settings.public_url, "type": "5"}
        source, destination = _coding(_DCM, "110153"), _coding(_DCM, "110152")
        asks, answers = (source, destination) if pattern.asker_is_source else (destination, source)
        yield {"type": {"coding": [asks]}, "who": asker, "requestor": False, "network": _ABSENT}
        yield {"type": {"coding": [answers]}, "who": own, "requestor": False, "network": address}
        role = _coding(f"{_HL7}v3-ParticipationType", pattern.user)
        yield {"type": {"coding": [role]}, "who": asker, "requestor": True}

    def _asker(self, said: Mapping[str, Any]) -> Json:
        if not said["organisation"]:
            return {"display": f"a {said['kind']}"}
        named = {"system": f"{self._system}/organisation", "value": said["organisation"]}
        return {"type": "Organization", "identifier": named}

    def _matter(self, pattern: Pattern, said: Mapping[str, Any]) -> Json:
        """What it was about. The words of a question are not kept; only the digest of what was answered is."""
        system = _coding(f"{_HL7}audit-entity-type", "2")
        if pattern is QUERY:
            asked = base64.b64encode(_QUESTIONS[said["action"]]).decode()
            return {"type": system, "role": _coding(f"{_HL7}object-role", "24"), "query": asked}
        named = said.get("release") or said.get("consent") or said["action"]
        what = {"identifier": {"system": f"{self._system}/audit-matter", "value": named}}
        role = "3" if pattern in (DISCLOSURE, READ) else "4"
        return {"type": system, "role": _coding(f"{_HL7}object-role", role), "what": what}

    def _leaf(self, entry: Entry) -> Json:
        """Where it lies in the log, so that whoever reads this can ask for the proof."""
        details = {
            "position": self.places.get(entry.leaf),
            "commitment": entry.commitment.hex(),
            "sha256-of-answer": entry.event.get("digest"),
            "answer": entry.event.get("answer"),
        }
        what = {"identifier": {"system": f"{self._system}/audit-leaf", "value": entry.leaf.hex}}
        told = [{"type": name, "valueString": str(value)} for name, value in details.items() if value is not None]
        return {"type": _coding(f"{_HL7}audit-entity-type", "4"), "what": what, "detail": told}


def _person(pseudonym: str) -> Json:
    return {
        "what": {"reference": f"Patient/{pseudonym}", "type": "Patient"},
        "type": _coding(f"{_HL7}audit-entity-type", "1"),
        "role": _coding(f"{_HL7}object-role", "1"),
    }


def _coding(system: str, code: str) -> Json:
    return {"system": system, "code": code}
