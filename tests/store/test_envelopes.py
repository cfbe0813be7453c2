"""A sealed cell opens in its own place only, under its own key only, and unchanged only."""

from __future__ import annotations

from uuid import UUID

import pytest

from registry.errors import KeyProblem
from registry.store import audit, documents, dossiers, judgements, vault
from registry.store.database import Transaction
from tests.store import rows

pytestmark = pytest.mark.anyio

BODY = b'{"resourceType":"Patient","id":"a"}'


async def test_a_cell_moved_to_another_row_of_its_dossier_does_not_open(tx: Transaction) -> None:
    one = await rows.open_dossier(tx)
    await rows.put(tx, one.id, BODY, BODY.replace(b'"a"', b'"b"'))
    await rows.rows(
        tx,
        """
        UPDATE registry.document AS held
        SET sealed = other.sealed
        FROM registry.document AS other
        WHERE held.dossier = %s AND other.dossier = held.dossier AND other.document <> held.document
        """,
        one.id,
    )
    with pytest.raises(KeyProblem, match="does not open"):
        await documents.load(tx, [one.id])


async def test_a_cell_moved_to_another_dossier_does_not_open(tx: Transaction) -> None:
    one, other = await rows.open_dossier(tx), await rows.open_dossier(tx, "p-2")
    await rows.rows(
        tx,
        "UPDATE registry.dossier SET sealed = (SELECT sealed FROM registry.dossier WHERE dossier = %s) "
        "WHERE dossier = %s",
        one.id,
        other.id,
    )
    with pytest.raises(KeyProblem, match="does not open"):
        await dossiers.load(tx, [other.id])


async def test_a_cell_moved_to_another_column_does_not_open(tx: Transaction) -> None:
    left, right = await rows.open_dossier(tx), await rows.open_dossier(tx, "p-2")
    await judgements.append(tx, rows.judgement(left.id, right.id), today=rows.today())
    await rows.rows(tx, "UPDATE registry.judgement SET sealed = evidence, evidence = sealed")
    with pytest.raises(KeyProblem, match="does not open"):
        await judgements.about(tx, [left.id])


async def test_a_cell_moved_to_another_table_does_not_open(tx: Transaction) -> None:
    one = await rows.open_dossier(tx)
    await audit.write(tx, one.id, {"action": "ask"}, today=rows.today())
    await rows.put(tx, one.id, BODY)
    await rows.rows(
        tx,
        """
        WITH moved AS (SELECT dossier, detail, day, sealed FROM registry.audit_detail WHERE dossier = %s)
        INSERT INTO registry.document (dossier, document, day, envelope, digest, sealed)
        SELECT dossier, detail, day, 1, '', sealed FROM moved
        """,
        one.id,
    )
    with pytest.raises(KeyProblem, match="does not open"):
        await documents.load(tx, [one.id])


async def test_data_keys_do_not_change_places(tx: Transaction) -> None:
    one, other = await rows.open_dossier(tx), await rows.open_dossier(tx, "p-2")
    await rows.rows(
        tx,
        "UPDATE vault.data_key SET wrapped = (SELECT wrapped FROM vault.data_key WHERE dossier = %s) "
        "WHERE dossier = %s",
        one.id,
        other.id,
    )
    tx.data_keys.clear()
    with pytest.raises(KeyProblem, match="does not open"):
        await vault.load_keys(tx, [other.id])


@pytest.mark.parametrize("at", [0, 1, 12, 13, 40, -1])
async def test_one_changed_byte_does_not_open(tx: Transaction, at: int) -> None:
    one = await rows.open_dossier(tx)
    ((sealed,),) = await rows.rows(tx, "SELECT sealed FROM registry.dossier WHERE dossier = %s", one.id)
    changed = bytearray(sealed)
    changed[at] ^= 1
    await rows.rows(tx, "UPDATE registry.dossier SET sealed = %s WHERE dossier = %s", bytes(changed), one.id)
    with pytest.raises(KeyProblem, match="does not open"):
        await dossiers.load(tx, [one.id])


async def test_every_dossier_has_a_key_of_its_own(tx: Transaction) -> None:
    ids: list[UUID] = [(await rows.open_dossier(tx, f"p-{number}")).id for number in range(20)]
    tx.data_keys.clear()
    await vault.load_keys(tx, ids)
    assert len(set(tx.data_keys.values())) == 20
