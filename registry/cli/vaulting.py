"""`continuity vault backup|restore`: the keys of the dossiers, backed up apart from the records, for days only."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from registry.cli.running import Json, out, print_json, run, settings, write_file
from registry.flows import opening, vaults
from registry.store import vaultfile
from registry.store.vaultfile import Backup

app = typer.Typer(help="The data keys of the dossiers: backed up apart, and for days only.", no_args_is_help=True)


@app.command("backup")
def backup(
    file: Annotated[Path, typer.Option("--out", help="Where to write it: not where the dumps of the database lie.")],
    json: Json = False,
) -> None:
    """Write a sealed backup of every data key, and remove the expired ones beside it.

    It can be restored for REGISTRY_VAULT_BACKUP_DAYS days (7 unless set), with the key file of today. After that
    nobody can open from it what was erased meanwhile.
    """
    made, body = run(vaults.back_up)
    write_file(file, body, secret=True)
    removed = vaultfile.remove_expired(file.parent, today=made.made)
    if json:
        print_json({**_told(made), "file": str(file), "removed": [str(each) for each in removed]})
    else:
        out.print(f"{made.keys} data keys are in {file}, to be restored before {made.expires}.", soft_wrap=True)
        out.print(f"{len(removed)} expired backups removed.")


@app.command("restore")
def restore(
    file: Annotated[Path, typer.Argument(help="A backup that has not expired.")],
    json: Json = False,
) -> None:
    """Bring the data keys back into a restored database, but for what was erased since.

    Begin with the dump of the database; this comes next; then start the service.
    """

    async def work() -> tuple[Backup, int]:
        async with opening.unserved(settings()) as found:
            return await vaults.bring_back(found, file)

    restored, erased = asyncio.run(work())
    if json:
        print_json({**_told(restored), "erased": erased})
    else:
        out.print(f"{restored.keys} data keys of {restored.made} were restored; {erased} dossiers stay erased.")


def _told(backup: Backup) -> dict[str, object]:
    return {"keys": backup.keys, "made": backup.made.isoformat(), "expires": backup.expires.isoformat()}
