"""How many pairs agree on which levels: what weights are learned from. Patterns are counts, never anybody's values."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from registry.identity.compare import Evidence

Pattern = tuple[tuple[str, str], ...]
"""On which levels a pair agrees: (field, level), each field at most once."""

Shares = Mapping[tuple[str, str], float]

_GOLDEN = 0.6180339887498949  # its multiples lie evenly, however many there are


def of(evidence: Iterable[Evidence]) -> Pattern:
    """The levels of evidence, without what is taken off because facts of one household are one fact."""
    return tuple((each.field, each.level) for each in evidence if each.field != "shared")


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


def counts(patterns: Mapping[Pattern, float]) -> Counter[tuple[str, str]]:
    """How many pairs have each level."""
    counted = Counter[tuple[str, str]]()
    for pattern, count in patterns.items():
        for level in pattern:
            counted[level] += count  # type: ignore[assignment]  # expected counts are fractions
    return counted


def matrix(patterns: Iterable[Pattern], levels: Sequence[tuple[str, str]]) -> NDArray[Any]:
    """One line for each pattern, one column for each level: 1 where it has it."""
    column, held = {level: at for at, level in enumerate(levels)}, [*patterns]
    has = np.zeros((len(held), len(levels)), dtype=np.float64)
    for line, pattern in enumerate(held):
        has[line, [column[level] for level in pattern]] = 1.0
    return has
