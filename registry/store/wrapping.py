"""Where wrapping keys come from, and how long they are remembered.

They are never in the database: a file holds them (`keyfile.FileWrapping`), or a token derives them. Whoever needs one
asks for it by generation and epoch; it is remembered for KEPT_SECONDS at most, whatever the traffic, then asked for
anew. Data keys live shorter still, within one transaction. (Python cannot wipe memory: a key that was forgotten may
lie there until the space is used again.)
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

KEPT_SECONDS = 300


class Wrapping(Protocol):
    """The wrapping keys of a registry, by generation and 30-day epoch."""

    def key(self, generation: int, epoch: int) -> bytes:
        """32 bytes. Raises KeyProblem when there is no such key."""
        ...

    def generations(self) -> frozenset[int]:
        """The generations whose keys are to be had."""
        ...

    def add(self, generation: int, *, today: date) -> None:
        """Make a further generation; one that is there already is left as it is."""
        ...

    def drop(self, *, before: int) -> None:
        """Destroy every generation before this one."""
        ...


@dataclass(frozen=True, slots=True)
class Remembered:
    """A source of wrapping keys that is asked again after `seconds`; `clock` counts seconds and never goes back."""

    source: Wrapping
    seconds: float = KEPT_SECONDS
    clock: Callable[[], float] = time.monotonic
    _held: dict[tuple[int, int], tuple[float, bytes]] = field(
        default_factory=dict[tuple[int, int], tuple[float, bytes]], repr=False
    )

    def key(self, generation: int, epoch: int) -> bytes:
        """The key, at most `seconds` after it was fetched; every key older than that is forgotten here."""
        self.forget(older_than=self.seconds)
        name = (generation, epoch)
        if name not in self._held:
            self._held[name] = (self.clock(), self.source.key(generation, epoch))
        return self._held[name][1]

    def forget(self, *, older_than: float = 0) -> None:
        """Forget the keys fetched that many seconds ago or earlier."""
        now = self.clock()
        while self._held:  # in the order they were fetched: one look is enough where nothing is due
            name = next(iter(self._held))
            if now - self._held[name][0] < older_than:
                return
            del self._held[name]
