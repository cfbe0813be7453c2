"""Burmese as desks with the font Zawgyi-One store it: Unicode's code points for other signs, in written order.

Enough for names; the font's narrow and wide shapes of one sign are left out.
"""

from __future__ import annotations

import re

_STACKED = dict(zip("ကခဂဃစဆဇဈဏတထဒဓနပဖဗဘမလ", "ၠၡၢၣၥၦၨၩၰၱၳၵၶၷၸၹၺၻၼႅ", strict=True))
_IN_ORDER = (
    (r"\u1004\u103a\u1039([က-အ])", "\\1\u1064"),  # kinzi is written after the letter it stands above
    *((f"\u1039{letter}", stacked) for letter, stacked in _STACKED.items()),
    (r"([က-အ][ၠ-ႅ]?)([\u103b-\u103e]*)\u1031", "\u1031\\1\\2"),  # the vowel e is typed first,
    (r"([က-အ][ၠ-ႅ]?)(\u103b?)\u103c", "\u103c\\1\\2"),  # and the medial ra before its letter
    (r"\u1037\u103a", "\u103a\u1094"),  # asat goes before the dot
    (r"ဉ", "ဥ"),
    (r"ဦ", "ဥ\u102e"),
)
# Asat, ya, ra, wa and ha moved down by one when Unicode added a sign between.
_MOVED = {0x103A: 0x1039, 0x103B: 0x103A, 0x103C: 0x103B, 0x103D: 0x103C, 0x103E: 0x103D}


def encoded(text: str) -> str:
    """A Burmese text in Unicode, in Zawgyi."""
    for pattern, written in _IN_ORDER:
        text = re.sub(pattern, written, text)
    return text.translate(_MOVED).replace("=", "")
