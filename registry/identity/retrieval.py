"""How well a native name is found among many Latin ones: what anyone can measure on pairs of their own.

Whoever is asked about was never taught; the right answer is any Latin name the pairs give for the native one. Beside
the transducer stands what everybody has: the name in ASCII letters (anyascii), compared by Jaro-Winkler.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import anyascii
import numpy as np
from numpy.typing import NDArray
from rapidfuzz import process
from rapidfuzz.distance import JaroWinkler

from registry.errors import BadInput
from registry.identity import ranking, transducer
from registry.identity.taught import Taught
from registry.identity.transducer import Transducer

_FALSE_ACCEPTS = 0.01
_NEAREST = 3
Floats = NDArray[np.floating]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Shares of the queries: the right name ranked first; among the first five; accepted where one in a hundred of
    the three nearest wrong names is."""

    rank_1: float
    rank_5: float
    recall_at_1_percent: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What was asked, of which names how many were left out because they had been taught, and what was found."""

    queries: int
    candidates: int
    taught: int
    found: Found
    ascii: Found


@dataclass(frozen=True, slots=True, kw_only=True)
class Exam:
    """Native names to be asked about, the Latin ones to be found, and which of those are right."""

    queries: Sequence[str]
    names: Sequence[str]
    right: Sequence[NDArray[np.bool_]]
    taught: int


def measure(
    pairs: Iterable[tuple[str, str]], judge: Transducer, *, candidates: int, queries: int, seed: int
) -> Measured:
    """Ask about `queries` native names, each among `candidates` Latin ones; fewer where the pairs do not give them.

    Raises BadInput when no pair is left to ask about.
    """
    asked = exam(pairs, judge.taught, candidates=candidates, queries=queries, seed=seed)
    near = nearness(asked, [anyascii.anyascii(each) for each in asked.queries])
    return Measured(
        queries=len(asked.queries),
        candidates=len(asked.names),
        taught=asked.taught,
        found=found(evidence(asked, judge), asked, near),
        ascii=found(near, asked, near),
    )


def evidence(asked: Exam, judge: Transducer) -> Floats:
    """(queries, names): the bits of evidence of the transducer."""
    crowd = ranking.crowd(asked.names, judge)
    return np.array([ranking.log_odds(judge, each, crowd) for each in asked.queries])


def nearness(asked: Exam, romanised: Sequence[str]) -> Floats:
    """(queries, names): Jaro-Winkler of each query, as somebody writes it in Latin letters, and each name."""
    plain = [transducer.plain(each) for each in romanised]
    return process.cdist(plain, list(asked.names), scorer=JaroWinkler.similarity, dtype=np.float32)


def exam(pairs: Iterable[tuple[str, str]], known: Taught, *, candidates: int, queries: int, seed: int) -> Exam:
    """Draw what is asked, of names not taught. Raises BadInput when no pair is left to ask about."""
    answers: dict[str, set[str]] = defaultdict(set)
    for native, latin in pairs:
        answers[native].add(latin)
    drawn = sorted(answers, key=lambda each: _drawn(seed, each))
    fresh = [each for each in drawn if not known.knows(each)]
    asked = fresh[:queries]
    if not asked:
        raise BadInput(
            "no pair is left to ask about: the table was learned from all of them",
            remedy="give other pairs, or learn a table that holds some out (train-names --hold-out) and name it",
        )
    others = [each for each in drawn if each not in set(asked)]
    names = _names(answers, [*asked, *sorted(others, key=known.knows)], candidates)
    right = [np.array([name in answers[each] for name in names]) for each in asked]
    return Exam(queries=asked, names=names, right=right, taught=len(drawn) - len(fresh))


def _names(answers: Mapping[str, set[str]], drawn: Sequence[str], count: int) -> list[str]:
    """So many Latin names, one of each native name at first; those asked about stand first."""
    first = dict.fromkeys(min(answers[each]) for each in drawn)
    further = dict.fromkeys(name for each in drawn for name in sorted(answers[each]))
    return [*(first | further)][:count]


def _drawn(seed: int, name: str) -> bytes:
    return hashlib.sha256(f"{seed}|{name}".encode()).digest()


def found(scores: Floats, asked: Exam, near: Floats) -> Found:
    """What these scores find; wrong names are accepted or not among the three nearest by `near`."""
    ranks = [_rank(row, right) for row, right in zip(scores, asked.right, strict=True)]
    mates = np.array([row[right].max() for row, right in zip(scores, asked.right, strict=True)])
    wrong = [row[_nearest(each, right)] for row, each, right in zip(scores, near, asked.right, strict=True)]
    limit = np.quantile(np.concatenate(wrong), 1 - _FALSE_ACCEPTS)
    return Found(
        rank_1=float(np.mean([each == 0 for each in ranks])),
        rank_5=float(np.mean([each < 5 for each in ranks])),
        recall_at_1_percent=float((mates > limit).mean()),
    )


def _rank(scores: Floats, right: NDArray[np.bool_]) -> int:
    """How many wrong names score at least as well as the best right one."""
    return int((scores[~right] >= scores[right].max()).sum())


def _nearest(near: Floats, right: NDArray[np.bool_]) -> NDArray[np.intp]:
    return np.argsort(np.where(right, np.inf, -near), kind="stable")[:_NEAREST]
