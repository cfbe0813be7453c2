"""One immunization history out of the records of several systems.

Invariant: no record is lost and none is counted twice in silence. Two records are one dose event only by the
natural key of a dose; where that is not sure, both stay, and the less exact one is marked as a possible duplicate.
The order of the records never matters.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import Enum
from typing import Any

from registry.continuity import elements, sameness
from registry.continuity.reasons import Reason, because
from registry.fhir import dates
from registry.fhir.dates import PartialDate
from registry.fhir.resource import Content, Resource

Antigens = Callable[[Content], frozenset[str]]
"""From a vaccineCode CodeableConcept to the antigen codes it protects against; empty when it is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """The latest version of one resource of one dossier. `source` and `country` are compared, never printed.

    `disputed`: the family says that it is wrong.
    """

    dossier: str
    source: str
    country: str | None
    resource: Resource
    disputed: bool = False


class Told(Enum):
    """How a system came to know of a dose."""

    PRIMARY = "primary"  # it gave the dose or has it from the giver
    COPY = "copy"  # from a card or another system
    RECALL = "recall"  # from memory


class Certainty(Enum):
    CONFIRMED = "confirmed"
    RECORDED = "recorded"
    STATED = "stated"
    DISPUTED = "disputed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """One system's word for a dose. `content` is the (redacted) resource it stands in."""

    source: str
    country: str | None
    dossier: str
    reference: str
    told: Told
    content: Content = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class DoseEvent:
    """One dose, with everybody who told of it. `id` (d1, d2, ...) counts through one history."""

    id: str
    antigens: frozenset[str]
    vaccine: Content
    when: PartialDate | None
    when_text: str
    lot: str | None
    dose_number: str | None
    provenances: tuple[Provenance, ...]
    certainty: Certainty
    why: Reason
    possible_duplicate_of: str | None = None
    findings: tuple[Reason, ...] = ()


def events(
    records: Iterable[Record],
    antigens: Antigens,
    *,
    birth: PartialDate | None = None,
    today: date | None = None,
) -> tuple[DoseEvent, ...]:
    """The dose events the records tell of, in order of their dates.

    `entered-in-error` and `not-done` take away that one telling and nothing else. With `birth` and `today`, dates
    that cannot be are named in the findings of the dose; the dose stays.
    """
    doses = sorted((_dose(each, antigens) for each in records if _is_dose(each)), key=sameness.order_of)
    groups = sorted(sameness.groups(doses), key=_order_of_group)
    found = tuple(_event(number, group, birth, today) for number, group in enumerate(groups, start=1))
    partners = sameness.partners(groups)
    return tuple(
        event if partner is None else _doubtful(event, found[partner].id)
        for event, partner in zip(found, partners, strict=True)
    )


def _is_dose(record: Record) -> bool:
    return record.resource.kind == "Immunization" and record.resource.content.get("status") == "completed"


def _order_of_group(group: Sequence[sameness.Dose]) -> tuple[Any, ...]:
    return sameness.order_of(group[0])


def _dose(record: Record, antigens: Antigens) -> sameness.Dose:
    content = record.resource.content
    vaccine = elements.mapping(content.get("vaccineCode"))
    known = antigens(vaccine)
    return sameness.Dose(
        what=known or _names_of(vaccine),
        recognised=bool(known),
        when=dates.parse(elements.text(content.get("occurrenceDateTime"))),
        when_text=elements.text(content.get("occurrenceDateTime")) or elements.text(content.get("occurrenceString")),
        lot=_lot(content),
        number=_dose_number(content),
        recalled=_told(content) is Told.RECALL,
        dossier=record.dossier,
        source=record.source or record.dossier,
        reference=record.resource.reference,
        record=record,
    )


def _names_of(vaccine: Content) -> frozenset[str]:
    """What to compare an unknown vaccine by: its codes, else its text."""
    codes = {
        f"{elements.text(each.get('system'))}|{elements.text(each.get('code'))}"
        for each in elements.codings(vaccine)
        if each.get("code")
    }
    return frozenset(codes or {f"text|{elements.text(vaccine.get('text')).casefold().strip()}"})


def _lot(content: Content) -> str | None:
    # Upper case, no blanks or punctuation: the hard key of a dose (UZ Core Immunization profile).
    return re.sub(r"[\W_]", "", elements.text(content.get("lotNumber"))).upper() or None


def _dose_number(content: Content) -> str | None:
    applied = elements.first(content.get("protocolApplied"))
    return str(applied.get("doseNumberPositiveInt") or elements.text(applied.get("doseNumberString"))) or None


def _told(content: Content) -> Told:
    if content.get("primarySource") is True:
        return Told.PRIMARY
    origin = {
        elements.text(each.get("code")) for each in elements.codings(elements.mapping(content.get("reportOrigin")))
    }
    return Told.RECALL if "recall" in origin else Told.COPY


def _event(number: int, group: Sequence[sameness.Dose], birth: PartialDate | None, today: date | None) -> DoseEvent:
    told = tuple(_provenance(each.record) for each in group)
    when, when_text = sameness.agreed_date(group)
    numbers = {each.number for each in group if each.number}
    certainty, why = _disputed(group) or _certainty(told)
    return DoseEvent(
        id=f"d{number}",
        antigens=group[0].what if group[0].recognised else frozenset(),
        vaccine=_vaccine(group),
        when=when,
        when_text=when_text,
        lot=next((each.lot for each in group if each.lot), None),
        dose_number=next(iter(numbers)) if len(numbers) == 1 else None,
        provenances=told,
        certainty=certainty,
        why=why,
        findings=(*_findings(group, numbers), *_impossible(when, birth, today)),
    )


def _provenance(record: Record) -> Provenance:
    return Provenance(
        source=record.source,
        country=record.country,
        dossier=record.dossier,
        reference=record.resource.reference,
        told=_told(record.resource.content),
        content=record.resource.content,
    )


def _disputed(group: Sequence[sameness.Dose]) -> tuple[Certainty, Reason] | None:
    """Shown as disputed and never hidden, however many others confirm it: the family has a word of its own."""
    is_disputed = any(each.record.disputed for each in group)
    return (Certainty.DISPUTED, because("disputed")) if is_disputed else None


def _certainty(told: Sequence[Provenance]) -> tuple[Certainty, Reason]:
    if any(each.told is Told.PRIMARY for each in told):
        return Certainty.CONFIRMED, because("primary-source")
    written = {each.source or each.dossier for each in told if each.told is not Told.RECALL}
    if len(written) > 1:
        return Certainty.CONFIRMED, because("health-authority")
    if written:
        return Certainty.RECORDED, because("one-secondary-record")
    return Certainty.STATED, because("told-only")


def _vaccine(group: Sequence[sameness.Dose]) -> Content:
    """Every coding once, and the first text."""
    concepts = [elements.mapping(each.record.resource.content.get("vaccineCode")) for each in group]
    every = {
        (elements.text(code.get("system")), elements.text(code.get("code"))): code
        for concept in reversed(concepts)
        for code in elements.codings(concept)
    }
    merged: dict[str, Any] = {"coding": [every[key] for key in sorted(every)]} if every else {}
    text = next((elements.text(each.get("text")) for each in concepts if each.get("text")), "")
    return merged | ({"text": text} if text else {})


def _findings(group: Sequence[sameness.Dose], numbers: set[str]) -> list[Reason]:
    days = {each.when for each in group if each.when and each.when.is_day}
    when, _ = sameness.agreed_date(group)
    partial = when is not None and not when.is_day
    checks: tuple[tuple[bool, str, dict[str, str]], ...] = (
        (not group[0].recognised, "vaccine-not-recognised", {}),
        (when is None, "date-unknown", {}),
        (partial, "date-partial", {"known": "month" if when and when.month else "year"}),
        (len(days) > 1, "dates-a-day-apart", {}),
        (len(numbers) > 1, "dose-numbers-differ", {}),
    )
    return [because(code, **facts) for holds, code, facts in checks if holds]


def _impossible(when: PartialDate | None, birth: PartialDate | None, today: date | None) -> list[Reason]:
    if when is None:
        return []
    early = birth is not None and when.last < birth.first
    late = today is not None and when.first > today
    return [because("before-birth")] * early + [because("in-the-future")] * late


def _doubtful(event: DoseEvent, of: str) -> DoseEvent:
    return replace(
        event,
        possible_duplicate_of=of,
        findings=(*event.findings, because("possible-duplicate", of=of)),
    )
