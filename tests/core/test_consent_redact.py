"""What is left of a resource when it leaves: nothing that the table does not name, and no place while closed."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.sdk import build
from adapters.sdk.when import When
from registry import library
from registry.consent import decision, dialect, places, redact
from registry.consent.request import Item
from registry.consent.texts import ContentClass
from registry.errors import BadInput
from registry.fhir import CANONICAL, resource
from registry.fhir.dates import PartialDate
from tests.support import consent_cases

Json = dict[str, Any]

TABLE: Json = library.json("policies/places.json")
PLACES = library.load().places
WITHOUT_ANTIGENS = places.read(TABLE)
RULES: dict[str, Json] = {each["path"]: each for each in TABLE["elements"]}
OURS = f"{CANONICAL}/StructureDefinition/"
CVX, ATC, NDC = build.CVX, build.ATC, build.NDC
NAMES = {"Patient/p1": "Patient/known-as-7", "Immunization/e1": "Immunization/known-as-8"}


def when(year: int, month: int | None = None, day: int | None = None, original: str = "") -> When:
    return When(date=PartialDate(year, month, day), original=original)


def dose(**changes: Any) -> Json:
    told: Json = {
        "source": "bektar-iis",
        "country": "XBK",
        "person": "p1",
        "event": "e1",
        "codings": [
            build.coding(CVX, "20", "DTaP"),
            build.coding("urn:continuity:bektar-iis:vaccine", "D-7", "Infanrix"),
            build.coding(NDC, "58160-0810-11", "Infanrix"),
        ],
        "text": "Difterya-bogmaca-tetanoz",
        "status": "completed",
        "status_reason": {"coding": [build.coding("urn:x", "1", "yok")], "text": "yok"},
        "occurred": when(2021, 5, 3, "1442-09-21 hijri"),
        "recorded": when(2021, 6, 1),
        "report_origin": {"coding": [build.coding("urn:x", "01", "kart")], "text": "kart"},
        "lot": "AC14B",
        "expiry": when(2022, 1, 1),
        "dose_number": 2,
        "dose_quantity": {"value": 0.5, "unit": "ml", "system": "http://unitsofmeasure.org", "code": "mL"},
        "location": "Merkez Aile Sagligi",
        "performer": "Dr Demir",
        "manufacturer": {"display": "GSK", "identifier": {"system": build.MVX, "value": "SKB"}},
    }
    return build.immunization(**{**told, **changes})


def further_dose() -> Json:
    """What HL7 messages and desks can tell besides."""
    return {
        **dose(dose_number="2. doz", occurred=None),
        "extension": [{"url": f"{OURS}component-antigen", "valueCoding": build.coding(CVX, "107", "DTaP")}],
        "route": {"coding": [build.coding("urn:hl70162", "IM", "kas")], "text": "kas"},
        "site": {"coding": [build.coding("urn:hl70163", "LA", "sol kol")], "text": "sol kol"},
        "isSubpotent": False,
        "language": "tr",
        "text": {"status": "generated", "div": "<div>Merkez</div>"},
        "note": [{"text": "Merkez"}],
        "performer": [
            {
                "function": {"coding": [build.coding("urn:hl70443", "AP")], "text": "veren"},
                "actor": {"display": "Demir", "reference": "Practitioner/d"},
            }
        ],
        "protocolApplied": [
            {
                "series": "Ulusal",
                "authority": {"display": "Bakanlik"},
                "targetDisease": [{"coding": [build.coding("urn:x", "T")], "text": "tetanoz"}],
                "doseNumberString": "2",
                "seriesDosesPositiveInt": 5,
            }
        ],
    }


def school_year(**changes: Any) -> Json:
    told: Json = {
        "source": "almara-schools",
        "country": "XAL",
        "person": "p1",
        "number": "n1",
        "status": "promoted",
        "school": build.School(number="XAL-7-012", name="مدرسة النور"),
        "year": build.Year(label="1442/1443", start=when(2021, 9, 5), end=when(2022, 6, 20)),
        "grade": build.Grade(
            label="الصف الرابع",
            language="ar",
            national_code=build.coding("urn:ladder:xal", "4", "الرابع"),
            year_of_schooling=4,
            isced=build.coding("urn:isced", "100", "primaire"),
            programme="التعليم الأساسي",
            mapping="exact",
        ),
        "start": when(2021, 9, 5, "1443-01-28 hijri"),
        "end": when(2022, 6, 20, "1443-11-21 hijri"),
        "created": when(2022, 7, 1),
        "languages": ["ar", "fr"],
        "outcome": "promoted",
        "outcome_as_of": when(2022, 6, 18),
        "days_present": 170,
        "days_possible": 190,
        "setting": "camp",
    }
    return build.enrolment(**{**told, **changes})


def person() -> Json:
    return build.patient(
        source="almara-dhis2",
        country="XAL",
        person="p1",
        identifiers=[build.identifier("urn:national", "1234567", "official")],
        names=[build.human_name(given=["أمل"], family="حداد", use="official")],
        gender="female",
        birth=when(2016, 5, 4, "1437-07-27 hijri"),
        relatives=[build.relative("MTH", build.human_name(given=["ليلى"]))],
        telecom=[build.phone("+999123456")],
        addresses=[build.address(city="قرية", district="شمال", country="XAL")],
    )


def organisation() -> Json:
    return {
        "resourceType": "Organization",
        "id": "o1",
        "meta": {"source": "urn:continuity:almara-dhis2:export", "tag": person()["meta"]["tag"]},
        "identifier": [{"system": "urn:schools", "value": "7"}],
        "name": "مدرسة النور",
        "alias": ["An-Nour"],
        "type": [{"coding": [build.coding("urn:types", "edu", "مدرسة")], "text": "مدرسة"}],
        "telecom": [{"system": "phone", "value": "+999123456"}],
        "address": [{"city": "قرية", "district": "شمال", "state": "س", "country": "XAL", "line": ["1"]}],
    }


def consents() -> Iterator[Json]:
    cases = consent_cases.own_cases(40, 7)
    found = (each for case in cases for each in case.consents)
    return (each for each in found if not hasattr(dialect.read(resource.of(each)), "why"))


SAMPLES: list[Json] = [
    dose(),
    further_dose(),
    dose(status="not-done", codings=[build.coding(ATC, "J07BD52")], occurred=when(2021)),
    dose(codings=[build.coding("urn:continuity:almara-dhis2:vaccine", "PENTA1", "Penta 1")], lot=""),
    school_year(),
    school_year(outcome="", setting="", languages=()),
    person(),
    organisation(),
    *consents(),
]


def told(sample: Json) -> str:
    return f"{sample['resourceType']} {SAMPLES.index(sample)}"


every_sample = pytest.mark.parametrize("sample", SAMPLES, ids=told)


def leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Every primitive value with the path the table would have for it; told a second time, from the JSON."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == "extension":
                for each in inner:
                    url = each["url"].removeprefix(OURS)
                    yield from leaves({k: v for k, v in each.items() if k != "url"}, f"{path}.extension[{url}]")
            elif name != "resourceType":
                yield from leaves(inner, f"{path}.{name}")
    elif isinstance(value, list):
        for each in value:
            yield from leaves(each, path)
    else:
        yield path, value


def rule_for(path: str) -> Json | None:
    """The rule of an element or of the element it lies in."""
    candidates = [each for each in RULES if path == each or path.startswith((f"{each}.", f"{each}["))]
    return RULES[max(candidates, key=len)] if candidates else None


def class_at(path: str) -> str:
    rule = rule_for(path)
    assert rule, path
    return rule["class"]


# --- the table ------------------------------------------------------------------------------------


@every_sample
def test_every_element_our_adapters_build_is_in_the_table(sample: Json) -> None:
    assert [path for path, _ in leaves(sample, sample["resourceType"]) if rule_for(path) is None] == []


@pytest.mark.parametrize("name", ["immunization", "school-enrolment", "patient", "organization", "consent"])
def test_every_element_of_the_accepted_profiles_is_in_the_table(name: str) -> None:
    listed = [
        each["path"] for each in library.json(f"profiles/{name}.json")["snapshot"]["element"] if each.get("max") != "0"
    ]
    choices = {"DateTime", "String", "Boolean", "Integer", "PositiveInt", "Attachment", "Reference"}
    known = {path.partition("[")[0] for path in RULES} | set(RULES)
    missing = []
    for path in listed:
        paths = [path.replace("[x]", each) for each in choices] if path.endswith("[x]") else [path]
        if not any(rule_for(each) or any(other.startswith(each) for other in known) for each in paths):
            missing.append(path)
    # Extensions are listed by url; the ones without an entry are removed, as is everything unlisted.
    assert [path for path in missing if not path.endswith("xtension")] == []


def test_every_rule_says_why_and_in_which_class() -> None:
    assert set(TABLE["classes"]) == {each["class"] for each in TABLE["elements"]}
    assert {each.value for each in places.Form} == set(TABLE["forms"])
    assert all(len(each["reason"]) >= 5 for each in TABLE["elements"])
    broader = {code for codes in TABLE["generalised"].values() for code in codes.values()}
    assert not broader & {code for codes in TABLE["generalised"].values() for code in codes}


@pytest.mark.parametrize(
    "changes",
    [
        {"path": "Immunization.lotNumber", "closed": "words"},
        {"path": "Patient.name", "opened": "words"},
        {"path": "Immunization.recorded", "opened": "day"},
        {"path": "Immunization.id", "opened": "words"},
        {"path": "Immunization.id", "closed": "pseudonym", "opened": "words"},
    ],
)
def test_a_table_that_lets_a_place_or_a_name_out_cannot_be_loaded(changes: Json) -> None:
    elements = [{**each, **changes} if each["path"] == changes["path"] else each for each in TABLE["elements"]]
    with pytest.raises(BadInput):
        places.read({**TABLE, "elements": elements})


@pytest.mark.parametrize("path", ["Immunization.status", "Immunization.status.extension[x].valueCode"])
def test_an_element_with_two_rules_cannot_be_loaded(path: str) -> None:
    twice = {**RULES["Immunization.status"], "path": path}
    with pytest.raises(BadInput):
        places.read({**TABLE, "elements": [*TABLE["elements"], twice]})


# --- what is left ---------------------------------------------------------------------------------


@every_sample
def test_nothing_but_doses_schooling_and_pseudonyms_is_left_while_places_are_closed(sample: Json) -> None:
    left = redact.redact(sample, PLACES, opened=False, names=NAMES)
    for path, value in leaves(left, sample["resourceType"]):
        assert class_at(path) in ("V", "G") or value in ("known-as-7", "known-as-8", "Patient/known-as-7")


@every_sample
def test_only_places_are_added_when_they_are_opened(sample: Json) -> None:
    left = redact.redact(sample, PLACES, opened=True)
    assert {class_at(path) for path, _ in leaves(left, sample["resourceType"])} <= {"V", "G", "L"}


@every_sample
def test_redacting_what_was_redacted_changes_nothing(sample: Json) -> None:
    for opened in (True, False):
        for names in ({}, NAMES):
            once = redact.redact(sample, PLACES, opened=opened, names=names)
            assert redact.redact(once, PLACES, opened=opened, names=names) == once


@every_sample
def test_closing_after_opening_is_closing(sample: Json) -> None:
    opened = redact.redact(sample, PLACES, opened=True)
    assert redact.redact(opened, PLACES, opened=False) == redact.redact(sample, PLACES, opened=False)


def test_a_dose_keeps_its_vaccine_date_number_and_certainty_and_loses_where() -> None:
    assert redact.redact(dose(status_reason=None), PLACES, opened=False, names=NAMES) == {
        "resourceType": "Immunization",
        "id": "known-as-8",
        "status": "completed",
        "vaccineCode": {"coding": [{"system": CVX, "code": "20"}]},
        "patient": {"reference": "Patient/known-as-7"},
        "occurrenceDateTime": "2021-05-03",
        "primarySource": True,
        "protocolApplied": [{"doseNumberPositiveInt": 2}],
    }


def test_a_school_year_keeps_level_term_outcome_and_certainty_and_loses_where() -> None:
    left = redact.redact(school_year(), PLACES, opened=False)
    values = [(path.replace("Basic.extension", ""), value) for path, value in leaves(left, "Basic")]
    assert [each for each in values if not each[0].startswith("Basic.code")] == [
        ("[enrolment-status].valueCode", "promoted"),
        ("[enrolment-period].valuePeriod.start", "2021-09"),
        ("[enrolment-period].valuePeriod.end", "2022-06"),
        ("[enrolment-academic-year].extension[period].valuePeriod.start", "2021-09"),
        ("[enrolment-academic-year].extension[period].valuePeriod.end", "2022-06"),
        ("[enrolment-grade].extension[yearOfSchooling].valuePositiveInt", 4),
        ("[enrolment-grade].extension[iscedProgramme].valueCoding.code", "100"),
        ("[enrolment-grade].extension[mappingStatus].valueCode", "exact"),
        ("[enrolment-outcome].extension[result].valueCode", "promoted"),
        ("[enrolment-outcome].extension[asOf].valueDate", "2022-06"),
        ("[enrolment-verification].valueCode", "issuer-confirmed"),
    ]


def test_nothing_is_left_of_people_and_consents() -> None:
    for opened in (True, False):
        assert redact.redact(person(), PLACES, opened=opened) == {"resourceType": "Patient"}
        for each in consents():
            assert redact.redact(each, PLACES, opened=opened) == {"resourceType": "Consent"}


def test_places_are_told_when_they_are_opened() -> None:
    left = json.dumps(redact.redact(dose(), PLACES, opened=True), ensure_ascii=False)
    for word in ("Merkez Aile Sagligi", "AC14B", "XBK", "GSK", "bektar-iis", "1442-09-21 hijri", "Infanrix"):
        assert word in left
    left = json.dumps(redact.redact(school_year(), PLACES, opened=True), ensure_ascii=False)
    for word in ("مدرسة النور", "الصف الرابع", "1442/1443", "XAL", "camp", "fr"):
        assert word in left
    left = json.dumps(redact.redact(organisation(), PLACES, opened=True), ensure_ascii=False)
    assert "مدرسة النور" in left


def test_the_same_dose_told_by_two_systems_is_the_same_without_its_places() -> None:
    here = dose(codings=[build.coding(CVX, "20", "DTaP")], status_reason=None)
    there = dose(
        source="corvia-iis",
        country="XCV",
        person="q9",
        event="77",
        codings=[build.coding(CVX, "20", "АКДС")],
        text="АКДС",
        status_reason=None,
        occurred=when(2021, 5, 3),
        lot="77",
        location="Больница",
    )
    there = {**dict(reversed(there.items())), "occurrenceDateTime": "2021-05-03T08:15:00+05:00"}
    names = {"Patient/q9": "Patient/known-as-7", "Immunization/77": "Immunization/known-as-8"}
    left = [redact.redact(here, PLACES, opened=False, names=NAMES)]
    left.append(redact.redact(there, PLACES, opened=False, names=names))
    assert orjson.dumps(left[0]) == orjson.dumps(left[1])


VACCINES = [
    ([("urn:continuity:almara-dhis2:vaccine", "RR1")], {"MEASLES", "RUBELLA"}),
    ([(NDC, "58160-0810-11")], {"DIPHTHERIA", "TETANUS", "PERTUSSIS"}),
    ([(CVX, "510")], {"213"}),
    ([(CVX, "194")], {"88"}),
    ([(CVX, "20"), (ATC, "J07AJ52")], {"20", "J07AJ52"}),
    ([(CVX, "20"), ("urn:unknown", "7")], {"20"}),
    ([("urn:unknown", "7")], {"masked"}),
    ([(CVX, "20 Merkez")], {"masked"}),
    ([(CVX, "20"), ("urn:continuity:almara-dhis2:vaccine", "BCG")], {"masked"}),
]


@pytest.mark.parametrize(("codings", "left"), VACCINES, ids=[str(each) for each, _ in VACCINES])
def test_a_vaccine_leaves_as_what_it_means_everywhere(codings: list[tuple[str, str]], left: set[str]) -> None:
    """Without its local code a dose counts for exactly what it counted for before: also if codes contradict."""
    content = dose(codings=[build.coding(system, code, "in words") for system, code in codings])
    kept = redact.redact(content, PLACES, opened=False)["vaccineCode"]
    assert {each["code"] for each in kept["coding"]} == left
    assert "words" not in str(kept)
    meant = library.load().antigens({"coding": [{"system": system, "code": code} for system, code in codings]})
    translated = {each["code"] for each in kept["coding"] if each["system"] == f"{CANONICAL}/CodeSystem/antigen"}
    assert library.load().antigens(kept) | translated == meant


def test_a_vaccine_told_in_words_alone_is_masked() -> None:
    for table in (PLACES, WITHOUT_ANTIGENS):
        kept = redact.redact(dose(codings=()), table, opened=False)["vaccineCode"]
        assert kept == {
            "coding": [{"system": "http://terminology.hl7.org/CodeSystem/data-absent-reason", "code": "masked"}]
        }


# --- whatever stands in it ------------------------------------------------------------------------

CANARY = "⚑canary⚑"
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=6) | st.just(CANARY),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
a_sample = st.sampled_from(SAMPLES).map(copy.deepcopy)


def containers(value: Any) -> list[Any]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    here = [value] if isinstance(value, dict | list) and value else []
    return [*here, *(found for each in inner for found in containers(each))]


@settings(max_examples=250, deadline=None)
@given(a_sample, st.data(), anything)
def test_redacting_never_raises_and_is_idempotent_whatever_is_inside(
    sample: Json, data: st.DataObject, odd: Any
) -> None:
    target = data.draw(st.sampled_from(containers(sample)))
    key = data.draw(st.sampled_from(sorted(target) if isinstance(target, dict) else range(len(target))))
    target[key] = odd
    for opened in (True, False):
        once = redact.redact(sample, PLACES, opened=opened)
        assert redact.redact(once, PLACES, opened=opened) == once
    redact.classes(sample, PLACES)
    redact.recorded_in(sample)


@settings(max_examples=250, deadline=None)
@given(a_sample, st.data(), st.text(min_size=1, max_size=8).map(lambda name: f"x{name}"))
def test_an_element_the_table_does_not_name_never_leaves(sample: Json, data: st.DataObject, name: str) -> None:
    objects = [each for each in containers(sample) if isinstance(each, dict)]
    target = data.draw(st.sampled_from(objects))
    target[name] = data.draw(st.sampled_from([CANARY, [CANARY], {"display": CANARY}]))
    extension = {"url": f"{OURS}{name}", "valueString": CANARY}
    if isinstance(target.get("extension", []), list):
        target["extension"] = [*target.get("extension", []), extension]
    for opened in (True, False):
        assert CANARY not in str(redact.redact(sample, PLACES, opened=opened))


@every_sample
def test_no_word_planted_in_any_element_leaves_while_places_are_closed(sample: Json) -> None:
    """One string after the other becomes a canary; systems stay, so that codings are let through."""
    changed = copy.deepcopy(sample)
    for target in containers(changed):
        for key in target if isinstance(target, dict) else range(len(target)):
            if isinstance(target[key], str) and key not in ("resourceType", "url", "system"):
                target[key] = CANARY
                assert CANARY not in str(redact.redact(changed, PLACES, opened=False))
    assert CANARY not in str(redact.redact(changed, PLACES, opened=False))


@every_sample
def test_a_word_that_changes_the_meaning_leaves_nothing(sample: Json) -> None:
    deep = copy.deepcopy(sample)
    target = [each for each in containers(deep) if isinstance(each, dict)][-1]
    target["modifierExtension"] = [{"url": "urn:not", "valueBoolean": True}]
    for changed in (deep, {**sample, "implicitRules": "urn:rules"}, {**sample, "resourceType": "Observation"}):
        assert redact.redact(changed, PLACES, opened=True) == {}
        assert redact.classes(changed, PLACES) == frozenset()


UNFIT = [
    ("status", "tamamlandi"),
    ("primarySource", 1),
    ("primarySource", "true"),
    ("occurrenceDateTime", "3 May 2021"),
    ("occurrenceDateTime", 2021),
    ("protocolApplied", [{"doseNumberPositiveInt": True}]),
    ("protocolApplied", [{"doseNumberPositiveInt": "2"}]),
    ("protocolApplied", [{"doseNumberPositiveInt": 202105031}]),
    ("protocolApplied", [{"doseNumberString": "ikinci"}]),
    ("protocolApplied", {"doseNumberPositiveInt": {"value": 2}}),
    ("id", {"value": "e1"}),
    ("patient", "Patient/p1"),
]


@pytest.mark.parametrize(("name", "value"), UNFIT, ids=str)
def test_a_value_that_does_not_fit_its_form_is_removed(name: str, value: Any) -> None:
    left = redact.redact({**dose(), name: value}, PLACES, opened=False, names=NAMES)
    assert name not in left


@pytest.mark.parametrize("code", ["10", "1000", "ISCED", 100, None])
def test_an_isced_code_has_three_digits(code: Any) -> None:
    content = school_year(grade=build.Grade(label="4", language="ar", isced={"system": "urn:isced", "code": code}))
    assert "iscedProgramme" not in str(redact.redact(content, PLACES, opened=True))


@pytest.mark.parametrize(
    "odd", [None, [], "Immunization", 7, {}, {"resourceType": ["Basic"]}, {"resourceType": "Basic"}]
)
def test_what_is_no_resource_of_ours_leaves_nothing(odd: Any) -> None:
    assert redact.redact(odd, PLACES, opened=True) == {}


def test_a_resource_however_deep_does_not_raise() -> None:
    deep: Any = CANARY
    for _ in range(100_000):
        deep = [deep]
    assert CANARY not in json.dumps(redact.redact({**dose(), "note": deep}, PLACES, opened=True))


# --- labels, and the decision carried out ---------------------------------------------------------

V, G, L = ContentClass.DOSES, ContentClass.SCHOOLING, ContentClass.PLACE


def test_a_record_is_labelled_by_its_kind_and_by_the_places_it_tells() -> None:
    assert redact.classes(dose(), PLACES) == {V, L}
    assert redact.classes(redact.redact(dose(), PLACES, opened=False), PLACES) == {V}
    assert redact.classes(school_year(), PLACES) == {G, L}
    assert redact.classes(person(), PLACES) == {ContentClass.DEMOGRAPHICS}
    assert redact.classes(organisation(), PLACES) == {L}
    assert redact.item(resource.of(dose()), PLACES) == Item(
        ref="Immunization/e1", classes=frozenset({V, L}), recorded_in="XBK"
    )


@pytest.mark.parametrize(
    "tags",
    [None, [], "XBK", [{"code": "XBK"}], [{"system": redact.RECORDING_COUNTRY, "code": c} for c in ("XAL", "XBK")]],
)
def test_a_country_that_is_not_plainly_stated_is_unknown(tags: Any) -> None:
    assert redact.recorded_in({"meta": {"tag": tags}}) is None


def test_no_output_for_the_state_of_origin_contains_a_place() -> None:
    contents = {V: dose(), G: school_year(), L: organisation()}
    leaving = 0
    for case in consent_cases.own_cases(1_500, 11):
        asks_from = case.request.jurisdiction[:3]
        facts = replace(case.facts, protected_from=frozenset({asks_from}))
        agreements = [dialect.read(resource.of(each)) for each in case.consents]
        found = decision.decide(agreements, case.request, case.items, facts, case.now)
        for item in case.items:
            if item.ref in found.permitted:
                domain = next(iter(item.classes - {L}), L)
                left = redact.redact(contents[domain], PLACES, opened=item.ref in found.opened)
                leaving += 1
                assert "L" not in {class_at(path) for path, _ in leaves(left, left["resourceType"])}
    assert leaving >= 100
