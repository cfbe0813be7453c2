"""Consents of foreign dialects: what could be read in two ways is refused."""

from __future__ import annotations

from typing import Any

import pytest

from registry.consent import dialect, readings, texts
from registry.consent.agreement import Agreement, Refusal, Refused, Status
from registry.fhir import resource
from tests.core.foreign_consents import (
    CHILD,
    PAYMENT,
    PCF,
    TREAT,
    action,
    actor,
    consent,
    data,
    extension,
    fled,
    in_dialect,
    kind,
    read,
    refusal,
    role,
)

# what is different, in PCF , why it is refused
REFUSED: list[tuple[dict[str, Any], Refusal]] = [
    ({"resourceType": "Contract"}, Refusal.NOT_A_CONSENT),
    ({"modifierExtension": [{}]}, Refusal.UNKNOWN_ELEMENT),
    ({"status": None}, Refusal.UNKNOWN_CODE),
    ({"status": ["active"]}, Refusal.UNKNOWN_CODE),
    ({"scope": "privacy"}, Refusal.MALFORMED),
    ({"scope": {"coding": [{"code": "research"}]}}, Refusal.OTHER_DIALECT),
    ({"scope": {"coding": [{"code": "patient-privacy"}, {"code": "adr"}]}}, Refusal.OTHER_DIALECT),
    ({"patient": None}, Refusal.MALFORMED),
    ({"patient": {"reference": "child"}}, Refusal.MALFORMED),
    ({"patient": {"reference": CHILD, "identifier": {}}}, Refusal.UNKNOWN_ELEMENT),
    ({"dateTime": "yesterday"}, Refusal.MALFORMED),
    ({"dateTime": ""}, Refusal.MALFORMED),
    ({"performer": []}, Refusal.MALFORMED),
    ({"performer": [{"reference": "the mother"}]}, Refusal.MALFORMED),
    ({"performer": [{"display": "the mother"}]}, Refusal.MALFORMED),
    ({"verification": []}, Refusal.MALFORMED),
    ({"extension": extension(texts.ASSENT, valueBoolean="yes")}, Refusal.MALFORMED),
    ({"extension": extension(texts.ASSENT, valueBoolean=True) * 2}, Refusal.MALFORMED),
    ({"extension": extension(texts.SUPERSEDES, valueReference={"reference": "Consent/c1"})}, Refusal.SUPERSEDES_ITSELF),
    ({"extension": extension(texts.SUPERSEDES, valueReference={"reference": "Contract/c0"})}, Refusal.MALFORMED),
    ({"extension": extension(texts.SUPERSEDES, valueReference={"reference": "Consent/"})}, Refusal.MALFORMED),
    ({"extension": fled("Almara")}, Refusal.UNKNOWN_CODE),
    ({"extension": fled("XAL", "urn:x")}, Refusal.UNKNOWN_CODE),
    ({"extension": extension(texts.UTC_OFFSET, valueString="CET")}, Refusal.MALFORMED),
    ({"extension": extension(texts.TIME_ZONE, valueCode="Europe/Nowhere")}, Refusal.MALFORMED),
    ({"provision": {"type": None}}, Refusal.MALFORMED),
    ({"provision": {"type": "allow"}}, Refusal.UNKNOWN_CODE),
    ({"provision": {"action": [action("access")]}}, Refusal.UNKNOWN_ELEMENT),
    ({"provision": {"class": [kind("Observation")]}}, Refusal.UNKNOWN_ELEMENT),
    ({"provision": {"purpose": []}}, Refusal.MALFORMED),
    ({"provision": {"purpose": [{"code": "TREAT"}]}}, Refusal.MALFORMED),
    ({"provision": {"purpose": [{**TREAT, "system": ""}]}}, Refusal.MALFORMED),
    ({"provision": {"purpose": [{**TREAT, "extension": []}]}}, Refusal.UNKNOWN_ELEMENT),
    ({"provision": {"period": {}}}, Refusal.MALFORMED),
    ({"provision": {"period": {"end": "2026", "extension": []}}}, Refusal.UNKNOWN_ELEMENT),
    ({"provision": {"period": {"start": "2026-04", "end": "2026-03"}}}, Refusal.MALFORMED),
    ({"provision": {"period": {"start": "2026-03-15T10:00:00Z", "end": "2026-03-15T09:59:59Z"}}}, Refusal.MALFORMED),
    ({"provision": {"securityLabel": [{"system": "urn:x", "code": "N"}]}}, Refusal.UNKNOWN_CODE),
    ({"provision": {"actor": [actor(role={})]}}, Refusal.UNKNOWN_CODE),
    ({"provision": {"actor": [actor(role=role("AUT"))]}}, Refusal.UNKNOWN_CODE),
    ({"provision": {"actor": [actor(role=role("IRCP", "AUT"))]}}, Refusal.UNKNOWN_CODE),
    ({"provision": {"actor": [actor(role={"coding": [], "text": "who receives"})]}}, Refusal.MALFORMED),
    ({"provision": {"actor": [actor(reference={"display": "everybody"})]}}, Refusal.MALFORMED),
    ({"provision": {"actor": [actor(reference={"reference": "#o"})]}}, Refusal.MALFORMED),
    ({"provision": {"actor": [actor(extension=[])]}}, Refusal.UNKNOWN_ELEMENT),
    ({"provision": {"data": [data(meaning="all")]}}, Refusal.UNKNOWN_CODE),
    ({"provision": {"data": [data(extension=[])]}}, Refusal.UNKNOWN_ELEMENT),
    ({"provision": {"provision": []}}, Refusal.MALFORMED),
    ({"provision": {"provision": ["the rest"]}}, Refusal.MALFORMED),
    ({"provision": {"provision": [{}]}}, Refusal.NO_EFFECT),
    ({"provision": {"provision": [{"type": "deny", "code": [{}]}]}}, Refusal.UNKNOWN_ELEMENT),
    ({"provision": {"provision": [{"type": "deny", "action": [action("sell")]}]}}, Refusal.UNKNOWN_CODE),
    ({"provision": {"provision": [{"type": "deny", "action": [action("access", "urn:x")]}]}}, Refusal.UNKNOWN_CODE),
    ({"provision": {"provision": [{"type": "deny", "action": [{"text": "access"}]}]}}, Refusal.UNKNOWN_CODE),
    (
        {"provision": {"provision": [{"type": "deny", "action": [{"coding": action("access")["coding"] * 2}]}]}},
        Refusal.UNKNOWN_CODE,
    ),
    ({"provision": {"provision": [{"type": "deny", "class": [kind("Observation", "urn:x")]}]}}, Refusal.UNKNOWN_CODE),
    ({"provision": {"provision": [{"type": "deny", "provision": [{"type": "deny"}]}]}}, Refusal.TOO_DEEP),
]
# dialect, what is different there , why it is refused
REFUSED_IN: list[tuple[str, dict[str, Any], Refusal]] = [
    ("r4", {"provision": {"type": "deny"}}, Refusal.TWO_EFFECTS),
    ("r4", {"policyRule": {"coding": [{"code": "OPTOUT"}]}}, Refusal.OTHER_DIALECT),
    ("r4", {"policyRule": {"coding": [{"code": "OPTIN"}, {"code": "OPTOUT"}]}}, Refusal.OTHER_DIALECT),
    ("r4", {"policyRule": "OPTIN"}, Refusal.MALFORMED),
    ("r4", {"provision": {"provision": [{}]}}, Refusal.NO_EFFECT),
    ("r4", {"provision": {"provision": [{"type": "permit", "purpose": [PAYMENT]}]}}, Refusal.OUTSIDE_PARENT),
    (
        "r4",
        {"provision": {"period": {"end": "2025"}, "provision": [{"type": "permit", "period": {"start": "2026"}}]}},
        Refusal.OUTSIDE_PARENT,
    ),
    (
        "r4",
        {
            "provision": {
                "dataPeriod": {"end": "2025"},
                "provision": [{"type": "permit", "dataPeriod": {"start": "2026"}}],
            }
        },
        Refusal.OUTSIDE_PARENT,
    ),
    (
        "r4",
        {
            "provision": {
                "action": [action("access")],
                "provision": [{"type": "permit", "action": [action("use")]}],
            }
        },
        Refusal.OUTSIDE_PARENT,
    ),
    (
        "r4",
        {
            "provision": {
                "class": [kind("Observation")],
                "provision": [{"type": "permit", "class": [kind("Immunization")]}],
            }
        },
        Refusal.OUTSIDE_PARENT,
    ),
    ("hl7-notes", {"provision": {"provision": [{"type": "deny"}]}}, Refusal.TWO_EFFECTS),
]


@pytest.mark.parametrize(("told", "why"), REFUSED, ids=[str(told)[:90] for told, _ in REFUSED])
def test_what_could_be_read_in_two_ways_is_refused(told: dict[str, Any], why: Refusal) -> None:
    assert refusal(in_dialect("pcf-r4", told), "pcf-r4") is why


@pytest.mark.parametrize(("name", "told", "why"), REFUSED_IN, ids=[f"{n} {t}"[:90] for n, t, _ in REFUSED_IN])
def test_what_another_reading_forbids_was_meant_in_a_third(name: str, told: dict[str, Any], why: Refusal) -> None:
    assert refusal(in_dialect(name, told), name) is why


@pytest.mark.parametrize("name", ["r4", "hl7-notes"])
def test_provisions_are_read_to_the_allowed_depth_and_no_further(name: str) -> None:
    content = in_dialect(name, {})
    leaf = content["provision"]
    for _ in range(dialect.MAX_DEPTH - 1):
        leaf["provision"] = [{"type": "permit"} if name == "r4" else {}]
        leaf = leaf["provision"][0]
    read(content, name)
    leaf["provision"] = [{"type": "permit"} if name == "r4" else {}]
    assert refusal(content, name) is Refusal.TOO_DEEP


def test_so_many_provisions_are_read_and_not_one_more() -> None:
    several = [{"type": "deny"}] * (999)
    assert len(read(in_dialect("pcf-r4", {"provision": {"provision": several}})).root.children) == len(several)
    assert refusal(in_dialect("pcf-r4", {"provision": {"provision": [*several, {"type": "deny"}]}}), "pcf-r4") is (
        Refusal.TOO_LARGE
    )


# profiles of a consent , the dialect that is stated beside it , whether it is read
PROFILES: list[tuple[Any, str | None, bool]] = [
    ([PCF], None, True),
    ([PCF, PCF], None, True),
    (["urn:other", PCF], None, True),
    ([7, PCF], None, True),
    (["urn:other"], "pcf-r4", True),
    (["urn:other"], None, False),
    ([PCF, texts.PROFILE], None, False),
    (PCF, None, False),
    ([], None, False),
    ([texts.PROFILE], "pcf-r4", False),
    ([PCF], "continuity", False),
    ([PCF], "unheard-of", False),
    ([PCF], "r4", False),
]


@pytest.mark.parametrize(("profile", "name", "is_read"), PROFILES)
def test_the_dialect_is_the_one_stated_else_the_one_of_the_profile(
    profile: Any, name: str | None, is_read: bool
) -> None:
    content = in_dialect("pcf-r4", {"meta": {"profile": profile}})
    found = readings.read(resource.of(content), name)
    assert isinstance(found, Agreement if is_read else Refused)


@pytest.mark.parametrize("meta", ["ours", [], None, {"versionId": 3}, {}])
def test_a_version_that_is_no_text_is_none(meta: Any) -> None:
    assert read(in_dialect("pcf-r4", {"meta": meta})).version == ""
    found = readings.read(resource.of(consent(meta=meta, status="draft")), "pcf-r4")
    assert found == Refused(id="c1", version="", status=Status.DRAFT, why=Refusal.NO_EFFECT)


def test_the_version_is_kept_whether_it_is_read_or_refused() -> None:
    meta = {"versionId": "3"}
    assert read(in_dialect("pcf-r4", {"meta": meta})).version == "3"
    found = readings.read(resource.of(consent(meta=meta)), "pcf-r4")
    assert found.version == "3"
