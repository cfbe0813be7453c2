"""What the SchoolEnrolment profile demands, and what it has no place for, as a table.

The checker is driven by the published StructureDefinition; each row spoils one good instance and names the place and
the rule by which it is refused. Elements after the table of the education reference (section 3).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from registry import library
from registry.fhir import CANONICAL, validate
from tests.support import accepted
from tests.support.accepted import ENROLMENT_RECORD, Json

ENROLMENT = f"{CANONICAL}/StructureDefinition/enrolment-"
Spoil = Callable[[Json], None]


def _of(record: Json, name: str) -> Json:
    return next(each for each in record["extension"] if each["url"] == ENROLMENT + name)


def without(name: str) -> Spoil:
    def spoil(record: Json) -> None:
        record["extension"] = [each for each in record["extension"] if each["url"] != ENROLMENT + name]

    return spoil


def twice(name: str) -> Spoil:
    return lambda record: record["extension"].append(dict(_of(record, name)))


def valued(name: str, **value: Any) -> Spoil:
    def spoil(record: Json) -> None:
        held = _of(record, name)
        held.clear()
        held.update(url=ENROLMENT + name, **value)

    return spoil


def part(name: str, url: str, **value: Any) -> Spoil:
    """Another value for a part of a complex extension; none takes the part away."""

    def spoil(record: Json) -> None:
        parts = _of(record, name)["extension"]
        parts[:] = [each for each in parts if each["url"] != url] + ([{"url": url, **value}] if value else [])

    return spoil


def told(url: str, **value: Any) -> Spoil:
    """Something more about the learner."""
    return lambda record: record["extension"].append({"url": url, **value})


def element(name: str, value: Any = None) -> Spoil:
    def spoil(record: Json) -> None:
        record.pop(name, None)
        if value is not None:
            record[name] = value

    return spoil


def meta(name: str, value: Any = None) -> Spoil:
    def spoil(record: Json) -> None:
        record["meta"] = {key: held for key, held in record["meta"].items() if key != name}
        record["meta"] |= {} if value is None else {name: value}

    return spoil


KIND = {"coding": [{"system": f"{CANONICAL}/CodeSystem/record-kind", "code": "school-report"}]}

TABLE: list[tuple[str, Spoil]] = [
    # cardinality: what must be there, and once
    ("no profile is named", meta("profile", ["http://hl7.org/fhir/StructureDefinition/Basic"])),
    ("no source", meta("source")),
    ("no national enrolment id", element("identifier")),
    ("no kind", element("code")),
    ("no learner", element("subject")),
    ("no date of the record", element("created")),
    ("no issuing system", element("author")),
    *((f"no {each}", without(each)) for each in ("status", "school", "country", "period", "academic-year", "grade")),
    *((f"no {each}", without(each)) for each in ("instruction-language", "verification")),
    *((f"two {each}", twice(each)) for each in ("status", "school", "country", "period", "grade", "verification")),
    ("a grade without its name", part("grade", "label")),
    ("a grade without the language of its name", part("grade", "labelLanguage")),
    ("a grade that does not say how it was mapped", part("grade", "mappingStatus")),
    ("a school year without a name", part("academic-year", "label")),
    # bindings: only the words of the profile
    ("an unknown status", valued("status", valueCode="expelled")),
    ("an unknown result", valued("outcome", extension=[{"url": "result", "valueCode": "expelled"}])),
    ("an unknown verification", valued("verification", valueCode="rumoured")),
    ("an unknown mapping status", part("grade", "mappingStatus", valueCode="guessed")),
    ("another kind of record", element("code", KIND)),
    # formats
    ("a programme that is none of ISCED", part("grade", "iscedProgramme", valueCoding={"code": "primary"})),
    ("a year of schooling before the first", part("grade", "yearOfSchooling", valuePositiveInt=0)),
    ("a language that is no tag", valued("instruction-language", valueCode="Arabic language")),
    ("a country that is no code", valued("country", valueCoding={"system": "urn:iso:std:iso:3166", "code": "Syria"})),
    ("a period without a beginning", valued("period", valuePeriod={"end": "2022-06-30"})),
    ("a period that ends before it begins", valued("period", valuePeriod={"start": "2022-09", "end": "2021-06-30"})),
    ("a day that does not exist", valued("period", valuePeriod={"start": "2021-02-30"})),
    ("negative days", valued("attendance", extension=[{"url": "daysPresent", "valueInteger": -1}])),
    ("a value of another type", valued("status", valueString="promoted")),
    ("two values in one", valued("status", valueCode="promoted", valueString="promoted")),
    # reference targets
    ("a learner who is no patient", element("subject", {"reference": "Practitioner/1"})),
    ("a school that is no organisation", valued("school", valueReference={"reference": "Location/1"})),
    ("an issuer who is no organisation", element("author", {"reference": "Practitioner/1"})),
    ("a certificate that is no document", told(f"{ENROLMENT}certificate", valueReference={"reference": "Binary/1"})),
    # no place for what is nobody's business
    *(
        (f"{each} of the learner", told(f"{base}{each}", valueString="x"))
        for each in ("special-needs", "discipline", "religion", "nationality", "residence-status", "refugee-id")
        for base in (ENROLMENT, "http://elsewhere.example/")
    ),
    ("something hidden in a contained resource", element("contained", [{"resourceType": "Patient", "id": "p"}])),
    ("a modifier nobody understands", element("modifierExtension", [{"url": "http://x.example", "valueCode": "no"}])),
    ("rules nobody knows", element("implicitRules", "http://x.example/rules")),
]


def test_the_instance_that_is_spoilt_is_good() -> None:
    assert validate.problems(accepted.edited(ENROLMENT_RECORD, lambda _: None), library.load().profiles) == ()


@pytest.mark.parametrize(("why", "spoil"), TABLE, ids=[why for why, _ in TABLE])
def test_a_spoilt_enrolment_is_refused_with_its_place(why: str, spoil: Spoil) -> None:
    found = validate.problems(accepted.edited(ENROLMENT_RECORD, spoil), library.load().profiles)
    assert found, why
    assert all(each.where.startswith("Basic") and each.code for each in found)


@pytest.mark.parametrize("language", ["und", "ar", "ckb-Arab"])
def test_an_unknown_language_of_teaching_is_said_and_not_left_out(language: str) -> None:
    said = accepted.edited(ENROLMENT_RECORD, valued("instruction-language", valueCode=language))
    assert validate.problems(said, library.load().profiles) == ()
