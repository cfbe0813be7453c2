"""Accounts: what users, organisations and targets have spent of their day, and how much they look like fishing.

A share of the day flows back evenly, by a clock of minutes that the store keeps itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from psycopg.rows import class_row

from registry.store.database import Transaction

MOST_AT_ONCE = 10
"""Minutes that one look at the clock can add: what a clock set forward, or a pause, gives back at most."""
_DAY_MINUTES = 24 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """`spent` is a share of the day's budget, over 1 when it is exhausted; `suspicion` a sum of log-likelihoods."""

    account: int
    spent: float
    suspicion: float
    asked: int
    silent: int
    halted: bool


async def minute(tx: Transaction, now: datetime) -> int:
    """The minute of the budgets' clock, moved on to `now` when a minute has gone."""
    cursor = await tx.connection.execute("SELECT minutes, seen FROM registry.budget_clock")
    row = await cursor.fetchone()
    if row is None:
        await tx.connection.execute(
            "INSERT INTO registry.budget_clock (minutes, seen) VALUES (0, %s) ON CONFLICT DO NOTHING", (now,)
        )
        return 0
    minutes, seen = moved(row[0], row[1], now)
    if seen != row[1]:
        await tx.connection.execute(
            "UPDATE registry.budget_clock SET minutes = %s, seen = %s WHERE minutes = %s AND seen = %s",
            (minutes, seen, *row),
        )
    return minutes


def moved(minutes: int, seen: datetime, now: datetime) -> tuple[int, datetime]:
    """The clock after a look at `now`: whole minutes are added, never more than MOST_AT_ONCE, none for a step back."""
    gone = (now - seen) // timedelta(minutes=1)
    if 0 <= gone <= MOST_AT_ONCE:
        return minutes + gone, seen + timedelta(minutes=gone)
    return minutes + min(max(gone, 0), MOST_AT_ONCE), now


async def spend(tx: Transaction, shares: Mapping[int, float], *, minute: int) -> Sequence[Account]:
    """Take these shares of the day from these accounts, and say how they stand. One statement, whoever asks."""
    async with tx.connection.cursor(row_factory=class_row(Account)) as cursor:
        await cursor.execute(_SPEND, {"minute": minute, "accounts": [*shares], "shares": [*shares.values()]})
        return await cursor.fetchall()


# In the order of the accounts, so that two who spend never wait for each other. Who is over its budget stays a
# question over it, however often it tries.
_SPEND = """
    INSERT INTO registry.account AS held (account, spent, as_of)
    SELECT asked.account, asked.share, %(minute)s
    FROM unnest(%(accounts)s::bigint[], %(shares)s::double precision[]) AS asked (account, share)
    ORDER BY asked.account
    ON CONFLICT (account) DO UPDATE
    SET spent = least(
            greatest(held.spent - greatest(EXCLUDED.as_of - held.as_of, 0) / 1440.0, 0) + EXCLUDED.spent,
            1 + EXCLUDED.spent
        ),
        as_of = greatest(held.as_of, EXCLUDED.as_of)
    RETURNING account, spent, suspicion, asked, silent, halted
"""


async def give_back(tx: Transaction, shares: Mapping[int, float]) -> None:
    """Give back what a question took that was answered."""
    await tx.connection.execute(
        """
        UPDATE registry.account AS held
        SET spent = greatest(held.spent - taken.share, 0)
        FROM (
            SELECT mine.account, back.share
            FROM registry.account AS mine
            JOIN unnest(%s::bigint[], %s::double precision[]) AS back (account, share) USING (account)
            ORDER BY mine.account
            FOR UPDATE OF mine
        ) AS taken
        WHERE held.account = taken.account
        """,
        ([*shares], [*shares.values()]),
    )


async def suspect(tx: Transaction, steps: Mapping[int, float], *, is_silent: bool) -> Sequence[Account]:
    """Add the weight of one more answer to these accounts; none falls under 0, so that no credit is saved up."""
    async with tx.connection.cursor(row_factory=class_row(Account)) as cursor:
        values = {"accounts": [*steps], "steps": [*steps.values()], "silent": int(is_silent)}
        await cursor.execute(_SUSPECT, values)
        return await cursor.fetchall()


# Every account of a question was spent from before it was answered, so that its row is there.
_SUSPECT = """
    UPDATE registry.account AS held
    SET suspicion = greatest(held.suspicion + told.step, 0),
        asked = held.asked + 1,
        silent = held.silent + %(silent)s
    FROM (
        SELECT mine.account, each.step
        FROM registry.account AS mine
        JOIN unnest(%(accounts)s::bigint[], %(steps)s::double precision[]) AS each (account, step) USING (account)
        ORDER BY mine.account
        FOR UPDATE OF mine
    ) AS told
    WHERE held.account = told.account
    RETURNING held.account, held.spent, held.suspicion, held.asked, held.silent, held.halted
"""


async def begin(tx: Transaction, of: Iterable[int]) -> None:
    """Have a row for each of these accounts."""
    await tx.connection.execute(
        """
        INSERT INTO registry.account (account, spent, as_of)
        SELECT account, 0, 0 FROM unnest(%s::bigint[]) AS fresh (account) ORDER BY account
        ON CONFLICT DO NOTHING
        """,
        ([*of],),
    )


async def halt(tx: Transaction, accounts: Iterable[int]) -> frozenset[int]:
    """Mark these accounts; those that were not marked before."""
    cursor = await tx.connection.execute(
        "UPDATE registry.account SET halted = true WHERE account = ANY(%s) AND NOT halted RETURNING account",
        (sorted(accounts),),
    )
    return frozenset(row[0] for row in await cursor.fetchall())


async def lift(tx: Transaction, account: int) -> None:
    """Begin anew with an account that a human looked at."""
    await tx.connection.execute(
        "UPDATE registry.account SET halted = false, suspicion = 0, asked = 0, silent = 0 WHERE account = %s",
        (account,),
    )


async def forget(tx: Transaction, *, minute: int) -> None:
    """Remove accounts that nothing is spent of and nothing is suspected in: they say what an empty place says."""
    await tx.connection.execute(
        "DELETE FROM registry.account WHERE as_of < %s AND suspicion = 0 AND asked = 0 AND NOT halted",
        (minute - _DAY_MINUTES,),
    )
