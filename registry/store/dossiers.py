"""Dossiers: one person as one source knows them, and the person each belongs to.

The row is derived: who the source is and what it calls the person, the demographics last told, and which other
dossiers belong to the same person. The fellows are sealed inside, so that a stolen table shows no link.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

import orjson

from registry.fhir.resource import Content
from registry.store import vault
from registry.store.database import ENVELOPE, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """`about` is the Patient last told, `keys` are its match keys and `sketch` says it in a few numbers; of a house:
    what it is, and its bearer keys.

    `person` is the component the dossier belongs to, `members` all its dossiers including this one; `card` the keyed
    hash of the one family card that opens it.
    """

    id: UUID
    source: str
    local: str = field(repr=False)
    opened_at: datetime
    person: UUID
    members: tuple[UUID, ...]
    about: Content | None = field(default=None, repr=False)
    keys: tuple[int, ...] = field(default=(), repr=False)
    sketch: tuple[int, ...] = field(default=(), repr=False)
    card: int | None = field(default=None, repr=False)


async def open_new(tx: Transaction, dossiers: Sequence[Dossier], *, today: date) -> None:
    """Open new dossiers, each with a data key of its own."""
    await vault.make_keys(tx, (each.id for each in dossiers), today=today)
    await tx.connection.execute(
        """
        INSERT INTO registry.dossier (dossier, day, envelope, sealed)
        SELECT dossier, %s, %s, sealed
        FROM unnest(%s::uuid[], %s::bytea[]) AS fresh (dossier, sealed)
        """,
        (today, ENVELOPE, [each.id for each in dossiers], [_seal(tx, each) for each in dossiers]),
    )


async def rewrite(tx: Transaction, dossiers: Sequence[Dossier]) -> None:
    """Write what changed about these dossiers; their data keys are loaded in this transaction already."""
    if not dossiers:
        return
    ids = [each.id for each in dossiers]
    await tx.connection.execute(
        """
        UPDATE registry.dossier AS held
        SET sealed = fresh.sealed, envelope = %s
        FROM unnest(%s::uuid[], %s::bytea[]) AS fresh (dossier, sealed)
        WHERE held.dossier = fresh.dossier AND held.dossier = ANY(%s)
        """,
        (ENVELOPE, ids, [_seal(tx, each) for each in dossiers], ids),
    )
    tx.held.update((each.id, each) for each in dossiers)


async def load(tx: Transaction, ids: Iterable[UUID], *, lock: bool = False) -> Mapping[UUID, Dossier]:
    """Open these dossiers; one whose data key was destroyed is not there. `lock` holds them for writing.

    What is held already is not read again: nobody else can change it before this transaction ends.
    """
    asked = sorted(set(ids))
    read = await _read(tx, [each for each in asked if each not in tx.held], lock=lock)
    if lock:
        tx.held.update(read)
    return {each: held for each in asked if (held := tx.held.get(each) or read.get(each))}


async def _read(tx: Transaction, wanted: Sequence[UUID], *, lock: bool) -> dict[UUID, Dossier]:
    if not wanted:
        return {}
    await tx.admit("dossier", wanted)
    cursor = await tx.connection.execute(_LOAD_FOR_WRITING if lock else _LOAD, {"ids": wanted})
    found: dict[UUID, Dossier] = {}
    for id, sealed, *data_key in await cursor.fetchall():
        vault.unwrap(tx, id, *data_key)
        found[id] = _open(tx, id, sealed)
    return found


# One dossier after the other, each in its partition: joined by sets, 280 of 250,000 took the server 59 ms and not 2,
# because the planner reads the whole vault for them.
_LOAD = """
    SELECT asked.dossier, held.sealed, data_key.generation, data_key.epoch, data_key.wrapped, data_key.former
    FROM unnest(%(ids)s::uuid[]) AS asked (dossier)
    CROSS JOIN LATERAL (
        SELECT sealed FROM registry.dossier WHERE dossier = asked.dossier LIMIT 1
    ) AS held
    CROSS JOIN LATERAL (
        SELECT generation, epoch, wrapped, former FROM vault.data_key WHERE dossier = asked.dossier LIMIT 1
    ) AS data_key
"""
# Locked one after another in the order of their ids, so that two writers never wait for each other. What was erased
# while somebody waited for it has another envelope; the data key is read from before.
_LOAD_FOR_WRITING = """
    SELECT held.dossier, held.sealed, data_key.generation, data_key.epoch, data_key.wrapped, data_key.former
    FROM registry.dossier AS held
    JOIN vault.data_key USING (dossier)
    WHERE held.dossier = ANY(%(ids)s) AND data_key.dossier = ANY(%(ids)s) AND held.envelope > 0
    ORDER BY held.dossier
    FOR UPDATE OF held
"""


async def about_how_many(tx: Transaction) -> int:
    """How many dossiers there are: exactly while they are few, from then on as the server estimates."""
    cursor = await tx.connection.execute("SELECT registry.about_how_many()")
    row = await cursor.fetchone()
    return row[0] if row else 0


async def everyone(tx: Transaction) -> tuple[Dossier, ...]:
    """Every dossier there is: for rebuilding what is derived, and for the demo's measure; no caller gets at it."""
    cursor = await tx.connection.execute("SELECT dossier FROM registry.dossier ORDER BY dossier")
    return tuple((await load(tx, [row[0] for row in await cursor.fetchall()])).values())


async def page(tx: Transaction, count: int, *, after: UUID) -> list[UUID]:
    """So many ids of dossiers, in their order. They are random: the first pages are an even sample of all."""
    cursor = await tx.connection.execute(
        "SELECT dossier FROM registry.dossier WHERE dossier > %s ORDER BY dossier LIMIT %s", (after, count)
    )
    return [row[0] for row in await cursor.fetchall()]


def _seal(tx: Transaction, dossier: Dossier) -> bytes:
    plain = orjson.dumps(
        {
            "source": dossier.source,
            "local": dossier.local,
            "opened_at": dossier.opened_at.isoformat(),
            "person": dossier.person.hex,
            "members": [each.hex for each in dossier.members],
            "about": dossier.about,
            "keys": dossier.keys,
            "sketch": dossier.sketch,
            "card": dossier.card,
        }
    )
    return vault.seal(tx, dossier.id, plain, table="dossier", row=dossier.id)


def _open(tx: Transaction, id: UUID, sealed: bytes) -> Dossier:
    content = orjson.loads(vault.unseal(tx, id, sealed, table="dossier", row=id))
    return Dossier(
        id=id,
        source=content["source"],
        local=content["local"],
        opened_at=datetime.fromisoformat(content["opened_at"]),
        person=UUID(content["person"]),
        members=tuple(UUID(each) for each in content["members"]),
        about=content["about"],
        keys=tuple(content["keys"]),
        sketch=tuple(content.get("sketch", ())),  # not there in a dossier written before there were sketches
        card=content.get("card"),  # not there in a dossier written before cards could be replaced
    )
