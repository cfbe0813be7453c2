"""The profiles themselves: well-formed, complete against the published models, and refused when broken."""

# ruff: noqa: E501 - one row of a table is one line

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from registry import library
from registry.errors import BadInput
from registry.fhir import profile, shape
from registry.fhir.profile import Node, Profile
from registry.fhir.terminology import ValueSet

FILES = sorted((library.FOLDER / "profiles").rglob("*.json"))
SOURCES = library.load().profiles.sources

# Elements the models have for all resources of R4B; `contentReference` children are compared at their own place.
_NOT_IN_JSON = {"resource_type", "fhir_comments"}


def _model_names(model: Any) -> dict[str, Any]:
    fields = model.model_fields
    return {
        field.alias or name: field
        for name, field in fields.items()
        if not name.endswith("__ext") and name not in _NOT_IN_JSON
    }


def _json_names(node: Node) -> set[str]:
    if not node.name.endswith("[x]"):
        return {node.name}
    return {node.name[:-3] + each.code[0].upper() + each.code[1:] for each in node.types}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_profile_is_a_structure_definition_the_models_can_read(path: Path) -> None:
    from fhir.resources.R4B.structuredefinition import StructureDefinition

    StructureDefinition.model_validate_json(path.read_bytes())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_profile_is_named_and_addressed_as_its_file(path: Path) -> None:
    content = json.loads(path.read_text(encoding="utf-8"))
    assert content["id"] == path.stem
    assert content["snapshot"]["element"][0]["path"] == content["type"]


RESOURCES = [each for each in SOURCES.values() if each.kind == "resource"]
DATA_TYPES = [each for each in SOURCES.values() if each.kind == "complex-type" and not each.is_constraint]


@pytest.mark.parametrize("source", RESOURCES, ids=lambda each: each.type)
def test_a_resource_profile_knows_exactly_the_elements_of_r4(source: Profile) -> None:
    from fhir.resources.R4B import get_fhir_model_class

    ours = set[str]().union(*(_json_names(each) for each in source.root.children.values()))
    assert ours == set(_model_names(get_fhir_model_class(source.type)))


@pytest.mark.parametrize(
    ("kind", "path", "model"),
    [
        ("Patient", "contact", "PatientContact"),
        ("Patient", "communication", "PatientCommunication"),
        ("Patient", "link", "PatientLink"),
        ("Immunization", "performer", "ImmunizationPerformer"),
        ("Immunization", "protocolApplied", "ImmunizationProtocolApplied"),
        ("Immunization", "reaction", "ImmunizationReaction"),
        ("Immunization", "education", "ImmunizationEducation"),
        ("Organization", "contact", "OrganizationContact"),
        ("Consent", "policy", "ConsentPolicy"),
        ("Consent", "verification", "ConsentVerification"),
        ("Consent", "provision", "ConsentProvision"),
        ("Consent", "provision.actor", "ConsentProvisionActor"),
        ("Consent", "provision.data", "ConsentProvisionData"),
        ("DocumentReference", "content", "DocumentReferenceContent"),
        ("DocumentReference", "context", "DocumentReferenceContext"),
        ("DocumentReference", "relatesTo", "DocumentReferenceRelatesTo"),
    ],
)
def test_a_backbone_element_knows_exactly_the_elements_of_r4(kind: str, path: str, model: str) -> None:
    from fhir.resources.R4B import get_fhir_model_class

    node = next(each for each in RESOURCES if each.type == kind).root
    for step in path.split("."):
        node = node.children[step]
    ours = {name for child in node.children.values() for name in _json_names(child)}
    assert ours | {"id", "extension", "modifierExtension"} == set(_model_names(get_fhir_model_class(model)))


@pytest.mark.parametrize("source", DATA_TYPES, ids=lambda each: each.type)
def test_a_data_type_knows_the_elements_of_r4(source: Profile) -> None:
    from fhir.resources.R4B import get_fhir_model_class

    ours = {name for child in source.root.children.values() for name in _json_names(child)}
    theirs = set(_model_names(get_fhir_model_class(source.type)))
    if source.type == "Extension":  # of the fifty types a value may have, those that no accepted record needs
        assert ours <= theirs
        assert len(theirs - ours) <= 19
    else:
        assert ours == theirs


@pytest.mark.parametrize("source", [*RESOURCES, *DATA_TYPES], ids=lambda each: each.type)
def test_what_r4_makes_mandatory_is_mandatory(source: Profile) -> None:
    from fhir.resources.R4B import get_fhir_model_class

    for name, field in _model_names(get_fhir_model_class(source.type)).items():
        extra = field.json_schema_extra or {}
        if field.is_required() or extra.get("element_required"):
            assert source.root.children[name].minimum == 1, name


def test_every_enum_of_the_models_is_bound_to_the_same_codes() -> None:
    from fhir.resources.R4B import get_fhir_model_class

    value_sets = library.load().value_sets
    compared = 0
    for source in [*RESOURCES, *DATA_TYPES]:
        for name, field in _model_names(get_fhir_model_class(source.type)).items():
            codes = (field.json_schema_extra or {}).get("enum_values")
            if codes and name in source.root.children:
                compared += 1
                assert value_sets[source.root.children[name].value_set].codes == set(codes), (source.type, name)
    assert compared >= 12


ENROLMENT = json.loads((library.FOLDER / "profiles" / "school-enrolment.json").read_text(encoding="utf-8"))


def _element(content: Any, id: str) -> Any:
    return next(each for each in content["snapshot"]["element"] if each["id"] == id)


BROKEN: list[tuple[str, Callable[[Any], object]]] = [
    ("no snapshot", lambda d: d.pop("snapshot")),
    ("an element without path id", lambda d: d["snapshot"]["element"][3].pop("id")),
    ("a maximum in words", lambda d: d["snapshot"]["element"][3].update(max="many")),
    ("a constraint nobody checks", lambda d: d["snapshot"]["element"][0]["constraint"][0].update(key="xyz-9")),
    ("an element without a parent", lambda d: d["snapshot"]["element"][3].update(id="Basic.no.where")),
    ("no elements", lambda d: d["snapshot"].update(element=[])),
]


@pytest.mark.parametrize(("what", "spoil"), BROKEN, ids=[row[0] for row in BROKEN])
def test_a_broken_definition_is_refused_when_read(what: str, spoil: Callable[[Any], object]) -> None:
    broken = copy.deepcopy(ENROLMENT)
    spoil(broken)
    with pytest.raises(BadInput, match="StructureDefinition"):
        pytest.fail(f"{what} was read as {profile.read(broken)}")


UNLINKABLE: list[tuple[str, str, Callable[[Any], object]]] = [
    ("a type nobody defined", "type or extension", lambda e: e.update(type=[{"code": "Nothing"}])),
    ("an extension nobody defined", "type or extension", lambda e: e.update(type=[{"code": "Extension", "profile": ["urn:x"]}])),
    ("a value set nobody defined", "value set", lambda e: e.update(binding={"strength": "required", "valueSet": "urn:x"})),
    ("a place that is not around it", "contentReference", lambda e: e.update(contentReference="#Basic.nowhere")),
]  # fmt: skip


@pytest.mark.parametrize(("what", "words", "spoil"), UNLINKABLE, ids=[row[0] for row in UNLINKABLE])
def test_a_name_that_leads_nowhere_is_refused_when_linked(
    what: str, words: str, spoil: Callable[[Any], object]
) -> None:
    broken = copy.deepcopy(ENROLMENT)
    spoil(_element(broken, "Basic.author"))
    others = [each for each in SOURCES.values() if each.type != "Basic"]
    with pytest.raises(BadInput, match=words):
        pytest.fail(f"{what}: {shape.link([*others, profile.read(broken)], library.load().value_sets)}")


def test_a_required_binding_on_a_concept_is_checked_by_system_and_code() -> None:
    from registry.fhir import validate
    from tests.support.accepted import ENROLMENT_RECORD, edited

    bound = copy.deepcopy(ENROLMENT)
    _element(bound, "Basic.code")["binding"] = {"strength": "required", "valueSet": "urn:kinds"}
    others = [each for each in SOURCES.values() if each.type != "Basic"]
    for system, told in (("https://continuity-registry.example/fhir/CodeSystem/record-kind", []), ("urn:x", ["not-in-value-set"])):  # fmt: skip
        kinds = ValueSet(url="urn:kinds", concepts=frozenset({(system, "school-enrolment")}), codes=frozenset())
        profiles = shape.link([*others, profile.read(bound)], {**library.load().value_sets, "urn:kinds": kinds})
        found = validate.problems(edited(ENROLMENT_RECORD, lambda _: None), profiles)
        assert [each.code for each in found] == told


def test_narrowing_an_element_of_a_data_type_keeps_what_the_type_says_of_it() -> None:
    from registry.fhir import validate
    from tests.support.accepted import DOCUMENT, edited

    narrower = json.loads((library.FOLDER / "profiles" / "documentreference.json").read_text(encoding="utf-8"))
    elements = narrower["snapshot"]["element"]
    for place in ("masterIdentifier.use", "content.attachment.contentType"):
        elements.append(
            {"id": f"DocumentReference.{place}", "path": f"DocumentReference.{place}", "min": 1, "max": "1"}
        )
    others = [each for each in SOURCES.values() if each.type != "DocumentReference"]
    profiles = shape.link([*others, profile.read(narrower)], library.load().value_sets)

    def codes(use: str, content_type: str) -> list[str]:
        def edit(document: Any) -> None:
            document["masterIdentifier"] = {"use": use, "value": "1"}
            document["content"][0]["attachment"]["contentType"] = content_type

        return [each.code for each in validate.problems(edited(DOCUMENT, edit), profiles)]

    assert codes("official", "application/pdf") == []
    assert sorted(codes("zzz", "pdf")) == ["not-in-value-set", "reg-3"]
    without = validate.problems(edited(DOCUMENT, lambda d: d.update(masterIdentifier={"value": "1"})), profiles)
    assert [(each.where, each.code) for each in without] == [("DocumentReference.masterIdentifier.use", "missing")]
