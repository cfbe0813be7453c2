"""Names that are easily taken for each other: Hasan and Husayn, Amina and Amna, Oleksandr and Oleksandra."""

from __future__ import annotations

from functools import cache
from random import Random

from rapidfuzz.distance import Levenshtein

from tests.support.families.cultures import Culture
from tests.support.families.lexicon import Name, Tokens

# How many names are thought near to one, and how far the nearest may be (share of letters changed).
NEAREST = 4
FARTHEST = 0.5


def alike(culture: Culture, name: Tokens, sex: str, rng: Random) -> Tokens:
    """Another name for a child of this sex, as near to `name` as the list has one; the last token differs."""
    near = nearest(culture, name[-1], sex)
    return (*name[:-1], rng.choice(near)) if near else another(culture, name, sex, rng)


def another(culture: Culture, name: Tokens, sex: str, rng: Random) -> Tokens:
    """Some name that is not `name`."""
    while (drawn := culture.given(rng, sex)) == name:
        pass
    return drawn


@cache
def nearest(culture: Culture, name: Name, sex: str) -> tuple[Name, ...]:
    """The names nearest to one in its own list or the list of the other sex, the nearest first."""
    others = {each.plain(): each for each in culture.names(sex).names if each.plain() != name.plain()}
    apart = {said: Levenshtein.normalized_distance(name.plain(), said) for said in others}
    return tuple(others[said] for said in sorted(apart, key=apart.__getitem__)[:NEAREST] if apart[said] <= FARTHEST)
