"""Is this document valid? The rules of a FHIR document and of its kind of summary, as tables.

Sources: HL7 FHIR R4 (4.0.1), Bundle invariants bdl-7, -9, -10, -11, Composition invariants cmp-1, cmp-2 and "FHIR
Documents"; HL7 International Patient Summary 2.0.1, profiles Bundle-uv-ips, Composition-uv-ips (ips-comp-1),
Patient-uv-ips (ips-pat-1), Immunization-uv-ips; FHIR R4 ImmunizationRecommendation (imr-1).
What a resource must be beyond that is for `registry.fhir.validate` and the R4B models.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from registry.continuity import elements
from registry.continuity.summary import document
from registry.fhir.resource import Content


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """A broken rule and its place; never the value that stands there."""

    where: str
    rule: str


Found = Iterator[Fault]
Check = Callable[[Content, str], Found]

_STATUSES = frozenset({"preliminary", "final", "amended", "entered-in-error"})
_IPS_TYPE = "60591-5"
_MEDICATION = ("MedicationStatement", "MedicationRequest", "MedicationAdministration", "MedicationDispense")
# By the code of a section: the resources its entries may be, beside a DocumentReference (IPS 2.0, Composition-uv-ips).
_ENTRIES: Mapping[str, frozenset[str]] = {
    code: frozenset({*kinds, "DocumentReference"})
    for code, kinds in (
        ("11450-4", ("Condition",)),
        ("48765-2", ("AllergyIntolerance",)),
        ("10160-0", _MEDICATION),
        ("11369-6", ("Immunization",)),
        ("18776-5", ("CarePlan",)),
        ("11348-0", ("Condition",)),
        ("30954-2", ("Observation", "DiagnosticReport")),
        ("10162-6", ("Observation",)),
        ("29762-2", ("Observation",)),
        ("8716-3", ("Observation",)),
    )
}
# By the kind of a Basic: the extensions it must have, whatever redaction took.
_KINDS: Mapping[str, frozenset[str]] = {
    "school-enrolment": frozenset({"enrolment-status", "enrolment-outcome"}),
    "placement-advice": frozenset({"placement-versions", "advisory"}),
}
# By the type of the Composition: the sections it must have, each once.
_REQUIRED: Mapping[str, tuple[str, ...]] = {
    _IPS_TYPE: ("11450-4", "48765-2", "10160-0"),
    "school-summary": ("school-years", "placement"),
}


def faults(bundle: Content) -> tuple[Fault, ...]:
    """Everything that is wrong with a document Bundle, in order of its places; empty when it is valid."""
    found = [*_bundle(bundle)]
    held = document.entries(bundle)
    for number, each in enumerate(held):
        where = f"entry[{number}].resource"
        check = _OF_KIND.get(elements.text(each.get("resourceType")))
        found += check(each, where) if check else ()
    if held and held[0].get("resourceType") == "Composition":
        found += _composition(held[0], bundle)
    return tuple(sorted({*found, *_references(bundle)}))


def _bundle(bundle: Content) -> Found:
    identifier = elements.mapping(bundle.get("identifier"))
    entries = elements.mappings(bundle.get("entry"))
    kinds = [elements.mapping(each.get("resource")).get("resourceType") for each in entries]
    urls = [each.get("fullUrl") for each in entries]
    yield from _unless(bundle.get("resourceType") == "Bundle" and bundle.get("type") == "document", "type", "document")
    yield from _unless(identifier.get("system") and identifier.get("value"), "identifier", "bdl-9")
    yield from _unless(bundle.get("timestamp"), "timestamp", "bdl-10")
    yield from _unless(kinds[:1] == ["Composition"], "entry[0]", "bdl-11")
    yield from _unless(kinds.count("Composition") == 1, "entry", "one Composition")
    yield from _unless("Patient" in kinds, "entry", "a Patient")
    yield from _unless(all(urls), "entry", "fullUrl")
    yield from _unless(len(set(urls)) == len(urls), "entry", "bdl-7")
    yield from _unless(all(kinds), "entry", "resource")
    yield from _unless(not any({"search", "request", "response"} & set(each) for each in entries), "entry", "bdl-2,3,4")


def _unless(holds: Any, where: str, rule: str) -> Found:
    if not holds:
        yield Fault(where, rule)


def _composition(frame: Content, bundle: Content) -> Found:
    sections = elements.mappings(frame.get("section"))
    codes = [_code(each) for each in sections]
    kind = _type(frame)
    yield from _unless(frame.get("status") in _STATUSES, "Composition.status", "required binding")
    yield from _unless(kind in _REQUIRED, "Composition.type", "known type")
    yield from _unless(frame.get("date"), "Composition.date", "1..1")
    yield from _unless(frame.get("title"), "Composition.title", "1..1")
    yield from _unless(elements.mappings(frame.get("author")), "Composition.author", "1..*")
    subject = _resolved(bundle, frame, elements.mapping(frame.get("subject")).get("reference"))
    yield from _unless(subject.get("resourceType") == "Patient", "Composition.subject", "a Patient of the document")
    for code in _REQUIRED.get(kind, ()):
        yield from _unless(codes.count(code) == 1, f"Composition.section[{code}]", "exactly once")
    for code, number in Counter(codes).items():
        yield from _unless(number == 1 or code not in _ENTRIES, f"Composition.section[{code}]", "at most once")
    for section, code in zip(sections, codes, strict=True):
        yield from _section(section, code, frame, bundle, is_required=code in _REQUIRED.get(kind, ()))


def _section(section: Content, code: str, frame: Content, bundle: Content, *, is_required: bool) -> Found:
    where = f"Composition.section[{code}]"
    entries = [each.get("reference") for each in elements.mappings(section.get("entry"))]
    kinds = {elements.text(_resolved(bundle, frame, each).get("resourceType")) for each in entries}
    text = elements.mapping(section.get("text"))
    yield from _unless(section.get("title"), where, "title")
    yield from _unless(code, where, "code")
    yield from _unless(text.get("status") and _says_something(text.get("div")), where, "text")
    yield from _unless(not section.get("section"), where, "section 0..0")
    yield from _unless(not (entries and section.get("emptyReason")), where, "cmp-2")
    yield from _unless(entries or section.get("emptyReason") or not is_required, where, "ips-comp-1")
    yield from _unless(all(kinds), where, "entry resolves")
    yield from _unless(kinds - {""} <= _ENTRIES.get(code, kinds), where, "entry type")


def _says_something(div: Any) -> bool:
    """Whether a narrative has a word outside its tags (txt-2)."""
    text = elements.text(div)
    return text.startswith("<div") and any(each.partition(">")[2].strip() for each in text.split("<"))


def _code(section: Content) -> str:
    return elements.text(elements.first(elements.mapping(section.get("code")).get("coding")).get("code"))


def _type(frame: Content) -> str:
    return elements.text(elements.first(elements.mapping(frame.get("type")).get("coding")).get("code"))


def _references(bundle: Content) -> Found:
    """Every reference into the document leads to an entry; one to another server is nobody's business here."""
    urls = [elements.text(each.get("fullUrl")) for each in elements.mappings(bundle.get("entry"))]
    for number, (url, held) in enumerate(zip(urls, document.entries(bundle), strict=True)):
        for reference in _within(held):
            is_ours = not reference.startswith(("http:", "https:", "#"))
            leads = not is_ours or _address(url, reference) in urls
            yield from _unless(leads, f"entry[{number}].resource", "reference resolves")


def _within(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        reference = elements.text(elements.mapping(value).get("reference"))
        yield from (reference,) if reference else ()
        for each in elements.mapping(value).values():
            yield from _within(each)
    for each in elements.listed(value):
        yield from _within(each)


def _address(base: str, reference: str) -> str:
    """The fullUrl a reference means, in an entry with the fullUrl `base` (FHIR R4, Bundle, "Resolving references")."""
    if reference.startswith(("urn:", "http:", "https:")):
        return reference
    return "/".join((*base.split("/")[:-2], reference))


def _resolved(bundle: Content, holder: Content, reference: Any) -> Content:
    entries = elements.mappings(bundle.get("entry"))
    base = next((each.get("fullUrl") for each in entries if each.get("resource") == holder), "")
    wanted = _address(elements.text(base), elements.text(reference))
    return next(
        (elements.mapping(each.get("resource")) for each in entries if each.get("fullUrl") == wanted), elements.NOTHING
    )


def _patient(patient: Content, where: str) -> Found:
    names = elements.mappings(patient.get("name"))
    told = all({"family", "given", "text", "_text", "_family", "_given"} & set(each) for each in names)
    yield from _unless(names and told, f"{where}.name", "ips-pat-1")
    yield from _unless({"birthDate", "_birthDate"} & set(patient), f"{where}.birthDate", "1..1")


def _immunization(dose: Content, where: str) -> Found:
    vaccine = elements.mapping(dose.get("vaccineCode"))
    occurred = [name for name in dose if name.lstrip("_").startswith("occurrence")]
    yield from _unless(dose.get("status"), f"{where}.status", "1..1")
    yield from _unless(vaccine.get("coding") or vaccine.get("text"), f"{where}.vaccineCode", "1..1")
    yield from _unless(elements.mapping(dose.get("patient")).get("reference"), f"{where}.patient", "1..1")
    yield from _unless(len({name.lstrip("_") for name in occurred}) == 1, f"{where}.occurrence[x]", "1..1")


def _recommendation(forecast: Content, where: str) -> Found:
    rows = elements.mappings(forecast.get("recommendation"))
    told = all(each.get("vaccineCode") or each.get("targetDisease") for each in rows)
    yield from _unless(forecast.get("date"), f"{where}.date", "1..1")
    yield from _unless(rows, f"{where}.recommendation", "1..*")
    yield from _unless(told, f"{where}.recommendation", "imr-1")
    yield from _unless(
        all(each.get("forecastStatus") for each in rows), f"{where}.recommendation", "forecastStatus 1..1"
    )


def _plan(plan: Content, where: str) -> Found:
    yield from _unless(plan.get("status") and plan.get("intent") and plan.get("subject"), where, "CarePlan 1..1")


def _organization(organization: Content, where: str) -> Found:
    yield from _unless(organization.get("identifier") or organization.get("name"), where, "org-1")


def _basic(basic: Content, where: str) -> Found:
    """A school year, or the advice: of what kind, of whom, and what became of the year (education reference, 3)."""
    kind = elements.text(elements.first(elements.mapping(basic.get("code")).get("coding")).get("code"))
    named = {elements.text(each.get("url")).rpartition("/")[2] for each in elements.mappings(basic.get("extension"))}
    yield from _unless(kind in _KINDS, f"{where}.code", "1..1")
    yield from _unless(elements.mapping(basic.get("subject")).get("reference"), f"{where}.subject", "1..1")
    yield from _unless(named >= _KINDS.get(kind, frozenset()), f"{where}.extension", "1..1")


_OF_KIND: Mapping[str, Check] = {
    "Patient": _patient,
    "Immunization": _immunization,
    "ImmunizationRecommendation": _recommendation,
    "CarePlan": _plan,
    "Organization": _organization,
    "Basic": _basic,
}
