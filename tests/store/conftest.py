"""A registry opened on the test's own database, and a transaction on a shared one that is always rolled back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from registry.flows import opening
from registry.flows.opening import Registry
from registry.settings import Settings
from registry.store.database import Transaction
from tests.support.postgres import Cluster


@pytest.fixture
async def registry(settings: Settings) -> AsyncIterator[Registry]:
    async with opening.opened(settings) as opened:
        yield opened


@pytest.fixture(scope="session")
def shared_settings(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A database for tests that commit nothing."""
    with cluster.clone(tmp_path_factory.mktemp("shared")) as cloned:
        yield cloned


@pytest.fixture
async def shared(shared_settings: Settings) -> AsyncIterator[Registry]:
    """The registry of a test that only looks, or works in `tx`."""
    async with opening.opened(shared_settings) as opened:
        yield opened


@pytest.fixture
async def tx(shared: Registry) -> AsyncIterator[Transaction]:
    async with shared.database.transaction() as begun:
        yield begun
        await begun.connection.rollback()
