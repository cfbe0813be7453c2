"""COSE_Sign1 (RFC 9052): taken apart, and held against a public key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from registry.trust.fault import Fault
from registry.trust.hcert import cbor

PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey

ES256, PS256 = -7, -37
_ALG, _CRIT, _KID = 1, 2, 4
_CWT, _SIGN1 = 61, 18
_MIN_RSA_BITS = 2048
_PSS = padding.PSS(mgf=padding.MGF1(SHA256()), salt_length=32)  # as long as the hash: RFC 8230, section 2
_CURVES = ("secp256r1", "secp384r1", "secp521r1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A signed document, nothing of it believed yet."""

    algorithm: object
    kid: bytes | None
    payload: bytes
    signature: bytes
    message: bytes


def read(body: bytes) -> Signed | Fault:
    """Take a COSE_Sign1 apart: tagged as such, as a CWT around it, or, as some issuers write it, as a bare list."""
    try:
        parts = cbor.untagged(cbor.read(body), _CWT, _SIGN1)
        protected, open_header, payload, signature = _four(parts)
        header = _header(cbor.read(protected) if protected else {})
    except ValueError:
        return Fault.COSE
    if _CRIT in header or _CRIT in open_header:
        return Fault.COSE  # extensions we would have to understand (RFC 9052, section 3.1)
    return Signed(
        algorithm=header.get(_ALG),
        kid=_kid(header, open_header),
        payload=payload,
        signature=signature,
        message=cbor.write(["Signature1", protected, b"", payload]),
    )


def _four(parts: object) -> tuple[bytes, Mapping[Any, Any], bytes, bytes]:
    if not isinstance(parts, Sequence) or len(cast("Sequence[object]", parts)) != 4:
        raise ValueError("not four parts")
    protected, header, payload, signature = cast("Sequence[Any]", parts)
    if not all(isinstance(each, bytes) for each in (protected, payload, signature)):
        raise ValueError("not bytes")
    return protected, _header(header), payload, signature


def _header(item: object) -> Mapping[Any, Any]:
    if not isinstance(item, Mapping):
        raise ValueError("a header is a map")
    return cast("Mapping[Any, Any]", item)


def _kid(header: Mapping[Any, Any], open_header: Mapping[Any, Any]) -> bytes | None:
    # Specification, "Key Identifier": either header will do; what is protected goes first.
    kid = header[_KID] if _KID in header else open_header.get(_KID)
    return kid if isinstance(kid, bytes) else None


def fits(key: PublicKey, algorithm: object) -> bool:
    """Whether a key can have made a signature of this algorithm."""
    if isinstance(key, rsa.RSAPublicKey):
        return algorithm == PS256 and key.key_size >= _MIN_RSA_BITS
    # ES256 names the hash and not the curve (RFC 9053, section 2.1), and issuers with P-384 keys use it so.
    return algorithm == ES256 and key.curve.name in _CURVES


def verify(signed: Signed, key: PublicKey) -> bool:
    """Whether the signature is that of the owner of this key, by the algorithm it names."""
    if not fits(key, signed.algorithm):
        return False
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signed.signature, signed.message, _PSS, SHA256())
        else:
            key.verify(_der(signed.signature, key), signed.message, ec.ECDSA(SHA256()))
    except (InvalidSignature, ValueError):
        return False
    return True


def _der(signature: bytes, key: ec.EllipticCurvePublicKey) -> bytes:
    size = (key.curve.key_size + 7) // 8
    if len(signature) != 2 * size:
        raise ValueError("r and s have another length")
    return encode_dss_signature(int.from_bytes(signature[:size], "big"), int.from_bytes(signature[size:], "big"))
