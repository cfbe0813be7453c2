"""A database that is down, full or killed is one clear error, and nothing is half stored."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest

from registry.errors import BadInput, Unavailable
from registry.flows.opening import Registry
from registry.store import database, dossiers, keyfile
from registry.store.dossiers import Dossier
from tests.store import rows

pytestmark = pytest.mark.anyio


async def test_a_server_that_is_not_there_is_named_with_what_to_do(tmp_path: Path) -> None:
    ring = keyfile.load_or_make(tmp_path / "keyring.json", today=rows.today())
    address = f"postgresql://nobody@/none?host={tmp_path}"
    with pytest.raises(Unavailable, match="cannot be used") as raised:
        async with database.opened(address, ring, keyfile.FileWrapping(tmp_path), patience_seconds=0.3):
            pass
    assert "PostgreSQL is running" in raised.value.remedy


@pytest.mark.parametrize(
    "address",
    [
        "not an address Zahra-88",
        "mysql://amina:Zahra-88@host/registry",
        "postgresql+psycopg://amina:Zahra-88@host/registry",
        "postgresql://amina:Zahra-88@host:5432x/registry",
        "postgresql://amina:Zahra-88@host:99999/registry",
        "postgresql://amina:Zahra-88@host/registry?no_such_option=1",
        "postgresql://amina:Zahra-88%zz@host/registry",
        "host='Zahra-88",
    ],
)
async def test_an_address_that_is_none_is_refused_at_once_and_never_repeated(tmp_path: Path, address: str) -> None:
    ring = keyfile.load_or_make(tmp_path / "keyring.json", today=rows.today())
    started = time.monotonic()
    with pytest.raises(BadInput) as raised:
        async with database.opened(address, ring, keyfile.FileWrapping(tmp_path)):
            pass
    assert time.monotonic() - started < 1
    assert raised.value.where == "REGISTRY_DATABASE_URL"
    assert raised.value.__cause__ is None
    assert "Zahra-88" not in str(raised.value) + raised.value.remedy


async def test_a_killed_connection_stores_nothing_and_the_next_one_works(registry: Registry) -> None:
    one = rows.dossier()

    async def killed() -> None:
        async with registry.database.transaction() as tx:
            await dossiers.open_new(tx, [one], today=rows.today())
            ((own,),) = await rows.rows(tx, "SELECT pg_backend_pid()")
            async with registry.database.transaction() as other:
                await rows.rows(other, "SELECT pg_terminate_backend(%s)", own)
            await asyncio.sleep(0.05)
            await rows.rows(tx, "SELECT 1")

    with pytest.raises(Unavailable, match="cannot be used") as raised:
        await killed()
    assert "nothing was half stored" in raised.value.remedy
    async with registry.database.transaction() as tx:
        assert await dossiers.load(tx, [one.id]) == {}


async def test_a_connection_that_died_in_the_pool_is_replaced(registry: Registry) -> None:
    async with registry.database.transaction() as tx:
        ((own,),) = await rows.rows(tx, "SELECT pg_backend_pid()")
    with psycopg.connect(str(registry.settings.database_url)) as beside:
        beside.execute("SELECT pg_terminate_backend(%s)", (own,))
    await asyncio.sleep(0.05)
    async with registry.database.transaction() as tx:
        assert await rows.rows(tx, "SELECT 1") == [(1,)]


STATES: dict[str, tuple[LiteralString, str]] = {
    "53100": ("disk full", "make room"),
    "53200": ("out of memory", "do it again"),
    "53300": ("too many connections", "do it again"),
    "57014": ("took too long", "do it again"),
    "40001": ("serialisation", "two writers met"),
    "40P01": ("deadlock", "two writers met"),
    "55P03": ("locked", "another writer"),
    "57P01": ("shut down", "nothing was half stored"),
    "58030": ("input or output failed", "nothing was half stored"),
}


@pytest.mark.parametrize(("state", "remedy"), [(state, each[1]) for state, each in STATES.items()], ids=STATES)
async def test_every_failure_of_the_server_says_what_to_do_next(shared: Registry, state: str, remedy: str) -> None:
    secret = "Amina"

    async def fail() -> None:
        async with shared.database.transaction() as tx:
            raising = f"DO $$ BEGIN RAISE EXCEPTION '{secret}' USING ERRCODE = '{state}'; END $$"
            await tx.connection.execute(raising)  # pyright: ignore[reportArgumentType]

    with pytest.raises(Unavailable) as raised:
        await fail()
    assert remedy in raised.value.remedy
    assert state in str(raised.value)
    assert secret not in str(raised.value) + raised.value.remedy


async def test_two_that_change_the_same_row_in_one_snapshot_meet(registry: Registry) -> None:
    async with registry.database.transaction() as tx:
        one = await rows.open_dossier(tx)

    async def change(entered: asyncio.Event, go: asyncio.Event) -> None:
        async with registry.database.transaction() as tx:
            await rows.rows(tx, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            held = await dossiers.load(tx, [one.id])
            entered.set()
            await go.wait()
            await dossiers.rewrite(tx, held.values())

    entered, go, now = asyncio.Event(), asyncio.Event(), asyncio.Event()
    now.set()
    late = asyncio.create_task(change(entered, go))
    await entered.wait()
    await change(asyncio.Event(), now)
    go.set()
    with pytest.raises(Unavailable) as raised:
        await late
    assert raised.value.remedy == "two writers met; do it again"


async def test_two_that_wait_for_each_other_both_get_done(registry: Registry) -> None:
    async with registry.database.transaction() as tx:
        one, other = await rows.open_dossier(tx), await rows.open_dossier(tx, "p-2")
    begun: list[str] = []
    holding: list[str] = []
    both = asyncio.Event()

    @database.again_on_conflict
    async def change(who: str, first: Dossier, second: Dossier) -> None:
        async with registry.database.transaction() as tx:
            begun.append(who)
            held = await dossiers.load(tx, [first.id], lock=True)
            holding.append(who)
            if len(holding) == 2:
                both.set()
            await both.wait()  # each holds what the other wants
            held = {**held, **await dossiers.load(tx, [second.id], lock=True)}
            await dossiers.rewrite(tx, [replace(each, local=f"{each.local}-{who}") for each in held.values()])

    await asyncio.wait_for(asyncio.gather(change("a", one, other), change("b", other, one)), timeout=20)
    assert sorted(begun[:2]) == ["a", "b"]
    assert len(begun) == 3, "one of the two gave way, once"
    async with registry.database.transaction() as tx:
        locals = [each.local for each in (await dossiers.load(tx, [one.id, other.id])).values()]
    assert {each[-4:] for each in locals} < {"-a-b", "-b-a"}


async def test_an_error_that_is_no_conflict_is_not_tried_again() -> None:
    tried: list[int] = []

    @database.again_on_conflict
    async def fail() -> None:
        tried.append(1)
        raise Unavailable

    with pytest.raises(Unavailable):
        await fail()
    assert tried == [1]
