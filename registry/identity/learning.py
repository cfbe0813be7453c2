"""Learning a transducer from pairs of one name in two scripts: expectation and maximisation over all cuts.

First each letter by itself, eight rounds from a flat start; then letters with those beside them. Pairs that are
not one name (there are such in every list) are left out by their own score between the two. Pairs of equal lengths
are worked through together, as arrays: some seconds for 30,000 pairs.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from registry.identity import pieces, taught, transducer
from registry.identity.pieces import LONGEST_PIECE

Pair = tuple[str, str]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_START = (0.1, 0.02, 0.001, 1e-5)
"""How likely a piece of so many letters is held to be before anything is known (reference: flat by length)."""
_PRIOR = (0.05, 0.02, 1e-7, 1e-7)
"""What is added to the count of each piece of so many letters in every round."""
_ROUNDS = 8
_ROUNDS_IN_CONTEXT = 2
_TRUST = 10.0
_SPELLING_WEIGHT = 0.9
_ADDED = 0.1
_LEAST_PROBABILITY = 1e-6
_LEAST_COUNT = 0.05
_NEGLIGIBLE = 1e-3
_MOST_AT_ONCE = 400
_WORST_OF_PAIRS = 0.0
"""Pairs with fewer bits of evidence than this after the first rounds are not one name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Pairs of one length each way. `native`: (pairs, letters) codes; `pieces`: (pairs, places, length) codes of the
    piece of that length which ends before that place."""

    pairs: Sequence[Pair]
    native: Ints
    pieces: Ints


def learn(pairs: Iterable[Pair], *, script: str, version: str) -> dict[str, Any]:
    """The table of a transducer, as it is written to its file; `pairs` are cleaned native and plain Latin names."""
    usable = sorted({(native, latin) for native, latin in pairs if native and latin and len(latin) <= 3 * len(native)})
    letters = {each: code for code, each in enumerate(sorted({letter for native, _ in usable for letter in native}))}
    alone = _alone(_batches(usable, letters), len(letters))
    table = _table(usable, script=script, version=version, written=_named(alone, letters), seen={})
    in_context = _in_context(_good(usable, table), letters, alone)
    return {**table, "seen": in_context}


def _table(
    pairs: Sequence[Pair], *, script: str, version: str, written: Mapping[str, Any], seen: Mapping[str, Any]
) -> dict[str, Any]:
    return {
        "script": script,
        "version": version,
        "trust": _TRUST,
        "spelling_weight": _SPELLING_WEIGHT,
        "added": _ADDED,
        "pieces": written,
        "seen": seen,
        "trigrams": transducer.trigrams([latin for _, latin in pairs]),
        "taught": taught.plain(taught.taught({native for native, _ in pairs})),
    }


def _good(pairs: Sequence[Pair], table: Mapping[str, Any]) -> list[Pair]:
    """The pairs that are one name by what was learned so far."""
    judge = transducer.read(table)
    return [each for each in pairs if judge.log_odds(*each) >= _WORST_OF_PAIRS]


# --- letters by themselves -------------------------------------------------------------------------


def _alone(batches: Sequence[Batch], letters: int) -> Floats:
    """(letters, pieces): how likely each letter writes each piece."""
    lengths = np.array(pieces.LENGTHS)
    start, prior = (np.where(lengths < 0, 0.0, np.array(each)[lengths]) for each in (_START, _PRIOR))
    table = np.tile(start / start.sum(), (letters, 1))
    for _ in range(_ROUNDS):
        counts = np.tile(prior, (letters, 1))
        for batch in batches:
            for at, codes, share in _shares(batch, batch.native, table):
                np.add.at(counts, (batch.native[:, at], codes), share)
        table = counts / counts.sum(axis=1, keepdims=True)
    return table


def _shares(batch: Batch, rows: Ints, table: Floats) -> Iterator[tuple[int, Ints, Floats]]:
    """For each letter and each piece it may have written: how much of each pair's probability runs through it.

    `rows` (pairs, letters) says which row of `table` (rows, pieces) holds the probabilities of each letter.
    """
    letters, places = batch.native.shape[1], batch.pieces.shape[1]
    steps = [(at, end, length) for at in range(letters) for end in range(places)
             for length in range(min(LONGEST_PIECE, end) + 1)]  # fmt: skip
    odds = {(at, end, length): table[rows[:, at], batch.pieces[:, end, length]] for at, end, length in steps}
    forward, backward = _forward(batch, steps, odds), _backward(batch, steps, odds)
    whole = forward[letters, places - 1]
    for at, end, length in steps:
        through = forward[at, end - length] * odds[at, end, length] * backward[at + 1, end]
        share = np.divide(through, whole, where=whole > 0, out=np.zeros_like(whole))
        yield at, batch.pieces[:, end, length], share


def _forward(batch: Batch, steps: Sequence[tuple[int, int, int]], odds: Mapping[Any, Floats]) -> Floats:
    grid = _grid(batch)
    grid[0, 0] = 1
    for at, end, length in steps:
        grid[at + 1, end] += grid[at, end - length] * odds[at, end, length]
    return grid


def _backward(batch: Batch, steps: Sequence[tuple[int, int, int]], odds: Mapping[Any, Floats]) -> Floats:
    grid = _grid(batch)
    grid[-1, -1] = 1
    for at, end, length in reversed(steps):
        grid[at, end - length] += odds[at, end, length] * grid[at + 1, end]
    return grid


def _grid(batch: Batch) -> Floats:
    return np.zeros((batch.native.shape[1] + 1, batch.pieces.shape[1], len(batch.pairs)))


def _batches(pairs: Sequence[Pair], letters: Mapping[str, int]) -> list[Batch]:
    grouped: dict[tuple[int, int], list[Pair]] = defaultdict(list)
    for native, latin in pairs:
        grouped[len(native), len(latin)].append((native, latin))
    return [
        _batch(each[at : at + _MOST_AT_ONCE], letters)
        for each in grouped.values()
        for at in range(0, len(each), _MOST_AT_ONCE)
    ]


def _batch(pairs: Sequence[Pair], letters: Mapping[str, int]) -> Batch:
    return Batch(
        pairs=pairs,
        native=np.array([[letters[each] for each in native] for native, _ in pairs]),
        pieces=np.array([pieces.ending(latin) for _, latin in pairs]),
    )


def _named(table: Floats, letters: Mapping[str, int]) -> dict[str, dict[str, float]]:
    """As the file has it: by letter and piece, without what is all but impossible."""
    return {
        letter: {
            pieces.piece(int(at)): _short(table[code, at]) for at in np.nonzero(table[code] >= _LEAST_PROBABILITY)[0]
        }
        for letter, code in letters.items()
    }


def _short(number: float) -> float:
    return float(f"{number:.3g}")


# --- letters beside each other ---------------------------------------------------------------------

Seen = dict[str, dict[int, float]]


def _in_context(pairs: Sequence[Pair], letters: Mapping[str, int], alone: Floats) -> dict[str, dict[str, float]]:
    batches, seen = _batches(pairs, letters), dict[str, dict[int, float]]()
    for _ in range(_ROUNDS_IN_CONTEXT):
        counted: Seen = defaultdict(lambda: defaultdict(float))
        for batch in batches:
            _count(batch, seen, letters, alone, counted)
        seen = counted
    kept = {context: _kept(counts) for context, counts in sorted(seen.items())}
    return {context: counts for context, counts in kept.items() if counts}


def _kept(counts: Mapping[int, float]) -> dict[str, float]:
    return {pieces.piece(code): _short(count) for code, count in sorted(counts.items()) if count >= _LEAST_COUNT}


def _count(batch: Batch, seen: Seen, letters: Mapping[str, int], alone: Floats, counted: Seen) -> None:
    """Add what the letters of these pairs write in their contexts."""
    used, compact = np.unique(batch.pieces, return_inverse=True)
    within = replace(batch, pieces=compact.reshape(batch.pieces.shape))
    named = [[transducer.contexts(native, at) for at in range(len(native))] for native, _ in batch.pairs]
    numbered = {each: number for number, each in enumerate(dict.fromkeys(each for row in named for each in row))}
    places = np.array([[numbered[each] for each in row] for row in named])
    where = {int(code): at for at, code in enumerate(used)}
    mixed = np.array([_mixed(each, seen, alone[letters[each[0][0]]][used], where) for each in numbered])
    totals = np.zeros_like(mixed)
    for at, codes, share in _shares(within, places, mixed):
        np.add.at(totals, (places[:, at], codes), share)
    for contexts, row in zip(numbered, totals, strict=True):
        for code in np.nonzero(row >= _NEGLIGIBLE)[0]:
            for each in contexts:
                counted[each][int(used[code])] += float(row[code])


def _mixed(contexts: tuple[str, ...], seen: Seen, row: Floats, where: Mapping[int, int]) -> Floats:
    """The probability of each piece in use, as `Transducer.written` has it."""
    for context in contexts:
        counts = seen.get(context, {})
        total = math.fsum(counts.values()) + _TRUST
        row = row * (_TRUST / total)
        for code, count in counts.items():
            if code in where:
                row[where[code]] += count / total
    return row
