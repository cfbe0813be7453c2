"""What a family takes home after an answer: its receipt, in its language, with no name of the child in it.

It names who receives what until when, how to take it back and how to complain, and is signed as summaries are, so
that the family can prove what it answered, without a network and against the registry itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from registry.consent import receipt
from registry.continuity.summary import page
from registry.flows.asking import Answer
from registry.flows.opening import Registry
from registry.flows.organisations import Caller
from registry.library import Library
from registry.store.audit import Entry
from registry.trust import qr, signing

TYPE = "continuity-receipt+jwt"
LASTS = timedelta(days=10 * 365)
"""A family can prove its answer long after it ended; a receipt opens nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentReceipt:
    """What was answered and the proof that it was recorded. `token` is the signed form, `page` the printed one."""

    consent: str
    language: str
    domain: str
    organisation: str
    agreed: bool
    places: bool
    until: date
    text: str
    withdraw: str
    leaf: str
    commitment: str
    token: str = field(repr=False)
    page: str = field(repr=False)


def write(
    registry: Registry, answer: Answer, recipient: Caller, *, text: str, consent: str, proof: Entry
) -> ConsentReceipt:
    """The receipt of an answer recorded in the audit leaf `proof`."""
    now = registry.now()
    facts: dict[str, Any] = {
        "language": answer.language,
        "domain": answer.domain,
        "organisation": recipient.display,
        "agreed": answer.agreed,
        "places": answer.places,
        "until": answer.until.isoformat(),
        "given": now.date().isoformat(),
        "version": registry.library.consent_texts["version"],
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
        "leaf": proof.leaf.hex,
        "commitment": proof.commitment.hex(),
    }
    claims = {
        "iss": registry.settings.issuer,
        "iat": int(now.timestamp()),
        "exp": int((now + LASTS).timestamp()),
        "jti": consent,
        "receipt": facts,
    }
    token = signing.sign(claims, registry.database.keyring.summary_key, typ=TYPE, compress=True)
    return ConsentReceipt(
        consent=consent,
        language=answer.language,
        domain=answer.domain,
        organisation=recipient.display,
        agreed=answer.agreed,
        places=answer.places,
        until=answer.until,
        text=text,
        withdraw=registry.library.consent_texts["languages"][answer.language]["receipt"]["withdraw"],
        leaf=facts["leaf"],
        commitment=facts["commitment"],
        token=token,
        page=render(claims, token, registry.library),
    )


def render(claims: Mapping[str, Any], token: str, library: Library) -> str:
    """The page of a signed receipt: everything on it comes out of the token and the texts of its language."""
    facts = claims["receipt"]
    return receipt.render(
        facts,
        number=claims["jti"],
        words=library.consent_texts["languages"][facts["language"]]["receipt"],
        template=library.receipt_template,
        qr=page.qr_code(qr.to_digits(token)),
        token=token,
    )
