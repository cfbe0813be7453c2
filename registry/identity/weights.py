"""The numbers of the comparison: how often each level of agreement occurs for one person and for two.

They are versioned data (`schemas/matching/weights-N.json`); every decision names their version. A level's weight is
log2(m / u), m being its share among pairs that are one person and u among pairs that are not (Fellegi and Sunter,
A Theory for Record Linkage, 1969).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from registry.errors import BadInput
from registry.identity import likeness, transducer
from registry.identity.likeness import KnownNames


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """What one level of agreement weighs (in bits), and how it is said to a steward."""

    m: float
    weight: float
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """Where the verdicts begin, as probabilities; the rest in bits.

    `lead` is how far the best person must be before the second. `same_source` is the probability two dossiers of
    one source need, `ambiguous` the one that a spelling of two names, or no name at all, needs. `agreeing` is how
    many attributes a desk's question must have right.
    """

    link: float
    link_of_parent: float
    review: float
    same_source: float
    ambiguous: float
    lead: float
    agreeing: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """Everything `compare` and `match` need to know beside the two people."""

    version: str
    prior: float
    desk_prior: float
    clan_cap: float
    household_cap: float
    rarest: float
    thresholds: Thresholds
    levels: Mapping[tuple[str, str], Level]
    known: KnownNames

    def level(self, field: str, level: str) -> Level:
        return self.levels[field, level]

    def among(self, people: int) -> Weights:
        """The weights for a registry of so many people: a namesake is the likelier the more there are.

        Rounded up to a power of two, so that equal decisions do not depend on the last newcomer. The registry is
        never taken for smaller than the prior of the file says.
        """
        larger = max(0.0, math.ceil(math.log2(max(people, 1))) + self.prior)
        return replace(self, prior=self.prior - larger, desk_prior=self.desk_prior - larger)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rarity:
    """How common names are: (role, skeleton) -> share of the people; from counts, never from a list of names."""

    shares: Mapping[tuple[str, str], float]

    def share(self, role: str, skeletons: Sequence[str]) -> float | None:
        known = [self.shares[role, each] for each in skeletons if (role, each) in self.shares]
        return max(known, default=None)


def read(
    weights: Mapping[str, Any],
    translated: Mapping[str, Any] | None = None,
    transducers: Iterable[Mapping[str, Any]] = (),
) -> Weights:
    """Read the weights and, where given, the list of known names and the tables of scripts. Raises BadInput when
    something is missing."""
    groups: Sequence[Sequence[str]] = translated["names"] if translated else ()
    try:
        return _read(weights, likeness.known_names(groups, map(transducer.read, transducers)))
    except (KeyError, TypeError, ValueError, ZeroDivisionError) as error:
        raise BadInput(f"the matching weights are not usable ({type(error).__name__}: {error})") from None


def _read(weights: Mapping[str, Any], known: KnownNames) -> Weights:
    thresholds, caps = weights["thresholds"], weights["caps"]
    return Weights(
        version=str(weights["version"]),
        prior=float(weights["prior"]["log2_odds"]),
        desk_prior=float(weights["desk_prior"]["log2_odds"]),
        clan_cap=float(caps["clan"]),
        household_cap=float(caps["household"]),
        rarest=float(weights["rarest_share"]),
        thresholds=Thresholds(
            link=float(thresholds["link"]),
            link_of_parent=float(thresholds["link_of_parent"]),
            review=float(thresholds["review"]),
            same_source=float(thresholds["same_source"]),
            ambiguous=float(thresholds["ambiguous"]),
            lead=float(thresholds["lead_bits"]),
            agreeing=int(thresholds["agreeing_attributes"]),
        ),
        levels={
            (field, name): _level(level)
            for field, described in weights["fields"].items()
            for name, level in described["levels"].items()
        },
        known=known,
    )


def _level(level: Mapping[str, Any]) -> Level:
    m, u = float(level["m"]), float(level["u"])
    return Level(m=m, weight=math.log2(m / u), says=str(level["says"]))
