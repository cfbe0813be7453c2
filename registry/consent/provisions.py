"""What a FHIR provision states, element by element, in any dialect; whatever is not plain is refused.

Invariant: an element that is present is understood or the whole consent is refused, never skipped.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import Any, Final

from registry.consent import elements, period, texts
from registry.consent.agreement import Conditions, Effect, Meaning, Named, Refusal
from registry.consent.period import Period
from registry.fhir.resource import Content
from registry.fhir.terminology import Coding

# Who a provision is about is who receives; IRCP says so in PCF, PRCP is the primary recipient (v3-ParticipationType).
_RECIPIENTS: Final = frozenset(Coding(system=texts.PARTICIPATION, code=each) for each in ("IRCP", "PRCP"))
_REFERENCE: Final = re.compile(
    r"((https?://[^\s#?]+/)?[A-Z][A-Za-z]{1,63}/[A-Za-z0-9.-]{1,64})(/_history/[A-Za-z0-9.-]+)?"
)
_MEANINGS: Final = {each.value: each for each in Meaning}
_EFFECTS: Final = {each.value: each for each in Effect}


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """The zone days are meant in; `local`: whether times without a zone are read in it or refused."""

    zone: tzinfo = UTC
    local: bool = False

    def when(self, value: Any) -> Period:
        told = period.widened(elements.text(value), self.zone, local=self.local)
        return elements.known(told, Refusal.MALFORMED)

    def between(self, element: Content, name: str) -> Period | None:
        """A FHIR Period, both ends inclusive; None only when the element is absent."""
        if name not in element:
            return None
        stated = elements.mapping(element[name])
        elements.only(stated, ("start", "end"))
        elements.require(bool(stated), Refusal.MALFORMED)
        start = self.when(stated["start"]).start if "start" in stated else period.BEGINNING
        until = self.when(stated["end"]).until if "end" in stated else period.END
        elements.require(start < until, Refusal.MALFORMED)
        return Period(start, until)


def effect(provision: Content) -> Effect | None:
    """Its type; None when it states none."""
    if "type" not in provision:
        return None
    return elements.known(_EFFECTS.get(elements.text(provision["type"])), Refusal.UNKNOWN_CODE)


def conditions(provision: Content, clock: Clock) -> Conditions:
    """What it states itself, and nothing that another provision states."""
    return Conditions(
        actors=_some(_each(provision, "actor", _actor)),
        purposes=_each(provision, "purpose", _coding) or None,
        actions=_each(provision, "action", _action) or None,
        period=clock.between(provision, "period") or period.ALWAYS,
        labels=_some(_each(provision, "securityLabel", _label)),
        kinds=_each(provision, "class", _kind) or None,
        data_period=clock.between(provision, "dataPeriod"),
        data=_some(_each(provision, "data", _data)),
    )


def reference(value: Any) -> str:
    """A literal reference, relative or absolute, without its version."""
    held = elements.mapping(value)
    elements.only(held, ("reference", "type", "display"))
    found = _REFERENCE.fullmatch(elements.text(held.get("reference")))
    return elements.known(found, Refusal.MALFORMED)[1]


def _each(provision: Content, name: str, read: Callable[[Content], Any]) -> frozenset[Any]:
    return frozenset(read(each) for each in elements.mappings(provision, name))


def _some(stated: frozenset[Any]) -> tuple[frozenset[Any], ...]:
    return (stated,) if stated else ()


def _actor(actor: Content) -> str:
    elements.only(actor, ("role", "reference"))
    if "role" in actor:
        codings = _concept(elements.mapping(actor["role"]))
        elements.require(bool(codings) and all(each in _RECIPIENTS for each in codings), Refusal.UNKNOWN_CODE)
    return reference(actor.get("reference"))


def _coding(value: Content) -> Coding:
    elements.only(value, ("system", "version", "code", "display", "userSelected"))
    return Coding(system=elements.text(value.get("system")), code=elements.text(value.get("code")))


def _concept(concept: Content) -> list[Coding]:
    elements.only(concept, ("coding", "text"))
    return [_coding(each) for each in elements.mappings(concept, "coding")]


def _label(value: Content) -> Coding:
    known = texts.LABELS.keys() | texts.CONFIDENTIALITIES | texts.SENSITIVITIES
    found = _coding(value)
    elements.require(found in known, Refusal.UNKNOWN_CODE)
    return found


def _action(concept: Content) -> str:
    codings = _concept(concept)
    known = len(codings) == 1 and codings[0].system == texts.CONSENT_ACTION and codings[0].code in texts.ACTIONS
    elements.require(known, Refusal.UNKNOWN_CODE)
    return codings[0].code


def _kind(value: Content) -> str:
    found = _coding(value)
    elements.require(found.system == texts.RESOURCE_TYPES, Refusal.UNKNOWN_CODE)
    return found.code


def _data(data: Content) -> Named:
    elements.only(data, ("meaning", "reference"))
    meaning = elements.known(_MEANINGS.get(elements.text(data.get("meaning"))), Refusal.UNKNOWN_CODE)
    return Named(meaning=meaning, reference=reference(data.get("reference")))
