"""`continuity train-matching` and `continuity evaluate matching`, on a registry of made-up families."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import pytest

from registry.fhir import resource
from registry.intake import Entry
from tests.cli.conftest import Commands
from tests.support import builders, families
from tests.support.builders import MORE_VACCINES, SCHOOLS, VACCINES, World

SOURCES = (VACCINES, SCHOOLS, MORE_VACCINES)


@pytest.fixture
def truth(continuity: Commands) -> str:
    """A registry of about 150 dossiers, and who each is, as a table."""
    lines, told = ["source,id,person"], defaultdict[str, list[Entry]](list)
    for at, (record, known) in enumerate(families.world(seed=5, people=80)):
        source, content = SOURCES[at % 3], families.patient(record)
        told[source].append(Entry(person=record.id, resource=resource.of(content), where=f"Patient/{record.id}"))
        lines.append(f"{source},{record.id},{known.person}")

    async def hand_over(world: World) -> Sequence[object]:
        return [await builders.hand_over(world, source, *entries) for source, entries in told.items()]

    continuity.asking(hand_over)
    return "\n".join(lines)


def test_weights_are_learned_held_against_the_truth_and_used(continuity: Commands, truth: str) -> None:
    out = continuity.folder / "weights-2.json"
    learned = continuity("train-matching", "--out", out, "--json")
    assert learned.code == 0, learned.err
    assert learned.json["version"] == "weights-2"
    assert learned.json["people"] >= 100
    asked = ("evaluate", "matching", "--truth", continuity.file("truth.csv", truth), "--json")
    before, after = continuity(*asked), continuity(*asked, "--weights", out)
    assert (before.json["weights"], after.json["weights"]) == ("weights-1", "weights-2")
    assert before.json["pairs"] == after.json["pairs"] > before.json["same"] > 0
    assert after.json["wrong"] == 0
    in_use = continuity(*asked, REGISTRY_MATCHING_WEIGHTS=str(out))
    assert in_use.json == after.json
    waiting = continuity("match", "--json", REGISTRY_MATCHING_WEIGHTS=str(out)).json
    everybody = continuity("match", "--again", "--json", REGISTRY_MATCHING_WEIGHTS=str(out)).json
    # Who was in doubt about somebody that was linked since is seen once more.
    assert min(waiting["seen"], everybody["seen"]) >= learned.json["people"]
    assert waiting["linked"] > everybody["linked"]
    shown = continuity(*asked[:-1])
    assert "weights-1" in shown.out
    assert "wrong" in shown.out


def test_a_file_that_judgements_name_already_is_not_written_again(continuity: Commands) -> None:
    for name in ("weights-1.json", "weights-2.txt", continuity.file("weights-3.json", "{}")):
        continuity("train-matching", "--out", name).failed("it must be a new one", "weights-2.json", code=2)


def test_too_few_people_teach_nothing(continuity: Commands) -> None:
    continuity("train-matching", "--out", "weights-2.json", "--json").failed("too few people", code=2)
    assert not (continuity.folder / "weights-2.json").exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ((), ("no pair of which the truth is known", "--truth")),
        (("--weights", "weights-9.json"), ("no file of matching weights", "train-matching")),
        (("--truth", "truth.csv"), ("no such column", "truth.csv: person")),
    ],
)
def test_what_cannot_be_measured_is_said(continuity: Commands, options: Sequence[str], words: Sequence[str]) -> None:
    continuity.file("truth.csv", "source,id,child\na,b,c\n")
    continuity("evaluate", "matching", "--json", *options).failed(*words, code=2)


def test_weights_that_cannot_be_used_stop_the_registry_at_once(continuity: Commands) -> None:
    spoilt = continuity.file("weights-2.json", "{")
    continuity("review", "list", REGISTRY_MATCHING_WEIGHTS=str(spoilt)).failed("no file of matching weights", code=2)
