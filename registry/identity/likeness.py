"""How alike two names are, as one of a few ordered degrees; `compare` gives each degree its weight by field.

A degree of SOUND or better means: the same name, as far as its letters tell. Names that differ in one letter
(Amina, Amira) or in gender only (Karim, Karima) never reach it, because brothers, sisters and twins bear such names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from itertools import permutations, product
from operator import getitem

from rapidfuzz.distance import JaroWinkler

from registry.identity import distance, names, transducer
from registry.identity.names import Name, Token
from registry.identity.scripts import Script
from registry.identity.transducer import Transducer


class Likeness(IntEnum):
    """Degrees of likeness, the greater the more alike."""

    OTHER = 0
    UNREADABLE = 1  # a script nobody here can read against another: no evidence either way
    LISTED_APART = 2  # alike, but both are known names, and not one name (Omar, Ammar)
    SIMILAR = 3  # one or two letters apart, and as a rule another name
    GENDER = 4  # the male and the female form of one name
    NEAR = 5  # as far apart as a slip of the pen
    AMBIGUOUS = 6  # alike in a spelling that writes two names (Salim is سليم and سالم)
    PART = 7  # one name of several is left out
    KNOWN = 8  # other letters, but known as one name (Yusuf, Joseph)
    SOUND = 9  # the same sounds in another spelling or script
    EXACT = 10  # the same letters


# Shares of the longer word; one wrong consonant in a name of five letters is .24.
# Measured on 196 popular names unseen while the costs were set: .92 of the true pairs of scripts are within
# SOUND, and of random pairs only the truly equal ones.
_SAME_WITHIN = 0.02
_SOUND_WITHIN = 0.085
_NEAR_WITHIN = 0.13
_SIMILAR_WITHIN = 0.30
_GENDER_WITHIN = 0.25
_SKELETONS_UNRELATED_BELOW = 0.55

_REMEMBERED = 1 << 18  # pairs of names; some 60 MB

Degree = Callable[[Token, Token], Likeness]
Way = Callable[[Token, Token, "KnownNames"], Likeness]
Spelled = tuple[tuple[str, ...], ...]
Pair = tuple[str, Spelled, Spelled]
"""In which way two names are compared, and the parts of all spellings of both: Abdul Rahman is one part or two."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class KnownNames:
    """What is known of names beside their letters: `by_sound`, the numbers of the listed names a sound may spell, and
    `transducers`, how a script is written in Latin letters.

    One list is equal to itself only, so that what was found out with it can be remembered.
    """

    by_sound: dict[str, frozenset[int]]
    transducers: Mapping[Script, Transducer] = field(default_factory=dict[Script, Transducer])
    told: dict[Pair, Likeness] = field(default_factory=dict[Pair, Likeness], repr=False)

    def of(self, token: Token) -> frozenset[int]:
        for each in token.sounds:
            if found := self.by_sound.get(each):
                return found
        return _NONE

    def remember(self, pair: Pair, alike: Likeness) -> None:
        """Keep what was found out about two names: in a population the same pairs meet again and again.

        Kept are pairs of names, never whose they are.
        """
        if len(self.told) >= _REMEMBERED:
            self.told.clear()
        self.told[pair] = alike


_NONE: frozenset[int] = frozenset()


def known_names(groups: Iterable[Sequence[str]], transducers: Iterable[Transducer] = ()) -> KnownNames:
    """Number the names; each group lists spellings and translations of one name in any script."""
    by_sound: dict[str, frozenset[int]] = {}
    for number, spellings in enumerate(groups):
        for spelling in spellings:
            read = names.name(spelling)
            if read and len(read.tokens) == 1:
                sound = read.tokens[0].sounds[0]
                by_sound[sound] = by_sound.get(sound, frozenset()) | {number}
    return KnownNames(by_sound=by_sound, transducers={Script(each.script): each for each in transducers})


def of_spellings(
    left: Sequence[Name], right: Sequence[Name], known: KnownNames, *, same_sex: bool = True
) -> Likeness | None:
    """The likeness of one name given in several spellings; None when either side has none.

    Where both sides have a spelling in one script, that script may speak against: the same sound in Latin letters
    is only NEAR when the Arabic letters say otherwise, and two names when they spell two known ones (Nadir نادر,
    Nadir نذير).
    """
    if not left or not right:
        return None
    return _alike(_of_same_sex if same_sex else _token, left, right, known)


def of_relatives(left: Sequence[Name], right: Sequence[Name], known: KnownNames) -> Likeness | None:
    """As `of_spellings`, where an ambiguous spelling counts as equal: no twins are told apart by it."""
    alike = of_spellings(left, right, known)
    return Likeness.SOUND if alike is Likeness.AMBIGUOUS else alike


def of_families(left: Sequence[Name], right: Sequence[Name], known: KnownNames) -> Likeness | None:
    """As `of_relatives`; Slavic endings for men and women (-ov, -ova) are one family name."""
    if not left or not right:
        return None
    alike = _alike(_of_families, left, right, known)
    return Likeness.SOUND if alike is Likeness.AMBIGUOUS else alike


def _alike(way: Way, left: Sequence[Name], right: Sequence[Name], known: KnownNames) -> Likeness:
    """The likeness of two names by all their spellings; found out once."""
    pair = (way.__name__, _parts(left), _parts(right))
    alike = known.told.get(pair)
    if alike is None:
        alike = _best(left, right, lambda one, other: way(one, other, known), known)
        known.remember(pair, alike)
    return alike


def _parts(spellings: Sequence[Name]) -> Spelled:
    return tuple([tuple([one.original for one in each.tokens]) for each in spellings])


def _best(left: Sequence[Name], right: Sequence[Name], degree: Degree, known: KnownNames) -> Likeness:
    found = [
        (_same_script(one, other), max(of_names(one, other, degree), _learned(one, other, known)))
        for one, other in product(left, right)
    ]
    best = max(each for _, each in found)
    by_script: dict[Script, Likeness] = {}
    for script, each in found:
        if script:
            by_script[script] = max(by_script.get(script, Likeness.OTHER), each)
    said = min(by_script.values(), default=best)
    if said is Likeness.LISTED_APART:
        return said
    return min(best, Likeness.NEAR) if said <= Likeness.GENDER else best


def _learned(left: Name, right: Name, known: KnownNames) -> Likeness:
    """How alike a whole name in a script and one in Latin letters are, by what was learned of that script."""
    native, latin = (left, right) if right.script is Script.LATIN else (right, left)
    table = known.transducers.get(native.script) if native.script in _LEARNED_ONLY else None
    if table is None or latin.script is not Script.LATIN:
        return Likeness.OTHER
    odds = table.log_odds(_joined(native), transducer.plain(_joined(latin)))
    return next((degree for least, degree in _ODDS if odds >= least), Likeness.OTHER)


def _joined(name: Name) -> str:
    return "".join(each.original for each in name.tokens)


# Arabic and Cyrillic names have rules of sound and lists: what was learned from the names of the whole world takes
# حسن for Hussain (12 bits) nearly as readily as for Hassan (14).
_LEARNED_ONLY = frozenset({Script.BURMESE})
_ODDS = ((10.0, Likeness.SOUND), (4.0, Likeness.NEAR), (0.0, Likeness.SIMILAR))


def _same_script(left: Name, right: Name) -> Script | None:
    return left.script if left.script is right.script else None


def of_names(left: Name, right: Name, degree: Degree) -> Likeness:
    """The likeness of two names of one or more tokens, in whatever order they stand."""
    if len(left.tokens) == len(right.tokens):
        return _paired(left.tokens, right.tokens, degree)
    shorter, longer = sorted((left.tokens, right.tokens), key=len)
    if _joined_distance(shorter, longer) <= _SOUND_WITHIN:
        return Likeness.SOUND
    return _part(shorter, longer, degree)


def _paired(left: Sequence[Token], right: Sequence[Token], degree: Degree) -> Likeness:
    straight = min(map(degree, left, right))
    if straight >= Likeness.SOUND or not 2 <= len(left) <= 4:
        return straight
    return max(straight, min(_in_any_order(left, right, degree), Likeness.SOUND))


def _in_any_order(shorter: Sequence[Token], longer: Sequence[Token], degree: Degree) -> Likeness:
    """The best choice of a token of the longer name for each of the shorter; every two tokens are compared once."""
    table = [[degree(one, other) for other in longer] for one in shorter]
    orders = permutations(range(len(longer)), len(shorter))
    return max(min(map(getitem, table, order)) for order in orders)


def _joined_distance(shorter: Sequence[Token], longer: Sequence[Token]) -> float:
    """Fatima Zahra and Fatimazahra: the same letters, cut otherwise."""
    return distance.between(*("".join(each.sounds[0] for each in tokens) for tokens in (shorter, longer)))


def _part(shorter: Sequence[Token], longer: Sequence[Token], degree: Degree) -> Likeness:
    if len(longer) > 5:
        return Likeness.OTHER
    best = _in_any_order(shorter, longer, degree)
    if best < Likeness.AMBIGUOUS:
        return min(best, Likeness.SIMILAR)
    if best < Likeness.KNOWN:
        return Likeness.AMBIGUOUS
    # Half of a village is called Mohamed Something: that part alone is no name.
    return Likeness.NEAR if all(map(_is_prename, shorter)) else Likeness.PART


def _is_prename(token: Token) -> bool:
    return any(distance.between(each, "muhamad") <= _SOUND_WITHIN for each in token.sounds)


def _of_same_sex(left: Token, right: Token, known: KnownNames) -> Likeness:
    found = _token(left, right, known)
    return Likeness.SOUND if found is Likeness.GENDER and _only_e(left, right) else found


def _of_families(left: Token, right: Token, known: KnownNames) -> Likeness:
    return max(_token(left, right, known), _family_stems(left, right))


def _token(left: Token, right: Token, known: KnownNames) -> Likeness:
    names_left, names_right = known.of(left), known.of(right)
    common = names_left & names_right
    is_ambiguous = bool(common) and len(names_left | names_right) > 1
    if is_ambiguous and not left.script is right.script is Script.ARABIC:
        return Likeness.AMBIGUOUS
    if left.normal == right.normal:
        return Likeness.EXACT
    if common:
        return Likeness.SOUND if _distance(left, right) <= _SOUND_WITHIN else Likeness.KNOWN
    apart = _distance(left, right)
    if apart <= _GENDER_WITHIN and _differ_in_gender(left, right):
        return Likeness.GENDER
    found = next((degree for within, degree in _DEGREES if apart <= within), _unlike(left, right))
    return min(found, Likeness.LISTED_APART) if names_left and names_right else found


def _unlike(left: Token, right: Token) -> Likeness:
    is_unreadable = left.script is not right.script and not {left.script, right.script} <= _READABLE
    return Likeness.UNREADABLE if is_unreadable else Likeness.OTHER


_READABLE = frozenset(Script) - {Script.OTHER, Script.HEBREW}
"""Scripts whose sounds are read well enough that another sound speaks against one name."""

_DEGREES = (
    (_SOUND_WITHIN, Likeness.SOUND),
    (_NEAR_WITHIN, Likeness.NEAR),
    (_SIMILAR_WITHIN, Likeness.SIMILAR),
)


def _distance(left: Token, right: Token) -> float:
    if not any(_may_sound_alike(*each) for each in product(left.skeletons, right.skeletons)):
        return distance.UNRELATED
    return min(distance.between(one, other) for one, other in product(left.sounds, right.sounds))


def _may_sound_alike(left: str, right: str) -> bool:
    return JaroWinkler.similarity(left, right, score_cutoff=_SKELETONS_UNRELATED_BELOW) > 0


def _differ_in_gender(left: Token, right: Token) -> bool:
    """Whether some readings are two forms of one name, and no others one form to a hair (شکریه is Shukria)."""
    pairs = [*product(left.sounds, right.sounds)]
    others = [each for each in pairs if not _is_gender_pair(each)]
    return len(others) < len(pairs) and all(distance.between(*each) > _SAME_WITHIN for each in others)


_FEMININE = re.compile(r"(?:[aA]h?|(?<=[^aeiouAWYJH])h)$")


def _is_gender_pair(pair: tuple[str, str]) -> bool:
    """Whether one is the other with a feminine ending: Karim and Karima, Amine and Amina, كريم and Karima."""
    stems = [_FEMININE.sub("", each) for each in pair]
    endings = [stem != each for stem, each in zip(stems, pair, strict=True)]
    if endings[0] is endings[1] or min(map(len, stems)) < 2:
        return False
    return distance.between(*(each.removesuffix("e") for each in stems)) <= _SOUND_WITHIN


def _only_e(left: Token, right: Token) -> bool:
    """A pair by a final e, which French and Turkish write for both (Fatime, Fatima; Amine, Amina)."""
    return any(each.endswith("e") for token in (left, right) for each in token.sounds)


_SLAVIC_ENDING = re.compile(r"(?<=[oe]v|[iy]n|sk)(?:a|aya|i|iy|y|J)$|(?<=sk)(?:ay?a|i|y)$")


def _family_stems(left: Token, right: Token) -> Likeness:
    if not all(_SLAVIC_ENDING.search(each.sounds[0]) or _ENDS_SLAVIC.search(each.sounds[0]) for each in (left, right)):
        return Likeness.OTHER
    stems = [_SLAVIC_ENDING.sub("", each.sounds[0]) for each in (left, right)]
    return Likeness.SOUND if distance.between(*stems) <= _SOUND_WITHIN else Likeness.OTHER


_ENDS_SLAVIC = re.compile(r"(?:[oe]v|[iy]n)$")
