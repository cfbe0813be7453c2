"""How far apart two readings are: an edit distance over sounds with hand-set costs.

0 means the same sounds; 1 is about one wrong consonant. The distance is symmetric, and a shared letter costs
nothing. An abjad leaves out short vowels: against a script that writes them, those are almost free where Arabic
word patterns have them, and dear where a long vowel would have been written, which is what tells Hassan (حسن) from
Hussein (حسين). Costs follow how French, English, Slavic and Ethiopian writers exchange sounds; a later version
learns them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

_VOWELS = "aeiou"
_LONG = "AWY"
_FIRST = "EIO"
_DIPHTHONGS = "JH"
_GLIDES = "wy"

_CONSONANT = 1.2  # one consonant for another
_DEFAULT_VOWEL = 0.7
_MIXED = 1.5  # a vowel for a consonant

# Pairs that writers exchange. Groups of equal cost, each word is a list of pairs.
_EXCHANGED = {
    0.0: "Aa Wu Ww Wo Yi Yy YJ WH EA Ea Oa Oo Ou Ii EI EO",
    0.05: "hx Ee Eo Eu Oe",
    0.1: "iy uw ou Dd Tt QG Ei Iy Ie EY EW Ew Ae YI",
    0.15: "ae wv gG Qg Qh uw",
    0.2: "Ho CS jZ oW Au Jy",
    0.25: "Hu Hw ei Ji Je Dz Ts Wv DT",
    0.3: "yj jC IO",
    0.35: "eu",
    0.4: "gj Ao ao",
    0.45: "eo Ha Ja Oi EJ OJ",
    0.5: "zs Ss Cs Gk gk Qk vf bp xk Zz Zs xG hG cs ck Ye Ia IJ",
    0.6: "ai dt dT bv Qj hQ jd Io Iu",
    0.7: "au iu io oe AJ",
    0.8: "Ai Ay Wa We Ya Yu Yo WY AW AY WJ",
}


_VOCALIC = frozenset(_VOWELS + _LONG + _FIRST + _DIPHTHONGS)


class _Exchange(dict[str, float]):
    """What it costs to find another sound for `sound`; a letter nobody knows is a consonant."""

    def __init__(self, sound: str) -> None:
        super().__init__()
        self._sound = sound

    def __missing__(self, other: str) -> float:
        vocalic = (self._sound in _VOCALIC) + (other in _VOCALIC)
        self[other] = cost = (_CONSONANT, _MIXED, _DEFAULT_VOWEL)[vocalic]
        return cost


class _AllExchanges(dict[str, _Exchange]):
    def __missing__(self, sound: str) -> _Exchange:
        self[sound] = costs = _Exchange(sound)
        return costs


def _exchange_costs() -> _AllExchanges:
    costs = _AllExchanges()
    for cost, pairs in sorted(_EXCHANGED.items(), reverse=True):
        for left, right in pairs.split():
            costs[left][right] = costs[right][left] = cost
    return costs


_COSTS = _exchange_costs()

_LOST: dict[str, float] = {
    "h": 0.25, "x": 0.6, "w": 0.4, "y": 0.5, "A": 0.6, "W": 0.6, "Y": 0.7, "J": 0.8, "H": 0.8,
    "E": 0.05, "I": 0.6, "O": 0.6, "a": 0.45, "e": 0.45, "o": 0.45, "u": 0.5, "i": 0.65,
}  # fmt: skip
_LOST_FIRST_VOWEL = 0.6
# A first alef before a long vowel only carries it.
_LOST_FIRST = {"EW": 0.05, "EY": 0.05, "EA": 0.05, "IY": 0.05, "OW": 0.05, "OY": 0.3, "OA": 0.05}
_LOST_BEFORE_GLIDE = 0.1
_LOST_CONSONANT = 1.0
_LOST_FINAL_E = 0.1  # French writes Amine for Amin
_UNWRITTEN = {"a": 0.06, "e": 0.06, "o": 0.1, "u": 0.1, "i": 0.1}
_WOULD_BE_WRITTEN = 0.6
_SWAPPED_NEIGHBOURS = 0.4
_LONG_ENOUGH_TO_SWAP = 4


UNRELATED = 1.0
"""What `between` answers for readings further apart than matters."""

_FURTHEST_OF_INTEREST = 0.35


@lru_cache(maxsize=1 << 16)
def between(left: str, right: str) -> float:
    """The distance of two readings, as a share of the length of the longer one; 0 is equal.

    Beyond .35 the answer is UNRELATED. The cache holds readings of single words, never of whom.
    """
    if left == right:
        return 0.0
    longer = max(len(left), len(right), 1)
    edits = _edits(left, right, at_most=_FURTHEST_OF_INTEREST * longer)
    return UNRELATED if edits is None else edits / longer


def _edits(left: str, right: str, *, at_most: float) -> float | None:
    left_drops, right_drops = _drops(left, right), _drops(right, left)
    swaps = min(len(left), len(right)) >= _LONG_ENOUGH_TO_SWAP
    before: list[float] = []
    row = _first_row(right_drops)
    for i, sound in enumerate(left, start=1):
        costs, drop = _COSTS[sound], left_drops[i - 1]
        current = [row[0] + drop[0]]
        for j, other in enumerate(right, start=1):
            best = row[j - 1]
            if sound != other:
                best += costs[other]
            # A vowel of one side may be unwritten only at certain places of the other; see `_drops`.
            dropped = row[j] + drop[j]
            inserted = current[j - 1] + right_drops[j - 1][i]
            if dropped < best:
                best = dropped
            current.append(inserted if inserted < best else best)
        if swaps and i > 1 and _swap(current, before, left[i - 2 : i], right):
            for j in range(1, len(current)):  # what is inserted after the swapped pair, so that both ways are equal
                current[j] = min(current[j], current[j - 1] + right_drops[j - 1][i])
        if min(current) > at_most and (not swaps or min(row) > at_most):
            return None
        before, row = row, current
    return row[-1] if row[-1] <= at_most else None


def _swap(current: list[float], before: list[float], pair: str, right: str) -> bool:
    """Two neighbours typed in the wrong order; whether that is nearer anywhere."""
    nearer = [
        j
        for j in range(2, len(right) + 1)
        if right[j - 2] == pair[1] and right[j - 1] == pair[0] and before[j - 2] + _SWAPPED_NEIGHBOURS < current[j]
    ]
    for j in nearer:
        current[j] = before[j - 2] + _SWAPPED_NEIGHBOURS
    return bool(nearer)


def _first_row(right_drops: Sequence[Sequence[float]]) -> list[float]:
    row = [0.0]
    for each in right_drops:
        row.append(row[-1] + each[0])
    return row


def is_abjad(reading: str) -> bool:
    """Whether the reading leaves out short vowels: it came from Arabic letters."""
    return not any(each in _VOWELS or each in _DIPHTHONGS for each in reading)


def _drops(reading: str, other: str) -> list[Sequence[float]]:
    """For each sound of `reading` what it costs to find nothing, by how much of `other` went before."""
    places = len(other) + 1
    if not is_abjad(other) or is_abjad(reading):
        return [(_lost(reading, at),) * places for at in range(len(reading))]
    is_open = {each: _open_places(other, each) for each in "iu" if each in reading}
    always = (True,) * places
    return [
        tuple(_unwritten(reading, at, each) for each in is_open.get(reading[at], always)) for at in range(len(reading))
    ]


def _lost(reading: str, at: int) -> float:
    if reading[at] == "e" and at == len(reading) - 1:
        return _LOST_FINAL_E
    if at == 0 and reading[0] in _FIRST:
        return _LOST_FIRST.get(reading[:2], _LOST_FIRST_VOWEL)
    if reading[at : at + 2] in ("AY", "AW"):
        return _LOST_BEFORE_GLIDE  # the two are one diphthong elsewhere: Faiza, Daoud
    if reading[at] in _GLIDES and _touches_its_vowel(reading, at):
        return 0.1
    return _LOST.get(reading[at], _LOST_CONSONANT)


def _touches_its_vowel(reading: str, at: int) -> bool:
    vowels = {"y": "i", "w": "uo"}[reading[at]]
    return any(each in vowels for each in reading[max(at - 1, 0) : at + 2])


def _unwritten(reading: str, at: int, is_open: bool) -> float:
    sound = reading[at]
    if sound not in _UNWRITTEN:
        return _lost(reading, at)
    if at == len(reading) - 1:
        return _LOST_FINAL_E if sound == "e" else _WOULD_BE_WRITTEN
    if not is_open or at == 0:  # a first vowel always has a letter to carry it
        return _WOULD_BE_WRITTEN
    return _UNWRITTEN[sound]


def _open_places(abjad: str, vowel: str) -> list[bool]:
    """Where a short i or u may stand unwritten: in the first syllable, after a long a or u, i in words on mu-.

    Elsewhere the patterns of Arabic words have a long vowel, which is written (Karim, Hussein, Mahmud); the short
    one is found in fa'il (Khalid), muf'il (Muhsin) and foreign names (Yusuf, Yunus).
    """
    found: list[bool] = []
    last_long = ""
    is_participle = vowel == "i" and abjad[:1] == "m" and len(abjad) >= 4 and not set(abjad[:4]) & set(_LONG)
    for at in range(len(abjad) + 1):
        if at and abjad[at - 1] in _LONG:
            last_long = abjad[at - 1]
        found.append(at <= 1 or is_participle or last_long in ("A", "W"))
    return found
