"""Destroying a data key erases its dossier; everything else keeps working."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest

from registry.cli import stage
from registry.cli.acts import Play
from registry.flows import adapters, ingest, linking, match, organisations, release, review, rights, trail
from registry.flows.opening import Registry
from registry.flows.release import Asked
from registry.flows.seconding import Standing
from registry.store import audit, documents, dossiers, judgements, outbox, releases, reviews
from registry.store.database import Transaction
from registry.store.dossiers import Dossier
from registry.store.reviews import Doubt
from tests.bench import main_job
from tests.store import rows
from tests.support import builders

pytestmark = pytest.mark.anyio


async def _readable(tx: Transaction, one: UUID) -> dict[str, int]:
    """How much of each kind can still be read of a dossier."""
    return {
        "dossiers": len(await dossiers.load(tx, [one])),
        "documents": len(await documents.load(tx, [one])),
        "judgements": len(await judgements.about(tx, [one])),
        "releases": len(await releases.of_person(tx, [one])),
        "events": len(await audit.entries(tx, [one])),
    }


async def test_nothing_of_a_dossier_can_be_read_without_its_key(tx: Transaction) -> None:
    one, other = await rows.open_dossier(tx), await rows.open_dossier(tx, "p-2")
    for each in (one.id, other.id):
        await rows.put(tx, each, b'{"resourceType":"Patient","id":"a"}')
        await releases.record(tx, rows.release(each, await releases.draw_position(tx)), today=rows.today())
        await audit.write(tx, each, {"action": "ask"}, today=rows.today())
    await judgements.append(tx, rows.judgement(one.id, other.id), today=rows.today())
    before = await _readable(tx, one.id)
    assert set(before.values()) == {1}
    await rows.destroy_key(tx, one.id)
    tx.data_keys.clear()
    assert set((await _readable(tx, one.id)).values()) == {0}
    assert await _readable(tx, other.id) == before


@pytest.fixture
async def played(registry: Registry, tmp_path: Path) -> Play:
    """The main job on a few families, with the girl of the story erased at her clinic abroad."""
    samples = main_job.write_world(tmp_path / "world", children=8)
    play = await main_job.play(registry, registry.settings, samples, tmp_path / "made")
    async with registry.database.transaction() as tx:
        erased = (await _her_dossiers(tx, play))["bektar-iis"]
        await rows.destroy_key(tx, erased.id)
    return play


async def _her_dossiers(tx: Transaction, play: Play) -> dict[str, Dossier]:
    numbers = {(each["source"], each["person_id"]) for each in play.story["girl"]["records"]}
    return {each.source: each for each in await dossiers.everyone(tx) if (each.source, each.local) in numbers}


async def test_the_person_goes_on_without_the_erased_dossier(registry: Registry, played: Play) -> None:
    async with registry.database.transaction() as tx:
        hers = await _her_dossiers(tx, played)
        gathered = await linking.gather(tx, [hers["almara-dhis2"].id])
    assert "bektar-iis" not in hers
    assert any(hers["almara-dhis2"].id in person for person in gathered)


async def test_a_family_can_consent_and_a_clinic_is_answered_from_what_is_left(
    registry: Registry, played: Play
) -> None:
    clinic = played.callers["clinic-nadir"]
    until = registry.today().replace(year=registry.today().year + 1, day=1)
    yes = rights.Answer(
        domain="health", organisation=clinic.name, until=until, agreed=True, understood=True, fled=frozenset({"XBK"}),
        interview=builders.interviewed(),
    )  # fmt: skip
    await rights.give(registry, clinic, played.card, yes)
    asked = Asked(description=main_job.asked(played, "clinic"), card=played.card)
    released = await release.ask(registry, clinic, asked)
    assert released is not None
    before = played.summaries[clinic.name].document
    doses: Callable[[dict[str, object]], int] = lambda document: str(document).count("'Immunization'")  # noqa: E731
    assert 0 < doses(dict(released.document)) <= doses(dict(before))


async def test_the_family_reads_its_trail_and_the_log_holds(registry: Registry, played: Play) -> None:
    assert await rights.own_trail(registry, played.card)
    await trail.sequence(registry)
    assert (await trail.verify(registry)).holds


@pytest.mark.usefixtures("played")
async def test_matching_everybody_again_ends_and_finds_the_erased_gone(registry: Registry) -> None:
    async with registry.database.transaction() as tx:
        everyone = [each for each in await dossiers.everyone(tx) if each.source != organisations.HOUSE]
        await outbox.put(tx, "match", [each.id for each in everyone])
        (erased,) = await rows.rows(
            tx, "SELECT dossier FROM registry.dossier EXCEPT SELECT dossier FROM vault.data_key"
        )
        await outbox.put(tx, "match", erased)
    report = await asyncio.wait_for(match.run(registry), timeout=60)
    assert report.seen == len(everyone) + 1


async def test_the_source_can_tell_of_the_erased_person_again(registry: Registry, played: Play) -> None:
    body = played.samples.file(next(each for each in stage.HAND_OVERS if each.source == "bektar-iis")).read_bytes()
    changed = body + b"\r"
    submission = adapters.named("hl7v2").convert(changed, source="bektar-iis", received_at=registry.now())
    receipt = await ingest.ingest(registry, submission, body=changed)
    assert not receipt.repeated
    assert 0 < receipt.counts["stored"] < receipt.counts["unchanged"]
    await match.run(registry)
    async with registry.database.transaction() as tx:
        assert "bektar-iis" in await _her_dossiers(tx, played)


async def test_a_doubt_about_an_erased_dossier_is_not_shown(registry: Registry, played: Play) -> None:
    doubt = await _doubt_about_the_erased(registry, played)
    shown = await review.waiting(registry, played.callers["steward-almara"])
    assert doubt.id.hex not in {each.review for each in shown}


async def test_a_doubt_about_an_erased_dossier_can_still_be_settled(registry: Registry, played: Play) -> None:
    doubt = await _doubt_about_the_erased(registry, played)
    async with registry.database.transaction() as tx:
        before = await judgements.about(tx, [doubt.left])
    settled = await review.decide_doubt(registry, played.callers["steward-almara"], doubt.id, "distinct")
    assert settled is Standing.GONE
    async with registry.database.transaction() as tx:
        assert await judgements.about(tx, [doubt.left]) == before
        assert doubt.id not in {each.id for each in await reviews.waiting(tx)}


async def _doubt_about_the_erased(registry: Registry, played: Play) -> Doubt:
    async with registry.database.transaction() as tx:
        left = (await _her_dossiers(tx, played))["almara-dhis2"]
        doubt = Doubt(id=tx.new_id(), left=left.id, right=tx.new_id(), probability=0.7, since=registry.today())
        await reviews.put(tx, registry.house, doubt)
    return doubt


async def test_a_person_with_two_erased_dossiers_can_be_gathered(registry: Registry) -> None:
    async with registry.database.transaction() as tx:
        chain = [await rows.open_dossier(tx, f"p-{number}") for number in range(5)]
        for left, right in itertools.pairwise(chain):
            await judgements.append(tx, rows.judgement(left.id, right.id), today=rows.today())
        # 1 - 2 - 3 - 4 - 5, joined once more past the erased ones: 1 and 3 are found in different rounds.
        await judgements.append(tx, rows.judgement(chain[0].id, chain[2].id), today=rows.today())
        for each in (chain[1], chain[3]):
            await rows.destroy_key(tx, each.id)
    async with registry.database.transaction() as tx:
        gathered = await asyncio.wait_for(linking.gather(tx, [chain[0].id]), timeout=5)
    assert {chain[0].id, chain[2].id} <= set(gathered[0])
