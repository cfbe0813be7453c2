"""One native name against many Latin names at once: the transducer's evidence as arrays, for evaluating and learning.

The same numbers as `Transducer.log_odds` gives, pair by pair.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from registry.identity import pieces
from registry.identity.pieces import LONGEST_PIECE
from registry.identity.transducer import FLOOR, LEAST, UNREAD, Transducer

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Crowd:
    """Latin names, prepared: `ending` (lengths, places, names) are codes of pieces, `common` what each name weighs by
    being common, in nats."""

    names: Sequence[str]
    ending: NDArray[np.int64]
    lengths: NDArray[np.int64]
    common: Floats


def crowd(names: Sequence[str], transducer: Transducer) -> Crowd:
    """Prepare Latin names; they are `plain` and not empty."""
    places = max(map(len, names)) + 1
    ending = np.zeros((LONGEST_PIECE + 1, places, len(names)), dtype=np.int64)
    for at, name in enumerate(names):
        ending[:, : len(name) + 1, at] = np.array(pieces.ending(name)).T
    common = [transducer.spelling_weight * transducer.spelling.log_probability(each) for each in names]
    return Crowd(names=names, ending=ending, lengths=np.array([*map(len, names)]), common=np.array(common))


def log_odds(transducer: Transducer, native: str, among: Crowd) -> Floats:
    """The evidence for each name of the crowd, in bits."""
    row, scale = np.zeros(among.ending.shape[1:]), np.zeros(len(among.names))
    row[0] = 1.0
    for at in range(len(native)):
        row = _next(row, _written(transducer, native, at), among)
        largest = row.max(axis=0)
        row, scale = row / largest, scale + np.log(largest)
    paths = np.log(np.maximum(row[among.lengths, np.arange(len(among.names))], LEAST)) + scale
    return (paths - among.common) / math.log(2)


def _next(row: Floats, written: Floats | None, among: Crowd) -> Floats:
    fresh = np.zeros_like(row)
    for length in range(LONGEST_PIECE + 1):
        before = row[: len(row) - length]
        fresh[length:] += before * (UNREAD if written is None else written[among.ending[length, length:]])
    return fresh


def _written(transducer: Transducer, native: str, at: int) -> Floats | None:
    """How likely a letter writes each piece, by the code of the piece."""
    found = transducer.written(native, at)
    if found is None:
        return None
    table = np.full(pieces.COUNT, FLOOR)
    table[[pieces.code(each) for each in found]] += [*found.values()]
    return table
