"""A registry as time leaves it: every key that too many share has given way, and the server has tidied up."""

from __future__ import annotations

from typing import LiteralString

from registry.flows import filing
from registry.flows.opening import Registry
from registry.flows.reader import Reader
from registry.store import dossiers, keys
from registry.store.functions import Function
from tests.support import behind

AT_ONCE = 20
"""Dossiers whose keys are looked at in one transaction."""

_COMMON: LiteralString = """
    SELECT DISTINCT (array_agg(dossier))[1] FROM registry.lookup_key GROUP BY key
    HAVING count(*) >= %s AND bool_and(dossier <> '00000000-0000-0000-0000-000000000000')
"""


async def narrowed(registry: Registry) -> None:
    """Let the keys that too many share give way, as they do when the matcher meets them."""
    async with behind.transaction(registry.database) as tx:
        cursor = await tx.connection.execute(_COMMON, (keys.PER_KEY,))
        common = [row[0] for row in await cursor.fetchall()]
    for at in range(0, len(common), AT_ONCE):
        async with registry.database.transaction(Function.MATCH) as tx:
            held = await dossiers.load(tx, common[at : at + AT_ONCE], lock=True)
            await filing.give_way(tx, Reader(), [*held.values()])
    await behind.vacuum(registry.database)
