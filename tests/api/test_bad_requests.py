"""Requests that cannot be used: one OperationOutcome with every problem, nothing echoed, nothing stored."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Mapping
from typing import Any

import orjson
import pytest

from registry.settings import Settings
from tests.api import conftest
from tests.api.conftest import Service
from tests.api.test_callers import PERSON, TABLE, TODAY, asked_person, untouched
from tests.support import builders, samples
from tests.support.builders import CLINIC, SCHOOL, STEWARD, VACCINES, ZAHOUANIA

pytestmark = pytest.mark.anyio

CANARY = "Zzyzxcanary"
WITH_A_BODY = [path for (method, path), row in TABLE.items() if method == "POST" and row.body]
CALLERS = {
    "/v1/enrolments": SCHOOL,
    **dict.fromkeys(("/v1/reviews/{review_id}", "/v1/links", "/v1/partings"), STEWARD),
}


def problems(answered: Any, status: int | None = None) -> list[str]:
    """The places an answer names, after holding the answer to the form of an OperationOutcome."""
    body = answered.json()
    assert body["resourceType"] == "OperationOutcome"
    assert answered.headers["content-type"] == "application/fhir+json"
    assert all({"severity", "code", "diagnostics"} <= set(each) for each in body["issue"])
    assert builders.found(answered.text, [CANARY]) == [], "the request is echoed"
    assert builders.found(answered.text, ["Traceback", "pydantic", "psycopg", ".py", "site-packages"]) == []
    if status is not None:
        assert answered.status_code == status, answered.text
    return [place for each in body["issue"] for place in each.get("expression", [])]


def body_of(path: str) -> dict[str, Any]:
    return dict(TABLE["POST", path].body or {})


async def send(service: Service, path: str, **more: Any) -> Any:
    return await service.call("POST", re.sub(r"\{\w+\}", "0" * 32, path), CALLERS.get(path, CLINIC), **more)


# --- the body --------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [each for each in WITH_A_BODY if "$" not in each])  # operations: test_forecast
async def test_every_missing_field_is_named(service: Service, path: str) -> None:
    answered = await send(service, path, json={})
    schema = service.app.openapi()
    name = schema["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    required = schema["components"]["schemas"][name.rpartition("/")[2]]["required"]
    assert sorted(problems(answered, 422)) == sorted(required)


@pytest.mark.parametrize("path", WITH_A_BODY)
async def test_a_field_that_does_not_exist_is_refused_and_not_echoed(service: Service, path: str) -> None:
    answered = await send(service, path, json={**body_of(path), CANARY: CANARY})
    problems(answered, 422)
    if "person" in body_of(path):
        nested = await send(service, path, json={**body_of(path), "person": {**PERSON, "giben": CANARY}})
        assert problems(nested, 422) == ["person.giben"]
    assert await untouched(service)


async def test_all_problems_are_named_at_once(service: Service) -> None:
    bad = {"person": {"given": 7, "sex": CANARY, "born": CANARY}, "vaccine": None, "on": CANARY, "dose_number": -1}
    answered = await service.post("/v1/doses", CLINIC, **bad)
    assert sorted(problems(answered, 422)) == [
        "dose_number", "on", "patient", "person.born", "person.given", "person.sex", "vaccine",
    ]  # fmt: skip


NOT_JSON: Mapping[str, bytes] = {
    "nothing": b"",
    "cut off": b'{"person": {"given": "' + CANARY.encode(),
    "words": CANARY.encode(),
    "a byte order mark": b"\xef\xbb\xbf" + json.dumps({"person": {"given": CANARY}, CANARY: 1}).encode(),
    "Latin-1": json.dumps({"person": {"given": "Zo\u00e9"}}, ensure_ascii=False).encode("latin-1"),
    "UTF-16": json.dumps({"person": {"given": CANARY}, CANARY: 1}).encode("utf-16"),
    "a zero byte": b'{"person": {"given": "' + CANARY.encode() + b'"}}\x00',
    "a list": json.dumps([CANARY]).encode(),
    "a text": json.dumps(CANARY).encode(),
    "null": b"null",
    "NaN": b'{"person": NaN}',
    "two documents": b'{"person": {"given": "x"}} {"person": {}}',
    "packed": gzip.compress(json.dumps({"person": {"given": CANARY}}).encode()),
    "nested 100,000 deep": b'{"person": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "objects 50,000 deep": b'{"person": ' * 50_000 + b"1" + b"}" * 50_000,
    "a half surrogate": b'{"person": {"given": "\\ud800", "nobody": 1}}',
}


@pytest.mark.parametrize("content", NOT_JSON.values(), ids=NOT_JSON)
@pytest.mark.parametrize("path", ["/v1/questions", "/v1/trails"])
async def test_what_is_no_json_object_is_refused(service: Service, path: str, content: bytes) -> None:
    answered = await send(service, path, content=content, headers={"Content-Type": "application/json"})
    problems(answered)
    assert answered.status_code in (400, 413, 422)
    words = [each["diagnostics"] for each in answered.json()["issue"]]
    assert not any("there is nothing here" in each for each in words), "that is about a path, not about a body"
    assert await untouched(service)


@pytest.mark.parametrize("field", ["given", "family", "mother", "village", "phone", "identifier", "birth"])
async def test_a_field_that_is_too_long_is_refused_by_name(service: Service, field: str) -> None:
    answered = await service.post("/v1/questions", CLINIC, person={**PERSON, field: CANARY * 1_000})
    assert problems(answered, 422) == [f"person.{field}"]


@pytest.mark.parametrize("path", WITH_A_BODY)
async def test_what_is_said_twice_is_not_said(service: Service, path: str) -> None:
    """One reader takes the first, another the last."""
    name, value = next(iter(body_of(path).items()))
    once, told = orjson.dumps({**body_of(path)}), f'"{name}":'.encode()
    content = once[:-1] + b"," + orjson.dumps({name: value})[1:]
    assert content.count(told) == once.count(told) + orjson.dumps({name: value}).count(told)
    problems(await send(service, path, content=content, headers={"Content-Type": "application/json"}), 400)
    assert await untouched(service)


@pytest.mark.parametrize("path", ["/v1/questions", "/v1/people", "/v1/families", "/v1/doses"])
async def test_five_megabytes_in_a_field_are_refused(service: Service, path: str) -> None:
    answered = await send(service, path, json={**body_of(path), "person": {"given": CANARY * 500_000}})
    problems(answered, 413)
    assert len(answered.content) < 1_000
    assert await untouched(service)


async def test_ten_thousand_wrong_fields_do_not_make_ten_thousand_problems(service: Service) -> None:
    answered = await service.post("/v1/questions", CLINIC, person={f"x{number}": 1 for number in range(10_000)})
    assert answered.status_code == 422
    assert len(answered.content) < 200_000


WRONG_VALUES: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "a birth date that does not exist": ("/v1/questions", {"person": {"given": "x", "birth": "2015-02-30"}}),
    "a birth date in words": ("/v1/questions", {"person": {"given": "x", "birth": CANARY}}),
    "a name of nothing": ("/v1/questions", {"person": {"given": "  "}}),
    "a sex that is none": ("/v1/questions", {"person": {"given": "x", "sex": CANARY}}),
    "a language that is none": ("/v1/questions", {"person": PERSON, "language": CANARY}),
    "a dose of tomorrow": ("/v1/doses", {**body_of("/v1/doses"), "on": "2099-01-01"}),
    "a dose without a vaccine": ("/v1/doses", {**body_of("/v1/doses"), "vaccine": ""}),
    "a summary that is none": ("/v1/doses", {**body_of("/v1/doses"), "summary": CANARY}),
    "a number too long": ("/v1/people", {"person": PERSON, "patient": "7" * 65}),
    "an empty number": ("/v1/people", {"person": PERSON, "patient": ""}),
    "a verdict that is none": ("/v1/reviews/{review_id}", {"verdict": CANARY}),
    "a domain that is none": ("/v1/consents", {**body_of("/v1/consents"), "domain": CANARY}),
    "a link that is none": ("/v1/partings", {"left": CANARY, "right": "0" * 32}),
    "a card that is none, for links": ("/v1/links", {"card": CANARY}),
    "a day that is none": ("/v1/consents", {**body_of("/v1/consents"), "until": CANARY}),
    "an organisation that is none": ("/v1/consents", {**body_of("/v1/consents"), "organisation": CANARY}),
    "a language nobody reads": ("/v1/consents", {**body_of("/v1/consents"), "language": CANARY}),
    "a card that is none": ("/v1/trails", {"card": CANARY}),
    "a card that is none, to withdraw": ("/v1/withdrawals", {"card": CANARY}),
    "a consent that is none": ("/v1/withdrawals", {"card": CANARY, "consent": CANARY}),
    "an enrolment without a grade": ("/v1/enrolments", {**body_of("/v1/enrolments"), "grade": ""}),
    "an enrolment in a language that is none": ("/v1/enrolments", {**body_of("/v1/enrolments"), "language": "!!"}),
}


@pytest.mark.parametrize(("path", "body"), WRONG_VALUES.values(), ids=WRONG_VALUES)
async def test_a_value_that_cannot_be_is_refused_and_not_echoed(
    service: Service, path: str, body: Mapping[str, Any]
) -> None:
    answered = await send(service, path, json=body)
    problems(answered)
    assert answered.status_code in (404, 422)
    assert await untouched(service)


@pytest.mark.parametrize(
    "change",
    [{"fled": ["Bektar", "xx"]}, {"relationship": CANARY}, {"relationship": "<script>"}, {"until": "2001-01-01"}],
)
async def test_an_answer_of_a_family_that_cannot_be_is_refused(service: Service, change: Mapping[str, Any]) -> None:
    card = await builders.family(service.world)
    body = {
        "card": card,
        "domain": "health",
        "organisation": CLINIC,
        "until": TODAY,
        "agreed": True,
        "understood": True,
        "interview": builders.plain_interview(),
    }
    assert (await service.post("/v1/consents", CLINIC, **body)).status_code == 201
    problems(await service.post("/v1/consents", CLINIC, **{**body, **change}), 422)


# --- the address -----------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/nothing", "/v1/persons", "/admin", f"/{CANARY}", "/v1/questions/"])
async def test_a_path_that_does_not_exist_is_an_outcome(service: Service, path: str) -> None:
    answered = await service.call("GET", path)
    problems(answered)
    assert answered.status_code in (404, 405)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "GET"])
async def test_a_method_that_does_not_exist_is_an_outcome(service: Service, method: str) -> None:
    problems(await service.call(method, "/v1/questions", CLINIC), 405)


@pytest.mark.parametrize("id", [CANARY, "1", "0" * 33])
async def test_an_id_that_is_none_is_an_outcome(service: Service, id: str) -> None:
    problems(await service.call("POST", f"/v1/reviews/{id}", STEWARD, json={"verdict": "link"}), 422)


async def test_a_review_nobody_opened_is_not_found(service: Service) -> None:
    answered = await service.call("POST", f"/v1/reviews/{'0' * 32}", STEWARD, json={"verdict": "link"})
    assert problems(answered, 404) == ["review"]


# --- hand-overs ------------------------------------------------------------------------------------

UNREADABLE: Mapping[str, tuple[str, bytes]] = {
    "nothing": ("dhis2", b""),
    "cut off": ("dhis2", samples.file(VACCINES)[:-100]),
    "another kind": ("dhis2", samples.file("bektar-iis")),
    "a zip that is none": ("oneroster", b"PK\x03\x04" + CANARY.encode()),
    "xml that is none": ("edfi", f"<{CANARY}>".encode()),
    "a message that is none": ("hl7v2", CANARY.encode()),
    "deep nesting": ("dhis2", b"[" * 100_000),
    "deep xml": ("edfi", b"<a>" * 50_000),
}


@pytest.mark.parametrize(("adapter", "content"), UNREADABLE.values(), ids=UNREADABLE)
async def test_a_file_that_cannot_be_read_is_an_outcome_and_nothing_is_stored(
    service: Service, adapter: str, content: bytes
) -> None:
    problems(await service.hand_over(VACCINES, adapter, content), 422)
    assert await untouched(service)


async def test_an_unknown_adapter_is_named_with_those_there_are(service: Service) -> None:
    answered = await service.hand_over(VACCINES, CANARY, b"{}")
    assert problems(answered, 404) == ["adapter"]
    assert "dhis2" in answered.text


async def test_a_hand_over_without_an_adapter_says_so(service: Service) -> None:
    assert problems(await service.call("POST", "/v1/submissions", VACCINES, content=b"{}"), 422) == ["adapter"]


# --- too much --------------------------------------------------------------------------------------


async def test_a_file_over_the_limit_is_refused_before_it_is_read_whole(settings: Settings) -> None:
    async with conftest.serving(settings.model_copy(update={"max_upload_bytes": 100_000})) as service:
        sent = 0

        async def endless() -> Any:
            nonlocal sent
            while sent < 50_000_000:
                sent += 10_000
                yield b" " * 10_000

        answered = await service.call(
            "POST", "/v1/submissions", VACCINES, params={"adapter": "dhis2"}, content=endless()
        )
        problems(answered, 413)
        assert answered.json()["issue"][0]["code"] == "too-long"
        fits = await service.hand_over(VACCINES, "dhis2", samples.file(VACCINES))
        assert fits.status_code == 200


@pytest.mark.parametrize("name", [None, CLINIC])
async def test_a_body_over_the_limit_is_refused_on_every_other_route(settings: Settings, name: str | None) -> None:
    """With or without a key: nobody makes the service keep megabytes of a body that can only be a few lines."""
    async with conftest.serving(settings) as service:
        content = json.dumps({"person": {"given": "x" * 3_000_000}}).encode()
        for path in ("/v1/questions", "/v1/trails"):
            problems(await service.call("POST", path, name, content=content), 413)


async def test_a_summary_of_very_many_doses_can_be_handed_back(service: Service) -> None:
    """Sixty doses from two systems: the paper of a child with a long history must not be too long for its desk."""
    days = [builders.BORN.replace(year=builders.BORN.year + 1 + n // 12, month=1 + n % 12) for n in range(60)]
    doses = [builders.dose(ZAHOUANIA, VACCINES, vaccine=f"{100 + n}", on=day) for n, day in enumerate(days)]
    await builders.hand_over(service.world, VACCINES, builders.patient(ZAHOUANIA, VACCINES), *doses)
    await builders.allow(service.world, await builders.family(service.world), CLINIC)
    token = (await builders.released(service.world, CLINIC)).token
    assert len(token) > 10_000
    said = asked_person()
    body = {"patient": "7", "vaccine": "113", "on": TODAY, "summary": token}
    assert (await service.post("/v1/doses", CLINIC, person=said, **body)).status_code == 201


# --- something nobody expected ---------------------------------------------------------------------


async def test_a_surprise_inside_is_an_outcome_that_says_nothing(service: Service) -> None:
    """Spoiled from outside: a row that cannot be opened."""
    await builders.known_child(service.world)
    async with service.world.registry.database.transaction() as tx:
        await tx.connection.execute("UPDATE registry.dossier SET sealed = 'spoiled'")
    answered = await service.post("/v1/questions", CLINIC, person=PERSON)
    problems(answered)
    assert answered.status_code in (500, 503)
    assert answered.json()["issue"][0]["severity"] in ("fatal", "error")
