"""Which partitions a statement really touches: the statements are those the store sent, not copies of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, LiteralString, cast

import psycopg

from registry.store.database import Connection, Transaction

PARTITION = re.compile(r"(.+)_[0-7]")
_PLACEHOLDER = re.compile(r"%s|%\((\w+)\)s")


@dataclass(frozen=True, slots=True)
class Sent:
    """A statement as it was sent, with its values."""

    statement: str
    values: Sequence[Any] | Mapping[str, Any]


@dataclass(slots=True)
class Recording:
    sent: list[Sent] = field(default_factory=list)


@contextmanager
def recorded(connection: Connection) -> Iterator[Recording]:
    """Everything sent over this connection while the block runs."""
    recording = Recording()

    class Cursor(psycopg.AsyncCursor[Any]):
        async def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
            recording.sent.append(Sent(str(query), params or ()))
            return await super().execute(query, params, **options)

        async def executemany(self, query: Any, params_seq: Any, **options: Any) -> None:
            every = list(params_seq)
            recording.sent.extend(Sent(str(query), params) for params in every)
            await super().executemany(query, every, **options)

    before, connection.cursor_factory = connection.cursor_factory, Cursor
    try:
        yield recording
    finally:
        connection.cursor_factory = before


async def touched(tx: Transaction, sent: Sent) -> dict[str, set[str]]:
    """The partitions of each table that running the statement once more touches; what it changes is undone.

    It is prepared and planned as the session does it from the sixth time on.
    """
    plan = await _explained(tx, sent)
    found: dict[str, set[str]] = {}
    for node in _nodes(plan):
        parted = PARTITION.fullmatch(node.get("Relation Name", ""))
        if parted and node.get("Actual Loops", 0) > 0:
            found.setdefault(parted[1], set()).add(node["Relation Name"])
    return found


async def _explained(tx: Transaction, sent: Sent) -> Any:
    arguments = ", ".join(await _literals(tx, sent))
    explain = f"EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE asked{f'({arguments})' if arguments else ''}"
    plan: Any = None
    async with tx.connection.transaction(force_rollback=True):
        await tx.connection.execute(cast(LiteralString, f"PREPARE asked AS {_numbered(sent)}"))
        for _ in range(6):
            cursor = await tx.connection.execute(cast(LiteralString, explain))
            plan = await cursor.fetchone()
        await tx.connection.execute("DEALLOCATE asked")
    return plan[0][0]["Plan"]


def _numbered(sent: Sent) -> str:
    """The statement with $1, $2 for its placeholders."""
    names: list[str] = []

    def number(found: re.Match[str]) -> str:
        name = found[1] or str(len(names))
        if name not in names:
            names.append(name)
        return f"${names.index(name) + 1}"

    return _PLACEHOLDER.sub(number, sent.statement)


async def _literals(tx: Transaction, sent: Sent) -> list[str]:
    names = dict.fromkeys(found[1] or at for at, found in enumerate(_PLACEHOLDER.finditer(sent.statement)))
    values = [sent.values[name] for name in names]  # pyright: ignore[reportArgumentType, reportCallIssue]
    cursor = psycopg.AsyncClientCursor(tx.connection)
    return [cursor.mogrify("%s", (each,)) for each in values]


def _nodes(plan: Any) -> Iterator[Any]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from _nodes(below)
