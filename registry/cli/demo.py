"""`continuity demo`: the whole job on sample data and a real database, told so that a person can follow it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from registry.cli import acts, stage
from registry.cli.acts import Play
from registry.cli.running import Json, out, print_json
from registry.cli.stage import Samples
from registry.flows.opening import opened
from registry.settings import Settings


def demo(
    folder: Annotated[Path, typer.Option("--out", help="Folder for what the demo makes.")] = Path("demo-output"),
    samples: Annotated[
        Path | None, typer.Option(help="Folder of another world (python -m adapters.sdk.world --seed 7 --out FOLDER).")
    ] = None,
    json: Json = False,
) -> None:
    """Run the main job: three countries' records in, one consented, signed summary out.

    It uses a database of its own, emptied at each run, and writes what it makes to demo-output/.
    """
    artefacts = stage.fresh_folder(folder)
    out.quiet = json
    with stage.emptied(stage.settings()) as settings:
        figures = asyncio.run(_play(settings, Samples(folder=samples), artefacts))
    out.quiet = False
    if json:
        print_json(figures)
    else:
        _how_to_go_on(artefacts)


async def _play(settings: Settings, samples: Samples, artefacts: Path) -> dict[str, object]:
    async with opened(settings) as registry:
        play = Play(registry=registry, settings=settings, samples=samples, artefacts=artefacts)
        for act in acts.ACTS:
            await act(play)
    return play.figures


def _how_to_go_on(artefacts: Path) -> None:
    out.print()
    out.rule("[bold]How to go on[/]", align="left")
    out.print(f"  Everything made is in [bold]{artefacts}/[/]: open summary-clinic.html and summary-school.html,")
    out.print(f"  or check one: [bold]continuity verify {artefacts}/summary-clinic.jws --trust {artefacts}/trust[/]")
    out.print(f"  Keys of the demo's organisations: {artefacts}/keys.json")
    out.print("  The service on this data, with its documentation at /docs: [bold]make serve[/]")
