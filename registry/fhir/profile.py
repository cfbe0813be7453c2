"""A StructureDefinition as a tree of elements, read once.

What is understood of the snapshot: cardinality, types with target and extension profiles, required bindings,
fixed and pattern values, constraints by key, contentReference, and extensions sliced by url. Whatever else a
definition says is documentation. The snapshot is closed: what it does not list does not exist.

An element may list children of a data type (`Immunization.patient.reference`); these narrow the type there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from registry.errors import BadInput
from registry.fhir import invariant

Definition = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Type:
    """A type an element may have: its code, the kinds a Reference may point to, an extension's profile."""

    code: str
    targets: frozenset[str] = frozenset()
    profile: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Constraint:
    """An invariant by its key, with the sentence that says it."""

    key: str
    human: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One element. `maximum` None is `*`; `required_value` is a fixed or pattern value, read as a pattern."""

    id: str
    minimum: int = 0
    maximum: int | None = None
    short: str = ""
    types: tuple[Type, ...] = ()
    value_set: str = ""
    required_value: Any = None
    constraints: tuple[Constraint, ...] = ()
    content_reference: str = ""
    is_closed: bool = False
    children: Mapping[str, Node] = field(default_factory=dict[str, "Node"])
    slices: Mapping[str, Node] = field(default_factory=dict[str, "Node"])

    @property
    def name(self) -> str:
        """The last part of the id, such as `value[x]`."""
        return self.id.rpartition(".")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A compiled StructureDefinition: of a resource, a data type or an extension."""

    url: str
    kind: str
    type: str
    is_constraint: bool
    root: Node


def read(structure_definition: Definition) -> Profile:
    """Compile the snapshot. Raises BadInput when the definition lacks what a profile needs."""
    try:
        elements = structure_definition["snapshot"]["element"]
        return Profile(
            url=structure_definition["url"],
            kind=structure_definition["kind"],
            type=structure_definition["type"],
            is_constraint=structure_definition.get("derivation") == "constraint",
            root=_tree([_node(element) for element in elements]),
        )
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise BadInput(f"not a usable StructureDefinition: {error}") from error


def narrowed(base: Node, by: Node) -> Node:
    """The element `by` where it stands on a data type's element `base`: what it leaves out, the type says."""
    return replace(
        by,
        types=by.types or base.types,
        value_set=by.value_set or base.value_set,
        required_value=base.required_value if by.required_value is None else by.required_value,
        constraints=base.constraints + tuple(each for each in by.constraints if each not in base.constraints),
        content_reference=by.content_reference or base.content_reference,
    )


def _node(element: Definition) -> Node:
    return Node(
        id=element["id"],
        minimum=element["min"],
        maximum=None if element["max"] == "*" else int(element["max"]),
        short=element.get("short", ""),
        types=tuple(_type(each) for each in element.get("type", ())),
        value_set=_required_value_set(element),
        required_value=_required_value(element),
        constraints=tuple(_constraint(each) for each in element.get("constraint", ())),
        content_reference=element.get("contentReference", "").removeprefix("#"),
        is_closed=element.get("slicing", {}).get("rules") == "closed",
    )


def _type(each: Definition) -> Type:
    targets = (url.rpartition("/")[2] for url in each.get("targetProfile", ()))
    return Type(code=each["code"], targets=frozenset(targets), profile=next(iter(each.get("profile", ())), ""))


def _required_value_set(element: Definition) -> str:
    binding = element.get("binding", {})
    return binding["valueSet"] if binding.get("strength") == "required" else ""


def _required_value(element: Definition) -> Any:
    prefixes = ("fixed", "pattern")
    return next((value for name, value in element.items() if name.startswith(prefixes)), None)


def _constraint(each: Definition) -> Constraint:
    if each["key"] not in invariant.HOLDS:
        raise ValueError(f"no code checks the constraint {each['key']}")
    return Constraint(key=each["key"], human=each["human"])


def _tree(nodes: list[Node]) -> Node:
    """Hang every element below its parent; children and slices keep the order of the file."""
    children: dict[str, dict[str, Node]] = {node.id: {} for node in nodes}
    slices: dict[str, dict[str, Node]] = {node.id: {} for node in nodes}
    placed = {node.id: replace(node, children=children[node.id], slices=slices[node.id]) for node in nodes}
    for node in list(placed.values())[1:]:
        parent, _, slice_name = node.id.rpartition(":") if ":" in node.name else ("", "", "")
        if slice_name:
            slices[parent][slice_name] = node
        else:
            children[node.id.rpartition(".")[0]][node.name] = node
    return placed[nodes[0].id]
