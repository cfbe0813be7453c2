"""Finding by equality without anything readable: keyed hashes in one narrow table.

Two secrets hash into it: the match key for what identifies people, the index key for everything else.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from uuid import UUID

from registry.store.database import Transaction
from registry.trust import sealing

PER_KEY = 201
"""At most this many rows of one key are read, whatever the data; the 201st says that the key is too common."""


def match_hash(tx: Transaction, kind: str, *parts: str) -> int:
    """The keyed hash of something that identifies a person."""
    return sealing.keyed_hash(tx.keyring.match_key, kind, *parts)


def index_hash(tx: Transaction, kind: str, *parts: str) -> int:
    """The keyed hash of a source's own id, a token, a card, a name of an organisation."""
    return sealing.keyed_hash(tx.keyring.index_key, kind, *parts)


async def add(tx: Transaction, rows: Iterable[tuple[int, UUID]]) -> None:
    """File dossiers under keys, in one statement however many; a row that is there already stays."""
    added = list(rows)
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


async def sharing(tx: Transaction, keys: Iterable[int]) -> Mapping[int, list[UUID]]:
    """The dossiers behind each key, at most PER_KEY of each."""
    asked = list(keys)
    await tx.admit("lookup_key", asked)
    cursor = await tx.connection.execute(
        """
        SELECT asked.key, found.dossier
        FROM unnest(%s::bigint[]) AS asked (key)
        CROSS JOIN LATERAL (
            SELECT dossier
            FROM registry.lookup_key
            WHERE key = asked.key
            LIMIT %s
        ) AS found
        """,
        (asked, PER_KEY),
    )
    shared: dict[int, list[UUID]] = defaultdict(list)
    for key, dossier in await cursor.fetchall():
        shared[key].append(dossier)
    return shared


async def only(tx: Transaction, key: int) -> UUID | None:
    """The one dossier behind a key that is unique by meaning, such as a source's own id of a person."""
    found = (await sharing(tx, (key,))).get(key, [])
    return found[0] if len(found) == 1 else None
