"""Users and demographics into Patients: students only, joined by the user's sourcedId."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from adapters.oneroster.archive import Record, Sheet
from adapters.oneroster.export import Export
from adapters.sdk import build
from adapters.sdk.build import Json
from adapters.sdk.when import Dates, When
from registry.fhir.dates import Calendar

_RELATIVES = (("mother", "MTH"), ("father", "FTH"), ("grandfather", "GRFTH"))
_EMPTY = Record(words={}, where="")
_MAP = "add the code to the mapping"


@dataclass(frozen=True, slots=True, kw_only=True)
class Learners:
    """Who of the archive is a learner: students by id, and the ids of everybody else."""

    students: Mapping[str, Record]
    others: frozenset[str]


def read(sheets: Mapping[str, Sheet], export: Export, dates: Dates) -> Learners:
    """Write the Patients into the ledger and say who they are."""
    students, others = _users(sheets["users"], dates) if "users" in sheets else ({}, set[str]())
    known = Learners(students=students, others=frozenset(others))
    said = _demographics(sheets["demographics"], known, dates) if "demographics" in sheets else {}
    for number, record in students.items():
        content = _patient(number, record, said.get(number, _EMPTY), export, dates)
        dates.ledger.entry(number, content, record.where)
    return known


def _users(sheet: Sheet, dates: Dates) -> tuple[dict[str, Record], set[str]]:
    students: dict[str, Record] = {}
    others: set[str] = set()
    for row in sheet.rows_that_fit():
        number, role = sheet.word(row, "id"), sheet.word(row, "role").casefold()
        if not number or not role:
            dates.ledger.error("no-id-or-role", sheet.place(row), "the user has no sourcedId or no role", _COMPLETE)
            sheet.leave_out(row, "set aside, see the findings")
        elif role != "student":
            others.add(number)
            sheet.leave_out(row, "not a learner")
        else:
            if number in students:
                dates.ledger.warn("repeated-row", sheet.place(row), "the user stands twice; the later row holds")
            students[number] = sheet.take(row)
    return students, others


_COMPLETE = "complete the row in the school's system and export again"


def _demographics(sheet: Sheet, known: Learners, dates: Dates) -> dict[str, Record]:
    said: dict[str, Record] = {}
    for row in sheet.rows_that_fit():
        number = sheet.word(row, "id")
        if number in known.students:
            if number in said:
                dates.ledger.warn("repeated-row", sheet.place(row), "the learner stands twice; the later row holds")
            said[number] = sheet.take(row)
            continue
        sheet.leave_out(row, "not a learner" if number in known.others else "set aside, see the findings")
        if number not in known.others:
            dates.ledger.warn("orphan-row", sheet.place(row), "no user of this sourcedId is in the archive")
    return said


def _patient(number: str, user: Record, said: Record, export: Export, dates: Dates) -> Json:
    return build.patient(
        source=dates.ledger.source,
        country=export.country,
        person=number,
        identifiers=list(_identifiers(user, export, dates.ledger.source)),
        names=[_name(user, dates)],
        gender=_gender(said, export, dates),
        birth=_birth(user, said, export, dates),
        relatives=[build.relative(code, build.one_field_name(user.word(role))) for role, code in _RELATIVES],
        telecom=[build.phone(user.word("phone"))],
        addresses=[build.address(city=user.word("city"), country=export.country)],
        active=False if user.is_deleted else None,
    )


def _identifiers(user: Record, export: Export, source: str) -> Iterator[Json]:
    kind = export.columns["users"]["identifier"]
    system = build.system(source, kind.option("kind"))
    yield build.identifier(system, user.word("identifier"), kind.option("use"))
    for name, value in _TYPED.findall(user.word("user-ids")):
        if known := export.user_ids.get(name):
            issuer = known.get("issuer", source)
            yield build.identifier(build.system(issuer, known["kind"]), value.strip(), known["use"])


# `{Type:Identifier}`, repeated (OneRoster v1.1 CSV Tables, users.csv, userIds).
_TYPED = re.compile(r"\{([^:{}]+):([^{}]+)\}")


def _name(user: Record, dates: Dates) -> Json:
    given, family = user.word("given"), user.word("family")
    if not given and not family:
        dates.ledger.warn("no-name", user.where, "the row gives no name")
    return build.human_name(given=[given, user.word("middle")], family=family, use="official")


def _gender(said: Record, export: Export, dates: Dates) -> str:
    word = said.word("sex").casefold()
    if word and word not in export.sexes:
        dates.ledger.warn("unknown-code", said.where, "a sex the mapping does not know; it was left out", _MAP)
    return export.sexes.get(word, "")


def _birth(user: Record, said: Record, export: Export, dates: Dates) -> When | None:
    word = user.word("birth-calendar").casefold()
    if word and word not in export.calendars:
        dates.ledger.warn("unknown-code", user.where, "a calendar the mapping does not know; no date was read", _MAP)
        return None
    calendar = export.calendars.get(word, Calendar.GREGORIAN)
    return dates.read(said.word("birth-date"), where=said.where, calendar=calendar)
