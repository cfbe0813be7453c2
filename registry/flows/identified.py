"""A summary in hand is an identification made earlier: it can tie a desk's record to the person it was about."""

from __future__ import annotations

import uuid
from uuid import UUID

import orjson

from registry.errors import BadInput
from registry.flows import decide, linking, people, publish, verify
from registry.flows.opening import Registry
from registry.flows.organisations import Caller
from registry.flows.reader import Reader
from registry.store import dossiers, keys, releases
from registry.store.database import Transaction
from registry.store.dossiers import Dossier
from registry.store.judgements import StoredJudgement
from registry.trust import signing, status, trustlist


async def join(tx: Transaction, registry: Registry, caller: Caller, *, local: str, summary: str) -> None:
    """Link the desk's dossier with the person of a summary this registry gave to this very desk.

    Raises BadInput for any other summary and for a withdrawn one: the desk's record is then not stored either, and
    it can be sent without. Where the child described does not fit the summary the record stays by itself, in
    silence, for matching to place: an answer would let a desk guess what the registry knows.
    """
    anchor = await _anchor(tx, registry, caller, summary)
    own = await keys.only(tx, keys.index_hash(tx, "person", caller.name, local))
    if own is None or anchor is None:
        raise BadInput("the summary is not one you can use", where="summary", remedy="leave it out")
    pair = await dossiers.load(tx, [own, anchor], lock=True)
    if pair[own].person == pair[anchor].person:
        return
    if not await _is_one_child(tx, registry, pair[own], pair[anchor]):
        return
    judgement = StoredJudgement(
        id=uuid.uuid4(),  # noqa: TID251
        left=own,
        right=anchor,
        kind="link",
        by=f"rule:summary-of:{caller.name}",
        at=registry.now(),
        evidence={"words": ["the desk held a summary about this person when it recorded"]},
    )
    if await linking.record(tx, registry, judgement):
        await decide.again(tx, registry, (await dossiers.load(tx, [own]))[own].members)


async def _is_one_child(tx: Transaction, registry: Registry, own: Dossier, anchor: Dossier) -> bool:
    """Whether what the desk says, now and with this number before, may be of the child of the summary.

    The sister's paper in hand must not write into the sister's record, nor one number join two children.
    """
    reader, weights = Reader(), registry.library.weights
    child = (await dossiers.load(tx, anchor.members)).values()
    ours = (await dossiers.load(tx, own.members)).values()
    return all(people.fits(reader, reader.told(each), child, weights) for each in ours if each.about is not None)


async def _anchor(tx: Transaction, registry: Registry, caller: Caller, summary: str) -> UUID | None:
    """The dossier a summary is anchored in, if it is ours, valid and was given to this caller."""
    trust = trustlist.read({"own": orjson.dumps(publish.trust_file(registry))})
    verified = signing.verify(summary, trust, typ=verify.SUMMARY, now=registry.now())
    if not isinstance(verified, signing.Verified) or verified.payload.get("aud") != caller.name:
        return None
    pointer = status.pointer(verified.payload)
    if pointer is None or pointer.index in await releases.revoked(tx):
        return None
    return await keys.only(tx, keys.index_hash(tx, "release", str(verified.payload.get("jti"))))
