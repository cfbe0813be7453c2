"""Dossiers: opened, rewritten, locked, and unreadable without their key."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from uuid import UUID

import pytest

from registry.flows.opening import Registry
from registry.store import dossiers
from registry.store.database import Transaction
from tests.store import rows

pytestmark = pytest.mark.anyio


async def test_a_dossier_comes_back_as_it_was_opened(tx: Transaction) -> None:
    about = {"resourceType": "Patient", "id": "p-1", "birthDate": "2012-05", "name": [{"given": ["أمينة"]}]}
    opened = replace(rows.dossier(), about=about, keys=(-(2**63), 0, 2**63 - 1))
    await dossiers.open_new(tx, [opened], today=rows.today())
    assert await dossiers.load(tx, [opened.id]) == {opened.id: opened}


async def test_a_rewritten_dossier_says_the_new_and_nothing_of_the_old(tx: Transaction) -> None:
    one, other = await rows.open_dossier(tx), await rows.open_dossier(tx, "p-2")
    joined = replace(one, person=other.id, members=(other.id, one.id))
    await dossiers.rewrite(tx, [joined])
    assert await dossiers.load(tx, [one.id, other.id]) == {one.id: joined, other.id: other}


async def test_an_unknown_dossier_is_not_there(tx: Transaction) -> None:
    assert await dossiers.load(tx, [tx.new_id()], lock=True) == {}
    assert await dossiers.load(tx, []) == {}


async def test_everyone_is_everyone_whose_key_still_exists(tx: Transaction) -> None:
    one, other = await rows.open_dossier(tx), await rows.open_dossier(tx, "p-2")
    await rows.destroy_key(tx, other.id)
    tx.data_keys.clear()
    found = {each.id for each in await dossiers.everyone(tx)}
    assert one.id in found
    assert other.id not in found


async def test_the_same_content_sealed_twice_looks_different(tx: Transaction) -> None:
    one = await rows.open_dossier(tx)
    (before,) = await rows.rows(tx, "SELECT sealed FROM registry.dossier WHERE dossier = %s", one.id)
    await dossiers.rewrite(tx, [one])
    (after,) = await rows.rows(tx, "SELECT sealed FROM registry.dossier WHERE dossier = %s", one.id)
    assert before != after


async def test_writers_who_lock_in_any_order_do_not_wait_for_each_other_for_ever(registry: Registry) -> None:
    async with registry.database.transaction() as tx:
        ids = [(await rows.open_dossier(tx, f"p-{number}")).id for number in range(6)]

    async def work(order: list[UUID]) -> None:
        for _ in range(5):
            async with registry.database.transaction() as tx:
                held = await dossiers.load(tx, order, lock=True)
                await dossiers.rewrite(tx, held.values())

    await asyncio.wait_for(asyncio.gather(work(ids), work(ids[::-1]), work(ids[3:] + ids[:3])), timeout=60)


async def test_a_locked_dossier_is_held_until_the_commit(registry: Registry) -> None:
    async with registry.database.transaction() as tx:
        one = await rows.open_dossier(tx)
    order: list[str] = []

    async def second() -> None:
        async with registry.database.transaction() as tx:
            await dossiers.load(tx, [one.id], lock=True)
            order.append("second")

    async with registry.database.transaction() as tx:
        await dossiers.load(tx, [one.id], lock=True)
        waiting = asyncio.create_task(second())
        await asyncio.sleep(0.1)
        order.append("first")
    await waiting
    assert order == ["first", "second"]
