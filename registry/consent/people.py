"""Who a question in JSON is about, who asks it, and who speaks for the child."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, cast

from registry.consent import elements, frame, wording
from registry.consent.agreement import Grantor
from registry.consent.provisions import Clock
from registry.consent.request import Facts
from registry.fhir import dates
from registry.fhir.resource import Content

KINDS: Final = frozenset({"Group", "RelatedPerson", "Patient"})
"""Resources that may stand beside the consents: they say who people are."""

_NOBODY: Final = "Patient/unstated"


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """The asker, the person and the guardians."""

    organisation: str
    parties: frozenset[str]
    role: str
    kind: Any
    jurisdiction: Any
    facts: Facts = field(repr=False)
    guardians: Mapping[str, Grantor] = field(repr=False)


def read(told: Content, resources: list[Content], actor: Any) -> People:
    """Read them from the request, what stands beside it, and the resources that came with the consents."""
    inner = wording.inner(actor)
    stated = {**told, **{name: inner[name] for name in inner if name not in ("reference", "person")}}
    organisation = wording.reference(_first(stated, "org", "organization", "organisation"))
    own = wording.references(told.get("actor")) | wording.references(inner.get("person"))
    role = wording.code(_first(stated, "role", "roles"))
    parties = own | frozenset(each for each in (organisation,) if "/" in each)
    named = _groups_named(resources)
    groups = _member_of(stated, resources, parties)
    groups |= frozenset(each for each in named if role and each.endswith(f"/{role}"))
    entitled = _is_entitled(stated)
    return People(
        organisation="" if "/" in organisation and not _is_plain(organisation) else organisation.rpartition("/")[2],
        parties=parties | groups | (named if entitled else frozenset[str]()),
        role="emergency-clinician" if entitled else role,
        kind=stated.get("kind"),
        jurisdiction=_first(stated, "jurisdiction", "country"),
        facts=_facts(told, resources),
        guardians=dict(_guardians(told, resources)),
    )


def _first(stated: Content, *names: str) -> Any:
    return next((stated[name] for name in names if name in stated), None)


def _is_plain(reference: str) -> bool:
    return reference.startswith("Organization/")


def _is_entitled(stated: Content) -> bool:
    return stated.get("entitled") is True or wording.inner(stated.get("breakGlass")).get("entitled") is True


def _groups_named(resources: list[Content]) -> frozenset[str]:
    """The groups any of the consents names as actor."""
    waiting = [each for one in resources for each in wording.objects(one.get("provision"))]
    found: set[str] = set()
    while waiting:
        held = waiting.pop()
        waiting.extend(wording.objects(held.get("provision")))
        found.update(wording.reference(each.get("reference")) for each in wording.objects(held.get("actor")))
    return frozenset(each for each in found if "Group/" in each)


def _member_of(stated: Content, resources: list[Content], parties: frozenset[str]) -> frozenset[str]:
    """The groups the asker belongs to: as listed, as `group: members`, or as Group resources."""
    listed: set[str] = set()
    for name in ("groups", "group", "memberOf"):
        value = stated.get(name)
        if isinstance(value, Mapping) and "reference" not in value and "resourceType" not in value:
            of = cast("Mapping[str, Any]", value)
            listed |= {group for group, members in of.items() if not parties.isdisjoint(wording.references(members))}
        else:
            listed |= {each for one in wording.several(value) for each in _group(one, parties)}
    return frozenset(listed) | {each for one in resources for each in _of_resource(one, parties)}


def _group(value: Any, parties: frozenset[str]) -> Iterator[str]:
    if isinstance(value, Mapping) and "resourceType" in value:
        yield from _of_resource(cast("Content", value), parties)
    else:
        yield from wording.references(value)


def _of_resource(resource: Content, parties: frozenset[str]) -> Iterator[str]:
    if resource.get("resourceType") != "Group":
        return
    named = [wording.reference(each.get("entity")) for each in wording.objects(resource.get("member"))]
    if not parties.isdisjoint(named):
        yield f"Group/{resource.get('id')}"


# --- the person and its guardians -----------------------------------------------------------------


def _facts(told: Content, resources: list[Content]) -> Facts:
    patients = [each for each in resources if each.get("resourceType") == "Patient"]
    birth = _first(told, "birth", "birthDate") or next((each.get("birthDate") for each in patients), None)
    fled = told.get("protectedFrom")
    age, alone = told.get("assentAge"), told.get("unaccompanied")
    facts: Any = {
        "person": _person(told, resources),
        "protected_from": None if fled is None else frozenset(wording.code(each) for each in wording.several(fled)),
        # A birth date that cannot be read is of the wrong type, and so refused: it must not count as unknown.
        "birth": None if birth is None else dates.parse(str(birth)) or birth,
        "assent_age": age,
        "unaccompanied": alone,
    }
    return Facts(**facts)


def _person(told: Content, resources: list[Content]) -> frozenset[str]:
    """Who is asked about: as stated, else the one person all consents are about."""
    stated = wording.references(_first(told, "patient", "subject", "person"))
    if stated:
        return stated
    named = {wording.reference(each.get("patient")) for each in resources} - {""}
    return frozenset(named) if len(named) == 1 else frozenset({_NOBODY})


def _guardians(told: Content, resources: list[Content]) -> Iterator[tuple[str, Grantor]]:
    """RelatedPersons whose relationship and authority are stated; one marked as not verified is nobody."""
    short = [each for name in ("guardians", "relatedPersons") for each in wording.objects(told.get(name))]
    for person in (*resources, *(_as_resource(each) for each in short)):
        reference = wording.reference(person.get("reference")) or f"RelatedPerson/{person.get('id')}"
        try:
            found = frame.guardian(person, reference, Clock(local=True))
        except elements.Unclear:
            continue
        if found:
            yield reference, found


def _as_resource(stated: Content) -> Content:
    """A guardian in short form: reference, relationship as bare code, authority as Period, verified."""
    if stated.get("resourceType") == "RelatedPerson":
        return stated
    if stated.get("verified", True) is not True:
        return {}
    code = wording.code(stated.get("relationship"))
    short = {"system": "http://terminology.hl7.org/CodeSystem/v3-RoleCode", "code": code}
    period = _first(stated, "authority", "period")
    named = {"resourceType": "RelatedPerson", "relationship": [{"coding": [short]}]}
    return {**stated, **named, **({"period": period} if period else {})}
