"""Are these one person? Verdicts with their reasons: about two descriptions, about a newcomer, about a question.

Nothing links automatically against a veto, nor without evidence of the child itself, nor while a second person
comes near the best. A newcomer is compared with every dossier of a person, and one veto is enough. What cannot be
decided goes to a steward; what is unlikely is nobody's business.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from itertools import product

from registry.identity import compare, strength, vetoes, weights
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
        likely = strength.percent(self.probability)
        return (
            f"{_VERDICT_WORDS[self.verdict]} Probability {likely}, by {self.weights_version}.",
            *self.reasons(),
            *(f"Never automatic: {each.value}." for each in self.vetoes),
        )

    def reasons(self) -> tuple[str, ...]:
        """What agrees and differs, the weightiest first, without the verdict."""
        ordered = sorted(self.evidence.evidence, key=lambda each: -abs(each.weight))
        return tuple(f"{strength.words(each.weight)}: {each.label}." for each in ordered)


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
    return of_evidence(evidence, weights, prior=prior)


def of_evidence(
    evidence: Comparison, weights: Weights, *, prior: float | None = None, heard: Container[Veto] = Veto
) -> Match:
    """What follows from evidence, however it was gathered. A veto that is not `heard` stands in nobody's way."""
    score = (weights.prior if prior is None else prior) + evidence.weight
    return _judged(
        Match(
            verdict=Verdict.DISTINCT,
            probability=_probability(score),
            score=score,
            evidence=evidence,
            vetoes=tuple(each for each in vetoes.of(evidence) if each in heard),
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
    ranked = [_slip_heard(subject, each, ranked, weights) for each in ranked]
    best, match = wanted = _best(ranked)
    if match.verdict is not Verdict.LINK:
        return Resolution(link=None, match=match, reviews=_for_review(ranked))
    others = [each for each in ranked if each is not wanted]
    if not _is_only_fit(wanted, others, weights):
        match = _vetoed(match, Veto.RIVAL, weights)
        return Resolution(link=None, match=match, reviews=((best.id, match), *_for_review(others)))
    also = tuple((each.id, other) for each, other in _others_of(wanted, others, weights))
    beside = tuple((each.id, other) for each, other in others if _is_only_of_one_source(other, weights))
    return Resolution(link=best.id, match=match, also=also, reviews=beside)


Candidate = tuple[PersonView, Match]
Ranked = Sequence[Candidate]


_SLIPS = {Veto.SLIP, Veto.PART}
_OF_A_SLIP = {*_SLIPS, Veto.NOT_OF_THE_CHILD}


def _slip_heard(subject: Subject, wanted: Candidate, ranked: Ranked, weights: Weights) -> Candidate:
    """The candidate; a slip in its given name stands no longer in the way where no twin can be seen.

    A family takes its twins along, so the source of one of the two dossiers knows both of them. This is trusted only
    where the names are a slip apart by themselves; names that are merely similar (Hana, Hanan) stay a steward's.
    """
    person, match = wanted
    is_slip = bool(_SLIPS & {*match.vetoes}) and {*match.vetoes} <= _OF_A_SLIP
    if not is_slip or match.probability < _needed_for_slip(match, weights):
        return wanted
    sources = {subject.source} | {each.source for each in person.members}
    others = (member for each, _ in ranked if each is not person for member in each.members if member.source in sources)
    found = (compare.compare(subject.demographics, each.demographics, weights) for each in others)
    is_named = match.evidence.level("given") is not None
    if any(vetoes.may_be_twins(each, is_named=is_named) for each in found):
        return wanted
    return person, _judged(replace(match, vetoes=()), weights)


def _needed_for_slip(match: Match, weights: Weights) -> float:
    """One spelling of two names is as likely a twin's as the child's, and no name is anybody's."""
    is_slip = match.evidence.level("given") == "near" or Veto.SLIP not in match.vetoes
    return weights.thresholds.link if is_slip else weights.thresholds.ambiguous


def _for_review(ranked: Ranked) -> tuple[tuple[str, Match], ...]:
    """What a steward sees; an answer that another person comes near is no answer, so links are reviewed too."""
    open_matches = ((each.id, match) for each, match in ranked if match.verdict is not Verdict.DISTINCT)
    return tuple((each, replace(match, verdict=Verdict.REVIEW)) for each, match in open_matches)


def _best(ranked: Ranked) -> Candidate:
    """The best person of those that may be linked: a twin whose household is better known may stand before it."""
    return next((each for each in ranked if each[1].verdict is Verdict.LINK), ranked[0])


def _others_of(wanted: Candidate, others: Ranked, weights: Weights) -> Ranked:
    """The persons who are plainly the same person as the wanted one: the newcomer shows it."""
    person = wanted[0]
    linked = [each for each in others if each[1].verdict is Verdict.LINK and not _share_a_source(person, each[0])]
    same = [each for each in linked if _is_one(person, each, weights)]
    return [each for each in same if _is_only_fit(each, [wanted, *others], weights)]


def _is_only_fit(wanted: Candidate, others: Ranked, weights: Weights) -> bool:
    """Whether nobody else comes near, neither to the wanted person for the newcomer nor the other way round."""
    return not _is_rivalled(wanted, others, weights) and not _is_claimed(wanted, others, weights)


def _is_rivalled(wanted: Candidate, others: Ranked, weights: Weights) -> bool:
    """Whether another person fits the newcomer nearly as well, or better, and is not the wanted one.

    Somebody of the newcomer's own source is another child, or this one entered twice; neither is a rival, but see
    `_is_claimed`.
    """
    person, match = wanted
    near = [each for each in others if each[0] is not person and not _is_behind(each[1], match, weights)]
    return any(not _is_one(person, each, weights) and Veto.SAME_SOURCE not in each[1].vetoes for each in near)


def _is_behind(match: Match, best: Match, weights: Weights) -> bool:
    """Whether a match is far behind the best, in all or by the given name: a twin's household may be better known."""
    by_name = _of_name(best) - _of_name(match)
    return max(best.score - match.score, by_name) >= weights.thresholds.lead


def _of_name(match: Match) -> float:
    return math.fsum(each.weight for each in match.evidence.evidence if each.field == "given")


def _is_claimed(wanted: Candidate, others: Ranked, weights: Weights) -> bool:
    """Whether somebody who is plainly not the newcomer fits the wanted person nearly as well as the newcomer does.

    A dossier without parents fits both cousins of one name, and an ambiguous spelling both twins, whichever of the
    two is asked first. So the person wanted must have no second one, either.
    """
    person, match = wanted
    strangers = (each for each, other in others if _is_plainly_another(other))
    claims = (_claim(each, person, weights) for each in strangers)
    return any(each is not None and not _is_behind(each, match, weights) for each in claims)


def _is_plainly_another(match: Match) -> bool:
    """Whether the newcomer's own source knows this one as another child, or what differs is no slip in a name."""
    is_contradicted = bool({*match.vetoes} - {Veto.TWIN, *_OF_A_SLIP})
    return Veto.SAME_SOURCE in match.vetoes or (match.verdict is Verdict.DISTINCT and is_contradicted)


def _claim(left: PersonView, right: PersonView, weights: Weights) -> Match | None:
    """How well two persons' dossiers fit at best; None where the persons contradict each other."""
    pairs = [(one.demographics, other.demographics) for one, other in product(left.members, right.members)]
    if not any(may_be_one(*each, weights) for each in pairs):
        return None
    matches = [decide(*each, weights) for each in pairs]
    found = max(matches, key=lambda match: match.score)
    return None if found.verdict is Verdict.DISTINCT or _contradictions(matches) else found


def may_be_one(left: Demographics, right: Demographics, weights: Weights) -> bool:
    """Whether two descriptions might be more than distinct; it costs a third of a comparison to know that they
    cannot be."""
    is_same_number = bool({*left.identifiers} & {*right.identifiers})
    return (
        is_same_number or _probability(weights.prior + compare.most(left, right, weights)) >= weights.thresholds.review
    )


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

    Nor does a slip in one dossier, where another of the same person says it right: a name, the father or the birth
    date that differs there only. A twin or cousin differs from every dossier.
    """
    right = {veto for veto, is_right in _SAID_RIGHT.items() if any(map(is_right, matches))}
    found = dict.fromkeys(
        veto for match in matches for veto in match.vetoes if veto not in right or _is_grave(match, veto)
    )
    return [each for each in found if each is not Veto.NOT_OF_THE_CHILD]


def _bears_the_name(match: Match) -> bool:
    return match.evidence.level("given") in compare.SAME_NAME


def _bears_it_nearly(match: Match) -> bool:
    """Whether the name is the same or off by the slip that SLIP tells of; one slip is not told a second time."""
    is_slip = Veto.SLIP in match.vetoes and match.evidence.level("given") in vetoes.SLIPS
    return is_slip or _bears_the_name(match)


def _bears_all_names(match: Match) -> bool:
    return _bears_the_name(match) and match.evidence.agrees("family")


def _is_of_parents(match: Match) -> bool:
    """Whether the two surely are no cousins: the father agrees, or the mother and the day."""
    is_of_mother = match.evidence.agrees("mother") and match.evidence.level("birth") in _SAME_DAY
    return match.verdict is Verdict.LINK and (match.evidence.agrees("father") or is_of_mother)


def _is_of_the_day(match: Match) -> bool:
    return match.verdict is Verdict.LINK and match.evidence.level("birth") in _SAME_DAY


def _is_grave(match: Match, veto: Veto) -> bool:
    """Whether what differs is more than a slip: another given name."""
    is_slip = match.evidence.level("given") in ("similar", *vetoes.SLIPS, None)
    return veto in (Veto.TWIN, Veto.SLIP) and not is_slip


_SAID_RIGHT: Mapping[Veto, Callable[[Match], bool]] = {
    Veto.TWIN: _bears_it_nearly,
    Veto.SLIP: _bears_the_name,
    Veto.PART: _bears_all_names,
    Veto.MOTHER: _is_of_the_day,
    Veto.BESIDE: _is_of_the_day,
    Veto.FATHER: _is_of_parents,
    Veto.BIRTH: _is_of_the_day,
}


_SAME_DAY = ("day", "a day beside")


def _is_surely_same(match: Match, weights: Weights) -> bool:
    """Whether two dossiers of one source are one child beyond what namesakes share: name, very day and family.

    The name to the letter: twins whose names sound alike are told apart by how their source spells them.
    """
    if match.vetoes or match.probability < weights.thresholds.same_source:
        return False
    if match.evidence.level("identifier") == "same":
        return True
    family = sum(map(match.evidence.agrees, ("father", "mother", "family")))
    return match.evidence.level("given") == "exact" and match.evidence.level("birth") in _SAME_DAY and family >= 2


def _is_only_of_one_source(match: Match, weights: Weights) -> bool:
    """Whether this person, too, would have been linked, had it not a dossier of the same source."""
    return match.probability >= weights.thresholds.link and match.vetoes == (Veto.SAME_SOURCE,)


def _vetoed(match: Match, veto: Veto, weights: Weights) -> Match:
    return _judged(replace(match, vetoes=(*match.vetoes, veto)), weights)


def _is_one(best: PersonView, other: Candidate, weights: Weights) -> bool:
    """Whether another person may be taken for the best one: nothing contradicts, and more speaks for than against.

    That the newcomer is both is enough to speak for it. Two dossiers of one source are held apart, unless they
    agree beyond what namesakes share.
    """
    person, found = other
    pairs = [*product(best.members, person.members)]
    matches = [decide(one.demographics, another.demographics, weights) for one, another in pairs]
    is_likely = found.verdict is Verdict.LINK or max(each.probability for each in matches) >= 0.5
    return (
        is_likely
        and not {*_contradictions([found, *matches])} - {*_SLIPS, Veto.IDENTIFIER}
        and all(
            _is_entered_twice(match, weights) if one.source == another.source else Veto.IDENTIFIER not in match.vetoes
            for (one, another), match in zip(pairs, matches, strict=True)
        )
    )


def _is_entered_twice(match: Match, weights: Weights) -> bool:
    """Whether one source has the same child under two numbers; a steward is told when the second comes."""
    numbers = math.fsum(each.weight for each in match.evidence.evidence if each.field == "identifier")
    is_likely = _probability(match.score - numbers) >= weights.thresholds.link
    return is_likely and not {*match.vetoes} - {Veto.IDENTIFIER}


def contradicts(left: Sequence[Demographics], right: Sequence[Demographics], weights: Weights) -> bool:
    """Whether any dossier of a newcomer's person speaks against any of the other, so that no rule may join them.

    Knowing little is no contradiction: a verdict of DISTINCT alone does not say so. Nor is a slip of the pen in a
    name, where other dossiers of the two bear the same name. Whether a slip hides a twin was judged when the link
    was found, but for a newcomer that stands alone only: its fellows' twins were not in sight.
    """
    found = {*_contradictions([decide(one, other, weights) for one, other in product(left, right)])}
    return bool(found - _SLIPS if len(left) == 1 else found)


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
    return Reason.AMBIGUOUS if _is_rivalled(ranked[0], ranked[1:], weights) else Reason.FOUND


_VERDICT_WORDS = {
    Verdict.LINK: "These are one person.",
    Verdict.REVIEW: "These may be one person; please decide.",
    Verdict.DISTINCT: "These are two people, as far as is known.",
}
