"""Migrations: forward only, each once, all or nothing."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from registry import library
from registry.flows import opening
from registry.flows.opening import Registry
from registry.settings import Settings
from registry.store import database, keyfile, migrate
from tests.store import rows
from tests.support.postgres import Cluster

pytestmark = pytest.mark.anyio


@pytest.fixture
def empty(cluster: Cluster, tmp_path: Path) -> Iterator[Settings]:
    """Settings that open an empty database."""
    with cluster.clone(tmp_path, template="template0") as settings:
        yield settings


def opened(settings: Settings) -> database.opened:
    ring = keyfile.load_or_make(settings.keyring_path, today=rows.today())
    return database.opened(str(settings.database_url), ring, keyfile.FileWrapping(settings.keyring_path))


def test_the_files_are_numbered_without_gaps() -> None:
    names = sorted(library.load().migrations)
    assert all(re.fullmatch(r"\d{4}_[a-z]+_[a-z_]+\.sql", name) for name in names)
    assert [int(name[:4]) for name in names] == list(range(1, len(names) + 1))


async def test_applying_twice_changes_nothing(empty: Settings) -> None:
    files = library.load().migrations
    async with opened(empty) as fresh:
        assert await migrate.migrate(fresh, files) == tuple(sorted(files))
        assert await migrate.migrate(fresh, files) == ()


async def test_only_what_is_missing_is_applied_in_the_order_of_the_names(empty: Settings) -> None:
    first = {"0001_create_one.sql": "CREATE TABLE one (n integer); INSERT INTO one VALUES (1);"}
    later = {"0003_fill_one.sql": "INSERT INTO one VALUES (3);", "0002_fill_one.sql": "INSERT INTO one VALUES (2);"}
    async with opened(empty) as fresh:
        await migrate.migrate(fresh, first)
        assert await migrate.migrate(fresh, first | later) == ("0002_fill_one.sql", "0003_fill_one.sql")
        async with fresh.transaction() as tx:
            assert await rows.rows(tx, "SELECT n FROM one") == [(1,), (2,), (3,)]


async def test_an_applied_file_is_never_applied_or_undone_again(empty: Settings) -> None:
    async with opened(empty) as fresh:
        await migrate.migrate(fresh, {"0001_create_one.sql": "CREATE TABLE one (n integer)"})
        assert await migrate.migrate(fresh, {"0001_create_one.sql": "DROP TABLE one"}) == ()
        assert await migrate.migrate(fresh, {}) == ()
        async with fresh.transaction() as tx:
            assert await rows.rows(tx, "SELECT n FROM one") == []


async def test_a_migration_that_fails_leaves_nothing(empty: Settings) -> None:
    files = {"0001_create_one.sql": "CREATE TABLE one (n integer)", "0002_break_all.sql": "SELECT 1 / 0"}
    async with opened(empty) as fresh:
        with pytest.raises(psycopg.errors.DivisionByZero):
            await migrate.migrate(fresh, files)
        async with fresh.transaction() as tx:
            assert await rows.rows(tx, "SELECT to_regclass('one'), to_regclass('public.migration')") == [(None, None)]


async def test_two_that_start_at_once_apply_each_file_once(empty: Settings) -> None:
    async with opened(empty) as fresh:
        files = library.load().migrations
        applied = await asyncio.gather(*(migrate.migrate(fresh, files) for _ in range(4)))
    assert sorted(name for each in applied for name in each) == sorted(files)


async def test_opening_an_empty_database_makes_it_and_opening_it_again_finds_it(empty: Settings) -> None:
    async with opening.opened(empty) as first:
        house = first.house
    async with opening.opened(empty) as second:
        assert second.house == house


async def test_starting_at_once_opens_one_house(empty: Settings) -> None:
    async def house() -> object:
        async with opening.opened(empty) as registry:
            return registry.house

    assert len(set(await asyncio.gather(*(house() for _ in range(3))))) == 1


async def test_every_partitioned_table_has_its_eight_partitions(registry: Registry) -> None:
    counted = """
        SELECT parent.relname, count(*)
        FROM pg_inherits
        JOIN pg_class AS parent ON parent.oid = inhparent
        WHERE parent.relkind = 'p'
        GROUP BY parent.relname
    """
    async with registry.database.transaction() as tx:
        found = dict(await rows.rows(tx, counted))
    assert set(found.values()) == {8}
    assert len(found) == 9
