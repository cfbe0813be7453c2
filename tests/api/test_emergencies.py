"""Break-glass over HTTP: its silence is the silence of a question, in bytes and time; what the ombudsperson sees."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, get_args

import pytest

from registry.api import pleas
from registry.errors import Conflict
from registry.flows import decide, emergencies
from tests.api.conftest import DEADLINE, Service
from tests.api.test_callers import EMERGENCY, asked_person
from tests.api.test_silence import UNKNOWN_PERSON, bare
from tests.support import builders
from tests.support.builders import CLINIC, FAR_CLINIC, HOME_CLINIC, NEIGHBOUR, OMBUDSPERSON, OTHER_CLINIC, SCHOOL

pytestmark = pytest.mark.anyio


@pytest.fixture
async def card(service: Service) -> str:
    return await known(service)


async def known(service: Service) -> str:
    await builders.known_child(service.world)
    card = await builders.family(service.world)
    await builders.allow(service.world, card, SCHOOL)
    await builders.allow(service.world, card, FAR_CLINIC, agreed=False, understood=False)
    return card


async def broken(service: Service, name: str = CLINIC, **changes: Any) -> Any:
    return await service.post("/v1/emergencies", name, **{"person": asked_person(), **EMERGENCY, **changes})


def limited(service: Service, monkeypatch: pytest.MonkeyPatch, **settings: Any) -> None:
    """The same service with other settings."""
    registry = service.app.state.registry
    changed = replace(registry, settings=registry.settings.model_copy(update=settings))
    monkeypatch.setattr(service.app.state, "registry", changed)


def test_the_words_of_the_service_are_those_of_the_flow() -> None:
    fields = pleas.EmergencyQuestion.model_fields
    assert get_args(fields["role"].annotation) == emergencies.ROLES
    assert get_args(fields["safety"].annotation) == emergencies.SAFETY
    assert get_args(pleas.Verdict.model_fields["verdict"].annotation) == emergencies.VERDICTS


@pytest.mark.usefixtures("card")
async def test_every_silence_in_an_emergency_is_the_silence_of_a_question(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    silence = bare(await service.post("/v1/questions", CLINIC, person=UNKNOWN_PERSON))
    ways: Mapping[str, tuple[str, Mapping[str, Any]]] = {
        "nobody": (CLINIC, {"person": UNKNOWN_PERSON}),
        "the country fled": (HOME_CLINIC, {}),
        "a clinic that was refused": (FAR_CLINIC, {}),
        "a wrong card": (OTHER_CLINIC, {"card": "0" * 26}),
    }
    for why, (name, changes) in ways.items():
        assert bare(await broken(service, name, **changes)) == silence, why
    assert (await broken(service)).status_code == 200
    limited(service, monkeypatch, user_emergencies=1)
    assert bare(await broken(service)) == silence, "over the budget"


async def test_an_emergency_is_answered_at_the_deadline(slow_service: Service) -> None:
    await known(slow_service)
    for person, status in ((asked_person(), 200), (UNKNOWN_PERSON, 404)):
        started = time.monotonic()
        answered = await broken(slow_service, person=person)
        took = time.monotonic() - started
        assert (answered.status_code, DEADLINE <= took < 2 * DEADLINE) == (status, True), took


@pytest.mark.usefixtures("card")
async def test_where_a_family_decides_meanwhile_nothing_is_said_and_the_declaration_stands(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    silence = bare(await broken(service, person=UNKNOWN_PERSON))

    async def busy(*_: Any, **__: Any) -> None:
        raise Conflict

    monkeypatch.setattr(decide, "load", busy)
    assert bare(await broken(service)) == silence
    held = (await service.call("GET", "/v1/emergencies", OMBUDSPERSON)).json()
    assert [each["was_told"] for each in held] == [False, False]


async def test_the_ombudsperson_sees_who_and_when_no_content_and_reviews_it(service: Service, card: str) -> None:
    token = (await broken(service, OTHER_CLINIC)).json()["token"]
    answered = await service.call("GET", "/v1/emergencies", OMBUDSPERSON)
    (case,) = answered.json()
    assert (case["organisation"], case["user"], case["role"]) == (OTHER_CLINIC, "desk-1", "nurse")
    assert (case["was_told"], case["was_withheld"], case["verdict"], case["is_late"]) == (True, False, None, False)
    assert case["review_by"] > case["declared"]
    child = builders.ZAHOUANIA
    assert builders.found(answered.text, [child.given, child.family, child.mother, builders.LOT, token]) == []
    assert await names(service, card) == set()
    path = f"/v1/emergencies/{case['id']}/review"
    made = await service.post(path, OMBUDSPERSON, verdict="justified")
    assert made.json() == {"id": case["id"], "verdict": "justified", "is_late": False}
    assert (await service.post(path, OMBUDSPERSON, verdict="not-justified")).json()["verdict"] == "justified"
    assert await names(service, card) == {OTHER_CLINIC}


async def names(service: Service, card: str) -> set[str]:
    lines = (await service.post("/v1/trails", card=card)).json()
    assert any(each["action"] == "emergency" for each in lines)
    return {each["organisation"] for each in lines if each["action"].startswith("emergency") and each["organisation"]}


@pytest.mark.usefixtures("card")
async def test_the_ombudsperson_sees_alerts_without_persons_and_ends_them(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    limited(service, monkeypatch, user_emergencies=1, fishing_alarm=0.1)
    for person in (UNKNOWN_PERSON, {"given": NEIGHBOUR.given, "birth": str(NEIGHBOUR.born)}):
        await service.post("/v1/questions", OTHER_CLINIC, person=person)
    for _ in range(2):
        await broken(service)
    answered = await service.call("GET", "/v1/alerts", OMBUDSPERSON)
    alerts = answered.json()
    assert {(each["scope"], each["organisation"], each["user"]) for each in alerts} >= {
        ("emergency-user", CLINIC, "desk-1"),
        ("user", OTHER_CLINIC, "desk-1"),
        ("organisation", OTHER_CLINIC, ""),
    }
    assert {*alerts[0]} == {"id", "since", "scope", "organisation", "user", "asked", "silent"}
    assert builders.found(answered.text, [builders.ZAHOUANIA.given, NEIGHBOUR.given, builders.UNKNOWN.given]) == []
    for each in alerts:
        assert (await service.call("POST", f"/v1/alerts/{each['id']}/end", OMBUDSPERSON)).status_code == 204
    assert (await service.call("GET", "/v1/alerts", OMBUDSPERSON)).json() == []
    assert (await service.call("POST", f"/v1/alerts/{alerts[0]['id']}/end", OMBUDSPERSON)).status_code == 404
    assert (await broken(service)).status_code == 200
