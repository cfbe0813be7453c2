"""Plain files linked or de-duplicated: read, sought, compared in several processes, settled. No database.

A table is surveyed, its rows are filed under their keys, and for each row its candidates are compared; only pairs
that can matter are kept. Every row is worked on by a process that has the whole of the files in memory it shares with
the others: it was there when they began. What a row costs is bounded (`identity.files.nearby`), so time grows with
the number of rows.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from registry.flows import linked
from registry.flows.linked import AT_ONCE, Found, KeyTold, Linked
from registry.flows.packed import People
from registry.flows.spread import Spread
from registry.identity import patterns
from registry.identity.compare import Evidence
from registry.identity.files import closer, comparing, fitting, nearby, rivals
from registry.identity.files.bounds import Bounds
from registry.identity.files.closer import Counted, Names
from registry.identity.files.comparing import Rules
from registry.identity.files.nearby import FACTS, Filed, Index
from registry.identity.files.rivals import Scored
from registry.identity.match import Match, Verdict
from registry.identity.patterns import Pattern

CHUNK = 1000
"""Rows that a process takes at a time."""

_ROWS_FITTED = 10_000
_PAIRS_DRAWN = 30_000
_DRAWN_A_ROW = 20
_ROWS_TOLD = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    """What the processes share. `asked` are the keys of the rows that ask, a chunk of rows each."""

    people: People
    rules: Rules
    bounds: Bounds
    index: Index
    asked: Sequence[Filed]
    facts: NDArray[np.uint64]
    true: frozenset[tuple[int, int]] = frozenset()

    def under(self, rules: Rules) -> _State:
        return replace(self, rules=rules, bounds=Bounds(rules))

    def near(self, chunk: int) -> nearby.Near:
        """The candidates of a chunk of rows."""
        people = self.people
        is_within, asking = people.second is None, people.second or len(people)
        telling = nearby.telling(self.rules.weights)
        return nearby.near(self.index, self.asked[chunk], self.facts, telling, within=is_within, asking=asking)


def link(people: People, rules: Rules, *, true: Iterable[tuple[int, int]] = (), spread: Spread | None = None) -> Linked:
    """Link the rows of two files, or find the duplicates of one, by weights learned from the files.

    `true` are pairs known to be one person, for the report only.
    """
    spread = spread or Spread()
    state = _filed(people, rules, spread)
    state = replace(state, true=frozenset((min(each), max(each)) for each in true))
    state = state.under(_fitted(state, spread))
    chunks = range(len(state.asked))
    found = _gathered(spread.over(_compared, state, chunks, step="Comparing"))
    found, rules = _with_rivals(found, state)
    checked = comparing.checked(rules, (match.probability for _, _, match in found.pairs))
    done = linked.settled(people, checked, _judged_again(found, checked), spread.progress)
    return replace(done, true_pairs=len(state.true), keys=_keys_told(state))


def _filed(people: People, rules: Rules, spread: Spread) -> _State:
    """Every row under its keys: of one file all, of two those of the second, for which the first asks."""
    chunks = people.chunks(CHUNK)
    facts = np.zeros((len(people), FACTS), dtype=np.uint64)
    names = Counter[Counted]()
    stored: list[Filed] = []
    asked: list[Filed] = []
    for chunk, found in zip(chunks, spread.over(_keys, people, chunks, step="Reading people"), strict=True):
        facts[chunk] = found.facts
        names.update(found.names)
        if people.second is None or chunk[0] < people.second:
            asked.append(found.asked)
        if people.second is None or chunk[0] >= people.second:
            stored.append(found.stored)
    index = nearby.index(nearby.joined(stored), facts)
    rules = comparing.counting(rules, Names(counts=names, people=sum(map(len, chunks))))
    return _State(people=people, rules=rules, bounds=Bounds(rules), index=index, asked=asked, facts=facts)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Keys:
    """The keys, facts and names of a chunk of rows."""

    stored: Filed
    asked: Filed
    facts: NDArray[np.uint64]
    names: Counter[Counted]


def _keys(people: People, chunk: Sequence[int]) -> _Keys:
    rows = [people.row(each) for each in chunk]
    stored, asked = zip(*(nearby.hashed(each) for each in rows), strict=True)
    return _Keys(
        stored=nearby.filed(chunk, stored),
        asked=nearby.filed(chunk, asked),
        facts=np.array([nearby.facts(each) for each in rows], dtype=np.uint64),
        names=closer.counted(each.demographics for each in rows),
    )


def _by_chance(state: _State, spread: Spread) -> Counter[Pattern]:
    """How pairs of rows agree that were drawn evenly from all."""
    people, second = state.people, state.people.second
    right, count = len(people) - (second or 0), min(_PAIRS_DRAWN, _DRAWN_A_ROW * len(people))
    drawn = patterns.pairs_drawn(second or len(people), right, count, within=second is None)
    pairs = [(one, other + (second or 0)) for one, other in drawn]
    slices = [pairs[start : start + CHUNK] for start in range(0, len(pairs), CHUNK)]
    return sum(spread.over(_patterns_of, state, slices, step="Drawing pairs"), Counter[Pattern]())


def _fitted(state: _State, spread: Spread) -> Rules:
    """Rules learned from the candidates of some rows, and from pairs drawn evenly."""
    drawn = _by_chance(state, spread)
    size = len(state.asked)
    chosen = range(0, size, max(1, size * CHUNK // _ROWS_FITTED))
    near = sum(spread.over(_patterns, state, chosen, step="Learning weights"), Counter[Pattern]())
    of_all = _pairs_in_all(state.people) * len(chosen) / max(size, 1)
    weights, kinship = fitting.fitted(state.rules.weights, state.rules.kinship, drawn, near, of_all=of_all)
    return replace(state.rules, weights=weights, kinship=kinship)


def _pairs_in_all(people: People) -> float:
    left = people.second or len(people)
    return left * (left - 1) / 2 if people.second is None else left * (len(people) - left)


def _patterns(state: _State, chunk: int) -> Counter[Pattern]:
    near = state.near(chunk)
    return _patterns_of(state, zip(near.left.tolist(), near.right.tolist(), strict=True))


def _patterns_of(state: _State, pairs: Iterable[tuple[int, int]]) -> Counter[Pattern]:
    row, rules = state.people.row, state.rules
    found = (comparing.evidence(row(one), row(other), rules) for one, other in pairs)
    return Counter(map(patterns.of, found))


def _compared(state: _State, chunk: int) -> Found:
    """The candidates of a chunk of rows, compared; those kept that can be links, rivals of links, or for review."""
    near, found = state.near(chunk), Found()
    judged: dict[tuple[Evidence, ...], Match] = {}
    for left, right in zip(near.left.tolist(), near.right.tolist(), strict=True):
        one, other, is_true = state.people.row(left), state.people.row(right), (left, right) in state.true
        if state.bounds.is_below(one, other):
            found.counted(AT_ONCE, 0.0, is_true=is_true)
            continue
        evidence = comparing.evidence(one, other, state.rules)
        match = judged.get(evidence) or judged.setdefault(evidence, comparing.decide(evidence, state.rules))
        found.counted(bit(match.score), match.probability, is_true=is_true)
        if match.score >= state.rules.floor or match.verdict is not Verdict.DISTINCT:
            found.pairs.append((left, right, match))
        else:
            found.levels.update((each.field, each.level) for each in evidence)
    return replace(found, compared=len(near.left), cut=near.cut)


def _gathered(parts: Iterable[Found]) -> Found:
    """All pairs found, with one Match object for equal evidence."""
    whole, known, compared, cut = Found(), dict[tuple[Evidence, ...], Match](), 0, 0
    for each in parts:
        same = ((left, right, known.setdefault(match.evidence.evidence, match)) for left, right, match in each.pairs)
        whole.pairs.extend(same)
        whole.scores.update(each.scores)
        whole.levels.update(each.levels)
        for at, likely in each.likely.items():
            whole.likely[at] = whole.likely.get(at, 0.0) + likely
        compared, cut = compared + each.compared, cut + each.cut
    return replace(whole, compared=compared, cut=cut)


def _with_rivals(found: Found, state: _State) -> tuple[Found, Rules]:
    """The pairs with what their neighbours say of them, counted anew, and the rules with what that weighs."""
    of_pairs = rivals.levels(found.pairs, linked.judge(state.people, state.rules), state.rules)
    rules = rivals.learned(state.rules, found.pairs, of_pairs)
    told = {each: comparing.weighed(rivals.FIELD, each, rules.weights) for each in rivals.LEVELS}
    known: dict[tuple[int, str], Match] = {}
    pairs: list[Scored] = []
    for (left, right, match), level in zip(found.pairs, of_pairs, strict=True):
        if (id(match), level) not in known:
            known[id(match), level] = comparing.decide((*match.evidence.evidence, told[level]), rules)
        pairs.append((left, right, known[id(match), level]))
        for one, times in ((match, -1), (pairs[-1][2], 1)):
            found.counted(bit(one.score), one.probability, is_true=(left, right) in state.true, times=times)
    return replace(found, pairs=pairs), rules


def _judged_again(found: Found, rules: Rules) -> Found:
    """The pairs with the verdicts of these rules."""
    known: dict[int, Match] = {}
    for _, _, match in found.pairs:
        if id(match) not in known:
            known[id(match)] = comparing.decide(match.evidence.evidence, rules)
    return replace(found, pairs=[(left, right, known[id(match)]) for left, right, match in found.pairs])


def bit(score: float) -> int:
    """A score in whole bits, rounded down."""
    return math.floor(score)


def _keys_told(state: _State) -> tuple[KeyTold, ...]:
    """How common the keys are, of some rows evenly chosen."""
    people = state.people
    firsts = [place for chunk in people.chunks(CHUNK) for place in chunk if place >= (people.second or 0)]
    chosen = firsts[:: max(1, len(firsts) // _ROWS_TOLD)]
    behind: dict[str, list[int]] = defaultdict(list)
    rows = Counter[str]()
    for place in chosen:
        found = nearby.stored(people.row(place))
        rows.update({each.kind for each in found})
        for each in found:
            behind[each.kind].append(nearby.behind(state.index, each))
    return tuple(
        KeyTold(
            kind=kind,
            share=rows[kind] / len(chosen),
            median=sorted(held)[len(held) // 2],
            largest=max(held) if all(held) else 0,
        )
        for kind, held in sorted(behind.items())
    )
