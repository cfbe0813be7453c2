"""Persons from the log of judgements: which stand, and what they join."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from registry.identity import judgements
from registry.identity.judgements import Dossier, Judgement, Kind
from tests.support import naive_matching

START = datetime(2024, 1, 1, tzinfo=UTC)
DOSSIERS = [Dossier(id=each, opened_at=START + timedelta(days=at)) for at, each in enumerate("abcdefg")]
RULE, STEWARD = "rule:weights-1", "steward:7"
LINK, DISTINCT, UNSURE = Kind.LINK, Kind.DISTINCT, Kind.UNSURE


def entry(pair: str, kind: Kind, by: str = RULE, *, hour: int = 0, id: str = "") -> Judgement:
    at = START + timedelta(hours=hour)
    return Judgement(id=id or f"{pair}{kind.value}{by}{hour}", left=pair[0], right=pair[1], kind=kind, by=by, at=at)


def persons(log: Sequence[Judgement]) -> set[frozenset[str]]:
    return {frozenset(each.dossiers) for each in judgements.components(DOSSIERS, log).persons}


entries = st.builds(
    lambda pair, kind, by, hour: entry("".join(pair), kind, by, hour=hour),
    st.lists(st.sampled_from("abcdefg"), min_size=2, max_size=2, unique=True),
    st.sampled_from(Kind),
    st.sampled_from([RULE, "rule:weights-2", STEWARD, "steward:8"]),
    st.integers(0, 6),
)
logs = st.lists(entries, max_size=14)


@given(logs)
def test_persons_are_those_of_the_rules_applied_the_long_way(log: list[Judgement]) -> None:
    assert persons(log) == naive_matching.persons(DOSSIERS, log)


@given(logs, st.randoms(use_true_random=False))
def test_order_of_arrival_and_repetition_change_nothing(log: list[Judgement], shuffle: object) -> None:
    again = [*log, *log]
    shuffle.shuffle(again)  # type: ignore[attr-defined]
    assert judgements.components(reversed(DOSSIERS), again) == judgements.components(DOSSIERS, log)


@given(logs)
def test_every_dossier_lies_in_exactly_one_person(log: list[Judgement]) -> None:
    found = judgements.components(DOSSIERS, log).persons
    assert sorted(each for person in found for each in person.dossiers) == [each.id for each in DOSSIERS]


@given(logs)
def test_link_then_unlink_restores_the_persons(log: list[Judgement]) -> None:
    before = persons(log)
    assume(not any({"a", "b"} <= person for person in before))
    assume(not any({each.left, each.right} == {"a", "b"} for each in log))
    done = [*log, entry("ab", LINK, STEWARD, hour=90), entry("ab", DISTINCT, STEWARD, hour=91)]
    assert persons(done) == before


@given(logs, entries)
def test_no_rule_ever_joins_two_between_whom_a_refusal_stands(log: list[Judgement], last: Judgement) -> None:
    found = judgements.components(DOSSIERS, [*log, last])
    standing = judgements.standing([*log, last])
    human_links = any(each.kind is LINK and each.is_human for each in standing.values())
    assume(not human_links)
    person_of = {each: person.id for person in found.persons for each in person.dossiers}
    refused = [pair for pair, each in standing.items() if each.kind is DISTINCT]
    assert not [pair for pair in refused if person_of[pair[0]] == person_of[pair[1]]]


STANDING = [
    ("a human over a machine, though the machine is later", [(LINK, STEWARD, 1), (DISTINCT, RULE, 2)], LINK),
    ("a human's refusal over a later rule", [(DISTINCT, STEWARD, 1), (LINK, RULE, 2)], DISTINCT),
    ("a human's doubt over a later rule", [(UNSURE, STEWARD, 1), (LINK, RULE, 2)], UNSURE),
    ("the later of two humans", [(DISTINCT, STEWARD, 1), (LINK, "steward:8", 2)], LINK),
    ("the later of two rules", [(UNSURE, RULE, 1), (LINK, RULE, 2)], LINK),
    ("a refusal over a later automatic link", [(DISTINCT, RULE, 1), (LINK, "rule:weights-2", 2)], DISTINCT),
    ("the cautious of the same moment", [(LINK, STEWARD, 1), (DISTINCT, "steward:8", 1)], DISTINCT),
]


@pytest.mark.parametrize(("rule", "log", "stands"), STANDING, ids=[each[0] for each in STANDING])
def test_which_judgement_stands(rule: str, log: list[tuple[Kind, str, int]], stands: Kind) -> None:
    assert rule
    written = [entry("ab", kind, by, hour=hour) for kind, by, hour in log]
    assert judgements.standing(written)["a", "b"].kind is stands
    assert judgements.standing(reversed(written))["a", "b"].kind is stands


def test_after_a_split_the_part_with_the_oldest_dossier_keeps_the_person() -> None:
    log = [entry("bc", LINK), entry("ab", LINK, hour=1)]
    whole = judgements.components(DOSSIERS[:3], log)
    assert [each.id for each in whole.persons] == ["a"]
    split = judgements.components(DOSSIERS[:3], [*log, entry("ab", DISTINCT, STEWARD, hour=2)])
    assert [(each.id, each.dossiers) for each in split.persons] == [("a", ("a",)), ("b", ("b", "c"))]


def test_a_rule_link_across_a_refusal_is_not_honoured_but_returned() -> None:
    through = entry("bc", LINK, hour=2)
    log = [entry("ac", DISTINCT, STEWARD), entry("ab", LINK, hour=1), through]
    found = judgements.components(DOSSIERS[:3], log)
    assert {each.dossiers for each in found.persons} == {("a", "b"), ("c",)}
    assert found.conflicts == (through,)


def test_a_human_link_yields_only_to_a_human_refusal() -> None:
    linked = [entry("ab", LINK, STEWARD, hour=1), entry("bc", LINK, STEWARD, hour=2)]
    machine = [*linked, entry("ac", DISTINCT, RULE)]
    assert frozenset("abc") in persons(machine)
    human = [*linked, entry("ac", DISTINCT, "steward:8")]
    assert frozenset("abc") not in persons(human)


def test_an_erased_dossier_takes_its_judgements_along() -> None:
    log = [entry("ab", LINK), entry("bc", LINK)]
    left = [each for each in DOSSIERS[:3] if each.id != "b"]
    assert [each.dossiers for each in judgements.components(left, log).persons] == [("a",), ("c",)]
