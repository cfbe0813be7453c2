"""One immunization history out of the records of several systems.

Invariant: no record is lost and none is counted twice in silence. Two records are one dose event only by the
natural key of a dose (`sameness`); where that is not sure, both stay, and the less exact one is marked as a possible
duplicate (`doubt`). The order of the records never matters. Nothing is decided for good: the history is worked out
anew from the records each time, so a record that is taken back takes its effect with it.

Read in this order: `codes` (what a vaccine code or name means), `record`, `dose` (one record, read), `sameness`,
`event`, `plausibility`, `doubt`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import Any

from registry.continuity import elements
from registry.continuity.history import codes, doubt, plausibility, sameness
from registry.continuity.history import dose as doses
from registry.continuity.history import record as records
from registry.continuity.history.codes import Meaning
from registry.continuity.history.doubt import without
from registry.continuity.history.event import Certainty, DoseEvent, certainty
from registry.continuity.history.plausibility import Life
from registry.continuity.history.record import Provenance, Reading, Record, Told
from registry.continuity.history.sameness import Group
from registry.continuity.reasons import Reason, because
from registry.fhir.dates import PartialDate
from registry.fhir.resource import Content

__all__ = [
    "Certainty",
    "DoseEvent",
    "Meaning",
    "Provenance",
    "Reading",
    "Record",
    "Told",
    "codes",
    "events",
    "without",
]


def events(
    records: Iterable[Record],
    reading: Reading,
    *,
    birth: PartialDate | None = None,
    today: date | None = None,
) -> tuple[DoseEvent, ...]:
    """The dose events the records tell of, in order of their dates.

    `reading` says what a vaccine code means (`codes.meaning`). `entered-in-error` and `not-done` take away that one
    telling and nothing else. With `birth` and `today`, dates that cannot be are named in the findings of the dose;
    the dose stays. A record given twice is one record.
    """
    told = {
        (each.dossier, each.resource.reference, each.resource.body): each for each in records if doses.is_dose(each)
    }
    life = Life(birth=birth, today=today)
    groups = sameness.groups((doses.of(each, reading) for each in told.values()), life.holds)
    return doubt.marked([_event(number, group, life) for number, group in enumerate(groups, start=1)])


def _event(number: int, group: Group, life: Life) -> DoseEvent:
    told = tuple(records.provenance(each.record) for each in group.doses)
    when, when_text = sameness.agreed_date(group, life.holds)
    meaning = _meaning(group)
    found = plausibility.findings(when, meaning, life)
    event = DoseEvent(
        id=f"d{number}",
        antigens=meaning.antigens,
        vaccine=_vaccine(group),
        when=when,
        when_text=when_text,
        lot=next((each.lot for each in group.doses if each.lot), None),
        dose_number=next(iter(group.numbers)) if len(group.numbers) == 1 else None,
        provenances=told,
        certainty=Certainty.STATED,
        why=because("told-only"),
        findings=(*_findings(group, when, meaning), *found),
        cvx=meaning.cvx,
        relation=meaning.relation,
        days=_days(group, when, life),
        kinds=group.kinds,
        names=group.names,
    )
    is_disputed = any(each.record.disputed for each in group.doses)
    sure, why = certainty(told, is_disputed=is_disputed, is_possible=event.is_possible)
    return replace(event, certainty=sure, why=why)


def _days(group: Group, when: PartialDate | None, life: Life) -> tuple[date, date] | None:
    """From the first to the last day the systems tell, impossible ones left out; else what the agreed date can mean."""
    if when is None:
        return None
    days = {each for each in group.days if life.holds(each)} or group.days or {when}
    return min(each.first for each in days), max(each.last for each in days)


def _meaning(group: Group) -> Meaning:
    """What the records of one dose say together of its vaccine; parts told apart say nothing of the whole."""
    told = [each.meaning for each in group.doses if each.kinds & group.kinds]
    if not all(each.antigens for each in told):
        return codes.UNKNOWN
    return codes.together(told)


def _vaccine(group: Group) -> Content:
    """Every coding of the whole vaccine once, and the first text."""
    whole = [each for each in group.doses if each.kinds & group.kinds]
    concepts = [elements.mapping(each.record.resource.content.get("vaccineCode")) for each in whole]
    every = {
        (elements.text(code.get("system")), elements.text(code.get("code"))): code
        for concept in reversed(concepts)
        for code in elements.codings(concept)
    }
    merged: dict[str, Any] = {"coding": [every[key] for key in sorted(every)]} if every else {}
    text = next((elements.text(each.get("text")) for each in concepts if each.get("text")), "")
    return merged | ({"text": text} if text else {})


def _findings(group: Group, when: PartialDate | None, meaning: Meaning) -> list[Reason]:
    partial = when is not None and not when.is_day
    apart = len(group.days) > 1 and "day-month-exchanged" not in group.notes
    checks: tuple[tuple[bool, str, dict[str, str]], ...] = (
        (when is None, "date-unknown", {}),
        (partial, "date-partial", {"known": "month" if when and when.month else "year"}),
        (apart, "dates-a-day-apart", {}),
        (len(group.numbers) > 1, "dose-numbers-differ", {}),
        *((True, note, {}) for note in sorted(group.notes)),
        (any(each.converted for each in group.doses), "date-converted", {}),
    )
    found = [because(code, **facts) for holds, code, facts in checks if holds]
    return ([meaning.reason] if meaning.reason else []) + found
