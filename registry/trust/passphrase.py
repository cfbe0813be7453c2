"""A body locked under a passphrase, for the one file that must leave the machine: the exported keyring.

Argon2id (RFC 9106) makes the key, AES-256-GCM seals the body; the parameters stand in the file and are sealed
with it, so they can be raised later and changed by nobody. Damage and a wrong passphrase look the same.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import orjson
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from registry.errors import BadInput, KeyProblem
from registry.trust import encoding, sealing

SALT_BYTES = 16
MINIMUM_LENGTH = 12
_FORMAT = "continuity-locked-1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What every guess at a passphrase costs."""

    memory_kib: int
    iterations: int
    lanes: int

    @property
    def is_acceptable(self) -> bool:
        """Not below the minimum OWASP names (19 MiB, two passes), nor so high that a file stalls us."""
        memory = 19 * 1024 <= self.memory_kib <= 2 * 1024 * 1024
        return memory and 2 <= self.iterations <= 16 and 1 <= self.lanes <= 16


STANDARD = Cost(memory_kib=256 * 1024, iterations=3, lanes=4)
"""Four times the memory of the second option RFC 9106 recommends (section 4); 0.6 s on two cores."""


def lock(body: bytes, passphrase: str, *, salt: bytes, nonce: bytes, cost: Cost = STANDARD) -> bytes:
    """Lock `body`. `salt` (16 bytes) and `nonce` (12) are fresh random bytes.

    Raises BadInput for a passphrase of fewer than 12 characters.
    """
    typed = _normal(passphrase)
    if len(typed) < MINIMUM_LENGTH:
        raise BadInput(
            f"the passphrase has fewer than {MINIMUM_LENGTH} characters",
            remedy="take five or more words chosen by dice, and keep them apart from the file",
        )
    if len(salt) != SALT_BYTES or not cost.is_acceptable:
        raise ValueError("a salt has 16 bytes, and the cost must be acceptable")
    header = {"format": _FORMAT, "salt": encoding.to_base64url(salt), **asdict(cost)}
    sealed = sealing.seal(_key(typed, salt, cost), body, label=_label(header), nonce=nonce)
    return _text(header | {"sealed": encoding.to_base64url(sealed)})


def unlock(locked: bytes, passphrase: str) -> bytes:
    """Open what `lock` made. Raises KeyProblem when that fails, whatever the cause."""
    content = encoding.json_object(locked.strip())
    header = {name: value for name, value in (content or {}).items() if name != "sealed"}
    cost, salt = _cost(header), _bytes(header, "salt")
    sealed = _bytes(content or {}, "sealed")
    if header.get("format") != _FORMAT or cost is None or salt is None or sealed is None:
        raise _problem()
    try:
        return sealing.unseal(_key(_normal(passphrase), salt, cost), sealed, label=_label(header))
    except KeyProblem:
        raise _problem() from None


def _key(typed: str, salt: bytes, cost: Cost) -> bytes:
    machine = Argon2id(
        salt=salt,
        length=sealing.KEY_BYTES,
        iterations=cost.iterations,
        lanes=cost.lanes,
        memory_cost=cost.memory_kib,
    )
    return machine.derive(typed.encode("utf-8", "surrogatepass"))


def _normal(passphrase: str) -> str:
    # One keyboard sends an accented letter as one character, another as two (RFC 8265, section 4.2: NFC).
    return unicodedata.normalize("NFC", passphrase)


def _label(header: Mapping[str, Any]) -> sealing.Label:
    return sealing.Label("locked", _text(header).decode(), "body", 1)


def _text(header: Mapping[str, Any]) -> bytes:
    return orjson.dumps(dict(header), option=orjson.OPT_SORT_KEYS)


def _cost(header: Mapping[str, Any]) -> Cost | None:
    values = {name: header.get(name) for name in ("memory_kib", "iterations", "lanes")}
    if not all(type(value) is int for value in values.values()):
        return None
    cost = Cost(**{name: int(value or 0) for name, value in values.items()})
    return cost if cost.is_acceptable else None


def _bytes(content: Mapping[str, Any], name: str) -> bytes | None:
    text = content.get(name)
    raw = encoding.from_base64url(text) if isinstance(text, str) else None
    return raw if name != "salt" or (raw is not None and len(raw) == SALT_BYTES) else None


def _problem() -> KeyProblem:
    return KeyProblem(
        "the passphrase is wrong or the file is damaged",
        remedy="type it again, watching the keyboard layout; then try another copy of the file",
    )
