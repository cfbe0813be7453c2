"""What a witness adds to a checkpoint: at this time it was consistent with everything seen of this log before.

The form is that of C2SP tlog-cosignature: a further line of signature under the note, holding a time in seconds
and a signature over `cosignature/v1`, that time and the checkpoint. There it is Ed25519 or ML-DSA; here ES256, for
the reason `checkpoint` gives, and so with a key id of a kind of its own: nobody takes one for the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from registry.trust import checkpoint, p256
from registry.trust.refusal import Reason, Refused

_KIND = b"\xffcontinuity-registry/cosignature-es256"
_TIME_BYTES = 8
_LAST_SECOND = 253402300799  # the end of the year 9999


def issue(text: str, name: str, key: p256.Jwk, *, at: datetime) -> str:
    """A witness's line under this checkpoint. Raises ValueError for what is no checkpoint, or a name with spaces."""
    note = checkpoint.note(text)
    if isinstance(note, Reason) or not checkpoint.NAME.fullmatch(name):
        raise ValueError("only a checkpoint can be cosigned, by a name without spaces")
    seconds = int(at.timestamp())
    signature = p256.sign(key, _message(seconds, note.body))
    return checkpoint.line(name, _key_id(name, key) + seconds.to_bytes(_TIME_BYTES, "big") + signature)


def verify(text: str, name: str, key: p256.Jwk) -> datetime | Refused:
    """When the witness of this name and public key cosigned this checkpoint, or why that is not believed.

    Says nothing about the log's own signature. Of several cosignatures every one must hold; the first time counts.
    """
    note = checkpoint.note(text)
    if isinstance(note, Reason):
        return Refused(note)
    own = note.by(name, _key_id(name, key))
    if not own:
        return Refused(Reason.UNKNOWN_SIGNER)
    times = [_time(each, note.body, key) for each in own]
    held = [each for each in times if each is not None]
    return min(held) if len(held) == len(times) else Refused(Reason.BAD_SIGNATURE)


def witnesses(text: str, known: Mapping[str, p256.Jwk]) -> dict[str, datetime]:
    """Which of the known witnesses cosigned this checkpoint, and when."""
    found = {name: verify(text, name, key) for name, key in known.items()}
    return {name: at for name, at in found.items() if isinstance(at, datetime)}


def _time(signed: bytes, body: bytes, key: p256.Jwk) -> datetime | None:
    seconds = int.from_bytes(signed[:_TIME_BYTES], "big")
    if seconds > _LAST_SECOND or not p256.verify(key, _message(seconds, body), signed[_TIME_BYTES:]):
        return None
    return datetime.fromtimestamp(seconds, UTC)


def _message(seconds: int, body: bytes) -> bytes:
    return f"cosignature/v1\ntime {seconds}\n".encode() + body


def _key_id(name: str, key: p256.Jwk) -> bytes:
    return checkpoint.key_id(name, _KIND, key)
