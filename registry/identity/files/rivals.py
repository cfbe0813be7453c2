"""Who else fits: what the other candidates of two rows say of their being one person.

A row that fits a third as well, which is not plainly the same as the other, is at most one of the two; and where many
are nearly alike (a common name, a year of birth) it says little that two are. So a pair's place among its neighbours
is a field like any other. What its levels weigh is learned from the pairs themselves, each counted by how likely it is
one person by all else: one step of expectation-maximisation, because more of them would take the field's own word for
true (of 44,000 labelled pairs the second step drew the weights a bit further from the true ones).
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

from registry.identity.files.comparing import Rules
from registry.identity.match import Match
from registry.identity.vetoes import Veto
from registry.identity.weights import Level

FIELD = "rivals"
LEVELS: Sequence[str] = ("alone", "near", "ahead")

_AGAINST = ("near", "ahead")  # that somebody fits as well never speaks for a pair
_AHEAD = 3.0  # bits by which a third row fits better
_REMEMBERED = 1 << 16
_HELD = 2000.0  # pairs that count as if their neighbours said nothing: few teach little

Scored = tuple[int, int, Match]
Decide = Callable[[int, int], Match]


def levels(pairs: Sequence[Scored], decide: Decide, rules: Rules) -> list[str]:
    """The level of each pair; `decide` answers for two rows that were not compared. All candidates must be given."""
    near, asked = _near(pairs), lru_cache(_REMEMBERED)(decide)

    def is_one(third: int, other: int) -> bool:
        found = near[other].get(third) or asked(min(third, other), max(third, other))
        return found.probability >= rules.one_from and not found.vetoes

    def best(end: int, other: int) -> float:
        """The score of the nearest row that is not plainly the other: most often the first, so few are asked about."""
        rivals = (third for third in near[end] if third != other and not is_one(third, other))
        return next((near[end][third].score for third in rivals), -math.inf)

    lead = rules.weights.thresholds.lead
    return [_level(match.score, max(best(one, two), best(two, one)), lead) for one, two, match in pairs]


def _near(pairs: Sequence[Scored]) -> Mapping[int, Mapping[int, Match]]:
    """Who may be whom, the likeliest first; two official numbers that differ make no rival."""
    near: dict[int, dict[int, Match]] = defaultdict(dict)
    for one, other, match in sorted(pairs, key=lambda each: -each[2].score):
        if Veto.IDENTIFIER not in match.vetoes:
            near[one][other] = near[other][one] = match
    return near


def _level(score: float, best: float, lead: float) -> str:
    if best >= score + _AHEAD:
        return "ahead"
    return "near" if best > score - lead else "alone"


def learned(rules: Rules, pairs: Sequence[Scored], of_pairs: Sequence[str]) -> Rules:
    """The rules with what the levels of these pairs weigh."""
    one, two = dict.fromkeys(LEVELS, 0.0), dict.fromkeys(LEVELS, 0.0)
    for (_, _, match), level in zip(pairs, of_pairs, strict=True):
        one[level] += match.probability
        two[level] += 1.0 - match.probability
    known = rules.weights.levels
    found = {(FIELD, level): _weighed(known[FIELD, level], level, one, two) for level in LEVELS}
    return replace(rules, weights=replace(rules.weights, levels={**known, **found}))


def _weighed(known: Level, level: str, one: Mapping[str, float], two: Mapping[str, float]) -> Level:
    """The share of a level among pairs of one person and of two, both held to its share among all."""
    of_one, of_two = sum(one.values()), sum(two.values())
    of_all = (one[level] + two[level] + 1.0) / (of_one + of_two + len(LEVELS))
    m = (one[level] + _HELD * of_all) / (of_one + _HELD)
    u = (two[level] + _HELD * of_all) / (of_two + _HELD)
    most = 0.0 if level in _AGAINST else math.inf
    return replace(known, m=m, weight=min(_believed(math.log2(m / u), one), most))


def _believed(weight: float, one: Mapping[str, float]) -> float:
    """What is left of a weight that speaks for a pair: in a crowd that is taken for a few people pairs contradict each
    other, and where half of them do, they teach nothing."""
    clash = sum(one[each] for each in _AGAINST) / (sum(one.values()) or 1.0)
    return weight * max(0.0, 1.0 - 2.0 * clash) if weight > 0 else weight
