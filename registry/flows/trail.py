"""The audit trail: what happened, in one vocabulary, and the sequencer that makes it provable.

An event names the asker by name, kind and country; who may read which part of it is decided when it is shown.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from registry.flows.opening import Registry
from registry.flows.organisations import Caller
from registry.store import audit
from registry.store.audit import Entry
from registry.store.database import Transaction
from registry.trust import checkpoint, merkle, p256

FAMILY_ACTS = frozenset(
    {"consent-withdrawn", "record-contested", "dispute-ended", "erasure-cancelled", "complaint-filed"}
)
SHOWN = FAMILY_ACTS | {
    *("ask", "family-opened", "consent-given", "review-shown", "review-decided", "record-corrected", "erasure-asked"),
    *("complaint-acknowledged", "complaint-decided", "audit-read", "emergency", "emergency-reviewed"),
}
"""What a family reads in its trail: who asked, looked or decided; not the registry's own work of linking."""


async def write(
    tx: Transaction, registry: Registry, about: UUID, action: str, caller: Caller | None, **details: Any
) -> Entry:
    """Write one event about a dossier: `action` such as `ask`, `consent-given`, `ingest`, `match`."""
    event = {"action": action, "at": registry.now().isoformat(), **_asker(action, caller), **details}
    return await audit.write(tx, about, event, today=registry.today())


def _asker(action: str, caller: Caller | None) -> Mapping[str, str]:
    if caller is None:  # the family with its card, or the registry itself
        return {"organisation": "", "kind": "family" if action in FAMILY_ACTS else "registry"}
    return {"organisation": caller.name, "kind": caller.kind.value, "country": caller.country}


async def sequence(registry: Registry) -> int:
    """Place the leaves written since the last checkpoint and sign a new one; returns how many were placed."""
    async with registry.database.transaction() as tx:
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
        return len(pending)


def _frontier(size: int, peaks: bytes) -> merkle.Frontier:
    width = merkle.HASH_BYTES
    return merkle.Frontier(size, tuple(peaks[at : at + width] for at in range(0, len(peaks), width)))


def origin(registry: Registry) -> str:
    """The name of the log in its checkpoints."""
    return registry.settings.issuer.removeprefix("https://") + "/audit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What `audit verify` found: sizes, and every contradiction in words."""

    leaves: int
    checkpoints: int
    details_checked: int
    pending: int
    problems: tuple[str, ...]

    @property
    def holds(self) -> bool:
        return not self.problems


async def verify(registry: Registry) -> Proof:
    """Prove the log consistent with every signed checkpoint, and every readable event with its leaf."""
    async with registry.database.transaction(snapshot=True) as tx:
        placed = await audit.sequenced(tx)
        unplaced = await audit.unplaced(tx)
        signed = await audit.checkpoints(tx)
        details = await audit.entries(tx)
    commitments = {leaf: commitment for _, leaf, commitment in placed}
    known = commitments | {leaf: commitment for leaf, commitment, _ in unplaced}
    problems = [
        *_gaps(placed),
        *_contradictions(registry, [each for _, _, each in placed], signed),
        *_lost(unplaced, details, known),
        *_altered(details, known),
    ]
    return Proof(
        leaves=len(placed),
        checkpoints=len(signed),
        details_checked=len(details),
        pending=sum(is_waiting for _, _, is_waiting in unplaced),
        problems=tuple(problems),
    )


def _gaps(placed: Iterable[tuple[int, UUID, bytes | None]]) -> Iterable[str]:
    for expected, (position, _, commitment) in enumerate(placed):
        if position != expected:
            yield f"position {expected} of the log is missing"
            return
        if commitment is None:
            yield f"the leaf at position {position} was removed"


def _contradictions(
    registry: Registry, commitments: list[bytes | None], signed: Iterable[tuple[int, str]]
) -> Iterable[str]:
    key = p256.public(registry.database.keyring.audit_key)
    frontier = merkle.Frontier()
    for size, text in signed:
        verified = checkpoint.verify(text, key)
        if not isinstance(verified, checkpoint.Checkpoint) or _named(verified) != (origin(registry), size):
            yield f"the checkpoint of size {size} carries no valid signature of this registry"
            continue
        if size > len(commitments):
            yield f"the log was cut: a checkpoint covers {size} leaves, {len(commitments)} are left"
            continue
        new = commitments[frontier.size : size]
        frontier = frontier.extend(merkle.leaf_hash(commitment or b"") for commitment in new)
        if frontier.root != verified.root:
            yield f"the log differs from the signed checkpoint of size {size}"
    if len(commitments) > frontier.size:
        yield f"{len(commitments) - frontier.size} placed leaves are under no checkpoint"


def _named(verified: checkpoint.Checkpoint) -> tuple[str, int]:
    return verified.origin, verified.size


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


def shown_to_family(entries: Iterable[Entry], *, own: frozenset[str], named: frozenset[str]) -> tuple[Line, ...]:
    """What a family sees of its trail: `own` are the ids of its consents, `named` whom it ever said yes to.

    Names and the hour only of what its own consents are about; otherwise kind, purpose and day, so that a trail does
    not lead a second guardian to the child.
    """
    lines = [_line(each.event, own, named) for each in entries if each.event["action"] in SHOWN]
    return tuple(sorted(lines, key=lambda each: each.at))


def _line(event: Mapping[str, Any], own: frozenset[str], named: frozenset[str]) -> Line:
    is_asked = event["action"] == "ask" and event["organisation"] in named
    known = is_asked or event.get("consent") in own
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
