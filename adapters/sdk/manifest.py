"""What an adapter can do, stated as data in the `[manifest]` table of its mapping: an engine need not ask."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any


class Cursor(Enum):
    """How a source tells what is new since the last time."""

    NONE = "none"  # whole file; compare digests
    TIMESTAMP_INCLUSIVE = "timestamp-inclusive"  # rows of the cursor instant come again
    CHANGE_NUMBER = "change-number"
    MESSAGE = "message"  # each message carries its own id


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """The capabilities of one adapter."""

    kind: str
    describes: str
    formats: tuple[str, ...]  # words for people, such as `JSON` or `zip of CSV`
    pull: bool
    push: bool
    delete: bool  # whether the source says what it deleted
    cursor: Cursor


def read(table: Mapping[str, Any]) -> Manifest:
    """Read the `[manifest]` table. A wrong one raises KeyError or ValueError: a defect of the adapter."""
    return Manifest(
        kind=str(table["kind"]),
        describes=str(table["describes"]),
        formats=tuple(table["formats"]),
        pull=bool(table["pull"]),
        push=bool(table["push"]),
        delete=bool(table["delete"]),
        cursor=Cursor(table["cursor"]),
    )
