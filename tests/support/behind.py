"""A look behind the scenes. What a test itself looks at or spoils, it does as the server's administrator, whom nothing
binds; everything the registry does in a test goes through its own login, one function at a time, as in production."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import psycopg
from psycopg import conninfo

from registry.store import database
from registry.store.database import Database, Transaction
from registry.store.functions import Function

_named = Database.transaction
ADMINISTRATOR = "postgres"


@asynccontextmanager
async def transaction(self: Database, *, snapshot: bool = False) -> AsyncIterator[Transaction]:
    """A transaction of the administrator in the same database."""
    address = conninfo.make_conninfo(self.pool.conninfo, user=ADMINISTRATOR)
    try:
        async with await psycopg.AsyncConnection.connect(address) as connection:
            await connection.execute("SET plan_cache_mode = force_custom_plan")
            if snapshot:
                await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            yield Transaction(connection=connection, keyring=self.keyring, wrapping=self.wrapping, sealer=self.sealer)
    except (psycopg.OperationalError, psycopg.InterfaceError) as error:
        raise database.unavailable(error) from None


def of_a_test(
    self: Database, function: Function | None = None, *, snapshot: bool = False
) -> AbstractAsyncContextManager[Transaction]:
    """In tests a transaction that names no function is the test's own; `tests/store/test_protection.py` sees to it that
    every flow names one."""
    return _named(self, function, snapshot=snapshot) if function else transaction(self, snapshot=snapshot)
