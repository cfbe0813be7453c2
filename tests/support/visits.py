"""A family's visits to a clinic and a school, played in two worlds at once that differ in its answers alone.

World A says yes wherever it is asked; world B says no, says nothing, or says yes and takes it back at once. Whatever
the family gets as a service must be the same in both, at every step and after any steps before it.
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import re
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
from fastapi import FastAPI

from registry.api import app as service_app
from registry.flows import match
from registry.settings import Settings
from tests.support import builders
from tests.support.builders import CLINIC, SCHOOL, Clock, World

OTHER_ANSWERS = ("no", "silence", "yes, taken back")
LONG_SECONDS = 0.1
"""A wait that somebody at a desk could notice when it comes with every step."""

_RANDOM = re.compile(r"[0-9a-f]{32,}|[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{80,}|([0-9A-HJKMNP-TV-Z]{5}-){5}.")
SYLLABLES = (
    "ba",
    "den",
    "fi",
    "gul",
    "ham",
    "jo",
    "kas",
    "lem",
    "mir",
    "nur",
    "pes",
    "rad",
    "sol",
    "tu",
    "vek",
    "zan",
)
GROUNDS = {CLINIC: "treatment", SCHOOL: "enrolment"}
_waits: ContextVar[list[float] | None] = ContextVar("waits", default=None)


@dataclass(frozen=True, kw_only=True)
class Served:
    """What somebody at a desk sees of an answer: its status, its words, whether it kept people waiting."""

    status: int
    kind: str
    body: str
    is_slow: bool


@dataclass(kw_only=True)
class Side:
    """One of the two worlds, with the card of the family that is there now."""

    app: FastAPI
    world: World
    client: httpx.AsyncClient = field(repr=False)
    card: str = ""

    async def post(self, path: str, name: str | None = None, **body: Any) -> tuple[Served, Any]:
        waits: list[float] = []
        token = _waits.set(waits)
        try:
            headers = {"Authorization": f"Bearer {self.world.keys[name]}", "Desk-User": "desk-1"} if name else {}
            got = await self.client.post(path, headers=headers, json=body)
        finally:
            _waits.reset(token)
        served = Served(
            status=got.status_code,
            kind=got.headers.get("content-type", ""),
            body=_RANDOM.sub("#", got.text),
            is_slow=sum(waits) > LONG_SECONDS,
        )
        return served, got.json() if got.content else None


@asynccontextmanager
async def side(settings: Settings) -> AsyncIterator[Side]:
    clock = Clock()
    app = service_app.application(settings, clock=clock)
    async with app.router.lifespan_context(app):
        world = await builders.populated(app.state.registry, clock)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://registry.test") as client:
            yield Side(app=app, world=world, client=client)


@contextmanager
def waits_noticed() -> Iterator[None]:
    """Every wait of a request is added up, and still waited; those of the workers beside it are not."""
    sleep = asyncio.sleep

    async def noticed(seconds: float, result: Any = None) -> Any:
        waits = _waits.get()
        if waits is not None:
            waits.append(seconds)
        return await sleep(seconds, result)

    asyncio.sleep = noticed  # type: ignore[assignment]
    try:
        yield
    finally:
        asyncio.sleep = sleep


@dataclass
class Pair:
    """Two worlds and one event loop for both; families come one after another, each of a child of its own."""

    runner: asyncio.Runner
    sides: tuple[Side, Side]
    stack: AsyncExitStack
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def run(self, work: Any) -> Any:
        return self.runner.run(work)

    def close(self) -> None:
        self.run(self.stack.aclose())
        self.runner.close()


def opened(one: Settings, other: Settings) -> Pair:
    """Both worlds opened, in an event loop of their own."""
    runner, stack = asyncio.Runner(), AsyncExitStack()

    async def enter() -> tuple[Side, Side]:
        return await stack.enter_async_context(side(one)), await stack.enter_async_context(side(other))

    return Pair(runner=runner, sides=runner.run(enter()), stack=stack)


def child(number: int) -> dict[str, str]:
    """A child like no other here: every name and the birth date of its own."""
    dice = hashlib.sha256(str(number).encode()).digest()
    names = ["".join(SYLLABLES[each % 16] for each in dice[at : at + 4]).title() for at in range(0, 16, 4)]
    born = builders.BORN + timedelta(days=int.from_bytes(dice[16:18]) % 2000)
    told = dict(zip(("given", "family", "mother", "father"), names, strict=True))
    return {**told, "birth": born.isoformat(), "sex": ("female", "male")[number % 2]}


class Visit:
    """One family in both worlds. Each step returns what each world served; the answers are what differs."""

    def __init__(self, pair: Pair) -> None:
        self.pair = pair
        self.number = next(pair.numbers)
        self.person = child(self.number)
        for each in pair.sides:
            each.card = ""

    def both(self, step: Callable[[Side], Any]) -> tuple[Any, Any]:
        async def work() -> tuple[Any, Any]:
            first, second = self.pair.sides
            return await step(first), await step(second)

        return self.pair.run(work())

    def served(self, path: str, name: str | None = None, **body: Any) -> tuple[Served, Served]:
        one, other = self.both(lambda each: each.post(path, name, **body))
        return one[0], other[0]

    def register(self, name: str) -> tuple[Served, Served]:
        return self.served("/v1/people", name, person=self.person, patient=f"N-{self.number}")

    def dose(self, vaccine: str) -> tuple[Served, Served]:
        today = self.pair.sides[0].world.clock.now.date().isoformat()
        given = {"vaccine": vaccine, "on": today}
        return self.served("/v1/doses", CLINIC, person=self.person, patient=f"N-{self.number}", **given)

    def enrolment(self, grade: str) -> tuple[Served, Served]:
        today = self.pair.sides[0].world.clock.now.date().isoformat()
        year = {"school": "Nadir", "grade": grade, "academic_year": "2026-2027", "on": today}
        return self.served("/v1/enrolments", SCHOOL, person=self.person, patient=f"N-{self.number}", **year)

    def paper(self, name: str) -> tuple[Served, Served]:
        return self.served("/v1/papers", name, patient=f"N-{self.number}")

    def open_family(self, name: str) -> tuple[Served, Served]:
        one, other = self.both(lambda each: each.post("/v1/families", name, person=self.person))
        for side_, (_, body) in zip(self.pair.sides, (one, other), strict=True):
            side_.card = body["card"]
        return one[0], other[0]

    def words(self, domain: str) -> tuple[Served, Served]:
        return self.served("/v1/consent-texts", CLINIC, **self._question(domain))

    def answer(self, domain: str, other: str) -> tuple[Served, Served] | None:
        """The family is asked; None where world B says nothing, which serves nothing to compare."""

        async def work() -> tuple[Any, Any]:
            first, second = self.pair.sides
            yes = await first.post("/v1/consents", CLINIC, **self.said(first, domain, agreed=True))
            if other == "silence":
                return yes, None
            said = self.said(second, domain, agreed=other != "no")
            differing = await second.post("/v1/consents", CLINIC, **said)
            if other == "yes, taken back":
                taken = await second.post("/v1/withdrawals", card=second.card)
                assert taken[0].status == 200
            return yes, differing

        one, differing = self.pair.run(work())
        return (_receipt(*one), _receipt(*differing)) if differing else None

    def withdraw(self) -> tuple[Served, Served]:
        """Both take everything back, by their card alone; how much there was to take back is not a service."""

        async def work(each: Side) -> Served:
            served, _ = await each.post("/v1/withdrawals", card=each.card)
            return Served(status=served.status, kind=served.kind, body="", is_slow=served.is_slow)

        return self.both(work)

    def complain(self) -> tuple[Served, Served]:
        return self.served("/v1/grievances", words="too long a queue", about="service")

    def asked(self, name: str) -> tuple[int, int]:
        """The status of a question: the one thing that an answer is to change."""
        one, other = self.both(lambda each: each.post("/v1/questions", name, person=self.person, grounds=GROUNDS[name]))
        return one[0].status, other[0].status

    def matched(self) -> None:
        self.both(lambda each: match.run(each.world.registry))

    def _question(self, domain: str) -> dict[str, Any]:
        until = self.pair.sides[0].world.clock.now.date() + timedelta(days=300)
        organisation = CLINIC if domain == "health" else SCHOOL
        return {"domain": domain, "organisation": organisation, "until": until.isoformat()}

    def said(self, each: Side, domain: str, *, agreed: bool) -> dict[str, Any]:
        told = {"understood": True, "interview": builders.plain_interview(), "fled": ["XBK"]}
        return {**self._question(domain), "card": each.card, "agreed": agreed, **told}


def _receipt(served: Served, body: Mapping[str, Any]) -> Served:
    """A receipt as a service: what it holds and how it helps, not what was answered."""
    same = {name: body[name] for name in ("language", "domain", "organisation", "until", "withdraw", "text")}
    held = sorted((name, bool(value)) for name, value in body.items() if name not in ("agreed", "places"))
    return Served(status=served.status, kind=served.kind, body=str((same, held)), is_slow=served.is_slow)
