"""A witness over HTTP: C2SP tlog-witness, and what it cosigned last for whoever wants to compare."""

from __future__ import annotations

from typing import Annotated, Any, cast

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from registry.api import answers, limits
from registry.errors import RegistryError
from registry.flows import opening, witness
from registry.flows.witness import Witness
from registry.trust import trustlist

router = APIRouter()


def _serving(request: Request) -> Witness:
    return cast(Witness, request.app.state.witness)


Serving = Annotated[Witness, Depends(_serving)]


def application(own: Witness) -> FastAPI:
    """The service of an opened witness."""
    app = FastAPI(title=f"Witness {own.name}", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.witness = own
    app.include_router(router)
    app.add_exception_handler(RegistryError, answers.of_error)
    app.add_exception_handler(RequestValidationError, answers.of_body)
    app.add_exception_handler(HTTPException, answers.of_route)
    app.add_exception_handler(Exception, answers.of_surprise)
    app.add_middleware(limits.BodyLimit, most_of_a_file=limits.MOST_OF_A_BODY)
    return app


@router.post("/add-checkpoint")
async def add_checkpoint(own: Serving, request: Request) -> Response:
    """Cosign a checkpoint that continues the one cosigned before."""
    try:
        body = await request.body()
    except ClientDisconnect:  # whoever asked waits no longer
        raise HTTPException(400) from None
    # Answered on the loop itself, the sync of the disk included: nothing runs between judging and remembering.
    reply = witness.observe(own, body.decode("utf-8", "replace"), now=opening.wall_clock())
    return Response(reply.text, status_code=reply.outcome.status, headers={"Content-Type": reply.media})


@router.get("/checkpoint")
async def newest(own: Serving, origin: str) -> Response:
    """The newest checkpoint of a log that was cosigned here."""
    return Response(witness.latest(own, origin), media_type=witness.TEXT)


@router.get("/trust")
async def trust(own: Serving) -> dict[str, Any]:
    """The public key of this witness, as a trust file. Check it on another way before you believe it."""
    return trustlist.publish(own.name, own.name, [own.key])
