"""Judgements: opened from both sides, their evidence dead when either side is."""

from __future__ import annotations

import pytest

from registry.store import judgements, vault
from registry.store.database import Transaction
from registry.store.dossiers import Dossier
from registry.store.judgements import StoredJudgement
from tests.store import rows

pytestmark = pytest.mark.anyio


async def judged(tx: Transaction) -> tuple[Dossier, Dossier, StoredJudgement]:
    left, right = await rows.open_dossier(tx), await rows.open_dossier(tx, "p-2")
    judgement = rows.judgement(left.id, right.id)
    await judgements.append(tx, judgement, today=rows.today())
    tx.data_keys.clear()
    return left, right, judgement


async def test_a_judgement_is_opened_from_either_side_and_once_from_both(tx: Transaction) -> None:
    left, right, judgement = await judged(tx)
    for asked in ([left.id], [right.id], [left.id, right.id]):
        tx.data_keys.clear()
        assert await judgements.about(tx, asked) == (judgement,)


@pytest.mark.parametrize("erased", [0, 1], ids=["left", "right"])
async def test_the_evidence_dies_with_either_dossier(tx: Transaction, erased: int) -> None:
    *pair, judgement = await judged(tx)
    await rows.destroy_key(tx, pair[erased].id)
    (held,) = await judgements.about(tx, [each.id for each in pair])
    assert (held.id, held.kind, held.evidence) == (judgement.id, "link", {})
    assert await judgements.about(tx, [pair[erased].id]) == ()


async def test_the_key_of_one_side_alone_does_not_open_the_evidence(tx: Transaction) -> None:
    left, right, _ = await judged(tx)
    await vault.load_keys(tx, [left.id, right.id])
    tx.data_keys[right.id] = tx.data_keys[left.id]  # a thief of one key has nothing to put here
    with pytest.raises(Exception, match="does not open"):
        await judgements.about(tx, [left.id])


async def test_the_two_rows_of_a_judgement_share_nothing_that_is_clear(tx: Transaction) -> None:
    left, right, judgement = await judged(tx)
    found = await rows.rows(
        tx,
        "SELECT dossier, judgement FROM registry.judgement WHERE dossier = ANY(%s)",
        [left.id, right.id],
    )
    ids = {each for row in found for each in row}
    assert len(found) == 2
    assert len(ids) == 4
    assert judgement.id not in ids


async def test_judgements_come_in_the_order_of_their_time(tx: Transaction) -> None:
    left, right = await rows.open_dossier(tx), await rows.open_dossier(tx, "p-2")
    told = [rows.judgement(left.id, right.id, kind) for kind in ("link", "distinct", "unsure")]
    for each in reversed(told):
        await judgements.append(tx, each, today=rows.today())
    found = await judgements.about(tx, [left.id])
    assert found == tuple(sorted(told, key=lambda each: (each.at, each.id)))
