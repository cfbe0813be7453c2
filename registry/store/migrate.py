"""Migrations: plain SQL files in `schemas/sql`, forward only, each applied once under an advisory lock.

They run as the owner of the tables, whom row-level security binds like anybody: a migration that changes rows says
`NO FORCE ROW LEVEL SECURITY` of their table before and `FORCE` after, or it changes none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import LiteralString, cast

from registry.store.database import Transaction

_LOCK = 0x636F6E74  # "cont": one registry migrates at a time


async def migrate(tx: Transaction, files: Mapping[str, str]) -> tuple[str, ...]:
    """Apply the files not applied yet, in the order of their names; returns the names applied now."""
    await tx.hold(_LOCK)
    await tx.connection.execute('CREATE TABLE IF NOT EXISTS public.migration (name text COLLATE "C" PRIMARY KEY)')
    applied = await missing(tx, files)
    for name in applied:
        # The text comes from our own files, never from an input.
        await tx.connection.execute(cast(LiteralString, files[name]))
        await tx.connection.execute("INSERT INTO public.migration (name) VALUES (%s)", (name,))
    return applied


async def missing(tx: Transaction, files: Iterable[str]) -> tuple[str, ...]:
    """The names of the files not applied yet."""
    cursor = await tx.connection.execute("SELECT name FROM public.migration")
    known = {row[0] for row in await cursor.fetchall()}
    return tuple(name for name in sorted(files) if name not in known)
