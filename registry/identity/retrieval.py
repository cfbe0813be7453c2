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
    exam = _exam(pairs, judge, candidates=candidates, queries=queries, seed=seed)
    plain = [transducer.plain(anyascii.anyascii(each)) for each in exam.queries]
    nearness: Floats = process.cdist(plain, list(exam.names), scorer=JaroWinkler.similarity, dtype=np.float32)
    crowd = ranking.crowd(exam.names, judge)
    odds: Floats = np.array([ranking.log_odds(judge, each, crowd) for each in exam.queries])
    return Measured(
        queries=len(exam.queries),
        candidates=len(exam.names),
        taught=exam.taught,
        found=_found(odds, exam, nearness),
        ascii=_found(nearness, exam, nearness),
    )


def _exam(pairs: Iterable[tuple[str, str]], judge: Transducer, *, candidates: int, queries: int, seed: int) -> Exam:
    answers: dict[str, set[str]] = defaultdict(set)
    for native, latin in pairs:
        answers[native].add(latin)
    drawn = sorted(answers, key=lambda each: _drawn(seed, each))
    fresh = [each for each in drawn if not judge.taught.knows(each)]
    asked = fresh[:queries]
    if not asked:
        raise BadInput(
            "no pair is left to ask about: the table was learned from all of them",
            remedy="give other pairs, or learn a table that holds some out (train-names --hold-out) and name it",
        )
    others = [each for each in drawn if each not in set(asked)]
    names = _names(answers, [*asked, *sorted(others, key=judge.taught.knows)], candidates)
    right = [np.array([name in answers[each] for name in names]) for each in asked]
    return Exam(queries=asked, names=names, right=right, taught=len(drawn) - len(fresh))


def _names(answers: Mapping[str, set[str]], drawn: Sequence[str], count: int) -> list[str]:
    """So many Latin names, one of each native name at first; those asked about stand first."""
    first = dict.fromkeys(min(answers[each]) for each in drawn)
    further = dict.fromkeys(name for each in drawn for name in sorted(answers[each]))
    return [*(first | further)][:count]


def _drawn(seed: int, name: str) -> bytes:
    return hashlib.sha256(f"{seed}|{name}".encode()).digest()


def _found(scores: Floats, exam: Exam, nearness: Floats) -> Found:
    ranks = [_rank(row, right) for row, right in zip(scores, exam.right, strict=True)]
    mates = np.array([row[right].max() for row, right in zip(scores, exam.right, strict=True)])
    wrong = [row[_nearest(near, right)] for row, near, right in zip(scores, nearness, exam.right, strict=True)]
    limit = np.quantile(np.concatenate(wrong), 1 - _FALSE_ACCEPTS)
    return Found(
        rank_1=float(np.mean([each == 0 for each in ranks])),
        rank_5=float(np.mean([each < 5 for each in ranks])),
        recall_at_1_percent=float((mates > limit).mean()),
    )


def _rank(scores: Floats, right: NDArray[np.bool_]) -> int:
    """How many wrong names score at least as well as the best right one."""
    return int((scores[~right] >= scores[right].max()).sum())


def _nearest(nearness: Floats, right: NDArray[np.bool_]) -> NDArray[np.intp]:
    return np.argsort(np.where(right, -1.0, -nearness) + right * 2.0, kind="stable")[:_NEAREST]
