"""The summary a clinic receives: the vaccine history with the certainty of each dose, and what is due next.

An International Patient Summary (IPS 2.0.1: Bundle-uv-ips, Composition-uv-ips). What the registry does not hold is
said to be without information, never to be absent.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from registry.continuity.history import DoseEvent
from registry.continuity.immunization import Due
from registry.continuity.summary import document, facts, forecasts, given, narrative
from registry.continuity.summary.document import IPS, Asked, Json, Release
from registry.continuity.summary.forecasts import RuleSet
from registry.continuity.summary.words import Words

# The sections an IPS must have and about which this registry holds nothing (IPS 2.0.1, Composition-uv-ips).
_NOT_HELD = (("problems", "11450-4"), ("allergies", "48765-2"), ("medications", "10160-0"))


def clinic_summary(
    *,
    asked: Asked,
    events: Sequence[DoseEvent],
    dues: Sequence[Due],
    rules: RuleSet,
    today: date,
    release: Release,
    words: Words,
    language: str,
) -> Json:
    """The document Bundle for a clinic, out of what consent left of the records, told in `language`."""
    doses = [given.immunization(each) for each in events]
    forecast = [forecasts.plan(release), forecasts.recommendation(dues, rules, today)] if dues else []
    told = [one for each in events if (one := given.provenance(each, release))]
    resources = [
        document.person(asked, f"{IPS}Patient-uv-ips"),
        document.issuer(release, f"{IPS}Organization-uv-ips"),
        *doses,
        *forecast,
        *told,
    ]
    frame = document.composition(
        release,
        title=words["page"]["title-clinic"],
        type_of=document.loinc("60591-5"),
        sections=_sections(resources, words, language),
        profile=f"{IPS}Composition-uv-ips",
        language=language,
    )
    return document.bundle(release, frame, resources, profile=f"{IPS}Bundle-uv-ips")


def _sections(resources: Sequence[Json], words: Words, language: str) -> list[Json]:
    say, said = words["page"], facts.clinic(resources, words)
    told = (
        ("doses-heading", "11369-6", narrative.doses(said, words), "Immunization"),
        ("due-heading", "18776-5", narrative.dues(said, words), "CarePlan"),
    )
    return [
        *(
            document.section(say[name], document.loinc(code), narrative.of(narrative.nothing(words), language))
            for name, code in _NOT_HELD
        ),
        *(
            document.section(
                say[name], document.loinc(code), narrative.of(body, language), _references(resources, kind)
            )
            for name, code, body, kind in told
        ),
    ]


def _references(resources: Iterable[Json], kind: str) -> list[str]:
    return [f"{kind}/{each['id']}" for each in document.of_kind(resources, kind)]
