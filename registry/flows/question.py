"""A person as a desk describes one: what a clerk typed, and the Patient it means.

The same description asks, registers and opens a family's dossier; it goes through the same reading of names and
dates as every national record.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from registry.errors import BadInput
from registry.fhir import CANONICAL, dates
from registry.fhir.resource import Content

_ROLE = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"
_SEXES = frozenset({"male", "female", "other", "unknown"})
_LONGEST = 200
_CONTROL = re.compile("[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What is known about a child. `given` is needed; a birth date may be a year or a month only."""

    given: str = field(repr=False)
    family: str = field(default="", repr=False)
    father: str = field(default="", repr=False)
    grandfather: str = field(default="", repr=False)
    mother: str = field(default="", repr=False)
    birth: str = field(default="", repr=False)
    sex: str = "unknown"
    village: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)
    identifier_system: str = ""
    identifier: str = field(default="", repr=False)


def read(values: Mapping[str, Any]) -> Description:
    """Read a description from plain values. Raises BadInput naming every field that cannot be used, not its value."""
    known = Description.__dataclass_fields__
    texts = {name: value.strip() for name, value in values.items() if isinstance(value, str)}
    problems = [f"`{name}` is not a field of a person" for name in values if name not in known]
    problems += [f"`{name}` is not text" for name in values if name in known and name not in texts]
    problems += [f"`{name}` is longer than {_LONGEST} characters" for name in texts if len(texts[name]) > _LONGEST]
    problems += [f"`{name}` holds control characters" for name in texts if _CONTROL.search(texts[name])]
    if not texts.get("given"):
        problems.append("`given` (the child's own name) is needed")
    if texts.get("birth") and dates.parse(texts["birth"]) is None:
        problems.append("`birth` is a year, a month or a day, such as 2014, 2014-05 or 2014-05-31")
    if texts.get("sex", "unknown") not in _SEXES:
        problems.append("`sex` is male, female, other or unknown")
    if problems:
        raise BadInput("; ".join(problems), where="person", remedy="correct these fields and ask again")
    return Description(**texts)


def patient(description: Description, *, id: str, country: str) -> Content:
    """The FHIR Patient the description means."""
    identifiers = [{"system": description.identifier_system, "value": description.identifier}]
    content: dict[str, Any] = {
        "resourceType": "Patient",
        "id": id,
        "meta": {"tag": [{"system": f"{CANONICAL}/CodeSystem/recording-country", "code": country}]},
        "identifier": identifiers if description.identifier and description.identifier_system else None,
        "name": [_name(description.given, description.family)],
        "gender": description.sex,
        "birthDate": description.birth or None,
        "contact": _relatives(description) or None,
        "telecom": [{"system": "phone", "value": description.phone}] if description.phone else None,
        "address": [{"city": description.village}] if description.village else None,
    }
    return {name: value for name, value in content.items() if value is not None}


def _name(given: str, family: str) -> dict[str, Any]:
    return {"given": [given]} | ({"family": family} if family else {})


def _relatives(description: Description) -> list[dict[str, Any]]:
    told = {"MTH": description.mother, "FTH": description.father, "GRFTH": description.grandfather}
    return [
        {"relationship": [{"coding": [{"system": _ROLE, "code": code}]}], "name": {"text": name}}
        for code, name in told.items()
        if name
    ]
