"""Alerts: somebody asks like one who fishes. A row stands until a human has looked; it names no person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import orjson

from registry.store import vault
from registry.store.database import ENVELOPE, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """`scope` is user, organisation or registry (of the latter only the counts say something), or emergency-user,
    emergency-organisation or emergency-target: more emergencies than a day has, by one asker or about one child.

    `asked` questions by description were weighed since the account was looked at last, `silent` of them in vain; of
    a target they are not counted.
    """

    id: UUID
    since: date
    account: int
    scope: str
    organisation: str
    user: str
    asked: int
    silent: int


async def put(tx: Transaction, house: UUID, alert: Alert) -> None:
    """Keep an alert, sealed under the registry's own dossier `house`."""
    await vault.load_keys(tx, [house])
    told = {name: getattr(alert, name) for name in ("account", "scope", "organisation", "user", "asked", "silent")}
    sealed = vault.seal(tx, house, orjson.dumps(told), table="alert", row=alert.id)
    await tx.connection.execute(
        "INSERT INTO registry.alert (alert, dossier, day, envelope, sealed) VALUES (%s, %s, %s, %s, %s)",
        (alert.id, house, alert.since, ENVELOPE, sealed),
    )


async def standing(tx: Transaction) -> tuple[Alert, ...]:
    """Every alert nobody has lifted, the oldest first."""
    cursor = await tx.connection.execute("SELECT alert, dossier, day, sealed FROM registry.alert ORDER BY day, alert")
    rows = await cursor.fetchall()
    await vault.load_keys(tx, {row[1] for row in rows})
    return tuple(_open(tx, *row) for row in rows)


async def count(tx: Transaction) -> int:
    cursor = await tx.connection.execute("SELECT count(*) FROM registry.alert")
    row = await cursor.fetchone()
    return row[0] if row else 0


async def remove(tx: Transaction, id: UUID) -> None:
    await tx.connection.execute("DELETE FROM registry.alert WHERE alert = %s", (id,))


def _open(tx: Transaction, id: UUID, house: UUID, since: date, sealed: bytes) -> Alert:
    told: dict[str, Any] = orjson.loads(vault.unseal(tx, house, sealed, table="alert", row=id))
    return Alert(id=id, since=since, **told)
