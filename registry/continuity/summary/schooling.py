"""What a school's document says, in the words of one language: the facts a clerk asks for, the years, the grades.

The facts a clerk needs are those of the education reference (school, country, grade completed, dates, languages,
verification, equivalent grade, age fit, gap, what is not known), always all of them and in one order.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from registry.continuity import elements
from registry.continuity.summary import document
from registry.continuity.summary.words import Words, isolated, plain, said
from registry.fhir.resource import Content

Facts = dict[str, Any]

# Which flag of the placement answers which question of the clerk.
_AGE, _GAP = frozenset({"over-age", "perhaps-over-age"}), frozenset({"gap"})


def facts(held: Sequence[Content], words: Words) -> Facts:
    """The school years, the grade completed, and what that corresponds to here."""
    basics = document.of_kind(held, "Basic")
    advice = next(each for each in basics if each.get("id") == "placement")
    years = [_year(each, words) for each in basics if each is not advice]
    versions = document.inner(document.own(advice, "placement-versions")[0])
    found: Facts = {
        "years": years,
        "completed": [str(each["valueInteger"]) for each in document.own(advice, "placement-completed")],
        "history": [said(each, words) for each in document.own(advice, "placement-history") if _adds(each)],
        "candidates": [_candidate(each, words) for each in document.own(advice, "placement-candidate")],
        "answer": next((plain(document.inner(each)["label"]) for each in document.own(advice, "placement-answer")), ""),
        "flags": [said(each, words) for each in document.own(advice, "placement-flag")],
        "rules": f"{versions['rule']}, {versions['ladder']}",
        "limits": [],
    }
    return found | {"clerk": _clerk(found, _flags(advice, words), words)}


def _flags(advice: Content, words: Words) -> dict[str, str]:
    """The flags of the placement by their codes."""
    return {document.inner(each)["code"]: said(each, words) for each in document.own(advice, "placement-flag")}


def _clerk(found: Facts, flags: dict[str, str], words: Words) -> list[tuple[str, str]]:
    """Label and value of each fact. What was supplied is isolated, for a value is a line of the page's language."""
    say, years = words["page"], found["years"]

    def of(name: str) -> str:
        told = dict.fromkeys(each[name] for each in years if each[name])
        return say["comma"].join(map(isolated, told)) or say["not-shown"]

    def flagged(codes: frozenset[str]) -> str:
        return " ".join(text for code, text in flags.items() if code in codes) or say["nothing-found"]

    return [
        (say["school"], of("school")),
        (say["country"], of("country")),
        (say["last-completed"], f" {say['or']} ".join(found["completed"]) or say["none-known"]),
        (say["dates"], _dates(years) or say["not-shown"]),
        (say["languages"], of("language")),
        (say["verified"], of("verified")),
        (say["grade-here"], isolated(found["answer"]) or _proposed(found, words)),
        (say["age-fit"], flagged(_AGE)),
        (say["gap"], flagged(_GAP)),
        (say["unknown-heading"], say["see-below"]),
    ]


def _dates(years: Iterable[Facts]) -> str:
    told = sorted(each for year in years for each in (year["start"], year["end"]) if each)
    return f"{isolated(told[0])} – {isolated(told[-1])}" if told else ""


def _proposed(found: Facts, words: Words) -> str:
    labels = dict.fromkeys(each["label"] for each in found["candidates"] if each["proposed"] and each["label"])
    return f" {words['page']['or']} ".join(map(isolated, labels)) or words["page"]["none-known"]


def _adds(extension: Content) -> bool:
    """Whether a reason says more than the line of its year does already."""
    return document.inner(extension).get("code") != "promoted"


def _year(basic: Content, words: Words) -> Facts:
    grade, academic = elements.parts(basic, "grade"), elements.parts(basic, "academic-year")
    period = elements.mapping(elements.enrolment(basic, "period"))
    result = elements.text(elements.parts(basic, "outcome").get("result")) or "unknown"
    is_current = elements.enrolment(basic, "status") == "current"
    number, start = grade.get("yearOfSchooling"), plain(period.get("start"))
    return {
        "when": plain(academic.get("label")) or start or words["page"]["unknown"],
        "start": start,
        "end": plain(period.get("end")),
        "grade": plain(grade.get("label")),
        "year": words["page"]["year-number"].format(number=number) if number else "",
        "grade_language": elements.text(grade.get("labelLanguage")) or "und",
        "school": plain(elements.mapping(elements.enrolment(basic, "school")).get("display")),
        "country": plain(elements.mapping(elements.enrolment(basic, "country")).get("code")),
        "language": words["page"]["comma"].join(_languages(basic, words)),
        "result": words["results"]["in-progress" if is_current else result],
        "verified": words["verification"][elements.text(elements.enrolment(basic, "verification")) or "unknown"],
    }


def _languages(basic: Content, words: Words) -> list[str]:
    codes = [elements.text(each.get("valueCode")) for each in document.own(basic, "enrolment-instruction-language")]
    return [words["languages"].get(each, each) for each in codes if each not in ("", "und")]


def _candidate(extension: Content, words: Words) -> Facts:
    parts = document.inner(extension)
    return {
        "way": words["ways"][parts["way"]],
        "label": plain(parts.get("label")),
        "language": parts.get("labelLanguage", "und"),
        "isced": f"ISCED {parts['isced']}.{parts['position']}" if "isced" in parts else "",
        "proposed": parts["proposed"],
        "why": [said(each, words) for each in document.own(extension, "reason")],
    }
