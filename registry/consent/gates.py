"""The two gates that do not depend on what a consent says: gate 1, what is not plainly stated is refused, and
gate 0, what no consent opens.

Invariant: declared types are not trusted here. A caller's mistake must close the door, never open it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, cast

from registry.consent.agreement import Agreement, Refused
from registry.consent.reasons import Reason
from registry.consent.request import DOMAINS, Facts, Item, OrganisationKind, Request
from registry.consent.texts import PURPOSES, ContentClass
from registry.fhir.dates import PartialDate
from registry.fhir.terminology import Coding

_JURISDICTION: Final = re.compile(r"[A-Z]{3}(-[A-Z0-9]{1,3})?")


def closed(request: Request, items: Sequence[Item], facts: Facts, now: datetime) -> Reason | None:
    """Why nothing may leave, whatever the consents say; None when they may be heard."""
    plain = _is_plain(request) and _are_facts(facts) and all(_is_item(each) for each in items)
    if not plain or now.utcoffset() is None or request.at > now:
        return Reason.MALFORMED
    if request.purpose not in PURPOSES:
        return Reason.UNKNOWN_PURPOSE
    if request.kind not in DOMAINS:
        return Reason.RECEIVES_NOTHING
    return None if DOMAINS[request.kind].purpose == request.purpose else Reason.PURPOSE_NOT_OF_KIND


def _is_plain(request: Any) -> bool:
    return (
        isinstance(request, Request)
        and _holds(request.organisation, str)
        and _holds(request.kind, OrganisationKind)
        and _country(request.jurisdiction) is not None
        and _holds(request.purpose, Coding)
        and _holds(request.at, datetime)
        and request.at.utcoffset() is not None
    )


def _are_facts(facts: Any) -> bool:
    return (
        isinstance(facts, Facts)
        and _holds(facts.person, frozenset)
        and (facts.protected_from is None or isinstance(cast("Any", facts.protected_from), frozenset))
        and (facts.birth is None or _holds(facts.birth, PartialDate))
        and (facts.heard is None or isinstance(cast("Any", facts.heard), frozenset))
    )


def _is_item(item: Any) -> bool:
    return (
        isinstance(item, Item)
        and _holds(item.ref, str)
        and isinstance(cast("Any", item.classes), frozenset)
        and all(_holds(each, ContentClass) for each in item.classes)
    )


def _holds(value: Any, kind: type) -> bool:
    return isinstance(value, kind) and bool(value)


def _country(jurisdiction: Any) -> str | None:
    """The country of a jurisdiction: a province of a state is that state."""
    stated = isinstance(jurisdiction, str) and _JURISDICTION.fullmatch(jurisdiction)
    return jurisdiction[:3] if stated else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """The country that asks, as the state of origin or not."""

    country: str | None
    is_origin: bool
    origin_is_known: bool

    def may_see_places(self, item: Item) -> bool:
        """No consent opens places to the state of origin; unknown, that is any but the one that recorded."""
        if self.is_origin:
            return False
        return self.origin_is_known or self.country == _country(item.recorded_in)


def asker(request: Request, consents: Sequence[Agreement | Refused], facts: Facts) -> Asker:
    """Who asks, seen from the person: every consent adds the countries it names, whatever its status.

    Only the path with a cooling-off period removes a country, and that is not here.
    """
    theirs = (each for each in consents if isinstance(each, Agreement) and each.patient in facts.person)
    named = {country for each in theirs for country in each.protected_from}
    fled = {_country(each) for each in named | (facts.protected_from or frozenset())}
    country = _country(request.jurisdiction)
    known = facts.protected_from is not None and None not in fled
    return Asker(country=country, is_origin=country in fled, origin_is_known=known)
