"""Signed documents: compact JWS (RFC 7515), ES256 only, believed only through the verifier's own trust list.

A token's header is exactly `alg`, `kid`, `typ` and, for a compressed payload, `zip`; whatever else a header
may carry (a key, a link to one, a certificate, an instruction) is refused unread. The payload is a JSON
object with `iss`, `iat` and `exp`. Every text is read strictly, so that a token with any one character
changed is refused.

The order of checks is part of the safety: nothing of the payload is inflated or read before the signature
held. Signing is ours and not joserfc's, because joserfc draws randomness; it checks what we sign, and a test
lets each read the other. Whether a document was withdrawn is another question: see `status`.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey
from joserfc.registry import HeaderParameter

from registry.trust import encoding, p256
from registry.trust.refusal import Reason, Refused
from registry.trust.trustlist import TrustList

MAX_BODY_BYTES = 1 << 20
MAX_TOKEN_CHARACTERS = MAX_BODY_BYTES * 4 // 3 + 1024
ISSUED_SKEW = timedelta(minutes=5)
_ALGORITHM = "ES256"
_DEFLATE = "DEF"
_RAW = -15  # zlib's word for DEFLATE without a wrapper
_HEADERS = {"alg", "kid", "typ", "zip"}
_LAST_SECOND = 253402300799  # the end of the year 9999


class _Registry(jws.JWSRegistry):
    max_payload_length = MAX_TOKEN_CHARACTERS


_REGISTRY = _Registry(
    header_registry={"zip": HeaderParameter("compression of the payload", "str")}, algorithms=[_ALGORITHM]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """A document believed. `body` is the payload's exact bytes, before JSON numbers were read."""

    payload: Mapping[str, Any] = field(repr=False)
    body: bytes = field(repr=False)
    issuer: str
    kid: str
    issued: datetime
    expires: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Unverified:
    """What a token claims. Anybody can write that; show it, never act on it."""

    header: Mapping[str, Any]
    payload: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Parts:
    header: Mapping[str, Any]
    payload: bytes  # still compressed, if it is


@dataclass(frozen=True, slots=True)
class _Claims:
    issuer: str
    issued: datetime
    expires: datetime
    starts: datetime


def sign(payload: Mapping[str, Any], key: p256.Jwk, *, typ: str, compress: bool = False) -> str:
    """Sign `payload` with a private key, as a document of type `typ`.

    `compress` packs the payload with DEFLATE, as SMART Health Cards do for the sake of QR codes. Raises
    ValueError for a payload that would not be believed: without `iss`, `iat` and `exp`, or over 1 MiB.
    """
    body = orjson.dumps(payload, default=dict)
    if _claims(payload) is None or len(body) > MAX_BODY_BYTES:
        raise ValueError("a signed payload needs iss, iat and a later exp, in at most 1 MiB")
    header = {"alg": _ALGORITHM, "kid": key["kid"], "typ": typ} | ({"zip": _DEFLATE} if compress else {})
    parts = (orjson.dumps(header), _deflated(body) if compress else body)
    signed = ".".join(encoding.to_base64url(part) for part in parts)
    return f"{signed}.{encoding.to_base64url(p256.sign(key, signed.encode('ascii')))}"


def verify(token: str, trust: TrustList, *, typ: str, now: datetime) -> Verified | Refused:
    """Believe `token`, of type `typ`, signed by a key that `trust` lists for its issuer; or say why not."""
    if now.tzinfo is None:
        raise ValueError("`now` needs a time zone")
    outcome = _verified(token, trust, typ, now)
    return Refused(outcome) if isinstance(outcome, Reason) else outcome


def read_unverified(token: str) -> Unverified | Refused:
    """What a token claims, for showing to people who ask why it was refused."""
    parts = _parts(token)
    body = parts if isinstance(parts, Reason) else _body(parts)
    payload = body if isinstance(body, Reason) else encoding.json_object(body)
    if isinstance(parts, Reason) or isinstance(payload, Reason) or payload is None:
        return Refused(payload if isinstance(payload, Reason) else Reason.MALFORMED)
    return Unverified(header=parts.header, payload=payload)


def _verified(token: str, trust: TrustList, typ: str, now: datetime) -> Verified | Reason:
    parts = _parts(token)
    if isinstance(parts, Reason):
        return parts
    objection = _header_objection(parts.header, typ)
    if objection:
        return objection
    kid = parts.header["kid"]
    issuer = trust.issuer(kid)
    key = trust.key(issuer, kid) if issuer else None
    if issuer is None or key is None:
        return Reason.UNKNOWN_SIGNER
    if not _signature_holds(token, key):
        return Reason.BAD_SIGNATURE
    return _content(parts, issuer, now)


def _content(parts: _Parts, issuer: str, now: datetime) -> Verified | Reason:
    """What a token says whose signature is the one of a key of `issuer`."""
    body = _body(parts)
    if isinstance(body, Reason):
        return body
    payload = encoding.json_object(body)
    claims = None if payload is None else _claims(payload)
    if payload is None or claims is None:
        return Reason.MALFORMED
    if claims.issuer != issuer:
        return Reason.UNKNOWN_SIGNER  # a trusted key does not make its owner anybody else
    objection = _time_objection(claims, now)
    if objection:
        return objection
    return Verified(
        payload=payload,
        body=body,
        issuer=issuer,
        kid=parts.header["kid"],
        issued=claims.issued,
        expires=claims.expires,
    )


def _parts(token: str) -> _Parts | Reason:
    if len(token) > MAX_TOKEN_CHARACTERS:
        return Reason.TOO_LARGE
    raw = [encoding.from_base64url(part) for part in token.split(".")]
    if len(raw) != 3 or not all(raw):
        return Reason.MALFORMED
    header = encoding.json_object(raw[0] or b"")
    return Reason.MALFORMED if header is None else _Parts(header, raw[1] or b"")


def _header_objection(header: Mapping[str, Any], typ: str) -> Reason | None:
    if header.keys() - _HEADERS or header.get("zip", _DEFLATE) != _DEFLATE:
        return Reason.HEADER
    if header.get("alg") != _ALGORITHM:
        return Reason.ALGORITHM
    if not isinstance(header.get("kid"), str) or not isinstance(header.get("typ"), str):
        return Reason.MALFORMED
    return Reason.WRONG_TYPE if header["typ"] != typ else None


def _signature_holds(token: str, key: p256.Jwk) -> bool:
    try:
        jws.deserialize_compact(token, ECKey.import_key(dict(key)), registry=_REGISTRY)
    except JoseError:
        return False
    return True


def _body(parts: _Parts) -> bytes | Reason:
    if "zip" not in parts.header:
        return parts.payload
    try:
        body = encoding.inflate(parts.payload, wbits=_RAW, limit=MAX_BODY_BYTES)
    except encoding.TooLarge:
        return Reason.TOO_LARGE
    return Reason.MALFORMED if body is None else body


def _claims(payload: Mapping[str, Any]) -> _Claims | None:
    issuer, issued, expires = payload.get("iss"), _instant(payload.get("iat")), _instant(payload.get("exp"))
    starts = _instant(payload["nbf"]) if "nbf" in payload else issued
    if not isinstance(issuer, str) or issued is None or expires is None or starts is None or expires <= issued:
        return None
    return _Claims(issuer, issued, expires, starts)


def _instant(seconds: object) -> datetime | None:
    # `type` and not `isinstance`: True is no time. Fractions are permitted by RFC 7519 and never needed here.
    if type(seconds) is not int or not 0 <= seconds <= _LAST_SECOND:
        return None
    return datetime.fromtimestamp(seconds, UTC)


def _time_objection(claims: _Claims, now: datetime) -> Reason | None:
    if claims.issued > now + ISSUED_SKEW or claims.starts > max(now, claims.issued):
        return Reason.NOT_YET_VALID
    return Reason.EXPIRED if now >= claims.expires else None


def _deflated(body: bytes) -> bytes:
    machine = zlib.compressobj(9, zlib.DEFLATED, _RAW)
    return machine.compress(body) + machine.flush()
