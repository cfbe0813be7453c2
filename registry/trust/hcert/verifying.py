"""Is an HCERT believed? Signature, signer, times, use, form, withdrawal: in that order, each with its own reason."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from registry.trust.fault import Fault, Refusal
from registry.trust.hcert import claims, cose, reading, schema
from registry.trust.hcert.claims import Claims
from registry.trust.hcert.cose import Signed
from registry.trust.hcert.signers import Signer, Signers

SKEW = timedelta(minutes=5)
_ALGORITHMS = (cose.ES256, cose.PS256)
_ALPHA_2 = re.compile(r"[A-Z]{2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A certificate believed. `country` is that of its signer's certificate, whatever the issuer claim says; only
    where that names none it is the claim."""

    content: Mapping[str, Any] = field(repr=False)
    body: bytes = field(repr=False)
    country: str
    kid: bytes
    issued: datetime
    expires: datetime
    warnings: Sequence[Fault] = ()

    @property
    def text(self) -> str:
        """The certificate as its QR code holds it."""
        return reading.to_text(self.body)

    @property
    def group(self) -> str:
        """`v` for vaccination, `t` for a test, `r` for recovery."""
        return schema.group(self.content)


def verify(body: bytes, signers: Signers, *, now: datetime) -> Certificate | Refusal:
    """Believe the COSE document of an HCERT, signed by a signer of the list; or say why not."""
    outcome = _verified(body, signers, now)
    return Refusal(fault=outcome) if isinstance(outcome, Fault) else outcome


def _verified(body: bytes, signers: Signers, now: datetime) -> Certificate | Fault:
    signed = cose.read(body)
    if isinstance(signed, Fault):
        return signed
    signer = _signer(signed, signers)
    if isinstance(signer, Fault):
        return signer
    said = claims.read(signed.payload)
    if isinstance(said, Fault):
        return said
    objection = _objection(said, signer, now) or _form_objection(said, signer)
    if objection:
        return objection
    return Fault.REVOKED if _is_withdrawn(said, signed, signer, signers) else _believed(body, said, signer)


def _signer(signed: Signed, signers: Signers) -> Signer | Fault:
    """Whose signature it is; a Fault when it is nobody's of the list."""
    if signed.algorithm not in _ALGORITHMS:
        return Fault.ALGORITHM
    candidates = signers.by_kid.get(signed.kid, ()) if signed.kid is not None else ()
    if not candidates:
        return Fault.UNKNOWN_SIGNER
    fitting = [each for each in candidates if cose.fits(each.key, signed.algorithm)]
    if not fitting:
        return Fault.ALGORITHM
    return next((each for each in fitting if cose.verify(signed, each.key)), Fault.BAD_SIGNATURE)


def _objection(said: Claims, signer: Signer, now: datetime) -> Fault | None:
    """What time and place have against it."""
    if not signer.begins - SKEW <= now <= signer.ends:
        return Fault.SIGNER_PERIOD
    if said.issued > now + SKEW:
        return Fault.NOT_YET_VALID
    if now >= said.expires:
        return Fault.EXPIRED
    names_country = said.issuer is not None and _ALPHA_2.fullmatch(said.issuer)
    if names_country and signer.country and not claims.same_country(str(said.issuer), signer.country):
        return Fault.OTHER_COUNTRY  # a trusted key does not make its owner anybody else
    return None


def _form_objection(said: Claims, signer: Signer) -> Fault | None:
    if any(schema.problems(said.certificate)):
        return Fault.NO_CERTIFICATE
    held = {name for name in schema.GROUPS if said.certificate.get(name)}
    return None if held <= signer.groups else Fault.KEY_USAGE


def _is_withdrawn(said: Claims, signed: Signed, signer: Signer, signers: Signers) -> bool:
    entries = [entry for name in schema.GROUPS for entry in said.certificate.get(name) or ()]
    countries = {said.issuer or "", signer.country}
    return any(signers.withdrew(country, entry["ci"], signed.signature) for entry in entries for country in countries)


def _believed(body: bytes, said: Claims, signer: Signer) -> Certificate:
    odd = {
        Fault.NAMES_NO_COUNTRY: said.issuer is not None and not _ALPHA_2.fullmatch(said.issuer),
        Fault.BEFORE_ITS_KEY: said.issued < signer.begins,
        Fault.SIGNER_WITHOUT_COUNTRY: not signer.country,
    }
    return Certificate(
        content=said.certificate,
        body=body,
        country=signer.country or said.issuer or "",
        kid=signer.kid,
        issued=said.issued,
        expires=said.expires,
        warnings=tuple(fault for fault, holds in odd.items() if holds),
    )
