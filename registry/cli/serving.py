"""`continuity serve` and `continuity migrate`."""

from __future__ import annotations

from typing import Annotated

import typer
import uvicorn
from fastapi import FastAPI
from rich.markup import escape

from registry import logs
from registry.cli import stage
from registry.cli.running import Json, listening, out, print_json, run, settings
from registry.errors import RegistryError
from registry.flows.opening import Registry


def serve(
    demo: Annotated[bool, typer.Option("--demo", help="Serve the data of `continuity demo`.")] = False,
    host: Annotated[str | None, typer.Option(help="Address to listen on (REGISTRY_HOST).")] = None,
    port: Annotated[int | None, typer.Option(help="Port; 0 takes a free one (REGISTRY_PORT).")] = None,
) -> None:
    """Serve the registry over HTTP, until stopped. The documentation of every route is at /docs."""
    from registry.api import app

    chosen = stage.settings() if demo else settings()
    if demo:
        stage.require_played(chosen)
    changed = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    chosen = chosen.model_copy(update=changed)
    taken = listening(chosen.host, chosen.port)
    port_taken = taken.getsockname()[1]
    where = f"http://{chosen.host}:{port_taken}"
    out.print(f"[bold]{escape(chosen.name)}[/] at {where} (documentation: /docs); stop with Ctrl-C")
    logs.configure()
    service = app.application(chosen)
    server = uvicorn.Server(uvicorn.Config(service, log_config=None, access_log=False, server_header=False))
    try:
        server.run(sockets=[taken])
    finally:  # it ends the process itself when the service cannot start, and does not say why
        _raise_failure(service)


def _raise_failure(service: FastAPI) -> None:
    failure: RegistryError | None = getattr(service.state, "failure", None)
    if failure:
        raise failure


def migrate(json: Json = False) -> None:
    """Bring the database to the newest form; it is done at every start as well."""

    async def work(registry: Registry) -> list[str]:
        return sorted(registry.library.migrations)

    applied = run(work)
    if json:
        print_json({"migrations": applied})
    else:
        out.print(f"The database is at {applied[-1]} ({len(applied)} migrations).")
