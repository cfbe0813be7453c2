"""Opening the registry: key file, database, migrations and data, handed to the flows as one value."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

from registry import library
from registry.errors import KeyProblem
from registry.flows import organisations
from registry.library import Library
from registry.settings import Settings
from registry.store import database, embedded, erasures, keyfile, migrate, vault
from registry.store import ledger as ledgers
from registry.store.database import Database, Sealer
from registry.store.keyfile import FileWrapping
from registry.store.ledger import Ledger
from registry.store.token import TokenWrapping
from registry.store.wrapping import Wrapping
from registry.trust import keyring
from registry.trust.keyring import Keyring

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
    loaded = library.load()
    server = None if settings.database_url else embedded.start(settings.state / "postgres")
    url = embedded.database(server, settings.database_name) if server else str(settings.database_url)
    try:
        ring = await _keyring(settings, url, clock().date())
        async with database.opened(url, ring, _wrapping(settings), sealer=sealer) as opened_database:
            await migrate.migrate(opened_database, loaded.migrations)
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
