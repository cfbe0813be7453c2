"""Consents of other dialects and the questions they meet, made up at random. See `consent_cases`."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from typing import Any

from registry.consent import period, texts
from registry.consent.request import UNSTATED, Emergency, Item, OrganisationKind, Request
from registry.consent.texts import ContentClass
from registry.fhir.terminology import Coding

Json = dict[str, Any]

DIALECTS = ("pcf-r4", "pcf-r4", "r4", "hl7-notes", "unheard-of")
ORGANISATIONS = ("clinic-1", "clinic-2", "school-1")
PEOPLE = ("Practitioner/p1", "Practitioner/p2", "Group/g1", "RelatedPerson/mother")
FOOBAR = Coding(system="urn:research", code="FooBar")
PURPOSES = (
    *(
        Coding(system=texts.ACT_REASON, code=each)
        for each in ("TREAT", "HPAYMT", "HRESCH", "CLINTRCH", "ETREAT", "BTG")
    ),
    *(texts.EDUCATION_CONTINUITY, texts.CREDENTIAL_CHECK, FOOBAR),
)
LABELS = (
    *(Coding(system=texts.CONFIDENTIALITY, code=each) for each in ("N", "R", "V")),
    *(Coding(system=texts.ACT_CODE, code=each) for each in ("PSY", "SDV", "ADOL", "LOCIS")),
    *(Coding(system=texts.CONTENT_CLASS, code=each) for each in ("V", "G")),
)
AUTHORS = ("Practitioner/a1", "Practitioner/a2")
ENCOUNTERS = ("Encounter/e1", "Encounter/e2")
REFS = tuple(f"{kind}/{number}" for kind in ("Immunization", "Observation", "AllergyIntolerance") for number in (1, 2))
_STARTS = ("2025", "2026", "2026-03", "2026-03-31", "2026-03-31T12:00:00Z", "2026-03-31T12:00:00", "2026-04", "2027")
_ENDS = ("2026", "2026-03", "2026-03-31", "2026-03-30", "2026-03-31T11:59:59Z", "2026-02", "2025", "2027-02")
_WRITTEN = ("2025", "2026", "2026-03", "2026-03-30", "2026-03-31", "2026-04", "2024-02-29")
_ZONES = ("Europe/Berlin", "Asia/Kathmandu", "America/St_Johns")


def request(dice: Random, now: datetime) -> Request:
    """A question that says more or less, mostly about treatment."""
    purpose = dice.choices(PURPOSES, (12, 2, 2, 2, 1, 10, 4, 1, 2))[0]
    usual = OrganisationKind.SCHOOL if purpose in texts.EDUCATION else OrganisationKind.CLINIC
    kinds = (OrganisationKind.UNSTATED, usual, OrganisationKind.SCHOOL, OrganisationKind.STATE)
    return Request(
        organisation=dice.choice(ORGANISATIONS),
        kind=dice.choices(kinds, (16, 8, 1, 1))[0],
        jurisdiction=dice.choices((UNSTATED, "XAL", "XBK", "XCV-01", "xx"), (16, 8, 8, 4, 1))[0],
        purpose=purpose,
        at=now,
        parties=frozenset(dice.sample(PEOPLE, dice.choices((0, 1, 2), (1, 6, 2))[0])),
        role=dice.choice(("physician", "nurse", "clerk", "")),
        action=dice.choices(("access", "disclose", "read"), (40, 2, 1))[0],
        emergency=_emergency(dice, now) if dice.random() < (0.9 if purpose.code == "BTG" else 0.05) else None,
    )


def _emergency(dice: Random, now: datetime) -> Emergency:
    minutes = dice.choices((0, 59, 60, -1, 600), (6, 3, 1, 1, 1))[0]
    reason = dice.choices(("unconscious", "", "  "), (12, 1, 1))[0]
    return Emergency(reason=reason, safety=dice.random() < 0.85, declared=now - timedelta(minutes=minutes))


def item(dice: Random, number: int) -> Item:
    """A record with labels of several kinds, some unknown, some missing."""
    ref = dice.choice(REFS)
    usual = dice.choices(
        ((LABELS[0],), (LABELS[1],), (LABELS[3],), tuple(dice.sample(LABELS, 2)), ()), (8, 4, 2, 6, 1)
    )[0]
    strange = (Coding(system="urn:x", code="X"), Coding(system=texts.ACT_REASON, code="HTEST"))
    labels = {*usual, *((dice.choice(strange),) if dice.random() < 0.06 else ())}
    classes = {texts.LABELS[each] for each in labels if each in texts.LABELS}
    if ref.startswith("Immunization") and labels and not classes - {ContentClass.PLACE}:
        classes.add(ContentClass.DOSES)
    written = dice.choice((*_WRITTEN, *_WRITTEN, None))
    return Item(
        ref=ref if dice.random() < 0.9 else f"{ref}-{number}",
        classes=frozenset(classes),
        recorded_in=dice.choice(("XAL", "XBK", "XCV", None, None)),
        labels=frozenset(each for each in labels if each not in texts.LABELS),
        kind=ref.partition("/")[0] if dice.random() < 0.95 else "",
        authors=frozenset(dice.sample(AUTHORS, dice.choices((0, 1, 2), (1, 6, 1))[0])),
        written=period.widened(written) if written else None,
        related=frozenset(dice.sample(ENCOUNTERS, dice.choice((0, 1, 1)))),
        person=dice.choices((None, "Patient/child", "Patient/other"), (12, 3, 1))[0],
    )


def consent(dice: Random, consent_id: str, asked: Request, dialect: str) -> Json:
    """A consent of `dialect`, mostly about the asker; some are broken on purpose."""
    grantor = dice.choices(
        ("Patient/child", "RelatedPerson/mother", "RelatedPerson/father", "Practitioner/officer", "Patient/mother"),
        (10, 4, 3, 2, 1),
    )[0]
    content: Json = {
        "resourceType": "Consent",
        "id": consent_id,
        "extension": _extensions(dice, consent_id, grantor),
        "status": dice.choices(("active", "inactive", "draft"), (30, 1, 1))[0],
        "patient": {"reference": "Patient/child" if dice.random() < 0.96 else "Patient/other"},
        "dateTime": dice.choice(("2025-12-01", "2026-03-31T11:00:00Z", "2025-12-01T08:00:00-05:00", "2026-03-31")),
        "performer": [{"reference": grantor}],
        "provision": _root(dice, asked, dialect),
    }
    if not content["extension"]:
        del content["extension"]
    for name in ("dateTime", "performer"):
        if dice.random() < 0.02:
            del content[name]
    if dice.random() < 0.1:
        content["verification"] = [{"verified": dice.random() < 0.6} for _ in range(dice.choice((1, 2)))]
    if dialect == "r4" and dice.random() < 0.5:
        content["policyRule"] = {"coding": [{"code": dice.choices(("OPTIN", "OPTOUT"), (12, 1))[0]}]}
    if dice.random() < 0.06:
        dice.choice(BREAKS)(content, dice)
    return content


def _extensions(dice: Random, consent_id: str, grantor: str) -> list[Json]:
    found: list[Json] = []
    if grantor.startswith(("RelatedPerson", "Practitioner")) and dice.random() < 0.9:
        kin = {"system": texts.ROLE_CODE, "code": "MTH"}
        officer = {"system": texts.OFFICER.system, "code": texts.OFFICER.code}
        end = dice.choices(("2030", "2026-03-31", "2026-03-30"), (12, 1, 1))[0]
        parts: list[Json] = [
            {"url": "relationship", "valueCoding": kin if grantor.startswith("Related") else officer},
            {"url": "end", "valueDateTime": end},
        ]
        if dice.random() < 0.2:
            parts.append({"url": "start", "valueDateTime": dice.choice(("2020", "2026-03-31", "2026-04"))})
        found.append({"url": texts.AUTHORITY, "extension": parts})
    if dice.random() < 0.15:
        found.append({"url": texts.ASSENT, "valueBoolean": dice.random() < 0.7})
    if dice.random() < 0.15:
        others = [each for each in ("c1", "c2", "c3") if each != consent_id]
        found.append({"url": texts.SUPERSEDES, "valueReference": {"reference": f"Consent/{dice.choice(others)}"}})
    if dice.random() < 0.1:
        country = {"system": texts.COUNTRIES, "code": dice.choice(("XAL", "XBK"))}
        found.append({"url": texts.PROTECTED_FROM, "valueCoding": country})
    zone = dice.random()
    if zone < 0.1:
        found.append({"url": texts.UTC_OFFSET, "valueString": dice.choice(("+03:00", "-05:30", "Z"))})
    elif zone < 0.2:
        found.append({"url": texts.TIME_ZONE, "valueCode": dice.choice(_ZONES)})
    if dice.random() < 0.03:
        found.append({"url": "urn:unheard-of", "valueString": "a plain extension"})
    return found


def _root(dice: Random, asked: Request, dialect: str) -> Json:
    node = _conditions(dice, asked, 0.25)
    if dialect != "r4":
        node = {"type": dice.choices(("permit", "deny"), (4, 1))[0], **node}
    if "purpose" not in node and dice.random() < 0.7:
        node["purpose"] = [_coding(asked.purpose), _coding(dice.choice(PURPOSES))]
    children = [_nested(dice, asked, dialect, 2) for _ in range(dice.choices((0, 1, 2), (4, 4, 2))[0])]
    if dialect == "pcf-r4":
        node.pop("action", None)
        node.pop("class", None)
    return {**node, "provision": children} if children else node


def _nested(dice: Random, asked: Request, dialect: str, depth: int) -> Json:
    node = _conditions(dice, asked, 0.25)
    if dialect != "hl7-notes":
        node = {"type": dice.choices(("permit", "deny"), (3, 2))[0], **node}
    deeper = 0.02 if dialect == "pcf-r4" else 0.4
    if depth < 5 and dice.random() < deeper:
        node["provision"] = [_nested(dice, asked, dialect, depth + 1) for _ in range(dice.choice((1, 1, 2)))]
    return node


def _conditions(dice: Random, asked: Request, share: float) -> Json:
    node: Json = {}
    makers: tuple[tuple[str, float, Callable[[], Any]], ...] = (
        ("actor", 0.8, lambda: [_actor(dice, each) for each in _actors(dice, asked)]),
        ("purpose", 0.5, lambda: [_coding(each) for each in _purposes(dice, asked)]),
        ("securityLabel", 1.2, lambda: [_coding(each) for each in dice.sample(LABELS, dice.choice((1, 1, 2, 3)))]),
        ("action", 0.2, lambda: [_action(each) for each in dice.sample(("access", "disclose"), dice.choice((1, 2)))]),
        (
            "class",
            0.2,
            lambda: [{"system": texts.RESOURCE_TYPES, "code": dice.choice(("Immunization", "Observation"))}],
        ),
        ("period", 0.4, lambda: _period(dice)),
        ("dataPeriod", 0.8, lambda: _period(dice)),
        ("data", 0.6, lambda: [_data(dice) for _ in range(dice.choice((1, 1, 2)))]),
    )
    for name, weight, make in makers:
        if dice.random() < share * weight:
            node[name] = make()
    return node


def _actors(dice: Random, asked: Request) -> list[str]:
    own = [f"Organization/{asked.organisation}", *sorted(asked.parties)]
    return [dice.choice(own) if dice.random() < 0.7 else dice.choice(PEOPLE) for _ in range(dice.choice((1, 1, 2)))]


def _purposes(dice: Random, asked: Request) -> list[Coding]:
    return [asked.purpose] if dice.random() < 0.75 else dice.sample(PURPOSES, dice.choice((1, 2)))


def _actor(dice: Random, reference: str) -> Json:
    role = {"role": {"coding": [{"system": texts.PARTICIPATION, "code": "IRCP"}]}}
    return {**(role if dice.random() < 0.95 else {}), "reference": {"reference": reference}}


def _coding(coding: Coding) -> Json:
    return {"system": coding.system, "code": coding.code}


def _action(code: str) -> Json:
    return {"coding": [{"system": texts.CONSENT_ACTION, "code": code}]}


def _period(dice: Random) -> Json:
    found = {"start": dice.choice((*_STARTS[:5], *_STARTS)), "end": dice.choice((*_ENDS[:3], *_ENDS))}
    if dice.random() < 0.3:
        del found[dice.choice(("start", "end"))]
    return found


def _data(dice: Random) -> Json:
    meaning = dice.choice(("instance", "related", "authoredby", "dependents"))
    named = {"instance": (*REFS, *ENCOUNTERS), "authoredby": AUTHORS}.get(meaning, (*ENCOUNTERS, REFS[0]))
    return {"meaning": meaning, "reference": {"reference": dice.choice(named)}}


# --- broken on purpose ----------------------------------------------------------------------------


def _put(path: str, value: Any) -> Callable[[Json, Random], None]:
    """Put a value at a place of the consent; `child` is the first nested provision, or the root without any."""

    def broken(content: Json, _: Random) -> None:
        held = content
        *way, last = path.split(".")
        for step in way:
            root = content["provision"]
            held = (root.get("provision") or [root])[0] if step == "child" else held[step]
        held[last] = copy.deepcopy(value)

    return broken


def _drop(name: str) -> Callable[[Json, Random], None]:
    def broken(content: Json, _: Random) -> None:
        content.pop(name, None)

    return broken


def _drop_type(content: Json, _: Random) -> None:
    root = content["provision"]
    (root.get("provision") or [root])[0].pop("type", None)


def _many(content: Json, _: Random) -> None:
    root = content["provision"]
    root["provision"] = [dict(root) for _ in range(1_001)]


BREAKS: tuple[Callable[[Json, Random], None], ...] = (
    _put("modifierExtension", [{"url": "urn:not", "valueBoolean": True}]),
    _put("implicitRules", "urn:other"),
    _put("status", "cancelled"),
    _put("scope", {"coding": [{"code": "research"}]}),
    _put("provision", "everything"),
    _put("dateTime", "yesterday"),
    _put("performer", []),
    _put("verification", []),
    _put("patient", {"display": "somebody"}),
    _put("child.modifierExtension", [{"url": "urn:not", "valueBoolean": True}]),
    _put("child.extension", [{"url": "urn:x"}]),
    _put("child.code", [{"coding": [{"code": "x"}]}]),
    _put("child.type", "allow"),
    _put("child.type", "permit"),
    _put("child.purpose", [{"code": "TREAT"}]),
    _put("child.purpose", []),
    _put("child.securityLabel", [{"system": "urn:x", "code": "N"}]),
    _put(
        "child.actor",
        [{"role": {"coding": [{"system": texts.PARTICIPATION, "code": "AUT"}]}, "reference": {"reference": PEOPLE[0]}}],
    ),
    _put("child.actor", [{"reference": {"display": "everybody"}}]),
    _put("child.action", [{"coding": [{"system": texts.CONSENT_ACTION, "code": "sell"}]}]),
    _put("child.class", [{"system": "urn:ietf:bcp:13", "code": "Immunization"}]),
    _put("child.data", [{"meaning": "all", "reference": {"reference": REFS[0]}}]),
    _put("child.dataPeriod", {"start": "2026-04", "end": "2026-03"}),
    _put("child.period", {}),
    _put("child.provision", []),
    _put("provision.action", [_action("access")]),
    _drop("patient"),
    _drop("status"),
    _drop("provision"),
    _drop_type,
    _many,
)
