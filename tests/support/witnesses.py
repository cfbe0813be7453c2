"""Real witnesses for tests: the service itself on its own folder, in this process or as a process of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Generator, Iterable
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx

from registry.api import witness as service
from registry.flows import cosigning, publish, witness
from registry.flows.opening import Registry
from registry.flows.witness import Witness
from registry.store import witnesskey

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = "from registry.cli import main; main()"


@dataclass(frozen=True, kw_only=True)
class Watched:
    """A registry whose settings name these witnesses, and a client that reaches them."""

    registry: Registry
    witnesses: dict[str, Witness]
    http: httpx.AsyncClient = field(repr=False)

    async def push(self) -> int:
        return await cosigning.push(self.registry, cosigning.configured(self.registry.settings), self.http)


def made(folder: Path, registry: Registry, name: str) -> Path:
    """Begin a witness of this registry's log; its folder."""
    state = folder / name.replace("/", "-")
    witness.init(state, name=name)
    (state / witnesskey.LOGS / "log.json").write_text(json.dumps(publish.log_trust_file(registry)))
    return state


@contextmanager
def watched(registry: Registry, folder: Path, *names: str) -> Generator[Watched]:
    """The registry with witnesses in this process: their service, their memory, no socket."""
    with ExitStack() as stack:
        states = {name: made(folder, registry, name) for name in names}
        opened = {name: stack.enter_context(witness.opened(state)) for name, state in states.items()}
        yield joined(registry, states, opened)


def joined(registry: Registry, states: dict[str, Path], opened: dict[str, Witness]) -> Watched:
    """The registry with these opened witnesses."""
    addresses = {f"http://{name}.test": states[name] / witnesskey.PUBLISHED for name in states}
    settings = registry.settings.model_copy(update={"witnesses": addresses})
    routes = {
        f"all://{name}.test": httpx.ASGITransport(service.application(own), raise_app_exceptions=False)
        for name, own in opened.items()
    }
    http = httpx.AsyncClient(mounts=routes, trust_env=False)  # pyright: ignore[reportArgumentType]
    return Watched(registry=replace(registry, settings=settings), witnesses=opened, http=http)


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-c", PROGRAM, *map(str, arguments)]


@contextmanager
def process(state: Path) -> Generator[tuple[str, subprocess.Popen[str]]]:
    """`continuity witness serve` as a process: its address, and the process to be killed."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("REGISTRY_")}
    with subprocess.Popen(
        command("witness", "serve", "--state", state),
        cwd=ROOT,
        env={**kept, "COLUMNS": "200", "NO_COLOR": "1"},
        stdout=subprocess.PIPE,
        text=True,
    ) as running:
        try:
            assert running.stdout is not None
            told = running.stdout.readline()
            found = re.search(r"http://127\.0\.0\.1:\d+", told)
            assert found, told
            yield found[0], running
        finally:
            running.kill()


@contextmanager
def processes(states: Iterable[Path]) -> Generator[dict[str, Path]]:
    """Several of them: what the setting `witnesses` is to hold."""
    with ExitStack() as stack:
        yield {stack.enter_context(process(state))[0]: state / witnesskey.PUBLISHED for state in states}
