"""The service with witnesses: it shows them everything by itself, and says how far behind they are."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from registry.api import app
from registry.flows import cosigning, opening, publish
from registry.settings import Settings
from registry.trust import cosignature
from tests.api import conftest
from tests.api.conftest import Service
from tests.support import witnesses
from tests.support.builders import CLINIC, UNKNOWN

pytestmark = pytest.mark.anyio
NAMES = ("ombuds.example", "un.example")


async def test_the_service_has_everything_witnessed_and_says_when_witnesses_are_away(
    settings: Settings, tmp_path: Path
) -> None:
    async with opening.opened(settings) as registry:
        states = [witnesses.made(tmp_path, registry, name) for name in NAMES]
    with ExitStack() as stack:
        addresses = stack.enter_context(witnesses.processes(states))
        watched = settings.model_copy(update={"witnesses": addresses})
        async with conftest.serving(watched) as service:
            await service.post("/v1/people", CLINIC, person={"given": UNKNOWN.given}, patient="1")
            ready = await _until(service, lambda told: told["witnesses"]["witnessed"] >= 1)
            assert ready["status"] == "ready"
            known = cosigning.keys(cosigning.configured(watched))
            await _until_signed(service, known)
            stack.close()  # both witnesses are killed
            await service.post("/v1/people", CLINIC, person={"given": UNKNOWN.given}, patient="2")
            ready = await _until(service, lambda told: told["witnesses"]["behind_seconds"] > 0.3)
            assert ready["witnesses"]["leaves"] > ready["witnesses"]["witnessed"]


async def test_a_service_ends_though_a_worker_loses_the_word_to_end() -> None:
    """As a library does that is handling an error of its own when the cancellation comes."""
    lost = 0

    async def stubborn() -> None:
        nonlocal lost
        while lost < 2:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                lost += 1
        await asyncio.sleep(60)

    worker = asyncio.create_task(stubborn())
    await asyncio.sleep(0)
    await asyncio.wait_for(app._stop([worker]), timeout=10)  # pyright: ignore[reportPrivateUsage]
    assert worker.done()


async def _until(service: Service, is_so: Callable[[Any], bool]) -> Any:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        told = (await service.call("GET", "/readyz")).json()
        if "witnesses" in told and is_so(told):
            return told
        await asyncio.sleep(0.05)
    pytest.fail("this did not come about in twenty seconds")


async def _until_signed(service: Service, known: Any) -> None:
    """Every witness has signed the newest checkpoint; another may have been made since the last one was seen."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        published = (await service.call("GET", "/checkpoint")).text
        if {*cosignature.witnesses(published, known)} == {*NAMES}:
            return
        await asyncio.sleep(0.05)
    pytest.fail("the witnesses did not sign in twenty seconds")


async def test_a_service_without_witnesses_speaks_of_none(service: Service) -> None:
    assert (await service.call("GET", "/readyz")).json() == {"status": "ready"}
    published = (await service.call("GET", "/audit/trust")).json()
    assert published == publish.log_trust_file(service.world.registry)
    assert "d" not in published["keys"][0]


async def test_a_registry_proves_over_http_that_its_log_grew(service: Service) -> None:
    assert (await service.call("GET", "/audit/growth", params={"size": 0})).status_code == 404
    await service.post("/v1/people", CLINIC, person={"given": UNKNOWN.given}, patient="1")
    for _ in range(100):
        answered = await service.call("GET", "/audit/growth", params={"size": 1})
        if answered.status_code == 200:
            break
        await asyncio.sleep(0.05)
    assert {*answered.json()} == {"checkpoint", "path"}
    for wrong in ("-1", "x", str(1 << 70)):
        assert (await service.call("GET", "/audit/growth", params={"size": wrong})).status_code == 422
