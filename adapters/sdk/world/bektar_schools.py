"""Writes Bektar's schools: OneRoster 1.1 CSV in a zip archive, as `adapters/oneroster/mapping.toml` reads it.

The archive is stored, not compressed, and its time stamps are fixed: compressors differ between machines.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence

from adapters.sdk.world import places, schooling
from adapters.sdk.world.clerks import Record
from adapters.sdk.world.dice import Dice
from adapters.sdk.world.names import Script
from adapters.sdk.world.places import BEKTAR, Place
from adapters.sdk.world.schooling import Outcome, SchoolYear

Row = Mapping[str, object]
Learner = tuple[Record, Sequence[SchoolYear]]

_SEXES = {"M": "male", "F": "female", "U": ""}
_OUTCOMES = {Outcome.PROMOTED: "promoted", Outcome.REPEATED: "repeated", Outcome.LEFT: "withdrawn"}
_COURSES = (("home", "Class teacher"), ("math", "Mathematics"))


def file(learners: Sequence[Learner]) -> bytes:
    """The archive of all tables."""
    tables: dict[str, Iterable[Row]] = {
        "manifest": _manifest(),
        "orgs": _orgs(),
        "academicSessions": _sessions(),
        "courses": _courses(),
        "classes": _classes(learners),
        "users": [*(_user(record, years) for record, years in learners), *_teachers()],
        "demographics": [_demographics(record) for record, _ in learners],
        "enrollments": [row for learner in learners for row in _enrollments(*learner)],
    }
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_STORED) as archive:
        for name, rows in tables.items():
            member = zipfile.ZipInfo(f"{name}.csv", (2025, 6, 30, 6, 0, 0))
            archive.writestr(member, _csv(list(rows)))
    return held.getvalue()


def _csv(rows: Sequence[Row]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _manifest() -> Iterable[Row]:
    values = {
        "manifest.version": "1.0",
        "oneroster.version": "1.1",
        **{f"file.{name}": "absent" for name in ("categories", "lineItems", "results", "resources")},
        **{
            f"file.{name}": "bulk"
            for name in (
                "orgs",
                "academicSessions",
                "courses",
                "classes",
                "users",
                "demographics",
                "enrollments",
            )
        },
        "source.systemName": "Bektar School Register",
        "source.systemCode": "BSR",
    }
    return ({"propertyName": name, "value": value} for name, value in values.items())


def school_id(place: Place) -> str:
    return f"sch-{place.number:02d}"


def _orgs() -> Iterable[Row]:
    yield (
        _base("dst-01") | {"name": "Bektar Schools", "type": "district", "identifier": "BD1"} | {"parentSourcedId": ""}
    )
    for place in places.of_country(BEKTAR):
        named = {"name": place.school, "type": "school", "identifier": f"BS{place.number:03d}"}
        yield _base(school_id(place)) | named | {"parentSourcedId": "dst-01"}


def _base(identifier: str) -> dict[str, object]:
    # In a bulk export status and dateLastModified stay empty (OneRoster 1.1 CSV tables, section 4).
    return {"sourcedId": identifier, "status": "", "dateLastModified": ""}


def _sessions() -> Iterable[Row]:
    ladder = schooling.LADDERS[BEKTAR]
    for autumn in range(ladder.first_autumn, schooling.LAST_AUTUMN + 1):
        yield _base(f"sy-{autumn}") | {
            "title": f"{autumn}-{autumn + 1}",
            "type": "schoolYear",
            "startDate": f"{autumn}-09-01",
            "endDate": f"{autumn + 1}-{ladder.last_month:02d}-{ladder.last_day:02d}",
            "parentSourcedId": "",
            "schoolYear": autumn + 1,
        }


def _courses() -> Iterable[Row]:
    for course, title in _COURSES:
        yield _base(f"crs-{course}") | {"title": title, "orgSourcedId": "dst-01"}


def _class_id(year: SchoolYear, course: str) -> str:
    return f"cls-{year.school.number:02d}-{year.autumn}-{year.grade:02d}-{course}"


def _classes(learners: Sequence[Learner]) -> Iterable[Row]:
    held = {
        _class_id(year, course): (year, course)
        for record, years in learners
        for year in years
        for course in _taken(record, year)
    }
    for identifier, (year, course) in sorted(held.items()):
        yield _base(identifier) | {
            "title": f"Grade {year.grade} {course}",
            "grades": f"{year.grade:02d}",
            "courseSourcedId": f"crs-{course}",
            "classType": "homeroom" if course == "home" else "scheduled",
            "schoolSourcedId": school_id(year.school),
            "termSourcedIds": f"sy-{year.autumn}",
        }


def _user(record: Record, years: Sequence[SchoolYear]) -> Row:
    spelt, habit = record.spelt[Script.ENGLISH], Dice("register", record.person_id)
    latest = years[-1] if years else None
    return _base(record.person_id) | {
        "enabledUser": "true",
        "orgSourcedIds": school_id(latest.school if latest else record.place),
        "role": "student",
        "username": f"learner{record.number:04d}",
        "userIds": f"{{NationalId:{record.national_number}}}" if record.national_number else "",
        "givenName": spelt.given,
        "familyName": spelt.family,
        "middleName": spelt.father if habit.chance(0.3) else "",
        "identifier": f"LN{20000 + record.number}",
        "phone": record.phone,
        "grades": f"{latest.grade:02d}" if latest else "",
        "metadata.motherName": f"{spelt.mother} {spelt.mothers_family}".strip(),
        "metadata.fatherName": spelt.father if habit.chance(0.75) else "",
        "metadata.village": record.place.name,
        "metadata.nationality": "Almaran" if habit.chance(0.3) else "",
    }


def _teachers() -> Iterable[Row]:
    for place in places.of_country(BEKTAR):
        yield _base(f"tch-{place.number:02d}") | {
            "enabledUser": "true",
            "orgSourcedIds": school_id(place),
            "role": "teacher",
            "username": f"teacher{place.number:02d}",
            "givenName": "Class",
            "familyName": "Teacher",
            "identifier": f"T{place.number:03d}",
        }


def _demographics(record: Record) -> Row:
    return _base(record.person_id) | {
        "birthDate": record.birth.iso,
        "sex": _SEXES[record.sex],
        "countryOfBirthCode": "XAL" if Dice("born", record.person_id).chance(0.5) else "",
        "publicSchoolResidenceStatus": "",
    }


def _taken(record: Record, year: SchoolYear) -> list[str]:
    """The classes a learner sat in: the class teacher's, and for some a second one."""
    has_second = Dice("second class", record.person_id, year.autumn).chance(0.2)
    return [course for course, _ in _COURSES[: 1 + has_second]]


def _enrollments(record: Record, years: Sequence[SchoolYear]) -> Iterable[Row]:
    for year in years:
        for course in _taken(record, year):
            yield _base(f"enr-{record.number:04d}-{year.start:%y%m}-{course}") | {
                "classSourcedId": _class_id(year, course),
                "schoolSourcedId": school_id(year.school),
                "userSourcedId": record.person_id,
                "role": "student",
                "primary": "true" if course == "home" else "false",
                "beginDate": year.start.isoformat(),
                "endDate": year.end.isoformat(),
                "metadata.grade": f"Grade {year.grade}",
                "metadata.languageOfInstruction": "en",
                "metadata.outcome": _OUTCOMES[year.outcome],
                "metadata.outcomeDate": year.end.isoformat(),
                "metadata.daysPresent": year.days_present,
                "metadata.daysPossible": year.days_possible,
            }
