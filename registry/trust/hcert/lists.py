"""Certificates and hashes as countries publish them: PEM, DER, lines of base64, and JSON of many shapes.

In JSON every text that is a certificate in base64 counts, wherever it stands: lists of `{"kid", "rawData"}`, maps from
key id to certificate, JWKS with `x5c`. The key id is always computed from the certificate, never taken from beside it.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

from cryptography import x509

_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
_SHORTEST = 200  # characters of base64; a certificate with a P-256 key has some 400
_HASH = re.compile(r"[0-9a-fA-F]{32}|[0-9a-fA-F]{64}")
_HASH_SIZES = (16, 32)


def certificates(body: bytes) -> list[x509.Certificate]:
    """The certificates of a file that is no JSON; none when it holds none."""
    blocks = _PEM.findall(body)
    if blocks:
        return [each for each in map(_of_pem, blocks) if each]
    whole = _of_der(body)
    if whole:
        return [whole]
    lines = body.split()
    found = [each for each in map(_of_base64, lines) if each]
    joined = _of_base64(b"".join(lines)) if not found else None
    return [joined] if joined else found


def in_json(value: object) -> Iterator[x509.Certificate]:
    """The certificates anywhere in JSON."""
    if isinstance(value, Mapping):
        for each in cast("Mapping[str, Any]", value).values():
            yield from in_json(each)
    elif isinstance(value, list):
        for each in cast("list[Any]", value):
            yield from in_json(each)
    elif isinstance(value, str) and len(value) >= _SHORTEST:
        found = _of_base64(value.encode("utf-8", "replace"))
        if found:
            yield found


def hashes(texts: object) -> list[bytes] | None:
    """Hashes of withdrawn certificates, each in hexadecimal or base64; None when one of them is neither."""
    if not isinstance(texts, list):
        return None
    found = [_hash(each) if isinstance(each, str) else None for each in cast("list[object]", texts)]
    return [each for each in found if each] if all(found) else None


def _hash(text: str) -> bytes | None:
    if _HASH.fullmatch(text):
        return bytes.fromhex(text)
    try:
        raw = base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        return None
    return raw if len(raw) in _HASH_SIZES else None


def _of_pem(block: bytes) -> x509.Certificate | None:
    try:
        return x509.load_pem_x509_certificate(block)
    except ValueError:
        return None


def _of_der(body: bytes) -> x509.Certificate | None:
    if body[:1] != b"\x30":
        return None
    try:
        return x509.load_der_x509_certificate(body)
    except ValueError:
        return None


def _of_base64(text: bytes) -> x509.Certificate | None:
    if len(text) < _SHORTEST:
        return None
    try:
        return _of_der(base64.b64decode(text, validate=True))
    except (ValueError, binascii.Error):
        return None
