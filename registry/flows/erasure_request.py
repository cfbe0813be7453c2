"""A family asks that everything about its child be erased: by its card, in person, and after a time to think.

Nobody erases a child's records in a moment of pressure: seven days lie between asking and erasing, and any family
that is heard for the child ends the waiting with its card. Then the data keys are destroyed.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from registry.errors import BadInput, UnknownName
from registry.flows import cards, erasure, families, rights, said, trail
from registry.flows.opening import Registry
from registry.flows.organisations import Caller, Kind
from registry.store import dossiers, matters
from registry.store.database import again_on_conflict
from registry.store.functions import Function
from registry.store.matters import Matter

COOLING_OFF = timedelta(days=7)
ASKED, DONE = "erasure", "erased"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """An erasure that waits. `number` follows it, also when the card opens nothing any more."""

    number: str = field(repr=False)
    due: datetime
    leaf: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How an erasure stands: waiting, due, or done with so many dossiers."""

    state: str
    due: datetime | None
    done: datetime | None = None
    dossiers: int = 0


@again_on_conflict
async def ask(registry: Registry, caller: Caller, card: str) -> Waiting:
    """Ask for erasure at a desk that attests the family's presence. Raises BadInput when it is asked for already."""
    caller.must_be(Kind.CLINIC, Kind.SCHOOL)
    async with registry.database.transaction(Function.RIGHTS) as tx:
        family = await rights.by_card(tx, card, lock=True)
        if await matters.about(tx, [family.id], ASKED):
            raise BadInput("erasure is asked for already", where="card", remedy="wait for it, or end it with the card")
        due, number = registry.now() + COOLING_OFF, said.draw_number()
        content = {"due": due.isoformat(), "number": number}
        matter = Matter(id=tx.new_id(), dossier=family.id, kind=ASKED, day=registry.today(), content=content)
        await matters.put(tx, matter, number=cards.normal(number))
        leaf = await trail.write(tx, registry, family.id, "erasure-asked", caller)
    return Waiting(number=number, due=due, leaf=leaf.leaf.hex)


@again_on_conflict
async def cancel(registry: Registry, card: str) -> int:
    """End the waiting, by the card of any family that speaks for the child; returns how many erasures ended."""
    async with registry.database.transaction(Function.RIGHTS) as tx:
        family = await rights.by_card(tx, card, lock=True)
        spoken = await families.heard(tx, (await dossiers.load(tx, family.members)).values())
        waiting = await matters.about(tx, spoken if family.id in spoken else [family.id], ASKED)
        for each in waiting:
            await matters.close(tx, each)
            await trail.write(tx, registry, each.dossier, "erasure-cancelled", None)
    return len(waiting)


async def follow(registry: Registry, number: str) -> Standing:
    """How the erasure of this number stands. Raises UnknownName for one nobody asked for, or that was ended."""
    async with registry.database.transaction(Function.RIGHTS) as tx:
        done = await matters.numbered(tx, DONE, cards.normal(number))
        found = done or await matters.numbered(tx, ASKED, cards.normal(number))
        if found is None:
            raise UnknownName("no erasure of this number waits", where="number")
        standing = _done(found) if done else _waiting(registry, found)
        shown = trail.digest(asdict(standing))
        await trail.write(tx, registry, found.dossier, "standing-shown", None, digest=shown)
    return standing


def _done(matter: Matter) -> Standing:
    at = datetime.fromisoformat(matter.content["at"])
    return Standing(state="done", due=None, done=at, dossiers=matter.content["dossiers"])


def _waiting(registry: Registry, matter: Matter) -> Standing:
    due = datetime.fromisoformat(matter.content["due"])
    return Standing(state="due" if _is_due(registry, matter) else "waiting", due=due)


async def run_due(registry: Registry) -> int:
    """Erase what has waited long enough; returns how many dossiers. Each erasure is a transaction of its own."""
    async with registry.database.transaction(Function.ERASE) as tx:
        due = [each.id for each in await matters.waiting(tx, ASKED) if _is_due(registry, each)]
    return sum([await _carry_out(registry, each) for each in due])


def _is_due(registry: Registry, matter: Matter) -> bool:
    return datetime.fromisoformat(matter.content["due"]) <= registry.now()


@again_on_conflict
async def _carry_out(registry: Registry, asked: UUID) -> int:
    async with registry.database.transaction(Function.ERASE) as tx:
        found = [each for each in await matters.waiting(tx, ASKED, lock=True) if each.id == asked]
        family = (await dossiers.load(tx, [found[0].dossier], lock=True)).get(found[0].dossier) if found else None
        if family is None:  # ended, or done by another worker
            return 0
        await dossiers.load(tx, family.members, lock=True)
        erased = await rights.spoken_for(tx, family)
        await matters.close(tx, found[0])
        count = (await erasure.within(tx, registry, erased, decision=asked.hex)).dossiers
        content = {"at": registry.now().isoformat(), "dossiers": count}
        done = Matter(id=tx.new_id(), dossier=registry.house, kind=DONE, day=registry.today(), content=content)
        await matters.put(tx, done, number=cards.normal(found[0].content["number"]))
    await erasure.settle(registry)
    return count
