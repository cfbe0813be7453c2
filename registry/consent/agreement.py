"""A consent as one canonical tree, or the reason why it could not be read as one.

Invariant: every node carries its full conditions and its own effect; nothing is inherited when deciding. A
child never reaches outside its parent. A permit always names its organisations, purposes, classes and end.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from registry.consent.period import ALWAYS, Period
from registry.consent.texts import ContentClass
from registry.fhir.terminology import Coding


class Effect(Enum):
    """What a node says of what it matches."""

    PERMIT = "permit"
    DENY = "deny"


class Status(Enum):
    """FHIR Consent.status; only an active consent is in force."""

    DRAFT = "draft"
    PROPOSED = "proposed"
    ACTIVE = "active"
    REJECTED = "rejected"
    INACTIVE = "inactive"
    ENTERED_IN_ERROR = "entered-in-error"


ENDED = frozenset({Status.INACTIVE, Status.ENTERED_IN_ERROR})


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What a node is about; None means any. All of them must hold."""

    organisations: frozenset[str] | None = None
    purposes: frozenset[Coding] | None = None
    classes: frozenset[ContentClass] | None = None
    period: Period = ALWAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One provision. Its deepest matching descendants decide instead of it; among siblings deny overrides."""

    effect: Effect
    conditions: Conditions
    children: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Grantor:
    """Who consented: the person, or a guardian whose authority lasts as long as `authority` says."""

    reference: str = field(repr=False)
    relationship: str | None = None  # v3-RoleCode; None for the person
    authority: Period = ALWAYS

    @property
    def is_guardian(self) -> bool:
        return self.relationship is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """One version of one consent, readable without doubt."""

    id: str
    version: str
    status: Status
    patient: str = field(repr=False)
    grantor: Grantor
    given_at: Period
    verified: bool
    supersedes: str | None = None
    protected_from: frozenset[str] = field(default=frozenset(), repr=False)
    root: Node


class Refusal(Enum):
    """Why a Consent cannot be read without doubt."""

    NOT_A_CONSENT = "not-a-consent"
    NO_VERSION = "no-version"
    OTHER_DIALECT = "other-dialect"  # its profile is not ours, or the root does not deny
    UNKNOWN_ELEMENT = "unknown-element"  # also every modifierExtension
    MALFORMED = "malformed"
    UNKNOWN_CODE = "unknown-code"
    NO_EFFECT = "no-effect"  # a nested provision without type
    OUTSIDE_PARENT = "outside-parent"  # two readings: focus elsewhere, or match nothing
    PERMIT_TOO_WIDE = "permit-too-wide"
    TOO_DEEP = "too-deep"
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
