"""Weights learned from the files themselves, without anybody saying which pairs are true.

After Fellegi and Sunter (A Theory for Record Linkage, 1969) with the expectation-maximisation of Winkler (Using the
EM Algorithm for Weight Computation, 1988), and with two classes of pairs more than theirs: besides one person and
two strangers, two children of one household, and two namesakes of one clan. Without them, brothers and sisters pass
for one person whose name was written wrongly. u, the share of a level among strangers, comes from pairs drawn evenly;
all else from the candidates, each counted by how likely it is of a class: also how often relatives bear one name. Twins
may be fewer than assumed, never more: else one person whose name was changed would make a class of relatives.
Everything begins at, and is held by, the weights of the registry: small files change them little, and nothing is
impossible.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from registry.identity import patterns
from registry.identity.files.kinship import CLAN, GIVEN, HOUSEHOLD, Kinship
from registry.identity.patterns import Pattern, Shares
from registry.identity.weights import Level, Weights

_ROUNDS = 40
_M_HELD = 20.0  # pairs of one person that the weights so far count as
_KIN_HELD = 200.0  # pairs of relatives
_U_HELD = 1000.0  # pairs of two people
_PAIRS_HELD = 1000.0  # pairs of all that the shares so far count as
_NO_CLASS = 0.02  # pairs of relatives for each pair of one person that are none
_FEW = 5.0  # pairs of one person, from which on it is seen how many relatives there are
_LEAST = 1e-7

Floats = NDArray[np.float64]


def fitted(
    weights: Weights, kinship: Kinship, drawn: Counter[Pattern], near: Counter[Pattern], *, of_all: float
) -> tuple[Weights, Kinship]:
    """The weights and the kinship of these files. `near` are the candidates, `of_all` is how many pairs there are."""
    levels = sorted({level for pattern in (*drawn, *near) for level in pattern})
    if not near or not levels:
        return weights, kinship
    u = _u(weights, drawn, levels)
    classes = _maximised(_begun(weights, kinship, levels, u), patterns.matrix(near, levels), near, of_all)
    learned = {
        level: Level(m=m, weight=math.log2(m / u[level]), says=weights.levels[level].says)
        for level, m in zip(levels, classes.one.tolist(), strict=True)
    }
    of_one, of_kin, of_clan = classes.shares
    strangers = math.log2(1.0 - float(classes.shares.sum()))
    return (
        replace(
            weights,
            version=f"{weights.version}, fitted to these files",
            prior=math.log2(of_one) - strangers,
            levels={**weights.levels, **learned},
        ),
        replace(
            kinship,
            relatives=math.log2(of_kin) - strangers,
            clan=math.log2(of_clan) - strangers,
            levels={**kinship.levels, **dict(classes.of_children(levels))},
            names={**kinship.names, **dict(classes.of_namesakes(levels))},
        ),
    )


def _u(weights: Weights, drawn: Counter[Pattern], levels: list[tuple[str, str]]) -> Shares:
    """The share of each level among two strangers; of pairs drawn, those that may be one person do not count."""
    apart = Counter({pattern: count for pattern, count in drawn.items() if _score(weights, pattern) < 0})
    known = {name: level.m / 2.0**level.weight for name, level in weights.levels.items()}
    return _shares(levels, patterns.counts(apart), held=_U_HELD, start=known)


def _score(weights: Weights, pattern: Pattern) -> float:
    return weights.prior + math.fsum(weights.levels[level].weight for level in pattern)


def _shares(
    levels: list[tuple[str, str]], counted: Shares, *, held: float, start: Shares
) -> dict[tuple[str, str], float]:
    """The share of each level in its field, with what is held already as pairs beside those counted."""
    fields: dict[str, float] = {}
    for (field, _), count in counted.items():
        fields[field] = fields.get(field, 0.0) + count
    return {
        level: max((counted.get(level, 0.0) + held * start[level]) / (fields.get(level[0], 0.0) + held), _LEAST)
        for level in levels
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Classes:
    """What is believed of each class of pairs: the shares of the levels in it, and its share of all pairs.

    `shares` are those of one person, of relatives and of a clan; all other pairs are of strangers.
    """

    fields: NDArray[np.int64]  # the field of each level, as a number
    is_of_household: NDArray[np.bool_]
    is_of_clan: NDArray[np.bool_]
    is_of_name: NDArray[np.bool_]
    one: Floats
    kin: Floats
    clan: Floats
    strangers: Floats
    shares: Floats

    def likely(self, has: Floats) -> Floats:
        """How likely each pattern is of one person, of relatives and of a clan: one line for each class."""
        of_classes = np.log([self.one, self.of_kin, self.of_clan, self.strangers])
        of_all = np.append(self.shares, 1.0 - self.shares.sum())
        held = np.log(of_all)[:, None] + of_classes @ has.T
        held = np.exp(held - held.max(axis=0))
        return (held / held.sum(axis=0))[:3]

    @property
    def of_kin(self) -> Floats:
        """The levels of relatives, who share what a household does as one person's records share it."""
        return np.where(self.is_of_household, self.one, self.kin)

    @property
    def of_clan(self) -> Floats:
        return np.where(self.is_of_clan, self.one, self.clan)

    def of_children(self, levels: list[tuple[str, str]]) -> Iterator[tuple[tuple[str, str], float]]:
        """What a level of each child's own facts weighs between relatives, in bits."""
        bits = np.log2(self.kin / self.strangers).tolist()
        return (each for each in zip(levels, bits, strict=True) if each[0][0] not in HOUSEHOLD)

    def of_namesakes(self, levels: list[tuple[str, str]]) -> Iterator[tuple[tuple[str, str], float]]:
        """What a level of the given name weighs between namesakes of a clan, in bits."""
        bits = np.log2(self.clan / self.strangers).tolist()
        return (each for each in zip(levels, bits, strict=True) if each[0][0] in GIVEN)


def _begun(weights: Weights, kinship: Kinship, levels: list[tuple[str, str]], u: Shares) -> _Classes:
    """What is believed before any pair was seen."""
    names = sorted({field for field, _ in levels})
    strangers = np.array([u[level] for level in levels])
    told = np.array([2.0 ** kinship.levels.get(level, 0.0) for level in levels])
    known = np.array([weights.levels[level].m / 2.0 ** weights.levels[level].weight for level in levels])
    return _Classes(
        fields=np.array([names.index(field) for field, _ in levels]),
        is_of_household=np.array([field in HOUSEHOLD for field, _ in levels]),
        is_of_clan=np.array([field in CLAN for field, _ in levels]),
        is_of_name=np.array([field in GIVEN for field, _ in levels]),
        one=np.array([weights.levels[level].m for level in levels]),
        kin=np.maximum(told * known, _LEAST),
        clan=strangers,
        strangers=strangers,
        shares=2.0 ** np.array([weights.prior, kinship.relatives, kinship.clan]),
    )


def _maximised(start: _Classes, has: Floats, near: Counter[Pattern], of_all: float) -> _Classes:
    """The classes that explain the candidates best; what was believed before counts as so many pairs."""
    often = np.fromiter(near.values(), dtype=np.float64)
    agrees = start.one > start.strangers
    classes = start
    for _ in range(_ROUNDS):
        likely = classes.likely(has) * often
        of_one, of_kin, of_clan = likely @ has
        kin = _held(of_kin, start.kin, start.fields, _KIN_HELD)
        both: Floats = of_one + of_kin * start.is_of_household
        shares = (_pairs(likely.sum(axis=1), start.shares) + start.shares * _PAIRS_HELD) / (of_all + _PAIRS_HELD)
        classes = replace(
            classes,
            one=_held(both, start.one, start.fields, _M_HELD),
            kin=np.where(start.is_of_name, kin, np.where(agrees, np.minimum(kin, start.kin), start.kin)),
            clan=np.where(start.is_of_name, _held(of_clan, start.clan, start.fields, _KIN_HELD), start.clan),
            shares=np.minimum(shares, 0.3),
        )
    return classes


def _pairs(seen: Floats, start: Floats) -> Floats:
    """How many pairs there are of each class, given how many were seen.

    A handful of odd pairs is no class of relatives; and where few persons were seen, there are relatives all the same.
    """
    few = seen[0] / (1.0 + (seen[0] / _FEW) ** 2)
    beside = np.maximum(seen - _NO_CLASS * seen[0], 0.0) + start / start[0] * few
    return np.where(np.arange(len(seen)) == 0, seen, beside)


def _held(counted: Floats, start: Floats, fields: NDArray[np.int64], held: float) -> Floats:
    """The share of each level in its field, with what was believed before as pairs beside those counted."""
    seen = np.bincount(fields, weights=counted)[fields]
    return np.maximum((counted + held * start) / (seen + held), _LEAST)
