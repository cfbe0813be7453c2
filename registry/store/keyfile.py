"""The key file: every secret of the registry in one file of mode 0600 outside the database."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from registry.errors import KeyProblem
from registry.store.alone import alone
from registry.trust import keyring
from registry.trust.keyring import Keyring


def is_missing(path: Path) -> bool:
    """Whether there is no key file. Raises KeyProblem where that cannot be told."""
    try:
        return not path.exists()
    except OSError as error:
        raise _unusable(error, path) from None


def load_or_make(path: Path, *, today: date, epochs: int = keyring.EPOCHS_AHEAD) -> Keyring:
    """Read the key file; make it at the first start; add wrapping keys when the last epochs come near.

    With no `epochs` it is made without wrapping keys, for a registry whose token holds them.
    """

    def change(held: Keyring | None) -> Keyring:
        known = held or keyring.fresh(secrets.token_bytes, today=today, epochs=epochs)
        return keyring.with_epochs(known, secrets.token_bytes, today=today, epochs=epochs)

    return _changed(path, change)


@dataclass(frozen=True, slots=True)
class FileWrapping:
    """Wrapping keys in the key file, read anew each time: what another process adds is found."""

    path: Path

    def key(self, generation: int, epoch: int) -> bytes:
        return load(self.path).wrapping_key(generation, epoch)

    def generations(self) -> frozenset[int]:
        return frozenset(load(self.path).wrapping)

    def add(self, generation: int, *, today: date) -> None:
        _changed(self.path, lambda held: keyring.with_generation(_there(held), generation, secrets.token_bytes, today))

    def drop(self, *, before: int) -> None:
        _changed(self.path, lambda held: keyring.without_generations(_there(held), before=before))


def _there(held: Keyring | None) -> Keyring:
    if held is None:
        raise KeyProblem("the key file is missing", remedy="bring it back with: continuity keys import")
    return held


def _changed(path: Path, change: Callable[[Keyring | None], Keyring]) -> Keyring:
    """Change the key file; `change` is told what is there, None where nothing is.

    One process at a time: a key that two processes draw at once would be lost with what it sealed.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with alone(path.parent):
            before = load(path) if path.exists() else None
            after = change(before)
            if after != before:
                replace(path, after)
            return after
    except OSError as error:
        raise _unusable(error, path) from None


def load(path: Path) -> Keyring:
    """Read the key file. Raises KeyProblem when it is missing, open to others or damaged."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        body = path.read_bytes()
    except OSError as error:
        raise _unusable(error, path) from None
    if mode & 0o077:
        raise KeyProblem(f"the key file is open to others (mode {mode:04o})", where=str(path), remedy="chmod 0600 it")
    return keyring.loads(body)


def replace(path: Path, ring: Keyring) -> None:
    """Write the key file so that a crash leaves either the old one or the new one."""
    fresh = path.with_name(path.name + f".{secrets.token_hex(4)}")
    try:
        _write_new(fresh, keyring.dumps(ring))
        fresh.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise _unusable(error, path) from None


def _write_new(path: Path, body: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())


def _unusable(error: OSError, path: Path) -> KeyProblem:
    return KeyProblem(
        f"the key file cannot be used ({error.strerror})",
        where=str(path),
        remedy="check the folder and its rights, or bring the file back with: continuity keys import",
    )


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
