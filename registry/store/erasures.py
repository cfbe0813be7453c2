"""What is destroyed when a family asks for it: the data keys of dossiers, and every key they can be found by.

Without its data key a dossier is unreadable wherever a copy lies. The leaves of the audit log stay: each is a salted
hash that tells neither person nor country.
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from registry.store.database import Transaction


async def destroy(tx: Transaction, dossiers: Iterable[UUID]) -> int:
    """Destroy the data keys and lookup keys of these dossiers; returns how many dossiers could still be read."""
    gone = list(dossiers)
    cursor = await tx.connection.execute("DELETE FROM vault.data_key WHERE dossier = ANY(%s)", (gone,))
    destroyed = cursor.rowcount
    await tx.connection.execute("DELETE FROM registry.lookup_key WHERE dossier = ANY(%s)", (gone,))
    for each in gone:
        tx.data_keys.pop(each, None)
        tx.held.pop(each, None)
    return destroyed
