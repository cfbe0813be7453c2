"""Cards and certificates made by hand, by the standards' own words and not by the registry's code."""

from __future__ import annotations

import base64
import io
import json
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any

import base45
import cbor2
import segno
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID, ObjectIdentifier

from registry.trust import p256, shc

NOW = datetime(2021, 6, 16, 12, tzinfo=UTC)
ISSUED, EXPIRES = 1_623_700_000, 1_640_000_000
ISSUER = "https://cards.example/issuer"
KEY = p256.fresh(Random(11).randbytes)
OTHER_KEY = p256.fresh(Random(12).randbytes)

Json = Mapping[str, Any]
PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

# --- HCERT -----------------------------------------------------------------------------------------

VACCINATION: Json = {
    "tg": "840539006",
    "vp": "1119349007",
    "mp": "EU/1/20/1528",
    "ma": "ORG-100030215",
    "dn": 2,
    "sd": 2,
    "dt": "2021-05-20",
    "co": "AT",
    "is": "Ministry of Health",
    "ci": "URN:UVCI:01:AT:10807843F94AEE0EE5093FBC254BD813#B",
}
TEST: Json = {
    **{name: VACCINATION[name] for name in ("tg", "co", "is", "ci")},
    **{"tt": "LP6464-4", "sc": "2021-06-15T09:24:02Z", "tr": "260415000", "tc": "Centre 1"},
}
RECOVERY: Json = {
    **{name: VACCINATION[name] for name in ("tg", "co", "is", "ci")},
    **{"fr": "2021-04-02", "df": "2021-04-20", "du": "2021-10-01"},
}
CONTENT: Json = {
    "ver": "1.3.0",
    "nam": {"fn": "Musterfrau", "gn": "Gabriele", "fnt": "MUSTERFRAU", "gnt": "GABRIELE"},
    "dob": "1998-02-26",
    "v": [VACCINATION],
}


@cache
def private(kind: str = "secp256r1", number: int = 1) -> PrivateKey:
    """A private key of a curve, or RSA of so many bits."""
    if kind.isdecimal():
        return rsa.generate_private_key(65537, int(kind))
    curve = {"secp256r1": ec.SECP256R1(), "secp384r1": ec.SECP384R1(), "secp521r1": ec.SECP521R1()}[kind]
    return ec.derive_private_key(Random(number).getrandbits(250), curve)


@cache
def signer(
    kind: str = "secp256r1",
    *,
    country: str | None = "AT",
    usages: tuple[str, ...] = (),
    begins: datetime = NOW - timedelta(days=100),
    ends: datetime = NOW + timedelta(days=600),
    number: int = 1,
) -> x509.Certificate:
    """A document signer certificate, self-signed."""
    key = private(kind, number)
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, "DSC")]
    parts += [x509.NameAttribute(NameOID.COUNTRY_NAME, country)] if country else []
    name = x509.Name(parts)
    made = x509.CertificateBuilder(name, name, key.public_key(), 7, begins, ends)
    if usages:
        made = made.add_extension(x509.ExtendedKeyUsage([ObjectIdentifier(each) for each in usages]), critical=False)
    return made.sign(key, SHA256())


def der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)


def kid(certificate: x509.Certificate) -> bytes:
    return sha256(der(certificate)).digest()[:8]


@dataclass(frozen=True, kw_only=True)
class Hcert:
    """A certificate as an issuer would make it; every part can be made wrong."""

    by: x509.Certificate = field(default_factory=signer)
    key: str = "secp256r1"
    claims: Mapping[Any, Any] = field(default_factory=lambda: {1: "AT", 4: EXPIRES, 6: ISSUED, -260: {1: CONTENT}})
    protected: Mapping[Any, Any] | None = None
    unprotected: Mapping[Any, Any] = field(default_factory=dict[Any, Any])
    payload: bytes | None = None
    wrap: Callable[[list[Any]], Any] = lambda parts: cbor2.CBORTag(18, parts)
    number: int = 1

    def having(self, **claims: Any) -> Hcert:
        names = {"iss": 1, "exp": 4, "iat": 6, "hcert": -260}
        changed = {**self.claims, **{names[name]: value for name, value in claims.items()}}
        return replace(self, claims={name: value for name, value in changed.items() if value is not ...})

    def of(self, content: Any) -> Hcert:
        return self.having(hcert={1: content})

    @property
    def algorithm(self) -> int:
        return -37 if self.key.isdecimal() else -7

    @property
    def cose(self) -> bytes:
        header = {1: self.algorithm, 4: kid(self.by)} if self.protected is None else self.protected
        protected = cbor2.dumps(header) if header else b""
        payload = cbor2.dumps(self.claims) if self.payload is None else self.payload
        message = cbor2.dumps(["Signature1", protected, b"", payload])
        signature = signature_of(private(self.key, self.number), message)
        return cbor2.dumps(self.wrap([protected, dict(self.unprotected), payload, signature]))

    @property
    def text(self) -> str:
        return text_of(self.cose)


def signature_of(key: PrivateKey, message: bytes) -> bytes:
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(message, padding.PSS(padding.MGF1(SHA256()), 32), SHA256())
    r, s = decode_dss_signature(key.sign(message, ec.ECDSA(SHA256())))
    size = (key.curve.key_size + 7) // 8
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")


def text_of(cose: bytes) -> str:
    return "HC1:" + base45.b45encode(zlib.compress(cose)).decode()


# --- SMART Health Cards ----------------------------------------------------------------------------

PERSON = shc.Person(family="Al-Halabi", given=["Amina"], born="2012-05-14")
_SCHEDULE = "19 146 10 116 133 146 10 133 146 10 133 03 94 20 10 21 115 187 03 20 08 49 110 120 130"
CVX = _SCHEDULE.split()


def doses(count: int, seed: int = 5) -> list[shc.Dose]:
    """Doses of childhood, on days that follow no pattern."""
    random = Random(seed)
    days = sorted(datetime(2012, 5, 14, tzinfo=UTC) + timedelta(days=random.randrange(4500)) for _ in range(count))
    return [shc.Dose(code=CVX[at % len(CVX)], on=day.date().isoformat()) for at, day in enumerate(days)]


def encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def payload(**changes: Any) -> dict[str, Any]:
    """The claims of a good card; `...` takes one away, and `vc` changes members of the credential."""
    bundle = shc.issuing.bundle(PERSON, doses(2))
    types = ["https://smarthealth.cards#health-card", "https://smarthealth.cards#immunization"]
    subject = {"fhirVersion": "4.0.1", "fhirBundle": bundle}
    credential = {"type": types, "credentialSubject": subject} | changes.pop("vc", {})
    claims = {"iss": ISSUER, "nbf": ISSUED, "vc": credential} | changes
    return json.loads(json.dumps({name: value for name, value in claims.items() if value is not ...}))


def jws(claims: Any = None, *, key: Json = KEY, header: Json | None = None, pack: bool = True) -> str:
    """A card signed by hand: `claims` may be bytes, and the header anything."""
    raw = claims if isinstance(claims, bytes) else json.dumps(claims or payload(), separators=(",", ":")).encode()
    machine = zlib.compressobj(9, zlib.DEFLATED, -15)
    body = machine.compress(raw) + machine.flush() if pack else raw
    head = {"zip": "DEF", "alg": "ES256", "kid": key["kid"]} if header is None else header
    text = f"{encoded(json.dumps(head).encode())}.{encoded(body)}"
    return f"{text}.{encoded(p256.sign(key, text.encode()))}"


# --- pictures and folders --------------------------------------------------------------------------


def picture(*segments: str, error: str = "l", version: int | None = None) -> bytes:
    """A QR code as PNG; letters and digits as segments of their own, where they are given apart."""
    target = io.BytesIO()
    content = segments if len(segments) > 1 else segments[0]
    segno.make(content, error=error, micro=False, boost_error=False, version=version).save(target, kind="png", scale=4)
    return target.getvalue()


def issuer_file(*keys: Json, issuer: str = ISSUER, **more: Any) -> bytes:
    return json.dumps({"issuer": issuer, "jwks": {"keys": [p256.public(each) for each in keys]}, **more}).encode()


def shared_certificates(files: Sequence[Path]) -> list[tuple[Path, Json, datetime]]:
    """Files of the EU's shared test data, each with the clock it is to be judged at."""
    read = [(path, json.loads(path.read_text("utf-8-sig"))) for path in sorted(files)]
    clocks = [datetime.fromisoformat(each["TESTCTX"]["VALIDATIONCLOCK"]) for _, each in read]
    aware = [each if each.tzinfo else each.replace(tzinfo=UTC) for each in clocks]
    return [(path, each, clock) for (path, each), clock in zip(read, aware, strict=True)]
