"""From the text of a QR code down to the signed bytes."""

from __future__ import annotations

import re
import zlib

import base45

from registry.trust import encoding
from registry.trust.fault import Fault

PREFIX = "HC1:"
MAX_CHARACTERS = 16 * 1024
MAX_COSE_BYTES = 1 << 16
_ZLIB = 15
_BASE45 = re.compile(r"[0-9A-Z $%*+\-./:]+")
_HEX = re.compile(r"(?:[0-9a-fA-F]{2})+")


def of_text(text: str) -> bytes | Fault:
    """The signed document in `HC1:` and base45. A line end after it is not part of it; any other character is."""
    if len(text) > MAX_CHARACTERS:
        return Fault.TOO_LARGE
    if not text.startswith(PREFIX):
        return Fault.PREFIX
    return of_base45(text.removeprefix(PREFIX))


def to_text(body: bytes) -> str:
    """The text of the QR code for a signed document: the inverse of `of_text`."""
    return PREFIX + base45.b45encode(zlib.compress(body, 9)).decode("ascii")


def of_base45(text: str) -> bytes | Fault:
    """The signed document in base45 alone (RFC 9285)."""
    if len(text) > MAX_CHARACTERS:
        return Fault.TOO_LARGE
    if not _BASE45.fullmatch(text):
        return Fault.BASE45
    try:
        packed = bytes(base45.b45decode(text))
    except ValueError:
        return Fault.BASE45
    return inflated(packed)


def inflated(packed: bytes) -> bytes | Fault:
    """The signed document, compressed with zlib as the specification demands."""
    try:
        body = encoding.inflate(packed, wbits=_ZLIB, limit=MAX_COSE_BYTES)
    except encoding.TooLarge:
        return Fault.TOO_LARGE
    return Fault.COMPRESSION if body is None else body


def of_bytes(body: bytes) -> bytes | Fault:
    """The signed document in bytes that are compressed or not."""
    if len(body) > MAX_COSE_BYTES:
        return Fault.TOO_LARGE
    # The low four bits of zlib's first byte say "deflate"; no COSE_Sign1 begins so (RFC 1950, section 2.2).
    return inflated(body) if body[:1] == b"\x78" else body


def of_hex(text: str) -> bytes | None:
    """The bytes of hexadecimal digits; None for what is none."""
    return bytes.fromhex(text) if _HEX.fullmatch(text) else None
