"""The text of a card's QR codes: `shc:/` and two digits for each character of the JWS.

A JWS longer than one code holds was once split into chunks, `shc:/2/3/...` being the second of three. That was given
up in 2022; a whole set is still read. One that had no reason to be split is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from registry.errors import BadInput
from registry.trust import qr
from registry.trust.fault import Fault

PREFIX = "shc:/"
MAX_SINGLE = 1195
"""Characters of a JWS in one code of version 22 with lowest error correction (Framework, "Creating a QR code")."""
MAX_VERSION = 22
_MAX_DIGITS = 2 * qr.MAX_CHARACTERS
_CHUNK = re.compile(r"(?:(?P<place>[1-9][0-9]?)/(?P<count>[1-9][0-9]?)/)?(?P<digits>[0-9]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """One code: the `place`th of `count`; a code that holds the whole is the first of one, and not `split`."""

    place: int
    count: int
    token: str
    split: bool


def numeric(jws: str) -> str:
    """The text for one QR code. Raises BadInput when the card does not fit a code of version 22."""
    if len(jws) > MAX_SINGLE:
        raise BadInput(f"the card has more than the {MAX_SINGLE} characters one code holds", remedy="use fewer doses")
    return PREFIX + qr.packed(jws)


def parse(text: str) -> Chunk | Fault:
    """What one scanned code holds."""
    rest = text.removeprefix(PREFIX)
    if rest == text:
        return Fault.NUMERIC_HEADER
    found = _CHUNK.fullmatch(rest) if len(rest) <= _MAX_DIGITS else None
    token = qr.unpacked(found["digits"]) if found else None
    if found is None or token is None:
        return Fault.NUMERIC
    place, count = int(found["place"] or 1), int(found["count"] or 1)
    return Chunk(place=place, count=count, token=token, split=found["place"] is not None)


def joined(chunks: Iterable[Chunk]) -> tuple[str, tuple[Fault, ...]] | Fault:
    """The JWS that these codes hold together, and what to warn of."""
    held = sorted(chunks, key=lambda each: each.place)
    if [each.place for each in held] != [*range(1, held[0].count + 1)] or len({each.count for each in held}) > 1:
        return Fault.CHUNKS_MISSING
    token = "".join(each.token for each in held)
    if not held[0].split:
        return token, ()
    return Fault.CHUNKED if len(token) <= MAX_SINGLE else (token, (Fault.CHUNKED,))


# Bits for data in versions 1 to 22 with lowest error correction (ISO/IEC 18004, table 7).
_BITS = (
    *(152, 272, 440, 640, 864, 1088, 1248, 1552, 1856, 2192, 2592),
    *(2960, 3424, 3688, 4184, 4712, 5176, 5768, 6360, 6888, 7456, 8048),
)


def version_needed(text: str) -> int:
    """The smallest version that holds this text as letters and then digits; 0 when none up to 22 does."""
    digits = len(text) - len(PREFIX)
    needed = 8 * len(PREFIX) + 10 * (digits // 3) + (0, 4, 7)[digits % 3]
    return next((at for at, bits in enumerate(_BITS, start=1) if needed + _headers(at) <= bits), 0)


def _headers(version: int) -> int:
    """Bits of the two segments' modes and lengths (ISO/IEC 18004, table 3)."""
    return 2 * 4 + (8 + 10 if version < 10 else 16 + 12)
