"""What anybody may read: how the service is, what it can do, whose signatures to believe, what was withdrawn."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from registry.api import capability
from registry.api.security import Opened
from registry.errors import Unavailable
from registry.flows import proofs, publish
from registry.flows.cosigning import Lag
from registry.trust import encoding

router = APIRouter(tags=["public"])
PROBE_SECONDS = 2


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@router.get("/readyz")
async def readyz(registry: Opened, request: Request) -> dict[str, Any]:
    """The database answers too, and at once: a probe does not wait. How far behind the witnesses are, if there are any.

    A witness that is away is no reason to stop serving: `behind_seconds` is for whoever watches.
    """
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            await registry.database.answers()
    except TimeoutError:
        raise Unavailable("the database does not answer", remedy="see that PostgreSQL is running") from None
    lag: Lag | None = getattr(request.app.state, "lag", None)
    return {"status": "ready"} | ({"witnesses": asdict(lag)} if lag else {})


@router.get("/metadata")
async def metadata(registry: Opened) -> dict[str, Any]:
    """The CapabilityStatement."""
    return capability.statement(registry.settings, registry.now())


@router.get("/trust")
async def trust(registry: Opened) -> dict[str, Any]:
    """The public keys of this registry, as a trust file. Check it on another way before you believe it."""
    return publish.trust_file(registry)


@router.get("/.well-known/jwks.json")
async def card_keys(registry: Opened, response: Response) -> dict[str, Any]:
    """The keys of our SMART Health Cards, where readers of such cards look for them."""
    response.headers["Access-Control-Allow-Origin"] = "*"  # the Framework demands CORS: readers are web pages
    return publish.card_keys(registry)


@router.get("/audit/trust")
async def log_trust(registry: Opened) -> dict[str, Any]:
    """The public key of the audit log, as a trust file. Check it on another way before you believe it."""
    return publish.log_trust_file(registry)


@router.get("/audit/growth")
async def growth(registry: Opened, size: Annotated[int, Query(ge=0, lt=1 << 62)]) -> dict[str, Any]:
    """The newest checkpoint, and the path that proves it to continue the log as it was at this size (RFC 6962)."""
    found = await proofs.growth(registry, size)
    return {"checkpoint": found.text, "path": [encoding.to_base64url(each) for each in found.path]}


@router.get("/status-list", response_class=Response)
async def status_list(registry: Opened) -> Response:
    """The signed list of withdrawn summaries; it is to be fetched anew after a minute."""
    token = await publish.status_list(registry, lasts=timedelta(minutes=1))
    return Response(token, media_type="application/statuslist+jwt")


@router.get("/checkpoint", response_class=Response)
async def checkpoint(registry: Opened) -> Response:
    """The newest signed checkpoint of the audit log, with the cosignatures of its witnesses so far."""
    return Response(await publish.checkpoint(registry), media_type="text/plain")
