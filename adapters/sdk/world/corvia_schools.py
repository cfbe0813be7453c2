"""Writes Corvia's schools: Ed-Fi bulk XML 5.2 in one file, as `adapters/edfi/mapping.toml` reads it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape

from adapters.sdk.world import places
from adapters.sdk.world.clerks import Record
from adapters.sdk.world.dice import Dice
from adapters.sdk.world.names import Script
from adapters.sdk.world.places import CORVIA, Place
from adapters.sdk.world.schooling import Outcome, SchoolYear

Learner = tuple[Record, Sequence[SchoolYear]]

_OWN = "uri://corvia.example/"
_SEXES = {"M": "Мужской", "F": "Женский"}
_EXITS = {
    Outcome.PROMOTED: "Переведён в следующий класс",
    Outcome.REPEATED: "Оставлен на повторный год",
    Outcome.LEFT: "Выбыл",
}


def file(learners: Sequence[Learner]) -> bytes:
    """The four interchanges, one record a line."""
    interchanges = {
        "EducationOrganization": (_school(place) for place in places.of_country(CORVIA)),
        "Student": (_student(record) for record, _ in learners),
        "StudentEnrollment": (each for learner in learners for each in _enrolled(*learner)),
        "Contact": (each for record, _ in learners for each in _contacts(record)),
    }
    inner = [each for name, elements in interchanges.items() for each in _interchange(name, elements)]
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', "<Interchanges>", *inner, "</Interchanges>", ""]
    return "\n".join(lines).encode()


def _interchange(name: str, elements: Iterator[str]) -> list[str]:
    root = f"Interchange{name}"
    return [f'<{root} xmlns="http://ed-fi.org/5.2.0">', *elements, f"</{root}>"]


def _of(tag: str, *inner: str) -> str:
    """An element around others; nothing when there is nothing in it."""
    held = "".join(inner)
    return f"<{tag}>{held}</{tag}>" if held else ""


def _reference(tag: str, kind: str, number: object) -> str:
    """A reference to a record of the same hand-over by its id, as bulk files have them."""
    return f'<{tag} ref="{kind}_{number}"/>'


def _identified(tag: str, kind: str, number: object, *inner: str) -> str:
    return f'<{tag} id="{kind}_{number}">{"".join(inner)}</{tag}>'


def _text(tag: str, value: object) -> str:
    return _of(tag, escape(str(value)))


def _code(tag: str, descriptor: str, value: str) -> str:
    return _text(tag, f"{_OWN}{descriptor}Descriptor#{value}")


def _school_number(place: Place) -> int:
    return 770100 + place.number


def _school(place: Place) -> str:
    number = _school_number(place)
    return _identified(
        "School",
        "SCH",
        number,
        _text("NameOfInstitution", place.school),
        _text("SchoolId", number),
    )


def _student_reference(record: Record) -> str:
    return _reference("StudentReference", "STU", record.person_id)


def _student(record: Record) -> str:
    spelt = record.spelt[Script.CYRILLIC]
    is_marked_twin = record.child.twin and Dice("twin", record.person_id).chance(0.5)
    return _identified(
        "Student",
        "STU",
        record.person_id,
        _text("StudentUniqueId", record.person_id),
        _of(
            "Name",
            _text("FirstName", spelt.given),
            _text("MiddleName", _middle_name(record)),
            _text("LastSurname", spelt.family),
        ),
        _of(
            "BirthData",
            _text("BirthDate", record.birth.iso),
            _text("MultipleBirthStatus", "true") if is_marked_twin else "",
        ),
    )


def _middle_name(record: Record) -> str:
    """Schools of Corvia expect a patronymic: some form one, some copy the father's name, some do neither."""
    father, sex = record.spelt[Script.CYRILLIC].father, record.child.sex
    way = Dice("patronymic", record.person_id).weighted([("formed", 30), ("copied", 40), ("none", 30)])
    return {"formed": patronymic(father, sex), "copied": father, "none": ""}[way]


def patronymic(father: str, sex: str) -> str:
    """The patronymic as a clerk forms it by ear: Юсуф, Юсуфович; Али, Алиевна."""
    soft = father[-1] in "аеёиоуыэюяйь"
    stem = father[:-1] if father[-1] in "йь" else father
    ending = ("евич" if soft else "ович") if sex == "M" else ("евна" if soft else "овна")
    return stem + ending


def _enrolled(record: Record, years: Sequence[SchoolYear]) -> Iterator[str]:
    yield _demographic(record, years)
    for year in years:
        yield _association(record, year)


def _demographic(record: Record, years: Sequence[SchoolYear]) -> str:
    school = years[-1].school if years else record.place
    latest = _text("EducationOrganizationId", _school_number(school))
    is_flagged = Dice("characteristic", record.person_id).chance(0.1)
    return _of(
        "StudentEducationOrganizationAssociation",
        _student_reference(record),
        _of("EducationOrganizationReference", _of("EducationOrganizationIdentity", latest)),
        _code("Sex", "Sex", _SEXES[record.sex]) if record.sex in _SEXES else "",
        _of(
            "Address",
            _text("City", record.place.name),
            _text("NameOfCounty", record.place.district),
            _code("AddressType", "AddressType", "Домашний"),
        ),
        _of("Telephone", _text("TelephoneNumber", record.phone)),
        _national(record),
        _of(
            "Language",
            _code("Language", "Language", "Русский"),
            _code("LanguageUse", "LanguageUse", "Язык обучения"),
        ),
        _of("StudentCharacteristic", _code("StudentCharacteristic", "StudentCharacteristic", "Беженец"))
        if is_flagged
        else "",
    )


def _national(record: Record) -> str:
    if not record.national_number:
        return ""
    return _of(
        "StudentIdentificationCode",
        _text("AssigningOrganizationIdentificationCode", "CORVIA"),
        _text("IdentificationCode", record.national_number),
        _code("StudentIdentificationSystem", "StudentIdentificationSystem", "National"),
    )


def _association(record: Record, year: SchoolYear) -> str:
    return _of(
        "StudentSchoolAssociation",
        _student_reference(record),
        _reference("SchoolReference", "SCH", _school_number(year.school)),
        _text("SchoolYear", year.label),
        _text("EntryDate", year.start.isoformat()),
        _code("EntryGradeLevel", "GradeLevel", f"{year.grade}-й класс"),
        _text("ExitWithdrawDate", year.end.isoformat()),
        _code("ExitWithdrawType", "ExitWithdrawType", _EXITS[year.outcome]),
    )


def _contacts(record: Record) -> Iterator[str]:
    spelt, known = record.spelt[Script.CYRILLIC], Dice("contacts", record.person_id)
    relatives = [
        ("Мать", spelt.mother, spelt.mothers_family, True),
        ("Отец", spelt.father, spelt.family, known.chance(0.5)),
        ("Дед по отцу", spelt.grandfather, spelt.family, known.chance(0.12)),
    ]
    for at, (relation, given, family, is_written) in enumerate(relatives):
        if given and is_written:
            yield from _contact(record, f"{record.person_id}{at + 1}", relation, given, family)


def _contact(record: Record, number: str, relation: str, given: str, family: str) -> Iterator[str]:
    yield _identified(
        "Contact",
        "CON",
        number,
        _text("ContactUniqueId", number),
        _of("Name", _text("FirstName", given), _text("LastSurname", family)),
    )
    yield _of(
        "StudentContactAssociation",
        _student_reference(record),
        _reference("ContactReference", "CON", number),
        _code("Relation", "Relation", relation),
    )
