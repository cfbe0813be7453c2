"""Pairs of worlds that differ in one protected fact, and what an observer who must not learn it sees of both.

A world is a transaction that is never committed: what flows commit are savepoints of it. So two worlds share
everything to the last random id, except what the fact brought.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, cast
from unittest import mock

import httpx
from fastapi import FastAPI

from registry.api import app as service_app
from registry.continuity.summary import page
from registry.flows import desk, ingest, match, receipts, rights, twice
from registry.flows.desk import Child as DeskChild
from registry.flows.opening import Registry
from registry.flows.organisations import Kind
from registry.settings import Settings
from registry.store.database import Connection
from registry.trust import signing
from tests.support import builders
from tests.support.builders import (
    CLINIC,
    FAR_CLINIC,
    HOME_CLINIC,
    MORE_VACCINES,
    OTHER_CLINIC,
    OTHER_SCHOOL,
    SCHOOL,
    SCHOOLS,
    VACCINES,
    Child,
    World,
)

NAMES = ("Zahouania", "Nabil", "Amira", "Yacine", "Kheira", "Sofiane", "Warda", "Ilyes", "Nawel", "Hakim", "Souad")
FAMILIES = ("Bencherif", "Touahria", "Mekhloufi", "Guerroudj", "Slimani", "Kaddour", "Zerrouki", "Ouali", "Hamidi")
View = list[tuple[int, str, tuple[tuple[str, str], ...]]]


class OneConnection:
    """A pool that always lends the same connection, with a savepoint where others would have a transaction."""

    def __init__(self, connection: Connection) -> None:
        self.lent = connection

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        async with self.lent.transaction():
            yield self.lent

    @asynccontextmanager
    async def undone(self) -> AsyncIterator[None]:
        """A world that ends with the block."""
        async with self.lent.transaction(force_rollback=True):
            yield


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A service on one connection, with everybody who may call it; nothing of it is ever committed."""

    world: World
    pool: OneConnection = field(repr=False)
    client: httpx.AsyncClient = field(repr=False)


@asynccontextmanager
async def stage(settings: Settings) -> AsyncIterator[Stage]:
    """Open the registry of these settings for worlds that never were."""
    async with undrawn(), builders.world(settings) as world, world.registry.database.pool.connection() as connection:
        await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        pool = OneConnection(connection)
        database = replace(world.registry.database, pool=cast(Any, pool))
        registry: Registry = replace(world.registry, database=database)
        app: FastAPI = service_app.application(settings)
        app.state.registry = registry
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://registry.test") as client:
            try:
                yield Stage(world=replace(world, registry=registry), pool=pool, client=client)
            finally:
                await connection.rollback()


@asynccontextmanager
async def undrawn() -> AsyncIterator[None]:
    """Without drawing QR codes, which takes longer than all else: one holds nothing but the card, which is compared."""
    with mock.patch.object(page, "qr_code", _blank):
        yield


def _blank(_: str) -> str:
    return "<svg></svg>"


# --- facts -----------------------------------------------------------------------------------------

Fact = Callable[[World, Child, str], Awaitable[object]]
"""What is true in one world only; given the world, the child and its family's card."""


async def _matched(world: World) -> None:
    await match.run(world.registry)


async def vaccinated(world: World, child: Child, _: str = "") -> None:
    await builders.hand_over(world, VACCINES, *builders.health_of(child))
    await _matched(world)


async def schooled(world: World, child: Child, _: str = "") -> None:
    await builders.hand_over(world, SCHOOLS, *builders.schooling_of(child))
    await _matched(world)


async def known(world: World, child: Child, _: str = "") -> None:
    await vaccinated(world, child)
    await schooled(world, child)


async def came(world: World, child: Child, _: str = "") -> str:
    return await builders.family(world, child, at=FAR_CLINIC)


async def named_a_clinic(world: World, child: Child, _: str = "") -> str:
    await known(world, child)
    card = await came(world, child)
    await builders.allow(world, card, CLINIC)
    return card


async def took_it_back(world: World, child: Child, _: str = "") -> None:
    await rights.withdraw(world.registry, await named_a_clinic(world, child))


async def known_to_one_more(world: World, child: Child, _: str) -> None:
    await builders.hand_over(world, MORE_VACCINES, builders.patient(child, MORE_VACCINES, country="XBK"))
    await _matched(world)


async def allowed_another(world: World, _: Child, card: str) -> None:
    await builders.allow(world, card, FAR_CLINIC)


async def refused_another(world: World, _: Child, card: str) -> None:
    await builders.allow(world, card, FAR_CLINIC, agreed=False, understood=False)


async def elsewhere(world: World, child: Child, _: str) -> None:
    """The same dose, given in another place of another lot."""
    moved = builders.dose(child, VACCINES, vaccine="03", lotNumber="LOT-ELSEWHERE", location={"display": "Aachen"})
    await builders.hand_over(world, VACCINES, moved)
    await _matched(world)


async def other_demographics(world: World, child: Child, _: str) -> None:
    told = replace(child, village="Sidi Khaled", phone="+99955500000")
    await builders.hand_over(world, VACCINES, builders.patient(told, VACCINES))
    await _matched(world)


async def one_more_year(world: World, child: Child, _: str) -> None:
    await builders.hand_over(world, SCHOOLS, builders.enrolment(child, SCHOOLS, year=3, starts=builders.START.year - 1))
    await _matched(world)


async def one_more_dose(world: World, child: Child, _: str) -> None:
    later = builders.dose(child, VACCINES, vaccine="121", on=child.born + timedelta(days=700))
    await builders.hand_over(world, VACCINES, later)
    await _matched(world)


async def taught_otherwise(world: World, child: Child, _: str) -> None:
    """The same year in another school of another district."""
    school = {"identifier": {"system": f"urn:continuity:{SCHOOLS}:school", "value": "K99"}, "display": "Aachen 3"}
    year = builders.enrolment(child, SCHOOLS, year=1, starts=builders.START.year - 3)
    content = json.loads(year.resource.body)
    for each in content["extension"]:
        if each["url"].endswith("enrolment-school"):
            each["valueReference"] = school
    await builders.hand_over(world, SCHOOLS, builders.entry(year.person, content))
    await _matched(world)


async def asked_elsewhere(world: World, child: Child, _: str) -> None:
    await builders.ask(world, FAR_CLINIC, child)


async def registered_elsewhere(world: World, child: Child, _: str) -> None:
    told = DeskChild(number="F-1", description=builders.description(child, *builders.AT_A_DESK))
    await desk.register(world.registry, world[FAR_CLINIC], told)
    await _matched(world)


STRANGERS = (OTHER_CLINIC, OTHER_SCHOOL, HOME_CLINIC, SCHOOL, MORE_VACCINES)
NOBODY_FACTS: Mapping[str, tuple[Fact, Sequence[str]]] = {
    "a register knows the child": (vaccinated, (*STRANGERS, CLINIC)),
    "schools know the child": (schooled, (*STRANGERS, CLINIC)),
    "both know the child": (known, (*STRANGERS, CLINIC)),
    "the family came": (came, (*STRANGERS, CLINIC)),
    "the family named a clinic": (named_a_clinic, STRANGERS),
    "the family took it back": (took_it_back, (*STRANGERS, CLINIC)),
}
EVERYBODY = (CLINIC, HOME_CLINIC, SCHOOL, OTHER_CLINIC, OTHER_SCHOOL, MORE_VACCINES)
KNOWN_FACTS: Mapping[str, tuple[Fact, Sequence[str]]] = {
    "one more source knows the child": (known_to_one_more, EVERYBODY[:-1]),
    "another clinic was allowed": (allowed_another, EVERYBODY),
    "another clinic was refused": (refused_another, EVERYBODY),
    "a dose was given elsewhere": (elsewhere, EVERYBODY),
    "other demographics are held": (other_demographics, EVERYBODY),
    "there is one more year of school": (
        one_more_year,
        (CLINIC, HOME_CLINIC, OTHER_CLINIC, OTHER_SCHOOL, MORE_VACCINES),
    ),
    "there is one more dose": (one_more_dose, (SCHOOL, OTHER_CLINIC, OTHER_SCHOOL, MORE_VACCINES)),
    "a year was taught elsewhere": (taught_otherwise, EVERYBODY),
    "another clinic asked": (asked_elsewhere, EVERYBODY),
    "another clinic registered the child": (registered_elsewhere, EVERYBODY),
}


async def nothing(_world: World, _child: Child) -> str:
    return ""


async def consented(world: World, child: Child) -> str:
    """Known to two sources; the family named two clinics (one of the country it fled) and a school, places closed."""
    card = await named_a_clinic(world, child)
    for name in (HOME_CLINIC, SCHOOL):
        await builders.allow(world, card, name)
    return card


BASES: Sequence[tuple[Callable[[World, Child], Awaitable[str]], Mapping[str, tuple[Fact, Sequence[str]]]]] = (
    (nothing, NOBODY_FACTS),
    (consented, KNOWN_FACTS),
)


# --- what an observer sees -------------------------------------------------------------------------


async def view(on: Stage, observer: str, child: Child, known_by: Sequence[str]) -> View:
    """Everything the observer gets to see when it does what it may do about this child, in order."""
    async with on.pool.undone():
        if on.world[observer].kind is Kind.SOURCE:
            return await _of_source(on, observer, child)
        return [await _seen(on, observer, path, body) for path, body in _requests(on.world, observer, child, known_by)]


async def _of_source(on: Stage, source: str, child: Child) -> View:
    """A source hands the child over, twice, and again under another number: the receipts, and whom it holds twice."""
    told = [builders.patient(child, source), builders.dose(child, source)]
    submission = builders.submission(source, *told, at=on.world.clock.now)
    taken = [
        await ingest.ingest(on.world.registry, submission, body=builders.bytes_of(source, *told)) for _ in range(2)
    ]
    again = builders.patient(replace(child, ids={source: "again-1"}), source, identifier=None)
    taken.append(await builders.hand_over(on.world, source, again))
    await match.run(on.world.registry)
    held = [twice.plain(each) for each in await twice.of_source(on.world.registry, source)]
    plain = [json.dumps(each, default=str) for each in (*map(receipts.plain, taken), held)]
    return [(200, re.sub("[0-9a-f]{32}", "ID", each), ()) for each in plain]


def _requests(
    world: World, observer: str, child: Child, attributes: Sequence[str]
) -> Iterator[tuple[str, dict[str, Any]]]:
    said = builders.description(child, *attributes)
    person = {name: getattr(said, name) for name in attributes}
    today = world.clock.now.date().isoformat()
    why = builders.grounds(world, observer)
    yield "/v1/questions", {"person": person, "grounds": why}
    yield "/v1/questions", {"person": person, "card": "0" * 26}
    yield "/v1/cards", {"person": person}
    yield "/v1/people", {"person": person, "patient": "11"}
    if world[observer].kind is Kind.CLINIC:
        yield "/v1/doses", {"person": person, "patient": "11", "vaccine": "113", "on": today}
    else:
        year = {"school": "s", "grade": "3", "academic_year": "2026", "on": today}
        yield "/v1/enrolments", {"person": person, "patient": "11", **year}
    yield "/v1/families", {"person": person}
    if observer == HOME_CLINIC:
        declared = {"role": "physician", "safety": "unconscious", "reason": "brought in alone"}
        yield "/v1/emergencies", {"person": person, **declared}


async def _seen(
    on: Stage, observer: str, path: str, body: dict[str, Any]
) -> tuple[int, str, tuple[tuple[str, str], ...]]:
    headers = {"Authorization": f"Bearer {on.world.keys[observer]}", "Desk-User": "desk-1"}
    answered = await on.client.post(path, json=body, headers=headers)
    told = answered.json()
    if "token" in told:
        text, drawn = _without_draws(told), {"content-length"}
    else:
        text, drawn = (
            json.dumps({name: _drawn(name, each) for name, each in told.items()}, ensure_ascii=False),
            set[str](),
        )
    shown = sorted((name, each) for name, each in answered.headers.items() if name not in drawn)
    return answered.status_code, text, tuple(shown)


def _drawn(name: str, value: Any) -> Any:
    """A card and a leaf are drawn for each answer: only their shape can tell something."""
    return re.sub("[0-9A-Za-z]", "x", value) if name in ("card", "leaf") else value


def _without_draws(told: Mapping[str, Any]) -> str:
    """A summary and its page without what is drawn for each: its id, its place on the status list, the signature."""
    payload = signing.read_unverified(told["token"])
    assert isinstance(payload, signing.Unverified)
    short = signing.read_unverified(told["card"])
    assert isinstance(short, signing.Unverified)
    page = re.sub("(?s)<svg.*?</svg>", "<svg/>", told["page"]).replace(told["token"], "T").replace(told["card"], "C")
    claims = {name: value for name, value in payload.payload.items() if name != "card"}
    held = _without_place([claims, short.payload, told["document"], told["expires"], page])
    return json.dumps(held, ensure_ascii=False).replace(payload.payload["jti"], "ID")


def _without_place(said: Any) -> Any:
    """Without the place on the status list: by where it stands, not by what it is, which may be a year as well."""
    if isinstance(said, list):
        return [_without_place(each) for each in cast("list[Any]", said)]
    if not isinstance(said, Mapping):
        return said
    held = cast("Mapping[str, Any]", said)
    drawn = ("idx", "valueUnsignedInt") if held.get("url") == "index" else ("idx",)
    return {name: "INDEX" if name in drawn else _without_place(each) for name, each in held.items()}


# --- pairs -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Difference:
    """A pair of worlds that an observer can tell apart; `at` is the place of the request in its sequence."""

    fact: str
    observer: str
    at: int


def a_child(dice: random.Random) -> Child:
    given, father, grandfather, mother = dice.sample(NAMES, 4)
    born = date(builders.START.year - dice.randint(6, 12), dice.randint(1, 12), dice.randint(1, 28))
    return Child(given=given, family=dice.choice(FAMILIES), father=father, grandfather=grandfather, mother=mother,
                 village=dice.choice(("Tizi", "Oued Rhiou", "Beni Slimane")), born=born,
                 phone=f"+999555{dice.randint(10_000, 99_999)}", sex=dice.choice(("male", "female")))  # fmt: skip


async def differences(on: Stage, seed: int) -> AsyncGenerator[Difference | None]:
    """Every fact about a child of this seed's, each held against the world without it; one item for each pair."""
    dice = random.Random(seed)
    for base, facts in BASES:
        child, attributes = a_child(dice), builders.AT_A_DESK
        async with on.pool.undone():
            card = await base(on.world, child)
            observers = dict.fromkeys(each for _, seen_by in facts.values() for each in seen_by)
            before = {each: await view(on, each, child, attributes) for each in observers}
            for name, (fact, seen_by) in facts.items():
                async with on.pool.undone():
                    await fact(on.world, child, card)
                    for each in seen_by:
                        yield _held_against(name, each, before[each], await view(on, each, child, attributes))


def _held_against(fact: str, observer: str, one: View, other: View) -> Difference | None:
    differing = [at for at, (left, right) in enumerate(zip(one, other, strict=True)) if left != right]
    return Difference(fact, observer, differing[0]) if differing else None
