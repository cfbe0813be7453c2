"""`continuity verify` and `continuity card` with cards of other issuers, as somebody at a desk types them."""

from __future__ import annotations

import io
import json
import socket
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from registry.store import documents, dossiers
from registry.trust import qr, shc
from tests.cli.conftest import Commands, Ran
from tests.support import cards
from tests.support.builders import CLINIC, World

AT = "2021-06-16T12:00:00Z"
CARD = cards.jws(cards.payload())
HC1 = cards.Hcert().text
OURS = shc.issue(cards.PERSON, cards.doses(20), issuer=cards.ISSUER, key=cards.KEY, issued=cards.NOW)


@pytest.fixture
def trust(bare: Commands) -> Path:
    """A folder that believes one issuer of each kind."""
    bare.file("trust/cards.json", cards.issuer_file(cards.KEY, name="Clinic of the example"))
    return bare.file("trust/dsc/at.der", cards.der(cards.signer())).parent.parent


def verify(bare: Commands, trust: Path, *contents: bytes | str, at: str = AT) -> Ran:
    files = [bare.file(f"card-{number}", each) for number, each in enumerate(contents)]
    return bare("verify", *files, "--trust", trust, "--at", at, "--json")


def jpeg(png: bytes) -> bytes:
    target = io.BytesIO()
    Image.open(io.BytesIO(png)).convert("RGB").save(target, "jpeg")
    return target.getvalue()


PRIVATE = dict(cards.OTHER_KEY)
DIGITS = shc.numeric(CARD)
ISSUED = shc.numeric(OURS)
CARRIERS: Mapping[str, bytes | str] = {
    "a JWS": CARD,
    "a JWS with a line end": CARD + "\n",
    "digits": DIGITS,
    "digits with a line end": DIGITS + "\r\n",
    "a card file": json.dumps({"verifiableCredential": [CARD]}),
    "two cards in a file": json.dumps({"verifiableCredential": [CARD, OURS]}),
    "a QR code": cards.picture("shc:/", DIGITS.removeprefix("shc:/")),
    "a QR code in a JPEG": jpeg(cards.picture("shc:/", DIGITS.removeprefix("shc:/"))),
    "our own of twenty doses, from its picture": cards.picture("shc:/", ISSUED.removeprefix("shc:/")),
    "the text of a certificate": HC1,
    "the same with a line end": HC1 + "\n",
    "its picture": cards.picture(HC1, error="q"),
    "its bytes": cards.Hcert().cose,
    "its bytes in hexadecimal": cards.Hcert().cose.hex(),
    "its bytes in capital hexadecimal": cards.Hcert().cose.hex().upper(),
    "the layout of the shared test data": json.dumps({"PREFIX": HC1, "TESTCTX": {}}),
    "the same with its bytes only": json.dumps({"COSE": cards.Hcert().cose.hex()}),
}


@pytest.mark.parametrize("content", CARRIERS.values(), ids=CARRIERS)
def test_every_carrier_of_a_good_card_is_accepted(bare: Commands, trust: Path, content: bytes | str) -> None:
    ran = verify(bare, trust, content)
    (verdict,) = ran.json
    assert (ran.code, verdict["accepted"], verdict["warnings"], ran.err) == (0, True, [], "")
    assert verdict["facts"]


REFUSED: Mapping[str, tuple[bytes | str, str]] = {
    "blanks around a JWS": (f"  {CARD}", "trailing-characters"),
    "blanks around digits": (f"\n{DIGITS} ", "trailing-characters"),
    "blanks before a certificate": (f"  {HC1}", "trailing-characters"),
    "a certificate without its beginning": (HC1.removeprefix("HC1:"), "missing-prefix"),
    "a certificate of a later version": (HC1.replace("HC1:", "HC2:"), "missing-prefix"),
    "its picture without its beginning": (cards.picture(HC1.removeprefix("HC1:")), "missing-prefix"),
    "a QR code that is too large": (cards.picture("shc:/", DIGITS[5:], version=30), "invalid-qr-version"),
    "a link": ("shlink:/eyJ1cmwiOiJodHRwczovL2EuZXhhbXBsZSJ9", "needs-network"),
    "a payload nobody signed": (json.dumps(cards.payload()), "unsigned"),
    "a card file without a card": (json.dumps({"verifiableCredential": []}), "malformed"),
    "a card file of numbers": (json.dumps({"verifiableCredential": [7]}), "malformed"),
    "a key set nobody trusts": (json.dumps({"keys": [PRIVATE]}), "invalid-key-private"),
    "one bad card of two": (json.dumps({"verifiableCredential": [CARD, CARD[:-9]]}), "malformed"),
    "the layout with nothing in it": (json.dumps({"TESTCTX": {}}), "malformed"),
    "a bomb": (cards.jws(b" " * 5_000_000), "too-large"),
    "something large": ("{" + " " * 3_000_000, "unreadable"),
    "a JSON of something else": ('{"a": 1}', "unreadable"),
    "deep JSON": ('{"vc":' + "[" * 200_000, "unreadable"),
}  # fmt: skip


@pytest.mark.parametrize(("content", "reason"), REFUSED.values(), ids=REFUSED)
def test_what_is_wrong_is_refused_with_its_reason(
    bare: Commands, trust: Path, content: bytes | str, reason: str
) -> None:
    ran = verify(bare, trust, content)
    (verdict,) = ran.json
    assert (ran.code, verdict["reason"], verdict["facts"]) == (1, reason, {})
    assert verdict["sentence"]


def test_several_files_and_a_split_card_over_two_of_them(bare: Commands, trust: Path) -> None:
    bundle = shc.issuing.bundle(cards.PERSON, cards.doses(80))
    long = cards.jws(cards.payload(vc={"credentialSubject": {"fhirVersion": "4.0.1", "fhirBundle": bundle}}))
    half = len(long) // 2
    first, second = (f"shc:/{at}/2/{qr.packed(part)}" for at, part in ((1, long[:half]), (2, long[half:])))
    ran = verify(bare, trust, first, HC1, second)
    assert (ran.code, [each["accepted"] for each in ran.json]) == (0, [True] * 3)
    assert ran.json[0]["warnings"] == ["qr-chunking-deprecated"]
    assert ran.json[0]["facts"] == ran.json[2]["facts"]
    alone = verify(bare, trust, first, HC1)
    assert (alone.code, [each["reason"] for each in alone.json]) == (1, ["unbalanced-qr-chunks", ""])


def test_the_time_is_what_one_says(bare: Commands, trust: Path) -> None:
    assert verify(bare, trust, HC1, at="2021-06-16").code == 0
    assert verify(bare, trust, HC1, at="2031-01-01").json[0]["reason"] in ("expired", "signer-not-valid")
    bare("verify", bare.file("a", HC1), "--trust", trust, "--at", "tomorrow").failed("--at", code=2)


def test_for_people_it_says_who_issued_what(bare: Commands, trust: Path) -> None:
    files = (bare.file("a", CARD), bare.file("b", HC1), bare.file("c", HC1[:-20]))
    said = bare("verify", *files, "--trust", trust, "--at", AT)
    assert said.code == 1
    for words in ("Clinic of the example", "for Amina Al-Halabi, born 2012-05-14", "issued by AT", "dose 2 of 2"):
        assert words in said.out
    assert "/c (not-" in said.out


def test_a_file_of_the_trust_folder_that_cannot_be_used_is_said_aside(bare: Commands, trust: Path) -> None:
    bare.file("trust/broken.pem", b"-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----")
    ran = verify(bare, trust, HC1)
    assert ran.code == 0
    assert "broken.pem" in ran.err


def test_no_socket_is_opened(bare: Commands, trust: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("a socket was opened")

    for name in ("socket", "create_connection", "getaddrinfo"):
        monkeypatch.setattr(socket, name, refuse)
    assert verify(bare, trust, *CARRIERS.values()).code == 0
    assert len(verify(bare, trust, *(each for each, _ in REFUSED.values())).json) == len(REFUSED)


# --- taking cards in -------------------------------------------------------------------------------


def held(continuity: Commands) -> list[str]:
    async def work(world: World) -> list[str]:
        async with world.registry.database.transaction() as tx:
            everyone = await dossiers.everyone(tx)
            stored = await documents.load(tx, [each.id for each in everyone])
        return [each.resource.kind for each in stored]

    return [each for each in continuity.asking(work) if each in ("Patient", "Immunization")]


def test_a_card_is_taken_in_once_and_a_refused_one_not_at_all(continuity: Commands) -> None:
    trust = continuity.file("trust/cards.json", cards.issuer_file(cards.KEY)).parent
    held(continuity)
    good, bad = continuity.file("good", CARD), continuity.file("bad", CARD[:-9])
    taking = ("--trust", trust, "--source", CLINIC, "--json")
    refused = continuity("card", "add", bad, *taking)
    assert (refused.code, refused.json["reason"], refused.json["receipt"]) == (1, "malformed", None)
    assert held(continuity) == []
    first, second = (continuity("card", "add", good, *taking) for _ in range(2))
    assert (first.code, second.code) == (0, 0)
    assert sorted(held(continuity)) == ["Immunization", "Immunization", "Patient"]
    unknown = continuity("card", "add", good, "--trust", trust, "--source", "nobody")
    unknown.failed(code=2)


def test_the_certificate_expired_meanwhile_can_be_judged_as_of_then(continuity: Commands) -> None:
    trust = continuity.file("trust/at.der", cards.der(cards.signer())).parent
    held(continuity)
    file = continuity.file("card", HC1)
    late = continuity("card", "add", file, "--trust", trust, "--source", CLINIC)
    assert late.code == 1
    then = (cards.NOW + timedelta(days=1)).isoformat()
    assert continuity("card", "add", file, "--trust", trust, "--source", CLINIC, "--at", then).code == 0
    assert sorted(held(continuity)) == ["Immunization", "Patient"]
