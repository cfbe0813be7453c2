"""Erasure: data keys destroyed, and what could still point at their dossiers removed.

What was sealed under a destroyed key stays as noise, here and in every backup, so that the audit log and the rows of
others keep their form. The list of what was erased lies in the vault and in the ledger; each fills up the other.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from registry.store import releases
from registry.store.database import ENVELOPE_OF_ERASED, Database, Transaction
from registry.store.functions import Function
from registry.store.ledger import Erasure, Ledger


async def destroy(tx: Transaction, ids: Iterable[UUID], *, today: date) -> int:
    """Destroy the data keys of these dossiers; returns how many summaries recorded in them were revoked.

    The positions of those on the status list lie sealed in them, so they are revoked here or never.
    """
    erased = sorted(set(ids))
    revoked = await releases.revoke(tx, [each.position for each in await releases.of_person(tx, erased)])
    await tx.admit("lookup_key", erased)
    # Whoever works with a dossier since before this, or waits for it, notices by its row.
    await tx.connection.execute(
        "UPDATE registry.dossier SET envelope = %s WHERE dossier = ANY(%s)", (ENVELOPE_OF_ERASED, erased)
    )
    await tx.connection.execute("DELETE FROM vault.data_key WHERE dossier = ANY(%s)", (erased,))
    # Every key there is of them, known or not (a card's is not): one reading of the table, as erasing is rare.
    await tx.connection.execute("DELETE FROM registry.lookup_key WHERE dossier = ANY(%s)", (erased,))
    await _list(tx, [Erasure(today, each) for each in erased])
    for each in erased:
        for remembered in (tx.data_keys, tx.former_keys, tx.held):
            remembered.pop(each, None)
    return revoked


async def listed(tx: Transaction) -> tuple[Erasure, ...]:
    """Every erasure this database knows of."""
    cursor = await tx.connection.execute("SELECT day, dossier FROM vault.erasure ORDER BY day, dossier")
    return tuple(Erasure(*row) for row in await cursor.fetchall())


async def settle(database: Database, ledger: Ledger) -> int:
    """Destroy anew what the ledger lists and a backup brought back, and enter in the ledger what only the database
    lists; returns how many dossiers had come back.

    To be done after every erasure, and before anything is served from a database that may have been restored.
    """
    entered = ledger.read()
    async with database.transaction(Function.ERASE) as tx:
        back = await reapply(tx, entered)
        known = await listed(tx)
    ledger.append(known)
    return back


async def reapply(tx: Transaction, entered: Iterable[Erasure]) -> int:
    """Destroy what is erased and open all the same; returns how many dossiers that were."""
    await _list(tx, entered)
    cursor = await tx.connection.execute("SELECT dossier, day FROM vault.erasure JOIN vault.data_key USING (dossier)")
    back = await cursor.fetchall()
    if back:
        await destroy(tx, [dossier for dossier, _ in back], today=max(day for _, day in back))
    return len(back)


async def _list(tx: Transaction, erasures: Iterable[Erasure]) -> None:
    rows = list(erasures)
    await tx.connection.execute(
        """
        INSERT INTO vault.erasure (dossier, day)
        SELECT * FROM unnest(%s::uuid[], %s::date[])
        ON CONFLICT DO NOTHING
        """,
        ([each.dossier for each in rows], [each.day for each in rows]),
    )
