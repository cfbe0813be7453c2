"""Pieces of Latin names, of none to three letters, as numbers, so that tables of them are arrays."""

from __future__ import annotations

LETTERS = "abcdefghijklmnopqrstuvwxyz"
LONGEST_PIECE = 3
_BASE = len(LETTERS) + 1
COUNT = _BASE**LONGEST_PIECE


def code(piece: str) -> int:
    """The number of a piece; 0 is the empty one."""
    number = 0
    for each in piece:
        number = number * _BASE + LETTERS.index(each) + 1
    return number


def piece(code: int) -> str:
    letters = ""
    while code:
        code, letter = divmod(code, _BASE)
        letters = LETTERS[letter - 1] + letters
    return letters


def ending(latin: str) -> list[list[int]]:
    """For each place of a word, its beginning included, the codes of the pieces of 0, 1, 2 and 3 letters that end
    there; 0 where there are too few letters."""
    return [
        [code(latin[end - length : end]) if length <= end else 0 for length in range(LONGEST_PIECE + 1)]
        for end in range(len(latin) + 1)
    ]


def _length(code: int) -> int:
    digits = [code // _BASE**power % _BASE for power in range(LONGEST_PIECE)]
    length = sum(map(bool, digits))
    return length if all(digits[:length]) else -1


LENGTHS = tuple(_length(code) for code in range(COUNT))
"""How many letters the piece of each code has; -1 for a number that is no piece's."""
