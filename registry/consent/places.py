"""The table of places: for every element a resource of ours can have, its class and the form in which it
leaves.

The table is data (schemas/policies/places.json), so that it can be read without code. Invariant: it can only
be loaded if it keeps its own promises: elements of class L are removed while places are closed, and those of
other classes than V, G and L are removed always, but for pseudonyms of the recipient.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, Union, cast

from registry.consent.texts import ContentClass
from registry.errors import BadInput
from registry.fhir import CANONICAL
from registry.fhir.terminology import Coding, ConceptMap

_OUR_EXTENSIONS: Final = f"{CANONICAL}/StructureDefinition/"


class Form(Enum):
    """What becomes of a value; one that does not fit its form is removed."""

    REMOVE = "remove"
    LISTED = "listed"  # a code among `values`
    YES_NO = "yes-no"
    COUNT = "count"  # a positive integer below 100
    DIGITS = "digits"  # the same, written as a string
    DECIMAL = "decimal"
    ISCED = "isced"  # the three digits of an ISCED-P code
    DAY = "day"  # a date as precise as it is, without time and zone
    MONTH = "month"  # a date without its day
    UNKNOWN = "unknown"  # any words become the word "unknown"
    INTERNATIONAL = "international"  # codings of the international systems, without words
    VACCINE = "vaccine"  # the same; where they mean less or more than all codings did, the antigens instead
    CODINGS = "codings"  # all codings, with their words
    WORDS = "words"  # any string
    PSEUDONYM = "pseudonym"  # a reference, as the recipient knows it
    OWN_PSEUDONYM = "own-pseudonym"  # the id of the resource, as the recipient knows it


_PSEUDONYMS: Final = {Form.PSEUDONYM, Form.OWN_PSEUDONYM}
_LEAVING: Final = {ContentClass.DOSES, ContentClass.SCHOOLING, ContentClass.PLACE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One element. `content` is None for what no class covers: it stays. `otherwise` fills an element left
    empty."""

    path: str
    content: ContentClass | None
    closed: Form
    opened: Form
    reason: str
    values: frozenset[str] = frozenset()
    otherwise: Any = None


Branch = Mapping[str, Union["Branch", Rule]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of resource. `only`: the code it must carry, for kinds that can be several things."""

    content: ContentClass
    only: Coding | None
    elements: Branch


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The whole table."""

    kinds: Mapping[str, Kind]
    international: Mapping[str, re.Pattern[str]]  # by system: what its codes look like
    generalised: Mapping[Coding, Coding]
    antigens: ConceptMap
    rules: tuple[Rule, ...]


def step(url: str) -> str:
    """How the table names the extension with this url: ours by their last word, others in full."""
    return f"extension[{url.removeprefix(_OUR_EXTENSIONS)}]"


def read(table: Mapping[str, Any], antigens: ConceptMap | None = None) -> Places:
    """Load the table; by `antigens` a local vaccine code can leave as what it means.

    Raises BadInput when the table does not keep its promises.
    """
    rules = tuple(_rule(each) for each in table["elements"])
    branches: dict[str, Any] = {}
    for rule in rules:
        _grow(branches, rule)
    return Places(
        kinds={name: _kind(each, branches[name]) for name, each in table["kinds"].items()},
        international={system: re.compile(each["codes"]) for system, each in table["international"].items()},
        generalised=_generalised(table["generalised"]),
        antigens=antigens or ConceptMap(url="", targets={}),
        rules=rules,
    )


def _rule(stated: Mapping[str, Any]) -> Rule:
    held = stated["class"]
    rule = Rule(
        path=stated["path"],
        content=None if held == "none" else ContentClass(held),
        closed=Form(stated["closed"]),
        opened=Form(stated["opened"]),
        reason=stated["reason"],
        values=frozenset(stated.get("values", ())),
        otherwise=stated.get("otherwise"),
    )
    if not _keeps_promises(rule):
        raise BadInput("an element of this class must not leave in this form", where=rule.path)
    return rule


def _keeps_promises(rule: Rule) -> bool:
    if rule.closed in _PSEUDONYMS:
        return rule.opened is rule.closed
    if rule.content not in _LEAVING:
        return rule.closed is rule.opened is Form.REMOVE
    return rule.closed is Form.REMOVE or rule.content is not ContentClass.PLACE


def _grow(branches: dict[str, Any], rule: Rule) -> None:
    *way, last = _steps(rule.path)
    branch = branches
    for each in way:
        branch = branch.setdefault(each, {})
        if isinstance(branch, Rule):
            raise BadInput("an element above already has a rule", where=rule.path)
    if last in branch:
        raise BadInput("two rules for one element", where=rule.path)
    branch[last] = rule


def _steps(path: str) -> list[str]:
    """The steps of `Kind.element.extension[url].valueCode`; dots inside the brackets do not part."""
    steps: list[str] = []
    for part in path.split("."):
        inside = bool(steps) and steps[-1].count("[") > steps[-1].count("]")
        if inside:
            steps[-1] += f".{part}"
        else:
            steps.append(part)
    return steps


def _kind(stated: Mapping[str, Any], elements: Branch) -> Kind:
    only = cast("Mapping[str, str] | None", stated.get("only"))
    return Kind(
        content=ContentClass(stated["class"]),
        only=Coding(system=only["system"], code=only["code"]) if only else None,
        elements=elements,
    )


def _generalised(stated: Mapping[str, Mapping[str, str]]) -> Mapping[Coding, Coding]:
    return {
        Coding(system=system, code=code): Coding(system=system, code=broader)
        for system, codes in stated.items()
        for code, broader in codes.items()
    }
