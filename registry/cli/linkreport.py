"""The report of `continuity link`: one page that needs no network and runs no script."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jinja2

from registry import library
from registry.cli import plots
from registry.flows import linkfiles
from registry.flows.linked import Linked
from registry.flows.opening import wall_clock
from registry.flows.persons_file import PersonsFile
from registry.identity.files import comparing
from registry.identity.files.truth import Measured
from registry.identity.files.verdicts import Pair
from registry.identity.match import Verdict

_EACH = 4  # sample pairs of each kind
_LOWEST, _HIGHEST = -40, 60
_WORDS = {
    "link": ("Links", "said to be one person"),
    "review": ("For review", "may be one person; a human decides"),
    "distinct": ("Neither", "compared and told apart"),
}


def page(files: Sequence[PersonsFile], done: Linked, measured: Measured | None) -> str:
    """The page, with everything it shows inside. It contains personal data, and says so."""
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.undefined = jinja2.StrictUndefined
    return environment.from_string(library.text("templates/links.html.j2")).render(
        made=wall_clock().strftime("%Y-%m-%d %H:%M UTC"),
        files=files,
        done=done,
        links=done.count(Verdict.LINK),
        reviews=done.count(Verdict.REVIEW),
        measured=measured,
        scores=[*_scores(done)],
        calibration=_calibration(done) if measured and done.found.compared else None,
        fields=[*_fields(done)],
        keys=done.keys,
        samples=[*_samples(done)],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scores:
    """How many pairs of one verdict have which score."""

    title: str
    says: str
    plot: Any
    rows: Sequence[tuple[int, int]]


def _scores(done: Linked) -> Iterator[_Scores]:
    """The scores of links, of what is for review, and of the rest, on one axis."""
    listed = {
        verdict: Counter(_bit(each) for each in done.pairs if each.verdict is verdict)
        for verdict in (Verdict.LINK, Verdict.REVIEW)
    }
    every = Counter[int]()
    for (bit, _), count in done.found.scores.items():
        every[min(max(bit, _LOWEST), _HIGHEST)] += count
    listed[Verdict.DISTINCT] = every - listed[Verdict.LINK] - listed[Verdict.REVIEW]
    held = [bit for counts in listed.values() for bit in counts] or [0]
    thresholds = _thresholds(done)
    for verdict, counts in listed.items():
        rows = [(bit, counts[bit]) for bit in range(min(held), max(held) + 1)]
        title, says = _WORDS[verdict.value]
        plot = plots.bars(rows, kind=verdict.value, label=f"{title}, by score in bits", marks=thresholds)
        yield _Scores(title=title, says=says, plot=plot, rows=[each for each in rows if each[1]])


def _bit(pair: Pair) -> int:
    return min(max(linkfiles.bit(pair.match.score), _LOWEST), _HIGHEST)


def _thresholds(done: Linked) -> list[tuple[float, str, str]]:
    least = done.rules.weights.thresholds
    return [(comparing.bits(least.review), "review", "end"), (comparing.bits(least.link), "link", "start")]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Calibration:
    """What was said and what was true, for pairs of about one score."""

    plot: Any
    rows: Sequence[tuple[int, float, float, int]]
    error: float  # the mean difference of the two, over all pairs compared
    missed: int


def _calibration(done: Linked) -> _Calibration:
    counts, true = Counter[int](), Counter[int]()
    said: dict[int, float] = {}
    for (bit, is_true), count in done.found.scores.items():
        counts[_clamped(bit)] += count
        true[_clamped(bit)] += count * is_true
    for bit, likely in done.found.likely.items():
        said[_clamped(bit)] = said.get(_clamped(bit), 0.0) + likely
    rows = [(bit, said[bit] / counts[bit], true[bit] / counts[bit], counts[bit]) for bit in sorted(counts)]
    error = sum(abs(said - found) * count for _, said, found, count in rows) / counts.total()
    points = [(bit, found, count) for bit, _, found, count in rows]
    return _Calibration(
        plot=plots.calibration(points, label="Share found to be true, by score in bits"),
        rows=rows,
        error=error,
        missed=done.true_pairs - true.total(),
    )


def _clamped(bit: int) -> int:
    """Beyond a million to one nothing more is to be seen."""
    return min(max(bit, -20), 20)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Level:
    """One level of one field: what it weighs, and how many pairs have it."""

    says: str
    bar: Any
    weight: float
    links: int
    others: int


def _fields(done: Linked) -> Iterator[tuple[str, list[_Level]]]:
    links = Counter(
        (one.field, one.level)
        for each in done.pairs
        if each.verdict is Verdict.LINK
        for one in each.match.evidence.evidence
    )
    everywhere = links + done.found.levels
    known = done.rules.weights.levels
    most = max((abs(known[each].weight) for each in everywhere if each[0] != "shared"), default=1.0)
    by_field: dict[str, list[_Level]] = {}
    for each in sorted(everywhere, key=lambda one: (one[0], -known[one].weight)):
        if each[0] != "shared":
            level, bits = known[each], known[each].weight
            shown = _Level(says=level.says, bar=plots.weight(bits, most=most), weight=bits, links=links[each],
                           others=done.found.levels[each])  # fmt: skip
            by_field.setdefault(each[0], []).append(shown)
    yield from by_field.items()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sample:
    """A pair as its two rows say it, side by side."""

    why: str
    pair: Pair
    cells: Sequence[tuple[str, str, str]]

    @property
    def sentences(self) -> Sequence[str]:
        return (*self.pair.match.explanation(), *([self.pair.because] if self.pair.because else ()))


def _samples(done: Linked) -> Iterator[_Sample]:
    """The links that were least sure, what is for review for each reason, and what came nearest to either."""
    links = [each for each in done.pairs if each.verdict is Verdict.LINK]
    reviews = [each for each in done.pairs if each.verdict is Verdict.REVIEW]
    kinds: tuple[tuple[str, Sequence[Pair]], ...] = (
        ("Among the least certain links", heapq.nsmallest(_EACH, links, key=_score)),
        ("For review", _of_every_reason(reviews)),
        ("Neither, but near", done.beside[:_EACH]),
    )
    yield from (_Sample(why=why, pair=each, cells=_side_by_side(done, each)) for why, held in kinds for each in held)


def _score(pair: Pair) -> float:
    return pair.match.score


def _of_every_reason(reviews: Sequence[Pair]) -> list[Pair]:
    by_reason: Mapping[tuple[Any, ...], Pair] = {(each.match.vetoes, each.because): each for each in reversed(reviews)}
    return [*by_reason.values()][: 2 * _EACH]


def _side_by_side(done: Linked, pair: Pair) -> list[tuple[str, str, str]]:
    """What both rows say, field by field; two files may call it differently."""
    left, right = (done.people.said(place) for place in (pair.left, pair.right))
    return [(name, left.get(name, ""), right.get(name, "")) for name in dict.fromkeys((*left, *right))]
