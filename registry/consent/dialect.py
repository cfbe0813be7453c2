"""Reads a FHIR Consent of our own dialect into an Agreement; whatever could be read in two ways is refused.

The dialect (profile continuity-consent): the root denies, `type` is stated on every nested provision, a
nested provision inherits what it does not state and never reaches outside its parent. Allowed are the
elements named here and no others. Invariant: `read` is total, and never reads an element that it does not
understand as absent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, timezone
from typing import Any, Final, cast

from registry.consent import elements, interview, period, texts
from registry.consent.agreement import (
    Agreement,
    Conditions,
    Effect,
    Grantor,
    Node,
    Refusal,
    Refused,
    Status,
)
from registry.consent.period import Period
from registry.consent.provisions import Clock
from registry.fhir.resource import Content, Resource
from registry.fhir.terminology import Coding

NAME: Final = "continuity"
MAX_DEPTH: Final = 32  # of provisions; deeper than any person can have understood

COUNTRY: Final = re.compile(r"[A-Z]{3}")
_VERSION: Final = re.compile(r"[1-9]\d{0,17}", re.ASCII)
_NOTICE: Final = {
    "language": re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*"),
    "version": re.compile(r"\S.*"),
    "sha256": re.compile(r"[0-9a-f]{64}"),
}
_ORGANISATION: Final = re.compile(r"Organization/[A-Za-z0-9.-]{1,64}")

_ROOT: Final = (
    *("resourceType", "id", "meta", "language", "text", "identifier", "extension", "status", "scope"),
    *("category", "patient", "dateTime", "performer", "policyRule", "verification", "provision"),
)
_PROVISION: Final = ("type", "period", "actor", "purpose", "securityLabel", "provision")
_STATUSES: Final = {each.value: each for each in Status}
_EXTENSIONS: Final = frozenset(
    {
        *(texts.TEXT, texts.INTERVIEW, texts.AUTHORITY, texts.ASSENT, texts.PROTECTED_FROM, texts.SUPERSEDES),
        *(texts.WITHDRAWN, texts.UTC_OFFSET),
    }
)


def read(consent: Resource) -> Agreement | Refused:
    """The consent as a canonical tree, or why it cannot be read without doubt. Never raises."""
    content = consent.content
    try:
        return _agreement(consent, content)
    except elements.Unclear as unclear:
        version = _version(content) or ""
        return Refused(id=consent.id, version=version, status=status(content), why=unclear.why)


def _agreement(consent: Resource, content: Content) -> Agreement:
    elements.require(consent.kind == "Consent", Refusal.NOT_A_CONSENT)
    elements.require(_profiles(content) == [texts.PROFILE], Refusal.OTHER_DIALECT)
    elements.only(content, _ROOT)
    elements.only_extensions(content, _EXTENSIONS)
    elements.require(_says_what_ours_say(content), Refusal.OTHER_DIALECT)
    patient = elements.person(content.get("patient"))
    elements.require(patient.startswith("Patient/"), Refusal.MALFORMED)
    clock = Clock(zone=_zone(content))
    elements.require(_states_notice(content) and interview.holds(content), Refusal.NO_NOTICE)
    return Agreement(
        id=consent.id,
        version=elements.known(_version(content), Refusal.NO_VERSION),
        status=elements.known(status(content), Refusal.UNKNOWN_CODE),
        patient=patient,
        grantor=_grantor(content, patient, clock),
        given_at=clock.when(content.get("dateTime")),
        verified=_verified(content),
        assent=assent(content),
        supersedes=supersedes(content, consent.id),
        protected_from=protected_from(content),
        root=_root(content, clock),
    )


def _profiles(content: Content) -> Any:
    meta = content.get("meta")
    return cast("Content", meta).get("profile") if isinstance(meta, Mapping) else None


def _version(content: Content) -> str | None:
    meta = content.get("meta")
    version = cast("Content", meta).get("versionId") if isinstance(meta, Mapping) else None
    return version if isinstance(version, str) and _VERSION.fullmatch(version) else None


def status(content: Content) -> Status | None:
    """Its status; None when it states none that exists."""
    stated = content.get("status")
    return _STATUSES.get(stated) if isinstance(stated, str) else None


def _says_what_ours_say(content: Content) -> bool:
    """Whether scope and policy are the ones of our dialect: another policy may mean another reading."""
    return content.get("scope") == texts.SCOPE and content.get("policyRule") == texts.POLICY


# --- who, when and on what notice -----------------------------------------------------------------


def _grantor(content: Content, patient: str, clock: Clock) -> Grantor:
    performers = elements.mappings(content, "performer")
    elements.require(len(performers) == 1, Refusal.NO_GRANTOR)
    reference = elements.grantor(performers[0])
    if reference.startswith("Patient/"):
        is_own = reference == patient and elements.extension(content, texts.AUTHORITY) is None
        elements.require(is_own, Refusal.NO_GRANTOR)
        return Grantor(reference=reference)
    return authorised(content, reference, clock)


def authorised(content: Content, reference: str, clock: Clock) -> Grantor:
    """Who speaks for a child, as the consent itself states it: the relationship and the last day of authority."""
    authority = elements.extension(content, texts.AUTHORITY)
    parts = elements.parts(elements.known(authority, Refusal.NO_GRANTOR), {"relationship", "start", "end"})
    relationship = elements.coding(parts.get("relationship"))
    is_kin = relationship.system == texts.ROLE_CODE and relationship.code in texts.GUARDIANS
    # Kin sign as what they are to the child, an officer as what he is by office: never the one for the other.
    fits = is_kin if reference.startswith("RelatedPerson/") else relationship == texts.OFFICER
    elements.require(fits, Refusal.NO_GRANTOR)
    start = clock.when(parts["start"]).start if "start" in parts else period.BEGINNING
    until = clock.when(parts.get("end")).until
    return Grantor(reference=reference, relationship=relationship.code, authority=Period(start, until))


def assent(content: Content) -> bool | None:
    """What the child itself said; None when it was not asked."""
    extension = elements.extension(content, texts.ASSENT)
    if extension is None:
        return None
    said = extension.get("valueBoolean")
    elements.require(isinstance(said, bool), Refusal.MALFORMED)
    return bool(said)


def _states_notice(content: Content) -> bool:
    """Whether it says which version of which text was shown, in which language."""
    shown = elements.extension(content, texts.TEXT)
    if shown is None:
        return False
    parts = elements.parts(shown, _NOTICE)
    return all(isinstance(parts.get(name), str) and form.fullmatch(parts[name]) for name, form in _NOTICE.items())


def _verified(content: Content) -> bool:
    """Whether the teach-back succeeded each time it was tried: one failed answer is not outvoted."""
    told = elements.mappings(content, "verification")
    for each in told:
        elements.only(each, ("verified", "verifiedWith", "verificationDate"))
    answers = [each.get("verified") for each in told]
    elements.require(all(isinstance(answer, bool) for answer in answers), Refusal.MALFORMED)
    return bool(answers) and all(answers)


def supersedes(content: Content, own_id: str) -> str | None:
    """The id of the consent it takes the place of, which is never itself."""
    extension = elements.extension(content, texts.SUPERSEDES)
    if extension is None:
        return None
    reference = elements.text(elements.mapping(extension.get("valueReference")).get("reference"))
    kind, _, other = reference.partition("/")
    elements.require(kind == "Consent" and bool(other), Refusal.MALFORMED)
    elements.require(other != own_id, Refusal.SUPERSEDES_ITSELF)
    return other


def protected_from(content: Content) -> frozenset[str]:
    """The countries it names as fled."""
    named = [each for each in elements.mappings(content, "extension") if each.get("url") == texts.PROTECTED_FROM]
    codings = [elements.coding(each.get("valueCoding")) for each in named]
    known = all(each.system == texts.COUNTRIES and COUNTRY.fullmatch(each.code) for each in codings)
    elements.require(known, Refusal.UNKNOWN_CODE)
    return frozenset(each.code for each in codings)


def _zone(content: Content) -> timezone:
    extension = elements.extension(content, texts.UTC_OFFSET)
    if extension is None:
        return UTC
    return elements.known(period.zone(elements.text(extension.get("valueString"))), Refusal.MALFORMED)


# --- the tree -------------------------------------------------------------------------------------


def _root(content: Content, clock: Clock) -> Node:
    provision = elements.mapping(content.get("provision"))
    elements.require(provision.get("type") == "deny", Refusal.OTHER_DIALECT)
    return _node(provision, Conditions(), clock, depth=1)


def _node(provision: Content, parent: Conditions, clock: Clock, depth: int) -> Node:
    elements.require(depth <= MAX_DEPTH, Refusal.TOO_DEEP)
    elements.only(provision, _PROVISION)
    effect = _effect(provision)
    conditions = _conditions(provision, parent, clock)
    elements.require(effect is Effect.DENY or _is_bounded(conditions), Refusal.PERMIT_TOO_WIDE)
    children = (_node(each, conditions, clock, depth + 1) for each in elements.mappings(provision, "provision"))
    return Node(effect=effect, conditions=conditions, children=tuple(children))


def _effect(provision: Content) -> Effect:
    stated = provision.get("type")
    elements.require(stated is not None, Refusal.NO_EFFECT)
    elements.require(stated in ("permit", "deny"), Refusal.UNKNOWN_CODE)
    return Effect(stated)


def _conditions(provision: Content, parent: Conditions, clock: Clock) -> Conditions:
    """The full conditions of a node: what it states, and what its parent states where it is silent."""
    return Conditions(
        actors=_narrowed(_actors(provision), parent.actors),
        purposes=_inside(_purposes(provision), parent.purposes),
        labels=_narrowed(_labels(provision), parent.labels),
        period=_shorter(clock.between(provision, "period"), parent.period),
    )


def _is_bounded(conditions: Conditions) -> bool:
    """Whether a permit names its recipient, its purpose, its classes and its end."""
    named = (conditions.actors, conditions.purposes, conditions.labels)
    return all(named) and conditions.period.until < period.END


def _narrowed(own: frozenset[Any] | None, parent: tuple[frozenset[Any], ...]) -> tuple[frozenset[Any], ...]:
    """The one set a node of ours has: there is never a second beside its parent's."""
    narrowed = _inside(own, parent[0] if parent else None)
    return () if narrowed is None else (narrowed,)


def _inside(own: frozenset[Any] | None, parent: frozenset[Any] | None) -> frozenset[Any] | None:
    if own is None or parent is None:
        return parent if own is None else own
    elements.require(own <= parent, Refusal.OUTSIDE_PARENT)
    return own


def _shorter(own: Period | None, parent: Period) -> Period:
    if own is None:
        return parent
    elements.require(own.within(parent), Refusal.OUTSIDE_PARENT)
    return own


def _actors(provision: Content) -> frozenset[str] | None:
    named: list[str] = []
    for actor in elements.mappings(provision, "actor"):
        elements.only(actor, ("role", "reference"))
        elements.require(_recipient(elements.mapping(actor.get("role"))), Refusal.UNKNOWN_CODE)
        reference = elements.mapping(actor.get("reference"))
        elements.only(reference, ("reference",))
        found = _ORGANISATION.fullmatch(elements.text(reference.get("reference")))
        named.append(elements.known(found, Refusal.MALFORMED)[0])
    return frozenset(named) or None


def _recipient(role: Content) -> bool:
    elements.only(role, ("coding",))
    return [elements.coding(each) for each in elements.mappings(role, "coding")] == [texts.RECIPIENT]


def _purposes(provision: Content) -> frozenset[Coding] | None:
    named = frozenset(elements.coding(each) for each in elements.mappings(provision, "purpose"))
    elements.require(named <= texts.PURPOSES, Refusal.UNKNOWN_CODE)
    return named or None


def _labels(provision: Content) -> frozenset[Coding] | None:
    named = frozenset(elements.coding(each) for each in elements.mappings(provision, "securityLabel"))
    elements.require(named <= texts.LABELS.keys(), Refusal.UNKNOWN_CODE)
    return named or None
