"""Migrations: plain SQL files in `schemas/sql`, forward only, each applied once under an advisory lock."""

from __future__ import annotations

from collections.abc import Mapping
from typing import LiteralString, cast

from registry.store.database import Database

_LOCK = 0x636F6E74  # "cont": one registry migrates at a time


async def migrate(database: Database, files: Mapping[str, str]) -> tuple[str, ...]:
    """Apply the files not applied yet, in the order of their names; returns the names applied now."""
    async with database.transaction() as tx:
        await tx.connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        await tx.connection.execute('CREATE TABLE IF NOT EXISTS public.migration (name text COLLATE "C" PRIMARY KEY)')
        cursor = await tx.connection.execute("SELECT name FROM public.migration")
        known = {row[0] for row in await cursor.fetchall()}
        missing = tuple(name for name in sorted(files) if name not in known)
        for name in missing:
            # The text comes from our own files, never from an input.
            await tx.connection.execute(cast(LiteralString, files[name]))
            await tx.connection.execute("INSERT INTO public.migration (name) VALUES (%s)", (name,))
    return missing
