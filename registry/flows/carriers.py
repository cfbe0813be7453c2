"""The things a summary travels on, read back to the signed token: a token file, a page, a picture of a QR code.

Cards of other issuers are left to `registry.flows.wallet`. Reading believes nothing; `registry.flows.verify` decides.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import zxingcpp
from PIL import Image, UnidentifiedImageError

from registry.errors import Unreadable
from registry.flows import wallet
from registry.flows.wallet import Wallet
from registry.trust import qr
from registry.trust.shc.codes import Chunk

MAX_BYTES = 16 * 1024 * 1024
MAX_PIXELS = 64_000_000
_PRINT_TOKEN = re.compile(rb"/Keywords\(([a-z-]{2,8}), ([A-Za-z0-9_.-]+)\)")
_PAGE_TOKEN = re.compile(r'<script type="application/jose"[^>]*>\s*([A-Za-z0-9_.-]+)\s*</script>')
_TOKEN = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"BM")
_FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "BMP")  # what phones and scanners write; every further one is a risk


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """A token and what carried it; `page` is the whole text when it was a page, to be compared word for word, and
    `printed` the whole PDF with its language.

    `beside` are the cards whose codes stand on the same paper: a printed page of ours carries a SMART Health Card too.
    """

    carrier: str
    token: str
    page: str | None = None
    printed: tuple[bytes, str] | None = None
    beside: Wallet | None = None


def read(body: bytes) -> Carried | Wallet:
    """Find the token, or the cards of others, in a file. Raises Unreadable saying what would be accepted."""
    if not body:
        raise Unreadable("the file is empty", remedy="choose the summary, its page, or a picture of its QR code")
    if len(body) > MAX_BYTES:
        raise Unreadable("the file is larger than any summary", remedy="scan the page at a lower resolution")
    if body.startswith(_PICTURES):
        return _from_picture(body)
    if body.startswith(b"%PDF-"):
        return _from_print(body)
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        held = wallet.of_bytes(body)
        if held is None:
            raise _unknown() from None
        return held
    return wallet.of_text(text) or _from_text(text)


def _from_print(body: bytes) -> Carried:
    found = _PRINT_TOKEN.search(body)
    if not found:
        raise Unreadable("the PDF holds no signed summary", remedy="photograph its QR code instead")
    language, token = (each.decode() for each in found.groups())
    return Carried(carrier="print", token=token, printed=(body, language))


def _from_text(text: str) -> Carried:
    if "<html" in text[:1000].lower():
        found = _PAGE_TOKEN.search(text)
        if not found:
            raise Unreadable("the page holds no signed summary", remedy="scan its QR code instead")
        return Carried(carrier="page", token=found[1], page=text)
    if text.startswith(qr.PREFIX):
        return Carried(carrier="qr-text", token=qr.from_digits(text.strip()))
    if _TOKEN.fullmatch(text.strip()):
        return Carried(carrier="token", token=text.strip())
    raise _unknown()


def _from_picture(body: bytes) -> Carried | Wallet:
    codes = [each for each in zxingcpp.read_barcodes(_opened(body)) if each.text]
    ours = [each.text for each in codes if each.text.startswith(qr.PREFIX)]
    others = wallet.of_codes([(each.text, _version(each)) for each in codes])
    if not ours and others is None:
        raise Unreadable("no QR code of a registry or card is readable in the picture", remedy="photograph it closer")
    if len({*ours}) > 1 or (others and _are_several(others)):
        raise Unreadable("the picture holds several codes", remedy="photograph one at a time")
    if not ours and others:
        return others
    return Carried(carrier="picture", token=qr.from_digits(ours[0]), beside=others)


def _are_several(held: Wallet) -> bool:
    """Whether these are more codes than one card has; a card can be split over several."""
    return len(held.held) > 1 and not all(isinstance(each, Chunk) for each in held.held)


def _version(code: zxingcpp.Barcode) -> int:
    """Of how many dots a side it is, as a version of ISO/IEC 18004; 0 where the reader does not say."""
    extra = cast("Mapping[str, str]", code.extra)
    return int(extra.get("Version", "0"))


_BOMBS = (Image.DecompressionBombWarning, Image.DecompressionBombError)
_DAMAGED = (UnidentifiedImageError, OSError, ValueError, SyntaxError, *_BOMBS)


def _opened(body: bytes) -> Image.Image:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture = Image.open(io.BytesIO(body), formats=_FORMATS)
            if picture.width * picture.height > MAX_PIXELS:
                raise Unreadable("the picture has too many pixels", remedy="scan at a lower resolution")
            return picture.convert("L")
    except _DAMAGED:
        raise Unreadable("the picture is damaged or of an unknown kind", remedy="save it as PNG or JPEG") from None


def _unknown() -> Unreadable:
    return Unreadable(
        "this is no summary of a registry and no card or certificate that is known here",
        remedy="give the .jws file, the page (HTML, PDF), a card file, or the text or picture (PNG, JPEG) of its code",
    )
