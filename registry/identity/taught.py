"""Which names a table was learned from, without listing them: a Bloom filter, so that nobody is examined on what was
taught (Bloom, Space/Time Trade-offs in Hash Coding with Allowable Errors, CACM 13(7), 1970).

A name that was taught is always recognised; of other names one in a hundred is taken for one.
"""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

_BITS_A_NAME = 10
_PLACES = 7


@dataclass(frozen=True, slots=True)
class Taught:
    """The names taught, as bits."""

    bits: bytes = field(repr=False)

    def knows(self, name: str) -> bool:
        return bool(self.bits) and all(self.bits[at // 8] >> at % 8 & 1 for at in _places(name, len(self.bits)))


def taught(names: Collection[str]) -> Taught:
    bits = bytearray((len(names) * _BITS_A_NAME + 7) // 8)
    for name in names:
        for at in _places(name, len(bits)):
            bits[at // 8] |= 1 << at % 8
    return Taught(bytes(bits))


def _places(name: str, length: int) -> Iterator[int]:
    digest = hashlib.sha256(name.encode()).digest()
    return (int.from_bytes(digest[4 * at : 4 * at + 4]) % (length * 8) for at in range(_PLACES))


def read(text: str) -> Taught:
    """From its file. Raises ValueError when it is not base64."""
    return Taught(b64decode(text, validate=True))


def plain(names: Taught) -> str:
    return b64encode(names.bits).decode()


def is_held_out(name: str, share: float) -> bool:
    """Whether a name belongs to the share that is never taught; a name always to the same side."""
    drawn = int.from_bytes(hashlib.sha256(f"held out|{name}".encode()).digest()[:8]) / 2**64
    return drawn < share
