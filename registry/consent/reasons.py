"""How a decision can come out, and why."""

from __future__ import annotations

from enum import Enum


class Outcome(Enum):
    """Whether anything leaves; the two ways of no are one to the asker."""

    PERMIT = "permit"
    DENY = "deny"
    NO_CONSENT = "no-consent"


class Reason(Enum):
    """Why, for the audit; where items differ, the decision gives the first of this order that applies."""

    PERMITTED = "permitted"
    FAILED = "failed"  # something unexpected
    MALFORMED = "malformed"  # a part is missing, of the wrong type, or asked later than now
    UNKNOWN_PURPOSE = "unknown-purpose"
    UNKNOWN_ACTION = "unknown-action"
    RECEIVES_NOTHING = "receives-nothing"  # this kind of organisation has no access by consent
    PURPOSE_NOT_OF_KIND = "purpose-not-of-kind"
    NO_EMERGENCY = "no-emergency"  # break-glass without role, reason, safety context, or out of its hour
    UNREADABLE_CONSENT = "unreadable-consent"
    CONSENT_DENIES = "consent-denies"
    NO_CONSENT = "no-consent"
    GUARDIANS_DIFFER = "guardians-differ"  # the most restrictive is followed
    UNLABELLED = "unlabelled"
    CLASS_NOT_OF_KIND = "class-not-of-kind"
    NOT_THEIRS = "not-theirs"  # a record of another person
    NOT_FOR_GUARDIANS = "not-for-guardians"  # what an adolescent told in confidence
    NOT_FOR_EMERGENCIES = "not-for-emergencies"  # beyond the minimal set of break-glass
    PLACE_CLOSED = "place-closed"  # nothing is left of the item without its places
