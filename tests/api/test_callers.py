"""Who may call which route: a row for every route, so that a new one without a row fails here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from starlette.routing import Mount, Route

from registry.api import app as service_app
from registry.api import bodies
from registry.flows.organisations import Kind
from registry.settings import Settings
from tests.api.conftest import Service
from tests.support import builders, samples
from tests.support.builders import (
    CLINIC,
    OMBUDSPERSON,
    OTHER_CLINIC,
    OTHER_SCHOOL,
    SCHOOL,
    STEWARD,
    VACCINES,
    ZAHOUANIA,
)

pytestmark = pytest.mark.anyio

DESKS = frozenset({Kind.CLINIC, Kind.SCHOOL})
OMBUDS = frozenset({Kind.OMBUDSPERSON})
PERSON = {"given": "Nabil", "birth": "2015-05-01"}
TODAY = builders.START.date().isoformat()
NOBODY = "0" * 32


@dataclass(frozen=True, kw_only=True)
class Row:
    """Who may use a route (None: everybody; a card speaks for its family), and a request it understands."""

    kinds: frozenset[Kind] | None = None
    body: Mapping[str, Any] | None = None
    content: bytes | None = None
    params: Mapping[str, str] = field(default_factory=dict[str, str])
    by_card: bool = False


CONSENT = {"card": "x", "domain": "health", "organisation": CLINIC, "until": TODAY}
EMERGENCY = {"role": "nurse", "safety": "unconscious", "reason": "found alone"}
ENROLMENT = {"school": "s", "grade": "3", "academic_year": "2026", "on": TODAY}
TABLE: Mapping[tuple[str, str], Row] = {
    ("GET", "/healthz"): Row(),
    ("GET", "/readyz"): Row(),
    ("GET", "/metadata"): Row(),
    ("GET", "/trust"): Row(),
    ("GET", "/.well-known/jwks.json"): Row(),
    ("GET", "/status-list"): Row(),
    ("GET", "/checkpoint"): Row(),
    ("GET", "/audit/trust"): Row(),
    ("GET", "/audit/growth"): Row(params={"size": "0"}),
    ("GET", "/docs"): Row(),
    ("GET", "/docs/oauth2-redirect"): Row(),
    ("GET", "/openapi.json"): Row(),
    ("GET", "/static-offline-docs"): Row(),
    ("POST", "/v1/submissions"): Row(
        kinds=frozenset({Kind.SOURCE}), content=samples.file(VACCINES), params={"adapter": "dhis2"}
    ),
    ("GET", "/v1/held-twice"): Row(kinds=frozenset({Kind.SOURCE})),
    ("POST", "/v1/questions"): Row(kinds=DESKS, body={"person": PERSON, "card": NOBODY}),
    ("POST", "/v1/families"): Row(kinds=DESKS, body={"person": PERSON}),
    ("POST", "/v1/cards"): Row(kinds=DESKS, body={"person": PERSON}),
    ("POST", "/v1/consent-texts"): Row(kinds=DESKS, body={name: CONSENT[name] for name in CONSENT if name != "card"}),
    ("POST", "/v1/consents"): Row(kinds=DESKS, body=CONSENT),
    ("POST", "/v1/withdrawals"): Row(body={"card": "x"}, by_card=True),
    ("POST", "/v1/trails"): Row(body={"card": "x"}, by_card=True),
    ("POST", "/v1/receipts"): Row(body={"card": "x"}, by_card=True),
    ("GET", "/v1/audit-events"): Row(kinds=OMBUDS, params={"from": TODAY, "to": TODAY}),
    ("POST", "/v1/people"): Row(kinds=DESKS, body={"person": PERSON, "patient": "7"}),
    ("POST", "/v1/doses"): Row(
        kinds=frozenset({Kind.CLINIC}), body={"person": PERSON, "patient": "7", "vaccine": "03", "on": TODAY}
    ),
    ("POST", "/v1/enrolments"): Row(
        kinds=frozenset({Kind.SCHOOL}), body={"person": PERSON, "patient": "7", **ENROLMENT}
    ),
    ("POST", "/v1/$immds-forecast"): Row(
        kinds=frozenset({Kind.CLINIC, Kind.SOURCE}), body=bodies.FORECAST, params={"schedule": "none"}
    ),
    ("GET", "/v1/reviews"): Row(kinds=frozenset({Kind.STEWARD})),
    ("GET", "/v1/reviews/{review_id}"): Row(kinds=frozenset({Kind.STEWARD})),
    ("POST", "/v1/reviews/{review_id}/kin"): Row(kinds=frozenset({Kind.STEWARD})),
    ("POST", "/v1/reviews/{review_id}"): Row(kinds=frozenset({Kind.STEWARD}), body={"verdict": "link"}),
    ("GET", "/v1/links"): Row(kinds=frozenset({Kind.STEWARD})),
    ("POST", "/v1/links"): Row(kinds=frozenset({Kind.STEWARD}), body={"card": "x"}),
    ("POST", "/v1/records"): Row(body={"card": "x"}, by_card=True),
    ("POST", "/v1/disputes"): Row(body={"card": "x", "record": "y", "words": "no"}, by_card=True),
    ("POST", "/v1/disputes/end"): Row(body={"card": "x", "record": "y"}, by_card=True),
    ("POST", "/v1/corrections"): Row(
        kinds=DESKS, body={"patient": "7", "reference": "Immunization/1", "why": "typing-error", "on": TODAY}
    ),
    ("POST", "/v1/papers"): Row(kinds=DESKS, body={"patient": "7"}),
    ("POST", "/v1/erasures"): Row(kinds=DESKS, body={"card": "x"}),
    ("POST", "/v1/erasures/end"): Row(body={"card": "x"}, by_card=True),
    ("POST", "/v1/erasures/standing"): Row(body={"number": "x"}, by_card=True),
    ("POST", "/v1/grievances"): Row(body={"words": "no", "card": "x"}, by_card=True),
    ("POST", "/v1/grievances/standing"): Row(body={"number": "x"}, by_card=True),
    ("GET", "/v1/grievances/counts"): Row(),
    ("GET", "/v1/grievances"): Row(kinds=OMBUDS),
    ("POST", "/v1/grievances/{complaint_id}/acknowledgement"): Row(kinds=OMBUDS),
    ("POST", "/v1/grievances/{complaint_id}/decision"): Row(kinds=OMBUDS, body={"outcome": "upheld", "answer": "yes"}),
    ("POST", "/v1/grievances/{complaint_id}/trail"): Row(kinds=OMBUDS),
    ("POST", "/v1/emergencies"): Row(kinds=frozenset({Kind.CLINIC}), body={"person": PERSON, **EMERGENCY}),
    ("GET", "/v1/emergencies"): Row(kinds=OMBUDS),
    ("POST", "/v1/emergencies/{emergency_id}/review"): Row(kinds=OMBUDS, body={"verdict": "justified"}),
    ("GET", "/v1/alerts"): Row(kinds=OMBUDS),
    ("POST", "/v1/alerts/{alert_id}/end"): Row(kinds=OMBUDS),
    ("POST", "/v1/attendance"): Row(kinds=frozenset({Kind.SCHOOL}), body={"person": PERSON, "card": NOBODY}),
    ("POST", "/v1/attendance/standing"): Row(kinds=frozenset({Kind.SCHOOL}), body={"number": "x"}),
    ("GET", "/v1/attendance"): Row(kinds=frozenset({Kind.SOURCE})),
    ("GET", "/v1/attendance/overdue"): Row(kinds=OMBUDS),
    ("POST", "/v1/attendance/{question_id}/answer"): Row(kinds=frozenset({Kind.SOURCE}), body={"answer": "yes"}),
    ("POST", "/v1/partings"): Row(kinds=frozenset({Kind.STEWARD}), body={"left": NOBODY, "right": NOBODY}),
}
GUARDED = {name: row for name, row in TABLE.items() if row.kinds is not None}
BY_KIND = {
    Kind.CLINIC: CLINIC,
    Kind.SCHOOL: SCHOOL,
    Kind.SOURCE: VACCINES,
    Kind.STEWARD: STEWARD,
    Kind.OMBUDSPERSON: OMBUDSPERSON,
}


def routes(each: Any) -> Iterator[tuple[str, str]]:
    """Every method and path an application or a router answers, however it was added."""
    for route in each.routes:
        if isinstance(route, Mount):
            yield "GET", route.path
        elif isinstance(route, Route):
            yield from ((method, route.path) for method in (route.methods or set()) - {"HEAD"})
        elif hasattr(route, "original_router"):
            yield from routes(route.original_router)
        else:
            yield from ((method, route.path) for method in route.methods)


def test_every_route_has_a_row_and_every_row_a_route() -> None:
    app = service_app.application(Settings())
    described = {(method.upper(), path) for path, methods in app.openapi()["paths"].items() for method in methods}
    answered = set(routes(app)) | described
    assert answered == set(TABLE)


async def send(service: Service, route: tuple[str, str], row: Row, **more: Any) -> Any:
    method, path = route
    content = {"json": row.body} if row.body is not None else {"content": row.content} if row.content else {}
    return await service.call(
        method,
        re.sub(r"\{\w+\}", NOBODY, path),
        params=row.params,
        **content,
        **more,
    )


def is_outcome(answered: Any, status: int, code: str) -> bool:
    body = answered.json()
    return (
        answered.status_code == status
        and answered.headers["content-type"] == "application/fhir+json"
        and body["resourceType"] == "OperationOutcome"
        and [each["code"] for each in body["issue"]] == [code]
        and bool(body["issue"][0]["diagnostics"])
    )


WRONG_KEYS: Mapping[str, Mapping[str, str]] = {
    "no key": {},
    "a wrong key": {"Authorization": "Bearer " + "x" * 43},
    "an empty key": {"Authorization": "Bearer "},
    "another scheme": {"Authorization": "Basic eDp5"},
    "only the scheme": {"Authorization": "Bearer"},
    "a very long key": {"Authorization": "Bearer " + "x" * 20_000},
    "a key of strange letters": {"Authorization": "Bearer \u00e9\u00e8\u00fc"},
}


@pytest.mark.parametrize("headers", WRONG_KEYS.values(), ids=WRONG_KEYS)
async def test_without_a_valid_key_no_guarded_route_answers(service: Service, headers: Mapping[str, str]) -> None:
    encoded = {name: value.encode("latin-1") for name, value in headers.items()}
    for route, row in GUARDED.items():
        answered = await send(service, route, row, headers=encoded)
        assert is_outcome(answered, 401, "login"), route
        assert answered.headers["www-authenticate"] == "Bearer"
    assert await untouched(service)


async def test_a_key_in_the_address_is_no_key(service: Service) -> None:
    key = service.world.keys[STEWARD]
    for params in ({"key": key}, {"access_token": key}, {"Authorization": f"Bearer {key}"}):
        assert (await service.call("GET", "/v1/reviews", params=params)).status_code == 401


@pytest.mark.parametrize("route", GUARDED, ids=lambda route: " ".join(route))
async def test_a_key_of_a_wrong_role_is_refused(service: Service, route: tuple[str, str]) -> None:
    row = GUARDED[route]
    assert row.kinds is not None
    for kind in BY_KIND.keys() - row.kinds:
        answered = await send(service, route, row, name=BY_KIND[kind])
        assert is_outcome(answered, 403, "forbidden"), kind
        assert builders.found(answered.text, (PERSON["given"], PERSON["birth"])) == []
    assert await untouched(service)


@pytest.mark.parametrize("route", GUARDED, ids=lambda route: " ".join(route))
async def test_a_key_of_a_right_role_passes_the_gate(service: Service, route: tuple[str, str]) -> None:
    """Otherwise the tests above would prove nothing."""
    row = GUARDED[route]
    assert row.kinds is not None
    for kind in row.kinds:
        answered = await send(service, route, row, name=BY_KIND[kind])
        assert answered.status_code not in (401, 403, 422, 500), kind


async def untouched(service: Service) -> bool:
    """Whether nobody was registered, told about or asked about."""
    async with service.world.registry.database.transaction() as tx:
        cursor = await tx.connection.execute(
            "SELECT (SELECT count(*) FROM registry.document), (SELECT count(*) FROM registry.audit_leaf)"
        )
        return await cursor.fetchone() == (0, 0)


# --- objects: two of each kind ---------------------------------------------------------------------


async def test_one_clinics_answer_is_not_anothers(service: Service) -> None:
    await builders.known_child(service.world)
    card = await builders.family(service.world)
    await builders.allow(service.world, card, CLINIC)
    person = asked_person()
    mine = await service.post("/v1/questions", CLINIC, person=person)
    theirs = await service.post("/v1/questions", OTHER_CLINIC, person=person, card=card)
    school = await service.post("/v1/questions", SCHOOL, person=person, card=card)
    assert (mine.status_code, theirs.status_code, school.status_code) == (200, 404, 404)


async def test_one_desks_number_and_summary_are_not_anothers(service: Service) -> None:
    await builders.known_child(service.world)
    card = await builders.family(service.world)
    for name in (CLINIC, OTHER_CLINIC):
        await builders.allow(service.world, card, name)
    person = asked_person()
    token = (await service.post("/v1/questions", CLINIC, person=person)).json()["token"]
    dose = {"patient": "7", "vaccine": "113", "on": TODAY, "summary": token}
    stolen = await service.post("/v1/doses", OTHER_CLINIC, person=person, **dose)
    assert is_outcome(stolen, 422, "invalid")
    own = await service.post("/v1/doses", CLINIC, person=person, **dose)
    other = await service.post("/v1/doses", OTHER_CLINIC, person=person, **{**dose, "summary": ""})
    assert own.json()["reference"] != other.json()["reference"]


async def test_a_source_hands_over_under_its_own_name_only(service: Service) -> None:
    """The name of the source comes from the key, whatever the request says."""
    answered = await service.call(
        "POST",
        "/v1/submissions",
        builders.MORE_VACCINES,
        params={"adapter": "dhis2", "source": VACCINES},
        content=samples.file(VACCINES),
    )
    assert answered.json()["source"] == builders.MORE_VACCINES


async def test_a_consent_of_one_family_is_not_withdrawn_with_the_card_of_another(service: Service) -> None:
    await builders.known_child(service.world)
    card, other = await builders.family(service.world), await builders.family(service.world, builders.UNKNOWN)
    given = await builders.allow(service.world, card, CLINIC)
    stolen = await service.post("/v1/withdrawals", card=other, consent=given.consent)
    assert stolen.status_code == 404
    assert (await service.post("/v1/questions", CLINIC, person=asked_person())).status_code == 200


@pytest.mark.parametrize("name", [OTHER_CLINIC, OTHER_SCHOOL])
async def test_a_new_key_of_an_organisation_is_that_organisation(service: Service, name: str) -> None:
    more = await builders.organisations.new_key(service.world.registry, name)
    for key in (more.key, service.world.keys[name]):
        headers = {"Authorization": f"Bearer {key}", "Desk-User": "desk-1"}
        body = {"person": PERSON, "grounds": builders.grounds(service.world, name)}
        answered = await service.call("POST", "/v1/questions", json=body, headers=headers)
        assert answered.status_code == 404


async def test_a_stolen_key_ends_with_the_next_that_is_given_alone(service: Service) -> None:
    registry = service.world.registry
    further = await builders.organisations.new_key(registry, CLINIC)
    fresh = await builders.organisations.new_key(registry, CLINIC, alone=True)
    held = (service.world.keys[CLINIC], further.key, fresh.key)
    body = {"person": PERSON, "grounds": "treatment"}
    asked = [{"Authorization": f"Bearer {key}", "Desk-User": "desk-1"} for key in held]
    answered = [await service.call("POST", "/v1/questions", json=body, headers=each) for each in asked]
    assert [each.status_code for each in answered] == [401, 401, 404]
    assert (await service.post("/v1/questions", OTHER_CLINIC, person=PERSON)).status_code == 404


def asked_person() -> dict[str, str]:
    said = builders.description(ZAHOUANIA, *builders.AT_A_DESK)
    return {name: value for name in builders.AT_A_DESK if (value := getattr(said, name))}
