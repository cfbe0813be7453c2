"""A spy who times answers: asks over connections of its own, in processes of its own, and judges by every means we
know whether the time of an answer tells what it is about.

The judge is the area under the ROC curve for each pair of classes: 0.5 says nothing, 1 says everything. The other
way round is as good for a spy, so the larger side counts.
"""

from __future__ import annotations

import http.client
import json
import math
import multiprocessing
import random
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import combinations

PROCESSES = 2
_NEIGHBOURS = 8
_CELLS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a spy measures of one answer: to whom it belongs, when it came (ns), how long it took, its size."""

    name: str
    at: int
    seconds: float
    size: int


@dataclass(frozen=True, kw_only=True)
class Asking:
    """The bodies of questions about a child of each class, and the port and the key to ask with."""

    port: int
    key: str = field(repr=False)
    bodies: Mapping[str, bytes] = field(repr=False)


# --- asking ----------------------------------------------------------------------------------------


def ask(asking: Asking, names: Iterable[str], *, connections: int, pause: float, seed: int) -> list[Told]:
    """So many questions in a random order, in the order of their answers. Each connection waits for its answer and
    then up to `pause` seconds, so that no two run in step."""
    order = [*names]
    random.Random(seed).shuffle(order)
    with ProcessPoolExecutor(PROCESSES, multiprocessing.get_context("spawn")) as pool:
        shares = [(asking, order[at::PROCESSES], connections / PROCESSES, pause, seed + at) for at in range(PROCESSES)]
        told = [each for part in pool.map(_share, shares) for each in part]
    return sorted(told, key=lambda each: each.at)


def _share(given: tuple[Asking, Sequence[str], float, float, int]) -> list[Told]:
    asking, order, connections, pause, seed = given
    lanes = max(math.ceil(connections), 1)

    def lane(at: int) -> list[Told]:
        return on_one_connection(asking, order[at::lanes], pause=pause, dice=random.Random(seed * 1_000 + at))

    with ThreadPoolExecutor(lanes) as pool:
        return [each for part in pool.map(lane, range(lanes)) for each in part]


def on_one_connection(
    asking: Asking, order: Iterable[str], *, pause: float = 0.0, dice: random.Random | None = None
) -> list[Told]:
    """Questions one after another."""
    drawn = dice or random.Random(0)
    headers = {"Authorization": f"Bearer {asking.key}", "Desk-User": "desk-1", "Content-Type": "application/json"}
    connection, told = http.client.HTTPConnection("127.0.0.1", asking.port, timeout=60), list[Told]()
    for name in order:
        time.sleep(drawn.uniform(0, pause))
        began = time.perf_counter_ns()
        connection.request("POST", "/v1/questions", asking.bodies[name], headers)
        answered = connection.getresponse()
        at = time.perf_counter_ns()
        shown = [each for each in answered.getheaders() if each[0] != "date"]
        body = answered.read()
        assert answered.status == 404, name
        told.append(Told(name=name, at=at, seconds=(at - began) / 1e9, size=len(body) + len(json.dumps(shown))))
    connection.close()
    return told


# --- judging ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """The area under the curve for the pair of classes that `judge` tells apart best, and half its 95 % interval."""

    judge: str
    pair: tuple[str, str]
    auc: float
    half_interval: float

    def __str__(self) -> str:
        return f"{self.auc:.4f} +- {self.half_interval:.4f} ({self.judge}: {' / '.join(self.pair)})"


def auc(left: Sequence[float], right: Sequence[float]) -> float:
    """The chance that one of `right` is larger than one of `left`, ties counting half (Mann and Whitney, 1947)."""
    ranked = sorted([(value, 0) for value in left] + [(value, 1) for value in right])
    ranks, at = 0.0, 0
    while at < len(ranked):
        same = at
        while same < len(ranked) and ranked[same][0] == ranked[at][0]:
            same += 1
        ranks += (at + same + 1) / 2 * sum(kind for _, kind in ranked[at:same])
        at = same
    area = (ranks - len(right) * (len(right) + 1) / 2) / (len(left) * len(right))
    return max(area, 1 - area)


def best(told: Sequence[Told]) -> Sequence[Area]:
    """What each judge makes of its best pair of classes, the best judge first. `told` is in the order of answers."""
    measured = Measured(told=told, time=[each.seconds for each in told], beside=beside(told))
    areas = [_best_of(judge, measured) for judge in JUDGES]
    return sorted(areas, key=lambda each: -each.auc)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Each answer's time, and its time `beside` that of its neighbours."""

    told: Sequence[Told]
    time: Sequence[float]
    beside: Sequence[float]


def beside(told: Sequence[Told]) -> list[float]:
    """Each time without what its neighbours took too: the busier server of the moment is no secret."""
    times = [each.seconds for each in told]
    return [
        times[at]
        - statistics.median(times[max(at - _NEIGHBOURS, 0) : at] + times[at + 1 : at + 1 + _NEIGHBOURS] or [0.0])
        for at in range(len(times))
    ]


def _best_of(judge: str, measured: Measured) -> Area:
    names = dict.fromkeys(each.name for each in measured.told)
    found = [_area(judge, measured, pair) for pair in combinations(sorted(names), 2)]
    return max(found, key=lambda each: each.auc)


def _area(judge: str, measured: Measured, pair: tuple[str, str]) -> Area:
    left, right = JUDGES[judge](measured, pair)
    error = math.sqrt((len(left) + len(right) + 1) / (12 * len(left) * len(right)))
    return Area(judge=judge, pair=pair, auc=auc(left, right), half_interval=1.96 * error)


Scores = tuple[list[float], list[float]]


def _split(measured: Measured, scores: Sequence[float], pair: tuple[str, str]) -> Scores:
    named = [(told.name, score) for told, score in zip(measured.told, scores, strict=True)]
    one, other = ([score for name, score in named if name == each] for each in pair)
    return one, other


def _by_time(measured: Measured, pair: tuple[str, str]) -> Scores:
    return _split(measured, measured.time, pair)


def _by_neighbours(measured: Measured, pair: tuple[str, str]) -> Scores:
    return _split(measured, measured.beside, pair)


def _by_the_fastest(measured: Measured, pair: tuple[str, str]) -> Scores:
    """The quarter that came soonest: nothing else was in its way."""
    limit = statistics.quantiles(measured.time, n=4)[0]
    left, right = _by_time(measured, pair)
    one, other = ([each for each in scores if each <= limit] for scores in (left, right))
    return one or left, other or right


def _learned(measured: Measured, pair: tuple[str, str]) -> Scores:
    """How much likelier the time and the time beside neighbours together are in one class than in the other.

    The likelihood ratio is the best score there can be. It is counted in cells between quantiles, on every other
    answer, and each half is judged by what was learned on the other.
    """
    cells = list(zip(_parts(measured.time), _parts(measured.beside), strict=True))
    mine = [(told.name == pair[1], cell) for told, cell in zip(measured.told, cells, strict=True) if told.name in pair]
    scores: Scores = ([], [])
    for half in (0, 1):
        seen = Counter(mine[1 - half :: 2])
        for is_other, cell in mine[half::2]:
            scores[is_other].append(math.log((seen[True, cell] + 1) / (seen[False, cell] + 1)))
    return scores


def _parts(values: Sequence[float]) -> list[int]:
    """In which of so many equal parts each value lies."""
    parts = [0] * len(values)
    for rank, at in enumerate(sorted(range(len(values)), key=values.__getitem__)):
        parts[at] = rank * _CELLS // len(values)
    return parts


JUDGES: Mapping[str, Callable[[Measured, tuple[str, str]], Scores]] = {
    "time": _by_time,
    "time beside its neighbours": _by_neighbours,
    "time of the fastest quarter": _by_the_fastest,
    "learned": _learned,
}
