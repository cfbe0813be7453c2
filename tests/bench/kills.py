"""Kill -9 while keys are renewed: everything stays readable, and doing it again finishes what was begun.

A process of its own renews the keys of one registry and is killed at a random moment, again and again, each time
going on where the last was killed; in between everything is read with the keys that are left. At the end it is let
finish.
"""

from __future__ import annotations

import asyncio
import hashlib
import subprocess
import sys
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from random import Random

from registry.flows import opening, rotation
from registry.settings import Settings
from registry.store import judgements, keyfile
from tests.store import rows
from tests.support import postgres, readable
from tests.support.postgres import Cluster

_SCRIPT = """
import asyncio, sys
from pathlib import Path
from registry.flows import opening, resealing, rotation
from registry.settings import Settings

async def main():
    settings = Settings(state=Path(sys.argv[1]), database_url=sys.argv[2])
    async with opening.opened(settings) as registry:
        print("ready", flush=True)
        work = {"rotate": rotation.rotate, "reseal": resealing.reseal}[sys.argv[3]]
        done = await work(registry, page=1)
        print("finished" if done.finished else "unfinished", flush=True)

asyncio.run(main())
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How often it was killed before it was done, how many runs finished, and what was wrong after any of them."""

    kills: int
    finished: int
    longest_seconds: float
    problems: list[str]


def prove(what: str, *, kills: int, dossiers: int, seed: int = 1) -> Outcome:
    """Kill `rotate` or `reseal` that often."""
    with postgres.place() as folder, postgres.embedded_cluster(folder) as cluster, _own(cluster, folder) as settings:
        before = asyncio.run(_prepared(settings, what, dossiers))
        return _killed(settings, what, kills, Random(seed), before)


def _own(cluster: Cluster, folder: Path) -> AbstractContextManager[Settings]:
    (folder / "own").mkdir()
    return cluster.clone(folder / "own")


async def _prepared(settings: Settings, what: str, count: int) -> str:
    async with opening.opened(settings) as registry:
        async with registry.database.transaction() as tx:
            held = [await rows.open_dossier(tx, f"p-{number}") for number in range(count)]
            for number, each in enumerate(held):
                await rows.put(tx, each.id, f'{{"resourceType":"Patient","id":"p{number}"}}'.encode())
            for one, other in pairwise(held):
                await judgements.append(tx, rows.judgement(one.id, other.id), today=rows.today())
        if what == "reseal":
            await rotation.rotate(registry)
        return _digest(await readable.everything(registry))


def _digest(body: bytes) -> str:
    return hashlib.sha256(b"\n".join(sorted(body.split(b"\n")))).hexdigest()


def _killed(settings: Settings, what: str, kills: int, dice: Random, before: str) -> Outcome:
    problems: list[str] = []
    seconds = longest = 0.5
    killed = finished = 0
    while killed < kills:
        is_finished, took = _run(settings, what, dice.uniform(0, seconds))
        if is_finished:
            seconds, finished = max(0.05, took), finished + 1
        else:
            killed += 1
        longest = max(longest, took)
        problems += asyncio.run(_problems(settings, before, f"after run {killed + finished}"))
    is_finished, _ = _run(settings, what, None)
    problems += [] if is_finished else ["the last run did not finish"]
    problems += asyncio.run(_problems(settings, before, "at the end"))
    problems += [] if len(keyfile.load(settings.keyring_path).wrapping) == 1 else ["two generations are left"]
    return Outcome(kills=killed, finished=finished, longest_seconds=round(longest, 2), problems=problems)


def _run(settings: Settings, what: str, moment: float | None) -> tuple[bool, float]:
    """Renew, and kill after so many seconds; whether it was finished before, and how long it took."""
    command = [sys.executable, "-c", _SCRIPT, str(settings.state), str(settings.database_url), what]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == b"ready\n"
        began = time.monotonic()
        if moment is not None:
            time.sleep(moment)
            running.kill()
        told = running.stdout.read()
        return told == b"finished\n", time.monotonic() - began


async def _problems(settings: Settings, before: str, when: str) -> list[str]:
    try:
        async with opening.opened(settings) as registry:
            same = _digest(await readable.everything(registry)) == before
    except Exception as error:  # whatever it is, it is what is looked for
        return [f"{when}: {type(error).__name__}"]
    return [] if same else [f"{when}: not everything is read as before"]
