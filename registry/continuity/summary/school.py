"""The summary a school receives: the school years, the grade completed, and what that corresponds to here.

School names, countries and languages of teaching appear only where the redacted records still hold them; the
ladder of origin was used inside and is named only when every school year still says its country.
"""

from __future__ import annotations

from collections.abc import Sequence

from registry.continuity.education import SchoolYear, Timeline
from registry.continuity.education.ladder import Grade
from registry.continuity.education.placement import Candidate, Placement
from registry.continuity.summary import document, narrative, schooling
from registry.continuity.summary.document import Asked, Json, Release
from registry.continuity.summary.words import Words
from registry.fhir import CANONICAL

PROFILE = f"{CANONICAL}/StructureDefinition/school-summary"
# What consent left of a SchoolEnrolment: it need not hold what redaction took.
_SHOWN = f"{CANONICAL}/StructureDefinition/school-enrolment-shown"
_ISCED = "http://uis.unesco.org/isced-p"


def school_summary(
    *, asked: Asked, timeline: Timeline, placement: Placement, release: Release, words: Words, language: str
) -> Json:
    """The document Bundle for a school. `timeline` is redacted; `placement` may have seen more."""
    years = [_enrolment(number, each) for number, each in enumerate(timeline.years, start=1)]
    advice = _advice(placement, is_open=all(each.country for each in timeline.years))
    resources = [document.person(asked), document.issuer(release), *years, advice]
    frame = document.composition(
        release,
        title=words["page"]["title-school"],
        type_of=document.own_code("document-kind", "school-summary", "School summary"),
        sections=_sections(resources, words, language),
        profile=PROFILE,
        language=language,
    )
    return document.bundle(release, frame, resources)


def _sections(resources: Sequence[Json], words: Words, language: str) -> list[Json]:
    say, said = words["page"], schooling.facts(resources, words)
    years = [f"Basic/{each['id']}" for each in document.of_kind(resources, "Basic") if each["id"] != "placement"]
    told = (
        ("years-heading", "school-years", narrative.years(said, words), years),
        ("place-heading", "placement", narrative.placement(said, words), ["Basic/placement"]),
    )
    return [
        document.section(
            say[name], document.own_code("document-section", code), narrative.of(body, language), references
        )
        for name, code, body, references in told
    ]


def _enrolment(number: int, told: SchoolYear) -> Json:
    result = next(iter(told.results)) if len(told.results) == 1 else "unknown"
    outcome = result if result != "in-progress" else "unknown"
    shown: list[Json | None] = [
        _own("school", valueReference={"display": told.school}) if told.school else None,
        _own("country", valueCoding={"system": "urn:iso:std:iso:3166", "code": told.country}) if told.country else None,
        _own("period", valuePeriod=_period(told)) if _period(told) else None,
        _complex("academic-year", label=told.academic_year) if told.academic_year else None,
        _grade(told),
        *(_own("instruction-language", valueCode=each) for each in told.languages),
        document.nested("enrolment-outcome", document.part("result", valueCode=outcome)),
        _own("status", valueCode="current" if result == "in-progress" else "unknown"),
        _own("verification", valueCode=told.verification) if told.verification != "unknown" else None,
    ]
    return {
        "resourceType": "Basic",
        "id": f"y{number}",
        "meta": {"profile": [_SHOWN]},
        "extension": [each for each in shown if each],
        "code": {"coding": [{"system": document.RECORD_KIND, "code": "school-enrolment"}]},
        "subject": {"reference": "Patient/person"},
    }


def _own(name: str, **value: object) -> Json:
    return document.extension(f"enrolment-{name}", **value)


def _complex(name: str, **parts: str) -> Json:
    return document.nested(f"enrolment-{name}", *(document.part(one, valueString=text) for one, text in parts.items()))


def _period(told: SchoolYear) -> Json:
    ends = {"start": told.begins, "end": told.ends}
    return {name: str(day) for name, day in ends.items() if day}


def _grade(told: SchoolYear) -> Json | None:
    parts: list[Json] = []
    if told.grade:
        parts.append(document.part("label", valueString=told.grade))
    if told.grade and told.grade_language:
        parts.append(document.part("labelLanguage", valueCode=told.grade_language))
    if told.year_number:
        parts.append(document.part("yearOfSchooling", valuePositiveInt=told.year_number))
    if told.programme:
        parts.append(document.part("iscedProgramme", valueCoding={"system": _ISCED, "code": told.programme}))
    return document.nested("enrolment-grade", *parts) if parts else None


def _advice(placement: Placement, *, is_open: bool) -> Json:
    versions = [
        document.part("rule", valueString=placement.rule_version),
        document.part("ladder", valueString=f"{placement.ladder} {placement.ladder_version}".strip() or "none"),
        document.part("country", valueCode=placement.to_country),
        *(document.part("origin", valueString=each) for each in placement.origin_ladders if is_open),
    ]
    return {
        "resourceType": "Basic",
        "id": "placement",
        "extension": [
            document.nested("placement-versions", *versions),
            *(document.extension("placement-completed", valueInteger=each) for each in placement.completed.years),
            *document.reasons("placement-history", placement.completed.reasons),
            *(_candidate(each) for each in placement.candidates),
            *([document.nested("placement-answer", *_place_of(placement.answer))] if placement.answer else []),
            *document.reasons("placement-flag", placement.flags),
            document.extension("advisory", valueString=placement.advisory),
        ],
        "code": {"coding": [{"system": document.RECORD_KIND, "code": "placement-advice"}]},
        "subject": {"reference": "Patient/person"},
    }


def _candidate(each: Candidate) -> Json:
    return document.nested(
        "placement-candidate",
        document.part("way", valueCode=each.kind.value),
        document.part("proposed", valueBoolean=each.proposed),
        *(_place_of(each.grade) if each.grade else []),
        *document.reasons("reason", each.reasons),
    )


def _place_of(grade: Grade) -> list[Json]:
    return [
        document.part("year", valuePositiveInt=grade.year),
        document.part("label", valueString=grade.labels[0].text),
        document.part("labelLanguage", valueCode=grade.labels[0].language),
        document.part("isced", valuePositiveInt=grade.isced),
        document.part("position", valuePositiveInt=grade.position),
    ]
