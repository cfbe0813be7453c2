"""The school years that the records of several systems tell of.

Enrolled (a period and a status), attended (days present) and completed (a result) are three facts and stay apart.
The name of the grade stays as its school wrote it. What redaction removed stays removed: the country used to choose a
ladder comes with the record (`Record.country`) and is never printed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from registry.continuity import elements
from registry.continuity.education.words import fold
from registry.continuity.history import Record
from registry.fhir import CANONICAL, dates
from registry.fhir.dates import PartialDate
from registry.fhir.resource import Content

_KIND = f"{CANONICAL}/CodeSystem/record-kind"
_TRUST = ("issuer-confirmed", "document-seen", "assessed", "self-declared", "unknown", "disputed")
DISPUTED = "disputed"
FACTS = ("school", "country", "grade", "academic_year", "begins", "ends", "languages", "attended", "results")
RESULTS = ("promoted", "conditional", "repeat", "not-completed", "in-progress", "unknown")
_RESULT_OF_STATUS = {
    "promoted": "promoted",
    "graduated": "promoted",
    "repeated": "repeat",
    "current": "in-progress",
    "withdrawn": "not-completed",
    "transferred": "not-completed",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SchoolYear:
    """One learner, school, academic year and grade, with everybody who told of it. Absent parts are empty.

    `year` is the calendar year the school year began in; `begins` is when the learner joined; `status` and these are
    the enrolment. `attended` is days present out of days possible; `results` is what was completed. `verified` is who
    stands behind each fact: the best of those who tell it.
    """

    school: str
    school_id: str
    country: str
    country_inside: str | None
    academic_year: str
    year: int | None
    begins: PartialDate | None
    ends: PartialDate | None
    grade: str
    grade_language: str
    year_number: int | None
    programme: str | None
    languages: tuple[str, ...]
    results: frozenset[str]
    verification: str
    references: tuple[str, ...]
    status: str = "unknown"
    setting: str = ""
    attended: tuple[int, int] | None = None
    verified: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """School years in order; those without a known beginning come last."""

    years: tuple[SchoolYear, ...]


def enrolments(records: Iterable[Record]) -> Timeline:
    """The school years the records tell of; the same one told by two systems is one. Order is free."""
    found = sorted((_school_year(each) for each in records if _is_enrolment(each)), key=_order)
    groups: list[list[SchoolYear]] = []
    for each in found:
        home = next((group for group in groups if all(_is_same(each, other) for other in group)), None)
        if home is None:
            groups.append([each])
        else:
            home.append(each)
    return Timeline(years=tuple(sorted((_merged(group) for group in groups), key=_order)))


def _is_enrolment(record: Record) -> bool:
    content = record.resource.content
    codes = {(each.get("system"), each.get("code")) for each in elements.codings(elements.mapping(content.get("code")))}
    wrong = elements.enrolment(content, "status") == "entered-in-error"
    return record.resource.kind == "Basic" and (_KIND, "school-enrolment") in codes and not wrong


def _school_year(record: Record) -> SchoolYear:
    content = record.resource.content
    school = elements.mapping(elements.enrolment(content, "school"))
    academic, grade = elements.parts(content, "academic-year"), elements.parts(content, "grade")
    country = elements.text(elements.mapping(elements.enrolment(content, "country")).get("code"))
    year, begins, ends = _period(content, academic)
    number = grade.get("yearOfSchooling")
    made = SchoolYear(
        school=elements.text(school.get("display")),
        school_id=elements.text(elements.mapping(school.get("identifier")).get("value")),
        country=country,
        country_inside=record.country or country or None,
        academic_year=elements.text(academic.get("label")),
        year=year,
        begins=begins,
        ends=ends,
        grade=elements.text(grade.get("label")),
        grade_language=elements.text(grade.get("labelLanguage")),
        year_number=number if isinstance(number, int) and number > 0 else None,
        programme=elements.text(elements.mapping(grade.get("iscedProgramme")).get("code")) or None,
        languages=_languages(content),
        results=frozenset({_result(content)}),
        verification=DISPUTED if record.disputed else _verification(content),
        references=(f"{record.dossier}/{record.resource.reference}",),
        status=elements.text(elements.enrolment(content, "status")) or "unknown",
        setting=elements.text(elements.enrolment(content, "setting")),
        attended=_attended(content),
    )
    return replace(made, verified=tuple((fact, made.verification) for fact in FACTS if _tells(made, fact)))


def _tells(told: SchoolYear, fact: str) -> bool:
    return getattr(told, fact) not in ("", None, (), "unknown", frozenset({"unknown"}))


def _attended(content: Content) -> tuple[int, int] | None:
    """Days present out of days possible, where both are told and possible."""
    told = elements.parts(content, "attendance")
    days = [told.get("daysPresent"), told.get("daysPossible")]
    present, possible = (each if isinstance(each, int) else -1 for each in days)
    return (present, possible) if 0 <= present <= possible else None


def _period(content: Content, academic: dict[str, Any]) -> tuple[int | None, PartialDate | None, PartialDate | None]:
    """The year the school year began in, and from when to when the learner was there."""
    own = elements.mapping(elements.enrolment(content, "period"))
    whole = elements.mapping(academic.get("period"))
    begins = _date(own, "start") or _date(whole, "start")
    named = re.search(r"\d{4}", fold(elements.text(academic.get("label"))))
    first = _date(whole, "start") or begins
    year = int(named[0]) if named else first.year if first else None
    return year, begins, _date(own, "end") or _date(whole, "end")


def _date(period: Content, name: str) -> PartialDate | None:
    return dates.parse(elements.text(period.get(name)))


def _languages(content: Content) -> tuple[str, ...]:
    url = f"{elements.DEFINITION}enrolment-instruction-language"
    told = [
        elements.text(each.get("valueCode"))
        for each in elements.mappings(content.get("extension"))
        if each.get("url") == url
    ]
    return tuple(sorted({each for each in told if each and each != "und"}))


def _result(content: Content) -> str:
    told = elements.text(elements.parts(content, "outcome").get("result"))
    if told in RESULTS and told != "unknown":
        return told
    return _RESULT_OF_STATUS.get(elements.text(elements.enrolment(content, "status")), "unknown")


def _verification(content: Content) -> str:
    told = elements.text(elements.enrolment(content, "verification"))
    return told if told in _TRUST else "unknown"


def _order(each: SchoolYear) -> tuple[Any, ...]:
    begins = each.begins.first if each.begins else date.max
    year = each.year or date.max.year
    return (
        year,
        begins,
        each.academic_year,
        fold(each.grade),
        each.school_id,
        each.school,
        each.references,
    )


def _is_same(one: SchoolYear, two: SchoolYear) -> bool:
    return (
        one.year == two.year
        and _same_grade(one, two)
        and _agree(one.country_inside, two.country_inside)
        and _same_school(one, two)
    )


def _same_grade(one: SchoolYear, two: SchoolYear) -> bool:
    if fold(one.grade) != fold(two.grade) or not _agree(one.year_number, two.year_number):
        return False
    # Without a name (redaction took it) only the same months make it the same year.
    return bool(one.grade) or (one.begins, one.ends) == (two.begins, two.ends)


def _same_school(one: SchoolYear, two: SchoolYear) -> bool:
    if one.school_id and two.school_id:
        return one.school_id == two.school_id
    return _agree(one.school.casefold(), two.school.casefold())


def _agree(one: str | int | None, two: str | int | None) -> bool:
    return not one or not two or one == two


def _merged(group: Sequence[SchoolYear]) -> SchoolYear:
    """One school year of several tellings: nothing known is lost, disagreeing results all stay."""
    best = min(group, key=lambda each: (_TRUST.index(each.verification), _order(each)))
    disputed = any(each.verification == DISPUTED for each in group)
    results = frozenset(result for each in group for result in each.results)
    known = results - {"unknown", "in-progress"}
    told = [pair for each in group for pair in each.verified]
    filled = {
        name: _first(group, name)
        for name in ("school", "school_id", "country", "country_inside", "ends", "setting", "attended")
    }
    return replace(
        best,
        **filled,
        verification=DISPUTED if disputed else best.verification,
        year_number=_first(group, "year_number"),
        programme=_first(group, "programme"),
        languages=tuple(sorted({each for one in group for each in one.languages})),
        results=known or results,
        status=next((each.status for each in group if each.status != "unknown"), "unknown"),
        verified=tuple((fact, min((t for f, t in told if f == fact), key=_TRUST.index)) for fact in _facts(told)),
        references=tuple(sorted({each for one in group for each in one.references})),
    )


def _first(group: Sequence[SchoolYear], name: str) -> Any:
    values = [getattr(each, name) for each in group]
    return next((each for each in values if each), values[0])


def _facts(told: Iterable[tuple[str, str]]) -> list[str]:
    known = {fact for fact, _ in told}
    return [fact for fact in FACTS if fact in known]
