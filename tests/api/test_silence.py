"""Refused, unknown and out of reach: one answer, in its bytes, its headers and its time."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from registry.flows import rights
from tests.api.conftest import Service
from tests.api.test_callers import asked_person
from tests.support import builders
from tests.support.builders import CLINIC, OTHER_CLINIC, SCHOOL, UNKNOWN, ZAHOUANIA

pytestmark = pytest.mark.anyio

UNKNOWN_PERSON = {"given": UNKNOWN.given, "family": UNKNOWN.family, "birth": UNKNOWN.born.isoformat()}
DEADLINE = 0.4


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


async def test_every_question_is_answered_at_the_deadline(slow_service: Service) -> None:
    ways = await ways_to_learn_nothing(slow_service)
    ways["answered"] = (CLINIC, {"person": asked_person()})
    took: dict[str, float] = {}
    for why, (name, body) in ways.items():
        started = time.monotonic()
        answered = await slow_service.post("/v1/questions", name, **body)
        took[why] = time.monotonic() - started
        assert answered.status_code == (200 if why == "answered" else 404)
    assert min(took.values()) >= DEADLINE, took
    silent = [seconds for why, seconds in took.items() if why != "answered"]
    assert max(silent) - min(silent) < DEADLINE, took


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
        answered = await service.call("POST" if name else "GET", path, name, json={"person": UNKNOWN_PERSON})
        assert answered.headers["cache-control"] == "no-store"
