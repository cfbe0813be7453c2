"""Checkpoints: exactly what was signed, by the key that was meant, in the one form it can be written in."""

import base64
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.trust import checkpoint, merkle, p256
from registry.trust.refusal import Reason, Refused

KEY, OTHER_KEY = (p256.fresh(Random(seed).randbytes) for seed in (1, 2))
PUBLIC = p256.public(KEY)
ORIGIN = "almara.example/registry/audit"
ROOT = merkle.leaf_hash(b"")
TEXT = checkpoint.issue(ORIGIN, 1, ROOT, KEY)
BODY, _, LINE = TEXT.partition("\n\n")


def _outcome(text: str, key: p256.Jwk = PUBLIC) -> Reason | None:
    outcome = checkpoint.verify(text, key)
    return outcome.reason if isinstance(outcome, Refused) else None


@pytest.mark.parametrize("size", [1, 9, 10, 20852163, 2**62])
def test_what_is_issued_is_believed(size: int) -> None:
    text = checkpoint.issue(ORIGIN, size, ROOT, KEY)
    assert checkpoint.verify(text, PUBLIC) == checkpoint.Checkpoint(origin=ORIGIN, size=size, root=ROOT)


def test_an_empty_log_has_a_checkpoint() -> None:
    text = checkpoint.issue(ORIGIN, 0, merkle.EMPTY_ROOT, KEY)
    assert checkpoint.verify(text, PUBLIC) == checkpoint.Checkpoint(origin=ORIGIN, size=0, root=merkle.EMPTY_ROOT)


def test_a_checkpoint_is_three_lines_a_blank_one_and_a_signature() -> None:
    lines = TEXT.split("\n")
    assert lines[:4] == [ORIGIN, "1", base64.b64encode(ROOT).decode(), ""]
    assert lines[4].startswith(f"\u2014 {ORIGIN} ")
    assert len(base64.b64decode(lines[4].split(" ")[2])) == 4 + 64
    assert lines[5:] == [""]


def test_the_signature_is_plain_es256_over_the_text() -> None:
    signature = base64.b64decode(LINE.split(" ")[2])[4:]
    assert p256.verify(PUBLIC, (BODY + "\n").encode(), signature)


@pytest.mark.parametrize(
    ("origin", "size", "root"),
    [
        ("", 1, ROOT),
        ("two words", 1, ROOT),
        ("a+b", 1, ROOT),
        ("a\nb", 1, ROOT),
        ("a\u00a0b", 1, ROOT),
        (ORIGIN, -1, ROOT),
        (ORIGIN, 10**19, ROOT),
        (ORIGIN, 1, ROOT[:31]),
        (ORIGIN, 1, b""),
        (ORIGIN, 0, ROOT),
    ],
)
def test_what_could_not_be_read_is_not_issued(origin: str, size: int, root: bytes) -> None:
    with pytest.raises(ValueError, match="checkpoint"):
        checkpoint.issue(origin, size, root, KEY)


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_a_checkpoint_with_any_one_character_changed_is_refused(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(TEXT) - 1))
    other = data.draw(st.sampled_from("ABab09+/=-. \n\t\0\u2014\u00e9").filter(lambda each: each != TEXT[at]))
    assert _outcome(TEXT[:at] + other + TEXT[at + 1 :]) is not None


def test_every_truncation_and_every_addition_is_refused() -> None:
    cut = [TEXT[:length] for length in range(len(TEXT))]
    grown = [TEXT + "\n", "\n" + TEXT, TEXT + "x", TEXT * 2, TEXT.replace("\n", "\r\n"), "\ufeff" + TEXT]
    assert None not in {_outcome(each) for each in cut + grown}


def test_another_key_or_another_log_is_not_believed() -> None:
    assert _outcome(TEXT, p256.public(OTHER_KEY)) is Reason.UNKNOWN_SIGNER
    elsewhere = checkpoint.issue("bektar.example/audit", 1, ROOT, KEY)
    line = elsewhere.partition("\n\n")[2]
    assert _outcome(f"{BODY}\n\n{line}") is Reason.UNKNOWN_SIGNER


def test_a_signature_of_another_checkpoint_does_not_fit() -> None:
    line = checkpoint.issue(ORIGIN, 2, ROOT, KEY).partition("\n\n")[2]
    assert _outcome(f"{BODY}\n\n{line}") is Reason.BAD_SIGNATURE
    assert _outcome(f"{BODY}\n\n{LINE}{line}") is Reason.BAD_SIGNATURE


def test_signatures_of_others_are_carried_along() -> None:
    witness = f"\u2014 witness.example {base64.b64encode(bytes(80)).decode()}\n"
    same_name = f"\u2014 {ORIGIN} {base64.b64encode(bytes(68)).decode()}\n"
    for lines in (LINE + witness, witness + LINE, LINE + same_name, witness * 16 + LINE):
        assert _outcome(f"{BODY}\n\n{lines}") is None
    assert _outcome(f"{BODY}\n\n{witness}") is Reason.UNKNOWN_SIGNER


@pytest.mark.parametrize(
    "body",
    [
        f"{ORIGIN}\n01\n{base64.b64encode(ROOT).decode()}",
        f"{ORIGIN}\n+1\n{base64.b64encode(ROOT).decode()}",
        f"{ORIGIN}\n\u0661\n{base64.b64encode(ROOT).decode()}",
        f"{ORIGIN}\n1\n{base64.urlsafe_b64encode(ROOT).decode().rstrip('=')}",
        f"{ORIGIN}\n1\n{base64.b64encode(ROOT).decode()[:-2]}B=",
        f"{ORIGIN}\n1\n{base64.b64encode(ROOT).decode()}\nextension",
        f"{ORIGIN}\n0\n{base64.b64encode(ROOT).decode()}",
        f"{ORIGIN}\n1",
        f"{ORIGIN}\t\n1\n{base64.b64encode(ROOT).decode()}",
        "",
    ],
)
def test_a_body_in_another_form_is_refused_even_when_signed(body: str) -> None:
    key_id = base64.b64decode(LINE.split(" ")[2])[:4]
    signature = base64.b64encode(key_id + p256.sign(KEY, (body + "\n").encode())).decode()
    assert _outcome(f"{body}\n\n\u2014 {ORIGIN} {signature}\n") is Reason.MALFORMED


@pytest.mark.parametrize(
    "line", ["", "\n", "\u2014 x AAAA\n", "- x AAAAAAAA\n", "\u2014 x AAAAAA==\nx\n", "\u2014  AAAAAAAA\n"]
)
def test_lines_that_are_no_signature_are_refused(line: str) -> None:
    assert _outcome(f"{BODY}\n\n{line}") is Reason.MALFORMED
    assert _outcome(f"{BODY}\n\n{LINE}{line or 'x'}") is Reason.MALFORMED


@given(st.text(max_size=80))
def test_any_text_is_refused_and_never_raises(text: str) -> None:
    assert _outcome(text) is not None
    assert _outcome(f"{text}\n\n{LINE}") is not None


def test_a_text_of_any_size_is_answered_at_once() -> None:
    assert _outcome(TEXT + LINE * 10_000) is Reason.TOO_LARGE
