"""How figures grow with the registry: a line each over two logarithmic axes, and where they lead to on paper."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from markupsafe import Markup

Points = Sequence[tuple[float, float]]
"""Sizes and figures, rising."""

_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP, _RIGHT = 640, 320, 60, 30, 12, 150
_COLOURS = ("#2a6f4e", "#b3541e", "#33559c", "#8a3a7c", "#5c5c5c", "#a08a00")
_PAGE = Markup("<!doctype html><meta charset=utf-8><title>Growth</title><style>body{{font:14px sans-serif}}</style>{}")


def on_paper(points: Points, size: float) -> float:
    """The figure at this size if it goes on as between the last two points, as a power of the size."""
    (sooner, small), (later, large) = points[-2:]
    power = math.log(large / small) / math.log(later / sooner)
    return large * (size / later) ** power


def page(series: Mapping[str, Points]) -> str:
    """A page with the plot."""
    every = [each for points in series.values() for each in points]
    (left, right), (low, high) = (_decades([each[axis] for each in every]) for axis in (0, 1))

    def place(size: float, figure: float) -> tuple[float, float]:
        across = (math.log10(size) - left) / (right - left)
        up = (math.log10(figure) - low) / (high - low)
        floor = _HEIGHT - _BOTTOM
        return _LEFT + across * (_WIDTH - _LEFT - _RIGHT), floor - up * (floor - _TOP)

    axes = [
        *(_text(*place(10**at, 10**low), f"{10**at:,}", dy=16) for at in range(left, right + 1)),
        *(_text(*place(10**left, 10**at), f"{10**at:g}", dx=-8, anchor="end") for at in range(low, high + 1)),
    ]
    lines = [part for at, (name, held) in enumerate(series.items()) for part in _line(name, held, at, place)]
    head = Markup('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {} {}" width="{}">').format(
        _WIDTH, _HEIGHT, _WIDTH
    )
    return _PAGE.format(head + Markup("").join([*axes, *lines]) + Markup("</svg>"))


def _decades(values: Sequence[float]) -> tuple[int, int]:
    first, last = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return first, max(last, first + 1)


def _line(name: str, points: Points, at: int, place) -> Iterator[Markup]:
    colour, spots = _COLOURS[at % len(_COLOURS)], [place(*each) for each in points]
    drawn = " ".join(f"{x:.1f},{y:.1f}" for x, y in spots)
    yield Markup('<polyline fill="none" stroke="{}" stroke-width="2" points="{}"/>').format(colour, drawn)
    for (x, y), (size, figure) in zip(spots, points, strict=True):
        yield Markup('<circle cx="{:.1f}" cy="{:.1f}" r="3" fill="{}"><title>{:,}: {:g}</title></circle>').format(
            x, y, colour, size, figure
        )
    yield _text(*spots[-1], name, dx=8, anchor="start", colour=colour)


def _text(
    x: float, y: float, words: str, *, dx: float = 0, dy: float = 4, anchor: str = "middle", colour: str = "#222"
) -> Markup:
    return Markup('<text x="{:.1f}" y="{:.1f}" font-size="11" text-anchor="{}" fill="{}">{}</text>').format(
        x + dx, y + dy, anchor, colour, words
    )
