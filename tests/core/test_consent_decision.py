"""The laws of the decision, on made-up cases, and its agreement with a second evaluator written from the text."""

from __future__ import annotations

import copy
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from registry.consent import decision, grant, readings, texts
from registry.consent.agreement import Agreement, Refused, Status
from registry.consent.decision import Decision
from registry.consent.reasons import Outcome, Reason
from registry.consent.request import Facts, Item, OrganisationKind
from registry.consent.texts import ContentClass, Obligation
from registry.fhir import resource
from tests.support import consent_cases
from tests.support.consent_cases import Case, decided

CASES = 2_500
"""How many cases `make test` compares; `make prove` calls `consent_cases.disagreements` with more."""

SEED = 20260315
V, G, L = ContentClass.DOSES, ContentClass.SCHOOLING, ContentClass.PLACE
# By number, not drawn piece by piece: a case takes a hundred draws, and shrinking one would take minutes.
some_dice = st.integers(0, 2**32).map(Random)
a_case = some_dice.map(consent_cases.case)
one_of_ours = some_dice.map(consent_cases.own)


def widened(before: Decision, after: Decision) -> bool:
    """Whether `after` lets anything leave that `before` did not."""
    more = set(after.permitted) - set(before.permitted) or after.opened - before.opened
    return bool(more) or (after.outcome is Outcome.PERMIT and before.outcome is not Outcome.PERMIT)


def test_two_evaluators_agree_on_every_generated_case() -> None:
    assert consent_cases.disagreements(CASES, SEED) == []


@settings(max_examples=150, deadline=None)
@given(a_case)
def test_two_evaluators_agree_on_cases_never_seen_before(case: Case) -> None:
    assert consent_cases.evaluators_agree(case)


def test_the_generated_cases_reach_every_corner() -> None:
    found = [(case, decided(case)) for case in consent_cases.cases(CASES, SEED)]
    reasons = Counter(each.reason for _, each in found)
    assert set(Reason) - set(reasons) == {Reason.FAILED}
    assert min(reasons[each] for each in (Reason.PERMITTED, Reason.NO_CONSENT, Reason.CONSENT_DENIES)) >= 100
    assert sum(bool(each.opened) for _, each in found) >= 15
    assert sum(each.removed_classes == {L} for _, each in found) >= 15
    assert sum(case.facts.protected_from is None and bool(each.opened) for case, each in found) >= 1


@settings(max_examples=150, deadline=None)
@given(a_case)
def test_withdraw_then_decide_is_never_permit(case: Case) -> None:
    assume(case.request.purpose != texts.BREAK_GLASS)  # which stands in for a missing consent
    ended = [resource.of(grant.withdraw(resource.of(each), case.now)) for each in case.consents]
    withdrawn = [readings.read(each, case.dialect) for each in ended]
    for consents in (withdrawn, [*withdrawn, *consent_cases.agreements(case)]):
        found = decision.decide(consents, case.request, case.items, case.facts, case.now)
        assert found.outcome is not Outcome.PERMIT
        assert found.permitted == ()


@settings(max_examples=150, deadline=None)
@given(a_case, some_dice, st.integers(0, 4))
def test_adding_a_deny_never_permits_more(case: Case, dice: Random, place: int) -> None:
    assume(case.request.purpose != texts.BREAK_GLASS)
    denial = consent_cases.consent(dice, "added", case.request)
    denial["extension"] = [each for each in denial["extension"] if each["url"] != texts.SUPERSEDES]
    turn_to_deny(denial.get("provision"))
    consents = (*case.consents[:place], denial, *case.consents[place:])
    assert not widened(decided(case), decided(replace(case, consents=consents)))


@settings(max_examples=150, deadline=None)
@given(a_case)
def test_hearing_fewer_never_permits_more_and_hearing_nobody_permits_nothing(case: Case) -> None:
    assume(case.request.purpose != texts.BREAK_GLASS)  # which stands in for a missing consent
    everybody, nobody = (replace(case, facts=replace(case.facts, heard=heard)) for heard in (None, frozenset[str]()))
    assert not widened(decided(everybody), decided(case))
    assert not widened(decided(case), decided(nobody))
    assert decided(nobody).outcome is not Outcome.PERMIT


@settings(max_examples=150, deadline=None)
@given(a_case)
def test_the_no_of_who_is_not_heard_counts_like_any_other(case: Case) -> None:
    for each in case.consents:
        turn_to_deny(each.get("provision"))
    first, second = (decided(replace(case, facts=replace(case.facts, heard=each))) for each in (None, frozenset[str]()))
    assert first == second


def turn_to_deny(provision: Any) -> None:
    if isinstance(provision, dict):
        provision["type"] = "deny"
        for each in provision.get("provision", ()):
            turn_to_deny(each)


@settings(max_examples=150, deadline=None)
@given(one_of_ours, st.sampled_from(consent_cases.BREAKS), some_dice)
def test_a_consent_in_force_that_cannot_be_read_closes_everything(case: Case, broken: Any, dice: Random) -> None:
    consents = copy.deepcopy(case.consents)
    for each in consents:
        if isinstance(readings.read(resource.of(each), case.dialect), Agreement):
            broken(each, dice)
    after = decided(replace(case, consents=consents))
    agreements = [readings.read(resource.of(each), case.dialect) for each in consents]
    if any(isinstance(each, Refused) and each.status in (None, Status.ACTIVE) for each in agreements):
        assert after.permitted == ()
        assert after.outcome is Outcome.DENY


@settings(max_examples=100, deadline=None)
@given(a_case, some_dice)
def test_order_and_repetition_of_consents_do_not_matter(case: Case, dice: Random) -> None:
    shuffled = [*case.consents, *case.consents[:1]]
    dice.shuffle(shuffled)
    again = decided(replace(case, consents=tuple(shuffled)))
    first = decided(case)
    assert (again.outcome, again.reason, again.permitted, again.opened) == (
        first.outcome,
        first.reason,
        first.permitted,
        first.opened,
    )


@settings(max_examples=150, deadline=None)
@given(a_case, st.booleans())
def test_the_state_of_origin_never_keeps_a_place(case: Case, unknown: bool) -> None:
    asks_from = case.request.jurisdiction[:3]
    fled = None if unknown else frozenset({asks_from, "XZZ"})
    found = decided(replace(case, facts=replace(case.facts, protected_from=fled)))
    own = {each.ref for each in case.items if unknown and each.recorded_in == asks_from}
    assert found.opened <= own


@settings(max_examples=150, deadline=None)
@given(a_case)
def test_what_is_permitted_is_of_the_class_of_who_asks_and_nothing_is_forgotten(case: Case) -> None:
    found = decided(case)
    refs = {each.ref for each in case.items}
    assert set(found.permitted) | set(found.denied) == refs
    assert not set(found.permitted) & set(found.denied)
    assert found.opened <= set(found.permitted)
    schooling = case.request.kind is OrganisationKind.SCHOOL or case.request.purpose in texts.EDUCATION
    for each in case.items:
        if each.ref in found.permitted:
            assert each.marks
            assert each.classes <= {G if schooling else V, L}
    assert bool(found.obligations) is (found.outcome is Outcome.PERMIT)
    assert (Obligation.REDACT in found.obligations) is bool(found.removed_classes)


@settings(max_examples=150, deadline=None)
@given(a_case)
def test_every_permit_rests_on_a_named_version_that_is_active(case: Case) -> None:
    found = decided(case)
    active = {
        (each["id"], each.get("meta", {}).get("versionId")) for each in case.consents if each.get("status") == "active"
    }
    active = {(name, version or "") for name, version in active}
    if found.outcome is Outcome.PERMIT and Obligation.NOTIFY not in found.obligations:
        assert found.basis
        assert set(found.basis) <= active


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=5)
    | st.just(datetime(2026, 3, 15, tzinfo=UTC).replace(tzinfo=None)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None)
@given(a_case, st.integers(0, 4), anything)
def test_anything_unexpected_is_a_deny_and_never_an_exception(case: Case, place: int, odd: Any) -> None:
    parts: list[Any] = [consent_cases.agreements(case), case.request, case.items, case.facts, case.now]
    parts[place] = [*parts[place], odd] if place in (0, 2) else odd
    found = decision.decide(*parts)
    assert found.outcome is Outcome.DENY
    assert found.permitted == ()


@settings(max_examples=100, deadline=None)
@given(a_case, st.sampled_from(["organisation", "kind", "jurisdiction", "purpose", "at"]), anything)
def test_a_request_with_a_part_of_another_type_is_denied(case: Case, part: str, odd: Any) -> None:
    request: Any = replace(case.request, **{part: odd if not isinstance(odd, str) else None})
    found = decision.decide(consent_cases.agreements(case), request, case.items, case.facts, case.now)
    assert found.outcome is Outcome.DENY
    assert found.permitted == ()


def permitting_case() -> Case:
    return next(case for case in consent_cases.cases(500, SEED) if len(decided(case).permitted) >= 2)


def test_facts_of_another_type_are_denied() -> None:
    case = permitting_case()
    wrong: list[Any] = [
        Facts(person="Patient/child", protected_from=None, birth=None),  # type: ignore[arg-type]
        Facts(person=frozenset(), protected_from=None, birth=None),
        Facts(person=case.facts.person, protected_from="XAL", birth=None),  # type: ignore[arg-type]
        replace(case.facts, heard=[consent_cases.PERSON]),  # type: ignore[arg-type]
        Facts(person=case.facts.person, protected_from=None, birth="2016"),  # type: ignore[arg-type]
    ]
    for facts in wrong:
        assert decided(replace(case, facts=facts)).outcome is Outcome.DENY


def test_a_reference_that_is_denied_once_is_denied() -> None:
    case = permitting_case()
    twice = Item(ref=case.items[0].ref, classes=frozenset(), recorded_in=None)
    found = decided(replace(case, items=(*case.items, twice)))
    assert twice.ref not in found.permitted
    assert twice.ref in found.denied


def test_a_clock_without_zone_is_denied() -> None:
    case = permitting_case()
    assert decided(replace(case, now=case.now.replace(tzinfo=None))).reason is Reason.MALFORMED


def test_a_question_asked_later_than_now_is_denied() -> None:
    case = permitting_case()
    later = replace(case.request, at=case.now + timedelta(microseconds=1))
    assert decided(replace(case, request=later)).reason is Reason.MALFORMED


def test_neither_question_nor_answer_prints_who_it_is_about() -> None:
    case = permitting_case()
    found = decided(case)
    printed = repr((found, case.facts, case.items, consent_cases.agreements(case)))
    for each in (*found.permitted, *case.facts.person, "RelatedPerson/mother"):
        assert each not in printed
