"""Finding by equality without anything readable: keyed hashes in one narrow table.

Two secrets hash into it: the match key for what identifies people, the index key for everything else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from registry.store.database import Transaction
from registry.trust import sealing

PER_KEY = 201
"""At most this many rows of one key are read, whatever the data; the 201st says that the key is too common."""

_GAVE_WAY, _EMPTIED = UUID(int=0), UUID(int=1)
"""No dossiers: filed under a key that gave way to narrower ones, and once all who were there before have moved. They
come before every other, so they are always read."""


def match_hash(tx: Transaction, kind: str, *parts: str) -> int:
    """The keyed hash of something that identifies a person."""
    return sealing.keyed_hash(tx.keyring.match_key, kind, *parts)


def index_hash(tx: Transaction, kind: str, *parts: str) -> int:
    """The keyed hash of a source's own id, a token, a card, a name of an organisation."""
    return sealing.keyed_hash(tx.keyring.index_key, kind, *parts)


async def add(tx: Transaction, rows: Iterable[tuple[int, UUID]]) -> None:
    """File dossiers under keys, in one statement however many; a row that is there already stays."""
    added = list(rows)
    if not added:
        return
    await tx.connection.execute(
        """
        INSERT INTO registry.lookup_key (key, dossier)
        SELECT * FROM unnest(%s::bigint[], %s::uuid[])
        ON CONFLICT DO NOTHING
        """,
        ([key for key, _ in added], [dossier for _, dossier in added]),
    )


async def remove(tx: Transaction, rows: Iterable[tuple[int, UUID]]) -> None:
    removed = list(rows)
    if not removed:
        return
    await tx.connection.execute(
        """
        DELETE FROM registry.lookup_key AS held
        USING unnest(%s::bigint[], %s::uuid[]) AS gone (key, dossier)
        WHERE held.key = gone.key AND held.dossier = gone.dossier
        """,
        ([key for key, _ in removed], [dossier for _, dossier in removed]),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """The ids behind each key, at most PER_KEY of each; the keys that gave way, and of those the emptied ones.

    An id is 16 bytes here: of the thousands behind the keys of one question only the nearest are ever looked at.
    """

    ids: Mapping[int, Sequence[bytes]]
    gave_way: frozenset[int]
    emptied: frozenset[int]

    def dossiers(self, key: int) -> list[UUID]:
        return [UUID(bytes=each) for each in self.ids[key]]

    @property
    def common(self) -> frozenset[int]:
        """The keys too many share: what gave way already, and what has as many dossiers as are read."""
        return self.gave_way | {key for key, each in self.ids.items() if len(each) >= PER_KEY}


async def give_way(tx: Transaction, keys: Iterable[int]) -> None:
    """Note that these keys gave way to narrower ones, for good: whoever asks for them asks for those as well."""
    await add(tx, [(each, _GAVE_WAY) for each in keys])


async def empty(tx: Transaction, keys: Iterable[int]) -> None:
    """Note that all who were filed under these keys when they gave way have moved."""
    await add(tx, [(each, _EMPTIED) for each in keys])


async def sharing(tx: Transaction, keys: Iterable[int]) -> Mapping[int, list[UUID]]:
    """The dossiers behind each key, at most PER_KEY of each."""
    found = await shared(tx, keys)
    return {key: found.dossiers(key) for key in found.ids}


async def shared(tx: Transaction, keys: Iterable[int]) -> Shared:
    """Who shares these keys, and which of them gave way."""
    asked = list(keys)
    await tx.admit("lookup_key", asked)
    cursor = await tx.connection.execute(_SHARED, (asked, PER_KEY))
    found = {key: _parted(packed) for key, packed in await cursor.fetchall()}
    return Shared(
        ids={key: [each for each in held if each not in _NOTES] for key, held in found.items()},
        gave_way=frozenset(key for key, held in found.items() if _GAVE_WAY.bytes in held[:2]),
        emptied=frozenset(key for key, held in found.items() if _EMPTIED.bytes in held[:2]),
    )


_NOTES = frozenset((_GAVE_WAY.bytes, _EMPTIED.bytes))
# The ids of a key come as one value: a row for each of thousands took the process three times as long.
_SHARED = """
    SELECT asked.key, found.ids
    FROM unnest(%s::bigint[]) AS asked (key)
    CROSS JOIN LATERAL (
        SELECT string_agg(uuid_send(dossier), ''::bytea ORDER BY dossier) AS ids
        FROM (
            SELECT dossier
            FROM registry.lookup_key
            WHERE key = asked.key
            ORDER BY dossier
            LIMIT %s
        ) AS few
    ) AS found
    WHERE found.ids IS NOT NULL
"""


def _parted(packed: bytes) -> list[bytes]:
    return [packed[at : at + 16] for at in range(0, len(packed), 16)]


async def only(tx: Transaction, key: int) -> UUID | None:
    """The one dossier behind a key that is unique by meaning, such as a source's own id of a person."""
    found = (await sharing(tx, (key,))).get(key, [])
    return found[0] if len(found) == 1 else None
