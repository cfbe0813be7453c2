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

from registry.identity import compare, likeness, match
from registry.identity.compare import Comparison, Evidence
from registry.identity.files import texts
from registry.identity.files.rows import Row
from registry.identity.likeness import Likeness
from registry.identity.match import Match
from registry.identity.vetoes import Veto
from registry.identity.weights import Level, Weights

ADDRESS = ("address", "address 2", "address 3", "address 4")
PLACES = (*ADDRESS, "town", "postcode", "region")
_SAME_WITHIN = 95.0
_ALIKE_WITHIN = 75.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What pairs are judged by: weights that know the levels of files as well, and the vetoes that are heard."""

    weights: Weights
    heard: Collection[Veto] = tuple(Veto)
    one_from: float = 0.5  # the probability from which two rows are one as far as a rival is concerned

    @property
    def is_unrelated(self) -> bool:
        return self.heard == UNRELATED

    @property
    def floor(self) -> float:
        """The least score of a pair that can matter: as a rival of a link, or for review."""
        least = min(self.weights.thresholds.link, self.weights.thresholds.link_of_parent)
        return min(bits(least) - self.weights.thresholds.lead, bits(self.weights.thresholds.review))


UNRELATED = frozenset({Veto.IDENTIFIER})
"""The veto that is heard where nobody has brothers, sisters or twins in the files: official numbers that differ."""


def bits(probability: float) -> float:
    """The log2 odds of a probability."""
    return math.log2(probability / (1.0 - probability))


def rules(weights: Weights, levels: Mapping[str, Any], *, people: int) -> Rules:
    """The rules of the registry, for files of so many people."""
    parts: dict[str, Any] = {**levels, **dict.fromkeys(ADDRESS, levels["address"])}
    own = {(field, name): _level(each) for field, held in parts.items() for name, each in held["levels"].items()}
    whole = replace(weights, levels={**weights.levels, **own})
    return Rules(weights=whole.among(people))


def unrelated(rules: Rules) -> Rules:
    """The rules for files in which nobody has brothers, sisters or twins; the weights are still to be learned."""
    return replace(rules, heard=UNRELATED, one_from=0.01)


def _level(held: Mapping[str, Any]) -> Level:
    return Level(m=float(held["m"]), weight=math.log2(held["m"] / held["u"]), says=str(held["says"]))


def evidence(left: Row, right: Row, rules: Rules) -> tuple[Evidence, ...]:
    """How two rows agree, field by field. The same whichever comes first."""
    engine = compare.compare(left.demographics, right.demographics, rules.weights).evidence
    told = {each.field: each.level for each in engine}
    found = (*beside(left, right), *_in_doubt(left, right, told, rules))
    own = [_weighed(field, level, rules.weights) for field, level in found if field not in told]
    return (*engine, *own, *_capped(engine, own, rules.weights))


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


def beside(left: Row, right: Row) -> Iterator[tuple[str, str]]:
    """The levels of what only files have, but for what waits for the engine's: see `_in_doubt`."""
    if number := _numbers(left.numbers, right.numbers):
        yield "identifier", number
    yield from _addresses(left.address, right.address)
    if left.postcode and right.postcode:
        yield "postcode", _codes(left.postcode, right.postcode)
    if left.region and right.region:
        yield "region", "same" if left.region == right.region else "other"


def _in_doubt(left: Row, right: Row, told: Mapping[str, str], rules: Rules) -> Iterator[tuple[str, str]]:
    """A second look at what the engine found to differ."""
    if told.get("village") == "other":
        yield "town", "unlike" if _texts(left.town, right.town) == "other" else "alike"
    if rules.is_unrelated:
        yield from _crossing(left, right, told, rules)


_APART = ("other", "listed_apart", "similar")


def _crossing(left: Row, right: Row, told: Mapping[str, str], rules: Rules) -> Iterator[tuple[str, str]]:
    """Where neither name agrees, whether one of them stands in the other's place, whatever became of the other."""
    if told.get("given") in _APART and told.get("family") in _APART:
        one, other = left.demographics, right.demographics
        pairs = ((one.given, other.family), (one.family, other.given))
        found = (likeness.of_spellings(*each, rules.weights.known) for each in pairs)
        is_crossed = any(each is not None and each >= Likeness.PART for each in found)
        yield "crossing", "one" if is_crossed else "none"


def _numbers(left: frozenset[tuple[str, str]], right: frozenset[tuple[str, str]]) -> str | None:
    """Numbers are compared within their system only; one that agrees outweighs another that does not."""
    if left & right:
        return "same"
    pairs = [(one, other) for system, one in left for another, other in right if system == another]
    if not pairs:
        return None
    return "slip" if any(texts.is_slip(one, other) for one, other in pairs) else "differ"


def _addresses(left: tuple[str, ...], right: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Part by part, with an eye on the parts beside; two files that cut their addresses otherwise, by the whole."""
    if len(left) != len(right) or len(left) > len(ADDRESS):
        left, right = ("".join(left),), ("".join(right),)
    for field, one, other in zip(ADDRESS, left, right, strict=False):
        if one and other:
            found = _texts(one, other)
            is_elsewhere = found == "other" and (_stands_in(one, right) or _stands_in(other, left))
            yield field, "elsewhere" if is_elsewhere else found


def _stands_in(part: str, parts: tuple[str, ...]) -> bool:
    return any(each and _texts(part, each) != "other" for each in parts)


def _texts(left: str, right: str) -> str:
    alike = fuzz.ratio(left, right)
    return "same" if alike >= _SAME_WITHIN else "alike" if alike >= _ALIKE_WITHIN else "other"


def _codes(left: str, right: str) -> str:
    return "same" if left == right else "slip" if texts.is_slip(left, right) else "other"
