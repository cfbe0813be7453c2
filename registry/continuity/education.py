"""Which years of school were completed, out of the records of several systems.

Invariant: a year counts as completed only on a record's word, and where the record is silent or ambiguous every
possible year is kept. The name of the grade stays as its school wrote it. What redaction removed stays removed:
the country used to choose a ladder comes with the record (`Record.country`) and is never printed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from registry.continuity import elements, ladder
from registry.continuity.history import Record
from registry.continuity.ladder import Ladder
from registry.continuity.reasons import Reason, because
from registry.fhir import CANONICAL, dates
from registry.fhir.dates import PartialDate
from registry.fhir.resource import Content

RULE_VERSION = "placement-1.0.0"
_KIND = f"{CANONICAL}/CodeSystem/record-kind"
_TRUST = ("issuer-confirmed", "document-seen", "assessed", "self-declared", "unknown", "disputed")
DISPUTED = "disputed"
_RESULT_OF_STATUS = {
    "promoted": "promoted",
    "graduated": "promoted",
    "repeated": "repeat",
    "current": "in-progress",
    "withdrawn": "not-completed",
    "transferred": "not-completed",
}
# From the result of a year: the steps the completed year may lie below it, and the reason.
# Placement rule, step 1 (education reference, section 5).
_STEPS: dict[str, tuple[tuple[int, ...], str]] = {
    "promoted": ((0,), "promoted"),
    "conditional": ((0, 1), "conditional"),
    "repeat": ((1,), "repeated"),
    "not-completed": ((1,), "unfinished"),
    "in-progress": ((1,), "in-progress"),
    "unknown": ((0, 1), "outcome-unknown"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SchoolYear:
    """One learner, school, academic year and grade, with everybody who told of it. Absent parts are empty.

    `year` is the calendar year the school year began in; `begins` is when the learner joined.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """School years in order; those without a known beginning come last."""

    years: tuple[SchoolYear, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """One reading: with this school year, `completed` is the last year finished."""

    completed: int
    told: SchoolYear
    ladder: Ladder | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed:
    """The highest completed year; several when records leave it open, none when nothing could be read."""

    years: tuple[int, ...]
    bases: tuple[Basis, ...]
    reasons: tuple[Reason, ...]


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
    return SchoolYear(
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
    )


def _period(content: Content, academic: dict[str, Any]) -> tuple[int | None, PartialDate | None, PartialDate | None]:
    """The year the school year began in, and from when to when the learner was there."""
    own = elements.mapping(elements.enrolment(content, "period"))
    whole = elements.mapping(academic.get("period"))
    begins = _date(own, "start") or _date(whole, "start")
    named = re.search(r"\d{4}", ladder.fold(elements.text(academic.get("label"))))
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
    if told in _STEPS and told != "unknown":
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
        ladder.fold(each.grade),
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
    if ladder.fold(one.grade) != ladder.fold(two.grade) or not _agree(one.year_number, two.year_number):
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
    filled = {name: _first(group, name) for name in ("school", "school_id", "country", "country_inside", "ends")}
    return replace(
        best,
        **filled,
        verification=DISPUTED if disputed else best.verification,
        year_number=_first(group, "year_number"),
        programme=_first(group, "programme"),
        languages=tuple(sorted({each for one in group for each in one.languages})),
        results=known or results,
        references=tuple(sorted({each for one in group for each in one.references})),
    )


def _first(group: Sequence[SchoolYear], name: str) -> Any:
    values = [getattr(each, name) for each in group]
    return next((each for each in values if each), values[0])


def completed_year(timeline: Timeline, ladders: Sequence[Ladder], on: date) -> Completed:
    """The highest year completed, by step 1 and 2 of the placement rule; ambiguity is kept."""
    readings = [_readings(each, ladders, on) for each in timeline.years]
    bases = [basis for found, _ in readings for basis in found]
    reasons = [reason for _, why in readings for reason in why]
    if not bases:
        return Completed(years=(), bases=(), reasons=(*reasons, because("no-school-record")))
    least = max(min(each.completed for each in found) for found, _ in readings if found)
    years = sorted({each.completed for each in bases if each.completed >= least})
    kept = tuple(each for each in bases if each.completed in years)
    return Completed(years=tuple(years), bases=kept, reasons=tuple(dict.fromkeys(reasons)))


def _readings(told: SchoolYear, ladders: Sequence[Ladder], on: date) -> tuple[list[Basis], list[Reason]]:
    here = ladder.in_force(ladders, told.country_inside, told.year)
    numbers, reasons = _numbers(told, here)
    found: dict[int, Basis] = {}
    for number in sorted(numbers):
        for result in sorted(told.results):
            steps, code = _STEPS[result]
            reasons.append(_because(code, number, _months(told, on)))
            found |= {number - step: Basis(completed=number - step, told=told, ladder=here) for step in steps}
        if told.verification == DISPUTED:  # it may be right or wrong: the year before is possible too
            reasons.append(because("disputed-year", year=number))
            found[number - 1] = Basis(completed=number - 1, told=told, ladder=here)
    return list(found.values()), reasons


def _because(code: str, year: int, months: int) -> Reason:
    if code != "in-progress":
        return because(code, year=year)
    return because(code, year=year, months=months) if months else because("unfinished", year=year)


def _numbers(told: SchoolYear, here: Ladder | None) -> tuple[set[int], list[Reason]]:
    """The years of schooling the grade can be, by the ladder and by the record's own number."""
    own = {told.year_number} - {None}
    if here is None:
        return {each for each in own if each}, [because("no-ladder")] if own else [because("label-unknown")]
    by_name = set(ladder.resolve(here, told.grade, told.programme)) if told.grade else set[int]()
    if own and by_name and not own & by_name:
        return {each for each in own | by_name if each}, [because("sources-disagree")]
    numbers = {each for each in (own & by_name or by_name or own) if each}
    reasons = [because("label-unknown")] if not by_name else []
    return numbers, [*reasons, *([because("label-ambiguous")] if len(numbers) > 1 else [])]


def _months(told: SchoolYear, on: date) -> int:
    """Whole months of the school year on record, at least those that are certain."""
    if told.begins is None or not told.begins.month:
        return 0
    end = min(told.ends.first, on) if told.ends else on
    begin = told.begins.last
    return max(0, min(12, (end.year - begin.year) * 12 + end.month - begin.month - (end.day < begin.day)))
