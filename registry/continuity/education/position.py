"""What a school year is worth, stated in the record itself, before its country and its label are taken out.

The year of schooling and the ISCED programme say how far a child came without saying where.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from registry.continuity import elements
from registry.continuity.education import ladder
from registry.continuity.education import record as records
from registry.continuity.education.ladder import Grade, Ladder
from registry.continuity.history import Record
from registry.fhir import resource

_ISCED = "http://uis.unesco.org/isced-p"


def stated(record: Record, ladders: Sequence[Ladder]) -> Record:
    """The record with year of schooling and ISCED programme, where the ladder reads its label in one way only."""
    content = record.resource.content
    grade = _grade(record, ladders)
    if grade is None or elements.parts(content, "grade").get("yearOfSchooling") not in (None, grade.year):
        return record  # what the source says of its own year is not overruled
    extensions = [_with(each, grade) for each in elements.mappings(content.get("extension"))]
    return replace(record, resource=resource.of({**content, "extension": extensions}))


def _grade(record: Record, ladders: Sequence[Ladder]) -> Grade | None:
    """The grade that every source reads alike, from its label to its place in a level."""
    years = records.enrolments([record]).years
    here = ladder.every_in_force(ladders, record.country, years[0].year) if years else ()
    found = ladder.resolve(here, years[0].grade, years[0].programme) if here else frozenset[int]()
    grades = [each.grade(min(found)) for each in here] if len(found) == 1 else []
    levels = {each.isced for each in grades if each}
    return next((each for each in grades if each), None) if len(levels) == 1 else None


def _with(extension: Any, grade: Grade) -> Any:
    if extension.get("url") != f"{elements.DEFINITION}enrolment-grade":
        return extension
    added = [
        {"url": "yearOfSchooling", "valuePositiveInt": grade.year},
        {"url": "iscedProgramme", "valueCoding": {"system": _ISCED, "code": grade.programme}},
    ]
    known = {each.get("url") for each in elements.mappings(extension.get("extension"))}
    return {**extension, "extension": [*extension["extension"], *(e for e in added if e["url"] not in known)]}
