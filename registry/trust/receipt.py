"""A family's receipt: these events are in the audit log, provably, without asking anybody.

Each event comes with the salt of its leaf and the path to the root of a checkpoint that witnesses cosigned. Whoever
holds a receipt holds that checkpoint: a log that loses or changes anything before it cannot be made to agree.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

import orjson

from registry.trust import checkpoint, cosignature, encoding, merkle, p256
from registry.trust.checkpoint import Checkpoint
from registry.trust.refusal import Reason, Refused

TYPE = "continuity-audit-receipt"
_VERSION = 1
_MEMBERS = {"type", "version", "checkpoint", "entries"}
_ENTRY = {"event", "salt", "index", "path"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Proven:
    """One event with what proves its place in the log."""

    event: Mapping[str, Any]
    salt: bytes = field(repr=False)
    index: int
    path: tuple[bytes, ...] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Events under one checkpoint; `text` is the checkpoint with its signatures."""

    text: str = field(repr=False)
    entries: tuple[Proven, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Believed:
    """A receipt that holds: the checkpoint, and when which witness cosigned it."""

    checkpoint: Checkpoint
    witnesses: Mapping[str, datetime]


def commitment(salt: bytes, event: Mapping[str, Any]) -> bytes:
    """The salted hash that enters the tree; keys are sorted, so that equal events hash alike."""
    return hashlib.sha256(salt + orjson.dumps(dict(event), option=orjson.OPT_SORT_KEYS)).digest()


def plain(receipt: Receipt) -> dict[str, Any]:
    """The receipt as JSON holds it."""
    return {
        "type": TYPE,
        "version": _VERSION,
        "checkpoint": receipt.text,
        "entries": [
            {
                "event": dict(each.event),
                "salt": encoding.to_base64url(each.salt),
                "index": each.index,
                "path": [encoding.to_base64url(hash) for hash in each.path],
            }
            for each in receipt.entries
        ],
    }


def read(body: bytes) -> Receipt | None:
    """Read what `plain` wrote as JSON; None for anything else."""
    content = encoding.json_object(body)
    if content is None or {*content} != _MEMBERS or (content["type"], content["version"]) != (TYPE, _VERSION):
        return None
    text, entries = content["checkpoint"], content["entries"]
    if not isinstance(text, str) or not isinstance(entries, list):
        return None
    proven = [_entry(each) for each in cast("list[object]", entries)]
    whole = tuple(each for each in proven if each)
    return Receipt(text=text, entries=whole) if len(whole) == len(proven) else None


def _entry(content: object) -> Proven | None:
    if not isinstance(content, dict):
        return None
    members = cast("dict[str, Any]", content)
    event, salt, index, path = (members.get(name) for name in ("event", "salt", "index", "path"))
    if {*members} != _ENTRY or not isinstance(event, dict) or type(index) is not int or not isinstance(path, list):
        return None
    raw = [_bytes(each) for each in (salt, *cast("list[object]", path))]
    known = [each for each in raw if each is not None]
    if len(known) != len(raw):
        return None
    return Proven(event=cast("dict[str, Any]", event), salt=known[0], index=index, path=tuple(known[1:]))


def _bytes(text: object) -> bytes | None:
    return encoding.from_base64url(text) if isinstance(text, str) else None


def verify(
    receipt: Receipt, logs: Mapping[str, Iterable[p256.Jwk]], witnesses: Mapping[str, p256.Jwk], *, quorum: int
) -> Believed | Refused:
    """Believe a receipt by the keys of the logs and witnesses one trusts, or say why not. Works without a network."""
    note = checkpoint.note(receipt.text)
    if isinstance(note, Reason):
        return Refused(note)
    signed = [checkpoint.verify(receipt.text, key) for key in logs.get(note.checkpoint.origin, ())]
    if not any(isinstance(each, Checkpoint) for each in signed):
        false = Refused(Reason.BAD_SIGNATURE)
        return false if false in signed else Refused(Reason.UNKNOWN_SIGNER)
    if not receipt.entries or not all(_is_in(each, note.checkpoint) for each in receipt.entries):
        return Refused(Reason.NOT_INCLUDED)
    seen = cosignature.witnesses(receipt.text, witnesses)
    if len(seen) < quorum:
        return Refused(Reason.UNWITNESSED)
    return Believed(checkpoint=note.checkpoint, witnesses=seen)


def _is_in(each: Proven, under: Checkpoint) -> bool:
    leaf = merkle.leaf_hash(commitment(each.salt, each.event))
    return merkle.verify_inclusion(leaf, each.index, under.size, each.path, under.root)


def continues(receipt: Checkpoint, later: Checkpoint, path: Iterable[bytes]) -> bool:
    """Whether a later checkpoint of the same log still has everything the receipt's checkpoint had."""
    is_same_log = receipt.origin == later.origin
    return is_same_log and merkle.verify_consistency(receipt.size, later.size, [*path], receipt.root, later.root)
