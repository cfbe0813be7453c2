"""Whom to believe HCERT certificates: document signer certificates (DSC), by key id.

The key id is the first 8 bytes of the SHA-256 of the certificate (DER). Several may share one; all are tried
(specification, "Key Identifier").
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID

from registry.trust.hcert.cose import PublicKey

KID_BYTES = 8
_HASH_BYTES = 16
# "Key Usage Policy Identifiers" of the specification; the first form has a 0 too many and is in use.
_USAGES = {
    f"{arc}.{number}": group
    for arc in ("1.3.6.1.4.1.0.1847.2021.1", "1.3.6.1.4.1.1847.2021.1")
    for number, group in ((1, "t"), (2, "v"), (3, "r"))
}
_ALL = frozenset("tvr")


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """A certificate of somebody who may sign: for which country, when, and which groups (`v`, `t`, `r`).

    `country` is empty where the certificate names none, as the specification allows.
    """

    kid: bytes
    key: PublicKey
    country: str
    begins: datetime
    ends: datetime
    groups: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Signers:
    """The signers a verifier believes, and the hashes of certificates that were withdrawn."""

    by_kid: Mapping[bytes, Sequence[Signer]] = field(default_factory=dict[bytes, Sequence[Signer]])
    revoked: frozenset[bytes] = frozenset()

    def withdrew(self, country: str, number: str, signature: bytes) -> bool:
        """Whether a certificate is on the lists, by any of the three hashes the EU exchanges (16 bytes of SHA-256)."""
        half = signature[: len(signature) // 2]
        texts = (number.encode(), (country + number).encode(), half)
        return any(sha256(each).digest()[:_HASH_BYTES] in self.revoked for each in texts)


def of(certificates: Iterable[x509.Certificate], revoked: Iterable[bytes] = ()) -> Signers:
    """The signers of these certificates; those with keys that sign no HCERT are left out."""
    by_kid: dict[bytes, dict[bytes, Signer]] = {}
    for each in certificates:
        found = signer(each)
        if found is not None:
            by_kid.setdefault(found.kid, {})[each.tbs_certificate_bytes] = found
    known = {kid: tuple(held.values()) for kid, held in by_kid.items()}
    return Signers(by_kid=known, revoked=frozenset(each[:_HASH_BYTES] for each in revoked))


def signer(certificate: x509.Certificate) -> Signer | None:
    """A certificate as a signer; None when its key cannot sign an HCERT."""
    try:
        key, country = certificate.public_key(), _country(certificate)
    except (ValueError, TypeError):
        return None
    if not isinstance(key, ec.EllipticCurvePublicKey | rsa.RSAPublicKey):
        return None
    return Signer(
        kid=certificate.fingerprint(SHA256())[:KID_BYTES],
        key=key,
        country=country,
        begins=certificate.not_valid_before_utc,
        ends=certificate.not_valid_after_utc,
        groups=_groups(certificate),
    )


def _country(certificate: x509.Certificate) -> str:
    found = certificate.subject.get_attributes_for_oid(NameOID.COUNTRY_NAME)
    found = found or certificate.issuer.get_attributes_for_oid(NameOID.COUNTRY_NAME)
    return str(found[0].value).upper() if found else ""


def _groups(certificate: x509.Certificate) -> frozenset[str]:
    try:
        usages = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except (x509.ExtensionNotFound, ValueError):
        return _ALL
    return frozenset(_USAGES[each.dotted_string] for each in usages if each.dotted_string in _USAGES) or _ALL
