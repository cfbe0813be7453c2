"""Finding by keyed hashes: bounded whatever the data, and blind to what was hashed."""

from __future__ import annotations

import pytest

from registry.store import keys
from registry.store.database import Transaction
from tests.store import rows

pytestmark = pytest.mark.anyio


async def crowd(tx: Transaction, key: int, size: int) -> None:
    await rows.rows(
        tx,
        "INSERT INTO registry.lookup_key SELECT %s, gen_random_uuid() FROM generate_series(1, %s::int)",
        key,
        size,
    )


@pytest.mark.parametrize(("size", "read"), [(0, 0), (1, 1), (200, 200), (201, 201), (202, 201), (5000, 201)])
async def test_a_key_gives_at_most_201_dossiers(tx: Transaction, size: int, read: int) -> None:
    await crowd(tx, 5, size)
    found = await keys.sharing(tx, [5])
    assert len(found.get(5, [])) == read
    assert len(set(found.get(5, []))) == read


async def test_a_hot_key_takes_nothing_from_the_others(tx: Transaction) -> None:
    await crowd(tx, 5, 1000)
    rare = tx.new_id()
    await keys.add(tx, [(6, rare), (-6, rare)])
    found = await keys.sharing(tx, [5, 6, -6, 7])
    assert {key: len(dossiers) for key, dossiers in found.items()} == {5: 201, 6: 1, -6: 1}


async def test_adding_twice_adds_once_and_removing_takes_only_what_is_named(tx: Transaction) -> None:
    one, other = tx.new_id(), tx.new_id()
    for _ in range(2):
        await keys.add(tx, [(5, one), (5, other), (6, one)])
    await keys.remove(tx, [(5, one), (7, one)])
    assert await keys.sharing(tx, [5, 6]) == {5: [other], 6: [one]}


async def test_the_only_dossier_behind_a_key_is_none_when_there_are_two(tx: Transaction) -> None:
    one, other = tx.new_id(), tx.new_id()
    assert await keys.only(tx, 5) is None
    await keys.add(tx, [(5, one)])
    assert await keys.only(tx, 5) == one
    await keys.add(tx, [(5, other)])
    assert await keys.only(tx, 5) is None


async def test_the_smallest_and_the_largest_key_are_found(tx: Transaction) -> None:
    one = tx.new_id()
    await keys.add(tx, [(-(2**63), one), (2**63 - 1, one)])
    assert set(await keys.sharing(tx, [-(2**63), 2**63 - 1])) == {-(2**63), 2**63 - 1}


async def test_one_text_hashes_otherwise_for_another_use(tx: Transaction) -> None:
    hashed = {
        keys.match_hash(tx, "person", "a", "b"),
        keys.match_hash(tx, "person", "ab", ""),
        keys.match_hash(tx, "person", "", "ab"),
        keys.match_hash(tx, "other", "a", "b"),
        keys.index_hash(tx, "person", "a", "b"),
    }
    assert len(hashed) == 5
    assert keys.match_hash(tx, "person", "a", "b") in hashed
