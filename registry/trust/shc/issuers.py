"""Whom to believe SMART Health Cards: keys by (issuer, key id), with their lists of withdrawn cards."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, cast

from registry.trust.fault import Fault
from registry.trust.shc import keyset
from registry.trust.shc.keyset import Jwk

_RID = re.compile(r"([A-Za-z0-9_-]{1,24})(?:\.([0-9]{1,12}))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocations:
    """Which cards of one key were withdrawn: all of an id, or those issued before a moment (seconds)."""

    kid: str
    counter: int
    until: Mapping[str, float]

    def holds(self, rid: str, issued: float) -> bool:
        return rid in self.until and issued < self.until[rid]


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuerKey:
    """A key an issuer signs with. `revocations` is a Fault where the list there is cannot be used."""

    jwk: Jwk
    period: tuple[datetime, datetime] | None = None
    revocations: Revocations | Fault | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuers:
    """The issuers a verifier believes. What a card carries adds nothing to them."""

    keys: Mapping[tuple[str, str], IssuerKey] = field(default_factory=dict[tuple[str, str], IssuerKey])
    names: Mapping[str, str] = field(default_factory=dict[str, str])
    owners: Mapping[str, frozenset[str]] = field(init=False)
    addresses: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        owners: dict[str, set[str]] = {}
        for issuer, kid in self.keys:
            owners.setdefault(kid, set()).add(issuer)
        frozen = {kid: frozenset(held) for kid, held in owners.items()}
        object.__setattr__(self, "owners", MappingProxyType(frozen))
        object.__setattr__(self, "addresses", frozenset(issuer for issuer, _ in self.keys))

    def any_of(self, kid: str) -> IssuerKey | None:
        """The key of this id, whoever it belongs to: its thumbprint is its name, so it is one key."""
        owner = next(iter(sorted(self.owners.get(kid, ()))), None)
        return self.keys[owner, kid] if owner is not None else None

    def name(self, issuer: str) -> str:
        """What people call the issuer; its address when it has no name here."""
        return self.names.get(issuer, issuer)


def key(jwk: Jwk, revocations: Revocations | Fault | None = None) -> IssuerKey:
    """A key as it is believed. `revocations` is the list held for it; one of another counter is not its list."""
    counter = jwk.get("crlVersion")
    if counter is not None and revocations is None:
        return IssuerKey(jwk=jwk, period=keyset.period(jwk), revocations=Fault.NO_REVOCATION_LIST)
    if isinstance(revocations, Revocations) and (revocations.kid != jwk["kid"] or revocations.counter != counter):
        return IssuerKey(jwk=jwk, period=keyset.period(jwk), revocations=Fault.REVOCATION)
    return IssuerKey(jwk=jwk, period=keyset.period(jwk), revocations=revocations)


def revocations(content: Mapping[str, Any] | None) -> Revocations | Fault:
    """Read a list of withdrawn cards (Framework, "Revocation"); a Fault when any part of it cannot be relied on."""
    if content is None or content.get("method") != "rid" or not isinstance(content.get("kid"), str):
        return Fault.REVOCATION
    counter, rids = content.get("ctr"), content.get("rids")
    if type(counter) is not int or not isinstance(rids, list):
        return Fault.REVOCATION
    found = [_RID.fullmatch(each) if isinstance(each, str) else None for each in cast("list[object]", rids)]
    until = {each[1]: float(each[2] or "inf") for each in found if each}
    # The same id twice, with two moments or with one and none, leaves open which of them counts.
    if len(until) < len(found):
        return Fault.REVOCATION
    return Revocations(kid=content["kid"], counter=counter, until=until)
