"""A Patient read once: what is there is read, what is odd is missing, nothing raises."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.fhir import CANONICAL
from registry.fhir.dates import PartialDate
from registry.identity import demographics
from registry.identity.demographics import BirthKind, Demographics, Identifier, Sex

ORIGINAL = f"{CANONICAL}/StructureDefinition/original-date"

PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "p1",
    "meta": {"tag": [{"system": f"{CANONICAL}/CodeSystem/recording-country", "code": "XAL"}]},
    "identifier": [
        {"system": "urn:continuity:almara:national", "value": " 12 34-a", "use": "official"},
        {"system": "urn:continuity:almara:card", "value": "9", "use": "secondary"},
        {"system": "", "value": "9"},
        {"system": "urn:continuity:almara:card"},
    ],
    "name": [{"given": ["Amina", "Zohra"], "family": "Ben Ali"}, {"given": ["أمينة"], "family": "بن علي"}],
    "gender": "female",
    "birthDate": "2014-05-17",
    "contact": [
        {"relationship": [{"coding": [{"code": "MTH"}]}], "name": {"given": ["Khadidja"], "family": "Saadi"}},
        {"relationship": [{"coding": [{"code": "FTH"}]}], "name": {"text": "Ahmed"}},
        {"relationship": [{"coding": [{"code": "GRFTH"}]}], "name": {"given": ["Omar"]}},
    ],
    "telecom": [{"system": "phone", "value": "+213 (0) 555 12 34 56"}, {"system": "email", "value": "1234567890"}],
    "address": [{"city": "Aïn Sefra", "country": "XAL"}],
}


def read(**changed: Any) -> Demographics:
    return demographics.of({**PATIENT, **changed})


def texts(names: Any) -> list[str]:
    return [each.text for each in names]


def test_every_part_of_a_patient_is_read_into_its_role() -> None:
    person = read()
    assert texts(person.given) == ["Amina", "أمينة"]
    assert texts(person.further) == ["Zohra"]
    assert texts(person.family) == ["Ben Ali", "بن علي"]
    assert (texts(person.mother), texts(person.father), texts(person.grandfather)) == (
        ["Khadidja"],
        ["Ahmed"],
        ["Omar"],
    )
    assert person.sex is Sex.FEMALE
    assert person.phones == ("55123456",)
    assert texts(person.villages) == ["Aïn Sefra"]
    assert person.recorded_in == "XAL"


def test_only_whole_identifiers_are_read_and_the_official_one_is_strong() -> None:
    assert read().identifiers == (
        Identifier(system="urn:continuity:almara:national", value="1234-a", strong=True),
        Identifier(system="urn:continuity:almara:card", value="9", strong=False),
    )


@pytest.mark.parametrize(
    ("born", "kind"),
    [
        ("2014-05-17", BirthKind.DAY),
        ("2014-05", BirthKind.MONTH),
        ("2014", BirthKind.YEAR),
        ("2014-01-01", BirthKind.DEFAULT),
    ],
)
def test_a_birth_date_says_how_much_of_it_is_knowledge(born: str, kind: BirthKind) -> None:
    birth = read(birthDate=born).birth
    assert birth is not None
    assert (str(birth.date), birth.kind, birth.is_converted) == (born, kind, False)


def test_the_first_of_a_year_of_another_calendar_is_a_filler_too() -> None:
    told = {"extension": [{"url": ORIGINAL, "valueString": "1436-01-01 hijri"}]}
    birth = read(birthDate="2014-10-25", _birthDate=told).birth
    assert birth is not None
    assert (birth.kind, birth.is_converted, birth.date) == (BirthKind.DEFAULT, True, PartialDate(2014, 10, 25))


def test_a_source_may_have_another_filler_day() -> None:
    patient = {**PATIENT, "birthDate": "2014-07-01"}
    birth = demographics.of(patient, fillers=frozenset({(7, 1)})).birth
    assert birth is not None
    assert birth.kind is BirthKind.DEFAULT


def test_a_slavic_patronymic_is_the_fathers_name() -> None:
    person = read(name=[{"given": ["Юсуф", "Ахмедович"], "family": "Хаддад"}], contact=[])
    assert (texts(person.father), person.further) == (["Ахмедович"], ())


def test_placeholders_are_missing_names() -> None:
    person = read(name=[{"given": ["Baby Boy"], "family": "Inconnu"}], contact=[])
    assert (person.given, person.family) == ((), ())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 3000) | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["given", "family", "text", "name", "system", "value", "code", "coding"]), inner
        )
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*PATIENT, "_birthDate"]), JSON))
def test_odd_content_is_missing_and_never_raises(odd: dict[str, Any]) -> None:
    person = demographics.of({**PATIENT, **odd, "resourceType": "Patient", "id": "p1"})
    assert isinstance(person, Demographics)


def test_an_empty_patient_says_nothing() -> None:
    assert demographics.of({"resourceType": "Patient", "id": "p"}) == Demographics()
