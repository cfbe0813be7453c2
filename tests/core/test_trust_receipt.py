"""A family's receipt: genuine or refused for a reason, by the keys one holds and nothing else."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.trust import checkpoint, cosignature, merkle, p256, receipt
from registry.trust.receipt import Believed, Proven, Receipt
from registry.trust.refusal import Reason, Refused

LOG, FIRST, SECOND, STRANGER = (p256.fresh(Random(seed).randbytes) for seed in (1, 2, 3, 4))
ORIGIN, AT = "almara.example/audit", datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
EVENTS: list[dict[str, Any]] = [
    {"action": "ask", "at": f"2026-11-{day:02}", "answer": "nothing"} for day in range(1, 12)
]
SALTS = [Random(day).randbytes(32) for day in range(11)]
LEAVES = [merkle.leaf_hash(receipt.commitment(salt, event)) for salt, event in zip(SALTS, EVENTS, strict=True)]
LOGS = {ORIGIN: [p256.public(LOG)]}
WITNESSES = {"ombuds.example": p256.public(FIRST), "un.example": p256.public(SECOND)}


def cosigned(size: int = 11, *, by: dict[str, p256.Jwk] | None = None, key: p256.Jwk = LOG) -> str:
    text = checkpoint.issue(ORIGIN, size, merkle.root(LEAVES[:size]), key)
    signers = {"ombuds.example": FIRST, "un.example": SECOND} if by is None else by
    return text + "".join(cosignature.issue(text, name, signer, at=AT) for name, signer in signers.items())


def proven(index: int, size: int = 11) -> Proven:
    path = tuple(merkle.inclusion_path(index, LEAVES[:size]))
    return Proven(event=EVENTS[index], salt=SALTS[index], index=index, path=path)


HELD = Receipt(text=cosigned(), entries=(proven(2), proven(7)))


def outcome(held: Receipt, *, quorum: int = 2) -> Reason | Believed:
    found = receipt.verify(held, LOGS, WITNESSES, quorum=quorum)
    return found.reason if isinstance(found, Refused) else found


def test_a_receipt_is_believed_with_the_time_each_witness_saw_it() -> None:
    found = outcome(HELD)
    assert isinstance(found, Believed)
    assert found.checkpoint.size == 11
    assert found.witnesses == dict.fromkeys(WITNESSES, AT)


def test_a_receipt_is_the_same_after_writing_and_reading() -> None:
    assert receipt.read(json.dumps(receipt.plain(HELD), indent=2).encode()) == HELD


def changed(**changes: Any) -> Receipt:
    return replace(HELD, entries=(replace(HELD.entries[0], **changes), HELD.entries[1]))


REFUSED: dict[str, tuple[Receipt, Reason]] = {
    "the answer is another": (changed(event={**EVENTS[2], "answer": "summary"}), Reason.NOT_INCLUDED),
    "a word is added to the event": (changed(event={**EVENTS[2], "x": 1}), Reason.NOT_INCLUDED),
    "another salt": (changed(salt=SALTS[3]), Reason.NOT_INCLUDED),
    "another place": (changed(index=3), Reason.NOT_INCLUDED),
    "the path of another": (changed(path=proven(3).path), Reason.NOT_INCLUDED),
    "no event at all": (replace(HELD, entries=()), Reason.NOT_INCLUDED),
    "under a checkpoint of another size": (replace(HELD, text=cosigned(10)), Reason.NOT_INCLUDED),
    "signed by a stranger": (replace(HELD, text=cosigned(key=STRANGER)), Reason.UNKNOWN_SIGNER),
    "seen by one witness only": (replace(HELD, text=cosigned(by={"un.example": SECOND})), Reason.UNWITNESSED),
    "seen by nobody": (replace(HELD, text=cosigned(by={})), Reason.UNWITNESSED),
    "seen by one, and a stranger in the other's name": (
        replace(HELD, text=cosigned(by={"ombuds.example": STRANGER, "un.example": SECOND})), Reason.UNWITNESSED,
    ),
    "not a checkpoint": (replace(HELD, text="hello"), Reason.MALFORMED),
    "a signature changed": (replace(HELD, text=HELD.text.replace("\n11\n", "\n12\n")), Reason.BAD_SIGNATURE),
}  # fmt: skip


@pytest.mark.parametrize(("held", "reason"), REFUSED.values(), ids=REFUSED)
def test_anything_else_is_refused(held: Receipt, reason: Reason) -> None:
    assert outcome(held) is reason


def test_whoever_trusts_no_witness_has_the_word_of_the_log_alone() -> None:
    found = receipt.verify(replace(HELD, text=cosigned(by={})), LOGS, {}, quorum=0)
    assert isinstance(found, Believed)
    assert found.witnesses == {}


BODY = json.dumps(receipt.plain(HELD)).encode()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        BODY.replace(b'"version": 1', b'"version": 2'),
        BODY.replace(b'"index": 2', b'"index": true'),
        BODY.replace(b'"index": 2', b'"index": "2"'),
        BODY.replace(b'"index": 2', b'"index": 2, "more": 1'),
        BODY.replace(b'"salt": "', b'"salt": "='),
        BODY.replace(b'"entries": [', b'"entries": [1, '),
        BODY + b"x",
    ],
)
def test_what_is_no_receipt_is_not_read(body: bytes) -> None:
    assert receipt.read(body) is None


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_receipt_with_any_one_byte_changed_is_refused_or_says_the_same(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(BODY) - 1))
    body = BODY[:at] + bytes([data.draw(st.integers(0, 255))]) + BODY[at + 1 :]
    held = receipt.read(body)
    found = outcome(held, quorum=1) if held else Reason.MALFORMED
    if isinstance(found, Believed) and held:
        assert [dict(each.event) for each in held.entries] == [dict(each.event) for each in HELD.entries]


# --- a later loss ----------------------------------------------------------------------------------


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_log_that_lost_or_changed_anything_before_a_receipt_cannot_continue_it(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 11))
    held = checkpoint.Checkpoint(origin=ORIGIN, size=size, root=merkle.root(LEAVES[:size]))
    later = [*LEAVES, *(merkle.leaf_hash(b"later %d" % number) for number in range(data.draw(st.integers(0, 9))))]
    at = data.draw(st.integers(0, size - 1))
    kind = data.draw(st.sampled_from(["nothing", "edit", "drop", "cut"]))
    history = {
        "nothing": later,
        "edit": [*later[:at], merkle.leaf_hash(b"other"), *later[at + 1 :]],
        "drop": [*later[:at], *later[at + 1 :]],
        "cut": later[:at],
    }[kind]
    newest = checkpoint.Checkpoint(origin=ORIGIN, size=len(history), root=merkle.root(history))
    path = merkle.consistency_path(size, history) if size <= len(history) else []
    assert receipt.continues(held, newest, path) is (kind == "nothing")


def test_another_logs_checkpoint_continues_nothing() -> None:
    here, there = (
        checkpoint.Checkpoint(origin=name, size=11, root=merkle.root(LEAVES)) for name in (ORIGIN, "b/audit")
    )
    assert receipt.continues(here, here, [])
    assert not receipt.continues(here, there, [])
