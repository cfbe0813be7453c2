"""How far apart two readings are: an edit distance over sounds with hand-set costs.

0 means the same sounds; 1 is about one wrong consonant. The distance is symmetric, and a shared letter costs
nothing. An abjad leaves out short vowels: against a script that writes them, those are almost free where Arabic
word patterns have them, and dear where a long vowel would have been written, which is what tells Hassan (حسن) from
Hussein (حسين). Costs follow how French, English, Slavic and Ethiopian writers exchange sounds; a later version
learns them.
"""

from __future__ import annotations

from collections.abc import Sequence

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


def _exchange_costs() -> dict[tuple[str, str], float]:
    costs: dict[tuple[str, str], float] = {}
    for cost, pairs in sorted(_EXCHANGED.items(), reverse=True):
        for left, right in pairs.split():
            costs[left, right] = costs[right, left] = cost
    return costs


_COSTS = _exchange_costs()
_VOCALIC = frozenset(_VOWELS + _LONG + _FIRST + _DIPHTHONGS)

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
_SWAPPED_NEIGHBOURS = 0.5
_LONG_ENOUGH_TO_SWAP = 6


def between(left: str, right: str) -> float:
    """The distance of two readings, divided by the length of the longer one; 0 is equal, above .5 is unrelated."""
    if left == right:
        return 0.0
    return _edits(left, right) / max(len(left), len(right), 1)


def _edits(left: str, right: str) -> float:
    left_drops = _drops(left, right)
    right_drops = _drops(right, left)
    before: list[float] = []
    row = _first_row(right_drops)
    swaps = min(len(left), len(right)) >= _LONG_ENOUGH_TO_SWAP
    for i, sound in enumerate(left, start=1):
        # A vowel of one side may be unwritten only at certain places of the other; see `_drops`.
        drop = left_drops[i - 1]
        insert_at = [each[i] for each in right_drops]
        current = [row[0] + drop[0]]
        for j, other in enumerate(right, start=1):
            best = row[j - 1] + (0.0 if sound == other else _exchange(sound, other))
            best = min(best, row[j] + drop[j], current[j - 1] + insert_at[j - 1])
            if swaps and i > 1 and j > 1 and sound == right[j - 2] and left[i - 2] == other:
                best = min(best, before[j - 2] + _SWAPPED_NEIGHBOURS)
            current.append(best)
        before, row = row, current
    return row[-1]


def _first_row(right_drops: Sequence[Sequence[float]]) -> list[float]:
    row = [0.0]
    for each in right_drops:
        row.append(row[-1] + each[0])
    return row


def _exchange(left: str, right: str) -> float:
    known = _COSTS.get((left, right))
    if known is not None:
        return known
    if left in _VOCALIC:
        return _DEFAULT_VOWEL if right in _VOCALIC else _MIXED
    return _MIXED if right in _VOCALIC else _CONSONANT


def is_abjad(reading: str) -> bool:
    """Whether the reading leaves out short vowels: it came from Arabic letters."""
    return not any(each in _VOWELS or each in _DIPHTHONGS for each in reading)


def _drops(reading: str, other: str) -> list[list[float]]:
    """For each sound of `reading` what it costs to find nothing for it, by how much of `other` went before."""
    places = len(other) + 1
    if not is_abjad(other) or is_abjad(reading):
        return [[_lost(reading, at)] * places for at in range(len(reading))]
    is_open = {each: _open_places(other, each) for each in "iu"}
    always = [True] * places
    return [[_unwritten(reading, at, each) for each in is_open.get(reading[at], always)] for at in range(len(reading))]


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
