"""P-256 keys as JSON Web Keys: made, checked, named by their thumbprint, reduced to their public half, used.

A key is named (`kid`) by its RFC 7638 thumbprint and by nothing else, so a name can never stand for two keys.
Signatures are ES256 (RFC 7518, section 3.4): raw r || s, with the nonce of RFC 6979, so that equal input
gives equal output and a bad random source cannot betray the key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc.jwk import ECKey

from registry.trust import encoding

Jwk = Mapping[str, Any]

_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # SEC 2, version 2.0, section 2.4.2
_HASHED = ec.ECDSA(SHA256())
_DETERMINISTIC = ec.ECDSA(SHA256(), deterministic_signing=True)
_PUBLIC = ("kty", "crv", "x", "y")
_PERMITTED = {"kid", "alg", "use", "key_ops", *_PUBLIC}
# What these members of RFC 7517 (section 4) may say of a key that only checks our signatures.
_FIXED = {"kty": ("EC",), "crv": ("P-256",), "alg": ("ES256",), "use": ("sig",), "key_ops": (["verify"],)}
_OPTIONAL = {"alg", "use", "key_ops"}


def fresh(random: Callable[[int], bytes]) -> dict[str, Any]:
    """A new private key. `random` gives as many unpredictable bytes as it is asked for."""
    # 64 bits more than the order has make the bias of the remainder negligible (FIPS 186-5, A.2.1).
    secret = 1 + int.from_bytes(random(40), "big") % (_ORDER - 1)
    point = ec.derive_private_key(secret, ec.SECP256R1()).public_key().public_numbers()
    jwk = {"kty": "EC", "crv": "P-256", "x": _text(point.x), "y": _text(point.y)}
    return {**jwk, "d": _text(secret), "kid": thumbprint(jwk)}


def thumbprint(key: Jwk) -> str:
    """The RFC 7638 thumbprint, SHA-256, base64url."""
    return ECKey.import_key({name: key[name] for name in _PUBLIC}).thumbprint()


def public(key: Jwk) -> dict[str, Any]:
    """The half that may be published, ready for a trust file."""
    return {name: key[name] for name in (*_PUBLIC, "kid")} | {"alg": "ES256", "use": "sig"}


def public_problems(key: object) -> Iterator[str]:
    """Everything that keeps `key` from being a public key we would verify with; values are never quoted."""
    if not isinstance(key, Mapping):
        yield "a key is a JSON object"
        return
    members = cast("Jwk", key)
    if "d" in members:
        yield "it contains a private key, which is no longer secret: remove it here, replace it at its owner"
    if members.keys() - _PERMITTED - {"d"}:
        yield f"only these members are allowed: {', '.join(sorted(_PERMITTED))}"
    wrong = [name for name, allowed in _FIXED.items() if _is_wrong(members, name, allowed)]
    yield from (f"`{name}` must be {_FIXED[name][0]!r}" for name in wrong)
    if not {"kty", "crv"} & set(wrong):
        yield from _point_problems(members)


def private_problems(key: object) -> Iterator[str]:
    """Everything that keeps `key` from being a private key as `fresh` makes it."""
    if not isinstance(key, Mapping):
        yield "a key is a JSON object"
        return
    members = cast("Jwk", key)
    half = {name: value for name, value in members.items() if name != "d"}
    problems = [*public_problems(half)]
    yield from problems
    if not problems and not _belongs(members):
        yield "the private part does not belong to the public part"


def sign(key: Jwk, message: bytes) -> bytes:
    """ES256 over `message` with a private key: 64 bytes."""
    numbers = ec.derive_private_key(_number(key["d"]), ec.SECP256R1())
    r, s = decode_dss_signature(numbers.sign(message, _DETERMINISTIC))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def verify(key: Jwk, message: bytes, signature: bytes) -> bool:
    """Whether `signature` is that of `message` by the owner of the public `key`."""
    if len(signature) != 64:
        return False
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    try:
        point(key).verify(encode_dss_signature(r, s), message, _HASHED)
    except InvalidSignature:
        return False
    return True


def _is_wrong(members: Jwk, name: str, allowed: tuple[object, ...]) -> bool:
    return members[name] not in allowed if name in members else name not in _OPTIONAL


def _point_problems(key: Jwk) -> Iterator[str]:
    try:
        point(key)
    except (KeyError, TypeError, ValueError):
        yield "`x` and `y` are not a point of P-256"
        return
    if key.get("kid") != thumbprint(key):
        yield "`kid` must be the RFC 7638 thumbprint of the key"


def _belongs(key: Jwk) -> bool:
    try:
        secret = ec.derive_private_key(_number(key["d"]), ec.SECP256R1())
    except (KeyError, TypeError, ValueError):
        return False
    return secret.public_key().public_numbers() == point(key).public_numbers()


def point(key: Jwk) -> ec.EllipticCurvePublicKey:
    """The public key itself. Raises KeyError, TypeError or ValueError when `x` and `y` are no point of P-256."""
    numbers = ec.EllipticCurvePublicNumbers(_number(key["x"]), _number(key["y"]), ec.SECP256R1())
    return numbers.public_key()  # raises ValueError for a point off the curve


def _number(text: object) -> int:
    raw = encoding.from_base64url(text) if isinstance(text, str) else None
    if raw is None or len(raw) != 32:  # RFC 7518, section 6.2.1.2: the full size of a coordinate, always
        raise ValueError("not a number of 32 bytes")
    return int.from_bytes(raw, "big")


def _text(number: int) -> str:
    return encoding.to_base64url(number.to_bytes(32, "big"))
