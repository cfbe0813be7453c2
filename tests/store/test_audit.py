"""The audit log: placed once and in order, and whoever changes it afterwards is found out."""

from __future__ import annotations

import asyncio
from typing import LiteralString

import orjson
import pytest

from registry.flows import trail
from registry.flows.opening import Registry
from registry.store import audit, vault
from registry.store.database import Transaction
from registry.trust import checkpoint, merkle, p256
from tests.store import rows

pytestmark = pytest.mark.anyio


async def written(registry: Registry, count: int) -> None:
    async with registry.database.transaction() as tx:
        one = await rows.open_dossier(tx)
        for number in range(count):
            await trail.write(tx, registry, one.id, "ask", None, answer=f"nothing {number}")


async def a_log(registry: Registry) -> None:
    """Twelve leaves under three checkpoints, of sizes 3, 8 and 12."""
    for count in (3, 5, 4):
        await written(registry, count)
        assert await trail.sequence(registry) == count


async def test_an_untouched_log_holds(registry: Registry) -> None:
    await a_log(registry)
    proof = await trail.verify(registry)
    assert proof.holds
    assert (proof.leaves, proof.checkpoints, proof.details_checked, proof.pending) == (12, 3, 12, 0)


async def test_an_empty_log_holds_and_nothing_is_sequenced_for_nothing(registry: Registry) -> None:
    assert (await trail.verify(registry)).holds
    assert await trail.sequence(registry) == 0
    await a_log(registry)
    assert await trail.sequence(registry) == 0
    assert (await trail.verify(registry)).checkpoints == 3


async def test_what_is_not_placed_yet_is_pending_and_the_log_holds(registry: Registry) -> None:
    await a_log(registry)
    await written(registry, 2)
    proof = await trail.verify(registry)
    assert (proof.holds, proof.leaves, proof.pending) == (True, 12, 2)


async def test_positions_have_no_gaps_whoever_sequences(registry: Registry) -> None:
    async def busy() -> None:
        for _ in range(4):
            await written(registry, 2)
            await trail.sequence(registry)

    await asyncio.gather(busy(), busy(), busy())
    await trail.sequence(registry)
    async with registry.database.transaction() as tx:
        placed = await audit.sequenced(tx)
    assert [position for position, _, _ in placed] == list(range(24))
    assert len({leaf for _, leaf, _ in placed}) == 24
    assert (await trail.verify(registry)).holds


async def test_a_leaf_of_a_transaction_that_failed_is_nowhere(registry: Registry) -> None:
    async def fail() -> None:
        async with registry.database.transaction() as tx:
            one = await rows.open_dossier(tx)
            await trail.write(tx, registry, one.id, "ask", None)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert await trail.sequence(registry) == 0
    assert (await trail.verify(registry)).leaves == 0


SWAP = """
    UPDATE registry.audit_sequence AS held
    SET leaf = other.leaf
    FROM registry.audit_sequence AS other
    WHERE held.position + other.position = 9 AND held.position IN (4, 5)
"""
EDIT = """
    UPDATE registry.audit_leaf SET commitment = sha256(commitment)
    WHERE leaf = (SELECT leaf FROM registry.audit_sequence WHERE position = 11)
"""
TAMPERING: dict[str, tuple[tuple[LiteralString, ...], str]] = {
    "a commitment is edited": (
        (EDIT,),
        "differs from the signed checkpoint of size 12",
    ),
    "a commitment and its event vanish": (
        (
            "DELETE FROM registry.audit_leaf AS leaf USING registry.audit_sequence AS placed "
            "WHERE leaf.leaf = placed.leaf AND position = 5",
        ),
        "the leaf at position 5 was removed",
    ),
    "a leaf is taken out of the sequence": (
        ("DELETE FROM registry.audit_sequence WHERE position = 5",),
        "position 5 of the log is missing",
    ),
    "a leaf is taken out and the gap closed": (
        (
            "DELETE FROM registry.audit_sequence WHERE position = 5",
            "UPDATE registry.audit_sequence SET position = 5 WHERE position = 11",
        ),
        "differs from the signed checkpoint of size 8",
    ),
    "two leaves change places": (
        ("ALTER TABLE registry.audit_sequence DROP CONSTRAINT audit_sequence_leaf_key", SWAP),
        "differs from the signed checkpoint of size 8",
    ),
    "the end is cut and the checkpoint left": (
        ("DELETE FROM registry.audit_sequence WHERE position >= 8",),
        "the log was cut: a checkpoint covers 12 leaves, 8 are left",
    ),
    "all is cut and the checkpoints left": (
        ("DELETE FROM registry.audit_sequence", "DELETE FROM registry.audit_leaf"),
        "the log was cut: a checkpoint covers 3 leaves, 0 are left",
    ),
    "a leaf is put in at the end": (
        (
            "INSERT INTO registry.audit_leaf "
            "SELECT gen_random_uuid(), day, commitment FROM registry.audit_leaf LIMIT 1",
            "INSERT INTO registry.audit_sequence SELECT 12, leaf FROM registry.audit_leaf AS leaf "
            "WHERE NOT EXISTS (SELECT FROM registry.audit_sequence AS placed WHERE placed.leaf = leaf.leaf)",
        ),
        "1 placed leaves are under no checkpoint",
    ),
    "the last checkpoint is taken away": (
        ("DELETE FROM registry.audit_checkpoint WHERE size = 12",),
        "4 placed leaves are under no checkpoint",
    ),
    "a checkpoint claims another size": (
        ("UPDATE registry.audit_checkpoint SET size = 11 WHERE size = 12",),
        "the checkpoint of size 11 carries no valid signature",
    ),
    "a checkpoint says what was never signed": (
        ("UPDATE registry.audit_checkpoint SET checkpoint = replace(checkpoint, E'\\n12\\n', E'\\n13\\n')",),
        "the checkpoint of size 12 carries no valid signature",
    ),
}


@pytest.mark.parametrize(("statements", "problem"), TAMPERING.values(), ids=TAMPERING.keys())
async def test_tampering_is_found_and_named(
    registry: Registry, statements: tuple[LiteralString, ...], problem: str
) -> None:
    await a_log(registry)
    async with registry.database.transaction() as tx:
        for each in statements:
            await rows.rows(tx, each)
    proof = await trail.verify(registry)
    assert not proof.holds
    assert any(problem in each for each in proof.problems), proof.problems


UNPLACED: dict[str, tuple[tuple[LiteralString, ...], str]] = {
    "an event is kept from ever being placed": (
        ("DELETE FROM registry.audit_pending",),
        "1 leaves are neither in the log nor waiting",
    ),
    "the end is cut together with its checkpoint": (
        (
            "DELETE FROM registry.audit_sequence WHERE position >= 8",
            "DELETE FROM registry.audit_checkpoint WHERE size = 12",
        ),
        "4 leaves are neither in the log nor waiting",
    ),
    "the end is cut together with its checkpoint and its leaves": (
        (
            "DELETE FROM registry.audit_leaf AS leaf USING registry.audit_sequence AS placed "
            "WHERE leaf.leaf = placed.leaf AND position >= 8",
            "DELETE FROM registry.audit_sequence WHERE position >= 8",
            "DELETE FROM registry.audit_checkpoint WHERE size = 12",
        ),
        "4 events have no leaf",
    ),
    "the leaf of what waits is taken away": (
        ("DELETE FROM registry.audit_leaf AS leaf USING registry.audit_pending AS held WHERE leaf.leaf = held.leaf",),
        "1 events have no leaf",
    ),
    "the commitment of what waits is edited": (
        (
            "UPDATE registry.audit_leaf AS leaf SET commitment = sha256(commitment) "
            "FROM registry.audit_pending AS held WHERE leaf.leaf = held.leaf",
        ),
        "an event does not match its leaf",
    ),
}


@pytest.mark.parametrize(("statements", "problem"), UNPLACED.values(), ids=UNPLACED.keys())
async def test_an_event_that_is_neither_placed_nor_waiting_is_found(
    registry: Registry, statements: tuple[LiteralString, ...], problem: str
) -> None:
    await a_log(registry)
    await written(registry, 1)
    async with registry.database.transaction() as tx:
        for each in statements:
            await rows.rows(tx, each)
    problems = (await trail.verify(registry)).problems
    assert any(problem in each for each in problems), problems


async def test_an_erased_event_that_waits_is_still_pending_and_one_that_does_not_is_found(registry: Registry) -> None:
    await a_log(registry)
    async with registry.database.transaction() as tx:
        one = await rows.open_dossier(tx)
        await trail.write(tx, registry, one.id, "ask", None)
        await rows.destroy_key(tx, one.id)
    proof = await trail.verify(registry)
    assert (proof.holds, proof.pending) == (True, 1)
    async with registry.database.transaction() as tx:
        await rows.rows(tx, "DELETE FROM registry.audit_pending")
    assert not (await trail.verify(registry)).holds


async def test_an_event_written_anew_by_somebody_with_every_key_does_not_match_its_leaf(registry: Registry) -> None:
    await a_log(registry)
    async with registry.database.transaction() as tx:
        await _rewrite_one_event(tx)
    proof = await trail.verify(registry)
    assert [each.partition(" (")[0] for each in proof.problems] == ["an event does not match its leaf"]


async def _rewrite_one_event(tx: Transaction) -> None:
    (row,) = await rows.rows(tx, "SELECT dossier, detail, sealed FROM registry.audit_detail LIMIT 1")
    dossier, detail, sealed = row
    await vault.load_keys(tx, [dossier])
    content = orjson.loads(vault.unseal(tx, dossier, sealed, table="audit_detail", row=detail))
    content["event"]["answer"] = "summary"
    anew = vault.seal(tx, dossier, orjson.dumps(content), table="audit_detail", row=detail)
    await rows.rows(tx, "UPDATE registry.audit_detail SET sealed = %s WHERE detail = %s", anew, detail)


async def test_a_checkpoint_signed_by_somebody_else_is_not_believed(registry: Registry) -> None:
    await a_log(registry)
    async with registry.database.transaction() as tx:
        # The whole log is written anew: other leaves, and a checkpoint over them that fits, by a stranger's key.
        await rows.rows(tx, "UPDATE registry.audit_leaf SET commitment = sha256(commitment)")
        placed = await audit.sequenced(tx)
        for size, _ in await audit.checkpoints(tx):
            root = merkle.root(merkle.leaf_hash(commitment or b"") for _, _, commitment in placed[:size])
            stranger = p256.fresh(lambda count: b"\x05" * count)
            forged = checkpoint.issue(trail.origin(registry), size, root, stranger)
            await rows.rows(tx, "UPDATE registry.audit_checkpoint SET checkpoint = %s WHERE size = %s", forged, size)
    proof = await trail.verify(registry)
    assert sum("carries no valid signature" in each for each in proof.problems) == 3


async def test_a_checkpoint_of_another_log_of_the_same_key_is_not_believed(registry: Registry) -> None:
    await a_log(registry)
    async with registry.database.transaction() as tx:
        placed = await audit.sequenced(tx)
        root = merkle.root(merkle.leaf_hash(commitment or b"") for _, _, commitment in placed)
        other = checkpoint.issue("elsewhere.example/audit", 12, root, registry.database.keyring.audit_key)
        await rows.rows(tx, "UPDATE registry.audit_checkpoint SET checkpoint = %s WHERE size = 12", other)
    proof = await trail.verify(registry)
    assert any("of size 12 carries no valid signature" in each for each in proof.problems)


async def test_erasing_what_an_event_was_about_leaves_the_log_whole(registry: Registry) -> None:
    await a_log(registry)
    async with registry.database.transaction() as tx:
        (row,) = await rows.rows(tx, "SELECT dossier FROM registry.audit_detail LIMIT 1")
        await rows.destroy_key(tx, row[0])
    proof = await trail.verify(registry)
    assert proof.holds
    assert (proof.leaves, proof.details_checked < 12) == (12, True)


async def test_events_tell_the_day_and_nothing_else_in_clear(registry: Registry) -> None:
    await a_log(registry)
    async with registry.database.transaction() as tx:
        found = await rows.rows(tx, "SELECT DISTINCT day FROM registry.audit_leaf")
        salted = await rows.rows(tx, "SELECT DISTINCT commitment FROM registry.audit_leaf")
    assert found == [(registry.today(),)]
    assert len(salted) == 12
