"""Can the time of an answer tell whether a child is known? Absent, refused and never asked, over real HTTP.

Behind the name stand 0, 10 or 300 candidates: children who share names and year with whoever is asked about. The
service runs in a process of its own, the spy in others, so that neither waits for the other's interpreter; and it is
asked so often only that it is idle almost half of the time, because a busy service hides what a spy looks for.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import multiprocessing
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from multiprocessing.connection import Connection
from typing import Any
from unittest import mock

import psutil
import uvicorn

from registry import logs
from registry.api import app as service_app
from registry.api import deadline
from registry.flows import decide, match, release
from registry.settings import Settings
from tests.bench import spy
from tests.bench.spy import Area, Asking
from tests.support import behind, builders
from tests.support.builders import CLINIC, OTHER_CLINIC, VACCINES, Child, World

CANDIDATES = (0, 10, 300)
CLASSES = ("absent", "denied", "no consent")
KNOWN = CLASSES[1:]
BUSY = 0.55
"""The share of its time the service works while it is spied on."""
_TRIED = 5
_AT_REST = 3.0
_LEAST_WORK = 0.005
GENEROUS = {"user_questions": 10**9, "organisation_questions": 10**9, "target_questions": 10**9, "fishing_alarm": 1e9}
GENEROUS |= {"questions_at_once": 10**6}  # whoever is told to ask again learns nothing, and ends the proof


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """So many seconds more for a known child, `before` its answer is due or `after`."""

    before: float = 0.0
    after: float = 0.0


PLANTED: Mapping[str, Planted] = {
    "a_millisecond_after": Planted(after=0.001),
    "five_milliseconds_before": Planted(before=0.005),
}
SEEN = frozenset({"a_millisecond_after"})
"""What the spy must see; what a known child costs before the answer is due must stay hidden."""
MOST = 0.52
MOST_LATE = 0.02
"""A service that is too busy to keep its time hides everything: then nothing is measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the spy's judges found, the best first; the share of late answers; whether all were of one size.

    `is_identified`: whether each question of a known class found its child, and none of the unknown one did.
    """

    areas: Sequence[Area]
    late_share: float
    one_size: bool
    is_identified: bool
    per_second: float

    @property
    def best(self) -> Area:
        return self.areas[0]

    @property
    def proves(self) -> bool:
        """Whether the measure is one: of known children, of answers of one size, of a service that keeps its time."""
        return self.is_identified and self.one_size and self.late_share <= MOST_LATE

    @property
    def tells(self) -> bool:
        """Whether some judge tells two classes apart, beyond what chance makes of so few answers."""
        return any(each.auc - each.half_interval > MOST for each in self.areas)


# --- the world -------------------------------------------------------------------------------------


async def _populate(world: World, candidates: int) -> Mapping[str, Child]:
    """Three children of one name and year, and so many namesakes behind it: one unknown, one refused, one unasked."""
    base = replace(builders.ZAHOUANIA, phone="", village="")
    absent, denied, silent = (replace(base, born=base.born.replace(month=month), mother=mother, ids={VACCINES: mother})
                              for month, mother in ((2, "Aldjia"), (7, "Fatma"), (11, "Saliha")))  # fmt: skip
    crowd = [_namesake(base, number) for number in range(candidates)]
    await _handed_over(world, [builders.patient(each, VACCINES, identifier=None) for each in crowd])
    async with behind.transaction(world.registry.database) as tx:  # all namesakes with each other would take minutes
        await tx.connection.execute("DELETE FROM registry.outbox")
    both = (denied, silent)
    told = [builders.patient(each, VACCINES, identifier=None) for each in both]
    await _handed_over(world, [*told, *(each for child in both for each in builders.health_of(child)[1:])])
    await match.run(world.registry)
    card = await builders.family(world, denied)
    await builders.allow(world, card, OTHER_CLINIC)
    await builders.allow(world, card, CLINIC, agreed=False, understood=False)
    return dict(zip(CLASSES, (absent, denied, silent), strict=True))


async def _handed_over(world: World, entries: Sequence[Any]) -> None:
    if entries:
        receipt = await builders.hand_over(world, VACCINES, *entries)
        assert receipt.counts["stored"] == len(entries), "a world that was set aside proves nothing"


def _namesake(base: Child, number: int) -> Child:
    """Born in the same year, in no month of those asked about and on no day that stands for an unknown one."""
    born = date(base.born.year, (3, 4, 5, 6, 8, 9, 10, 12)[number % 8], 2 + number // 8 % 27)
    mothers = ("Zineb", "Houria", "Malika", "Djamila", "Rabia")
    return replace(base, born=born, mother=mothers[number % 5], ids={VACCINES: f"n{number}"})


def _body(child: Child) -> bytes:
    said = builders.description(child, *builders.AT_A_DESK)
    person = {name: getattr(said, name) for name in builders.AT_A_DESK}
    return json.dumps({"person": person, "grounds": "treatment"}).encode()


# --- the service -----------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Service:
    """A running service: what to ask it, and how it tells what its questions found."""

    asking: Asking
    process: psutil.Process
    pipe: Connection = field(repr=False)

    def found(self) -> Counter[str]:
        """The questions since the last look, by whether they found somebody; the late ones are waited for."""
        self.pipe.send("found")
        return self.pipe.recv()

    def busy_seconds(self) -> float:
        used = self.process.cpu_times()
        return used.user + used.system


@contextlib.contextmanager
def serving(settings: Settings, candidates: int, planted: Planted) -> Iterator[Service]:
    """The real service on the loopback address, in a process of its own."""

    async def filled() -> tuple[str, Mapping[str, Child]]:
        async with builders.world(settings) as world:
            return world.keys[CLINIC], await _populate(world, candidates)

    key, children = asyncio.run(filled())
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=_serve, args=(settings, planted, theirs), daemon=True)
    process.start()
    try:
        bodies = {name: _body(child) for name, child in children.items()}
        asking = Asking(port=ours.recv(), key=key, bodies=bodies)
        yield Service(asking=asking, process=psutil.Process(process.pid), pipe=ours)
        ours.send("stop")
        process.join(60)
    finally:
        process.kill()


def _serve(settings: Settings, planted: Planted, pipe: Connection) -> None:
    logs.configure(quiet=True)
    listening = socket.create_server(("127.0.0.1", 0))
    app = service_app.application(settings, clock=builders.Clock())
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="on"))
    found = Counter[str]()

    def answer() -> None:
        while not server.started:
            time.sleep(0.05)
        pipe.send(listening.getsockname()[1])
        while pipe.recv() != "stop":
            while deadline._late:  # pyright: ignore[reportPrivateUsage]
                time.sleep(0.05)
            pipe.send(Counter(found))
            found.clear()
        server.should_exit = True

    threading.Thread(target=answer, daemon=True).start()
    with observed(planted, found):
        asyncio.run(server.serve(sockets=[listening]))


@contextlib.contextmanager
def observed(planted: Planted, found: Counter[str]) -> Iterator[None]:
    """Count what questions find, and plant work where they find somebody."""
    load, outcome = decide.load, deadline._found  # pyright: ignore[reportPrivateUsage]

    async def noticed(tx: Any, members: Any) -> Any:
        held, task = [*members], asyncio.current_task()
        if task and task.get_name() not in ("known", "unknown"):  # once, however often it is decided again
            task.set_name("known" if held else "unknown")
            found[task.get_name()] += 1
            _work(planted.before if held else 0.0)
        return await load(tx, held)

    def told(task: asyncio.Task[Any]) -> Any:
        if task.get_name() == "known":
            _work(planted.after)
        return outcome(task)

    with mock.patch.object(decide, "load", noticed), mock.patch.object(deadline, "_found", told):
        yield


def _work(seconds: float) -> None:
    if seconds:  # even to sleep for no time takes some, and would be a plant of its own
        time.sleep(seconds)


# --- the measure -----------------------------------------------------------------------------------


def spied(settings: Settings, candidates: int, *, each: int, seconds: float, planted: Planted | None = None) -> Verdict:
    """Serve with the deadline at so many seconds, ask so many questions of each class, judge."""
    chosen = settings.model_copy(update={**GENEROUS, "answer_seconds": seconds})
    with serving(chosen, candidates, planted or Planted()) as service:
        is_identified = _is_identified(service)
        connections = _connections(service, seconds, planted or Planted())
        service.found()
        began = time.monotonic()
        told = spy.ask(service.asking, CLASSES * each, connections=connections, pause=seconds, seed=candidates)
        took, found = time.monotonic() - began, service.found()
    return Verdict(
        areas=spy.best(told),
        late_share=sum(one.seconds > 1.5 * seconds for one in told) / len(told),
        one_size=len({one.size for one in told}) == 1,
        is_identified=is_identified and found == {"unknown": each, "known": each * len(KNOWN)},
        per_second=len(told) / took,
    )


def _is_identified(service: Service) -> bool:
    """Whether exactly the known classes find their child, each class by itself; the first answers are cold."""
    service.found()
    for name in CLASSES:
        spy.on_one_connection(service.asking, [name] * _TRIED)
        if service.found() != {"known" if name in KNOWN else "unknown": _TRIED}:
            return False
    return True


def _connections(service: Service, seconds: float, planted: Planted) -> int:
    """How many connections keep the service busy for its share of the time; each asks, waits and pauses.

    What the service does while nobody asks is taken off: it would count as many times as there are connections.
    """
    at_rest = _busy(service, lambda: time.sleep(_AT_REST)) / _AT_REST
    began = time.monotonic()
    used = _busy(service, lambda: spy.on_one_connection(service.asking, CLASSES * _TRIED))
    used -= at_rest * (time.monotonic() - began)
    work = max(used, 0.0) / (len(CLASSES) * _TRIED) + planted.before + planted.after
    return max(int(BUSY * 1.5 * seconds / max(work, _LEAST_WORK)), spy.PROCESSES)


def _busy(service: Service, act: Callable[[], object]) -> float:
    """The seconds of processor the service used meanwhile."""
    before = service.busy_seconds()
    act()
    return service.busy_seconds() - before


async def work(settings: Settings, candidates: int, *, times: int) -> list[float]:
    """How long the work of a question takes without a deadline, in seconds: what the deadline must lie above."""
    async with builders.world(settings.model_copy(update=GENEROUS)) as world:
        said = [builders.question_of(world, CLINIC, each) for each in (await _populate(world, candidates)).values()]
        took: list[float] = []
        for at in range(times):
            began = time.perf_counter()
            await release.ask(world.registry, world[CLINIC], said[at % len(said)])
            took.append(time.perf_counter() - began)
    return took
