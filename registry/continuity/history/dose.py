"""One record of a dose, read once into what can be compared."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from registry.continuity import elements
from registry.continuity.history import record as records
from registry.continuity.history import written
from registry.continuity.history.codes import Meaning
from registry.continuity.history.record import Reading, Record, Told
from registry.fhir.dates import PartialDate
from registry.fhir.resource import Content
from registry.fhir.terminology import Relation

Kind = frozenset[str]
"""What tells a dose from others of its day (`Product.kind`); of an unknown vaccine its codes, else its text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dose:
    """What one record says of a dose. `kinds` is what it can be; usually one."""

    meaning: Meaning
    kinds: frozenset[Kind]
    when: PartialDate | None
    when_text: str
    converted: bool
    lot: str | None
    number: str | None
    recalled: bool
    identifiers: frozenset[tuple[str, str]]
    dossier: str
    source: str
    reference: str
    record: Record = field(repr=False)

    @property
    def is_full(self) -> bool:
        return self.when is not None and self.when.is_day


def is_dose(record: Record) -> bool:
    return record.resource.kind == "Immunization" and record.resource.content.get("status") == "completed"


def of(record: Record, reading: Reading) -> Dose:
    content = record.resource.content
    vaccine = elements.mapping(content.get("vaccineCode"))
    meaning = _meaning(reading, vaccine)
    text = elements.text(content.get("occurrenceDateTime")) or elements.text(content.get("occurrenceString"))
    when, converted = written.read(text)
    return Dose(
        meaning=meaning,
        kinds=meaning.kinds if meaning.antigens else frozenset((_names_of(vaccine),)),
        when=when,
        when_text=text,
        converted=converted,
        lot=_lot(content),
        number=_dose_number(content),
        recalled=records.told(content) is Told.RECALL,
        identifiers=_identifiers(content),
        dossier=record.dossier,
        source=record.source or record.dossier,
        reference=record.resource.reference,
        record=record,
    )


def order_of(dose: Dose) -> tuple[Any, ...]:
    """A total order that does not depend on the order of arrival; full dates first, unknown ones last."""
    when = dose.when
    return (
        (0, when.first, when.last) if when else (1,),
        sorted(sorted(each) for each in dose.kinds),
        dose.lot or "~",
        (dose.source, dose.dossier, dose.reference),
        dose.record.resource.body,
    )


def _meaning(reading: Reading, vaccine: Content) -> Meaning:
    found = reading(vaccine)
    if isinstance(found, Meaning):
        return found
    return Meaning(antigens=found, kinds=frozenset((found,)), relation=Relation.EQUIVALENT if found else None)


def _names_of(vaccine: Content) -> Kind:
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


def _identifiers(content: Content) -> frozenset[tuple[str, str]]:
    """Business identifiers; one without a system is nobody's and identifies nothing."""
    listed = elements.mappings(content.get("identifier"))
    told = ((elements.text(each.get("system")), elements.text(each.get("value"))) for each in listed)
    return frozenset(each for each in told if all(each))
