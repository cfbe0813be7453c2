"""Who is calling: a bearer key names an organisation. (SMART backend services come with the FHIR service.)"""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import Depends, Header, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from registry.errors import NotAuthenticated
from registry.flows import organisations
from registry.flows.opening import Registry
from registry.flows.organisations import Caller

_bearer = HTTPBearer(auto_error=False, description="the key an organisation was given when it was registered")


def opened_registry(request: Request) -> Registry:
    """The registry this application serves."""
    return cast(Registry, request.app.state.registry)


Opened = Annotated[Registry, Depends(opened_registry)]


async def caller(
    registry: Opened,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    desk_user: Annotated[str, Header(description="who of the organisation calls, by its own opaque id")] = "",
) -> Caller:
    """The organisation behind the bearer key, and who of it calls. Raises NotAuthenticated."""
    if credentials is None:
        raise NotAuthenticated(remedy="send the header: Authorization: Bearer KEY")
    return await organisations.authenticate(registry, credentials.credentials, user=desk_user)


Calling = Annotated[Caller, Depends(caller)]
