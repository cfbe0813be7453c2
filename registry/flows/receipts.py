"""The receipt of a hand-over: what became of every row, in words a data manager can act on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import Enum
from typing import Any
from uuid import UUID

from registry.intake import Entry, Severity, Submission


class Outcome(Enum):
    """What became of one resource of a hand-over."""

    STORED = "stored"
    UNCHANGED = "unchanged"  # we hold exactly this already
    OLDER = "older"  # the source itself told us a later version before
    SET_ASIDE = "set-aside"  # not acceptable; the reasons are given


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The answer about one resource of the hand-over, for the source that handed it over."""

    where: str
    reference: str = field(repr=False)
    outcome: Outcome
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What was accepted. `repeated` says that this very file had been accepted before."""

    source: str
    submission: str
    people: int
    counts: Mapping[str, int]
    rows: tuple[Row, ...] = field(repr=False)
    findings: tuple[Mapping[str, str], ...] = field(repr=False)
    coverage: tuple[Mapping[str, Any], ...] = field(repr=False)
    leaf: str = ""
    repeated: bool = False


def write(
    id: UUID,
    submission: Submission,
    checked: Sequence[tuple[Entry, tuple[str, ...]]],
    outcomes: Sequence[Outcome],
) -> Receipt:
    """The receipt of a hand-over: `checked` has every entry with its problems, `outcomes` those without any."""
    stored = iter(outcomes)
    rows = [
        Row(
            where=entry.where,
            reference=entry.resource.reference,
            outcome=Outcome.SET_ASIDE if problems else next(stored),
            reasons=problems,
        )
        for entry, problems in checked
    ]
    return Receipt(
        source=submission.source,
        submission=id.hex,
        people=len({entry.person for entry, _ in checked}),
        counts=_counts(rows, submission),
        rows=tuple(rows),
        findings=tuple(_worded(each) for each in submission.findings),
        coverage=tuple(_worded(each) for each in submission.coverage),
    )


def _counts(rows: Iterable[Row], submission: Submission) -> dict[str, int]:
    errors = sum(each.severity is Severity.ERROR for each in submission.findings)
    counted = Counter(row.outcome.value for row in rows)
    return {each.value: counted[each.value] for each in Outcome} | {"records-with-errors": errors}


def _worded(value: Any) -> dict[str, Any]:
    return {name: each.value if isinstance(each, Enum) else each for name, each in asdict(value).items()}


def plain(receipt: Receipt) -> dict[str, Any]:
    """A receipt as plain JSON values."""
    return {
        "source": receipt.source,
        "submission": receipt.submission,
        "people": receipt.people,
        "counts": dict(receipt.counts),
        "rows": [[row.where, row.reference, row.outcome.value, list(row.reasons)] for row in receipt.rows],
        "findings": [dict(each) for each in receipt.findings],
        "coverage": [dict(each) for each in receipt.coverage],
        "leaf": receipt.leaf,
        "repeated": receipt.repeated,
    }


def kept(receipt: Receipt) -> dict[str, Any]:
    """A receipt as it is kept: not whom its rows are about, so that nothing is left of somebody who is erased."""
    return {**plain(receipt), "rows": [[row.outcome.value, list(row.reasons)] for row in receipt.rows]}


def again(earlier: Mapping[str, Any], submission: Submission) -> Receipt:
    """The receipt given before, for a file that came before; it tells itself whom its rows are about."""
    rows = (
        Row(where=entry.where, reference=entry.resource.reference, outcome=Outcome(row[-2]), reasons=tuple(row[-1]))
        for entry, row in zip(submission.entries, earlier["rows"], strict=True)
    )
    return Receipt(
        source=earlier["source"],
        submission=earlier["submission"],
        people=earlier["people"],
        counts=earlier["counts"],
        rows=tuple(rows),
        findings=tuple(earlier["findings"]),
        coverage=tuple(earlier["coverage"]),
        leaf=earlier["leaf"],
        repeated=True,
    )
