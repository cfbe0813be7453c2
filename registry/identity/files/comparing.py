"""How two rows agree: the engine's evidence, and that of columns only files have.

Numbers as typed are evidence and forbid nothing; a number declared as official is the engine's, and one that differs
forbids a link. What relatives share is taken off again, see `kinship`.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from rapidfuzz import fuzz

from registry.identity import compare, likeness, match
from registry.identity.compare import Comparison, Evidence
from registry.identity.files import closer, kinship, texts
from registry.identity.files.closer import NO_NAMES, Names
from registry.identity.files.columns import Known
from registry.identity.files.kinship import ADDRESS, Kinship
from registry.identity.files.rows import Row
from registry.identity.likeness import Likeness
from registry.identity.match import Match, Verdict
from registry.identity.vetoes import Veto
from registry.identity.weights import Level, Weights

_SURE = 0.999  # a link so likely stands alone
_OF_ONE_FILE = 7.0  # bits; who keeps a file sees to it that a person stands in it once
_SAME_WITHIN = 95.0
_ALIKE_WITHIN = 75.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What pairs are judged by: weights that know the levels of files as well, and what relatives share.

    Of the registry's vetoes those of `heard` stand; brothers, sisters and twins are weighed, see `kinship`, and what
    even so is never linked automatically `decide` says.
    """

    weights: Weights
    kinship: Kinship
    wrong: float  # the share of the links that may be wrong
    names: Names = NO_NAMES
    heard: Collection[Veto] = (Veto.IDENTIFIER,)
    one_from: float = 0.9  # the probability from which two rows are one as far as a rival is concerned

    @property
    def floor(self) -> float:
        """The least score of a pair that can matter: as a rival of a link, or for review."""
        least = min(self.weights.thresholds.link, self.weights.thresholds.link_of_parent)
        return min(bits(least) - self.weights.thresholds.lead, bits(self.weights.thresholds.review))


def bits(probability: float) -> float:
    """The log2 odds of a probability."""
    return math.log2(probability / (1.0 - probability))


def rules(weights: Weights, known: Known, *, people: int) -> Rules:
    """The rules files begin with, for files of so many people; they are learned from the files themselves."""
    thresholds = replace(weights.thresholds, **known.thresholds)
    uncapped = replace(weights, clan_cap=math.inf, household_cap=math.inf, thresholds=thresholds)
    whole = replace(uncapped, levels={**weights.levels, **_own_levels(known.levels)}).among(people)
    return Rules(weights=whole, kinship=kinship.read(known.kin, whole), wrong=known.wrong)


_NAMED = {"given": "the given name", "father": "the father's name", "mother": "the mother's name",
          "family": "the family name"}  # fmt: skip


def _own_levels(held: Mapping[str, Any]) -> dict[tuple[str, str], Level]:
    """The levels of what only files have; those of an address and of a name are the same for each of them."""
    parts: dict[str, Any] = {**held, **dict.fromkeys(ADDRESS, held["address"])}
    parts |= {f"{role} spelling": held["spelling"] for role in closer.SPELLED}
    parts |= {f"{role} commonness": held["commonness"] for role in closer.COUNTED}
    return {
        (field, name): _level(each, _NAMED.get(field.split()[0], ""))
        for field, told in parts.items()
        for name, each in told["levels"].items()
    }


def _level(held: Mapping[str, Any], name: str) -> Level:
    return Level(m=float(held["m"]), weight=math.log2(held["m"] / held["u"]), says=held["says"].replace("{name}", name))


def checked(rules: Rules, probabilities: Iterable[float]) -> Rules:
    """The rules with the least threshold at which the links, going by their probabilities, are right often enough."""
    thresholds = rules.weights.thresholds
    wrong, link = 0.0, thresholds.link
    for number, likely in enumerate(sorted((each for each in probabilities if each >= link), reverse=True), start=1):
        wrong += 1.0 - likely
        if wrong > rules.wrong * number and likely < _SURE:
            link = math.nextafter(likely, 1.0)
            break
    thresholds = replace(thresholds, link=link, link_of_parent=link)
    return replace(rules, weights=replace(rules.weights, thresholds=thresholds))


def counting(rules: Rules, names: Names) -> Rules:
    """The rules with the names of the files, and with how common they are as the weight of a name that agrees."""
    levels, kin = {**rules.weights.levels}, {**rules.kinship.levels}
    for role in closer.COUNTED:
        for level, (m, u) in names.shares(role).items():
            field = f"{role} commonness"
            levels[field, level] = replace(levels[field, level], m=m, weight=math.log2(m / u))
            if role == "given":  # a name one child was given was given to another; the family's is one for both
                kin[field, level] = levels[field, level].weight
    weights = replace(rules.weights, levels=levels)
    return replace(rules, weights=weights, kinship=replace(rules.kinship, levels=kin), names=names)


def evidence(left: Row, right: Row, rules: Rules) -> tuple[Evidence, ...]:
    """How two rows agree, field by field. The same whichever comes first."""
    engine = compare.compare(left.demographics, right.demographics, rules.weights).evidence
    told = {each.field: each.level for each in engine}
    found = (*beside(left, right), *_in_doubt(left, right, told, rules))
    own = [weighed(field, level, rules.weights) for field, level in found if field not in told]
    both = (*engine, *own)
    return (*both, replace(weighed("shared", "household", rules.weights), weight=rules.kinship.bits(both)))


def decide(evidence: tuple[Evidence, ...], rules: Rules, *, is_of_one_file: bool = False) -> Match:
    """What the evidence of a pair says; two rows of one file of two are one person only when that is certain."""
    prior = rules.weights.prior - (_OF_ONE_FILE if is_of_one_file else 0.0)
    whole = Comparison(evidence=evidence)
    found = match.of_evidence(whole, rules.weights, prior=prior, heard=rules.heard)
    if is_of_one_file and found.verdict is not Verdict.LINK:
        return _vetoed(found, Veto.SAME_SOURCE)
    if found.verdict is Verdict.LINK and _is_another(whole):
        return _vetoed(found, Veto.TWIN)
    if found.verdict is Verdict.LINK and _is_anybody(whole):
        return _vetoed(found, Veto.NOT_OF_THE_CHILD)
    is_unlikely = found.probability < rules.weights.thresholds.review and not found.vetoes
    return replace(found, verdict=Verdict.DISTINCT) if is_unlikely and _is_typed(whole) else found


def _is_typed(evidence: Comparison) -> bool:
    """Whether the number that is the same is one as typed: two people who share it are no fault to look at."""
    return evidence.level("identifier") == "typed"


def _vetoed(found: Match, veto: Veto) -> Match:
    verdict = Verdict.REVIEW if found.verdict is Verdict.LINK else found.verdict
    return replace(found, verdict=verdict, vetoes=(*found.vetoes, veto))


def _is_another(evidence: Comparison) -> bool:
    """Whether it is plainly another child of the same parents: a twin, a brother or a sister."""
    is_named_otherwise = evidence.level("given") in ("other", "listed_apart", "gender")
    is_read_so = evidence.level("given spelling") in ("slip", "read so") or evidence.level("crossing") == "one"
    is_of_family = any(map(evidence.agrees, ("father", "mother", "phone")))
    return is_named_otherwise and not is_read_so and is_of_family


def _is_anybody(evidence: Comparison) -> bool:
    """Whether the only thing that tells the person from others is a name that very many bear."""
    is_dated = evidence.agrees("birth") or evidence.agrees("identifier")
    is_placed = any(map(evidence.agrees, ("father", "mother", "phone", *ADDRESS)))
    return not is_dated and not is_placed and evidence.level("given commonness") == closer.COMMONNESS[0][0]


def weighed(field: str, level: str, weights: Weights) -> Evidence:
    """A level of a field with what it weighs."""
    known = weights.level(field, level)
    return Evidence(field=field, level=level, weight=known.weight, label=known.says)


def beside(left: Row, right: Row) -> Iterator[tuple[str, str]]:
    """The levels of what only files have, but for what waits for the engine's: see `_in_doubt`."""
    if number := _numbers(left.numbers, right.numbers):
        yield "identifier", number
    yield from _addresses(left.address, right.address)
    if left.postcode and right.postcode:
        yield "postcode", _codes(left.postcode, right.postcode)
    if left.region and right.region:
        yield "region", "same" if left.region == right.region else "other"


def _in_doubt(left: Row, right: Row, told: Mapping[str, str], rules: Rules) -> Iterator[tuple[str, str]]:
    """A second look at what the engine found to differ."""
    if told.get("village") == "other":
        yield "town", "unlike" if _texts(left.town, right.town) == "other" else "alike"
    yield from crossing(left, right, told, rules)
    yield from closer.looked(left.demographics, right.demographics, told, rules.names, rules.weights.known)


_APART = ("other", "listed_apart", "similar")


def crossing(left: Row, right: Row, told: Mapping[str, str], rules: Rules) -> Iterator[tuple[str, str]]:
    """Where neither name agrees, whether one of them stands in the other's place, whatever became of the other."""
    if told.get("given") in _APART and told.get("family") in _APART:
        one, other = left.demographics, right.demographics
        pairs = ((one.given, other.family), (one.family, other.given))
        found = (likeness.of_spellings(*each, rules.weights.known) for each in pairs)
        is_crossed = any(each is not None and each >= Likeness.PART for each in found)
        yield "crossing", "one" if is_crossed else "none"


def _numbers(left: frozenset[tuple[str, str]], right: frozenset[tuple[str, str]]) -> str | None:
    """Numbers are compared within their system only; one that agrees outweighs another that does not."""
    if left & right:
        return "typed"
    pairs = [(one, other) for system, one in left for another, other in right if system == another]
    if not pairs:
        return None
    return "slip" if any(texts.is_slip(one, other) for one, other in pairs) else "differ"


def _addresses(left: tuple[str, ...], right: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Part by part, with an eye on the parts beside; two files that cut their addresses otherwise, by the whole."""
    if len(left) != len(right) or len(left) > len(ADDRESS):
        left, right = ("".join(left),), ("".join(right),)
    for field, one, other in zip(ADDRESS, left, right, strict=False):
        if one and other:
            found = _texts(one, other)
            is_elsewhere = found == "other" and (_stands_in(one, right) or _stands_in(other, left))
            yield field, "elsewhere" if is_elsewhere else found


def _stands_in(part: str, parts: tuple[str, ...]) -> bool:
    return any(each and _texts(part, each) != "other" for each in parts)


def _texts(left: str, right: str) -> str:
    alike = fuzz.ratio(left, right)
    return "same" if alike >= _SAME_WITHIN else "alike" if alike >= _ALIKE_WITHIN else "other"


def _codes(left: str, right: str) -> str:
    return "same" if left == right else "slip" if texts.is_slip(left, right) else "other"
