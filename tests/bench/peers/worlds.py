"""A labelled world linked by `continuity link` and by Splink: the figures of both, on the same file in the same run.

Splink is shown twice: at the threshold fixed beforehand, and at the best threshold the truth can name, with its pairs
closed to persons where that finds more. `continuity link` has one setting, its default; what it would find at another
threshold is computed from what it wrote, pairs for review after all links.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from tests.bench.peers import figures, romanised, running
from tests.bench.peers.figures import Found, Pair, Score
from tests.bench.peers.running import Ran
from tests.support import mild_families
from tests.support.families import __main__ as families

SPLINK_FROM = 0.9
PRECISION = 0.999


@dataclass(frozen=True, slots=True)
class World:
    """The folder of a world, its true pairs, and what is known of every record beside."""

    folder: Path
    people: Path
    truth: set[Pair] = field(repr=False)
    labels: Mapping[str, Mapping[str, str]] = field(repr=False)

    @property
    def records(self) -> int:
        return len(self.labels)


def made(kind: str, folder: Path, *, people: int, seed: int) -> World:
    """Write a world, or take the one that lies there."""
    if not (folder / "truth.csv").exists():
        _WRITERS[kind](folder, people, seed)
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as file:
        labels = {row["id"]: row for row in csv.DictReader(file)}
    return World(folder, _without_numbers(folder), figures.truth(folder / "truth.csv"), labels)


def _families(folder: Path, people: int, seed: int) -> None:
    families.main(["--people", str(people), "--seed", str(seed), "--out", str(folder)])


def _mild(folder: Path, people: int, seed: int) -> None:
    mild_families.write(folder, seed, people)


def _mild_with_twins(folder: Path, people: int, seed: int) -> None:
    mild_families.write(folder, seed, people, twins=TWINS)


TWINS = 0.012
"""The share of births that are of twins (about 12 in 1,000 births the world over)."""

_WRITERS: dict[str, Callable[[Path, int, int], None]] = {
    "families": _families,
    "mild": _mild,
    "mild-twins": _mild_with_twins,
}
KINDS = tuple(_WRITERS)
NUMBERS = ("national_id", "ration_card")


def _without_numbers(folder: Path) -> Path:
    """The people without any number: what is asked is how they are found by who they are."""
    source, target = folder / "people.csv", folder / "nameless.csv"
    with source.open(encoding="utf-8", newline="") as read, target.open("w", encoding="utf-8", newline="") as file:
        rows = csv.DictReader(read)
        writer = csv.DictWriter(file, [each for each in rows.fieldnames or () if each not in NUMBERS])
        writer.writeheader()
        writer.writerows({each: row[each] for each in writer.fieldnames} for row in rows)
    return target


def measured(world: World) -> dict[str, Any]:
    """All figures of a world. Splink's are missing where its Python is."""
    out = world.folder / "links.csv"
    ran, told = running.link([world.people], out)
    found = {"records": world.records, "pairs": len(world.truth)}
    found["continuity link"] = {**_engine(world, figures.linked(out), ran), "pairs compared": told["compared"]}
    if running.has_peers():
        found["Splink 5"] = splink(world)
    return found


def splink(world: World) -> dict[str, Any]:
    """Splink's figures."""
    latin, out = world.folder / "latin.csv", world.folder / "splink.csv"
    romanised.write(world.people, latin)
    ran = running.peer("splinking", "people", latin, "--out", out)
    return _engine(world, figures.predicted(out, SPLINK_FROM), ran)


def _engine(world: World, found: list[Found], ran: Ran) -> dict[str, Any]:
    fixed = figures.at_threshold(found, world.truth)
    sweeps = {"pairs": figures.sweep, "closed": figures.closed_sweep}
    of = len(world.truth)
    best = {
        name: figures.best_recall(sweep(found, world.truth), precision=PRECISION, of=of)
        for name, sweep in sweeps.items()
    }
    way = max(best, key=lambda each: best[each].true)
    links = {each.pair for each in found if each.is_link}
    chosen = {each.pair for each in found if each.rank >= best[way].least} if best[way].links else set[Pair]()
    reviewed = figures.rows_in_review(found)
    return {
        "seconds": round(ran.seconds, 1),
        "megabytes": round(ran.megabytes),
        "as it comes": _told(fixed),
        f"best at precision {PRECISION}": {**_told(best[way]), "counted as": way},
        "best F1": _told(figures.best_f1(figures.sweep(found, world.truth), of=of)),
        "seen at all": round(len({each.pair for each in found} & world.truth) / len(world.truth), 5),
        "pairs for review": sum(not each.is_link for each in found),
        "records in review": round(reviewed / world.records, 5),
        "recall by, as it comes": _by(world, links),
        f"recall by, at precision {PRECISION}": _by(world, figures.closed(chosen) if way == "closed" else chosen),
    }


def _told(score: Score) -> dict[str, float]:
    return {**score.told(), "wrong in 10,000": round(score.wrong_in_10_000, 2)}


def _by(world: World, links: set[Pair]) -> dict[str, dict[str, tuple[float, int]]]:
    return {label: figures.recall_by(links, world.truth, partial(kind, world, label)) for label, kind in _KINDS.items()}


def _both(world: World, label: str, pair: Pair) -> str:
    """What is known of the two, once where it is the same."""
    return " and ".join(sorted({world.labels[each][label] for each in pair}))


def _worse(world: World, label: str, pair: Pair) -> str:
    """How well the births are known: the day in both, or what befell one, or both."""
    held = {world.labels[each][label] for each in pair}
    return " and ".join(sorted(held - {"day"})) or "day"


def _drifts(world: World, label: str, pair: Pair) -> str:
    """How many things befell the two records together."""
    return str(min(6, sum(bool(each) for id in pair for each in world.labels[id][label].split(";"))))


_KINDS: dict[str, Callable[[World, str, Pair], str]] = {
    "script": _both,
    "sex": _both,
    "birth_quality": _worse,
    "culture": _both,
    "twin": _both,
    "drifts": _drifts,
}
