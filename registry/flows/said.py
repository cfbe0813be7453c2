"""What people say in their own words, in any language there is a text in, and the numbers they follow it by."""

from __future__ import annotations

from collections.abc import Iterable

from registry.errors import BadInput
from registry.flows import cards

MOST_WORDS = 8_000
"""Characters: a page or two, as somebody tells it."""


def require_words(words: str, language: str, languages: Iterable[str]) -> None:
    """Raise BadInput unless something is said, not too long, in a language somebody here reads."""
    if not words.strip() or len(words) > MOST_WORDS:
        raise BadInput(f"something must be said, in up to {MOST_WORDS} characters", where="words")
    known = sorted(languages)
    if language not in known:
        raise BadInput("this language is not supported yet", where="language", remedy=f"use one of: {', '.join(known)}")


def draw_number() -> str:
    """A number to follow a matter by, drawn as family cards are; whoever holds it may ask."""
    return cards.draw()
