"""Somebody sends SQL of his own: injected into a transaction of ours, or over a login he stole. He gets nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import orjson
import psycopg
import pytest

from registry.errors import Unavailable
from registry.flows import opening, trail
from registry.flows.opening import Registry
from registry.settings import Settings
from registry.store import documents, dossiers, judgements, keys, releases, submissions, tickets
from registry.store.database import Connection, Transaction
from registry.store.functions import Function
from registry.store.tickets import Visit
from tests.store import rows
from tests.support.postgres import Cluster

pytestmark = pytest.mark.anyio
BODY = b'{"resourceType":"Patient","id":"a"}'
PERSONS = ("dossier", "document", "judgement", "release", "submission", "audit_detail", "lookup_key")


@dataclass(frozen=True, slots=True)
class Loot:
    """Two people a registry knows: one it is asked about, and another."""

    registry: Registry
    ours: UUID
    theirs: UUID

    @asynccontextmanager
    async def asking(self, function: Function = Function.RELEASE) -> AsyncIterator[Transaction]:
        """A transaction that has our person open, and only ours; what it did is undone."""
        async with self.registry.database.transaction(function) as tx:
            await tx.admit("dossier", [self.ours])
            yield tx
            await tx.connection.rollback()

    @asynccontextmanager
    async def stolen(self) -> AsyncIterator[Connection]:
        """The login of the service, without the service."""
        async with await psycopg.AsyncConnection.connect(self.registry.database.pool.conninfo) as connection:
            yield connection
            await connection.rollback()


@pytest.fixture(scope="session")
def robbed(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Settings, list[UUID]]]:
    """A database with two people of whom everything is kept, and their ids; no attack may change it."""
    with cluster.clone(tmp_path_factory.mktemp("robbed")) as settings:
        yield settings, asyncio.run(_planted(settings))


async def _planted(settings: Settings) -> list[UUID]:
    async with opening.opened(settings) as registry, registry.database.transaction() as tx:
        both = [await rows.open_dossier(tx), await rows.open_dossier(tx, "p-2")]
        for each in both:
            await rows.put(tx, each.id, BODY)
            await keys.add(tx, [(7, each.id), (8, each.id)])
            await releases.record(tx, rows.release(each.id, await releases.draw_position(tx)), today=rows.today())
            await trail.write(tx, registry, each.id, "ask", None)
            await judgements.append(tx, rows.judgement(each.id, each.id), today=rows.today())
            digest = submissions.digest(tx, each.id, [BODY])
            await submissions.record(tx, each.id, digest, {}, id=tx.new_id(), today=rows.today())
    return [each.id for each in both]


@pytest.fixture
async def loot(robbed: tuple[Settings, list[UUID]]) -> AsyncIterator[Loot]:
    settings, (ours, theirs) = robbed
    async with opening.opened(settings) as registry:
        yield Loot(registry, ours, theirs)


async def refused(connection: Connection, *statements: str) -> str:
    """How the last of these statements is refused; it must be, or find nothing."""
    *before, last = statements
    for each in before:
        await connection.execute(each)  # pyright: ignore[reportArgumentType]
    with pytest.raises(psycopg.Error) as raised:
        await connection.execute(last)  # pyright: ignore[reportArgumentType]
    return f"{raised.value.sqlstate} {raised.value.diag.message_primary}"


async def seen(connection: Connection, table: str) -> set[Any]:
    cursor = await connection.execute(f"SELECT dossier FROM {table}")  # pyright: ignore[reportArgumentType]  # noqa: S608
    return {row[0] for row in await cursor.fetchall()}


# What one function is shown ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("function", [Function.RELEASE, Function.RIGHTS, Function.DESK, Function.INGEST])
async def test_a_transaction_sees_the_rows_its_ticket_names_and_no_other(loot: Loot, function: Function) -> None:
    async with loot.asking(function) as tx:
        counted: dict[str, set[Any]] = {}
        for table in ("vault.data_key", *(f"registry.{each}" for each in PERSONS)):
            cursor = await tx.connection.execute("SELECT has_table_privilege(%s, 'SELECT')", (table,))
            if await cursor.fetchone() == (True,):
                counted[table] = await seen(tx.connection, table) - {loot.registry.house}
    assert {table: found for table, found in counted.items() if found != {loot.ours}} == {}
    assert counted.keys() >= {"vault.data_key", "registry.dossier", "registry.document", "registry.lookup_key"}


async def test_a_key_shows_the_rows_behind_it_and_no_other(loot: Loot) -> None:
    async with loot.registry.database.transaction(Function.RELEASE) as tx:
        assert {*(await keys.sharing(tx, [7]))[7]} == {loot.ours, loot.theirs}
        assert await rows.rows(tx, "SELECT DISTINCT key FROM registry.lookup_key") == [(7,)]
        assert await rows.rows(tx, "SELECT dossier FROM registry.dossier") == []


async def test_the_matcher_sees_everybody_and_of_nobody_the_records(loot: Loot) -> None:
    async with loot.registry.database.transaction(Function.MATCH) as tx:
        assert await seen(tx.connection, "registry.dossier") == {loot.ours, loot.theirs, loot.registry.house}
        assert await seen(tx.connection, "registry.document") == set()
        assert await seen(tx.connection, "registry.release") == set()
        await documents.load(tx, [loot.ours])
        assert await seen(tx.connection, "registry.document") == {loot.ours}


# Injected into a transaction of a question ---------------------------------------------------------------------------

INJECTED: dict[str, tuple[tuple[str, ...], str]] = {
    "reads the audit trail": (("SELECT sealed FROM registry.audit_detail",), "permission denied"),
    "reads another function's table": (("SELECT sealed FROM registry.submission",), "permission denied"),
    "reads the key of the tickets": (("SELECT * FROM vault.ticket_key",), "permission denied"),
    "reads a partition": (("SELECT sealed FROM registry.dossier_0",), "permission denied"),
    "has the database sign": (("SELECT registry.read_ticket('x')",), "permission denied"),
    "opens a table to itself": (("SELECT registry.protect('registry.dossier')",), "permission denied"),
    "turns the policies off": (("ALTER TABLE registry.dossier DISABLE ROW LEVEL SECURITY",), "must be owner"),
    "demands all or an error": (
        ("SET LOCAL row_security = off", "SELECT sealed FROM registry.dossier"),
        "row-level security",
    ),
    "deletes": (("DELETE FROM registry.dossier",), "permission denied"),
    "destroys a data key": (("DELETE FROM vault.data_key",), "permission denied"),
    "takes a withdrawal back": (("UPDATE registry.status SET revoked = false",), "permission denied"),
    "forgets that it asked": (("DELETE FROM registry.audit_pending",), "permission denied"),
    "writes to another dossier": (
        (
            "INSERT INTO registry.release (dossier, release, day, envelope, sealed)"
            " VALUES (gen_random_uuid(), gen_random_uuid(), now(), 1, '')",
        ),
        "violates row-level security",
    ),
    "becomes a steward": (
        ("SET LOCAL ROLE registry_review", "SELECT sealed FROM registry.judgement"),
        "another function",
    ),
    "becomes the matcher": (("SET ROLE registry_match", "SELECT sealed FROM registry.dossier"), "another function"),
    "becomes the owner": (("SET ROLE registry_owner",), "permission denied"),
    "becomes the administrator": (("SET ROLE postgres",), "permission denied"),
    "logs in as the administrator": (("SET SESSION AUTHORIZATION postgres",), "permission denied"),
    "goes back to the login": (("RESET ROLE", "SELECT sealed FROM registry.dossier"), "permission denied"),
    "begins anew": (("COMMIT", "SELECT sealed FROM registry.dossier"), "permission denied"),
    "begins anew as the same": (
        ("COMMIT", "SET ROLE registry_release", "SELECT sealed FROM registry.dossier"),
        "no ticket",
    ),
    "sets the ticket itself": (
        ("SELECT set_config('registry.ticket', '{}', true)", "SELECT sealed FROM registry.dossier"),
        "no ticket",
    ),
    "empties the ticket": (("RESET registry.ticket", "SELECT sealed FROM registry.dossier"), "no ticket"),
    "makes a leaking function": (
        ("CREATE FUNCTION pg_temp.leak(bytea) RETURNS boolean LANGUAGE sql AS 'SELECT true'",),
        "permission denied",
    ),
    "makes a function elsewhere": (
        ("CREATE FUNCTION public.leak(bytea) RETURNS boolean LANGUAGE sql AS 'SELECT true'",),
        "permission denied",
    ),
    "has the server run a program": (("COPY registry.dossier TO PROGRAM 'cat'",), "permission denied"),
    "reads a file of the server": (("SELECT pg_read_file('postgresql.conf')",), "permission denied"),
}


@pytest.mark.parametrize(("statements", "words"), INJECTED.values(), ids=INJECTED.keys())
async def test_sql_of_somebody_else_is_refused(loot: Loot, statements: tuple[str, ...], words: str) -> None:
    async with loot.asking() as tx:
        assert words in await refused(tx.connection, *statements)


async def test_a_condition_that_fails_on_hidden_rows_is_never_tried_on_them(loot: Loot) -> None:
    # The classic way round a policy: an error for every row that one is not to see.
    async with loot.asking() as tx:
        found = await rows.rows(
            tx, "SELECT dossier FROM registry.dossier WHERE 1 / (dossier <> %s)::int = 1", loot.theirs
        )
    assert found == [(loot.ours,)]


async def test_a_change_reaches_no_row_but_those_of_the_ticket(loot: Loot) -> None:
    async with loot.asking() as tx:
        cursor = await tx.connection.execute("UPDATE registry.dossier SET envelope = 2")
        assert cursor.rowcount == 1


async def test_writing_what_is_there_already_tells_nothing_of_others(loot: Loot) -> None:
    """Another's row of the same key is no conflict; and his own dossier cannot be named at all."""
    async with loot.asking() as tx:
        await tx.connection.execute("INSERT INTO registry.lookup_key VALUES (9, %s)", (loot.ours,))
        for known in (7, 1234):  # filed under it or not: one refusal
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="violates row-level security"):
                async with tx.connection.transaction():
                    await tx.connection.execute(
                        "INSERT INTO registry.lookup_key VALUES (%s, %s) ON CONFLICT DO NOTHING",
                        (known, loot.theirs),
                    )


# Tickets ------------------------------------------------------------------------------------------------------------


async def shown(connection: Connection, ticket: str, function: Function = Function.RELEASE) -> str:
    """How a ticket is refused in a transaction of this function; empty if it is not."""
    try:
        async with connection.transaction(force_rollback=True):
            await connection.execute("SELECT set_config('role', %s, true)", (function.role,))
            await connection.execute("SELECT registry.admit(%s)", (ticket,))
    except psycopg.Error as error:
        return str(error.diag.message_primary)
    return ""


async def visiting(connection: Connection, key: bytes, function: Function = Function.RELEASE) -> Visit:
    """What the service would know of a transaction over this connection."""
    cursor = await connection.execute(
        "SELECT pg_backend_pid(), (extract(epoch FROM transaction_timestamp()) * 1000000)::bigint"
    )
    pid, begun = await cursor.fetchone() or (0, 0)
    return Visit(function=function, key=key, pid=pid, begun=begun, met=begun, since=tickets.time.monotonic())


async def test_without_a_ticket_no_function_sees_a_row_of_any_table(loot: Loot) -> None:
    granted = await _granted(loot)
    assert len(granted) > 60
    async with loot.stolen() as connection:
        for function, table in granted:
            try:
                async with connection.transaction(force_rollback=True):
                    await connection.execute("SELECT set_config('role', %s, true)", (function,))
                    cursor = await connection.execute(f"SELECT * FROM {table}")  # pyright: ignore[reportArgumentType]  # noqa: S608
                    found = await cursor.fetchall()  # an empty table is not looked at, so it needs no ticket
            except psycopg.errors.InsufficientPrivilege as error:
                found = [] if "no ticket" in str(error) else [str(error)]
            assert found == [], (function, table)


async def _granted(loot: Loot) -> list[tuple[str, str]]:
    async with loot.registry.database.transaction() as tx:
        found = await rows.rows(
            tx,
            """
            SELECT role.rolname, held.oid::regclass::text
            FROM pg_class AS held
            CROSS JOIN pg_roles AS role
            WHERE role.rolname LIKE 'registry\\_%%' AND NOT role.rolcanlogin AND role.rolname <> 'registry_owner'
              AND held.relnamespace::regnamespace::text IN ('registry', 'vault') AND held.relkind IN ('r', 'p')
              AND has_table_privilege(role.oid, held.oid, 'SELECT')
            """.replace("%%", "%"),  # pyright: ignore[reportArgumentType]
        )
    return [(str(role), str(table)) for role, table in found]


async def test_a_true_ticket_is_accepted_and_every_other_refused(loot: Loot) -> None:
    key = loot.registry.database.ticket_key
    async with loot.stolen() as connection:
        visit = await visiting(connection, key)
        true = visit.ticket()
        assert await shown(connection, true) == ""
        assert await shown(connection, "") == "no ticket of this registry"
        forged = replace(visit, key=bytes(32)).ticket()
        assert await shown(connection, forged) == "no ticket of this registry"
        assert await shown(connection, true, Function.RIGHTS) == "a ticket for another function"
        other = replace(visit, function=Function.RIGHTS).ticket()
        assert await shown(connection, other) == "a ticket for another function"
        assert await shown(connection, replace(visit, pid=visit.pid + 1).ticket()) == "a ticket for another transaction"
        earlier = replace(visit, begun=visit.begun - 1).ticket()
        assert await shown(connection, earlier) == "a ticket for another transaction"
        old = replace(visit, since=visit.since - 31).ticket()  # a question's ticket holds for thirty seconds
        assert await shown(connection, replace(visit, since=visit.since + 31).ticket()) == "a ticket that has expired"
        assert await shown(connection, old) == ""


async def test_a_ticket_of_which_a_character_was_changed_or_cut_off_is_refused(loot: Loot) -> None:
    async with loot.stolen() as connection:
        visit = await visiting(connection, loot.registry.database.ticket_key)
        visit.adds("dossier", [loot.ours])
        true = visit.ticket()
        changed = [true[:at] + ("0" if true[at] != "0" else "1") + true[at + 1 :] for at in range(0, len(true), 3)]
        cut = [true[:at] for at in range(0, len(true), 7)]
        added = [true + " ", true.replace("}}", f',"{loot.theirs}":0}}}}'), true.upper()]
        for each in (*changed, *cut, *added):
            assert await shown(connection, each) == "no ticket of this registry"


async def test_a_ticket_seen_in_one_transaction_is_worth_nothing_in_another(loot: Loot) -> None:
    async with loot.asking() as tx:
        ((seen_ticket,),) = await rows.rows(tx, "SELECT current_setting('registry.ticket')")
        async with loot.stolen() as connection:
            assert await shown(connection, seen_ticket) == "a ticket for another transaction"
        assert orjson.loads(seen_ticket[64:])["names"] == {str(loot.ours): 0}
        await tx.connection.rollback()  # the same session, its next transaction
        assert await shown(tx.connection, seen_ticket) == "a ticket for another transaction"


async def test_a_transaction_that_outlives_its_ticket_is_told_to_begin_again(loot: Loot) -> None:
    async def too_long() -> None:
        async with loot.registry.database.transaction(Function.RELEASE) as tx:
            assert tx.visit
            ended = replace(tx.visit, since=tx.visit.since + 29.9)
            await tx.connection.execute("SELECT registry.admit(%s)", (ended.ticket(),))
            await asyncio.sleep(0.2)
            await dossiers.load(replace(tx, visit=None), [loot.ours])

    with pytest.raises(Unavailable) as raised:
        await too_long()
    assert "do it again" in raised.value.remedy


async def test_a_connection_goes_back_to_the_pool_without_role_and_ticket(loot: Loot) -> None:
    """After a commit, after an error, and after somebody set both for the whole session."""
    database = loot.registry.database

    async def failing() -> None:
        async with database.transaction(Function.RELEASE) as tx:
            await tx.admit("dossier", [loot.ours])
            raise ZeroDivisionError

    async def setting_for_ever() -> None:
        async with database.transaction(Function.RELEASE) as tx:
            await tx.connection.execute("SET SESSION registry.ticket = 'x'")
            await tx.connection.execute("SET SESSION ROLE registry_release")

    async with database.transaction(Function.RELEASE) as tx:
        await tx.admit("dossier", [loot.ours])
    await _find_nothing(loot, role="none")
    with pytest.raises(ZeroDivisionError):
        await failing()
    await _find_nothing(loot, role="none")
    await setting_for_ever()
    await _find_nothing(loot, role="registry_release")
    async with database.transaction(Function.RIGHTS) as tx:
        assert await dossiers.load(tx, [loot.ours])


async def _find_nothing(loot: Loot, *, role: str) -> None:
    async with loot.registry.database.pool.connection() as connection:
        cursor = await connection.execute("SELECT current_setting('role')")
        assert await cursor.fetchone() == (role,)
        assert "42501" in await refused(connection, "SELECT sealed FROM registry.dossier")
        await connection.rollback()
