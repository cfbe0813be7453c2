"""A vaccination schedule as data, in the terms of CDSi, whoever issued it.

A rule that is left out allows everything: no minimum age means any age, no interval means any interval, an empty
list of preferable vaccines means none. Days and ages are spans (`spans.Span`); windows hold from their beginning to
the day before their end. Vaccine types are opaque codes of one code system (CVX in CDSi); `vaccines` says which
antigens each holds. Every rule may carry its `Source`, and a `Validity` where it holds only for a time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum

from registry.continuity.spans import Span

FIRST_DAY = date(1900, 1, 1)
"""Stands for an empty beginning or minimum in evaluation (attribute tables of chapter 6)."""
LAST_DAY = date(2999, 12, 31)
"""Stands for an empty end or maximum in evaluation."""


class SeriesType(Enum):
    STANDARD = "standard"
    RISK = "risk"
    EVALUATION_ONLY = "evaluation-only"


class Context(Enum):
    """When a skip is looked at: judging a dose given, proposing the next one, or both."""

    EVALUATION = "evaluation"
    FORECAST = "forecast"
    BOTH = "both"


class ConditionKind(Enum):
    AGE = "age"
    COMPLETED_SERIES = "completed-series"
    INTERVAL = "interval"
    VACCINE_COUNT = "vaccine-count"


class Comparison(Enum):
    MORE_THAN = "more-than"
    EQUAL_TO = "equal-to"
    LESS_THAN = "less-than"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a rule comes from; every part is said."""

    document: str
    edition: str
    place: str

    def __str__(self) -> str:
        return f"{self.document} ({self.edition}), {self.place}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Validity:
    """The first and the last day a rule holds; without one, since ever or for ever."""

    first: date = FIRST_DAY
    last: date = LAST_DAY

    def covers(self, day: date) -> bool:
        return self.first <= day <= self.last


ALWAYS = Validity()


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """From the age `begins` to the day before the age `ends`; an empty side is open."""

    begins: Span | None = None
    ends: Span | None = None


ANY_AGE = Window()


@dataclass(frozen=True, slots=True, kw_only=True)
class Age:
    """At which age a target dose is given. Between absolute minimum and minimum lies the grace period."""

    absolute_minimum: Span | None = None
    minimum: Span | None = None
    earliest_recommended: Span | None = None
    latest_recommended: Span | None = None
    maximum: Span | None = None
    validity: Validity = ALWAYS
    source: Source | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """How far a dose stays from something before it: exactly one of the four `from_...` is given.

    `overrides` says that the earliest date of this antigen decides for its whole vaccine group.
    """

    from_previous: bool = False
    from_target_dose: int | None = None
    from_most_recent: frozenset[str] = frozenset()
    from_observation: str = ""
    absolute_minimum: Span | None = None
    minimum: Span | None = None
    earliest_recommended: Span | None = None
    latest_recommended: Span | None = None
    overrides: bool = False
    validity: Validity = ALWAYS
    source: Source | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """A vaccine type that satisfies a target dose at these ages; `is_named` if a forecast should name it.

    With a `manufacturer` or `trade_name` only that product is meant. `volume` (mL) never makes a dose invalid.
    """

    vaccine: str
    window: Window = ANY_AGE
    trade_name: str = ""
    manufacturer: str = ""
    volume: float | None = None
    is_named: bool = False
    source: Source | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One condition of a skip. Only the fields of its `kind` are looked at.

    A vaccine count compares how many doses of `vaccines` (any, when empty) were given inside the window of age and
    between the days `from_day` and the day before `until_day`.
    """

    kind: ConditionKind
    window: Window = ANY_AGE
    from_day: date = FIRST_DAY
    until_day: date = LAST_DAY
    interval: Span | None = None
    count: int = 0
    comparison: Comparison = Comparison.MORE_THAN
    valid_only: bool = False
    vaccines: frozenset[str] = frozenset()
    series_groups: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class SkipSet:
    """Conditions of which all, or at least one, must hold."""

    conditions: tuple[Condition, ...]
    needs_all: bool = True
    description: str = ""
    validity: Validity = ALWAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class Skip:
    """When a target dose is passed over: all sets, or at least one, must hold."""

    context: Context
    sets: tuple[SkipSet, ...]
    needs_all: bool = False
    source: Source | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Season:
    """The days between which a dose is given; both included."""

    starts: date | None = None
    ends: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetDose:
    """One dose of a series. Of several `ages` the one valid on the day counts; intervals must all hold."""

    number: int
    ages: tuple[Age, ...] = ()
    intervals: tuple[Interval, ...] = ()
    allowable_intervals: tuple[Interval, ...] = ()
    preferable: tuple[Product, ...] = ()
    allowable: tuple[Product, ...] = ()
    inadvertent: frozenset[str] = frozenset()
    skips: tuple[Skip, ...] = ()
    recurs: bool = False
    season: Season | None = None
    source: Source | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Indication:
    """An observation that makes a risk series relevant while the person's age is in the window."""

    observation: str
    description: str = ""
    guidance: str = ""
    window: Window = ANY_AGE
    source: Source | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One way to be protected against one antigen, and what decides whether it is chosen (chapter 8).

    `genders` are the sexes it is for (`person.Sex` values; none means all). `priority` A is before B.
    `preference` 1 is the first choice. `equivalent_groups` are the series groups that make this one needless.
    """

    name: str
    antigen: str
    vaccine_group: str
    doses: tuple[TargetDose, ...]
    type: SeriesType = SeriesType.STANDARD
    genders: frozenset[str] = frozenset()
    group: str = "1"
    group_name: str = ""
    equivalent_groups: frozenset[str] = frozenset()
    is_default: bool = False
    is_product_path: bool = False
    priority: str = "A"
    preference: int | None = None
    minimum_age_to_start: Span | None = None
    maximum_age_to_start: Span | None = None
    indications: tuple[Indication, ...] = ()
    guidance: tuple[str, ...] = ()
    source: Source | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContraindicatedVaccine:
    vaccine: str
    window: Window = ANY_AGE


@dataclass(frozen=True, slots=True, kw_only=True)
class Contraindication:
    """An observation that forbids vaccination: of the whole antigen, or only of the `vaccines` named."""

    observation: str
    text: str = ""
    guidance: str = ""
    window: Window = ANY_AGE
    vaccines: tuple[ContraindicatedVaccine, ...] = ()
    source: Source | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Precaution:
    """What a clinician must weigh before the next dose: of everybody, or of those with the `observation`.

    It concerns the `genders` named (none means all) inside the window of ages, without any of the observations in
    `unless`; with `valid_doses`, only those who have exactly so many, else everybody who still needs a dose.
    """

    text: str
    observation: str = ""
    unless: frozenset[str] = frozenset()
    genders: frozenset[str] = frozenset()
    window: Window = ANY_AGE
    valid_doses: int | None = None
    source: Source | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImmuneByBirth:
    """Born before a day, in `country` if one is named, and none of the excluding observations."""

    before: date
    country: str = ""
    exclusions: frozenset[str] = frozenset()
    source: Source | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Antigen:
    """What is known of one antigen: its series, and when nobody needs or may have them."""

    name: str
    series: tuple[Series, ...]
    contraindications: tuple[Contraindication, ...] = ()
    precautions: tuple[Precaution, ...] = ()
    immune_by_history: frozenset[str] = frozenset()
    immune_by_birth: tuple[ImmuneByBirth, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class VaccineGroup:
    """Antigens forecast together. `gives_all` if every antigen of it is given when one is due."""

    name: str
    antigens: tuple[str, ...]
    gives_all: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Association:
    """An antigen a vaccine type counts for, at the ages of the window."""

    antigen: str
    window: Window = ANY_AGE


@dataclass(frozen=True, slots=True, kw_only=True)
class Vaccine:
    """A vaccine type and what it protects against."""

    type: str
    title: str
    associations: tuple[Association, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """How long a dose of `current` waits after one of `previous`: less long when that one was valid."""

    previous: str
    current: str
    begins: Span
    ends_after_valid: Span
    ends: Span
    source: Source | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservationKind:
    """What an observation code of the schedule means; `codings` are (system, code) pairs of other systems."""

    code: str
    title: str
    indication: str = ""
    contraindication: str = ""
    clarification: str = ""
    codings: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Schedule:
    """Everything a forecast needs. `digest` is the SHA-256 of the files it was read from, in hex."""

    id: str
    title: str
    version: str
    digest: str
    antigens: Mapping[str, Antigen]
    groups: Mapping[str, VaccineGroup]
    vaccines: Mapping[str, Vaccine]
    conflicts: Mapping[str, tuple[Conflict, ...]] = field(default_factory=dict[str, tuple[Conflict, ...]])
    """By the `current` vaccine type."""
    observations: Mapping[str, ObservationKind] = field(default_factory=dict[str, ObservationKind])
    vaccine_system: str = "http://hl7.org/fhir/sid/cvx"
    validity: Validity = ALWAYS
    """The days on which this is the schedule to go by; a dose given earlier is held against it all the same."""
    licence: str = ""
    limits: tuple[str, ...] = ()
    """In plain words, what the schedule does not know."""
