"""A placement as plain values, with everything a reader needs to check it: rules, data, ladders, codes, reasons.

It tells countries, sources and days, so it is for those who may know them. The summary for a school is another page.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from registry.continuity.education.completed import Basis
from registry.continuity.education.ladder import Grade, Ladder
from registry.continuity.education.notes import Disagreement
from registry.continuity.education.placement import Candidate, Placement
from registry.continuity.education.record import SchoolYear, Timeline
from registry.continuity.reasons import Reason
from registry.fhir.dates import PartialDate

Json = dict[str, Any]

_COUNTRIES = "urn:iso:std:iso:3166"
_LEVELS = "ISCED 2011 level and year in level; programme by ISCED-P"


def plain(placement: Placement, timeline: Timeline, birth: PartialDate | None) -> Json:
    """A placement with the school years it rests on; of the birth date only whether it is known."""
    return {
        "advisory": placement.advisory,
        "rule": placement.rule_version,
        "data": sorted({each.version for each in placement.ladders}),
        "codes": {"country": _COUNTRIES, "level": _LEVELS},
        "to": placement.to_country,
        "school_year_starts": placement.starts and placement.starts.isoformat(),
        "completed": {
            "years": list(placement.completed.years),
            "readings": [_basis(each) for each in placement.completed.bases],
            "reasons": _reasons(placement.completed.reasons),
        },
        "answer": grade(placement.answer),
        "proposed": [grade(each) for each in placement.proposed],
        "candidates": [_candidate(each) for each in placement.candidates],
        "flags": _reasons(placement.flags),
        "over_age": any(each.code == "over-age" for each in placement.flags),
        "assessment_advised": placement.is_assessment_advised,
        "ladders": [ladder(each) for each in placement.ladders],
        "disagreements": [disagreement(each) for each in placement.disagreements],
        "notes": [{"ladder": each.ladder, "code": each.code, "text": str(each)} for each in placement.notes],
        "gaps": [
            {"from": each.begins.isoformat(), "to": each.ends.isoformat(), "months": each.months, "reason": "unknown"}
            for each in placement.gaps
        ],
        "school_years": [_school_year(each) for each in timeline.years],
        "unknown": _unknown(placement, timeline, birth),
    }


def grade(told: Grade | None) -> Json | None:
    """A grade with its number, its names and its ISCED place."""
    if told is None:
        return None
    return {
        "year": told.year,
        "label": told.labels[0].text,
        "labels": [{"text": each.text, "language": each.language} for each in told.labels],
        "isced_level": told.isced,
        "isced_programme": told.programme,
        "year_in_level": told.position,
    }


def ladder(told: Ladder) -> Json:
    return {
        "id": told.id,
        "version": told.version,
        "source": told.source,
        "country": told.country,
        "valid_from": told.valid_from or None,
        "valid_to": told.valid_to,
        "entry_age": told.entry_age,
        "years": list(told.lengths),
    }


def disagreement(told: Disagreement) -> Json:
    readings = [
        {"ladder": name, "isced_level": each and each.isced, "year_in_level": each and each.position}
        for name, each in told.readings
    ]
    return {"country": told.country, "year": told.year, "differs": told.differs, "readings": readings}


def _candidate(told: Candidate) -> Json:
    return {
        "way": told.kind.value,
        "grade": grade(told.grade),
        "proposed": told.proposed and told.grade is not None,
        "reasons": _reasons(told.reasons),
    }


def _reasons(told: Iterable[Reason]) -> list[Json]:
    return [{"code": each.code, "text": str(each)} for each in told]


def _basis(told: Basis) -> Json:
    return {
        "completed": told.completed,
        "months_of_next": told.months,
        "school_year": told.told.academic_year,
        "country": told.told.country,
        "grade": told.told.grade,
        "verification": told.told.verification,
        "ladders": [each.id for each in told.ladders],
    }


def _school_year(told: SchoolYear) -> Json:
    return {
        "school_year": told.academic_year,
        "country": told.country,
        "school": told.school,
        "grade": told.grade,
        "languages": list(told.languages),
        "setting": told.setting or "unknown",
        "enrolled": {"from": _text(told.begins), "to": _text(told.ends), "status": told.status},
        "attended": told.attended and {"days_present": told.attended[0], "days_possible": told.attended[1]},
        "completed": sorted(told.results),
        "verification": dict(told.verified),
    }


def _text(value: object) -> str | None:
    return str(value) if value else None


def _unknown(placement: Placement, timeline: Timeline, birth: PartialDate | None) -> list[str]:
    """What is not known and would help."""
    last = timeline.years[-1] if timeline.years else None
    asked = {
        "birth date": birth is not None and birth.is_day,
        "school year": last is not None,
        "grade completed": bool(placement.completed.years),
        "result of the last year": last is not None and last.results != frozenset({"unknown"}),
        "dates of the last year": last is not None and last.begins is not None,
        "language of teaching": last is not None and bool(last.languages),
        "language of teaching here": any(
            each.languages for each in placement.ladders if each.country == placement.to_country
        ),
        "ladder here": bool(placement.ladder),
        "days attended": last is not None and last.attended is not None,
    }
    return [name for name, is_known in asked.items() if not is_known]
