"""May this leave?  One request, the consents about a person, the items: what is permitted, and why not the
rest.

`decide` is pure and total: whatever is missing, unknown or goes wrong is a DENY, and no other consent makes
up for it. The reason is for the audit; towards the asker every outcome but PERMIT looks the same.

Order (protection reference, section 3): gate 1 refuses what is not plainly stated, every consent that cannot
be read included (`gates`); gate 2 leaves the consents in force (`standing`); their trees are walked
(`hearing`); gate 0 takes away, item by item, what no consent opens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, cast

from registry.consent import gates, hearing, standing
from registry.consent.agreement import Agreement, Refused
from registry.consent.gates import Asker
from registry.consent.hearing import Basis, Said
from registry.consent.reasons import Outcome, Reason
from registry.consent.request import DOMAINS, Facts, Item, Request
from registry.consent.texts import ContentClass, Obligation


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What may leave. Permitted items in `opened` keep their places; others lose `removed_classes`."""

    outcome: Outcome
    reason: Reason
    permitted: tuple[str, ...] = field(default=(), repr=False)
    denied: tuple[str, ...] = field(default=(), repr=False)
    opened: frozenset[str] = field(default=frozenset(), repr=False)
    removed_classes: frozenset[ContentClass] = frozenset()
    obligations: tuple[Obligation, ...] = ()
    basis: Basis = ()  # (consent id, version) of every consent that decided


_ONLY_PLACE: Final = frozenset({ContentClass.PLACE})
_OUTCOMES: Final = {Reason.PERMITTED: Outcome.PERMIT, Reason.NO_CONSENT: Outcome.NO_CONSENT}
_ORDER: Final = {reason: place for place, reason in enumerate(Reason)}
_ALWAYS: Final = (Obligation.PSEUDONYMISE, Obligation.NO_REUSE, Obligation.NO_RELINK)


def decide(
    agreements: Sequence[Agreement | Refused],
    request: Request,
    items: Sequence[Item],
    facts: Facts,
    now: datetime,
) -> Decision:
    """Say which of `items` may leave for `request`, given every consent there is about the person.

    Without items it says whether the organisation may receive its domain at all (a person without records).
    """
    try:
        return _decide(agreements, request, items, facts, now)
    except Exception:
        # The one place where everything is caught: an exception must not read as "this consent says nothing",
        # or another consent could still permit (protection reference, section 4, defect f).
        return _refused(items, Reason.FAILED)


def _decide(
    consents: Sequence[Agreement | Refused],
    request: Request,
    items: Sequence[Item],
    facts: Facts,
    now: datetime,
) -> Decision:
    closed = gates.closed(request, items, facts, now)
    if closed:
        return _refused(items, closed)
    if any(standing.blocks(each) for each in consents):
        return _refused(items, Reason.UNREADABLE_CONSENT)
    said = hearing.hear(standing.standing(consents, facts, now), request, now)
    if said.reason is not Reason.PERMITTED:
        return _refused(items, said.reason, said.basis)
    return _sorted_out(items, request, gates.asker(request, consents, facts), said)


def _sorted_out(items: Sequence[Item], request: Request, asker: Asker, said: Said) -> Decision:
    judged = [(each, _judged(each, request, asker, said)) for each in items]
    reasons = {reason for _, reason in judged} - {Reason.PERMITTED}
    denied = {each.ref for each, reason in judged if reason is not Reason.PERMITTED}
    kept = [each for each in items if each.ref not in denied]  # a ref that is denied once is denied
    if items and not kept:
        return _refused(items, min(reasons, key=_ORDER.__getitem__), said.basis)
    placed = [each for each in kept if ContentClass.PLACE in each.classes]
    closed = {each.ref for each in placed if not _opens(each, asker, said)}
    return Decision(
        outcome=Outcome.PERMIT,
        reason=Reason.PERMITTED,
        permitted=_refs(kept),
        denied=tuple(each for each in _refs(items) if each in denied),
        opened=frozenset(each.ref for each in placed) - closed,
        removed_classes=_ONLY_PLACE if closed else frozenset(),
        obligations=(*_ALWAYS, Obligation.REDACT) if closed else _ALWAYS,
        basis=said.basis,
    )


def _judged(item: Item, request: Request, asker: Asker, said: Said) -> Reason:
    """Every class of an item must be permitted; places alone may be taken away, if something is left then."""
    if not item.classes:
        return Reason.UNLABELLED
    if item.classes - _ONLY_PLACE - {DOMAINS[request.kind].content}:
        return Reason.CLASS_NOT_OF_KIND
    if item.classes == _ONLY_PLACE and not _opens(item, asker, said):
        return Reason.PLACE_CLOSED
    return Reason.PERMITTED


def _opens(item: Item, asker: Asker, said: Said) -> bool:
    return said.opens_places and asker.may_see_places(item)


def _refs(items: Sequence[Item]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.ref for each in items))


def _refused(items: Any, reason: Reason, basis: Basis = ()) -> Decision:
    """All denied. Takes anything for items: it must work where nothing else did."""
    held = cast("Sequence[Any]", items) if isinstance(items, list | tuple) else ()
    denied = _refs([each for each in held if isinstance(each, Item)])
    outcome = _OUTCOMES.get(reason, Outcome.DENY)
    return Decision(outcome=outcome, reason=reason, denied=denied, basis=basis)
