"""Tickets: what makes the database show rows to a transaction. It verifies them itself (`schemas/sql`, 0007).

A ticket names the function, the transaction by what the server alone decides (its process and the moment it began),
an end, and the dossiers and keyed hashes whose rows are to be seen. Whoever sends SQL of his own over a connection of
ours, or over one he stole, has none, and cannot use one he saw in any other transaction.
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

import orjson

from registry.store.functions import SECONDS, SECONDS_ELSE, WIDE, Function
from registry.trust import sealing
from registry.trust.keyring import Keyring

_BLOCK = 64  # bytes of a block of SHA-256 (RFC 2104)
_SECOND = 1_000_000  # the server counts in microseconds


def key_of(keyring: Keyring) -> bytes:
    """The key that signs tickets."""
    return sealing.derive(keyring.index_key, "tickets of the database")


def pads(key: bytes) -> tuple[bytes, bytes]:
    """The key as the database keeps it: mixed into the inner and the outer block of HMAC."""
    block = key.ljust(_BLOCK, b"\0")
    return bytes(each ^ 0x36 for each in block), bytes(each ^ 0x5C for each in block)


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """What one transaction is for, what tells it from every other, and whom it has named so far.

    `begun` is when the transaction began, `met` when we first asked, both by the server's clock in microseconds since
    1970; `since` is our own monotonic clock at that moment.
    """

    function: Function
    key: bytes = field(repr=False)
    pid: int
    begun: int
    met: int
    since: float
    names: dict[str, int] = field(default_factory=dict[str, int], repr=False)

    def adds(self, table: str, names: Iterable[UUID | int]) -> bool:
        """Name these; whether a further ticket is needed to see their rows in this table."""
        if table in WIDE.get(self.function, ()):
            return False
        before = len(self.names)
        self.names.update((str(each), 0) for each in names)
        return len(self.names) > before

    def ticket(self) -> str:
        """A ticket for everything named, as the database reads it: 64 digits of HMAC, then what it vouches for."""
        lasts = SECONDS.get(self.function, SECONDS_ELSE)
        until = self.met + int((time.monotonic() - self.since + lasts) * _SECOND)
        told = {"for": self.function.role, "pid": self.pid, "begun": self.begun, "until": until, "names": self.names}
        body = orjson.dumps(told)
        return hmac.digest(self.key, body, "sha256").hex() + body.decode()
