"""The adapters installed here, found by the entry-point group `registry.adapters`; the registry imports none."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import cast

from registry.errors import UnknownAdapter
from registry.intake import Adapter

GROUP = "registry.adapters"


@cache
def _installed() -> Mapping[str, EntryPoint]:
    return {each.name: each for each in entry_points(group=GROUP)}


def kinds() -> list[str]:
    """The kinds of adapters installed, in alphabetical order."""
    return sorted(_installed())


def named(kind: str) -> Adapter:
    """The adapter of this kind. Raises UnknownAdapter naming those there are."""
    found = _installed().get(kind)
    if found is None:
        raise UnknownAdapter(
            "there is no adapter of this kind", where="adapter", remedy=f"use one of: {', '.join(kinds())}"
        )
    return cast(Adapter, found.load())


def folder(kind: str) -> Path:
    """Where the adapter of this kind lives; its samples are in `examples/` there."""
    entry = _installed().get(kind)
    spec = find_spec(entry.module) if entry else None
    if spec is None or spec.origin is None:
        raise UnknownAdapter("there is no adapter of this kind", where="adapter")
    return Path(spec.origin).parent
