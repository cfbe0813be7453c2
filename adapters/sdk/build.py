"""Plain values into FHIR contents of the shapes the whole registry reads; empty values leave no trace.

Invariant: the same values give the same content, byte for byte. Ids are made of the source's own ids alone,
so a record sent again is the same resource. Nothing is invented: what is not known is absent or says
`unknown`.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from adapters.sdk.when import When
from registry.fhir import CANONICAL

Json = dict[str, Any]

_SAFE = re.compile(r"[A-Za-z0-9.-]{1,64}")
_HASHED = "h-"
ROLE_CODES = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"
COUNTRIES = "urn:iso:std:iso:3166"
CVX = "http://hl7.org/fhir/sid/cvx"
ATC = "http://www.whocc.no/atc"
NDC = "http://hl7.org/fhir/sid/ndc"
MVX = "http://hl7.org/fhir/sid/mvx"


def safe_id(text: str) -> str:
    """A FHIR id for a source's own id: itself where FHIR allows it, else a hash; never one for two texts."""
    if _SAFE.fullmatch(text) and not text.startswith(_HASHED):
        return text
    return _HASHED + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:60]


def clean(text: str) -> str:
    """The text without control characters and with single spaces; letters and joiners stay as they are."""
    if text.isprintable():
        return text if "  " not in text and text == text.strip() else " ".join(text.split())
    kept = "".join(" " if unicodedata.category(each) in ("Cc", "Zl", "Zp") else each for each in text)
    return " ".join(kept.split())


def pruned(value: Any) -> Any:
    """The value without anything empty in it; False and 0 are values."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        held = cast("Json", value)
        return {key: inner for key, each in held.items() if (inner := pruned(each)) or inner in _ZEROES}
    if isinstance(value, list | tuple):
        items = cast("Sequence[Any]", value)
        return [inner for each in items if (inner := pruned(each)) or inner in _ZEROES]
    return value


_ZEROES = (0,)  # equal to False and 0.0 too, unlike anything empty


def system(source: str, kind: str) -> str:
    """The identifier or code system of one kind of value of one source."""
    return f"urn:continuity:{source}:{kind}"


def coding(system: str, code: str, display: str = "") -> Json:
    return {"system": system, "code": code, "display": display} if code else {}


def identifier(system: str, value: str, use: str = "") -> Json:
    """`use`: official (strong, national), usual or secondary."""
    return {"use": use, "system": system, "value": value} if value else {}


def human_name(*, given: Sequence[str] = (), family: str = "", use: str = "", text: str = "") -> Json:
    """A name in one script; `given[0]` is the person's own. Empty when there is no word in it."""
    name = pruned({"text": text, "family": family, "given": list(given)})
    return {"use": use, **name} if name and use else name


def one_field_name(name: str) -> Json:
    """A name that the source writes in one field: only a single word is surely a given name."""
    return human_name(text=name) if " " in clean(name) else human_name(given=[name])


def relative(role: str, name: Json) -> Json:
    """A contact of the patient: `role` is MTH, FTH or GRFTH (paternal grandfather)."""
    if not name:
        return {}
    return {"relationship": [{"coding": [{"system": ROLE_CODES, "code": role}]}], "name": name}


def phone(number: str) -> Json:
    return {"system": "phone", "value": number} if number else {}


def address(*, city: str = "", district: str = "", country: str = "") -> Json:
    """A place of living; a country alone is none."""
    return {"city": city, "district": district, "country": country} if city or district else {}


def _meta(source: str, country: str, profile: str = "") -> Json:
    tag = coding(f"{CANONICAL}/CodeSystem/recording-country", country)
    return {"profile": [profile], "source": system(source, "export"), "tag": [tag]}


def _date(when: When | None) -> str:
    return str(when.date) if when else ""


def _original(when: When | None) -> Json:
    """The element beside a converted date that says what was written."""
    if when is None or not when.original:
        return {}
    url = f"{CANONICAL}/StructureDefinition/original-date"
    return {"extension": [{"url": url, "valueString": when.original}]}


def patient(
    *,
    source: str,
    country: str,
    person: str,
    identifiers: Sequence[Json] = (),
    names: Sequence[Json] = (),
    gender: str = "",
    birth: When | None = None,
    relatives: Sequence[Json] = (),
    telecom: Sequence[Json] = (),
    addresses: Sequence[Json] = (),
    active: bool | None = None,
) -> Json:
    """A Patient; the source's id is also its `usual` identifier. `active` False: the source dropped it."""
    return pruned(
        {
            "resourceType": "Patient",
            "id": safe_id(person),
            "meta": _meta(source, country),
            "identifier": [identifier(system(source, "person"), person, "usual"), *identifiers],
            "active": active,
            "name": list(names),
            "telecom": list(telecom),
            "gender": gender,
            "birthDate": _date(birth),
            "_birthDate": _original(birth),
            "address": list(addresses),
            "contact": list(relatives),
        }
    )


def immunization(
    *,
    source: str,
    country: str,
    person: str,
    event: str,
    codings: Sequence[Json],
    text: str = "",
    status: str = "completed",
    status_reason: Json | None = None,
    occurred: When | None = None,
    recorded: When | None = None,
    primary_source: bool = True,
    report_origin: Json | None = None,
    lot: str = "",
    expiry: When | None = None,
    dose_number: int | str | None = None,
    dose_quantity: Json | None = None,
    location: str = "",
    performer: str = "",
    manufacturer: Json | None = None,
    identifiers: Sequence[Json] = (),
) -> Json:
    """An Immunization; `event` is the source's own id of the dose. `status_reason` etc. are FHIR elements."""
    expires = expiry.date if expiry and expiry.date.is_day else None  # FHIR date, but half a date expires nothing
    number = "doseNumberPositiveInt" if isinstance(dose_number, int) else "doseNumberString"
    return pruned(
        {
            "resourceType": "Immunization",
            "id": safe_id(event),
            "meta": _meta(source, country),
            "identifier": [identifier(system(source, "event"), event), *identifiers],
            "status": status,
            "statusReason": status_reason,
            "vaccineCode": {"coding": list(codings), "text": text},
            "patient": {"reference": f"Patient/{safe_id(person)}"},
            "occurrenceDateTime": _date(occurred),
            "_occurrenceDateTime": _original(occurred),
            "occurrenceString": "" if occurred else "unknown",
            "recorded": _date(recorded),
            "primarySource": primary_source,
            "reportOrigin": report_origin,
            "location": {"display": location},
            "manufacturer": manufacturer,
            "lotNumber": lot,
            "expirationDate": str(expires or ""),
            "doseQuantity": dose_quantity,
            "performer": [{"actor": {"display": performer}}],
            "protocolApplied": [{number: dose_number}],
        }
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class School:
    """The school as the source knows it."""

    number: str = ""  # the source's own id
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grade:
    """The grade in the words of the source; what it corresponds to only where the mapping states it."""

    label: str
    language: str  # BCP-47, of the label
    national_code: Json | None = None
    year_of_schooling: int | None = None
    isced: Json | None = None
    programme: str = ""
    mapping: str = "unmapped"  # exact, ambiguous, conflicting-sources, unmapped


@dataclass(frozen=True, slots=True, kw_only=True)
class Year:
    """An academic year."""

    label: str
    start: When | None = None
    end: When | None = None


def enrolment(
    *,
    source: str,
    country: str,
    person: str,
    number: str,
    status: str,
    school: School,
    year: Year,
    grade: Grade,
    start: When | None = None,
    end: When | None = None,
    created: When | None = None,
    languages: Sequence[str] = (),
    outcome: str = "",
    outcome_as_of: When | None = None,
    days_present: int | None = None,
    days_possible: int | None = None,
    setting: str = "",
    verification: str = "issuer-confirmed",
    identifiers: Sequence[Json] = (),
) -> Json:
    """A SchoolEnrolment (Basic): one learner, school, year and grade; `number` is the source's own id."""
    attended = [
        _extension("daysPresent", "UnsignedInt", days_present),
        _extension("daysPossible", "UnsignedInt", days_possible),
    ]
    concluded = [_extension("result", "Code", outcome), _extension("asOf", "Date", _date(outcome_as_of))]
    taught_in = [_part("instruction-language", "Code", each) for each in languages or ("und",)]
    return pruned(
        {
            "resourceType": "Basic",
            "id": safe_id(number),
            "meta": _meta(source, country, f"{CANONICAL}/StructureDefinition/school-enrolment"),
            "extension": [
                _part("status", "Code", status),
                _part("school", "Reference", _school(source, school)),
                _part("country", "Coding", coding(COUNTRIES, country)),
                _part("period", "Period", _period(start or year.start, end)),
                _nested("academic-year", [*_year(year)]),
                _nested("grade", _grade(grade)),
                *taught_in,
                _nested("outcome", concluded if outcome else []),
                _nested("attendance", attended),
                _part("setting", "Code", setting),
                _part("verification", "Code", verification),
            ],
            "identifier": [identifier(system(source, "enrolment"), number), *identifiers],
            "code": {"coding": [coding(f"{CANONICAL}/CodeSystem/record-kind", "school-enrolment")]},
            "subject": {"reference": f"Patient/{safe_id(person)}"},
            "created": _date(created),
            "author": {"identifier": identifier("urn:continuity:source", source)},
        }
    )


def _extension(url: str, kind: str, value: Any) -> Json:
    held = clean(value) if isinstance(value, str) else pruned(value)
    return {} if held in (None, "", {}, []) else {"url": url, f"value{kind}": held}


def _part(name: str, kind: str, value: Any) -> Json:
    return _extension(f"{CANONICAL}/StructureDefinition/enrolment-{name}", kind, value)


def _nested(name: str, parts: Sequence[Json]) -> Json:
    held = [part for part in parts if part]
    return {"url": f"{CANONICAL}/StructureDefinition/enrolment-{name}", "extension": held} if held else {}


def _period(start: When | None, end: When | None) -> Json:
    return {"start": _date(start), "_start": _original(start), "end": _date(end), "_end": _original(end)}


def _school(source: str, school: School) -> Json:
    return {"identifier": identifier(system(source, "school"), school.number), "display": school.name}


def _year(year: Year) -> Sequence[Json]:
    period = _period(year.start, year.end)
    return [_extension("label", "String", year.label), _extension("period", "Period", period)]


def _grade(grade: Grade) -> Sequence[Json]:
    return [
        _extension("label", "String", grade.label),
        _extension("labelLanguage", "Code", grade.language),
        _extension("nationalCode", "Coding", grade.national_code),
        _extension("yearOfSchooling", "PositiveInt", grade.year_of_schooling),
        _extension("iscedProgramme", "Coding", grade.isced),
        _extension("programmeName", "String", grade.programme),
        _extension("mappingStatus", "Code", grade.mapping),
    ]
