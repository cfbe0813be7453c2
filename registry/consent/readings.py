"""The published readings of a FHIR R4 Consent, each brought to the one canonical tree.

Three readings of `provision.type` are in use, and a consent does not say which it was written in; its dialect must
be known, from its profile or from whoever hands it over. `pcf-r4`: IHE PCF 1.1, type on every provision, one level
below the root, a child replaces what it states and takes the rest from the root. `r4`: FHIR R4, no type at the
root, which denies under an opt-in policy; children state theirs and narrow their parent. `hl7-notes`: the later
reading of HL7, type at the root alone; a child is an exception within its parent, so it has the other effect.
What a reading forbids was meant in another one, and is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from registry.consent import dialect, elements, frame, provisions, texts
from registry.consent.agreement import Agreement, Conditions, Effect, Grantor, Node, Refusal, Refused
from registry.consent.period import ALWAYS, Period
from registry.consent.provisions import Clock
from registry.fhir.resource import Content, Resource
from registry.fhir.terminology import Coding

MAX_PROVISIONS: Final = 1_000

_PLAIN: Final = frozenset({"type", "period", "actor", "securityLabel", "purpose", "dataPeriod", "data", "provision"})
_WHOLE: Final = _PLAIN | {"action", "class"}
_PCF_PROFILE: Final = "https://profiles.ihe.net/ITI/PCF/StructureDefinition/IHE.PCF.consent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How one dialect is read: the elements of its root, its effects, how a child's words join its parent's."""

    root: Callable[[Content, Effect | None], Effect]
    child: Callable[[Effect | None, Effect], Effect]
    join: Callable[[Conditions, Conditions, bool], Conditions]
    depth: int = dialect.MAX_DEPTH
    of_root: frozenset[str] = _WHOLE


def read(
    consent: Resource, name: str | None = None, guardians: Mapping[str, Grantor] | None = None
) -> Agreement | Refused:
    """The consent as a canonical tree in the dialect `name`, or the one its profile names. Never raises.

    `guardians` are verified RelatedPersons by reference. Our own profile is read as ours, whatever is said; without it
    nothing is.
    """
    if _profiled(consent.content) == dialect.NAME:
        return dialect.read(consent)
    reading = DIALECTS.get(name or _profiled(consent.content) or "")
    try:
        elements.require(consent.kind == "Consent", Refusal.NOT_A_CONSENT)
        return _agreement(consent, elements.known(reading, Refusal.OTHER_DIALECT), guardians or {})
    except elements.Unclear as unclear:
        return Refused(
            id=consent.id, version=_version(consent), status=dialect.status(consent.content), why=unclear.why
        )


def _agreement(consent: Resource, reading: Reading, guardians: Mapping[str, Grantor]) -> Agreement:
    framed = frame.read(consent, guardians)
    provision = elements.mapping(consent.content.get("provision"))
    elements.require(_count(provision) <= MAX_PROVISIONS, Refusal.TOO_LARGE)
    effect = reading.root(consent.content, provisions.effect(provision))
    elements.only(provision, reading.of_root)
    stated = provisions.conditions(provision, framed.clock)
    root = Node(
        effect=effect, conditions=stated, children=_children(provision, reading, effect, stated, framed.clock, 1)
    )
    return Agreement(
        id=consent.id,
        version=_version(consent),
        status=elements.known(dialect.status(consent.content), Refusal.UNKNOWN_CODE),
        patient=framed.patient,
        grantor=framed.grantor,
        given_at=framed.given_at,
        verified=framed.verified,
        assent=framed.assent,
        supersedes=framed.supersedes,
        protected_from=framed.protected_from,
        root=root,
    )


def _children(
    provision: Content, reading: Reading, above: Effect, parent: Conditions, clock: Clock, depth: int
) -> tuple[Node, ...]:
    nested = elements.mappings(provision, "provision")
    elements.require(not nested or depth < reading.depth, Refusal.TOO_DEEP)
    return tuple(_node(each, reading, above, parent, clock, depth + 1) for each in nested)


def _node(provision: Content, reading: Reading, above: Effect, parent: Conditions, clock: Clock, depth: int) -> Node:
    elements.only(provision, _WHOLE)
    effect = reading.child(provisions.effect(provision), above)
    joined = reading.join(provisions.conditions(provision, clock), parent, effect is above is Effect.PERMIT)
    children = _children(provision, reading, effect, joined, clock, depth)
    return Node(effect=effect, conditions=joined, children=children)


def _count(provision: Any) -> int:
    """How many provisions there are, asked before any is read."""
    waiting, count = [provision], 0
    while waiting:
        held = waiting.pop()
        count += 1
        nested: Any = cast("Content", held).get("provision") if isinstance(held, Mapping) else None
        waiting.extend(cast("list[Any]", nested) if isinstance(nested, list) else ())
    return count


def _version(consent: Resource) -> str:
    meta = consent.content.get("meta")
    version = cast("Content", meta).get("versionId") if isinstance(meta, Mapping) else None
    return version if isinstance(version, str) else ""


def _profiled(content: Content) -> str | None:
    """The dialect its profile names: one of ours or one of IHE's; None when it names none, or several."""
    meta = content.get("meta")
    stated = cast("Content", meta).get("profile") if isinstance(meta, Mapping) else None
    held = [each for each in cast("list[Any]", stated) if isinstance(each, str)] if isinstance(stated, list) else []
    named = {dialect.NAME for each in held if each == texts.PROFILE}
    named |= {"pcf-r4" for each in held if each.startswith(_PCF_PROFILE)}
    return named.pop() if len(named) == 1 else None


# --- effects --------------------------------------------------------------------------------------


def _stated(_: Content, effect: Effect | None) -> Effect:
    return elements.known(effect, Refusal.NO_EFFECT)


def _opted_in(consent: Content, effect: Effect | None) -> Effect:
    """The root of R4 says nothing itself; what it means, the policy says. Nothing but opt-in is known here."""
    elements.require(effect is None, Refusal.TWO_EFFECTS)
    if "policyRule" in consent:
        codings = elements.mappings(elements.mapping(consent["policyRule"]), "coding")
        elements.require(all(each.get("code") in ("OPTIN", "OPTINR") for each in codings), Refusal.OTHER_DIALECT)
    return Effect.DENY


def _own(effect: Effect | None, _: Effect) -> Effect:
    return elements.known(effect, Refusal.NO_EFFECT)


def _flipped(effect: Effect | None, above: Effect) -> Effect:
    elements.require(effect is None, Refusal.TWO_EFFECTS)
    return above.other


# --- how a child's words join its parent's --------------------------------------------------------


def _replaced(own: Conditions, parent: Conditions, adds: bool) -> Conditions:
    """Each attribute the child states stands alone; what it does not state, the root says.

    A permit within a permit adds: whom it focuses on gets its labels beside those of the root, as PCF's notes say.
    """
    return Conditions(
        actors=own.actors or parent.actors,
        purposes=own.purposes or parent.purposes,
        actions=own.actions,  # the root states neither these nor kinds
        period=parent.period if own.period == ALWAYS else own.period,
        labels=_added(own.labels, parent.labels) if adds else own.labels or parent.labels,
        kinds=own.kinds,
        data_period=own.data_period or parent.data_period,
        data=own.data or parent.data,
    )


def _added(own: tuple[frozenset[Coding], ...], root: tuple[frozenset[Coding], ...]) -> tuple[frozenset[Coding], ...]:
    return (own[0] | root[0],) if own and root else own or root


def _both(own: Conditions, parent: Conditions, _: bool) -> Conditions:
    """Everything the child says and everything its parent says."""
    return Conditions(
        actors=parent.actors + own.actors,
        purposes=_shared(own.purposes, parent.purposes),
        actions=_shared(own.actions, parent.actions),
        period=own.period.both(parent.period),
        labels=parent.labels + own.labels,
        kinds=_shared(own.kinds, parent.kinds),
        data_period=_together(own.data_period, parent.data_period),
        data=parent.data + own.data,
    )


def _inside(own: Conditions, parent: Conditions, adds: bool) -> Conditions:
    """The same, and refused where nothing is left: whoever wrote that cannot have meant to narrow."""
    joined = _both(own, parent, adds)
    spans = (joined.period, joined.data_period or ALWAYS)
    named = (joined.purposes, joined.actions, joined.kinds)
    met = all(each.start < each.until for each in spans) and all(each is None or each for each in named)
    elements.require(met, Refusal.OUTSIDE_PARENT)
    return joined


def _shared(own: frozenset[Any] | None, parent: frozenset[Any] | None) -> frozenset[Any] | None:
    if own is None or parent is None:
        return parent if own is None else own
    return own & parent


def _together(own: Period | None, parent: Period | None) -> Period | None:
    return own.both(parent) if own and parent else own or parent


_PCF: Final = Reading(root=_stated, child=_own, join=_replaced, depth=2, of_root=_PLAIN)
_R4: Final = Reading(root=_opted_in, child=_own, join=_inside)

DIALECTS: Final[Mapping[str, Reading]] = {
    "pcf-r4": _PCF,
    "r4": _R4,
    "r4b": _R4,
    "hl7-notes": Reading(root=_stated, child=_flipped, join=_both),
}
"""The foreign dialects by name; ours is `continuity`, which only `dialect` reads."""
