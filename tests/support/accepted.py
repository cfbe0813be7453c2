"""One full resource of every kind the registry accepts, and small ways to spoil it."""

import copy
from collections.abc import Callable
from typing import Any

from registry.fhir import CANONICAL, resource
from registry.fhir.resource import Resource

Json = dict[str, Any]
Edit = Callable[[Json], object]

META: Json = {"tag": [{"system": f"{CANONICAL}/CodeSystem/recording-country", "code": "XAL"}]}
ENROLMENT = f"{CANONICAL}/StructureDefinition/enrolment-"


def _extension(name: str, **value: Any) -> Json:
    return {"url": ENROLMENT + name, **value}


PATIENT: Json = {
    "resourceType": "Patient",
    "id": "p-1",
    "meta": META,
    "identifier": [
        {"use": "official", "system": "urn:continuity:almara-dhis2:national-id", "value": "100200"},
        {"use": "usual", "system": "urn:continuity:almara-dhis2:person", "value": "Xy12"},
    ],
    "active": True,
    "name": [
        {"use": "official", "text": "أمينة السعيد", "family": "السعيد", "given": ["أمينة", "يوسف"]},
        {"use": "usual", "family": "Said", "given": ["Amina"], "period": {"start": "2019", "end": "2021-06"}},
    ],
    "telecom": [{"system": "phone", "value": "+999 12 34", "use": "mobile", "rank": 1}],
    "gender": "female",
    "birthDate": "2014-04-25",
    "_birthDate": {
        "extension": [
            {
                "url": f"{CANONICAL}/StructureDefinition/original-date",
                "valueString": "1435-06-25 hijri",
            }
        ]
    },
    "address": [{"city": "Wadi", "district": "North", "country": "XAL"}],
    "contact": [
        {
            "relationship": [
                {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-RoleCode", "code": "MTH"}]}
            ],
            "name": {"given": ["Leila"]},
        }
    ],
    "multipleBirthInteger": 2,
    "managingOrganization": {"identifier": {"system": "urn:continuity:source", "value": "almara-dhis2"}},
}

IMMUNIZATION: Json = {
    "resourceType": "Immunization",
    "id": "d-3",
    "meta": META,
    "identifier": [{"system": "urn:continuity:almara-dhis2:event", "value": "e7"}],
    "status": "completed",
    "vaccineCode": {
        "coding": [
            {"system": "urn:continuity:almara-dhis2:vaccine", "code": "RR1"},
            {"system": "http://hl7.org/fhir/sid/cvx", "code": "04", "display": "measles and rubella"},
        ],
        "text": "Rougeole-rubéole 1",
    },
    "patient": {"reference": "Patient/p-1"},
    "occurrenceDateTime": "2015-02",
    "recorded": "2015-02-28T10:15:00.120+03:00",
    "primarySource": False,
    "reportOrigin": {
        "coding": [{"system": "http://terminology.hl7.org/CodeSystem/immunization-origin", "code": "recall"}]
    },
    "location": {"display": "Wadi health centre"},
    "manufacturer": {"display": "maker"},
    "lotNumber": "L-55",
    "expirationDate": "2016-01-31",
    "doseQuantity": {"value": 0.5, "unit": "mL", "system": "http://unitsofmeasure.org", "code": "mL"},
    "performer": [{"actor": {"display": "nurse"}}],
    "note": [{"text": "card seen"}],
    "protocolApplied": [{"series": "routine", "doseNumberPositiveInt": 1}],
}

ENROLMENT_RECORD: Json = {
    "resourceType": "Basic",
    "id": "e-9",
    "meta": {
        **META,
        "profile": [f"{CANONICAL}/StructureDefinition/school-enrolment"],
        "source": "urn:continuity:bektar-schools:export",
    },
    "extension": [
        _extension("status", valueCode="promoted"),
        _extension(
            "school",
            valueReference={
                "identifier": {"system": "urn:continuity:bektar-schools:school", "value": "77"},
                "display": "Школа 7",
            },
        ),
        _extension("country", valueCoding={"system": "urn:iso:std:iso:3166", "code": "XBK"}),
        _extension("period", valuePeriod={"start": "2021-09", "end": "2022-06-30"}),
        _extension("academic-year", extension=[{"url": "label", "valueString": "2021/22"}]),
        _extension(
            "grade",
            extension=[
                {"url": "label", "valueString": "Grade 2"},
                {"url": "labelLanguage", "valueCode": "en"},
                {"url": "yearOfSchooling", "valuePositiveInt": 2},
                {"url": "iscedProgramme", "valueCoding": {"code": "100"}},
                {"url": "mappingStatus", "valueCode": "exact"},
            ],
        ),
        _extension("instruction-language", valueCode="und"),
        _extension("instruction-language", valueCode="tr"),
        _extension("outcome", extension=[{"url": "result", "valueCode": "promoted"}]),
        _extension(
            "attendance",
            extension=[
                {"url": "daysPresent", "valueUnsignedInt": 150},
                {"url": "daysPossible", "valueUnsignedInt": 180},
            ],
        ),
        _extension("setting", valueCode="formal"),
        _extension("verification", valueCode="issuer-confirmed"),
    ],
    "identifier": [{"system": "urn:continuity:bektar-schools:enrolment", "value": "e9"}],
    "code": {"coding": [{"system": f"{CANONICAL}/CodeSystem/record-kind", "code": "school-enrolment"}]},
    "subject": {"reference": "Patient/p-1"},
    "created": "2022-07-01",
    "author": {"identifier": {"system": "urn:continuity:source", "value": "bektar-schools"}},
}

ORGANIZATION: Json = {
    "resourceType": "Organization",
    "id": "o-1",
    "identifier": [{"system": "urn:continuity:organisation", "value": "clinic-a"}],
    "active": True,
    "type": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/organization-type", "code": "edu"}]}],
    "name": "Clinic A",
    "alias": ["Clinic"],
    "telecom": [{"system": "email", "value": "desk@clinic.example", "use": "work"}],
    "address": [{"use": "work", "city": "Wadi"}],
    "contact": [{"name": {"text": "the desk"}}],
}

CONSENT: Json = {
    "resourceType": "Consent",
    "id": "c-1",
    "status": "active",
    "scope": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "patient-privacy"}]},
    "category": [{"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}],
    "patient": {"reference": "Patient/p-1"},
    "dateTime": "2026-01-05T09:00:00Z",
    "performer": [{"reference": "RelatedPerson/r-1"}],
    "policyRule": {"coding": [{"code": "default-no"}]},
    "verification": [{"verified": True, "verificationDate": "2026-01-05T09:00:00Z"}],
    "provision": {
        "type": "deny",
        "provision": [
            {
                "type": "permit",
                "period": {"start": "2026-01-05", "end": "2026-12-31"},
                "actor": [{"role": {"coding": [{"code": "PRCP"}]}, "reference": {"reference": "Organization/o-1"}}],
                "purpose": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "TREAT"}],
                "provision": [
                    {
                        "type": "deny",
                        "data": [{"meaning": "instance", "reference": {"reference": "Immunization/d-3"}}],
                    }
                ],
            }
        ],
    },
}

DOCUMENT: Json = {
    "resourceType": "DocumentReference",
    "id": "t-1",
    "meta": META,
    "status": "current",
    "subject": {"reference": "Patient/p-1"},
    "date": "2022-07-02T08:00:00Z",
    "content": [
        {
            "attachment": {
                "contentType": "application/pdf",
                "language": "tr",
                "url": "https://schools.example/certificates/1",
                "size": 1200,
                "hash": "2jmj7l5rSw0yVb/vlWAYkK/YBwk=",
                "creation": "2022-07-01",
            }
        }
    ],
    "relatesTo": [{"code": "replaces", "target": {"reference": "DocumentReference/t-0"}}],
}

ALL = (PATIENT, IMMUNIZATION, ENROLMENT_RECORD, ORGANIZATION, CONSENT, DOCUMENT)
BY_KIND = {each["resourceType"]: each for each in ALL}


def edited(content: Json, edit: Edit) -> Resource:
    """A copy of `content`, changed by `edit`."""
    changed = copy.deepcopy(content)
    edit(changed)
    return resource.of(changed)
