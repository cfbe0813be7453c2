"""A world for the tables that are played on a real registry."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from registry.settings import Settings
from tests.support import builders, reused
from tests.support.builders import World
from tests.support.postgres import Cluster


@pytest.fixture(scope="module")
def reused_settings(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    with reused.database(cluster, tmp_path_factory.mktemp("spec")) as settings:
        yield settings


@pytest.fixture
async def world(
    reused_settings: Settings, cluster: Cluster, tmp_path: Path, anyio_backend: str
) -> AsyncIterator[World]:
    del anyio_backend
    async with builders.world(reused.for_one_test(reused_settings, cluster, tmp_path)) as made:
        yield made
