"""Backing the vault up and bringing it back: the keys of every dossier, apart from the records they open.

A dump of the database is made without the vault's rows (`pg_dump --exclude-table-data='vault.*'`) and may be kept as
long as anybody likes; it opens nothing by itself. The vault's backups open everything in it, and are kept for days.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from registry.flows.opening import Registry, Unserved
from registry.store import erasures, vaultfile
from registry.store.vaultfile import Backup


async def back_up(registry: Registry) -> tuple[Backup, bytes]:
    """A backup of every data key as of one moment, and its bytes, to be written where no dump lies."""
    async with registry.database.transaction(snapshot=True) as tx:
        return await vaultfile.write(tx, today=registry.today(), days=registry.settings.vault_backup_days)


async def bring_back(found: Unserved, path: Path) -> tuple[Backup, int]:
    """Restore the vault from a backup, but for what was erased since; returns it and how many are erased for good.

    Raises BadInput for a backup that has expired (it is removed), KeyProblem for one that does not open.
    """
    today: date = found.clock().date()
    body = vaultfile.read(path, today=today)
    async with found.database.transaction() as tx:
        backup = await vaultfile.restore(tx, body, found.ledger.read(), today=today)
        erased = len(await erasures.listed(tx))
    return backup, erased
