"""How far the probabilities of matching are right, and its verdicts, held against pairs of which the truth is known.

No map is laid over the probabilities. Where no veto stands they are right as they are (the error of learned weights
is .002 to .005 in worlds they were not learned from); a logistic map (Platt, Probabilistic Outputs for Support Vector
Machines, 1999) over all pairs halves the error there is among pairs that a veto keeps from being linked anyway, and
for it puts nearly every link below its threshold: twins, who agree in all but a name, teach it to doubt everybody.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from registry.identity.match import Match, Verdict

Judged = tuple[Match, bool]
"""What matching says of a pair, and whether it is one person."""

_BINS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Counts of pairs: known ones, those that are one person, linked, `wrong` among the linked, put to a steward.

    `error` is the expected calibration error where no veto stands, `error_of_all` that of all pairs.
    """

    pairs: int
    same: int
    linked: int
    wrong: int
    reviewed: int
    error: float
    error_of_all: float


def measure(judged: Sequence[Judged]) -> Measured:
    """Hold matches against the truth; each pair is judged alone."""
    linked = [is_one for match, is_one in judged if match.verdict is Verdict.LINK]
    return Measured(
        pairs=len(judged),
        same=sum(is_one for _, is_one in judged),
        linked=len(linked),
        wrong=linked.count(False),
        reviewed=sum(match.verdict is Verdict.REVIEW for match, _ in judged),
        error=error((match.probability, is_one) for match, is_one in judged if not match.vetoes),
        error_of_all=error((match.probability, is_one) for match, is_one in judged),
    )


def error(told: Iterable[tuple[float, bool]]) -> float:
    """The expected calibration error: how far probabilities are from what is so, over twenty equal bins; 0 of none.

    Source: Naeini, Cooper and Hauskrecht, Obtaining Well Calibrated Probabilities Using Bayesian Binning, 2015.
    """
    bins: dict[int, list[float]] = defaultdict(list)
    pairs = 0
    for probability, is_one in told:
        bins[min(int(probability * _BINS), _BINS - 1)].append(probability - is_one)
        pairs += 1
    return sum(abs(sum(each)) for each in bins.values()) / max(pairs, 1)
