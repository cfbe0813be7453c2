"""Small plots as SVG to stand inside a page: no scripts, no fonts, colours from the page's own style."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from markupsafe import Markup, escape

_WIDTH, _HEIGHT, _TALL = 640, 120, 200
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 8, 10, 22


def bars(
    counts: Sequence[tuple[int, int]], *, kind: str, label: str, marks: Iterable[tuple[float, str, str]] = ()
) -> Markup:
    """Counts by whole numbers along the axis, in the colour of the class `kind`; `marks` are lines with a word.

    A mark is its place, the word, and the end of the word that stands at the line (SVG text-anchor).
    """
    first, last = counts[0][0], counts[-1][0] + 1
    most = max((count for _, count in counts), default=0) or 1
    scale = (_WIDTH - _LEFT - _RIGHT) / (last - first)
    floor = _HEIGHT - _BOTTOM
    drawn = [
        _rect(
            _LEFT + (at - first) * scale + 0.5,
            floor,
            scale - 1,
            count / most * (floor - _TOP),
            kind,
            f"{at}: {count:,}",
        )
        for at, count in counts
        if count
    ]
    lines = [_mark(_LEFT + (at - first) * scale, word, side) for at, word, side in marks if first <= at <= last]
    axis = [
        _text(_LEFT - 6, _TOP + 8, f"{most:,}", "end"),
        _text(_LEFT - 6, floor, "0", "end"),
        _line(_LEFT, floor, _WIDTH - _RIGHT, floor, "axis"),
    ]
    return _svg(_WIDTH, _HEIGHT, label, (*drawn, *axis, *_ticks(first, last, _HEIGHT), *lines))


def calibration(points: Sequence[tuple[int, float, int]], *, label: str) -> Markup:
    """The share of pairs found to be true (y) by score in whole bits (x), and the curve it should lie on.

    The larger the dot, the more pairs.
    """
    first, last = points[0][0], points[-1][0] + 1
    across, up = (_WIDTH - _LEFT - _RIGHT) / (last - first), _TALL - _TOP - _BOTTOM
    floor, most = _TALL - _BOTTOM, max(count for *_, count in points)
    curve = " ".join(
        f"{_LEFT + at * across / 4:.1f},{floor - up / (1 + 2.0 ** -(first + at / 4)):.1f}"
        for at in range(4 * (last - first) + 1)
    )
    axis = _line(_LEFT, floor, _WIDTH - _RIGHT, floor, "axis")
    said = Markup('<polyline class="mark" points="{}"/>').format(curve)
    dots = [
        Markup('<circle class="link" cx="{:.1f}" cy="{:.1f}" r="{:.1f}"><title>{}</title></circle>').format(
            _LEFT + (at - first + 0.5) * across, floor - found * up, 2.5 + 4 * (count / most) ** 0.25,
            f"from {at} bits: {found:.3f} of {count:,} pairs",
        )
        for at, found, count in points
    ]  # fmt: skip
    sides = [_text(_LEFT - 6, floor - at * up + 4, f"{at:g}", "end") for at in (0, 0.5, 1)]
    return _svg(_WIDTH, _TALL, label, (axis, said, *sides, *_ticks(first, last, _TALL), *dots))


def weight(bits: float, *, most: float) -> Markup:
    """A weight as a bar to the right (for one person) or to the left (against)."""
    half = 60
    length = min(abs(bits) / most, 1) * half
    start = half if bits >= 0 else half - length
    kind = "link" if bits >= 0 else "against"
    bar = Markup('<rect class="{}" x="{:.1f}" y="2" width="{:.1f}" height="8"/>').format(kind, start, length)
    return _svg(2 * half, 12, f"{bits:+.1f} bits", (bar, _line(half, 0, half, 12, "axis")), style="small")


def _svg(width: float, height: float, label: str, parts: Iterable[Markup], *, style: str = "plot") -> Markup:
    head = Markup('<svg class="{}" viewBox="0 0 {} {}" role="img" aria-label="{}">').format(style, width, height, label)
    return head + Markup("").join(parts) + Markup("</svg>")


def _rect(x: float, floor: float, width: float, height: float, kind: str, title: str) -> Markup:
    tall = max(height, 1.0)  # a single pair is to be seen
    return Markup(
        '<rect class="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"><title>{}</title></rect>'
    ).format(kind, x, floor - tall, max(width, 1.0), tall, title)


def _line(x: float, y: float, to_x: float, to_y: float, kind: str) -> Markup:
    return Markup('<line class="{}" x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}"/>').format(kind, x, y, to_x, to_y)


def _text(x: float, y: float, words: str, anchor: str) -> Markup:
    return Markup('<text x="{:.1f}" y="{:.1f}" text-anchor="{}">{}</text>').format(x, y, anchor, escape(words))


def _mark(x: float, words: str, side: str) -> Markup:
    away = 3 if side == "start" else -3
    return _line(x, _TOP, x, _HEIGHT - _BOTTOM, "mark") + _text(x + away, _TOP + 8, words, side)


def _ticks(first: int, last: int, height: float) -> list[Markup]:
    """About ten round numbers along the axis."""
    step, scale = max(1, round((last - first) / 10)), (_WIDTH - _LEFT - _RIGHT) / (last - first)
    places = range(-(-first // step) * step, last + 1, step)
    return [_text(_LEFT + (at - first) * scale, height - 8, str(at), "middle") for at in places]
