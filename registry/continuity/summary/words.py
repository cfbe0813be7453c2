"""The sentences of one language, and how what a document says becomes one of them.

Whatever people or systems supplied is text and never markup: `plain` takes out what could reorder a line or break a
page, the renderers escape the rest.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any

from registry.continuity import elements
from registry.continuity.summary import document
from registry.fhir.resource import Content

Words = Mapping[str, Any]
"""The message tables of one language (`schemas/templates/messages.json`)."""

Messages = Mapping[str, Words]

RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ps", "ur"})
# Controls of direction (Unicode Standard Annex 9, section 2): a name that holds one could turn the words around it.
_DIRECTION = dict.fromkeys((0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)))
_BREAKING = frozenset({"Cc", "Cs", "Co", "Cn", "Zl", "Zp"})


def direction(language: str) -> str:
    return "rtl" if language in RIGHT_TO_LEFT else "ltr"


def plain(value: Any) -> str:
    """Supplied text as one line without controls of direction; joiners stay, for names are spelt with them."""
    kept = elements.text(value).translate(_DIRECTION)
    return "".join(" " if unicodedata.category(each) in _BREAKING else each for each in kept).strip()


def isolated(text: str) -> str:
    """A text that keeps its own direction inside a sentence of another (FIRST STRONG ISOLATE, Annex 9)."""
    return f"\u2068{text}\u2069" if text else ""


def told(sentence: str, words: Words) -> str:
    """A sentence of a schedule in this language, where it is translated."""
    return words["texts"].get(sentence, sentence)


def said(extension: Content, words: Words) -> str:
    """A reason in this language, from its code and facts."""
    given = [
        elements.text(each.get("valueString"))
        for each in elements.mappings(extension.get("extension"))
        if each.get("url") == "fact"
    ]
    found = dict(each.split("=", 1) for each in given)
    parts = document.inner(extension)
    # A document made by a later edition may know reasons this one does not: then the English sentence stands.
    sentence = words["reasons"].get(parts.get("code"))
    if sentence is None:
        return elements.text(parts.get("text"))
    # `month` or `year`, as far as a date is known, has words of its own; any other fact is as it is.
    return sentence.format_map(
        {name: words["page"].get(f"known-{value}", plain(value)) for name, value in found.items()}
    )
