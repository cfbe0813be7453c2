"""A summary in hand is an identification made earlier: it can tie a desk's record to the person it was about."""

from __future__ import annotations

import uuid
from uuid import UUID

import orjson

from registry.errors import BadInput
from registry.flows import linking, publish, verify
from registry.flows.opening import Registry
from registry.flows.organisations import Caller
from registry.store import dossiers, keys
from registry.store.database import Transaction
from registry.store.judgements import StoredJudgement
from registry.trust import signing, trustlist


async def join(tx: Transaction, registry: Registry, caller: Caller, *, local: str, summary: str) -> None:
    """Link the desk's dossier with the person of a summary this registry gave to this very desk.

    Raises BadInput for any other summary: the desk's record is then not stored either, and it can be sent without.
    """
    anchor = await _anchor(tx, registry, caller, summary)
    own = await keys.only(tx, keys.index_hash(tx, "person", caller.name, local))
    if own is None or anchor is None:
        raise BadInput("the summary is not one this registry gave to you", where="summary", remedy="leave it out")
    pair = await dossiers.load(tx, [own, anchor], lock=True)
    if pair[own].person == pair[anchor].person:
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
    await linking.record(tx, registry, judgement)


async def _anchor(tx: Transaction, registry: Registry, caller: Caller, summary: str) -> UUID | None:
    """The dossier a summary is anchored in, if it is ours, valid and was given to this caller."""
    trust = trustlist.read({"own": orjson.dumps(publish.trust_file(registry))})
    verified = signing.verify(summary, trust, typ=verify.SUMMARY, now=registry.now())
    if not isinstance(verified, signing.Verified) or verified.payload.get("aud") != caller.name:
        return None
    return await keys.only(tx, keys.index_hash(tx, "release", str(verified.payload.get("jti"))))
