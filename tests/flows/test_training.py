"""Weights learned from a registry's own people: on an independent world near the truth, and nothing personal leaves."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations
from pathlib import Path
from uuid import UUID

import orjson
import pytest

from registry import library
from registry.errors import BadInput
from registry.fhir import resource
from registry.flows import match, opening, training
from registry.flows.training import Sample, Trained
from registry.identity import compare, patterns
from registry.identity.patterns import Pattern
from registry.intake import Entry
from registry.store import audit, dossiers, judgements
from registry.store.judgements import StoredJudgement
from tests.support import builders, families, naive_training
from tests.support import labelled as labelled_world
from tests.support.builders import MORE_VACCINES, SCHOOLS, STEWARD, VACCINES, World

pytestmark = pytest.mark.anyio

DAY = date(2026, 11, 22)
WEIGHTS = library.load().weights
OF_CHILD = (("given", "exact"), ("given", "sound"), ("birth", "day"), ("birth", "year"), ("sex", "same"))
OF_HOUSEHOLD = (
    ("father", "exact"), ("father", "sound"), ("family", "exact"), ("family", "sound"), ("mother", "sound"),
    ("mother", "part"), ("village", "same"),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Labelled:
    """A sample of the world of families, with the truth, and what was learned from it without the truth."""

    sample: Sample
    persons: Sequence[int]
    trained: Trained

    def share(self, level: tuple[str, str]) -> float:
        """The true share of a level among pairs of one person."""
        by_person: dict[int, list[int]] = defaultdict(list)
        for place, person in enumerate(self.persons):
            by_person[person].append(place)
        pairs = (pair for places in by_person.values() for pair in combinations(places, 2))
        counted = patterns.counts(Counter(self.pattern(*pair) for pair in pairs))
        return counted[level] / sum(count for (field, _), count in counted.items() if field == level[0])

    def pattern(self, one: int, other: int) -> Pattern:
        left, right = (self.sample.people[each].demographics for each in (one, other))
        return patterns.of(compare.compare(left, right, WEIGHTS).evidence)

    def learned(self, level: tuple[str, str]) -> float:
        return float(self.trained.content["fields"][level[0]]["levels"][level[1]]["m"])


@pytest.fixture(scope="module")
def labelled() -> Labelled:
    world = [*families.world(seed=11, people=350)]
    sample = labelled_world.sample(world)
    trained = training.learn(sample, version="weights-2", today=DAY)
    return Labelled(sample=sample, persons=[truth.person for _, truth in world], trained=trained)


@pytest.mark.parametrize("level", [*OF_CHILD, *OF_HOUSEHOLD], ids=" ".join)
def test_what_is_learned_is_near_what_is_true_of_pairs_of_one_child(labelled: Labelled, level: tuple[str, str]) -> None:
    assert labelled.learned(level) == pytest.approx(labelled.share(level), abs=0.1)


def test_brothers_and_sisters_mislead_who_learns_by_the_book(labelled: Labelled) -> None:
    near = training.near_pairs(labelled.sample, WEIGHTS)
    together = Counter[Pattern]()
    for (_, pattern), count in near.items():
        together[pattern] += count
    u = naive_training.shares(training.drawn_pairs(labelled.sample, WEIGHTS))
    begin = {level: each.m for level, each in WEIGHTS.levels.items()}
    m, same = naive_training.learn(begin, u, together)
    true = len([*_true_pairs(labelled)])
    assert labelled.trained.same == pytest.approx(true, rel=0.15)
    assert same > 2 * true
    assert (
        m["given", "exact"] + m["given", "sound"]
        < 0.5
        < labelled.share(("given", "exact")) + labelled.share(("given", "sound"))
    )


def _true_pairs(labelled: Labelled) -> list[tuple[int, int]]:
    persons = labelled.persons
    return [pair for pair, _ in training.sharing(labelled.sample.people) if persons[pair[0]] == persons[pair[1]]]


def test_learned_weights_link_nobody_wrongly_in_another_world_and_say_how_likely_they_are_right(
    labelled: Labelled, tmp_path: Path
) -> None:
    file = tmp_path / "weights-2.json"
    file.write_bytes(orjson.dumps(labelled.trained.content))
    world = [*families.world(seed=12, people=300)]
    before, after = (
        training.measure(labelled_world.sample(world), weights, truth=labelled_world.truth(world))
        for weights in (WEIGHTS, library.weights_of(file, WEIGHTS))
    )
    assert after.linked >= 0.95 * before.linked
    assert after.wrong == before.wrong == 0
    assert after.error <= 0.01


def test_the_file_holds_nothing_of_anybody(labelled: Labelled) -> None:
    told = orjson.dumps(labelled.trained.content).decode().casefold()
    said_before = orjson.dumps(library.json(library.WEIGHTS)).decode().casefold()
    words = set(re.findall(r"\w+", told)) - set(re.findall(r"\w+", said_before))
    for each in labelled.sample.people:
        names = (*each.demographics.given, *each.demographics.family, *each.demographics.mother)
        assert not {name.text.casefold() for name in names} & words
        assert not any(number.value in told for number in each.demographics.identifiers if len(number.value) > 4)
    assert re.findall(r"\d{4}-\d\d-\d\d", told) == [DAY.isoformat()]


def test_the_file_says_what_it_was_learned_from(labelled: Labelled) -> None:
    note, fields = labelled.trained.content["note"], labelled.trained.content["fields"]
    assert "Learned on 2026-11-22 from" in note
    assert f"{len(labelled.sample.people):,} records" in note
    assert "beginning at weights-1" in note
    assert fields["given"]["note"].startswith("Learned; about ")
    assert fields["identifier"]["note"] == "Learned; fewer than 20 pairs of one person had it."


# --- in the registry -------------------------------------------------------------------------------

SOURCES = (VACCINES, SCHOOLS, MORE_VACCINES)


def entries(people: int) -> dict[str, list[Entry]]:
    """A world of families as three sources hand it over."""
    found: dict[str, list[Entry]] = defaultdict(list)
    for at, (record, _) in enumerate(families.world(seed=5, people=people)):
        told = resource.of(families.patient(record))
        found[SOURCES[at % 3]].append(Entry(person=record.id, resource=told, where=f"Patient/{record.id}"))
    return found


async def test_a_registry_learns_and_its_judgements_name_what_they_were_made_by(world: World, tmp_path: Path) -> None:
    await builders.known_child(world)
    for source, told in entries(70).items():
        await builders.hand_over(world, source, *told)
    sample = await training.sampled(world.registry, 1000)
    assert len(sample.people) >= training.LEAST
    file = tmp_path / "weights-2.json"
    file.write_bytes(orjson.dumps(training.learn(sample, version="weights-2", today=DAY).content))
    settings = world.registry.settings.model_copy(update={"matching_weights": file})
    async with opening.opened(settings, clock=world.clock) as registry:
        assert registry.library.weights.version == "weights-2"
        report = await match.run(registry)
        assert report.seen > 0
        async with registry.database.transaction() as tx:
            ids = [each.id for each in await dossiers.everyone(tx)]
            made = Counter(each.by for each in await judgements.about(tx, ids))
    assert made.keys() == {"rule:weights-1", "rule:weights-2"}, "what was judged before stands as it was judged"


async def test_who_was_linked_stays_linked_when_everybody_is_matched_again(world: World) -> None:
    for source, told in entries(20).items():
        await builders.hand_over(world, source, *told)
    await match.run(world.registry)
    persons, made = await _persons_and_judgements(world)
    assert any(len(each) > 1 for each in persons)
    assert await match.again(world.registry) == sum(map(len, persons))
    await match.run(world.registry)
    persons_after, made_after = await _persons_and_judgements(world)
    assert all(any(each <= after for after in persons_after) for each in persons)
    assert made <= made_after


async def _persons_and_judgements(world: World) -> tuple[set[frozenset[UUID]], set[UUID]]:
    async with world.registry.database.transaction() as tx:
        held = [each for each in await dossiers.everyone(tx) if each.source != "registry"]
        judged = await judgements.about(tx, [each.id for each in held])
    return {frozenset(each.members) for each in held}, {each.id for each in judged}


async def test_that_people_were_looked_at_is_in_the_audit_log(world: World) -> None:
    await builders.known_child(world)
    await training.sampled(world.registry, 1000)
    async with world.registry.database.transaction() as tx:
        events = [each.event for each in await audit.entries(tx) if each.event["action"] == "sampled"]
    assert [each["counts"] for each in events] == [{"people": 2}]


async def test_a_sample_is_no_larger_than_asked_for_and_the_same_each_time(world: World) -> None:
    for source, told in entries(20).items():
        await builders.hand_over(world, source, *told)
    first, again = [await training.sampled(world.registry, 10) for _ in range(2)]
    whole = await training.sampled(world.registry, 1000)
    assert first == again
    assert len(first.people) <= 10
    assert {each.id for each in first.people} <= {each.id for each in whole.people}


async def test_of_too_few_people_nothing_is_learned(world: World) -> None:
    await builders.known_child(world)
    sample = await training.sampled(world.registry, 1000)
    with pytest.raises(BadInput, match="too few people"):
        training.learn(sample, version="weights-2", today=DAY)


async def test_weights_are_held_against_what_stewards_said(world: World) -> None:
    await builders.known_child(world)
    sample = await training.sampled(world.registry, 1000)
    with pytest.raises(BadInput, match="no pair of which the truth is known"):
        training.measure(sample, WEIGHTS)
    one, other = sorted(each.id for each in sample.people)
    settled = Sample(people=sample.people, known=sample.known, settled={(one, other): True})
    measured = training.measure(settled, WEIGHTS)
    assert (measured.pairs, measured.same, measured.linked, measured.wrong) == (1, 1, 1, 0)


async def test_only_what_a_human_said_is_taken_for_true(world: World) -> None:
    await builders.known_child(world)
    first = await training.sampled(world.registry, 1000)
    assert first.settled == {}
    one, other = sorted(each.id for each in first.people)
    await _refuse(world, UUID(one), UUID(other))
    assert (await training.sampled(world.registry, 1000)).settled == {(one, other): False}


async def _refuse(world: World, one: UUID, other: UUID) -> None:
    refusal = StoredJudgement(
        id=builders.new_id(), left=one, right=other, kind="distinct", by=f"steward:{STEWARD}", at=world.clock.now
    )
    async with world.registry.database.transaction() as tx:
        await dossiers.load(tx, [one, other], lock=True)
        await judgements.append(tx, refusal, today=world.registry.today())


def test_a_level_that_came_after_the_file_weighs_what_it_was_shipped_with(labelled: Labelled, tmp_path: Path) -> None:
    file = tmp_path / "weights-2.json"
    fields = {name: held for name, held in labelled.trained.content["fields"].items() if name != "village"}
    file.write_bytes(orjson.dumps({**labelled.trained.content, "fields": fields}))
    read = library.weights_of(file, WEIGHTS)
    assert read.levels.keys() == WEIGHTS.levels.keys()
    assert read.level("village", "same") == WEIGHTS.level("village", "same")
    assert read.level("given", "sound") != WEIGHTS.level("given", "sound")


def test_a_file_that_is_none_is_named(tmp_path: Path) -> None:
    for content in ("", "[]", "{}", '{"version": "x"}'):
        file = tmp_path / "weights-2.json"
        file.write_text(content)
        with pytest.raises(BadInput, match=r"no file of matching weights") as raised:
            library.weights_of(file, WEIGHTS)
        assert raised.value.where == str(file)
    with pytest.raises(BadInput, match="no file of matching weights"):
        library.weights_of(tmp_path / "none.json", WEIGHTS)
