"""The application: routes, one place that turns errors into OperationOutcomes, and the workers beside them."""

from __future__ import annotations

import asyncio
import gc
import secrets
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, suppress

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi_offline import FastAPIOffline
from starlette.exceptions import HTTPException

from registry.api import answers, deadline, emergencies, limits, operations, public, redress, schooling
from registry.errors import RegistryError
from registry.flows import budgets, cosigning, erasure_request, match, trail
from registry.flows import emergencies as declared
from registry.flows.opening import Clock, Registry, opened, wall_clock
from registry.settings import Settings

SEQUENCE_SECONDS = 0.1
WITNESS_SECONDS = 0.1
MATCH_SECONDS = 0.5
WATCH_SECONDS = 30
ERASE_SECONDS = 60
_log = structlog.get_logger()


def application(settings: Settings, *, clock: Clock = wall_clock) -> FastAPI:
    """The service on these settings; it opens the registry when it starts and closes it when it stops."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
        try:
            async with opened(settings, clock=clock) as registry, _working(registry), _watched(app, registry):
                app.state.registry = registry
                gc.freeze()  # what is loaded stays: to look through it again and again took a third of each question
                yield
        except RegistryError as error:
            app.state.failure = error  # the server says only that something failed; whoever started it can say what
            raise

    # The pages of the documentation come from the package, not from somebody else's server.
    app = FastAPIOffline(
        title=settings.name, version="0.1.0", lifespan=lifespan, redoc_url=None, redirect_slashes=False
    )
    app.include_router(public.router)
    app.include_router(operations.router)
    app.include_router(operations.stepped)
    app.include_router(redress.router)
    app.include_router(emergencies.router)
    app.include_router(schooling.router)
    app.add_exception_handler(RegistryError, answers.of_error)
    app.add_exception_handler(RequestValidationError, answers.of_body)
    app.add_exception_handler(HTTPException, answers.of_route)
    app.add_exception_handler(Exception, answers.of_surprise)
    app.add_middleware(limits.BodyLimit, most_of_a_file=settings.max_upload_bytes)
    app.middleware("http")(_logged)
    return app


@asynccontextmanager
async def _working(registry: Registry) -> AsyncGenerator[None]:
    """The workers, for as long as the block lasts."""
    workers = [asyncio.create_task(_every(seconds, work, registry)) for seconds, work in WORKERS.values()]
    try:
        yield
    finally:
        await deadline.finished()
        await _stop(workers)
        await _last_work(registry)


@asynccontextmanager
async def _watched(app: FastAPI, registry: Registry) -> AsyncGenerator[None]:
    """The witnesses, if any, are shown every checkpoint, for as long as the block lasts."""
    witnesses = cosigning.configured(registry.settings)
    if not witnesses:
        yield
        return
    async with cosigning.client() as http:
        app.state.lag, last = None, time.monotonic()

        async def follow(registry: Registry) -> None:
            nonlocal last
            now, before = time.monotonic(), last
            last = now
            app.state.lag = await cosigning.follow(registry, witnesses, http, app.state.lag, seconds=now - before)

        worker = asyncio.create_task(_every(WITNESS_SECONDS, follow, registry))
        try:
            yield
        finally:
            await _stop([worker])


async def _logged(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    started, request_id = time.perf_counter(), secrets.token_hex(8)
    response = await call_next(request)
    route = request.scope.get("route")
    _log.info(
        "request",
        request_id=request_id,
        method=request.method,
        route=getattr(route, "path", "unknown"),
        status=response.status_code,
        milliseconds=round((time.perf_counter() - started) * 1000, 1),
    )
    response.headers["Cache-Control"] = "no-store"
    return response


async def _watch(registry: Registry) -> None:
    alerts = await budgets.watch(registry)
    if alerts:
        _log.warning("fishing", count=alerts)
    to_review = await declared.open_count(registry)
    if to_review:
        _log.warning("emergency", count=to_review)


Work = Callable[[Registry], Awaitable[object]]
WORKERS: Mapping[str, tuple[float, Work]] = {
    "sequence": (SEQUENCE_SECONDS, trail.sequence),
    "match": (MATCH_SECONDS, match.run),
    "watch": (WATCH_SECONDS, _watch),
    "erase": (ERASE_SECONDS, erasure_request.run_due),
}
"""What runs beside the requests, each again so many seconds after it ended."""


async def _every(seconds: float, work: Work, registry: Registry) -> None:
    """Do the work again and again. An error is logged by its class and the work goes on."""
    while True:
        try:
            await work(registry)
        except RegistryError as error:
            _log.warning("worker", error=type(error).__name__)
        except Exception as error:  # a worker that dies would stop the audit
            _log.error("worker", error=type(error).__name__)
        await asyncio.sleep(seconds)


async def _stop(workers: Iterable[asyncio.Task[None]]) -> None:
    """End them. A library that is handling an error of its own can lose a cancellation, so it is repeated."""
    left = {*workers}
    while left:
        for each in left:
            each.cancel()
        _, left = await asyncio.wait(left, timeout=0.5)


async def _last_work(registry: Registry) -> None:
    with suppress(RegistryError):  # a database that is down keeps the work in its outbox
        await trail.sequence(registry)
