"""Profiles linked with their data types and value sets into the tables the checker walks.

A `Shape` says what one JSON object may contain; an `Element` what one of its names may hold. Data types refer
to each other in circles (Reference, Identifier, Extension), so a shape is entered into the table first and
filled after; nothing changes it once `link` has returned.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from registry.errors import BadInput
from registry.fhir import problem, rule
from registry.fhir.primitive import CHECKS, Check, one_of
from registry.fhir.problem import Problem
from registry.fhir.profile import Node, Profile, Type, narrowed
from registry.fhir.terminology import ValueSet

Missing = tuple[Problem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """One name of a JSON object. Exactly one of `primitive`, `shape` and `refused` says what it may hold."""

    base: str
    """The name without the underscore of an annotation: `birthDate` for `_birthDate`."""
    choice: str = ""
    """The element of FHIR this is one spelling of: `value[x]` for `valueString`; empty otherwise."""
    is_list: bool = False
    is_annotation: bool = False
    most: int | None = None
    primitive: Check | None = None
    shape: Shape | None = None
    refused: Problem | None = None
    rules: tuple[Check, ...] = ()
    slices: Mapping[str, Slice] = field(default_factory=dict[str, "Slice"])
    is_closed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """An extension of one url within a list of extensions."""

    minimum: int
    maximum: int | None
    shape: Shape
    missing: Problem
    excess: Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One JSON object: its elements by name, and what must be there.

    `plain` holds the single primitives with no rule but their type, apart because they are most of it.
    `required` and `choices` say what to tell when that is absent; for an optional choice, nothing.
    """

    plain: dict[str, Check] = field(default_factory=dict[str, Check])
    elements: dict[str, Element] = field(default_factory=dict[str, Element])
    required: list[tuple[str, Missing]] = field(default_factory=list[tuple[str, Missing]])
    choices: dict[str, Missing] = field(default_factory=dict[str, Missing])
    rules: list[Check] = field(default_factory=list[Check])


@dataclass(frozen=True, slots=True, kw_only=True)
class Profiles:
    """The shapes of the resources the registry accepts, by resource type, and the profiles they came from."""

    resources: Mapping[str, Shape]
    sources: Mapping[str, Profile]


def link(profiles: Iterable[Profile], value_sets: Mapping[str, ValueSet]) -> Profiles:
    """Resolve types, profiles and value sets. Raises BadInput when one that is named does not exist."""
    sources = {profile.url: profile for profile in profiles}
    linker = _Linker(sources=sources, value_sets=value_sets)
    resources = {profile.type: linker.root(profile) for profile in sources.values() if profile.kind == "resource"}
    return Profiles(resources=resources, sources=sources)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Linker:
    sources: Mapping[str, Profile]
    value_sets: Mapping[str, ValueSet]
    made: dict[tuple[str, str], Shape] = field(default_factory=dict[tuple[str, str], Shape])

    def root(self, profile: Profile) -> Shape:
        return self._once(profile, profile.root, lambda: profile.root.children)

    def _once(self, profile: Profile, node: Node, children: Callable[[], Mapping[str, Node]]) -> Shape:
        key = profile.url, node.id
        if key not in self.made:
            self.made[key] = Shape()
            self._fill(self.made[key], profile, node, children())
        return self.made[key]

    def _fill(self, shape: Shape, profile: Profile, node: Node, children: Mapping[str, Node]) -> None:
        if profile.kind == "resource" and node is profile.root:
            shape.plain["resourceType"] = one_of([profile.type])
        shape.rules.extend(rule.invariant(each) for each in node.constraints)
        for child in children.values():
            self._enter(shape, self._elements(profile, child))
            missing = self._missing(profile, child) if child.minimum else ()
            if child.name.endswith("[x]"):
                shape.choices[child.name] = missing
            elif missing:
                shape.required.append((child.name, missing))

    def _enter(self, shape: Shape, elements: Mapping[str, Element]) -> None:
        for name, element in elements.items():
            if element.primitive and not (element.is_list or element.choice or element.rules):
                shape.plain[name] = element.primitive
            else:
                shape.elements[name] = element

    def _missing(self, profile: Profile, child: Node) -> Missing:
        slices = self._slices(profile, child).values()
        return tuple(each.missing for each in slices if each.minimum) or (problem.of("missing"),)

    def _elements(self, profile: Profile, node: Node) -> dict[str, Element]:
        found: dict[str, Element] = {}
        for name, only in _spellings(node):
            element = self._element(profile, only, name)
            found[name] = element
            if element.primitive and only.types[0].code != "xhtml":
                found[f"_{name}"] = self._annotation(element)
        return found

    def _element(self, profile: Profile, node: Node, name: str) -> Element:
        choice = node.name if node.name.endswith("[x]") else ""
        is_list = node.maximum is None or node.maximum > 1
        if node.maximum == 0:
            refused = problem.of("not-accepted", message=node.short)
            return Element(base=name, choice=choice, refused=refused)
        element = Element(base=name, choice=choice, is_list=is_list, most=node.maximum if is_list else None)
        if node.types and node.types[0].code in CHECKS:
            return replace(element, primitive=self._primitive(node), rules=rule.of_primitive(node))
        return replace(
            element,
            shape=self._shape(profile, node),
            rules=rule.of_object(node, self._value_set(node)),
            slices=self._slices(profile, node),
            is_closed=node.is_closed,
        )

    def _primitive(self, node: Node) -> Check:
        value_set = self._value_set(node)
        return one_of(value_set.codes) if value_set else CHECKS[node.types[0].code]

    def _value_set(self, node: Node) -> ValueSet | None:
        if not node.value_set:
            return None
        if node.value_set not in self.value_sets:
            raise BadInput(f"{node.id} is bound to a value set that does not exist: {node.value_set}")
        return self.value_sets[node.value_set]

    def _annotation(self, element: Element) -> Element:
        shape = self.root(self._type("Element"))
        return replace(element, primitive=None, shape=shape, rules=(), is_annotation=True)

    def _shape(self, profile: Profile, node: Node) -> Shape:
        if node.content_reference:
            return self._referenced(profile, node.content_reference)
        source = self._source(node.types[0])
        if not node.children:
            return self.root(source)
        return self._once(profile, _with_constraints(node, source), lambda: _merged(source, node))

    def _referenced(self, profile: Profile, id: str) -> Shape:
        if (profile.url, id) not in self.made:
            raise BadInput(f"a contentReference must point to an element around it: {id}")
        return self.made[profile.url, id]

    def _source(self, kind: Type) -> Profile:
        return self._profile(kind.profile) if kind.profile else self._type(kind.code)

    def _type(self, code: str) -> Profile:
        return self._profile(f"http://hl7.org/fhir/StructureDefinition/{code}")

    def _profile(self, url: str) -> Profile:
        if url not in self.sources:
            raise BadInput(f"a profile names a type or extension that does not exist: {url}")
        return self.sources[url]

    def _slices(self, profile: Profile, node: Node) -> dict[str, Slice]:
        found: dict[str, Slice] = {}
        for each in node.slices.values():
            url = self._url(each)
            place = f"('{url}')"
            found[url] = Slice(
                minimum=each.minimum,
                maximum=each.maximum,
                shape=Shape() if each.maximum == 0 else self._shape(profile, each),
                missing=problem.of("missing", where=place),
                excess=_excess(each),
            )
        return found

    def _url(self, node: Node) -> str:
        """An extension's url: fixed in the slice itself, or the profile it names."""
        return node.children["url"].required_value if "url" in node.children else node.types[0].profile


def _excess(node: Node) -> Problem:
    return problem.of("too-many") if node.maximum else problem.of("not-accepted", message=node.short)


def _spellings(node: Node) -> Iterable[tuple[str, Node]]:
    """The JSON names of an element: one, or one per type of a choice."""
    if not node.name.endswith("[x]"):
        return [(node.name, node)]
    stem = node.name.removesuffix("[x]")
    return [(stem + each.code[0].upper() + each.code[1:], replace(node, types=(each,))) for each in node.types]


def _with_constraints(node: Node, source: Profile) -> Node:
    return replace(node, constraints=source.root.constraints)


def _merged(source: Profile, node: Node) -> Mapping[str, Node]:
    """The children of a data type as an element narrows them, and children of its own."""
    base = source.root.children
    own = {name: narrowed(base[name], child) if name in base else child for name, child in node.children.items()}
    return {**base, **own}
