"""What a witness has cosigned: a file that only grows, synced before anybody is answered.

One line for each cosigned checkpoint, with a check of its own. A crash can leave the last line unfinished: nobody
was answered for it, and it is cut off. Any other damage stops the witness: with a hole in its memory it could
cosign two histories. A disk brought back from an old copy forgets in the same way; nothing on one machine can
notice that, which is why there is more than one witness.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import orjson

from registry.errors import BadInput, Unavailable
from registry.store import witnesskey

_CHECK_CHARACTERS = 16


@dataclass(slots=True, kw_only=True)
class Sightings:
    """The newest cosigned checkpoint of each log, by its origin, as text; `evidence` keeps what contradicts them."""

    seen: IO[bytes] = field(repr=False)
    evidence: IO[bytes] = field(repr=False)
    latest: dict[str, str]

    def record(self, origin: str, text: str) -> None:
        """Remember that this was cosigned; on return it is on the disk."""
        _append(self.seen, origin, text)
        self.latest[origin] = text

    def record_contradiction(self, origin: str, text: str) -> None:
        """Keep a checkpoint that the log signed and that cannot stand beside what was cosigned."""
        _append(self.evidence, origin, text)


@contextmanager
def opened(folder: Path) -> Generator[Sightings]:
    """The memory of the witness in this folder. Raises BadInput while another process uses it, or it is damaged."""
    try:
        with (folder / "cosigned").open("a+b", 0) as seen, (folder / "contradictions").open("a+b", 0) as evidence:
            _lock(seen, folder)
            witnesskey.sync(folder)
            yield Sightings(seen=seen, evidence=evidence, latest=dict(_read(seen)))
    except OSError as error:
        raise Unavailable(
            f"the witness's memory cannot be used ({error.strerror})", where=str(folder), remedy="check disk and rights"
        ) from None


def _lock(seen: IO[bytes], folder: Path) -> None:
    try:
        fcntl.flock(seen, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise BadInput(
            "another process is this witness already", where=str(folder), remedy="stop it, or give another folder"
        ) from None


def _append(file: IO[bytes], origin: str, text: str) -> None:
    body = orjson.dumps([origin, text])
    end = file.seek(0, os.SEEK_END)
    try:
        file.write(_check(body) + b" " + body + b"\n")
        os.fsync(file.fileno())
    except OSError:
        os.truncate(file.fileno(), end)  # a full disk must not leave half a line for the next one to be joined to
        raise


def _read(seen: IO[bytes]) -> Iterator[tuple[str, str]]:
    seen.seek(0)
    content = seen.read()
    whole, _, torn = content.rpartition(b"\n")
    if torn:
        seen.truncate(len(content) - len(torn))
        os.fsync(seen.fileno())
    for number, line in enumerate(whole.split(b"\n") if whole else (), start=1):
        check, _, body = line.partition(b" ")
        if check != _check(body):
            raise BadInput(
                f"the witness's memory is damaged in line {number}",
                where=seen.name,
                remedy="retire this witness: one that forgets can cosign two histories",
            )
        origin, text = orjson.loads(body)
        yield origin, text


def _check(body: bytes) -> bytes:
    return hashlib.sha256(body).hexdigest()[:_CHECK_CHARACTERS].encode()
