"""What is wrong with a set of keys of a card issuer (JWKS), and whom its certificates name.

Source: SMART Health Cards Framework, "Generating and resolving cryptographic keys" and "Issuers with X.509
certificates": EC keys on P-256 for ES256, for signatures, named by their thumbprint; a certificate chain, where there
is one, begins with a certificate of that very key, each certified by the next, and names the issuer's address.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any, cast

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec

from registry.trust import encoding, p256
from registry.trust.fault import Fault

Jwk = Mapping[str, Any]
_EXPECTED = {
    "kty": ("EC", Fault.KEY_TYPE),
    "crv": ("P-256", Fault.KEY_TYPE),
    "use": ("sig", Fault.KEY_USE),
    "alg": ("ES256", Fault.KEY_ALGORITHM),
}
_MAX_CHAIN = 10


def keys_of(content: Mapping[str, Any]) -> list[Jwk] | None:
    """The keys of a set; None when it is no set of keys."""
    keys = content.get("keys")
    if not isinstance(keys, list) or not keys:
        return None
    held = cast("list[Any]", keys)
    return held if all(isinstance(each, dict) for each in held) else None


def faults(key: Jwk, issuer: str = "") -> Iterator[Fault]:
    """Everything that keeps a key from verifying cards of this issuer (of any, when none is named)."""
    if "d" in key:
        yield Fault.KEY_PRIVATE
    wrong = [fault for name, (value, fault) in _EXPECTED.items() if key.get(name) != value]
    yield from dict.fromkeys(wrong)
    if wrong:
        return
    try:
        point = p256.point(key)
    except (KeyError, TypeError, ValueError):
        yield Fault.KEYS
        return
    if key.get("kid") != p256.thumbprint(key):
        yield Fault.KEY_ID
    if "x5c" in key and not _chain_holds(key["x5c"], point, issuer):
        yield Fault.KEY_CHAIN


def _chain_holds(texts: object, point: ec.EllipticCurvePublicKey, issuer: str) -> bool:
    chain = certificates(texts)
    if not chain or chain[0].public_key() != point or (issuer and issuer not in _addresses(chain[0])):
        return False
    return all(_certified(below, above) for below, above in pairwise(chain))


def certificates(texts: object) -> list[x509.Certificate]:
    """The certificates of an `x5c` member; none when one of them cannot be read."""
    if not isinstance(texts, list) or not 0 < len(cast("list[object]", texts)) <= _MAX_CHAIN:
        return []
    raw = [encoding.from_base64(each) if isinstance(each, str) else None for each in cast("list[object]", texts)]
    try:
        return [x509.load_der_x509_certificate(each or b"") for each in raw]
    except ValueError:
        return []


def _certified(below: x509.Certificate, above: x509.Certificate) -> bool:
    try:
        below.verify_directly_issued_by(above)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _addresses(certificate: x509.Certificate) -> Sequence[str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return []
    return names.get_values_for_type(x509.UniformResourceIdentifier)


def named_issuers(keys: Sequence[Jwk]) -> set[str]:
    """The https addresses that the certificates of these keys name."""
    leaves = [certificates(key["x5c"])[:1] for key in keys if "x5c" in key]
    return {address for leaf in leaves for each in leaf for address in _addresses(each)}


def period(key: Jwk) -> tuple[datetime, datetime] | None:
    """From when until when the key's own certificate is valid; None when it has none."""
    leaf = certificates(key.get("x5c"))[:1]
    return (leaf[0].not_valid_before_utc, leaf[0].not_valid_after_utc) if leaf else None
