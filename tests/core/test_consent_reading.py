"""Reading, writing and withdrawing Consents, and the periods in them."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from fhir.resources.R4B.consent import Consent
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from registry.consent import dialect, grant, texts
from registry.consent.agreement import Agreement, Effect, Node, Refusal, Refused, Status
from registry.consent.texts import ContentClass
from registry.errors import BadInput
from registry.fhir import resource
from registry.fhir.dates import PartialDate

AT = datetime(2026, 3, 15, 10, 30, 15, 123_456, tzinfo=timezone(timedelta(hours=3)))
MOTHER = grant.Guardian(reference="RelatedPerson/mother", relationship="MTH", authority_ends=PartialDate(2034, 5, 4))
NOTICE = grant.Notice(language="ar", version="1", sha256="5e" * 32, understood=True)


def question(**changes: Any) -> grant.Question:
    told: dict[str, Any] = {
        "patient": "Patient/child",
        "organisation": "clinic-bektar",
        "domain": ContentClass.DOSES,
        "starts": PartialDate(2026, 1, 1),
        "ends": PartialDate(2026, 12),
    }
    return grant.Question(**{**told, **changes})


def answer(**changes: Any) -> grant.Answer:
    told: dict[str, Any] = {"grantor": MOTHER, "notice": NOTICE, "at": AT, "agreed": True}
    return grant.Answer(**{**told, **changes})


def composed(**changes: Any) -> dict[str, Any]:
    return copy.deepcopy(dict(grant.compose("c1", question(), answer(**changes))))


def read(content: dict[str, Any]) -> Agreement:
    found = dialect.read(resource.of(content))
    assert isinstance(found, Agreement), found
    return found


def refusal(content: dict[str, Any]) -> Refusal:
    found = dialect.read(resource.of(content))
    assert isinstance(found, Refused), found
    return found.why


# --- writing --------------------------------------------------------------------------------------


@pytest.mark.parametrize("changes", [{}, {"places": True}, {"agreed": False}, {"fled": frozenset({"XAL"})}])
def test_what_is_written_is_valid_fhir_and_read_without_doubt(changes: dict[str, Any]) -> None:
    content = composed(**changes)
    Consent.model_validate(content)
    found = read(content)
    assert (found.id, found.version, found.status) == ("c1", "1", Status.ACTIVE)
    assert found.patient == "Patient/child"
    assert found.grantor.reference == "RelatedPerson/mother"
    assert found.grantor.authority.until == datetime(2034, 5, 5, tzinfo=UTC)
    assert found.given_at.covers(AT.replace(microsecond=123_000))
    assert found.protected_from == changes.get("fled", frozenset())


def test_the_answer_is_no_unless_it_says_yes_and_places_are_closed_unless_opened() -> None:
    silent = grant.Answer(grantor=MOTHER, notice=NOTICE, at=AT)
    refused = read(dict(grant.compose("c1", question(), silent))).root
    assert (refused.effect, refused.children) == (Effect.DENY, ())
    (agreed,) = read(composed()).root.children
    assert agreed.conditions.classes == {ContentClass.DOSES}
    (opened,) = read(composed(places=True)).root.children
    assert opened.conditions.classes == {ContentClass.DOSES, ContentClass.PLACE}


def test_a_permit_carries_all_its_conditions_by_itself() -> None:
    root = read(composed()).root
    (permit,) = root.children
    assert permit.effect is Effect.PERMIT
    assert permit.conditions.organisations == {"clinic-bektar"}
    assert permit.conditions.purposes == {texts.TREATMENT}
    assert permit.conditions.period == root.conditions.period
    assert permit.conditions.period.until == datetime(2027, 1, 1, tzinfo=UTC)


def test_a_consent_to_education_is_for_its_own_purpose() -> None:
    content = dict(grant.compose("c1", question(domain=ContentClass.SCHOOLING), answer()))
    assert read(content).root.conditions.purposes == {texts.EDUCATION_CONTINUITY}


def test_days_begin_and_end_in_the_stated_zone() -> None:
    content = dict(grant.compose("c1", question(), answer(), utc_offset="+03:00"))
    assert read(content).root.conditions.period.start == datetime(2025, 12, 31, 21, tzinfo=UTC)


@pytest.mark.parametrize(
    ("asked", "said", "where"),
    [
        (question(domain=ContentClass.PLACE), answer(), "domain"),
        (question(organisation="two words"), answer(), "malformed"),
        (question(patient="Group/all"), answer(), "malformed"),
        (question(ends=PartialDate(2025)), answer(), "malformed"),
        (question(), answer(grantor="Patient/somebody-else"), "no-grantor"),
        (question(), answer(grantor=MOTHER.reference), "no-grantor"),
        (question(), answer(notice=replace(NOTICE, language="")), "no-notice"),
        (question(), answer(notice=replace(NOTICE, sha256="5e")), "no-notice"),
        (question(), answer(fled=frozenset({"Almara"})), "unknown-code"),
        (question(), answer(supersedes="c1"), "supersedes-itself"),
        (question(), answer(at=AT.replace(tzinfo=None)), "at"),
    ],
)
def test_what_cannot_be_read_without_doubt_is_not_written(
    asked: grant.Question, said: grant.Answer, where: str
) -> None:
    with pytest.raises(BadInput) as raised:
        grant.compose("c1", asked, said)
    assert raised.value.where == where
    assert "Patient" not in str(raised.value)


def test_withdrawing_makes_a_new_version_and_deletes_nothing() -> None:
    content = composed(places=True)
    withdrawn = dict(grant.withdraw(resource.of(content), AT))
    Consent.model_validate(withdrawn)
    found = read(withdrawn)
    assert (found.version, found.status) == ("2", Status.INACTIVE)
    kept = {name: value for name, value in withdrawn.items() if name not in ("status", "meta", "extension")}
    assert kept == {name: value for name, value in content.items() if name in kept}
    assert withdrawn["extension"][:-1] == content["extension"]
    assert grant.withdraw(resource.of(withdrawn), AT + timedelta(days=1)) == withdrawn


def test_a_consent_that_cannot_be_read_can_be_withdrawn() -> None:
    content = {"resourceType": "Consent", "id": "c1", "meta": [], "extension": {}, "status": "active"}
    found = dialect.read(resource.of(grant.withdraw(resource.of(content), AT)))
    assert isinstance(found, Refused)
    assert found.status is Status.INACTIVE


# --- reading --------------------------------------------------------------------------------------


def change(path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    def changed(content: Any) -> None:
        *way, last = (int(step) if step.isdigit() else step for step in path.split("."))
        for step in way:
            content = content[step]
        if value is None:
            del content[last]
        else:
            content[last] = value

    return changed


PERMIT = "provision.provision.0"
LABEL = {"system": texts.CONTENT_CLASS, "code": "V"}
KIN = {"url": "relationship", "valueCoding": {"system": texts.ROLE_CODE, "code": "MTH"}}
END = {"url": "end", "valueDateTime": "2034"}
REFUSALS: list[tuple[str, Any, Refusal]] = [
    ("resourceType", "Contract", Refusal.NOT_A_CONSENT),
    ("meta.versionId", None, Refusal.NO_VERSION),
    ("meta.versionId", "0", Refusal.NO_VERSION),
    ("meta.versionId", "١", Refusal.NO_VERSION),
    ("meta.profile", [], Refusal.OTHER_DIALECT),
    ("meta.profile", [texts.PROFILE, "urn:other"], Refusal.OTHER_DIALECT),
    ("meta", "our own", Refusal.OTHER_DIALECT),
    ("scope.coding.0.code", "research", Refusal.OTHER_DIALECT),
    ("policyRule", None, Refusal.OTHER_DIALECT),
    ("provision.type", "permit", Refusal.OTHER_DIALECT),
    ("provision.type", None, Refusal.OTHER_DIALECT),
    ("provision", {}, Refusal.OTHER_DIALECT),
    ("provision", [], Refusal.MALFORMED),
    ("provision", None, Refusal.MALFORMED),
    ("modifierExtension", [{"url": "urn:not"}], Refusal.UNKNOWN_ELEMENT),
    ("_status", {"extension": []}, Refusal.UNKNOWN_ELEMENT),
    ("implicitRules", "urn:rules", Refusal.UNKNOWN_ELEMENT),
    ("contained", [{}], Refusal.UNKNOWN_ELEMENT),
    ("grantor", [{}], Refusal.UNKNOWN_ELEMENT),
    ("extension.0.url", "urn:unknown", Refusal.UNKNOWN_ELEMENT),
    ("extension.0.extension.0.url", "dialect", Refusal.UNKNOWN_ELEMENT),
    ("extension.0.extension.0.valueString", "ar", Refusal.UNKNOWN_ELEMENT),
    ("extension.0.extension.2", None, Refusal.NO_NOTICE),
    ("extension.0", None, Refusal.NO_NOTICE),
    ("extension.1", None, Refusal.NO_GRANTOR),
    ("extension.1.extension.1", None, Refusal.MALFORMED),
    ("extension.1.extension.0.valueCoding.code", "NBOR", Refusal.NO_GRANTOR),
    ("extension.1.extension.0.valueCoding.system", "urn:kin", Refusal.NO_GRANTOR),
    ("extension.1.extension", [KIN, END, END], Refusal.UNKNOWN_ELEMENT),
    ("status", "cancelled", Refusal.UNKNOWN_CODE),
    ("status", ["active"], Refusal.UNKNOWN_CODE),
    ("patient.reference", "Patient/", Refusal.MALFORMED),
    ("patient.reference", "https://elsewhere.example/Patient/child", Refusal.MALFORMED),
    ("patient.reference", "RelatedPerson/mother", Refusal.MALFORMED),
    ("patient.identifier", {"value": "1"}, Refusal.UNKNOWN_ELEMENT),
    ("performer", None, Refusal.NO_GRANTOR),
    ("performer", [{"reference": "RelatedPerson/a"}, {"reference": "RelatedPerson/b"}], Refusal.NO_GRANTOR),
    ("performer.0.reference", "Practitioner/nurse", Refusal.NO_GRANTOR),
    ("performer.0.reference", "Device/pump", Refusal.MALFORMED),
    ("performer.0.reference", "Patient/child", Refusal.NO_GRANTOR),
    ("dateTime", "2026-03-15T10:30", Refusal.MALFORMED),
    ("dateTime", "2026-03-15T10:30:00", Refusal.MALFORMED),
    ("dateTime", None, Refusal.MALFORMED),
    ("verification.0.verified", "true", Refusal.MALFORMED),
    ("verification.0.modifierExtension", [{}], Refusal.UNKNOWN_ELEMENT),
    ("verification", [], Refusal.MALFORMED),
    ("verification", {}, Refusal.MALFORMED),
    ("verification", 7, Refusal.MALFORMED),
    ("provision.period.end", None, Refusal.PERMIT_TOO_WIDE),
    ("provision.period", None, Refusal.PERMIT_TOO_WIDE),
    ("provision.period", {}, Refusal.MALFORMED),
    ("provision.period.end", "9999-12-31", Refusal.MALFORMED),
    ("provision.period.extension", [{"url": "urn:x"}], Refusal.UNKNOWN_ELEMENT),
    ("provision.actor", None, Refusal.PERMIT_TOO_WIDE),
    ("provision.actor", [], Refusal.MALFORMED),
    ("provision.actor.0.role.coding.0.code", "AUT", Refusal.UNKNOWN_CODE),
    ("provision.actor.0.role.text", "recipient", Refusal.UNKNOWN_ELEMENT),
    ("provision.actor.0.reference.reference", "Group/clinics", Refusal.MALFORMED),
    ("provision.actor.0.reference.reference", "Organization/a b", Refusal.MALFORMED),
    ("provision.actor.0.reference.display", "every clinic", Refusal.UNKNOWN_ELEMENT),
    ("provision.purpose", None, Refusal.PERMIT_TOO_WIDE),
    ("provision.purpose.0.code", "HOPERAT", Refusal.UNKNOWN_CODE),
    ("provision.purpose.0.extension", [{}], Refusal.UNKNOWN_ELEMENT),
    (f"{PERMIT}.type", None, Refusal.NO_EFFECT),
    (f"{PERMIT}.type", "allow", Refusal.UNKNOWN_CODE),
    (f"{PERMIT}.type", ["permit"], Refusal.UNKNOWN_CODE),
    (f"{PERMIT}.action", [{}], Refusal.UNKNOWN_ELEMENT),
    (f"{PERMIT}.class", [{}], Refusal.UNKNOWN_ELEMENT),
    (f"{PERMIT}.code", [{}], Refusal.UNKNOWN_ELEMENT),
    (f"{PERMIT}.data", [{}], Refusal.UNKNOWN_ELEMENT),
    (f"{PERMIT}.dataPeriod", {}, Refusal.UNKNOWN_ELEMENT),
    (f"{PERMIT}.securityLabel.0.code", "X", Refusal.UNKNOWN_CODE),
    (f"{PERMIT}.securityLabel.0.code", "G", Refusal.OUTSIDE_PARENT),
    (f"{PERMIT}.securityLabel", "V", Refusal.MALFORMED),
    (f"{PERMIT}.period", {"start": "2025"}, Refusal.OUTSIDE_PARENT),
    (f"{PERMIT}.period", {"end": "2027"}, Refusal.OUTSIDE_PARENT),
]


@pytest.mark.parametrize(("path", "value", "why"), REFUSALS, ids=[f"{p}={str(v)[:20]}" for p, v, _ in REFUSALS])
def test_what_could_be_read_in_two_ways_is_refused(path: str, value: Any, why: Refusal) -> None:
    content = composed()
    change(path, value)(content)
    assert refusal(content) is why


@pytest.mark.parametrize("url", [texts.TEXT, texts.AUTHORITY, texts.SUPERSEDES, texts.UTC_OFFSET])
def test_an_extension_that_stands_twice_is_refused(url: str) -> None:
    content = dict(grant.compose("c1", question(), answer(supersedes="c0"), utc_offset="+03:00"))
    twice = [*content["extension"], *(each for each in content["extension"] if each["url"] == url)]
    assert refusal({**content, "extension": twice}) is Refusal.MALFORMED


@pytest.mark.parametrize("reference", ["Contract/c0", "Consent/", "Consent", "c0"])
def test_what_takes_the_place_of_nothing_readable_is_refused(reference: str) -> None:
    content = composed(supersedes="c0")
    content["extension"][-1]["valueReference"]["reference"] = reference
    assert refusal(content) is Refusal.MALFORMED


def test_a_no_needs_to_say_which_text_was_shown_like_a_yes() -> None:
    content = composed(agreed=False)
    del content["extension"][0]
    assert refusal(content) is Refusal.NO_NOTICE


def test_one_consent_may_name_every_purpose_and_every_class() -> None:
    content = composed()
    content["provision"]["purpose"] = [{"system": e.system, "code": e.code} for e in texts.PURPOSES]
    content["provision"]["securityLabel"] = [{"system": e.system, "code": e.code} for e in texts.LABELS]
    assert read(content).root.conditions.purposes == texts.PURPOSES
    assert read(content).root.conditions.classes == {*texts.LABELS.values()}


def test_what_is_refused_keeps_the_version_and_status_it_states() -> None:
    content = composed()
    content["scope"] = {}
    assert dialect.read(resource.of(content)) == Refused(
        id="c1", version="1", status=Status.ACTIVE, why=Refusal.OTHER_DIALECT
    )
    del content["meta"]["versionId"], content["status"]
    assert dialect.read(resource.of(content)) == Refused(id="c1", version="", status=None, why=Refusal.OTHER_DIALECT)


def test_provisions_are_read_to_the_allowed_depth_and_no_further() -> None:
    content = composed()
    leaf = content["provision"]["provision"][0]
    for depth in range(3, dialect.MAX_DEPTH + 2):
        leaf["provision"] = [{"type": "deny" if depth % 2 else "permit"}]
        leaf = leaf["provision"][0]
        if depth <= dialect.MAX_DEPTH:
            assert height(read(content).root) == depth
    assert refusal(content) is Refusal.TOO_DEEP


def height(node: Node) -> int:
    return 1 + max((height(each) for each in node.children), default=0)


def test_what_a_child_does_not_say_its_parent_says() -> None:
    content = composed(places=True)
    content["provision"]["provision"][0]["provision"] = [
        {"type": "deny", "period": {"start": "2026-05", "end": "2026-07"}}
    ]
    (permit,) = read(content).root.children
    (inner,) = permit.children
    assert inner.conditions.organisations == permit.conditions.organisations
    assert inner.conditions.classes == permit.conditions.classes
    assert inner.conditions.period.start == datetime(2026, 5, 1, tzinfo=UTC)
    assert inner.conditions.period.until == datetime(2026, 8, 1, tzinfo=UTC)


@pytest.mark.parametrize(("answers", "verified"), [([True], True), ([True, False], False), ([False], False)])
def test_one_failed_teach_back_is_not_outvoted(answers: list[bool], verified: bool) -> None:
    content = composed()
    content["verification"] = [{"verified": each} for each in answers]
    assert read(content).verified is verified


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def places_in(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, each in inner for found in places_in(each, (*path, key)))]


def test_a_nested_period_that_leaves_an_end_open_reaches_outside_its_parent() -> None:
    content = composed()
    content["provision"]["provision"][0]["period"] = {"start": "2026-05"}
    assert refusal(content) is Refusal.OUTSIDE_PARENT


@settings(max_examples=300, deadline=None)
@given(st.data(), json_values)
def test_reading_never_raises_whatever_stands_in_a_consent(data: st.DataObject, odd: Any) -> None:
    content = composed(places=True, supersedes="c0", fled=frozenset({"XAL"}))
    path = data.draw(st.sampled_from(places_in(content)[1:]))
    assume(path not in (("resourceType",), ("id",)))
    target: Any = content
    for step in path[:-1]:
        target = target[step]
    target[path[-1]] = odd
    assert isinstance(dialect.read(resource.of(content)), Agreement | Refused)
