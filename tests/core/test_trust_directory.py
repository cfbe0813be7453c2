"""A trust folder: every form that issuers and countries publish, and what becomes of a file that cannot be used."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from registry.errors import BadInput
from registry.trust import directory, p256, trustlist
from registry.trust.fault import Fault
from tests.support import cards
from tests.support.cards import ISSUER, KEY, OTHER_KEY

KID = KEY["kid"]
SET: dict[str, Any] = {"keys": [p256.public(KEY)]}


def body(content: Any) -> bytes:
    return content if isinstance(content, bytes) else json.dumps(content).encode()


def read(**files: Any) -> directory.Directory:
    return directory.read({name: body(content) for name, content in files.items()})


def of(path: str, content: Any) -> directory.Directory:
    return directory.read({path: body(content)})


# --- issuers of health cards -----------------------------------------------------------------------

NAMED = {
    "wrapped, with its issuer": ("a.json", {"issuer": ISSUER, "jwks": SET}),
    "with its issuer beside the keys": ("a.json", {"issuer": ISSUER, **SET}),
    "as the issuer publishes it": ("cards.example/issuer/.well-known/jwks.json", SET),
    "the same, deeper in the folder": ("mirror/of/cards.example/issuer/.well-known/jwks.json", SET),
}


@pytest.mark.parametrize(("path", "content"), NAMED.values(), ids=NAMED)
def test_a_key_set_that_names_its_issuer_is_believed_for_it_alone(path: str, content: Any) -> None:
    found = of(path, content)
    assert {*found.issuers.keys} == {(ISSUER, KID)}
    assert not found.problems
    assert not found.registries.keys, "a card issuer signs no papers of registries"


def test_a_key_set_that_names_nobody_is_not_used() -> None:
    found = of("keys.json", SET)
    assert found.is_empty
    assert found.problems == ("keys.json: it does not say whose keys these are",) * len(found.problems)


def test_a_registry_is_believed_for_its_papers_and_for_its_cards() -> None:
    found = of("own.json", trustlist.publish("https://registry.example", "The registry", [KEY]))
    assert found.registries.key("https://registry.example", KID)
    assert {*found.issuers.keys} == {("https://registry.example", KID)}
    assert found.issuers.name("https://registry.example") == "The registry"


def test_a_list_of_issuers_gives_names_and_no_trust() -> None:
    names = {"participating_issuers": [{"iss": ISSUER, "name": "Clinic of the example"}]}
    found = directory.read({"names.json": body(names), "a.json": body({"issuer": ISSUER, "jwks": SET})})
    assert found.issuers.name(ISSUER) == "Clinic of the example"
    assert of("names.json", names).is_empty


def test_a_bad_key_is_left_out_and_told_and_the_good_one_is_used() -> None:
    both = {"issuer": ISSUER, "jwks": {"keys": [p256.public(KEY), {**p256.public(OTHER_KEY), "alg": "ES256K"}]}}
    found = of("a.json", both)
    assert {*found.issuers.keys} == {(ISSUER, KID)}
    assert found.problems == (f"a.json: {Fault.KEY_ALGORITHM.sentence}",)


# --- lists of withdrawn cards ----------------------------------------------------------------------

LISTED = {"kid": KID, "method": "rid", "ctr": 1, "rids": ["abc"]}
WITH_LIST = {"issuer": ISSUER, "jwks": {"keys": [{**p256.public(KEY), "crlVersion": 1}]}}
LISTS = {
    "good": (LISTED, None),
    "not JSON": (b"nonsense", Fault.REVOCATION),
    "of another edition": ({**LISTED, "ctr": 2}, Fault.REVOCATION),
    "with an id that is none": ({**LISTED, "rids": ["$"]}, Fault.REVOCATION),
}


@pytest.mark.parametrize(("content", "fault"), LISTS.values(), ids=LISTS)
def test_a_list_of_withdrawn_cards_that_cannot_be_used_closes_its_key(content: Any, fault: Fault | None) -> None:
    found = directory.read({"a.json": body(WITH_LIST), f"b/crl/{KID}.json": body(content)})
    held = found.issuers.keys[ISSUER, KID].revocations
    assert held is fault or (fault is None and not isinstance(held, Fault))


# --- signers of certificates -----------------------------------------------------------------------

DSC, DSC2 = cards.signer(), cards.signer(number=2)
TEXT = base64.b64encode(cards.der(DSC)).decode()
TEXT2 = base64.b64encode(cards.der(DSC2)).decode()
WRAPPED = "\n".join(TEXT[at : at + 64] for at in range(0, len(TEXT), 64))
PUBLISHED = {
    "PEM": ("a.pem", DSC.public_bytes(Encoding.PEM), 1),
    "two in PEM": ("a.pem", DSC.public_bytes(Encoding.PEM) + b"\n" + DSC2.public_bytes(Encoding.PEM), 2),
    "DER": ("a.der", cards.der(DSC), 1),
    "base64": ("a.txt", TEXT.encode(), 1),
    "base64 in lines": ("a.txt", WRAPPED.encode(), 1),
    "one a line": ("a.txt", f"{TEXT}\n{TEXT2}\n".encode(), 2),
    "by key id": ("a.json", {"AAAAAAAAAAA=": TEXT, "BBBBBBBBBBA=": TEXT2}, 2),
    "a list": ("a.json", [{"kid": "AAAAAAAAAAA=", "rawData": TEXT}], 1),
    "a list within": ("a.json", {"certificates": [{"country": "AT", "rawData": TEXT}, {"rawData": TEXT2}]}, 2),
    "a list after a line of signature": ("a.json", b"c2ln\n" + body({"certificates": [{"rawData": TEXT}]}), 1),
    "the same one twice": ("a.json", [TEXT, TEXT], 1),
}


@pytest.mark.parametrize(("path", "content", "count"), PUBLISHED.values(), ids=PUBLISHED)
def test_signers_as_countries_publish_them(path: str, content: Any, count: int) -> None:
    found = of(path, content)
    assert sum(map(len, found.signers.by_kid.values())) == count
    assert cards.kid(DSC) in found.signers.by_kid
    assert not found.problems


def test_withdrawn_certificates_are_listed_by_hash() -> None:
    hashes = ["00" * 32, "11" * 16, base64.b64encode(b"2" * 32).decode()]
    found = directory.read({"a.der": cards.der(DSC), "revoked.json": body({"revoked": hashes})})
    assert found.signers.revoked == {bytes(16), b"\x11" * 16, b"2" * 16}


# --- what stops everything -------------------------------------------------------------------------

STOPS = {
    "a private key": {"issuer": ISSUER, "jwks": {"keys": [{**p256.public(KEY), "d": KEY["d"]}]}},
    "a private key in a key set": {"keys": [{**p256.public(KEY), "d": KEY["d"]}]},
    "a broken file of a registry": {"issuer": "x", "name": "x", "keys": []},
    "a list of withdrawn certificates that is none": {"revoked": ["xyz"]},
}


@pytest.mark.parametrize("content", STOPS.values(), ids=STOPS)
def test_what_must_not_be_overlooked_stops_everything(content: Any) -> None:
    with pytest.raises(BadInput, match="trust"):
        directory.read({"good.json": body({"issuer": ISSUER, "jwks": SET}), "x.json": body(content)})


JUNK = {
    "nothing": b"",
    "words": b"hello",
    "JSON of something": b'{"a": 1}',
    "a number": b"[7]",
    "binary": bytes(range(256)),
}


@pytest.mark.parametrize("content", JUNK.values(), ids=JUNK)
@pytest.mark.parametrize("path", ["x.json", "x.pem", "x.txt"])
def test_a_file_of_something_else_is_told_and_does_not_stop_the_others(path: str, content: bytes) -> None:
    found = directory.read({"good.json": body({"issuer": ISSUER, "jwks": SET}), path: content})
    assert {*found.issuers.keys} == {(ISSUER, KID)}
    assert len(found.problems) == 1
