"""`POST /v1/$immds-forecast`: an answer from what is sent alone; nothing read, nothing kept, nothing betrayed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fhir.resources.R4B.parameters import Parameters

from registry.api import bodies
from registry.settings import Settings
from tests.api.conftest import Service, serving
from tests.api.test_callers import is_outcome, untouched
from tests.support.builders import CLINIC

pytestmark = pytest.mark.anyio

PATH = "/v1/$immds-forecast"


@pytest.fixture
async def forecaster(settings: Settings, shared_data: Path) -> AsyncIterator[Service]:
    """The service, told of one schedule."""
    place = shared_data / "immunization/cdsi/supporting-data"
    async with serving(settings.model_copy(update={"schedules": {"us": place}})) as running:
        yield running


async def test_a_history_is_answered_in_fhir_and_nothing_is_kept(forecaster: Service) -> None:
    answered = await forecaster.call("POST", PATH, CLINIC, params={"schedule": "us"}, json=bodies.FORECAST)
    assert answered.status_code == 200
    assert answered.headers["content-type"] == "application/fhir+json"
    found = answered.json()
    Parameters.model_validate(found)
    (made,) = (each["resource"] for each in found["parameter"] if each["name"] == "recommendation")
    assert {"DTaP/Tdap/Td", "MMR"} <= {each["vaccineCode"][0].get("text", "") for each in made["recommendation"]}
    assert await untouched(forecaster)
    again = await forecaster.call("POST", PATH, CLINIC, params={"schedule": "us"}, json=bodies.FORECAST)
    assert again.content == answered.content


async def test_an_unknown_schedule_is_not_found(service: Service) -> None:
    answered = await service.call("POST", PATH, CLINIC, params={"schedule": "none"}, json=bodies.FORECAST)
    assert is_outcome(answered, 404, "not-found")


async def test_what_cannot_be_read_is_refused_without_a_word_of_it(
    forecaster: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = "1999-09-09 Yusra"
    patient = {"resourceType": "Patient", "birthDate": secret, "name": [{"text": secret}]}
    body = {"resourceType": "Parameters", "parameter": [bodies.FORECAST["parameter"][0], {"name": "patient"}]}
    body["parameter"][1]["resource"] = patient
    answered = await forecaster.call("POST", PATH, CLINIC, params={"schedule": "us"}, json=body)
    assert is_outcome(answered, 422, "invalid")
    printed = capsys.readouterr()
    assert secret not in answered.text + printed.out + printed.err
