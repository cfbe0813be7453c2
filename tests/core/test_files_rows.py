"""A line of a file as a person: the same demographics as of any record, and nothing believed that is only filling."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.fhir.dates import PartialDate
from registry.identity import demographics
from registry.identity.demographics import BirthKind, Sex
from registry.identity.files import columns, rows
from registry.identity.files.columns import Columns
from registry.identity.files.rows import Row, Survey
from tests.support.file_people import KNOWN


def one(**cells: str) -> Row:
    """The row of a line whose columns are called as their fields are."""
    return many([cells])[0]


def many(lines: list[dict[str, str]], **declared: Any) -> list[Row]:
    surveyed = survey(lines, **declared)
    return [rows.read({"id": str(at), **each}, surveyed) for at, each in enumerate(lines)]


def survey(lines: list[dict[str, str]], **declared: Any) -> Survey:
    found = columns.guess(["id", *lines[0]], KNOWN).columns
    held = Columns(id="id", fields=found.fields, numbers=found.numbers, **declared)
    return rows.survey([{"id": str(at), **each} for at, each in enumerate(lines)], held, KNOWN)


def test_a_line_is_read_as_the_patient_it_would_be() -> None:
    row = one(
        given="Amina", family="Haddad", father="Karim", mother="Khadija", birth="2014-12-25", sex="F",
        village="Oran", phone="+213 555 123 456",
    )  # fmt: skip
    contact = [(code, name) for code, name in (("FTH", "Karim"), ("MTH", "Khadija"))]
    patient = {
        "name": [{"given": ["Amina"], "family": "Haddad"}],
        "gender": "female",
        "birthDate": "2014-12-25",
        "address": [{"city": "Oran"}],
        "telecom": [{"system": "phone", "value": "+213 555 123 456"}],
        "contact": [
            {"relationship": [{"coding": [{"code": code}]}], "name": {"given": [name]}} for code, name in contact
        ],
    }
    assert row.demographics == demographics.of(patient)


def test_a_patronymic_is_the_fathers_name() -> None:
    row = one(Фамилия="Алиев", Имя="Карим", Отчество="Ахмедович")
    assert [each.text for each in row.demographics.father] == ["Ахмедович"]


def test_a_whole_name_gives_its_first_and_last_word() -> None:
    person = one(full_name="Amina Karim Haddad").demographics
    assert ([each.text for each in person.given], [each.text for each in person.family]) == (["Amina"], ["Haddad"])


def test_a_name_in_two_languages_is_one_name_in_two_spellings() -> None:
    person = one(given_fr="Amina", given_ar="أمينة", family_fr="Haddad", family_ar="حداد").demographics
    assert [each.text for each in person.given] == ["Amina", "أمينة"]
    assert [each.text for each in person.family] == ["Haddad", "حداد"]


@pytest.mark.parametrize(
    ("female", "male"),
    [("F", "M"), ("f", "H"), ("M", "H"), ("K", "E"), ("w", "m"), ("ж", "м"), ("ж", "ч"), ("أنثى", "ذكر"), ("2", "1"),
     ("Femme", "Homme"), ("FEMALE", "male")],
)  # fmt: skip
def test_sexes_are_read_by_what_the_whole_column_says(female: str, male: str) -> None:
    found = many([{"given": "x", "sex": each} for each in (female, male, "", "unknown")])
    assert [each.demographics.sex for each in found] == [Sex.FEMALE, Sex.MALE, None, None]


def test_a_column_of_sexes_nobody_can_read_is_not_used_and_that_is_said() -> None:
    lines = [{"given": "x", "sex": each} for each in "0101"]
    assert all(each.demographics.sex is None for each in many(lines))
    assert "sexes that cannot be read" in survey(lines).remarks[0].says


def test_a_birth_date_that_may_be_two_keeps_its_year() -> None:
    birth = one(given="x", birth="03/04/2015").demographics.birth
    assert birth is not None
    assert (birth.date, birth.kind) == (PartialDate(2015), BirthKind.YEAR)


def test_a_birth_date_in_three_columns_is_one() -> None:
    lines = [
        {"given": "x", "birth_year": "2015", "birth_month": month, "birth_day": day}
        for month, day in (("4", "3"), ("04", ""), ("", ""))
    ]
    found = [each.demographics.birth for each in many(lines)]
    assert [str(each.date) for each in found if each] == ["2015-04-03", "2015-04", "2015"]


@pytest.mark.parametrize(
    ("births", "read"),
    [
        (["1900-01-01"] * 50, 0),  # a source that sends every birth date so
        (["1900-01-01"], 0),
        (["2010-06-15"] * 30 + [f"2011-03-{day:02d}" for day in range(1, 29)], 28),  # a day on half of the lines
        ([f"2010-{month:02d}-01" for month in range(1, 13)] * 3, 36),
        (["2012-01-01"] * 12 + [f"2012-03-{day:02d}" for day in range(1, 29)], 40),  # 1 January says its year
    ],
)
def test_a_date_on_very_many_lines_says_nothing(births: list[str], read: int) -> None:
    found = many([{"given": "x", "birth": each} for each in births])
    assert sum(each.demographics.birth is not None for each in found) == read


@pytest.mark.parametrize("number", ["0", "000000000", "999999", "n/a", "unknown", "", "12"])
def test_a_number_that_is_none_is_not_read(number: str) -> None:
    assert not one(given="x", ssn=number).numbers


def test_a_number_or_phone_on_very_many_lines_is_not_read_and_that_is_said() -> None:
    lines = [{"given": "x", "ssn": "555-44-333", "phone": "0612345678"}] * 30 + [
        {"given": "x", "ssn": "555-44-334", "phone": "0612345679"}
    ]
    found = many(lines)
    assert [(len(each.numbers), len(each.demographics.phones)) for each in found] == [(0, 0)] * 30 + [(1, 1)]
    assert "numbers or phones that stand on many rows" in survey(lines).remarks[-1].says


def test_no_remark_repeats_a_value() -> None:
    lines = [{"given": "Zzyzx", "ssn": "98765432", "birth": "31/02/1987", "sex": "Zzyzx"}] * 40
    said = " ".join(f"{each.where} {each.says} {each.remedy}" for each in survey(lines).remarks)
    assert not any(each in said for each in ("Zzyzx", "98765432", "1987", "31/02"))


ODD = ["", "x", "A", "ا", "َ", "\u202eAmina\u202c", "Am\u200dina", "😀", "Amina 2", "Аmina", "n" * 10_000, "a " * 5_000]


@given(st.sampled_from(ODD) | st.text(), st.sampled_from(ODD) | st.text(), st.text(max_size=12))
def test_any_cells_are_read(given_name: str, family: str, birth: str) -> None:
    row = one(given=given_name, family=family, birth=birth, ssn=birth, address=family, postcode=birth, sex=birth)
    assert row.id == "0"
