"""Codes and what they mean in other systems, read from R4 CodeSystem, ValueSet and ConceptMap resources.

A translation says how surely it holds: INEXACT and MAYBE are for people and thresholds to judge, never to be
taken as equal. A code the map does not list translates to nothing; nothing is guessed from its text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from registry.errors import BadInput

Content = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Coding:
    """A code of a system; equal to another when system and code are, whatever the display says."""

    system: str
    code: str
    display: str = field(default="", compare=False)


class Relation(Enum):
    """R4 ConceptMap equivalence: how the target's meaning relates to the source's; those our maps use."""

    EQUAL = "equal"
    EQUIVALENT = "equivalent"
    WIDER = "wider"  # the target means more: any vaccine with measles is wider than one product
    NARROWER = "narrower"
    INEXACT = "inexact"  # they overlap, and each has a part the other lacks
    RELATED = "relatedto"


@dataclass(frozen=True, slots=True, kw_only=True)
class Translation(Coding):
    """A coding found through a map, and how it relates to the one asked for."""

    relation: Relation
    comment: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeSystem:
    """A code system of ours, complete."""

    url: str
    displays: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueSet:
    """A closed set of concepts as (system, code), and their codes alone for elements of type code."""

    url: str
    concepts: frozenset[tuple[str, str]]
    codes: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConceptMap:
    """Translations by (system, code)."""

    url: str
    targets: Mapping[tuple[str, str], tuple[Translation, ...]]


def read_code_system(content: Content) -> CodeSystem:
    """Read a CodeSystem whose content is complete and flat. Raises BadInput when it is not usable."""
    try:
        displays = {each["code"]: each.get("display", "") for each in content["concept"]}
        if len(displays) != len(content["concept"]):
            raise ValueError("a code occurs twice")
        return CodeSystem(url=content["url"], displays=displays)
    except (KeyError, TypeError, ValueError) as error:
        raise BadInput(f"not a usable CodeSystem: {error}") from error


def read_value_set(content: Content, code_systems: Mapping[str, CodeSystem]) -> ValueSet:
    """Read a ValueSet that lists its codes, or includes whole code systems of `code_systems`."""
    try:
        concepts = frozenset(
            (include["system"], code)
            for include in content["compose"]["include"]
            for code in _included(include, code_systems)
        )
        return ValueSet(url=content["url"], concepts=concepts, codes=frozenset(code for _, code in concepts))
    except (KeyError, TypeError) as error:
        raise BadInput(f"not a usable ValueSet: {error}") from error


def _included(include: Content, code_systems: Mapping[str, CodeSystem]) -> Iterable[str]:
    if "concept" in include:
        return [each["code"] for each in include["concept"]]
    return code_systems[include["system"]].displays


def read(content: Content) -> ConceptMap:
    """Read a ConceptMap. Raises BadInput when a source code occurs twice or a part is missing."""
    targets: dict[tuple[str, str], tuple[Translation, ...]] = {}
    try:
        for source, translations in _rows(content):
            if source in targets:
                raise ValueError(f"{source[1]} of {source[0]} is mapped twice")
            targets[source] = translations
        return ConceptMap(url=content["url"], targets=targets)
    except (KeyError, TypeError, ValueError) as error:
        raise BadInput(f"not a usable ConceptMap: {error}") from error


def _rows(content: Content) -> Iterator[tuple[tuple[str, str], tuple[Translation, ...]]]:
    for group in content["group"]:
        for element in group["element"]:
            translations = tuple(_translation(group["target"], target) for target in element["target"])
            yield (group["source"], element["code"]), translations


def _translation(system: str, target: Content) -> Translation:
    return Translation(
        system=system,
        code=target["code"],
        display=target.get("display", ""),
        relation=Relation(target["equivalence"]),
        comment=target.get("comment", ""),
    )


def translate(concept_map: ConceptMap, system: str, code: str) -> tuple[Translation, ...]:
    """What `code` of `system` means in the map's target; empty when the map does not know it."""
    return concept_map.targets.get((system, code), ())


def agreed(concept_map: ConceptMap, codings: Iterable[Content]) -> tuple[Translation, ...]:
    """What all codings of one concept that the map knows mean together.

    Codings of one dose should say the same. Where they do not, only what all of them say is kept: a dose must
    not count against a disease on the word of one code that another contradicts.
    """
    translations = (translate(concept_map, each.get("system", ""), each.get("code", "")) for each in codings)
    known = [found for found in translations if found]
    if not known:
        return ()
    common = set[str].intersection(*({each.code for each in found} for found in known))
    return tuple(each for each in known[0] if each.code in common)
