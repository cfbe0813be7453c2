"""Structured logs that cannot tell anything personal: only fields on a short list get through, and only plain ones.

An allow-list, not a search for names: what nobody thought of is dropped, and the line says that it was.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

ALLOWED = frozenset(
    {
        "event", "level", "timestamp", "request_id", "route", "method", "status", "milliseconds", "error", "kind",
        "count", "linked", "reviewed", "new", "placed", "port", "adapter", "applied", "leaf",
    }
)  # fmt: skip
_PLAIN = (str, int, float, bool)
_LONGEST = 120


def redact(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Keep the allowed plain fields; name the fields that were dropped, never their values."""
    kept = {name: value for name, value in event.items() if name in ALLOWED and isinstance(value, _PLAIN)}
    kept = {name: value[:_LONGEST] if isinstance(value, str) else value for name, value in kept.items()}
    dropped = sorted(event.keys() - kept.keys())
    return kept | ({"dropped": dropped} if dropped else {})


def configure(*, quiet: bool = False) -> None:
    """Write JSON lines to the standard error; other libraries speak from warnings on, without their arguments.

    `quiet` is for commands: there the one message at the end says what went wrong.
    """
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            redact,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING if quiet else logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    least = logging.CRITICAL if quiet else logging.WARNING
    logging.basicConfig(level=logging.WARNING, handlers=[_Bare(least)], force=True)


class _Bare(logging.Handler):
    """Another library's record, without its text: a driver's message may quote a row."""

    def emit(self, record: logging.LogRecord) -> None:
        structlog.get_logger().warning("library", kind=record.name, error=record.levelname)
