"""Base64url and JSON read strictly: bytes have exactly one text, so no changed character is overlooked."""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Mapping
from typing import Any, cast

import orjson


def to_base64url(raw: bytes) -> str:
    """Base64url without padding (RFC 7515, section 2)."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def from_base64url(text: str) -> bytes | None:
    """The bytes of canonical base64url; None for padding, foreign characters or stray bits at the end."""
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (ValueError, binascii.Error):
        return None
    # The decoder skips what it does not know and drops stray bits; only the one text we would write is
    # accepted.
    return raw if to_base64url(raw) == text else None


def from_base64(text: str) -> bytes | None:
    """The bytes of canonical standard base64 with padding (RFC 4648, section 4); None for anything else."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        return None
    return raw if base64.b64encode(raw).decode("ascii") == text else None


def json_object(body: bytes) -> Mapping[str, Any] | None:
    """A JSON object read strictly; None when it is none, repeats a member, or is nested beyond reason."""
    try:
        # orjson refuses NaN, infinities, a BOM and lone surrogates, which `json` lets pass; only
        # `json` tells of repeated members.
        orjson.loads(body)
        content = json.loads(body, object_pairs_hook=_without_repeats)
    except (ValueError, RecursionError):
        return None
    return cast("Mapping[str, Any]", content) if isinstance(content, dict) else None


def repeats(body: bytes) -> bool:
    """Whether any object of this JSON repeats a member, or is nested too deeply to tell; False for what is no JSON."""
    try:
        json.loads(body, object_pairs_hook=_without_repeats)
    except (_Repeated, RecursionError):
        return True
    except ValueError:
        return False
    return False


class _Repeated(ValueError):
    pass


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) != len(pairs):
        raise _Repeated
    return content


class TooLarge(ValueError):
    """The inflated content is beyond the limit."""


def inflate(packed: bytes, *, wbits: int, limit: int) -> bytes | None:
    """The content of exactly one DEFLATE stream; None when damaged, cut short or followed by anything.

    Never makes more than `limit` bytes and raises TooLarge beyond. `wbits` is that of zlib: 15 with the zlib
    wrapper, -15 without.
    """
    machine = zlib.decompressobj(wbits)
    try:
        content = machine.decompress(packed, limit + 1)
    except zlib.error:
        return None
    if len(content) > limit:
        raise TooLarge
    return content if machine.eof and not machine.unused_data else None
