"""Checks beyond shape, made of what a profile says: bindings, reference targets, fixed values, invariants."""

from __future__ import annotations

import re
from typing import Any, cast

from registry.fhir import problem
from registry.fhir.invariant import HOLDS
from registry.fhir.primitive import Check
from registry.fhir.problem import Problem
from registry.fhir.profile import Constraint, Node
from registry.fhir.terminology import ValueSet

Json = dict[str, Any]

# Type/id, alone or at the end of an address, with or without a version (FHIR R4, References, 2.3.0.1).
_literal = re.compile(
    r"(?:https?://\S+/)?([A-Z][A-Za-z]{1,63})/[A-Za-z0-9.-]{1,64}(?:/_history/[A-Za-z0-9.-]{1,64})?"
).fullmatch
_urn = re.compile(r"urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}").fullmatch


def invariant(constraint: Constraint) -> Check:
    """The invariant of that key, reported under its own sentence."""
    holds = HOLDS[constraint.key]
    broken = problem.of(constraint.key, message=constraint.human)
    return lambda element: None if holds(element) else broken


def of_primitive(node: Node) -> tuple[Check, ...]:
    """What a profile asks of a primitive value besides its type and codes."""
    rules = [invariant(each) for each in node.constraints]
    return (*rules, _fixed(node.required_value)) if node.required_value is not None else tuple(rules)


def of_object(node: Node, value_set: ValueSet | None) -> tuple[Check, ...]:
    """What a profile asks of an object besides its shape."""
    rules = [invariant(each) for each in node.constraints] if not node.content_reference else []
    if node.required_value is not None:
        rules.append(_fixed(node.required_value))
    if value_set:
        rules.append(_bound(value_set))
    if node.types and node.types[0].code == "Reference":
        rules.append(_reference(node.types[0].targets))
    return tuple(rules)


def _fixed(pattern: Any) -> Check:
    differs = problem.of("not-the-fixed-value")
    return lambda value: None if _fits(value, pattern) else differs


def _fits(value: Any, pattern: Any) -> bool:
    """Whether `value` says at least what `pattern` says (ElementDefinition.pattern[x])."""
    if isinstance(pattern, dict) and isinstance(value, dict):
        members, parts = cast(Json, value), cast(Json, pattern)
        return all(name in members and _fits(members[name], part) for name, part in parts.items())
    if isinstance(pattern, list) and isinstance(value, list):
        values, wanted = cast(list[Any], value), cast(list[Any], pattern)
        return all(any(_fits(each, part) for each in values) for part in wanted)
    return value == pattern


def _bound(value_set: ValueSet) -> Check:
    outside = problem.of("not-in-value-set")

    def check(concept: Any) -> Problem | None:
        codings = cast(list[Json], concept.get("coding", [concept]))
        pairs = ((each.get("system"), each.get("code")) for each in codings)
        return None if any(pair in value_set.concepts for pair in pairs) else outside

    return check


def _reference(targets: frozenset[str]) -> Check:
    """A literal reference has a form whose target can be told, and an allowed one; no targets means any."""
    malformed = problem.of("reference-form", where="reference")
    wrong = problem.of(
        "reference-target",
        where="reference",
        message=f"must point to one of: {', '.join(sorted(targets))}" if targets else "",
    )

    def check(value: Any) -> Problem | None:
        stated = value.get("type")
        if targets and isinstance(stated, str) and stated.rpartition("/")[2] not in targets:
            return wrong
        literal = value.get("reference")
        if not isinstance(literal, str) or _urn(literal):
            return None
        found = _literal(literal)
        if not found:
            return malformed
        return None if not targets or found[1] in targets else wrong

    return check
