"""Weights learned as by the book, for comparison: two classes, all pairs that share a key at once, nothing held.

Written from the textbook (Winkler 1988, as in `identity.training`), in plain loops, by pattern. It is what brothers
and sisters mislead.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping

Pattern = tuple[tuple[str, str], ...]
Shares = dict[tuple[str, str], float]

ROUNDS = 30
LEAST = 1e-6


def shares(patterns: Mapping[Pattern, float]) -> Shares:
    """The share of each level among the pairs that have its field."""
    of_level, of_field = Counter[tuple[str, str]](), Counter[str]()
    for pattern, count in patterns.items():
        for field, level in pattern:
            of_level[field, level] += count  # type: ignore[assignment]
            of_field[field] += count  # type: ignore[assignment]
    return {each: max(count / of_field[each[0]], LEAST) for each, count in of_level.items()}


def learn(begin: Mapping[tuple[str, str], float], u: Shares, near: Mapping[Pattern, int]) -> tuple[Shares, float]:
    """m of each level, and how many of the pairs are taken for one person."""
    m, one = dict(begin), 0.5
    expected: dict[Pattern, float] = {}
    for _ in range(ROUNDS):
        expected = {each: count * _likely(each, m, u, one) for each, count in near.items()}
        m = {**m, **shares(expected)}
        one = min(max(sum(expected.values()) / sum(near.values()), LEAST), 1 - LEAST)
    return m, sum(expected.values())


def _likely(pattern: Pattern, m: Mapping[tuple[str, str], float], u: Shares, one: float) -> float:
    same = math.log(one) + sum(math.log(m[each]) for each in pattern)
    two = math.log(1 - one) + sum(math.log(u.get(each, LEAST)) for each in pattern)
    return 1 / (1 + math.exp(min(two - same, 500)))
