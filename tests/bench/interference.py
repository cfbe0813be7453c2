"""Non-interference: pairs of worlds that differ in one protected fact, compared byte by byte in what an observer
sees who must not learn it; and defects planted on purpose, each of which the comparison must find."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

from registry import logs
from registry.settings import Settings
from tests.support import planted, postgres, twin_worlds
from tests.support.twin_worlds import Difference


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
    with postgres.place() as folder, postgres.embedded_cluster(folder) as cluster:
        own = folder / "own"
        own.mkdir()
        with cluster.clone(own) as settings:
            return asyncio.run(_compare(settings, pairs, first=worker * 1_000_000))


async def _compare(settings: Settings, pairs: int, first: int) -> Compared:
    count, found = 0, list[Difference]()
    async with twin_worlds.stage(settings) as stage:
        while count < pairs:
            async for each in twin_worlds.differences(stage, first + count):
                count += 1
                found += [each] if each else []
            sys.stdout.write(f"  {count} pairs, {len(found)} differing\n")
            sys.stdout.flush()
    return Compared(pairs=count, differing=found)


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
