"""SMART Health Cards: which are believed, why others are not, and what our own look like."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.errors import BadInput
from registry.trust import p256, qr, shc
from registry.trust.fault import Fault, Refusal
from registry.trust.shc import codes, content, issuers, keyset
from tests.support import cards
from tests.support.cards import ISSUED, ISSUER, KEY, OTHER_KEY, jws, payload

NOW = datetime.fromtimestamp(ISSUED, UTC) + timedelta(days=30)
ELSEWHERE = "https://elsewhere.example"


def believed(**revocations: Any) -> shc.Issuers:
    """One issuer, and another one with a key of its own."""
    public = {**p256.public(KEY), **({"crlVersion": 3} if revocations else {})}
    known = {
        (ISSUER, KEY["kid"]): issuers.key(public, revocations.get("listed")),
        (ELSEWHERE, OTHER_KEY["kid"]): issuers.key(p256.public(OTHER_KEY)),
    }
    return shc.Issuers(keys=known, names={ISSUER: "Clinic of the example"})


def judged(token: str, known: shc.Issuers | None = None, *, now: datetime = NOW) -> shc.Card | Refusal:
    return shc.verify(token, known or believed(), now=now)


def fault(token: str, known: shc.Issuers | None = None, *, now: datetime = NOW) -> Fault | None:
    outcome = judged(token, known, now=now)
    return outcome.fault if isinstance(outcome, Refusal) else None


def warnings(token: str, known: shc.Issuers | None = None) -> tuple[Fault, ...]:
    outcome = judged(token, known)
    assert isinstance(outcome, shc.Card), outcome
    return tuple(outcome.warnings)


# --- believed --------------------------------------------------------------------------------------


def test_a_good_card_is_believed_and_says_what_was_signed() -> None:
    card = judged(jws())
    assert isinstance(card, shc.Card)
    assert (card.issuer, card.kid, card.expires, card.warnings) == (ISSUER, KEY["kid"], None, ())
    assert [each["resource"]["resourceType"] for each in card.bundle["entry"]] == ["Patient", *["Immunization"] * 2]


TYPES = ["https://smarthealth.cards#health-card", "https://smarthealth.cards#immunization"]
ODD = {
    "the type VerifiableCredential": (
        {"vc": {"type": [*TYPES, "VerifiableCredential"]}},
        Fault.SCHEMA,
    ),
    "no type for its immunizations": ({"vc": {"type": TYPES[:1]}}, Fault.SCHEMA),
    "an expiry in milliseconds": ({"exp": 1_900_000_000_000}, Fault.EXPIRATION),
}


@pytest.mark.parametrize(("changes", "warning"), ODD.values(), ids=ODD)
def test_what_departs_without_harm_is_accepted_and_said(changes: dict[str, Any], warning: Fault) -> None:
    assert warnings(jws(payload(**changes))) == (warning,)


def in_bundle(at: int, **changes: Any) -> dict[str, Any]:
    """The payload with members of its `at`th resource changed; `...` takes one away."""
    made = payload()
    held = made["vc"]["credentialSubject"]["fhirBundle"]["entry"][at]["resource"]
    held.update(changes)
    for name in [name for name, value in held.items() if value is ...]:
        del held[name]
    return made


MINIMISED = {
    "an id": (in_bundle(1, id="x"), Fault.SCHEMA),
    "a text": (in_bundle(1, text={"status": "generated"}), Fault.SCHEMA),
    "a display": (in_bundle(1, vaccineCode={"coding": [{"system": "s", "code": "1", "display": "x"}]}), Fault.SCHEMA),
    "a meta that is none": (in_bundle(0, meta="x"), Fault.SCHEMA),
    "a further member of meta": (in_bundle(1, meta={"id": "x", "security": [{"code": "IAL1"}]}), Fault.FHIR_SCHEMA),
}


@pytest.mark.parametrize(("claims", "warning"), MINIMISED.values(), ids=MINIMISED)
def test_what_a_card_should_leave_out_is_accepted_and_said(claims: Any, warning: Fault) -> None:
    assert warnings(jws(claims)) == (warning,)


def test_the_name_of_who_gave_a_dose_may_stand_in_a_card() -> None:
    assert warnings(jws(in_bundle(1, performer=[{"actor": {"display": "Clinic"}}]))) == ()


# --- refused ---------------------------------------------------------------------------------------

HEADER = {"zip": "DEF", "alg": "ES256", "kid": KEY["kid"]}
BODY = json.dumps(payload()).encode()
REFUSED = {
    "nothing": ("", Fault.MALFORMED),
    "two parts": ("a.b", Fault.MALFORMED),
    "padding": (jws() + "==", Fault.MALFORMED),
    "a header without an algorithm": (jws(header={"zip": "DEF", "kid": KEY["kid"]}), Fault.HEADER),
    "a header without compression": (jws(header={"alg": "ES256", "kid": KEY["kid"]}), Fault.HEADER),
    "no algorithm at all": (jws(header={**HEADER, "alg": "none"}), Fault.HEADER),
    "HMAC": (jws(header={**HEADER, "alg": "HS256"}), Fault.HEADER),
    "a key of its own": (jws(header={**HEADER, "jwk": p256.public(KEY)}), Fault.HEADER),
    "a type, as our own papers have": (jws(header={**HEADER, "typ": "JWT"}), Fault.HEADER),
    "a signature of 70 bytes": (jws().rpartition(".")[0] + "." + cards.encoded(bytes(70)), Fault.SIGNATURE_FORMAT),
    "a signature of zeros": (jws().rpartition(".")[0] + "." + cards.encoded(bytes(64)), Fault.BAD_SIGNATURE),
    "the name of one key, signed by another": (jws(key={**OTHER_KEY, "kid": KEY["kid"]}), Fault.BAD_SIGNATURE),
    "a key nobody lists": (jws(key={**KEY, "kid": "x"}), Fault.UNKNOWN_SIGNER),
    "the key of another issuer": (jws(key=OTHER_KEY), Fault.OTHER_ISSUER),
    "an issuer nobody lists": (jws(payload(iss="https://nobody.example")), Fault.UNKNOWN_SIGNER),
    "an issuer with a slash at its end": (jws(payload(iss=ISSUER + "/")), Fault.ISSUER_URL),
    "an issuer without TLS": (jws(payload(iss="http://cards.example/issuer")), Fault.ISSUER_URL),
    "no issuer": (jws(payload(iss=...)), Fault.ISSUER_URL),
    "not compressed": (jws(BODY, pack=False), Fault.MALFORMED),
    "not JSON": (jws(b"{"), Fault.MALFORMED),
    "a repeated claim": (jws(b'{"iss":"a","iss":"b"}'), Fault.MALFORMED),
    "a byte order mark": (jws(b"\xef\xbb\xbf" + BODY), Fault.TRAILING),
    "blanks around the payload": (jws(b" " + BODY + b"\n"), Fault.TRAILING),
    "a bomb": (jws(b" " * 5_000_000), Fault.TOO_LARGE),
    "endless": ("a" * 1_000_000, Fault.TOO_LARGE),
    "no time of issue": (jws(payload(nbf=...)), Fault.SCHEMA),
    "a time of issue in words": (jws(payload(nbf="2021")), Fault.SCHEMA),
    "a time of issue that is true": (jws(payload(nbf=True)), Fault.SCHEMA),
    "a time of issue in milliseconds": (jws(payload(nbf=ISSUED * 1000)), Fault.NOT_YET_VALID),
    "issued tomorrow": (jws(payload(nbf=NOW.timestamp() + 86_400)), Fault.NOT_YET_VALID),
    "expired": (jws(payload(exp=NOW.timestamp())), Fault.EXPIRED),
    "an expiry in words": (jws(payload(exp="never")), Fault.SCHEMA),
    "no credential": (jws({"iss": ISSUER, "nbf": ISSUED}), Fault.SCHEMA),
    "not of the type of a health card": (jws(payload(vc={"type": ["x"]})), Fault.SCHEMA),
    "another version of FHIR": (jws(payload(vc={"credentialSubject": {"fhirVersion": "5.0.0"}})), Fault.SCHEMA),
    "an id of withdrawal that is none": (jws(payload(vc={"rid": "a b"})), Fault.SCHEMA),
    "a dose not completed": (jws(in_bundle(1, status="not-done")), Fault.FHIR_SCHEMA),
    "a dose without a code": (jws(in_bundle(1, vaccineCode={})), Fault.FHIR_SCHEMA),
    "a dose without a date": (jws(in_bundle(1, occurrenceDateTime=...)), Fault.FHIR_SCHEMA),
    "a dose with two dates": (jws(in_bundle(1, occurrenceString="x")), Fault.FHIR_SCHEMA),
    "a dose of nobody": (jws(in_bundle(1, patient={"reference": "resource:9"})), Fault.FHIR_SCHEMA),
    "two people": (jws(in_bundle(1, resourceType="Patient", name=[])), Fault.FHIR_SCHEMA),
    "nobody": (jws(in_bundle(0, resourceType="Basic")), Fault.FHIR_SCHEMA),
    "a security label without a code": (jws(in_bundle(1, meta={"security": [{"x": 1}]})), Fault.FHIR_SCHEMA),
}


@pytest.mark.parametrize(("token", "reason"), REFUSED.values(), ids=REFUSED)
def test_refused(token: str, reason: Fault) -> None:
    assert fault(token) is reason


# --- withdrawn -------------------------------------------------------------------------------------


def listing(*rids: str, **changes: Any) -> Any:
    return issuers.revocations({"kid": KEY["kid"], "method": "rid", "ctr": 3, "rids": list(rids), **changes})


RID = payload(vc={"rid": "abcdEFGH-_1"})
LISTS = {
    "not on the list": (listing("other"), None),
    "on the list": (listing("abcdEFGH-_1"), Fault.REVOKED),
    "withdrawn as issued before a later moment": (listing(f"abcdEFGH-_1.{ISSUED + 1}"), Fault.REVOKED),
    "issued since": (listing(f"abcdEFGH-_1.{ISSUED}"), None),
    "the list of another edition": (listing("other", ctr=4), Fault.REVOCATION),
    "the list of another key": (listing("other", kid="x"), Fault.REVOCATION),
    "a list with an id twice": (listing("a", "a.12"), Fault.REVOCATION),
    "a list with an id that is none": (listing("base64=="), Fault.REVOCATION),
    "a list by another method": (listing("a", method="x"), Fault.REVOCATION),
    "no list at all": (issuers.revocations(None), Fault.REVOCATION),
}


@pytest.mark.parametrize(("held", "reason"), LISTS.values(), ids=LISTS)
def test_withdrawn(held: Any, reason: Fault | None) -> None:
    assert fault(jws(RID), believed(listed=held)) is reason


def test_a_key_whose_list_is_not_held_is_believed_and_that_is_said() -> None:
    assert warnings(jws(RID), believed(listed=None)) == (Fault.NO_REVOCATION_LIST,)


def test_a_card_issued_outside_its_certificate_is_refused() -> None:
    ends = datetime.fromtimestamp(ISSUED, UTC) - timedelta(days=1)
    known = believed()
    key = replace(known.keys[ISSUER, KEY["kid"]], period=(ends - timedelta(days=9), ends))
    assert fault(jws(), shc.Issuers(keys={(ISSUER, KEY["kid"]): key})) is Fault.KEY_CHAIN


# --- laws ------------------------------------------------------------------------------------------

GOOD = jws()
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."


@given(at=st.integers(0, len(GOOD) - 1), to=st.sampled_from(LETTERS))
def test_a_changed_character_is_refused(at: int, to: str) -> None:
    changed = GOOD[:at] + to + GOOD[at + 1 :]
    assert changed == GOOD or fault(changed) is not None


PARTS = st.sampled_from(["coding", "code", "system", "meta", "security", "x"])
LEAVES = st.none() | st.booleans() | st.integers(-5, 10**13) | st.floats(-1e9, 1e9) | st.text(max_size=4)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(PARTS, inner, max_size=3),
    max_leaves=10,
)
MEMBERS = ["resourceType", "status", "vaccineCode", "patient", "occurrenceDateTime", "meta", "name", "performer"]


@given(value=JSON, name=st.sampled_from(MEMBERS), at=st.integers(0, 1))
def test_anything_signed_by_a_trusted_key_gets_an_answer(value: Any, name: str, at: int) -> None:
    claims = in_bundle(at, **{name: value})
    assert isinstance(judged(jws(claims)), shc.Card | Refusal)
    content.of_bundle({"type": "collection", "entry": value})


@given(
    value=JSON,
    name=st.sampled_from(["iss", "nbf", "exp", "vc"]),
    inner=st.sampled_from(["", "type", "credentialSubject", "rid"]),
)
def test_any_claim_gets_an_answer(value: Any, name: str, inner: str) -> None:
    claims = payload(vc={inner: value}) if inner and name == "vc" else {**payload(), name: value}
    assert isinstance(judged(jws(claims)), shc.Card | Refusal)


@given(st.text(max_size=120))
def test_any_text_gets_an_answer(text: str) -> None:
    assert isinstance(judged(text), Refusal)
    assert isinstance(codes.parse(text), Fault | codes.Chunk)


# --- key sets --------------------------------------------------------------------------------------

PUBLIC = p256.public(KEY)
KEYS = {
    "as it should be": (PUBLIC, []),
    "RSA": ({**PUBLIC, "kty": "RSA"}, [Fault.KEY_TYPE]),
    "another curve": ({**PUBLIC, "crv": "P-384"}, [Fault.KEY_TYPE]),
    "for encryption": ({**PUBLIC, "use": "enc"}, [Fault.KEY_USE]),
    "of another algorithm": ({**PUBLIC, "alg": "ES256K"}, [Fault.KEY_ALGORITHM]),
    "of another name": ({**PUBLIC, "kid": "x"}, [Fault.KEY_ID]),
    "off the curve": ({**PUBLIC, "y": PUBLIC["x"]}, [Fault.KEYS]),
    "private": (dict(KEY) | PUBLIC, [Fault.KEY_PRIVATE]),
    "with certificates that are none": ({**PUBLIC, "x5c": ["MIIB"]}, [Fault.KEY_CHAIN]),
}


@pytest.mark.parametrize(("key", "faults"), KEYS.values(), ids=KEYS)
def test_a_key_is_usable_or_it_is_said_why_not(key: Any, faults: list[Fault]) -> None:
    assert [*keyset.faults(key)] == faults


# --- codes -----------------------------------------------------------------------------------------


def split(token: str, count: int) -> list[str]:
    size = -(-len(token) // count)
    parts = [token[at : at + size] for at in range(0, len(token), size)]
    return [f"shc:/{place}/{len(parts)}/{qr.packed(part)}" for place, part in enumerate(parts, start=1)]


LONG = jws(
    payload(
        vc={
            "credentialSubject": {
                "fhirVersion": "4.0.1",
                "fhirBundle": shc.issuing.bundle(cards.PERSON, cards.doses(80)),
            }
        }
    )
)
MANY, FEW = split(LONG, 3), split(GOOD, 2)
CHUNKS = {
    "all of a long card": (MANY, (LONG, (Fault.CHUNKED,))),
    "all of it in disorder": ([MANY[2], MANY[0], MANY[1]], (LONG, (Fault.CHUNKED,))),
    "one missing": (MANY[:2], Fault.CHUNKS_MISSING),
    "one twice": ([*MANY, MANY[0]], Fault.CHUNKS_MISSING),
    "of two cards": ([MANY[0], FEW[1]], Fault.CHUNKS_MISSING),
    "of a card that needed no splitting": (FEW, Fault.CHUNKED),
    "a single code": ([shc.numeric(GOOD)], (GOOD, ())),
}


@pytest.mark.parametrize(("texts", "expected"), CHUNKS.values(), ids=CHUNKS)
def test_codes_that_belong_together(texts: list[str], expected: Any) -> None:
    chunks = [each for each in map(codes.parse, texts) if isinstance(each, codes.Chunk)]
    assert len(chunks) == len(texts)
    assert codes.joined(chunks) == expected


@pytest.mark.parametrize(
    "text", ["shc:/", "shc:/0", "shc:/99", "shc:/0/2/56", "shc:/1/100/56", "shc:/1/2/", "shc:/5 6", "shc:/٥٦"]
)
def test_digits_that_stand_for_nothing_are_refused(text: str) -> None:
    assert codes.parse(text) is Fault.NUMERIC


@given(st.text(LETTERS, min_size=1, max_size=codes.MAX_SINGLE))
def test_writing_and_reading_a_code_are_inverse(token: str) -> None:
    assert codes.parse(shc.numeric(token)) == codes.Chunk(place=1, count=1, token=token, split=False)


# --- our own ---------------------------------------------------------------------------------------


def ours(count: int, seed: int = 5) -> str:
    return shc.issue(cards.PERSON, cards.doses(count, seed), issuer=ISSUER, key=KEY, issued=NOW)


@pytest.mark.parametrize("count", [1, 10, 20])
def test_our_card_is_believed_by_anybody_and_says_the_doses_and_nothing_else(count: int) -> None:
    card = judged(ours(count))
    assert isinstance(card, shc.Card)
    assert not card.warnings
    told = [each["resource"] for each in card.bundle["entry"]]
    assert told[0] == {
        "resourceType": "Patient",
        "name": [{"family": "Al-Halabi", "given": ["Amina"]}],
        "birthDate": "2012-05-14",
    }
    assert [(each["vaccineCode"]["coding"][0]["code"], each["occurrenceDateTime"]) for each in told[1:]] == [
        (each.code, each.on) for each in cards.doses(count)
    ]
    assert {name for each in told[1:] for name in each} == {
        "resourceType",
        "status",
        "vaccineCode",
        "patient",
        "occurrenceDateTime",
    }


@pytest.mark.parametrize("seed", range(12))
def test_twenty_doses_fit_one_code(seed: int) -> None:
    card = ours(20, seed)
    assert shc.issuing.fits(card)
    assert codes.version_needed(shc.numeric(card)) <= codes.MAX_VERSION


def test_a_card_that_does_not_fit_says_so() -> None:
    with pytest.raises(BadInput, match="1195"):
        shc.numeric(ours(60))


def test_a_name_in_any_script_and_a_date_in_part_are_carried() -> None:
    person = shc.Person(family="الحلبي", given=["أمينة", "نور"], born="2012-05")
    card = judged(shc.issue(person, [shc.Dose(code="03", on="2013")], issuer=ISSUER, key=KEY, issued=NOW))
    assert isinstance(card, shc.Card)
    assert card.bundle["entry"][0]["resource"]["name"] == [{"family": "الحلبي", "given": ["أمينة", "نور"]}]


@pytest.mark.parametrize("issuer", ["http://a.example", "https://a.example/", "a"])
def test_an_issuer_no_reader_could_look_up_issues_nothing(issuer: str) -> None:
    with pytest.raises(ValueError, match="https"):
        shc.issue(cards.PERSON, cards.doses(1), issuer=issuer, key=KEY, issued=NOW)


def test_our_expiry_is_signed() -> None:
    card = shc.issue(cards.PERSON, cards.doses(1), issuer=ISSUER, key=KEY, issued=NOW, expires=NOW + timedelta(days=30))
    assert fault(card, now=NOW + timedelta(days=29)) is None
    assert fault(card, now=NOW + timedelta(days=30)) is Fault.EXPIRED


@pytest.mark.shared_data
def test_the_key_set_of_the_example_issuer_and_its_list_are_usable(shared_data: Path) -> None:
    folder = shared_data / "immunization" / "shc" / "spec-issuer" / ".well-known"
    keys = json.loads((folder / "jwks.json").read_bytes())["keys"]
    spec = "https://spec.smarthealth.cards/examples/issuer"
    assert keyset.named_issuers(keys) == {spec}
    assert not [fault for key in keys for fault in keyset.faults(key, spec)]
    assert [*keyset.faults(keys[1], "https://other.example")] == [Fault.KEY_CHAIN]
    (listed,) = (folder / "crl").iterdir()
    assert isinstance(issuers.revocations(json.loads(listed.read_bytes())), issuers.Revocations)
