"""Whether the probabilities that `continuity link` writes are right: what was said against what is true.

Two populations: the pairs it wrote, and all pairs it compared, most of which it wrote nothing about. The expected
calibration error is the mean difference of what is said and what is true over bins of one bit of log odds, each
weighing as much as it has pairs.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup

from registry import library
from registry.cli import plots
from registry.flows import linkfiles, persons_file, tablefile
from registry.flows.packed import People
from registry.identity.files import comparing
from tests.bench.peers import figures
from tests.bench.peers.figures import Found
from tests.bench.peers.worlds import World

_FARTHEST = 20  # bits; beyond a million to one nothing more is to be seen
_PAGE = Markup(
    "<!doctype html><meta charset=utf-8><title>Calibration</title><style>body{{font:14px sans-serif;max-width:44em;"
    "margin:2em auto}}svg{{width:100%}}.link{{fill:#2a6f4e}}.mark{{fill:none;stroke:#888}}.axis{{stroke:#222}}"
    "text{{font-size:11px}}</style>{}"
)


@dataclass(frozen=True, slots=True)
class Bin:
    """So many pairs of about one score, the sum of what was said of them, and how many are true."""

    bit: int
    count: int
    said: float
    true: int

    @property
    def off(self) -> float:
        return abs(self.said - self.true)


def measured(world: World, page: Path) -> dict[str, Any]:
    """The errors, and a page with the plots. `link` must have written its pairs for this world already."""
    found = figures.linked(world.folder / "links.csv")
    parts = {"pairs written": _of_written(world, found), "pairs compared": _of_compared(world)}
    page.write_text(_PAGE.format(Markup("").join(_plot(name, bins) for name, bins in parts.items())), encoding="utf-8")
    return {name: _told(bins) for name, bins in parts.items()}


def _of_written(world: World, found: Iterable[Found]) -> list[Bin]:
    counts, true, said = Counter[int](), Counter[int](), defaultdict[int, float](float)
    for each in found:
        bit = _bit(each.probability)
        counts[bit] += 1
        true[bit] += each.pair in world.truth
        said[bit] += each.probability
    return _bins(counts, said, true)


def _of_compared(world: World) -> list[Bin]:
    """Linked again within this process, which counts what is compared by score."""
    table = tablefile.read(world.people.read_bytes(), name=world.people.name)
    file = persons_file.opened(table, persons_file.guessed(table))
    rules = comparing.rules(library.load().weights, persons_file.known(), people=len(file.rows))
    people = People((file.rows,))
    place = {people.id(each): each for each in range(len(people))}
    done = linkfiles.link(people, rules, true=[(place[one], place[other]) for one, other in world.truth])
    counts, true, said = Counter[int](), Counter[int](), defaultdict[int, float](float)
    for (bit, is_true), count in done.found.scores.items():
        counts[_near(bit)] += count
        true[_near(bit)] += count * is_true
    for bit, likely in done.found.likely.items():
        said[_near(bit)] += likely
    return _bins(counts, said, true)


def _bins(counts: Mapping[int, int], said: Mapping[int, float], true: Mapping[int, int]) -> list[Bin]:
    return [Bin(bit, counts[bit], said[bit], true[bit]) for bit in sorted(counts)]


def _bit(probability: float) -> int:
    if probability in (0.0, 1.0):
        return _FARTHEST if probability else -_FARTHEST
    return _near(math.floor(math.log2(probability / (1.0 - probability))))


def _near(bit: int) -> int:
    return min(max(bit, -_FARTHEST), _FARTHEST)


def _told(bins: Sequence[Bin]) -> dict[str, Any]:
    pairs = sum(each.count for each in bins)
    unsure = [each for each in bins if -10 <= each.bit < 10]
    return {
        "pairs": pairs,
        "expected calibration error": round(sum(each.off for each in bins) / pairs, 5),
        "pairs between one and 999 in a thousand": sum(each.count for each in unsure),
        "error among these": round(sum(each.off for each in unsure) / max(1, sum(each.count for each in unsure)), 5),
        "said and true, by bits": {
            str(each.bit): (round(each.said / each.count, 4), round(each.true / each.count, 4), each.count)
            for each in bins
        },
    }


def _plot(name: str, bins: Sequence[Bin]) -> Markup:
    points = [(each.bit, each.true / each.count, each.count) for each in bins]
    return Markup("<h2>{}</h2>{}").format(name, plots.calibration(points, label=f"Share true by score, {name}"))
