"""Outbox, reviews, submissions, releases and the status list."""

from __future__ import annotations

import asyncio

import pytest

from registry.flows.opening import Registry
from registry.store import outbox, releases, reviews, submissions
from registry.store.database import Transaction
from registry.store.reviews import Doubt
from registry.trust import status
from tests.store import rows

pytestmark = pytest.mark.anyio


async def test_work_is_taken_in_order_and_by_kind(tx: Transaction) -> None:
    ids = [tx.new_id() for _ in range(5)]
    await outbox.put(tx, "match", ids)
    await outbox.put(tx, "revoked", ids[:1])
    assert await outbox.take(tx, "match", 3) == tuple(ids[:3])
    assert await outbox.waiting(tx, "match") == 2
    assert await outbox.take(tx, "match", 3) == tuple(ids[3:])
    assert await outbox.take(tx, "revoked", 3) == tuple(ids[:1])


async def test_work_is_due_again_when_its_transaction_fails(registry: Registry) -> None:
    async with registry.database.transaction() as tx:
        one = tx.new_id()
        await outbox.put(tx, "match", [one])

    async def fail() -> None:
        async with registry.database.transaction() as tx:
            assert await outbox.take(tx, "match", 10) == (one,)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    async with registry.database.transaction() as tx:
        assert await outbox.take(tx, "match", 10) == (one,)


async def test_two_workers_never_take_the_same_work(registry: Registry) -> None:
    async with registry.database.transaction() as tx:
        ids = [tx.new_id() for _ in range(40)]
        await outbox.put(tx, "match", ids)

    async def work() -> list[object]:
        taken: list[object] = []
        while True:
            async with registry.database.transaction() as tx:
                batch = await outbox.take(tx, "match", 3)
                await asyncio.sleep(0)
            if not batch:
                return taken
            taken.extend(batch)

    done = await asyncio.gather(work(), work(), work())
    assert sorted(each for taken in done for each in taken) == sorted(ids)


async def test_a_doubt_waits_until_it_is_settled(tx: Transaction) -> None:
    house = await rows.open_dossier(tx, "house")
    likely, unlikely = (
        Doubt(id=tx.new_id(), left=tx.new_id(), right=tx.new_id(), probability=p, since=rows.today())
        for p in (0.9, 0.6)
    )
    for each in (unlikely, likely):
        await reviews.put(tx, house.id, each)
    assert await reviews.waiting(tx) == (likely, unlikely)
    await reviews.settle(tx, likely.id)
    assert await reviews.waiting(tx) == (unlikely,)


async def test_a_file_is_known_again_by_its_bytes_and_its_source_only(tx: Transaction) -> None:
    house, other = await rows.open_dossier(tx, "house"), await rows.open_dossier(tx, "other house")
    digest = submissions.digest(tx, house.id, [b"file"])
    assert digest != submissions.digest(tx, other.id, [b"file"])
    assert digest != submissions.digest(tx, house.id, [b"fil", b"e"])
    await submissions.record(tx, house.id, digest, {"people": 3}, id=tx.new_id(), today=rows.today())
    assert await submissions.receipt(tx, house.id, digest) == {"people": 3}
    assert await submissions.receipt(tx, other.id, digest) is None


async def test_a_release_comes_back_with_its_dossier(tx: Transaction) -> None:
    one, other = await rows.open_dossier(tx), await rows.open_dossier(tx, "p-2")
    made = rows.release(one.id, await releases.draw_position(tx))
    await releases.record(tx, made, today=rows.today())
    assert await releases.of_person(tx, [one.id, other.id]) == (made,)
    assert await releases.of_person(tx, [other.id]) == ()


async def test_the_status_list_says_what_was_revoked_and_nothing_else(tx: Transaction) -> None:
    drawn = [await releases.draw_position(tx) for _ in range(30)]
    assert len(set(drawn)) == 30
    assert all(0 <= each < releases.STATUS_SIZE for each in drawn)
    assert await releases.revoke(tx, drawn[:10]) == 10
    assert await releases.revoke(tx, drawn[:12]) == 2
    assert await releases.revoke(tx, []) == 0
    assert await releases.revoked(tx) == tuple(sorted(drawn[:12]))
    published = status.encode(await releases.revoked(tx), releases.STATUS_SIZE)
    assert [status.is_revoked(published, each) for each in drawn] == [True] * 12 + [False] * 18


async def test_positions_are_drawn_and_not_counted(tx: Transaction) -> None:
    drawn = [await releases.draw_position(tx) for _ in range(20)]
    assert drawn != sorted(drawn)
    assert max(drawn) - min(drawn) > 1000
