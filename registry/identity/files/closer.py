"""A second look at what agrees or differs, with all names of the files at hand.

A name that differs by a letter and stands nowhere else is a slip of the pen; one that others bear, too, is likely
another child's. A name that many bear is little evidence, a rare one much. And a birth date that contradicts is more
easily a slip when the years are close. Each is a level like any other, weighed by what the files show.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from rapidfuzz.distance import OSA

from registry.identity import transducer
from registry.identity.demographics import Demographics
from registry.identity.likeness import KnownNames
from registry.identity.names import Name
from registry.identity.scripts import Script

SPELLED = ("given", "father", "mother", "family")
"""Names whose spelling is looked at again where it differs: the level is of the field `<name> spelling`."""

COUNTED = ("given", "family")
"""Names whose commonness counts where they agree: the level is of the field `<name> commonness`."""

COMMONNESS = (("very common", 0.005, 5), ("common", 0.0005, 2), ("rare", 0.0, 0))
"""Each with the least share of the people who bear such a name, and their least number."""

_DOUBTED = ("other", "listed_apart", "similar", "near", "gender")
_AGREEING = ("exact", "sound", "known")
FIELDS = frozenset({*(f"{role} spelling" for role in SPELLED), *(f"{role} commonness" for role in COUNTED)})
"""The fields of a second look at names."""

FIELDS_BESIDE: Mapping[tuple[str, str], Sequence[str]] = {
    **{(role, level): (f"{role} spelling",) for role in SPELLED for level in _DOUBTED},
    **{(role, level): (f"{role} commonness",) for role in COUNTED for level in _AGREEING},
    **{("given", level): ("given spelling", "crossing") for level in _DOUBTED},
    ("village", "other"): ("town",),
}
"""Which fields a second look may add to a level of the first."""

_ATTESTED_FROM = 2  # rows; and as many more as one in so many rows:
_ROWS_A_SLIP = 20_000
_JUDGED_FROM = 500  # people; in fewer, a name that stands once is no rarity
_LONG_NAME = 8  # letters, of which two may be wrong
_READ_SO = 6.0  # bits of the transducer
_YEARS = (("close", 1), ("apart", 5))

Counted = tuple[str, str]
"""("", a name as written) or (role, skeleton)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Names:
    """The names of the files: on how many of the `people` rows each stands."""

    counts: Mapping[Counted, int] = field(default_factory=dict[Counted, int], repr=False)
    people: int = 0

    def is_attested(self, name: str) -> bool:
        """Whether it stands on more rows than a slip would."""
        return self.counts.get(("", name), 0) >= _ATTESTED_FROM + self.people // _ROWS_A_SLIP

    def commonness(self, role: str, name: Name) -> str:
        return self._class_of(self.counts.get((role, name.skeleton), 0))

    def shares(self, role: str) -> dict[str, tuple[float, float]]:
        """Of each commonness, its share of the people and of pairs of people who bear one name."""
        held = Counter[str]()
        pairs = Counter[str]()
        for (of_role, _), count in self.counts.items():
            if of_role == role:
                held[self._class_of(count)] += count
                pairs[self._class_of(count)] += count * count
        return {each: (held[each] / held.total(), pairs[each] / pairs.total()) for each in held}

    def _class_of(self, count: int) -> str:
        share = count / self.people
        return next(each for each, least, few in COMMONNESS if share >= least and count >= few)


NO_NAMES = Names()


def counted(people: Iterable[Demographics]) -> Counter[Counted]:
    """How often names stand on these rows."""
    found = Counter[Counted]()
    for person in people:
        held = [name for role in SPELLED for name in _names(person, role)]
        found.update(
            {("", "".join(each.normal)) for each in held} | {("", word) for each in held for word in each.normal}
        )
        found.update((role, name.skeleton) for role in COUNTED for name in _names(person, role)[:1])
    return found


def looked(
    left: Demographics, right: Demographics, told: Mapping[str, str], names: Names, known: KnownNames
) -> Iterator[tuple[str, str]]:
    """The levels of a second look, given those of the first."""
    for role in SPELLED:
        if found := spelled(role, left, right, told, names, known):
            yield f"{role} spelling", found
    for role in COUNTED:
        if names.people and told.get(role) in _AGREEING:
            yield f"{role} commonness", _common(_names(left, role), _names(right, role), role, names)
    yield from ages(left, right, told.get("birth"))


def spelled(
    role: str, left: Demographics, right: Demographics, told: Mapping[str, str], names: Names, known: KnownNames
) -> str | None:
    """The level of a second look at how a name is spelled; None where the first left no doubt."""
    if role not in SPELLED or told.get(role) not in _DOUBTED:
        return None
    return _spelling(_names(left, role), _names(right, role), names, known)


def ages(left: Demographics, right: Demographics, birth: str | None) -> Iterator[tuple[str, str]]:
    """How far apart years of birth are that contradict each other."""
    if birth == "other" and left.birth and right.birth:
        yield "age", _apart(abs(left.birth.date.year - right.birth.date.year))


def _names(person: Demographics, role: str) -> Sequence[Name]:
    return getattr(person, role)


def _common(left: Sequence[Name], right: Sequence[Name], role: str, names: Names) -> str:
    """The commoner of the two spellings counts: a slip is rare in any name."""
    order = [each for each, *_ in COMMONNESS]
    return min((names.commonness(role, each) for each in (left[0], right[0])), key=order.index)


def _apart(years: int) -> str:
    return next((each for each, most in _YEARS if years <= most), "far")


def _spelling(left: Sequence[Name], right: Sequence[Name], names: Names, known: KnownNames) -> str:
    """The best of all spellings of the two."""
    found = {_of_two(one, other, names, known) for one in left for other in right}
    return next((each for each in _SPELLINGS if each in found), "unlike")


_SPELLINGS = ("slip", "read so", "across", "read otherwise", "names", "unlike")


def _of_two(left: Name, right: Name, names: Names, known: KnownNames) -> str:
    if left.script is not right.script:
        return _across(left, right, known)
    attested = [_is_known(each, known) or names.is_attested("".join(each.normal)) for each in (left, right)]
    if all(attested):
        return "names"
    is_judged = any(attested) or names.people >= _JUDGED_FROM
    return "slip" if is_judged and _is_slip("".join(left.normal), "".join(right.normal)) else "unlike"


def _is_known(name: Name, known: KnownNames) -> bool:
    return all(known.of(each) for each in name.tokens)


def _is_slip(one: str, other: str) -> bool:
    return OSA.distance(one, other) <= (2 if min(len(one), len(other)) >= _LONG_NAME else 1)


def _across(left: Name, right: Name, known: KnownNames) -> str:
    """How a name in a script and one in Latin letters fit, by what was learned of that script."""
    native, latin = (left, right) if right.script is Script.LATIN else (right, left)
    table = known.transducers.get(native.script)
    if table is None or latin.script is not Script.LATIN:
        return "across"
    written = "".join(each.original for each in native.tokens)
    odds = table.log_odds(written, transducer.plain("".join(each.original for each in latin.tokens)))
    return "read so" if odds >= _READ_SO else "read otherwise" if odds < 0.0 else "across"
