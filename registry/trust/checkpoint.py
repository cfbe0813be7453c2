"""A signed statement of the audit log's size and root, as text: C2SP tlog-checkpoint in a C2SP signed note.

```
origin
size
base64 of the root

— origin base64(key id, signature)
```

Ed25519 is usual there. Here it is ES256, raw r || s, because one kind of key and one verifier serve summaries
and checkpoints alike; the signature type is therefore 0xff with a name of its own (signed-note, "Signature
types"). Other lines of signature are carried along: `cosignature` reads those of witnesses. Extension lines are
refused: no monitor could audit them.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from hashlib import sha256

from registry.trust import encoding, p256
from registry.trust.merkle import EMPTY_ROOT, HASH_BYTES
from registry.trust.refusal import Reason, Refused

MAX_CHARACTERS = 64 * 1024
_SIGNATURE_TYPE = b"\xffcontinuity-registry/es256-raw"
NAME = re.compile(r"[^\s+\x00-\x1f\x7f]+")
_BODY = re.compile(r"(?P<origin>[^\n]+)\n(?P<size>0|[1-9][0-9]{0,18})\n(?P<root>[A-Za-z0-9+/]{43}=)\n")
_LINE = re.compile(r"\u2014 (?P<name>[^\s+]+) (?P<signature>[A-Za-z0-9+/]+={0,2})")
_CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A log had this root when it had this many leaves."""

    origin: str
    size: int
    root: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A checkpoint and the signatures under it (name, key id and signature), none of them checked."""

    checkpoint: Checkpoint
    body: bytes
    signatures: tuple[tuple[str, bytes], ...]

    def by(self, name: str, key_id: bytes) -> list[bytes]:
        """The signatures that claim to be of this name and key."""
        return [raw[len(key_id) :] for signer, raw in self.signatures if signer == name and raw.startswith(key_id)]


def issue(origin: str, size: int, root: bytes, key: p256.Jwk) -> str:
    """Sign a checkpoint with a private key. `origin` names the log: an address without scheme or spaces."""
    body = f"{origin}\n{size}\n{base64.b64encode(root).decode('ascii')}\n"
    if not NAME.fullmatch(origin) or _read(body) is None:
        raise ValueError("a checkpoint needs an origin without spaces, a size and a root of 32 bytes that fit")
    return f"{body}\n{line(origin, key_id(origin, _SIGNATURE_TYPE, key) + p256.sign(key, body.encode()))}"


def line(name: str, signature: bytes) -> str:
    """A line of signature; `signature` begins with the key id."""
    return f"\u2014 {name} {base64.b64encode(signature).decode('ascii')}\n"


def key_id(name: str, kind: bytes, key: p256.Jwk) -> bytes:
    """Which key of this name a signature of this kind is by (signed-note, "Signatures")."""
    identity = "\n".join((name, "")).encode("utf-8", "surrogatepass")
    return sha256(identity + kind + b"\n" + p256.thumbprint(key).encode("ascii")).digest()[:4]


def verify(text: str, key: p256.Jwk) -> Checkpoint | Refused:
    """Believe a checkpoint signed with this public key in the name of its origin, or say why not.

    The caller compares `origin` with the log it means.
    """
    outcome = _verified(text, key)
    return Refused(outcome) if isinstance(outcome, Reason) else outcome


def _verified(text: str, key: p256.Jwk) -> Checkpoint | Reason:
    read = note(text)
    if isinstance(read, Reason):
        return read
    origin = read.checkpoint.origin
    own = read.by(origin, key_id(origin, _SIGNATURE_TYPE, key))
    if not own:
        return Reason.UNKNOWN_SIGNER
    # A known key with one signature that fails makes the whole note suspect (signed-note, "Signatures").
    return read.checkpoint if all(p256.verify(key, read.body, each) for each in own) else Reason.BAD_SIGNATURE


def note(text: str) -> Note | Reason:
    """Take a signed checkpoint apart without believing anything of it."""
    if len(text) > MAX_CHARACTERS:
        return Reason.TOO_LARGE
    body, blank, lines = text.partition("\n\n")
    checkpoint = _read(body + "\n")
    signatures = _signatures(lines)
    if not blank or checkpoint is None or signatures is None or _CONTROLS.search(text):
        return Reason.MALFORMED
    signed = (body + "\n").encode("utf-8", "surrogatepass")
    return Note(checkpoint=checkpoint, body=signed, signatures=tuple(signatures))


def _read(body: str) -> Checkpoint | None:
    found = _BODY.fullmatch(body)
    root = encoding.from_base64(found["root"]) if found else None
    if not found or root is None or len(root) != HASH_BYTES:
        return None
    size = int(found["size"])
    if size == 0 and root != EMPTY_ROOT:
        return None
    return Checkpoint(origin=found["origin"], size=size, root=root)


def _signatures(lines: str) -> list[tuple[str, bytes]] | None:
    if not lines.endswith("\n"):
        return None
    found = [_LINE.fullmatch(line) for line in lines[:-1].split("\n")]
    read = [(each["name"], encoding.from_base64(each["signature"])) for each in found if each]
    known = [(name, raw) for name, raw in read if raw is not None and len(raw) > 4]
    return known if len(known) == len(found) else None
