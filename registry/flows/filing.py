"""Under which match keys dossiers are filed.

On arrival under every key of what they say. A key that too many share gives way, once the matcher meets it: whoever
is filed there moves to narrower keys, each with one more fact. A note stays under it, by which everybody who asks for
it knows to ask for the narrower ones too. So reading stays bounded by key, and whoever shares one fact more is found.
What arrives later is filed under the key as ever, and moves when it is matched. Who tells no fact more finds only
others who tell none; those who tell more find it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from uuid import UUID

from registry.flows.reader import Reader
from registry.identity import keys as match_keys
from registry.identity import sketch
from registry.identity.keys import Key
from registry.store import dossiers, keys
from registry.store.database import Transaction
from registry.store.dossiers import Dossier

MOST_MOVED = 1_000
"""Dossiers that move for the sake of others in one go; where more are behind a key, the next ones matched go on."""

Hashed = dict[int, Key]
"""Match keys by how the store knows them."""


def hashed(tx: Transaction, plain: Iterable[Key]) -> Hashed:
    """Match keys as the store knows them."""
    return {keys.match_hash(tx, each.kind, *each.parts): each for each in plain}


async def filed(tx: Transaction, reader: Reader, of: Sequence[Dossier]) -> list[Dossier]:
    """The dossiers filed under the match keys of what they say now, and no longer under those of what they said.

    Filed on arrival, before anybody is matched: the twin in the same hand-over is to be seen.
    """
    drawn = [replace(each, sketch=sketch.of(reader.told(each))) for each in of]
    return await _filed(tx, [(each, {*hashed(tx, match_keys.stored(reader.told(each)))}) for each in drawn])


async def _filed(tx: Transaction, under: Sequence[tuple[Dossier, set[int]]]) -> list[Dossier]:
    moves = [(each.id, {*each.keys}, now) for each, now in under]
    await keys.remove(tx, [(key, id) for id, before, now in moves for key in before - now])
    await keys.add(tx, [(key, id) for id, before, now in moves for key in now - before])
    return [replace(each, keys=tuple(sorted(now))) for each, now in under]


async def give_way(tx: Transaction, reader: Reader, of: Sequence[Dossier]) -> None:
    """Move these dossiers to narrower keys where too many share one of theirs, and with them all who share it.

    Only for the one who matches: then nobody else moves dossiers meanwhile. They must be held for writing.
    """
    under, asked, left = _Under(set), Hashed(), MOST_MOVED
    for each in of:
        asked |= under.add(each.id, hashed(tx, match_keys.stored(reader.told(each))))
    while asked:
        shared = await keys.shared(tx, asked)
        common = {key: asked[key] for key in shared.common if match_keys.gives_way(asked[key])}
        await keys.give_way(tx, common.keys() - shared.gave_way)
        waiting: Hashed = {}
        for key in common.keys() - shared.emptied:
            behind = shared.dossiers(key)
            under[key].update(behind[:left])
            if len(behind) > left or key not in shared.gave_way or len(behind) + 1 >= keys.PER_KEY:
                waiting[key] = common[key]  # there may be more, and among them somebody who was matched long ago
            left -= min(left, len(behind))
        narrower = await _moved(tx, reader, under, common)
        await keys.empty(tx, common.keys() - shared.emptied - waiting.keys())
        asked = narrower | (waiting if left else {})


class _Under(defaultdict[int, set[UUID]]):
    """Who, of those met so far, may be filed under which key."""

    def add(self, id: UUID, held: Hashed) -> Hashed:
        for key in held:
            self[key].add(id)
        return held


async def _moved(tx: Transaction, reader: Reader, under: _Under, common: Hashed) -> Hashed:
    """Move each dossier from the common keys it is filed under; returns the keys some are under now."""
    found: Hashed = {}
    moves: list[tuple[Dossier, set[int]]] = []
    for each in (await dossiers.load(tx, {id for key in common for id in under[key]}, lock=True)).values():
        if left := {*each.keys} & common.keys():
            instead = _instead(tx, reader, each, (common[key] for key in left))
            moves.append((each, {*each.keys} - left | instead.keys()))
            found |= under.add(each.id, instead)
    await dossiers.rewrite(tx, await _filed(tx, moves))
    return found


def _instead(tx: Transaction, reader: Reader, dossier: Dossier, common: Iterable[Key]) -> Hashed:
    told = reader.told(dossier)
    return hashed(tx, (each for key in common for each in match_keys.filed_instead(key, told)))
