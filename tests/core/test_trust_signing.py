"""A token is believed only if a listed key of its issuer signed every character, and only while valid."""

import base64
import hashlib
import hmac
import json
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives import serialization
from hypothesis import example, given, settings
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import ECKey

from registry.trust import p256, signing, trustlist
from registry.trust.refusal import Reason, Refused

TYPE = "continuity-summary+jwt"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
ISSUER = "https://almara.example/registry"
RIVAL = "https://bektar.example/registry"
KEY, RIVAL_KEY, STRANGER = (p256.fresh(Random(seed).randbytes) for seed in (1, 2, 3))
TRUST = trustlist.TrustList({(ISSUER, KEY["kid"]): p256.public(KEY), (RIVAL, RIVAL_KEY["kid"]): p256.public(RIVAL_KEY)})
PAYLOAD = {
    "iss": ISSUER,
    "iat": SECONDS,
    "exp": SECONDS + 3600,
    "dose": "first",
    "grades": [1, 2.5, None, "é"],
}
HEADER = {"alg": "ES256", "kid": KEY["kid"], "typ": TYPE}
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ \n\0é"
PLAIN = signing.sign(PAYLOAD, KEY, typ=TYPE)
PACKED = signing.sign(PAYLOAD, KEY, typ=TYPE, compress=True)


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _made(
    header: Mapping[str, Any] | bytes = HEADER,
    payload: Mapping[str, Any] | bytes = PAYLOAD,
    key: p256.Jwk = KEY,
) -> str:
    """A token as an attacker or a careless issuer might make it: any parts, a real signature."""
    raw = [part if isinstance(part, bytes) else json.dumps(part).encode() for part in (header, payload)]
    signed = ".".join(map(_b64, raw))
    return f"{signed}.{_b64(p256.sign(key, signed.encode()))}"


def _outcome(token: str, *, typ: str = TYPE, now: datetime = NOW) -> Reason | None:
    outcome = signing.verify(token, TRUST, typ=typ, now=now)
    return outcome.reason if isinstance(outcome, Refused) else None


@pytest.mark.parametrize("token", [PLAIN, PACKED, _made()], ids=["plain", "packed", "made by hand"])
def test_a_listed_issuer_is_believed(token: str) -> None:
    verified = signing.verify(token, TRUST, typ=TYPE, now=NOW)
    assert isinstance(verified, signing.Verified)
    assert verified.payload == PAYLOAD
    assert orjson.loads(verified.body) == PAYLOAD
    assert (verified.issuer, verified.kid) == (ISSUER, KEY["kid"])
    assert (verified.issued, verified.expires) == (NOW, NOW + timedelta(hours=1))


def test_packing_makes_a_token_shorter_and_says_so_in_the_header() -> None:
    payload = PAYLOAD | {"doses": ["measles"] * 100}
    plain, packed = (signing.sign(payload, KEY, typ=TYPE, compress=compress) for compress in (False, True))
    assert len(packed) < len(plain) / 2
    assert _header(plain) == HEADER
    assert _header(packed) == HEADER | {"zip": "DEF"}


def _header(token: str) -> dict[str, Any]:
    return json.loads(base64.urlsafe_b64decode(token.split(".")[0] + "=="))


def test_signing_twice_gives_the_same_token() -> None:
    assert signing.sign(PAYLOAD, KEY, typ=TYPE) == PLAIN


def test_another_library_reads_what_we_sign_and_we_read_what_it_signs() -> None:
    assert jws.deserialize_compact(PLAIN, ECKey.import_key(p256.public(KEY))).payload == orjson.dumps(PAYLOAD)
    theirs = jws.serialize_compact(dict(HEADER), json.dumps(PAYLOAD), ECKey.import_key(dict(KEY)))
    assert _outcome(theirs) is None


def test_what_is_verified_prints_nothing_of_its_payload() -> None:
    verified = signing.verify(PLAIN, TRUST, typ=TYPE, now=NOW)
    assert "first" not in f"{verified!r} {signing.read_unverified(PLAIN)!r}"


@settings(max_examples=600, deadline=None)
@given(st.sampled_from([PLAIN, PACKED]), st.data())
def test_a_token_with_any_one_character_changed_is_refused(token: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.sampled_from([each for each in ALPHABET if each != token[at]]))
    assert _outcome(token[:at] + other + token[at + 1 :]) is not None


@pytest.mark.parametrize("token", [PLAIN, PACKED], ids=["plain", "packed"])
def test_changing_each_character_in_turn_is_refused(token: str) -> None:
    following = dict(zip(ALPHABET, ALPHABET[1:] + ALPHABET[0], strict=True))
    changed = (token[:at] + following[each] + token[at + 1 :] for at, each in enumerate(token))
    assert None not in {_outcome(each) for each in changed}


def test_every_other_last_character_of_the_signature_is_refused() -> None:
    assert None not in {_outcome(PLAIN[:-1] + other) for other in ALPHABET if other != PLAIN[-1]}


@pytest.mark.parametrize("token", [PLAIN, PACKED], ids=["plain", "packed"])
def test_every_truncation_and_every_addition_is_refused(token: str) -> None:
    cut = [token[:length] for length in range(len(token))] + [token[at:] for at in range(1, len(token))]
    grown = [token + each for each in ALPHABET] + [each + token for each in ALPHABET]
    assert None not in {_outcome(each) for each in cut + grown}


@given(st.text(max_size=60))
@example("..")
@example("a.b.c.d")
@example("\ud800.\ud800.\ud800")
def test_any_text_is_refused_and_never_raises(text: str) -> None:
    assert _outcome(text) is not None
    assert isinstance(signing.read_unverified(text), Refused)


_CERTIFICATE = "MIIBszCCAVmgAwIBAgIUAAAA"


@pytest.mark.parametrize(
    ("extra", "reason"),
    [
        ({"jwk": p256.public(STRANGER)}, Reason.HEADER),
        ({"jku": "https://evil.example/keys.json"}, Reason.HEADER),
        ({"x5c": [_CERTIFICATE]}, Reason.HEADER),
        ({"x5u": "https://evil.example/chain.pem"}, Reason.HEADER),
        ({"x5t": "AAAA"}, Reason.HEADER),
        ({"x5t#S256": "AAAA"}, Reason.HEADER),
        ({"crit": ["exp"], "exp": SECONDS}, Reason.HEADER),
        ({"crit": []}, Reason.HEADER),
        ({"b64": False, "crit": ["b64"]}, Reason.HEADER),
        ({"b64": True}, Reason.HEADER),
        ({"cty": "JWT"}, Reason.HEADER),
        ({"iss": ISSUER}, Reason.HEADER),
        ({"ALG": "ES256"}, Reason.HEADER),
        ({"": ""}, Reason.HEADER),
        ({"zip": "GZ"}, Reason.HEADER),
        ({"zip": None}, Reason.HEADER),
        ({"zip": ["DEF"]}, Reason.HEADER),
    ],
    ids=str,
)
def test_a_header_that_carries_anything_else_is_refused(extra: dict[str, Any], reason: Reason) -> None:
    for key in (KEY, STRANGER):  # even the trusted signer may not
        assert _outcome(_made(HEADER | extra, key=key)) is reason
        assert _outcome(_made(HEADER | extra | {"kid": STRANGER["kid"]}, key=key)) is reason


@pytest.mark.parametrize(
    "algorithm",
    ["none", "None", "", "HS256", "ES384", "ES512", "ES256K", "RS256", "PS256", "EdDSA", "es256", None, 1],
)
def test_every_other_algorithm_is_refused(algorithm: object) -> None:
    forged = _made(HEADER | {"alg": algorithm})
    signed = forged.rpartition(".")[0]
    assert _outcome(forged) is Reason.ALGORITHM
    assert _outcome(f"{signed}.{_b64(b'x')}") is Reason.ALGORITHM
    assert _outcome(f"{signed}.") is Reason.MALFORMED


def _public_texts() -> list[bytes]:
    public = ECKey.import_key(p256.public(KEY)).public_key
    forms = serialization.PublicFormat
    return [
        orjson.dumps(p256.public(KEY)),
        KEY["x"].encode(),
        KEY["kid"].encode(),
        public.public_bytes(serialization.Encoding.PEM, forms.SubjectPublicKeyInfo),
        public.public_bytes(serialization.Encoding.DER, forms.SubjectPublicKeyInfo),
        public.public_bytes(serialization.Encoding.X962, forms.UncompressedPoint),
    ]


@pytest.mark.parametrize("secret", _public_texts(), ids=["jwk", "x", "kid", "pem", "der", "point"])
@pytest.mark.parametrize("algorithm", ["HS256", "ES256"])
def test_the_public_key_as_a_shared_secret_signs_nothing(secret: bytes, algorithm: str) -> None:
    signed = f"{_b64(orjson.dumps(HEADER | {'alg': algorithm}))}.{_b64(orjson.dumps(PAYLOAD))}"
    for repeat in (1, 2):  # 32 bytes as HS256 has them, 64 as ES256 has them
        mac = hmac.digest(secret, signed.encode(), hashlib.sha256) * repeat
        assert _outcome(f"{signed}.{_b64(mac)}") in {Reason.ALGORITHM, Reason.BAD_SIGNATURE}


@pytest.mark.parametrize(
    "kid",
    [
        "../../../../dev/null",
        "..\\..\\keys\\own.pem",
        "/proc/self/environ",
        "file:///etc/passwd",
        "https://evil.example/key.json",
        "' UNION SELECT 'AA' --",
        "",
        KEY["kid"] + "\0",
        " " + KEY["kid"],
        KEY["kid"].lower(),
        KEY["kid"][:-1],
        "|id",
    ],
)
def test_a_kid_is_only_ever_looked_up(kid: str) -> None:
    assert _outcome(_made(HEADER | {"kid": kid})) is Reason.UNKNOWN_SIGNER


@pytest.mark.parametrize("member", ["kid", "typ"])
@pytest.mark.parametrize("value", [None, 1, [KEY["kid"]], {"kid": KEY["kid"]}, True])
def test_a_header_member_of_another_type_is_refused(member: str, value: object) -> None:
    assert _outcome(_made(HEADER | {member: value})) is Reason.MALFORMED
    assert _outcome(_made({name: each for name, each in HEADER.items() if name != member})) is Reason.MALFORMED


@pytest.mark.parametrize("typ", ["statuslist+jwt", "JWT", "", TYPE.upper(), TYPE + " ", "application/" + TYPE])
def test_a_document_of_another_type_is_refused(typ: str) -> None:
    assert _outcome(_made(HEADER | {"typ": typ})) is Reason.WRONG_TYPE
    assert _outcome(PLAIN, typ=typ) is Reason.WRONG_TYPE


def test_a_stranger_is_refused_under_its_own_name_and_under_a_trusted_one() -> None:
    own = signing.sign(PAYLOAD | {"iss": "https://evil.example"}, STRANGER, typ=TYPE)
    assert _outcome(own) is Reason.UNKNOWN_SIGNER
    assert _outcome(signing.sign(PAYLOAD, STRANGER, typ=TYPE)) is Reason.UNKNOWN_SIGNER
    assert _outcome(_made(key=STRANGER)) is Reason.BAD_SIGNATURE


def test_a_trusted_issuer_cannot_speak_for_another() -> None:
    assert _outcome(signing.sign(PAYLOAD, RIVAL_KEY, typ=TYPE)) is Reason.UNKNOWN_SIGNER
    assert _outcome(signing.sign(PAYLOAD | {"iss": RIVAL}, RIVAL_KEY, typ=TYPE)) is None


def test_a_signature_of_another_token_does_not_fit() -> None:
    other = signing.sign(PAYLOAD | {"dose": "second"}, KEY, typ=TYPE)
    assert _outcome(PLAIN.rpartition(".")[0] + "." + other.rpartition(".")[2]) is Reason.BAD_SIGNATURE


@pytest.mark.parametrize("signature", [bytes(64), b"\xff" * 64, bytes(63), bytes(65), bytes(32), b"\x30\x06" * 35])
def test_degenerate_signatures_are_refused(signature: bytes) -> None:
    # All zeros were accepted by some verifiers (CVE-2022-21449).
    assert _outcome(f"{PLAIN.rpartition('.')[0]}.{_b64(signature)}") is Reason.BAD_SIGNATURE


@pytest.mark.parametrize(
    "header",
    [
        b'{"alg":"none","alg":"ES256","kid":"%s","typ":"%s"}',
        b'{"alg":"ES256","alg":"ES256","kid":"%s","typ":"%s"}',
        b'\xef\xbb\xbf{"alg":"ES256","kid":"%s","typ":"%s"}',
        b'{"alg":"ES256","kid":"%s","typ":"%s"}x',
        b'[{"alg":"ES256","kid":"%s","typ":"%s"}]',
        b"{'alg':'ES256','kid':'%s','typ':'%s'}",
        b'{"alg":"ES256","kid":"%s","typ":"%s",}',
        b'{"alg":"ES256","kid":"%s","typ":"%s","jwk":NaN}',
    ],
)
def test_a_header_two_readers_might_read_differently_is_refused(header: bytes) -> None:
    assert _outcome(_made(header % (KEY["kid"].encode(), TYPE.encode()))) is Reason.MALFORMED


def test_a_signed_text_with_stray_bits_is_refused() -> None:
    bodies = (orjson.dumps(PAYLOAD | {"pad": "x" * length}) for length in range(3))
    header, payload = _b64(orjson.dumps(HEADER)), _b64(next(body for body in bodies if len(body) % 3 == 2))
    stray = payload[:-1] + ALPHABET[ALPHABET.index(payload[-1]) + 1]
    assert base64.urlsafe_b64decode(stray + "==") == base64.urlsafe_b64decode(payload + "==")
    signed = f"{header}.{stray}"
    assert _outcome(f"{signed}.{_b64(p256.sign(KEY, signed.encode()))}") is Reason.MALFORMED


@pytest.mark.parametrize("spoil", ["{}=", "{}\n", "{}!", " {}", "{}A"])
def test_a_signed_text_that_is_not_canonical_base64url_is_refused(spoil: str) -> None:
    header, payload = _b64(orjson.dumps(HEADER)), _b64(orjson.dumps(PAYLOAD))
    for signed in (f"{spoil.format(header)}.{payload}", f"{header}.{spoil.format(payload)}"):
        assert _outcome(f"{signed}.{_b64(p256.sign(KEY, signed.encode()))}") is Reason.MALFORMED


@pytest.mark.parametrize(
    "payload",
    [
        b'{"iss":"%s","iss":"%s","iat":%d,"exp":%d}' % (RIVAL.encode(), ISSUER.encode(), SECONDS, SECONDS + 9),
        b'{"iss":"%s","iat":%d,"exp":%d,"a":{"b":1,"b":2}}' % (ISSUER.encode(), SECONDS, SECONDS + 9),
        b'{"iss":"%s","iat":%d,"exp":%d,"a":"\\ud800"}' % (ISSUER.encode(), SECONDS, SECONDS + 9),
        b'{"iss":"%s","iat":%d,"exp":%d,"a":NaN}' % (ISSUER.encode(), SECONDS, SECONDS + 9),
        b'{"iss":"%s","iat":%d,"exp":%d,"a":' % (ISSUER.encode(), SECONDS, SECONDS + 9)
        + b"[" * 1000
        + b"]" * 1000
        + b"}",
        b"[]",
        b"null",
        b"\xff",
        b"{}",
    ],
)
def test_a_signed_payload_that_is_not_plain_json_is_refused(payload: bytes) -> None:
    assert _outcome(_made(payload=payload)) is Reason.MALFORMED


@pytest.mark.parametrize(
    "change",
    [
        {"iss": None},
        {"iss": [ISSUER]},
        {"iat": None},
        {"iat": str(SECONDS)},
        {"iat": float(SECONDS)},
        {"iat": True},
        {"iat": -1},
        {"exp": None},
        {"exp": 10**18},
        {"exp": 1e30},
        {"exp": SECONDS},
        {"exp": SECONDS - 1},
        {"nbf": None},
        {"nbf": "soon"},
    ],
    ids=str,
)
def test_claims_of_another_form_are_refused_and_never_signed(change: dict[str, Any]) -> None:
    assert _outcome(_made(payload=PAYLOAD | change)) is Reason.MALFORMED
    with pytest.raises(ValueError, match="iss, iat"):
        signing.sign(PAYLOAD | change, KEY, typ=TYPE)


@pytest.mark.parametrize("missing", ["iss", "iat", "exp"])
def test_a_payload_without_a_claim_is_refused(missing: str) -> None:
    payload = {name: value for name, value in PAYLOAD.items() if name != missing}
    assert _outcome(_made(payload=payload)) is Reason.MALFORMED


@pytest.mark.parametrize(
    ("seconds_later", "reason"),
    [
        (-301, Reason.NOT_YET_VALID),
        (-300, None),
        (0, None),
        (3599, None),
        (3600, Reason.EXPIRED),
        (10**8, Reason.EXPIRED),
    ],
)
def test_validity_has_five_minutes_of_grace_at_its_beginning_and_none_at_its_end(
    seconds_later: int, reason: Reason | None
) -> None:
    assert _outcome(PLAIN, now=NOW + timedelta(seconds=seconds_later)) is reason


@pytest.mark.parametrize(
    ("not_before", "seconds_later", "reason"),
    [(60, 59, Reason.NOT_YET_VALID), (60, 60, None), (0, -300, None), (-60, 0, None)],
)
def test_a_document_may_begin_later_than_it_was_issued(
    not_before: int, seconds_later: int, reason: Reason | None
) -> None:
    token = signing.sign(PAYLOAD | {"nbf": SECONDS + not_before}, KEY, typ=TYPE)
    assert _outcome(token, now=NOW + timedelta(seconds=seconds_later)) is reason


def test_now_without_a_time_zone_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="time zone"):
        signing.verify(PLAIN, TRUST, typ=TYPE, now=NOW.replace(tzinfo=None))


def _raw_deflate(body: bytes) -> bytes:
    machine = zlib.compressobj(9, zlib.DEFLATED, -15)
    return machine.compress(body) + machine.flush()


_BODY = orjson.dumps(PAYLOAD)


@pytest.mark.parametrize(
    ("packed", "reason"),
    [
        pytest.param(_raw_deflate(_BODY), None, id="as it should be"),
        pytest.param(zlib.compress(_BODY), Reason.MALFORMED, id="zlib wrapper"),
        pytest.param(_BODY, Reason.MALFORMED, id="not packed"),
        pytest.param(_raw_deflate(_BODY)[:-3], Reason.MALFORMED, id="cut short"),
        pytest.param(_raw_deflate(_BODY) + b"x", Reason.MALFORMED, id="something after"),
        pytest.param(_raw_deflate(_raw_deflate(_BODY)), Reason.MALFORMED, id="packed twice"),
        pytest.param(_raw_deflate(_BODY + b" " * 10_000_000), Reason.TOO_LARGE, id="a bomb"),
        pytest.param(_raw_deflate(_BODY + b" " * (2**20 - len(_BODY))), None, id="exactly 1 MiB"),
        pytest.param(_raw_deflate(_BODY + b" " * (2**20 - len(_BODY) + 1)), Reason.TOO_LARGE, id="1 MiB and 1"),
    ],
)
def test_inflating_is_bounded_and_exact(packed: bytes, reason: Reason | None) -> None:
    assert _outcome(_made(HEADER | {"zip": "DEF"}, packed)) is reason


def test_nothing_is_inflated_before_the_signature_held() -> None:
    bomb = _raw_deflate(_BODY + b" " * 10_000_000)
    assert _outcome(_made(HEADER | {"zip": "DEF"}, bomb, key=STRANGER)) is Reason.BAD_SIGNATURE


def test_a_token_of_any_size_is_answered_at_once() -> None:
    assert _outcome("A" * 3_000_000) is Reason.TOO_LARGE
    assert signing.read_unverified("A" * 3_000_000) == Refused(Reason.TOO_LARGE)
    with pytest.raises(ValueError, match="1 MiB"):
        signing.sign(PAYLOAD | {"a": "x" * 2**20}, KEY, typ=TYPE)


def test_a_large_summary_is_signed_and_believed() -> None:
    assert _outcome(signing.sign(PAYLOAD | {"a": "x" * 1_000_000}, KEY, typ=TYPE)) is None


@given(
    st.dictionaries(
        st.text(max_size=5),
        st.text() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False),
        max_size=5,
    )
)
@settings(max_examples=60, deadline=None)
def test_signing_and_verifying_are_inverse(content: dict[str, Any]) -> None:
    for compress in (False, True):
        token = signing.sign(content | PAYLOAD, KEY, typ=TYPE, compress=compress)
        verified = signing.verify(token, TRUST, typ=TYPE, now=NOW)
        assert isinstance(verified, signing.Verified)
        assert verified.payload == content | PAYLOAD


def test_an_unverified_token_shows_what_it_claims() -> None:
    forged = _made(HEADER | {"jwk": p256.public(STRANGER)}, key=STRANGER)
    claimed = signing.read_unverified(forged)
    assert isinstance(claimed, signing.Unverified)
    assert claimed.header["jwk"]["kid"] == STRANGER["kid"]
    assert claimed.payload == PAYLOAD
    packed = signing.read_unverified(PACKED)
    assert isinstance(packed, signing.Unverified)
    assert packed.payload == PAYLOAD


def test_every_reason_has_a_sentence_of_its_own_for_people() -> None:
    sentences = [str(Refused(reason)) for reason in Reason]
    assert len({*sentences}) == len(Reason)
    assert all(sentence.endswith(".") and len(sentence) > 20 for sentence in sentences)
