"""A family's receipt as one small printable page: a pure function of what was signed and the words of its language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import jinja2
from markupsafe import Markup

_RIGHT_TO_LEFT: Final = frozenset({"ar", "fa", "he", "ps", "ur"})
_JWS: Final = re.compile(r"[A-Za-z0-9_.\-]*")


def render(
    facts: Mapping[str, Any], *, number: str, words: Mapping[str, str], template: str, qr: str, token: str
) -> str:
    """The page of a receipt. `qr` is the drawn code of the compact JWS `token`, which alone stands in it unescaped.

    Raises ValueError when the token is not a compact JWS.
    """
    if not _JWS.fullmatch(token):
        raise ValueError("the token is not a compact JWS")
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.undefined = jinja2.StrictUndefined
    language = str(facts["language"])
    return environment.from_string(template).render(
        lang=language,
        dir="rtl" if language.partition("-")[0] in _RIGHT_TO_LEFT else "ltr",
        say=words,
        number=number,
        rows=rows(facts, words),
        qr=Markup(qr),  # noqa: S704 - drawn by us from modules, holds no text
        token=Markup(token),  # noqa: S704 - checked above to hold no markup
    )


def rows(facts: Mapping[str, Any], words: Mapping[str, str]) -> list[tuple[str, str]]:
    """What the receipt says, line by line: a no names who asked and that nobody receives anything."""
    agreed = facts["agreed"]
    return [
        (words["asked"], f"{words[facts['domain']]} → {facts['organisation']}"),
        (words["answer"], words["yes" if agreed else "no"]),
        (words["recipient"], facts["organisation"] if agreed else words["nobody"]),
        (words["what"], words[facts["domain"]] if agreed else words["nothing"]),
        (words["places"], words["open" if facts["places"] else "closed"]),
        (words["until"], facts["until"]),
        (words["given"], facts["given"]),
    ]
