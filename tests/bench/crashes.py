"""Kill -9 during `continuity import`: nothing acknowledged is lost, and nothing is doubled by running it again.

Each trial begins with the same folder, imports the files of a world source by source as real processes, and kills
either the importing process or every process of its database at a random moment. What was acknowledged until then
must be there; when the imports are run again to the end, all must be as if nothing had happened.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from random import Random
from typing import Any

import orjson
import psutil

from registry.cli.stage import HAND_OVERS
from registry.flows import opening, organisations
from registry.flows.organisations import Kind
from registry.settings import Settings
from registry.store import embedded
from tests.bench import holdings, main_job
from tests.bench.holdings import State
from tests.support import postgres

_PATIENCE_SECONDS = 300


class Victim(Enum):
    """Who is killed."""

    IMPORT = "the importing process"
    DATABASE = "the database"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One `continuity import`: the files of one source, in the order they came."""

    source: str
    adapter: str
    files: tuple[Path, ...]

    @property
    def command(self) -> list[str]:
        program = "from registry.cli import main; main()"
        options = ["import", "--source", self.source, "--adapter", self.adapter, "--json"]
        return [sys.executable, "-c", program, *options, *map(str, self.files)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What one kill did."""

    victim: str
    moment_seconds: float
    acknowledged: int
    documents_then: int
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What all of them did. `documents` is how many there are when nothing happens."""

    documents: int
    seconds: float
    trials: tuple[Trial, ...]

    @property
    def problems(self) -> list[str]:
        return [problem for each in self.trials for problem in each.problems]

    def figures(self) -> dict[str, Any]:
        then = [each.documents_then for each in self.trials]
        return {
            "kills": len(self.trials),
            "of_the_importing_process": sum(each.victim == Victim.IMPORT.value for each in self.trials),
            "of_the_database": sum(each.victim == Victim.DATABASE.value for each in self.trials),
            "nothing_stored_yet": then.count(0),
            "part_stored": sum(0 < each < self.documents for each in then),
            "all_stored": then.count(self.documents),
            "receipts_given_before": sum(each.acknowledged for each in self.trials),
            "problems": len(self.problems),
            "documents": self.documents,
            "seconds": round(self.seconds, 1),
        }


def prove(*, kills: int, children: int, sources: int = 4, seed: int = 1) -> Outcome:
    """`kills` of either victim."""
    began = time.monotonic()
    with postgres.place() as folder:
        steps = _steps(folder / "world", children=children, sources=sources)
        asyncio.run(_prepare(folder / "template", steps))
        undisturbed, seconds = _undisturbed(folder, steps)
        dice = Random(seed)
        trials = tuple(
            _trial(folder / f"trial-{number}", steps, victim, dice.uniform(0, seconds), undisturbed)
            for number, victim in enumerate([*Victim] * kills)
        )
    return Outcome(documents=undisturbed.documents.total(), seconds=time.monotonic() - began, trials=trials)


def _steps(folder: Path, *, children: int, sources: int) -> list[Step]:
    samples = main_job.write_world(folder, children=children)
    names = list(dict.fromkeys(each.source for each in HAND_OVERS))[:sources]
    of = {name: [each for each in HAND_OVERS if each.source == name] for name in names}
    return [
        Step(source=name, adapter=own[0].adapter, files=tuple(samples.file(each) for each in own))
        for name, own in of.items()
    ]


async def _prepare(state: Path, steps: Sequence[Step]) -> None:
    async with opening.opened(Settings(state=state)) as registry:
        for each in steps:
            await organisations.register(
                registry, name=each.source, display=each.source, kind=Kind.SOURCE, country="XAL"
            )


def _undisturbed(folder: Path, steps: Sequence[Step]) -> tuple[State, float]:
    """What there is when nothing happens, and how long it takes."""
    state = _copied(folder / "undisturbed")
    began = time.monotonic()
    for each in steps:
        told = _run(each, state)
        assert told.returncode == 0, told.stderr.decode()
    seconds = time.monotonic() - began
    return asyncio.run(holdings.look(state)), seconds


def _run(step: Step, state: Path) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(step.command, env=_environment(state), capture_output=True, timeout=_PATIENCE_SECONDS)


def _copied(state: Path) -> Path:
    # With owners and modes: run by root, the server belongs to a user of its own.
    subprocess.run(["cp", "-a", str(state.parent / "template"), str(state)], check=True)
    return state


def _environment(state: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("REGISTRY_")}
    return {**kept, "REGISTRY_STATE": str(state)}


def _trial(state: Path, steps: Sequence[Step], victim: Victim, moment: float, undisturbed: State) -> Trial:
    _copied(state)
    acknowledged, complaints = _disturbed(state, steps, victim, moment)
    server = embedded.start(state / "postgres")  # recovers, or joins what the killed process left running
    try:
        then = asyncio.run(holdings.look(state))
        problems = [*complaints, *holdings.lost(acknowledged, then)]
        for each in steps:
            problems += _again(_run(each, state), acknowledged)
        problems += holdings.differences(asyncio.run(holdings.look(state)), undisturbed)
    finally:
        server.stop()
    problems += [f"process {each.pid} is left over" for each in _working_in(state / "postgres")]
    subprocess.run(["rm", "-rf", str(state)], check=True)
    return Trial(
        victim=victim.value,
        moment_seconds=round(moment, 2),
        acknowledged=len(acknowledged),
        documents_then=then.documents.total(),
        problems=tuple(f"{victim.value}, {moment:.2f} s: {each}" for each in problems),
    )


def _disturbed(
    state: Path, steps: Sequence[Step], victim: Victim, moment: float
) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """Import until the kill; the receipts printed by then, and what an import said that it should not."""
    deadline = time.monotonic() + moment
    acknowledged: dict[str, dict[str, Any]] = {}
    for each in steps:
        with subprocess.Popen(
            each.command, env=_environment(state), stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as running:
            try:
                out, err = running.communicate(timeout=max(0.0, deadline - time.monotonic()))
                is_killed = False
            except subprocess.TimeoutExpired:
                _kill(victim, running, state / "postgres")
                out, err = running.communicate(timeout=_PATIENCE_SECONDS)
                is_killed = True
            acknowledged |= _receipts(out)
            if is_killed:
                return acknowledged, list(_complaints(err.decode()))
    return acknowledged, []


def _kill(victim: Victim, running: subprocess.Popen[bytes], data: Path) -> None:
    if victim is Victim.IMPORT:
        running.kill()
        return
    while running.poll() is None:
        server = _working_in(data)
        for each in server:
            with suppress(psutil.NoSuchProcess):  # it fell with the one before
                each.kill()
        if server:
            return
        time.sleep(0.01)  # the import has not started its server yet


def _working_in(data: Path) -> list[psutil.Process]:
    """The processes of the server in this folder of ours: they work in its data directory."""
    return [each for each in psutil.process_iter(["name"]) if each.info["name"] == "postgres" and _cwd(each) == data]


def _cwd(process: psutil.Process) -> Path | None:
    try:
        return Path(process.cwd())
    except psutil.Error:
        return None


def _receipts(out: bytes) -> dict[str, dict[str, Any]]:
    """The receipts of an import by file; none when it printed none."""
    told = orjson.loads(out) if out.endswith(b"]\n") else []
    return {each["file"]: each for each in told if "submission" in each}


def _complaints(said: str) -> Iterator[str]:
    """Whoever loses its database says so in plain words."""
    if "Traceback" in said:
        yield f"the import ended in a traceback: {said.splitlines()[-1]}"


def _again(told: subprocess.CompletedProcess[bytes], acknowledged: dict[str, dict[str, Any]]) -> Iterator[str]:
    if told.returncode:
        yield f"running it again ended with {told.returncode}: {told.stderr.decode()[-300:]}"
    for file, receipt in _receipts(told.stdout).items():
        before = acknowledged.get(file)
        if before and (not receipt["repeated"] or receipt["submission"] != before["submission"]):
            yield f"{Path(file).name} was taken in twice"
