"""A labelled world of displaced families: records as real ones drift, with the truth about every one.

    for record, truth in families.world(seed=1, people=10_000):
        ...

It exists so that matching can be measured by somebody else's idea of the world: names (names/), spelling rules
(spelling/), families (people.py) and drift (drift.py) were written from how records really differ, without sight of the
matcher's code, rules or weights, and must stay so. A rule is never changed because the matcher dislikes it.

Not what it does: no doses, no schooling, no real people. Every person is made of common names by chance.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tests.support.families import look_alikes as _look_alikes
from tests.support.families import world as _world
from tests.support.families.look_alikes import LookAlike
from tests.support.families.records import COLUMNS, LABELS, Record, Truth, labels, pairs, patient, row
from tests.support.families.settings import HELD, Settings

__all__ = [
    "COLUMNS", "HELD", "LABELS", "LookAlike", "Record", "Truth", "labels", "look_alikes", "pairs", "patient", "row",
    "world",
]  # fmt: skip


def world(
    seed: int,
    people: int,
    *,
    shares: Mapping[str, float] | None = None,
    held: Mapping[str, float] | None = None,
    identifiers: bool = False,
    drift: float = 1.0,
) -> Iterator[tuple[Record, Truth]]:
    """The records of so many persons (about 1.9 each) with the truth, street by street; same arguments, same world.

    `shares`: of each culture among people, by its name in cultures.toml. `held`: share of families that each source
    knows, of home, transit, host (three countries) and agency (the UN); 0 leaves it out. `identifiers`: whether
    sources copy national numbers and ration cards from each other's papers. `drift`: multiplies every rate in
    drift.py; at 0 records differ only in spelling and in what is asked.
    """
    settings = Settings(shares=shares or {}, held={**HELD, **(held or {})}, identifiers=identifiers, drift=drift)
    return _world.world(seed, people, settings)


def look_alikes(
    seed: int, count: int, *, shares: Mapping[str, float] | None = None, identifiers: bool = False, drift: float = 1.0
) -> Iterator[LookAlike]:
    """So many pairs of records of two different children as alike as reality allows; the seven kinds by turns."""
    return _look_alikes.look_alikes(seed, count, Settings(shares=shares or {}, identifiers=identifiers, drift=drift))
