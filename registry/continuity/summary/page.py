"""A summary as one printable page.

A pure, deterministic function of the signed document: whoever verifies a page renders it again from the payload and
compares byte for byte. Nothing on the page comes from anywhere else but the message table of its language.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import jinja2
import segno
from markupsafe import Markup

from registry.continuity.summary import facts
from registry.continuity.summary.words import Messages, Words, direction
from registry.fhir.resource import Content

_DIGITS_AT_END = re.compile(r"[0-9]+$")
_QUIET = 4
"""Modules of the margin a reader needs around a code (ISO/IEC 18004)."""
_MASK = 4
"""The mask of every code. To try all eight (ISO/IEC 18004, 7.8.3) is four fifths of the time a code takes, and is for
plain areas; what we print is compressed or digits of it: none of 60 such codes was a fifth above the
least penalty.
"""
_JWS = re.compile(r"[A-Za-z0-9_.\-]*")


def render(
    view: Content,
    *,
    template: str,
    messages: Messages,
    language: str,
    qr_text: str,
    token: str,
    health_card: str = "",
) -> str:
    """The page of the document Bundle `view`, in `language`, with the JWS `token` inside.

    It shows `qr_text` as QR code and, where there is one, the SMART Health Card `health_card` (`shc:/` and digits).
    Raises ValueError when the token is not a compact JWS, since it stands in the page as it is.
    """
    if not _JWS.fullmatch(token):
        raise ValueError("the token is not a compact JWS")
    words = messages[language]
    return _compiled(template).render(
        lang=language,
        dir=direction(language),
        say=words["page"],
        facts=facts.of(view, words),
        codes=[
            {"svg": Markup(qr_code(text)), "label": label}  # noqa: S704 - drawn here from modules, holds no text
            for text, label in _codes(qr_text, health_card, words)
        ],
        token=Markup(token),  # noqa: S704 - checked above to hold no markup
    )


def sheet(
    view: Content, *, messages: Messages, language: str, qr_text: str, token: str, health_card: str = ""
) -> dict[str, Any]:
    """What a typesetter needs to print the page: plain texts, and the codes as SVG with their side in modules."""
    words = messages[language]
    return {
        "lang": language,
        "dir": direction(language),
        "say": words["page"],
        "facts": facts.of(view, words),
        "codes": [_drawn(text, label) for text, label in _codes(qr_text, health_card, words)],
        "token": token,
    }


def _codes(qr_text: str, health_card: str, words: Words) -> list[tuple[str, str]]:
    say = words["page"]
    return [(qr_text, say["qr"]), *([(health_card, say["qr-health"])] if health_card else [])]


@lru_cache(maxsize=4)
def _compiled(template: str) -> jinja2.Template:
    """The template, compiled once: that costs more than to fill it in."""
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.undefined = jinja2.StrictUndefined
    return environment.from_string(template)


def qr_code(text: str) -> str:
    """The QR code of `text` as SVG."""
    return _svg(_symbol(text))


def _drawn(text: str, label: str) -> dict[str, Any]:
    symbol = _symbol(text)
    return {"svg": _svg(symbol), "modules": symbol.symbol_size(border=_QUIET)[0], "label": label}


def _svg(symbol: segno.QRCode) -> str:
    return symbol.svg_inline(scale=2, border=_QUIET, omitsize=True)


def _symbol(text: str) -> segno.QRCode:
    """Digits after a prefix such as `shc:/` get a numeric part, the smallest form."""
    digits = _DIGITS_AT_END.search(text)
    parts: Any = [text[: digits.start()], digits[0]] if digits and digits.start() else text
    return segno.make(parts, error="l", micro=False, mask=_MASK)
