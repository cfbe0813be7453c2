"""What stands around the provisions of a foreign FHIR R4 Consent: who gave it, when, about whom.

Unknown elements and every modifierExtension are refused; a plain extension that nobody here knows may be ignored,
as FHIR says. Who signed is trusted only as the person itself or as somebody whose authority is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from typing import Any, Final, cast

from registry.consent import dialect, elements, period, provisions, texts
from registry.consent.agreement import Grantor, Refusal
from registry.consent.period import Period
from registry.consent.provisions import Clock
from registry.fhir.resource import Content, Resource

_ELEMENTS: Final = (
    *("resourceType", "id", "meta", "language", "text", "contained", "extension", "identifier", "status", "scope"),
    *("category", "patient", "dateTime", "performer", "organization", "sourceAttachment", "sourceReference"),
    *("policy", "policyRule", "verification", "provision"),
)
_ANY_TIME: Final = Period()


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """The frame of one consent. `grantor` is None when nobody knows by what right the performer speaks."""

    patient: str = field(repr=False)
    grantor: Grantor | None
    given_at: Period
    verified: bool
    assent: bool | None
    supersedes: str | None
    protected_from: frozenset[str] = field(repr=False)
    clock: Clock


def read(consent: Resource, guardians: Mapping[str, Grantor]) -> Frame:
    """Raises Unclear where the frame could be read in two ways."""
    content = consent.content
    elements.only(content, _ELEMENTS)
    elements.require(_is_about_privacy(content), Refusal.OTHER_DIALECT)
    patient = provisions.reference(content.get("patient"))
    clock = Clock(zone=_zone(content), local=True)
    return Frame(
        patient=patient,
        grantor=_grantor(content, patient, guardians, clock),
        given_at=clock.when(content["dateTime"]) if "dateTime" in content else _ANY_TIME,
        verified=_is_verified(content),
        assent=dialect.assent(content),
        supersedes=dialect.supersedes(content, consent.id),
        protected_from=dialect.protected_from(content),
        clock=clock,
    )


def _is_about_privacy(content: Content) -> bool:
    if "scope" not in content:
        return True
    codings = elements.mappings(elements.mapping(content["scope"]), "coding")
    return all(each.get("code") == "patient-privacy" for each in codings)


def _is_verified(content: Content) -> bool:
    """Whether no verification failed; none need have been tried."""
    return all(each.get("verified") is True for each in elements.mappings(content, "verification"))


def _zone(content: Content) -> tzinfo:
    """The zone it states by extension, else the one its own dateTime is written in, else UTC."""
    offset, name = elements.extension(content, texts.UTC_OFFSET), elements.extension(content, texts.TIME_ZONE)
    if offset is not None:
        return elements.known(period.zone(elements.text(offset.get("valueString"))), Refusal.MALFORMED)
    if name is not None:
        return elements.known(period.named_zone(elements.text(name.get("valueCode"))), Refusal.MALFORMED)
    given = content.get("dateTime")
    told = period.widened(given) if isinstance(given, str) else None
    return cast("tzinfo", told.start.tzinfo) if told else UTC


def _grantor(content: Content, patient: str, guardians: Mapping[str, Grantor], clock: Clock) -> Grantor | None:
    """The one who signed, when it is the person or somebody whose relationship and authority are known."""
    performers = elements.mappings(content, "performer")
    if len(performers) != 1:
        return None
    named = performers[0].get("reference")
    if named == patient:
        return Grantor(reference=patient)
    if isinstance(named, str) and named.startswith("#"):
        return _contained(content, named.removeprefix("#"), clock)
    stated = provisions.reference(performers[0])
    if elements.extension(content, texts.AUTHORITY) is not None:
        return dialect.authorised(content, stated, clock)
    return guardians.get(stated)


def _contained(content: Content, name: str, clock: Clock) -> Grantor | None:
    held = [each for each in elements.mappings(content, "contained") if each.get("id") == name]
    return guardian(held[0], f"#{name}", clock) if len(held) == 1 else None


def guardian(person: Content, reference: str, clock: Clock) -> Grantor | None:
    """The authority of a RelatedPerson that says its relationship and until when; None when it says less."""
    codings = [
        each
        for concept in elements.mappings(person, "relationship")
        for each in elements.mappings(concept, "coding")
        if each.get("system") == texts.ROLE_CODE and each.get("code") in texts.GUARDIANS
    ]
    authority = clock.between(person, "period")
    is_usable = person.get("resourceType") == "RelatedPerson" and person.get("active", True) is True
    if not (is_usable and codings and authority and authority.until < period.END):
        return None
    return Grantor(reference=reference, relationship=_text(codings[0].get("code")), authority=authority)


def _text(value: Any) -> str:
    return elements.text(value)
