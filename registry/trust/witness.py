"""What a witness decides: may this checkpoint be cosigned after those seen before? C2SP tlog-witness, add-checkpoint.

A witness remembers one checkpoint of each log, the newest it cosigned, and cosigns another one only when the log
proves that it added to that. Whoever holds the log's key and its database can therefore write a second history, but
finds nobody to cosign it.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from registry.trust import checkpoint, encoding, merkle, p256
from registry.trust.checkpoint import Checkpoint, Note
from registry.trust.merkle import HASH_BYTES
from registry.trust.refusal import Reason

MOST_HASHES = 63
_OLD = re.compile(r"old (0|[1-9][0-9]{0,18})")


class Outcome(Enum):
    """The answer to a request; `status` is that of HTTP (tlog-witness, "add-checkpoint")."""

    COSIGN = "cosign"
    MALFORMED = "malformed"
    UNSIGNED = "unsigned"
    UNKNOWN_LOG = "unknown-log"
    STALE = "stale"  # the log does not know which checkpoint was cosigned last
    FORKED = "forked"  # two roots of one size
    INCONSISTENT = "inconsistent"

    @property
    def status(self) -> int:
        return _STATUS[self]

    @property
    def is_evidence(self) -> bool:
        """Whether the request, which the log signed, shows that the log has two histories."""
        return self in (Outcome.FORKED, Outcome.INCONSISTENT)


_STATUS = {
    Outcome.COSIGN: 200,
    Outcome.MALFORMED: 400,
    Outcome.UNSIGNED: 403,
    Outcome.UNKNOWN_LOG: 404,
    Outcome.STALE: 409,
    Outcome.FORKED: 409,
    Outcome.INCONSISTENT: 422,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A checkpoint to be cosigned, and the path that proves it to continue the tree of `old` leaves."""

    old: int
    path: tuple[bytes, ...]
    text: str


def write(request: Request) -> str:
    """The body of the request."""
    hashes = "".join(base64.b64encode(each).decode("ascii") + "\n" for each in request.path)
    return f"old {request.old}\n{hashes}\n{request.text}"


def read(body: str) -> Request | None:
    """Read what `write` wrote; None for anything else."""
    head, blank, text = body.partition("\n\n")
    first, *rest = head.split("\n")
    old = _OLD.fullmatch(first)
    path = [encoding.from_base64(each) for each in rest]
    hashes = [each for each in path if each is not None and len(each) == HASH_BYTES]
    if not blank or old is None or len(hashes) != len(path) or len(path) > MOST_HASHES:
        return None
    return Request(old=int(old[1]), path=tuple(hashes), text=text)


def decide(request: Request, logs: Mapping[str, Iterable[p256.Jwk]], held: Mapping[str, Checkpoint]) -> Outcome:
    """Whether to cosign. `logs`: the keys of each log followed; `held`: the newest checkpoint cosigned of each."""
    note = checkpoint.note(request.text)
    if isinstance(note, Reason):
        return Outcome.MALFORMED
    keys = [*logs.get(note.checkpoint.origin, ())]
    if not keys:
        return Outcome.UNKNOWN_LOG
    if not any(isinstance(checkpoint.verify(request.text, key), Checkpoint) for key in keys):
        return Outcome.UNSIGNED
    return _follows(request, note, held.get(note.checkpoint.origin))


def _follows(request: Request, note: Note, held: Checkpoint | None) -> Outcome:
    new, size, root = note.checkpoint, held.size if held else 0, held.root if held else merkle.EMPTY_ROOT
    if request.old > new.size:
        return Outcome.MALFORMED
    if request.old != size:
        return Outcome.STALE
    if new.size == size and new.root != root:
        return Outcome.FORKED
    is_continued = merkle.verify_consistency(size, new.size, request.path, root, new.root)
    return Outcome.COSIGN if is_continued else Outcome.INCONSISTENT
