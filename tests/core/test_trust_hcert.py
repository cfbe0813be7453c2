"""HCERT: what the specification demands, as a table of certificates and reasons."""

from __future__ import annotations

import base64
import zlib
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import base45
import cbor2
import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from registry.trust import hcert
from registry.trust.fault import Fault, Refusal
from registry.trust.hcert import reading, signers
from tests.support import cards
from tests.support.cards import CONTENT, EXPIRES, ISSUED, NOW, RECOVERY, TEST, VACCINATION, Hcert

GOOD = Hcert()
OTHER = cards.signer(number=2)
DAY = timedelta(days=1)


def trusted(*certificates: x509.Certificate, revoked: list[bytes] | None = None) -> hcert.Signers:
    return signers.of(certificates or (GOOD.by,), revoked or ())


def verdict(text: str, believed: hcert.Signers | None = None, *, now: datetime = NOW) -> Fault | None:
    """The reason a text is refused for; None when it is accepted."""
    body = reading.of_text(text)
    outcome = Refusal(fault=body) if isinstance(body, Fault) else hcert.verify(body, believed or trusted(), now=now)
    return outcome.fault if isinstance(outcome, Refusal) else None


# --- accepted --------------------------------------------------------------------------------------

P384, P521, RSA = cards.signer("secp384r1"), cards.signer("secp521r1"), cards.signer("2048")
CIV = {**CONTENT, "ver": "1.0.0"}

ACCEPTED = {
    "one of ES256": GOOD,
    "one of PS256": Hcert(by=RSA, key="2048"),
    "ES256 with a key on P-384": Hcert(by=P384, key="secp384r1"),
    "ES256 with a key on P-521": Hcert(by=P521, key="secp521r1"),
    "a bare list": replace(GOOD, wrap=lambda parts: parts),
    "within the tag of a CWT": replace(GOOD, wrap=lambda parts: cbor2.CBORTag(61, cbor2.CBORTag(18, parts))),
    "the key id in the open header": replace(GOOD, protected={1: -7}, unprotected={4: cards.kid(GOOD.by)}),
    "two key ids, the protected one right": replace(GOOD, unprotected={4: b"12345678"}),
    "no issuer": GOOD.having(iss=...),
    "an issuer that is no country": GOOD.having(iss="CNAM"),
    "times as fractions": GOOD.having(iat=ISSUED + 0.5, exp=EXPIRES + 0.25),
    "a test": GOOD.of({**CONTENT, "v": None, "t": [TEST]}),
    "a test whose sample time is tagged": GOOD.of(
        {**CONTENT, "v": [], "t": [{**TEST, "sc": cbor2.CBORTag(0, "2021-06-15T09:24:02Z")}]}
    ),
    "a recovery": GOOD.of({**CONTENT, "v": None, "r": [RECOVERY]}),
    "a birth year only": GOOD.of({**CONTENT, "dob": "1998"}),
    "no birth date": GOOD.of({**CONTENT, "dob": ""}),
    "a standardised name only": GOOD.of({**CONTENT, "nam": {"fnt": "MUSTERFRAU"}}),
    "the earlier schema with two doses": GOOD.of({**CIV, "v": [VACCINATION, {**VACCINATION, "dn": 1}]}),
}


@pytest.mark.parametrize("made", ACCEPTED.values(), ids=ACCEPTED)
def test_accepted(made: Hcert) -> None:
    assert verdict(made.text, trusted(made.by)) is None


def test_the_country_is_that_of_the_signer_whatever_the_issuer_claims() -> None:
    body = reading.of_text(GOOD.having(iss="CNAM").text)
    assert isinstance(body, bytes)
    outcome = hcert.verify(body, trusted(), now=NOW)
    assert isinstance(outcome, hcert.Certificate)
    assert (outcome.country, outcome.group, outcome.warnings) == ("AT", "v", (Fault.NAMES_NO_COUNTRY,))


def test_a_signer_whose_certificate_names_no_country_is_believed_and_that_is_said() -> None:
    nowhere = cards.signer(country=None)
    body = reading.of_text(Hcert(by=nowhere).text)
    assert isinstance(body, bytes)
    outcome = hcert.verify(body, trusted(nowhere), now=NOW)
    assert isinstance(outcome, hcert.Certificate)
    assert (outcome.country, outcome.warnings) == ("AT", (Fault.SIGNER_WITHOUT_COUNTRY,))


def test_every_signer_of_one_key_id_is_tried() -> None:
    """Eight bytes are no proof: two certificates may share them (specification, "Key Identifier")."""
    known = signers.signer(GOOD.by)
    assert known
    impostor = signers.signer(OTHER)
    assert impostor
    both = hcert.Signers(by_kid={known.kid: (replace(impostor, kid=known.kid), known)})
    assert verdict(GOOD.text, both) is None


# --- refused: transport ----------------------------------------------------------------------------

PLAIN = base45.b45encode(GOOD.cose).decode()
RAW_DEFLATE = zlib.compress(GOOD.cose)[2:-4]
BOMB = zlib.compress(b"\xd2" + bytes(30_000_000), 9)

TEXTS = {
    "no prefix": (GOOD.text.removeprefix("HC1:"), Fault.PREFIX),
    "the prefix of a later version": (GOOD.text.replace("HC1:", "HC2:"), Fault.PREFIX),
    "a small prefix": (GOOD.text.replace("HC1:", "hc1:"), Fault.PREFIX),
    "small letters": (GOOD.text[:40] + GOOD.text[40:].lower(), Fault.BASE45),
    "a character of base64": (GOOD.text + "=", Fault.BASE45),
    "one character too few": (GOOD.text[:-1], Fault.BASE45),
    "three characters for more than two bytes": ("HC1::::", Fault.BASE45),
    "nothing": ("HC1:", Fault.BASE45),
    "not compressed": ("HC1:" + PLAIN, Fault.COMPRESSION),
    "compressed without a wrapper": ("HC1:" + base45.b45encode(RAW_DEFLATE).decode(), Fault.COMPRESSION),
    "cut short": ("HC1:" + base45.b45encode(zlib.compress(GOOD.cose)[:-6]).decode(), Fault.COMPRESSION),
    "followed by something": ("HC1:" + base45.b45encode(zlib.compress(GOOD.cose) + b"xx").decode(), Fault.COMPRESSION),
    "a bomb in a text": ("HC1:" + base45.b45encode(BOMB).decode(), Fault.TOO_LARGE),
    "endless": ("HC1:" + "0" * 1_000_000, Fault.TOO_LARGE),
}


@pytest.mark.parametrize(("text", "fault"), TEXTS.values(), ids=TEXTS)
def test_refused_before_anything_is_read(text: str, fault: Fault) -> None:
    assert verdict(text) is fault


def test_a_bomb_is_not_unpacked_beyond_the_limit() -> None:
    small = zlib.compress(bytes(reading.MAX_COSE_BYTES + 1), 9)
    assert reading.inflated(small) is Fault.TOO_LARGE
    assert reading.inflated(zlib.compress(bytes(reading.MAX_COSE_BYTES), 9)) == bytes(reading.MAX_COSE_BYTES)


# --- refused: signature and claims -----------------------------------------------------------------

UNTIL_TODAY = cards.signer(ends=NOW - DAY)
FROM_TOMORROW = cards.signer(begins=NOW + DAY)
ARCS = ("1.3.6.1.4.1.1847.2021.1.", "1.3.6.1.4.1.0.1847.2021.1.")


def wrapped(*parts: Any) -> Hcert:
    return replace(GOOD, wrap=lambda held: cbor2.CBORTag(18, [*held[: 4 - len(parts)], *parts]))


REFUSED = {
    "signed by another key": (replace(GOOD, number=2), Fault.BAD_SIGNATURE),
    "a signature of nothing": (wrapped(b""), Fault.BAD_SIGNATURE),
    "a signature of zeros": (wrapped(bytes(64)), Fault.BAD_SIGNATURE),
    "a signer nobody lists": (Hcert(by=OTHER, number=2), Fault.UNKNOWN_SIGNER),
    "no key id": (replace(GOOD, protected={1: -7}), Fault.UNKNOWN_SIGNER),
    "a key id in words": (replace(GOOD, protected={1: -7, 4: "AAAAAAAA"}), Fault.UNKNOWN_SIGNER),
    "the protected key id wrong, the open one right": (
        replace(GOOD, protected={1: -7, 4: b"12345678"}, unprotected={4: cards.kid(GOOD.by)}),
        Fault.UNKNOWN_SIGNER,
    ),
    "no algorithm": (replace(GOOD, protected={4: cards.kid(GOOD.by)}), Fault.ALGORITHM),
    "the algorithm in the open header": (
        replace(GOOD, protected={4: cards.kid(GOOD.by)}, unprotected={1: -7}),
        Fault.ALGORITHM,
    ),
    "HMAC": (replace(GOOD, protected={1: 5, 4: cards.kid(GOOD.by)}), Fault.ALGORITHM),
    "ES384": (replace(GOOD, protected={1: -35, 4: cards.kid(GOOD.by)}), Fault.ALGORITHM),
    "PS256 by a key that is not RSA": (replace(GOOD, protected={1: -37, 4: cards.kid(GOOD.by)}), Fault.ALGORITHM),
    "an extension that must be understood": (
        replace(GOOD, protected={1: -7, 2: [99], 4: cards.kid(GOOD.by)}),
        Fault.COSE,
    ),
    "five parts": (replace(GOOD, wrap=lambda held: cbor2.CBORTag(18, [*held, b""])), Fault.COSE),
    "three parts": (replace(GOOD, wrap=lambda held: held[:3]), Fault.COSE),
    "the tag of several signatures": (replace(GOOD, wrap=lambda held: cbor2.CBORTag(98, held)), Fault.COSE),
    "a map": (replace(GOOD, wrap=lambda held: {1: held}), Fault.COSE),
    "a payload in words": (replace(GOOD, wrap=lambda held: [held[0], {}, "x", held[3]]), Fault.COSE),
    "a payload that is no CBOR": (replace(GOOD, payload=b"\xff\xff"), Fault.CWT),
    "a payload with a repeated claim": (replace(GOOD, payload=b"\xa2\x01\x61A\x01\x61B"), Fault.CWT),
    "a payload followed by something": (replace(GOOD, payload=cbor2.dumps(GOOD.claims) + b"\x00"), Fault.CWT),
    "a payload nested beyond reason": (replace(GOOD, payload=b"\x81" * 5000 + b"\x00"), Fault.CWT),
    "a payload that claims to be huge": (replace(GOOD, payload=b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff"), Fault.CWT),
    "a pattern for a value": (GOOD.having(iss=cbor2.CBORTag(35, "(a+)+$")), Fault.CWT),
    "a payload that is a list": (replace(GOOD, payload=cbor2.dumps([1])), Fault.CWT),
    "no expiry": (GOOD.having(exp=...), Fault.CWT),
    "no time of issue": (GOOD.having(iat=...), Fault.CWT),
    "an expiry in words": (GOOD.having(exp="2099-01-01"), Fault.CWT),
    "an expiry that is true": (GOOD.having(exp=True), Fault.CWT),
    "an expiry without end": (GOOD.having(exp=float("inf")), Fault.CWT),
    "no certificate": (GOOD.having(hcert=...), Fault.CWT),
    "a certificate of another kind": (GOOD.having(hcert={2: CONTENT}), Fault.CWT),
    "expired": (GOOD.having(exp=int(NOW.timestamp())), Fault.EXPIRED),
    "issued tomorrow": (GOOD.having(iat=int((NOW + DAY).timestamp())), Fault.NOT_YET_VALID),
    "another country than its signer's": (GOOD.having(iss="DE"), Fault.OTHER_COUNTRY),
    "a signer whose time is over": (Hcert(by=UNTIL_TODAY), Fault.SIGNER_PERIOD),
    "a signer whose time has not come": (Hcert(by=FROM_TOMORROW), Fault.SIGNER_PERIOD),
}


@pytest.mark.parametrize(("made", "fault"), REFUSED.values(), ids=REFUSED)
def test_refused(made: Hcert, fault: Fault) -> None:
    believed = trusted(*(each for each in (GOOD.by, made.by) if each is not OTHER))
    assert verdict(made.text, believed) is fault


def test_a_small_rsa_key_is_not_believed() -> None:
    small = cards.signer("1024")
    assert verdict(Hcert(by=small, key="1024").text, trusted(small)) is Fault.ALGORITHM


@pytest.mark.parametrize("arc", ARCS, ids=["as registered", "with a 0 too many"])
@pytest.mark.parametrize("group", ["t", "v", "r"])
def test_a_signer_for_some_kinds_signs_only_those(arc: str, group: str) -> None:
    entry = {"v": VACCINATION, "t": TEST, "r": RECOVERY}[group]
    content = {**{name: CONTENT[name] for name in ("ver", "nam", "dob")}, group: [entry]}
    for number, allowed in ((1, "t"), (2, "v"), (3, "r")):
        by = cards.signer(usages=(f"{arc}{number}",))
        assert verdict(Hcert(by=by).of(content).text, trusted(by)) is (None if allowed == group else Fault.KEY_USAGE)
    both = cards.signer(usages=("1.3.6.1.5.5.7.3.1", f"{arc}1", f"{arc}2"))
    assert verdict(Hcert(by=both).of(content).text, trusted(both)) is (Fault.KEY_USAGE if group == "r" else None)
    others = cards.signer(usages=("1.3.6.1.5.5.7.3.1",))
    assert verdict(Hcert(by=others).of(content).text, trusted(others)) is None


@pytest.mark.parametrize(("claimed", "country"), [("EL", "GR"), ("FO", "DK"), ("JE", "GB"), ("CW", "NL")])
def test_a_territory_is_signed_for_by_its_country(claimed: str, country: str) -> None:
    by = cards.signer(country=country)
    assert verdict(Hcert(by=by).having(iss=claimed).text, trusted(by)) is None


# --- refused: form ---------------------------------------------------------------------------------


def without(name: str, of: Any = CONTENT) -> dict[str, Any]:
    return {key: value for key, value in of.items() if key != name}


def dose(**changes: Any) -> dict[str, Any]:
    return {**CONTENT, "v": [{**VACCINATION, **changes}]}


FORMS: dict[str, Any] = {
    "nothing": {},
    "a list": [CONTENT],
    "words": "CONTENT",
    "no version": without("ver"),
    "a version that is none": {**CONTENT, "ver": "1"},
    "no name": without("nam"),
    "no standardised family name": {**CONTENT, "nam": {"gnt": "GABRIELE"}},
    "a standardised name in small letters": {**CONTENT, "nam": {"fnt": "Musterfrau"}},
    "a name of 81 letters": {**CONTENT, "nam": {"fnt": "A" * 81}},
    "no birth date": without("dob"),
    "a birth date with its day first": {**CONTENT, "dob": "26-02-1998"},
    "a birth date of another century": {**CONTENT, "dob": "1898-02-26"},
    "no group": without("v"),
    "an empty group": {**CONTENT, "v": []},
    "two groups": {**CONTENT, "t": [TEST]},
    "two doses": {**CONTENT, "v": [VACCINATION, VACCINATION]},
    "a group that is no list": {**CONTENT, "v": VACCINATION},
    "a dose in words": {**CONTENT, "v": ["x"]},
    "dose number 0": dose(dn=0),
    "a dose number in words": dose(dn="1"),
    "a dose number that is true": dose(dn=True),
    "half a dose": dose(dn=1.5),
    "a date that is none": dose(dt="2021-02-30"),
    "a date without its day": dose(dt="2021-02"),
    "no country": dose(co=""),
    "an id of 81 letters": dose(ci="U" * 81),
    **{f"a dose without {name}": {**CONTENT, "v": [without(name, VACCINATION)]} for name in VACCINATION},
    **{f"a test without {name}": {**without("v"), "t": [without(name, TEST)]} for name in TEST if name != "tc"},
    **{f"a recovery without {name}": {**without("v"), "r": [without(name, RECOVERY)]} for name in RECOVERY},
}


@pytest.mark.parametrize("content", FORMS.values(), ids=FORMS)
def test_what_has_not_the_form_of_a_certificate_is_refused(content: Any) -> None:
    assert verdict(GOOD.of(content).text) is Fault.NO_CERTIFICATE


# --- withdrawn -------------------------------------------------------------------------------------

UVCI = VACCINATION["ci"]
HASHES = {
    "of its id": sha256(UVCI.encode()).digest(),
    "of its country and id": sha256(("AT" + UVCI).encode()).digest(),
    "cut to 16 bytes": sha256(UVCI.encode()).digest()[:16],
}


@pytest.mark.parametrize("listed", HASHES.values(), ids=HASHES)
def test_a_certificate_on_a_list_is_withdrawn(listed: bytes) -> None:
    assert verdict(GOOD.text, trusted(revoked=[listed])) is Fault.REVOKED
    assert verdict(GOOD.text, trusted(revoked=[bytes(32)])) is None


def test_a_certificate_is_withdrawn_by_half_of_its_signature() -> None:
    cose = GOOD.cose
    half = cbor2.loads(cose).value[3][:32]
    assert verdict(cards.text_of(cose), trusted(revoked=[sha256(half).digest()])) is Fault.REVOKED


# --- laws ------------------------------------------------------------------------------------------

COSE = GOOD.cose
TEXT = cards.text_of(COSE)
BASE45 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"


@given(at=st.integers(0, len(COSE) - 1), bit=st.integers(0, 7))
def test_a_changed_bit_is_refused_or_lies_in_the_open_header(at: int, bit: int) -> None:
    changed = COSE[:at] + bytes([COSE[at] ^ (1 << bit)]) + COSE[at + 1 :]
    outcome = hcert.verify(changed, trusted(), now=NOW)
    if isinstance(outcome, hcert.Certificate):
        # CBOR may write a length in several ways, and the open header is not signed: never another content.
        assert outcome.content == hcert.verify(COSE, trusted(), now=NOW).content  # pyright: ignore[reportAttributeAccessIssue]


@given(at=st.integers(0, len(TEXT) - 1), to=st.sampled_from(BASE45))
def test_a_changed_character_is_refused(at: int, to: str) -> None:
    changed = TEXT[:at] + to + TEXT[at + 1 :]
    assert changed == TEXT or verdict(changed) is not None


@given(st.binary(max_size=300))
def test_any_bytes_get_an_answer(body: bytes) -> None:
    assert isinstance(hcert.verify(body, trusted(), now=NOW), Refusal)
    assert isinstance(reading.of_text("HC1:" + base45.b45encode(body).decode()), Fault | bytes)


ITEMS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.binary(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.integers() | st.text(max_size=3), inner, max_size=4),
    max_leaves=12,
)


@given(ITEMS, st.sampled_from(["claims", "content", "entry"]))
def test_anything_signed_by_a_trusted_key_gets_an_answer(item: Any, place: str) -> None:
    made = {
        "claims": replace(GOOD, payload=cbor2.dumps(item)),
        "content": GOOD.of(item),
        "entry": GOOD.of({**CONTENT, "v": [item]}),
    }[place]
    assert isinstance(hcert.verify(made.cose, trusted(), now=NOW), Refusal)


def test_writing_a_certificate_again_reads_the_same() -> None:
    assert reading.of_text(reading.to_text(COSE)) == COSE


# --- the shared set --------------------------------------------------------------------------------


@pytest.mark.shared_data
def test_the_certificates_the_eu_shares_are_accepted_at_their_time(shared_data: Path) -> None:
    """37 certificates of seven countries; none of them may be refused, and each says what its file says."""
    files = [*(shared_data / "immunization" / "hcert").rglob("raw/*.json")]
    read = cards.shared_certificates(files)
    assert len(read) == 37
    for path, case, clock in read:
        by = x509.load_der_x509_certificate(base64.b64decode(case["TESTCTX"]["CERTIFICATE"]))
        assert verdict(case["PREFIX"], trusted(by), now=clock) is None, path
        assert verdict(case["PREFIX"], trusted(by), now=clock + 4000 * DAY) in (Fault.EXPIRED, Fault.SIGNER_PERIOD)
        assert verdict(case["PREFIX"], trusted(), now=clock) is Fault.UNKNOWN_SIGNER
