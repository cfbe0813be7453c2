"""What may be chosen of a world."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

HELD = {"home": 0.58, "transit": 0.52, "host": 0.50, "agency": 0.48}
"""How many families each of the four sources knows (assumption: two records of a child, after one or two borders)."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The choices, with what is usual.

    `shares`: of each culture among people (none: those of cultures.toml). `held`: share of families that each of the
    sources home, transit, host, agency knows; 0 leaves it out. `identifiers`: whether sources copy numbers from each
    other. `drift` multiplies every rate in drift.py; at 0 records differ in spelling and in what is asked only.
    """

    shares: Mapping[str, float] = field(default_factory=dict[str, float])
    held: Mapping[str, float] = field(default_factory=lambda: HELD)
    identifiers: bool = False
    drift: float = 1.0
