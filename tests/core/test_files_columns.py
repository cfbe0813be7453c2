"""Which column says what: headers of nine languages and of well-known exports, and maps."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.errors import BadInput
from registry.fhir.dates import Calendar
from registry.identity.files import columns
from registry.identity.files.columns import Columns
from registry.identity.files.days import Order

SCHEMAS = Path(__file__).resolve().parents[2] / "schemas" / "matching"
KNOWN = columns.read(json.loads((SCHEMAS / "files-1.json").read_text(encoding="utf-8")))

# What a file's header is taken for: field=column, the id left out.
HEADERS = """
rec_id, given_name, surname, street_number, address_1, address_2, suburb, postcode, state, date_of_birth, soc_sec_id
  -> given=given_name family=surname address=street_number+address_1+address_2 village=suburb postcode=postcode
     region=state birth=date_of_birth numbers.social-security=soc_sec_id
rec_id, sex, date_of_birth, given_name, surname, phone_number, uganda_nin, art_number
  -> sex=sex birth=date_of_birth given=given_name family=surname phone=phone_number numbers.national-id=uganda_nin
     numbers.health-card=art_number
id, firstName, lastName, motherName, DOB
  -> given=firstName family=lastName mother=motherName birth=DOB
id, child_first_name, child_last_name, child_dob, fathers_name
  -> given=child_first_name family=child_last_name birth=child_dob father=fathers_name
N°, Prénom, Nom, Nom du père, Prénom de la mère, Date de naissance, Sexe, Commune
  -> given=Prénom family=Nom father=Nom du père mother=Prénom de la mère birth=Date de naissance sex=Sexe
     village=Commune
الرقم, الاسم, اللقب, اسم الأب, اسم الأم, تاريخ الميلاد, الجنس, القرية
  -> given=الاسم family=اللقب father=اسم الأب mother=اسم الأم birth=تاريخ الميلاد sex=الجنس village=القرية
№, Фамилия, Имя, Отчество, Дата рождения, Пол, Город
  -> family=Фамилия given=Имя further=Отчество birth=Дата рождения sex=Пол village=Город
№, Прізвище, Ім'я, По батькові, Дата народження, Стать, Місто
  -> family=Прізвище given=Ім'я further=По батькові birth=Дата народження sex=Стать village=Місто
id, nombre, apellidos, fecha de nacimiento, sexo, municipio, nombre de la madre
  -> given=nombre family=apellidos birth=fecha de nacimiento sex=sexo village=municipio mother=nombre de la madre
id, nome, sobrenome, data de nascimento, nome da mãe, telefone
  -> given=nome family=sobrenome birth=data de nascimento mother=nome da mãe phone=telefone
Nr, Name, Vorname, Geburtsdatum, Geschlecht, PLZ, Wohnort
  -> family=Name given=Vorname birth=Geburtsdatum sex=Geschlecht postcode=PLZ village=Wohnort
no, ad, soyad, doğum tarihi, cinsiyet, baba adı, anne adı, il
  -> given=ad family=soyad birth=doğum tarihi sex=cinsiyet father=baba adı mother=anne adı region=il
id, full name, year of birth, month of birth, day of birth
  -> whole_name=full name birth_year=year of birth birth_month=month of birth birth_day=day of birth
id, name, dob
  -> whole_name=name birth=dob
id, prenom_fr, prenom_ar, nom_fr, nom_ar, ddn
  -> given=prenom_fr+prenom_ar family=nom_fr+nom_ar birth=ddn
id, given_name, surname, phone1, phone2, dob
  -> given=given_name family=surname phone=phone1+phone2 birth=dob
"""
CASES = [case.split("->") for case in HEADERS.replace("\n     ", " ").replace("\n  ->", "->").strip().splitlines()]


def told(found: Columns) -> dict[str, str]:
    fields = {name: "+".join(held) for name, held in found.fields.items()}
    return fields | {f"numbers.{system}": column for system, column in found.numbers.items()}


@pytest.mark.parametrize(("header", "expected"), CASES, ids=[header[:40] for header, _ in CASES])
def test_headers_are_understood(header: str, expected: str) -> None:
    names = header.strip().split(", ")
    guess = columns.guess(names, KNOWN)
    # A value may hold blanks, so cut before what has an equals sign in it.
    parts = expected.strip().split("=")
    keys = [each.split()[-1] for each in parts[:-1]]
    values = [each.rsplit(" ", 1)[0].strip() for each in parts[1:-1]] + [parts[-1].strip()]
    assert told(guess.columns) == dict(zip(keys, values, strict=True))
    assert guess.columns.id == names[0]
    assert (guess.open, guess.unused) == ({}, ())


def test_the_id_is_the_column_id_wherever_it_stands_or_the_first() -> None:
    assert columns.guess(["given", "surname", "ID"], KNOWN).columns.id == "ID"
    assert columns.guess(["whatever", "surname"], KNOWN).columns.id == "whatever"


@pytest.mark.parametrize(
    ("header", "field"),
    [
        (["id", "dob", "date of birth", "given"], "birth"),
        (["id", "given", "first name"], "given"),
        (["id", "name", "given", "surname"], "given"),
        (["id", "sex", "gender", "given"], "sex"),
        (["id", "ssn", "soc_sec_id", "given"], "numbers.social-security"),
    ],
)
def test_where_two_columns_fit_none_is_taken(header: list[str], field: str) -> None:
    guess = columns.guess(header, KNOWN)
    assert field not in told(guess.columns)
    assert len(guess.open[field]) == 2


def test_what_nothing_fits_is_not_read() -> None:
    assert columns.guess(["id", "given", "shoe size"], KNOWN).unused == ("shoe size",)


HEADER = ("no", "a", "b", "c", "d", "e")
MAP = {
    "id": "no",
    "given": ["a", "b"],
    "birth": {"column": "c", "order": "dmy", "calendar": "ethiopian"},
    "numbers": {"card": "d"},
    "official_numbers": {"national": "e"},
}


def test_a_map_says_which_column_is_what() -> None:
    found = columns.confirmed(MAP, HEADER)
    assert found.fields == {"given": ("a", "b"), "birth": ("c",)}
    assert (found.order, found.calendar) == (Order.DMY, Calendar.ETHIOPIAN)
    assert (found.numbers, found.official) == ({"card": "d"}, {"national": "e"})
    assert found.used() == HEADER


def test_a_map_written_out_reads_back_as_the_same() -> None:
    found = columns.confirmed(MAP, HEADER)
    assert columns.confirmed(json.loads(json.dumps(found.plain())), HEADER) == found
    for header, _ in CASES:
        guess = columns.guess(header.strip().split(", "), KNOWN).columns
        assert columns.confirmed(guess.plain(), header.strip().split(", ")) == guess


@pytest.mark.parametrize(
    ("content", "where"),
    [
        ([], ""),
        ("given", ""),
        ({"nickname": "a"}, "nickname"),
        ({"given": "z"}, "z"),
        ({"given": 7}, "given"),
        ({"given": []}, "given"),
        ({"given": None}, "given"),
        ({"sex": ["a", "b"]}, "sex"),
        ({"numbers": "a"}, "numbers"),
        ({"numbers": {"card": 1}}, "numbers"),
        ({"numbers": {"card": "z"}}, "z"),
        ({"birth": {"column": "a", "order": "dym"}}, "birth.order"),
        ({"birth": {"column": "a", "calendar": "mayan"}}, "birth.calendar"),
        ({"birth": {"order": "dmy"}}, "birth"),
    ],
    ids=str,
)
def test_a_map_that_says_something_else_is_refused_with_its_place(content: object, where: str) -> None:
    with pytest.raises(BadInput) as refused:
        columns.confirmed(content, HEADER)
    assert where in refused.value.where
    assert refused.value.what
    assert refused.value.remedy


@given(st.lists(st.text(max_size=20), min_size=1, max_size=8, unique=True))
def test_any_header_is_answered_and_no_column_is_read_as_two_things(header: list[str]) -> None:
    guess = columns.guess(header, KNOWN)
    read = [each for held in guess.columns.fields.values() for each in held] + [*guess.columns.numbers.values()]
    assert len(read) == len(set(read))
    assert {*read, *guess.unused, guess.columns.id, *(each for held in guess.open.values() for each in held)} == {
        *header
    }
