"""A question in JSON, as the values a decision is made of: consents, request, items, facts and the moment.

The form is the one of the decision cases (schemas/policies/pcf-cases.json says it in words). Lenient in what may be
left out; a part of the wrong shape is BadInput with its place, and a key that nobody reads is reported.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, cast

from registry.consent import people, readings, texts, wording
from registry.consent.agreement import Agreement, Refused
from registry.consent.people import People
from registry.consent.request import UNSTATED, Emergency, Facts, Item, Request
from registry.consent.texts import ContentClass
from registry.errors import BadInput, Unreadable
from registry.fhir import resource
from registry.fhir.resource import Content

Json = dict[str, Any]

_ALIASES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("canonical", "ours", "own", "registry"), "continuity"),
    **dict.fromkeys(("pcf", "ihe-pcf", "pcf-r4b", "ihe-pcf-r4"), "pcf-r4"),
    **dict.fromkeys(("fhir-r4", "r4-base", "r4/r4b", "r4-text", "hl7-r4"), "r4"),
    **dict.fromkeys(("hl7", "hl7-later", "later-hl7", "hl7-exceptions", "r5", "fhir-r5"), "hl7-notes"),
}
_REQUEST: Final = wording.words(
    "actor org organization organisation kind jurisdiction country purpose purposeOfUse action now time at patient "
    "subject person role roles groups group memberOf breakGlass reason safety safetyContext context entitled birth "
    "birthDate protectedFrom assentAge unaccompanied guardians relatedPersons facts channel items declaredAt"
)
_ITEM: Final = wording.words(
    "ref reference labels label securityLabel security type resourceType kind author authors date period encounter "
    "related origin recordedIn country patient subject class classes note display title"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One question, ready to be decided. `strange`: places of keys that nobody read."""

    consents: tuple[Agreement | Refused, ...] = field(repr=False)
    request: Request
    items: tuple[Item, ...] = field(repr=False)
    facts: Facts = field(repr=False)
    now: datetime
    strange: tuple[str, ...] = ()


def read(
    consents: Any,
    request: Any,
    items: Any,
    *,
    where: str,
    dialect: Any = None,
    beside: Content | None = None,
    at: datetime | None = None,
) -> Asked:
    """Read one question. `beside` is what stands next to the request: facts, groups, guardians.

    Raises BadInput, with the place below `where`, when a part has the wrong shape or the moment is missing.
    """
    stated = _object(request, f"{where}.request")
    around = beside or {}
    told: Json = {**around, **wording.inner(around.get("facts")), **wording.inner(stated.get("facts")), **stated}
    resources = _resources(consents, f"{where}.consents")
    of = people.read(told, resources, wording.one(stated.get("actor")))
    now = at or _moment(stated, f"{where}.request")
    listed = _list(items if items is not None else stated.get("items", []), f"{where}.items")
    held = [_object(each, f"{where}.items[{number}]") for number, each in enumerate(listed)]
    forms = _filled([each for each in resources if each.get("resourceType", "Consent") not in people.KINDS], of)
    return Asked(
        consents=tuple(_consent(each, dialect, of, f"{where}.consents[{number}]") for number, each in enumerate(forms)),
        request=_request(stated, of, forms, now),
        items=tuple(_item(each, f"{where}.items[{number}]") for number, each in enumerate(held)),
        facts=of.facts,
        now=now,
        strange=(
            *(f"{where}.request.{name}" for name in stated if name not in _REQUEST),
            *(f"{where}.items[{at}].{name}" for at, each in enumerate(held) for name in each if name not in _ITEM),
        ),
    )


def _object(value: Any, where: str) -> Content:
    if not isinstance(value, Mapping):
        raise BadInput("this must be a JSON object", where=where)
    return cast("Content", value)


def _list(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise BadInput("this must be a JSON list", where=where)
    return cast("list[Any]", value)


def _moment(stated: Content, where: str) -> datetime:
    value = next((stated[name] for name in ("now", "time", "at") if name in stated), None)
    told = wording.moment(value)
    if told is None:
        raise BadInput("the moment of the question is missing or no dateTime", where=f"{where}.now")
    return told.start


# --- consents -------------------------------------------------------------------------------------


def _resources(value: Any, where: str) -> list[Content]:
    """One Consent, a list of them, or a Bundle."""
    if isinstance(value, Mapping):
        held = cast("Content", value)
        if held.get("resourceType") != "Bundle":
            return [held]
        entries = [_object(each, f"{where}.entry") for each in _list(held.get("entry", []), f"{where}.entry")]
        return [_object(each.get("resource"), f"{where}.entry.resource") for each in entries]
    return [_object(each, f"{where}[{number}]") for number, each in enumerate(_list(value, where))]


def _filled(consents: Sequence[Content], of: People) -> list[Content]:
    """What a case may leave out of a minimal Consent of a foreign dialect: its kind, its id, and who is meant.

    A case that names nobody is about one person, who also signed. Our own consents are never filled.
    """
    return [
        each if texts.PROFILE in str(each.get("meta")) else _with_frame(each, number, of)
        for number, each in enumerate(consents, start=1)
    ]


def _with_frame(consent: Content, number: int, of: People) -> Content:
    patient = consent.get("patient", {"reference": min(of.facts.person)})
    frame = {"resourceType": "Consent", "id": f"consent-{number}", "patient": patient, "performer": [patient]}
    return {**frame, **consent}


def _consent(content: Content, dialect: Any, of: People, where: str) -> Agreement | Refused:
    try:
        held = resource.of(content)
    except Unreadable as error:
        raise BadInput(error.what, where=where) from None
    return readings.read(held, _dialect(dialect), of.guardians)


def _dialect(name: Any) -> str | None:
    if name is None:
        return None
    told = str(name).strip().lower()
    return _ALIASES.get(told, told)


# --- request and items ----------------------------------------------------------------------------


def _request(stated: Content, of: People, consents: list[Content], now: datetime) -> Request:
    asked = stated.get("purpose", stated.get("purposeOfUse"))
    request: Any = {
        "organisation": of.organisation,
        "kind": wording.kind(of.kind),
        "jurisdiction": UNSTATED if of.jurisdiction is None else wording.code(of.jurisdiction),
        "purpose": wording.purpose(asked, consents),
        "at": now,
        "parties": of.parties,
        "role": of.role,
        "action": wording.action(stated.get("action")),
        "emergency": _emergency(stated, now),
    }
    return Request(**request)


def _emergency(stated: Content, now: datetime) -> Emergency | None:
    """Declared by `breakGlass`, or by a reason and a safety context beside the request."""
    declared = stated.get("breakGlass")
    told: Json = {**stated, **wording.inner(declared)}
    safety = declared is True or any(told.get(name) for name in ("safety", "safetyContext", "context"))
    reason = told.get("reason")
    if declared is False or not (declared or reason):
        return None
    since = wording.moment(told.get("declaredAt"))
    known = "declaredAt" not in told or since is not None
    return Emergency(
        reason=reason if isinstance(reason, str) else "",
        safety=bool(safety) and known,
        declared=since.start if since else now,
    )


def _item(stated: Content, where: str) -> Item:
    ref = wording.reference(stated.get("ref", stated.get("reference")))
    if not ref:
        raise BadInput("an item needs a `ref`", where=f"{where}.ref")
    kind = stated.get("type", stated.get("resourceType", stated.get("kind")))
    labels = _labels(stated)
    named = kind if isinstance(kind, str) and kind else ref.split("/")[-2] if "/" in ref else ""
    origin = stated.get("origin", stated.get("recordedIn", stated.get("country")))
    person = wording.reference(stated.get("patient", stated.get("subject")))
    return Item(
        ref=ref,
        classes=_classes(labels, named),
        recorded_in=wording.code(origin) or None,
        labels=frozenset(each for each in labels if each not in texts.LABELS),
        kind=named,
        authors=wording.references(stated.get("author", stated.get("authors"))),
        written=_written(stated),
        related=wording.references(stated.get("encounter")) | wording.references(stated.get("related")),
        person=person or None,
    )


def _labels(stated: Content) -> list[Any]:
    names = ("labels", "label", "securityLabel", "security", "class", "classes")
    return [wording.label(each) for name in names for each in wording.several(stated.get(name))]


def _classes(labels: list[Any], kind: str) -> frozenset[ContentClass]:
    """Those its labels say; a dose is known by its kind, once it has been labelled at all."""
    held = frozenset(texts.LABELS[each] for each in labels if each in texts.LABELS)
    is_dose = kind == "Immunization" and labels and not held - {ContentClass.PLACE}
    return held | {ContentClass.DOSES} if is_dose else held


def _written(stated: Content) -> Any:
    return wording.span(stated["period"]) if "period" in stated else wording.moment(stated.get("date"))
