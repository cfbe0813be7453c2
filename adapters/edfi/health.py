"""StudentHealth into Immunizations: what a school was told, hence never first hand.

A dose without a date is kept as undated, with a warning; with an exemption and no date it was not given. Of
an exemption for belief only that the dose was declined is kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from adapters.edfi import tables, tree
from adapters.edfi.reading import CORRECT, Reading
from adapters.edfi.tables import Descriptor
from adapters.edfi.tree import Record
from adapters.sdk import build
from adapters.sdk.build import Json
from adapters.sdk.when import When

_SCHOOL = {
    "coding": [build.coding("http://terminology.hl7.org/CodeSystem/immunization-origin", "school", "School Record")]
}
_REASONS = "http://terminology.hl7.org/CodeSystem/v3-ActReason"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vaccine:
    """What was given, in the words and codes of the sender, and in CVX where the mapping knows it."""

    name: str
    codings: tuple[Json, ...] = ()
    text: str = ""


def read_all(reading: Reading) -> None:
    """Every immunization of the hand-over as an entry."""
    for record in reading.index.all("StudentHealth"):
        student = reading.index.student(record)
        if not student:
            reading.set_aside(record.element, "set aside: no StudentReference")
            reading.ledger.error("no-person-id", record.where, "a health record of nobody", CORRECT)
            continue
        for content in _immunizations(record, student, reading):
            reading.ledger.entry(student, content, record.where)


def _immunizations(record: Record, student: str, reading: Reading) -> Iterator[Json]:
    for each in tree.children(record.element, "RequiredImmunization"):
        vaccine = _vaccine(tables.descriptor(tree.text(each, "ImmunizationType")), record, reading)
        yield from _doses(each, vaccine, record, student, reading)
    for each in tree.children(record.element, "AdditionalImmunization"):
        name = tree.text(each, "ImmunizationName")
        yield from _doses(each, Vaccine(name=name, text=name), record, student, reading)


def _vaccine(kind: Descriptor, record: Record, reading: Reading) -> Vaccine:
    known = tables.VACCINES.get(kind.key)
    if known is None:
        hint = "add the code to [vaccines] of the mapping"
        reading.ledger.warn("unknown-vaccine", record.where, "the vaccine has no CVX code in the mapping", hint)
    local = build.coding(kind.namespace or build.system(reading.source, "vaccine"), kind.code)
    codings = (local, *(known.codings if known else ()))
    return Vaccine(name=kind.code, codings=codings, text=known.text if known else kind.code)


def _doses(element: Element, vaccine: Vaccine, record: Record, student: str, reading: Reading) -> Iterator[Json]:
    if not vaccine.name:
        reading.ledger.error("no-vaccine-code", record.where, "an immunization that names no vaccine", CORRECT)
        return
    texts = [tree.text(each) for each in tree.children(element, "ImmunizationDate")]
    dated = [when for text in texts if (when := reading.date(record, text))]
    for when in dated:
        yield _immunization(vaccine, record, student, reading, occurred=when)
    if dated:
        _note_contradiction(element, record, reading)
        return
    reason = _exemption(element, record)
    if reason:
        when = reading.date(record, tree.text(element, "MedicalExemptionDate"))
        yield _immunization(vaccine, record, student, reading, occurred=when, not_done=reason)
    else:
        text = "an immunization without a date: it cannot be counted, and may not have been given"
        reading.ledger.warn("no-date", record.where, text, "complete the date in the source system")
        yield _immunization(vaccine, record, student, reading)


def _note_contradiction(element: Element, record: Record, reading: Reading) -> None:
    for name in ("MedicalExemption", "MedicalExemptionDate"):
        for each in tree.children(element, name):
            reading.set_aside(each, "an exemption from a dose that was given")
            text = "an exemption stands beside a dose that was given; the dose was believed"
            reading.ledger.inform("exempt-and-given", record.where, text)


def _exemption(element: Element, record: Record) -> Json | None:
    """Why a dose without a date was not given, when an exemption says so."""
    medical = tree.text(element, "MedicalExemption")
    if medical:
        return {"coding": [build.coding(_REASONS, "MEDPREC")], "text": medical}
    if record.text("NonMedicalImmunizationExemption"):
        return {"coding": [build.coding(_REASONS, "PATOBJ")]}
    return None


def _immunization(
    vaccine: Vaccine,
    record: Record,
    student: str,
    reading: Reading,
    *,
    occurred: When | None = None,
    not_done: Json | None = None,
) -> Json:
    day = str(occurred.date) if occurred else "undated"
    return build.immunization(
        source=reading.source,
        country=reading.country,
        person=student,
        event=f"{student}-{vaccine.name}-{'not-done' if not_done else day}",
        codings=vaccine.codings,
        text=vaccine.text,
        status="not-done" if not_done else "completed",
        status_reason=not_done,
        occurred=occurred,
        recorded=reading.date(record, record.text("AsOfDate")),
        primary_source=False,
        report_origin=_SCHOOL,
    )
