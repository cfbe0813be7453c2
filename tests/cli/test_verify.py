"""`continuity verify`: genuine papers are accepted from every carrier, all else is refused, without a network."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import random
import re
import secrets
import shutil
import socket
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
import segno
from PIL import Image, ImageFilter

from registry.cli import scenes
from registry.flows import opening, printing, publish, rights, verify
from registry.flows.release import Released
from registry.settings import Settings
from registry.trust import p256, qr, shc, signing, trustlist
from tests.cli.conftest import Commands, Ran
from tests.support import builders, cards, reused
from tests.support.builders import CLINIC, Clock, World
from tests.support.postgres import Cluster


@dataclass(frozen=True, kw_only=True)
class Papers:
    """A genuine summary, and a trust folder that believes its issuer."""

    commands: Commands
    released: Released
    trust: Path
    key: Mapping[str, Any]
    card: str

    def verify(self, *files: Path, trust: Path | None = None) -> Ran:
        return self.commands("verify", *files, "--trust", trust or self.trust, "--json")

    def verdict(self, content: bytes, *, trust: Path | None = None) -> Mapping[str, Any]:
        """The verdict on a file of these bytes; the exit code must agree with it."""
        ran = self.verify(self.commands.file("paper", content), trust=trust)
        (verdict,) = ran.json
        assert ran.code == (0 if verdict["accepted"] else 1)
        assert ran.err == ""
        return verdict

    def refused(self, content: bytes, reason: str = "", *, trust: Path | None = None) -> None:
        verdict = self.verdict(content, trust=trust)
        assert not verdict["accepted"]
        assert verdict["sentence"]
        assert not verdict["facts"], "what is not believed is not shown"
        if reason:
            assert verdict["reason"] == reason


@dataclass(frozen=True, kw_only=True)
class Issued:
    """What the issuer made: a summary, its trust file and key, and the card of the family."""

    released: Released
    trust: bytes
    key: Mapping[str, Any]
    card: str


async def issue(world: World) -> Issued:
    await builders.known_child(world)
    card = await builders.family(world)
    await builders.allow(world, card, CLINIC)
    return Issued(
        released=await builders.released(world, CLINIC),
        trust=orjson.dumps(publish.trust_file(world.registry)),
        key=world.registry.database.keyring.summary_key,
        card=card,
    )


@pytest.fixture(scope="session")
def issued(reused_settings: Settings, cluster: Cluster) -> Issued:
    """Papers made once: whoever verifies them needs no registry."""
    reused.empty(reused_settings, cluster)

    async def work() -> Issued:
        clock = Clock(opening.wall_clock())
        async with opening.opened(reused_settings, clock=clock) as registry:
            return await issue(await builders.populated(registry, clock))

    return asyncio.run(work())


def held_by(commands: Commands, issued: Issued) -> Papers:
    trust = commands.file("trust/own.json", issued.trust).parent
    return Papers(commands=commands, released=issued.released, trust=trust, key=issued.key, card=issued.card)


@pytest.fixture
def papers(issued: Issued, bare: Commands) -> Papers:
    """Papers in the hands of somebody who has no registry."""
    return held_by(bare, issued)


@pytest.fixture
def live_papers(continuity: Commands) -> Papers:
    """Papers of a registry that is there to be asked."""
    return held_by(continuity, continuity.asking(issue))


def picture(text: str, *, kind: str = "png", scale: int = 4) -> bytes:
    target = io.BytesIO()
    segno.make(text, error="l", micro=False).save(target, kind="png", scale=scale, border=4)
    if kind == "png":
        return target.getvalue()
    converted = io.BytesIO()
    Image.open(target).convert("RGB").save(converted, kind)
    return converted.getvalue()


# --- genuine papers --------------------------------------------------------------------------------


def test_every_carrier_of_a_genuine_summary_is_accepted(papers: Papers) -> None:
    digits = qr.to_digits(papers.released.card)
    carriers = {
        "token": papers.released.token.encode(),
        "a token with a line end": papers.released.token.encode() + b"\r\n",
        "a token after a byte order mark": b"\xef\xbb\xbf" + papers.released.token.encode(),
        "the page": papers.released.page.encode(),
        "the page as PDF": printing.of(papers.released.token, opening.library.load(), language="ar"),
        "the text of the QR code": digits.encode(),
        "a PNG": picture(digits),
        "a JPEG": picture(digits, kind="jpeg"),
        "a GIF": picture(digits, kind="gif"),
        "a small PNG": picture(digits, scale=2),
    }
    for name, content in carriers.items():
        verdict = papers.verdict(content)
        assert verdict["accepted"], (name, verdict)
        assert verdict["issuer"] == "https://registry.almara.example"


def test_a_picture_turned_and_blurred_is_read_or_refused_and_never_read_wrongly(papers: Papers) -> None:
    plain = Image.open(io.BytesIO(picture(qr.to_digits(papers.released.card), scale=6))).convert("L")
    wanted = papers.verdict(picture(qr.to_digits(papers.released.card)))["facts"]
    read = 0
    for changed in (plain.rotate(90), plain.rotate(3, fillcolor=255), plain.filter(ImageFilter.GaussianBlur(2))):
        target = io.BytesIO()
        changed.save(target, "png")
        verdict = papers.verdict(target.getvalue())
        assert verdict["facts"] == (wanted if verdict["accepted"] else {})
        read += verdict["accepted"]
    assert read >= 1


def test_the_facts_are_what_was_signed(papers: Papers) -> None:
    whole = papers.verdict(papers.released.token.encode())
    assert whole["facts"] == json.loads(orjson.dumps(papers.released.document))
    short = papers.verdict(qr.to_digits(papers.released.card).encode())["facts"]
    assert short["b"] == builders.BORN.isoformat()
    assert len(short["d"]) == 3


def test_for_people_the_words_say_who_issued_it_and_until_when_it_holds(papers: Papers) -> None:
    file = papers.commands.file("code.png", picture(qr.to_digits(papers.released.card)))
    said = papers.commands("verify", file, "--trust", papers.trust)
    assert (said.code, said.err) == (0, "")
    for word in ("GENUINE", "Continuity Registry of Almara", f"{papers.released.expires_at:%Y-%m-%d}", "as asked"):
        assert word in said.out


def test_of_two_files_one_bad_one_ends_with_one(papers: Papers) -> None:
    good = papers.commands.file("good", papers.released.token)
    bad = papers.commands.file("bad", "x.y.z")
    ran = papers.verify(good, bad)
    assert (ran.code, [each["accepted"] for each in ran.json]) == (1, [True, False])


def test_no_socket_is_opened_offline(papers: Papers, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("a socket was opened")

    for name in ("socket", "create_connection", "getaddrinfo"):
        monkeypatch.setattr(socket, name, refuse)
    for content in (papers.released.token.encode(), papers.released.page.encode(), b"x.y.z"):
        ran = papers.verify(papers.commands.file("paper", content))
        assert len(ran.json) == 1


def test_no_database_and_no_key_file_are_needed(papers: Papers) -> None:
    file = papers.commands.file("paper", papers.released.token)
    nowhere = {"REGISTRY_DATABASE_URL": "postgresql://x@127.0.0.1:1/x", "REGISTRY_KEYRING": "/nothing"}
    assert papers.commands("verify", file, "--trust", papers.trust, **nowhere).code == 0


# --- one byte --------------------------------------------------------------------------------------


def flips(content: bytes, count: int) -> list[bytes]:
    """Copies with one byte changed: some at random, and the first and last ones."""
    chosen = random.Random(7)
    places = {0, 1, len(content) - 2, len(content) - 1} | {chosen.randrange(len(content)) for _ in range(count)}
    return [
        content[:at] + bytes([content[at] ^ (1 << chosen.randrange(7))]) + content[at + 1 :] for at in sorted(places)
    ]


def accepted(papers: Papers, contents: list[bytes]) -> list[int]:
    """Which of these files are accepted, in one run of the command."""
    files = [papers.commands.file(f"flipped-{number}", content) for number, content in enumerate(contents)]
    verdicts = papers.verify(*files).json
    assert len(verdicts) == len(contents)
    return [number for number, verdict in enumerate(verdicts) if verdict["accepted"]]


def test_a_token_with_any_one_byte_changed_is_refused(papers: Papers) -> None:
    token = papers.released.token.encode()
    around_the_dots = [at for at, each in enumerate(token) if each == ord(".")]
    removed = [token[:at] + token[at + 1 :] for at in (0, *around_the_dots, len(token) - 1)]
    doubled = [token[:at] + token[at : at + 1] + token[at:] for at in (0, *around_the_dots, len(token) - 1)]
    last = [
        token[:-1] + bytes([each]) for each in b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefgh0123456789-_" if each != token[-1]
    ]
    assert accepted(papers, flips(token, 60) + removed + doubled + last) == []


def test_a_page_with_any_one_byte_changed_is_refused(papers: Papers) -> None:
    page = papers.released.page.encode()
    assert accepted(papers, flips(page, 40)) == []


def test_a_page_with_anything_added_or_taken_away_is_refused(papers: Papers) -> None:
    page = papers.released.page
    changed = [
        page.replace("</body>", "<p>Also: MMR on 2024-01-01.</p></body>"),
        page.replace("</body>", "</body> "),
        page + "\n",
        page.replace("<html", "<!-- genuine --><html"),
        page.replace("\n", "\r\n"),
        page.replace("confirmed", "stated", 1),
        page.replace('lang="en"', 'lang="fr"'),
        re.sub(r'<script type="application/jose">', "<style>td{display:none}</style>\\g<0>", page),
    ]
    assert accepted(papers, [each.encode() for each in changed if each != page]) == []


def test_a_page_around_the_token_of_another_child_is_refused(live_papers: Papers) -> None:
    async def work(world: World) -> Released:
        await builders.hand_over(world, builders.VACCINES, *builders.health_of(builders.NEIGHBOUR))
        card = await builders.family(world, builders.NEIGHBOUR)
        await builders.allow(world, card, CLINIC)
        return await builders.released(world, CLINIC, builders.NEIGHBOUR)

    other: Released = live_papers.commands.asking(work)
    swapped = live_papers.released.page.replace(live_papers.released.token, other.token)
    live_papers.refused(swapped.encode(), "page-altered")


def test_a_picture_with_one_byte_changed_says_the_same_or_is_refused(papers: Papers) -> None:
    """The code corrects errors: a changed dot may be read as it was meant, but never as something else."""
    plain = picture(qr.to_digits(papers.released.card))
    wanted = papers.verdict(plain)["facts"]
    files = [papers.commands.file(f"flipped-{number}.png", each) for number, each in enumerate(flips(plain, 25))]
    for verdict in papers.verify(*files).json:
        assert verdict["facts"] == (wanted if verdict["accepted"] else {})


def test_the_digits_of_a_code_with_any_one_changed_are_refused(papers: Papers) -> None:
    digits = qr.to_digits(papers.released.card).encode()
    begins, chosen = len(qr.PREFIX), random.Random(3)
    places = {begins, len(digits) - 1} | {chosen.randrange(begins, len(digits)) for _ in range(40)}
    changed = [digits[:at] + (b"1" if digits[at : at + 1] != b"1" else b"2") + digits[at + 1 :] for at in places]
    assert accepted(papers, changed) == []


# --- forgeries -------------------------------------------------------------------------------------


def encoded(value: Any) -> str:
    raw = value if isinstance(value, bytes) else orjson.dumps(value)
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def signed(papers: Papers, key: Mapping[str, Any], **header: Any) -> bytes:
    """The payload of the genuine summary under another header, signed with this key."""
    genuine = signing.read_unverified(papers.released.token)
    assert isinstance(genuine, signing.Unverified)
    plain = {name: value for name, value in genuine.header.items() if name != "zip"}
    head = {name: value for name, value in {**plain, **header}.items() if value is not None}
    text = f"{encoded(head)}.{encoded(dict(genuine.payload))}"
    return f"{text}.{encoded(p256.sign(key, text.encode()))}".encode()


def stranger() -> dict[str, Any]:
    return p256.fresh(secrets.token_bytes)


def test_the_forger_below_can_sign(papers: Papers) -> None:
    """Otherwise the tests below would prove nothing."""
    assert papers.verdict(signed(papers, papers.key))["accepted"]


@pytest.mark.parametrize("kept", [True, False], ids=["with the trusted kid", "with its own kid"])
@pytest.mark.parametrize("member", ["jwk", "jku", "x5c", "x5u", "crit", "b64"])
def test_a_key_that_comes_with_the_document_is_never_believed(papers: Papers, member: str, kept: bool) -> None:
    forger = stranger()
    values: dict[str, Any] = {
        "jwk": p256.public(forger),
        "jku": "http://127.0.0.1:1/keys.json",
        "x5c": ["MIIB"],
        "x5u": "http://127.0.0.1:1/cert.pem",
        "crit": ["exp"],
        "b64": False,
    }
    kid = papers.key["kid"] if kept else forger["kid"]
    papers.refused(signed(papers, forger, kid=kid, **{member: values[member]}))
    papers.refused(signed(papers, papers.key, **{member: values[member]}), "header-not-allowed")


def test_a_signer_nobody_lists_is_refused(papers: Papers) -> None:
    papers.refused(scenes.forged(papers.released).encode(), "unknown-signer")
    forger = stranger()
    papers.refused(signed(papers, forger, kid=papers.key["kid"]), "bad-signature")


def test_a_page_signed_by_a_stranger_is_refused(papers: Papers) -> None:
    page = papers.released.page.replace(papers.released.token, scenes.forged(papers.released))
    papers.refused(page.encode(), "unknown-signer")


@pytest.mark.parametrize("alg", ["none", "HS256", "RS256", "ES384", "es256", "", None, 256])
def test_any_other_algorithm_is_refused(papers: Papers, alg: Any) -> None:
    papers.refused(signed(papers, papers.key, alg=alg))
    head, body, _ = signed(papers, papers.key, alg=alg).decode().split(".")
    papers.refused(f"{head}.{body}.".encode())


def test_the_issuer_of_one_key_is_not_another_issuer(papers: Papers) -> None:
    """Two registries in one trust folder: neither can sign in the name of the other."""
    forger = stranger()
    other = json.loads(orjson.dumps(trustlist.publish("https://other.example", "Other", [forger])))
    papers.commands.file("trust/other.json", json.dumps(other))
    papers.refused(signed(papers, forger, kid=forger["kid"]))


def test_a_status_list_or_checkpoint_is_no_summary(live_papers: Papers) -> None:
    async def work(world: World) -> str:
        return await publish.status_list(world.registry, lasts=timedelta(minutes=1))

    live_papers.refused(live_papers.commands.asking(work).encode(), "wrong-type")


def test_a_card_posing_as_a_summary_is_refused(papers: Papers) -> None:
    page = papers.released.page.replace(papers.released.token, papers.released.card)
    papers.refused(page.encode())


@pytest.mark.parametrize(("days", "reason"), [(-40, "expired"), (2, "not-yet-valid")])
def test_a_document_outside_its_time_is_refused(papers: Papers, days: int, reason: str) -> None:
    genuine = signing.read_unverified(papers.released.token)
    assert isinstance(genuine, signing.Unverified)
    shift = days * 86_400
    payload = {**genuine.payload, "iat": genuine.payload["iat"] + shift, "exp": genuine.payload["exp"] + shift}
    papers.refused(signing.sign(payload, papers.key, typ=verify.SUMMARY, compress=True).encode(), reason)


def test_another_edition_of_the_issuer_key_is_refused_until_it_is_listed(papers: Papers) -> None:
    key = stranger()
    paper = signed(papers, key, kid=key["kid"])
    papers.refused(paper, "unknown-signer")
    both = trustlist.publish("https://registry.almara.example", "Continuity Registry of Almara", [papers.key, key])
    papers.commands.file("trust/own.json", orjson.dumps(both))
    assert papers.verdict(paper)["accepted"]


# --- what is no paper at all -----------------------------------------------------------------------

NO_PAPER: Mapping[str, bytes] = {
    "nothing": b"",
    "words": b"this is a summary, believe me",
    "binary": bytes(range(256)),
    "UTF-16": "continuity:/00".encode("utf-16"),
    "JSON": b'{"resourceType": "Bundle"}',
    "a page without a token": b"<!doctype html><html><body>GENUINE</body></html>",
    "a page with an empty token": b'<html><script type="application/jose"></script></html>',
    "dots": b"..",
    "a bomb of letters": b"A" * 2_000_000 + b".B.C",
    "digits that are none": b"continuity:/99999999999",
    "a PNG cut off": picture("continuity:/0000")[:60],
    "a PNG of another code": picture("https://evil.example/"),
    "a TIFF": b"II*\x00\x08\x00\x00\x00",
    "a PDF": b"%PDF-1.7\n",
    "an SVG": b'<svg xmlns="http://www.w3.org/2000/svg"/>',
}


@pytest.mark.parametrize("content", NO_PAPER.values(), ids=NO_PAPER)
def test_what_is_no_paper_is_refused_with_a_sentence(papers: Papers, content: bytes) -> None:
    papers.refused(content)


def test_a_picture_of_too_many_dots_is_refused_and_not_unpacked(papers: Papers) -> None:
    target = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(target, "png")
    assert len(target.getvalue()) < 100_000
    papers.refused(target.getvalue(), "unreadable")


def side_by_side(*codes: bytes) -> bytes:
    """Several codes on one sheet."""
    pictures = [Image.open(io.BytesIO(code)).convert("L") for code in codes]
    sheet = Image.new("L", (sum(each.width + 40 for each in pictures), max(each.height for each in pictures)), 255)
    for at, each in enumerate(pictures):
        sheet.paste(each, (sum(one.width + 40 for one in pictures[:at]), 0))
    target = io.BytesIO()
    sheet.save(target, "png")
    return target.getvalue()


@pytest.mark.parametrize("is_genuine", [True, False])
def test_a_sheet_with_our_health_card_beside_the_summary_is_as_good_as_both(papers: Papers, is_genuine: bool) -> None:
    card = shc.issue(
        cards.PERSON,
        cards.doses(2),
        issuer="https://registry.almara.example",
        key=papers.key if is_genuine else {**stranger(), "kid": papers.key["kid"]},
        issued=papers.released.expires_at - timedelta(days=31),
    )
    digits = shc.numeric(card).removeprefix("shc:/")
    sheet = side_by_side(picture(qr.to_digits(papers.released.card)), cards.picture("shc:/", digits))
    if is_genuine:
        assert papers.verdict(sheet)["facts"] == papers.verdict(papers.released.card.encode())["facts"]
    else:
        papers.refused(sheet, "bad-signature")


def test_a_picture_of_two_codes_is_refused(papers: Papers) -> None:
    codes = (picture(qr.to_digits(text)) for text in (papers.released.card, "a.b.c"))
    papers.refused(side_by_side(*codes), "unreadable")


def test_a_file_that_is_not_there_is_refused(papers: Papers) -> None:
    ran = papers.verify(papers.commands.folder / "nothing", papers.commands.folder)
    assert [each["accepted"] for each in ran.json] == [False, False]


# --- trust -----------------------------------------------------------------------------------------

BAD_TRUST: Mapping[str, bytes | None] = {
    "no folder": None,
    "not JSON": b"{",
    "a list": b"[]",
    "nothing": b"",
    "UTF-16": "{}".encode("utf-16"),
    "a private key": b"",
}


@pytest.mark.parametrize("name", BAD_TRUST)
def test_a_trust_folder_that_cannot_be_used_is_one_clear_message(papers: Papers, name: str) -> None:
    folder, content = papers.commands.folder / "bad-trust", BAD_TRUST[name]
    if name == "a private key":
        own = json.loads((papers.trust / "own.json").read_bytes())
        text = json.dumps(own).replace('"kty"', '"d": "AAAA", "kty"')
        assert text != json.dumps(own)
        content = text.encode()
    if content is not None:
        papers.commands.file("bad-trust/x.json", content)
    file = papers.commands.file("paper", papers.released.token)
    papers.commands("verify", file, "--trust", folder).failed("trust", code=2)


def test_an_empty_trust_folder_believes_nobody(papers: Papers) -> None:
    (papers.commands.folder / "empty").mkdir()
    file = papers.commands.file("paper", papers.released.token)
    papers.commands("verify", file, "--trust", papers.commands.folder / "empty").failed("trust", code=2)


def test_a_folder_that_is_named_like_a_trust_file_is_one_clear_message(papers: Papers) -> None:
    (papers.trust / "odd.json").mkdir()
    file = papers.commands.file("paper", papers.released.token)
    papers.commands("verify", file, "--trust", papers.trust).failed("odd.json")


# --- online ----------------------------------------------------------------------------------------


def test_without_a_connection_online_says_that_nothing_is_known(papers: Papers) -> None:
    file = papers.commands.file("paper", papers.released.token)
    said = papers.commands("verify", file, "--trust", papers.trust, "--online", "--registry", "http://127.0.0.1:1/x")
    assert said.code == 1
    assert "Traceback" not in said.err
    assert "cannot be fetched" in said.out + said.err


def test_a_withdrawn_summary_is_genuine_offline_and_refused_online(live_papers: Papers) -> None:
    """The status list, signed and served by another process of the same registry."""

    async def withdraw(world: World) -> str:
        await rights.withdraw(world.registry, live_papers.card)
        return await publish.status_list(world.registry, lasts=timedelta(minutes=5))

    folder = live_papers.commands.file("served/status-list", live_papers.commands.asking(withdraw)).parent
    file = live_papers.commands.file("paper", live_papers.released.token)
    command = [shutil.which("python3") or "python3", "-m", "http.server", "0", "--bind", "127.0.0.1"]
    with subprocess.Popen([command[0], "-u", *command[1:]], cwd=folder, stdout=subprocess.PIPE, text=True) as serving:
        try:
            assert serving.stdout is not None
            port = re.search(r"port (\d+)", serving.stdout.readline())
            assert port
            address = f"http://127.0.0.1:{port[1]}/status-list"
            assert live_papers.commands("verify", file, "--trust", live_papers.trust).code == 0
            online = live_papers.commands(
                "verify", file, "--trust", live_papers.trust, "--online", "--registry", address, "--json"
            )
            assert (online.code, online.json[0]["reason"], online.json[0]["facts"]) == (1, "withdrawn", {})
        finally:
            serving.terminate()


# --- the printed page, as a scanner sees it --------------------------------------------------------


@pytest.mark.chromium
@pytest.mark.parametrize("language", ["en", "fr", "ar"])
def test_the_code_is_read_from_the_page_as_a_browser_paints_it(papers: Papers, tmp_path: Path, language: str) -> None:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("no headless Chromium here; make test-deps installs it")
    library = opening.library.load()
    genuine = signing.read_unverified(papers.released.token)
    assert isinstance(genuine, signing.Unverified)
    page = tmp_path / "page.html"
    page.write_text(verify.render(genuine.payload, papers.released.token, library, language=language))
    assert papers.verdict(page.read_bytes())["accepted"]
    painted = tmp_path / f"page-{language}.png"
    flags = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
    where = (f"--user-data-dir={tmp_path / 'profile'}", f"--screenshot={painted}", "--window-size=1000,1600")
    subprocess.run(
        [chromium, *flags, *where, "--hide-scrollbars", page.as_uri()], check=True, capture_output=True, timeout=120
    )
    verdict = papers.verdict(painted.read_bytes())
    assert verdict["accepted"], verdict["sentence"]
    assert verdict["carrier"] == "picture"
    assert len(verdict["facts"]["d"]) == 3
