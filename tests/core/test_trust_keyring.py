"""The keyring: complete, silent about its keys, never silently damaged, safe under a passphrase."""

from collections.abc import Callable
from dataclasses import fields, replace
from datetime import date, timedelta
from hashlib import sha256
from random import Random

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.errors import BadInput, KeyProblem
from registry.trust import encoding, keyring, p256, passphrase

TODAY = date(2026, 3, 1)
RING = keyring.fresh(Random(1).randbytes, today=TODAY)
PHRASE = "orchard lantern seven"
SALT, NONCE = bytes(16), bytes(12)
LIGHT = passphrase.Cost(memory_kib=19 * 1024, iterations=2, lanes=1)
LOCKED = keyring.lock(RING, PHRASE, salt=SALT, nonce=NONCE, cost=LIGHT)


def test_a_fresh_keyring_has_wrapping_keys_for_almost_three_years() -> None:
    first = keyring.epoch_of(TODAY)
    assert [*RING.wrapping] == [1]
    assert [*RING.wrapping[1]] == [*range(first, first + 36)]
    assert RING.wrapping_key(1, keyring.epoch_of(TODAY + timedelta(days=35 * 30)))


def test_no_two_keys_are_the_same() -> None:
    secrets = [*RING.wrapping[1].values(), RING.match_key, RING.index_key, RING.pseudonym_key, RING.digest_key]
    assert len({*secrets}) == 40
    assert {len(secret) for secret in secrets} == {32}
    assert RING.summary_key["kid"] != RING.audit_key["kid"]


@pytest.mark.parametrize(
    ("day", "epoch"),
    [
        (date(1970, 1, 1), 0),
        (date(1970, 1, 30), 0),
        (date(1970, 1, 31), 1),
        (date(1969, 12, 31), -1),
        (date(2026, 3, 1), 683),
    ],
)
def test_an_epoch_is_thirty_days_counted_from_1970(day: date, epoch: int) -> None:
    assert keyring.epoch_of(day) == epoch


def test_a_missing_epoch_says_which_days_and_what_to_do() -> None:
    with pytest.raises(KeyProblem) as problem:
        RING.wrapping_key(1, 0)
    assert "1970-01-01" in problem.value.what
    assert "continuity keys import" in problem.value.remedy


def test_adding_epochs_replaces_no_key() -> None:
    later = keyring.with_epochs(RING, Random(2).randbytes, TODAY + timedelta(days=360))
    assert later.wrapping[1].items() >= RING.wrapping[1].items()
    assert len(later.wrapping[1]) == 36 + 12
    assert replace(later, wrapping=RING.wrapping) == RING


def test_a_generation_is_added_beside_the_others_and_dropped_when_nothing_needs_it() -> None:
    both = keyring.with_generation(RING, 2, Random(2).randbytes, TODAY)
    assert [*both.wrapping] == [1, 2]
    assert both.wrapping[1] == RING.wrapping[1]
    assert keyring.with_generation(both, 2, Random(3).randbytes, TODAY) == both
    later = TODAY + timedelta(days=360)
    assert keyring.with_epochs(both, Random(4).randbytes, later).wrapping[1] == RING.wrapping[1]
    only = keyring.without_generations(both, before=2)
    assert (dict(only.wrapping), replace(only, wrapping=RING.wrapping)) == ({2: both.wrapping[2]}, RING)
    with pytest.raises(KeyProblem, match="generation 1"):
        only.wrapping_key(1, keyring.epoch_of(TODAY))


def test_what_stays_in_memory_has_no_wrapping_key() -> None:
    kept = keyring.without_wrapping(RING)
    assert not kept.wrapping
    assert replace(kept, wrapping=RING.wrapping) == RING
    assert keyring.with_epochs(kept, Random(2).randbytes, TODAY) == kept


def test_a_key_file_from_before_there_were_generations_is_read_as_the_first() -> None:
    content = orjson.loads(keyring.dumps(RING)) | {"version": 1}
    content |= {"wrapping": content["wrapping"]["1"]}
    del content["check"]
    check = sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).digest()
    content["check"] = encoding.to_base64url(check)
    old = orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
    assert keyring.loads(old) == RING
    for at in range(0, len(old), 97):
        with pytest.raises(KeyProblem):
            keyring.loads(old[:at] + b"~" + old[at + 1 :])


def test_a_keyring_cannot_be_changed_in_place() -> None:
    for mapping in (RING.wrapping, RING.wrapping[1], RING.summary_key):
        with pytest.raises(TypeError):
            mapping["x"] = b""  # type: ignore[index]


def test_printing_shows_no_key() -> None:
    shown = f"{RING} {RING!r} {[RING]}"
    assert shown.count("Keyring(edition=1)") == 3
    assert {each.name for each in fields(RING) if each.repr} == {"edition"}


def _ring(**changes: object) -> Callable[[], object]:
    return lambda: replace(RING, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(_ring(match_key=b"short"), id="short key"),
        pytest.param(_ring(wrapping={1: {683: b""}}), id="empty wrapping key"),
        pytest.param(_ring(match_key=RING.index_key), id="one key for two uses"),
        pytest.param(_ring(audit_key=RING.summary_key), id="one signing key for two uses"),
        pytest.param(_ring(audit_key=p256.public(RING.audit_key)), id="public half only"),
        pytest.param(_ring(audit_key={**RING.audit_key, "d": RING.summary_key["d"]}), id="halves of two keys"),
        pytest.param(_ring(audit_key={**RING.audit_key, "kid": "log"}), id="kid is no thumbprint"),
    ],
)
def test_an_unfit_key_is_refused_where_the_keyring_is_made(make: Callable[[], object]) -> None:
    with pytest.raises(KeyProblem):
        make()


def test_written_and_read_again_it_is_the_same() -> None:
    assert keyring.loads(keyring.dumps(RING)) == RING
    assert keyring.loads(keyring.dumps(RING).strip()) == RING


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_key_file_with_one_character_changed_is_refused(data: st.DataObject) -> None:
    body = keyring.dumps(RING).strip()
    at = data.draw(st.integers(0, len(body) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != body[at]))
    with pytest.raises(KeyProblem):
        keyring.loads(body[:at] + bytes([byte]) + body[at + 1 :])


def test_a_key_replaced_by_a_well_formed_other_is_noticed() -> None:
    other = keyring.fresh(Random(3).randbytes, today=TODAY)
    content = orjson.loads(keyring.dumps(RING))
    content["match_key"] = encoding.to_base64url(other.match_key)
    with pytest.raises(KeyProblem, match="damaged"):
        keyring.loads(orjson.dumps(content, option=orjson.OPT_SORT_KEYS))


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[]", b"\xff", b'{"version":1}', b'{"version":1,"version":1}', b"[" * 9999]
)
def test_what_is_no_key_file_is_a_key_problem_with_a_remedy(body: bytes) -> None:
    with pytest.raises(KeyProblem) as problem:
        keyring.loads(body)
    assert problem.value.remedy


def test_a_key_file_of_a_later_version_is_named_so() -> None:
    content = orjson.loads(keyring.dumps(RING)) | {"version": 3}
    with pytest.raises(KeyProblem, match="unknown version"):
        keyring.loads(orjson.dumps(content))


def test_an_error_about_a_key_file_quotes_nothing_of_it() -> None:
    text = keyring.dumps(RING).replace(b'"match_key":"', b'"match_key":"!')
    with pytest.raises(KeyProblem) as problem:
        keyring.loads(text)
    assert encoding.to_base64url(RING.match_key)[:8] not in f"{problem.value!r}"
    assert problem.value.__suppress_context__


def test_locked_and_unlocked_it_is_the_same() -> None:
    assert keyring.unlock(LOCKED, PHRASE) == RING
    assert encoding.to_base64url(RING.match_key).encode() not in LOCKED


def test_the_standard_cost_locks_and_unlocks() -> None:
    locked = passphrase.lock(b"body", PHRASE, salt=SALT, nonce=NONCE)
    assert orjson.loads(locked)["memory_kib"] == 256 * 1024
    assert passphrase.unlock(locked, PHRASE) == b"body"


@pytest.mark.parametrize("typed", ["", "orchard lantern Seven", "orchard lantern seve", "orchard lantern seven "])
def test_another_passphrase_does_not_unlock(typed: str) -> None:
    with pytest.raises(KeyProblem, match="the passphrase is wrong or the file is damaged"):
        keyring.unlock(LOCKED, typed)


def test_a_passphrase_typed_on_another_keyboard_unlocks() -> None:
    composed, decomposed = "\u00e9cole \u00e0 Almara", "e\u0301cole a\u0300 Almara"
    locked = passphrase.lock(b"body", composed, salt=SALT, nonce=NONCE, cost=LIGHT)
    assert passphrase.unlock(locked, decomposed) == b"body"


@pytest.mark.parametrize("typed", ["", "elevenchars", "e\u0301" * 11])
def test_a_short_passphrase_is_refused_with_a_remedy(typed: str) -> None:
    with pytest.raises(BadInput, match="fewer than 12") as problem:
        keyring.lock(RING, typed, salt=SALT, nonce=NONCE, cost=LIGHT)
    assert problem.value.remedy
    assert not typed or typed not in str(problem.value)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"memory_kib": 20 * 1024}, id="cost changed"),
        pytest.param({"memory_kib": 2**40}, id="memory no machine has"),
        pytest.param({"memory_kib": 8}, id="cost below the minimum"),
        pytest.param({"memory_kib": True}, id="cost no number"),
        pytest.param({"iterations": 10**9}, id="endless passes"),
        pytest.param({"lanes": 0}, id="no lane"),
        pytest.param({"salt": encoding.to_base64url(b"1" * 16)}, id="salt changed"),
        pytest.param({"salt": "AA"}, id="salt short"),
        pytest.param({"format": "continuity-locked-2"}, id="another format"),
        pytest.param({"note": "x"}, id="a member added"),
        pytest.param({"sealed": ""}, id="nothing sealed"),
        pytest.param({"sealed": None}, id="sealed no text"),
    ],
)
def test_a_locked_file_with_its_header_changed_does_not_unlock(change: dict[str, object]) -> None:
    with pytest.raises(KeyProblem, match="the passphrase is wrong or the file is damaged"):
        keyring.unlock(orjson.dumps(orjson.loads(LOCKED) | change), PHRASE)


@pytest.mark.parametrize("damaged", [b"", b"{}", LOCKED[:-20], LOCKED[:500] + b"!" + LOCKED[501:], LOCKED * 2])
def test_a_damaged_locked_file_does_not_unlock(damaged: bytes) -> None:
    with pytest.raises(KeyProblem, match="the passphrase is wrong or the file is damaged"):
        keyring.unlock(damaged, PHRASE)


@pytest.mark.parametrize("unfit", [{"salt": bytes(8)}, {"nonce": bytes(8)}, {"cost": replace(LIGHT, memory_kib=8)}])
def test_a_weak_lock_cannot_be_asked_for(unfit: dict[str, object]) -> None:
    asked = {"salt": SALT, "nonce": NONCE, "cost": LIGHT} | unfit
    with pytest.raises(ValueError, match=r"salt|nonce"):
        keyring.lock(RING, PHRASE, **asked)  # type: ignore[arg-type]
