"""What an adapter hands over: a Submission, and how adapters are spoken to.

A Submission says for every person the source knows which resources it holds about them, what was wrong with the
input (findings, each with its place), and what every field of the input became (coverage): nothing is dropped in
silence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Protocol

from registry.fhir.resource import Resource


class Severity(Enum):
    """FHIR IssueSeverity. An ERROR set its record aside; a WARNING did not; INFORMATION is worth knowing."""

    ERROR = "error"
    WARNING = "warning"
    INFORMATION = "information"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something a data manager should know about one place of the input.

    `code` is a stable kebab-case reason. `message` and `remedy` never contain a name, date of birth or identifier.
    """

    severity: Severity
    code: str
    where: str
    message: str
    remedy: str = ""


class Fate(Enum):
    """What became of a field of the input."""

    MAPPED = "mapped"
    IGNORED = "ignored"  # on purpose; the reason is given
    UNKNOWN = "unknown"  # no rule knows it; a data manager should look


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """One kind of source field (a path without indices, such as `users.csv:phone`) and what it became."""

    field: str
    fate: Fate
    reason: str = ""
    count: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One resource about one person. `person` is the source's own id of the person, sealed before it is stored."""

    person: str = field(repr=False)
    resource: Resource
    where: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """Everything one hand-over contained."""

    source: str
    adapter: str
    received_at: datetime
    entries: Sequence[Entry]
    findings: Sequence[Finding] = ()
    coverage: Sequence[Coverage] = ()


class Adapter(Protocol):
    """Turns the bytes of one kind of national system into a Submission; pure."""

    @property
    def kind(self) -> str:
        """The name used on the command line, such as `dhis2`."""
        ...

    @property
    def describes(self) -> str:
        """One line for people: what it reads."""
        ...

    def convert(self, body: bytes, *, source: str, received_at: datetime) -> Submission:
        """Read one file. A bad record becomes a finding and the good ones go on.

        Raises Unreadable when the file as a whole is of another kind, truncated, empty or beyond the limits.
        """
        ...
