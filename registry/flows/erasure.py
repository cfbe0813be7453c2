"""Erasure: the dossiers of a person stop existing, here and in every backup.

Their data keys are destroyed and what points at them removed (`registry.store.erasures`); the persons around them
are gathered anew, and summaries made of them die. Who may ask for it is decided elsewhere.
An erasure holds when it is entered in the ledger too: `erase` does both, and whoever calls `within` in a
transaction of its own calls `settle` after the commit, before it answers. A crash in between is made good at the
next start.

The dossier is gone from the day on; a copy of the vault made before can open it until that backup expires
(`registry.store.vaultfile`, at most 7 days by default).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from registry.errors import BadInput, UnknownName
from registry.flows import decide, linking, organisations, trail, twice
from registry.flows.opening import Registry
from registry.store import dossiers, erasures, keys, outbox
from registry.store.database import Transaction, again_on_conflict
from registry.store.functions import Function


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """How many dossiers were erased and how many summaries died with them."""

    dossiers: int
    summaries: int


@again_on_conflict
async def erase(registry: Registry, ids: Iterable[UUID], *, decision: str) -> Erased:
    """Erase dossiers for good. `decision` is the reference of whoever decided it: a file number, never a name."""
    async with registry.database.transaction(Function.ERASE) as tx:
        erased = await within(tx, registry, ids, decision=decision)
    await settle(registry)
    return erased


async def within(tx: Transaction, registry: Registry, ids: Iterable[UUID], *, decision: str) -> Erased:
    """Erase dossiers in this transaction. One that is not there, or no longer, is passed over.

    Raises BadInput for the dossier of an organisation: it is no person's.
    """
    held = await dossiers.load(tx, ids, lock=True)
    if any(each.source == organisations.HOUSE for each in held.values()):
        raise BadInput("this is the dossier of an organisation, which is no person's", where="dossier")
    rest = {member for each in held.values() for member in each.members} - set(held)
    # What joined the rest may be gone with what was erased; where nothing is left the log grows all the same.
    await outbox.put(tx, "match", sorted(rest or held))
    await twice.forget(tx, held.values())
    dead = await erasures.destroy(tx, held, today=registry.today())
    dead += await _gather(tx, registry, rest)
    if held:
        await trail.write(tx, registry, registry.house, "erased", None, dossiers=len(held), decision=decision)
    return Erased(dossiers=len(held), summaries=dead)


async def settle(registry: Registry) -> int:
    """Bring ledger and database together; returns how many erased dossiers had come back."""
    return await erasures.settle(registry.database, registry.ledger)


async def of_source(registry: Registry, source: str, number: str) -> UUID:
    """The dossier of a person by the source's own number of it. Raises UnknownName."""
    async with registry.database.transaction(Function.ERASE) as tx:
        found = await keys.only(tx, keys.index_hash(tx, "person", source, number))
    if found is None:
        raise UnknownName("this source has handed over nobody of this number", where="number")
    return found


async def _gather(tx: Transaction, registry: Registry, rest: Iterable[UUID]) -> int:
    """Compute the persons anew that lost a dossier, and decide again what was released about them."""
    left = set(rest)
    if not left:
        return 0
    persons = [members for members in await linking.gather(tx, left) if left & {*members}]
    return sum([await decide.again(tx, registry, members) for members in persons])
