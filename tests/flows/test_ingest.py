"""A hand-over comes in: what is stored, what is answered, and what a second telling changes."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import anyio
import pytest
from anyio import from_thread
from hypothesis import HealthCheck, given
from hypothesis import settings as profile
from hypothesis import strategies as st

from registry.errors import BadInput, NotPermitted, UnknownName
from registry.fhir import resource
from registry.flows import ingest, match, organisations, receipts
from registry.flows.opening import Registry
from registry.flows.organisations import Kind
from registry.flows.receipts import Outcome, Receipt
from registry.settings import Settings
from registry.store import documents, dossiers, keys, outbox
from tests.support import builders
from tests.support.builders import STEWARD, UNKNOWN, VACCINES, ZAHOUANIA, World, dose, hand_over, patient

pytestmark = pytest.mark.anyio

PERSON = ZAHOUANIA.id_at(VACCINES)


def outcomes(receipt: Receipt) -> list[str]:
    return [each.outcome.value for each in receipt.rows]


async def current(registry: Registry, source: str = VACCINES, person: str = PERSON) -> dict[str, Mapping[str, Any]]:
    """What the registry holds of a person of a source now, by reference."""
    async with registry.database.transaction() as tx:
        dossier = await keys.only(tx, keys.index_hash(tx, "person", source, person))
        held = await documents.load(tx, [dossier] if dossier else [])
        return {each.resource.reference: each.resource.content for each in documents.current(held).values()}


async def versions(registry: Registry, reference: str, source: str = VACCINES, person: str = PERSON) -> list[int]:
    async with registry.database.transaction() as tx:
        dossier = await keys.only(tx, keys.index_hash(tx, "person", source, person))
        held = await documents.load(tx, [dossier] if dossier else [])
        return sorted(each.version for each in held if each.resource.reference == reference)


async def dossier_count(registry: Registry) -> int:
    async with registry.database.transaction() as tx:
        return len(await dossiers.everyone(tx))


# --- the same again --------------------------------------------------------------------------------


async def test_the_same_file_twice_changes_nothing_and_gives_the_same_receipt(world: World) -> None:
    first = await hand_over(world, VACCINES, *builders.health_of(ZAHOUANIA))
    before = await current(world.registry)
    second = await hand_over(world, VACCINES, *builders.health_of(ZAHOUANIA))
    assert (first.repeated, second.repeated) == (False, True)
    assert receipts.plain(second) == {**receipts.plain(first), "repeated": True}
    assert await current(world.registry) == before
    assert await versions(world.registry, f"Patient/{PERSON}") == [1]


async def test_the_same_resources_in_another_file_are_unchanged(world: World) -> None:
    await hand_over(world, VACCINES, *builders.health_of(ZAHOUANIA))
    again = await hand_over(world, VACCINES, *builders.health_of(ZAHOUANIA), body=b"the same in another file")
    assert not again.repeated
    assert set(outcomes(again)) == {"unchanged"}
    assert await versions(world.registry, f"Patient/{PERSON}") == [1]


async def test_the_same_file_of_another_source_is_another_hand_over(world: World) -> None:
    await hand_over(world, VACCINES, *builders.health_of(ZAHOUANIA), body=b"one file")
    other = await hand_over(world, builders.MORE_VACCINES, *builders.health_of(ZAHOUANIA), body=b"one file")
    assert not other.repeated
    assert set(outcomes(other)) == {"stored"}


async def test_a_correction_is_a_new_version_and_the_old_one_is_kept(world: World) -> None:
    first, corrected = dose(ZAHOUANIA, VACCINES), dose(ZAHOUANIA, VACCINES, lotNumber="LOT-CORRECTED")
    await hand_over(world, VACCINES, patient(ZAHOUANIA, VACCINES), first)
    receipt = await hand_over(world, VACCINES, patient(ZAHOUANIA, VACCINES), corrected)
    assert outcomes(receipt) == ["unchanged", "stored"]
    assert (await current(world.registry))[first.resource.reference]["lotNumber"] == "LOT-CORRECTED"
    assert await versions(world.registry, first.resource.reference) == [1, 2]


async def test_what_is_held_are_the_exact_bytes_handed_over(world: World) -> None:
    body = b'{"id":"%b", "resourceType" :"Patient","name":[{"given":["Zo\\u00e9"]}],\n"meta":{"tag":[%b]}}' % (
        PERSON.encode(),
        b'{"system":"https://continuity-registry.example/fhir/CodeSystem/recording-country","code":"XAL"}',
    )
    entry = builders.Entry(person=PERSON, resource=resource.read(body), where="row 1")
    await hand_over(world, VACCINES, entry)
    async with world.registry.database.transaction() as tx:
        dossier = await keys.only(tx, keys.index_hash(tx, "person", VACCINES, PERSON))
        assert dossier is not None
        assert [each.resource.body for each in await documents.load(tx, [dossier])] == [body]


# --- later and earlier tellings --------------------------------------------------------------------

LATER = [
    ("2026-01-02T00:00:00Z", "2026-01-01T23:59:59Z"),
    ("2026-01-02T00:00:00.500Z", "2026-01-02T00:00:00Z"),
    ("2026-01-01T23:00:00-02:00", "2026-01-02T00:30:00Z"),
    ("2026-01-02T00:30:00Z", "2026-01-02T02:00:00+02:00"),
]


@pytest.mark.parametrize(("later", "earlier"), LATER)
async def test_an_earlier_version_that_comes_late_changes_nothing(world: World, later: str, earlier: str) -> None:
    await hand_over(world, VACCINES, dose(ZAHOUANIA, VACCINES, updated=later, lotNumber="later"))
    receipt = await hand_over(world, VACCINES, dose(ZAHOUANIA, VACCINES, updated=earlier, lotNumber="earlier"))
    assert outcomes(receipt) == ["older"]
    assert [each["lotNumber"] for each in (await current(world.registry)).values()] == ["later"]


@pytest.mark.parametrize(("later", "earlier"), LATER)
async def test_a_later_version_replaces_an_earlier_one(world: World, later: str, earlier: str) -> None:
    await hand_over(world, VACCINES, dose(ZAHOUANIA, VACCINES, updated=earlier, lotNumber="earlier"))
    receipt = await hand_over(world, VACCINES, dose(ZAHOUANIA, VACCINES, updated=later, lotNumber="later"))
    assert outcomes(receipt) == ["stored"]
    assert [each["lotNumber"] for each in (await current(world.registry)).values()] == ["later"]


async def test_told_twice_in_one_hand_over_the_later_telling_counts(world: World) -> None:
    receipt = await hand_over(
        world, VACCINES, dose(ZAHOUANIA, VACCINES, lotNumber="first"), dose(ZAHOUANIA, VACCINES, lotNumber="second")
    )
    assert outcomes(receipt) == ["older", "stored"]
    assert [each["lotNumber"] for each in (await current(world.registry)).values()] == ["second"]


@pytest.mark.parametrize("order", [("later", "earlier"), ("earlier", "later")])
async def test_told_twice_in_one_hand_over_the_time_of_the_source_decides_before_the_order(
    world: World, order: tuple[str, str]
) -> None:
    times = {"later": "2026-02-01T00:00:00Z", "earlier": "2026-01-01T00:00:00Z"}
    told = [dose(ZAHOUANIA, VACCINES, updated=times[each], lotNumber=each) for each in order]
    receipt = await hand_over(world, VACCINES, *told)
    assert dict(zip(order, outcomes(receipt), strict=True)) == {"later": "stored", "earlier": "older"}
    assert [each["lotNumber"] for each in (await current(world.registry)).values()] == ["later"]


async def test_a_cancelled_dose_replaces_the_dose(world: World) -> None:
    await hand_over(world, VACCINES, dose(ZAHOUANIA, VACCINES))
    await hand_over(world, VACCINES, dose(ZAHOUANIA, VACCINES, status="entered-in-error"))
    assert [each["status"] for each in (await current(world.registry)).values()] == ["entered-in-error"]


# --- what cannot be accepted -----------------------------------------------------------------------


async def test_a_bad_resource_is_set_aside_with_every_reason_and_the_good_ones_go_on(world: World) -> None:
    bad = dose(ZAHOUANIA, VACCINES, status="perhaps", occurrenceDateTime="last spring", id="bad")
    receipt = await hand_over(world, VACCINES, patient(ZAHOUANIA, VACCINES), bad, dose(ZAHOUANIA, VACCINES, id="good"))
    assert outcomes(receipt) == ["stored", "set-aside", "stored"]
    reasons = " ".join(receipt.rows[1].reasons)
    assert "status" in reasons
    assert "occurrence" in reasons
    assert builders.found(reasons, ["perhaps", "last spring", builders.LOT]) == []
    assert set(await current(world.registry)) == {f"Patient/{PERSON}", "Immunization/good"}


async def test_a_hand_over_of_nothing_but_bad_resources_is_answered_and_stores_nobody(world: World) -> None:
    before = await dossier_count(world.registry)
    receipt = await hand_over(world, VACCINES, dose(ZAHOUANIA, VACCINES, status="perhaps"))
    assert outcomes(receipt) == ["set-aside"]
    assert await dossier_count(world.registry) == before


async def test_a_resource_about_another_person_than_it_was_handed_over_for_is_refused(world: World) -> None:
    theirs = dose(UNKNOWN, VACCINES).resource
    smuggled = builders.Entry(person=PERSON, resource=theirs, where="row 2")
    receipt = await hand_over(world, VACCINES, patient(ZAHOUANIA, VACCINES), smuggled)
    assert outcomes(receipt) == ["stored", "set-aside"]
    assert "another person" in receipt.rows[1].reasons[0]
    assert set(await current(world.registry)) == {f"Patient/{PERSON}"}


@pytest.mark.parametrize(
    "change",
    [
        {"patient": {"reference": "Patient/someone-else"}},
        {"patient": {"reference": f"https://elsewhere.example/Patient/{PERSON}"}},
        {"patient": {"display": "a name only"}},
        {"patient": None},
    ],
)
async def test_a_dose_that_does_not_say_whom_it_is_about_is_refused(world: World, change: Mapping[str, Any]) -> None:
    receipt = await hand_over(world, VACCINES, dose(ZAHOUANIA, VACCINES, **change))
    assert outcomes(receipt) == ["set-aside"]


@pytest.mark.parametrize("meta", ["words", 7, [], {"tag": "words"}, {"tag": [7]}, {"tag": {"code": "XAL"}}])
async def test_a_resource_whose_meta_is_no_meta_is_set_aside_and_the_rest_goes_on(world: World, meta: object) -> None:
    receipt = await hand_over(
        world, VACCINES, patient(ZAHOUANIA, VACCINES), dose(ZAHOUANIA, VACCINES, meta=meta, id="odd")
    )
    assert outcomes(receipt) == ["stored", "set-aside"]


async def test_a_resource_that_does_not_say_its_country_is_of_the_country_of_its_source(world: World) -> None:
    await hand_over(world, builders.MORE_VACCINES, dose(ZAHOUANIA, builders.MORE_VACCINES, meta={"versionId": "7"}))
    held = await current(world.registry, builders.MORE_VACCINES, ZAHOUANIA.id_at(builders.MORE_VACCINES))
    assert [(each["meta"]["versionId"], each["meta"]["tag"][0]["code"]) for each in held.values()] == [("7", "XBK")]


async def test_an_unknown_source_is_refused_and_nothing_is_stored(world: World) -> None:
    before = await dossier_count(world.registry)
    with pytest.raises(UnknownName):
        await hand_over(world, "nobody-registered-this", *builders.health_of(ZAHOUANIA))
    assert await dossier_count(world.registry) == before


async def test_a_steward_is_no_source(world: World) -> None:
    with pytest.raises(NotPermitted):
        await hand_over(world, STEWARD, *builders.health_of(ZAHOUANIA))


@pytest.mark.parametrize("name", ["family", "registry"])
async def test_nobody_can_hand_over_under_a_name_the_registry_uses_itself(world: World, name: str) -> None:
    """The dossiers of families hold consents: a source of that name could write its own."""
    with pytest.raises((UnknownName, NotPermitted)):
        await hand_over(world, name, *builders.health_of(ZAHOUANIA))


@pytest.mark.parametrize("name", ["family", "registry"])
async def test_no_organisation_can_be_registered_under_a_name_the_registry_uses_itself(world: World, name: str) -> None:
    with pytest.raises(BadInput):
        await organisations.register(world.registry, name=name, display="x", kind=Kind.SOURCE, country="XAL")


# --- the receipt -----------------------------------------------------------------------------------


async def test_a_receipt_answers_every_row_in_order_and_its_counts_add_up(world: World) -> None:
    entries = [
        patient(ZAHOUANIA, VACCINES),
        dose(ZAHOUANIA, VACCINES, id="good"),
        dose(ZAHOUANIA, VACCINES, id="bad", status="perhaps"),
        patient(UNKNOWN, VACCINES),
    ]
    receipt = await hand_over(world, VACCINES, *entries)
    assert [each.where for each in receipt.rows] == [each.where for each in entries]
    assert [each.reference for each in receipt.rows] == [each.resource.reference for each in entries]
    assert sum(receipt.counts[each.value] for each in Outcome) == len(entries)
    assert (receipt.people, receipt.counts["stored"], receipt.counts["set-aside"]) == (2, 3, 1)
    assert (len(receipt.findings), len(receipt.coverage)) == (1, 1)
    assert receipt.coverage[0] == {"field": "colour", "fate": "unknown", "reason": "", "count": 3}
    assert UUID(receipt.leaf)


async def test_a_receipt_tells_a_source_nothing_about_what_others_know(world: World) -> None:
    known = await builders.known_child(world)
    told = await hand_over(world, builders.MORE_VACCINES, *builders.health_of(known, builders.MORE_VACCINES, "XBK"))
    new = await hand_over(world, builders.MORE_VACCINES, *builders.health_of(UNKNOWN, builders.MORE_VACCINES, "XBK"))
    for receipt in (told, new):
        assert outcomes(receipt) == ["stored"] * 4
    assert told.counts == new.counts


async def test_whoever_is_told_anew_is_queued_for_matching_and_nobody_else(world: World) -> None:
    async def waiting() -> int:
        async with world.registry.database.transaction() as tx:
            return await outbox.waiting(tx, "match")

    await hand_over(world, VACCINES, *builders.health_of(ZAHOUANIA))
    assert await waiting() == 1
    await match.run(world.registry)
    await hand_over(world, VACCINES, *builders.health_of(ZAHOUANIA), body=b"again")
    await hand_over(world, VACCINES, dose(ZAHOUANIA, VACCINES, vaccine="04"))
    assert await waiting() == 0


# --- laws ------------------------------------------------------------------------------------------

CHILDREN = (ZAHOUANIA, UNKNOWN)


def tellings(source: str) -> list[list[builders.Entry]]:
    """Eight hand-overs of one source: two children, each resource told at four times."""
    times = [f"2026-0{month}-01T00:00:00Z" for month in range(1, 5)]
    return [
        [
            patient(child, source, updated=at, gender="female" if at < "2026-03" else "unknown"),
            dose(child, source, updated=at, lotNumber=f"lot at {at}", id=f"dose-of-{at[5:7] > '02'}"),
        ]
        for child in CHILDREN
        for at in times
    ]


@profile(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(range(8)), cuts=st.sets(st.integers(1, 7)), again=st.lists(st.integers(0, 7), max_size=3))
def test_whatever_the_order_and_the_parcels_of_hand_overs_the_current_documents_are_the_same(
    settings: Settings, order: list[int], cuts: set[int], again: list[int]
) -> None:
    """The clock of the source decides, not the post: parcels may be joined, swapped and sent again."""

    async def told(source: str, parcels: Iterable[list[int]]) -> dict[str, Any]:
        await organisations.register(registry, name=source, display=source, kind=Kind.SOURCE, country="XAL")
        hand_overs = tellings(source)
        for number, parcel in enumerate(parcels):
            entries = [each for index in parcel for each in hand_overs[index]]
            body = f"{source} {number}".encode()
            await ingest.ingest(registry, builders.submission(source, *entries), body=body)
        held = [await current(registry, source, child.id_at(source)) for child in CHILDREN]
        return {name: _without_ids(content, source) for each in held for name, content in each.items()}

    edges = [0, *sorted(cuts), 8]
    parcels = [order[start:end] for start, end in itertools.pairwise(edges)] + [[each] for each in again]
    with (
        from_thread.start_blocking_portal() as portal,
        portal.wrap_async_context_manager(builders.opening.opened(settings)) as registry,
    ):
        name = secrets.token_hex(6)
        plain = portal.call(told, f"plain-{name}", [[each] for each in range(8)])
        mixed = portal.call(told, f"mixed-{name}", parcels)
    assert {key.replace("mixed", "plain") for key in mixed} == set(plain)
    assert {key.replace("mixed", "plain"): value for key, value in mixed.items()} == plain


def _without_ids(content: Mapping[str, Any], source: str) -> str:
    return builders.words(content).replace(source, "SOURCE")


async def test_two_hand_overs_of_one_source_at_once_leave_one_dossier_of_each_person(world: World) -> None:
    parcels = [[patient(ZAHOUANIA, VACCINES), dose(ZAHOUANIA, VACCINES, id=f"dose-{each}")] for each in range(6)]
    before = await dossier_count(world.registry)
    async with anyio.create_task_group() as group:
        for each in parcels:
            group.start_soon(lambda each=each: hand_over(world, VACCINES, *each))
    assert await dossier_count(world.registry) == before + 1
    assert len(await current(world.registry)) == 1 + len(parcels)
    assert await versions(world.registry, f"Patient/{PERSON}") == [1]


async def test_time_moves_on_between_versions(world: World) -> None:
    await hand_over(world, VACCINES, dose(ZAHOUANIA, VACCINES))
    world.clock.advance(days=1)
    await hand_over(world, VACCINES, dose(ZAHOUANIA, VACCINES, lotNumber="other"))
    async with world.registry.database.transaction() as tx:
        dossier = await keys.only(tx, keys.index_hash(tx, "person", VACCINES, PERSON))
        assert dossier is not None
        accepted = sorted(each.accepted_at for each in await documents.load(tx, [dossier]))
    assert accepted[1] - accepted[0] == timedelta(days=1)
