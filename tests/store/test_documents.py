"""Documents: the exact bytes accepted, version after version."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from registry.store import documents
from registry.store.database import Transaction
from tests.store import rows

pytestmark = pytest.mark.anyio

BODIES = {
    "decimals keep their zeros": b'{"resourceType":"Immunization","id":"a","doseQuantity":{"value":0.500}}',
    "an exponent stays one": b'{"resourceType":"Immunization","id":"a","doseQuantity":{"value":5E-1}}',
    "white space stays": b'\r\n{ "resourceType"\t:"Immunization",\n\n  "id" : "a" }  \n',
    "escapes stay": rb'{"resourceType":"Immunization","id":"a","note":"\u0627\u0645\/\ud83d\ude00"}',
    "scripts stay": '{"resourceType":"Patient","id":"a","name":"أمينة Амина አሚና"}'.encode(),
    "the order of names stays": b'{"id":"a","zz":1,"aa":2,"resourceType":"Patient"}',
    "composed and decomposed letters differ": '{"resourceType":"Patient","id":"a","n":"é e\u0301"}'.encode(),
    "zeros and the mark of padding at the end": b'{"resourceType":"Patient","id":"a"}' + b" " * 63 + b"\n",
    "five megabytes": b'{"resourceType":"Patient","id":"a","n":"' + b"x" * 5_000_000 + b'"}',
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
async def test_a_document_comes_back_as_the_very_bytes(tx: Transaction, body: bytes) -> None:
    one = await rows.open_dossier(tx)
    await rows.put(tx, one.id, body)
    (held,) = await documents.load(tx, [one.id])
    assert held.resource.body == body


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
    max_leaves=8,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), JSON), indented=st.booleans())
async def test_any_resource_comes_back_as_the_very_bytes(tx: Transaction, content: object, indented: bool) -> None:
    whole = {**content, "resourceType": "Basic", "id": "b"}  # type: ignore[dict-item]
    body = orjson.dumps(whole, option=orjson.OPT_INDENT_2 if indented else None)
    one = await rows.open_dossier(tx)
    await rows.put(tx, one.id, body)
    assert [each.resource.body for each in await documents.load(tx, [one.id])] == [body]


async def test_every_version_is_kept_and_the_latest_is_current(tx: Transaction) -> None:
    one = await rows.open_dossier(tx)
    bodies = [b'{"resourceType":"Patient","id":"a","n":%d}' % number for number in range(12)]
    told = [rows.document(one.id, body, version=number) for number, body in enumerate(bodies, 1)]
    await documents.append(tx, told, today=rows.today())
    loaded = await documents.load(tx, [one.id])
    assert {each.version: each.resource.body for each in loaded} == dict(enumerate(bodies, 1))
    (current,) = documents.current(loaded).values()
    assert (current.version, current.resource.body) == (12, bodies[-1])


async def test_a_resource_of_one_id_is_another_in_another_dossier_or_of_another_kind(tx: Transaction) -> None:
    one, other = await rows.open_dossier(tx), await rows.open_dossier(tx, "p-2")
    await rows.put(tx, one.id, b'{"resourceType":"Patient","id":"a"}', b'{"resourceType":"Basic","id":"a"}')
    await rows.put(tx, other.id, b'{"resourceType":"Patient","id":"a"}')
    assert len(documents.current(await documents.load(tx, [one.id, other.id]))) == 3


async def test_the_documents_of_others_are_not_loaded(tx: Transaction) -> None:
    one, other = await rows.open_dossier(tx), await rows.open_dossier(tx, "p-2")
    await rows.put(tx, other.id, b'{"resourceType":"Patient","id":"a"}')
    assert await documents.load(tx, [one.id]) == ()
    assert await documents.load(tx, []) == ()


async def test_the_time_of_acceptance_is_kept(tx: Transaction) -> None:
    one = await rows.open_dossier(tx)
    await rows.put(tx, one.id, b'{"resourceType":"Patient","id":"a"}')
    (held,) = await documents.load(tx, [one.id])
    assert held.accepted_at == rows.NOON


async def test_equal_bytes_of_two_dossiers_share_no_digest(tx: Transaction) -> None:
    # Otherwise a thief would see that two sources hold the very same record.
    for local in ("p-1", "p-2"):
        await rows.put(tx, (await rows.open_dossier(tx, local)).id, b'{"resourceType":"Patient","id":"a"}')
    digests = await rows.rows(tx, "SELECT digest FROM registry.document")
    assert len(set(digests)) == len(digests)
