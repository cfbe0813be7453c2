"""Gate 1: what is missing or of another type closes the door at once, and is not left to go wrong later."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from registry.consent import decision, emergency, texts, walking
from registry.consent.agreement import Conditions
from registry.consent.decision import Decision
from registry.consent.reasons import Outcome, Reason
from registry.consent.request import Emergency, Item, OrganisationKind
from registry.consent.texts import ContentClass
from registry.fhir.terminology import Coding
from tests.support import consent_cases
from tests.support.consent_cases import Case, agreements

NAIVE = datetime(2026, 3, 15, tzinfo=UTC).replace(tzinfo=None)
CASE = next(
    each
    for each in consent_cases.own_cases(500, 20260315)
    if consent_cases.decided(each).permitted and consent_cases.walked(each).permitted
)
DECLARED = Emergency(reason="unconscious", safety=True, declared=CASE.now)

ITEMS: list[tuple[str, dict[str, Any]]] = [
    ("a record without reference", {"ref": ""}),
    ("a reference that is no text", {"ref": 7}),
    ("classes in a list", {"classes": [ContentClass.DOSES]}),
    ("a class told by its letter", {"classes": frozenset({"V"})}),
    ("labels in a list", {"labels": [texts.RESTRICTED]}),
    ("a label told by its letter", {"labels": frozenset({"R"})}),
    ("a place told by a label, where only a class is taken out", {"labels": frozenset({texts.PLACE})}),
    ("authors in a list", {"authors": ["Practitioner/a"]}),
    ("an author without name", {"authors": frozenset({""})}),
    ("an encounter that is no text", {"related": frozenset({7})}),
    ("encounters in a list", {"related": []}),
    ("a day that is text", {"written": "2026-03-15"}),
]
ASKED: list[tuple[str, dict[str, Any]]] = [
    ("an organisation that is no text", {"organisation": None}),
    ("nobody who asks", {"organisation": "", "parties": frozenset()}),
    ("parties in a list", {"parties": ["Practitioner/a"]}),
    ("a party without name", {"parties": frozenset({""})}),
    ("no purpose", {"purpose": None}),
    ("a purpose told by its letters", {"purpose": "TREAT"}),
    ("a moment without zone", {"at": NAIVE}),
    ("no moment", {"at": None}),
    ("a moment later than now", {"at": CASE.now + timedelta(microseconds=1)}),
    ("no action", {"action": ""}),
    ("an action that is no text", {"action": 1}),
    ("an emergency that only says so", {"emergency": True}),
    ("an emergency without reason", {"emergency": replace(DECLARED, reason=None)}),  # pyright: ignore[reportArgumentType]
    ("an emergency declared at no zone's time", {"emergency": replace(DECLARED, declared=NAIVE)}),
]
PLACED: list[tuple[str, dict[str, Any]]] = [
    ("a kind told by its name", {"kind": "clinic"}),
    ("no kind", {"kind": None}),
    ("no jurisdiction", {"jurisdiction": None}),
    ("a jurisdiction by its name", {"jurisdiction": "Almara"}),
    ("a province without its letters", {"jurisdiction": "XAL-"}),
]
FACTS: list[tuple[str, dict[str, Any]]] = [
    ("a person told by one reference", {"person": consent_cases.PERSON}),
    ("nobody", {"person": frozenset()}),
    ("countries in a list", {"protected_from": ["XAL"]}),
    ("no country as text", {"protected_from": ""}),
    ("a birth that is text", {"birth": "2016"}),
    ("a birth that is empty", {"birth": ""}),
    ("heard in a list", {"heard": [consent_cases.PERSON]}),
    ("nobody heard as text", {"heard": ""}),
    ("an age that is text", {"assent_age": "12"}),
    ("alone or not, as text", {"unaccompanied": "no"}),
]


def asked(case: Case) -> tuple[Decision, Decision]:
    """What is decided, and what the consents alone would say."""
    of = (agreements(case), case.request, case.items, case.facts, case.now)
    return decision.decide(*of), walking.walk(*of)


def assert_malformed(*found: Decision) -> None:
    for each in found:
        assert (each.outcome, each.reason, each.permitted) == (Outcome.DENY, Reason.MALFORMED, ())


@pytest.mark.parametrize("change", [each for _, each in ITEMS], ids=[name for name, _ in ITEMS])
def test_a_record_that_is_not_plainly_stated(change: dict[str, Any]) -> None:
    for items in ((replace(CASE.items[0], **change), *CASE.items), (*CASE.items, replace(CASE.items[0], **change))):
        assert_malformed(*asked(replace(CASE, items=items)))


@pytest.mark.parametrize("change", [each for _, each in ASKED], ids=[name for name, _ in ASKED])
def test_a_question_that_is_not_plainly_stated(change: dict[str, Any]) -> None:
    assert_malformed(*asked(replace(CASE, request=replace(CASE.request, **change))))


@pytest.mark.parametrize("change", [each for _, each in PLACED], ids=[name for name, _ in PLACED])
def test_an_asker_that_is_not_plainly_stated_may_only_ask_what_the_consents_alone_say(change: dict[str, Any]) -> None:
    registry, alone = asked(replace(CASE, request=replace(CASE.request, **change)))
    assert_malformed(registry)
    assert alone.outcome is Outcome.PERMIT


@pytest.mark.parametrize("change", [each for _, each in FACTS], ids=[name for name, _ in FACTS])
def test_facts_that_are_not_plainly_stated(change: dict[str, Any]) -> None:
    assert_malformed(*asked(replace(CASE, facts=replace(CASE.facts, **change))))


def test_a_clock_without_zone() -> None:
    assert_malformed(*asked(replace(CASE, now=CASE.now.replace(tzinfo=None))))


# consents, request, records, facts, moment: what is said of each that is missing
MISSING = [Reason.FAILED, Reason.MALFORMED, Reason.FAILED, Reason.MALFORMED, Reason.FAILED]


@pytest.mark.parametrize("part", range(5))
def test_a_part_that_is_missing(part: int) -> None:
    parts: list[Any] = [agreements(CASE), CASE.request, CASE.items, CASE.facts, CASE.now]
    parts[part] = None
    for found in (decision.decide(*parts), walking.walk(*parts)):
        assert (found.outcome, found.reason, found.permitted) == (Outcome.DENY, MISSING[part], ())


def test_a_record_that_is_none() -> None:
    assert_malformed(*asked(replace(CASE, items=(None,))))  # pyright: ignore[reportArgumentType]


def test_an_emergency_plainly_stated_closes_nothing_that_was_open() -> None:
    for request in (replace(CASE.request, emergency=DECLARED), replace(CASE.request, parties=frozenset({"Group/g"}))):
        assert asked(replace(CASE, request=request)) == asked(CASE)


@pytest.mark.parametrize("kind", list(OrganisationKind))
def test_nobody_breaks_the_glass_but_a_clinic_and_whoever_does_not_say(kind: OrganisationKind) -> None:
    request = replace(CASE.request, kind=kind, purpose=texts.BREAK_GLASS, emergency=DECLARED)
    may = kind in (OrganisationKind.CLINIC, OrganisationKind.UNSTATED)
    for is_origin in (False, True):
        found = emergency.closed(request, CASE.now, is_origin=is_origin, is_entitled=True)
        assert found is (None if may and not is_origin else Reason.RECEIVES_NOTHING)


MINIMAL: list[tuple[set[ContentClass], str, bool]] = [
    ({ContentClass.DOSES}, "Immunization", True),
    ({ContentClass.DOSES, ContentClass.PLACE}, "Immunization", True),
    ({ContentClass.DOSES}, "", True),
    ({ContentClass.DOSES}, "Observation", False),
    ({ContentClass.DOSES, ContentClass.SCHOOLING}, "Immunization", False),
    ({ContentClass.SCHOOLING}, "", False),
    ({ContentClass.PLACE}, "Immunization", False),
    (set(), "AllergyIntolerance", True),
    ({ContentClass.PLACE}, "AllergyIntolerance", False),
    (set(), "Condition", False),
]


@pytest.mark.parametrize(("classes", "kind", "is_minimal"), MINIMAL)
def test_an_emergency_needs_doses_and_allergies_and_nothing_else(
    classes: set[ContentClass], kind: str, is_minimal: bool
) -> None:
    item = Item(ref="r", classes=frozenset(classes), recorded_in=None, kind=kind)
    assert emergency.is_minimal(item) is is_minimal


def test_a_condition_that_names_nobody_and_nothing_means_anybody_and_anything() -> None:
    assert (Conditions().organisations, Conditions().classes) == (None, None)
    label = Coding(system=texts.CONFIDENTIALITY, code="R")
    named = Conditions(actors=(frozenset({"Organization/o"}),), labels=(frozenset({label}),))
    assert (named.organisations, named.classes) == (frozenset({"o"}), frozenset())
