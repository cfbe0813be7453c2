"""May this leave?  One request, the consents about a person, the items: what is permitted, and why not the
rest.

`decide` is pure and total: whatever is missing, unknown or goes wrong is a DENY, and no other consent makes
up for it. The reason is for the audit; towards the asker every outcome but PERMIT looks the same.

Order (protection reference, section 3): gate 1 refuses what is not plainly stated, every consent that cannot
be read included (`gates`); gate 2 leaves the consents in force (`standing`); their trees are walked
(`hearing`); gate 0 takes away, item by item, what no consent opens. Break-glass (`emergency`) stands in for a
consent nobody could ask for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, cast

from registry.consent import emergency, gates, hearing, standing, texts
from registry.consent.agreement import Agreement, Refused
from registry.consent.gates import Asker
from registry.consent.hearing import Basis, Said
from registry.consent.matching import Question
from registry.consent.reasons import Outcome, Reason
from registry.consent.request import DOMAINS, Facts, Item, Request
from registry.consent.standing import Standing
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """What every item of one question is judged by."""

    consents: Sequence[Standing]
    request: Request
    facts: Facts
    now: datetime
    asker: Asker
    is_emergency: bool = False
    is_unheard: bool = False  # an emergency about which no consent says anything

    def question(self, item: Item, *, is_probe: bool = False) -> Question:
        purposes = frozenset({self.request.purpose})
        return Question(request=self.request, purposes=purposes, item=item, now=self.now, is_probe=is_probe)

    @property
    def probe(self) -> Question:
        """Whether the organisation may receive its domain at all."""
        domain = DOMAINS.get(self.request.kind)
        held = frozenset({domain.content}) if domain else frozenset[ContentClass]()
        return self.question(Item(ref="", classes=held, recorded_in=None), is_probe=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    item: Item
    said: Said
    opened: bool = False


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
        return refused(items, Reason.FAILED)


def _decide(
    consents: Sequence[Agreement | Refused],
    request: Request,
    items: Sequence[Item],
    facts: Facts,
    now: datetime,
) -> Decision:
    if gates.unstated(request, items, facts, now):
        return refused(items, Reason.MALFORMED)
    if closed := gates.closed(request, consents):
        return refused(items, closed)
    if any(standing.blocks(each) for each in consents):
        return refused(items, Reason.UNREADABLE_CONSENT)
    asker = gates.asker(request, consents, facts)
    held = tuple(standing.standing(consents, facts, now))
    case = _Case(consents=held, request=request, facts=facts, now=now, asker=asker)
    said = hearing.hear(case.consents, case.probe)
    if emergency.is_declared(request):
        return _broken_glass(items, case, said)
    if said.reason is not Reason.PERMITTED:
        return refused(items, said.reason, said.basis)
    return _sorted_out(items, case, said)


def _broken_glass(items: Sequence[Item], case: _Case, said: Said) -> Decision:
    """Makes up for a missing consent, not for a refusal. Where one says who may break the glass, nobody else may."""
    is_named = any(hearing.names(each.agreement.root, texts.BREAK_GLASS) for each in case.consents)
    is_entitled = said.reason is Reason.PERMITTED
    closed = emergency.closed(case.request, case.now, is_origin=case.asker.is_origin, is_entitled=is_entitled)
    if closed or (not is_entitled and (is_named or said.reason is not Reason.NO_CONSENT)):
        return refused(items, closed or said.reason, said.basis)
    found = _sorted_out(items, replace(case, is_emergency=True, is_unheard=not is_entitled), said)
    if found.outcome is not Outcome.PERMIT:
        return found
    return replace(found, obligations=(*found.obligations, *emergency.OBLIGATIONS))


def _sorted_out(items: Sequence[Item], case: _Case, said: Said) -> Decision:
    judged = [_judged(each, case) for each in items]
    reasons = {each.said.reason for each in judged} - {Reason.PERMITTED}
    denied = {each.item.ref for each in judged if each.said.reason is not Reason.PERMITTED}
    kept = [each for each in judged if each.item.ref not in denied]  # a ref that is denied once is denied
    if items and not kept:
        return refused(items, min(reasons, key=_ORDER.__getitem__), said.basis)
    placed = [each for each in kept if ContentClass.PLACE in each.item.classes]
    closed = {each.item.ref for each in placed if not each.opened}
    return Decision(
        outcome=Outcome.PERMIT,
        reason=Reason.PERMITTED,
        permitted=refs([each.item for each in kept]),
        denied=tuple(each for each in refs(items) if each in denied),
        opened=frozenset(each.item.ref for each in placed) - closed,
        removed_classes=_ONLY_PLACE if closed else frozenset(),
        obligations=(*_ALWAYS, Obligation.REDACT) if closed else _ALWAYS,
        basis=tuple(sorted({each for one in kept for each in one.said.basis})) if kept else said.basis,
    )


def _judged(item: Item, case: _Case) -> _Judged:
    """Every class and label of an item must be permitted; its places may be taken away, if something is left then."""
    closed = gates.item_closed(item, case.request, case.facts)
    if case.is_emergency and not closed and not emergency.is_minimal(item):
        closed = Reason.NOT_FOR_EMERGENCIES
    if closed:
        return _Judged(item=item, said=Said(reason=closed, basis=()))
    question = _without_places(item, case)
    said = hearing.hear(case.consents, question)
    if case.is_unheard and said.reason is Reason.NO_CONSENT:
        said = replace(said, reason=Reason.PERMITTED)
    opened = _opens(item, case, question)
    if said.reason is Reason.PERMITTED and not opened and not _can_be_told(item, case):
        said = replace(said, reason=Reason.PLACE_CLOSED)
    return _Judged(item=item, said=said, opened=opened)


def _without_places(item: Item, case: _Case) -> Question:
    """The item but for its places; of one that is nothing but places, the domain it belongs to."""
    rest = replace(item, classes=item.classes - _ONLY_PLACE)
    return case.question(rest) if rest.classes or rest.labels - texts.HANDLING else case.probe


def _opens(item: Item, case: _Case, question: Question) -> bool:
    if case.is_emergency or not case.asker.may_see_places(item):
        return False
    return hearing.opens_places(case.consents, question)


def _can_be_told(item: Item, case: _Case) -> bool:
    if ContentClass.PLACE not in item.classes and not case.asker.would_learn_asylum(item):
        return True
    return gates.can_be_told_without_places(item)


def refs(items: Sequence[Item]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.ref for each in items))


def refused(items: Any, reason: Reason, basis: Basis = ()) -> Decision:
    """All denied. Takes anything for items: it must work where nothing else did."""
    held = cast("Sequence[Any]", items) if isinstance(items, list | tuple) else ()
    denied = refs([each for each in held if isinstance(each, Item)])
    outcome = _OUTCOMES.get(reason, Outcome.DENY)
    return Decision(outcome=outcome, reason=reason, denied=denied, basis=basis)
