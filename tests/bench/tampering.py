"""An insider against the audit log: random acts on what lies before the last witnessed checkpoint, on a real database
and with real witnesses. Each is made in a transaction, examined as `continuity audit verify` does, and rolled back."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random

from registry.flows import cosigning, trail, witness
from registry.flows.opening import Registry
from registry.store import audit
from registry.store.database import Transaction
from registry.trust import merkle, p256
from registry.trust import witness as rules
from registry.trust.history import Claim
from registry.trust.witness import Outcome, Request
from tests.store import rows
from tests.support import insider
from tests.support.insider import ACTS, COVERS, Insider
from tests.support.witnesses import Watched

BATCHES = (5, 9, 1, 17, 8, 20)
"""How many leaves each checkpoint adds; the last one no witness has seen."""


@dataclass(kw_only=True)
class Found:
    """What came of it. `missed`: acts nobody noticed; `cosigned`: second histories that a witness cosigned."""

    kinds: Counter[str] = field(default_factory=Counter[str])
    missed: list[str] = field(default_factory=list[str])
    cosigned: int = 0


async def run(registry: Registry, watched: Watched, *, count: int, seed: int, remembering: bool = True) -> Found:
    """`count` acts; with `remembering` off nobody knows of any witness."""
    witnessed, root = await _prepare(watched)
    recalled = await cosigning.recall(watched.registry, cosigning.configured(watched.registry.settings), watched.http)
    claims = cosigning.claims(watched.registry, recalled) if remembering else []
    known = cosigning.keys(cosigning.configured(watched.registry.settings)) if remembering else {}
    kinds = [(act, cover) for act in ACTS for cover in COVERS]
    found, dice = Found(), Random(seed)
    for number in range(count):
        act, cover = kinds[number % len(kinds)]
        by = Trial(act=act, cover=cover, witnessed=witnessed, root=root, witnesses=known, claims=claims)
        await _tried(registry, watched, found, by, dice)
    return found


async def _prepare(watched: Watched) -> tuple[int, bytes]:
    """A log with several checkpoints, all but the last cosigned by every witness: up to which leaf, and its root."""
    for batch in BATCHES:
        async with watched.registry.database.transaction() as tx:
            one = await rows.open_dossier(tx)
            for number in range(batch):
                await trail.write(tx, watched.registry, one.id, "ask", None, answer=f"nothing {number}")
        await trail.sequence(watched.registry)
        if batch is not BATCHES[-1]:
            assert await watched.push() == len(watched.witnesses)
    proof, _ = await cosigning.verify(watched.registry, watched.http)
    assert proof.holds, proof.problems
    assert proof.leaves - proof.witnessed == BATCHES[-1]
    async with watched.registry.database.transaction() as tx:
        leaves = await _leaves(tx)
    return proof.witnessed, merkle.root(leaves[: proof.witnessed])


async def _leaves(tx: Transaction) -> list[bytes]:
    return [merkle.leaf_hash(commitment or b"") for _, _, commitment in await audit.sequenced(tx)]


class _Undo(Exception):
    """Ends a trial without a trace."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One act: what is done, how it is covered, and what whoever examines the log knows."""

    act: str
    cover: str
    witnessed: int
    root: bytes
    witnesses: Mapping[str, p256.Jwk]
    claims: Sequence[Claim]

    @property
    def kind(self) -> str:
        return f"{self.act}, {self.cover}"


async def _tried(registry: Registry, watched: Watched, found: Found, trial: Trial, dice: Random) -> None:
    found.kinds[trial.kind] += 1
    with suppress(_Undo):
        async with registry.database.transaction() as tx:
            by = Insider(tx=tx, registry=registry, witnessed=trial.witnessed, dice=dice)
            await ACTS[trial.act](by)
            await COVERS[trial.cover](by)
            proof = await trail.examine(tx, registry, witnesses=trial.witnesses, claims=trial.claims)
            if proof.holds:
                found.missed.append(trial.kind)
            found.cosigned += await _cosigned(tx, watched, trial)
            raise _Undo


async def _cosigned(tx: Transaction, watched: Watched, trial: Trial) -> int:
    """How many witnesses can be talked into the history as it stands now, where it is another one."""
    leaves = await _leaves(tx)
    if merkle.root(leaves[: trial.witnessed]) == trial.root:
        return 0
    text = insider.forged(watched.registry, len(leaves), merkle.root(leaves))
    replies = [_shown(watched, each, leaves, text) for each in watched.witnesses.values()]
    return sum(outcome is Outcome.COSIGN for outcome in replies)


def _shown(watched: Watched, each: witness.Witness, leaves: list[bytes], text: str) -> Outcome:
    size = int(witness.latest(each, trail.origin(watched.registry)).split("\n")[1])
    path = merkle.consistency_path(size, leaves) if size <= len(leaves) else []
    body = rules.write(Request(old=min(size, len(leaves)), path=tuple(path), text=text))
    return witness.observe(each, body, now=watched.registry.now()).outcome


async def lag(registry: Registry, act: Callable[[], Awaitable[object]]) -> float:
    """Seconds from the commit of what an act writes until enough witnesses have cosigned it, with the workers of the
    service running at their pace."""
    from registry.api import app

    witnesses = cosigning.configured(registry.settings)
    async with cosigning.client() as http:

        async def follow(registry: Registry) -> None:
            await cosigning.push(registry, witnesses, http)

        workers = [
            asyncio.create_task(app._every(app.SEQUENCE_SECONDS, trail.sequence, registry)),  # pyright: ignore[reportPrivateUsage]
            asyncio.create_task(app._every(app.WITNESS_SECONDS, follow, registry)),  # pyright: ignore[reportPrivateUsage]
        ]
        await act()
        began = time.monotonic()
        while not await _is_witnessed(registry, witnesses):
            await asyncio.sleep(0.01)
        taken = time.monotonic() - began
        await app._stop(workers)  # pyright: ignore[reportPrivateUsage]
    return taken


async def _is_witnessed(registry: Registry, witnesses: Sequence[cosigning.Witness]) -> bool:
    async with registry.database.transaction() as tx:
        waiting, seen, newest = await audit.unplaced(tx), await audit.cosigned(tx), await audit.last_checkpoint(tx)
    return not waiting and newest is not None and all(seen.get(each.name, 0) >= newest[0] for each in witnesses)
