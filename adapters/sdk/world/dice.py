"""Repeatable chance: the same label gives the same draws on every machine and Python version.

Invariant: only `Random.random()` is used, whose sequence for a given seed Python promises to keep; `choice`,
`shuffle` and `randrange` carry no such promise.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, timedelta
from typing import TypeVar

T = TypeVar("T")
_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Dice:
    """A stream of draws named by its label."""

    def __init__(self, *label: object) -> None:
        self._label = label
        # Invented people need repeatable draws, not secret ones.
        self._source = random.Random("|".join(str(part) for part in label))  # noqa: S311

    def apart(self, *label: object) -> Dice:
        """A stream of its own for a subject; drawing from it does not disturb this one."""
        return Dice(*self._label, *label)

    def chance(self, probability: float) -> bool:
        return self._source.random() < probability

    def number(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        return low + int(self._source.random() * (high - low + 1))

    def pick(self, things: Sequence[T]) -> T:
        return things[self.number(0, len(things) - 1)]

    def weighted(self, things: Sequence[tuple[T, float]]) -> T:
        """One of the things, each as likely as its weight."""
        left = self._source.random() * sum(weight for _, weight in things)
        for thing, weight in things:
            left -= weight
            if left < 0:
                return thing
        return things[-1][0]

    def shuffled(self, things: Sequence[T]) -> list[T]:
        mixed = list(things)
        for last in range(len(mixed) - 1, 0, -1):
            other = self.number(0, last)
            mixed[last], mixed[other] = mixed[other], mixed[last]
        return mixed

    def day(self, first: date, last: date) -> date:
        """A day from `first` to `last`, both included."""
        return first + timedelta(days=self.number(0, (last - first).days))

    def letters(self, alphabet: str, length: int) -> str:
        return "".join(self.pick(alphabet) for _ in range(length))

    def uid(self) -> str:
        """An identifier as DHIS2 makes them: a letter and ten letters or digits."""
        return self.letters(_LETTERS, 1) + self.letters(_LETTERS + "0123456789", 10)
