"""The service itself, on an emptied database, spoken to over ASGI by everybody who may call it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from registry.api import app as service_app
from registry.flows import match
from registry.flows.release import GROUNDS
from registry.settings import Settings
from tests.support import builders, reused
from tests.support.builders import Clock, World
from tests.support.postgres import Cluster

DEADLINE = 1.0
"""Seconds; far more than any question of these small worlds takes on a busy machine."""


@pytest.fixture(scope="session")
def reused_settings(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    with reused.database(cluster, tmp_path_factory.mktemp("api")) as settings:
        yield settings


@pytest.fixture
def settings(reused_settings: Settings, cluster: Cluster, tmp_path: Path) -> Settings:
    return reused.for_one_test(reused_settings, cluster, tmp_path)


@dataclass(frozen=True, kw_only=True)
class Service:
    """The running service and the callers known to it."""

    app: FastAPI
    world: World
    client: httpx.AsyncClient = field(repr=False)

    async def call(self, method: str, path: str, name: str | None = None, **more: Any) -> httpx.Response:
        """A request with the bearer key of an organisation, or without any."""
        headers = {"Authorization": f"Bearer {self.world.keys[name]}", "Desk-User": "desk-1"} if name else {}
        headers |= more.pop("headers", {})
        return await self.client.request(method, path, headers=headers, **more)

    async def post(self, path: str, name: str | None = None, **body: Any) -> httpx.Response:
        """A request with this body; a question says why the child is there unless the body says otherwise."""
        grounds = {"grounds": GROUNDS.get(self.world[name].kind, "")} if name and path == "/v1/questions" else {}
        return await self.call("POST", path, name, json={**grounds, **body})

    async def hand_over(self, source: str, adapter: str, body: bytes) -> httpx.Response:
        return await self.call("POST", "/v1/submissions", source, params={"adapter": adapter}, content=body)

    async def matched(self) -> None:
        await match.run(self.world.registry)


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[Service]:
    clock = Clock()
    app = service_app.application(settings, clock=clock)
    async with app.router.lifespan_context(app):
        world = await builders.populated(app.state.registry, clock)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://registry.test") as client:
            yield Service(app=app, world=world, client=client)


@pytest.fixture
async def service(settings: Settings, anyio_backend: str) -> AsyncIterator[Service]:  # noqa: ARG001 - makes it async
    async with serving(settings) as running:
        yield running


@pytest.fixture
async def slow_service(settings: Settings, anyio_backend: str) -> AsyncIterator[Service]:  # noqa: ARG001
    """The service as it is deployed: every question is answered at its deadline."""
    async with serving(settings.model_copy(update={"answer_seconds": DEADLINE})) as running:
        yield running
