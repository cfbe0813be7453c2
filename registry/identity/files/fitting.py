"""Weights learned from the files themselves, without anybody saying which pairs are true.

After Fellegi and Sunter (A Theory for Record Linkage, 1969) with the expectation-maximisation of Winkler (Using the
EM Algorithm for Weight Computation, 1988). u, the share of a level among two people, comes from pairs drawn
evenly; m, its share among pairs of one person, from the candidates, each counted by how likely it is one. Both begin
at, and are held by, the weights of the registry: small files change them little, and nothing is ever impossible.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace

import numpy as np

from registry.identity import patterns
from registry.identity.patterns import Pattern, Shares
from registry.identity.weights import Level, Weights

_ROUNDS = 30
_M_HELD = 20.0  # pairs of one person that the weights so far count as
_U_HELD = 1000.0  # pairs of two people
_LEAST = 1e-7


def fitted(weights: Weights, drawn: Counter[Pattern], near: Counter[Pattern], *, of_all: float) -> Weights:
    """The weights for these files. `near` are the candidates, `of_all` is how many pairs there are, near or not.

    Facts of one household are no longer capped: where nobody shares one, each speaks for itself.
    """
    levels = sorted({level for pattern in (*drawn, *near) for level in pattern})
    if not near or not levels:
        return weights
    u = _u(weights, drawn, levels)
    m, share = _maximised(weights, levels, near, u, of_all)
    learned = {
        level: Level(m=m[level], weight=math.log2(m[level] / u[level]), says=weights.levels[level].says)
        for level in levels
    }
    return replace(
        weights,
        version=f"{weights.version}, fitted to these files",
        prior=math.log2(share / (1 - share)),
        clan_cap=math.inf,
        household_cap=math.inf,
        levels={**weights.levels, **learned},
    )


def grounded(weights: Weights, drawn: Counter[Pattern]) -> Weights:
    """The weights, none of which believes an agreement more than chance allows in these files.

    In a file of one village, the village says nothing; where everybody is called Ali, the name says little.
    """
    levels = sorted({level for pattern in drawn for level in pattern if weights.levels[level].weight > 0})
    u = _u(weights, drawn, levels)
    believed = {level: max(0.0, math.log2(weights.levels[level].m / u[level])) for level in levels}
    lowered = {
        level: replace(weights.levels[level], weight=bits)
        for level, bits in believed.items()
        if bits < weights.levels[level].weight
    }
    return replace(weights, levels={**weights.levels, **lowered})


def _u(weights: Weights, drawn: Counter[Pattern], levels: list[tuple[str, str]]) -> Shares:
    """The share of each level among two people; of pairs drawn, those that may be one person do not count."""
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


def _maximised(
    weights: Weights, levels: list[tuple[str, str]], near: Counter[Pattern], u: Shares, of_all: float
) -> tuple[dict[tuple[str, str], float], float]:
    """m of each level, and the share of pairs that are one person."""
    has = patterns.matrix(near, levels)
    often = np.fromiter(near.values(), dtype=np.float64)
    start = {level: weights.levels[level].m for level in levels}
    m, share = dict(start), 2.0**weights.prior
    for _ in range(_ROUNDS):
        weighed = np.array([math.log2(m[level] / u[level]) for level in levels])
        odds = np.clip(math.log2(share / (1 - share)) + has @ weighed, -60.0, 60.0)
        likely = often / (1.0 + 2.0**-odds)
        m = _shares(levels, dict(zip(levels, (likely @ has).tolist(), strict=True)), held=_M_HELD, start=start)
        share = min(max(float(likely.sum()), 1.0) / of_all, 0.5)
    return m, share
