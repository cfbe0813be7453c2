"""Weights learned from the files themselves, without anybody saying which pairs are true.

After Fellegi and Sunter (A Theory for Record Linkage, 1969) with the expectation-maximisation of Winkler (Using the
EM Algorithm for Weight Computation, 1988). u, the share of a level among two people, comes from pairs drawn
evenly; m, its share among pairs of one person, from the candidates, each counted by how likely it is one. Both begin
at, and are held by, the weights of the registry: small files change them little, and nothing is ever impossible.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from registry.identity.weights import Level, Weights

Pattern = tuple[tuple[str, str], ...]
"""On which levels a pair agrees: (field, level), each field at most once."""

_ROUNDS = 30
_M_HELD = 20.0  # pairs of one person that the weights so far count as
_U_HELD = 1000.0  # pairs of two people
_LEAST = 1e-7
_GOLDEN = 0.6180339887498949  # its multiples lie evenly, however many there are

Shares = Mapping[tuple[str, str], float]


def pairs_drawn(left: int, right: int, count: int, *, within: bool) -> Iterator[tuple[int, int]]:
    """About `count` pairs of rows, drawn evenly and always the same ones; `within` one file never a row with itself."""
    cells = left * right
    step = int(cells * _GOLDEN) | 1
    while math.gcd(step, cells) > 1:
        step += 1
    for number in range(min(count, cells)):
        one, other = divmod(number * step % cells, right)
        if not within or one != other:
            yield (min(one, other), max(one, other)) if within else (one, other)


def fitted(weights: Weights, drawn: Counter[Pattern], near: Counter[Pattern], *, of_all: float) -> Weights:
    """The weights for these files. `near` are the candidates, `of_all` is how many pairs there are, near or not.

    Facts of one household are no longer capped: where nobody shares one, each speaks for itself.
    """
    levels = sorted({level for pattern in (*drawn, *near) for level in pattern})
    if not near or not levels:
        return weights
    u = _shares(levels, _counts(drawn, levels), held=_U_HELD, start=_u_of(weights))
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


def _u_of(weights: Weights) -> Shares:
    return {name: level.m / 2.0**level.weight for name, level in weights.levels.items()}


def _counts(patterns: Counter[Pattern], levels: list[tuple[str, str]]) -> dict[tuple[str, str], float]:
    counted = dict.fromkeys(levels, 0.0)
    for pattern, count in patterns.items():
        for level in pattern:
            counted[level] += count
    return counted


def _shares(
    levels: list[tuple[str, str]],
    counted: Mapping[tuple[str, str], float],
    *,
    held: float,
    start: Shares,
) -> dict[tuple[str, str], float]:
    """The share of each level in its field, with what is held already as pairs beside those counted."""
    fields: dict[str, float] = {}
    for (field, _), count in counted.items():
        fields[field] = fields.get(field, 0.0) + count
    return {level: max((counted[level] + held * start[level]) / (fields[level[0]] + held), _LEAST) for level in levels}


def _maximised(
    weights: Weights, levels: list[tuple[str, str]], near: Counter[Pattern], u: Shares, of_all: float
) -> tuple[dict[tuple[str, str], float], float]:
    """m of each level, and the share of pairs that are one person."""
    has = _matrix(near, levels)
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


def _matrix(patterns: Counter[Pattern], levels: list[tuple[str, str]]) -> NDArray[Any]:
    """One line for each pattern, one column for each level: 1 where it has it."""
    column = {level: at for at, level in enumerate(levels)}
    has = np.zeros((len(patterns), len(levels)), dtype=np.float64)
    for line, pattern in enumerate(patterns):
        has[line, [column[level] for level in pattern]] = 1.0
    return has
