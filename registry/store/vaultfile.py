"""The vault's own backups: one sealed file each, kept apart from the dumps of the database, and for a short time.

How long they are kept is how long an erased dossier can still be opened from a copy, so it is short (by default
DAYS); a backup says when it expires, is refused from that day on, and removed by the next one beside it. It is sealed
under the wrapping keys of its day: the file alone opens nothing, and after a rotation no key opens it.

The file: a line of JSON that says what it is, then pages, each its length in four bytes and an envelope of rows.
"""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from struct import Struct
from typing import Any
from uuid import UUID

import orjson

from registry.errors import BadInput, KeyProblem
from registry.store import erasures, vault
from registry.store.database import Transaction
from registry.store.ledger import Erasure
from registry.trust import keyring, sealing
from registry.trust.sealing import Label

DAYS = 7
PAGE = 5000
_FORMAT = "continuity-vault-1"
_length = Struct(">I")


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """What the first line of a backup says. `keys` and `pages` are how many there are."""

    made: date
    expires: date
    generation: int
    epoch: int
    keys: int
    pages: int

    def line(self) -> bytes:
        """The line as it is written, and sealed with every page: nobody changes a day in it."""
        days = {"made": self.made.isoformat(), "expires": self.expires.isoformat()}
        counts = {"generation": self.generation, "epoch": self.epoch, "keys": self.keys, "pages": self.pages}
        return orjson.dumps({"format": _FORMAT, **days, **counts}, option=orjson.OPT_SORT_KEYS)


def about(body: bytes) -> Backup:
    """What a file says it is. Raises BadInput when it is no backup of a vault."""
    try:
        told = orjson.loads(body.partition(b"\n")[0])
        if told.pop("format") != _FORMAT:
            raise ValueError
        made, expires = (date.fromisoformat(told.pop(name)) for name in ("made", "expires"))
        return Backup(made=made, expires=expires, **{name: int(value) for name, value in told.items()})
    except (ValueError, KeyError, TypeError, AttributeError):
        raise BadInput("this file is no backup of a vault", remedy="see: continuity vault backup --help") from None


async def write(tx: Transaction, *, today: date, days: int = DAYS, page: int = PAGE) -> tuple[Backup, bytes]:
    """A backup of every data key in this snapshot, and its bytes."""
    pages = [each async for each in _rows(tx, page)]
    backup = Backup(
        made=today,
        expires=today + timedelta(days=days),
        generation=await vault.generation(tx),
        epoch=keyring.epoch_of(today),
        keys=sum(map(len, pages)),
        pages=len(pages),
    )
    key = _key(tx, backup)
    sealed = [tx.sealer.seal(key, _plain(rows), _label(backup, number)) for number, rows in enumerate(pages)]
    return backup, backup.line() + b"\n" + b"".join(_length.pack(len(each)) + each for each in sealed)


async def restore(tx: Transaction, body: bytes, entered: Sequence[Erasure], *, today: date) -> Backup:
    """Bring the data keys of a backup back, but for what was erased since; returns what it was.

    Raises BadInput when it has expired or is no backup, KeyProblem when it does not open, or not as a whole.
    """
    backup = about(body)
    if today >= backup.expires:
        raise expired(backup)
    key = _key(tx, backup)
    envelopes = list(_envelopes(body))
    if len(envelopes) != backup.pages:
        raise _damaged()
    await vault.put_check(tx, backup.generation, backup.epoch)
    for number, envelope in enumerate(envelopes):
        await _put(tx, orjson.loads(tx.sealer.unseal(key, envelope, _label(backup, number))))
    await erasures.reapply(tx, entered)
    return backup


def expired(backup: Backup) -> BadInput:
    """What to say of a backup that must not be used any more."""
    return BadInput(
        f"this backup of the vault expired on {backup.expires.isoformat()}: it may open what was erased since",
        remedy="use a newer one",
    )


def read(path: Path, *, today: date) -> bytes:
    """The bytes of a backup. One that has expired is removed, and BadInput raised."""
    try:
        body = path.read_bytes()
        if about(body).expires <= today:
            path.unlink()
            raise expired(about(body))
    except OSError as error:
        raise BadInput(f"the file cannot be read ({error.strerror})", where=str(path)) from None
    return body


def remove_expired(folder: Path, *, today: date) -> tuple[Path, ...]:
    """Remove the backups in a folder that have expired, and nothing else."""
    gone = [path for path in sorted(folder.iterdir()) if path.is_file() and _has_expired(path, today)]
    for path in gone:
        path.unlink(missing_ok=True)
    return tuple(gone)


def _has_expired(path: Path, today: date) -> bool:
    with suppress(BadInput, OSError), path.open("rb") as file:
        return about(file.readline(1024)).expires <= today
    return False


async def _rows(tx: Transaction, page: int) -> AsyncIterator[list[Sequence[Any]]]:
    after = UUID(int=0)
    while True:
        cursor = await tx.connection.execute(
            """
            SELECT dossier, generation, epoch, wrapped, drawn, former
            FROM vault.data_key
            WHERE dossier > %s
            ORDER BY dossier
            LIMIT %s
            """,
            (after, page),
        )
        rows = await cursor.fetchall()
        if not rows:
            return
        after = rows[-1][0]
        yield rows


async def _put(tx: Transaction, rows: Sequence[Sequence[Any]]) -> None:
    held = [(UUID(row[0]), row[1], row[2], _bytes(row[3]), row[4], _bytes(row[5])) for row in rows]
    await tx.connection.execute(
        """
        INSERT INTO vault.data_key (dossier, generation, epoch, wrapped, drawn, former)
        SELECT *
        FROM unnest(%s::uuid[], %s::smallint[], %s::integer[], %s::bytea[], %s::smallint[], %s::bytea[])
        ON CONFLICT DO NOTHING
        """,
        [list(column) for column in zip(*held, strict=True)],
    )


def _plain(rows: Sequence[Sequence[Any]]) -> bytes:
    return orjson.dumps([[row[0].hex, row[1], row[2], _text(row[3]), row[4], _text(row[5])] for row in rows])


def _text(value: bytes | None) -> str | None:
    return None if value is None else base64.b64encode(value).decode()


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else base64.b64decode(text)


def _key(tx: Transaction, backup: Backup) -> bytes:
    return sealing.derive(tx.wrapping.key(backup.generation, backup.epoch), "vault backup")


def _label(backup: Backup, page: int) -> Label:
    return Label(table="vault", row=backup.line().decode(), column=str(page), edition=1)


def _envelopes(body: bytes) -> Iterator[bytes]:
    at = body.index(b"\n") + 1
    while at < len(body):
        begin = at + _length.size
        length = int.from_bytes(body[at:begin])
        at = begin + length
        if at > len(body) or not length:
            raise _damaged()
        yield body[begin:at]


def _damaged() -> KeyProblem:
    return KeyProblem("this backup of the vault is damaged", remedy="take another copy of it, or another backup")
