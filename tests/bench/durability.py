"""Kill -9 of the service, of a worker beside it and of the database, at random moments, while families use them.

Every client repeats what was not answered. After each kill what was acknowledged is looked for from outside, and
every tenth time in the database as well: nothing lost, nothing doubled, nothing torn, no consent alive again that was
taken back. Two services run on one database: one is asked, the other is nothing but its workers.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from random import Random
from typing import IO, Any

import httpx
import psutil

from registry.fhir import resource
from registry.flows import opening, trail
from registry.settings import Settings
from registry.store import documents, dossiers, embedded
from registry.store.database import Transaction
from tests.bench import lives
from tests.bench.lives import Broken, Client, Life
from tests.support import behind, builders, postgres

LIVES = 5
"""Families that are about when somebody is killed."""

LOOK_EVERY = 10
_DEADLINE_SECONDS = 1.0
_BUSY_SECONDS = 2.5
_BUDGETS = ("USER_QUESTIONS", "ORGANISATION_QUESTIONS", "TARGET_QUESTIONS", "USER_FAMILIES", "ORGANISATION_FAMILIES")


class Victim(Enum):
    """Who is killed."""

    SERVICE = "the service"
    WORKER = "the worker beside it"
    DATABASE = "the database"
    CONNECTION = "one process of the database"


@dataclass(kw_only=True)
class Outcome:
    """What all of it did; `problems` say what was wrong and after which kill, and name nobody."""

    kills: Counter[str] = field(default_factory=Counter[str])
    acknowledged: int = 0
    repeated: int = 0
    taken_back: int = 0
    documents: int = 0
    ended: list[str] = field(default_factory=list[str])
    problems: list[str] = field(default_factory=list[str])

    @property
    def unanswered(self) -> int:
        return sum(each.endswith(lives.UNANSWERED) for each in self.problems)

    def figures(self) -> dict[str, Any]:
        of_each: dict[str, Any] = {f"of {name}": count for name, count in self.kills.items()}
        return {
            "kills": self.kills.total(),
            **of_each,
            "writes_acknowledged": self.acknowledged,
            "requests_repeated": self.repeated,
            "consents_taken_back": self.taken_back,
            "documents": self.documents,
            "ended_by_themselves": len(self.ended),
            "unanswered": self.unanswered,
            "lost_doubled_torn_or_resurrected": len(self.problems) - self.unanswered,
        }


@dataclass(kw_only=True)
class Site:
    """The processes of one registry: its database, the service, and a second one that nobody asks."""

    state: Path
    server: embedded.Server
    running: dict[Victim, subprocess.Popen[bytes]] = field(default_factory=dict[Victim, subprocess.Popen[bytes]])
    address: str = ""
    ended: list[str] = field(default_factory=list[str])

    @property
    def data(self) -> Path:
        return self.state / "postgres"

    @property
    def settings(self) -> Settings:
        return Settings(state=self.state, database_url=self.server.url, answer_seconds=_DEADLINE_SECONDS)

    def start(self, who: Victim) -> None:
        command = [sys.executable, "-c", "from registry.cli import main; main()", "serve", "--port", "0"]
        with (self.state / f"{who.name.lower()}.log").open("ab") as log:
            self.running[who] = subprocess.Popen(command, env=self._environment(), stdout=subprocess.PIPE, stderr=log)
        address = _address(self.running[who].stdout)
        self.address = address if who is Victim.SERVICE else self.address

    def revive(self) -> None:
        """Start again what ended by itself, as the supervisor of a machine does; nothing should."""
        for who, process in [*self.running.items()]:
            if process.poll() is not None:
                with process:
                    last = (self.state / f"{who.name.lower()}.log").read_text().splitlines()[-1:]
                self.ended.append(f"{who.value} ended by itself: {' '.join(last)}")
                self.start(who)

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("REGISTRY_")}
        generous = dict.fromkeys(_BUDGETS, str(10**6))
        own = {
            **{"STATE": str(self.state), "DATABASE_URL": self.server.url},
            **{"ANSWER_SECONDS": str(_DEADLINE_SECONDS), "FISHING_ALARM": "1e9", **generous},
        }
        return {**kept, **{f"REGISTRY_{name}": value for name, value in own.items()}, "COLUMNS": "200"}

    def kill(self, victim: Victim, dice: Random) -> None:
        """Kill -9, and start again what does not come back by itself."""
        if victim in self.running:
            with self.running[victim] as dying:
                dying.kill()
            self.start(victim)
            return
        chosen = [*_working_in(self.data)]
        if victim is Victim.CONNECTION:
            backends = [each for each in chosen if _is_backend(each)]
            chosen = [dice.choice(backends)] if backends else []
        for each in chosen:
            with suppress(psutil.NoSuchProcess):  # it fell with the one before
                each.kill()
        psutil.wait_procs(chosen)
        if victim is Victim.DATABASE:
            self.server = embedded.start(self.data)

    def stop(self) -> None:
        for each in self.running.values():
            with each:
                each.terminate()
        self.server.stop()


def _address(told: IO[bytes] | None) -> str:
    assert told is not None
    line = told.readline().decode()
    return line[line.index("http://") :].split()[0]


def _working_in(data: Path) -> Iterator[psutil.Process]:
    """The processes of our own server: they work in its data directory."""
    for each in psutil.process_iter(["name"]):
        with suppress(psutil.Error):
            if each.info["name"] == "postgres" and Path(each.cwd()) == data:
                yield each


def _is_backend(process: psutil.Process) -> bool:
    """Whether this serves a connection; the title of such a process names its address."""
    with suppress(psutil.Error):
        return "[local]" in " ".join(process.cmdline())
    return False


def prove(victims: Sequence[Victim], *, seed: int = 1) -> Outcome:
    """Kill these, one after the other, in a random order."""
    dice = Random(seed)
    order = dice.sample(victims, len(victims))
    with postgres.place() as folder:
        return asyncio.run(_proved(folder / "state", order, dice))


async def _proved(state: Path, order: Iterable[Victim], dice: Random) -> Outcome:
    outcome, everybody = Outcome(), list[Life]()
    async with _site(state) as (site, keys), httpx.AsyncClient(timeout=30) as http:
        client = Client(address=lambda: site.address, keys=keys, http=http)
        for number, victim in enumerate(order, 1):
            now = [lives.new(len(everybody) + each, dice) for each in range(LIVES)]
            everybody += now
            problems = await _round(site, client, now, victim, dice)
            await asyncio.to_thread(site.revive)
            problems += await _checked(client, [*now, *dice.sample(everybody, min(3, len(everybody)))])
            if number % LOOK_EVERY == 0:
                problems += await _looked(site.settings, everybody)
            outcome.kills[victim.value] += 1
            outcome.problems += [f"kill {number}, {victim.value}: {each}" for each in problems]
        outcome.problems += [f"at the end: {each}" for each in await _checked(client, everybody)]
        outcome.problems += [f"at the end: {each}" for each in await _looked(site.settings, everybody)]
        outcome.documents = await _count(site.settings)
        outcome.ended = site.ended
    outcome.repeated = client.repeated
    outcome.taken_back = sum(each.is_taken_back for each in everybody)
    outcome.acknowledged = sum(2 + len(each.consents) + each.is_taken_back for each in everybody)
    return outcome


@asynccontextmanager
async def _site(state: Path) -> AsyncGenerator[tuple[Site, dict[str, str]]]:
    state.mkdir()
    state.chmod(0o755)
    site = Site(state=state, server=embedded.start(state / "postgres"))
    try:
        async with builders.world(site.settings) as world:
            keys = dict(world.keys)
        for each in (Victim.SERVICE, Victim.WORKER):
            site.start(each)
        yield site, keys
    finally:
        site.stop()


async def _round(site: Site, client: Client, now: list[Life], victim: Victim, dice: Random) -> list[str]:
    """Families live while somebody is killed; what a client should not have seen."""
    moment = dice.uniform(0, _BUSY_SECONDS)

    async def kill() -> None:
        await asyncio.sleep(moment)
        await asyncio.to_thread(site.kill, victim, dice)

    ends = await asyncio.gather(kill(), *(lives.live(each, client, dice) for each in now), return_exceptions=True)
    return [str(each) if isinstance(each, Broken) else type(each).__name__ for each in ends if each is not None]


async def _checked(client: Client, of: Iterable[Life]) -> list[str]:
    turn = asyncio.Semaphore(LIVES)
    asked = (lives.wrong(each, client, turn) for each in of if each.card)
    told = await asyncio.gather(*asked, return_exceptions=True)
    return [
        problem
        for each in told
        for problem in ([str(each) or type(each).__name__] if isinstance(each, BaseException) else each)
    ]


async def _looked(settings: Settings, everybody: Iterable[Life]) -> list[str]:
    """What is wrong in the database itself: documents, and the log with all it must hold."""
    async with opening.opened(settings) as registry:
        proof = await trail.verify(registry)
        async with behind.transaction(registry.database) as tx:
            held = await _documents(tx)
    found = list(proof.problems)
    for life in everybody:
        found += unlike(held, life)
    return found


async def _documents(tx: Transaction) -> dict[str, list[resource.Resource]]:
    """Every version of every document, by its reference."""
    held = dict[str, list[resource.Resource]]()
    for each in await documents.load(tx, [each.id for each in await dossiers.everyone(tx)]):
        held.setdefault(each.resource.reference, []).append(each.resource)
    return held


def unlike(held: dict[str, list[resource.Resource]], life: Life) -> Iterator[str]:
    """What the database holds otherwise than it was acknowledged to a family."""
    if life.dose and len(held.get(life.dose, ())) != 1:
        yield f"an acknowledged dose is there {len(held.get(life.dose, ()))} times"
    for each in life.consents:
        versions = held.get(f"Consent/{each}", [])
        states = sorted(version.content["status"] for version in versions)
        if states != (["active", "inactive"] if life.is_taken_back else ["active"]):
            yield f"an acknowledged consent is stored as {states}"


async def _count(settings: Settings) -> int:
    async with opening.opened(settings) as registry, behind.transaction(registry.database) as tx:
        return sum(map(len, (await _documents(tx)).values()))
