"""StudentSchoolAssociation into a SchoolEnrolment: grades in the sender's words, outcomes only if stated."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

from adapters.edfi import tables, tree
from adapters.edfi.person import PROFILES
from adapters.edfi.reading import CORRECT, Reading
from adapters.edfi.tables import Descriptor
from adapters.edfi.tree import Record
from adapters.sdk import build
from adapters.sdk.build import Grade, Json, School, Year
from adapters.sdk.when import When

_NOT_STATED = "not stated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a stay ended."""

    status: str = "current"
    outcome: str = ""
    end: When | None = None


def read_all(reading: Reading) -> None:
    """Every enrolment of the hand-over as an entry."""
    years = _sessions(reading)
    for record in reading.index.all("StudentSchoolAssociation"):
        reason = _unusable(record, reading)
        if reason:
            reading.set_aside(record.element, reason)
        else:
            content = _enrolment(record, years, reading)
            reading.ledger.entry(reading.index.student(record), content, record.where)


def _unusable(record: Record, reading: Reading) -> str:
    """Why a record is no enrolment; empty when it is one."""
    kind = tables.descriptor(record.text("EnrollmentType")).key
    if kind in tables.ENROLLMENT_TYPES:
        reading.ledger.inform("not-enrolled-yet", record.where, "registered in advance, not enrolled yet")
        return tables.ENROLLMENT_TYPES[kind]
    needed = {
        "StudentReference": reading.index.student(record),
        "SchoolReference": reading.index.school(record),
        "EntryDate": record.text("EntryDate"),
        "EntryGradeLevel": tables.descriptor(record.text("EntryGradeLevel")).code,
    }
    missing = [name for name, value in needed.items() if not value]
    if missing:
        text = f"an enrolment without {', '.join(missing)}"
        reading.ledger.error("incomplete-enrolment", record.where, text, CORRECT)
        return "set aside: incomplete"
    return ""


def _enrolment(record: Record, years: dict[tuple[str, str], Year], reading: Reading) -> Json:
    student, school = reading.index.student(record), reading.index.school(record)
    entry = reading.date(record, record.text("EntryDate"))
    ending = _ending(record, entry, reading)
    return build.enrolment(
        source=reading.source,
        country=reading.country,
        person=student,
        # Ed-Fi's own key of the association: the same stay told again is a new version of the same record.
        number=f"{student}-{school}-{record.text('EntryDate')}",
        status=ending.status,
        school=School(number=school, name=_school_name(school, reading)),
        year=_year(record, school, years, reading),
        grade=_grade(tables.descriptor(record.text("EntryGradeLevel"))),
        start=entry,
        end=ending.end,
        created=entry,
        languages=_languages(student, reading),
        outcome=ending.outcome,
        outcome_as_of=ending.end if ending.outcome else None,
    )


def _ending(record: Record, entry: When | None, reading: Reading) -> Ending:
    text = record.text("ExitWithdrawType")
    end = reading.date(record, record.text("ExitWithdrawDate"))
    if end and entry and end.date.last < entry.date.first:
        reading.ledger.warn("ends-before-it-begins", record.where, "the stay ends before it begins", CORRECT)
    if not text:
        return Ending(status="unknown" if end else "current", end=end)
    rule = tables.EXITS.get(tables.descriptor(text).key)
    if rule is None:
        hint = "add the code to [exits] of the mapping"
        reading.ledger.warn("unknown-code", record.where, "the kind of exit is not known to the mapping", hint)
        return Ending(status="unknown", outcome="unknown", end=end)
    if "prohibited" in rule:
        what = "the reason of the exit is never carried; kept as a plain withdrawal"
        reading.ledger.inform("reason-left-out", record.where, what)
    return Ending(status=rule["status"], outcome=rule.get("outcome", ""), end=end)


def _grade(level: Descriptor) -> Grade:
    national = build.coding(level.namespace, level.code) if level.namespace else None
    return Grade(label=level.code, language=level.language, national_code=national)


def _school_name(number: str, reading: Reading) -> str:
    record = reading.index.by_number.get(("School", number))
    return record.text("NameOfInstitution") if record else ""


def _year(record: Record, school: str, years: dict[tuple[str, str], Year], reading: Reading) -> Year:
    in_calendar = record.text("CalendarReference", "CalendarIdentity", "SchoolYear")
    label = record.text("SchoolYear") or in_calendar
    if not label:
        text = "the enrolment does not say its school year; only the day of entry is known"
        reading.ledger.warn("no-school-year", record.where, text, "export SchoolYear or CalendarReference")
    return years.get((school, label), Year(label=label or _NOT_STATED))


def _languages(student: str, reading: Reading) -> list[str]:
    """Languages of instruction; the language spoken at home may tell an ethnicity and is not read."""
    found: list[str] = []
    for profile in reading.index.of_student(student, *PROFILES):
        for each in tree.children(profile.element, "Language"):
            uses = (tables.descriptor(tree.text(use)).key for use in tree.children(each, "LanguageUse"))
            if any(tables.LANGUAGE_USES.get(use) == "instruction" for use in uses):
                found.append(_language(tables.descriptor(tree.text(each, "Language")), profile, reading))
            else:
                reading.set_aside(each, "prohibited: a language of the home may tell an ethnicity")
    return list(dict.fromkeys(found))


def _language(language: Descriptor, profile: Record, reading: Reading) -> str:
    known = tables.LANGUAGES.get(language.key)
    if known is None:
        hint = "add the code to [languages] of the mapping"
        reading.ledger.warn("unknown-code", profile.where, "the language of instruction is not known", hint)
    return known or "und"


def _sessions(reading: Reading) -> dict[tuple[str, str], Year]:
    """The school years of each school, from the first to the last day of their sessions."""
    found: dict[tuple[str, str], list[Year]] = {}
    for record in reading.index.all("Session"):
        key = reading.index.school(record), record.text("SchoolYear")
        start, end = (reading.date(record, record.text(name)) for name in ("BeginDate", "EndDate"))
        found.setdefault(key, []).append(Year(label=key[1], start=start, end=end))
    return {key: reduce(_joined, years) for key, years in found.items()}


def _joined(one: Year, other: Year) -> Year:
    starts = [each for each in (one.start, other.start) if each]
    ends = [each for each in (one.end, other.end) if each]
    return Year(
        label=one.label,
        start=min(starts, key=lambda each: each.date.first, default=None),
        end=max(ends, key=lambda each: each.date.last, default=None),
    )
