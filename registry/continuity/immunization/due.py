"""What is said of one antigen in a summary: whether a dose is due, which, from when, and which doses counted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum

from registry.continuity.immunization.schedule import Source
from registry.continuity.reasons import Reason


class Status(Enum):
    COMPLETE = "complete"
    DUE = "due"
    NOT_YET = "not-yet"
    TOO_OLD = "too-old"
    JUDGEMENT = "judgement"
    UNCERTAIN = "uncertain"
    BIRTH_DATE_UNKNOWN = "birth-date-unknown"


class Counts(Enum):
    YES = "yes"
    NO = "no"
    UNCERTAIN = "uncertain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether the dose `id` counts, and why."""

    id: str
    counts: Counts
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What is due of one antigen. `may_be` holds every status the unknown dates allow.

    `earliest` and `recommended` are late enough for all of them; `exact` says that there was only one reading.
    Of `needed` doses `sure` count whatever the dates are, and `possible` may. `otherwise` is the answer that stands
    if the doubted doses are accepted, where it is another.
    """

    antigen: str
    status: Status
    may_be: tuple[Status, ...]
    sure: int
    possible: int
    needed: int
    next_dose: int | None
    earliest: date | None
    recommended: date | None
    overdue_from: date | None
    overdue: bool
    exact: bool
    plan: str
    source: Source
    reason: Reason
    caution: str
    verdicts: tuple[Verdict, ...]
    otherwise: Due | None = None
