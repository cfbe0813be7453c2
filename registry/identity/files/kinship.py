"""What relatives share: the part of the evidence that is no evidence of one person.

Father, mother, family name, village, phone and address are one fact for all children of a household, and family name,
grandfather and village are one for a clan. So a pair is held not only against two strangers but against two children
of one household and two namesakes of one clan as well; how many such pairs there are is learned (`fitting`). In files
without relatives the two weigh nothing; where brothers and sisters are many, the child's own evidence must outweigh
them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from registry.identity import compare
from registry.identity.compare import Evidence
from registry.identity.weights import Weights

ADDRESS = ("address", "address 2", "address 3", "address 4")
PLACES = (*ADDRESS, "town", "postcode", "region")
_OF_FAMILY = ("family spelling", "family commonness")
HOUSEHOLD = frozenset({*compare.HOUSEHOLD, *PLACES, *_OF_FAMILY, "father spelling", "mother spelling"})
CLAN = frozenset({*compare.CLAN, *PLACES, *_OF_FAMILY})
GIVEN = frozenset({"given", "given spelling", "given commonness", "crossing"})
"""What is looked at in the given name: children are named after relatives, more in some places than in others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kinship:
    """How many pairs are of `relatives`, and of a `clan`, as log2 odds against pairs of strangers.

    `levels` is what a level of the child's own facts weighs between brothers and sisters, log2 of its share among
    them by its share among strangers, and `names` what one weighs between namesakes; 0 where none is given.
    """

    relatives: float
    clan: float
    levels: Mapping[tuple[str, str], float]
    names: Mapping[tuple[str, str], float] = field(default_factory=dict[tuple[str, str], float])

    def bits(self, found: Iterable[Evidence]) -> float:
        """What must be taken off the evidence, because relatives explain it as well: 0 or less."""
        relatives, clan = self.relatives, self.clan
        for each in found:
            level = (each.field, each.level)
            relatives += each.weight if each.field in HOUSEHOLD else self.levels.get(level, 0.0)
            clan += each.weight if each.field in CLAN else self.names.get(level, 0.0)
        return -_log2_sum(0.0, relatives, clan)


def read(held: Mapping[str, Any], weights: Weights) -> Kinship:
    """The kinship files begin with. `held` tells the shares of levels among brothers and sisters."""
    known = {level: each.m / 2.0**each.weight for level, each in weights.levels.items()}
    shares = {(field, name): float(m) for field, levels in held["levels"].items() for name, m in levels.items()}
    return Kinship(
        relatives=weights.prior + math.log2(held["relatives_for_each"]),
        clan=weights.prior + math.log2(held["clan_for_each"]),
        levels={level: math.log2(share / known[level]) for level, share in shares.items()},
    )


def _log2_sum(*bits: float) -> float:
    most = max(bits)
    return most + math.log2(math.fsum(2.0 ** (each - most) for each in bits))
