"""A registry of each test's own, with everybody known to it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from registry.settings import Settings
from tests.support import builders
from tests.support.builders import World


@pytest.fixture
async def world(settings: Settings, anyio_backend: str) -> AsyncIterator[World]:  # noqa: ARG001 - makes it async
    async with builders.world(settings) as made:
        yield made
