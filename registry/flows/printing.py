"""A signed summary as a printed A4 page: PDF for people, pictures of its pages for screens and tests.

A deterministic function of the signed token, as the HTML page is: whoever verifies a PDF prints it again and compares
byte for byte. Only the fonts in `schemas/fonts` are used, whatever the machine has installed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, cast

import orjson
import typst

from registry.continuity.summary import page
from registry.errors import Unavailable
from registry.library import Library
from registry.trust import qr, signing
from registry.trust.refusal import Refused

_Compile = Callable[..., bytes | list[bytes]]
"""The typesetter gives one file, or one for each page where there are several pictures."""


def of(token: str, library: Library, *, language: str) -> bytes:
    """The PDF of a summary this registry signed itself just now. Raises Unavailable for what is no summary."""
    claimed = signing.read_unverified(token)
    if isinstance(claimed, Refused) or "document" not in claimed.payload:
        raise _unprintable()
    return pdf(claimed.payload, token, library, language=language)


def pdf(payload: Mapping[str, Any], token: str, library: Library, *, language: str) -> bytes:
    """The PDF of a signed summary; the token stands in its keywords."""
    return _compiled(payload, token, library, language, format="pdf")[0]


def pictures(payload: Mapping[str, Any], token: str, library: Library, *, language: str, dpi: int = 150) -> list[bytes]:
    """The printed pages as PNG."""
    return _compiled(payload, token, library, language, format="png", ppi=float(dpi))


def _compiled(payload: Mapping[str, Any], token: str, library: Library, language: str, **options: Any) -> list[bytes]:
    """Raises Unavailable where the typesetter cannot set what was signed; its own words would quote the page."""
    sheet = page.sheet(
        payload["document"],
        messages=library.page_messages,
        language=language,
        qr_text=qr.to_digits(payload["card"]),
        health_card=payload.get("health_card", ""),
        token=token,
    )
    try:
        made = cast("_Compile", typst.compile)(
            library.page_print.encode(),
            sys_inputs={"sheet": orjson.dumps(sheet).decode()},
            font_paths=_fonts(library.fonts),
            ignore_system_fonts=True,
            **options,
        )
    except typst.TypstError:
        raise _unprintable() from None
    return made if isinstance(made, list) else [made]


def _unprintable() -> Unavailable:
    return Unavailable("the page cannot be printed", remedy="use the HTML page")


@cache
def _fonts(folder: Path) -> typst.Fonts:
    """The fonts of a folder, read once."""
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[folder])
