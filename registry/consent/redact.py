"""Takes out of a resource what must not leave: by element, not by record. The dose stays, the place goes.

An allow-list: an element that the table of places does not name is removed, and a resource that could mean
something else than its elements say (a modifierExtension, implicitRules, a kind the table does not name)
becomes empty. Invariant: `redact` is total and idempotent, and never invents: what it gives was there, or is
less exact.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, cast

from registry.consent import forms, places
from registry.consent.forms import Context
from registry.consent.places import Branch, Kind, Places, Rule
from registry.consent.request import Item
from registry.consent.texts import ContentClass
from registry.fhir import CANONICAL
from registry.fhir.resource import Content, Resource

Json = dict[str, Any]

RECORDING_COUNTRY: Final = f"{CANONICAL}/CodeSystem/recording-country"
_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


def redact(content: Content, table: Places, *, opened: bool, names: Mapping[str, str] = _NOTHING) -> Content:
    """What of `content` may leave; `opened` is whether its places may.

    `names` are the recipient's pseudonyms by reference (`Patient/x` to `Patient/y`). Every recipient has its
    own: ids and references without one are removed, because two recipients must not share an id.
    """
    kind = _kind(content, table)
    if kind is None:
        return {}
    context = Context(kind=content["resourceType"], names=names, places=table)
    return {"resourceType": content["resourceType"], **_object(content, kind.elements, opened, context)}


def classes(content: Content, table: Places) -> frozenset[ContentClass]:
    """The labels of a resource: its kind's, and place if opening would show more; none is restricted."""
    kind = _kind(content, table)
    if kind is None:
        return frozenset()
    tells_place = redact(content, table, opened=True) != redact(content, table, opened=False)
    return frozenset({kind.content, ContentClass.PLACE} if tells_place else {kind.content})


def item(resource: Resource, table: Places) -> Item:
    """The resource as something that might leave."""
    labels = classes(resource.content, table)
    return Item(ref=resource.reference, classes=labels, recorded_in=recorded_in(resource.content))


def recorded_in(content: Content) -> str | None:
    """The country whose system recorded it; None when no tag says so, or two differ."""
    meta = content.get("meta")
    tags = cast("Content", meta).get("tag") if isinstance(meta, Mapping) else None
    objects = _objects(tags)
    codes = [each.get("code") for each in objects if each.get("system") == RECORDING_COUNTRY]
    one = codes[0] if codes and all(each == codes[0] for each in codes) else None
    return one if isinstance(one, str) else None


def _kind(content: Any, table: Places) -> Kind | None:
    """The rules for this resource; None when it could mean something that its elements do not say."""
    if not isinstance(content, Mapping):
        return None
    held = cast("Content", content)
    named = held.get("resourceType")
    kind = table.kinds.get(named) if isinstance(named, str) else None
    if kind is None or "implicitRules" in held or _has_modifier(held):
        return None
    return kind if _is_what_it_must_be(held, kind) else None


def _is_what_it_must_be(content: Content, kind: Kind) -> bool:
    if kind.only is None:
        return True
    code = content.get("code")
    codings = _objects(cast("Content", code).get("coding")) if isinstance(code, Mapping) else ()
    pairs = [(each.get("system"), each.get("code")) for each in codings]
    return (kind.only.system, kind.only.code) in pairs


def _has_modifier(content: Content) -> bool:
    """Whether a modifierExtension lies anywhere inside; without recursion, however deep the content is."""
    left: list[Any] = [content]
    while left:
        value = left.pop()
        if isinstance(value, Mapping):
            held = cast("Content", value)
            if "modifierExtension" in held:
                return True
            left.extend(held.values())
        elif isinstance(value, list):
            left.extend(cast("list[Any]", value))
    return False


def _object(held: Content, branch: Branch, opened: bool, context: Context) -> Json:
    """What is left, in the order of the table: the order in which a source writes would name the source."""
    kept: Json = {}
    for name, below in branch.items():
        left = _value(held[name], below, opened, context) if name in held else None
        if left is None and isinstance(below, Rule):
            left = below.otherwise
        if left is not None:
            kept[name] = left
    extensions = _extensions(held.get("extension"), branch, opened, context)
    return {**kept, "extension": extensions} if extensions else kept


def _value(value: Any, below: Branch | Rule | None, opened: bool, context: Context) -> Any:
    if below is None:
        return None
    if isinstance(below, Rule):
        return forms.applied(below.opened if opened else below.closed, value, below, context)
    if isinstance(value, list):
        objects = [_object(each, below, opened, context) for each in _objects(cast("Any", value))]
        return [each for each in objects if each] or None
    if not isinstance(value, Mapping):
        return None
    return _object(cast("Content", value), below, opened, context) or None


def _extensions(value: Any, branch: Branch, opened: bool, context: Context) -> list[Json]:
    """The extensions the table names, in its order, each with its url and what is left of its value."""
    told = [(each, each.get("url")) for each in _objects(value)]
    if not told:
        return []
    named = [(each, places.step(url), url) for each, url in told if isinstance(url, str)]
    kept: list[Json] = []
    for step, below in branch.items():
        left = [(url, _value(each, below, opened, context)) for each, name, url in named if name == step]
        kept.extend({"url": url, **rest} for url, rest in left if rest)
    return kept


def _objects(value: Any) -> Sequence[Content]:
    held = cast("list[Any]", value) if isinstance(value, list) else []
    return cast("list[Content]", [each for each in held if isinstance(each, Mapping)])
