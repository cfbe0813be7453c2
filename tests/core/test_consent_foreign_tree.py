"""What the provisions of a foreign consent say, and how a child is joined to its parent."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from registry.consent import provisions, texts
from registry.consent.agreement import Conditions, Effect, Meaning, Named
from registry.consent.period import Period
from registry.fhir.terminology import Coding
from tests.core.foreign_consents import (
    NORMAL,
    PAYMENT,
    RESTRICTED,
    TREAT,
    action,
    actor,
    data,
    in_dialect,
    kind,
    read,
    role,
)

SPAN = {"start": "2026", "end": "2026"}
YEAR = Period(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
WHOLE: dict[str, Any] = {
    "purpose": [TREAT, {**PAYMENT, "version": "1", "display": "payment", "userSelected": True}],
    "actor": [
        actor(role=role("IRCP", "PRCP")),
        actor(reference={"reference": "https://x.example/fhir/Group/g/_history/7", "type": "Group", "display": "G"}),
    ],
    "action": [action("access"), {**action("use"), "text": "use"}],
    "period": SPAN,
    "dataPeriod": SPAN,
    "securityLabel": [RESTRICTED],
    "class": [kind("Observation")],
    "data": [data(), data(meaning="authoredby")],
}


def told_in_full() -> Conditions:
    return Conditions(
        actors=(frozenset({"Organization/o", "https://x.example/fhir/Group/g"}),),
        purposes=frozenset(Coding(system=texts.ACT_REASON, code=each) for each in ("TREAT", "HPAYMT")),
        actions=frozenset({"access", "use"}),
        period=YEAR,
        labels=(frozenset({texts.RESTRICTED}),),
        kinds=frozenset({"Observation"}),
        data_period=YEAR,
        data=(
            frozenset(
                Named(meaning=each, reference="Observation/1") for each in (Meaning.INSTANCE, Meaning.AUTHORED_BY)
            ),
        ),
    )


def test_everything_a_provision_states_is_read() -> None:
    found = read(in_dialect("hl7-notes", {"provision": WHOLE}), "hl7-notes")
    assert found.root.conditions == told_in_full()
    silent = provisions.conditions({}, provisions.Clock())
    assert silent == Conditions()


@pytest.mark.parametrize("name", ["r4", "hl7-notes", "pcf-r4"])
@pytest.mark.parametrize("nested", [True, False])
def test_what_one_of_two_provisions_states_holds_for_the_inner(name: str, nested: bool) -> None:
    """Whether the parent says it all or the child, beside a purpose both share."""
    said = {
        each: value for each, value in WHOLE.items() if name != "pcf-r4" or nested or each not in ("action", "class")
    }
    inner = {"type": "deny"} if name != "hl7-notes" else {}
    silent = {"purpose": WHOLE["purpose"]}
    root, child = (silent, {**said, **inner}) if nested else (said, {**silent, **inner})
    (found,) = read(in_dialect(name, {"provision": {**root, "provision": [child]}}), name).root.children
    whole = told_in_full()
    if name == "pcf-r4" and not nested:
        whole = Conditions(
            **{each: getattr(whole, each) for each in whole.__slots__ if each not in ("actions", "kinds")}
        )
    assert found.conditions == whole
    assert found.effect is Effect.DENY


def test_a_permit_of_pcf_within_a_permit_adds_labels_and_a_denial_replaces_them() -> None:
    both = frozenset({texts.RESTRICTED, Coding(system=texts.CONFIDENTIALITY, code="N")})
    for effect, labels in (("permit", both), ("deny", frozenset({texts.RESTRICTED}))):
        nested = [{"type": effect, "securityLabel": [RESTRICTED]}]
        content = in_dialect("pcf-r4", {"provision": {"securityLabel": [NORMAL], "provision": nested}})
        (found,) = read(content).root.children
        assert found.conditions.labels == (labels,)


def test_what_is_narrowed_twice_must_be_met_twice() -> None:
    outer = {"purpose": [TREAT, PAYMENT], "securityLabel": [NORMAL], "period": {"end": "2026"}, "dataPeriod": SPAN}
    inner = {"purpose": [TREAT], "securityLabel": [RESTRICTED], "period": {"start": "2026"}, "dataPeriod": SPAN}
    for name in ("r4", "hl7-notes"):
        typed = {**inner, "type": "permit"} if name == "r4" else inner
        (found,) = read(in_dialect(name, {"provision": {**outer, "provision": [typed]}}), name).root.children
        assert found.conditions.purposes == {texts.TREATMENT}
        assert [len(each) for each in found.conditions.labels] == [1, 1]
        assert (found.conditions.period, found.conditions.data_period) == (YEAR, YEAR)
