"""`continuity witness init|serve`: for those who watch a registry's audit log, not for the registry itself."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer
import uvicorn
from rich.markup import escape

from registry import logs
from registry.cli.running import Json, listening, out, print_json, read_file
from registry.flows import witness
from registry.store import witnesskey
from registry.trust import trustlist

app = typer.Typer(help="Witness an audit log: cosign that it only ever grew.", no_args_is_help=True)

State = Annotated[Path, typer.Option(help="Folder of the witness's key and memory; never one of the registry.")]


@app.command("init")
def init(
    name: Annotated[str, typer.Option(help="The witness's name: an address without scheme, such as ombuds.example.")],
    state: State,
    log: Annotated[list[Path], typer.Option(help="Trust file of a log to follow (GET /audit/trust of a registry).")],
    display: Annotated[str, typer.Option(help="What people call the witness.")] = "",
    json: Json = False,
) -> None:
    """Begin a witness: draws its key and writes the trust file that others believe it by."""
    files = {path.name: read_file(path) for path in log}
    trustlist.read(files)
    published = witness.init(state, name=name, display=display)
    for path in log:
        shutil.copyfile(path, state / witnesskey.LOGS / path.with_suffix(".json").name)
    if json:
        print_json(published)
    else:
        out.print(f"The witness {escape(name)} lives in {escape(str(state))}; others believe it by witness.json there.")


@app.command("serve")
def serve(
    state: State,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port; 0 takes a free one.")] = 0,
) -> None:
    """Serve the witness over HTTP, until stopped: it answers every checkpoint it is shown."""
    from registry.api import witness as service

    with witness.opened(state) as own:
        socket = listening(host, port)
        where = f"http://{host}:{socket.getsockname()[1]}"
        out.print(f"The witness [bold]{escape(own.name)}[/] at {where}; stop with Ctrl-C", soft_wrap=True)
        logs.configure()
        config = uvicorn.Config(service.application(own), log_config=None, access_log=False, server_header=False)
        uvicorn.Server(config).run(sockets=[socket])
