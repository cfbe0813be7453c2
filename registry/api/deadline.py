"""When an answer leaves: a question's at one fixed moment after it came, any other about a child at the next step of
a clock.

How long the work took would tell what it found. So what is found by the deadline waits for it, and what is not
found by then is answered like nothing at all: no answer leaves later because there was more to look through.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Annotated, Any, TypeVar

import structlog
from fastapi import Depends, Request, Response

from registry.api import bodies
from registry.errors import Conflict, KeyProblem, RegistryError, Unavailable

_log = structlog.get_logger()
_late: set[asyncio.Task[Any]] = set()
_taken: set[asyncio.Task[Any]] = set()
"""The questions that hold a place: each until its deadline, and longer only while its work goes on."""

Found = TypeVar("Found")


async def _arrival() -> float:
    return time.monotonic()


Arrived = Annotated[float, Depends(_arrival)]
"""When the request was there with its whole body, in seconds of the clock that nobody sets."""


async def by_deadline(
    work: Coroutine[Any, Any, Found | None], *, arrived: float, seconds: float, places: int | None = None
) -> Found | None:
    """What the work finds within so many seconds of the arrival, else None; in both cases exactly then.

    Work that is late goes on to its end, so that it is audited and counted, and nobody receives what it finds. 0
    seconds means no deadline. Errors that say nothing about a person are raised at the deadline too.

    Raises Unavailable while `places` questions are before it: whoever is refused so can ask again, where work begun
    beyond what the machine can do would make every answer late, and every child unknown.
    """
    _require_place(work, places)
    task = asyncio.create_task(work)
    if not seconds:
        return await task
    _taken.add(task)
    try:
        await asyncio.sleep(max(arrived + seconds - time.monotonic(), 0))
    finally:  # whoever asked may have gone
        is_late = not task.done()
        if is_late:
            _late.add(task)
            task.add_done_callback(_settle)
        else:
            _taken.discard(task)
    if not is_late:
        return _found(task)
    _log.warning("late", error="answer")
    return None


def _require_place(work: Coroutine[Any, Any, Any], places: int | None) -> None:
    """Raise Unavailable when every place is taken. They are held for a fixed time, so this says nothing of anybody."""
    if places is not None and len(_taken) >= places:
        work.close()
        raise Unavailable("too much is asked at once", remedy="ask again in a moment")


def _found(task: asyncio.Task[Found | None]) -> Found | None:
    """The outcome; an error that only a known person's records can cause is logged, and answered like nothing."""
    error = task.exception()
    if error is None:
        return task.result()
    if isinstance(error, RegistryError) and not isinstance(error, (Conflict, KeyProblem)):
        raise error
    _log.error("surprise", error=type(error).__name__)
    return None


def _settle(task: asyncio.Task[Any]) -> None:
    _late.discard(task)
    _taken.discard(task)
    error = None if task.cancelled() else task.exception()
    if error is not None:
        _log.error("late", error=type(error).__name__)


async def finished() -> None:
    """Wait for what was late, before the registry closes."""
    if _late:
        await asyncio.wait({*_late})


class Stepped(bodies.Told):
    """A route whose answers, errors included, leave at whole steps of the deadline after all of the request came."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def stepped(request: Request) -> Response:
            request = bodies.Once.of(request)
            await request.body()  # or whoever sends it slowly would choose where a step falls
            arrived = time.monotonic()
            try:
                return await handle(request)
            finally:
                step: float = request.app.state.registry.settings.answer_seconds
                if step:
                    await asyncio.sleep(step - (time.monotonic() - arrived) % step)

        return stepped
