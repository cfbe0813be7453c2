"""An empty database to play on, beside the real one: made anew only on a server that is our own."""

from __future__ import annotations

from pathlib import Path

import psycopg
from psycopg import sql

from registry.errors import BadInput, Unavailable


def renew(url: str, data: Path, *, name: str) -> None:
    """Make the database `name` anew on the server whose data lies in `data`.

    Raises Unavailable, touching nothing, when the server is another one or somebody is using the database.
    """
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute("SHOW data_directory").fetchone()
        if row is None or Path(row[0]).resolve() != data.resolve():
            raise Unavailable("this is not the demo's own server; nothing was touched")
        if connection.execute("SELECT 1 FROM pg_stat_activity WHERE datname = %s", (name,)).fetchone():
            raise Unavailable("the demo's data is in use", remedy="stop `make serve` first, then run the demo again")
        own = sql.Identifier(name)
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(own))
        connection.execute(sql.SQL("CREATE DATABASE {}").format(own))


def require_empty(url: str) -> None:
    """Raise BadInput when a registry lives in this database already."""
    with psycopg.connect(url) as connection:
        if connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = 'registry'").fetchone():
            raise BadInput(
                "this database holds a registry already; the demo begins on an empty one only",
                where="REGISTRY_DATABASE_URL",
                remedy="create an empty database for the demo, or unset the variable",
            )
