"""Backups of a database as an operator makes them, with the tools of the server."""

from __future__ import annotations

import subprocess

from registry.store import embedded

_server = embedded.postgres_server
_BIN = _server.POSTGRES_VERSIONS[_server.TARGET_POSTGRES_VERSION]
WITHOUT_VAULT = "--exclude-table-data=vault.*"
"""What every backup is made with: the vault has its own."""


def dump(url: str, *options: str) -> bytes:
    command = [str(_BIN / "pg_dump"), "--dbname", url, *options]
    return subprocess.run(command, check=True, capture_output=True).stdout


def restore(backup: bytes, url: str) -> None:
    command = [str(_BIN / "psql"), "--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1", "--dbname", url]
    subprocess.run(command, check=True, capture_output=True, input=backup)
