"""Pairs settled among each other: which links stand, and which persons they make.

A link stands where no other row fits either end nearly as well, unless that row is plainly the same person, and
where nothing that other rows of the two persons say contradicts. Links are heard in the order of their scores, so
the answer does not depend on the order of the rows. Every pair of a person is a link in the end: what two rows say
of each other may be little, and what they say together with a third is enough.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice, product

from registry.identity.files import rivals
from registry.identity.files.comparing import Rules
from registry.identity.files.rivals import Decide
from registry.identity.match import Match, Verdict
from registry.identity.vetoes import Veto
from registry.identity.weights import Weights

Place = int
"""A row, by its place; the rows of a second file are counted on from the first."""

_MOST_HEARD = 40  # rows of a person that may contradict; a person of more is mostly one row copied
_NEARER = 3.0  # bits by which a row is nearer to its own mate
_LIKELY = 3.3  # bits; ten to one
_CERTAIN = 10.0  # bits; what one pair of rows may say for or against their persons being one


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two rows, what was found about them, and, where others decided, why."""

    left: Place
    right: Place
    match: Match
    because: str = ""

    @property
    def verdict(self) -> Verdict:
        return self.match.verdict

    def for_review(self) -> Pair:
        return replace(self, match=replace(self.match, verdict=Verdict.REVIEW))

    def explanation(self) -> str:
        """Why, in sentences that contain no value of a person."""
        return " ".join((*self.match.explanation(), *([self.because] if self.because else ())))


RIVALLED = f"Never automatic: {Veto.RIVAL.value}."
CONTRADICTED = "Another row that would belong to the same person contradicts."
TOGETHER = "Joined by what other rows of the same person say."


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """Persons of more than one row, each in order, and the pairs left to a human."""

    persons: tuple[tuple[Place, ...], ...]
    reviews: tuple[Pair, ...]


def clusters(pairs: Sequence[Pair]) -> list[list[Pair]]:
    """Pairs gathered so that no two gatherings share a row: each can be settled on its own."""
    persons = _Persons()
    for each in pairs:
        persons.join(each.left, each.right)
    gathered: dict[Place, list[Pair]] = defaultdict(list)
    for each in pairs:
        gathered[persons.of(each.left)].append(each)
    return [*gathered.values()]


def settle(pairs: Iterable[Pair], decide: Decide, rules: Rules, *, second: Place | None = None) -> Settled:
    """Settle pairs that may be links or rivals of links; `decide` answers for any other two rows, also of one file.

    `second` is where a second file begins, if there are two.
    """
    held = _Held(decide=decide, rules=rules, pairs=sorted(pairs, key=_weightiest), is_of_two_files=second is not None)
    waiting = [each for each in held.pairs if each.verdict is not Verdict.DISTINCT]
    while len(left := [each for one in waiting if (each := _joined(held, one))]) < len(waiting):
        waiting = left  # a person that is known better may settle what was in doubt about it
    members = defaultdict[Place, list[Place]](list)
    for place in sorted({end for each in held.pairs for end in (each.left, each.right)}):
        members[held.persons.of(place)].append(place)
    return Settled(
        persons=tuple(tuple(each) for each in members.values() if len(each) > 1),
        reviews=tuple(each.for_review() for each in left if not _is_answered(held, each)),
    )


def _weightiest(pair: Pair) -> tuple[float, Place, Place]:
    return (-pair.match.score, pair.left, pair.right)


class _Persons:
    """Which rows were joined."""

    def __init__(self) -> None:
        self._parent: dict[Place, Place] = {}
        self.members: dict[Place, list[Place]] = {}

    def of(self, place: Place) -> Place:
        parent = self._parent.get(place, place)
        while parent != place:
            above = self._parent.get(parent, parent)
            self._parent[place] = above
            place, parent = parent, above
        return place

    def rows(self, place: Place) -> list[Place]:
        return self.members.get(self.of(place), [place])

    def join(self, left: Place, right: Place) -> None:
        one, other = self.of(left), self.of(right)
        if one == other:
            return
        of_one, of_other = self.members.pop(one, [one]), self.members.pop(other, [other])
        if len(of_one) < len(of_other):
            one, other, of_one, of_other = other, one, of_other, of_one
        of_one.extend(of_other)
        self.members[one] = of_one
        self._parent[other] = one


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    """What is known while pairs are settled."""

    decide: Decide
    rules: Rules
    pairs: Sequence[Pair]
    is_of_two_files: bool
    persons: _Persons = field(default_factory=_Persons)
    known: dict[tuple[Place, Place], Match] = field(init=False, default_factory=dict[tuple[Place, Place], Match])
    around: dict[Place, list[Pair]] = field(init=False, default_factory=lambda: defaultdict[Place, list[Pair]](list))

    def __post_init__(self) -> None:
        for each in self.pairs:
            self.known[each.left, each.right] = each.match
            self.around[each.left].append(each)
            self.around[each.right].append(each)

    def match(self, one: Place, other: Place) -> Match:
        pair = (min(one, other), max(one, other))
        if pair not in self.known:
            self.known[pair] = self.decide(*pair)
        return self.known[pair]

    def is_nearer_another(self, place: Place, pair: Pair) -> bool:
        """Whether a row of the pair plainly has a better mate than the other, in a file that has everybody once."""
        least = pair.match.score + _NEARER
        mates = (each.match for each in self.around[place])
        return self.is_of_two_files and any(each.score >= least and not each.vetoes for each in mates)


def _joined(held: _Held, pair: Pair) -> Pair | None:
    """Join the persons of a link; the pair again, with the reason, while something stands in the way."""
    if held.persons.of(pair.left) == held.persons.of(pair.right):
        return None
    if pair.verdict is not Verdict.LINK:
        return pair
    if _is_rivalled(held, pair):
        return replace(pair, because=RIVALLED)
    if _contradicts(held, pair):
        return replace(pair, because=CONTRADICTED)
    held.persons.join(pair.left, pair.right)
    return None


def _is_answered(held: _Held, pair: Pair) -> bool:
    """Whether both rows were found to be somebody else: each has the link that the other was mistaken for.

    In one file a person may stand any number of times, so that there the two persons must contradict each other.
    """
    if any(len(held.persons.rows(each)) < 2 for each in (pair.left, pair.right)):
        return False
    if all(held.is_nearer_another(each, pair) for each in (pair.left, pair.right)):
        return True
    return pair.verdict is not Verdict.LINK and (held.is_of_two_files or _contradicts(held, pair))


def _is_rivalled(held: _Held, pair: Pair) -> bool:
    """Whether a third row fits one end nearly as well, or better, and is not plainly the same as the other end."""
    return _has_rival(held, pair, pair.left, pair.right) or _has_rival(held, pair, pair.right, pair.left)


def _has_rival(held: _Held, pair: Pair, end: Place, other: Place) -> bool:
    """Whether the one end has, for the other, a rival in a third row."""
    joined = {held.persons.of(end), held.persons.of(other)}
    for each in held.around[end]:
        third = each.left if each.right == end else each.right
        is_near = not _is_behind(each.match, pair.match, held.rules.weights)
        is_another = held.persons.of(third) not in joined and not held.is_nearer_another(third, each)
        if is_near and is_another and not _is_one(held.match(third, other), held.rules):
            return True
    return False


def _is_behind(found: Match, best: Match, weights: Weights) -> bool:
    """Whether a match is far behind another, in all or by the given name: a twin's household may be better known.

    By what the rows say alone: a rival would be counted twice if it had weakened the match it is held against.
    """
    return max(_of_rows(best) - _of_rows(found), _of_name(best) - _of_name(found)) >= weights.thresholds.lead


def _of_rows(found: Match) -> float:
    return found.score - math.fsum(each.weight for each in found.evidence.evidence if each.field == rivals.FIELD)


def _of_name(found: Match) -> float:
    return math.fsum(each.weight for each in found.evidence.evidence if each.field == "given")


def _is_one(found: Match, rules: Rules) -> bool:
    return found.probability >= rules.one_from and not found.vetoes


def _contradicts(held: _Held, pair: Pair) -> bool:
    """Whether all that the rows of the two persons say of each other speaks against their being one.

    One row in the wrong place speaks against the others of its own person, too; so their words are summed, none of
    them beyond what can be certain. Official numbers that differ are never outweighed.
    """
    left, right = (list(islice(held.persons.rows(each), _MOST_HEARD)) for each in (pair.left, pair.right))
    found = [held.match(one, other) for one, other in product(left, right)]
    said = math.fsum(max(-_CERTAIN, min(each.score, _CERTAIN)) for each in found)
    return said < _LIKELY * len(found) or any(each.vetoes for each in found)


def listed(
    persons: Iterable[Sequence[Place]],
    found: Mapping[tuple[Place, Place], Pair],
    decide: Decide,
    *,
    second: Place | None,
) -> Iterator[Pair]:
    """Every pair of every person; across two files when `second` is where the second begins.

    A person of very many rows is listed by its first row (of each file) only.
    """
    for each in persons:
        for one, other in _pairs(each, second):
            direct = found.get((one, other)) or Pair(left=one, right=other, match=decide(one, other))
            if direct.verdict is Verdict.LINK:
                yield direct
            else:
                yield replace(direct, match=replace(direct.match, verdict=Verdict.LINK, vetoes=()), because=TOGETHER)


MOST_LISTED = 50


def _pairs(rows: Sequence[Place], second: Place | None) -> Iterator[tuple[Place, Place]]:
    left = [each for each in rows if second is None or each < second]
    right = rows if second is None else [each for each in rows if each >= second]
    is_large = len(rows) > MOST_LISTED
    for one, other in product(left[:1] if is_large else left, right):
        if one < other:
            yield one, other
    if is_large and second is not None:
        yield from ((one, right[0]) for one in left[1:])
