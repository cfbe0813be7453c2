"""The folder of a witness: its own key (mode 0600), what it publishes of it, and the keys of the logs it follows."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson

from registry.errors import BadInput, KeyProblem
from registry.trust import encoding, p256

KEY, PUBLISHED, LOGS = "witness.key", "witness.json", "logs"


def make(folder: Path, published: Mapping[str, Any], key: p256.Jwk) -> None:
    """Write a new witness's key and trust file. Raises BadInput where a witness lives already."""
    try:
        (folder / LOGS).mkdir(parents=True, exist_ok=True)
        _write_new(folder / KEY, orjson.dumps(dict(key)) + b"\n", 0o600)
        _write_new(folder / PUBLISHED, orjson.dumps(dict(published), option=orjson.OPT_INDENT_2) + b"\n", 0o644)
        sync(folder)
    except FileExistsError:
        raise BadInput("a witness lives in this folder already", where=str(folder), remedy="start it") from None
    except OSError as error:
        raise _unusable(error, folder) from None


def key(folder: Path) -> p256.Jwk:
    """The witness's private key. Raises KeyProblem when it is missing, open to others or damaged."""
    path = folder / KEY
    try:
        mode, body = stat.S_IMODE(path.stat().st_mode), path.read_bytes()
    except OSError as error:
        raise _unusable(error, path) from None
    if mode & 0o077:
        raise KeyProblem(f"the witness's key is open to others (mode {mode:04o})", where=str(path), remedy="chmod 0600")
    found = encoding.json_object(body)
    if found is None or [*p256.private_problems(found)]:
        raise KeyProblem("the witness's key is damaged", where=str(path), remedy="bring it back from its copy")
    return found


def files(folder: Path) -> dict[str, bytes]:
    """The trust files (*.json) of a folder by name; none where there is no such folder."""
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.json"))}


def sync(folder: Path) -> None:
    """Make sure that the files in a folder are found again after a loss of power."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _write_new(path: Path, body: bytes, mode: int) -> None:
    # Whole under another name first: a crash leaves no half key under the name that counts.
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        path.hardlink_to(fresh)  # fails where the file is already
    finally:
        with suppress(OSError):
            fresh.unlink()


def _unusable(error: OSError, path: Path) -> KeyProblem:
    return KeyProblem(
        f"the witness's folder cannot be used ({error.strerror})",
        where=str(path),
        remedy="begin one with: continuity witness init",
    )
