"""Which documents were withdrawn: a list of single bits, published signed, as in the IETF Token Status List.

A document carries `{"status": {"status_list": {"idx": ..., "uri": ...}}}`; the list at that address has bit
`idx` set once it is withdrawn. Semantics follow draft-ietf-oauth-status-list, sections 4 to 6: one bit per
entry, the first entry is the lowest bit of the first byte, zlib, base64url. Whatever cannot be looked up
counts as withdrawn.

A list shows how many documents exist at most and how many were withdrawn; draw indices at random from a list
made much larger than needed, so that an index does not tell the day.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from registry.errors import Unreadable
from registry.trust import encoding

TYPE = "statuslist+jwt"
MAX_LIST_BYTES = 1 << 20
_WRAPPED = 15  # zlib's word for DEFLATE in its own wrapper


@dataclass(frozen=True, slots=True, kw_only=True)
class Pointer:
    """Where the standing of a document is published."""

    uri: str
    index: int


def claim(pointer: Pointer) -> dict[str, Any]:
    """The member `status` of a document's payload."""
    return {"status_list": {"idx": pointer.index, "uri": pointer.uri}}


def pointer(payload: Mapping[str, Any]) -> Pointer | None:
    """Where the payload says its standing is published; None when it does not say so in the proper form."""
    entry = _object(_object(payload.get("status")).get("status_list"))
    uri, index = entry.get("uri"), entry.get("idx")
    return Pointer(uri=uri, index=index) if isinstance(uri, str) and type(index) is int else None


def encode(revoked: Iterable[int], size: int) -> dict[str, Any]:
    """The list of `size` entries (a multiple of 8) in which these are revoked."""
    if size % 8 or not 0 < size <= MAX_LIST_BYTES * 8:
        raise ValueError("the size of a status list is a positive multiple of 8, up to 8 Mi")
    bits = bytearray(size // 8)
    for index in revoked:
        if not 0 <= index < size:
            raise ValueError("an index is outside of the status list")
        bits[index >> 3] |= 1 << (index & 7)
    return {"bits": 1, "lst": encoding.to_base64url(zlib.compress(bytes(bits), 9))}


def is_revoked(status_list: Mapping[str, Any], index: int) -> bool:
    """Whether the entry is revoked; one outside of the list counts as revoked.

    Raises Unreadable for a list that is damaged, of several bits per entry, or larger than 1 MiB inflated.
    """
    bits = _bits(status_list)
    if not 0 <= index < 8 * len(bits):
        return True
    return bool(bits[index >> 3] >> (index & 7) & 1)


def statement(
    *, issuer: str, uri: str, revoked: Iterable[int], size: int, now: datetime, lasts: timedelta
) -> dict[str, Any]:
    """The payload to sign as a document of type `TYPE` and to publish at `uri`, where it is fetched anew."""
    seconds = int(now.timestamp())
    return {
        "iss": issuer,
        "sub": uri,
        "iat": seconds,
        "exp": seconds + int(lasts.total_seconds()),
        "ttl": int(lasts.total_seconds()),
        "status_list": encode(revoked, size),
    }


def is_withdrawn(statement: Mapping[str, Any], pointer: Pointer) -> bool:
    """Whether a verified statement says so of the document with this pointer.

    A statement about another address counts as withdrawn: it says nothing in favour of the document.
    """
    if statement.get("sub") != pointer.uri:
        return True
    return is_revoked(_object(statement.get("status_list")), pointer.index)


def _bits(status_list: Mapping[str, Any]) -> bytes:
    text = status_list.get("lst")
    packed = encoding.from_base64url(text) if isinstance(text, str) else None
    if packed is None or type(status_list.get("bits")) is not int or status_list["bits"] != 1:
        raise _unreadable()
    try:
        bits = encoding.inflate(packed, wbits=_WRAPPED, limit=MAX_LIST_BYTES)
    except encoding.TooLarge:
        raise _unreadable() from None
    if bits is None:
        raise _unreadable()
    return bits


def _object(value: object) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}


def _unreadable() -> Unreadable:
    return Unreadable("the status list is damaged, too large or of another kind", where="status_list")
