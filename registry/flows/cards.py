"""The family card: a secret on paper. It proves nothing by itself, opens the family's own view, and can be replaced.

Only a keyed hash of it is kept.
"""

from __future__ import annotations

import secrets

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: no I, L, O, U
_LOOK_ALIKES = str.maketrans({"O": "0", "I": "1", "L": "1"})
_LENGTH = 26  # 130 bits


def draw() -> str:
    """A new card, written in groups so that it can be read aloud."""
    code = "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
    return "-".join(code[at : at + 5] for at in range(0, _LENGTH, 5))


def normal(card: str) -> str:
    """A card as typed by somebody, brought to one form."""
    return "".join(each for each in card.upper().translate(_LOOK_ALIKES) if each.isalnum())
