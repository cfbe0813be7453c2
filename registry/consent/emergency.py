"""Break-glass: what a clinician may see of somebody nobody can ask.

It stands in for a missing consent and overrides no refusal. Exactly BTG must be asserted, by an entitled role or by
those a consent entitles, with a reason, for somebody's safety, within the hour. The minimal set is immunization and
allergy, never a place and never schooling. Schools, states and the state of origin have none (protection
reference, section 3). Who declares it is told of, at once, and it is reviewed.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from registry.consent import texts
from registry.consent.reasons import Reason
from registry.consent.request import Emergency, Item, OrganisationKind, Request
from registry.consent.texts import ContentClass, Obligation

HOUR: Final = timedelta(minutes=60)
ENTITLED: Final = frozenset({"doctor", "emergency-clinician", "nurse", "paramedic", "physician"})
OBLIGATIONS: Final = (Obligation.NOTIFY, Obligation.REVIEW, Obligation.EXPIRE)

_ASKERS: Final = frozenset({OrganisationKind.CLINIC, OrganisationKind.UNSTATED})
_DOSE: Final = frozenset({ContentClass.DOSES, ContentClass.PLACE})


def is_declared(request: Request) -> bool:
    return request.purpose == texts.BREAK_GLASS


def closed(request: Request, now: datetime, *, is_origin: bool, is_entitled: bool) -> Reason | None:
    """Why the glass may not be broken; None when it may. `is_entitled`: by a consent."""
    if request.kind not in _ASKERS or is_origin:
        return Reason.RECEIVES_NOTHING
    entitled = is_entitled or request.role in ENTITLED
    holds = request.emergency is not None and _holds(request.emergency, now)
    return None if entitled and holds and request.action == "access" else Reason.NO_EMERGENCY


def _holds(emergency: Emergency, now: datetime) -> bool:
    in_its_hour = emergency.declared <= now < emergency.declared + HOUR
    return bool(emergency.reason.strip()) and emergency.safety is True and in_its_hour


def is_minimal(item: Item) -> bool:
    """Whether the record belongs to what an emergency needs; of doses the places go, of others the whole record."""
    if item.classes - {ContentClass.PLACE}:
        return item.classes <= _DOSE and item.kind in ("", "Immunization")
    return item.kind == "AllergyIntolerance" and not item.classes
