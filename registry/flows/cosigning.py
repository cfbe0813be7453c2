"""The witnesses of our audit log: every checkpoint is shown to them, and what they say is kept and believed again.

A witness that is away costs nothing but its signature: it is asked again with the next checkpoint, with a proof from
whatever it saw last. One that contradicts the log is never argued with; `recall` shows what it remembers.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from registry.errors import BadInput
from registry.flows import trail
from registry.flows.opening import Registry
from registry.flows.trail import Proof
from registry.settings import Settings
from registry.store import audit, tree
from registry.trust import checkpoint, cosignature, history, merkle, p256, trustlist, witness
from registry.trust.checkpoint import Note
from registry.trust.history import Claim
from registry.trust.witness import Request

PATIENCE_SECONDS = 1.0
_MOST_BYTES = checkpoint.MAX_CHARACTERS


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """A witness as the registry knows it: where it is asked, and by which key it is believed."""

    address: str
    name: str
    key: p256.Jwk = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recollection:
    """What a witness remembers of our log: its newest cosigned checkpoint, empty for none; None when it is away."""

    witness: str
    text: str | None


def configured(settings: Settings) -> tuple[Witness, ...]:
    """The witnesses of the settings. Raises BadInput naming a trust file that cannot be used."""
    return tuple(_witness(address, path) for address, path in sorted(settings.witnesses.items()))


def _witness(address: str, path: Path) -> Witness:
    try:
        believed = trustlist.read({str(path): path.read_bytes()})
    except OSError as error:
        raise BadInput(
            f"the trust file of a witness cannot be read ({error.strerror})",
            where=str(path),
            remedy="a witness writes its own (witness.json) with: continuity witness init",
        ) from None
    ((name, _), key), *more = believed.keys.items()
    if more:
        raise BadInput("the trust file of a witness holds one key", where=str(path))
    return Witness(address=address.rstrip("/"), name=name, key=key)


def keys(witnesses: Iterable[Witness]) -> dict[str, p256.Jwk]:
    return {each.name: each.key for each in witnesses}


@asynccontextmanager
async def client() -> AsyncGenerator[httpx.AsyncClient]:
    """A client for asking witnesses: kept connections, short patience, nothing from the environment."""
    async with httpx.AsyncClient(timeout=PATIENCE_SECONDS, trust_env=False, follow_redirects=False) as opened:
        yield opened


@dataclass(frozen=True, slots=True, kw_only=True)
class Lag:
    """How far the witnesses are behind the log: leaves, and for how long there have been any."""

    leaves: int
    witnessed: int
    behind_seconds: float


async def follow(
    registry: Registry, witnesses: Sequence[Witness], http: httpx.AsyncClient, before: Lag | None, *, seconds: float
) -> Lag:
    """Show the witnesses what is new and say how far behind they are now; `seconds` have passed since `before`."""
    await push(registry, witnesses, http)
    async with registry.database.transaction() as tx:
        newest, seen = await audit.last_checkpoint(tx), await audit.cosigned(tx)
    known = {each.name: seen.get(each.name, 0) for each in witnesses}
    leaves, witnessed = newest[0] if newest else 0, history.witnessed(known, trail.quorum(keys(witnesses)))
    # Time runs only while the same leaves wait: what was witnessed meanwhile starts it anew.
    is_stuck = before is not None and witnessed < before.leaves
    behind = before.behind_seconds + seconds if before and is_stuck else 0.0
    return Lag(leaves=leaves, witnessed=witnessed, behind_seconds=round(behind, 1))


async def push(registry: Registry, witnesses: Iterable[Witness], http: httpx.AsyncClient) -> int:
    """Show the newest checkpoint to every witness that has not cosigned it; returns how many cosigned it now."""
    async with registry.database.transaction() as tx:
        newest = await audit.last_checkpoint(tx)
        seen = await audit.cosigned(tx)
    if newest is None:
        return 0
    size, text, _ = newest
    missing = [each for each in witnesses if seen.get(each.name, 0) < size]
    done = await asyncio.gather(*(_show(registry, each, seen.get(each.name, 0), size, text, http) for each in missing))
    return sum(done)


async def _show(registry: Registry, each: Witness, old: int, size: int, text: str, http: httpx.AsyncClient) -> bool:
    """Ask one witness, and once more from the size it says it is at."""
    for _ in range(2):
        status, said = await _add(registry, each, old, size, text, http)
        if status == 200:
            return await _keep(registry, each, size, text, said)
        if status != 409 or not said.strip().isdecimal() or not old != int(said) <= size:
            return False
        old = int(said)
    return False


async def _add(
    registry: Registry, each: Witness, old: int, size: int, text: str, http: httpx.AsyncClient
) -> tuple[int, str]:
    async with registry.database.transaction() as tx:
        path = await tree.hashes(tx, merkle.consistency_ranges(old, size))
    body = witness.write(Request(old=old, path=tuple(path), text=text))
    return await _asked(http, "POST", f"{each.address}/add-checkpoint", content=body.encode())


async def _asked(http: httpx.AsyncClient, method: str, address: str, **more: object) -> tuple[int, str]:
    """Status and text; 0 when there is no answer that could be read."""
    try:
        answered = await http.request(method, address, **more)  # pyright: ignore[reportArgumentType]
    except (httpx.HTTPError, httpx.InvalidURL):
        return 0, ""
    return answered.status_code, answered.text[:_MOST_BYTES]


async def _keep(registry: Registry, each: Witness, size: int, text: str, said: str) -> bool:
    if said.count("\n") != 1 or not cosignature.witnesses(text + said, keys([each])):
        return False
    async with registry.database.transaction() as tx:
        await audit.cosign(tx, size, each.name, said)
    return True


async def recall(registry: Registry, witnesses: Sequence[Witness], http: httpx.AsyncClient) -> list[Recollection]:
    """Ask every witness for the newest checkpoint of our log that it cosigned."""
    texts = await asyncio.gather(*(_remembered(each, trail.origin(registry), http) for each in witnesses))
    return [Recollection(witness=each.name, text=text) for each, text in zip(witnesses, texts, strict=True)]


async def _remembered(each: Witness, origin: str, http: httpx.AsyncClient) -> str | None:
    status, text = await _asked(http, "GET", f"{each.address}/checkpoint", params={"origin": origin})
    if status == 404:
        return ""
    return text if status == 200 and cosignature.witnesses(text, keys([each])) else None


def claims(registry: Registry, recollections: Iterable[Recollection]) -> list[Claim]:
    """What the witnesses remember, to be held against the log (`trail.verify`).

    A witness cosigns only what the log signed, so the log's signature is not asked for again: also what a thief of
    the log's key had cosigned counts as its history.
    """
    notes = [(each.witness, checkpoint.note(each.text)) for each in recollections if each.text]
    return [
        Claim(size=note.checkpoint.size, root=note.checkpoint.root, by=f"{trail.WITNESS}{name}")
        for name, note in notes
        if isinstance(note, Note) and note.checkpoint.origin == trail.origin(registry)
    ]


async def verify(
    registry: Registry, http: httpx.AsyncClient, *, others: Sequence[Claim] = ()
) -> tuple[Proof, tuple[Recollection, ...]]:
    """Prove the log against itself, against `others` and against what its witnesses remember, asking them now."""
    witnesses = configured(registry.settings)
    recalled = await recall(registry, witnesses, http)
    proof = await trail.verify(registry, witnesses=keys(witnesses), claims=[*claims(registry, recalled), *others])
    return proof, tuple(recalled)
