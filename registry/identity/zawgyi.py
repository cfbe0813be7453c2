"""Burmese text in the Zawgyi encoding, which looks like Burmese and is not: recognised, and written in Unicode.

Zawgyi puts other shapes on the code points of the Myanmar block and stores them in the order in which they are seen:
the vowel sign e and the medial ra stand before their consonant. Rules after Unicode Technical Note 11 (Hosken,
Representing Myanmar in Unicode) and the code chart of the font Zawgyi-One 2008. A text is taken for Zawgyi when it
cannot be Unicode: short names decide by their build, not by how often their letters occur.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_CONSONANT = (
    "[\u1000-\u1021\u1023-\u102a\u103f\u104e\u1050-\u1051\u105a-\u105d"
    "\u1061\u1065-\u1066\u106e-\u1070\u1075-\u1081\u108e]"
)
_SYLLABLE = (
    f"(?:\u1004\u103a\u1039)?{_CONSONANT}(?:\u1039{_CONSONANT})*"  # kinzi; stacked consonants
    "[\u103b-\u103e\u105e-\u1060\u1082]*"  # medials
    "[\u1031\u1084]?[\u102b-\u1030\u1032-\u1036\u1056-\u1059\u1062-\u1064\u1067-\u1068\u1071-\u1074\u1083\u1085-\u1086]*"
    "[\u1037\u1038\u103a\u1087-\u108d\u108f\u102b-\u1030\u1032-\u1036]*"  # tones and the sign that ends a syllable
)
_UNICODE = re.compile(f"(?:{_SYLLABLE}|[\u1040-\u104f\u1090-\u109f]|[^\u1000-\u109f])*")
_MYANMAR = re.compile("[\u1000-\u109f]")

_KINZI = "\u1004\u103a\u1039"
_SHAPES = str.maketrans(
    {
        0x1033: "\u102f", 0x1034: "\u1030", 0x1039: "\u103a", 0x103A: "\u103b", 0x103B: "\u103c", 0x103C: "\u103d",
        0x103D: "\u103e", 0x105A: "\u102b\u103a", 0x1060: "\u1039\u1000", 0x1061: "\u1039\u1001",
        0x1062: "\u1039\u1002", 0x1063: "\u1039\u1003", 0x1064: "\ue000", 0x1065: "\u1039\u1005",
        0x1066: "\u1039\u1006", 0x1067: "\u1039\u1006", 0x1068: "\u1039\u1007", 0x1069: "\u1039\u1008",
        0x106A: "\u1009", 0x106B: "\u100a", 0x106C: "\u1039\u100b", 0x106D: "\u1039\u100c",
        0x106E: "\u100d\u1039\u100d", 0x106F: "\u100d\u1039\u100e", 0x1070: "\u1039\u100f",
        0x1071: "\u1039\u1010", 0x1072: "\u1039\u1010", 0x1073: "\u1039\u1011", 0x1074: "\u1039\u1011",
        0x1075: "\u1039\u1012", 0x1076: "\u1039\u1013", 0x1077: "\u1039\u1014", 0x1078: "\u1039\u1015",
        0x1079: "\u1039\u1016", 0x107A: "\u1039\u1017", 0x107B: "\u1039\u1018", 0x107C: "\u1039\u1019",
        0x107D: "\u103b", 0x107E: "\u103c", 0x107F: "\u103c", 0x1080: "\u103c", 0x1081: "\u103c",
        0x1082: "\u103c", 0x1083: "\u103c", 0x1084: "\u103c", 0x1085: "\u1039\u101c", 0x1086: "\u103f",
        0x1087: "\u103e", 0x1088: "\u103e\u102f", 0x1089: "\u103e\u1030", 0x108A: "\u103d\u103e",
        0x108B: "\ue000\u102d", 0x108C: "\ue000\u102e", 0x108D: "\ue000\u1036", 0x108E: "\u102d\u1036",
        0x108F: "\u1014", 0x1090: "\u101b", 0x1091: "\u100f\u1039\u100d", 0x1092: "\u100b\u1039\u100c",
        0x1093: "\u1039\u1018", 0x1094: "\u1037", 0x1095: "\u1037", 0x1096: "\u1039\u1010\u103d",
        0x1097: "\u100b\u1039\u100b",
    }
)  # fmt: skip
# What is seen first and spoken later: e and medial ra before their consonant and what is stacked below it.
_SEEN_FIRST = re.compile("([\u1031\u103c]+)([\u1000-\u102a\u103f](?:\u1039[\u1000-\u1021])*)")
_KINZI_AFTER = re.compile("([\u1000-\u1021](?:\u1039[\u1000-\u1021])*)((?:[\u1031\u103b-\u103e])*)\ue000")
_SIGNS = re.compile("[\u102b-\u1032\u1036-\u1038\u103a-\u103e]+")
_IN_ORDER = "\u103b\u103c\u103d\u103e\u1031\u102d\u102e\u1032\u102f\u1030\u102b\u102c\u1036\u103a\u1037\u1038"
_ORDER = {sign: at for at, sign in enumerate(_IN_ORDER)}


def is_zawgyi(text: str) -> bool:
    """Whether the text has Burmese letters in an order that Unicode does not know."""
    return bool(_MYANMAR.search(text)) and _UNICODE.fullmatch(text) is None


def unicode(text: str) -> str:
    """The text in Unicode; as it is when it is not Zawgyi."""
    return _converted(text) if is_zawgyi(text) else text


def in_one_encoding(texts: Sequence[str]) -> list[str]:
    """Texts of one source in Unicode: where most cannot be Unicode, those that could be either are Zawgyi too."""
    burmese = [each for each in texts if _MYANMAR.search(each)]
    is_source = 2 * sum(map(is_zawgyi, burmese)) > len(burmese)
    return [_converted(each) if is_source and _MYANMAR.search(each) else unicode(each) for each in texts]


def _converted(text: str) -> str:
    shaped = text.translate(_SHAPES)
    spoken = _SEEN_FIRST.sub(lambda found: found[2] + found[1], shaped)
    with_kinzi = _KINZI_AFTER.sub(lambda found: _KINZI + found[1] + found[2], spoken).replace("\ue000", "")
    return _SIGNS.sub(lambda found: _ordered(found[0]), with_kinzi) or text


def _ordered(signs: str) -> str:
    """Signs in the order of Unicode, each once; e and the medials before the other vowels."""
    return "".join(sorted(dict.fromkeys(signs), key=lambda each: _ORDER.get(each, len(_ORDER))))
