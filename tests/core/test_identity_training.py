"""Weights learned from a population by its patterns alone: what was planted is found, and laws that always hold."""

from __future__ import annotations

import math
from collections import Counter
from itertools import product
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry import library
from registry.identity import compare, demographics, keys, match, training
from registry.identity.patterns import Pattern
from registry.identity.training import Learned, Near
from registry.identity.weights import Weights
from tests.support import builders

WEIGHTS = library.load().weights
BASE = library.json(library.WEIGHTS)

# Level: its share among pairs of one person, among brothers and sisters, among strangers.
PLANTED: dict[str, dict[str, tuple[float, float, float]]] = {
    "given": {"exact": (0.60, 0.002, 0.004), "sound": (0.35, 0.002, 0.004), "other": (0.05, 0.996, 0.992)},
    "father": {"exact": (0.75, 0.80, 0.01), "near": (0.15, 0.15, 0.01), "other": (0.10, 0.05, 0.98)},
    "family": {"exact": (0.70, 0.75, 0.005), "sound": (0.20, 0.20, 0.005), "other": (0.10, 0.05, 0.99)},
    "mother": {"exact": (0.55, 0.60, 0.01), "part": (0.35, 0.35, 0.02), "other": (0.10, 0.05, 0.97)},
    "birth": {"day": (0.80, 0.02, 0.0002), "part": (0.15, 0.03, 0.01), "other": (0.05, 0.95, 0.9898)},
    "sex": {"same": (0.98, 0.5, 0.5), "other": (0.02, 0.5, 0.5)},
    "phone": {"same": (0.50, 0.90, 0.001), "other": (0.50, 0.10, 0.999)},
}
SHARING = {
    "phone": {"phone": "same"},
    "birth-name": {"birth": "day"},
    "names-mother": {"family": "exact", "mother": "exact"},
}
"""What pairs that share a kind of key have in common."""
NOT_BOUNDED = ("given", "birth", "sex")
SAME, KIN, APART = range(3)


def planted(random: Random, *, same: int, twins: int = 0) -> Near:
    """Pairs that share a key: of one person, twice as many of brothers and sisters, as many of strangers; and twins."""
    near: Near = Counter()
    for _ in range(twins):
        told = {field: _level(random, field, KIN) for field in PLANTED} | SHARING["birth-name"]
        near[frozenset({"birth-name"}), tuple(told.items())] += 1
    for of, count in ((SAME, same), (KIN, 2 * same), (APART, same)):
        for _ in range(count):
            told = {field: _level(random, field, of) for field in PLANTED}
            if of != SAME:
                told |= SHARING[random.choice([*SHARING])]
            kinds = frozenset(kind for kind, shared in SHARING.items() if shared.items() <= told.items())
            near[kinds, tuple(told.items())] += 1
    return Counter({(kinds, pattern): count for (kinds, pattern), count in near.items() if kinds})


def drawn(random: Random, count: int) -> Counter[Pattern]:
    return Counter(tuple((field, _level(random, field, APART)) for field in PLANTED) for _ in range(count))


def _level(random: Random, field: str, of: int) -> str:
    levels = PLANTED[field]
    return random.choices([*levels], [shares[of] for shares in levels.values()])[0]


def learned_of(seed: int, *, same: int) -> Learned:
    random = Random(seed)
    return training.learn(WEIGHTS, drawn(random, 5 * same), planted(random, same=same), of_all=float(same**2))


@pytest.fixture(scope="module")
def learned() -> Learned:
    return learned_of(1, same=4000)


@pytest.mark.parametrize(("field", "level"), [(field, each) for field in PLANTED for each in PLANTED[field]])
def test_what_was_planted_is_found(learned: Learned, field: str, level: str) -> None:
    m, _, u = PLANTED[field][level]
    held = WEIGHTS.level(field, level).weight
    if held > 0:  # what speaks against is forgiven no more than before, whatever is found
        assert learned.m[field, level] == pytest.approx(m, rel=0.2)
    if field in NOT_BOUNDED and u > 0.001:
        assert learned.u[field, level] == pytest.approx(u, rel=0.3)


def test_the_prior_is_the_share_of_pairs_that_are_one_person(learned: Learned) -> None:
    # One pair in fourteen shares no key, and one in twenty has another given name: nobody can tell it from a brother's.
    seen = 4000 * 13 / 14 * 19 / 20
    assert learned.same == pytest.approx(seen, rel=0.05)
    assert learned.prior == pytest.approx(math.log2(seen / 4000**2), abs=0.1)


@pytest.mark.parametrize("twins", [1_000, 20_000])
def test_twins_however_many_are_not_taken_for_one_child(learned: Learned, twins: int) -> None:
    random = Random(7)
    found = training.learn(
        WEIGHTS, drawn(random, 10_000), planted(random, same=1000, twins=twins), of_all=float(1000**2)
    )
    assert found.same == pytest.approx(1000 * learned.same / 4000, rel=0.1)
    assert found.m["sex", "same"] == pytest.approx(0.98, abs=0.02)


def test_what_a_key_speaks_of_is_not_learned_from_those_who_share_it() -> None:
    pattern = (("given", "exact"), ("phone", "same"), ("sex", "same"))
    found = training.learn(WEIGHTS, Counter(), Counter({(frozenset({"phone"}), pattern): 1000}), of_all=1e6)
    held = WEIGHTS.level("phone", "same").weight
    assert math.log2(found.m["phone", "same"] / found.u["phone", "same"]) == pytest.approx(held)
    assert found.m["given", "exact"] > WEIGHTS.level("given", "exact").m


def test_the_levels_of_a_field_sum_to_about_one(learned: Learned) -> None:
    for field in PLANTED:
        for side in (learned.m, learned.u):
            assert sum(share for (name, _), share in side.items() if name == field) == pytest.approx(1, abs=0.1), field


def test_more_pairs_come_nearer_to_the_truth() -> None:
    errors = [_error(learned_of(2, same=same)) for same in (30, 300, 3000)]
    assert errors[0] > errors[1] > errors[2]
    assert errors[2] < 0.15


def _error(learned: Learned) -> float:
    """The mean error of the learned m, in bits, of what speaks for one person."""
    off = [
        abs(math.log2(learned.m[field, level] / m))
        for field, levels in PLANTED.items()
        for level, (m, _, _) in levels.items()
        if WEIGHTS.level(field, level).weight > 0
    ]
    return sum(off) / len(off)


def test_few_pairs_change_little() -> None:
    few = learned_of(3, same=5)
    for level, m in few.m.items():
        assert math.log2(m / few.u[level]) == pytest.approx(WEIGHTS.levels[level].weight, abs=0.3), level


def test_nothing_seen_is_nothing_learned() -> None:
    nothing = training.learn(WEIGHTS, Counter(), Counter(), of_all=1.0)
    assert nothing.m == nothing.u == {}
    assert training.described(nothing, BASE, version="weights-9", note="")["fields"] == BASE["fields"]


# --- laws ------------------------------------------------------------------------------------------

FIELDS: dict[str, list[str]] = {}
for _field, _name in WEIGHTS.levels:
    if _field != "shared":
        FIELDS.setdefault(_field, []).append(_name)

PATTERNS = st.fixed_dictionaries({}, optional={field: st.sampled_from(names) for field, names in FIELDS.items()}).map(
    lambda told: tuple(sorted(told.items()))
)
few = settings(max_examples=25)
COUNTED = st.dictionaries(PATTERNS, st.integers(1, 3000), max_size=12).map(Counter)
NEAR = st.dictionaries(
    st.tuples(st.frozensets(st.sampled_from(sorted(training.SPEAKS_OF)), min_size=1), PATTERNS),
    st.integers(1, 3000),
    max_size=8,
).map(Counter)


@few
@given(COUNTED, NEAR)
def test_nothing_is_impossible(drawn: Counter[Pattern], near: Near) -> None:
    found = training.learn(WEIGHTS, drawn, near, of_all=1e6)
    assert {field for field, _ in found.m} == {field for pattern in _patterns(drawn, near) for field, _ in pattern}
    assert all(0 < each <= 1 for each in (*found.m.values(), *found.u.values()))


def _patterns(drawn: Counter[Pattern], near: Near) -> list[Pattern]:
    return [*drawn, *(pattern for _, pattern in near)]


@few
@given(COUNTED, NEAR)
def test_no_household_is_believed_more_and_nothing_forgiven_more_than_before(
    drawn: Counter[Pattern], near: Near
) -> None:
    found = training.learn(WEIGHTS, drawn, near, of_all=1e6)
    for (field, name), m in found.m.items():
        before, after = WEIGHTS.level(field, name).weight, math.log2(m / found.u[field, name])
        if before < 0 or field in compare.HOUSEHOLD:
            assert after <= before + 1e-9


@few
@given(COUNTED, NEAR, st.randoms(use_true_random=False))
def test_the_order_of_pairs_does_not_matter(drawn: Counter[Pattern], near: Near, random: Random) -> None:
    again = (Counter(dict(random.sample([*each.items()], len(each)))) for each in (drawn, near))
    assert training.learn(WEIGHTS, *again, of_all=1e6) == training.learn(WEIGHTS, drawn, near, of_all=1e6)  # type: ignore[arg-type]


@few
@given(COUNTED, NEAR)
def test_a_learned_file_is_a_weights_file_that_is_more_careful(drawn: Counter[Pattern], near: Near) -> None:
    found = training.learn(WEIGHTS, drawn, near, of_all=1e6)
    read = match.read(training.described(found, BASE, version="weights-9", note="why"))
    before, after = WEIGHTS.thresholds, read.thresholds
    assert read.version == "weights-9"
    assert read.levels.keys() == WEIGHTS.levels.keys()
    assert [each.says for each in read.levels.values()] == [each.says for each in WEIGHTS.levels.values()]
    assert read.prior <= WEIGHTS.prior
    assert read.desk_prior - read.prior == pytest.approx(WEIGHTS.desk_prior - WEIGHTS.prior)
    assert (read.clan_cap, read.household_cap) <= (WEIGHTS.clan_cap, WEIGHTS.household_cap)
    assert (after.link, after.link_of_parent) >= (before.link - 1e-6, before.link_of_parent - 1e-6)
    assert (after.review, after.lead, after.agreeing) == (before.review, before.lead, before.agreeing)


NAMES = ("exact", "sound", "known")
LOOK_ALIKES: dict[str, list[dict[str, str]]] = {
    "a cousin of the same name, parents not recorded": [
        {"given": name, "family": "exact", "grandfather": "exact", "village": "same", "birth": birth}
        for name, birth in product(NAMES, ("year", "month"))
    ],
    "a child named after a sibling that died": [
        {"given": name, "father": "exact", "mother": "exact", "family": "exact", "phone": "same", "birth": birth}
        for name, birth in product(NAMES, ("year", "part"))
    ],
    "a stranger of one street, the father's name the same": [
        {"given": name, "father": "exact", "village": "same", "birth": "year", "family": "other"} for name in NAMES
    ],
    "a stranger with another mother": [{"given": "sound", "family": "exact", "mother": "other", "birth": "year"}],
}


@pytest.mark.parametrize("alike", LOOK_ALIKES, ids=str)
def test_no_look_alike_comes_nearer_to_a_link(learned: Learned, alike: str) -> None:
    read = match.read(training.described(learned, BASE, version="weights-9", note=""))
    for levels in LOOK_ALIKES[alike]:
        assert _margin(levels, read) <= _margin(levels, WEIGHTS) + 0.05, levels


def _margin(levels: dict[str, str], weights: Weights) -> float:
    """By how many bits a pair is over the threshold, in a registry of a million."""
    among = weights.among(1_000_000)
    weight = {field: among.level(field, level).weight for field, level in levels.items()}
    off_clan = max(0.0, sum(weight.get(each, 0.0) for each in compare.CLAN) - among.clan_cap)
    household = sum(weight.get(each, 0.0) for each in compare.HOUSEHOLD) - off_clan
    off = off_clan + max(0.0, household - among.household_cap)
    link = among.thresholds.link
    return among.prior + sum(weight.values()) - off - math.log2(link / (1 - link))


def test_what_fewer_than_twenty_pairs_have_is_not_told() -> None:
    def told(known: int, part: int) -> Learned:
        pairs = {(("given", "other"),): 5000, (("given", "known"),): known, (("given", "part"),): part}
        near: Near = Counter({(frozenset({"phone"}), pattern): count for pattern, count in pairs.items()})
        return training.learn(WEIGHTS, Counter(pairs), near, of_all=1e6)

    assert told(3, 16).u == told(16, 3).u
    assert told(3, 60).u != told(60, 3).u


def test_a_count_of_people_is_told_from_twenty_on() -> None:
    assert [training.counted(each) for each in (0, 19.9, 20, 1234.4)] == [
        "fewer than 20", "fewer than 20", "about 20", "about 1,234",
    ]  # fmt: skip


def test_what_every_kind_of_key_speaks_of_is_known() -> None:
    told = demographics.of(builders.patient(builders.ZAHOUANIA, builders.VACCINES).resource.content)
    assert {each.kind for each in keys.asked(told)} == training.SPEAKS_OF.keys()
