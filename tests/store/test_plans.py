"""Every hot query touches one partition of each table, however often a connection has sent it before."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from uuid import UUID

import pytest

from registry.flows.opening import Registry
from registry.store import audit, documents, dossiers, judgements, keys, matters, releases, submissions, vault
from registry.store.database import Transaction
from registry.store.functions import Function
from tests.store import plans, rows

pytestmark = pytest.mark.anyio

BODY = b'{"resourceType":"Immunization","id":"d-1"}'
Work = Callable[[Transaction, UUID], Awaitable[object]]


async def _append_document(tx: Transaction, one: UUID) -> None:
    await rows.put(tx, one, BODY)


async def _rewrite(tx: Transaction, one: UUID) -> None:
    held = (await dossiers.load(tx, [one], lock=True))[one]
    await dossiers.rewrite(tx, [replace(held, local="other")])


async def _judge(tx: Transaction, one: UUID) -> None:
    await judgements.append(tx, rows.judgement(one, one), today=rows.today())
    await judgements.about(tx, [one])


async def _receipt(tx: Transaction, one: UUID) -> None:
    digest = submissions.digest(tx, one, [BODY])
    await submissions.record(tx, one, digest, {}, id=tx.new_id(), today=rows.today())
    await submissions.receipt(tx, one, digest)


async def _release(tx: Transaction, one: UUID) -> None:
    await releases.record(tx, rows.release(one, await releases.draw_position(tx)), today=rows.today())
    await releases.of_person(tx, [one])


async def _audit(tx: Transaction, one: UUID) -> None:
    await audit.write(tx, one, {"action": "ask"}, today=rows.today())
    await audit.entries(tx, [one])


async def _load_key(tx: Transaction, one: UUID) -> None:
    tx.data_keys.clear()
    await vault.load_keys(tx, [one])


HOT: dict[str, Work] = {
    "open the data key": _load_key,
    "load a dossier": lambda tx, one: dossiers.load(tx, [one]),
    "lock and rewrite a dossier": _rewrite,
    "append a document": _append_document,
    "load the documents": lambda tx, one: documents.load(tx, [one]),
    "look a key up": lambda tx, _: keys.sharing(tx, [7]),
    "add a key": lambda tx, one: keys.add(tx, [(8, one)]),
    "remove a key": lambda tx, one: keys.remove(tx, [(7, one)]),
    "judge": _judge,
    "receipt": _receipt,
    "release": _release,
    "audit": _audit,
    "matters of a family": lambda tx, one: matters.about(tx, [one], "dispute"),
}


@pytest.mark.parametrize("work", HOT.values(), ids=HOT.keys())
async def test_a_hot_query_touches_one_partition_of_each_table(tx: Transaction, work: Work) -> None:
    one = (await rows.open_dossier(tx)).id
    others = [await rows.open_dossier(tx, f"other-{number}") for number in range(20)]
    await keys.add(tx, [(7, one), *((number, each.id) for number, each in enumerate(others))])
    for each in (one, *(each.id for each in others)):
        await rows.put(tx, each, BODY)
    with plans.recorded(tx.connection) as recording:
        await work(tx, one)
    assert recording.sent
    touched = [await plans.touched(tx, each) for each in recording.sent if _is_plannable(each)]
    assert [each for each in touched if any(len(partitions) > 1 for partitions in each.values())] == []
    inserts_only = all("INSERT" in each.statement for each in recording.sent)
    assert any(touched) or inserts_only


def _is_plannable(sent: plans.Sent) -> bool:
    """An insertion is routed to one partition by its own row; running it once more would find it there."""
    return "INSERT INTO" not in sent.statement


FUNCTIONS = {
    Function.RELEASE: (
        "open the data key",
        "load a dossier",
        "load the documents",
        "look a key up",
        "add a key",
        "release",
    ),
    Function.INGEST: ("lock and rewrite a dossier", "append a document", "remove a key", "receipt"),
    Function.MATCH: ("load a dossier", "lock and rewrite a dossier", "look a key up", "judge"),
    Function.RIGHTS: ("audit",),
}


@pytest.mark.parametrize(("function", "what"), [(each, what) for each, held in FUNCTIONS.items() for what in held])
async def test_the_same_holds_for_the_functions_behind_their_policies(
    registry: Registry, function: Function, what: str
) -> None:
    async with registry.database.transaction() as tx:
        one = (await rows.open_dossier(tx)).id
        await keys.add(tx, [(7, one)])
        await rows.put(tx, one, BODY)
    async with registry.database.transaction(function) as tx:
        await dossiers.load(tx, [one])
        with plans.recorded(tx.connection) as recording:
            await HOT[what](tx, one)
        sent = [each for each in recording.sent if _is_plannable(each) and "registry.admit" not in each.statement]
        touched = [await plans.touched(tx, each) for each in sent]
    assert [each for each in touched if any(len(partitions) > 1 for partitions in each.values())] == []


async def test_many_keys_are_looked_up_in_the_partition_of_each_and_no_other(tx: Transaction) -> None:
    one = await rows.open_dossier(tx)
    await keys.add(tx, [(number, one.id) for number in range(64)])
    (where,) = await rows.rows(tx, "SELECT tableoid::regclass::text FROM registry.lookup_key WHERE key = 5")
    beside = await rows.rows(
        tx, "SELECT key FROM registry.lookup_key WHERE tableoid = %s::regclass::oid LIMIT 6", where[0]
    )
    with plans.recorded(tx.connection) as recording:
        found = await keys.sharing(tx, [key for (key,) in beside])
    assert len(found) == len(beside) >= 2
    touched = await plans.touched(tx, recording.sent[0])
    assert touched == {"lookup_key": {where[0].removeprefix("registry.")}}


async def test_the_measure_notices_a_session_that_plans_once_for_any_values(tx: Transaction) -> None:
    one = await rows.open_dossier(tx)
    await rows.put(tx, one.id, BODY)
    await rows.rows(tx, "SET LOCAL plan_cache_mode = force_generic_plan")
    with plans.recorded(tx.connection) as recording:
        await documents.load(tx, [one.id])
    touched = await plans.touched(tx, recording.sent[0])
    assert len(touched["document"]) == 8


async def test_the_measure_notices_a_query_that_touches_every_partition(tx: Transaction) -> None:
    careless = plans.Sent("SELECT sealed FROM registry.document WHERE document = %s", (tx.new_id(),))
    touched = await plans.touched(tx, careless)
    assert {name: len(partitions) for name, partitions in touched.items()} == {"document": 8}
