"""Short texts of a cell, made comparable: without case, accents and blanks, and how far two of them are apart."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from rapidfuzz.distance import OSA

from registry.identity import scripts

LONGEST = 200
"""Characters of one cell that are read; beyond them nothing tells people apart."""

_SHORTEST_WITH_SLIP = 4


def bare(text: str) -> str:
    """The text without case, accents, marks and outer blanks."""
    cleaned = scripts.clean(text[:LONGEST].strip())
    return "".join(each for each in unicodedata.normalize("NFD", cleaned) if not unicodedata.combining(each))


def code(text: str) -> str:
    """The letters and figures of a number or code, and nothing between them."""
    return "".join(each for each in figures(bare(text)) if each.isalnum())


def figures(text: str) -> Iterator[str]:
    """The characters, with the figures of every script as 0 to 9."""
    return (str(unicodedata.digit(each)) if unicodedata.digit(each, None) is not None else each for each in text)


def is_slip(left: str, right: str) -> bool:
    """Whether one wrong, lost, added or exchanged character is all that differs."""
    return min(len(left), len(right)) >= _SHORTEST_WITH_SLIP and OSA.distance(left, right, score_cutoff=1) == 1
