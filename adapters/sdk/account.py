"""Accounting for a tree of values (JSON): what was read is mapped, the rest is ignored by rule or unknown.

Invariant: after `settle`, mapped + ignored + unknown is the number of leaves of the document, whatever the
adapter did. A leaf is a scalar that says something: not null, not the empty string.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple, cast

from adapters.sdk.ledger import Ledger, shown_if_code, shown_if_key


class Account:
    """Remembers which values of one document were read, by the object that holds them and their key."""

    def __init__(self) -> None:
        self._used: set[tuple[int, object]] = set()
        self._left_out: dict[tuple[int, object], str] = {}
        self._subtrees: dict[int, str] = {}

    def used(self, holder: object, key: object) -> None:
        """The value decided about a resource."""
        self._used.add((id(holder), key))

    def left_out(self, holder: object, key: object, reason: str) -> None:
        """The value was left out on purpose; a value that was used stays used."""
        self._left_out[id(holder), key] = reason

    def left_out_whole(self, container: object, reason: str) -> None:
        """Everything in the container that was not used was left out on purpose."""
        self._subtrees[id(container)] = reason

    def settle(
        self,
        document: object,
        ledger: Ledger,
        *,
        ignored: Mapping[str, str],
        names: Mapping[str, str],
        known: Container[str] = (),
    ) -> None:
        """Write the fate of every leaf into the ledger.

        `ignored` gives reasons by key, for the key itself or anything below it. `names` says by which member
        the objects of a list are told apart: `{"attributes": "attribute"}` gives `attributes[CODE].value`.
        Codes that are `known` are shown as they are, others only when no person can be called so.
        """
        for leaf in _leaves(document, names, known):
            place = (id(leaf.holder), leaf.key)
            if place in self._used:
                ledger.mapped(leaf.path)
            elif reason := self._left_out.get(place) or self._reason_above(leaf, ignored):
                ledger.ignored(leaf.path, reason)
            else:
                ledger.unknown(leaf.path)

    def _reason_above(self, leaf: _Leaf, ignored: Mapping[str, str]) -> str:
        keys = (ignored.get(key, "") for key in leaf.keys)
        containers = (self._subtrees.get(each, "") for each in leaf.containers)
        return next((reason for reason in (*containers, *keys) if reason), "")


class _Leaf(NamedTuple):
    """A leaf, or on the way to it a container: where it is held, its path and everything above it."""

    holder: object
    key: object
    path: str
    keys: tuple[str, ...]
    containers: tuple[int, ...]


def is_leaf(value: object) -> bool:
    """Whether the value is a scalar that says something."""
    return value is not None and not isinstance(value, dict | list) and value != ""


def count(document: object) -> int:
    """How many leaves the document has."""
    waiting, found = [document], 0
    while waiting:
        holder = waiting.pop()
        values = _values(holder)
        found += sum(is_leaf(value) for value in values)
        waiting.extend(cast(object, value) for value in values if isinstance(value, dict | list))
    return found


def _values(holder: object) -> list[object]:
    if isinstance(holder, dict):
        return list(cast(dict[str, object], holder).values())
    return cast(list[object], holder) if isinstance(holder, list) else []


def _leaves(document: object, names: Mapping[str, str], known: Container[str]) -> Iterator[_Leaf]:
    root = _Leaf(None, "", "", (), ())
    waiting: list[tuple[object, _Leaf]] = [(document, root)]
    while waiting:
        holder, above = waiting.pop()
        within = (*above.containers, id(holder))
        for value, below in _members(holder, above, within, names, known):
            if is_leaf(value):
                yield below
            elif isinstance(value, dict | list):
                waiting.append((cast(object, value), below))


def _members(
    holder: object, above: _Leaf, within: tuple[int, ...], names: Mapping[str, str], known: Container[str]
) -> Iterator[tuple[object, _Leaf]]:
    if isinstance(holder, dict):
        for key, value in cast(dict[str, object], holder).items():
            path = f"{above.path}.{shown_if_key(key)}" if above.path else shown_if_key(key)
            yield value, _Leaf(holder, key, path, (*above.keys, key), within)
    elif isinstance(holder, list):
        member = names.get(above.keys[-1], "") if above.keys else ""
        for index, value in enumerate(cast(list[object], holder)):
            label = f"[{_label(value, member, known)}]" if member else ""
            yield value, _Leaf(holder, index, above.path + label or "(value)", above.keys, within)


def _label(value: object, member: str, known: Container[str]) -> str:
    """The code that tells this object of the list from the others."""
    named = cast(dict[str, object], value).get(member) if isinstance(value, dict) else None
    if isinstance(named, dict):
        named = cast(dict[str, object], named).get("identifier")
    if not isinstance(named, str):
        return "?"
    return named if named in known else shown_if_code(named)


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """An object of the document, read through its account: whatever is asked for counts as used."""

    holder: dict[str, object]
    where: str  # with indices, for findings
    account: Account

    def text(self, key: str) -> str:
        """The scalar under `key` as text; empty when there is none."""
        value = self.holder.get(key)
        if not is_leaf(value):
            return ""
        self.account.used(self.holder, key)
        if isinstance(value, bool):
            return "true" if value else "false"
        return str(value).strip()

    def flag(self, key: str) -> bool:
        """Whether the value under `key` says yes."""
        return self.text(key) == "true"

    def child(self, key: str) -> Node | None:
        """The object under `key`."""
        value = self.holder.get(key)
        path = f"{self.where}.{key}" if self.where else key
        return self._node(cast(object, value), path) if isinstance(value, dict) else None

    def children(self, key: str) -> list[Node]:
        """The objects of the list under `key`; whatever else stands in it stays unknown."""
        value = self.holder.get(key)
        items = cast(list[object], value) if isinstance(value, list) else []
        path = f"{self.where}.{key}" if self.where else key
        return [
            self._node(cast(object, each), f"{path}[{index}]")
            for index, each in enumerate(items)
            if isinstance(each, dict)
        ]

    def leave_out(self, key: str, reason: str) -> None:
        """The value under `key` is left out on purpose."""
        self.account.left_out(self.holder, key, reason)

    def leave_out_whole(self, reason: str) -> None:
        """Whatever was not used of this object is left out on purpose."""
        self.account.left_out_whole(self.holder, reason)

    def _node(self, value: object, where: str) -> Node:
        return Node(holder=cast(dict[str, object], value), where=where, account=self.account)
