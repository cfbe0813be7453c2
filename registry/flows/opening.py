"""Opening the registry: key file, database, migrations and data, handed to the flows as one value."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from uuid import UUID

import structlog

from registry import library
from registry.errors import KeyProblem
from registry.flows import ladders, organisations
from registry.library import Library
from registry.settings import Settings
from registry.store import access, database, embedded, erasures, keyfile, vault
from registry.store import ledger as ledgers
from registry.store.database import Database, Sealer
from registry.store.functions import Function
from registry.store.keyfile import FileWrapping
from registry.store.ledger import Ledger
from registry.store.token import TokenWrapping
from registry.store.wrapping import Wrapping
from registry.trust import keyring
from registry.trust.keyring import Keyring

_log = structlog.get_logger()

Clock = Callable[[], datetime]


def wall_clock() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - the one place that reads the clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """The opened registry, which flows take first. `house` is the dossier of its own records."""

    settings: Settings
    database: Database
    ledger: Ledger
    library: Library
    clock: Clock
    house: UUID

    def now(self) -> datetime:
        return self.clock()

    def today(self) -> date:
        return self.clock().date()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unserved:
    """A registry opened and not looked at yet: for bringing back what it cannot be served without."""

    settings: Settings
    database: Database
    ledger: Ledger
    library: Library
    clock: Clock


@asynccontextmanager
async def unserved(
    settings: Settings, *, clock: Clock = wall_clock, sealer: Sealer | None = None
) -> AsyncGenerator[Unserved]:
    """Open key file, database and data: makes the key file and the tables where they are absent."""
    loaded = _library(settings)
    server = None if settings.database_url else embedded.start(settings.state / "postgres")
    url = embedded.database(server, settings.database_name) if server else str(settings.database_url)
    try:
        ring = await _keyring(settings, url, clock().date())
        wrapping = _wrapping(settings)
        address = await access.prepared(
            url, ring, wrapping, migrations=loaded.migrations, roles=loaded.roles, sealer=sealer
        )
        async with database.opened(address, ring, wrapping, sealer=sealer) as opened_database:
            await _look_at_the_log(opened_database)
            ledger = ledgers.beside(settings.keyring_path, ring)
            yield Unserved(settings=settings, database=opened_database, ledger=ledger, library=loaded, clock=clock)
    finally:
        if server:
            server.stop()


@asynccontextmanager
async def opened(
    settings: Settings, *, clock: Clock = wall_clock, sealer: Sealer | None = None
) -> AsyncGenerator[Registry]:
    """Open everything a flow needs, see that the keys fit, and destroy again what a backup brought back."""
    async with unserved(settings, clock=clock, sealer=sealer) as found:
        await vault.check_keyring(found.database, today=clock().date())
        await erasures.settle(found.database, found.ledger)
        house = await organisations.own_house(
            found.database, display=settings.name, country=settings.country, now=clock()
        )
        yield Registry(
            settings=settings,
            database=found.database,
            ledger=found.ledger,
            library=found.library,
            clock=clock,
            house=house,
        )


def _library(settings: Settings) -> Library:
    shipped = library.load()
    loaded = replace(shipped, ladders=ladders.known(shipped.ladders, settings))
    if settings.matching_weights is None:
        return loaded
    return replace(loaded, weights=library.weights_of(settings.matching_weights, loaded.weights))


async def _look_at_the_log(opened_database: Database) -> None:
    """Warn of a server that writes values into its log: keyed hashes and sealed rows at best."""
    async with opened_database.transaction(Function.OPERATE) as tx:
        settings = await access.logs_values(tx)
    if settings:
        _log.warning("database-logs-values", settings=settings, remedy="set log_parameter_max_length to 0")


async def _keyring(settings: Settings, url: str, today: date) -> Keyring:
    """The key file, made for a new database only: a fresh one opens nothing that a lost one sealed."""
    path = settings.keyring_path
    # Looked for once more at the end: another process may have begun the registry meanwhile, key file first.
    if keyfile.is_missing(path) and await vault.is_sealed(url) and keyfile.is_missing(path):
        raise KeyProblem(
            "the key file is missing, and the database is sealed with it",
            where=str(path),
            remedy="put it back, or bring it back from its locked copy with: continuity keys import",
        )
    epochs = 0 if settings.pkcs11_module else keyring.EPOCHS_AHEAD
    return keyfile.load_or_make(path, today=today, epochs=epochs)


def _wrapping(settings: Settings) -> Wrapping:
    """Where the wrapping keys are: in the key file, or in a token."""
    in_file = FileWrapping(settings.keyring_path)
    if settings.pkcs11_module is None:
        return in_file
    return TokenWrapping(
        module=settings.pkcs11_module, label=settings.pkcs11_token, pin=settings.pkcs11_pin, before=in_file
    )
