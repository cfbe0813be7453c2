"""What the engine answers: per vaccine group what is due, and per dose whether it counts and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum

from registry.continuity.immunization.schedule import Precaution, Series


class DoseStatus(Enum):
    """Evaluation status of a dose (chapter 6). EXTRANEOUS doses harm nothing and satisfy nothing."""

    VALID = "valid"
    NOT_VALID = "not-valid"
    EXTRANEOUS = "extraneous"
    SUB_STANDARD = "sub-standard"


class DoseReason(Enum):
    GRACE_PERIOD = "grace-period"
    TOO_YOUNG = "too-young"
    TOO_OLD = "too-old"
    TOO_SOON = "too-soon"
    CONFLICT = "conflict"
    INADVERTENT = "inadvertent"
    NOT_A_PRODUCT = "not-a-product"
    WRONG_AGE_FOR_PRODUCT = "wrong-age-for-product"
    ALREADY_COMPLETE = "already-complete"
    SUB_STANDARD = "sub-standard"


class SeriesStatus(Enum):
    """Patient series status, in the order in which one decides for a group of several antigens (table 9-4)."""

    CONTRAINDICATED = "contraindicated"
    AGED_OUT = "aged-out"
    NOT_RECOMMENDED = "not-recommended"
    NOT_COMPLETE = "not-complete"
    IMMUNE = "immune"
    COMPLETE = "complete"


class Problem(Enum):
    """Why a dose was not even looked at, or with doubt; nothing is left out silently."""

    AFTER_ASSESSMENT = "after-assessment"
    BEFORE_BIRTH = "before-birth"
    UNKNOWN_VACCINE = "unknown-vaccine"
    NOT_IN_SCHEDULE = "not-in-schedule"
    NOT_GIVEN = "not-given"
    DAY_UNKNOWN = "day-unknown"
    NO_DATE = "no-date"
    OTHER_PERSON = "other-person"
    INEXACT_VACCINE = "inexact-vaccine"
    UNKNOWN_OBSERVATION = "unknown-observation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """What became of one dose in one series; `target` is the number of the target dose it was held against."""

    dose: str
    antigen: str
    series: str
    target: int | None
    status: DoseStatus
    reasons: tuple[DoseReason, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesForecast:
    """Where the person stands in one series, and when its next dose is due. A date is None where none applies."""

    series: Series
    status: SeriesStatus
    next_dose: int | None = None
    earliest: date | None = None
    recommended: date | None = None
    past_due: date | None = None
    latest: date | None = None
    unadjusted_recommended: date | None = None
    unadjusted_past_due: date | None = None
    vaccines: tuple[str, ...] = ()
    guidance: tuple[str, ...] = ()
    overrides: bool = False
    evaluations: tuple[Evaluation, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether a dose counts for a vaccine group, and why not."""

    dose: str
    status: DoseStatus
    reasons: tuple[DoseReason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupForecast:
    """What is due of one vaccine group; `parts` are the best series it rests on, one or more per antigen."""

    group: str
    status: SeriesStatus
    next_dose: int | None
    earliest: date | None
    recommended: date | None
    past_due: date | None
    latest: date | None
    vaccines: tuple[str, ...]
    guidance: tuple[str, ...]
    verdicts: tuple[Verdict, ...]
    parts: tuple[SeriesForecast, ...]
    precautions: tuple[Precaution, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """Something about the input that the reader must know; `about` is the id of a dose or an observation code."""

    about: str
    problem: Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The whole answer; the same doses, schedule digest and engine version give it again."""

    groups: tuple[GroupForecast, ...]
    flags: tuple[Flag, ...]
    schedule_digest: str
    engine_version: str
