"""What families and desks do with a running service, over HTTP, as clients that repeat what was not answered.

A life: a family comes to a clinic, which opens its dossier and records a dose; it allows; the clinic asks by its
card; and every other family takes it all back. Whatever was acknowledged is noted, so that it can be looked for.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from random import Random
from typing import Any

import httpx

from registry.trust import signing, status
from tests.support import builders
from tests.support.builders import AT_A_DESK, CLINIC, OTHER_CLINIC, Child
from tests.support.visits import SYLLABLES

PATIENCE_SECONDS = 60
UNANSWERED = f"a question that is allowed was not answered for {PATIENCE_SECONDS} s"
"""Not loss by itself: a busy machine answers too late. What the database holds tells which of the two it is."""

_PAUSE_SECONDS = 0.1
_DOWN = (502, 503, 504)


class Broken(Exception):
    """What a client must never see. Its text names a step and no person."""


@dataclass(kw_only=True)
class Life:
    """A family, and what was acknowledged to it and to its clinic."""

    number: int
    child: Child = field(repr=False)
    leaves: bool
    card: str = field(default="", repr=False)
    dose: str = ""
    consents: list[str] = field(default_factory=list[str])
    summaries: list[int] = field(default_factory=list[int])
    is_taken_back: bool = False


@dataclass(kw_only=True)
class Client:
    """Somebody who asks the service wherever it now is, and again until it answers."""

    address: Callable[[], str]
    keys: Mapping[str, str] = field(repr=False)
    http: httpx.AsyncClient = field(repr=False)
    repeated: int = 0

    async def post(self, path: str, name: str, body: Any, *, once_more: str = "") -> httpx.Response:
        """The answer; `once_more` is the path to take once an answer was lost."""
        until, headers = time.monotonic() + PATIENCE_SECONDS, self._headers(name)
        while True:
            try:
                got = await self.http.post(self.address() + path, json=body, headers=headers)
            except httpx.TransportError:
                got = None
            if got is not None and got.status_code not in _DOWN:
                return got
            if time.monotonic() > until:
                raise Broken(f"{path} was not answered for {PATIENCE_SECONDS} s")
            self.repeated += 1
            path = once_more or path
            await asyncio.sleep(_PAUSE_SECONDS)

    def _headers(self, name: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.keys[name]}", "Desk-User": "desk-1"} if name else {}

    async def done(self, path: str, name: str, body: Any, *, once_more: str = "") -> Any:
        """The body of an answer that must be good."""
        got = await self.post(path, name, body, once_more=once_more)
        if not got.is_success:
            raise Broken(f"{path} was answered {got.status_code}")
        return got.json()

    async def revoked(self, positions: list[int]) -> list[bool]:
        """Whether the published list says of each summary that it was withdrawn."""
        got = await self.http.get(self.address() + "/status-list")
        claimed = signing.read_unverified(got.text.strip())
        assert isinstance(claimed, signing.Unverified)
        return [status.is_revoked(claimed.payload["status_list"], each) for each in positions]


def new(number: int, dice: Random) -> Life:
    """A family unlike any other."""

    def name() -> str:
        return "".join(dice.choices(SYLLABLES, k=4)).capitalize()

    child = Child(
        given=name(), family=name(), father=name(), grandfather=name(), mother=name(), village=name(),
        phone=f"+999{dice.randrange(10**8):08}", born=builders.BORN.replace(day=dice.randint(1, 28)),
    )  # fmt: skip
    return Life(number=number, child=child, leaves=bool(number % 2))


async def live(life: Life, client: Client, dice: Random) -> None:
    """Everything a family does, each step when the one before was acknowledged."""
    for step in (_come, _vaccinated, _allow, _asked_for, _take_back):
        await asyncio.sleep(dice.uniform(0, 0.1))
        await step(life, client)


async def _come(life: Life, client: Client) -> None:
    # The card of a lost answer was shown to nobody: the same desk replaces it.
    opened = await client.done("/v1/families", CLINIC, {"person": _said(life)}, once_more="/v1/cards")
    life.card = opened["card"]


async def _vaccinated(life: Life, client: Client) -> None:
    body = {"person": _said(life), "patient": str(life.number), "vaccine": "03", "on": _today(), "lot": "L-1"}
    life.dose = (await client.done("/v1/doses", OTHER_CLINIC, body))["reference"]


async def _allow(life: Life, client: Client) -> None:
    body: dict[str, Any] = {
        **{"card": life.card, "domain": "health", "organisation": CLINIC, "until": f"{builders.START.year + 1}-01-01"},
        **{"agreed": True, "understood": True, "interview": {**asdict(builders.interviewed()), "present": []}},
    }
    life.consents.append((await client.done("/v1/consents", CLINIC, body))["consent"])


async def _asked_for(life: Life, client: Client) -> None:
    if not await is_answered(life, client):
        raise Broken(UNANSWERED)


async def is_answered(life: Life, client: Client) -> bool:
    """Whether the clinic receives a summary; whoever is waiting for the matcher asks again."""
    until, pause = time.monotonic() + (0 if life.is_taken_back else PATIENCE_SECONDS), _PAUSE_SECONDS
    while True:
        got = await client.post("/v1/questions", CLINIC, {"person": _said(life), "card": life.card})
        if got.status_code == 200:
            life.summaries.append(_position(got.json()["token"]))
            return True
        if got.status_code != 404:
            raise Broken(f"a question was answered {got.status_code}")
        if time.monotonic() > until:
            return False
        pause *= 2  # a service that is behind would fall further behind with everybody who asks again at once
        await asyncio.sleep(pause)


async def _take_back(life: Life, client: Client) -> None:
    if life.leaves:
        await client.done("/v1/withdrawals", "", {"card": life.card})
        life.is_taken_back = True


async def wrong(life: Life, client: Client, turn: asyncio.Semaphore) -> list[str]:
    """What is not as it was acknowledged, seen from outside by a few at a time."""
    async with turn:
        answered = await is_answered(life, client)
    revoked = await client.revoked(life.summaries)
    if not life.is_taken_back:
        return ([] if answered else [UNANSWERED]) + (["a summary that stands was lost"] if all(revoked) else [])
    return (["a consent taken back is alive again"] if answered else []) + (
        [] if all(revoked) else ["a summary taken back is in force again"]
    )


def _position(token: str) -> int:
    claimed = signing.read_unverified(token)
    pointer = status.pointer(claimed.payload) if isinstance(claimed, signing.Unverified) else None
    assert pointer is not None
    return pointer.index


def _said(life: Life) -> dict[str, str]:
    said = {each: getattr(life.child, each) for each in AT_A_DESK if each != "birth"}
    return {**said, "birth": life.child.born.isoformat(), "phone": life.child.phone}


def _today() -> str:
    return builders.START.date().isoformat()
