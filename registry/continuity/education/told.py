"""A child's schooling as a file tells it: FHIR, or a form that people write by hand.

By hand a school year is a row: `country, year, grade` and, where known, `outcome, from, to, school, language,
verified, status, setting, days_present, days_possible`; with `birth_date` beside. Rows become the same resources that
arrive from systems, so that there is one way of reading them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from registry.continuity import elements
from registry.continuity.history import Record
from registry.errors import BadInput
from registry.fhir import CANONICAL, dates, resource
from registry.fhir.dates import PartialDate
from registry.fhir.resource import Content

COLUMNS = (
    "country",
    "year",
    "grade",
    "outcome",
    "from",
    "to",
    "school",
    "language",
    "verified",
    "status",
    "setting",
    "days_present",
    "days_possible",
    "birth_date",
)
_NEEDED = ("country", "year", "grade")
# From what people write to the outcomes of the SchoolEnrolment profile.
OUTCOMES: Mapping[str, str] = {
    **dict.fromkeys(("promoted", "graduated", "completed", "passed", "finished"), "promoted"),
    **dict.fromkeys(("repeat", "repeated", "repeating", "failed"), "repeat"),
    **dict.fromkeys(
        ("not-completed", "unfinished", "incomplete", "withdrawn", "transferred", "dropped-out", "left"),
        "not-completed",
    ),
    **dict.fromkeys(("in-progress", "current", "enrolled", "attending"), "in-progress"),
    **dict.fromkeys(("conditional", "promoted-conditionally"), "conditional"),
    **dict.fromkeys(("", "unknown", "-", "?"), "unknown"),
}
WORDS = ", ".join(each for each in OUTCOMES if len(each) > 1)
"""The outcomes, for a message."""

_TAG = f"{CANONICAL}/CodeSystem/recording-country"


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The records of one child, the birth date if it is told, and how many resources of other kinds were beside."""

    records: tuple[Record, ...]
    birth: PartialDate | None
    unread: Mapping[str, int]


def outcome(text: str) -> str | None:
    """An outcome as the profile has it; None when the word is not known."""
    return OUTCOMES.get("-".join(text.casefold().replace("_", " ").split()))


def read(content: Any) -> History:
    """Read a Bundle, a list of resources, one resource, a list of rows, or `{birth_date, years: [rows]}`.

    Raises BadInput with the place when it is none of these or tells of more than one child.
    """
    if isinstance(content, Mapping) and "resourceType" not in content:
        years = elements.mapping(content).get("years")
        return _by_hand(_objects(years, "years"), elements.text(elements.mapping(content).get("birth_date")))
    resources = list(_resources(content))
    if resources and not any("resourceType" in each for each in resources):
        return _by_hand(resources, "")
    return _fhir(resources)


def _objects(value: Any, where: str) -> list[Content]:
    listed = elements.listed(value)
    if not listed or len(elements.mappings(value)) != len(listed):
        raise BadInput("a list of school years, each an object, is expected", where=where, remedy="see --help")
    return elements.mappings(value)


def _resources(content: Any) -> Iterator[Content]:
    held = elements.mapping(content)
    if held.get("resourceType") == "Bundle":
        for each in elements.mappings(held.get("entry")):
            yield from _resources(each.get("resource"))
    elif held:
        yield held
    else:
        yield from _objects(content, "the file") if content != [] else ()


def _fhir(resources: Sequence[Content]) -> History:
    people = [each for each in resources if each.get("resourceType") == "Patient"]
    told = [each for each in resources if each.get("resourceType") == "Basic"]
    subjects = {elements.text(elements.mapping(each.get("subject")).get("reference")) for each in told} - {""}
    if len(people) > 1 or len(subjects) > 1:
        raise BadInput("the file tells of more than one child", where="Patient", remedy="one file for one child")
    kinds = [elements.text(each.get("resourceType")) for each in resources]
    others = [each for each in kinds if each not in ("Patient", "Basic", "Organization")]
    return History(
        records=tuple(_record(number, each) for number, each in enumerate(told)),
        birth=dates.parse(elements.text(people[0].get("birthDate"))) if people else None,
        unread={kind: others.count(kind) for kind in sorted(set(others))},
    )


def _record(number: int, content: Content) -> Record:
    meta = elements.mapping(content.get("meta"))
    recorded = next((each.get("code") for each in elements.mappings(meta.get("tag")) if each.get("system") == _TAG), "")
    country = elements.text(elements.mapping(elements.enrolment(content, "country")).get("code"))
    source = elements.text(meta.get("source")) or f"entry {number + 1}"
    named = {"id": f"e{number + 1}", **content}
    return Record(
        dossier=source, source=source, country=country or elements.text(recorded) or None, resource=resource.of(named)
    )


def _by_hand(rows: Sequence[Content], born: str) -> History:
    records = tuple(_record(number, _basic(number, row)) for number, row in enumerate(rows))
    births = {elements.text(row.get("birth_date")) for row in rows} | {born}
    births.discard("")
    birth = [dates.parse(each) for each in sorted(births)]
    if len(birth) > 1 or None in birth:
        what = "the birth dates differ" if len(birth) > 1 else "this is no date"
        raise BadInput(what, where="birth_date", remedy="write one, as 2012-03-01, 2012-03 or 2012")
    return History(records=records, birth=birth[0] if birth else None, unread={})


def _basic(number: int, row: Content) -> Content:
    """The resource a row by hand stands for."""
    where = f"row {number + 1}"
    text = {name: str(value).strip() for name, value in row.items() if value is not None}
    strange = sorted(set(text) - set(COLUMNS))
    lacking = [name for name in _NEEDED if not text.get(name)]
    if strange or lacking:
        what = f"not known: {', '.join(strange)}" if strange else f"missing: {', '.join(lacking)}"
        raise BadInput(what, where=where, remedy=f"a school year has {', '.join(COLUMNS)}")
    result = outcome(text.get("outcome", ""))
    if result is None:
        raise BadInput("the outcome is not known", where=f"{where}, outcome", remedy=f"one of {WORDS}")
    return {
        "resourceType": "Basic",
        "id": f"e{number + 1}",
        "meta": {"source": "by-hand"},
        "code": {"coding": [{"system": f"{CANONICAL}/CodeSystem/record-kind", "code": "school-enrolment"}]},
        "extension": list(_extensions(text, result)),
    }


def _extensions(text: Mapping[str, str], result: str) -> Iterator[Content]:
    status = text.get("status") or ("current" if result == "in-progress" else "unknown")
    yield _own("status", valueCode=status)
    yield _own("country", valueCoding={"system": "urn:iso:std:iso:3166", "code": text["country"].upper()})
    yield _own("academic-year", extension=[{"url": "label", "valueString": text["year"]}])
    yield _own("grade", extension=[{"url": "label", "valueString": text["grade"]}])
    yield _own("outcome", extension=[{"url": "result", "valueCode": result}])
    yield _own("verification", valueCode=text.get("verified") or "self-declared")
    period = {name: text[column] for name, column in (("start", "from"), ("end", "to")) if text.get(column)}
    if period:
        yield _own("period", valuePeriod=period)
    if text.get("school"):
        yield _own("school", valueReference={"display": text["school"]})
    if text.get("setting"):
        yield _own("setting", valueCode=text["setting"])
    yield from (_own("instruction-language", valueCode=each) for each in text.get("language", "").split())
    days = _days(text)
    if days:
        yield _own("attendance", extension=days)


def _days(text: Mapping[str, str]) -> list[Content]:
    pairs = (("daysPresent", "days_present"), ("daysPossible", "days_possible"))
    return [{"url": url, "valueUnsignedInt": int(text[name])} for url, name in pairs if text.get(name, "").isdecimal()]


def _own(name: str, **value: Any) -> Content:
    return {"url": f"{elements.DEFINITION}enrolment-{name}", **value}


def rows(lines: Iterable[Sequence[str]]) -> list[Content]:
    """The rows of a table by hand, by the names in its first line. Raises BadInput with row and column."""
    held = [list(each) for each in lines if any(cell.strip() for cell in each)]
    header = [each.strip().casefold() for each in held[0]] if held else []
    strange = [each for each in header if each not in COLUMNS]
    lacking = [each for each in _NEEDED if each not in header]
    if strange or lacking:
        what = f"columns not known: {', '.join(strange)}" if strange else f"columns missing: {', '.join(lacking)}"
        raise BadInput(what, where="row 1", remedy=f"the columns are {', '.join(COLUMNS)}")
    uneven = next((number for number, each in enumerate(held, start=1) if len(each) != len(header)), None)
    if uneven:
        raise BadInput("the row has more or fewer cells than the header", where=f"row {uneven}", remedy="correct it")
    return [dict(zip(header, each, strict=True)) for each in held[1:]]
