"""What a family takes home from the audit log, and that it shows any later loss."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from random import Random

import orjson
import pytest

from registry.errors import BadInput, Unavailable, UnknownName
from registry.flows import proofs, publish, rights, trail
from registry.store import audit
from registry.trust import checkpoint, merkle, p256, receipt
from registry.trust.receipt import Believed, Receipt
from tests.support import builders, insider, witnesses
from tests.support.builders import CLINIC, NEIGHBOUR, OTHER_CLINIC, SCHOOL, World, allow, ask
from tests.support.insider import Insider
from tests.support.witnesses import Watched

pytestmark = pytest.mark.anyio
NAMES = ("ombuds.example", "un.example")


@pytest.fixture
async def card(world: World) -> str:
    await builders.known_child(world)
    card = await builders.family(world)
    await allow(world, card, CLINIC)
    await ask(world, CLINIC)
    await ask(world, OTHER_CLINIC)
    await trail.sequence(world.registry)
    return card


@pytest.fixture
async def watched(world: World, tmp_path: Path) -> AsyncIterator[Watched]:
    with witnesses.watched(world.registry, tmp_path, *NAMES) as opened:
        yield opened


def logs(world: World) -> dict[str, list[p256.Jwk]]:
    return {trail.origin(world.registry): publish.log_trust_file(world.registry)["keys"]}


def believed(world: World, held: Receipt, keys: dict[str, p256.Jwk] | None = None) -> Believed:
    found = receipt.verify(held, logs(world), keys or {}, quorum=len(keys or {}))
    assert isinstance(found, Believed), found
    return found


def told(held: Receipt) -> list[tuple[str, str, str]]:
    events = [each.event for each in held.entries]
    return sorted((each["action"], each["organisation"], each.get("answer", "")) for each in events)


async def test_a_family_gets_what_it_decided_and_what_those_it_named_were_answered(world: World, card: str) -> None:
    given = await proofs.for_family(world.registry, card)
    assert told(given.receipt) == [("ask", CLINIC, "summary"), ("consent-given", CLINIC, "yes")]
    assert believed(world, given.receipt).checkpoint.size >= 3


async def test_a_withdrawal_and_the_silence_after_it_are_on_the_receipt(world: World, card: str) -> None:
    await rights.withdraw(world.registry, card)
    await ask(world, CLINIC)
    await trail.sequence(world.registry)
    given = await proofs.for_family(world.registry, card)
    assert {("consent-withdrawn", "", ""), ("ask", CLINIC, "nothing")} <= {*told(given.receipt)}


async def test_nobody_the_family_did_not_name_stands_on_it(world: World, card: str) -> None:
    await ask(world, SCHOOL)
    await trail.sequence(world.registry)
    body = orjson.dumps(receipt.plain((await proofs.for_family(world.registry, card)).receipt)).decode()
    assert builders.found(body, (OTHER_CLINIC, SCHOOL)) == []


async def test_a_summary_that_rests_on_another_familys_consent_is_not_on_it() -> None:
    event = {"action": "ask", "organisation": CLINIC, "answer": "summary", "basis": [["mine", "1"], ["theirs", "1"]]}
    assert not trail.is_own(event, frozenset({"mine"}), frozenset({CLINIC}))
    assert trail.is_own({**event, "basis": [["mine", "1"]]}, frozenset({"mine"}), frozenset({CLINIC}))


async def test_a_receipt_is_under_a_checkpoint_that_enough_witnesses_cosigned(
    world: World, card: str, watched: Watched
) -> None:
    with pytest.raises(UnknownName, match="in a witnessed checkpoint yet"):
        await proofs.for_family(watched.registry, card)
    await watched.push()
    await rights.withdraw(world.registry, card)
    await trail.sequence(world.registry)
    given = await proofs.for_family(watched.registry, card)
    assert given.waiting == 1
    keys = {name: own.key for name, own in watched.witnesses.items()}
    assert {*believed(world, given.receipt, {name: p256.public(key) for name, key in keys.items()}).witnesses} == {
        *NAMES
    }


async def test_a_family_gets_nothing_of_another_child_and_a_wrong_card_gets_none(world: World, card: str) -> None:
    await builders.hand_over(world, builders.VACCINES, *builders.health_of(NEIGHBOUR))
    other = await builders.family(world, NEIGHBOUR)
    await trail.sequence(world.registry)
    with pytest.raises(UnknownName):
        await proofs.for_family(world.registry, other)
    with pytest.raises(UnknownName):
        await proofs.for_family(world.registry, "0" * len(card))


async def test_a_receipt_outlives_the_erasure_of_the_child(world: World, card: str) -> None:
    given = await proofs.for_family(world.registry, card)
    async with world.registry.database.transaction() as tx:
        await tx.connection.execute("DELETE FROM vault.data_key WHERE dossier <> %s", (world.registry.house,))
    proof = await trail.verify(world.registry, claims=proofs.claims(world.registry, {"r": body_of(given.receipt)}))
    assert proof.holds, proof.problems
    believed(world, given.receipt)


def body_of(held: Receipt) -> bytes:
    return orjson.dumps(receipt.plain(held))


# --- a later loss ----------------------------------------------------------------------------------

LOSSES = sorted({*insider.ACTS} - {"hide", "roll back"})
"""Acts on leaves. Who hides an event and leaves its leaf is found without a receipt; there is one checkpoint only."""


@pytest.mark.parametrize("act", LOSSES)
async def test_any_receipt_exposes_a_later_loss_though_everything_was_signed_anew(
    world: World, card: str, act: str
) -> None:
    """No witness at all; the insider owns the database and every key. The family's file alone tells."""
    held = (await proofs.for_family(world.registry, card)).receipt
    size = believed(world, held).checkpoint.size
    for _ in range(3):
        await ask(world, CLINIC, builders.UNKNOWN)
        await trail.sequence(world.registry)
    claims = proofs.claims(world.registry, {"receipt.json": body_of(held)})
    for seed in range(4):
        with suppress(ZeroDivisionError):
            async with world.registry.database.transaction() as tx:
                by = Insider(tx=tx, registry=world.registry, witnessed=size, dice=Random(seed))
                await insider.ACTS[act](by)
                await insider.sign_anew(by)
                alone = await trail.examine(tx, world.registry, witnesses={}, claims=())
                found = await trail.examine(tx, world.registry, witnesses={}, claims=claims)
                assert any("of the receipt receipt.json" in each for each in found.problems), found.problems
                assert not any("receipt" in each for each in alone.problems)
                raise ZeroDivisionError


async def test_an_untouched_log_proves_to_the_holder_that_it_only_grew(world: World, card: str) -> None:
    held = believed(world, (await proofs.for_family(world.registry, card)).receipt).checkpoint
    for _ in range(3):
        await ask(world, CLINIC, builders.UNKNOWN)
        await trail.sequence(world.registry)
        grown = await proofs.growth(world.registry, held.size)
        later = checkpoint.verify(grown.text, logs(world)[held.origin][0])
        assert isinstance(later, checkpoint.Checkpoint)
        assert receipt.continues(held, later, grown.path)


async def test_a_log_that_lost_something_cannot_prove_it_to_the_holder(world: World, card: str) -> None:
    held = believed(world, (await proofs.for_family(world.registry, card)).receipt).checkpoint
    async with world.registry.database.transaction() as tx:
        by = Insider(tx=tx, registry=world.registry, witnessed=held.size, dice=Random(1))
        await insider.drop(by)
        await insider.sign_anew(by)
    with pytest.raises(UnknownName):
        await proofs.growth(world.registry, held.size)  # it is shorter than the receipt
    await ask(world, CLINIC, builders.UNKNOWN)
    await trail.sequence(world.registry)
    grown = await proofs.growth(world.registry, held.size)
    later = checkpoint.verify(grown.text, logs(world)[held.origin][0])
    assert isinstance(later, checkpoint.Checkpoint)
    assert not receipt.continues(held, later, grown.path)


@pytest.mark.parametrize("older", [-1, 10_000])
async def test_no_growth_is_proved_from_a_size_the_log_never_had(world: World, card: str, older: int) -> None:
    assert card
    with pytest.raises(UnknownName):
        await proofs.growth(world.registry, older)


async def test_a_file_this_log_never_signed_accuses_nobody(world: World, card: str) -> None:
    held = (await proofs.for_family(world.registry, card)).receipt
    forged = checkpoint.issue(trail.origin(world.registry), 1, merkle.leaf_hash(b"x"), p256.fresh(Random(9).randbytes))
    for body in (b"{}", body_of(Receipt(text=forged, entries=held.entries))):
        with pytest.raises(BadInput):
            proofs.claims(world.registry, {"file": body})


async def test_a_receipt_is_not_given_while_the_log_does_not_agree_with_itself(world: World, card: str) -> None:
    async with world.registry.database.transaction() as tx:
        await tx.connection.execute("UPDATE registry.audit_leaf SET commitment = sha256(commitment)")
    with pytest.raises(Unavailable, match="does not agree"):
        await proofs.for_family(world.registry, card)


# --- proofs from tiles -----------------------------------------------------------------------------


async def test_proofs_from_tiles_are_those_from_all_leaves(world: World) -> None:
    """Over 1,300 leaves in uneven steps: more than five full tiles, and every kind of right edge."""
    dice = Random(3)
    async with world.registry.database.transaction() as tx:
        one = world.registry.house
        while (await audit.count(tx))[0] < 1300:
            await tx.connection.execute(
                """
                WITH fresh AS (
                    INSERT INTO registry.audit_leaf (leaf, day, commitment)
                    SELECT gen_random_uuid(), now(), sha256(gen_random_uuid()::text::bytea)
                    FROM generate_series(1, %s) RETURNING leaf
                )
                INSERT INTO registry.audit_pending (leaf) SELECT leaf FROM fresh
                """,
                (dice.choice([1, 3, 100, 255, 256, 257]),),
            )
            await _sequence_in(tx, world)
        assert one
    async with world.registry.database.transaction() as tx:
        leaves = [merkle.leaf_hash(commitment or b"") for _, _, commitment in await audit.sequenced(tx)]
        tiles = await insider.Insider(tx=tx, registry=world.registry, witnessed=1, dice=dice).rows(
            "SELECT level, position, hash FROM registry.audit_tile ORDER BY level, position"
        )
        size = len(leaves)
        assert tiles == [(1, at, merkle.root(leaves[at * 256 : at * 256 + 256])) for at in range(size // 256)]
        for _ in range(60):
            newer = dice.randint(1, size)
            older, index = dice.randint(0, newer), dice.randrange(newer)
            path = await proofs.tree.hashes(tx, merkle.inclusion_ranges(index, newer))
            assert path == merkle.inclusion_path(index, leaves[:newer])
            path = await proofs.tree.hashes(tx, merkle.consistency_ranges(older, newer))
            assert path == merkle.consistency_path(older, leaves[:newer])


async def _sequence_in(tx: audit.Transaction, world: World) -> None:
    """As `trail.sequence`, inside a transaction that is open already."""
    pending = await audit.take_pending(tx)
    newest = await audit.last_checkpoint(tx)
    before = newest[0] if newest else 0
    await audit.place(tx, [leaf for leaf, _ in pending], start=before)
    size = before + len(pending)
    text = insider.forged(world.registry, size, merkle.leaf_hash(b"not looked at"))
    await audit.record_checkpoint(tx, size, text, b"")
    await proofs.tree.complete(tx, size)
