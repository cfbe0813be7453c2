"""What makes a document valid: the official examples pass, each broken copy is told by its rule, ours always pass."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B.bundle import Bundle

from registry.continuity.summary import checks
from tests.core.continuity_records import MESSAGES
from tests.core.test_continuity_summary import SUMMARIES, clinic, school, typical_doses, typical_years
from tests.support import fsh

Break = Callable[[dict[str, Any]], object]


def rules(bundle: dict[str, Any]) -> set[str]:
    return {each.rule for each in checks.faults(bundle)}


@pytest.mark.shared_data
def test_every_official_example_of_an_ips_is_valid(shared_data: Path) -> None:
    examples = dict(fsh.bundles(shared_data / "immunization" / "ips"))
    assert len(examples) == 5
    assert {name: checks.faults(each) for name, each in examples.items()} == dict.fromkeys(examples, ())


@pytest.mark.shared_data
@pytest.mark.parametrize("code", ["11450-4", "48765-2", "10160-0"])
def test_an_official_example_without_one_of_the_three_sections_is_not(shared_data: Path, code: str) -> None:
    for bundle in dict(fsh.bundles(shared_data / "immunization" / "ips")).values():
        frame = bundle["entry"][0]["resource"]
        frame["section"] = [each for each in frame["section"] if each["code"]["coding"][0]["code"] != code]
        assert checks.Fault(f"Composition.section[{code}]", "exactly once") in checks.faults(bundle)


@pytest.mark.parametrize("name", SUMMARIES)
def test_every_summary_is_valid(name: str) -> None:
    assert checks.faults(SUMMARIES[name]()) == ()


@pytest.mark.parametrize("language", MESSAGES)
def test_a_summary_is_valid_in_every_language_and_for_the_models_of_others(language: str) -> None:
    for document in (clinic(typical_doses(), language=language), school(typical_years(), language=language)):
        assert checks.faults(document) == ()
        Bundle.model_validate(json.loads(json.dumps(document)))
        assert {document["language"], document["entry"][0]["resource"]["language"]} == {language}


def _frame(bundle: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = bundle["entry"][0]["resource"]
    return found


def _section(bundle: dict[str, Any], code: str) -> dict[str, Any]:
    return next(each for each in _frame(bundle)["section"] if each["code"]["coding"][0]["code"] == code)


def _one(bundle: dict[str, Any], kind: str) -> dict[str, Any]:
    return next(each["resource"] for each in bundle["entry"] if each["resource"]["resourceType"] == kind)


BROKEN: dict[str, tuple[Break, str]] = {
    "no document": (lambda b: b.update(type="collection"), "document"),
    "no identifier": (lambda b: b.pop("identifier"), "bdl-9"),
    "an identifier without its system": (lambda b: b["identifier"].pop("system"), "bdl-9"),
    "no time": (lambda b: b.pop("timestamp"), "bdl-10"),
    "the Composition not first": (lambda b: b["entry"].reverse(), "bdl-11"),
    "two Compositions": (
        lambda b: b["entry"].append({**b["entry"][0], "fullUrl": "urn:uuid:2"}),
        "one Composition",
    ),
    "no Patient": (lambda b: b["entry"].pop(1), "a Patient"),
    "an entry without fullUrl": (lambda b: b["entry"][3].pop("fullUrl"), "fullUrl"),
    "two entries of one fullUrl": (lambda b: b["entry"][3].update(fullUrl=b["entry"][4]["fullUrl"]), "bdl-7"),
    "a search score": (lambda b: b["entry"][3].update(search={"mode": "match"}), "bdl-2,3,4"),
    "no resource": (lambda b: b["entry"][3].pop("resource"), "resource"),
    "a status of its own": (lambda b: _frame(b).update(status="done"), "required binding"),
    "another type": (lambda b: _frame(b)["type"]["coding"][0].update(code="34133-9"), "known type"),
    "no date": (lambda b: _frame(b).pop("date"), "1..1"),
    "no title": (lambda b: _frame(b).pop("title"), "1..1"),
    "no author": (lambda b: _frame(b).pop("author"), "1..*"),
    "a subject that is not there": (
        lambda b: _frame(b).update(subject={"reference": "Patient/other"}),
        "a Patient of the document",
    ),
    "no problems": (lambda b: _frame(b)["section"].pop(0), "exactly once"),
    "immunizations twice": (lambda b: _frame(b)["section"].append(_section(b, "11369-6")), "at most once"),
    "a section without title": (lambda b: _section(b, "11450-4").pop("title"), "title"),
    "a section without code": (lambda b: _section(b, "18776-5").pop("code"), "code"),
    "a section without text": (lambda b: _section(b, "48765-2").pop("text"), "text"),
    "a section whose text says nothing": (
        lambda b: _section(b, "48765-2")["text"].update(div="<div><p> </p></div>"),
        "text",
    ),
    "a mandatory section with neither entry nor reason": (
        lambda b: _section(b, "10160-0").pop("emptyReason"),
        "ips-comp-1",
    ),
    "a section full and empty": (
        lambda b: _section(b, "11369-6").update(emptyReason={"coding": [{"code": "unavailable"}]}),
        "cmp-2",
    ),
    "an entry that is not there": (
        lambda b: _section(b, "11369-6")["entry"].append({"reference": "Immunization/d99"}),
        "entry resolves",
    ),
    "an entry of another kind": (
        lambda b: _section(b, "11369-6")["entry"].append({"reference": "Organization/issuer"}),
        "entry type",
    ),
    "a forecast where a plan must stand": (
        lambda b: _section(b, "18776-5").update(entry=[{"reference": "ImmunizationRecommendation/due"}]),
        "entry type",
    ),
    "a section within a section": (
        lambda b: _section(b, "18776-5").update(section=[{"title": "more"}]),
        "section 0..0",
    ),
    "a plan that is no plan": (lambda b: _one(b, "CarePlan").pop("intent"), "CarePlan 1..1"),
    "a reference that leads nowhere": (
        lambda b: _one(b, "Immunization").update(patient={"reference": "Patient/other"}),
        "reference resolves",
    ),
    "a Patient without name": (lambda b: _one(b, "Patient").pop("name"), "ips-pat-1"),
    "a name that says nothing": (lambda b: _one(b, "Patient").update(name=[{"use": "official"}]), "ips-pat-1"),
    "a Patient without birth date": (lambda b: _one(b, "Patient").pop("birthDate"), "1..1"),
    "a dose without vaccine": (lambda b: _one(b, "Immunization").update(vaccineCode={}), "1..1"),
    "a dose of no time": (lambda b: _one(b, "Immunization").pop("occurrenceDateTime"), "1..1"),
    "a dose of two times": (lambda b: _one(b, "Immunization").update(occurrenceString="then"), "1..1"),
    "a dose without status": (lambda b: _one(b, "Immunization").pop("status"), "1..1"),
    "a forecast of nothing": (lambda b: _one(b, "ImmunizationRecommendation").update(recommendation=[]), "1..*"),
    "a forecast against nothing": (
        lambda b: _one(b, "ImmunizationRecommendation")["recommendation"][0].pop("vaccineCode"),
        "imr-1",
    ),
    "a forecast without status": (
        lambda b: _one(b, "ImmunizationRecommendation")["recommendation"][0].pop("forecastStatus"),
        "forecastStatus 1..1",
    ),
    "an organisation nobody knows": (
        lambda b: [_one(b, "Organization").pop(each) for each in ("identifier", "name")],
        "org-1",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_document_is_told_by_its_rule(name: str) -> None:
    broken, rule = copy.deepcopy(clinic(typical_doses())), BROKEN[name][1]
    BROKEN[name][0](broken)
    assert rule in rules(broken)


@pytest.mark.parametrize("code", ["school-years", "placement"])
def test_a_school_summary_needs_its_sections(code: str) -> None:
    document = school(typical_years())
    frame = _frame(document)
    frame["section"] = [each for each in frame["section"] if each["code"]["coding"][0]["code"] != code]
    assert "exactly once" in rules(document)


@pytest.mark.parametrize("element", ["code", "subject", "extension"])
def test_a_school_year_says_what_it_is_of_whom_and_how_it_ended(element: str) -> None:
    document = school(typical_years())
    _one(document, "Basic").pop(element)
    assert checks.Fault(f"entry[3].resource.{element}", "1..1") in checks.faults(document)


@pytest.mark.parametrize("value", [None, {}, {"entry": None}, {"entry": [None, {"resource": 3}]}, {"entry": [{}]}])
def test_whatever_is_no_document_is_told_and_never_an_error(value: dict[str, Any] | None) -> None:
    assert checks.faults(value or {}) != ()
