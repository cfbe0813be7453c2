"""Somebody with the database, every data key and the key of the log, who wants something not to have happened.

Each act changes what lies before the last witnessed checkpoint, in an open transaction that the caller rolls back;
afterwards the insider may cover the tracks: recompute the tree, sign every checkpoint anew, and deal with the
cosignatures that no longer fit.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, LiteralString
from uuid import UUID

import orjson

from registry.flows import trail
from registry.flows.opening import Registry
from registry.store import audit, tree, vault
from registry.store.database import Transaction
from registry.trust import checkpoint, cosignature, merkle, p256


@dataclass(frozen=True, slots=True, kw_only=True)
class Insider:
    """Where and when somebody acts: in a transaction, on a log of which the first `witnessed` leaves were cosigned."""

    tx: Transaction
    registry: Registry
    witnessed: int
    dice: Random

    def somewhere(self, *, below: int | None = None) -> int:
        return self.dice.randrange(self.witnessed if below is None else below)

    async def run(self, statement: LiteralString, *values: Any) -> None:
        await self.tx.connection.execute(statement, values or None)

    async def rows(self, statement: LiteralString, *values: Any) -> Sequence[tuple[Any, ...]]:
        return await (await self.tx.connection.execute(statement, values or None)).fetchall()

    async def leaf(self, position: int) -> UUID:
        ((leaf,),) = await self.rows("SELECT leaf FROM registry.audit_sequence WHERE position = %s", position)
        return leaf


# --- acts ------------------------------------------------------------------------------------------


async def edit(by: Insider) -> None:
    """A leaf says something else, and nobody has the words."""
    await by.run(
        "UPDATE registry.audit_leaf SET commitment = %s WHERE leaf = %s",
        by.dice.randbytes(32),
        await by.leaf(by.somewhere()),
    )


async def edit_with_its_event(by: Insider) -> None:
    """An event is written anew under its own data key, and its leaf with it: another clinic asked."""
    leaf = await by.leaf(by.somewhere())
    for dossier, detail, sealed in await by.rows("SELECT dossier, detail, sealed FROM registry.audit_detail"):
        await vault.load_keys(by.tx, [dossier])
        content = orjson.loads(vault.unseal(by.tx, dossier, sealed, table="audit_detail", row=detail))
        if content["leaf"] != leaf.hex:
            continue
        content["event"]["organisation"] = f"clinic-{by.dice.randbytes(4).hex()}"
        anew = vault.seal(by.tx, dossier, orjson.dumps(content), table="audit_detail", row=detail)
        await by.run("UPDATE registry.audit_detail SET sealed = %s WHERE detail = %s", anew, detail)
        commitment = audit.commitment(bytes.fromhex(content["salt"]), content["event"])
        await by.run("UPDATE registry.audit_leaf SET commitment = %s WHERE leaf = %s", commitment, leaf)


async def drop(by: Insider) -> None:
    """A leaf goes with its event, and the gap is closed."""
    at = by.somewhere()
    leaf = await by.leaf(at)
    await _forget(by, [leaf])
    await by.run("DELETE FROM registry.audit_sequence WHERE position = %s", at)
    await by.run("UPDATE registry.audit_sequence SET position = -position WHERE position > %s", at)
    await by.run("UPDATE registry.audit_sequence SET position = -position - 1 WHERE position < 0")


async def reorder(by: Insider) -> None:
    """Two leaves change places."""
    one, other = by.dice.sample(range(by.witnessed), 2)
    first, second = await by.leaf(one), await by.leaf(other)
    await by.run("DELETE FROM registry.audit_sequence WHERE position IN (%s, %s)", one, other)
    for position, leaf in ((one, second), (other, first)):
        await by.run("INSERT INTO registry.audit_sequence (position, leaf) VALUES (%s, %s)", position, leaf)


async def truncate(by: Insider) -> None:
    """The end is cut off, with its events and its checkpoints."""
    await _cut(by, by.somewhere())


async def fork(by: Insider) -> None:
    """From some leaf on another history of the same length."""
    start = by.somewhere()
    for leaf, _ in await by.rows("SELECT leaf, position FROM registry.audit_sequence WHERE position >= %s", start):
        await by.run("UPDATE registry.audit_leaf SET commitment = %s WHERE leaf = %s", by.dice.randbytes(32), leaf)


async def replay(by: Insider) -> None:
    """An old copy of the database is put back, and life goes on from there: as many leaves again, or more."""
    ((length,),) = await by.rows("SELECT count(*) FROM registry.audit_sequence")
    start = by.somewhere()
    await _cut(by, start)
    for position in range(start, length + by.dice.randrange(5)):
        leaf = UUID(bytes=by.dice.randbytes(16), version=4)
        await by.run(
            "INSERT INTO registry.audit_leaf (leaf, day, commitment) VALUES (%s, now(), %s)",
            leaf,
            by.dice.randbytes(32),
        )
        await by.run("INSERT INTO registry.audit_sequence (position, leaf) VALUES (%s, %s)", position, leaf)


async def roll_back(by: Insider) -> None:
    """The database of an earlier checkpoint is put back as it was, cosignatures included."""
    sizes = [size for size, _ in await audit.checkpoints(by.tx) if size < by.witnessed]
    size = by.dice.choice(sizes)
    await _cut(by, size)
    await by.run("DELETE FROM registry.audit_cosignature WHERE size > %s", size)


async def hide(by: Insider) -> None:
    """Nobody is to read any more who asked: the event goes, its leaf stays."""
    leaf = await by.leaf(by.somewhere())
    await _forget_events(by, {leaf.hex})


async def repeat(by: Insider) -> None:
    """A leaf says what another one says, as if that had happened twice and this never."""
    one, other = by.dice.sample(range(by.witnessed), 2)
    await by.run(
        "UPDATE registry.audit_leaf SET commitment = (SELECT commitment FROM registry.audit_leaf WHERE leaf = %s) "
        "WHERE leaf = %s",
        await by.leaf(one),
        await by.leaf(other),
    )


Act = Callable[[Insider], Awaitable[None]]
ACTS: dict[str, Act] = {
    each.__name__.replace("_", " "): each
    for each in (edit, edit_with_its_event, drop, reorder, truncate, fork, replay, roll_back, hide, repeat)
}


async def _cut(by: Insider, start: int) -> None:
    leaves = [leaf for (leaf,) in await by.rows("SELECT leaf FROM registry.audit_sequence WHERE position >= %s", start)]
    await _forget(by, leaves)
    await by.run("DELETE FROM registry.audit_sequence WHERE position >= %s", start)
    await by.run("DELETE FROM registry.audit_checkpoint WHERE size > %s", start)


async def _forget(by: Insider, leaves: Sequence[UUID]) -> None:
    """These leaves and the events they stand for are gone."""
    await _forget_events(by, {each.hex for each in leaves})
    await by.run("DELETE FROM registry.audit_leaf WHERE leaf = ANY(%s)", list(leaves))


async def _forget_events(by: Insider, leaves: set[str]) -> None:
    for dossier, detail, sealed in await by.rows("SELECT dossier, detail, sealed FROM registry.audit_detail"):
        await vault.load_keys(by.tx, [dossier])
        content = orjson.loads(vault.unseal(by.tx, dossier, sealed, table="audit_detail", row=detail))
        if content["leaf"] in leaves:
            await by.run("DELETE FROM registry.audit_detail WHERE detail = %s", detail)


# --- covering tracks -------------------------------------------------------------------------------


async def leave_it(_: Insider) -> None:
    """The checkpoints stay as they are."""


async def sign_anew(by: Insider) -> None:
    """Every checkpoint is signed again over the new history with the log's own key, and the tiles with it."""
    leaves = [merkle.leaf_hash(commitment or b"") for _, _, commitment in await audit.sequenced(by.tx)]
    sizes = {size for size, _ in await audit.checkpoints(by.tx) if size <= len(leaves)} | {len(leaves)}
    await by.run("DELETE FROM registry.audit_checkpoint")
    await by.run("DELETE FROM registry.audit_tile")
    for size in sorted(sizes - {0}):
        frontier = merkle.Frontier().extend(leaves[:size])
        text = forged(by.registry, size, frontier.root)
        await audit.record_checkpoint(by.tx, size, text, b"".join(frontier.peaks))
    await tree.complete(by.tx, len(leaves))


async def sign_anew_without_witnesses(by: Insider) -> None:
    """As before, and the cosignatures go, as if no witness had ever answered."""
    await sign_anew(by)
    await by.run("DELETE FROM registry.audit_cosignature")


async def sign_anew_with_own_witnesses(by: Insider) -> None:
    """As before, with cosignatures in the names of the witnesses, by a key of the insider's own."""
    names = {name for _, name, _ in await audit.cosignatures(by.tx)}
    await sign_anew_without_witnesses(by)
    own = p256.fresh(by.dice.randbytes)
    for size, text in await audit.checkpoints(by.tx):
        for name in sorted(names):
            line = cosignature.issue(text, name, own, at=by.registry.now())
            await audit.cosign(by.tx, size, name, line)


async def keep_the_last_witnessed(by: Insider) -> None:
    """Every checkpoint but the last witnessed one is signed again, which stays with its cosignatures."""
    kept = await by.rows(
        "SELECT size, checkpoint, frontier FROM registry.audit_checkpoint WHERE size = %s", by.witnessed
    )
    await sign_anew(by)
    await by.run("DELETE FROM registry.audit_checkpoint WHERE size = %s", by.witnessed)
    for row in kept:
        await audit.record_checkpoint(by.tx, *row)


COVERS: dict[str, Act] = {
    each.__name__.replace("_", " "): each
    for each in (
        leave_it, sign_anew, sign_anew_without_witnesses, sign_anew_with_own_witnesses, keep_the_last_witnessed,
    )
}  # fmt: skip


def forged(registry: Registry, size: int, root: bytes) -> str:
    """A checkpoint that the log's own key signed."""
    return checkpoint.issue(trail.origin(registry), size, root, registry.database.keyring.audit_key)
