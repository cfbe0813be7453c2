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
    RECEIVES_NOTHING = "receives-nothing"  # this kind of organisation has no access by consent
    PURPOSE_NOT_OF_KIND = "purpose-not-of-kind"
    UNREADABLE_CONSENT = "unreadable-consent"
    CONSENT_DENIES = "consent-denies"
    NO_CONSENT = "no-consent"
    UNLABELLED = "unlabelled"
    CLASS_NOT_OF_KIND = "class-not-of-kind"
    PLACE_CLOSED = "place-closed"  # nothing is left of the item without its places
