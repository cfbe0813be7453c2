"""Cosignatures: exactly this checkpoint, by this witness, at this time; and nobody's signature passes for another's."""

import base64
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.trust import checkpoint, cosignature, merkle, p256
from registry.trust.refusal import Reason, Refused

LOG, WITNESS, OTHER = (p256.fresh(Random(seed).randbytes) for seed in (1, 2, 3))
NAME, ORIGIN = "ombuds.example/w1", "almara.example/audit"
ROOT = merkle.leaf_hash(b"")
TEXT = checkpoint.issue(ORIGIN, 1, ROOT, LOG)
AT = datetime(2026, 11, 22, 6, 30, 5, tzinfo=UTC)
LINE = cosignature.issue(TEXT, NAME, WITNESS, at=AT)


def outcome(text: str, name: str = NAME, key: p256.Jwk = WITNESS) -> Reason | datetime:
    found = cosignature.verify(text, name, p256.public(key))
    return found.reason if isinstance(found, Refused) else found


def test_what_a_witness_cosigned_is_believed_with_its_time() -> None:
    assert outcome(TEXT + LINE) == AT


def test_the_signed_message_is_that_of_the_standard_and_the_signature_is_plain_es256() -> None:
    raw = base64.b64decode(LINE.split(" ")[2])
    assert len(raw) == 4 + 8 + 64
    body = TEXT.partition("\n\n")[0]
    message = f"cosignature/v1\ntime {int(AT.timestamp())}\n{body}\n".encode()
    assert p256.verify(p256.public(WITNESS), message, raw[12:])


def test_the_logs_own_signature_still_holds_below_any_number_of_cosignatures() -> None:
    second = cosignature.issue(TEXT, "un.example/w2", OTHER, at=AT)
    for text in (TEXT + LINE, TEXT + LINE + second, TEXT + second + LINE):
        assert checkpoint.verify(text, p256.public(LOG)) == checkpoint.Checkpoint(origin=ORIGIN, size=1, root=ROOT)
    known = {NAME: p256.public(WITNESS), "un.example/w2": p256.public(OTHER), "nobody.example": p256.public(LOG)}
    assert cosignature.witnesses(TEXT + LINE + second, known) == {NAME: AT, "un.example/w2": AT}


REFUSED = {
    "no cosignature at all": (TEXT, Reason.UNKNOWN_SIGNER),
    "under another checkpoint": (checkpoint.issue(ORIGIN, 2, ROOT, LOG) + LINE, Reason.BAD_SIGNATURE),
    "under another log": (checkpoint.issue("bektar.example/audit", 1, ROOT, LOG) + LINE, Reason.BAD_SIGNATURE),
    "one of two is false": (
        TEXT + LINE + checkpoint.line(NAME, base64.b64decode(LINE.split(" ")[2])[:-1] + b"\0"), Reason.BAD_SIGNATURE,
    ),
    "without its time": (
        TEXT + checkpoint.line(NAME, base64.b64decode(LINE.split(" ")[2])[:4] + bytes(64)), Reason.BAD_SIGNATURE,
    ),
    "no checkpoint": ("hello", Reason.MALFORMED),
}  # fmt: skip


@pytest.mark.parametrize(("text", "reason"), REFUSED.values(), ids=REFUSED)
def test_anything_else_is_refused(text: str, reason: Reason) -> None:
    assert outcome(text) is reason


def test_another_name_or_another_key_is_not_believed() -> None:
    assert outcome(TEXT + LINE, name="ombuds.example/w2") is Reason.UNKNOWN_SIGNER
    assert outcome(TEXT + LINE, key=OTHER) is Reason.UNKNOWN_SIGNER


def test_a_logs_signature_never_passes_for_a_cosignature_nor_the_other_way_round() -> None:
    as_log = checkpoint.issue(NAME, 1, ROOT, WITNESS)
    assert outcome(as_log) is Reason.UNKNOWN_SIGNER
    alone = f"{NAME}\n1\n{base64.b64encode(ROOT).decode()}\n\n"
    cosigned = alone + cosignature.issue(as_log, NAME, WITNESS, at=AT)
    assert checkpoint.verify(cosigned, p256.public(WITNESS)) == Refused(Reason.UNKNOWN_SIGNER)


def test_the_time_is_signed() -> None:
    raw = bytearray(base64.b64decode(LINE.split(" ")[2]))
    raw[11] ^= 1
    assert outcome(TEXT + checkpoint.line(NAME, bytes(raw))) is Reason.BAD_SIGNATURE
    again = cosignature.issue(TEXT, NAME, WITNESS, at=AT + timedelta(hours=1))
    assert outcome(TEXT + again + LINE) == AT, "the first time is when it was seen"


@pytest.mark.parametrize("name", ["", "two words", "a+b", "a\nb"])
def test_a_name_that_could_not_be_read_is_not_used(name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        cosignature.issue(TEXT, name, WITNESS, at=AT)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_cosigned_checkpoint_with_any_one_character_changed_is_refused_by_somebody(data: st.DataObject) -> None:
    text = TEXT + LINE
    at = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.sampled_from("ABab09+/=-. \n\t\0\u2014\u00e9").filter(lambda each: each != text[at]))
    changed = text[:at] + other + text[at + 1 :]
    log = checkpoint.verify(changed, p256.public(LOG))
    assert isinstance(log, Refused) or isinstance(outcome(changed), Reason)
