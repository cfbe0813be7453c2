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
from registry.continuity.education import cells
from registry.continuity.education.cells import Line
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
_STRANGE = f"the outcome is no word we know and counts as unknown; write one of {WORDS}"

_TAG = f"{CANONICAL}/CodeSystem/recording-country"


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The records of one child, the birth date if it is told, and how many resources of other kinds were beside.

    `odd` are the places by hand that were taken as unknown: row, column, and what is wrong there.
    """

    records: tuple[Record, ...]
    birth: PartialDate | None
    unread: Mapping[str, int]
    odd: tuple[tuple[int, str, str], ...] = ()


def outcome(text: str) -> str | None:
    """An outcome as the profile has it; None when the word is not known."""
    return OUTCOMES.get("-".join(text.casefold().replace("_", " ").split()))


def read(content: Any) -> History:
    """Read a Bundle, a list of resources, one resource, a list of rows, or `{birth_date, years: [rows]}`.

    Raises BadInput with the place when it is none of these or tells of more than one child.
    """
    if isinstance(content, Mapping) and "resourceType" not in content:
        years = _objects(elements.mapping(content).get("years"), "years")
        return _by_hand(_numbered(years), elements.text(elements.mapping(content).get("birth_date")))
    resources = list(_resources(content))
    if resources and not any("resourceType" in each for each in resources):
        return _by_hand(_numbered(resources), "")
    return _fhir(resources)


def _numbered(rows: Iterable[Content]) -> list[tuple[int, Content]]:
    return list(enumerate(rows, start=1))


def _objects(value: Any, where: str) -> list[Content]:
    """The objects of a list; none for a child who was never at school."""
    if not isinstance(value, list) or len(elements.mappings(value)) != len(elements.listed(value)):
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
        yield from _objects(content, "the file")


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


def _by_hand(rows: Sequence[tuple[int, Content]], born: str) -> History:
    texts = [(number, _texts(row, f"row {number}")) for number, row in rows]
    births = {text["birth_date"] for _, text in texts if text.get("birth_date")} | ({born} - {""})
    birth = [dates.parse(each) for each in sorted(births)]
    if len(birth) > 1 or None in birth:
        what = "the birth dates differ" if len(birth) > 1 else "this is no date"
        raise BadInput(what, where="birth_date", remedy="write one, as 2012-03-01, 2012-03 or 2012")
    return History(
        records=tuple(_record(at, _basic(at, text)) for at, (_, text) in enumerate(texts)),
        birth=birth[0] if birth else None,
        unread={},
        odd=tuple((number, "outcome", _STRANGE) for number, text in texts if outcome(text.get("outcome", "")) is None),
    )


def _texts(row: Content, where: str) -> dict[str, str]:
    """The cells of a row as texts. Raises BadInput when it has others than ours, or lacks one that is needed."""
    text = {name: str(value).strip() for name, value in row.items() if value is not None}
    _check([*text], [name for name in text if text[name]], where)
    return text


def _check(names: Sequence[str], filled: Sequence[str], where: str) -> None:
    """Unknown names are counted and never quoted: where the header was forgotten they are a child's own."""
    strange = [each for each in names if each not in COLUMNS]
    lacking = [each for each in _NEEDED if each not in filled]
    if strange or lacking:
        unknown = f"not known are {cells.positions(names, strange)}; is the header missing?"
        what = unknown if strange else f"missing: {', '.join(lacking)}"
        raise BadInput(what, where=where, remedy=f"a school year has {', '.join(COLUMNS)}")


def _basic(at: int, text: Mapping[str, str]) -> Content:
    """The resource a row by hand stands for; an outcome that is not known counts as unknown and is told as odd."""
    return {
        "resourceType": "Basic",
        "id": f"e{at + 1}",
        "meta": {"source": "by-hand"},
        "code": {"coding": [{"system": f"{CANONICAL}/CodeSystem/record-kind", "code": "school-enrolment"}]},
        "extension": list(_extensions(text, outcome(text.get("outcome", "")) or "unknown")),
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


def table(lines: Sequence[Line]) -> History:
    """Read the rows of a table by hand, by the names in its first line. Raises BadInput with row and column."""
    (first, header), *rest = lines
    names = [each.casefold() for each in header]
    _check(names, names, f"row {first}")
    uneven = next((number for number, each in rest if len(each) != len(names)), None)
    if uneven:
        raise BadInput("the row has more or fewer cells than the header", where=f"row {uneven}", remedy="correct it")
    return _by_hand([(number, dict(zip(names, each, strict=True))) for number, each in rest], "")
