"""Is a SMART Health Card believed? One compact JWS against the verifier's own list of issuers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from registry.trust import encoding, p256
from registry.trust.fault import Fault, Refusal
from registry.trust.shc import content
from registry.trust.shc.issuers import IssuerKey, Issuers, Revocations

MAX_TOKEN_CHARACTERS = 64 * 1024
MAX_PAYLOAD_BYTES = 1 << 18
SKEW = timedelta(minutes=5)
_HEADER = {"alg": "ES256", "zip": "DEF"}
_RAW_DEFLATE = -15
_LAST_SECOND = 253402300799  # the end of the year 9999


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A card believed: what its issuer signed, and what departs from the standard without harm."""

    payload: Mapping[str, Any] = field(repr=False)
    text: str = field(repr=False)
    issuer: str
    kid: str
    issued: datetime
    expires: datetime | None
    warnings: Sequence[Fault] = ()

    @property
    def bundle(self) -> Mapping[str, Any]:
        """The FHIR Bundle inside."""
        return self.payload["vc"]["credentialSubject"]["fhirBundle"]


@dataclass(frozen=True, slots=True)
class _Parts:
    kid: str
    signed: bytes
    packed: bytes
    signature: bytes


def verify(token: str, issuers: Issuers, *, now: datetime) -> Card | Refusal:
    """Believe a card that an issuer of the list signed; or say why not. Nothing is read before the signature held."""
    parts = _parts(token)
    if isinstance(parts, Fault):
        return Refusal(fault=parts)
    key = issuers.any_of(parts.kid)
    if key is None:
        return Refusal(fault=Fault.UNKNOWN_SIGNER)
    if not p256.verify(key.jwk, parts.signed, parts.signature):
        return Refusal(fault=Fault.BAD_SIGNATURE)
    body = _body(parts.packed)
    outcome = Refusal(fault=body) if isinstance(body, Fault) else _judged(body, parts.kid, issuers, now)
    return replace(outcome, text=token) if isinstance(outcome, Card) else outcome


def _parts(token: str) -> _Parts | Fault:
    if len(token) > MAX_TOKEN_CHARACTERS:
        return Fault.TOO_LARGE
    raw = [encoding.from_base64url(part) for part in token.split(".")]
    if len(raw) != 3 or not all(raw):
        return Fault.MALFORMED
    header, packed, signature = (each or b"" for each in raw)
    members = encoding.json_object(header)
    if members is None:
        return Fault.MALFORMED
    kid = members.get("kid")
    if dict(members) != _HEADER | {"kid": kid} or not isinstance(kid, str):
        return Fault.HEADER
    if len(signature) != 64:
        return Fault.SIGNATURE_FORMAT
    return _Parts(kid, token.rpartition(".")[0].encode("ascii"), packed, signature)


def _body(packed: bytes) -> bytes | Fault:
    try:
        body = encoding.inflate(packed, wbits=_RAW_DEFLATE, limit=MAX_PAYLOAD_BYTES)
    except encoding.TooLarge:
        return Fault.TOO_LARGE
    return Fault.MALFORMED if body is None else body


def read(body: bytes) -> Mapping[str, Any] | Fault:
    """A payload as JSON: minified, with nothing around it."""
    core = body.strip(b"\xef\xbb\xbf \t\r\n")
    if core != body and core[:1] == b"{" and core[-1:] == b"}":
        return Fault.TRAILING
    payload = encoding.json_object(body)
    return Fault.MALFORMED if payload is None else payload


def _judged(body: bytes, kid: str, issuers: Issuers, now: datetime) -> Card | Refusal:
    payload = read(body)
    if isinstance(payload, Fault):
        return Refusal(fault=payload)
    found = content.of_payload(payload)
    times = times_of(payload, now)
    if found.errors or isinstance(times, Fault):
        first = found.errors[0] if found.errors else times
        return Refusal(fault=first if isinstance(first, Fault) else Fault.SCHEMA, warnings=found.warnings)
    return _believed(payload, kid, issuers, (*times.warnings, *found.warnings), times)


@dataclass(frozen=True, slots=True)
class Times:
    """When a card was issued and until when it holds, with what is odd about that."""

    issued: datetime
    seconds: float
    expires: datetime | None
    warnings: tuple[Fault, ...] = ()


def times_of(payload: Mapping[str, Any], now: datetime) -> Times | Fault:
    """When a payload is valid; a Fault when that is not now."""
    issued, expires = _seconds(payload.get("nbf")), _seconds(payload.get("exp"))
    if issued is None or (expires is None and "exp" in payload):
        return Fault.SCHEMA
    if issued > _LAST_SECOND or datetime.fromtimestamp(issued, UTC) > now + SKEW:
        return Fault.NOT_YET_VALID
    begins = datetime.fromtimestamp(issued, UTC)
    if expires is None:
        return Times(begins, issued, None)
    if expires > _LAST_SECOND:
        return Times(begins, issued, None, (Fault.EXPIRATION,))
    ends = datetime.fromtimestamp(expires, UTC)
    return Fault.EXPIRED if now >= ends else Times(begins, issued, ends)


def _seconds(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):  # True is no time
        return None
    return float(value) if 0 <= value < 1e18 else None


def _believed(
    payload: Mapping[str, Any], kid: str, issuers: Issuers, warnings: Sequence[Fault], times: Times
) -> Card | Refusal:
    issuer = payload["iss"]
    key = issuers.keys.get((issuer, kid))
    if key is None:
        return Refusal(fault=Fault.OTHER_ISSUER if issuer in issuers.addresses else Fault.UNKNOWN_SIGNER)
    objection = _objection(key, payload, times)
    if objection:
        return Refusal(fault=objection, warnings=warnings)
    unlisted = [Fault.NO_REVOCATION_LIST] if key.revocations is Fault.NO_REVOCATION_LIST else []
    return Card(
        payload=payload,
        text="",
        issuer=issuer,
        kid=kid,
        issued=times.issued,
        expires=times.expires,
        warnings=(*unlisted, *warnings),
    )


def _objection(key: IssuerKey, payload: Mapping[str, Any], times: Times) -> Fault | None:
    """What keeps a card of this key from being believed, though the key itself is."""
    # A card outlives its key's certificate, but nothing may be issued outside of it.
    if key.period and not key.period[0] <= times.issued <= key.period[1]:
        return Fault.KEY_CHAIN
    if key.revocations is Fault.REVOCATION:
        return Fault.REVOCATION
    rid = payload["vc"].get("rid")
    if isinstance(key.revocations, Revocations) and isinstance(rid, str):
        return Fault.REVOKED if key.revocations.holds(rid, times.seconds) else None
    return None
