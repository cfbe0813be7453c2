"""The ledger of one conversion: what was made, what was wrong, and what every value of the input became.

Invariant: whatever text reaches a finding or a coverage row passed `shown`, so that a place is named and a
person never is. Findings of one code are capped, with a last line that says how many more there were.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime
from typing import Any

from registry import intake
from registry.errors import RegistryError
from registry.fhir import resource
from registry.intake import Fate, Severity

# A field name is a code of a system; what does not look like one may be somebody's name used as a key.
_CODE = re.compile(r"[A-Za-z_][A-Za-z0-9_.:$-]{0,63}")
UNPRINTABLE = "(unusual name)"
MOST_PER_CODE = 10_000


def shown(name: str) -> str:
    """A field name or code as a message may say it; a neutral word when it does not look like a code."""
    return name if _CODE.fullmatch(name) else UNPRINTABLE


# What no name looks like: a digit, an underscore, a capital after a small letter.
_UNLIKE_A_NAME = re.compile(r"[0-9_]|[a-z][A-Z]")


def shown_if_code(code: str) -> str:
    """As `shown`, for a code that stands where a damaged file may have put a person's name."""
    return shown(code) if _UNLIKE_A_NAME.search(code) else UNPRINTABLE


def shown_if_key(key: str) -> str:
    """As `shown_if_code`, for a key of JSON, which begins small."""
    return shown(key) if key[:1].islower() else shown_if_code(key)


class Ledger:
    """Collects entries, findings and coverage while an adapter reads one file."""

    def __init__(self, source: str, adapter: str) -> None:
        self.source = source
        self.adapter = adapter
        self._coverage: Counter[tuple[str, Fate, str]] = Counter()
        self._findings: list[intake.Finding] = []
        self._per_code: Counter[tuple[Severity, str]] = Counter()
        self._entries: list[intake.Entry] = []
        self._bodies: dict[str, bytes] = {}

    def mapped(self, field: str, *, count: int = 1) -> None:
        """`count` values of `field` (a path without indices) went into a resource or decided about one."""
        self._coverage[field, Fate.MAPPED, ""] += count

    def ignored(self, field: str, reason: str, *, count: int = 1) -> None:
        """`count` values of `field` were left out on purpose."""
        self._coverage[field, Fate.IGNORED, reason] += count

    def unknown(self, field: str, *, count: int = 1) -> None:
        """`count` values of `field` have no rule; a data manager should look."""
        self._coverage[field, Fate.UNKNOWN, ""] += count

    def find(self, severity: Severity, code: str, where: str, message: str, remedy: str = "") -> None:
        """Note something about one place. `where`, `message` and `remedy` never hold a value of the input."""
        self._per_code[severity, code] += 1
        if self._per_code[severity, code] <= MOST_PER_CODE:
            found = intake.Finding(severity=severity, code=code, where=where, message=message, remedy=remedy)
            self._findings.append(found)

    def error(self, code: str, where: str, message: str, remedy: str = "") -> None:
        """The record at `where` was set aside."""
        self.find(Severity.ERROR, code, where, message, remedy)

    def warn(self, code: str, where: str, message: str, remedy: str = "") -> None:
        """The record at `where` was kept, with something wrong about it."""
        self.find(Severity.WARNING, code, where, message, remedy)

    def inform(self, code: str, where: str, message: str, remedy: str = "") -> None:
        """Worth knowing, nothing wrong."""
        self.find(Severity.INFORMATION, code, where, message, remedy)

    def entry(self, person: str, content: dict[str, Any], where: str) -> None:
        """Add a resource about `person`. The same again is dropped; another version of it is kept."""
        try:
            made = resource.of(content)
        except (RegistryError, TypeError, ValueError):
            self.error("not-a-resource", where, "no resource could be made of this record")
            return
        before = self._bodies.get(made.reference)
        if before == made.body:
            self.inform("repeated-record", where, "the record stands in the file twice; it is taken once")
            return
        if before is not None:
            self.warn("two-versions", where, "the record stands in the file twice and differs; the later wins")
        self._bodies[made.reference] = made.body
        self._entries.append(intake.Entry(person=person, resource=made, where=where))

    def submission(self, received_at: datetime) -> intake.Submission:
        """Everything collected so far, in the order of the input; coverage sorted by field."""
        return intake.Submission(
            source=self.source,
            adapter=self.adapter,
            received_at=received_at,
            entries=tuple(self._entries),
            findings=(*self._findings, *self._overflow()),
            coverage=tuple(
                intake.Coverage(field=field, fate=fate, reason=reason, count=count)
                for (field, fate, reason), count in sorted(self._coverage.items(), key=_by_field)
            ),
        )

    def _overflow(self) -> list[intake.Finding]:
        return [
            intake.Finding(
                severity=severity,
                code=code,
                where="",
                message=f"{count - MOST_PER_CODE} more of the same kind",
            )
            for (severity, code), count in self._per_code.items()
            if count > MOST_PER_CODE
        ]


def _by_field(row: tuple[tuple[str, Fate, str], int]) -> tuple[str, str, str]:
    (field, fate, reason), _ = row
    return field, fate.value, reason
