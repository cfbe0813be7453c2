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
    PART = "only a part of the child's own name may agree: perhaps a twin"
    FATHER = "another father, and not both the mother and the birth date agree: perhaps cousins of one name"
    MOTHER = "another mother, and the birth dates do not agree to the day: perhaps namesakes of one street"
    BIRTH = "the birth dates contradict each other"
    BESIDE = "born a little apart: perhaps a brother or sister named after one who died"
    NOT_OF_THE_CHILD = "nothing that agrees is about the child itself"
    SAME_SOURCE = "both are of one source, which rarely knows a child twice"
    RIVAL = "another person fits nearly as well"


_VETO_OF_LEVEL = (
    ("identifier", ("conflict",), Veto.IDENTIFIER),
    ("sex", ("other",), Veto.SEX),
    ("given", ("gender",), Veto.GENDER_PAIR),
    ("birth", ("other",), Veto.BIRTH),
)
_ANOTHER_NAME = ("other", "listed_apart", "similar", "near", "ambiguous")
_ANOTHER_FATHER = ("other", "listed_apart", "similar", "gender")
_ANOTHER_MOTHER = ("other", "listed_apart", "gender")
_BESIDE = ("year beside",)
_EXACT_BIRTH = ("day", "a day beside", "swapped", "calendar")
_SAME_YEAR = ("month", "year")
_KIN = ("family", "father", "mother", "grandfather")


def of(evidence: Comparison) -> Iterator[Veto]:
    """Every veto the evidence gives rise to."""
    for field, levels, veto in _VETO_OF_LEVEL:
        if evidence.level(field) in levels and not (veto is Veto.BIRTH and _is_numbered(evidence)):
            yield veto
    if _may_be_twin(evidence):
        yield Veto.SLIP if is_slip(evidence) else Veto.TWIN
    elif _is_nameless(evidence):
        yield Veto.SLIP
    if _may_be_part(evidence):
        yield Veto.PART
    if _may_be_cousin(evidence):
        yield Veto.FATHER
    if _may_be_neighbour(evidence):
        yield Veto.MOTHER
    if _may_be_named_after(evidence):
        yield Veto.BESIDE
    if not compare.is_of_child(evidence):
        yield Veto.NOT_OF_THE_CHILD


def _is_numbered(evidence: Comparison) -> bool:
    """Whether number, name and a parent agree, so that a birth date that differs is a slip.

    Brothers and sisters under one number by mistake bear other names; namesake cousins have other parents.
    """
    is_of_parent = evidence.agrees("father") or evidence.agrees("mother")
    is_named = evidence.level("given") in compare.SAME_NAME
    return evidence.level("identifier") == "same" and is_named and is_of_parent


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


def _may_be_part(evidence: Comparison) -> bool:
    """Whether twins may be meant whose names begin alike (Su Nwe Khin, Su Nwe May; Sayed, Sayed Gul).

    Where there are no family names, the end of the child's own name is often left out or written as one.
    """
    is_of_parent = evidence.agrees("father") or evidence.agrees("mother")
    is_told = evidence.level("identifier") == "same" or evidence.level("birth") not in _EXACT_BIRTH
    is_part = evidence.level("given") == "part" and not evidence.agrees("family")
    is_open = is_part or (evidence.agrees("given") and evidence.level("family") == "other")
    return is_open and is_of_parent and not is_told


def _is_nameless(evidence: Comparison) -> bool:
    """Whether a newborn without a name yet has the parents and the day of birth of the other: it, or its twin."""
    is_of_parents = evidence.agrees("mother") and (evidence.agrees("father") or evidence.agrees("family"))
    is_open = evidence.level("given") is None and evidence.level("identifier") != "same"
    return is_open and is_of_parents and evidence.level("birth") in _EXACT_BIRTH


def may_be_twins(evidence: Comparison, *, is_named: bool) -> bool:
    """Whether two children of one family and one age are compared, one of whom may be meant instead of the other.

    A twin of a plainly other name is no explanation for a slip, but may be the child that has no name yet.
    """
    kin = sum(map(evidence.agrees, (*_KIN, "phone")))
    birth = evidence.level("birth")
    is_of_an_age = birth in _EXACT_BIRTH or (birth in _SAME_YEAR and kin >= 2)
    told_apart = (*compare.SAME_NAME, "other") if is_named else compare.SAME_NAME
    return kin > 0 and is_of_an_age and evidence.level("given") not in told_apart


def _may_be_cousin(evidence: Comparison) -> bool:
    if evidence.level("identifier") == "same":
        return False  # cousins of one name have two numbers
    father = evidence.level("father")
    if evidence.level("birth") not in _EXACT_BIRTH:
        return father in _ANOTHER_FATHER
    return father == "other" and not evidence.agrees("mother")


def _may_be_neighbour(evidence: Comparison) -> bool:
    is_dated = evidence.level("birth") in _EXACT_BIRTH or evidence.level("identifier") == "same"
    return evidence.level("mother") in _ANOTHER_MOTHER and not is_dated


def _may_be_named_after(evidence: Comparison) -> bool:
    is_numbered = evidence.level("identifier") == "same"
    return evidence.level("birth") in _BESIDE and any(map(evidence.agrees, _KIN)) and not is_numbered


def _may_be_twin(evidence: Comparison) -> bool:
    if _is_same_number(evidence):
        return False
    is_kin = any(map(evidence.agrees, _KIN))
    is_close = any(map(evidence.agrees, ("birth", "village", "phone")))
    return evidence.level("given") in _ANOTHER_NAME and is_kin and is_close


def _is_same_number(evidence: Comparison) -> bool:
    """Whether one official number explains a name that a slip may have left: a twin has a number of its own.

    Two known names under one number, or two birth dates, are a fault somebody must look at.
    """
    is_slip = evidence.level("given") in ("similar", *SLIPS)
    return is_slip and evidence.level("identifier") == "same" and evidence.agrees("birth")
