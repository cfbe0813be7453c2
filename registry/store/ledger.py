"""The erasure ledger: which dossiers were erased, in a file that lies apart from every backup of the database.

A line for each: day, dossier (a random id that opens nothing any more) and a seal, HMAC-SHA-256 over this line and
the seal before it. So a line that was changed, dropped or moved is noticed; what is cut off at the end is filled up
from the same list in the database. Only whole lines count: one that a crash left unfinished was never acknowledged.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from uuid import UUID

from registry.errors import KeyProblem, Unavailable
from registry.store.alone import alone
from registry.trust import sealing
from registry.trust.keyring import Keyring

_BEGINNING = b"continuity erasure ledger 1"


@dataclass(frozen=True, slots=True, order=True)
class Erasure:
    """A dossier whose data key was destroyed on that day."""

    day: date
    dossier: UUID


@dataclass(frozen=True, slots=True)
class Ledger:
    """The file and the key of its seals. Use `beside` to make one."""

    path: Path
    key: bytes = field(repr=False)

    def read(self) -> tuple[Erasure, ...]:
        """Every erasure, in the order they were made; none where there is no file yet.

        Raises KeyProblem when the file was changed, or is another registry's.
        """
        return tuple(erasure for erasure, _ in self._lines())

    def append(self, erasures: Iterable[Erasure]) -> int:
        """Add those that are missing, on the disk before this returns; returns how many were missing."""
        try:
            with alone(self.path.parent):
                held = self._lines()
                known = {erasure.dossier for erasure, _ in held}
                missing = sorted(each for each in set(erasures) if each.dossier not in known)
                if missing:
                    self._write(held, missing)
                return len(missing)
        except OSError as error:
            raise _unwritable(error, self.path) from None

    def _lines(self) -> list[tuple[Erasure, bytes]]:
        """The erasures, each with its seal."""
        if not self.path.exists():
            return []
        held: list[tuple[Erasure, bytes]] = []
        seal = _BEGINNING
        for number, line in enumerate(_whole(self.path.read_bytes()), start=1):
            told, _, written = line.rpartition(b" ")
            seal = self._seal(seal, told)
            if not hmac.compare_digest(written, seal):
                raise _changed(self.path, number)
            day, _, dossier = told.decode().partition(" ")
            held.append((Erasure(date.fromisoformat(day), UUID(dossier)), seal))
        return held

    def _write(self, held: list[tuple[Erasure, bytes]], missing: list[Erasure]) -> None:
        seal = held[-1][1] if held else _BEGINNING
        handle = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        with os.fdopen(handle, "r+b") as file:
            whole = sum(len(line) + 1 for line in _whole(file.read()))
            file.seek(whole)
            file.truncate()  # what a crash left unfinished
            for each in missing:
                told = f"{each.day.isoformat()} {each.dossier.hex}".encode()
                seal = self._seal(seal, told)
                file.write(told + b" " + seal + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def _seal(self, before: bytes, told: bytes) -> bytes:
        return sealing.keyed_digest(self.key, before + b"\n" + told).hex().encode()


def beside(key_file: Path, ring: Keyring) -> Ledger:
    """The ledger that belongs to a key file and lies beside it."""
    key = sealing.derive(ring.digest_key, "erasure ledger")
    return Ledger(path=key_file.with_name(f"{key_file.stem}.erased"), key=key)


def _whole(body: bytes) -> list[bytes]:
    return body.split(b"\n")[:-1]


def _changed(path: Path, number: int) -> KeyProblem:
    return KeyProblem(
        "the erasure ledger was changed, or is another registry's",
        where=f"{path}, line {number}",
        remedy="put a copy of it in place that is whole; without it a restored backup would bring erased people back",
    )


def _unwritable(error: OSError, path: Path) -> Unavailable:
    return Unavailable(
        f"the erasure ledger cannot be written ({error.strerror})",
        where=str(path),
        remedy="make room and start again: what was erased is entered at the next start",
    )
