"""Envelopes open only where and with what they were sealed; keyed hashes mix nothing up."""

import hashlib
import hmac
from itertools import pairwise

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import assume, given
from hypothesis import strategies as st

from registry.errors import KeyProblem
from registry.trust import sealing

KEY = bytes(range(32))
OTHER_KEY = bytes(range(1, 33))
NONCE = bytes(12)
LABEL = sealing.Label("document", "row-1", "body", 1)

keys = st.binary(min_size=32, max_size=32)
texts = st.text(max_size=8)
labels = st.builds(sealing.Label, texts, texts, texts, st.integers(0, 2**32))


def _sealed(plain: bytes = b"measles, first dose") -> bytes:
    return sealing.seal(KEY, plain, label=LABEL, nonce=NONCE)


@given(keys, st.binary(max_size=300), labels, st.binary(min_size=12, max_size=12))
def test_what_was_sealed_opens_again(key: bytes, plain: bytes, label: sealing.Label, nonce: bytes) -> None:
    sealed = sealing.seal(key, plain, label=label, nonce=nonce)
    assert sealing.unseal(key, sealed, label=label) == plain


def test_an_envelope_is_version_nonce_and_ciphertext() -> None:
    nonce = b"0123456789ab"
    sealed = sealing.seal(KEY, b"", label=LABEL, nonce=nonce)
    assert (sealed[:1], sealed[1:13], len(sealed)) == (b"\x01", nonce, 1 + 12 + 64 + 16)


@pytest.mark.parametrize(
    "elsewhere",
    [
        pytest.param(sealing.Label("judgement", "row-1", "body", 1), id="another table"),
        pytest.param(sealing.Label("document", "row-2", "body", 1), id="another row"),
        pytest.param(sealing.Label("document", "row-1", "source", 1), id="another column"),
        pytest.param(sealing.Label("document", "row-1", "body", 2), id="another edition"),
        pytest.param(sealing.Label("row-1", "document", "body", 1), id="table and row swapped"),
        pytest.param(sealing.Label("documentr", "ow-1", "body", 1), id="boundary moved"),
    ],
)
def test_a_cell_moved_elsewhere_does_not_open(elsewhere: sealing.Label) -> None:
    with pytest.raises(KeyProblem):
        sealing.unseal(KEY, _sealed(), label=elsewhere)


@given(labels, labels)
def test_two_labels_never_share_their_bytes(one: sealing.Label, other: sealing.Label) -> None:
    assert (bytes(one) == bytes(other)) == (one == other)


def test_another_key_does_not_open() -> None:
    with pytest.raises(KeyProblem):
        sealing.unseal(OTHER_KEY, _sealed(), label=LABEL)


def test_no_changed_byte_and_no_truncation_opens() -> None:
    sealed = _sealed()
    flipped = [sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :] for at in range(len(sealed))]
    cut = [sealed[:length] for length in range(len(sealed))]
    for damaged in (*flipped, *cut, sealed + b"\0"):
        with pytest.raises(KeyProblem):
            sealing.unseal(KEY, damaged, label=LABEL)


def test_every_failure_to_open_says_the_same() -> None:
    said: set[str] = set()
    for key, sealed in (
        (OTHER_KEY, _sealed()),
        (KEY, b""),
        (KEY, b"\x02" + _sealed()[1:]),
        (KEY, b"\x01abc"),
    ):
        with pytest.raises(KeyProblem) as problem:
            sealing.unseal(key, sealed, label=LABEL)
        said.add(f"{problem.value} {problem.value.remedy} {problem.value.__cause__}")
    assert len(said) == 1


@pytest.mark.parametrize("padded", [b"", bytes(64), b"x" * 64, b"\x81" + bytes(63)])
def test_an_envelope_without_its_padding_does_not_open(padded: bytes) -> None:
    foreign = b"\x01" + NONCE + AESGCM(KEY).encrypt(NONCE, padded, bytes(LABEL))
    with pytest.raises(KeyProblem):
        sealing.unseal(KEY, foreign, label=LABEL)


def test_length_shows_only_in_steps_of_64_bytes() -> None:
    sizes = [len(_sealed(bytes(length))) for length in range(200)]
    steps = [length for length, (one, other) in enumerate(pairwise(sizes), start=1) if one != other]
    assert steps == [64, 128, 192]


@given(st.binary(max_size=200))
def test_content_that_looks_like_padding_survives(plain: bytes) -> None:
    for tail in (b"\x80", b"\x80\0\0", b"\0" * 64):
        sealed = sealing.seal(KEY, plain + tail, label=LABEL, nonce=NONCE)
        assert sealing.unseal(KEY, sealed, label=LABEL) == plain + tail


@pytest.mark.parametrize("length", [0, 16, 31, 33])
def test_a_key_of_another_length_is_refused_everywhere(length: int) -> None:
    short = bytes(length)
    uses = (
        lambda: sealing.seal(short, b"", label=LABEL, nonce=NONCE),
        lambda: sealing.unseal(short, _sealed(), label=LABEL),
        lambda: sealing.pair_key(KEY, short),
        lambda: sealing.pair_key(short, KEY),
        lambda: sealing.derive(short, "cards"),
        lambda: sealing.keyed_hash(short, "name"),
        lambda: sealing.keyed_digest(short, b""),
    )
    for use in uses:
        with pytest.raises(KeyProblem):
            use()


@pytest.mark.parametrize("length", [0, 8, 11, 13, 16])
def test_a_nonce_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match="12 bytes"):
        sealing.seal(KEY, b"", label=LABEL, nonce=bytes(length))


@given(keys, keys, keys)
def test_a_pair_key_needs_both_keys_in_any_order(one: bytes, other: bytes, third: bytes) -> None:
    assume(len({one, other, third}) == 3)
    pair = sealing.pair_key(one, other)
    assert pair == sealing.pair_key(other, one)
    assert len({pair, sealing.pair_key(one, third), sealing.pair_key(other, third), one, other}) == 5


def test_keys_of_different_purposes_differ() -> None:
    derived = [sealing.derive(KEY, purpose) for purpose in ("cards", "card", "", "cards ")]
    assert len({*derived, KEY, sealing.pair_key(KEY, OTHER_KEY)}) == 6
    assert all(len(key) == 32 for key in derived)


def test_a_derived_key_is_hkdf_sha256_as_rfc_5869_says() -> None:
    extracted = hmac.digest(bytes(32), KEY, "sha256")
    expanded = hmac.new(extracted, b"continuity:derive:cards" + b"\x01", hashlib.sha256).digest()
    assert sealing.derive(KEY, "cards") == expanded


@given(st.lists(texts, min_size=1, max_size=4), st.lists(texts, min_size=1, max_size=4))
def test_keyed_hashes_are_equal_exactly_when_their_parts_are(one: list[str], other: list[str]) -> None:
    assert (sealing.keyed_hash(KEY, *one) == sealing.keyed_hash(KEY, *other)) == (one == other)


def test_a_keyed_hash_depends_on_its_key_and_kind() -> None:
    hashes = {
        sealing.keyed_hash(KEY, "name", "amina"),
        sealing.keyed_hash(OTHER_KEY, "name", "amina"),
        sealing.keyed_hash(KEY, "mother", "amina"),
        sealing.keyed_hash(KEY, "name", "", "amina"),
        sealing.keyed_hash(KEY, "nameamina"),
    }
    assert len(hashes) == 5


def test_keyed_hashes_fill_the_range_of_a_bigint() -> None:
    hashes = [sealing.keyed_hash(KEY, "n", str(number)) for number in range(200)]
    assert all(-(2**63) <= each < 2**63 for each in hashes)
    assert min(hashes) < -(2**61)
    assert max(hashes) > 2**61


def test_a_broken_character_neither_raises_nor_collides() -> None:
    assert sealing.keyed_hash(KEY, "name", "\ud800") != sealing.keyed_hash(KEY, "name", "\ud801")


def test_a_keyed_digest_is_the_whole_hmac() -> None:
    assert len(sealing.keyed_digest(KEY, b"body")) == 32
    assert sealing.keyed_digest(KEY, b"body") != sealing.keyed_digest(OTHER_KEY, b"body")
    assert sealing.keyed_digest(KEY, b"body") != sealing.keyed_digest(KEY, b"Body")
