"""What the audit log proves to others: to a family that its events are in it, to anybody that it only grew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import httpx

from registry.errors import BadInput, Unavailable, UnknownName
from registry.flows import cosigning, rights, trail
from registry.flows.opening import Registry
from registry.store import audit, tree
from registry.store.audit import Entry
from registry.store.database import Transaction
from registry.trust import checkpoint, encoding, merkle, p256, receipt
from registry.trust.checkpoint import Checkpoint
from registry.trust.history import Claim
from registry.trust.receipt import Proven, Receipt


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A receipt, and how many of the family's events are not covered by a witnessed checkpoint yet."""

    receipt: Receipt
    waiting: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """The newest checkpoint with its cosignatures, and the path that proves it to continue an older size."""

    text: str
    path: tuple[bytes, ...] = field(repr=False)


async def for_family(registry: Registry, card: str) -> Given:
    """A receipt for the events a family may read in full: what it decided, and the questions of those it named.

    Raises UnknownName for a card nobody holds, and while nothing of the family is in a witnessed checkpoint.
    """
    async with registry.database.transaction() as tx:
        own = await rights.own_events(tx, card)
        told = [each for each in own.entries if trail.is_own(each.event, own.consents, own.named)]
        size, text = await _covering(tx, cosigning.keys(cosigning.configured(registry.settings)))
        places = await audit.places(tx, [each.leaf for each in told])
        covered = [each for each in told if places.get(each.leaf, size) < size]
        if not covered:
            raise UnknownName("nothing of this family is in a witnessed checkpoint yet", remedy="ask again in a minute")
        proven = [await _proven(tx, each, places[each.leaf], size, text) for each in covered]
        given = Receipt(text=text, entries=tuple(proven))
        await trail.write(tx, registry, own.family, "receipt-given", None, digest=trail.digest(receipt.plain(given)))
    return Given(receipt=given, waiting=len(told) - len(covered))


async def _covering(tx: Transaction, witnesses: Mapping[str, p256.Jwk]) -> tuple[int, str]:
    """Size and text of the newest checkpoint that enough witnesses cosigned; of the newest where there are none."""
    newest = await audit.last_cosigned(tx, list(witnesses), trail.quorum(witnesses))
    if newest is None:
        return 0, ""
    size, text = newest
    return size, text + "".join([line for at, _, line in await audit.cosignatures(tx, since=size) if at == size])


async def _proven(tx: Transaction, entry: Entry, index: int, size: int, text: str) -> Proven:
    path = await tree.hashes(tx, merkle.inclusion_ranges(index, size))
    note, leaf = checkpoint.note(text), merkle.leaf_hash(entry.commitment)
    root = note.checkpoint.root if isinstance(note, checkpoint.Note) else b""
    if not merkle.verify_inclusion(leaf, index, size, path, root):
        raise _broken()
    return Proven(event=entry.event, salt=entry.salt, index=index, path=tuple(path))


def _broken() -> Unavailable:
    return Unavailable(
        "the audit log does not agree with its own checkpoints", remedy="tell the ombudsperson; continuity audit verify"
    )


async def growth(registry: Registry, older: int) -> Growth:
    """Prove that the log only added to its first `older` leaves. Raises UnknownName for a size it never had."""
    async with registry.database.transaction(snapshot=True) as tx:
        newest = await audit.last_checkpoint(tx)
        if newest is None or not 0 <= older <= newest[0]:
            raise UnknownName("the audit log has no checkpoint of this size or a greater one", where="size")
        size, text, _ = newest
        path = await tree.hashes(tx, merkle.consistency_ranges(older, size))
        lines = [line for _, _, line in await audit.cosignatures(tx, since=size)]
    return Growth(text=text + "".join(lines), path=tuple(path))


def claims(registry: Registry, receipts: Mapping[str, bytes]) -> Sequence[Claim]:
    """What receipts, given by the names of their files, say the log was. Raises BadInput for one it never signed."""
    return [_claim(registry, name, body) for name, body in receipts.items()]


def _claim(registry: Registry, name: str, body: bytes) -> Claim:
    held = receipt.read(body)
    key = p256.public(registry.database.keyring.audit_key)
    said = checkpoint.verify(held.text, key) if held else None
    if not isinstance(said, Checkpoint) or said.origin != trail.origin(registry):
        raise BadInput("this is no receipt that this registry's log signed", where=name)
    return Claim(size=said.size, root=said.root, by=f"the receipt {name}")


async def grown(http: httpx.AsyncClient, address: str, older: int) -> Growth:
    """Ask a registry to prove that its log continues an older size. Raises Unavailable when it does not answer.

    A registry that answers but cannot prove it is not unavailable: then the path is empty and proves nothing.
    """
    try:
        answered = await http.get(f"{address.rstrip('/')}/audit/growth", params={"size": older})
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Unavailable(
            f"the registry did not answer ({type(error).__name__})", where=address, remedy="try again later"
        ) from None
    content = encoding.json_object(answered.content[:_MOST_BYTES]) or {}
    hashes = [encoding.from_base64url(str(each)) for each in content.get("path", ())]
    return Growth(text=str(content.get("checkpoint", "")), path=tuple(each for each in hashes if each))


_MOST_BYTES = 2 * checkpoint.MAX_CHARACTERS
