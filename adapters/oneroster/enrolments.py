"""Enrolments in classes into school enrolments: one for each learner, school, academic year and grade.

A class says the school and, through its term, the school year. Rows marked `tobedeleted` count only when
nothing else is left of the enrolment, which is then entered in error.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from adapters.oneroster.archive import Record, Sheet
from adapters.oneroster.export import Export
from adapters.oneroster.learners import Learners
from adapters.sdk import build, when
from adapters.sdk.build import Grade, Json, School, Year
from adapters.sdk.when import Dates, When

_EMPTY = Record(words={}, where="")
_UNKNOWN = "unknown"
_MAP = "add the code to the mapping"
_STATUS_OF_OUTCOME = {
    "promoted": "promoted",
    "conditional": "promoted",
    "repeat": "repeated",
    "not-completed": "withdrawn",
}


@dataclass(frozen=True, slots=True, order=True)
class _Key:
    """What makes two class enrolments one school enrolment."""

    learner: str
    school: str
    year: str
    grade: str

    @property
    def number(self) -> str:
        """An id that stays the same when classes come and go."""
        parts = (self.learner, self.school, self.year, self.grade)
        return "enrolment." + hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:40]


def read(sheets: Mapping[str, Sheet], known: Learners, export: Export, dates: Dates) -> None:
    """Write the school enrolments into the ledger."""
    books = _Books(sheets, export, dates)
    rows = _rows(sheets["enrolments"], known, dates) if "enrolments" in sheets else []
    years_of = _years_of(rows, books)
    groups: dict[_Key, list[Record]] = {}
    for row in rows:
        learner = row.word("user")
        grade = books.grade(row, known.students.get(learner, _EMPTY), one_year=len(years_of[learner]) == 1)
        key = _Key(learner, books.school_number(row), books.year(row).label, grade)
        groups.setdefault(key, []).append(row)
    for key, group in groups.items():
        dates.ledger.entry(key.learner, _content(key, group, books, export, dates), group[0].where)


def _years_of(rows: Iterable[Record], books: _Books) -> dict[str, set[str]]:
    years: dict[str, set[str]] = {}
    for row in rows:
        years.setdefault(row.word("user"), set()).add(books.year(row).label)
    return years


def _rows(sheet: Sheet, known: Learners, dates: Dates) -> list[Record]:
    """The enrolments of learners; a user who is not in the archive is one where the row says so."""
    kept: list[Record] = []
    for row in sheet.rows_that_fit():
        number, role = sheet.word(row, "user"), sheet.word(row, "role").casefold()
        if number in known.others or (role and role != "student"):
            sheet.leave_out(row, "not a learner")
        elif number in known.students or (number and role):
            kept.append(sheet.take(row))
            if number not in known.students:
                dates.ledger.inform("person-not-described", sheet.place(row), "the learner is not in the archive")
        else:
            sheet.leave_out(row, "set aside, see the findings")
            dates.ledger.error("no-person", sheet.place(row), "the row does not say which learner it is about")
    return kept


class _Books:
    """Classes, sessions and schools by their ids."""

    def __init__(self, sheets: Mapping[str, Sheet], export: Export, dates: Dates) -> None:
        self._classes = _by_id(sheets.get("classes"))
        self._sessions = _by_id(sheets.get("sessions"))
        self._orgs = _by_id(sheets.get("orgs"))
        self._dates = dates
        self._export = export
        self._years: dict[str, Year] = {}

    def _class(self, row: Record) -> Record:
        return self._classes.get(row.word("class"), _EMPTY)

    def school_number(self, row: Record) -> str:
        return row.word("school") or self._class(row).word("school")

    def school(self, number: str) -> School:
        return School(number=number, name=self._orgs.get(number, _EMPTY).word("name"))

    def grade(self, row: Record, learner: Record, *, one_year: bool) -> str:
        """The grade of the enrolment, else of its class; the learner's own only if it can mean one year."""
        own = learner.words_of("grade") if one_year else []
        for words in ([row.word("grade")], self._class(row).words_of("grade"), own):
            if len(words) == 1 and words[0]:
                return words[0]
        return _UNKNOWN

    def year(self, row: Record) -> Year:
        """The school year that the terms of the class belong to."""
        terms = self._class(row).words_of("terms")
        return self._year_of(terms[0]) if terms else Year(label=_UNKNOWN)

    def _year_of(self, session: str) -> Year:
        if session not in self._years:
            self._years[session] = self._read_year(self._top(session))
        return self._years[session]

    def _top(self, session: str) -> Record:
        """The school year above a term; a chain of parents that goes round ends where it began."""
        seen: set[str] = set()
        record = self._sessions.get(session, _EMPTY)
        while record.word("type").casefold() != "schoolyear" and session not in seen:
            seen.add(session)
            session = record.word("parent")
            record = self._sessions.get(session, record)
        return record

    def _read_year(self, record: Record) -> Year:
        label = record.word("title") or record.word("school-year") or _UNKNOWN
        start = self._dates.read(record.word("start"), where=record.where)
        # A year that ends after today is no mistake, so no day is too late for it.
        quiet = Dates(ledger=self._dates.ledger, notations=self._dates.notations, today=date.max - timedelta(days=1))
        return Year(label=label, start=start, end=quiet.read(record.word("end"), where=record.where))


def _by_id(sheet: Sheet | None) -> dict[str, Record]:
    if sheet is None:
        return {}
    records = (sheet.take(row) for row in sheet.rows_that_fit())
    return {record.word("id"): record for record in records}


def _content(key: _Key, rows: Sequence[Record], books: _Books, export: Export, dates: Dates) -> Json:
    live = [row for row in rows if not row.is_deleted]
    rows, where = live or rows, rows[0].where
    _report_gaps(key, where, dates)
    stays = _stays(rows, dates)
    year, outcome = books.year(rows[0]), _outcome(stays[-1], export, dates)
    start, end = _earliest(rows, "begin", dates), _latest(rows, dates)
    return build.enrolment(
        source=dates.ledger.source,
        country=export.country,
        person=key.learner,
        number=key.number,
        status=_status(year, end, outcome, dates) if live else "entered-in-error",
        school=books.school(key.school),
        year=year,
        grade=_grade(key.grade, export),
        start=start,
        end=end,
        created=_earliest(rows, "modified", dates) or start or year.start,
        languages=_distinct(rows, "language"),
        outcome=outcome,
        outcome_as_of=dates.read(_one(stays[-1], "outcome-date", dates), where=where),
        days_present=_days(stays, "days-present", dates),
        days_possible=_days(stays, "days-possible", dates),
        identifiers=[
            build.identifier(build.system(dates.ledger.source, "class-enrolment"), row.word("id"), "secondary")
            for row in rows
        ],
    )


def _report_gaps(key: _Key, where: str, dates: Dates) -> None:
    gaps = {"school": not key.school, "academic year": key.year == _UNKNOWN, "grade": key.grade == _UNKNOWN}
    for name, is_missing in gaps.items():
        if is_missing:
            code = "no-" + name.replace(" ", "-")
            dates.ledger.warn(code, where, f"the archive does not say the {name}")


def _grade(label: str, export: Export) -> Grade:
    year = export.grades.get(label)
    return Grade(
        label=label,
        language=export.label_language,
        year_of_schooling=year,
        mapping="exact" if year else "unmapped",
    )


def _status(year: Year, end: When | None, outcome: str, dates: Dates) -> str:
    last = end or year.end
    if outcome in _STATUS_OF_OUTCOME:
        return _STATUS_OF_OUTCOME[outcome]
    if last is None:
        return "unknown"
    return "completed" if last.date.last < dates.today else "current"


def _outcome(rows: Sequence[Record], export: Export, dates: Dates) -> str:
    word = _one(rows, "outcome", dates).casefold()
    if word and word not in export.outcomes:
        dates.ledger.warn("unknown-code", rows[0].where, "an outcome the mapping does not know", _MAP)
    return export.outcomes.get(word, "unknown" if word else "")


def _distinct(rows: Iterable[Record], role: str) -> list[str]:
    return list(dict.fromkeys(row.word(role) for row in rows if row.word(role)))


def _one(rows: Sequence[Record], role: str, dates: Dates) -> str:
    """What all rows agree on; nothing, with a finding, when they do not."""
    words = _distinct(rows, role)
    if len(words) > 1:
        message = f"the classes of one enrolment disagree on `{role}`; it was left out"
        dates.ledger.warn("class-conflict", rows[0].where, message, "correct it in the school's system")
    return words[0] if len(words) == 1 else ""


def _earliest(rows: Iterable[Record], role: str, dates: Dates) -> When | None:
    said = [dates.read(row.word(role), where=row.where) for row in rows]
    return min((each for each in said if each), key=lambda each: each.date.first, default=None)


def _latest(rows: Sequence[Record], dates: Dates) -> When | None:
    """The last end; none while one of the classes goes on."""
    if not all(row.word("end") for row in rows):
        return None
    ends = [dates.read(row.word("end"), where=row.where) for row in rows]
    return max((each for each in ends if each), key=lambda each: each.date.last, default=None)


def _stays(rows: Sequence[Record], dates: Dates) -> list[list[Record]]:
    """The rows by the time they cover, in its order: a learner may leave and come back within a year."""
    stays: dict[tuple[str, str], list[Record]] = {}
    for row in rows:
        stays.setdefault((row.word("begin"), row.word("end")), []).append(row)
    return sorted(stays.values(), key=lambda stay: _ends(stay, dates))


def _ends(stay: Sequence[Record], dates: Dates) -> date:
    when_read = when.read(stay[0].word("end"), dates.notations)
    return when_read.date.last if when_read else date.max


def _days(stays: Iterable[Sequence[Record]], role: str, dates: Dates) -> int | None:
    """The days of all stays together; none unless each of them says how many."""
    words = [_one(stay, role, dates) for stay in stays]
    known = all(word.isascii() and word.isdigit() and len(word) < 5 for word in words)
    return sum(int(word) for word in words) if known else None
