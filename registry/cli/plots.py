"""Small plots as SVG to stand inside a page: no scripts, no fonts, colours from the page's own style."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from markupsafe import Markup, escape

_WIDTH, _HEIGHT = 640, 120
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 8, 10, 22


def bars(
    counts: Sequence[tuple[int, int]], *, kind: str, label: str, marks: Iterable[tuple[float, str]] = ()
) -> Markup:
    """Counts by whole numbers along the axis, in the colour of the class `kind`; `marks` are lines with a word."""
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
    step = max(1, round((last - first) / 10))
    ticks = [_text(_LEFT + (at - first) * scale, _HEIGHT - 8, str(at), "middle") for at in range(first, last + 1, step)]
    lines = [_mark(_LEFT + (at - first) * scale, word) for at, word in marks if first <= at <= last]
    axis = [
        _text(_LEFT - 6, _TOP + 8, f"{most:,}", "end"),
        _text(_LEFT - 6, floor, "0", "end"),
        _line(_LEFT, floor, _WIDTH - _RIGHT, floor, "axis"),
    ]
    return _svg(_WIDTH, _HEIGHT, label, (*drawn, *axis, *ticks, *lines))


def calibration(points: Sequence[tuple[float, float, int]], *, label: str) -> Markup:
    """How often pairs said to be one person with a probability (x) are (y); the larger the dot, the more pairs."""
    size, edge = 320, 36
    span = size - 2 * edge
    most = max((count for *_, count in points), default=1)
    dots = [
        Markup('<circle class="link" cx="{:.1f}" cy="{:.1f}" r="{:.1f}"><title>{}</title></circle>').format(
            edge + said * span,
            size - edge - found * span,
            3 + 6 * (count / most) ** 0.25,
            f"said {said:.3f}, found {found:.3f}, {count:,} pairs",
        )
        for said, found, count in points
    ]
    frame = [
        _line(edge, size - edge, size - edge, size - edge, "axis"),
        _line(edge, edge, edge, size - edge, "axis"),
        _line(edge, size - edge, size - edge, edge, "mark"),
        *(_text(edge + at * span, size - edge + 14, f"{at:g}", "middle") for at in (0, 0.5, 1)),
        *(_text(edge - 5, size - edge - at * span + 4, f"{at:g}", "end") for at in (0, 0.5, 1)),
        _text(size / 2, size - 4, "said", "middle"),
        _text(edge, edge - 10, "found", "middle"),
    ]
    return _svg(size, size, label, (*frame, *dots))


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


def _mark(x: float, words: str) -> Markup:
    return _line(x, _TOP, x, _HEIGHT - _BOTTOM, "mark") + _text(x + 3, _TOP + 8, words, "start")
