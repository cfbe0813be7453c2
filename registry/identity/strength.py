"""How strongly evidence speaks, in words for a steward."""

from __future__ import annotations

_STRENGTHS = (
    (10.0, "Speaks very strongly for"),
    (4.0, "Speaks strongly for"),
    (0.3, "Speaks for"),
    (-0.3, "Says little"),
    (-4.0, "Speaks against"),
    (-10.0, "Speaks strongly against"),
)


def words(weight: float) -> str:
    return next((words for least, words in _STRENGTHS if weight >= least), "Speaks very strongly against")


def percent(probability: float) -> str:
    """Never rounded up to certainty."""
    shown = int(probability * 10000) / 100
    return f"{min(shown, 99.99):g} %"
