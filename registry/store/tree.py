"""The hashes of the audit log's Merkle tree: those of leaves as they were placed, and tiles over every 256 of them.

A proof needs the roots of a few full subtrees. Each is computed from at most 255 hashes of the level of tiles below
it, so that a proof in a log of a million leaves reads some hundred rows. Tiles are derived; whatever is proved with
them is checked against a signed root before it is given out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from registry.errors import Unavailable
from registry.store.database import Transaction
from registry.trust import merkle
from registry.trust.merkle import Range

BITS = 8
"""A tile covers 2^8 hashes of the level below."""

Node = tuple[int, int]
"""A full subtree: its height in the tree, and its position among those of that height."""


async def hashes(tx: Transaction, ranges: Sequence[Range]) -> list[bytes]:
    """The root over each range of leaves; a range is one of a path (`merkle.subtrees`)."""
    parts = [[(level, at) for level, at in merkle.subtrees(start, end)] for start, end in ranges]
    known = await _roots(tx, {node for part in parts for node in part})
    return [_joined([known[node] for node in part]) for part in parts]


def _joined(roots: Sequence[bytes]) -> bytes:
    """The root over full subtrees that stand side by side, largest first."""
    *larger, found = roots
    for each in reversed(larger):
        found = merkle.node(each, found)
    return found


async def _roots(tx: Transaction, nodes: Iterable[Node]) -> dict[Node, bytes]:
    """The root of each full subtree, computed from the tiles just below it."""
    below = {(level, at): _below(level, at) for level, at in nodes}
    known: dict[int, Mapping[int, bytes]] = {}
    for tile in sorted({tile for tile, _ in below.values()}):
        wanted = [at for level, places in below.values() if level == tile for at in places]
        known[tile] = await _row(tx, tile, wanted)
    return {node: _root(known[tile], places) for node, (tile, places) in below.items()}


def _root(row: Mapping[int, bytes], places: Sequence[int]) -> bytes:
    try:
        return merkle.root(row[at] for at in places)
    except KeyError:
        raise Unavailable(
            "a hash of the audit log's tree is missing", remedy="see what continuity audit verify says of the log"
        ) from None


def _below(level: int, at: int) -> tuple[int, range]:
    tile, height = divmod(level, BITS)
    return tile, range(at << height, (at + 1) << height)


async def _row(tx: Transaction, tile: int, positions: Sequence[int]) -> Mapping[int, bytes]:
    if tile == 0:
        return await _leaves(tx, positions)
    cursor = await tx.connection.execute(
        "SELECT position, hash FROM registry.audit_tile WHERE level = %s AND position = ANY(%s)",
        (tile, list(positions)),
    )
    return dict(await cursor.fetchall())


async def _leaves(tx: Transaction, positions: Sequence[int]) -> Mapping[int, bytes]:
    cursor = await tx.connection.execute(
        """
        SELECT placed.position, leaf.commitment
        FROM registry.audit_sequence AS placed
        JOIN registry.audit_leaf AS leaf ON leaf.leaf = placed.leaf
        WHERE placed.position = ANY(%s)
        """,
        (list(positions),),
    )
    return {position: merkle.leaf_hash(commitment) for position, commitment in await cursor.fetchall()}


async def complete(tx: Transaction, size: int) -> None:
    """Compute and keep the tiles that a log of this size has and that are not kept yet."""
    have = await _counts(tx)
    level = 1
    while wanted := size >> BITS * level:
        for position in range(have.get(level, 0), wanted):
            below = await _row(tx, level - 1, range(position << BITS, (position + 1) << BITS))
            await _keep(tx, level, position, _root(below, sorted(below)))
        level += 1


async def _keep(tx: Transaction, level: int, position: int, found: bytes) -> None:
    await tx.connection.execute(
        "INSERT INTO registry.audit_tile (level, position, hash) VALUES (%s, %s, %s)", (level, position, found)
    )


async def _counts(tx: Transaction) -> dict[int, int]:
    cursor = await tx.connection.execute("SELECT level, max(position) + 1 FROM registry.audit_tile GROUP BY level")
    return dict(await cursor.fetchall())
