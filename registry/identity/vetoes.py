"""What is never linked automatically, however much agrees: each veto with its reason in words for a steward.

Brothers, sisters, twins and cousins agree in almost everything; a veto stands wherever one of them may be meant.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum

from registry.identity import compare
from registry.identity.compare import Comparison


class Veto(Enum):
    """Why something is never linked automatically, in words for a steward."""

    IDENTIFIER = "official numbers of the same system contradict each other"
    SEX = "the sex contradicts"
    GENDER_PAIR = "the given names are the male and the female form of one name: perhaps brother and sister"
    TWIN = "another given name in the same family: perhaps a twin, brother or sister"
    SLIP = "the given name is missing, misspelt, or one spelling of two names: perhaps a twin"
    FATHER = "another father, and not both the mother and the birth date agree: perhaps cousins of one name"
    BIRTH = "the birth dates contradict each other"
    NOT_OF_THE_CHILD = "nothing that agrees is about the child itself"
    SAME_SOURCE = "both are of one source, which rarely knows a child twice"
    RIVAL = "another person fits nearly as well"


_VETO_OF_LEVEL = (
    ("identifier", ("conflict",), Veto.IDENTIFIER),
    ("sex", ("other",), Veto.SEX),
    ("given", ("gender",), Veto.GENDER_PAIR),
    ("birth", ("other",), Veto.BIRTH),
)
_ANOTHER_NAME = ("other", "similar", "near", "ambiguous")
_ANOTHER_FATHER = ("other", "similar", "gender")
_EXACT_BIRTH = ("day", "a day beside", "swapped", "calendar")
_SAME_YEAR = ("month", "year")
_KIN = ("family", "father", "mother", "grandfather")


def of(evidence: Comparison) -> Iterator[Veto]:
    """Every veto the evidence gives rise to."""
    for field, levels, veto in _VETO_OF_LEVEL:
        if evidence.level(field) in levels:
            yield veto
    if _may_be_twin(evidence):
        yield Veto.SLIP if is_slip(evidence) else Veto.TWIN
    elif _is_nameless(evidence):
        yield Veto.SLIP
    if _may_be_cousin(evidence):
        yield Veto.FATHER
    if not compare.is_of_child(evidence):
        yield Veto.NOT_OF_THE_CHILD


SLIPS = ("near", "ambiguous")
"""Levels of the given name that a slip of the pen, or one spelling of two names, can leave."""


def is_slip(evidence: Comparison) -> bool:
    """Whether only a twin could still be meant: the day of birth agrees, and two of father, mother and family.

    One spelling of two names needs less: all three, and the year.
    """
    kin = sum(map(evidence.agrees, ("father", "mother", "family")))
    given, birth = evidence.level("given"), evidence.level("birth")
    is_dated = birth in _EXACT_BIRTH or (given == "ambiguous" and birth in _SAME_YEAR and kin == 3)
    return given in SLIPS and is_dated and kin >= 2


def _is_nameless(evidence: Comparison) -> bool:
    """Whether a newborn without a name yet has the parents and the day of birth of the other: it, or its twin."""
    is_of_parents = evidence.agrees("mother") and (evidence.agrees("father") or evidence.agrees("family"))
    is_open = evidence.level("given") is None and evidence.level("identifier") != "same"
    return is_open and is_of_parents and evidence.level("birth") in _EXACT_BIRTH


def may_be_twins(evidence: Comparison) -> bool:
    """Whether two children of one family and one age are compared, who do not bear the same name."""
    is_kin = any(map(evidence.agrees, _KIN))
    is_of_an_age = evidence.level("birth") in (*_EXACT_BIRTH, *_SAME_YEAR)
    return is_kin and is_of_an_age and evidence.level("given") not in compare.SAME_NAME


def _may_be_cousin(evidence: Comparison) -> bool:
    father = evidence.level("father")
    if evidence.level("birth") not in _EXACT_BIRTH:
        return father in _ANOTHER_FATHER
    return father == "other" and not evidence.agrees("mother")


def _may_be_twin(evidence: Comparison) -> bool:
    is_kin = any(map(evidence.agrees, _KIN))
    is_close = any(map(evidence.agrees, ("birth", "village", "phone")))
    return evidence.level("given") in _ANOTHER_NAME and is_kin and is_close
