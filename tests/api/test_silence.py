"""Refused, unknown and out of reach: one answer, in its bytes, its headers and its time."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any

import anyio
import httpx
import orjson
import pytest
from fastapi.routing import APIRoute

from registry.api import deadline, emergencies, operations, redress
from registry.errors import Conflict, KeyProblem
from registry.flows import decide, rights
from registry.store import audit
from tests.api.conftest import DEADLINE, Service
from tests.api.test_callers import asked_person
from tests.support import builders
from tests.support.builders import CLINIC, OTHER_CLINIC, SCHOOL, UNKNOWN, ZAHOUANIA

pytestmark = pytest.mark.anyio

JSON = "application/json"
UNKNOWN_PERSON = {"given": UNKNOWN.given, "family": UNKNOWN.family, "birth": UNKNOWN.born.isoformat()}


def bare(answered: httpx.Response) -> tuple[int, bytes, list[tuple[str, str]]]:
    headers = [(name, value) for name, value in answered.headers.items() if name != "date"]
    return answered.status_code, answered.content, sorted(headers)


async def ways_to_learn_nothing(service: Service) -> dict[str, tuple[str, Mapping[str, Any]]]:
    """Who asks what, where nothing may be said."""
    world = service.world
    await builders.known_child(world)
    card = await builders.family(world)
    await builders.allow(world, card, CLINIC)
    await builders.allow(world, card, SCHOOL, agreed=False, understood=False)
    other = await builders.family(world, builders.NEIGHBOUR)
    await builders.allow(world, other, CLINIC)
    await rights.withdraw(world.registry, other)
    person, neighbour = asked_person(), {"given": builders.NEIGHBOUR.given, "family": builders.NEIGHBOUR.family}
    neighbour["birth"] = builders.NEIGHBOUR.born.isoformat()
    return {
        "nobody": (CLINIC, {"person": UNKNOWN_PERSON}),
        "nobody, in another script": (CLINIC, {"person": {"given": "وسيم", "birth": "2020"}}),
        "known, but another clinic was named": (OTHER_CLINIC, {"person": person}),
        "known, but the school was refused": (SCHOOL, {"person": person}),
        "known, but withdrawn": (CLINIC, {"person": neighbour}),
        "known, with a wrong card": (CLINIC, {"person": person, "card": "0" * 26}),
        "known, with another family's card": (OTHER_CLINIC, {"person": person, "card": other}),
        "too little": (CLINIC, {"person": {"given": ZAHOUANIA.given}}),
        "in another language": (OTHER_CLINIC, {"person": person, "language": "ar"}),
    }


async def test_every_silence_has_the_same_status_bytes_and_headers(service: Service) -> None:
    answers = {
        why: bare(await service.post("/v1/questions", name, **body))
        for why, (name, body) in (await ways_to_learn_nothing(service)).items()
    }
    assert {each[0] for each in answers.values()} == {404}
    for why, each in answers.items():
        assert each == answers["nobody"], why


async def test_no_question_is_answered_before_the_deadline(slow_service: Service) -> None:
    ways = await ways_to_learn_nothing(slow_service)
    ways["answered"] = (CLINIC, {"person": asked_person()})
    took: dict[str, float] = {}
    for why, (name, body) in ways.items():
        started = time.monotonic()
        answered = await slow_service.post("/v1/questions", name, **body)
        took[why] = time.monotonic() - started
        assert answered.status_code == (200 if why == "answered" else 404)
    # How soon after it they leave, and whether that tells anything, is measured by the proof `timing`.
    assert min(took.values()) >= DEADLINE, took


async def test_what_is_found_too_late_is_answered_like_nothing_and_audited(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    ways = await ways_to_learn_nothing(service)
    name, body = ways["nobody"]
    silence = bare(await service.post("/v1/questions", name, **body))
    hurried = service.app.state.registry.settings.model_copy(update={"answer_seconds": 0.001})
    monkeypatch.setattr(service.app.state, "registry", replace(service.app.state.registry, settings=hurried))
    late = await service.post("/v1/questions", CLINIC, person=asked_person())
    assert bare(late) == silence
    await deadline.finished()
    assert await events(service, "summary") == 1


async def test_whoever_asks_when_every_place_is_taken_is_told_to_ask_again_known_or_not(
    slow_service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    await builders.known_child(slow_service.world)
    registry = slow_service.app.state.registry
    narrow = replace(registry, settings=registry.settings.model_copy(update={"questions_at_once": 1}))
    monkeypatch.setattr(slow_service.app.state, "registry", narrow)
    told: dict[str, list[httpx.Response]] = {"known": [], "unknown": []}

    async def ask(who: str) -> None:
        person = asked_person() if who == "known" else UNKNOWN_PERSON
        told[who].append(await slow_service.post("/v1/questions", CLINIC, person=person))

    for first, then in (("known", "unknown"), ("unknown", "known")):
        async with anyio.create_task_group() as group:
            group.start_soon(ask, first)
            await anyio.sleep(DEADLINE / 4)
            group.start_soon(ask, then)
        await deadline.finished()
    assert [each.status_code for each in told["known"]] == [404, 503]
    assert [each.status_code for each in told["unknown"]] == [503, 404]
    assert bare(told["known"][1]) == bare(told["unknown"][0])
    assert await events(slow_service, "nothing") == 2, "who is told to ask again has not asked"


async def events(service: Service, answer: str) -> int:
    async with service.world.registry.database.transaction() as tx:
        return sum(each.event.get("answer") == answer for each in await audit.entries(tx))


@pytest.mark.parametrize("error", [Conflict(), KeyProblem(), ValueError("what a record says")], ids=repr)
async def test_what_goes_wrong_with_a_known_childs_records_is_answered_like_nothing(
    slow_service: Service, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """An error of its own would say that there are records."""
    ways = await ways_to_learn_nothing(slow_service)
    name, body = ways["nobody"]
    silence = bare(await slow_service.post("/v1/questions", name, **body))

    async def broken(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(decide, "load", broken)
    assert bare(await slow_service.post("/v1/questions", CLINIC, person=asked_person())) == silence


async def test_what_a_desk_records_is_answered_at_a_step_of_the_clock(slow_service: Service) -> None:
    await builders.known_child(slow_service.world)
    for person in (asked_person(), UNKNOWN_PERSON, {"given": "x", "birth": "never"}):
        started = time.monotonic()
        await slow_service.post("/v1/people", CLINIC, person=person, patient=person["given"])
        steps = (time.monotonic() - started) / DEADLINE
        assert 0 < steps - int(steps) < 0.5, steps


async def test_a_body_sent_slowly_does_not_choose_where_the_steps_fall(slow_service: Service) -> None:
    """Sent just before a step ends, it would tell work that is a little longer by a whole step."""
    body = orjson.dumps({"person": UNKNOWN_PERSON, "patient": "1"})
    sent: list[float] = []

    async def slowly() -> AsyncIterator[bytes]:
        yield body[:10]
        await anyio.sleep(0.6 * DEADLINE)
        sent.append(time.monotonic())
        yield body[10:]

    answered = await slow_service.call("POST", "/v1/people", CLINIC, content=slowly(), headers={"Content-Type": JSON})
    assert answered.status_code == 201
    assert time.monotonic() - sent[0] >= DEADLINE


def test_whatever_reads_about_a_child_is_answered_at_a_deadline_or_at_a_step() -> None:
    at_a_deadline, of_no_child = {"/v1/questions", "/v1/emergencies"}, {"/v1/consent-texts", "/v1/$immds-forecast"}
    routers = (operations.router, operations.stepped, redress.router, emergencies.router)
    routes = [each for router in routers for each in router.routes if isinstance(each, APIRoute)]
    about = [each for each in routes if {*each.tags} & {"family", "clinic and school"}]
    assert len(about) > 15
    free = {each.path for each in about if not isinstance(each, deadline.Stepped)}
    assert free == at_a_deadline | of_no_child


async def test_a_withdrawal_is_confirmed_when_every_answer_found_before_it_has_left(slow_service: Service) -> None:
    world = slow_service.world
    await builders.known_child(world)
    card = await builders.family(world)
    await builders.allow(world, card, CLINIC)
    left: dict[str, float] = {}

    async def post(path: str, name: str | None, **body: Any) -> None:
        answered = await slow_service.post(path, name, **body)
        left[f"{path} {answered.status_code}"] = time.monotonic()

    async with anyio.create_task_group() as group:
        group.start_soon(lambda: post("/v1/questions", CLINIC, person=asked_person()))
        await anyio.sleep(DEADLINE / 2)
        group.start_soon(lambda: post("/v1/withdrawals", None, card=card))
    assert left["/v1/questions 200"] < left["/v1/withdrawals 200"]


GROUNDS: Mapping[str, tuple[str, Mapping[str, str], Mapping[str, Any]]] = {
    "no card and no grounds": (CLINIC, {}, {"grounds": ""}),
    "grounds that nobody attests": (CLINIC, {"Desk-User": ""}, {}),
    "a school that treats": (SCHOOL, {}, {"grounds": "treatment"}),
    "a clinic that enrols, with a card": (CLINIC, {}, {"grounds": "enrolment", "card": "0" * 26}),
    "a user named like a person": (CLINIC, {"Desk-User": "Khadija Ben"}, {}),
}


@pytest.mark.parametrize(("name", "headers", "body"), GROUNDS.values(), ids=GROUNDS)
async def test_without_grounds_nothing_is_looked_up_whoever_is_meant(
    service: Service, name: str, headers: Mapping[str, str], body: Mapping[str, Any]
) -> None:
    await builders.known_child(service.world)
    told: list[tuple[int, bytes]] = []
    for person in (asked_person(), UNKNOWN_PERSON):
        asking = {"grounds": builders.grounds(service.world, name), "person": person, **body}
        answered = await service.call("POST", "/v1/questions", name, json=asking, headers=dict(headers))
        told.append((answered.status_code, answered.content))
    assert told[0] == told[1]
    assert told[0][0] == 422
    assert await events(service, "nothing") == 0


async def test_the_audit_says_on_what_grounds_and_who_of_the_desk_asked(service: Service) -> None:
    await service.post("/v1/questions", CLINIC, person=UNKNOWN_PERSON)
    await service.post("/v1/questions", SCHOOL, person=UNKNOWN_PERSON, card="0" * 26)
    async with service.world.registry.database.transaction() as tx:
        asked = [each.event for each in await audit.entries(tx) if each.event["action"] == "ask"]
    told = sorted((each["organisation"], each["user"], each["grounds"]) for each in asked)
    assert told == [(CLINIC, "desk-1", "treatment"), (SCHOOL, "desk-1", "card")]


async def test_a_desk_registers_a_known_and_an_unknown_child_in_the_same_way(service: Service) -> None:
    await builders.known_child(service.world)
    known = await service.post("/v1/people", CLINIC, person=asked_person(), patient="1")
    unknown = await service.post("/v1/people", CLINIC, person=UNKNOWN_PERSON, patient="2")
    shape = [
        (each.status_code, sorted(each.json()), len(each.content), each.json()["outcome"]) for each in (known, unknown)
    ]
    assert shape[0] == shape[1]


async def test_a_family_is_opened_in_the_same_way_whether_or_not_its_child_is_known(service: Service) -> None:
    await builders.known_child(service.world)
    known = await service.post("/v1/families", CLINIC, person=asked_person())
    unknown = await service.post("/v1/families", CLINIC, person=UNKNOWN_PERSON)
    assert known.status_code == unknown.status_code == 201
    assert len(known.content) == len(unknown.content)


async def test_an_answer_is_not_to_be_kept_by_anybody_between(service: Service) -> None:
    for name, path in ((None, "/metadata"), (CLINIC, "/v1/questions")):
        body = {"person": UNKNOWN_PERSON, "grounds": "treatment"}
        answered = await service.call("POST" if name else "GET", path, name, json=body)
        assert answered.headers["cache-control"] == "no-store"
