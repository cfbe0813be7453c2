"""Keys: what a dossier is found by. Plain text, for the store to turn into keyed hashes; nothing is hashed here.

A key joins two or three facts, so that no key says a single name and none is shared by very many. A part that is
missing makes no key. Names enter as consonant skeletons in an order-free pair, and a pair is any two of given,
father's and family name: crossed names and a father's name in the family field meet in the same key. What is stored
has the stated year of birth; what is asked has the years beside it as well.

A key that too many share gives way to narrower ones, each with one more fact of the person.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, islice, product

from registry.fhir.dates import PartialDate
from registry.identity.demographics import BirthKind, Demographics
from registry.identity.names import Name

_MOST_KEYS = 40
_MOST_OF_A_KIND = 4
_MOST_SKELETONS = 3
_WITH = "+"
_NARROWINGS = 2  # facts that are added to a key, one after the other


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """One fact to be found by; `parts` are plain text."""

    kind: str
    parts: tuple[str, ...]


def stored(demographics: Demographics) -> frozenset[Key]:
    """The keys under which a dossier is filed; at most 40."""
    return frozenset(islice(dict.fromkeys(_keys(demographics, years_beside=0)), _MOST_KEYS))


def asked(demographics: Demographics) -> frozenset[Key]:
    """The keys under which its candidates are sought: the stored ones and the years beside; at most 80."""
    return frozenset(islice(dict.fromkeys(_keys(demographics, years_beside=1)), 2 * _MOST_KEYS))


def gives_way(key: Key) -> bool:
    """Whether there are narrower keys than this one."""
    added = key.kind.split(_WITH)[1:]
    return len(added) < _NARROWINGS and "" not in added


def filed_instead(common: Key, demographics: Demographics) -> tuple[Key, ...]:
    """The narrower keys under which somebody is filed instead of one that too many share; it must give way.

    Whoever tells nothing more is filed under the key for those, which all ask for.
    """
    return _with_a_fact_more(common, demographics) or (_with_no_more(common),)


def asked_beside(common: Key, demographics: Demographics) -> tuple[Key, ...]:
    """The narrower keys under which candidates are sought as well, of a key that gave way to them."""
    return (*_with_a_fact_more(common, demographics), _with_no_more(common))


def _with_no_more(key: Key) -> Key:
    return Key(key.kind + _WITH, key.parts)


def _with_a_fact_more(key: Key, demographics: Demographics) -> tuple[Key, ...]:
    """Once for each fact after the last one added, so that no two ways lead to the same facts."""
    facts = _facts(demographics)
    added = key.kind.split(_WITH)[1:]
    left = [*facts][[*facts].index(added[-1]) + 1 if added else 0 :]
    telling = (each for each in left if facts[each] and facts[each] not in key.parts)
    return tuple(Key(f"{key.kind}{_WITH}{each}", (*key.parts, facts[each])) for each in telling)


def _facts(demographics: Demographics) -> dict[str, str]:
    """What a key is narrowed by, the most telling first; a text that is empty tells nothing."""
    birth = demographics.birth if demographics.birth and demographics.birth.kind is not BirthKind.DEFAULT else None
    names = ("mother", "father", "family", "given", "grandfather", "villages")
    likeliest = {each: next(iter(_skeletons(getattr(demographics, each))), "") for each in names}
    return {
        "day": str(_days(birth.date)[0]) if birth and birth.kind is BirthKind.DAY else "",
        **likeliest,
        "month": str(birth.date.month or "") if birth else "",
        "sex": demographics.sex.value if demographics.sex else "",
    }


def _keys(demographics: Demographics, *, years_beside: int) -> Iterator[Key]:
    yield from (Key("identifier", (each.system, each.value)) for each in demographics.identifiers)
    yield from (Key("phone", (each,)) for each in demographics.phones)
    yield from _of_birth_day(demographics)
    pairs = _pairs(demographics)
    yield from _joined("names-year", pairs, _years(demographics, years_beside))
    yield from _three_names(demographics)
    with_mother = [
        (given, mother) for given in _skeletons(demographics.given) for mother in _skeletons(demographics.mother)
    ]
    yield from _joined("mother-year", with_mother[:_MOST_OF_A_KIND], _years(demographics, years_beside))
    yield from _joined("names-mother", pairs, _skeletons(demographics.mother))
    yield from _joined("names-grandfather", _given_pairs(demographics), _skeletons(demographics.grandfather))
    yield from _joined("names-village", _given_pairs(demographics), _skeletons(demographics.villages))


def _of_birth_day(demographics: Demographics) -> Iterator[Key]:
    """A full birth date (unless a filler) with the first sound of any name; crossed names meet here too."""
    birth = demographics.birth
    if birth is None or birth.kind is not BirthKind.DAY:
        return
    names = (demographics.given, demographics.family, demographics.father)
    starts = dict.fromkeys(each[0] for name in names for each in _skeletons(name))
    yield from (Key("birth-name", (str(date), start)) for date in _days(birth.date) for start in starts)


def _days(date: PartialDate) -> list[PartialDate]:
    """The date itself, or the earlier of it and its day and month exchanged: both spellings give the same key."""
    if date.month is None or date.day is None or date.day > 12:
        return [date]
    return [min(date, PartialDate(date.year, date.day, date.month))]


def _three_names(demographics: Demographics) -> Iterator[Key]:
    roles = (demographics.given, demographics.father, demographics.family)
    chosen = islice(product(*map(_skeletons, roles)), _MOST_OF_A_KIND)
    yield from (Key("names", tuple(sorted(each))) for each in chosen)


def _pairs(demographics: Demographics) -> list[tuple[str, str]]:
    roles = (demographics.given, demographics.father, demographics.family)
    return [each for one, other in combinations(roles, 2) for each in _ordered_pairs(one, other)]


def _given_pairs(demographics: Demographics) -> list[tuple[str, str]]:
    others = (demographics.family, demographics.father)
    return [each for other in others for each in _ordered_pairs(demographics.given, other)]


def _ordered_pairs(one: Sequence[Name], other: Sequence[Name]) -> Iterable[tuple[str, str]]:
    both = product(_skeletons(one), _skeletons(other))
    return ((min(each), max(each)) for each in islice(both, _MOST_OF_A_KIND))


def _joined(kind: str, pairs: Sequence[tuple[str, str]], thirds: Sequence[str]) -> Iterator[Key]:
    return (Key(kind, (*pair, third)) for pair in pairs for third in thirds)


def _years(demographics: Demographics, beside: int) -> list[str]:
    if demographics.birth is None:
        return []
    year = demographics.birth.date.year
    return [str(year + step) for step in sorted(range(-beside, beside + 1), key=abs)]


def _skeletons(spellings: Sequence[Name]) -> list[str]:
    """Up to three skeletons of a name: the likeliest of each token first, then the less likely readings."""
    tokens = [token for each in spellings for token in each.tokens]
    ranked = ((rank, at, each) for at, token in enumerate(tokens) for rank, each in enumerate(token.skeletons))
    ordered = dict.fromkeys(each for _, _, each in sorted(ranked))
    return list(islice(ordered, _MOST_SKELETONS))
