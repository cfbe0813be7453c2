"""A token as digits for a QR code: two digits for each character, as SMART Health Cards write it.

A QR code packs digits more tightly than letters. The text is `continuity:/` and then, for each character of
the token, its code less 45 in two digits (SMART Health Cards Framework 1.x, "Encoding chunks as QR codes").
"""

from __future__ import annotations

import re

from registry.errors import BadInput

PREFIX = "continuity:/"
MAX_CHARACTERS = 3527
"""What the largest code (version 40, lowest error correction) holds: 23,648 bits (ISO/IEC 18004, table 7),
less 116 for the prefix and 18 for the header of the digits, at 10 bits for three digits."""

_OFFSET = ord("-")
_TOKEN = re.compile(r"[A-Za-z0-9_.-]+")
_DIGITS = re.compile(r"(?:[0-9]{2})+")


def to_digits(token: str) -> str:
    """The text for the QR code. Raises BadInput for what is no token, or too long for one code."""
    if not _TOKEN.fullmatch(token):
        raise BadInput("only a signed token can be written as digits")
    if len(token) > MAX_CHARACTERS:
        raise BadInput(
            f"the token has more than the {MAX_CHARACTERS} characters a QR code holds",
            remedy="compress it, or leave something out",
        )
    return PREFIX + packed(token)


def from_digits(text: str) -> str:
    """The token a scanned QR code holds. Raises BadInput when it is another code or was read wrongly."""
    digits = text.removeprefix(PREFIX)
    if digits == text:
        raise BadInput(f"this is not a code of this registry: those begin with `{PREFIX}`")
    if len(digits) > 2 * MAX_CHARACTERS or not _DIGITS.fullmatch(digits):
        raise BadInput("after its beginning the code must be pairs of digits", remedy="scan it again")
    token = unpacked(digits)
    if token is None:
        raise BadInput("two digits of the code stand for no character", remedy="scan it again")
    return token


def packed(token: str) -> str:
    """Two digits for each character of a token."""
    return "".join(f"{ord(character) - _OFFSET:02d}" for character in token)


def unpacked(digits: str) -> str | None:
    """The token these digits stand for; None when a pair of them stands for no character of a token."""
    if not _DIGITS.fullmatch(digits):
        return None
    token = "".join(chr(int(digits[at : at + 2]) + _OFFSET) for at in range(0, len(digits), 2))
    return token if _TOKEN.fullmatch(token) else None
