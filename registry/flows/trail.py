"""The audit trail: what happened, in one vocabulary, and the sequencer that makes it provable.

An event names the asker by name, kind and country; who may read which part of it is decided when it is shown.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from registry.flows.opening import Registry
from registry.flows.organisations import Caller
from registry.store import audit, tree
from registry.store.audit import Entry
from registry.store.database import Transaction
from registry.store.functions import Function
from registry.trust import checkpoint, cosignature, history, merkle, p256
from registry.trust.checkpoint import Checkpoint
from registry.trust.history import Claim
from registry.trust.refusal import Refused

WITNESS = "the witness "
"""How the word of a witness is named among claims; its name follows."""

FAMILY_ACTS = frozenset(
    {
        *("consent-withdrawn", "record-contested", "dispute-ended", "erasure-cancelled", "complaint-filed"),
        *("trail-shown", "receipt-given", "records-shown", "standing-shown"),
    }
)
"""What a family does itself, with its card or the number it was given."""

LOOKS = frozenset(
    {
        *("trail-shown", "receipt-given", "records-shown", "standing-shown", "paper-signed"),
        *("complaints-shown", "audit-read", "emergencies-shown", "alerts-shown", "attendance-listed"),
        "held-twice-shown",
    }
)
"""What only reads: the family itself, a desk or a source its own records, the ombudsperson. Each names the digest of
its answer."""

SHOWN = (FAMILY_ACTS - LOOKS) | {
    *("ask", "family-opened", "card-replaced", "consent-given", "review-shown", "review-decided"),
    *("record-corrected", "erasure-asked", "complaint-acknowledged", "complaint-decided", "audit-read"),
    *("emergency", "emergency-reviewed", "attendance-asked", "attendance-answered", "attendance-told"),
}
"""What a family reads in its trail: who asked, looked or decided; not the registry's own work of linking, not
that it read this before, and not that a desk read its own records."""


async def write(
    tx: Transaction, registry: Registry, about: UUID, action: str, caller: Caller | None, **details: Any
) -> Entry:
    """Write one event about a dossier: `action` such as `ask`, `consent-given`, `ingest`, `match`."""
    event = {"action": action, "at": registry.now().isoformat(), **_asker(action, caller), **details}
    return await audit.write(tx, about, event, today=registry.today())


def digest(answer: str | Mapping[str, Any] | Sequence[Any]) -> str:
    """The SHA-256 of an answer that holds something of a person: its entry says by it which bytes left.

    Of what is answered as JSON its fields in order, moments as the service writes them.
    """
    option = orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z
    body = answer.encode() if isinstance(answer, str) else orjson.dumps(answer, option=option)
    return hashlib.sha256(body).hexdigest()


def _asker(action: str, caller: Caller | None) -> Mapping[str, str]:
    if caller is None:  # the family with its card, or the registry itself
        return {"organisation": "", "kind": "family" if action in FAMILY_ACTS else "registry"}
    return {"organisation": caller.name, "kind": caller.kind.value, "country": caller.country}


async def sequence(registry: Registry) -> int:
    """Place the leaves written since the last checkpoint and sign a new one; returns how many were placed."""
    async with registry.database.transaction(Function.SEQUENCE) as tx:
        pending = await audit.take_pending(tx)
        if not pending:
            return 0
        newest = await audit.last_checkpoint(tx)
        before = _frontier(newest[0], newest[2]) if newest else merkle.Frontier()
        frontier = before.extend(merkle.leaf_hash(commitment) for _, commitment in pending)
        await audit.place(tx, [leaf for leaf, _ in pending], start=before.size)
        key = registry.database.keyring.audit_key
        text = checkpoint.issue(origin(registry), frontier.size, frontier.root, key)
        await audit.record_checkpoint(tx, frontier.size, text, b"".join(frontier.peaks))
        await tree.complete(tx, frontier.size)
        return len(pending)


def _frontier(size: int, peaks: bytes) -> merkle.Frontier:
    width = merkle.HASH_BYTES
    return merkle.Frontier(size, tuple(peaks[at : at + width] for at in range(0, len(peaks), width)))


def origin(registry: Registry) -> str:
    """The name of the log in its checkpoints."""
    return registry.settings.issuer.removeprefix("https://") + "/audit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What `audit verify` found: sizes, and every contradiction in words.

    `seen`: how many leaves each witness has cosigned; `witnessed`: how many of them enough witnesses have.
    """

    leaves: int
    checkpoints: int
    details_checked: int
    pending: int
    problems: tuple[str, ...]
    seen: Mapping[str, int] = field(default_factory=dict[str, int])
    witnessed: int = 0

    @property
    def holds(self) -> bool:
        return not self.problems


async def verify(
    registry: Registry, *, witnesses: Mapping[str, p256.Jwk] | None = None, claims: Sequence[Claim] = ()
) -> Proof:
    """Prove the log consistent with every checkpoint, and every readable event with its leaf.

    `witnesses` are the keys of those whose cosignatures are believed; `claims` what others than the database say
    the log was: the memory of witnesses, the receipts of families.
    """
    async with registry.database.transaction(Function.AUDIT, snapshot=True) as tx:
        return await examine(tx, registry, witnesses=witnesses or {}, claims=claims)


async def examine(
    tx: Transaction, registry: Registry, *, witnesses: Mapping[str, p256.Jwk], claims: Sequence[Claim]
) -> Proof:
    """As `verify`, in a transaction that is open already."""
    placed, unplaced = await audit.sequenced(tx), await audit.unplaced(tx)
    signed, details = await audit.checkpoints(tx), await audit.entries(tx)
    cosigned = _cosigned(dict(signed), await audit.cosignatures(tx), witnesses)
    believed = _believed(registry, signed)
    hashes = [merkle.leaf_hash(commitment or b"") for _, _, commitment in placed]
    commitments = {leaf: commitment for _, leaf, commitment in placed}
    known = commitments | {leaf: commitment for leaf, commitment, _ in unplaced}
    seen = _seen(cosigned, claims, witnesses)
    problems = [
        *_gaps(placed),
        *(problem for problem in believed.values() if isinstance(problem, str)),
        *history.contradictions(hashes, [*(each for each in believed.values() if isinstance(each, Claim)), *claims]),
        *_uncovered(len(hashes), [size for size, each in believed.items() if isinstance(each, Claim)]),
        *(problem for _, _, problem in cosigned if problem),
        *_unwitnessed(seen, witnesses, len(signed)),
        *_lost(unplaced, details, known),
        *_altered(details, known),
        *_hidden(*await audit.count(tx)),
    ]
    return Proof(
        leaves=len(placed),
        checkpoints=len(signed),
        details_checked=len(details),
        pending=sum(is_waiting for _, _, is_waiting in unplaced),
        problems=tuple(problems),
        seen=seen,
        witnessed=history.witnessed(seen, quorum(witnesses)),
    )


QUORUM = 2
"""So many witnesses must have cosigned (all of them where fewer are known): one alone could side with the log."""


def quorum(witnesses: Mapping[str, p256.Jwk]) -> int:
    """How many of these witnesses must have cosigned."""
    return min(QUORUM, len(witnesses))


def _gaps(placed: Iterable[tuple[int, UUID, bytes | None]]) -> Iterable[str]:
    for expected, (position, _, commitment) in enumerate(placed):
        if position != expected:
            yield f"position {expected} of the log is missing"
            return
        if commitment is None:
            yield f"the leaf at position {position} was removed"


def _believed(registry: Registry, signed: Iterable[tuple[int, str]]) -> dict[int, Claim | str]:
    """What each stored checkpoint says, or why it is not believed."""
    key = p256.public(registry.database.keyring.audit_key)
    return {size: _read(checkpoint.verify(text, key), origin(registry), size) for size, text in signed}


def _read(verified: Checkpoint | Refused, origin: str, size: int) -> Claim | str:
    if not isinstance(verified, Checkpoint) or (verified.origin, verified.size) != (origin, size):
        return f"the checkpoint of size {size} carries no valid signature of this registry"
    return Claim(size=size, root=verified.root)


def _uncovered(leaves: int, sizes: Iterable[int]) -> Iterable[str]:
    beyond = leaves - max((size for size in sizes if size <= leaves), default=0)
    if beyond:
        yield f"{beyond} placed leaves are under no checkpoint"


def _cosigned(
    signed: Mapping[int, str], lines: Iterable[tuple[int, str, str]], witnesses: Mapping[str, p256.Jwk]
) -> list[tuple[str, int, str]]:
    """Witness and size of each stored cosignature, and what is wrong with it; those of strangers are passed over."""
    known = [(name, size, line) for size, name, line in lines if name in witnesses]
    held = [
        (name, size, cosignature.verify(signed.get(size, "") + line, name, witnesses[name]))
        for name, size, line in known
    ]
    words = "the cosignature of the witness {} for size {} fits no checkpoint of the log"
    return [(name, size, words.format(name, size) if isinstance(at, Refused) else "") for name, size, at in held]


def _seen(
    cosigned: Iterable[tuple[str, int, str]], claims: Iterable[Claim], witnesses: Mapping[str, p256.Jwk]
) -> dict[str, int]:
    """The largest size each witness cosigned, by what is stored and by what it remembers itself."""
    sizes = [(name, size) for name, size, problem in cosigned if not problem]
    sizes += [(each.by.removeprefix(WITNESS), each.size) for each in claims if each.by.startswith(WITNESS)]
    return {name: max((size for witness, size in sizes if witness == name), default=0) for name in witnesses}


def _unwitnessed(seen: Mapping[str, int], witnesses: Mapping[str, p256.Jwk], checkpoints: int) -> Iterable[str]:
    if checkpoints and witnesses and not history.witnessed(seen, quorum(witnesses)):
        yield f"fewer than {quorum(witnesses)} witnesses have cosigned anything of the log"


def _lost(
    unplaced: Iterable[tuple[UUID, bytes, bool]], details: Iterable[Entry], known: Mapping[UUID, bytes | None]
) -> Iterable[str]:
    """What no checkpoint will ever cover. A log cut together with its checkpoint leaves its events behind."""
    stranded = sum(not is_waiting for _, _, is_waiting in unplaced)
    if stranded:
        yield f"{stranded} leaves are neither in the log nor waiting for their place"
    leafless = sum(each.leaf not in known for each in details)
    if leafless:
        yield f"{leafless} events have no leaf"


def _altered(details: Iterable[Entry], commitments: Mapping[UUID, bytes | None]) -> Iterable[str]:
    for entry in details:
        known = commitments.get(entry.leaf)
        if known is not None and known != entry.commitment:
            # The leaf id is random; the digest lets an ombudsperson name the entry without reading it.
            yield f"an event does not match its leaf ({hashlib.sha256(entry.leaf.bytes).hexdigest()[:12]})"


def _hidden(leaves: int, events: int) -> Iterable[str]:
    """Erasing destroys keys and leaves the rows; a row that is gone was taken away to hide who asked."""
    if events < leaves:
        yield f"{leaves - events} leaves have no event, readable or not"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a family's own trail; `organisation` only where its own consent named it."""

    at: datetime
    action: str
    kind: str
    organisation: str | None
    purpose: str | None
    domain: str | None
    answer: str | None


def plain(line: Line) -> dict[str, Any]:
    """A line as JSON holds it."""
    return {**asdict(line), "at": line.at.isoformat()}


def shown_to_family(entries: Iterable[Entry], *, own: frozenset[str], named: frozenset[str]) -> tuple[Line, ...]:
    """What a family sees of its trail: `own` are the ids of its consents, `named` whom it ever said yes to.

    Names and the hour only of what its own consents are about; otherwise kind, purpose and day, so that a trail does
    not lead a second guardian to the child.
    """
    lines = [_line(each.event, own, named) for each in entries if each.event["action"] in SHOWN]
    return tuple(sorted(lines, key=lambda each: each.at))


def is_own(event: Mapping[str, Any], own: frozenset[str], named: frozenset[str]) -> bool:
    """Whether a family may have an event whole, on a receipt: nothing in it is about another family's consent."""
    return event["action"] in SHOWN and _is_known(event, own, named) and own.issuperset(_basis(event))


def _is_known(event: Mapping[str, Any], own: frozenset[str], named: frozenset[str]) -> bool:
    return (event["action"] == "ask" and event["organisation"] in named) or event.get("consent") in own


def _basis(event: Mapping[str, Any]) -> Iterable[str]:
    return [consent for consent, _ in event.get("basis", ())]


def _line(event: Mapping[str, Any], own: frozenset[str], named: frozenset[str]) -> Line:
    known = _is_known(event, own, named)
    at = datetime.fromisoformat(event["at"])
    return Line(
        at=at if known else at.replace(hour=0, minute=0, second=0, microsecond=0),
        action=event["action"],
        kind=event["kind"],
        # Break-glass names the organisation after review (disclosure.md, "Audit views").
        organisation=event["organisation"] if known else event.get("named"),
        purpose=event.get("purpose"),
        domain=event.get("domain"),
        answer=event.get("answer"),
    )
