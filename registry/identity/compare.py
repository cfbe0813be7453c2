"""How two people agree, field by field, as levels with weights; symmetric, and missing is never evidence.

Father, grandfather, family name, mother, village and phone are one fact for brothers and sisters, and family name,
grandfather and village are one for cousins. Their joint weight is therefore capped, twice. Evidence of the child
itself is its own given name, its birth date and its identifiers.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from registry.identity import births, likeness
from registry.identity.births import Agreement
from registry.identity.demographics import Demographics
from registry.identity.likeness import KnownNames, Likeness
from registry.identity.names import Name
from registry.identity.weights import Rarity, Weights

Alike = Callable[[Sequence[Name], Sequence[Name]], Likeness | None]

CROSSED = "crossed"
DISPLACED = "displaced"
PATRONYM = "patronym"

CLAN = ("family", "grandfather", "village")
HOUSEHOLD = (*CLAN, "father", "mother", "phone")


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One field's level of agreement, what it weighs in bits, and how that is said."""

    field: str
    level: str
    weight: float
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Everything two people were compared by; a field one of them lacks is absent."""

    evidence: tuple[Evidence, ...]
    _by_field: dict[str, Evidence] = dataclasses.field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_field", {each.field: each for each in reversed(self.evidence)})

    @property
    def weight(self) -> float:
        """The bits in favour of one person, before the prior."""
        return math.fsum(each.weight for each in self.evidence)

    def level(self, field: str) -> str | None:
        found = self._by_field.get(field)
        return found.level if found else None

    def agrees(self, field: str) -> bool:
        """Whether this field speaks for one person."""
        found = self._by_field.get(field)
        return found is not None and found.weight > 0


def compare(left: Demographics, right: Demographics, weights: Weights, *, rarity: Rarity | None = None) -> Comparison:
    """Compare two people. The same whichever comes first."""
    found = [_weighed(field, level, weights) for field, level in _levels(left, right, weights.known)]
    if rarity:
        found = [_by_rarity(each, left, right, rarity, weights) for each in found]
    return Comparison(evidence=(*found, *_capped(found, weights)))


def most(left: Demographics, right: Demographics, weights: Weights) -> float:
    """The most that a comparison can weigh, by what is the child's own alone: what a household says is capped."""
    own = itertools.takewhile(lambda each: each[0] not in HOUSEHOLD, told(left, right, weights.known))
    return math.fsum(weights.level(*each).weight for each in own) + weights.household_cap


def _weighed(field: str, level: str, weights: Weights) -> Evidence:
    known = weights.level(field, level)
    return Evidence(field=field, level=level, weight=known.weight, label=known.says)


# A pair is weighed again for rivals, for contradictions and when its neighbours change; its levels stay the same.
@lru_cache(maxsize=1 << 14)
def _levels(left: Demographics, right: Demographics, known: KnownNames) -> tuple[tuple[str, str], ...]:
    return tuple(dict(told(left, right, known)).items())


def told(left: Demographics, right: Demographics, known: KnownNames) -> Iterator[tuple[str, str]]:
    """How two people agree, field by field as it is found out, each field once and the child's own first."""
    same_sex = left.sex is not None and left.sex is right.sex
    given = _given(left, right, known, same_sex=same_sex)
    crossed = None
    if given is not None:
        crossed = _crossed_with(left, right, known) if given < Likeness.PART else None
        is_mingled = given >= Likeness.PART and _is_mingled(left, right, known)
        yield "given", DISPLACED if is_mingled else _level_of_given(given, crossed)
    if left.birth and right.birth:
        yield "birth", births.agreement(left.birth, right.birth).value
    if left.sex and right.sex:
        yield "sex", "same" if same_sex else "other"
    yield from _identifiers(left, right)
    yield from _family_levels(left, right, known, crossed)


def _given(left: Demographics, right: Demographics, known: KnownNames, *, same_sex: bool) -> Likeness | None:
    """The likeness of given names; second given names count where both have them or where one joins them."""

    def alike(one: Sequence[Name], other: Sequence[Name]) -> Likeness | None:
        return likeness.of_spellings(one, other, known, same_sex=same_sex)

    first = alike(left.given, right.given)
    left, right = _without_father(left, known), _without_father(right, known)
    if first is None or not (left.further or right.further):
        return first
    further = alike(left.further, right.further)
    if further is not None and further in _CONTRADICTED:
        return min(first, max(further, Likeness.LISTED_APART))
    return first if first >= Likeness.KNOWN else max(first, _whole(left, right, alike) or first)


def _whole(left: Demographics, right: Demographics, alike: Alike) -> Likeness | None:
    """The likeness of all given names together; None where one has the other's only in the second place.

    A name in the second place may be the father's: see `_crossed_with`.
    """
    whole = alike(_with_further(left), _with_further(right))
    swapped = (alike(left.given, right.further), alike(left.further, right.given))
    is_second = any(each is not None and each >= Likeness.PART for each in swapped)
    return None if whole is None or (is_second and whole <= Likeness.PART) else whole


_CONTRADICTED = (Likeness.OTHER, Likeness.LISTED_APART, Likeness.SIMILAR, Likeness.GENDER)


def _without_father(person: Demographics, known: KnownNames) -> Demographics:
    """The person without what stands after the given name, where that is the father's name and not its own."""
    alike = likeness.of_relatives(person.further, person.father, known)
    return person if alike is None or alike < Likeness.PART else replace(person, further=())


def _with_further(person: Demographics) -> tuple[Name, ...]:
    joined = tuple(
        Name(text=f"{given.text} {further.text}", tokens=given.tokens + further.tokens)
        for given in person.given
        for further in person.further
        if given.script is further.script
    )
    return joined or person.given


def _is_mingled(left: Demographics, right: Demographics, known: KnownNames) -> bool:
    """Whether equal given names may be a child's and a father's, because the fathers differ and share the name.

    Hussein, son of Hasan, may be Hasan, son of Hussein, written in the wrong order: the twin of another Hussein.
    """
    fathers = likeness.of_relatives(left.father, right.father, known)
    if fathers is None or fathers >= Likeness.PART:
        return False
    mingled = (
        likeness.of_spellings(left.given, right.father, known),
        likeness.of_spellings(left.father, right.given, known),
    )
    return any(each is not None and each >= Likeness.KNOWN for each in mingled)


def _level_of_given(given: Likeness, crossed: str | None) -> str:
    return given.name.lower() if crossed is None else DISPLACED if crossed == DISPLACED else CROSSED


def _crossed_with(left: Demographics, right: Demographics, known: KnownNames) -> str | None:
    """With which name the given name changed places on one side; DISPLACED if the other side leaves it open.

    DISPLACED says: this one's given name is that one's father's, and the names that would decide are missing.
    """
    displaced = None
    for field, of_left, of_right in (
        ("father", left.father or left.further, right.father or right.further),
        ("family", left.family, right.family),
    ):
        there = likeness.of_spellings(left.given, of_right, known)
        back = likeness.of_spellings(of_left, right.given, known)
        found = [each >= Likeness.KNOWN for each in (there, back) if each is not None]
        if found == [True, True]:
            return field
        if found == [True]:
            displaced = DISPLACED
    return displaced


def _family_levels(
    left: Demographics, right: Demographics, known: KnownNames, crossed: str | None
) -> Iterator[tuple[str, str]]:
    father = CROSSED if crossed == "father" else _father(left, right, known)
    if father:
        yield "father", father
    family = CROSSED if crossed == "family" else _family(left, right, known, father)
    if family:
        yield "family", family
    for field, of_left, of_right in (
        ("grandfather", left.grandfather, right.grandfather),
        ("mother", left.mother, right.mother),
    ):
        alike = likeness.of_relatives(of_left, of_right, known)
        if alike is not None:
            yield field, alike.name.lower()
    yield from _places(left, right, known)


def _father(left: Demographics, right: Demographics, known: KnownNames) -> str | None:
    alike = likeness.of_relatives(left.father, right.father, known)
    if alike is not None:
        return alike.name.lower()
    spoken = (
        likeness.of_spellings(left.further, right.father, known),
        likeness.of_spellings(left.father, right.further, known),
    )
    # A second given name that is the father's speaks for, one that is not says nothing.
    return "further" if any(each is not None and each >= Likeness.PART for each in spoken) else None


def _family(left: Demographics, right: Demographics, known: KnownNames, father: str | None) -> str | None:
    alike = likeness.of_families(left.family, right.family, known)
    if alike is None or alike >= Likeness.NEAR:
        return alike.name.lower() if alike is not None else None
    if not _is_patronym(left, right, known):
        return alike.name.lower()
    # Where the father's names agree anyway, the family name only says the same again.
    return f"{PATRONYM}-again" if father in _AGREEING_FATHER else PATRONYM


_AGREEING_FATHER = ("further", *(each.name.lower() for each in Likeness if each >= Likeness.PART))


def _is_patronym(left: Demographics, right: Demographics, known: KnownNames) -> bool:
    """Whether one side wrote the father's or grandfather's name in the place of the family name."""
    pairs = (
        (left.family, right.father),
        (right.family, left.father),
        (left.family, right.grandfather),
        (right.family, left.grandfather),
    )
    found = (likeness.of_spellings(one, other, known) for one, other in pairs)
    return any(each is not None and each >= Likeness.KNOWN for each in found)


def _places(left: Demographics, right: Demographics, known: KnownNames) -> Iterator[tuple[str, str]]:
    village = likeness.of_spellings(left.villages, right.villages, known)
    if village is not None and village is not Likeness.UNREADABLE:
        yield "village", "same" if village >= Likeness.PART else "other"
    if left.phones and right.phones:
        yield "phone", "same" if set(left.phones) & set(right.phones) else "other"


def _identifiers(left: Demographics, right: Demographics) -> Iterator[tuple[str, str]]:
    """Strong numbers of one system agree or conflict; weak ones only agree. A clash outweighs an agreement."""
    strong = _by_system(left, strong=True), _by_system(right, strong=True)
    common = strong[0].keys() & strong[1].keys()
    if any(not strong[0][each] & strong[1][each] for each in common):
        yield "identifier", "conflict"
    elif common:
        yield "identifier", "same"
    elif _all(left) & _all(right):
        yield "identifier", "weak"


def _by_system(person: Demographics, *, strong: bool) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for each in person.identifiers:
        if each.strong is strong:
            found.setdefault(each.system, set()).add(each.value)
    return found


def _all(person: Demographics) -> set[tuple[str, str]]:
    return {(each.system, each.value) for each in person.identifiers}


def _capped(found: Sequence[Evidence], weights: Weights) -> Iterator[Evidence]:
    """What must be taken off because it is one fact counted more than once."""
    clan = math.fsum(each.weight for each in found if each.field in CLAN)
    off_clan = max(0.0, clan - weights.clan_cap)
    household = math.fsum(each.weight for each in found if each.field in HOUSEHOLD) - off_clan
    off_household = max(0.0, household - weights.household_cap)
    for field, off in (("clan", off_clan), ("household", off_household)):
        if off:
            yield replace(_weighed("shared", field, weights), weight=-off)


def _by_rarity(
    evidence: Evidence, left: Demographics, right: Demographics, rarity: Rarity, weights: Weights
) -> Evidence:
    """The agreement of a rare name weighs more, that of a common one less: log2(m / share)."""
    spellings = _NAMES.get(evidence.field)
    if spellings is None or evidence.level not in ("exact", "sound"):
        return evidence
    skeletons = [
        each for name in (*spellings(left), *spellings(right)) for token in name.tokens for each in token.skeletons
    ]
    share = rarity.share(evidence.field, skeletons)
    if share is None:
        return evidence
    m = weights.level(evidence.field, evidence.level).m
    return replace(evidence, weight=math.log2(m / max(share, weights.rarest)))


_NAMES: dict[str, Callable[[Demographics], tuple[Name, ...]]] = {
    "given": lambda person: person.given,
    "father": lambda person: person.father,
    "grandfather": lambda person: person.grandfather,
    "family": lambda person: person.family,
    "mother": lambda person: person.mother,
}


def is_of_child(comparison: Comparison) -> bool:
    """Whether there is evidence of the child itself: its own given name with its birth date, or a strong number.

    A given name in the wrong place, or with a part left out, needs the very day, or the mother's name with it. A
    slip in the birth date is allowed for where the family and a parent agree: no couple gives a name twice.
    """
    if comparison.level("identifier") == "same":
        return True
    given, birth = comparison.level("given"), comparison.level("birth")
    if given in SAME_NAME:
        return birth in _COMPATIBLE or (birth in _SLIPS and _is_of_couple(comparison))
    if given == CROSSED and birth in _COMPATIBLE and comparison.agrees("mother"):
        return True
    return given in (CROSSED, "part") and birth in _SAME_DAY


def _is_of_couple(comparison: Comparison) -> bool:
    """Whether father and mother are one couple's; where there are no family names the grandfather stands for one."""
    father, mother = comparison.agrees("father"), comparison.agrees("mother")
    if comparison.level("family") is not None:
        return comparison.agrees("family") and (father or mother)
    return father and (mother or comparison.agrees("grandfather"))


SAME_NAME = ("exact", "sound", "known")
"""Levels of the given name that are the same name."""

_COMPATIBLE = frozenset(each.value for each in births.COMPATIBLE)
_SLIPS = (Agreement.PART.value, Agreement.YEAR_BESIDE.value)
_SAME_DAY = (Agreement.DAY.value, Agreement.BESIDE.value)
