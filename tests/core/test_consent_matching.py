"""Doubt never opens: what a provision decides about a record of which not everything is known."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from registry.consent import gates, matching, texts
from registry.consent.agreement import Conditions, Effect, Meaning, Named, Node
from registry.consent.matching import Question
from registry.consent.period import Period
from registry.consent.reasons import Reason
from registry.consent.request import Facts, Item, OrganisationKind, Request
from registry.consent.texts import ContentClass
from registry.fhir.terminology import Coding

NOW = datetime(2026, 3, 15, 10, tzinfo=UTC)
YEAR = Period(datetime(2025, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC))
LATER = Period(YEAR.until, NOW)
NORMAL = Coding(system=texts.CONFIDENTIALITY, code="N")
REQUEST = Request(organisation="o", kind=OrganisationKind.CLINIC, jurisdiction="XBK", purpose=texts.TREATMENT, at=NOW)
ITEM = Item(
    ref="Observation/1",
    classes=frozenset(),
    recorded_in=None,
    labels=frozenset({NORMAL}),
    kind="Observation",
    authors=frozenset({"Practitioner/a"}),
    written=YEAR,
)

FACTS = Facts(person=frozenset({"Patient/child"}), protected_from=None, birth=None)


def by(author: str) -> dict[str, Any]:
    return {"data": (frozenset({Named(meaning=Meaning.AUTHORED_BY, reference=author)}),)}


# condition that the record meets , one that it does not meet , the record without what tells
CONDITIONS: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    ({"labels": (frozenset({NORMAL}),)}, {"labels": (frozenset({texts.RESTRICTED}),)}, {"labels": frozenset()}),
    ({"kinds": frozenset({"Observation"})}, {"kinds": frozenset({"Immunization"})}, {"kind": ""}),
    ({"data_period": YEAR}, {"data_period": LATER}, {"written": None}),
    (by("Practitioner/a"), by("Practitioner/b"), {"authors": frozenset()}),
]


def matches(effect: Effect, conditions: dict[str, Any], item: Item) -> bool:
    question = Question(request=REQUEST, purposes=frozenset({texts.TREATMENT}), item=item, now=NOW)
    return matching.matches(Node(effect=effect, conditions=Conditions(**conditions)), question)


@pytest.mark.parametrize(("met", "unmet", "untold"), CONDITIONS)
def test_what_is_not_known_is_not_opened_and_is_closed(
    met: dict[str, Any], unmet: dict[str, Any], untold: dict[str, Any]
) -> None:
    for effect in Effect:
        assert matches(effect, met, ITEM)
        assert not matches(effect, unmet, ITEM)
    for condition in (met, unmet):
        assert not matches(Effect.PERMIT, condition, replace(ITEM, **untold))
        assert matches(Effect.DENY, condition, replace(ITEM, **untold))


# kind of asker , what it asks for , the class of the record , whether that is its own
DOMAINS = [
    (OrganisationKind.CLINIC, texts.TREATMENT, ContentClass.DOSES, True),
    (OrganisationKind.CLINIC, texts.EDUCATION_CONTINUITY, ContentClass.SCHOOLING, False),
    (OrganisationKind.SCHOOL, texts.EDUCATION_CONTINUITY, ContentClass.SCHOOLING, True),
    (OrganisationKind.SCHOOL, texts.TREATMENT, ContentClass.DOSES, False),
    (OrganisationKind.UNSTATED, texts.TREATMENT, ContentClass.DOSES, True),
    (OrganisationKind.UNSTATED, texts.EDUCATION_CONTINUITY, ContentClass.DOSES, False),
]


@pytest.mark.parametrize(("kind", "purpose", "held", "is_its_own"), DOMAINS)
def test_no_purpose_brings_a_kind_of_asker_the_records_of_another(
    kind: OrganisationKind, purpose: Coding, held: ContentClass, is_its_own: bool
) -> None:
    asked = replace(REQUEST, kind=kind, purpose=purpose)
    found = gates.item_closed(replace(ITEM, classes=frozenset({held})), asked, FACTS)
    assert found is (None if is_its_own else Reason.CLASS_NOT_OF_KIND)


def test_a_record_that_carries_every_label_there_is_is_labelled() -> None:
    every = texts.SENSITIVITIES | texts.CONFIDENTIALITIES | texts.HANDLING
    item = replace(ITEM, labels=every - texts.LABELS.keys(), classes=frozenset(texts.CODES))
    assert gates.item_closed(item, REQUEST, FACTS) is Reason.CLASS_NOT_OF_KIND
    strange = replace(item, classes=frozenset({ContentClass.LINKS}))
    assert gates.item_closed(strange, REQUEST, FACTS) is Reason.CLASS_NOT_OF_KIND
    unknown = replace(item, labels=item.labels | {Coding(system="urn:x", code="N")})
    assert gates.item_closed(unknown, REQUEST, FACTS) is Reason.UNLABELLED
