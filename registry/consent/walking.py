"""What the consents alone say, without the registry's gates: for comparison with others, never for release.

No grantor is examined, no place kept back and no kind of asker told apart. A purpose also counts as those that the
reading of IHE PCF includes it in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from registry.consent import gates, hearing, standing, texts
from registry.consent.agreement import Agreement, Refused
from registry.consent.decision import Decision, refs, refused
from registry.consent.hearing import Said
from registry.consent.matching import Question
from registry.consent.reasons import Outcome, Reason
from registry.consent.request import Facts, Item, Request
from registry.consent.standing import Standing
from registry.fhir.terminology import Coding

# The text of PCF's consent to research means every kind of research; no other purpose is said to include others.
_RESEARCH: Final = Coding(system=texts.ACT_REASON, code="HRESCH")
_KINDS_OF_RESEARCH: Final = texts.codings(
    texts.ACT_REASON, "BIORCH CLINTRCH CLINTRCHNPC CLINTRCHPC PRECLINTRCH DSRCH POARCH TRANSRCH"
)
_ANYTHING: Final = Item(ref="", classes=frozenset(), recorded_in=None)


def walk(
    consents: Sequence[Agreement | Refused], request: Request, items: Sequence[Item], facts: Facts, now: datetime
) -> Decision:
    """Say which of `items` the trees of the consents permit. Never raises; doubt is a DENY here too."""
    try:
        return _walked(consents, request, items, facts, now)
    except Exception:
        return refused(items, Reason.FAILED)


def _walked(
    consents: Sequence[Agreement | Refused], request: Request, items: Sequence[Item], facts: Facts, now: datetime
) -> Decision:
    if gates.unasked(request, items, facts, now):
        return refused(items, Reason.MALFORMED)
    if any(standing.blocks(each) for each in consents):
        return refused(items, Reason.UNREADABLE_CONSENT)
    held = tuple(standing.unexamined(consents, facts))
    anything = Question(request=request, purposes=_including(request.purpose), item=_ANYTHING, now=now, is_probe=True)
    said = hearing.hear(held, anything, whoever=True)
    if said.reason is not Reason.PERMITTED:
        return refused(items, said.reason, said.basis)
    of_items = [(each, _said_of(each, held, anything, facts)) for each in items]
    return _sorted_out(of_items, said)


def _including(purpose: Coding) -> frozenset[Coding]:
    return frozenset({purpose, _RESEARCH} if purpose in _KINDS_OF_RESEARCH else {purpose})


def _said_of(item: Item, held: Sequence[Standing], anything: Question, facts: Facts) -> Said:
    if item.person is not None and item.person not in facts.person:
        return Said(reason=Reason.NOT_THEIRS, basis=())
    return hearing.hear(held, replace(anything, item=_labelled(item), is_probe=False), whoever=True)


def _labelled(item: Item) -> Item:
    """Labels are set at write; until then a record counts as restricted."""
    is_labelled = bool(item.marks - texts.HANDLING)
    return item if is_labelled else replace(item, labels=item.labels | {texts.RESTRICTED})


def _sorted_out(of_items: Sequence[tuple[Item, Said]], said: Said) -> Decision:
    items = [each for each, _ in of_items]
    denied = {each.ref for each, one in of_items if one.reason is not Reason.PERMITTED}
    permitted = tuple(each for each in refs(items) if each not in denied)
    if items and not permitted:
        return refused(items, next(one.reason for _, one in of_items if one.reason is not Reason.PERMITTED), said.basis)
    return Decision(
        outcome=Outcome.PERMIT,
        reason=Reason.PERMITTED,
        permitted=permitted,
        denied=tuple(each for each in refs(items) if each in denied),
        basis=tuple(sorted({each for _, one in of_items for each in one.basis})) or said.basis,
    )
