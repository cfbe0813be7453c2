"""`continuity train-matching` and `continuity evaluate matching`: weights learned from the registry's own people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.progress import Progress

from registry import library
from registry.cli import evaluating
from registry.cli.running import Json, err, out, print_json, read_file, run, write_file
from registry.errors import BadInput
from registry.flows import tablefile, training
from registry.flows.opening import Registry, wall_clock
from registry.flows.training import Known, Sample
from registry.identity import training as learning
from registry.identity.weights import Weights

Size = Annotated[
    int, typer.Option("--sample", help="How many dossiers are looked at; both of a pair must be among them.", min=1)
]


def train_matching(
    to: Annotated[Path, typer.Option("--out", help="Where the weights are written: a fresh weights-N.json.")],
    sample: Size = 20_000,
    json: Json = False,
) -> None:
    """Learn the weights of matching from the people the registry holds, without anybody saying who is who.

    The file holds shares, nothing of a person. Judgements are made by it, and name it, once REGISTRY_MATCHING_WEIGHTS
    does; those made before stand.
    """
    version = _version(to)
    people, _ = _sampled(sample, show=not json)
    learned = training.learn(people, version=version, today=wall_clock().date())
    write_file(to, orjson.dumps(learned.content, option=orjson.OPT_INDENT_2) + b"\n")
    if json:
        pairs = {"pairs_drawn": learned.drawn, "pairs_sharing_a_key": learned.near, "pairs_of_one_person": learned.same}
        told = {name: learning.counted(count) for name, count in pairs.items()}
        print_json({"version": version, "people": learned.people, **told, "out": str(to)})
        return
    out.print(f"{learned.content['note']}\nThe weights are in {to}. Hold them against what is known with", markup=False)
    out.print(f"  continuity evaluate matching --weights {to}", markup=False, soft_wrap=True)
    out.print(f"and use them with REGISTRY_MATCHING_WEIGHTS={to}", markup=False, soft_wrap=True)


def _version(to: Path) -> str:
    """The name of the file is how judgements name the weights, so it must be new."""
    taken = to.stem == library.load().weights.version
    if to.suffix != ".json" or taken or to.exists():
        raise BadInput(
            "judgements name the weights by this file, so it must be a new one",
            where=str(to),
            remedy="count on: --out weights-2.json",
        )
    return to.stem


@evaluating.app.command("matching")
def matching(
    weights: Annotated[Path | None, typer.Option(help="Weights to be held against it; otherwise those in use.")] = None,
    true: Annotated[
        Path | None, typer.Option("--truth", help="Who is who: columns source, id, person. Otherwise as stewards said.")
    ] = None,
    sample: Size = 20_000,
    json: Json = False,
) -> None:
    """Hold the weights of matching against pairs of which the truth is known, each pair judged alone.

    Known are the pairs that stewards settled, or those of a truth file: pairs of its people that share a key.
    """
    known = _truth(true) if true else None
    people, in_use = _sampled(sample, show=not json)
    judge = library.weights_of(weights, in_use) if weights else in_use
    measured = training.measure(people, judge, truth=known)
    if json:
        print_json({"weights": judge.version, **asdict(measured)})
        return
    for name, value in {"weights": judge.version, **asdict(measured)}.items():
        out.print(f"{name.replace('_', ' '):<13} {value if isinstance(value, str) else f'{value:,.6g}'}", markup=False)


def _sampled(count: int, *, show: bool) -> tuple[Sample, Weights]:
    async def read(registry: Registry) -> tuple[Sample, Weights]:
        with Progress(console=err, transient=True, disable=not show) as progress:
            task = progress.add_task("Reading people", total=None)
            found = await training.sampled(registry, count, progress=lambda done: progress.update(task, completed=done))
        return found, registry.library.weights

    return run(read)


def _truth(path: Path) -> Mapping[Known, str]:
    table = tablefile.read(read_file(path), name=path.name)
    missing = next((each for each in ("source", "id", "person") if each not in table.header), None)
    if missing:
        raise BadInput("the truth has no such column", where=f"{path.name}: {missing}", remedy="name its columns so")
    source, id, person = (table.header.index(each) for each in ("source", "id", "person"))
    full = (cells for _, cells in table.lines() if len(cells) == len(table.header))
    return {(cells[source].strip(), cells[id].strip()): cells[person].strip() for cells in full}
