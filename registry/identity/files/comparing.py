"""How two rows agree: the engine's evidence, and that of columns only files have.

Numbers as typed are evidence and forbid nothing; a number declared as official is the engine's, vetoes and all.
Address, postcode and region are shared by a household as its village is, so its cap holds for them too.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from rapidfuzz import fuzz

from registry.identity import compare, match
from registry.identity.compare import Comparison, Evidence
from registry.identity.files import texts
from registry.identity.files.rows import Row
from registry.identity.match import Match
from registry.identity.vetoes import Veto
from registry.identity.weights import Level, Weights

PLACES = ("address", "postcode", "region")
_SAME_WITHIN = 95.0
_ALIKE_WITHIN = 75.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What pairs are judged by: weights that know the levels of files as well, and the vetoes that are heard."""

    weights: Weights
    heard: Collection[Veto] = tuple(Veto)

    @property
    def floor(self) -> float:
        """The least score of a pair that can matter: as a rival of a link, or for review."""
        least = min(self.weights.thresholds.link, self.weights.thresholds.link_of_parent)
        return min(bits(least) - self.weights.thresholds.lead, bits(self.weights.thresholds.review))


def bits(probability: float) -> float:
    """The log2 odds of a probability."""
    return math.log2(probability / (1.0 - probability))


def rules(weights: Weights, levels: Mapping[str, Any], *, people: int) -> Rules:
    """The rules of the registry, for files of so many people."""
    own = {(field, name): _level(each) for field, held in levels.items() for name, each in held["levels"].items()}
    whole = replace(weights, levels={**weights.levels, **own})
    return Rules(weights=whole.among(people))


def _level(held: Mapping[str, Any]) -> Level:
    return Level(m=float(held["m"]), weight=math.log2(held["m"] / held["u"]), says=str(held["says"]))


def evidence(left: Row, right: Row, weights: Weights) -> tuple[Evidence, ...]:
    """How two rows agree, field by field. The same whichever comes first."""
    engine = compare.compare(left.demographics, right.demographics, weights).evidence
    is_numbered = any(each.field == "identifier" for each in engine)
    own = [
        _weighed(field, level, weights)
        for field, level in _beside(left, right)
        if not (is_numbered and field == "identifier")
    ]
    return (*engine, *own, *_capped(engine, own, weights))


def decide(evidence: tuple[Evidence, ...], rules: Rules) -> Match:
    """What the evidence of a pair says."""
    return match.of_evidence(Comparison(evidence=evidence), rules.weights, heard=rules.heard)


def _weighed(field: str, level: str, weights: Weights) -> Evidence:
    known = weights.level(field, level)
    return Evidence(field=field, level=level, weight=known.weight, label=known.says)


def _capped(engine: Iterable[Evidence], own: Iterable[Evidence], weights: Weights) -> Iterator[Evidence]:
    """What the places of a household say beyond what all of it may."""
    household = math.fsum(each.weight for each in engine if each.field in (*compare.HOUSEHOLD, "shared"))
    places = math.fsum(each.weight for each in own if each.field in PLACES)
    off = max(0.0, household + places - weights.household_cap)
    if off and places > 0:
        yield replace(_weighed("shared", "household", weights), weight=-off)


def _beside(left: Row, right: Row) -> Iterator[tuple[str, str]]:
    if number := _numbers(left.numbers, right.numbers):
        yield "identifier", number
    if left.address and right.address:
        yield "address", _addresses(left.address, right.address)
    if left.postcode and right.postcode:
        yield "postcode", _codes(left.postcode, right.postcode)
    if left.region and right.region:
        yield "region", "same" if left.region == right.region else "other"


def _numbers(left: frozenset[tuple[str, str]], right: frozenset[tuple[str, str]]) -> str | None:
    """Numbers are compared within their system only; one that agrees outweighs another that does not."""
    if left & right:
        return "same"
    pairs = [(one, other) for system, one in left for another, other in right if system == another]
    if not pairs:
        return None
    return "slip" if any(texts.is_slip(one, other) for one, other in pairs) else "differ"


def _addresses(left: str, right: str) -> str:
    alike = fuzz.ratio(left, right)
    return "same" if alike >= _SAME_WITHIN else "alike" if alike >= _ALIKE_WITHIN else "other"


def _codes(left: str, right: str) -> str:
    return "same" if left == right else "slip" if texts.is_slip(left, right) else "other"
