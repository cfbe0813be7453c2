"""Writes Almara's register: DHIS2 Tracker JSON, as `adapters/dhis2/mapping.toml` reads it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from adapters.sdk.world import dates, doses
from adapters.sdk.world.clerks import Record
from adapters.sdk.world.dice import Dice
from adapters.sdk.world.names import Script
from adapters.sdk.world.places import Place
from adapters.sdk.world.reports import Report, State

Json = dict[str, Any]

PROGRAM, STAGE, ENTITY_TYPE = "xEpIalmara1", "epiDoseStg1", "personAlma1"

# Attributes by UID, and where the value comes from.
_NAMES: tuple[tuple[str, Script, str], ...] = (
    ("gvnNameAra1", Script.ARABIC, "given"),
    ("fthNameAra1", Script.ARABIC, "father"),
    ("grfNameAra1", Script.ARABIC, "grandfather"),
    ("famNameAra1", Script.ARABIC, "family"),
    ("mthNameAra1", Script.ARABIC, "mother"),
    ("gvnNameLat1", Script.FRENCH, "given"),
    ("fthNameLat1", Script.FRENCH, "father"),
    ("famNameLat1", Script.FRENCH, "family"),
    ("mthNameLat1", Script.FRENCH, "mother"),
)
_SEXES = {"M": "MALE", "F": "FEMALE", "U": "UNKNOWN"}
_REASONS = {State.REFUSED: "REFUSED", State.OUT_OF_STOCK: "STOCKOUT"}


def file(children: Sequence[tuple[Record, Sequence[Report]]]) -> bytes:
    """The tracked entities of these records, one event a line."""
    entities = ",\n".join(_entity(record, reports) for record, reports in children)
    pager = _compact({"page": 1, "pageSize": len(children), "total": len(children), "pageCount": 1})
    return f'{{\n"pager": {pager},\n"trackedEntities": [\n{entities}\n]\n}}\n'.encode()


def _entity(record: Record, reports: Sequence[Report]) -> str:
    attributes = _lines(_attribute(*each) for each in _attributes(record) if each[1])
    events = _lines(_event(each) for each in reports)
    head = {
        "trackedEntity": record.person_id,
        "trackedEntityType": ENTITY_TYPE,
        **_timed(record.written_on, "createdAt"),
        "orgUnit": _unit(record.place),
    }
    enrollment = {
        "enrollment": Dice("enrollment", record.person_id).uid(),
        "program": PROGRAM,
        "orgUnit": _unit(record.place),
        "status": "ACTIVE",
        **_timed(record.written_on, "enrolledAt"),
    }
    return (
        f'{_open(head)},\n "attributes": [\n{attributes}\n ],\n'
        f' "enrollments": [{_open(enrollment)}, "events": [\n{events}\n ]}}]}}'
    )


def _lines(objects: Iterator[Json]) -> str:
    return ",\n".join("  " + _compact(each) for each in objects)


def _open(members: Json) -> str:
    return _compact(members).removesuffix("}")


def _compact(members: Json) -> str:
    return json.dumps(members, ensure_ascii=False, separators=(",", ":"))


def _attributes(record: Record) -> Iterator[tuple[str, str]]:
    for code, script, part in _NAMES:
        yield code, getattr(record.spelt[script], part)
    yield "sexAlmara01", _SEXES[record.sex]
    yield from _birth(record)
    yield "villageAlm1", record.place.name
    yield "districtAl1", record.place.district
    yield "phoneAlmar1", record.phone
    yield "natIdAlmar1", record.national_number
    yield "cardNumAlm1", _card(record)


def _birth(record: Record) -> Iterator[tuple[str, str]]:
    """The date and its calendar: an attribute of its own for Hijri, a mark in the text for Ethiopian."""
    mark = " E.C." if record.birth.calendar == dates.ETHIOPIAN else ""
    yield "brtDateAlm1", record.birth.iso + mark
    if record.birth.calendar == dates.HIJRI:
        yield "brtCalndAl1", "hijri"


def _card(record: Record) -> str:
    dice = Dice("card", record.person_id)
    return f"C{dice.letters('0123456789', 7)}" if dice.chance(0.5) else ""


def _attribute(code: str, value: str) -> Json:
    return {"attribute": code, "value": value}


def _event(report: Report) -> Json:
    is_planned = report.state is State.PLANNED
    values = {
        "vaccineAlm1": doses.vaccines()[report.vaccine].almara.format(report.number),
        "doseDateAl1": "" if len(report.date.iso) == 10 else report.date.iso,
        "lotNumAlma1": report.lot,
        "expiryAlma1": report.expiry.isoformat() if report.expiry and report.place.number % 3 == 0 else "",
        "notGivenAl1": _REASONS.get(report.state, ""),
    }
    when = _timed(report.day, "scheduledAt") if is_planned else _timed(report.day, "occurredAt")
    return {
        "event": report.id,
        "programStage": STAGE,
        "status": "SCHEDULE" if is_planned else "COMPLETED",
        **({"deleted": True} if report.state is State.CANCELLED else {}),
        "orgUnit": _unit(report.place),
        "orgUnitName": report.place.clinic,
        **when,
        "dataValues": [{"dataElement": code, "value": value} for code, value in values.items() if value],
    }


def _timed(day: date, name: str) -> Json:
    return {name: f"{day.isoformat()}T00:00:00.000"}


def _unit(place: Place) -> str:
    return Dice("unit", place.country, place.number).uid()
