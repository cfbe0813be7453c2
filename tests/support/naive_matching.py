"""Matching done the long way, to compare the quick way with: every pair, every path, no index."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations

from registry.identity import match
from registry.identity.judgements import Dossier, Judgement, Kind
from registry.identity.match import Match, Subject, Verdict
from registry.identity.weights import Weights


def every_pair(subjects: Sequence[Subject], weights: Weights) -> list[tuple[Subject, Subject, Match]]:
    """Every two dossiers with their match, none left out."""
    return [
        (one, other, match.decide(one.demographics, other.demographics, weights))
        for one, other in combinations(subjects, 2)
    ]


def every_link(subjects: Sequence[Subject], weights: Weights) -> list[tuple[Subject, Subject]]:
    """Every two dossiers that would be linked."""
    return [(one, other) for one, other, found in every_pair(subjects, weights) if found.verdict is Verdict.LINK]


def persons(dossiers: Iterable[Dossier], judgements: Iterable[Judgement]) -> set[frozenset[str]]:
    """The persons of a log, by the rules as they are written down: slow, and without any cleverness."""
    ids = {each.id for each in dossiers}
    log = [each for each in set(judgements) if {each.left, each.right} <= ids and each.left != each.right]
    groups = {frozenset({each}) for each in ids}
    pairs = {frozenset({each.left, each.right}) for each in log}
    standing = {pair: _standing([each for each in log if {each.left, each.right} == pair]) for pair in pairs}
    links = [each for each in standing.values() if each.kind is Kind.LINK]
    for link in sorted(links, key=lambda each: (not each.is_human, each.at, each.id)):
        one, other = (next(group for group in groups if end in group) for end in (link.left, link.right))
        refusals = [
            each
            for pair, each in standing.items()
            if each.kind is Kind.DISTINCT and pair & one and pair & other and (each.is_human or not link.is_human)
        ]
        if one != other and not refusals:
            groups = (groups - {one, other}) | {one | other}
    return groups


def _standing(log: Sequence[Judgement]) -> Judgement:
    humans = [each for each in log if each.is_human]
    refusals = [each for each in log if each.kind is Kind.DISTINCT]
    heard = humans or refusals or list(log)
    latest = max(each.at for each in heard)
    of_the_moment = [each for each in heard if each.at == latest]
    for kind in (Kind.DISTINCT, Kind.UNSURE, Kind.LINK):
        of_kind = [each for each in of_the_moment if each.kind is kind]
        if of_kind:
            return max(of_kind, key=lambda each: each.id)
    raise AssertionError("a judgement has a kind")
