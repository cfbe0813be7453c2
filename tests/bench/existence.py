"""Can the time of an answer tell whether a child is known? Absent, refused and never asked, over real HTTP.

Behind the name stand 0, 10 or 300 candidates: children who share names and year with whoever is asked about. The
judge is the area under the ROC curve of the elapsed time (and of the length of the answer) for each pair of classes:
0.5 says nothing, 1 says everything. The other way round is as good for a spy, so the larger side counts.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import random
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import combinations
from typing import Any
from unittest import mock

import httpx
import uvicorn

from registry.api import app as service_app
from registry.api import deadline
from registry.flows import decide, match, release
from registry.settings import Settings
from tests.support import builders
from tests.support.builders import CLINIC, OTHER_CLINIC, VACCINES, Child, World

CANDIDATES = (0, 10, 300)
CLASSES = ("absent", "denied", "no consent")
IN_FLIGHT = 12
GENEROUS = {"user_questions": 10**9, "organisation_questions": 10**9, "target_questions": 10**9, "fishing_alarm": 1e9}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a spy measures of one answer."""

    seconds: float
    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The best pair of classes for a spy: the area under the curve, half its 95 % interval, whether lengths differ."""

    auc: float
    half_interval: float
    pair: tuple[str, str]
    one_length: bool
    late: int


def auc(left: Sequence[float], right: Sequence[float]) -> float:
    """The chance that one of `right` is larger than one of `left`, ties counting half (Mann and Whitney, 1947)."""
    ranked = sorted([(value, 0) for value in left] + [(value, 1) for value in right])
    ranks, at = 0.0, 0
    while at < len(ranked):
        same = at
        while same < len(ranked) and ranked[same][0] == ranked[at][0]:
            same += 1
        ranks += (at + same + 1) / 2 * sum(kind for _, kind in ranked[at:same])
        at = same
    area = (ranks - len(right) * (len(right) + 1) / 2) / (len(left) * len(right))
    return max(area, 1 - area)


def judged(told: Mapping[str, Sequence[Told]], seconds: float) -> Verdict:
    """The spy's best pair."""
    areas = {
        (one, other): auc([each.seconds for each in told[one]], [each.seconds for each in told[other]])
        for one, other in combinations(told, 2)
    }
    pair = max(areas, key=lambda each: areas[each])
    sizes = [len(told[each]) for each in pair]
    error = math.sqrt((sum(sizes) + 1) / (12 * sizes[0] * sizes[1]))
    every = [each for answers in told.values() for each in answers]
    return Verdict(
        auc=areas[pair],
        half_interval=1.96 * error,
        pair=pair,
        one_length=len({each.length for each in every}) == 1,
        late=sum(each.seconds > 1.5 * seconds for each in every),
    )


# --- the world -------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Asking:
    """The bodies of questions about a child of each class, and the address and key to ask with."""

    address: str
    key: str = field(repr=False)
    bodies: Mapping[str, Mapping[str, Any]] = field(repr=False)


async def _populate(world: World, candidates: int) -> Mapping[str, Mapping[str, Any]]:
    """Three children of one name and year, and so many namesakes behind it: one unknown, one refused, one unasked."""
    base = replace(builders.ZAHOUANIA, phone="", village="")
    crowd = [_namesake(base, number) for number in range(candidates)]
    absent, denied, silent = (replace(base, born=base.born.replace(month=month), mother=mother)
                              for month, mother in ((2, "Aldjia"), (7, "Fatma"), (11, "Saliha")))  # fmt: skip
    people = [*crowd, denied, silent]
    if people:
        told = [builders.patient(each, VACCINES, identifier=None) for each in people]
        doses = [each for child in (denied, silent) for each in builders.health_of(child)[1:]]
        await builders.hand_over(world, VACCINES, *told, *doses)
    await match.run(world.registry)
    card = await builders.family(world, denied)
    await builders.allow(world, card, OTHER_CLINIC)
    await builders.allow(world, card, CLINIC, agreed=False, understood=False)
    return {name: _body(child) for name, child in zip(CLASSES, (absent, denied, silent), strict=True)}


def _namesake(base: Child, number: int) -> Child:
    born = base.born.replace(month=1, day=1) + timedelta(days=number % 360)
    mothers = ("Zineb", "Houria", "Malika", "Djamila", "Rabia")
    return replace(base, born=born, mother=mothers[number % 5], ids={VACCINES: f"n{number}"})


def _body(child: Child) -> Mapping[str, Any]:
    said = builders.description(child, "given", "family", "father", "mother", "birth", "sex")
    person = {name: getattr(said, name) for name in ("given", "family", "father", "mother", "birth", "sex")}
    return {"person": person, "grounds": "treatment"}


@contextlib.asynccontextmanager
async def serving(settings: Settings, candidates: int, *, planted_seconds: float = 0.0) -> AsyncIterator[Asking]:
    """The real service on the loopback address, in a thread of its own."""
    async with builders.world(settings) as world:
        bodies = await _populate(world, candidates)
        key = world.keys[CLINIC]
    listening = socket.create_server(("127.0.0.1", 0))
    app = service_app.application(settings, clock=world.clock)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="on"))
    with planted(planted_seconds):
        running = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listening])))
        running.start()
        try:
            while not server.started:
                await asyncio.sleep(0.05)
            yield Asking(address=f"http://127.0.0.1:{listening.getsockname()[1]}", key=key, bodies=bodies)
        finally:
            server.should_exit = True
            await asyncio.to_thread(running.join)


@contextlib.contextmanager
def planted(seconds: float) -> Iterator[None]:
    """So much more time for a known child, after the deadline: what the measure must be able to see."""
    load, found = decide.load, deadline._found  # pyright: ignore[reportPrivateUsage]

    async def noticed(tx: Any, members: Any) -> Any:
        held = [*members]
        task = asyncio.current_task()
        if held and task:
            task.set_name("known")
        return await load(tx, held)

    def slower(task: asyncio.Task[Any]) -> Any:
        if task.get_name() == "known":
            time.sleep(seconds)
        return found(task)

    if not seconds:
        yield
        return
    with mock.patch.object(decide, "load", noticed), mock.patch.object(deadline, "_found", slower):
        yield


# --- the measure -----------------------------------------------------------------------------------


async def measure(asking: Asking, *, each: int, seed: int, in_flight: int = IN_FLIGHT) -> Mapping[str, list[Told]]:
    """So many questions of each class in a random order, several in flight."""
    order = [name for name in asking.bodies for _ in range(each)]
    random.Random(seed).shuffle(order)
    waiting = iter(order)
    told: dict[str, list[Told]] = {name: [] for name in asking.bodies}
    headers = {"Authorization": f"Bearer {asking.key}", "Desk-User": "desk-1"}
    async with httpx.AsyncClient(base_url=asking.address, headers=headers, timeout=60) as client:

        async def ask() -> None:
            for name in waiting:
                began = time.perf_counter()
                answered = await client.post("/v1/questions", json=asking.bodies[name])
                took = time.perf_counter() - began
                assert answered.status_code == 404, name
                told[name].append(Told(seconds=took, length=len(answered.content)))

        await asyncio.gather(*(ask() for _ in range(in_flight)))
    return told


async def work(settings: Settings, candidates: int, *, times: int) -> list[float]:
    """How long the work of a question takes without a deadline, in seconds: what the deadline must lie above."""
    async with builders.world(settings.model_copy(update=GENEROUS)) as world:
        bodies = await _populate(world, candidates)
        said = [builders.question.read(each["person"]) for each in bodies.values()]
        took: list[float] = []
        for at in range(times):
            asked = release.Asked(description=said[at % len(said)], grounds="treatment")
            began = time.perf_counter()
            await release.ask(world.registry, world[CLINIC], asked)
            took.append(time.perf_counter() - began)
    return took


async def spied(
    settings: Settings, candidates: int, *, each: int, seconds: float, planted_seconds: float = 0.0
) -> Verdict:
    """Serve, measure, judge."""
    chosen = settings.model_copy(update={**GENEROUS, "answer_seconds": seconds})
    async with serving(chosen, candidates, planted_seconds=planted_seconds) as asking:
        await measure(asking, each=3, seed=0)  # nobody judges the first, cold answers
        return judged(await measure(asking, each=each, seed=candidates), seconds)
