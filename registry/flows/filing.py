"""Under which match keys dossiers are filed.

On arrival under every key of what they say. A key that too many share gives way, once the matcher meets it: whoever
is filed there moves to narrower keys, each with one more fact. A note stays under it, by which everybody who asks for
it knows to ask for the narrower ones too. So reading stays bounded by key, and nobody is dropped who shares one fact
more. What arrives later is filed under the key as ever, and moves when it is matched.
"""

from __future__ import annotations

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
    met = {each.id for each in of}
    asked: Hashed = {key: each for held in of for key, each in hashed(tx, match_keys.stored(reader.told(held))).items()}
    emptied: set[int] = set()
    while asked:
        shared = await keys.shared(tx, asked)
        common = {key: asked[key] for key in shared.common if match_keys.gives_way(asked[key])}
        fresh = common.keys() - shared.gave_way
        await keys.give_way(tx, fresh)
        emptied |= fresh
        arriving = {id for key in emptied & common.keys() for id in shared.dossiers[key]} - met
        met |= arriving
        narrower = await _moved(tx, reader, met, common)
        # Behind those that were read there may be more, and among them somebody who was matched long ago.
        asked = narrower | {key: common[key] for key in emptied & common.keys() if arriving}


async def _moved(tx: Transaction, reader: Reader, ids: Iterable[UUID], common: Hashed) -> Hashed:
    """Move each of these dossiers from the common keys it is filed under; returns the keys some are under now."""
    if not common:
        return {}
    held = (await dossiers.load(tx, ids, lock=True)).values()
    found: dict[int, Key] = {}
    under: list[tuple[Dossier, set[int]]] = []
    for each in held:
        if left := {*each.keys} & common.keys():
            instead = _instead(tx, reader, each, (common[key] for key in left))
            under.append((each, {*each.keys} - left | instead.keys()))
            found |= instead
    await dossiers.rewrite(tx, await _filed(tx, under))
    return found


def _instead(tx: Transaction, reader: Reader, dossier: Dossier, common: Iterable[Key]) -> Hashed:
    told = reader.told(dossier)
    return hashed(tx, (each for key in common for each in match_keys.filed_instead(key, told)))
