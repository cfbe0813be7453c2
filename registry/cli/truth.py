"""How well matching did, held against the truth of a made-up world."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from rich.table import Table

from registry.flows import review
from registry.flows.opening import Registry
from registry.store import dossiers
from registry.store.functions import Function

Known = tuple[str, str]
"""A person of a source: the source's name and its own id of the person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Pairs of records of one child that were linked, that were not, and of two children that were; and the queue.

    `recall` counts pairs of records of different sources that belong to one child.
    """

    records: int
    true_pairs: int
    found: int
    wrong: int
    reviewed: int

    @property
    def recall(self) -> float:
        return self.found / self.true_pairs if self.true_pairs else 1.0

    @property
    def review_share(self) -> float:
        return self.reviewed / self.records if self.records else 0.0

    def figures(self) -> dict[str, Any]:
        """The figures as plain values."""
        return {
            "records": self.records,
            "true_pairs": self.true_pairs,
            "recall": round(self.recall, 4),
            "review_share": round(self.review_share, 4),
            "wrong_links": self.wrong,
        }


async def of(registry: Registry, truth: Mapping[Known, str]) -> Measured:
    """Measure a registry that holds a made-up world. The demo may look at everybody; no caller can."""
    async with registry.database.transaction(Function.MEASURE) as tx:
        everyone = {each.id: each for each in await dossiers.everyone(tx)}
        doubts = await review.unsettled(tx)
    # A doubt is counted for the dossier that came last: the one a steward is asked to place.
    asked_about = {doubt.left for doubt in doubts}
    found = {(each.source, each.local): each.person.hex for each in everyone.values()}
    return measure(found, truth, reviewed=len(asked_about))


def measure(found: Mapping[Known, str], truth: Mapping[Known, str], *, reviewed: int) -> Measured:
    """Hold the persons found against the truth, pair by pair."""
    known = {each: person for each, person in found.items() if each in truth}
    together = _pairs(known)
    belonging = {pair for pair in _pairs({each: truth[each] for each in known}) if pair[0][0] != pair[1][0]}
    return Measured(
        records=len(known),
        true_pairs=len(belonging),
        found=len(belonging & together),
        wrong=sum(truth[one] != truth[other] for one, other in together),
        reviewed=reviewed,
    )


def _pairs(grouping: Mapping[Known, str]) -> set[tuple[Known, Known]]:
    groups: dict[str, list[Known]] = defaultdict(list)
    for each, name in grouping.items():
        groups[name].append(each)
    return {pair for members in groups.values() for pair in combinations(sorted(members), 2)}


def table(measured: Measured) -> Table:
    """The figures for people."""
    rows: Iterable[tuple[str, str]] = (
        ("people as their sources know them", f"{measured.records}"),
        ("pairs that are one child, across sources", f"{measured.true_pairs}"),
        ("of these linked without a human", f"{measured.recall:.1%}"),
        ("people put to a steward", f"{measured.reviewed} ({measured.review_share:.1%})"),
        ("wrong links (twins and siblings included)", f"{measured.wrong}"),
    )
    shown = Table(title="Held against the truth of the samples", title_justify="left", show_header=False)
    for row in rows:
        shown.add_row(*row)
    return shown
