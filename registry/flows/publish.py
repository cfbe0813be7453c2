"""What the registry publishes for everybody: its public keys, the signed status list, the newest checkpoint."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from registry.errors import UnknownName
from registry.flows.opening import Registry
from registry.store import audit, releases
from registry.store.functions import Function
from registry.trust import signing, status, trustlist


def trust_file(registry: Registry) -> dict[str, Any]:
    """The trust file of this registry; put into a verifier's trust folder it makes our summaries believed."""
    ring = registry.database.keyring
    return trustlist.publish(registry.settings.issuer, registry.settings.name, [ring.summary_key])


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
    """The newest signed checkpoint. Raises UnknownName before the first."""
    async with registry.database.transaction(Function.PUBLISH) as tx:
        newest = await audit.last_checkpoint(tx)
    if newest is None:
        raise UnknownName("the audit log has no checkpoint yet", remedy="ask again in a second")
    return newest[1]
