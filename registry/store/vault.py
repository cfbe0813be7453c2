"""The vault: one data key for each dossier, wrapped by the wrapping key of its generation and epoch.

Destroying the row destroys the dossier, in every backup too once the vault's own backups have rolled over.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import date
from itertools import product
from uuid import UUID

from registry.errors import KeyProblem
from registry.store import database
from registry.store.database import ENVELOPE, Database, Transaction
from registry.trust import keyring as keyrings
from registry.trust import sealing
from registry.trust.sealing import Label

_CHECK = b"the key file and this database belong together"
_WRAPPED = 1
"""The edition of what wrapping keys seal; it is renewed by a rotation, not by a reseal."""
_CHECK_LABEL = Label(table="keyring_check", row="", column="sealed", edition=_WRAPPED)


async def generation(tx: Transaction) -> int:
    """The generation of wrapping keys in use."""
    cursor = await tx.connection.execute("SELECT generation FROM vault.keyring_check")
    row = await cursor.fetchone()
    if row is None:
        raise _no_vault()
    return row[0]


def draw(tx: Transaction, dossiers: Iterable[UUID]) -> dict[UUID, bytes]:
    """A fresh data key for each, at hand in this transaction."""
    fresh = {dossier: secrets.token_bytes(sealing.KEY_BYTES) for dossier in dossiers}
    tx.data_keys.update(fresh)
    return fresh


def wrap(tx: Transaction, dossier: UUID, key: bytes, *, generation: int, epoch: int) -> bytes:
    """A data key as it lies in the vault."""
    return tx.sealer.seal(tx.wrapping.key(generation, epoch), key, _wrap_label(dossier))


def _wrap_label(dossier: UUID) -> Label:
    return Label(table="data_key", row=dossier.hex, column="wrapped", edition=_WRAPPED)


async def make_keys(tx: Transaction, dossiers: Iterable[UUID], *, today: date) -> None:
    """Draw a data key for each new dossier."""
    current, epoch = await generation(tx), keyrings.epoch_of(today)
    rows = [
        (each, current, epoch, wrap(tx, each, key, generation=current, epoch=epoch), current)
        for each, key in draw(tx, dossiers).items()
    ]
    async with tx.connection.cursor() as cursor:
        await cursor.executemany(
            "INSERT INTO vault.data_key (dossier, generation, epoch, wrapped, drawn) VALUES (%s, %s, %s, %s, %s)",
            rows,
        )


async def load_keys(tx: Transaction, dossiers: Iterable[UUID]) -> None:
    """Unwrap the data keys of these dossiers; those already erased stay absent."""
    wanted = [each for each in dossiers if each not in tx.data_keys]
    if not wanted:
        return
    cursor = await tx.connection.execute(
        """
        SELECT dossier, generation, epoch, wrapped, former
        FROM vault.data_key
        WHERE dossier = ANY(%s)
        """,
        (wanted,),
    )
    for row in await cursor.fetchall():
        unwrap(tx, *row)


def unwrap(tx: Transaction, dossier: UUID, generation: int, epoch: int, wrapped: bytes, former: bytes | None) -> None:
    """Have the data key of a row of the vault at hand in this transaction, and the one before it where it is kept."""
    if dossier in tx.data_keys:
        return
    wrapping, label = tx.wrapping.key(generation, epoch), _wrap_label(dossier)
    tx.data_keys[dossier] = tx.sealer.unseal(wrapping, wrapped, label)
    if former is not None:
        tx.former_keys[dossier] = tx.sealer.unseal(wrapping, former, label)


def seal(tx: Transaction, dossier: UUID, plain: bytes, *, table: str, row: UUID, column: str = "sealed") -> bytes:
    """Seal a cell under its dossier's data key, which must have been made or loaded in this transaction."""
    return tx.sealer.seal(tx.data_keys[dossier], plain, _labels(table, row, column)[0])


def unseal(tx: Transaction, dossier: UUID, sealed: bytes, *, table: str, row: UUID, column: str = "sealed") -> bytes:
    return _opened(tx, _keys(tx, dossier), sealed, _labels(table, row, column))[0]


def resealed(
    tx: Transaction, dossier: UUID, sealed: bytes, *, table: str, row: UUID, column: str = "sealed"
) -> bytes | None:
    """The cell sealed anew; None when it lies under the newest data key and edition already."""
    plain, is_newest = _opened(tx, _keys(tx, dossier), sealed, _labels(table, row, column))
    return None if is_newest else seal(tx, dossier, plain, table=table, row=row, column=column)


def seal_between(tx: Transaction, pair: tuple[UUID, UUID], plain: bytes, *, row: UUID) -> bytes:
    """Seal evidence about two dossiers so that it dies with either of them."""
    return tx.sealer.seal(_pair_keys(tx, pair)[0], plain, _labels("judgement", row, "evidence")[0])


def unseal_between(tx: Transaction, pair: tuple[UUID, UUID], sealed: bytes, *, row: UUID) -> bytes:
    return _opened(tx, _pair_keys(tx, pair), sealed, _labels("judgement", row, "evidence"))[0]


def resealed_between(tx: Transaction, pair: tuple[UUID, UUID], sealed: bytes, *, row: UUID) -> bytes | None:
    plain, is_newest = _opened(tx, _pair_keys(tx, pair), sealed, _labels("judgement", row, "evidence"))
    return None if is_newest else seal_between(tx, pair, plain, row=row)


def _labels(table: str, row: UUID, column: str) -> list[Label]:
    """The label of a cell in every edition there has been, the newest first."""
    return [Label(table=table, row=row.hex, column=column, edition=each) for each in range(ENVELOPE, 0, -1)]


def _keys(tx: Transaction, dossier: UUID) -> list[bytes]:
    """The data key of a dossier and, while it is being resealed, the former one."""
    former = tx.former_keys.get(dossier)
    return [tx.data_keys[dossier], *([former] if former else [])]


def _pair_keys(tx: Transaction, pair: tuple[UUID, UUID]) -> list[bytes]:
    return [sealing.pair_key(*each) for each in product(_keys(tx, pair[0]), _keys(tx, pair[1]))]


def _opened(tx: Transaction, keys: list[bytes], sealed: bytes, labels: list[Label]) -> tuple[bytes, bool]:
    """What is in an envelope, and whether the first key and label opened it. Raises KeyProblem when none does."""
    ways = list(product(labels, keys))
    for number, (label, key) in enumerate(ways, start=1):
        try:
            return tx.sealer.unseal(key, sealed, label), number == 1
        except KeyProblem:
            if number == len(ways):
                raise
    raise AssertionError("a dossier has a key, and a cell has a label")


async def is_sealed(url: str) -> bool:
    """Whether a key file has sealed the database at `url` already."""
    async with database.connected(url, connections=1) as pool, database.begun(pool) as connection:
        cursor = await connection.execute("SELECT to_regclass('vault.keyring_check') IS NOT NULL")
        if await cursor.fetchone() != (True,):  # nothing was ever stored there
            return False
        # A database restored without its vault is sealed as well.
        cursor = await connection.execute(
            "SELECT FROM vault.keyring_check UNION ALL (SELECT FROM registry.dossier LIMIT 1)"
        )
        return await cursor.fetchone() is not None


async def check_keyring(database: Database, *, today: date) -> None:
    """See that the wrapping keys in use are those that sealed this database, before anything is written with them."""
    async with database.transaction() as tx:
        cursor = await tx.connection.execute("SELECT generation, epoch, sealed FROM vault.keyring_check")
        row = await cursor.fetchone()
        if row is None:
            await _require_empty(tx)
            source = tx.wrapping.source
            if not source.generations():  # a new token
                source.add(1, today=today)
            await put_check(tx, max(source.generations()), keyrings.epoch_of(today))
            return
        try:
            tx.sealer.unseal(tx.wrapping.key(row[0], row[1]), row[2], _CHECK_LABEL)
        except KeyProblem:
            raise KeyProblem(
                "the key file is not the one that sealed this database",
                remedy="put the right key file in place, or bring it back with: continuity keys import",
            ) from None


async def put_check(tx: Transaction, generation: int, epoch: int) -> None:
    """Seal the fixed text under these wrapping keys: from the commit on new data keys are wrapped by them."""
    sealed = tx.sealer.seal(tx.wrapping.key(generation, epoch), _CHECK, _CHECK_LABEL)
    await tx.connection.execute(
        """
        INSERT INTO vault.keyring_check (generation, epoch, sealed)
        VALUES (%s, %s, %s)
        ON CONFLICT (only_row) DO UPDATE
        SET generation = excluded.generation, epoch = excluded.epoch, sealed = excluded.sealed
        WHERE keyring_check.generation < excluded.generation
        """,
        (generation, epoch, sealed),
    )


async def _require_empty(tx: Transaction) -> None:
    """Raise KeyProblem where there are dossiers and no vault: a fresh one would open none of them."""
    cursor = await tx.connection.execute("SELECT 1 FROM registry.dossier LIMIT 1")
    if await cursor.fetchone():
        raise _no_vault()


def _no_vault() -> KeyProblem:
    return KeyProblem(
        "the vault of this database is empty",
        remedy="a database restored from its dump needs the vault's own backup: continuity vault restore FILE",
    )
