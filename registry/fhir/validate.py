"""Whether a resource is one the registry accepts, by tables compiled from StructureDefinitions.

All problems are told, not the first, each with its place and never with the value that stands there. What may
still be wrong with an accepted resource is only what the profiles in `schemas/profiles` do not say.

Stricter than FHIR R4 on purpose: mandatory primitives need a value (an annotation alone will do only for a
choice such as `occurrence[x]`, where data-absent-reason is honest), lists hold no null, texts are at most
64 KiB, objects nest at most 32 deep, contained resources and modifier extensions are refused, and no object
says a name twice.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, cast

import orjson

from registry.fhir import problem
from registry.fhir.primitive import Check
from registry.fhir.problem import MOST, Problem
from registry.fhir.resource import Resource
from registry.fhir.shape import Element, Profiles, Shape, Slice

__all__ = ["DEEPEST", "Problem", "explain", "problems"]

DEEPEST = 32
"""Objects within objects; Consent provisions and extensions could otherwise nest without end."""

_EXPECTED_LIST = (problem.of("expected-list"),)
_EXPECTED_OBJECT = (problem.of("expected-object"),)
_EMPTY = (problem.of("empty"),)
_NULL = (problem.of("null"),)
_TOO_DEEP = (problem.of("too-deep"),)
_TOO_MANY = problem.of("too-many")
_TOO_MANY_PROBLEMS = problem.of("too-many-problems")
_TWO_VALUES = (problem.of("two-values"),)
_UNKNOWN_ELEMENT = (problem.of("unknown-element"),)
_UNKNOWN_EXTENSION = (problem.of("unknown-extension", where="url"),)
_LENGTH_DIFFERS = (problem.of("length-differs"),)

Found = Iterable[Problem]
Members = dict[str, Any]


def problems(resource: Resource, profiles: Profiles) -> tuple[Problem, ...]:
    """Everything that is wrong with `resource`; empty when the registry accepts it."""
    shape = profiles.resources.get(resource.kind)
    if shape is None:
        return (problem.of("resource-not-accepted", where=problem.shown(resource.kind)),)
    found = [*_object(shape, resource.content, 0), *_repeated_names(resource)]
    return tuple(problem.under(resource.kind, found)) if found else ()


def explain(resource: Resource) -> tuple[Problem, ...]:
    """What the `fhir.resources` R4B models say: slower, laxer, and nothing in common with our tables."""
    # Imported here because it costs about half a second that most commands never need.
    from fhir.resources.R4B import get_fhir_model_class
    from pydantic import ValidationError

    try:
        model = get_fhir_model_class(resource.kind)
    except (KeyError, ValueError):
        return (problem.of("resource-not-accepted", where=problem.shown(resource.kind)),)
    try:
        model.model_validate_json(resource.body)
    except ValidationError as error:
        # Pydantic's own messages quote the input; only the place is taken from them.
        details = error.errors(include_url=False, include_context=False, include_input=False)
        places = [_place(resource.kind, each["loc"]) for each in details]
        return tuple(problem.of("refused-by-models", where=place) for place in places)
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError):
        # The models' own validators stumble over some wrong types instead of refusing them.
        return (problem.of("refused-by-models", where=resource.kind),)
    return ()


def _place(kind: str, location: tuple[str | int, ...]) -> str:
    steps = (f"[{step}]" if isinstance(step, int) else f".{problem.shown(step)}" for step in location)
    return kind + "".join(steps)


def _object(shape: Shape, content: Any, depth: int) -> Found:
    if type(content) is not dict or not content or depth > DEEPEST:
        return _not_an_object(content)
    members = cast(Members, content)
    found: list[Problem] = []
    plain, elements = shape.plain, shape.elements
    for name, value in members.items():
        check = plain.get(name)
        if check is not None:
            fault = check(value)
            if fault is not None:
                found += problem.under(name, (fault,))
            continue
        element = elements.get(name)
        faults = _element(element, members, value, depth) if element is not None else _UNKNOWN_ELEMENT
        if faults:
            found += problem.under(problem.shown(name), faults)
            if len(found) > MOST:
                return [*found, _TOO_MANY_PROBLEMS]
    if shape.required or shape.choices or shape.rules:
        found += _as_a_whole(shape, members)
    return found


def _as_a_whole(shape: Shape, members: Members) -> list[Problem]:
    """What the elements must be together: complete, one value of each choice, and true to the invariants."""
    found: list[Problem] = []
    for name, missing in shape.required:
        if name not in members:
            found += problem.under(name, missing)
    if shape.choices:
        found += _choices(shape, members)
    return found + _broken(shape.rules, members)


def _choices(shape: Shape, members: Members) -> list[Problem]:
    chosen: dict[str, set[str]] = {}
    for name in members:
        element = shape.elements.get(name)
        if element is not None and element.choice:
            chosen.setdefault(element.choice, set()).add(element.base)
    found: list[Problem] = []
    for choice, missing in shape.choices.items():
        values = len(chosen.get(choice, ()))
        if values != 1:
            found += problem.under(choice, _TWO_VALUES if values else missing)
    return found


def _not_an_object(content: Any) -> Found:
    if content is None:
        return _NULL
    if type(content) is not dict:
        return _EXPECTED_OBJECT
    return _EMPTY if not content else _TOO_DEEP


def _element(element: Element, members: Members, value: Any, depth: int) -> Found:
    """One element of an object: its value or list, and beside which value an annotation stands."""
    faults = _list(element, value, depth) if element.is_list else _value(element, value, depth)
    return [*faults, *_annotation(element, members)] if element.is_annotation else faults


def _value(element: Element, value: Any, depth: int) -> Found:
    if element.shape is not None:
        faults = _object(element.shape, value, depth + 1)
        if faults:
            return faults
    elif element.primitive is not None:
        fault = element.primitive(value)
        if fault is not None:
            return (fault,)
    elif element.refused is not None:
        return (element.refused,)
    return _broken(element.rules, value) if element.rules else ()


def _broken(rules: Iterable[Check], value: Any) -> list[Problem]:
    found: list[Problem] = []
    for rule in rules:
        broken = rule(value)
        if broken is not None:
            found.append(broken)
    return found


def _list(element: Element, values: Any, depth: int) -> Found:
    if type(values) is not list or not values:
        return _EMPTY if values == [] else _NULL if values is None else _EXPECTED_LIST
    parts = cast(list[Any], values)
    found: list[Problem] = []
    if element.most is not None and len(parts) > element.most:
        found.append(_TOO_MANY)
    if element.slices or element.is_closed:
        return found + _extensions(element, parts, depth)
    for index, value in enumerate(parts):
        faults = _value(element, value, depth)
        if faults and not (element.is_annotation and value is None):
            found += problem.under(f"[{index}]", faults)
            if len(found) > MOST:
                return [*found, _TOO_MANY_PROBLEMS]
    return found


def _extensions(element: Element, values: list[Any], depth: int) -> list[Problem]:
    """Extensions sliced by url: each against its own shape, then how often each occurs."""
    found: list[Problem] = []
    counts: dict[str, int] = {}
    for index, value in enumerate(values):
        url = _url(value)
        known = element.slices.get(url)
        faults = _extension(element, known, value, depth)
        counts[url] = counts.get(url, 0) + 1
        if known is not None and known.maximum is not None and counts[url] > known.maximum:
            faults = (known.excess,)
        found += problem.under(f"[{index}]", faults)
        if len(found) > MOST:
            return [*found, _TOO_MANY_PROBLEMS]
    missing = (each.missing for url, each in element.slices.items() if counts.get(url, 0) < each.minimum)
    return [*found, *missing]


def _url(extension: Any) -> str:
    url = cast(Members, extension).get("url") if type(extension) is dict else None
    return url if isinstance(url, str) else ""


def _extension(element: Element, known: Slice | None, value: Any, depth: int) -> Found:
    if known is not None:
        return _object(known.shape, value, depth + 1)
    faults = _value(element, value, depth)
    return faults or (_UNKNOWN_EXTENSION if element.is_closed else ())


def _annotation(element: Element, members: Members) -> Found:
    """An annotation stands beside its value, or says by an extension why there is none."""
    value, annotation = members.get(element.base), members[f"_{element.base}"]
    if element.is_list:
        return _LENGTH_DIFFERS if _length(value) not in (None, _length(annotation)) else ()
    alone = value is None and type(annotation) is dict and "extension" not in annotation
    return _EMPTY if alone else ()


def _length(value: Any) -> int | None:
    return len(cast(list[Any], value)) if type(value) is list else None


def _repeated_names(resource: Resource) -> list[Problem]:
    """A name twice in one object: this reader took the last value, another would take the first."""
    if _is_our_own_writing(resource):
        return []
    repeated: list[str] = []
    try:
        # Numbers stay text: one of ten thousand digits is not worth converting.
        json.loads(
            resource.body,
            object_pairs_hook=lambda pairs: _note_repeated(pairs, repeated),
            parse_int=str,
            parse_float=str,
        )
    except RecursionError:
        return list(_TOO_DEEP)
    return [problem.of("duplicate-key", where=name) for name in repeated]


def _is_our_own_writing(resource: Resource) -> bool:
    """Bytes our own writer would produce again cannot hold a repeated name; all others are read once more."""
    try:
        return orjson.dumps(resource.content) == resource.body
    except orjson.JSONEncodeError:  # nested beyond the writer's limit
        return False


def _note_repeated(pairs: list[tuple[str, Any]], repeated: list[str]) -> Members:
    read = dict(pairs)
    if len(read) != len(pairs):
        names = [name for name, _ in pairs]
        repeated.extend(problem.shown(name) for name in read if names.count(name) > 1)
    return read
