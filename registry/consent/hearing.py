"""What all the consents in force say to one request: about its domain, and about places.

Invariant: the deepest matching nodes of a tree decide, and deny overrides, among siblings as among consents.
The order and the age of consents never matter.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from registry.consent.agreement import Conditions, Effect, Node
from registry.consent.reasons import Reason
from registry.consent.request import DOMAINS, Request
from registry.consent.standing import Standing
from registry.consent.texts import ContentClass

Basis = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Whether the domain may leave, whether its places may, and the consents that decided the first."""

    reason: Reason
    opens_places: bool
    basis: Basis


@dataclass(frozen=True, slots=True, kw_only=True)
class _Votes:
    consent: tuple[str, str]
    domain: Effect | None
    place: Effect | None


_REASONS: Final = {
    Effect.DENY: Reason.CONSENT_DENIES,
    Effect.PERMIT: Reason.PERMITTED,
    None: Reason.NO_CONSENT,
}


def hear(consents: Iterable[Standing], request: Request, now: datetime) -> Said:
    """Places are open when one consent opens them together with the domain and none denies them."""
    votes = [_votes(each, request, now) for each in consents]
    decisive = _combined([each.domain for each in votes])
    together = any(each.domain is each.place is Effect.PERMIT for each in votes)
    return Said(
        reason=_REASONS[decisive],
        opens_places=together and all(each.place is not Effect.DENY for each in votes),
        basis=tuple(sorted(each.consent for each in votes if decisive and each.domain is decisive)),
    )


def _votes(consent: Standing, request: Request, now: datetime) -> _Votes:
    named = (consent.agreement.id, consent.agreement.version)
    domain = DOMAINS[request.kind].content
    place = _vote(consent, request, ContentClass.PLACE, now)
    return _Votes(consent=named, domain=_vote(consent, request, domain, now), place=place)


def _vote(consent: Standing, request: Request, content: ContentClass, now: datetime) -> Effect | None:
    """What one consent says to one class of content; None when it says nothing or no longer counts."""
    effect = _walked(consent.agreement.root, request, content, now)
    counts = consent.permits if effect is Effect.PERMIT else consent.denies
    return effect if counts else None


def _walked(node: Node, request: Request, content: ContentClass, now: datetime) -> Effect | None:
    if not _matches(node.conditions, request, content, now):
        return None
    return _combined([_walked(child, request, content, now) for child in node.children]) or node.effect


def _combined(effects: Collection[Effect | None]) -> Effect | None:
    """Deny overrides; None when nothing was said."""
    return next((effect for effect in (Effect.DENY, Effect.PERMIT) if effect in effects), None)


def _matches(conditions: Conditions, request: Request, content: ContentClass, now: datetime) -> bool:
    return (
        (conditions.organisations is None or request.organisation in conditions.organisations)
        and (conditions.purposes is None or request.purpose in conditions.purposes)
        and (conditions.classes is None or content in conditions.classes)
        and conditions.period.covers(now)
    )
