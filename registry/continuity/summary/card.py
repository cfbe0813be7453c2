"""The few facts of a summary that a QR code can hold."""

from __future__ import annotations

from typing import Any

from registry.continuity import elements
from registry.continuity.summary import document
from registry.fhir.resource import Content

_MOST_DOSES = 60
"""More than any schedule asks for; with them the signed card still fits one code."""
_MOST_CHARACTERS = 60
_CVX = "http://hl7.org/fhir/sid/cvx"


def card(summary: Content) -> dict[str, Any]:
    """The facts of a summary small enough for a QR code (about 900 bytes of JSON for twelve doses).

    Of very many doses the latest stand here, and `m` says how many more the whole summary holds.

    `r` release, `x` valid until, `n` name and `b` birth date as asked; a clinic's `d` doses [date, vaccine,
    certainty] and `u` what is not complete [antigens, status, recommended day]; a school's `c` completed years,
    `g` grades proposed [way, year, label]. Certainty: c confirmed, r recorded, s stated, d disputed.
    """
    frame = document.resources(summary, "Composition")[0]
    person = document.resources(summary, "Patient")[0]
    head: dict[str, Any] = {
        "r": elements.mapping(summary.get("identifier")).get("value"),
        "x": document.own(frame, "valid-until")[0]["valueDateTime"],
        "n": elements.text(elements.first(person.get("name")).get("text"))[:_MOST_CHARACTERS] or None,
        "b": person.get("birthDate"),
    }
    return {name: value for name, value in (head | _clinic(summary) | _school(summary)).items() if value is not None}


def _clinic(summary: Content) -> dict[str, Any]:
    forecasts = document.resources(summary, "ImmunizationRecommendation")
    if not forecasts:
        return {}
    grouped: dict[tuple[str, str], list[str]] = {}
    for each in elements.mappings(forecasts[0].get("recommendation")):
        status, day, antigen = _due(each)
        if status != "complete":
            grouped.setdefault((status, day), []).append(antigen)
    doses = [_dose(each) for each in document.resources(summary, "Immunization")]
    more = {"m": len(doses) - _MOST_DOSES} if len(doses) > _MOST_DOSES else {}
    return {"d": doses[-_MOST_DOSES:], **more, "u": [["+".join(many), *of] for of, many in grouped.items()]}


def _dose(immunization: Content) -> list[str]:
    codes = elements.codings(elements.mapping(immunization.get("vaccineCode")))
    cvx = [f"cvx:{each.get('code')}" for each in codes if each.get("system") == _CVX]
    antigens = "+".join(elements.text(each.get("code")) for each in codes if each.get("system") == document.ANTIGEN)
    certainty = document.inner(document.own(immunization, "dose-certainty")[0])["certainty"]
    when = elements.text(immunization.get("occurrenceDateTime")) or "?"
    return [when, cvx[0] if cvx else antigens or "?", str(certainty)[0]]


def _due(recommendation: Content) -> tuple[str, str, str]:
    status = elements.first(elements.mapping(recommendation.get("forecastStatus")).get("coding"))
    antigen = elements.codings(elements.first(recommendation.get("vaccineCode")))[0]
    days = {
        elements.text(elements.codings(elements.mapping(each.get("code")))[0].get("code")): elements.text(
            each.get("value")
        )
        for each in elements.mappings(recommendation.get("dateCriterion"))
    }
    return elements.text(status.get("code")), days.get("30980-7", ""), elements.text(antigen.get("code"))


def _school(summary: Content) -> dict[str, Any]:
    advice = next((each for each in document.resources(summary, "Basic") if each.get("id") == "placement"), None)
    if advice is None:
        return {}
    candidates = [document.inner(each) for each in document.own(advice, "placement-candidate")]
    return {
        "c": [each["valueInteger"] for each in document.own(advice, "placement-completed")],
        "g": [[each["way"], each["year"], each["label"]] for each in candidates if each["proposed"] and "year" in each],
    }
