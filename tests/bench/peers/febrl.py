"""FEBRL 1-4 without labels, one threshold fixed beforehand: `continuity link` as it comes, Splink, recordlinkage."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench.peers import figures, running
from tests.bench.peers.figures import Found, Pair
from tests.bench.peers.running import Ran

SETS = ("febrl1", "febrl2", "febrl3", "febrl4")
SPLINK_FROM = 0.9
"""Splink's threshold, fixed beforehand."""


@dataclass(frozen=True, slots=True)
class _Set:
    """One of the four: its files (two are linked, one is searched for doubles) and the pairs that are one person."""

    name: str
    folder: Path

    @property
    def files(self) -> list[Path]:
        return sorted(self.folder.glob("[ab].csv"))

    @property
    def truth(self) -> set[Pair]:
        return figures.truth(self.folder / "truth.csv")


def measured(folder: Path) -> Iterator[dict[str, Any]]:
    """A row of figures for each set and engine. Needs the peers' Python: the sets are in one of its packages."""
    running.peer("febrl_files", folder)
    for name in SETS:
        held = _Set(name, folder / name)
        for engine, work in _ENGINES.items():
            ran, found = work(held)
            score = figures.at_threshold(found, held.truth)
            yield {"set": name, "engine": engine, **score.told(), "seconds": round(ran.seconds, 1)}


def _link(held: _Set) -> tuple[Ran, list[Found]]:
    out = held.folder / "links.csv"
    ran, _ = running.link(held.files, out)
    return ran, figures.linked(out)


def _splink(held: _Set) -> tuple[Ran, list[Found]]:
    out = held.folder / "splink.csv"
    return running.peer("splinking", "febrl", *held.files, "--out", out), figures.predicted(out, SPLINK_FROM)


def _ecm(held: _Set) -> tuple[Ran, list[Found]]:
    out = held.folder / "ecm.csv"
    return running.peer("ecm", *held.files, "--out", out), figures.predicted(out, 0.5)


_ENGINES = {
    "continuity link": _link,
    f"Splink 5, EM, at {SPLINK_FROM}": _splink,
    "recordlinkage, ECM": _ecm,
}
