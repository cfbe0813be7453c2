"""Whether a resource is one the registry accepts, by tables compiled from StructureDefinitions.

All problems are told, not the first, each with its place and never with the value that stands there. What may be
wrong with an accepted resource is therefore only what the profiles in `schemas/profiles` do not say.

Stricter than FHIR R4 on purpose: mandatory primitives need a value (an annotation alone will do only for a choice such
as `occurrence[x]`, where data-absent-reason is honest), lists hold no null, texts are at most 64 KiB, objects nest at most
32 deep, contained resources and modifier extensions are refused, and no object has the same name twice.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, cast

import orjson

from registry.fhir import problem
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
_TWO_VALUES = problem.of("two-values")
_UNKNOWN_ELEMENT = (problem.of("unknown-element"),)
_UNKNOWN_EXTENSION = (problem.of("unknown-extension", where="url"),)
_LENGTH_DIFFERS = problem.of("length-differs")

Found = Iterable[Problem]


def problems(resource: Resource, profiles: Profiles) -> tuple[Problem, ...]:
    """Everything that is wrong with `resource`; empty when the registry accepts it."""
    shape = profiles.resources.get(resource.kind)
    if shape is None:
        return (problem.of("resource-not-accepted", where=problem.shown(resource.kind)),)
    found = [*_object(shape, resource.content, 0), *_repeated_names(resource)]
    return tuple(problem.under(resource.kind, found)) if found else ()


def explain(resource: Resource) -> tuple[Problem, ...]:
    """What the `fhir.resources` R4B models say: slower, checks less, shares no code or table with `problems`."""
    # Imported here because it costs about half a second that most commands never need.
    from fhir.resources.R4B import get_fhir_model_class
    from pydantic import ValidationError

    try:
        get_fhir_model_class(resource.kind).model_validate_json(resource.body)
    except ValidationError as error:
        # Pydantic's own messages quote the input; only the place is taken from them.
        details = error.errors(include_url=False, include_context=False, include_input=False)
        return tuple(problem.of("refused-by-models", where=_place(resource.kind, each["loc"])) for each in details)
    except (KeyError, ValueError):
        return (problem.of("resource-not-accepted", where=problem.shown(resource.kind)),)
    return ()


def _place(kind: str, location: tuple[str | int, ...]) -> str:
    steps = (f"[{step}]" if isinstance(step, int) else f".{problem.shown(step)}" for step in location)
    return kind + "".join(steps)


def _object(shape: Shape, content: Any, depth: int) -> Found:
    if type(content) is not dict:
        return _NULL if content is None else _EXPECTED_OBJECT
    if not content:
        return _EMPTY
    if depth > DEEPEST:
        return _TOO_DEEP
    found: list[Problem] = []
    chosen: dict[str, str] | None = None
    elements = shape.elements
    for name, value in content.items():
        element = elements.get(name)
        if element is None:
            found += problem.under(problem.shown(name), _UNKNOWN_ELEMENT)
            if len(found) > MOST:
                return [*found, _TOO_MANY_PROBLEMS]
            continue
        if element.choice:
            chosen = chosen or {}
            if chosen.setdefault(element.choice, element.base) != element.base:
                found += problem.under(element.choice, (_TWO_VALUES,))
        faults = _list(element, value, depth) if element.is_list else _value(element, value, depth)
        if faults:
            found += problem.under(name, faults)
        if element.is_annotation and element.is_list:
            found += _alignment(element, content)
    for name, missing in shape.required:
        if name not in content:
            found += problem.under(name, missing)
    for choice, missing in shape.required_choices:
        if not chosen or choice not in chosen:
            found += problem.under(choice, missing)
    found += [broken for rule in shape.rules if (broken := rule(content))]
    return found


def _value(element: Element, value: Any, depth: int) -> Found:
    if element.primitive is not None:
        fault = element.primitive(value)
        if fault is not None:
            return (fault,)
    elif element.shape is not None:
        faults = _object(element.shape, value, depth + 1)
        if faults:
            return faults
    elif element.refused is not None:
        return (element.refused,)
    if element.rules:
        return [broken for rule in element.rules if (broken := rule(value))]
    return ()


def _list(element: Element, values: Any, depth: int) -> Found:
    if type(values) is not list:
        return _EXPECTED_LIST
    if not values:
        return _EMPTY
    found: list[Problem] = []
    if element.most is not None and len(values) > element.most:
        found.append(_TOO_MANY)
    if element.slices or element.is_closed:
        return found + _extensions(element, values, depth)
    for index, value in enumerate(values):
        if element.is_annotation and value is None:
            continue
        faults = _value(element, value, depth)
        if faults:
            found += problem.under(f"[{index}]", faults)
            if len(found) > MOST:
                return [*found, _TOO_MANY_PROBLEMS]
    return found


def _extensions(element: Element, values: list[Any], depth: int) -> list[Problem]:
    """Extensions sliced by url: each against its own shape, then how often each occurs."""
    found: list[Problem] = []
    counts: dict[str, int] = {}
    for index, value in enumerate(values):
        url = value.get("url") if type(value) is dict else None
        known = element.slices.get(url) if type(url) is str else None
        faults = _extension(element, known, value, depth)
        if known is not None:
            counts[url] = counts.get(url, 0) + 1
            if known.maximum is not None and counts[url] > known.maximum:
                faults = [known.excess]
        found += problem.under(f"[{index}]", faults)
        if len(found) > MOST:
            return [*found, _TOO_MANY_PROBLEMS]
    return found + [each.missing for url, each in element.slices.items() if counts.get(url, 0) < each.minimum]


def _extension(element: Element, known: Slice | None, value: Any, depth: int) -> Found:
    if known is not None:
        return _object(known.shape, value, depth + 1)
    faults = _value(element, value, depth)
    return faults or (_UNKNOWN_EXTENSION if element.is_closed else ())


def _alignment(element: Element, content: Mapping[str, Any]) -> list[Problem]:
    values, annotations = content.get(element.base), content.get(f"_{element.base}")
    if type(values) is not list or type(annotations) is not list or len(values) == len(annotations):
        return []
    return problem.under(f"_{element.base}", (_LENGTH_DIFFERS,))


def _repeated_names(resource: Resource) -> list[Problem]:
    """A name twice in one object: this reader took the last value, another would take the first."""
    # Bytes that our own writer would produce again cannot hold a repeated name; all others are read once more.
    if orjson.dumps(resource.content) == resource.body:
        return []
    repeated: list[str] = []
    json.loads(resource.body, object_pairs_hook=lambda pairs: _note_repeated(pairs, repeated))
    return [problem.of("duplicate-key", where=name) for name in repeated]


def _note_repeated(pairs: list[tuple[str, Any]], repeated: list[str]) -> dict[str, Any]:
    read = dict(pairs)
    if len(read) != len(pairs):
        names = [name for name, _ in pairs]
        repeated.extend(problem.shown(name) for name in read if names.count(name) > 1)
    return cast(dict[str, Any], read)
