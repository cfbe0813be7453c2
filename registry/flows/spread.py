"""Work spread over processes that share what was in memory when they began."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from itertools import repeat
from typing import Any, TypeVar

from registry.errors import Unavailable

State = TypeVar("State")
Task = TypeVar("Task")
Result = TypeVar("Result")
Progress = Callable[[str, int, int], None]
"""Called with the step, how much of it is done, and how much there is."""

_FEW = 3  # tasks are not worth a process of their own


def unseen(step: str, done: int, total: int) -> None:
    """The progress nobody looks at."""
    _ = step, done, total


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How work is done: by how many processes, and who is told how far it is."""

    jobs: int = 1
    progress: Progress = unseen

    def over(
        self, work: Callable[[State, Task], Result], state: State, tasks: Sequence[Task], *, step: str
    ) -> Iterator[Result]:
        """The results of `work` in the order of the tasks. Raises Unavailable when a process is ended from outside."""
        if self.jobs == 1 or len(tasks) < _FEW:
            yield from self._told(map(work, repeat(state), tasks), len(tasks), step)
            return
        # Forked, a process has the rows and the index without a copy of either.
        forked = multiprocessing.get_context("fork")
        with ProcessPoolExecutor(self.jobs, mp_context=forked, initializer=_begin, initargs=(work, state)) as pool:
            try:
                yield from self._told(pool.map(_go_on, tasks), len(tasks), step)
            except BrokenProcessPool:
                remedy = "give it fewer processes with --jobs, or a machine with more memory"
                raise Unavailable("a process was ended, most likely for lack of memory", remedy=remedy) from None

    def _told(self, results: Iterable[Result], count: int, step: str) -> Iterator[Result]:
        for done, each in enumerate(results, start=1):
            self.progress(step, done, count)
            yield each


_held: dict[str, Any] = {}


def _begin(work: Callable[[Any, Any], Any], state: Any) -> None:
    """In a process of the pool: remember what all its tasks share, and leave interrupts to who began it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _held.update(work=work, state=state)


def _go_on(task: Any) -> Any:
    return _held["work"](_held["state"], task)
