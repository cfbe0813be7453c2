"""What people write in a question, as values: codes, references, times and the names of things.

Lenient in how a thing is written (a bare code, `system|code`, a Coding; a reference as text or as an object), strict
in what it means: what nobody here knows becomes a value that nothing permits.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC
from typing import Any, Final, cast

from registry.consent import period, texts
from registry.consent.period import Period
from registry.consent.request import OrganisationKind
from registry.fhir.resource import Content
from registry.fhir.terminology import Coding

_PURPOSES: Final = {
    each.code: each for each in sorted(texts.KNOWN_PURPOSES, key=lambda each: each.system, reverse=True)
}
# Bare N, R and V are confidentiality; of our own classes only G can be meant by its letter alone.
_LABELS: Final = {
    each.code: each
    for some in (texts.LABELS.keys(), texts.HANDLING, texts.SENSITIVITIES, texts.CONFIDENTIALITIES)
    for each in some
}
_ACTIONS: Final = {"read": "access", "vread": "access", "search": "access", "view": "access", "query": "access"}
_KINDS: Final = {
    **{each.value: each for each in OrganisationKind},
    **dict.fromkeys(("hospital", "health", "practice"), OrganisationKind.CLINIC),
    **dict.fromkeys(("university", "education"), OrganisationKind.SCHOOL),
    **dict.fromkeys(("government", "ministry", "authority"), OrganisationKind.STATE),
    **dict.fromkeys(("source", "national-system"), OrganisationKind.SYSTEM),
}


def one(value: Any) -> Any:
    """The single member of a list, the thing itself otherwise; None for none and for several."""
    if not isinstance(value, list):
        return value
    held = cast("list[Any]", value)
    return held[0] if len(held) == 1 else None


def several(value: Any) -> list[Any]:
    """The members of a list, or the one thing there is."""
    if value is None:
        return []
    return cast("list[Any]", value) if isinstance(value, list) else [value]


def inner(value: Any) -> Content:
    """The object a value is; an empty one when it is none."""
    return cast("Content", value) if isinstance(value, Mapping) else {}


def objects(value: Any) -> list[Content]:
    """The objects in a list, or the one there is."""
    return [cast("Content", each) for each in several(value) if isinstance(each, Mapping)]


def words(text: str) -> frozenset[str]:
    """The names written with spaces between them."""
    return frozenset(text.split())


def purpose(value: Any, consents: list[Content]) -> Coding | None:
    """The purpose asked for; None when none, or more than one, is."""
    return coding(one(value), {**_named_in(consents), **_PURPOSES})


def _named_in(consents: list[Content]) -> dict[str, Coding]:
    """Purposes of other systems by their bare code, where the consents use it for one thing only."""
    found = {each for consent in consents for each in _purposes_in(consent.get("provision"))}
    codes = [each.code for each in found]
    return {each.code: each for each in found if codes.count(each.code) == 1}


def _purposes_in(provision: Any) -> Iterator[Coding]:
    waiting = objects(provision)
    while waiting:
        held = waiting.pop()
        yield from (each for each in (coding(one, {}) for one in several(held.get("purpose"))) if each)
        waiting.extend(objects(held.get("provision")))


def label(value: Any) -> Coding:
    """A security label; one that cannot be read is a label that nothing covers."""
    return coding(value, _LABELS) or Coding(system="", code="")


def coding(value: Any, bare: Mapping[str, Coding]) -> Coding | None:
    """A code as text, as `system|code`, as a Coding or as a concept with one; `bare` are those known by code alone."""
    if isinstance(value, Mapping):
        held = cast("Content", value)
        if "coding" in held:
            return coding(one(held["coding"]), bare)
        system, code = held.get("system"), held.get("code")
        if isinstance(code, str) and code:
            return Coding(system=system, code=code) if isinstance(system, str) else coding(code, bare)
    if not isinstance(value, str) or not value:
        return None
    system, bar, code = value.rpartition("|")
    return Coding(system=system, code=code) if bar else bare.get(value, Coding(system="", code=value))


def code(value: Any) -> str:
    """The bare code of a code; nothing when there is none."""
    found = coding(one(value), {})
    return found.code if found else ""


def action(value: Any) -> str:
    """An action of consents; reading and searching are access, and so is what is asked without saying."""
    if value is None:
        return "access"
    told = code(value)
    return _ACTIONS.get(told, told) or "unknown"


def kind(value: Any) -> OrganisationKind | None:
    """The kind of organisation; None for one that does not exist here."""
    if value is None:
        return OrganisationKind.UNSTATED
    return _KINDS.get(code(value).lower())


def reference(value: Any) -> str:
    """A reference as text or object, without its version; nothing when there is none."""
    if isinstance(value, Mapping):
        return reference(inner(value).get("reference"))
    return value.partition("/_history/")[0] if isinstance(value, str) else ""


def references(value: Any) -> frozenset[str]:
    return frozenset(found for each in several(value) if (found := reference(each)))


def moment(value: Any) -> Period | None:
    """All a FHIR dateTime can mean; without a zone it is UTC."""
    return period.widened(value, UTC, local=True) if isinstance(value, str) else None


def span(value: Any) -> Period | None:
    """A FHIR Period; None when an end that it states cannot be read."""
    held = inner(value)
    start, end = held.get("start"), held.get("end")
    first, last = moment(start), moment(end)
    if (start is not None and first is None) or (end is not None and last is None) or not (first or last):
        return None
    return Period(first.start if first else period.BEGINNING, last.until if last else period.END)
