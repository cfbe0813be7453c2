"""Student, what the enrolment interchange adds to it, and its contacts into a Patient."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from xml.etree.ElementTree import Element

from adapters.edfi import tables, tree
from adapters.edfi.reading import CORRECT, Reading
from adapters.edfi.tree import Record
from adapters.sdk import build
from adapters.sdk.build import Json

PROFILES = ("StudentEducationOrganizationAssociation", "StudentDemographic", "StudentDirectory")
CONTACT_LINKS = ("StudentContactAssociation", "StudentParentAssociation")


def read_all(reading: Reading) -> None:
    """Every student of the hand-over as an entry."""
    for record in reading.index.all("Student"):
        student = record.text("StudentUniqueId")
        if student:
            reading.ledger.entry(student, _patient(record, student, reading), record.where)
        else:
            reading.set_aside(record.element, "set aside: no StudentUniqueId")
            reading.ledger.error("no-person-id", record.where, "a student without StudentUniqueId", CORRECT)
    for entity in (*PROFILES, *CONTACT_LINKS):
        _note_strangers(entity, reading)
    _note_contacts(reading)


def _patient(record: Record, student: str, reading: Reading) -> Json:
    profiles = reading.index.of_student(student, *PROFILES)
    birth = reading.date(record, record.text("BirthData", "BirthDate"))
    names = [*_names(record.element)]
    if not names:
        reading.ledger.warn("no-name", record.where, "the student has no name", CORRECT)
    is_twin = record.text("BirthData", "MultipleBirthStatus").casefold() in ("true", "1")
    content = build.patient(
        source=reading.source,
        country=reading.country,
        person=student,
        identifiers=_unique(each for profile in profiles for each in _numbers(profile, reading)),
        names=names,
        gender=_gender(record, profiles, reading),
        birth=birth,
        relatives=_unique(_relatives(student, reading)),
        telecom=_unique(each for profile in profiles for each in _phones(profile, reading)),
        addresses=_unique(each for profile in profiles for each in _addresses(profile, reading)),
    )
    return content | ({"multipleBirthBoolean": True} if is_twin else {})


def _unique(found: Iterable[Json]) -> list[Json]:
    """What several records repeat, once, in the order of the hand-over."""
    kept: list[Json] = []
    for each in found:
        if each and each not in kept:
            kept.append(each)
    return kept


def _names(element: Element) -> Iterator[Json]:
    for name in tree.children(element, "Name"):
        yield _name(name, "official")
        maiden = tree.text(name, "MaidenName")
        if maiden:
            yield build.human_name(family=maiden, use="maiden")
        given, family = tree.text(name, "PreferredFirstName"), tree.text(name, "PreferredLastSurname")
        if given or family:
            yield build.human_name(given=[given], family=family, use="nickname")
    for name in tree.children(element, "OtherName"):
        yield _name(name, "usual")


def _name(name: Element, use: str) -> Json:
    given = [tree.text(name, "FirstName"), *tree.text(name, "MiddleName").split()]
    return build.human_name(given=given, family=tree.text(name, "LastSurname"), use=use)


def _gender(record: Record, profiles: list[Record], reading: Reading) -> str:
    """The sex of the first record that states one; the sex noted at birth only when none does."""
    said = [each.text("Sex") for each in (*profiles, record)] + [record.text("BirthData", "BirthSex")]
    word = next(filter(None, said), "")
    if not word:
        return ""
    known = tables.SEX.get(tables.descriptor(word).key)
    if known is None:
        text = "the sex is no code of the mapping; taken as unknown"
        reading.ledger.warn("unknown-code", record.where, text, "add the code to [sex]")
    return known or "unknown"


def _numbers(profile: Record, reading: Reading) -> Iterator[Json]:
    for each in tree.children(profile.element, "StudentIdentificationCode"):
        system = tables.descriptor(tree.text(each, "StudentIdentificationSystem"))
        rule = tables.NUMBERS.get(system.key, {})
        value = tree.text(each, "IdentificationCode")
        if "prohibited" in rule:
            reading.set_aside(each, "prohibited: a number for another purpose")
            text = "a number that is never carried was left out (prohibited)"
            reading.ledger.inform("number-left-out", profile.where, text)
        elif "strong" in rule:
            authority = tree.text(each, "AssigningOrganizationIdentificationCode") or system.authority
            country = _slug(authority.partition(".")[0]) or reading.source
            yield build.identifier(build.system(country, rule["strong"]), value, "official")
        else:
            kind = _slug(system.key) or "number"
            yield build.identifier(build.system(reading.source, kind), value, "usual")


def _slug(text: str) -> str:
    return "-".join("".join(each if each.isalnum() and each.isascii() else " " for each in text.lower()).split())


def _phones(profile: Record, reading: Reading) -> Iterator[Json]:
    for each in tree.children(profile.element, "Telephone"):
        if _is_hidden(each):
            reading.set_aside(each, "the sender says not to pass it on")
        else:
            yield build.phone(tree.text(each, "TelephoneNumber"))


def _addresses(profile: Record, reading: Reading) -> Iterator[Json]:
    for each in tree.children(profile.element, "Address"):
        kind = tree.text(each, "AddressType")
        if _is_hidden(each):
            reading.set_aside(each, "the sender says not to pass it on")
        elif kind and tables.descriptor(kind).key not in tables.ADDRESS_TYPES:
            reading.set_aside(each, "prohibited: an address that may tell of homelessness or displacement")
        else:
            yield build.address(city=tree.text(each, "City"), district=tree.text(each, "NameOfCounty"))


def _is_hidden(element: Element) -> bool:
    """Whether the sender says that this is not to be passed on."""
    return tree.text(element, "DoNotPublishIndicator").casefold() in ("true", "1")


def _relatives(student: str, reading: Reading) -> Iterator[Json]:
    """The parents; a contact with names in two scripts stands there twice."""
    for link in reading.index.of_student(student, *CONTACT_LINKS):
        role = tables.RELATIONS.get(tables.descriptor(link.text("Relation")).key, "")
        contact = reading.index.contact(link)
        if role and contact:
            for kind, use in (("Name", "official"), ("OtherName", "usual")):
                for name in tree.children(contact.element, kind):
                    yield build.relative(role, _name(name, use))


def _note_strangers(entity: str, reading: Reading) -> None:
    """Set aside what is told of students not in the hand-over: it cannot change a Patient elsewhere."""
    found = reading.index.all(entity)
    strangers = [each for each in found if not reading.index.knows_student(reading.index.student(each))]
    for record in strangers:
        reading.set_aside(record.element, "set aside: its Student is not in this hand-over")
    if strangers:
        text = f"{len(strangers)} records are about students who are not in this hand-over"
        remedy = "hand them over together with their Student"
        reading.ledger.warn("student-elsewhere", strangers[0].where, text, remedy)


def _note_contacts(reading: Reading) -> None:
    """Say what became of every contact: its name is read only through a relation that is carried."""
    used: set[int] = set()
    for link in reading.index.all(*CONTACT_LINKS):
        contact = reading.index.contact(link)
        if id(link.element) in reading.unused:
            continue
        if contact is None:
            reading.set_aside(link.element, "set aside: its Contact is not in this hand-over")
            text = "it names a contact that is not in this hand-over"
            reading.ledger.warn("contact-elsewhere", link.where, text, "hand both over together")
        elif tables.descriptor(link.text("Relation")).key not in tables.RELATIONS:
            reading.set_aside(link.element, "a relation that is not carried")
        else:
            used.add(id(contact.element))
    for contact in reading.index.all("Contact", "Parent"):
        if id(contact.element) not in used:
            reading.set_aside(contact.element, "a contact no student of this hand-over has as a parent or guardian")
