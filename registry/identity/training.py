"""Weights learned from a population's own records, without anybody saying which pairs are true.

After Fellegi and Sunter (A Theory for Record Linkage, 1969) with the expectation-maximisation of Winkler (Using the
EM Algorithm for Weight Computation, 1988). u, the share of a level among two people, comes from pairs drawn evenly. m,
its share among pairs of one person, comes from pairs that share a key: one kind of key at a time, and what the key
speaks of is held fixed, for there it agrees by construction. The kinds are averaged by the pairs each had.

Most pairs that share a key are brothers and sisters, in whom father, mother and phone agree as if they were one
child. They are a class of their own here: without it their given names and birthdays would be learned as a child's.

The weights so far are held: each level counts as if it had been seen `HELD` times. What fewer than `TOLD` pairs have
is not told, neither in what is written nor by what follows from it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from registry.identity import compare, patterns
from registry.identity.patterns import Pattern, Shares
from registry.identity.weights import Weights

Near = Counter[tuple[frozenset[str], Pattern]]
"""Pairs that share keys: the kinds of key they share, and how they agree."""

HELD = 10.0
TOLD = 20

_NAMES = ("given", "father", "family")
SPEAKS_OF: Mapping[str, tuple[str, ...]] = {
    "identifier": ("identifier",),
    "phone": ("phone",),
    "birth-name": ("birth",),
    "names-year": (*_NAMES, "birth"),
    "names": _NAMES,
    "mother-year": ("given", "mother", "birth"),
    "names-mother": (*_NAMES, "mother"),
    "names-grandfather": (*_NAMES, "grandfather"),
    "names-village": (*_NAMES, "village"),
}
"""What each kind of key says of a pair that shares it: see `identity.keys`."""

_ROUNDS = 40
_LEAST = 1e-7
_FEW = 100.0  # pairs; from many more on, the levels of a field sum to one

_Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """The share of each level among pairs of one person (`m`) and of two (`u`), and what they were learned from.

    `prior` is the log2 odds that any two records are one person, `same` how many pairs were expected to be, and `of`
    how many of them had each field.
    """

    m: Shares
    u: Shares
    prior: float
    same: float
    of: Mapping[str, float]


def learn(weights: Weights, drawn: Counter[Pattern], near: Near, *, of_all: float) -> Learned:
    """Learn from pairs drawn evenly and pairs that share keys, of a population with `of_all` pairs of records."""
    fields = {field for _, pattern in near for field, _ in pattern} | {field for each in drawn for field, _ in each}
    table = _Table.of(weights, fields)
    counted = _of_two_people(weights, drawn)
    u = table.shares(table.told(table.row(counted), table.row_of_u(weights)), table.row_of_u(weights))
    found = _averaged(table, weights, near, u)
    m, bounded_u = _bounded(table, weights, found.same, u)
    pairs = _pairs_of_one_person(table, near, np.array([m, found.kin, u]))
    return Learned(
        m=table.by_level(m),
        u=table.by_level(bounded_u),
        prior=min(math.log2(max(pairs, 1.0) / of_all), weights.prior),
        same=pairs,
        of={field: pairs for (field, _), pairs in table.by_level(found.of).items()},
    )


def described(learned: Learned, base: Mapping[str, Any], *, version: str, note: str) -> dict[str, Any]:
    """The weights file `base` with what was learned in its place; levels not seen and all words stay.

    A population cannot show how much it takes to tell twins and namesakes apart, so none of them comes nearer to a
    link than by the weights so far: what a name weighs more now is added to the thresholds, and what a year of birth
    weighs more is taken off the caps.
    """
    prior = round(learned.prior, 2)
    lower = prior - float(base["prior"]["log2_odds"])
    fields = {field: _field(learned, field, held) for field, held in base["fields"].items()}
    more = _more(base, fields, "given", compare.SAME_NAME)
    return {
        **base,
        "version": version,
        "note": note,
        "prior": {**base["prior"], "log2_odds": prior},
        "desk_prior": {**base["desk_prior"], "log2_odds": round(base["desk_prior"]["log2_odds"] + lower, 2)},
        "thresholds": {**base["thresholds"], **{each: _raised(base["thresholds"][each], more) for each in _RAISED}},
        "caps": {**base["caps"], **{cap: _lowered(cap, base, fields) for cap in _BIRTHS_OF}},
        "fields": fields,
    }


def _field(learned: Learned, field: str, held: Mapping[str, Any]) -> Mapping[str, Any]:
    if field not in learned.of:
        return held
    told = {
        name: {**level, "m": _rounded(learned.m[field, name]), "u": _rounded(learned.u[field, name])}
        for name, level in held["levels"].items()
    }
    return {**held, "note": f"Learned; {counted(learned.of[field])} pairs of one person had it.", "levels": told}


def counted(count: float) -> str:
    """A count of people as it may be told."""
    return f"about {round(count):,}" if count >= TOLD else f"fewer than {TOLD}"


def _rounded(share: float) -> float:
    return float(f"{share:.4g}")


_RAISED = ("link", "link_of_parent", "same_source", "ambiguous")
_BIRTHS_OF: Mapping[str, Sequence[str]] = {"clan": ("month", "year"), "household": ("month", "year", "part")}
"""How near the birth dates of cousins, and of brothers and sisters, may be without a veto."""


def _raised(threshold: float, bits: float) -> float:
    odds = math.log2(threshold / (1.0 - threshold)) + bits
    return float(f"{1.0 / (1.0 + 2.0**-odds):.12g}")


def _lowered(cap: str, base: Mapping[str, Any], fields: Mapping[str, Any]) -> float:
    return round(max(0.0, float(base["caps"][cap]) - _more(base, fields, "birth", _BIRTHS_OF[cap])), 2)


def _more(base: Mapping[str, Any], fields: Mapping[str, Any], field: str, levels: Iterable[str]) -> float:
    """How many bits any of these levels weighs more than before."""
    return max(0.0, *(_bits(fields, field, each) - _bits(base["fields"], field, each) for each in levels))


def _bits(fields: Mapping[str, Any], field: str, level: str) -> float:
    held = fields[field]["levels"][level]
    return math.log2(held["m"] / held["u"])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    """The levels of the fields that were seen, as columns; `field` says which columns are one field's."""

    levels: Sequence[tuple[str, str]]
    field: _Floats

    @staticmethod
    def of(weights: Weights, fields: Iterable[str]) -> _Table:
        seen = {*fields}
        levels = [level for level in weights.levels if level[0] in seen]
        each = [[one == other for other, _ in levels] for one, _ in levels]
        return _Table(levels=levels, field=np.array(each, dtype=np.float64).reshape(len(levels), len(levels)))

    def row(self, shares: Mapping[tuple[str, str], float]) -> _Floats:
        return np.array([shares.get(level, 0.0) for level in self.levels])

    def row_of_u(self, weights: Weights) -> _Floats:
        return self.row({level: each.m / 2.0**each.weight for level, each in weights.levels.items()})

    def row_of_weights(self, weights: Weights) -> _Floats:
        return self.row({level: each.weight for level, each in weights.levels.items()})

    def free_of(self, fields: Iterable[str]) -> NDArray[np.bool_]:
        held = {*fields}
        return np.array([field not in held for field, _ in self.levels], dtype=np.bool_)

    def shares(self, counted: _Floats, start: _Floats) -> _Floats:
        """The share of each level in its field, between what was counted and where it started; never impossible.

        The levels of a field sum to one where much was counted, and to what they were where little was.
        """
        pairs = counted @ self.field
        found = (counted + HELD) / (pairs + HELD / start)
        total = (pairs * (found @ self.field) + _FEW) / (pairs + _FEW)
        return np.clip(found / total, _LEAST, 1.0)

    def told(self, counted: _Floats, start: _Floats) -> _Floats:
        """The counts; one too small to be told is what was to be expected, at most TOLD."""
        expected = np.minimum(start * (counted @ self.field), TOLD)
        return np.where(counted >= TOLD, counted, expected)

    def by_level(self, shares: _Floats) -> dict[tuple[str, str], float]:
        return dict(zip(self.levels, shares.tolist(), strict=True))


def _of_two_people(weights: Weights, drawn: Counter[Pattern]) -> Counter[tuple[str, str]]:
    """How often each level was drawn; a pair that may be one person does not count."""
    apart = {each: count for each, count in drawn.items() if _score(weights, each) < 0}
    return patterns.counts(apart)


def _score(weights: Weights, pattern: Pattern) -> float:
    return weights.prior + math.fsum(weights.levels[level].weight for level in pattern)


def _bounded(table: _Table, weights: Weights, m: _Floats, u: _Floats) -> tuple[_Floats, _Floats]:
    """The shares, with no more trust than the weights so far have in what look-alikes have in common.

    Pairs drawn evenly are hardly ever twins or namesakes of one street. So what speaks against is forgiven no more
    than before (m is lowered), and what a household shares is believed no more (u is raised).
    """
    held = table.row_of_weights(weights)
    is_household = ~table.free_of(compare.HOUSEHOLD)
    return (
        np.where(held < 0, np.minimum(m, u * 2.0**held), m),
        np.where((held >= 0) & is_household, np.maximum(u, m / 2.0**held), u),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Averaged:
    """The shares among pairs of one person and of one household, and how many of the former had the field."""

    same: _Floats
    kin: _Floats
    of: _Floats


def _averaged(table: _Table, weights: Weights, near: Near, u: _Floats) -> _Averaged:
    """What all kinds of key say together."""
    same = np.minimum(u * 2.0 ** table.row_of_weights(weights), 1.0)
    start = np.array([same, np.where(table.free_of(compare.HOUSEHOLD), u, same), u])
    most = np.ones_like(start)
    most[0], _ = _bounded(table, weights, most[0], u)
    found = [
        _of_kind(table, _sharing(near, kind), start, most, table.free_of(SPEAKS_OF[kind])) for kind in _kinds(near)
    ]
    of_one, of_kin = (_joined(table, [each[which] for each in found]) for which in (0, 1))
    return _Averaged(
        same=table.shares(table.told(of_one, same), same),
        kin=table.shares(of_kin, start[1]),
        of=of_one @ table.field,
    )


def _kinds(near: Near) -> list[str]:
    return sorted({kind for kinds, _ in near for kind in kinds})


def _sharing(near: Near, kind: str | None = None) -> Mapping[Pattern, int]:
    """How the pairs agree that share a key of this kind, or of any; in an order that does not depend on theirs."""
    found = Counter[Pattern]()
    for (kinds, pattern), count in near.items():
        if kind is None or kind in kinds:
            found[pattern] += count
    return dict(sorted(found.items()))


def _joined(table: _Table, counted: Sequence[_Floats]) -> _Floats:
    """The counts of all kinds as one: their average, with as many pairs as the kind that had most of them.

    The kinds see the same people, so their pairs must not be added up.
    """
    if not counted:
        return np.zeros(len(table.levels))
    each = np.array(counted)
    pairs = each @ table.field
    return each.sum(axis=0) * pairs.max(axis=0) / np.maximum(pairs.sum(axis=0), _LEAST)


def _of_kind(
    table: _Table, pairs: Mapping[Pattern, int], start: _Floats, most: _Floats, free: NDArray[np.bool_]
) -> _Floats:
    """How many pairs with each level are expected of each class; nothing of what is not free.

    Shares begin at `start` and are never more than `most`: a class that forgave another given name would end up
    with the twins.
    """
    has = patterns.matrix(pairs, table.levels)
    often = np.fromiter(pairs.values(), dtype=np.float64)
    shares, classes = start, np.full(3, 1 / 3)
    counted = np.zeros_like(start)
    for _ in range(_ROUNDS):
        likely = _classed(has, shares, classes) * often[:, None]
        classes = _shared_out(likely)
        counted = likely.T @ has
        learned = np.array([table.shares(*each) for each in zip(counted, start, strict=True)])
        shares = np.where(free, np.minimum(learned, most), start)
    return np.where(free, counted, 0.0)


def _classed(has: _Floats, shares: _Floats, classes: _Floats) -> _Floats:
    """How likely each pattern is of each class: one person, one household, two people."""
    logs = has @ np.log(shares).T + np.log(classes)
    odds = np.exp(logs - logs.max(axis=1, keepdims=True))
    return odds / odds.sum(axis=1, keepdims=True)


def _shared_out(likely: _Floats) -> _Floats:
    """The share of each class, none of them impossible."""
    return (likely.sum(axis=0) + 1.0) / (likely.sum() + 3.0)


def _pairs_of_one_person(table: _Table, near: Near, shares: _Floats) -> float:
    """How many pairs are expected to be one person, each counted once."""
    pairs = _sharing(near)
    has = patterns.matrix(pairs, table.levels)
    often, classes = np.fromiter(pairs.values(), dtype=np.float64), np.full(3, 1 / 3)
    likely = np.zeros((len(often), 3))
    for _ in range(_ROUNDS):
        likely = _classed(has, shares, classes) * often[:, None]
        classes = _shared_out(likely)
    return float(likely[:, 0].sum())
