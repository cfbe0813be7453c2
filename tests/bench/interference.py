"""Non-interference: pairs of worlds that differ in one protected fact, compared byte by byte in what an observer
sees who must not learn it; and defects planted on purpose, each of which the comparison must find."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import aclosing
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from registry import logs
from registry.settings import Settings
from tests.support import planted, postgres, twin_worlds
from tests.support.twin_worlds import Difference

CHILDREN = 4
"""How many children share a database: what their worlds leave behind is never swept while its transaction lasts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """How many pairs were compared, and which of them an observer could tell apart."""

    pairs: int
    differing: Sequence[Difference]


def compare(pairs: int, *, workers: int = 2) -> Compared:
    """At least so many pairs, on a server of each worker's own."""
    with ProcessPoolExecutor(workers) as pool:
        parts = [*pool.map(_part, [pairs // workers] * workers, range(workers))]
    return Compared(
        pairs=sum(each.pairs for each in parts), differing=[one for each in parts for one in each.differing]
    )


def _part(pairs: int, worker: int) -> Compared:
    logs.configure(quiet=True)
    gc.set_threshold(100_000, 50, 50)
    with postgres.place() as folder, postgres.embedded_cluster(folder) as cluster:
        whole = Compared(pairs=0, differing=())
        for first in count(worker * 1_000_000, CHILDREN):
            own = folder / f"stage-{first}"
            own.mkdir()
            with cluster.clone(own) as settings:
                part = asyncio.run(_compare(settings, range(first, first + CHILDREN), most=pairs - whole.pairs))
            whole = Compared(pairs=whole.pairs + part.pairs, differing=[*whole.differing, *part.differing])
            sys.stdout.write(f"  {whole.pairs} pairs, {len(whole.differing)} differing\n")
            sys.stdout.flush()
            if whole.pairs >= pairs:
                break
        return whole


async def _compare(settings: Settings, seeds: Iterable[int], *, most: int) -> Compared:
    pairs, found = 0, list[Difference]()
    async with twin_worlds.stage(settings) as stage:
        for seed in seeds:
            if pairs < most:
                async for each in twin_worlds.differences(stage, seed):
                    pairs += 1
                    found += [each] if each else []
    return Compared(pairs=pairs, differing=found)


async def found_leaks(settings: Settings, names: Sequence[str]) -> Mapping[str, Difference | None]:
    """For each planted defect the first pair of worlds that shows it."""
    async with twin_worlds.stage(settings) as stage:
        return {name: await _first(stage, name) for name in names}


async def _first(stage: twin_worlds.Stage, name: str) -> Difference | None:
    with planted.LEAKS[name]():
        async with aclosing(twin_worlds.differences(stage, seed=1)) as pairs:
            async for each in pairs:
                if each:
                    return each
    return None


def leaks_found(folder: Path) -> Mapping[str, Difference | None]:
    """The planted defects, each by itself."""
    logs.configure(quiet=True)
    with postgres.embedded_cluster(folder) as cluster:
        own = folder / "own"
        own.mkdir()
        with cluster.clone(own) as settings:
            return asyncio.run(found_leaks(settings, [*planted.LEAKS]))
