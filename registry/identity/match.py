"""Are these one person? Verdicts with their reasons: about two descriptions, about a newcomer, about a question.

Nothing links automatically against a veto, nor without evidence of the child itself, nor while a second person
comes near the best. A newcomer is compared with every dossier of a person, and one veto is enough. What cannot be
decided goes to a steward; what is unlikely is nobody's business.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from itertools import product

from registry.identity import compare, vetoes, weights
from registry.identity.compare import Comparison
from registry.identity.demographics import Demographics
from registry.identity.vetoes import Veto
from registry.identity.weights import Rarity, Weights

read = weights.read


class Verdict(Enum):
    """What matching says about two dossiers, or about a dossier and a person."""

    LINK = "link"
    REVIEW = "review"
    DISTINCT = "distinct"


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A verdict with everything it rests on. `score` is the log2 odds that both are one person."""

    verdict: Verdict
    probability: float
    score: float
    evidence: Comparison
    vetoes: tuple[Veto, ...]
    weights_version: str

    def explanation(self) -> tuple[str, ...]:
        """The reasons in sentences for a steward, the weightiest first; they contain no value of a person."""
        ordered = sorted(self.evidence.evidence, key=lambda each: -abs(each.weight))
        return (
            f"{_VERDICT_WORDS[self.verdict]} Probability {_percent(self.probability)}, by {self.weights_version}.",
            *(f"{_strength(each.weight)}: {each.label}." for each in ordered),
            *(f"Never automatic: {each.value}." for each in self.vetoes),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A dossier as matching sees it."""

    id: str
    source: str
    demographics: Demographics


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonView:
    """A person and all its dossiers."""

    id: str
    members: tuple[Subject, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """To which person a dossier belongs, if any; and which persons a steward should look at beside or instead.

    `link` is the best person. `also` are further persons the dossier belongs to just as surely and who do not
    contradict the best: the dossier is the bridge that shows them to be one, and is linked to each.
    `match` is that of the best person, linked or not; None when there was nobody to compare with.
    """

    link: str | None
    match: Match | None
    also: tuple[tuple[str, Match], ...] = ()
    reviews: tuple[tuple[str, Match], ...] = ()


class Reason(Enum):
    """Why a desk's question found a person or none; for audit and stewards, never for the asker."""

    FOUND = "found"
    NOBODY = "nobody fits"
    TOO_LITTLE = "too little of what was asked agrees"
    CONTRADICTED = "something contradicts"
    AMBIGUOUS = "more than one person fits"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identification:
    """The person a desk asked about, if it is certain who is meant."""

    person: str | None
    match: Match | None
    reason: Reason


def decide(left: Demographics, right: Demographics, weights: Weights, *, rarity: Rarity | None = None) -> Match:
    """Say whether two descriptions are of one person. The same whichever comes first."""
    return _decide(left, right, weights, prior=weights.prior, rarity=rarity)


def _decide(left: Demographics, right: Demographics, weights: Weights, *, prior: float, rarity: Rarity | None) -> Match:
    evidence = compare.compare(left, right, weights, rarity=rarity)
    score = prior + evidence.weight
    return _judged(
        Match(
            verdict=Verdict.DISTINCT,
            probability=_probability(score),
            score=score,
            evidence=evidence,
            vetoes=tuple(vetoes.of(evidence)),
            weights_version=weights.version,
        ),
        weights,
    )


def _judged(match: Match, weights: Weights) -> Match:
    """The match with the verdict that follows from its probability and vetoes."""
    # A parent who agrees tells the child from a cousin of the same name; without one, more is asked for.
    is_of_parent = match.evidence.agrees("father") or match.evidence.agrees("mother")
    needed = weights.thresholds.link_of_parent if is_of_parent else weights.thresholds.link
    if match.probability >= needed and not match.vetoes:
        return replace(match, verdict=Verdict.LINK)
    # An official number that two people share is a fault somebody must look at, however unlike they are.
    is_open = match.probability >= weights.thresholds.review or match.evidence.level("identifier") == "same"
    return replace(match, verdict=Verdict.REVIEW if is_open else Verdict.DISTINCT)


def _probability(score: float) -> float:
    return 1.0 / (1.0 + 2.0 ** -max(min(score, 60.0), -60.0))


def resolve(
    subject: Subject, persons: Sequence[PersonView], weights: Weights, *, rarity: Rarity | None = None
) -> Resolution:
    """Say to which of the candidate persons a new dossier belongs. The order of `persons` does not matter."""
    found = [(each, _with_person(subject, each, weights, rarity)) for each in persons]
    ranked = sorted(found, key=lambda each: (-each[1].score, each[0].id))
    if not ranked:
        return Resolution(link=None, match=None)
    best, match = ranked[0] = _slip_heard(subject, ranked, weights)
    if match.verdict is not Verdict.LINK:
        return Resolution(link=None, match=match, reviews=_for_review(ranked))
    rivals, also = _rivals_and_others(ranked, weights)
    if rivals:
        match = _vetoed(match, Veto.RIVAL, weights)
        return Resolution(link=None, match=match, reviews=((best.id, match), *_for_review(ranked[1:])))
    beside = tuple((each.id, other) for each, other in ranked[1:] if _is_only_of_one_source(other, weights))
    return Resolution(link=best.id, match=match, also=also, reviews=beside)


Ranked = Sequence[tuple[PersonView, Match]]


_OF_A_SLIP = {Veto.SLIP, Veto.NOT_OF_THE_CHILD}


def _slip_heard(subject: Subject, ranked: Ranked, weights: Weights) -> tuple[PersonView, Match]:
    """The best person; a slip in its given name stands no longer in the way where no twin can be seen.

    A family takes its twins along, so the source of one of the two dossiers knows both of them.
    """
    best, match = ranked[0]
    is_slip = Veto.SLIP in match.vetoes and {*match.vetoes} <= _OF_A_SLIP
    if not is_slip or match.probability < weights.thresholds.same_source:
        return best, match
    sources = {subject.source} | {each.source for each in best.members}
    others = (member for person, _ in ranked[1:] for member in person.members if member.source in sources)
    if any(vetoes.may_be_twins(compare.compare(subject.demographics, each.demographics, weights)) for each in others):
        return best, match
    return best, _judged(replace(match, vetoes=()), weights)


def _for_review(ranked: Ranked) -> tuple[tuple[str, Match], ...]:
    """What a steward sees; an answer that another person comes near is no answer, so links are reviewed too."""
    open_matches = ((each.id, match) for each, match in ranked if match.verdict is not Verdict.DISTINCT)
    return tuple((each, replace(match, verdict=Verdict.REVIEW)) for each, match in open_matches)


def _rivals_and_others(ranked: Ranked, weights: Weights) -> tuple[bool, tuple[tuple[str, Match], ...]]:
    """Whether a second person comes too near the best; and who is plainly the same person as the best."""
    best, match = ranked[0]
    same = [each for each in ranked[1:] if _is_one(best, each, weights)]
    near = [each for each in ranked[1:] if match.score - each[1].score < weights.thresholds.lead]
    is_rivalled = any(each not in same and not _is_only_of_one_source(each[1], weights) for each in near)
    joined = (each for each in same if each[1].verdict is Verdict.LINK and not _share_a_source(best, each[0]))
    return is_rivalled, tuple((each.id, other) for each, other in joined)


def _share_a_source(left: PersonView, right: PersonView) -> bool:
    return bool({each.source for each in left.members} & {each.source for each in right.members})


def _with_person(subject: Subject, person: PersonView, weights: Weights, rarity: Rarity | None) -> Match:
    """The match with the dossier that fits best, under the vetoes of every dossier of the person."""
    each = [(member, decide(subject.demographics, member.demographics, weights, rarity=rarity))
            for member in person.members]  # fmt: skip
    best = max((match for _, match in each), key=lambda match: match.score)
    against = _contradictions([match for _, match in each])
    if not any(compare.is_of_child(match.evidence) for _, match in each):
        against.append(Veto.NOT_OF_THE_CHILD)
    of_one_source = [match for member, match in each if member.source == subject.source]
    if of_one_source and not all(_is_surely_same(match, weights) for match in of_one_source):
        against.append(Veto.SAME_SOURCE)
    return _judged(replace(best, vetoes=tuple(against)), weights)


def _contradictions(matches: Sequence[Match]) -> list[Veto]:
    """Every veto of any pair, once; a dossier that merely knows little does not contradict.

    Where one dossier of a person bears the same name, another that differs by a slip of the pen is no twin.
    """
    is_named = any(match.evidence.level("given") in compare.SAME_NAME for match in matches)
    found = dict.fromkeys(
        veto
        for match in matches
        for veto in match.vetoes
        if not (veto in (Veto.TWIN, Veto.SLIP) and is_named and match.evidence.level("given") in (*vetoes.SLIPS, None))
    )
    return [each for each in found if each is not Veto.NOT_OF_THE_CHILD]


_SAME_DAY = ("day", "a day beside")


def _is_surely_same(match: Match, weights: Weights) -> bool:
    """Whether two dossiers of one source are one child beyond what namesakes share: name, very day and family."""
    if match.vetoes or match.probability < weights.thresholds.same_source:
        return False
    if match.evidence.level("identifier") == "same":
        return True
    family = sum(map(match.evidence.agrees, ("father", "mother", "family")))
    is_same_child = match.evidence.level("given") in compare.SAME_NAME
    return is_same_child and match.evidence.level("birth") in _SAME_DAY and family >= 2


def _is_only_of_one_source(match: Match, weights: Weights) -> bool:
    """Whether this person, too, would have been linked, had it not a dossier of the same source."""
    return match.probability >= weights.thresholds.link and match.vetoes == (Veto.SAME_SOURCE,)


def _vetoed(match: Match, veto: Veto, weights: Weights) -> Match:
    return _judged(replace(match, vetoes=(*match.vetoes, veto)), weights)


def _is_one(best: PersonView, other: tuple[PersonView, Match], weights: Weights) -> bool:
    """Whether another person may be taken for the best one: nothing contradicts, and more speaks for than against.

    Two dossiers of one source are held apart, unless they agree beyond what namesakes share.
    """
    pairs = [*product(best.members, other[0].members)]
    matches = [decide(one.demographics, another.demographics, weights) for one, another in pairs]
    is_likely = max(each.probability for each in matches) >= 0.5
    return is_likely and all(
        _is_entered_twice(match, weights)
        if one.source == another.source
        else not {*_contradictions([match])} - {Veto.SLIP}
        for (one, another), match in zip(pairs, matches, strict=True)
    )


def _is_entered_twice(match: Match, weights: Weights) -> bool:
    """Whether one source has the same child under two numbers; a steward is told when the second comes."""
    numbers = math.fsum(each.weight for each in match.evidence.evidence if each.field == "identifier")
    is_likely = _probability(match.score - numbers) >= weights.thresholds.link
    return is_likely and not {*match.vetoes} - {Veto.IDENTIFIER}


def contradicts(left: Sequence[Demographics], right: Sequence[Demographics], weights: Weights) -> bool:
    """Whether any dossier of one person speaks against any of the other, so that no rule may join them.

    Knowing little is no contradiction: a verdict of DISTINCT alone does not say so. Nor is a slip of the pen in a
    name, where other dossiers of the two bear the same name.
    """
    found = _contradictions([decide(one, other, weights) for one, other in product(left, right)])
    return bool({*found} - {Veto.SLIP})  # whether a slip hides a twin was judged when the link was found


def identify(
    asked: Demographics, persons: Sequence[PersonView], weights: Weights, *, rarity: Rarity | None = None
) -> Identification:
    """Find the person a desk asks about, with what it knows; None unless exactly one person surely fits.

    The person is seen as a whole: a name from one dossier and the mother's from another count together. At least
    `agreeing` attributes must agree, and no dossier of the person may contradict.
    """
    found = [(each, _asked_about(asked, each, weights, rarity)) for each in persons]
    ranked = sorted(found, key=lambda each: (-each[1].score, each[0].id))
    if not ranked:
        return Identification(person=None, match=None, reason=Reason.NOBODY)
    reason = _reason(ranked, weights)
    person = ranked[0][0].id if reason is Reason.FOUND else None
    return Identification(person=person, match=ranked[0][1], reason=reason)


def _asked_about(asked: Demographics, person: PersonView, weights: Weights, rarity: Rarity | None) -> Match:
    known = [*(each.demographics for each in person.members), *_as_a_whole(person)]
    matches = [_decide(asked, each, weights, prior=weights.desk_prior, rarity=rarity) for each in known]
    best = max(matches, key=lambda match: match.score)
    against = _contradictions(matches[: len(person.members)])
    if not compare.is_of_child(best.evidence):
        against.append(Veto.NOT_OF_THE_CHILD)
    return _judged(replace(best, vetoes=tuple(against)), weights)


def _as_a_whole(person: PersonView) -> list[Demographics]:
    """The person with the names of all its dossiers, once with each birth date."""
    members = [each.demographics for each in person.members]
    if len(members) < 2:
        return []
    whole = Demographics(
        given=tuple(name for each in members for name in each.given),
        father=tuple(name for each in members for name in each.father),
        grandfather=tuple(name for each in members for name in each.grandfather),
        family=tuple(name for each in members for name in each.family),
        mother=tuple(name for each in members for name in each.mother),
        sex=next((each.sex for each in members if each.sex), None),
        villages=tuple(name for each in members for name in each.villages),
        phones=tuple(phone for each in members for phone in each.phones),
        identifiers=tuple(number for each in members for number in each.identifiers),
    )
    return [replace(whole, birth=birth) for birth in dict.fromkeys(each.birth for each in members)]


_ATTRIBUTES = (
    "given",
    "birth",
    "father",
    "grandfather",
    "family",
    "mother",
    "village",
    "phone",
    "identifier",
)


def _reason(ranked: Sequence[tuple[PersonView, Match]], weights: Weights) -> Reason:
    match = ranked[0][1]
    agreeing = sum(map(match.evidence.agrees, _ATTRIBUTES))
    if match.verdict is Verdict.DISTINCT:
        return Reason.NOBODY
    if match.vetoes:
        return Reason.CONTRADICTED
    if agreeing < weights.thresholds.agreeing or match.verdict is not Verdict.LINK:
        return Reason.TOO_LITTLE
    is_rivalled, _ = _rivals_and_others(ranked, weights)
    return Reason.AMBIGUOUS if is_rivalled else Reason.FOUND


_VERDICT_WORDS = {
    Verdict.LINK: "These are one person.",
    Verdict.REVIEW: "These may be one person; please decide.",
    Verdict.DISTINCT: "These are two people, as far as is known.",
}

_STRENGTHS = (
    (10.0, "Speaks very strongly for"),
    (4.0, "Speaks strongly for"),
    (0.3, "Speaks for"),
    (-0.3, "Says little"),
    (-4.0, "Speaks against"),
    (-10.0, "Speaks strongly against"),
)


def _strength(weight: float) -> str:
    return next((words for least, words in _STRENGTHS if weight >= least), "Speaks very strongly against")


def _percent(probability: float) -> str:
    """Never rounded up to certainty."""
    shown = int(probability * 10000) / 100
    return f"{min(shown, 99.99):g} %"
