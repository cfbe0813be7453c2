"""A look behind the scenes. What a test itself looks at or spoils, it does as the server's administrator, whom nothing
binds; everything the registry does in a test goes through its own login, one function at a time, as in production."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace

import psycopg
from psycopg import conninfo

from registry.store import database
from registry.store.database import Database, Transaction
from registry.store.functions import Function

_named = Database.transaction
ADMINISTRATOR = "postgres"


Look = Callable[[], AbstractAsyncContextManager[Transaction]]
"""One transaction of the administrator after another, over one connection."""


@asynccontextmanager
async def transaction(self: Database, *, snapshot: bool = False) -> AsyncIterator[Transaction]:
    """A transaction of the administrator in the same database."""
    async with _connected(self) as tx:
        if snapshot:
            await tx.connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        yield tx


@asynccontextmanager
async def looks(self: Database) -> AsyncIterator[Look]:
    """Many transactions of the administrator: to connect anew costs more than most of them."""
    async with _connected(self) as tx:

        @asynccontextmanager
        async def look() -> AsyncIterator[Transaction]:
            yield replace(tx, data_keys={}, former_keys={}, held={})
            await tx.connection.commit()

        yield look


async def vacuum(self: Database) -> None:
    """What the server does by itself now and then, done now."""
    async with _connected(self) as tx:
        await tx.connection.commit()
        await tx.connection.set_autocommit(True)
        await tx.connection.execute("VACUUM (ANALYZE)")


@asynccontextmanager
async def _connected(self: Database) -> AsyncIterator[Transaction]:
    address = conninfo.make_conninfo(self.pool.conninfo, user=ADMINISTRATOR)
    try:
        async with await psycopg.AsyncConnection.connect(address) as connection:
            await connection.execute("SET plan_cache_mode = force_custom_plan")
            yield Transaction(connection=connection, keyring=self.keyring, wrapping=self.wrapping, sealer=self.sealer)
    except (psycopg.OperationalError, psycopg.InterfaceError) as error:
        raise database.unavailable(error) from None


def of_a_test(
    self: Database, function: Function | None = None, *, snapshot: bool = False
) -> AbstractAsyncContextManager[Transaction]:
    """In tests a transaction that names no function is the test's own; `tests/store/test_protection.py` sees to it that
    every flow names one."""
    return _named(self, function, snapshot=snapshot) if function else transaction(self, snapshot=snapshot)
