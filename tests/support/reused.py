"""One database for many tests, emptied before each: a clone of its own costs a second, deleting its rows little."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from registry.settings import Settings
from tests.support import postgres
from tests.support.postgres import Cluster

_EMPTY = """
DO $$
DECLARE
    own regclass;
BEGIN
    FOR own IN
        SELECT held.oid
        FROM pg_class AS held
        JOIN pg_namespace AS schema ON schema.oid = held.relnamespace
        WHERE schema.nspname IN ('registry', 'vault') AND held.relkind IN ('r', 'p') AND NOT held.relispartition
    LOOP
        EXECUTE format('DELETE FROM %s', own);
    END LOOP;
END
$$
"""


@contextmanager
def database(cluster: Cluster, folder: Path) -> Iterator[Settings]:
    """A database to be emptied again and again; it goes with the block."""
    with cluster.clone(folder) as settings:
        yield settings


def empty(settings: Settings, cluster: Cluster) -> None:
    """Delete every row of a test's own database, on the test's own server."""
    assert settings.database_url is not None
    with psycopg.connect(settings.database_url, autocommit=True) as connection:
        postgres.assert_own(connection, cluster.folder)
        row = connection.execute("SELECT current_database()").fetchone()
        assert row is not None
        assert row[0].startswith("test_"), "this is not a test's own database"
        connection.execute(_EMPTY)


def for_one_test(settings: Settings, cluster: Cluster, folder: Path) -> Settings:
    """The emptied database with a state folder of the test's own."""
    empty(settings, cluster)
    return settings.model_copy(update={"state": folder})
