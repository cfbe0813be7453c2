"""The page as it is printed: the same everywhere, verified offline from PDF and from paper, safe against names."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import pytest
import zxingcpp
from PIL import Image, ImageFont

from registry import library
from registry.errors import Unavailable, Unreadable
from registry.flows import printing, verify
from registry.flows.verify import Verdict
from registry.trust import p256, qr, signing
from tests.core import test_continuity_summary as made
from tests.core.continuity_records import MESSAGES, dose, doses
from tests.support import signed_summaries
from tests.support.signed_summaries import NOW, TRUST, documents, named, signed

LIBRARY = library.load()
KINDS = ("clinic", "school")
FONTS = sorted(LIBRARY.fonts.glob("*.ttf"))


def pdf(document: dict[str, Any], language: str = "en") -> bytes:
    return printing.pdf(*signed(document), LIBRARY, language=language)


def painted(document: dict[str, Any], language: str = "en", dpi: int = 60) -> list[Image.Image]:
    pages = printing.pictures(*signed(document), LIBRARY, language=language, dpi=dpi)
    return [Image.open(io.BytesIO(each)).convert("RGB") for each in pages]


def verdict(body: bytes) -> Verdict:
    return verify.verify(body, TRUST, LIBRARY, now=NOW)


# --- genuine, from file and from paper ----------------------------------------------------------------


@pytest.mark.parametrize("language", MESSAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_printed_page_verifies_offline(kind: str, language: str) -> None:
    found = verdict(pdf(documents(language)[kind], language))
    assert (found.accepted, found.carrier, found.sentence) == (True, "print", "")


@pytest.mark.parametrize("dpi", [150, 300])
@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("kind", KINDS)
def test_the_code_of_a_printed_page_is_read_from_its_picture_and_verifies(kind: str, language: str, dpi: int) -> None:
    document = documents(language)[kind]
    first, *_ = printing.pictures(*signed(document), LIBRARY, language=language, dpi=dpi)
    found = verdict(first)
    assert (found.accepted, found.carrier, found.sentence) == (True, "picture", "")
    assert len(found.facts.get("d", found.facts.get("c", ()))) == (20 if kind == "clinic" else 2)


@pytest.mark.parametrize("count", [60, 400])
def test_a_child_with_very_many_doses_still_has_a_readable_code(count: int) -> None:
    text = ", ".join(f"opv {2005 + at // 28}-{at % 28 // 3 + 1:02d}-{at % 3 * 9 + 1:02d}" for at in range(count))
    payload, token = signed(made.clinic(doses(text), "2004-12-01"))
    pages = printing.pictures(payload, token, LIBRARY, language="en", dpi=200)
    facts = verdict(pages[0]).facts
    held = [each["resource"] for each in payload["document"]["entry"]]
    given = [each["occurrenceDateTime"] for each in held if each["resourceType"] == "Immunization"]
    assert [when for when, _, _ in facts["d"]] == given[-60:]
    assert facts.get("m", 0) == max(len(given) - 60, 0)
    assert len(pages) > 1


def test_a_health_card_stands_beside_our_own_code() -> None:
    payload, _ = signed(documents("en")["clinic"])
    payload["health_card"] = "shc:/" + "567629095243206034602924374044603122295953265460346029254077280433602870" * 26
    token = signing.sign(payload, signed_summaries.KEY, typ=verify.SUMMARY, compress=True)
    first, *_ = printing.pictures(payload, token, LIBRARY, language="en", dpi=150)
    codes = {each.text for each in zxingcpp.read_barcodes(Image.open(io.BytesIO(first)).convert("L"))}
    assert codes == {qr.to_digits(payload["card"]), payload["health_card"]}
    assert verdict(printing.pdf(payload, token, LIBRARY, language="en")).accepted


def test_a_page_printed_again_is_the_same_byte_for_byte() -> None:
    document = documents("ar")["clinic"]
    once = pdf(document, "ar")
    printing._fonts.cache_clear()
    payload, token = signed(document)
    assert printing.of(_signature_of(once), LIBRARY, language="ar") == once
    assert printing.pdf(payload, token, LIBRARY, language="ar")[:5] == b"%PDF-"


def _signature_of(body: bytes) -> str:
    found = re.search(rb"/Keywords\(ar, ([\w.-]+)\)", body)
    assert found is not None
    return found[1].decode()


# --- forged ---------------------------------------------------------------------------------------------


def test_a_print_changed_in_any_one_byte_is_never_accepted() -> None:
    body = pdf(documents("en")["school"])
    for at in range(3, len(body), 4999):
        changed = body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]
        assert not _accepted(changed), at


def _accepted(body: bytes) -> bool:
    try:
        return verdict(body).accepted
    except Unreadable:  # no summary at all any more
        return False


def test_a_print_of_another_child_with_a_genuine_token_is_refused() -> None:
    genuine, other = (pdf(named(name)) for name in ("Amina", "Layla"))
    token = re.search(rb"/Keywords\(en, ([\w.-]+)\)", genuine)
    assert token is not None
    swapped = re.sub(rb"/Keywords\(en, [\w.-]+\)", token[0], other)
    assert verdict(swapped).reason == "page-altered"


def test_a_print_in_a_language_nobody_has_or_of_no_summary_is_refused() -> None:
    body = pdf(documents("en")["school"]).replace(b"/Keywords(en, ", b"/Keywords(xx, ")
    assert verdict(body).reason == "page-altered"
    payload, _ = signed(documents("en")["school"])
    card = re.sub(rb"/Keywords\(xx, [\w.-]+\)", f"/Keywords(en, {payload['card']})".encode(), body)
    assert not verdict(card).accepted
    with pytest.raises(Unavailable):
        printing.of(payload["card"], LIBRARY, language="en")


def test_a_print_signed_by_a_stranger_is_refused() -> None:
    payload, _ = signed(documents("en")["school"])
    forged = signing.sign(payload, p256.fresh(lambda count: b"\5" * count), typ=verify.SUMMARY, compress=True)
    assert verdict(printing.pdf(payload, forged, LIBRARY, language="en")).reason == "unknown-signer"


# --- names are text -------------------------------------------------------------------------------------

MARKUP = [
    '#panic("x")',
    '#text(fill: rgb("#ff0000"), size: 40pt)[XXXX]',
    '#image("/etc/passwd")',
    "= heading *bold* _low_ $x^2$ `raw` <label> @ref // comment",
    '"); #panic("',
    "\\u{202e}",
    "]}#pagebreak()",
    "<script>alert(1)</script>&amp;",
]


@pytest.mark.parametrize("name", MARKUP)
def test_nothing_in_a_name_is_read_as_markup(name: str) -> None:
    pages = painted(named(name))
    assert len(pages) == 1
    colors = {color for _, color in pages[0].getcolors(1 << 24) or []}
    assert not {each for each in colors if each[0] > 200 and each[1] < 60 and each[2] < 60}
    assert len(painted(named("A" * len(name)))) == 1


@pytest.mark.parametrize("place", ["#panic[]", "W" * 300, "كلمة" * 90, "word " * 90])
def test_what_systems_wrote_is_text_and_stays_within_the_margins(place: str) -> None:
    country = {
        "tag": [{"system": "https://continuity-registry.example/fhir/CodeSystem/recording-country", "code": "XAL"}]
    }
    records = [dose("mr", "2023-11-01", location={"display": place}, meta={**country, "source": place})]
    for page in (*painted(made.clinic(records)), *painted(made.school(signed_summaries.two_years(place)))):
        width, height = page.size
        margin = int(11 / 210 * width)
        for box in ((0, 0, margin, height), (width - margin, 0, width, height)):
            assert page.crop(box).getcolors() == [(margin * height, (255, 255, 255))]


def test_a_name_longer_than_the_page_is_broken_and_not_cut() -> None:
    for name in ("W" * 300, "ش" * 300):
        for page in painted(named(name)):
            width, height = page.size
            assert len(page.crop((width - int(0.05 * width), 0, width, height)).getcolors() or []) == 1


def test_a_control_of_direction_in_a_name_changes_nothing() -> None:
    plain, turned = (painted(named(each))[0] for each in ("abc 123", "\u202eabc\u2066 123\u200f"))
    # Below the code, which holds the name as it was told.
    box = (0, int(plain.height * 0.3), plain.width, plain.height)
    assert plain.crop(box).tobytes() == turned.crop(box).tobytes()
    left = (0, 0, plain.width // 2, plain.height // 4)
    assert plain.crop(left).tobytes() == turned.crop(left).tobytes()


# --- how it looks ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("language", "most"), [("en", 1), ("fr", 1), ("tr", 1), ("uk", 2), ("ar", 2), ("fa", 2)])
def test_twenty_doses_take_one_page_or_two(language: str, most: int) -> None:
    assert len(painted(documents(language)["clinic"], language)) <= most


def test_every_letter_of_every_language_is_in_the_fonts_shipped() -> None:
    letters = {each for each in str(MESSAGES) + "ěőşğıİçöüñßøåæœ" if each.isprintable() and not each.isspace()}
    assert {each for each in letters if not any(_has(font, each) for font in FONTS)} <= {"\u200c", "\u200d"}


@pytest.mark.parametrize("name", ["አበበ", "မောင်", "রহিমা", "अमीना", "שרה", "Ґалаґан", "پرویز", "ڤيان", "Nguyễn"])
def test_a_name_of_any_script_we_know_is_printed(name: str) -> None:
    assert {each for each in name if not any(_has(font, each) for font in FONTS)} == set()
    assert len(painted(named(name))) == 1


_OPENED: dict[Path, tuple[ImageFont.FreeTypeFont, bytes]] = {}


def _has(path: Path, letter: str) -> bool:
    """Whether a font draws something else for a letter than for one that does not exist."""
    if path not in _OPENED:
        font = ImageFont.truetype(str(path), 24)
        _OPENED[path] = (font, bytes(font.getmask("\U000effff")))
    font, missing = _OPENED[path]
    return bytes(font.getmask(letter)) != missing
