"""The database as flows see it: one transaction at a time, with the means to seal and to hash inside it."""

from __future__ import annotations

import asyncio
import secrets
import time
import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec, Protocol, TypeVar

import psycopg
from psycopg import conninfo
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from registry.errors import BadInput, Conflict, Unavailable
from registry.store import tickets
from registry.store.functions import Function
from registry.store.tickets import Visit
from registry.store.wrapping import Remembered, Wrapping
from registry.trust import keyring as keyrings
from registry.trust import sealing
from registry.trust.keyring import Keyring
from registry.trust.sealing import Label

if TYPE_CHECKING:
    from registry.store.dossiers import Dossier

ENVELOPE = 1
"""The version of the envelope written today; rows say which one they carry."""
ENVELOPE_OF_ERASED = 0
"""Of a dossier that nothing opens any more."""

Connection = psycopg.AsyncConnection[Any]


class Sealer(Protocol):
    """How bytes are made unreadable. There is one way; a test replaces it to prove that its leak search finds."""

    def seal(self, key: bytes, plain: bytes, label: Label) -> bytes: ...
    def unseal(self, key: bytes, sealed: bytes, label: Label) -> bytes: ...


class Envelopes:
    """AES-256-GCM envelopes with a fresh nonce each."""

    def seal(self, key: bytes, plain: bytes, label: Label) -> bytes:
        return sealing.seal(key, plain, label=label, nonce=secrets.token_bytes(12))

    def unseal(self, key: bytes, sealed: bytes, label: Label) -> bytes:
        return sealing.unseal(key, sealed, label=label)


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """One transaction. Data keys, and dossiers held for writing, are remembered here and forgotten with it.

    `former_keys` are those that data keys replaced a while ago, and some values may still be sealed under.
    Without a `visit` it is one of whoever prepares the database, whom tickets do not concern.
    """

    connection: Connection
    keyring: Keyring = field(repr=False)
    wrapping: Remembered = field(repr=False)
    sealer: Sealer = field(repr=False)
    visit: Visit | None = None
    data_keys: dict[uuid.UUID, bytes] = field(default_factory=dict[uuid.UUID, bytes], repr=False)
    former_keys: dict[uuid.UUID, bytes] = field(default_factory=dict[uuid.UUID, bytes], repr=False)
    held: dict[uuid.UUID, Dossier] = field(default_factory=dict[uuid.UUID, "Dossier"], repr=False)

    async def hold(self, lock: int) -> None:
        """Be the only transaction that holds this lock, until it ends."""
        await self.connection.execute("SELECT pg_advisory_xact_lock(%s)", (lock,))

    async def admit(self, table: str, names: Iterable[uuid.UUID | int]) -> None:
        """Have the database show the rows of these dossiers or keyed hashes from now on, in `table` and elsewhere."""
        if self.visit and self.visit.adds(table, names):
            await self.connection.execute("SELECT registry.admit(%s)", (self.visit.ticket(),))

    def new_id(self) -> uuid.UUID:
        """A random id that says nothing about time or order."""
        return uuid.UUID(bytes=secrets.token_bytes(16), version=4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """The pool, the keys and the sealer. Use `opened` to make one."""

    pool: AsyncConnectionPool[Connection]
    keyring: Keyring = field(repr=False)
    ticket_key: bytes = field(repr=False)
    wrapping: Remembered = field(repr=False)
    sealer: Sealer = field(repr=False)

    async def answers(self) -> None:
        """Raise Unavailable unless the server answers."""
        async with self.transaction(Function.OPERATE):
            pass

    @asynccontextmanager
    async def transaction(self, function: Function, *, snapshot: bool = False) -> AsyncGenerator[Transaction]:
        """Commit at the end, roll back on any exception. Raises Unavailable when the server cannot be used.

        Everything in it happens as the role of `function`, on the rows that its tickets name. With `snapshot` every
        read sees one moment: what others commit meanwhile is seen whole or not at all.
        """
        async with begun(self.pool) as connection:
            visit = await entered(connection, function, self.ticket_key, snapshot=snapshot)
            yield Transaction(
                connection=connection, keyring=self.keyring, wrapping=self.wrapping, sealer=self.sealer, visit=visit
            )


async def entered(connection: Connection, function: Function, key: bytes, *, snapshot: bool = False) -> Visit:
    """Take on the role of a function and show its first ticket; two exchanges with the server, one of them BEGIN's."""
    async with connection.pipeline():
        if snapshot:
            await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        cursor = await connection.execute(
            """
            SELECT
                pg_backend_pid(),
                (extract(epoch FROM transaction_timestamp()) * 1000000)::bigint,
                (extract(epoch FROM clock_timestamp()) * 1000000)::bigint,
                set_config('role', %s, true)
            """,
            (function.role,),
        )
    pid, begun, met, _ = await cursor.fetchone() or (0, 0, 0, "")
    visit = Visit(function=function, key=key, pid=pid, begun=begun, met=met, since=time.monotonic())
    await connection.execute("SELECT registry.admit(%s)", (visit.ticket(),))
    return visit


@asynccontextmanager
async def begun(pool: AsyncConnectionPool[Connection]) -> AsyncGenerator[Connection]:
    """A connection in a transaction: committed at the end. Raises Unavailable when the server cannot be used."""
    try:
        async with pool.connection() as connection:
            yield connection
    except (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout) as error:
        raise unavailable(error) from None


Given = ParamSpec("Given")
Answer = TypeVar("Answer")
ATTEMPTS = 5
_PAUSE_MILLISECONDS = 20


def again_on_conflict(
    work: Callable[Given, Awaitable[Answer]],
) -> Callable[Given, Coroutine[Any, Any, Answer]]:
    """Do a piece of work anew when it gave way to another writer, ATTEMPTS times in all; then Conflict is raised.

    The work opens its transaction itself, so that each time begins with a fresh one, and does nothing outside the
    database before the commit. The pauses are drawn, so that two who met do not meet again in step.
    """

    @wraps(work)
    async def patiently(*args: Given.args, **kwargs: Given.kwargs) -> Answer:
        for attempt in range(1, ATTEMPTS):
            try:
                return await work(*args, **kwargs)
            except Conflict:
                await asyncio.sleep(secrets.randbelow(_PAUSE_MILLISECONDS << attempt) / 1000)
        return await work(*args, **kwargs)

    return patiently


_CONFLICTS = frozenset({"40001", "40P01"})  # serialisation failure, deadlock
_REMEDIES = {
    "53100": "the disk of the database is full; make room and do it again",
    "53200": "the database is out of memory; do it again",
    "53300": "the database has too many connections; do it again",
    "57014": "the database took too long; do it again",
    "40001": "two writers met; do it again",
    "40P01": "two writers met; do it again",
    "55P03": "another writer holds the row; do it again",
}


def unavailable(error: Exception) -> Unavailable:
    """Turn a driver's error into ours. Its own text may quote a row, so only its class speaks."""
    state = getattr(error, "sqlstate", None) or ""
    kind = Conflict if state in _CONFLICTS else Unavailable
    remedy = _REMEDIES.get(state, "see that PostgreSQL is running, then do the same again: nothing was half stored")
    return kind(f"the database cannot be used ({state or type(error).__name__})", remedy=remedy)


async def _configure(connection: Connection) -> None:
    # A plan made once for any values reads every partition; one made for the dossiers asked for reads theirs.
    await connection.execute("SET plan_cache_mode = force_custom_plan")
    await connection.commit()


@asynccontextmanager
async def opened(
    url: str,
    keyring: Keyring,
    wrapping: Wrapping,
    *,
    sealer: Sealer | None = None,
    patience_seconds: float = 10,
) -> AsyncGenerator[Database]:
    """Open the database at `url`. Raises BadInput and Unavailable as `connected` does.

    Of the wrapping keys none stays: they are fetched from `wrapping` and remembered for a short time.
    """
    async with connected(url, patience_seconds=patience_seconds) as pool:
        yield Database(
            pool=pool,
            keyring=keyrings.without_wrapping(keyring),
            ticket_key=tickets.key_of(keyring),
            wrapping=Remembered(wrapping),
            sealer=sealer or Envelopes(),
        )


@asynccontextmanager
async def connected(
    url: str, *, connections: int = 8, patience_seconds: float = 10
) -> AsyncGenerator[AsyncConnectionPool[Connection]]:
    """Open a pool on `url`. Raises BadInput when that is no address, Unavailable when no server answers in time."""
    _require_address(url)
    pool: AsyncConnectionPool[Connection] = AsyncConnectionPool(
        url,
        min_size=1,
        max_size=connections,
        open=False,
        timeout=patience_seconds,
        configure=_configure,
        check=AsyncConnectionPool.check_connection,  # after a restart of the server no question pays for a dead one
    )
    try:
        try:
            await pool.open(wait=True, timeout=patience_seconds)
        except (PoolTimeout, psycopg.Error) as error:
            user = conninfo.conninfo_to_dict(url).get("user") or "of this system"
            remedy = f"see that PostgreSQL is running and lets the user {user} in (pg_hba.conf), then do the same again"
            raise Unavailable(unavailable(error).what, remedy=remedy) from None
        yield pool
    finally:
        await pool.close()


def _require_address(url: str) -> None:
    """Raise BadInput at once for what can never be connected to. It may hold a password, so nothing of it is said."""
    try:
        ports = str(conninfo.conninfo_to_dict(url).get("port") or "0").split(",")
        is_address = all(int(each or 0) < 1 << 16 for each in ports)
    except (psycopg.Error, ValueError):
        is_address = False
    if not is_address:
        raise BadInput(
            "the address of the database cannot be read",
            where="REGISTRY_DATABASE_URL",
            remedy="write it as postgresql://user@host:5432/name, with special characters percent-encoded",
        )
