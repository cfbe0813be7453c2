"""Candidates in memory: the rows that share a key, with a bound per key, the most telling first.

The keys are those of the registry, and some of what only files have. A key that more than `PER_KEY` rows share is
asked for in narrower forms, each with one more fact of the row; what even three facts leave common is sampled. So
the work for a row is bounded, whatever the file: by `PER_KEY` rows for each key and `most` candidates in all.

Everything is an array of numbers: keys are 64-bit hashes (two that meet by chance cost one comparison), rows are
places in their file. A pair of one file is found from its earlier row.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from registry.identity import keys, sketch, weights
from registry.identity.demographics import BirthKind, Demographics
from registry.identity.files.rows import Row
from registry.identity.keys import Key

PER_KEY = 201
"""As the registry bounds its own search."""

MOST = 50
"""Candidates of a row at most: fewer than the registry looks at, because a file asks for every row."""

_LEAST = 15
_COMPARED = 2_000_000

_NARROWER = 3
_SHORTEST_PLACE = 4
_MIX = np.uint64(0x9E3779B97F4A7C15)

Hashes = NDArray[np.uint64]
Places = NDArray[np.int64]
Weights = NDArray[np.float64]


def stored(row: Row) -> frozenset[Key]:
    """The keys under which a row is filed."""
    return keys.stored(row.demographics) | {*_own(row)}


def asked(row: Row) -> frozenset[Key]:
    """The keys under which its candidates are sought."""
    return keys.asked(row.demographics) | {*_own(row)}


def _own(row: Row) -> Iterator[Key]:
    """Keys of what only files have: a number, and a place with a name or a birth date."""
    yield from (Key("number", number) for number in row.numbers)
    names = [*_starts(row.demographics)]
    places = [*_places(row)]
    yield from (Key("place-name", (place, name)) for place in places for name in names)
    if row.demographics.birth:
        yield from (Key("place-birth", (place, str(row.demographics.birth.date))) for place in places)


def _places(row: Row) -> Iterator[str]:
    """Parts of the address that are more than a house number, the town, and the postal code in whatever order."""
    yield from (each for each in (*row.address, row.town) if len(each) >= _SHORTEST_PLACE)
    if row.postcode:
        yield "".join(sorted(row.postcode))


def _starts(person: Demographics) -> Iterator[str]:
    """The likeliest skeleton of given and family name."""
    for spellings in (person.given, person.family):
        yield from (name.tokens[0].skeletons[0] for name in spellings[:1])


def hashed(row: Row) -> tuple[list[int], list[int]]:
    """The keys a row is filed under, and those it asks for, as numbers that every process makes alike."""
    of_stored, of_asked = stored(row), asked(row)
    number = {each: _hash(each.kind, *each.parts) for each in of_stored | of_asked}
    return sorted({number[each] for each in of_stored}), sorted({number[each] for each in of_asked})


def _hash(*parts: str) -> int:
    digest = hashlib.blake2b("\x1f".join(parts).encode("utf-8", "surrogatepass"), digest_size=8)
    return int.from_bytes(digest.digest(), "little") or 1


def most(rows: int) -> int:
    """How many candidates a row has at most, in files of so many rows: 50 in small ones, 15 in large ones.

    Measured on 999,950 rows, where 244 others share a key with a row in the mean: of 2,643 pairs of one person 6 do
    not stand among the first 15 by what they share and by how their facts agree; by what they share alone, 55, and 16
    not among the first 50.
    """
    return min(MOST, max(_LEAST, _COMPARED // max(rows, 1)))


_TOLD_BY: Sequence[tuple[tuple[str, str], tuple[str, str]]] = (
    (("identifier", "typed"), ("identifier", "differ")),
    (("birth", "day"), ("birth", "other")),
    (("given", "exact"), ("given", "other")),
    (("family", "exact"), ("family", "other")),
    (("father", "exact"), ("father", "other")),
    (("mother", "exact"), ("mother", "other")),
    (("village", "same"), ("village", "other")),
    (("birth", "year"), ("birth", "year beside")),
)
"""The level of a fact that is the same, and of one that is not; facts are those of `facts`."""

FACTS = len(_TOLD_BY)
"""How many facts a row has, to narrow a common key by and to rank candidates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """What each fact says of two rows, in bits: where it is the same, and where it is not. Both of length `FACTS`."""

    same: Weights
    differs: Weights


def telling(of: weights.Weights) -> Telling:
    """What facts say by these weights; a slip makes a fact another, so that says half."""
    bits = [[of.level(*level).weight for level in each] for each in _TOLD_BY]
    return Telling(same=np.array([each for each, _ in bits]), differs=np.array([each / 2 for _, each in bits]))


def facts(row: Row) -> list[int]:
    """The facts of a row, as numbers; 0 where it lacks one. Always `FACTS` of them, the most telling first."""
    person = row.demographics
    birth = person.birth
    told = (
        "".join(sorted(value for _, value in row.numbers))
        or "".join(sorted(each.value for each in person.identifiers)),
        str(birth.date) if birth and birth.kind is not BirthKind.DEFAULT else "",
        sketch.skeleton(person.given),
        sketch.skeleton(person.family),
        sketch.skeleton(person.father),
        sketch.skeleton(person.mother),
        "".join(row.address) or row.town,
        str(birth.date.year) if birth else "",
    )
    return [_hash(str(at), each) if each else 0 for at, each in enumerate(told)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filed:
    """Keys and the rows that have them: entry n says that row `rows[n]` has key `keys[n]`."""

    keys: Hashes
    rows: Places

    def __len__(self) -> int:
        return len(self.keys)


def filed(rows: Sequence[int], keys_of_rows: Iterable[Sequence[int]]) -> Filed:
    """The entries of these rows, given the keys of each."""
    held = list(keys_of_rows)
    return Filed(
        keys=np.fromiter((key for each in held for key in each), dtype=np.uint64),
        rows=np.repeat(np.array(rows, dtype=np.int64), [len(each) for each in held]),
    )


def joined(parts: Sequence[Filed]) -> Filed:
    """All entries of several parts."""
    return Filed(
        keys=np.concatenate([np.zeros(0, np.uint64), *(each.keys for each in parts)]),
        rows=np.concatenate([np.zeros(0, np.int64), *(each.rows for each in parts)]),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """Rows by key. `keys` are in order and once each; those of `keys[n]` are `rows[starts[n] : starts[n] + counts[n]]`.

    `common[n]` are the keys too many rows share after n facts were added to them.
    """

    keys: Hashes
    starts: Places
    counts: Places
    rows: Places
    common: tuple[Hashes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Near:
    """Candidates: the rows that asked, what was found for each, and how much speaks for it, in bits."""

    left: Places
    right: Places
    weight: Weights
    cut: int = 0  # rows that had more candidates than were kept


def index(entries: Filed, facts_of_rows: Hashes) -> Index:
    """File every row under its keys; `facts_of_rows` has one line of `FACTS` numbers for each row."""
    kept: list[tuple[Hashes, Places]] = []
    common: list[Hashes] = []
    open_keys, open_rows, last = entries.keys, entries.rows, np.full(len(entries), -1, dtype=np.int8)
    for _ in range(_NARROWER):
        names, place, counts = np.unique(open_keys, return_inverse=True, return_counts=True)
        is_common = counts > PER_KEY
        common.append(names[is_common])
        over = is_common[place]
        kept.append((open_keys[~over], open_rows[~over]))
        open_keys, open_rows, last = _narrower(open_keys[over], open_rows[over], last[over], facts_of_rows)
    kept.append((open_keys, open_rows))
    return _grouped(np.concatenate([each for each, _ in kept]), np.concatenate([each for _, each in kept]), (*common,))


def _grouped(found: Hashes, rows: Places, common: tuple[Hashes, ...]) -> Index:
    order = np.lexsort((rows, found))
    names, starts, counts = np.unique(found[order], return_index=True, return_counts=True)
    return Index(keys=names, starts=starts, counts=counts, rows=rows[order], common=common)


def _narrower(found: Hashes, rows: Places, last: Any, facts_of_rows: Hashes) -> tuple[Hashes, Places, Any]:
    """Each key with each fact of its row that comes after the last one added, so that no set of facts comes twice."""
    told = facts_of_rows[rows]
    at = np.arange(told.shape[1], dtype=np.int8)
    entry, fact = np.nonzero((told != 0) & (at[None, :] > last[:, None]))
    return found[entry] * _MIX + told[entry, fact], rows[entry], fact.astype(np.int8)


def behind(filed_in: Index, key: Key) -> int:
    """How many rows are filed under a key; more than `PER_KEY` are not counted, and are told as 0."""
    at = np.searchsorted(filed_in.keys, np.uint64(_hash(key.kind, *key.parts)))
    is_there = at < len(filed_in.keys) and filed_in.keys[at] == np.uint64(_hash(key.kind, *key.parts))
    return int(filed_in.counts[at]) if is_there else 0


def near(
    filed_in: Index, entries: Filed, facts_of_rows: Hashes, telling: Telling, *, within: bool, asking: int
) -> Near:
    """The candidates of the rows that ask; of `asking` rows in all. `within` one file only rows after them count.

    Ranked by what they share (half, because facts say it again) and by how their facts agree.
    """
    found, rows = _asked(filed_in, entries, facts_of_rows)
    left, right, weight = _sharing(filed_in, found, rows, asking)
    kept = right > left if within else np.full(len(left), True)
    left, right, shared = _once(left[kept], right[kept], weight[kept])
    return _nearest(left, right, shared / 2 + _agreeing(facts_of_rows, telling, left, right), most(asking))


def _agreeing(facts_of_rows: Hashes, telling: Telling, left: Places, right: Places) -> Weights:
    """What the facts of each pair say, in bits; a fact that one lacks says nothing."""
    bits = np.zeros(len(left), dtype=np.float64)
    for fact, same, differs in zip(facts_of_rows.T, telling.same.tolist(), telling.differs.tolist(), strict=True):
        one, other = fact[left], fact[right]
        is_told = (one != 0) & (other != 0)
        bits[is_told] += differs
        bits[is_told & (one == other)] += same - differs
    return bits


def _asked(filed_in: Index, entries: Filed, facts_of_rows: Hashes) -> tuple[Hashes, Places]:
    """The keys as they are filed: those that are too common in their narrower forms."""
    kept: list[tuple[Hashes, Places]] = []
    open_keys, open_rows, last = entries.keys, entries.rows, np.full(len(entries), -1, dtype=np.int8)
    for common in filed_in.common:
        over = _among(open_keys, common)
        kept.append((open_keys[~over], open_rows[~over]))
        open_keys, open_rows, last = _narrower(open_keys[over], open_rows[over], last[over], facts_of_rows)
    kept.append((open_keys, open_rows))
    return np.concatenate([each for each, _ in kept]), np.concatenate([each for _, each in kept])


def _among(found: Hashes, ordered: Hashes) -> NDArray[np.bool_]:
    if not len(ordered):
        return np.zeros(len(found), dtype=np.bool_)
    return ordered[np.minimum(np.searchsorted(ordered, found), len(ordered) - 1)] == found


def _sharing(filed_in: Index, found: Hashes, rows: Places, asking: int) -> tuple[Places, Places, Weights]:
    """Every row that shares a key with one that asks; of a key still too common, those about its own place."""
    if not len(filed_in.keys):
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.float64)
    at = np.minimum(np.searchsorted(filed_in.keys, found), len(filed_in.keys) - 1)
    hit = filed_in.keys[at] == found
    at, rows = at[hit], rows[hit]
    counts = filed_in.counts[at]
    taken = np.minimum(counts, PER_KEY)
    middle = rows * counts // max(asking, 1)
    begin = filed_in.starts[at] + np.clip(middle - PER_KEY // 2, 0, counts - taken)
    within_group: Places = np.arange(int(taken.sum())) - np.repeat(np.cumsum(taken) - taken, taken)
    right = filed_in.rows[np.repeat(begin, taken) + within_group]
    return np.repeat(rows, taken), right, np.repeat(np.log2((PER_KEY + 1) / taken), taken)


def _once(left: Places, right: Places, weight: Weights) -> tuple[Places, Places, Weights]:
    """Each pair once, with all it shares."""
    order = np.lexsort((right, left))
    left, right, weight = left[order], right[order], weight[order]
    if not len(left):
        return left, right, weight
    first = np.flatnonzero(np.r_[True, (np.diff(left) != 0) | (np.diff(right) != 0)])
    return left[first], right[first], np.add.reduceat(weight, first)


def _nearest(left: Places, right: Places, weight: Weights, most: int) -> Near:
    """Of each row the candidates of most weight."""
    order = np.lexsort((right, -weight, left))
    left, right, weight = left[order], right[order], weight[order]
    rank = np.arange(len(left)) - np.searchsorted(left, left)
    kept = rank < most
    return Near(left=left[kept], right=right[kept], weight=weight[kept], cut=int((rank == most).sum()))
