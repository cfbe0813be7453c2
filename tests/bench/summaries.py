"""`python -m tests.bench.summaries`: how long a clinic's summary takes among 100,000 people, beside its floor.

The floor is the same question of the same child in the same run, decided on all the same records and answered with
nothing: what is left is redaction, history, forecast, page and signature. By card and in turn, so that what else the
machine does meets both. A table, and JSON in prove-output/summaries.json.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import sys
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import orjson

from registry.flows import match, release
from registry.flows.release import Asked
from registry.identity import demographics
from registry.settings import Settings
from tests.bench import enumeration, narrowing
from tests.support import behind, builders, postgres
from tests.support.builders import CLINIC, VACCINES, Child, World

CHUNK = 500
LIMITS = ("user_families", "organisation_families")
"""What one desk may open a day: here one opens the families of all whom it asks about."""
AGES = (1, 45, 76, 106, 300, 460, 540)
"""Days of life on which a child of this population gets its doses."""
VACCINES_GIVEN = {1: ("19", "08"), 45: ("102", "10"), 76: ("102", "10"), 106: ("102", "10"), 300: ("03",),
                  460: ("03",), 540: ("20", "10")}  # fmt: skip
Figures = dict[str, float]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.summaries", description=__doc__)
    parser.add_argument("--people", type=int, default=100_000, help="how many the registry holds, 12 doses each")
    parser.add_argument("--questions", type=int, default=300, help="how many children are asked about")
    parser.add_argument("--out", type=Path, default=Path("prove-output/summaries.json"), help="the JSON file")
    given = parser.parse_args(arguments)
    with postgres.place() as folder, postgres.embedded_cluster(folder) as cluster:
        own = folder / "own"
        own.mkdir()
        with cluster.clone(own) as settings:
            unhindered = settings.model_copy(update=dict.fromkeys(LIMITS, given.people))
            found = asyncio.run(_measured(unhindered, given.people, given.questions))
    _show(found, given.out)
    return 0


async def _measured(settings: Settings, people: int, questions: int) -> dict[str, Figures]:
    dice = random.Random(1)
    async with builders.world(settings) as world:
        everybody = [enumeration.somebody(dice, number) for number in range(people)]
        began = time.perf_counter()
        for at in range(0, people, CHUNK):
            await _handed_over(world, everybody[at : at + CHUNK])
        await narrowing.narrowed(world.registry)
        filled = time.perf_counter() - began
        asked = [await _with_card(world, each) for each in dice.sample(everybody, questions)]
        times = await _asked(world, asked)
    taken = {name: _figures(each) for name, each in times.items()}
    ratios = {name: taken["summary"][name] / taken["floor"][name] for name in ("p50", "p95")}
    return {"filled": {"people": people, "seconds": filled}, **taken, "summary / floor": ratios}


async def _handed_over(world: World, people: Sequence[Child]) -> None:
    """What the source tells of them; nobody of this population is known twice, so only its families are matched."""
    told = [builders.patient(each, VACCINES, identifier=None) for each in people]
    doses = [
        builders.dose(each, VACCINES, vaccine=vaccine, on=each.born + timedelta(days=age), id=f"dose-{age}-{vaccine}")
        for each in people
        for age in AGES
        for vaccine in VACCINES_GIVEN[age]
    ]
    receipt = await builders.hand_over(world, VACCINES, *told, *doses)
    assert not receipt.counts.get("set-aside"), "a registry that set its doses aside measures nothing"
    async with behind.transaction(world.registry.database) as tx:
        await tx.connection.execute("DELETE FROM registry.outbox")


async def _with_card(world: World, child: Child) -> Asked:
    card = await builders.family(world, child)
    await builders.allow(world, card, CLINIC)
    return builders.question_of(world, CLINIC, child, card=card)


async def _asked(world: World, questions: Sequence[Asked]) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {"summary": [], "floor": []}
    await match.run(world.registry)
    for each in questions:
        for name, allowed in (("summary", True), ("floor", False)):
            began = time.perf_counter()
            is_answered = await _answered(world, each, allowed=allowed)
            times[name].append((time.perf_counter() - began) * 1000)
            assert is_answered is allowed, "what was allowed was not answered, or the other way round"
    return times


async def _answered(world: World, asked: Asked, *, allowed: bool) -> bool:
    """One answer as the service computes it, without the deadline at which it is given."""
    caller = world[CLINIC]
    told = demographics.of(release.question.patient(asked.description, id="asked", country=caller.country))
    return await release._answer(world.registry, caller, asked, told, allowed=allowed) is not None


def _figures(milliseconds: Sequence[float]) -> Figures:
    cuts = statistics.quantiles(milliseconds, n=100)
    return {"p50": cuts[49], "p95": cuts[94], "p99": cuts[98]}


def _show(found: dict[str, Figures], out: Path) -> None:
    for name, figures in found.items():
        told = "  ".join(f"{each} {value:,.2f}" for each, value in figures.items())
        sys.stdout.write(f"{name:<16} {told}\n")
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_bytes(orjson.dumps(found, option=orjson.OPT_INDENT_2))


if __name__ == "__main__":
    sys.exit(main())
