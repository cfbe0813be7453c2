"""With which user the registry starts: it makes what it may, says what it may not, and never runs unprotected."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import conninfo
from structlog.testing import capture_logs

from registry import library
from registry.errors import BadInput, KeyProblem, Unavailable
from registry.flows import opening
from registry.settings import Settings
from registry.store import database, keyfile, vault
from registry.store.functions import Function
from registry.store.keyfile import FileWrapping
from tests.bench import main_job
from tests.store import rows
from tests.support import postgres
from tests.support.postgres import Cluster

pytestmark = pytest.mark.anyio

# The administrator comes in as he is, everybody else with a password.
_DOORS = "local all postgres trust\nlocal all all scram-sha-256\n"


@pytest.fixture(params=["embedded", "debian"])
def server(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """A server of which nobody has heard of a registry yet, and whose doors ask for passwords."""
    if request.param == "debian" and not postgres.DEBIAN.is_dir():
        pytest.skip(f"PostgreSQL 15 of Debian is not installed ({postgres.DEBIAN}); install it with: make test-deps")
    start = postgres.bare_embedded if request.param == "embedded" else postgres.bare_debian
    with postgres.place() as folder, start(folder / "own") as cluster:
        (cluster.folder / "pg_hba.conf").write_text(_DOORS)
        cluster.execute("SELECT pg_reload_conf()")
        yield cluster


def user(cluster: Cluster, name: str, rights: str, *, database: str = "registry") -> str:
    """Make a user with these rights, and say how it comes in."""
    cluster.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'opened by a test' {rights}")
    return conninfo.make_conninfo(cluster.url, user=name, password="opened by a test", dbname=database)


def settings(folder: Path, url: str) -> Settings:
    return Settings(state=folder, keyring=folder / "keyring.json", database_url=url, answer_seconds=0)


async def who(chosen: Settings) -> str:
    """As whom the flows work."""
    async with opening.opened(chosen) as registry, registry.database.pool.connection() as connection:
        cursor = await connection.execute("SELECT session_user")
        ((name,),) = await cursor.fetchall()
    return name


async def test_from_an_owner_who_makes_roles_to_a_service_that_may_nothing_else(
    server: Cluster, tmp_path: Path
) -> None:
    """One story on one server: the users of an administrator's choice, from the mightiest to the least."""
    founder = user(server, "founder", "CREATEROLE", database="registry")
    server.execute("CREATE DATABASE registry OWNER founder")
    # 1. Who owns the database and makes roles prepares it, and then works over a login of its own.
    async with opening.opened(settings(tmp_path, founder)) as registry:
        samples = main_job.write_world(tmp_path / "world", children=2)
        await main_job.link(registry, registry.settings, samples, tmp_path / "made")
    assert (await who(settings(tmp_path, founder))).startswith("registry_login_")
    # 2. Who may take on every function works as what it is.
    service = user(server, "service", "NOINHERIT IN ROLE registry_app")
    assert await who(settings(tmp_path, service)) == "service"
    assert await vault.is_sealed(service)
    # 3. Who may nothing is told what to do; so is who owns the tables but could give the service no login.
    for name, rights in (
        ("stranger", ""),
        ("heir", "IN ROLE registry_owner"),
        ("free", "BYPASSRLS IN ROLE registry_app"),
    ):
        with pytest.raises(BadInput) as raised:
            await who(settings(tmp_path, user(server, name, rights)))
        assert "create_roles.sql" in raised.value.remedy
    # 4. The least may not change the tables, and says when they are too old.
    later = {**library.load().migrations, "9999_add_later.sql": "SELECT 1"}
    with pytest.raises(BadInput, match="earlier version"):
        await _prepared(service, tmp_path, later)
    # 5. The key file of another registry is noticed, and spoils nothing.
    other = tmp_path / "other"
    other.mkdir()
    for url, error in ((founder, KeyProblem), (service, KeyProblem)):
        with pytest.raises(error):
            await who(settings(other, _with_other_key(other, url)))
    assert await who(settings(tmp_path, service)) == "service"


def _with_other_key(folder: Path, url: str) -> str:
    keyfile.load_or_make(folder / "keyring.json", today=rows.today())
    return url


async def _prepared(url: str, folder: Path, migrations: dict[str, str]) -> str:
    file = folder / "keyring.json"
    return await opening.access.prepared(
        url, keyfile.load(file), FileWrapping(file), migrations=migrations, roles=library.load().roles
    )


async def test_a_database_from_before_the_roles_is_taken_over(cluster: Cluster, tmp_path: Path) -> None:
    with cluster.clone(tmp_path, template="template0") as old:
        with psycopg.connect(str(old.database_url), autocommit=True) as connection:
            connection.execute('CREATE TABLE public.migration (name text COLLATE "C" PRIMARY KEY)')
            for name, text in sorted(library.load().migrations.items())[:2]:
                connection.execute(text)  # pyright: ignore[reportArgumentType, reportCallIssue]
                connection.execute("INSERT INTO public.migration VALUES (%s)", (name,))
            connection.execute("INSERT INTO registry.status (position) VALUES (5)")
        async with opening.opened(old) as registry, registry.database.transaction(Function.PUBLISH) as tx:
            assert await rows.rows(tx, "SELECT position FROM registry.status") == [(5,)]
        with psycopg.connect(str(old.database_url)) as connection:
            owners = connection.execute(
                "SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class WHERE relnamespace = 'registry'::regnamespace"
            ).fetchall()
        assert owners == [("registry_owner",)]


async def test_a_server_that_writes_values_into_its_log_is_warned_of(shared_settings: Settings) -> None:
    async def warned() -> list[str]:
        with capture_logs() as logs:
            async with opening.opened(shared_settings):
                pass
        return [name for each in logs if each["event"] == "database-logs-values" for name in each["settings"]]

    assert await warned() == []
    with psycopg.connect(str(shared_settings.database_url), autocommit=True) as connection:
        for setting in ("log_parameter_max_length = -1", "log_statement = 'none'"):
            connection.execute(f"ALTER ROLE ALL SET {setting}")  # pyright: ignore[reportArgumentType]
        assert await warned() == []
        connection.execute("ALTER ROLE ALL SET log_statement = 'all'")
        try:
            assert await warned() == ["log_parameter_max_length = -1"]
        finally:
            connection.execute("ALTER ROLE ALL RESET ALL")


async def test_a_login_that_is_not_let_in_is_named(shared_settings: Settings) -> None:
    file = shared_settings.keyring_path
    nobody = conninfo.make_conninfo(str(shared_settings.database_url), user="registry_login_none")
    with pytest.raises(Unavailable) as raised:
        async with database.opened(nobody, keyfile.load(file), FileWrapping(file), patience_seconds=0.5):
            pass
    assert "registry_login_none" in raised.value.remedy
