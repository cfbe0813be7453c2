"""A summary as one printable page.

A pure, deterministic function of the signed document: whoever verifies a page renders it again from the payload and
compares byte for byte. Nothing on the page comes from anywhere else but the message table of its language.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import jinja2
import segno
from markupsafe import Markup

from registry.continuity import document, elements
from registry.fhir.resource import Content

Messages = Mapping[str, Mapping[str, Any]]

_RIGHT_TO_LEFT = ("ar", "fa", "he", "ps", "ur")
_SPAN = re.compile(r"(\d+) (day|week|month|year)s?")
_DIGITS_AT_END = re.compile(r"[0-9]+$")
_JWS = re.compile(r"[A-Za-z0-9_.\-]*")
_CRITERIA = {"30981-5": "earliest", "30980-7": "recommended", "59778-1": "overdue_from"}


def render(view: Content, *, template: str, messages: Messages, language: str, qr_text: str, token: str) -> str:
    """The page of the document Bundle `view`, in `language`, with `qr_text` as QR code and the JWS `token` inside.

    Raises ValueError when the token is not a compact JWS, since it stands in the page as it is.
    """
    if not _JWS.fullmatch(token):
        raise ValueError("the token is not a compact JWS")
    words = messages[language]
    return _compiled(template).render(
        lang=language,
        dir="rtl" if language in _RIGHT_TO_LEFT else "ltr",
        say=words["page"],
        facts=facts(view, words),
        qr=Markup(qr_code(qr_text)),  # noqa: S704 - drawn here from modules, holds no text
        token=Markup(token),  # noqa: S704 - checked above to hold no markup
    )


@lru_cache(maxsize=4)
def _compiled(template: str) -> jinja2.Template:
    """The template, compiled once: that costs more than to fill it in."""
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.undefined = jinja2.StrictUndefined
    return environment.from_string(template)


def qr_code(text: str) -> str:
    """The QR code of `text` as SVG; digits after a prefix such as `shc:/` get a numeric part, the smallest form."""
    digits = _DIGITS_AT_END.search(text)
    parts: Any = [text[: digits.start()], digits[0]] if digits and digits.start() else text
    return segno.make(parts, error="l", micro=False).svg_inline(scale=2, border=4, omitsize=True)


def facts(view: Content, words: Mapping[str, Any]) -> dict[str, Any]:
    """What the page says, in the words of one language."""
    frame = document.resources(view, "Composition")[0]
    person = document.resources(view, "Patient")[0]
    issuer = document.resources(view, "Organization")[0]
    clinic = bool(document.resources(view, "ImmunizationRecommendation"))
    return {
        "kind": "clinic" if clinic else "school",
        "release": elements.mapping(view.get("identifier")).get("value", ""),
        "name": elements.text(elements.first(person.get("name")).get("text")),
        "birth_date": elements.text(person.get("birthDate")),
        "issuer": elements.text(issuer.get("name")),
        "issued": _day(frame.get("date")),
        "expires": _day(document.own(frame, "valid-until")[0].get("valueDateTime")),
        **(_clinic(view, words) if clinic else _school(view, words)),
    }


def _day(moment: Any) -> str:
    return elements.text(moment)[:10]


def _clinic(view: Content, words: Mapping[str, Any]) -> dict[str, Any]:
    forecast = document.resources(view, "ImmunizationRecommendation")[0]
    rules = document.inner(document.own(forecast, "rule-set")[0])
    given = {each["id"]: each.get("occurrenceDateTime") for each in document.resources(view, "Immunization")}
    return {
        "rules": f"{_told(rules['title'], words)} ({rules['id']} {rules['version']})",
        "doses": [_dose(each, words) for each in document.resources(view, "Immunization")],
        "dues": _grouped([_due(each, words, given) for each in elements.mappings(forecast.get("recommendation"))]),
        "limits": [_told(elements.text(each.get("valueString")), words) for each in document.own(forecast, "limit")],
    }


def _told(sentence: str, words: Mapping[str, Any]) -> str:
    """A sentence of a schedule in the language of the page, where it is translated."""
    return words["texts"].get(sentence, sentence)


def _dose(immunization: Content, words: Mapping[str, Any]) -> dict[str, Any]:
    certainty = document.inner(document.own(immunization, "dose-certainty")[0])
    vaccine = elements.mapping(immunization.get("vaccineCode"))
    codes = [elements.text(each.get("code")) for each in elements.codings(vaccine)]
    antigens = [words["antigens"][code] for code in codes if code in words["antigens"]]
    name = elements.text(vaccine.get("text"))
    return {
        "id": elements.text(immunization.get("id")),
        "date": elements.text(immunization.get("occurrenceDateTime")) or words["page"]["unknown"],
        "vaccine": name if " + " not in name else "",
        "against": words["page"]["comma"].join(antigens),
        "certainty": words["certainty"][certainty["certainty"]],
        "mark": certainty["certainty"],
        "why": words["reasons"][certainty["reason-code"]],
        "place": elements.text(elements.mapping(immunization.get("location")).get("display")),
        "findings": [_said(each, words) for each in document.own(immunization, "dose-finding")],
    }


def _due(recommendation: Content, words: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    status = elements.text(elements.codings(elements.mapping(recommendation.get("forecastStatus")))[0].get("code"))
    antigen = elements.text(elements.codings(elements.first(recommendation.get("vaccineCode")))[0].get("code"))
    caution = elements.text(recommendation.get("description"))
    dated = {
        _CRITERIA[code]: elements.text(each.get("value"))
        for each in elements.mappings(recommendation.get("dateCriterion"))
        if (code := elements.text(elements.codings(elements.mapping(each.get("code")))[0].get("code"))) in _CRITERIA
    }
    return {
        "against": [words["antigens"].get(antigen, antigen)],
        "status": status,
        "word": words["status"][status],
        "overdue": any(each.get("code") == "overdue" for each in _codes_of_status(recommendation)),
        "earliest": dated.get("earliest", ""),
        "recommended": dated.get("recommended", ""),
        "why": [_said(each, words) for each in document.own(recommendation, "why")],
        "otherwise": [_said(each, words) for each in document.own(recommendation, "otherwise")],
        "caution": words["texts"].get(caution, caution),
        "source": elements.text(document.own(recommendation, "rule-source")[0].get("valueString")),
        "uncounted": [
            _of_dose(each, words, given) for each in document.own(recommendation, "dose-verdict") if _uncounted(each)
        ],
    }


def _codes_of_status(recommendation: Content) -> list[Content]:
    return elements.codings(elements.mapping(recommendation.get("forecastStatus")))


def _of_dose(verdict: Content, words: Mapping[str, Any], given: Mapping[str, Any]) -> str:
    """Why a dose does not count, with its date, so that the reader knows which one is meant."""
    day = given.get(document.inner(verdict)["dose"]) or words["page"]["unknown"]
    return words["page"]["dose-reason"].format(date=day, reason=_said(verdict, words))


def _uncounted(verdict: Content) -> bool:
    return document.inner(verdict)["counts"] != "yes"


def _grouped(dues: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Antigens whose answer is the same share a row; the rows to act on come first."""
    rows: dict[str, dict[str, Any]] = {}
    for each in dues:
        same = str({name: value for name, value in each.items() if name not in ("against", "source")})
        if same in rows:
            rows[same]["against"] += each["against"]
        else:
            rows[same] = each
    order = ("due", "uncertain", "judgement", "birth-date-unknown", "not-yet", "too-old", "complete")
    return sorted(rows.values(), key=lambda each: (order.index(each["status"]), not each["overdue"]))


def _school(view: Content, words: Mapping[str, Any]) -> dict[str, Any]:
    basics = document.resources(view, "Basic")
    advice = next(each for each in basics if each.get("id") == "placement")
    versions = document.inner(document.own(advice, "placement-versions")[0])
    return {
        "years": [_year(each, words) for each in basics if each is not advice],
        "completed": [each["valueInteger"] for each in document.own(advice, "placement-completed")],
        "history": [_said(each, words) for each in document.own(advice, "placement-history") if _adds(each)],
        "candidates": [_candidate(each, words) for each in document.own(advice, "placement-candidate")],
        "answer": next((document.inner(each)["label"] for each in document.own(advice, "placement-answer")), ""),
        "flags": [_said(each, words) for each in document.own(advice, "placement-flag")],
        "rules": f"{versions['rule']}, {versions['ladder']}",
        "limits": [],
    }


def _adds(extension: Content) -> bool:
    """Whether a reason says more than the line of its year does already."""
    return document.inner(extension).get("code") != "promoted"


def _year(basic: Content, words: Mapping[str, Any]) -> dict[str, Any]:
    grade, academic = elements.parts(basic, "grade"), elements.parts(basic, "academic-year")
    school, period = (
        elements.enrolment(basic, "school"),
        elements.mapping(elements.enrolment(basic, "period")),
    )
    start = elements.text(period.get("start"))
    result = elements.text(elements.parts(basic, "outcome").get("result")) or "unknown"
    current = elements.enrolment(basic, "status") == "current"
    return {
        "when": elements.text(academic.get("label")) or start or words["page"]["unknown"],
        "grade": elements.text(grade.get("label")),
        "year": words["page"]["year-number"].format(number=grade["yearOfSchooling"])
        if "yearOfSchooling" in grade
        else "",
        "grade_language": elements.text(grade.get("labelLanguage")) or "und",
        "school": elements.text(elements.mapping(school).get("display")),
        "result": words["results"]["in-progress" if current else result],
        "verified": words["verification"][elements.text(elements.enrolment(basic, "verification")) or "unknown"],
    }


def _candidate(extension: Content, words: Mapping[str, Any]) -> dict[str, Any]:
    told = document.inner(extension)
    return {
        "way": words["ways"][told["way"]],
        "label": told.get("label", ""),
        "language": told.get("labelLanguage", "und"),
        "isced": f"ISCED {told['isced']}.{told['position']}" if "isced" in told else "",
        "proposed": told["proposed"],
        "why": [_said(each, words) for each in document.own(extension, "reason")],
    }


def _said(extension: Content, words: Mapping[str, Any]) -> str:
    """A reason in the language of the page, from its code and facts."""
    told = [
        elements.text(each.get("valueString"))
        for each in elements.mappings(extension.get("extension"))
        if each.get("url") == "fact"
    ]
    found = dict(each.split("=", 1) for each in told)
    parts = document.inner(extension)
    # A page made by a later edition may know reasons this one does not: then the English sentence stands.
    sentence = words["reasons"].get(parts.get("code"))
    if sentence is None:
        return elements.text(parts.get("text"))
    return sentence.format_map({name: _span(value, words) for name, value in found.items()})


def _span(value: str, words: Mapping[str, Any]) -> str:
    """`6 weeks` or `month` in the language of the page; anything else as it is."""
    found = _SPAN.fullmatch(value)
    if not found:
        return words["page"].get(f"known-{value}", value)
    count = int(found[1])
    one, few, many = words["units"][found[2]]
    return f"{count} {one if count == 1 else few if 3 <= count <= 10 else many}"
