"""What the registry accepts at its door, as tables for data managers: what is done, where it is told, and why."""

# ruff: noqa: E501 - one row of a table is one line

from operator import delitem, setitem

import pytest

from registry import library
from registry.fhir import CANONICAL, validate
from tests.support import accepted
from tests.support.accepted import BY_KIND, ENROLMENT, Edit, Json

ABSENT = {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}


def _set(*path: str | int, to: object) -> Edit:
    def edit(content: Json) -> None:
        at: object = content
        for step in path[:-1]:
            at = at[step]  # type: ignore[index]
        setitem(at, path[-1], to)  # type: ignore[call-overload]

    return edit


def _drop(*path: str | int) -> Edit:
    def edit(content: Json) -> None:
        at: object = content
        for step in path[:-1]:
            at = at[step]  # type: ignore[index]
        delitem(at, path[-1])  # type: ignore[call-overload]

    return edit


def _without(name: str) -> Edit:
    """Leave out every enrolment extension of that name."""

    def edit(content: Json) -> None:
        content["extension"] = [each for each in content["extension"] if each["url"] != ENROLMENT + name]

    return edit


def _with(url: str, **value: object) -> Edit:
    return lambda content: content.setdefault("extension", []).append({"url": url, **value})


def _problems(kind: str, edit: Edit) -> list[tuple[str, str]]:
    found = validate.problems(accepted.edited(BY_KIND[kind], edit), library.load().profiles)
    return [(each.where, each.code) for each in found]


@pytest.mark.parametrize("kind", BY_KIND)
def test_a_full_resource_of_each_kind_is_accepted(kind: str) -> None:
    assert _problems(kind, lambda _: None) == []


# The ten faults that the fhir.resources models let through (fhir-service reference, section 3).
LET_THROUGH: list[tuple[str, str, Edit, str, str]] = [
    ("an unknown gender", "Patient", _set("gender", to="zzz"), "Patient.gender", "not-in-value-set"),
    ("a status nobody defined", "Immunization", _set("status", to="banana"), "Immunization.status", "not-in-value-set"),
    ("a place as patient", "Immunization", _set("patient", "reference", to="Location/1"), "Immunization.patient.reference", "reference-target"),
    ("a contact who is nobody", "Patient", _set("contact", 0, to={"gender": "male"}), "Patient.contact[0]", "pat-1"),
    ("an extension with value and extensions", "Patient", _with("http://x.example/y", valueString="a", extension=[{"url": "z", "valueCode": "b"}]), "Patient.extension[0]", "ext-1"),
    ("an empty list", "Patient", _set("name", to=[]), "Patient.name", "empty"),
    ("an empty object", "Patient", _set("name", 0, to={}), "Patient.name[0]", "empty"),
    ("an id of 65 characters", "Patient", _set("id", to="a" * 65), "Patient.id", "bad-format"),
    ("true in quotes", "Patient", _set("active", to="true"), "Patient.active", "expected-boolean"),
    ("a number in quotes", "Immunization", _set("protocolApplied", 0, "doseNumberPositiveInt", to="1"), "Immunization.protocolApplied[0].doseNumberPositiveInt", "expected-number"),
]  # fmt: skip

REFUSED: list[tuple[str, str, Edit, str, str]] = [
    ("no status", "Immunization", _drop("status"), "Immunization.status", "missing"),
    ("no vaccine", "Immunization", _drop("vaccineCode"), "Immunization.vaccineCode", "missing"),
    ("no date at all", "Immunization", _drop("occurrenceDateTime"), "Immunization.occurrence[x]", "missing"),
    ("two dates", "Immunization", _set("occurrenceString", to="spring"), "Immunization.occurrence[x]", "two-values"),
    ("no patient reference", "Immunization", _set("patient", to={"display": "she"}), "Immunization.patient.reference", "missing"),
    ("a patient by name only", "Immunization", _set("patient", "reference", to="p-1"), "Immunization.patient.reference", "reference-form"),
    ("a reference whose type contradicts", "Immunization", _set("patient", "type", to="Group"), "Immunization.patient.reference", "reference-target"),
    ("a dose number of zero", "Immunization", _set("protocolApplied", 0, "doseNumberPositiveInt", to=0), "Immunization.protocolApplied[0].doseNumberPositiveInt", "out-of-range"),
    ("a protocol without dose number", "Immunization", _set("protocolApplied", to=[{"series": "a"}]), "Immunization.protocolApplied[0].doseNumber[x]", "missing"),
    ("a unit code without its system", "Immunization", _drop("doseQuantity", "system"), "Immunization.doseQuantity", "qty-3"),
    ("a dose of less than", "Immunization", _set("doseQuantity", "comparator", to="<"), "Immunization.doseQuantity.comparator", "not-accepted"),
    ("the 30th of February", "Patient", _set("birthDate", to="2014-02-30"), "Patient.birthDate", "impossible-date"),
    ("the 29th of February of a common year", "Immunization", _set("occurrenceDateTime", to="2015-02-29T10:00:00Z"), "Immunization.occurrenceDateTime", "impossible-date"),
    ("a date written the local way", "Patient", _set("birthDate", to="25/04/2014"), "Patient.birthDate", "bad-format"),
    ("a time without zone", "Immunization", _set("recorded", to="2015-02-28T10:15:00"), "Immunization.recorded", "bad-format"),
    ("a day where an instant is asked", "DocumentReference", _set("date", to="2022-07-02"), "DocumentReference.date", "bad-format"),
    ("an element nobody knows", "Patient", _set("birthPlace", to="Wadi"), "Patient.birthPlace", "unknown-element"),
    ("one name, not in a list", "Patient", _set("name", to={"family": "S"}), "Patient.name", "expected-list"),
    ("a list where one value goes", "Patient", _set("gender", to=["female"]), "Patient.gender", "expected-text"),
    ("text where an object goes", "Patient", _set("name", 0, to="Amina"), "Patient.name[0]", "expected-object"),
    ("null for a value", "Patient", _set("birthDate", to=None), "Patient.birthDate", "null"),
    ("null among the given names", "Patient", _set("name", 0, "given", to=[None]), "Patient.name[0].given[0]", "null"),
    ("an empty text", "Patient", _set("name", 0, "family", to=""), "Patient.name[0].family", "empty"),
    ("a blank text", "Patient", _set("name", 0, "family", to=" \n"), "Patient.name[0].family", "empty"),
    ("a NUL in a text", "Patient", _set("name", 0, "family", to="a\0b"), "Patient.name[0].family", "control-character"),
    ("a text of more than 64 KiB", "Patient", _set("name", 0, "text", to="ш" * 32769), "Patient.name[0].text", "too-long"),
    ("dead yes and dead then", "Patient", lambda p: p.update(deceasedBoolean=False, deceasedDateTime="2020"), "Patient.deceased[x]", "two-values"),
    ("a phone of no system", "Patient", _drop("telecom", 0, "system"), "Patient.telecom[0]", "cpt-2"),
    ("a period that ends before it starts", "Patient", _set("name", 1, "period", to={"start": "2021", "end": "2020-12"}), "Patient.name[1].period", "per-1"),
    ("annotations of another length", "Patient", _set("name", 0, "_given", to=[None]), "Patient.name[0]._given", "length-differs"),
    ("an annotation of nothing", "Patient", lambda p: p.update(_gender={"id": "a"}) or p.pop("gender"), "Patient._gender", "empty"),
    ("a photograph", "Patient", _set("photo", to=[{"url": "https://x.example/1"}]), "Patient.photo", "not-accepted"),
    ("religion", "Patient", _with("http://hl7.org/fhir/StructureDefinition/patient-religion", valueCodeableConcept={"text": "x"}), "Patient.extension[0]", "not-accepted"),
    ("ethnicity", "Patient", _with("http://hl7.org/fhir/us/core/StructureDefinition/us-core-ethnicity", valueString="x"), "Patient.extension[0]", "not-accepted"),
    ("no recording country", "Patient", _set("meta", to={"source": "urn:x"}), "Patient", "reg-1"),
    ("two recording countries", "Patient", _set("meta", to={"tag": accepted.META["tag"] * 2}), "Patient", "reg-1"),
    ("a contained resource", "Patient", _set("contained", to=[{"resourceType": "Basic"}]), "Patient.contained", "not-accepted"),
    ("rules unknown here", "Patient", _set("implicitRules", to="urn:x"), "Patient.implicitRules", "not-accepted"),
    ("a modifier extension", "Immunization", _set("modifierExtension", to=[{"url": "urn:x", "valueBoolean": True}]), "Immunization.modifierExtension", "not-accepted"),
    ("a modifier extension further in", "Patient", _set("contact", 0, "modifierExtension", to=[{"url": "urn:x", "valueBoolean": True}]), "Patient.contact[0].modifierExtension", "not-accepted"),
    ("a script in the narrative", "Patient", _set("text", to={"status": "generated", "div": "<div><script>x</script></div>"}), "Patient.text.div", "txt-1"),
    ("an organisation of no name", "Organization", lambda o: (o.pop("name"), o.pop("identifier")), "Organization", "org-1"),
    ("an organisation at home", "Organization", _set("address", 0, "use", to="home"), "Organization.address[0]", "org-2"),
    ("a consent of no policy", "Consent", _drop("policyRule"), "Consent", "ppc-1"),
    ("a consent status nobody defined", "Consent", _set("status", to="given"), "Consent.status", "not-in-value-set"),
    ("a nested provision of no kind", "Consent", _set("provision", "provision", 0, "provision", 0, "type", to="maybe"), "Consent.provision.provision[0].provision[0].type", "not-in-value-set"),
    ("a document of nobody", "DocumentReference", _drop("subject"), "DocumentReference.subject", "missing"),
    ("a document of no content", "DocumentReference", _drop("content"), "DocumentReference.content", "missing"),
    ("a hash that is not base64", "DocumentReference", _set("content", 0, "attachment", "hash", to="abc"), "DocumentReference.content[0].attachment.hash", "bad-format"),
]  # fmt: skip

ENROLMENT_REFUSED: list[tuple[str, str, Edit, str, str]] = [
    (f"no {name}", "Basic", _without(name), f"Basic.extension('{ENROLMENT}{name}')", "missing")
    for name in ("status", "school", "country", "period", "academic-year", "grade", "instruction-language", "verification")
] + [
    ("special needs", "Basic", _with(ENROLMENT + "special-needs", valueBoolean=True), "Basic.extension[12].url", "unknown-extension"),
    ("nationality", "Basic", _with("http://hl7.org/fhir/StructureDefinition/patient-nationality", valueString="x"), "Basic.extension[12].url", "unknown-extension"),
    ("two statuses", "Basic", _with(ENROLMENT + "status", valueCode="current"), "Basic.extension[12]", "too-many"),
    ("a status nobody defined", "Basic", _set("extension", 0, "valueCode", to="expelled"), "Basic.extension[0].valueCode", "not-in-value-set"),
    ("a school without name or number", "Basic", _set("extension", 1, "valueReference", to={"reference": "Organization/1"}), "Basic.extension[1].valueReference", "reg-6"),
    ("a person as school", "Basic", _set("extension", 1, "valueReference", "reference", to="Patient/1"), "Basic.extension[1].valueReference.reference", "reference-target"),
    ("a country in words", "Basic", _set("extension", 2, "valueCoding", "code", to="Bektar"), "Basic.extension[2].valueCoding", "reg-4"),
    ("a country of another system", "Basic", _set("extension", 2, "valueCoding", "system", to="urn:x"), "Basic.extension[2].valueCoding.system", "not-the-fixed-value"),
    ("a period without start", "Basic", _drop("extension", 3, "valuePeriod", "start"), "Basic.extension[3].valuePeriod.start", "missing"),
    ("a grade without its own word", "Basic", lambda b: b["extension"][5]["extension"].pop(0), "Basic.extension[5].extension('label')", "missing"),
    ("a grade with something else", "Basic", lambda b: b["extension"][5]["extension"].append({"url": "mark", "valueString": "A"}), "Basic.extension[5].extension[5].url", "unknown-extension"),
    ("a programme that is not ISCED", "Basic", _set("extension", 5, "extension", 3, "valueCoding", "code", to="primary"), "Basic.extension[5].extension[3].valueCoding", "reg-5"),
    ("more days present than possible", "Basic", _set("extension", 9, "extension", 0, "valueUnsignedInt", to=181), "Basic.extension[9]", "reg-8"),
    ("another kind of record", "Basic", _set("code", "coding", 0, "code", to="discipline"), "Basic.code", "not-the-fixed-value"),
    ("no source", "Basic", _drop("meta", "source"), "Basic.meta.source", "missing"),
    ("another profile", "Basic", _set("meta", "profile", to=["urn:x"]), "Basic", "reg-7"),
    ("no number of its own", "Basic", _drop("identifier"), "Basic.identifier", "missing"),
    ("no date of creation", "Basic", _drop("created"), "Basic.created", "missing"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("what", "kind", "edit", "where", "code"),
    LET_THROUGH + REFUSED + ENROLMENT_REFUSED,
    ids=lambda value: value if isinstance(value, str) and " " in value else "",
)
def test_a_fault_is_told_once_with_its_place_and_reason(
    what: str, kind: str, edit: Edit, where: str, code: str
) -> None:
    assert _problems(kind, edit) == [(where, code)], what


@pytest.mark.parametrize(
    ("what", "kind", "edit"), [row[:3] for row in LET_THROUGH], ids=[row[0] for row in LET_THROUGH]
)
def test_the_ten_faults_are_really_let_through_by_the_models(what: str, kind: str, edit: Edit) -> None:
    # When a later release of fhir.resources refuses one, its row moves to the other table.
    assert validate.explain(accepted.edited(BY_KIND[kind], edit)) == (), what


ACCEPTED: list[tuple[str, str, Edit]] = [
    ("a birth year alone", "Patient", _set("birthDate", to="2014")),
    ("the 29th of February of a leap year", "Patient", _set("birthDate", to="2016-02-29")),
    ("a date honestly absent", "Immunization", lambda i: i.update(_occurrenceDateTime={"extension": [ABSENT]}) or i.pop("occurrenceDateTime")),
    ("a date in words", "Immunization", lambda i: i.update(occurrenceString="unknown") or i.pop("occurrenceDateTime")),
    ("a dose not given", "Immunization", _set("status", to="not-done")),
    ("a dose number in words", "Immunization", _set("protocolApplied", to=[{"doseNumberString": "0"}])),
    ("a versioned reference", "Immunization", _set("patient", "reference", to="Patient/p-1/_history/2")),
    ("an absolute reference", "Immunization", _set("patient", "reference", to="https://x.example/fhir/Patient/p-1")),
    ("a reference within a bundle", "Immunization", _set("patient", "reference", to="urn:uuid:3fdc72f4-a11d-4a9d-9260-a9f745779e1d")),
    ("a private extension elsewhere", "Patient", _with("http://x.example/y", valueString="a")),
    ("joiners and marks of Arabic and Persian", "Patient", _set("name", 0, "text", to="می‌خواهم \u200fأَمِينَة")),
    ("several lines", "Immunization", _set("note", 0, "text", to="one\n\ttwo")),
    ("an exact profile version", "Basic", _set("meta", "profile", to=[f"{CANONICAL}/StructureDefinition/school-enrolment|1.0.0"])),
    ("a certificate", "Basic", _with(ENROLMENT + "certificate", valueReference={"reference": "DocumentReference/t-1"})),
    ("a school known by name only", "Basic", _set("extension", 1, "valueReference", to={"display": "مدرسة"})),
    ("no outcome, attendance or setting yet", "Basic", lambda b: b.update(extension=[*b["extension"][:8], b["extension"][11]])),
    ("a narrative", "Patient", _set("text", to={"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml"><p>on it = x</p></div>'})),
]  # fmt: skip


@pytest.mark.parametrize(("what", "kind", "edit"), ACCEPTED, ids=[row[0] for row in ACCEPTED])
def test_what_is_legal_and_usual_is_accepted(what: str, kind: str, edit: Edit) -> None:
    assert _problems(kind, edit) == [], what


def test_a_kind_the_registry_does_not_keep_is_refused_as_a_whole() -> None:
    observation = {"resourceType": "Observation", "id": "1"}
    found = validate.problems(accepted.edited(observation, lambda _: None), library.load().profiles)
    assert [(each.where, each.code) for each in found] == [("Observation", "resource-not-accepted")]
