"""A registry for each test, empty but for everybody who may call it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from registry.settings import Settings
from tests.support import builders, reused
from tests.support.builders import World
from tests.support.postgres import Cluster


@pytest.fixture(scope="session")
def reused_settings(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    with reused.database(cluster, tmp_path_factory.mktemp("flows")) as settings:
        yield settings


@pytest.fixture
def settings(reused_settings: Settings, cluster: Cluster, tmp_path: Path) -> Settings:
    """Settings that open an emptied database."""
    return reused.for_one_test(reused_settings, cluster, tmp_path)


@pytest.fixture
async def world(settings: Settings, anyio_backend: str) -> AsyncIterator[World]:  # noqa: ARG001 - makes it async
    async with builders.world(settings) as made:
        yield made
