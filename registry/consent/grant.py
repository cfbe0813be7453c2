"""Writes our own Consents: one question answered, and its withdrawal.

Invariant: what is written here can be read by `dialect` without doubt. The answer is no unless it says yes,
and places stay closed unless the family was asked separately and opened them. Nothing is ever deleted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, cast

from registry.consent import dialect, interview, texts
from registry.consent.agreement import Refused
from registry.consent.interview import Interview
from registry.consent.request import DOMAINS
from registry.consent.texts import ContentClass
from registry.errors import BadInput
from registry.fhir import resource
from registry.fhir.dates import PartialDate
from registry.fhir.resource import Content, Resource
from registry.fhir.terminology import Coding

Json = dict[str, Any]

_CONFIDENTIALITY: Final = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"


@dataclass(frozen=True, slots=True, kw_only=True)
class Guardian:
    """A verified RelatedPerson who answers for a child: the relationship (v3-RoleCode) and its last day."""

    reference: str = field(repr=False)
    relationship: str
    authority_ends: PartialDate


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """The text that was shown, how, and whether the person could say in own words what it means (teach-back)."""

    language: str
    version: str
    sha256: str
    understood: bool
    interview: Interview | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked of the family: may this one organisation have this one domain, until when."""

    patient: str = field(repr=False)
    organisation: str
    domain: ContentClass
    starts: PartialDate
    ends: PartialDate


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the family said; `places` is a question of its own, `fled` names countries never told where."""

    grantor: str | Guardian = field(repr=False)  # the patient's own reference, or a guardian
    notice: Notice
    at: datetime
    agreed: bool = False
    places: bool = False
    fled: frozenset[str] = field(default=frozenset(), repr=False)
    supersedes: str | None = None


def compose(consent_id: str, question: Question, answer: Answer, *, utc_offset: str = "Z") -> Content:
    """The Consent that records one answer to one question; a refusal is recorded as well as a yes.

    Days begin and end in `utc_offset`. Raises BadInput when question and answer do not make a readable
    consent.
    """
    content: Json = {
        "resourceType": "Consent",
        "id": consent_id,
        "meta": _meta(),
        "extension": _extensions(answer, utc_offset),
        "status": "active",
        "scope": texts.SCOPE,
        "category": [{"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}],
        "patient": {"reference": question.patient},
        "dateTime": _instant(answer.at),
        "performer": [{"reference": _reference(answer.grantor)}],
        "policyRule": texts.POLICY,
        "verification": [{"verified": answer.notice.understood, "verificationDate": _instant(answer.at)}],
        "provision": _provision(question, answer),
    }
    read = dialect.read(resource.of(content))
    if isinstance(read, Refused):
        raise BadInput("this does not make a consent that can be read without doubt", where=read.why.value)
    return content


def withdraw(consent: Resource, at: datetime) -> Content:
    """The next version of a consent, no longer in force; a consent already withdrawn stays as it is."""
    content = consent.content
    if content.get("status") in ("inactive", "entered-in-error"):
        return content
    extensions = [*_list(content.get("extension")), {"url": texts.WITHDRAWN, "valueDateTime": _instant(at)}]
    meta: Json = {**_mapping(content.get("meta"))}
    meta["versionId"] = _next(meta.get("versionId"))
    return {**content, "meta": meta, "extension": extensions, "status": "inactive"}


def _meta() -> Json:
    # A consent is itself sensitive: one that names a clinic of a country reveals the country.
    security = [Coding(system=_CONFIDENTIALITY, code="R"), Coding(system=texts.ACT_CODE, code="LOCIS")]
    return {"versionId": "1", "profile": [texts.PROFILE], "security": [_coding(each) for each in security]}


def _extensions(answer: Answer, utc_offset: str) -> list[Json]:
    fled = (
        {"url": texts.PROTECTED_FROM, "valueCoding": {"system": texts.COUNTRIES, "code": country}}
        for country in sorted(answer.fled)
    )
    held = answer.notice.interview
    asked = interview.write(held) if held else {}
    optional = (asked, _authority(answer.grantor), _superseded(answer.supersedes), _zone(utc_offset))
    return [_shown(answer.notice), *(each for each in optional if each), *fled]


def _shown(notice: Notice) -> Json:
    parts = {"language": "valueCode", "version": "valueString", "sha256": "valueString"}
    inner = [{"url": name, value: getattr(notice, name)} for name, value in parts.items()]
    return {"url": texts.TEXT, "extension": inner}


def _authority(grantor: str | Guardian) -> Json:
    if isinstance(grantor, str):
        return {}
    relationship = _coding(Coding(system=texts.ROLE_CODE, code=grantor.relationship))
    inner = [
        {"url": "relationship", "valueCoding": relationship},
        {"url": "end", "valueDateTime": str(grantor.authority_ends)},
    ]
    return {"url": texts.AUTHORITY, "extension": inner}


def _superseded(consent_id: str | None) -> Json:
    if consent_id is None:
        return {}
    return {"url": texts.SUPERSEDES, "valueReference": {"reference": f"Consent/{consent_id}"}}


def _zone(utc_offset: str) -> Json:
    return {} if utc_offset == "Z" else {"url": texts.UTC_OFFSET, "valueString": utc_offset}


def _provision(question: Question, answer: Answer) -> Json:
    """The root names the question and says no; a permit inside it says what was opened."""
    if question.domain not in _PURPOSE:
        raise BadInput("only doses and schooling can be asked for", where="domain")
    root: Json = {
        "type": "deny",
        "period": {"start": str(question.starts), "end": str(question.ends)},
        "actor": [_actor(question.organisation)],
        "purpose": [_coding(_PURPOSE[question.domain])],
        "securityLabel": _labels(question.domain, ContentClass.PLACE),
    }
    return {**root, "provision": [_permit(question.domain, answer)]} if answer.agreed else root


def _permit(domain: ContentClass, answer: Answer) -> Json:
    opened = (domain, ContentClass.PLACE) if answer.places else (domain,)
    return {"type": "permit", "securityLabel": _labels(*opened)}


_PURPOSE: Final[Mapping[ContentClass, Coding]] = {each.content: each.purpose for each in DOMAINS.values()}


def _actor(organisation: str) -> Json:
    role = {"coding": [_coding(texts.RECIPIENT)]}
    return {"role": role, "reference": {"reference": f"Organization/{organisation}"}}


def _labels(*classes: ContentClass) -> list[Json]:
    return [_coding(texts.CODES[each]) for each in classes]


def _coding(coding: Coding) -> Json:
    return {"system": coding.system, "code": coding.code}


def _reference(grantor: str | Guardian) -> str:
    return grantor if isinstance(grantor, str) else grantor.reference


def _instant(at: datetime) -> str:
    if at.tzinfo is None:
        raise BadInput("a time needs a zone", where="at")
    # To the millisecond, upwards never: what is written must not lie after the moment itself.
    return (at - timedelta(microseconds=at.microsecond % 1000)).isoformat(timespec="milliseconds")


def _next(version: Any) -> str:
    number = int(version) if isinstance(version, str) and version.isascii() and version.isdigit() else 0
    return str(number + 1)


def _list(value: Any) -> list[Any]:
    return cast("list[Any]", value) if isinstance(value, list) else []


def _mapping(value: Any) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}
