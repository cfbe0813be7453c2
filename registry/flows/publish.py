"""What the registry publishes for everybody: its public keys, the signed status list, the newest checkpoint."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from registry.errors import UnknownName
from registry.flows import trail
from registry.flows.opening import Registry
from registry.store import audit, releases
from registry.store.functions import Function
from registry.trust import p256, signing, status, trustlist


def trust_file(registry: Registry) -> dict[str, Any]:
    """The trust file of this registry; put into a verifier's trust folder it makes our summaries believed."""
    ring = registry.database.keyring
    return trustlist.publish(registry.settings.issuer, registry.settings.name, [ring.summary_key])


def card_keys(registry: Registry) -> dict[str, Any]:
    """The key set by which others believe our SMART Health Cards (RFC 7517)."""
    return {"keys": [p256.public(registry.database.keyring.summary_key)]}


def log_trust_file(registry: Registry) -> dict[str, Any]:
    """The trust file of this registry's audit log, by which witnesses and holders of receipts believe checkpoints.

    Of another name than the issuer of summaries and kept in a folder of its own: whoever may sign checkpoints may
    not sign summaries.
    """
    key = registry.database.keyring.audit_key
    return trustlist.publish(trail.origin(registry), f"{registry.settings.name}, audit log", [key])


def status_address(registry: Registry) -> str:
    """Where the status list is published; summaries name it."""
    return registry.settings.public_url + "/status-list"


async def status_list(registry: Registry, *, lasts: timedelta) -> str:
    """The signed list of withdrawn summaries, as it stands now."""
    async with registry.database.transaction(Function.PUBLISH) as tx:
        revoked = await releases.revoked(tx)
    payload = status.statement(
        issuer=registry.settings.issuer,
        uri=status_address(registry),
        revoked=revoked,
        size=releases.STATUS_SIZE,
        now=registry.now(),
        lasts=lasts,
    )
    return signing.sign(payload, registry.database.keyring.summary_key, typ=status.TYPE)


async def checkpoint(registry: Registry) -> str:
    """The newest signed checkpoint, with the cosignatures it has so far. Raises UnknownName before the first."""
    async with registry.database.transaction(Function.PUBLISH) as tx:
        newest = await audit.last_checkpoint(tx)
        if newest is None:
            raise UnknownName("the audit log has no checkpoint yet", remedy="ask again in a second")
        size, text, _ = newest
        return text + "".join([line for _, _, line in await audit.cosignatures(tx, since=size)])
