"""A consent as one canonical tree, or the reason why it could not be read as one.

Invariant: every node carries its full conditions and its own effect; nothing is inherited when deciding, whatever
the dialect it was written in says about inheritance. In our own dialect a child never reaches outside its parent,
and a permit always names its organisations, purposes, classes and end.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum

from registry.consent import texts
from registry.consent.period import ALWAYS, Period
from registry.consent.texts import ContentClass
from registry.fhir.terminology import Coding

_ORGANISATION = "Organization/"


class Effect(Enum):
    """What a node says of what it matches."""

    PERMIT = "permit"
    DENY = "deny"

    @property
    def other(self) -> Effect:
        return Effect.DENY if self is Effect.PERMIT else Effect.PERMIT


class Status(Enum):
    """FHIR Consent.status; only an active consent is in force."""

    DRAFT = "draft"
    PROPOSED = "proposed"
    ACTIVE = "active"
    REJECTED = "rejected"
    INACTIVE = "inactive"
    ENTERED_IN_ERROR = "entered-in-error"


ENDED = frozenset({Status.INACTIVE, Status.ENTERED_IN_ERROR})


class Meaning(Enum):
    """How data is named by reference (FHIR R4, Consent.provision.data.meaning)."""

    INSTANCE = "instance"
    RELATED = "related"  # the instance, and what is related to it
    DEPENDENTS = "dependents"  # the instance, and what depends on it
    AUTHORED_BY = "authoredby"


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """Data named by reference."""

    meaning: Meaning
    reference: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What a node is about; all of them must hold, and of each set one member is enough.

    None, or no set at all, means any. An asker is several parties at once and a record has several labels: of
    `actors`, `labels` and `data` there can be several sets, and each must be met.
    """

    actors: tuple[frozenset[str], ...] = ()
    purposes: frozenset[Coding] | None = None
    actions: frozenset[str] | None = None
    period: Period = ALWAYS
    labels: tuple[frozenset[Coding], ...] = ()
    kinds: frozenset[str] | None = None  # of resource
    data_period: Period | None = None
    data: tuple[frozenset[Named], ...] = ()

    @property
    def organisations(self) -> frozenset[str] | None:
        """The organisations named, without the kind of resource; None when any will do."""
        named = frozenset(each.removeprefix(_ORGANISATION) for some in self.actors for each in some)
        return named if self.actors else None

    @property
    def classes(self) -> frozenset[ContentClass] | None:
        """The classes of content named; None when any will do."""
        named = frozenset(texts.LABELS[each] for some in self.labels for each in some if each in texts.LABELS)
        return named if self.labels else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One provision. Its deepest matching descendants decide instead of it; among siblings deny overrides."""

    effect: Effect
    conditions: Conditions
    children: tuple[Node, ...] = ()

    def whole(self) -> Iterator[Node]:
        """It and everything below it."""
        yield self
        for child in self.children:
            yield from child.whole()


@dataclass(frozen=True, slots=True, kw_only=True)
class Grantor:
    """Who consented: the person, a guardian, or the best-interest officer of a child without one.

    Those who speak for a child do so as long as `authority` says.
    """

    reference: str = field(repr=False)
    relationship: str | None = None  # v3-RoleCode, or `texts.OFFICER`; None for the person
    authority: Period = ALWAYS

    @property
    def is_guardian(self) -> bool:
        """Whether somebody speaks for the person."""
        return self.relationship is not None

    @property
    def is_officer(self) -> bool:
        return self.relationship == texts.OFFICER.code


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """One version of one consent, readable without doubt.

    `grantor` is None when nobody knows by what right the one who signed speaks: such a consent can refuse but
    not permit. `assent` is what the child itself said, None when it was not asked.
    """

    id: str
    version: str
    status: Status
    patient: str = field(repr=False)
    grantor: Grantor | None
    given_at: Period
    verified: bool
    assent: bool | None = None
    supersedes: str | None = None
    protected_from: frozenset[str] = field(default=frozenset(), repr=False)
    root: Node


class Refusal(Enum):
    """Why a Consent cannot be read without doubt."""

    NOT_A_CONSENT = "not-a-consent"
    NO_VERSION = "no-version"
    OTHER_DIALECT = "other-dialect"  # no dialect of ours, or what it says is said otherwise there
    UNKNOWN_ELEMENT = "unknown-element"  # also every modifierExtension
    MALFORMED = "malformed"
    UNKNOWN_CODE = "unknown-code"
    NO_EFFECT = "no-effect"  # a provision without the type its dialect requires
    TWO_EFFECTS = "two-effects"  # a type where its dialect forbids one: another reading was meant
    OUTSIDE_PARENT = "outside-parent"  # two readings: focus elsewhere, or match nothing
    PERMIT_TOO_WIDE = "permit-too-wide"
    TOO_DEEP = "too-deep"
    TOO_LARGE = "too-large"
    NO_GRANTOR = "no-grantor"
    NO_NOTICE = "no-notice"  # nothing says which text was shown in which language
    SUPERSEDES_ITSELF = "supersedes-itself"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A Consent that could mean several things. At write it is turned away; at read it denies everything.

    `status` is None when even that cannot be read; only a consent that plainly is not in force stops denying.
    """

    id: str
    version: str
    status: Status | None
    why: Refusal
