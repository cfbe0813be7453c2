"""Short ways to write the records the continuity tests are about."""

import json
from datetime import date
from pathlib import Path
from typing import Any

from registry import library
from registry.continuity import history
from registry.continuity.education import ladder
from registry.fhir import CANONICAL, resource

SCHEMAS = Path(__file__).resolve().parents[2] / "schemas"
WHO = library.load().editions["who"].on(date(2026, 3, 1))
"""The shipped schedule; the tests ask by it of days before it held, too."""
meaning = library.load().meaning
LADDERS = tuple(
    ladder.read(json.loads(path.read_text("utf-8"))) for path in sorted((SCHEMAS / "ladders").glob("*.json"))
)
MESSAGES = json.loads((SCHEMAS / "templates" / "messages.json").read_text("utf-8"))
TEMPLATE = (SCHEMAS / "templates" / "summary.html.j2").read_text("utf-8")

VACCINES = {
    "bcg": ("19", "BCG"),
    "hepb": ("08", "HEPB"),
    "opv": ("182", "POLIO"),
    "ipv": ("10", "POLIO"),
    "dtp": ("01", "DIPHTHERIA TETANUS PERTUSSIS"),
    "penta": ("198", "DIPHTHERIA TETANUS PERTUSSIS HEPB HIB"),
    "td": ("139", "DIPHTHERIA TETANUS"),
    "hib": ("17", "HIB"),
    "pcv": ("133", "PCV"),
    "rota": ("122", "ROTA"),
    "rotarix": ("119", "ROTA"),
    "mr": ("04", "MEASLES RUBELLA"),
    "measles": ("05", "MEASLES"),
    "mmr": ("03", "MEASLES MUMPS RUBELLA"),
}
CVX = "http://hl7.org/fhir/sid/cvx"


def dose(vaccine: str, when: str | None, source: str = "almara-dhis2", /, **more: Any) -> history.Record:
    """A record of one dose. `lot`, `id`, `dossier`, `country` and any element of Immunization may be given."""
    content: dict[str, Any] = {
        "resourceType": "Immunization",
        "id": more.pop("id", f"{vaccine}-{when}"),
        "status": "completed",
        "vaccineCode": {"coding": [{"system": CVX, "code": VACCINES[vaccine][0]}]},
        "patient": {"reference": "Patient/1"},
    }
    content |= {"occurrenceDateTime": when} if when else {"occurrenceString": "unknown"}
    lot = more.pop("lot", None)
    content |= {"lotNumber": lot} if lot else {}
    dossier, country = more.pop("dossier", source), more.pop("country", None)
    return history.Record(dossier=dossier, source=source, country=country, resource=resource.of(content | more))


def doses(text: str, source: str = "almara-dhis2") -> list[history.Record]:
    """Records written as `penta 2023-02-12, mr 2023-10`; `?` stands for an unknown date."""
    parts = [each.split() for each in text.split(",") if each.strip()]
    return [
        dose(vaccine, None if when == "?" else when, source, id=f"r{number}")
        for number, (vaccine, when) in enumerate(parts)
    ]


def extension(name: str, **value: Any) -> dict[str, Any]:
    return {"url": f"{CANONICAL}/StructureDefinition/enrolment-{name}", **value}


def enrolment(grade: str, academic_year: str, country: str, result: str = "promoted", /, **more: Any) -> history.Record:
    """A record of one school year. `source`, `school`, `start`, `end`, `language`, `verification`, `status`,
    `number` (year of schooling) and `shown` (whether the country is still in the resource) may be given.
    """
    named = [
        {"url": "label", "valueString": grade},
        {"url": "labelLanguage", "valueCode": more.get("label_language", "und")},
    ]
    label = [
        *(named if grade else []),
        *([{"url": "yearOfSchooling", "valuePositiveInt": more["number"]}] if "number" in more else []),
        *([{"url": "iscedProgramme", "valueCoding": {"code": more["programme"]}}] if "programme" in more else []),
    ]
    period = {name: more[name] for name in ("start", "end") if name in more}
    optional = [
        (label, extension("grade", extension=label)),
        (period, extension("period", valuePeriod=period)),
        (more.get("school"), extension("school", valueReference={"display": more.get("school")})),
        (more.get("language"), extension("instruction-language", valueCode=more.get("language"))),
        (
            more.get("shown", True),
            extension("country", valueCoding={"system": "urn:iso:std:iso:3166", "code": country}),
        ),
    ]
    content = {
        "resourceType": "Basic",
        "id": more.get("id", "e" + "".join(letter for letter in academic_year if letter.isalnum())),
        "code": {"coding": [{"system": f"{CANONICAL}/CodeSystem/record-kind", "code": "school-enrolment"}]},
        "extension": [
            extension("status", valueCode=more.get("status", "unknown")),
            extension("academic-year", extension=[{"url": "label", "valueString": academic_year}]),
            extension("outcome", extension=[{"url": "result", "valueCode": result}]),
            extension("verification", valueCode=more.get("verification", "issuer-confirmed")),
            *(each for holds, each in optional if holds),
        ],
    }
    source = more.get("source", f"{country}-schools")
    return history.Record(
        dossier=more.get("dossier", source), source=source, country=country, resource=resource.of(content)
    )
