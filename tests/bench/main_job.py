"""The main job on a world of any size: what proofs play to get a database with life in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path

from adapters.sdk.world import hand_over
from adapters.sdk.world.hand_over import World
from registry.cli import acts, running
from registry.cli.acts import Play
from registry.cli.stage import Samples
from registry.flows import question, rights, trail
from registry.flows.opening import Registry
from registry.flows.question import Description
from registry.settings import Settings


@cache
def world(seed: int = hand_over.SEED, children: int | None = None) -> World:
    """A world, of only its first children where a number is given; the girl of the story is the first."""
    whole = hand_over.world(seed)
    if children is None:
        return whole
    chosen = {each.id for each in whole.children[:children]}
    records = {name: [each for each in known if each.child.id in chosen] for name, known in whole.records.items()}
    return replace(whole, records=records)


def write_world(folder: Path, *, seed: int = hand_over.SEED, children: int | None = None) -> Samples:
    """The hand-overs of a world in a folder, with their truth."""
    hand_over.write(world(seed, children), folder)
    return Samples(folder=folder)


async def link(registry: Registry, settings: Settings, samples: Samples, artefacts: Path) -> Play:
    """Import and link; the figures say how well."""
    artefacts.mkdir(parents=True, exist_ok=True)
    told = Play(registry=registry, settings=settings, samples=samples, artefacts=artefacts)
    with _quiet():
        await acts.hand_over(told)
        await acts.link(told)
    await trail.sequence(registry)
    return told


async def play(registry: Registry, settings: Settings, samples: Samples, artefacts: Path) -> Play:
    """Import, link, consent, ask and record, take back; the log is sequenced in between and at the end."""
    told = await link(registry, settings, samples, artefacts)
    with _quiet():
        for act in (acts.allow, acts.ask):
            await act(told)
            await trail.sequence(registry)
    await rights.withdraw(registry, told.card)
    await trail.sequence(registry)
    return told


@contextmanager
def _quiet() -> Iterator[None]:
    before = running.out.quiet, running.err.quiet
    running.out.quiet = running.err.quiet = True
    try:
        yield
    finally:
        running.out.quiet, running.err.quiet = before


def asked(told: Play, who: str) -> Description:
    """What the clinic or the school of the story knows of the girl."""
    renamed = {"birthDate": "birth", "gender": "sex"}
    return question.read({renamed.get(name, name): value for name, value in told.story["asks"][who].items()})


def girl(told: Play) -> Description:
    """What the family itself says of the girl."""
    hers = told.story["girl"]
    names = {name: hers[name]["arabic"] for name in ("given", "father", "grandfather", "mother")}
    rest = {"family": hers["family_name"]["arabic"], "birth": hers["born"], "sex": hers["gender"]}
    return question.read({**names, **rest, "village": hers["village"]})
