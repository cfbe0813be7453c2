"""The status list: what was withdrawn is found, and whatever cannot be looked up counts as withdrawn."""

import base64
import zlib
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.errors import Unreadable
from registry.trust import p256, signing, status, trustlist

URI = "https://almara.example/status/1"
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def test_the_example_of_the_draft_is_reproduced() -> None:
    # draft-ietf-oauth-status-list, section 4.1: sixteen entries of one bit, bytes B9 A3.
    revoked = [0, 3, 4, 5, 7, 8, 9, 13, 15]
    assert zlib.decompress(base64.urlsafe_b64decode("eNrbuRgAAhcBXQ==")) == bytes.fromhex("b9a3")
    assert [index for index in range(16) if status.is_revoked({"bits": 1, "lst": "eNrbuRgAAhcBXQ"}, index)] == revoked
    made = status.encode(revoked, 16)["lst"]
    assert zlib.decompress(base64.urlsafe_b64decode(made + "==")) == bytes.fromhex("b9a3")


@settings(deadline=None)
@given(st.integers(1, 40).flatmap(lambda size: st.tuples(st.just(8 * size), st.sets(st.integers(0, 8 * size - 1)))))
def test_exactly_what_was_revoked_is_found(case: tuple[int, set[int]]) -> None:
    size, revoked = case
    made = status.encode(revoked, size)
    assert {index for index in range(size) if status.is_revoked(made, index)} == revoked


@pytest.mark.parametrize("index", [-1, -8, 16, 17, 10**12])
def test_an_entry_outside_of_the_list_counts_as_revoked(index: int) -> None:
    assert status.is_revoked(status.encode([], 16), index)


@pytest.mark.parametrize("size", [0, -8, 7, 12, 2**23 + 8])
def test_a_size_that_leaves_entries_undefined_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="multiple of 8"):
        status.encode([], size)


@pytest.mark.parametrize("index", [-1, 8])
def test_revoking_outside_of_the_list_is_a_mistake_of_the_caller(index: int) -> None:
    with pytest.raises(ValueError, match="outside"):
        status.encode([index], 8)


_GOOD = status.encode([1], 8)


def _packed(bits: bytes) -> str:
    return base64.urlsafe_b64encode(zlib.compress(bits)).rstrip(b"=").decode()


@pytest.mark.parametrize(
    "damaged",
    [
        {},
        {"bits": 1},
        _GOOD | {"bits": 2},
        _GOOD | {"bits": True},
        _GOOD | {"bits": "1"},
        _GOOD | {"lst": None},
        _GOOD | {"lst": ""},
        _GOOD | {"lst": _GOOD["lst"][:-4]},
        _GOOD | {"lst": _GOOD["lst"] + "AAAA"},
        _GOOD | {"lst": _GOOD["lst"] + "="},
        _GOOD | {"lst": "!" + _GOOD["lst"][1:]},
        _GOOD | {"lst": _packed(bytes(2**20 + 1))},
        _GOOD | {"lst": _packed(bytes(10**8))},
    ],
    ids=lambda damaged: str(damaged)[:40],
)
def test_a_damaged_or_inflated_list_clears_nobody(damaged: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        status.is_revoked(damaged, 0)


def test_the_largest_list_is_read() -> None:
    made = status.encode([2**23 - 1], 2**23)
    assert status.is_revoked(made, 2**23 - 1)
    assert not status.is_revoked(made, 0)


def test_a_document_and_its_published_statement_meet() -> None:
    issuer, key = "https://almara.example", p256.fresh(Random(1).randbytes)
    trust = trustlist.TrustList({(issuer, key["kid"]): p256.public(key)})
    payload = status.statement(issuer=issuer, uri=URI, revoked=[5], size=64, now=NOW, lasts=timedelta(hours=1))
    token = signing.sign(payload, key, typ=status.TYPE)
    verified = signing.verify(token, trust, typ=status.TYPE, now=NOW)
    assert isinstance(verified, signing.Verified)
    assert verified.expires == NOW + timedelta(hours=1)
    for index in range(64):
        document = {"status": status.claim(status.Pointer(uri=URI, index=index))}
        pointer = status.pointer(document)
        assert pointer is not None
        assert status.is_withdrawn(verified.payload, pointer) == (index == 5)


def test_a_statement_about_another_address_clears_nobody() -> None:
    payload = status.statement(issuer="i", uri=URI, revoked=[], size=8, now=NOW, lasts=timedelta(hours=1))
    assert not status.is_withdrawn(payload, status.Pointer(uri=URI, index=0))
    assert status.is_withdrawn(payload, status.Pointer(uri=URI + "/", index=0))
    with pytest.raises(Unreadable):
        status.is_withdrawn({"sub": URI}, status.Pointer(uri=URI, index=0))


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"status": None},
        {"status": "x"},
        {"status": {"status_list": []}},
        {"status": {"status_list": {"idx": 1}}},
        {"status": {"status_list": {"uri": URI}}},
        {"status": {"status_list": {"idx": "1", "uri": URI}}},
        {"status": {"status_list": {"idx": True, "uri": URI}}},
        {"status": {"status_list": {"idx": 1, "uri": 1}}},
    ],
    ids=str,
)
def test_a_document_without_a_proper_pointer_has_none(payload: dict[str, Any]) -> None:
    assert status.pointer(payload) is None
