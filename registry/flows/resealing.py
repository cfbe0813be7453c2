"""Resealing: every dossier of an older generation gets a new data key, and everything of it is sealed anew.

For after a rotation, when old wrapping keys and an old copy of the vault may be in the same hands: with both the data
keys could be read, and whatever was sealed under them since. Envelopes of an older edition become the newest on the
way. One page of one table is one transaction; nothing but ids is kept in between, and a reseal that was killed is
finished by asking for it again. Everybody reads and writes meanwhile: until the end both data keys are known.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from registry.flows.opening import Registry
from registry.store import cells, renewal, vault
from registry.store.cells import Place
from registry.store.database import again_on_conflict
from registry.trust import keyring

PAGE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Resealed:
    """How many data keys this run drew and how many cells it sealed anew.

    Not `finished`: transactions from before still run; both keys stay known, ask again.
    """

    drawn: int
    cells: int
    finished: bool


async def reseal(
    registry: Registry, *, page: int = PAGE, patience_seconds: float = renewal.PATIENCE_SECONDS
) -> Resealed:
    """Renew the data keys of an older generation, or finish the reseal that was begun."""
    drawn = await _redraw(registry, page)
    done = Resealed(drawn=drawn, cells=0, finished=False)
    if not await renewal.outlive(registry.database, patience_seconds=patience_seconds):
        return done
    parts = [partial(cells.reseal, of=each, page=page) for each in cells.ALL]
    count = sum([await _walk(registry, part) for part in (*parts, partial(cells.reseal_between, page=page))])
    if not await renewal.outlive(registry.database, patience_seconds=patience_seconds):
        return Resealed(drawn=drawn, cells=count, finished=False)
    await _forget(registry, page)
    return Resealed(drawn=drawn, cells=count, finished=await _is_whole(registry))


async def _redraw(registry: Registry, page: int) -> int:
    epoch = keyring.epoch_of(registry.today())

    @again_on_conflict
    async def step(after: UUID) -> tuple[UUID, int]:
        async with registry.database.transaction() as tx:
            return await renewal.redraw(tx, after, epoch=epoch, page=page)

    drawn, (after, count) = 0, await step(renewal.FIRST)
    while count:
        drawn, (after, count) = drawn + count, await step(after)
    return drawn


Part = Callable[..., Awaitable[tuple[Place | None, int]]]


async def _walk(registry: Registry, part: Part) -> int:
    """Go through a table page by page."""

    @again_on_conflict
    async def step(after: Place) -> tuple[Place | None, int]:
        async with registry.database.transaction() as tx:
            return await part(tx, after=after)

    total, place = 0, cells.FIRST
    while place:
        place, count = await step(place)
        total += count
    return total


async def _forget(registry: Registry, page: int) -> None:
    count = page
    while count:
        async with registry.database.transaction() as tx:
            count = await renewal.forget_former(tx, page=page)


async def _is_whole(registry: Registry) -> bool:
    """Whether nothing is left: a reseal taken up after a further rotation leaves the keys drawn in between."""
    async with registry.database.transaction() as tx:
        return await renewal.drawn_before(tx, await vault.generation(tx)) == 0
