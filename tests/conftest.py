"""Fixtures every test may use."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from registry.settings import Settings
    from tests.support.postgres import Cluster

ROOT = Path(__file__).resolve().parent.parent

# Machines are shared: how long an example takes says nothing about the law it is drawn for.
settings.register_profile("shared", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The reference data beside the project; a test that needs it skips visibly where it is absent."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the reference data (../shared/data) is not beside the project")
    return folder


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """The embedded PostgreSQL, one for each test process."""
    from tests.support import postgres  # the pure tests need no store

    with postgres.place() as folder, postgres.embedded_cluster(folder) as started:
        yield started


@pytest.fixture
def settings(cluster: Cluster, tmp_path: Path) -> Iterator[Settings]:
    """Settings that open a migrated database of the test's own."""
    with cluster.clone(tmp_path) as cloned:
        yield cloned
