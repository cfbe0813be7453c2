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

from registry.consent import texts
from registry.consent.agreement import Agreement, Refused
from registry.consent.period import Period
from registry.consent.reasons import Reason
from registry.consent.request import DOMAINS, UNSTATED, Emergency, Facts, Item, OrganisationKind, Request
from registry.consent.texts import ContentClass
from registry.fhir.dates import PartialDate
from registry.fhir.terminology import Coding

_JURISDICTION: Final = re.compile(r"[A-Z]{3}(-[A-Z0-9]{1,3})?")
_KNOWN: Final = texts.LABELS.keys() | texts.CONFIDENTIALITIES | texts.SENSITIVITIES | texts.HANDLING

# What can be told without its places, because the table of places says how (schemas/policies/places.json). Our
# own records say their class; foreign ones are known by their kind.
_TELLABLE: Final = frozenset({ContentClass.DOSES, ContentClass.SCHOOLING})


def unstated(request: Request, items: Sequence[Item], facts: Facts, now: datetime) -> bool:
    """Whether a part is missing, of the wrong type, or asked later than now."""
    return unasked(request, items, facts, now) or not (_holds(request.kind, OrganisationKind) and _is_placed(request))


def unasked(request: Request, items: Sequence[Item], facts: Facts, now: datetime) -> bool:
    """The same of what a consent speaks about: who asks for what, and when; not what kind of asker, and from where."""
    plain = _is_plain(request) and _are_facts(facts) and all(_is_item(each) for each in items)
    return not plain or now.utcoffset() is None or request.at > now


def closed(request: Request, consents: Sequence[Agreement | Refused]) -> Reason | None:
    """Why nothing may leave to this kind of asker for this purpose; None when the consents may be heard."""
    if request.action not in texts.ACTIONS:
        return Reason.UNKNOWN_ACTION
    if request.purpose not in texts.KNOWN_PURPOSES and request.purpose not in _named(consents):
        return Reason.UNKNOWN_PURPOSE
    if request.kind is OrganisationKind.UNSTATED:
        return None
    if request.kind not in DOMAINS:
        return Reason.RECEIVES_NOTHING
    return None if DOMAINS[request.kind].allows(request.purpose) else Reason.PURPOSE_NOT_OF_KIND


def _named(consents: Sequence[Agreement | Refused]) -> frozenset[Coding]:
    """The purposes the consents name: whoever wrote one into a consent knew it."""
    roots = (each.root for each in consents if isinstance(each, Agreement))
    return frozenset(purpose for root in roots for node in root.whole() for purpose in node.conditions.purposes or ())


def item_closed(item: Item, request: Request, facts: Facts) -> Reason | None:
    """Why this record may not leave, whatever the consents say."""
    marks = item.marks | frozenset(texts.CODES.get(each, _STRANGE) for each in item.classes)
    if not marks - texts.HANDLING or not marks - {_STRANGE} <= _KNOWN:
        return Reason.UNLABELLED
    if item.person is not None and item.person not in facts.person:
        return Reason.NOT_THEIRS
    if not _is_of_domain(item, request):
        return Reason.CLASS_NOT_OF_KIND
    if texts.ADOLESCENT in marks and any(each.startswith("RelatedPerson/") for each in request.parties):
        return Reason.NOT_FOR_GUARDIANS
    return None


def _is_of_domain(item: Item, request: Request) -> bool:
    """Doses to clinics and schooling to schools; a record of a class that never leaves goes to nobody.

    A foreign record that says no class is known by its kind; where even who asks is unstated, the purpose tells
    which class is meant.
    """
    held = item.classes - {ContentClass.PLACE}
    if request.kind in DOMAINS:
        own = DOMAINS[request.kind].content
    else:
        own = ContentClass.SCHOOLING if request.purpose in texts.EDUCATION else ContentClass.DOSES
    if held or not item.labels:
        return held <= {own}
    return own is not ContentClass.SCHOOLING or item.kind in _SCHOOL_KINDS


_SCHOOL_KINDS: Final = frozenset({"Basic", "DocumentReference", ""})
_STRANGE: Final = Coding(system="", code="a class that never leaves")


def _is_plain(request: Any) -> bool:
    return (
        isinstance(request, Request)
        and isinstance(cast("Any", request.organisation), str)
        and _all_text(request.parties)
        and bool(request.organisation or request.parties)
        and _holds(request.purpose, Coding)
        and _is_instant(request.at)
        and _holds(request.action, str)
        and (request.emergency is None or _is_emergency(request.emergency))
    )


def _is_placed(request: Request) -> bool:
    """Only a foreign question may leave it open; then places stay closed."""
    return country(request.jurisdiction) is not None or request.jurisdiction == UNSTATED


def _is_emergency(emergency: Any) -> bool:
    return (
        isinstance(emergency, Emergency)
        and isinstance(cast("Any", emergency.reason), str)
        and _is_instant(emergency.declared)
    )


def _is_instant(moment: Any) -> bool:
    return isinstance(moment, datetime) and moment.utcoffset() is not None


def _are_facts(facts: Any) -> bool:
    return (
        isinstance(facts, Facts)
        and _holds(facts.person, frozenset)
        and (facts.protected_from is None or isinstance(cast("Any", facts.protected_from), frozenset))
        and (facts.birth is None or _holds(facts.birth, PartialDate))
        and (facts.heard is None or isinstance(cast("Any", facts.heard), frozenset))
        and (facts.assent_age is None or isinstance(cast("Any", facts.assent_age), int))
        and facts.unaccompanied in (None, True, False)
    )


def _is_item(item: Any) -> bool:
    return (
        isinstance(item, Item)
        and _holds(item.ref, str)
        and isinstance(cast("Any", item.classes), frozenset)
        and all(_holds(each, ContentClass) for each in item.classes)
        and isinstance(cast("Any", item.labels), frozenset)
        and all(_holds(each, Coding) for each in item.labels)
        and item.labels.isdisjoint(texts.LABELS)  # a place that is not told as a class would not be taken out
        and _all_text(item.authors)
        and _all_text(item.related)
        and (item.written is None or _holds(item.written, Period))
    )


def _all_text(held: Any) -> bool:
    return isinstance(held, frozenset) and all(_holds(each, str) for each in cast("frozenset[Any]", held))


def _holds(value: Any, kind: type) -> bool:
    return isinstance(value, kind) and bool(value)


def country(jurisdiction: Any) -> str | None:
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
        if self.is_origin or self.country is None:
            return False
        return self.origin_is_known or self.country == country(item.recorded_in)

    def would_learn_asylum(self, item: Item) -> bool:
        """Whether the state of origin asks for what another country recorded."""
        return self.is_origin and item.recorded_in is not None and country(item.recorded_in) != self.country


def can_be_told_without_places(item: Item) -> bool:
    """Whether something is left of the record when its places are taken out."""
    return not item.classes.isdisjoint(_TELLABLE)


def asker(request: Request, consents: Sequence[Agreement | Refused], facts: Facts) -> Asker:
    """Who asks, seen from the person: every consent adds the countries it names, whatever its status.

    Only the path with a cooling-off period removes a country, and that is not here.
    """
    theirs = (each for each in consents if isinstance(each, Agreement) and each.patient in facts.person)
    named = {each for agreement in theirs for each in agreement.protected_from}
    fled = {country(each) for each in named | (facts.protected_from or frozenset())}
    asking = country(request.jurisdiction)
    known = facts.protected_from is not None and None not in fled
    # Who does not say from where may be asking from there.
    is_origin = asking in fled or (asking is None and bool(fled))
    return Asker(country=asking, is_origin=is_origin, origin_is_known=known)
