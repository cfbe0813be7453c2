"""Rotating the wrapping keys: a new generation is made, every data key is wrapped by it, the old one is destroyed.

The service goes on meanwhile: what either generation wrapped can be read until the end. What was done is seen from
what is there (which generations there are, which one is in use, which rows carry which), so a rotation that was
interrupted anywhere, by a kill or a crash, is finished by asking for it again.

Once it is finished, no copy of the old keys opens anything any more: neither a vault backup made before nor an
exported key file. Make both anew.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from registry.flows.opening import Registry
from registry.store import renewal, vault
from registry.trust import keyring


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotated:
    """The generation in use and how many data keys this run wrapped by it.

    Not `finished`: transactions from before still run, or rows came in between; nothing was destroyed, ask again.
    """

    generation: int
    rewrapped: int
    finished: bool


async def rotate(
    registry: Registry, *, page: int = renewal.PAGE, patience_seconds: float = renewal.PATIENCE_SECONDS
) -> Rotated:
    """Rotate the wrapping keys, or finish the rotation that was begun."""
    generation = await _announce(registry)
    if not await renewal.outlive(registry.database, patience_seconds=patience_seconds):
        return Rotated(generation=generation, rewrapped=0, finished=False)
    rewrapped = sum([count async for count in _rewrap(registry, generation, page)])
    finished = await renewal.outlive(registry.database, patience_seconds=patience_seconds)
    if finished and (finished := await _is_whole(registry, generation)):
        registry.database.wrapping.source.drop(before=generation)
    return Rotated(generation=generation, rewrapped=rewrapped, finished=finished)


async def _announce(registry: Registry) -> int:
    """Make the new generation and put it into use; where one is being put into use already, that one."""
    source = registry.database.wrapping.source
    async with registry.database.transaction() as tx:
        known, current = source.generations(), await vault.generation(tx)
        target = max(known) if len(known) > 1 else current + 1
        # Made before it is used: data keys wrapped by a key that was never written down would be lost.
        source.add(target, today=registry.today())
        await vault.put_check(tx, target, keyring.epoch_of(registry.today()))
    return target


async def _rewrap(registry: Registry, generation: int, page: int) -> AsyncIterator[int]:
    after, epoch = renewal.FIRST, keyring.epoch_of(registry.today())
    while True:
        async with registry.database.transaction() as tx:
            after, count = await renewal.rewrap(tx, after, generation=generation, epoch=epoch, page=page)
        if not count:
            return
        yield count


async def _is_whole(registry: Registry, generation: int) -> bool:
    async with registry.database.transaction() as tx:
        return await renewal.wrapped_before(tx, generation) == 0
