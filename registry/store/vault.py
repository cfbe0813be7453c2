"""The vault: one data key for each dossier, wrapped by the wrapping key of its epoch.

Destroying the row destroys the dossier, in every backup too once the vault's own backups have rolled over.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import date
from uuid import UUID

from registry.errors import KeyProblem
from registry.store import database
from registry.store.database import ENVELOPE, Transaction
from registry.trust import keyring as keyrings
from registry.trust import sealing
from registry.trust.sealing import Label

_CHECK = b"the key file and this database belong together"


def _wrap_label(dossier: UUID) -> Label:
    return Label(table="data_key", row=dossier.hex, column="wrapped", edition=ENVELOPE)


async def make_keys(tx: Transaction, dossiers: Iterable[UUID], *, today: date) -> None:
    """Draw a data key for each new dossier."""
    epoch = keyrings.epoch_of(today)
    wrapping = tx.keyring.wrapping_key(epoch)
    fresh = {dossier: secrets.token_bytes(32) for dossier in dossiers}
    wrapped = [tx.sealer.seal(wrapping, key, _wrap_label(each)) for each, key in fresh.items()]
    await tx.admit("data_key", fresh)
    await tx.connection.execute(
        """
        INSERT INTO vault.data_key (dossier, epoch, wrapped)
        SELECT dossier, %s, wrapped
        FROM unnest(%s::uuid[], %s::bytea[]) AS fresh (dossier, wrapped)
        """,
        (epoch, list(fresh), wrapped),
    )
    tx.data_keys.update(fresh)


async def load_keys(tx: Transaction, dossiers: Iterable[UUID]) -> None:
    """Unwrap the data keys of these dossiers; those already erased stay absent."""
    wanted = [each for each in dossiers if each not in tx.data_keys]
    if not wanted:
        return
    await tx.admit("data_key", wanted)
    cursor = await tx.connection.execute(
        """
        SELECT dossier, epoch, wrapped
        FROM vault.data_key
        WHERE dossier = ANY(%s)
        """,
        (wanted,),
    )
    for row in await cursor.fetchall():
        unwrap(tx, *row)


def unwrap(tx: Transaction, dossier: UUID, epoch: int, wrapped: bytes) -> None:
    """Have the data key of a row of the vault at hand in this transaction."""
    if dossier not in tx.data_keys:
        wrapping = tx.keyring.wrapping_key(epoch)
        tx.data_keys[dossier] = tx.sealer.unseal(wrapping, wrapped, _wrap_label(dossier))


def seal(tx: Transaction, dossier: UUID, plain: bytes, *, table: str, row: UUID, column: str = "sealed") -> bytes:
    """Seal a cell under its dossier's data key, which must have been made or loaded in this transaction."""
    label = Label(table=table, row=row.hex, column=column, edition=ENVELOPE)
    return tx.sealer.seal(tx.data_keys[dossier], plain, label)


def unseal(tx: Transaction, dossier: UUID, sealed: bytes, *, table: str, row: UUID, column: str = "sealed") -> bytes:
    label = Label(table=table, row=row.hex, column=column, edition=ENVELOPE)
    return tx.sealer.unseal(tx.data_keys[dossier], sealed, label)


def seal_between(tx: Transaction, pair: tuple[UUID, UUID], plain: bytes, *, row: UUID) -> bytes:
    """Seal evidence about two dossiers so that it dies with either of them."""
    key = sealing.pair_key(tx.data_keys[pair[0]], tx.data_keys[pair[1]])
    label = Label(table="judgement", row=row.hex, column="evidence", edition=ENVELOPE)
    return tx.sealer.seal(key, plain, label)


def unseal_between(tx: Transaction, pair: tuple[UUID, UUID], sealed: bytes, *, row: UUID) -> bytes:
    key = sealing.pair_key(tx.data_keys[pair[0]], tx.data_keys[pair[1]])
    label = Label(table="judgement", row=row.hex, column="evidence", edition=ENVELOPE)
    return tx.sealer.unseal(key, sealed, label)


async def is_sealed(url: str) -> bool:
    """Whether a key file has sealed the database at `url` already."""
    async with database.connected(url, connections=1) as pool, database.begun(pool) as connection:
        cursor = await connection.execute(_HOW_TO_ASK)
        role, is_there, can_be_asked = await cursor.fetchone() or (None, False, False)
        if not is_there:  # nothing was ever stored there
            return False
        if can_be_asked and role:
            await connection.execute("SELECT set_config('role', %s, true)", (role,))
        asking = "SELECT registry.is_sealed()" if can_be_asked else "SELECT EXISTS (SELECT FROM vault.keyring_check)"
        cursor = await connection.execute(asking)
        return await cursor.fetchone() == (True,)


# The catalogue can be read by all, what lies in the schemas only by their roles.
_HOW_TO_ASK = """
    SELECT
        (SELECT max(rolname) FROM pg_roles
         WHERE rolname IN ('registry_owner', 'registry_operate') AND pg_has_role(oid, 'MEMBER')),
        EXISTS (SELECT FROM pg_class WHERE relname = 'keyring_check' AND relnamespace::regnamespace::text = 'vault'),
        EXISTS (SELECT FROM pg_proc WHERE proname = 'is_sealed' AND pronamespace::regnamespace::text = 'registry')
"""


async def check_keyring(tx: Transaction, *, today: date) -> None:
    """See that the key file in use is the one that sealed this database, before anything is written with it."""
    label = Label(table="keyring_check", row="", column="sealed", edition=ENVELOPE)
    cursor = await tx.connection.execute("SELECT epoch, sealed FROM vault.keyring_check")
    row = await cursor.fetchone()
    if row is None:
        epoch = keyrings.epoch_of(today)
        sealed = tx.sealer.seal(tx.keyring.wrapping_key(epoch), _CHECK, label)
        await tx.connection.execute(
            "INSERT INTO vault.keyring_check (epoch, sealed) VALUES (%s, %s) ON CONFLICT DO NOTHING",
            (epoch, sealed),
        )
        return
    try:
        tx.sealer.unseal(tx.keyring.wrapping_key(row[0]), row[1], label)
    except KeyProblem:
        raise wrong_key_file() from None


def wrong_key_file() -> KeyProblem:
    return KeyProblem(
        "the key file is not the one that sealed this database",
        remedy="put the right key file in place, or bring it back with: continuity keys import",
    )
