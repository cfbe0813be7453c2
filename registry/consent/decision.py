"""May this leave?  One request, the consents about a person, the items: what is permitted, and why not the rest.

`decide` is pure and total: whatever is missing, unknown or goes wrong is a DENY, and no other consent makes up for
it. The reason is for the audit; towards the asker every outcome but PERMIT looks the same.

The gates are those of the protection reference, section 3:
0. What no consent opens: classes a kind of organisation never receives, and places for the state of origin.
1. What is not plainly stated is refused: request, clock, labels, every consent that cannot be read.
2. Only consents in force count: active, verified, within period, of a grantor with authority.
Then each consent's tree is walked to its deepest matching nodes, and over all consents deny overrides.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Final

from registry.consent import standing
from registry.consent.agreement import ENDED, Agreement, Effect, Node, Refused, Status
from registry.consent.request import DOMAINS, Domain, Facts, Item, Request
from registry.consent.texts import PURPOSES, ContentClass, Obligation


class Outcome(Enum):
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
    UNLABELLED = "unlabelled"
    CLASS_NOT_OF_KIND = "class-not-of-kind"
    CONSENT_DENIES = "consent-denies"
    PLACE_CLOSED = "place-closed"  # nothing is left of the item without its places
    NO_CONSENT = "no-consent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What may leave. `opened`: the permitted items that keep their places; the others lose `removed_classes`."""

    outcome: Outcome
    reason: Reason
    permitted: tuple[str, ...] = ()
    denied: tuple[str, ...] = ()
    opened: frozenset[str] = frozenset()
    removed_classes: frozenset[ContentClass] = frozenset()
    obligations: tuple[Obligation, ...] = ()
    basis: tuple[tuple[str, str], ...] = ()  # (consent id, version) of every consent that decided


Consents = Sequence[Agreement | Refused]

_JURISDICTION: Final = re.compile(r"([A-Z]{3})(-[A-Z0-9]{1,3})?")
_OUTCOMES: Final = {Reason.PERMITTED: Outcome.PERMIT, Reason.NO_CONSENT: Outcome.NO_CONSENT}
_ALWAYS: Final = (Obligation.PSEUDONYMISE, Obligation.NO_REUSE, Obligation.NO_RELINK)


def decide(agreements: Consents, request: Request, items: Sequence[Item], facts: Facts, now: datetime) -> Decision:
    """Say which of `items` may leave for `request`, given all consents there are about the person.

    No items asks whether the organisation may receive its domain at all (a person without records yet).
    """
    try:
        return _decide(agreements, request, items, facts, now)
    except Exception:
        # The one place where anything is caught: an exception must not read as "this consent says nothing", or
        # another consent could still permit (protection reference, section 4, defect f).
        return _all_denied(items, Reason.FAILED)


def _decide(
    agreements: Consents, request: Request, items: Sequence[Item], facts: Facts, now: datetime
) -> Decision:
    closed = _not_plain(request, items, facts, now) or _not_of_kind(request)
    if closed:
        return _all_denied(items, closed)
    if any(isinstance(each, Refused) and each.status not in _OUT_OF_FORCE for each in agreements):
        return _all_denied(items, Reason.UNREADABLE_CONSENT)
    readable = [each for each in agreements if not isinstance(each, Refused)]
    domain = DOMAINS[request.kind]
    ruling = _rule(readable, request, facts, now)
    protected = facts.protected_from
    raise NotImplementedError
